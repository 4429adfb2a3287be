/*
 * Fuzz target: whatever the bytes, eo_model_parse_network() refuses them with a message or gives a model that can be
 * written, read and written again with the same bytes, and, as an fp32 SmallCNN, be pruned.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nn/model.h"
#include "stage/prune/prune.h"
#include "tests/fuzz/round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The writer adds up to four entries of metadata, and pruning six before that: a model that has all that fit is the
 * one thing they may refuse.
 */
static int may_be_full(const struct eo_model *m)
{
    return m->meta_count + 10 > EO_MODEL_META_MAX;
}

static void check_round_trip(struct eo_model *m)
{
    if (!round_trip(m) && !may_be_full(m))
        abort();
}

static void check_pruning(const struct eo_model *m)
{
    const struct eo_saliency_options score = {.criterion = EO_CRITERION_L1};
    const struct eo_prune_options opt = {.level = eo_level_uniform(0.5), .multiple = 1};
    struct eo_prune_plan plan;
    struct eo_saliency scores;
    struct eo_model pruned = {0};
    int rc = eo_saliency_run(&scores, m, &score, NULL) || eo_prune(&plan, m, &scores, &opt, &pruned, NULL);

    if (rc ? m->precision == EO_FP32 && !may_be_full(m) : m->precision != EO_FP32)
        abort();
    if (!rc)
        check_round_trip(&pruned);
    eo_model_release(&pruned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_err err = {""};
    struct eo_model m;

    if (eo_model_parse_network(&m, data, size, NULL, &err)) {
        if (!err.msg[0])
            abort();
        return 0;
    }
    if (eo_network_is_smallcnn(&m.network))
        check_pruning(&m);
    check_round_trip(&m);
    eo_model_release(&m);
    return 0;
}
