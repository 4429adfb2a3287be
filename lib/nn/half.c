#include "nn/half.h"

#include <string.h>

uint16_t eo_half_from_float(float x)
{
    uint32_t bits, sign, mant, rest, halfway;
    int exponent, shift;
    uint16_t h;

    memcpy(&bits, &x, sizeof(bits));
    sign = (bits >> 16) & 0x8000;
    exponent = (int)((bits >> 23) & 0xff);
    mant = bits & 0x7fffff;
    if (exponent == 0xff) /* infinity, or a NaN that keeps its upper bits and stays quiet */
        return (uint16_t)(sign | 0x7c00 | (mant ? 0x200 | (mant >> 13) : 0));
    exponent -= 127 - 15;
    if (exponent >= 31)
        return (uint16_t)(sign | 0x7c00);
    if (exponent < -10)
        return (uint16_t)sign;
    if (exponent > 0) {
        shift = 13;
        h = (uint16_t)((exponent << 10) | (int)(mant >> 13));
    } else { /* subnormal: the hidden bit becomes visible */
        shift = 14 - exponent;
        mant |= 0x800000;
        h = (uint16_t)(mant >> shift);
    }
    rest = mant & ((1u << shift) - 1);
    halfway = 1u << (shift - 1);
    if (rest > halfway || (rest == halfway && (h & 1)))
        h++; /* a carry into the exponent is the right result, up to infinity */
    return (uint16_t)(sign | h);
}

float eo_half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    uint32_t exponent = (h >> 10) & 31;
    uint32_t mant = h & 0x3ff;
    uint32_t bits;
    float x;

    if (exponent == 31) {
        bits = sign | 0x7f800000 | (mant << 13) | (mant ? 0x400000 : 0);
    } else if (exponent) {
        bits = sign | ((exponent + 112) << 23) | (mant << 13);
    } else { /* zero or subnormal: mant * 2^-24, exact */
        float magnitude = (float)mant * 0x1p-24f;

        memcpy(&bits, &magnitude, sizeof(bits));
        bits |= sign;
    }
    memcpy(&x, &bits, sizeof(x));
    return x;
}

float eo_brain_to_float(uint16_t b)
{
    uint32_t bits = (uint32_t)b << 16;
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}
