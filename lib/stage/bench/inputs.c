#include "stage/bench/inputs.h"

#include <stdlib.h>

#include "base/mem.h"

int eo_bench_inputs_load(struct eo_bench_inputs *in, const char *config, const char *data, struct eo_err *err)
{
    struct eo_dataset_request wanted = {.folder = data, .is_any = 1};

    eo_config_init(&in->cfg);
    if (!config)
        return 0;
    in->failed = config;
    if (eo_config_load(&in->cfg, config, err))
        return -1;
    in->failed = NULL;
    wanted.parts = eo_split_validation_part(&in->cfg);
    if (eo_dataset_open(&in->dataset, &in->cfg, &wanted, err))
        return -1;
    in->images = &in->dataset.split.validation;
    return 0;
}

int eo_bench_inputs_load_model(const struct eo_bench_inputs *in, struct eo_bench_candidate *c,
                               const char *path, struct eo_err *err)
{
    if (eo_bench_candidate_load(c, path, err))
        return -1;
    if (!in->images || eo_bench_candidate_check_input(c, in->dataset.dims, err) == 0)
        return 0;
    eo_bench_candidate_release(c);
    return -1;
}

int eo_bench_inputs_load_models(struct eo_bench_inputs *in, char *const *paths, size_t count,
                                struct eo_err *err)
{
    size_t most = count ? count : 1;

    in->failed = NULL;
    in->list = eo_alloc(most, sizeof(*in->list), err);
    if (!in->list)
        return -1;
    for (in->count = 0; in->count < most; in->count++) {
        in->failed = count ? paths[in->count] : "-";
        if (eo_bench_inputs_load_model(in, &in->list[in->count], in->failed, err))
            return -1;
    }
    in->failed = NULL;
    return 0;
}

void eo_bench_inputs_release(struct eo_bench_inputs *in)
{
    for (size_t i = 0; i < in->count; i++)
        eo_bench_candidate_release(&in->list[i]);
    free(in->list);
    eo_dataset_release(&in->dataset);
    *in = (struct eo_bench_inputs){0};
}
