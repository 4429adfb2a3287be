/*
 * The scalar reference of inference: short, obviously right, and the definition that every kernel is tested against.
 *
 *     struct eo_ref *r = eo_ref_new(&model, err);
 *     eo_ref_input(r, pixels, x);
 *     eo_ref_conv_pool_relu(r, EO_CONV1, x, pool1);
 *     eo_ref_conv_pool_relu(r, EO_CONV2, pool1, pool2);
 *     eo_ref_classifier(r, pool2, scores);
 *     eo_ref_free(r);
 *
 * One image. x [1, 28, 28], pool1 [c1, 14, 14], pool2 [c2, 7, 7] hold activations of the precision's type (float,
 * binary16 bit patterns, uint8_t), scores [10] what union eo_score holds. They belong to the caller, may lie at any
 * address, aligned or not, and must not overlap. Beyond them nothing is read or written, and none of these can fail.
 *
 * The largest of four (a b / c d) is max(max(a, b), max(c, d)) with max(p, q) = p > q ? p : q, and ReLU is
 * max(that, +0), so that NaN and signed zeros have one outcome as well: a NaN never leaves a convolution.
 */
#ifndef EO_NN_REF_H
#define EO_NN_REF_H

#include <stdint.h>

#include "nn/infer_internal.h"

struct eo_ref; /* the constants of a model */

/* The model may be released afterwards. NULL and err on failure. */
struct eo_ref *eo_ref_new(const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;
void eo_ref_free(struct eo_ref *r); /* NULL is allowed */

void eo_ref_input(const struct eo_ref *r, const uint8_t *pixels, void *x);

/* `l` is EO_CONV1 or EO_CONV2. 3x3 convolution with pad 1, 2x2 max-pool, ReLU: [IC, S, S] -> [OC, S/2, S/2]. */
void eo_ref_conv_pool_relu(const struct eo_ref *r, enum eo_layer l, const void *x, void *y);

/*
 * The same in three steps, with the same bits at the end: rounding to binary16 and requantising keep the order, so
 * that they commute with the largest of four, and what max-pool may change, the sign of a zero, ReLU settles.
 *
 *     conv  [IC, S, S] -> [OC, S, S]        int8: clamp(zero_point' + scaled(acc), 0, qmax)
 *     pool  [OC, S, S] -> [OC, S/2, S/2]
 *     relu  [OC, S/2, S/2], in place        int8: max(q, zero_point')
 */
void eo_ref_conv(const struct eo_ref *r, enum eo_layer l, const void *x, void *y);
void eo_ref_pool(const struct eo_ref *r, enum eo_layer l, const void *x, void *y);
void eo_ref_relu(const struct eo_ref *r, enum eo_layer l, void *y);

/* [C2, 49] -> [10]; float: one part per channel, parts added in order, a NaN is 7fc00000. */
void eo_ref_classifier(const struct eo_ref *r, const void *x, void *scores);

/* The tables made of these: complete for every precision. */
const struct eo_engine_ops *eo_ops_ref(enum eo_precision precision);

#endif
