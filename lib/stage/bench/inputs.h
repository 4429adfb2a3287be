/*
 * What the programs that time models read: an experiment, the first images of its validation split, and models.
 *
 *     struct eo_bench_inputs in = {0};
 *     if (eo_bench_inputs_load(&in, config, data, err)) ...
 *     if (eo_bench_inputs_load_models(&in, paths, count, err)) ...
 *     eo_bench_inputs_release(&in);                               // harmless on a zeroed struct
 */
#ifndef EO_STAGE_BENCH_INPUTS_H
#define EO_STAGE_BENCH_INPUTS_H

#include "format/config.h"
#include "format/dataset.h"
#include "stage/bench/candidate.h"

struct eo_bench_inputs {
    struct eo_config cfg;
    struct eo_dataset dataset;
    const struct eo_images *images; /* the validation split; NULL without a configuration: random pixels */
    struct eo_bench_candidate *list;
    size_t count;
    const char *failed; /* after a failure, the file that it is about, if any; borrowed */
};

/*
 * `config`: a configuration, or NULL for the defaults of all keys and no images. `data`: the folder of its data set, or
 * NULL for where the configuration says.
 */
int eo_bench_inputs_load(struct eo_bench_inputs *in, const char *config, const char *data,
                         struct eo_err *err) EO_MUST_CHECK;

/* As eo_bench_candidate_load(); fails also if the data set's images are not of the size of the model's input. */
int eo_bench_inputs_load_model(const struct eo_bench_inputs *in, struct eo_bench_candidate *c,
                               const char *path, struct eo_err *err) EO_MUST_CHECK;

/* The models of `paths` [count], or of standard input if count is 0. */
int eo_bench_inputs_load_models(struct eo_bench_inputs *in, char *const *paths, size_t count,
                                struct eo_err *err) EO_MUST_CHECK;

void eo_bench_inputs_release(struct eo_bench_inputs *in);

#endif
