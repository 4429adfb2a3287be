/*
 * What the stages ask of a precision. int4 is int8 with weights of 4 bits: the same activations, accumulators and
 * requantisation, so all but the weights' bits asks eo_precision_is_integer().
 */
#ifndef EO_FORMAT_PRECISION_H
#define EO_FORMAT_PRECISION_H

#include <stddef.h>

#include "format/terms.h"

/* int8 and int4: computed with integers alone. */
int eo_precision_is_integer(enum eo_precision p);

/* Bytes of one activation: 4, 2 or 1. */
int eo_precision_activation_bytes(enum eo_precision p);

/* Bits of one weight: 32, 16, 8 or 4. */
int eo_precision_weight_bits(enum eo_precision p);

/* Bytes of the weights of one output, as files and flash hold them: those of 4 bits are padded to a whole byte. */
size_t eo_precision_row_bytes(enum eo_precision p, size_t terms);

#endif
