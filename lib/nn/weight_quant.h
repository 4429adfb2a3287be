/*
 * A weight as an integer of 8 or 4 bits: weight = q * scale, q in -2^(bits - 1) .. 2^(bits - 1) - 1. For the conversion
 * and for its simulation in training.
 */
#ifndef EO_NN_WEIGHT_QUANT_H
#define EO_NN_WEIGHT_QUANT_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* The largest |w[i]| of n and `max`, so that it can be taken over several runs of weights. NaN is ignored. */
static inline float eo_weight_magnitude(const float *w, size_t n, float max)
{
    for (size_t i = 0; i < n; i++)
        max = fabsf(w[i]) > max ? fabsf(w[i]) : max;
    return max;
}

/*
 * The scale for weights up to `max` in magnitude: max / 127.5, or max / 7.5 at 4 bits, but at least `least` and
 * FLT_EPSILON. All levels are used: clamping the largest weight costs at most half a step, as rounding does.
 */
static inline float eo_weight_scale(double max, double least, int bits)
{
    double scale = max / ((double)(1 << (bits - 1)) - 0.5);

    scale = scale > least ? scale : least;
    return (float)(scale > (double)FLT_EPSILON ? scale : (double)FLT_EPSILON);
}

/* To nearest, half to even: rint() in the default rounding mode, which nothing here changes. NaN gives the lowest. */
static inline int8_t eo_weight_quantise(float w, float scale, int bits)
{
    double q = rint((double)w / (double)scale), low = -(1 << (bits - 1)), high = -1 - low;

    return (int8_t)(q > low ? (q < high ? q : high) : low);
}

#endif
