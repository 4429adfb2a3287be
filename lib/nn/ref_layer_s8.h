/*
 * One layer of any network in scalar integers: the definition of int8 to the bit.
 *
 * acc = bias + sum (x - zero_point) w in 32 bits, taps outside the input left out; from there on quantised.h says what
 * becomes of it. eo_model_check() sees to it that no sum overflows, in whatever order it is taken.
 */
#ifndef EO_NN_REF_LAYER_S8_H
#define EO_NN_REF_LAYER_S8_H

#include "nn/engine.h"
#include "nn/quantised.h"

/*
 * y = the layer's output [out.c, out.h, out.w]; x is its input, `added` what `add` names or NULL. w and b are the
 * model's. y overlaps none of them. Cannot fail.
 */
void eo_ref_layer_s8(const struct eo_network_layer *l, const struct eo_s8_layer *q, const uint8_t *x,
                     const uint8_t *added, const int8_t *w, const int32_t *b, uint8_t *y);

/* The pooling alone: y from the map [map.c, map.h, map.w], which is what the above gives for the layer without it. */
void eo_ref_pool_s8(const struct eo_network_layer *l, const struct eo_s8_layer *q, const uint8_t *map,
                    uint8_t *y);

/* The last layer: y has a score for each class. */
void eo_ref_scores_s8(const struct eo_network_layer *l, const struct eo_s8_layer *q, const uint8_t *x,
                      const int8_t *w, const int32_t *b, union eo_score *y);

#endif
