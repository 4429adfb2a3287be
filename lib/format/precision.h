/*
 * What the stages ask of a precision. int4 and mixed are int8 with other weights: the same activations, accumulators
 * and requantisation, so all but the weights' bits asks eo_precision_is_integer(). The model says how many bits the
 * weights of a layer have (nn/model.h).
 */
#ifndef EO_FORMAT_PRECISION_H
#define EO_FORMAT_PRECISION_H

#include <stddef.h>

#include "format/terms.h"

/* int8, int4 and mixed: computed with integers alone. */
int eo_precision_is_integer(enum eo_precision p);

/* Bytes of one activation: 4, 2 or 1. */
int eo_precision_activation_bytes(enum eo_precision p);

/* Bits of one weight: 32, 16, 8 or 4; of mixed, the 8 that a layer has unless it has 4. */
int eo_precision_weight_bits(enum eo_precision p);

/* Bytes of one output's weights, as files and flash hold them: those of 4 bits are padded to a whole byte. */
size_t eo_precision_row_bytes(int weight_bits, size_t terms);

#endif
