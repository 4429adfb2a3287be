/*
 * Between eo_infer (infer.c) and the kernels: one table per precision and instruction set.
 *
 * infer.c asks the table of the wanted instruction set first. A getter that returns NULL (or a set this build lacks)
 * leaves the slot to the scalar reference, ref.h, which is always complete; the reported name says which one runs.
 *
 * A table's functions give the bits that infer.h defines, for every n, whatever the path they take. NaN scores may
 * have any bits; infer.c makes them equal.
 */
#ifndef EO_NN_INFER_INTERNAL_H
#define EO_NN_INFER_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nn/infer.h"
#include "nn/model.h"
#include "nn/requant.h"

#define EO_SIDE 28
#define EO_PIXELS 784
#define EO_CLASSES 10

/* eo_infer_set_mark(): a layer begins. A branch that is not taken where there is no marker. */
struct eo_marker {
    eo_infer_mark *mark;
    void *ctx;
};

static inline void eo_mark(const struct eo_marker *m, enum eo_layer layer)
{
    if (__builtin_expect(m->mark != NULL, 0))
        m->mark(m->ctx, layer);
}

struct eo_engine_ops {
    const char *name; /* "fp32-avx512" */

    /*
     * Copies what is needed of the model (packed as the kernels like it) and allocates all buffers; the model may go
     * away afterwards. The shape is within EO_MAX_C1 x EO_MAX_C2 and the precision is the table's. NULL and err on
     * failure.
     */
    void *(*prepare)(const struct eo_model *m, int max_batch, struct eo_err *err);
    void (*release)(void *state); /* never called with NULL */

    /* pixels [n, 28, 28], scores [n, 10], 1 <= n <= max_batch. Allocates nothing. */
    void (*run)(void *state, const uint8_t *pixels, int n, union eo_score *scores);

    /* eo_infer_activations(). fp32 tables only, NULL in others. */
    void (*activations)(void *state, const uint8_t *pixels, float *pool1, float *pool2, union eo_score *scores);

    /* eo_infer_workspace_bytes(). */
    size_t (*workspace)(const void *state);

    /* From now on, run() tells this marker before it begins a layer; it does not tell the end. */
    void (*set_marker)(void *state, struct eo_marker marker);
};

/* Both fp32 and fp16, by `precision`. */
const struct eo_engine_ops *eo_f32_ops_generic(enum eo_precision precision);
const struct eo_engine_ops *eo_f32_ops_neon(enum eo_precision precision);
const struct eo_engine_ops *eo_f32_ops_avx2(enum eo_precision precision);
const struct eo_engine_ops *eo_f32_ops_avx512(enum eo_precision precision);

const struct eo_engine_ops *eo_s8_ops_generic(void);
const struct eo_engine_ops *eo_s8_ops_neon(void);
const struct eo_engine_ops *eo_s8_ops_avx2(void);
const struct eo_engine_ops *eo_s8_ops_avx512(void);

/*
 * The constants of an int8 model that do not depend on the instruction set. Factors are computed in double, in the
 * order written; input_scale of the layer after the classifier is the score scale.
 *
 *     input_table[p]   = clamp(rint(x / input_scale) + zero_point, 0, qmax), in float, x by input.h
 *     conv1, conv2     factor of channel o = input_scale * weight_scale[o] / next input_scale
 *     score_scale      = input_scale * (largest weight_scale), of the classifier
 *     classifier       factor of class o = weight_scale[o] / largest weight_scale; 1 becomes (2^31 - 1) / 2^31, which
 *                      leaves every accumulator below 2^30 in magnitude as it is
 */
struct eo_s8_params {
    uint8_t input_table[256];
    int32_t zero_point[EO_LAYERS]; /* of each layer's input */
    int32_t qmax;
    struct eo_requant conv1[EO_MAX_C1];
    struct eo_requant conv2[EO_MAX_C2];
    struct eo_requant classifier[EO_CLASSES];
    double score_scale;
};

/* Fails when a factor is not below 1: such a model cannot be run with integers. */
int eo_s8_params_init(struct eo_s8_params *p, const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;

#endif
