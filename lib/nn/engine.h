/*
 * Between eo_infer (infer.c) and the kernels: one table per precision and instruction set.
 *
 * infer.c asks the table of the wanted instruction set first. A getter that returns NULL (or a set this build lacks)
 * leaves the slot to the scalar reference, ref.h, which is always complete; the reported name says which one runs.
 *
 * A table's functions give the bits that infer.h defines, for every n, whatever the path they take. NaN scores may
 * have any bits; infer.c makes them equal.
 */
#ifndef EO_NN_ENGINE_H
#define EO_NN_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nn/infer.h"
#include "nn/model.h"

/* eo_infer_set_mark(): a layer begins. A branch that is not taken where there is no marker. */
struct eo_marker {
    eo_infer_mark *mark;
    void *ctx;
};

static inline void eo_mark(const struct eo_marker *m, int layer)
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

    /* pixels [n, elements of the input], scores [n, classes], 1 <= n <= max_batch. Allocates nothing. */
    void (*run)(void *state, const uint8_t *pixels, int n, union eo_score *scores);

    /* eo_infer_activations(). SmallCNN and fp32 tables only, NULL in others. */
    void (*activations)(void *state, const uint8_t *pixels, float *pool1, float *pool2,
                        union eo_score *scores);

    /* eo_infer_workspace_bytes(). */
    size_t (*workspace)(const void *state);

    /* From now on, run() tells this marker before it begins a layer; it does not tell the end. */
    void (*set_marker)(void *state, struct eo_marker marker);

    /* eo_infer_observe(). fp32 tables of any network only, NULL in others. */
    void (*observe)(void *state, const uint8_t *pixels, int n, const struct eo_infer_tensors *to,
                    union eo_score *scores);
};

/* Both fp32 and fp16, by `precision`. */
const struct eo_engine_ops *eo_f32_ops_generic(enum eo_precision precision);
const struct eo_engine_ops *eo_f32_ops_neon(enum eo_precision precision);
const struct eo_engine_ops *eo_f32_ops_avx2(enum eo_precision precision);
const struct eo_engine_ops *eo_f32_ops_avx512(enum eo_precision precision);

/* The same for any network. */
const struct eo_engine_ops *eo_general_ops_generic(enum eo_precision precision);
const struct eo_engine_ops *eo_general_ops_neon(enum eo_precision precision);
const struct eo_engine_ops *eo_general_ops_avx2(enum eo_precision precision);
const struct eo_engine_ops *eo_general_ops_avx512(enum eo_precision precision);

/* int8 of any network. */
const struct eo_engine_ops *eo_general_s8_ops_generic(void);
const struct eo_engine_ops *eo_general_s8_ops_neon(void);
const struct eo_engine_ops *eo_general_s8_ops_avx2(void);
const struct eo_engine_ops *eo_general_s8_ops_avx512(void);

const struct eo_engine_ops *eo_s8_ops_generic(void);
const struct eo_engine_ops *eo_s8_ops_neon(void);
const struct eo_engine_ops *eo_s8_ops_avx2(void);
const struct eo_engine_ops *eo_s8_ops_avx512(void);

#endif
