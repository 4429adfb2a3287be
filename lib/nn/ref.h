/*
 * The scalar reference of inference: short, obviously right, and the definition that every kernel is tested against.
 *
 * x [IC, S, S] -> y [OC, S/2, S/2]: 3x3 convolution with pad 1, 2x2 max-pool, ReLU; w [OC, IC, 3, 3], b [OC]. Arrays
 * must not overlap. None of these can fail.
 *
 * The largest of four (a b / c d) is max(max(a, b), max(c, d)) with max(p, q) = p > q ? p : q, and ReLU is
 * max(that, +0), so that NaN and signed zeros have one outcome as well: a NaN never leaves a convolution.
 */
#ifndef EO_NN_REF_H
#define EO_NN_REF_H

#include <stdint.h>

#include "nn/infer_internal.h"

/* The network's input for each grey value: p / 127.5 - 1; `half` rounds it to binary16. */
void eo_input_table_ref(float table[256], int half);

void eo_conv_f32_ref(const float *x, const float *w, const float *b, int ic, int oc, int s, float *y);

/* x [C, 49], w [10, C, 49], b [10] -> y [10]; one part per channel, parts added in order. */
void eo_linear_f32_ref(const float *x, const float *w, const float *b, int c, float *y);

/* As above with integers: zero_point is the input's, next_zero_point and qmax are the output's range. */
void eo_conv_s8_ref(const uint8_t *x, const int8_t *w, const int32_t *b, int ic, int oc, int s, int32_t zero_point,
                    const struct eo_requant *rq, int32_t next_zero_point, int32_t qmax, uint8_t *y);

void eo_linear_s8_ref(const uint8_t *x, const int8_t *w, const int32_t *b, int c, int32_t zero_point,
                      const struct eo_requant *rq, int32_t *y);

/* The tables made of these: complete for every precision. */
const struct eo_engine_ops *eo_ops_ref(enum eo_precision precision);

#endif
