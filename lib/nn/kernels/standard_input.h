/* What the network is fed where nn/input.h calls it standard. Included by kernel files alone. */
#ifndef EO_NN_KERNELS_STANDARD_INPUT_H
#define EO_NN_KERNELS_STANDARD_INPUT_H

#include "nn/kernels/simd.h"

/*
 * p / 127.5 - 1 for EO_VL whole p in 0..255, by the same two roundings as in input.c: 1 / 127.5 as a sum of two floats
 * is near enough.
 */
EO_INLINE vf vf_standard_input(const uint8_t *p)
{
    const float hi = 0x1.010102p-7f, lo = -0x1.fdfdfep-32f;
    vf x = vf_from_u8(p);

    return vf_sub(vf_fma(x, vf_set1(hi), vf_mul(x, vf_set1(lo))), vf_set1(1.0f));
}

#endif
