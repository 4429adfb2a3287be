/*
 * The parts of inference one by one.
 *
 * The kernels of a layer are static. To call them alone without changing them, layers_<type>_<isa>.c compiles the same
 * body a second time, under another name, and adds the functions below. "input" is what turns grey values into
 * the first layer's input; the four parts together are eo_infer_run() less its loop over groups.
 */
#ifndef EO_TESTS_PERF_LAYERS_H
#define EO_TESTS_PERF_LAYERS_H

#include "base/cpu.h"
#include "base/err.h"
#include "nn/engine.h"
#include "nn/kernels/s8.h"
#include "nn/model.h"

enum perf_part { PERF_INPUT, PERF_CONV1, PERF_CONV2, PERF_CLASSIFIER, PERF_PARTS };

typedef void perf_part_fn(void *state, const uint8_t *pixels);

struct perf_layers {
    int lanes; /* images that a call of `batch` works on */
    void *(*prepare)(const struct eo_model *m, int max_batch, struct eo_err *err);
    void (*release)(void *state);
    void (*run)(void *state, const uint8_t *pixels, int n,
                union eo_score *scores); /* all parts; to be called first */
    perf_part_fn *batch[PERF_PARTS];     /* on `lanes` images */
    perf_part_fn *single[PERF_PARTS];    /* on one */
};

/* NULL where there is none: `generic` is not worth it, and AVX2's int8 is the narrow one. */
const struct perf_layers *perf_layers_get(enum eo_isa isa, enum eo_precision precision);

const struct perf_layers *perf_layers_f32_avx512(void);
const struct perf_layers *perf_layers_f32_avx2(void);
const struct perf_layers *perf_layers_f32_neon(void);
const struct perf_layers *perf_layers_s8_avx512(void);
const struct perf_layers *perf_layers_s8_avx2(void);
const struct perf_layers *perf_layers_s8_neon(void);

/* The bodies' own getters, under the names that they have here. */
const struct eo_engine_ops *eo_f32_ops_perf_avx512(enum eo_precision precision);
const struct eo_engine_ops *eo_f32_ops_perf_avx2(enum eo_precision precision);
const struct eo_engine_ops *eo_f32_ops_perf_neon(enum eo_precision precision);
const struct eo_s8_kernels *eo_s8_kernels_perf_avx512(void);
const struct eo_s8_kernels *eo_s8_kernels_perf_avx2(void);
const struct eo_s8_kernels *eo_s8_kernels_perf_neon(void);

#endif
