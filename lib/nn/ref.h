/*
 * The scalar reference of inference: short, obviously right, and the definition that every kernel is tested against.
 *
 *     struct eo_ref *r = eo_ref_new(&model, err);
 *     eo_ref_input(r, pixels, x);
 *     eo_ref_run_layer(r, 0, x, NULL, y);                   // of SmallCNN: [1, 28, 28] -> [c1, 14, 14]
 *     eo_ref_run_layer(r, 1, y, NULL, z);
 *     eo_ref_scores(r, z, scores);
 *     eo_ref_free(r);
 *
 * One image. Activations have the precision's type (float, binary16 bit patterns, uint8_t). They belong to the caller,
 * may lie at any address, aligned or not, and must not overlap. Beyond them nothing is read or written, and none of
 * these can fail. What they compute is defined in ref_layer.h and ref_layer_s8.h.
 */
#ifndef EO_NN_REF_H
#define EO_NN_REF_H

#include <stdint.h>

#include "nn/engine.h"

struct eo_ref; /* the constants of a model */

/* The model may be released afterwards. NULL and err on failure. */
struct eo_ref *eo_ref_new(const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;
void eo_ref_free(struct eo_ref *r); /* NULL is allowed */

void eo_ref_input(const struct eo_ref *r, const uint8_t *pixels, void *x);

/*
 * Layer l: x is its input, `added` what it adds or NULL, y its output. The last layer's y is [classes] of union
 * eo_score.
 */
void eo_ref_run_layer(const struct eo_ref *r, int l, const void *x, const void *added, void *y);

/*
 * A layer that has a pooling in two steps: the operation with what is added, which gives the map [map.c, map.h, map.w],
 * and then the pooling. With the same bits at the end, because rounding to binary16 and requantising keep the order, so
 * that they commute with the largest of a window; but for averages at fp16, whose terms the map has rounded.
 */
void eo_ref_run_operation(const struct eo_ref *r, int l, const void *x, const void *added, void *map);
void eo_ref_run_pool(const struct eo_ref *r, int l, const void *map, void *y);

/* The last layer, with scores [classes] at any address; a NaN is 7fc00000. */
void eo_ref_scores(const struct eo_ref *r, const void *x, void *scores);

/* The tables made of these: complete for every precision and network. */
const struct eo_engine_ops *eo_ops_ref(enum eo_precision precision);

#endif
