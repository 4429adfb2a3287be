/*
 * From a 32-bit accumulator to the next layer's scale, with integers alone.
 *
 * A real factor M in (0, 1) is held as multiplier m and shift s with M ~ m / 2^s, 2^30 <= m < 2^31, 31 <= s <= 62
 * (m is M * 2^s rounded half to even; a factor too small for s <= 62 becomes m = 0, s = 31). Then
 *
 *     scaled(acc) = floor((acc * m + 2^(s - 1)) / 2^s)      in 64 bits: one rounding, half towards +infinity
 *
 * |acc| < 2^31 and m < 2^31, so the product and the sum fit in int64. The shift of a negative number is an
 * arithmetic one, spelled out so that no implementation-defined behaviour is relied on.
 */
#ifndef EO_NN_REQUANT_H
#define EO_NN_REQUANT_H

#include <stdint.h>

#include "base/err.h"

struct eo_requant {
    int32_t multiplier;
    int32_t shift;
};

/* From the real factor, which must be > 0 and < 1. */
int eo_requant_make(double factor, struct eo_requant *rq, struct eo_err *err) EO_MUST_CHECK;

/* floor(x / 2^shift) */
static inline int64_t eo_requant_shift(int64_t x, int shift)
{
    return x >= 0 ? x >> shift : ~(~x >> shift);
}

static inline int32_t eo_requant_apply(struct eo_requant rq, int32_t acc)
{
    return (int32_t)eo_requant_shift((int64_t)acc * rq.multiplier + ((int64_t)1 << (rq.shift - 1)), rq.shift);
}

#endif
