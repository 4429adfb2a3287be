/*
 * IEEE 754 binary16 as bit patterns. To half: round to nearest, ties to even; overflow gives infinity, as the
 * processors' own conversions (F16C, NEON) do. Exact the other way.
 */
#ifndef EO_NN_HALF_H
#define EO_NN_HALF_H

#include <stdint.h>

uint16_t eo_half_from_float(float x);
float eo_half_to_float(uint16_t h);

/* bfloat16 as a bit pattern, the upper half of a float: exact. */
float eo_brain_to_float(uint16_t b);

#endif
