/*
 * One layer of any network in scalar code: the definition of every floating-point operation, to the bit.
 *
 * Tensors are [C, H, W] of one input. A layer's weights are [outputs, IC, KH, KW] (conv), [C, KH, KW] (depthwise) or
 * [outputs, C, H, W] (linear). One fused multiply-add per term, one rounding for everything else:
 *
 *     conv        acc = bias; acc = fma(x, w, acc) for ic, kh, kw in order, taps outside the input left out
 *     depthwise   the same for kh, kw, with the one channel
 *     linear      for each channel, part = 0; part = fma(x, w, part) over its pixels; acc = bias + part of channel 0 +
 *                 part of channel 1 + ...
 *     add         acc + the other map's value
 *     relu        larger(acc, +0)
 *     relu6       smaller(larger(acc, +0), 6)
 *     max         first the largest along each row of the window from left to right, then of these from top to bottom;
 *                 taken before the activation
 *     average     the sum over the window in raster order from +0, divided by the window's size; behind the activation
 *     mean        the same over the whole map
 *
 * larger(p, q) = p > q ? p : q and smaller(p, q) = p < q ? p : q, so that NaN and signed zeros have one outcome as
 * well. At fp16, what a layer hands on is rounded to binary16 at its end, and nothing before; logits are not rounded.
 */
#ifndef EO_NN_REF_LAYER_H
#define EO_NN_REF_LAYER_H

#include <string.h>

#include "nn/half.h"
#include "nn/network.h"

/* Value i of activations that may lie at any address: float, or binary16 where `half`. */
static inline float eo_ref_get(const void *x, int half, size_t i)
{
    float value;
    uint16_t h;

    if (!half) {
        memcpy(&value, (const char *)x + i * sizeof(value), sizeof(value));
        return value;
    }
    memcpy(&h, (const char *)x + i * sizeof(h), sizeof(h));
    return eo_half_to_float(h);
}

static inline void eo_ref_put(void *y, int half, size_t i, float value)
{
    uint16_t h;

    if (!half) {
        memcpy((char *)y + i * sizeof(value), &value, sizeof(value));
        return;
    }
    h = eo_half_from_float(value);
    memcpy((char *)y + i * sizeof(h), &h, sizeof(h));
}

static inline float eo_ref_larger(float p, float q)
{
    return p > q ? p : q;
}

/*
 * y = the layer's output [out.c, out.h, out.w]. x is its input, `added` what `add` names or NULL; both are float or,
 * where x_half, binary16, y likewise by y_half, and all may lie at any address. w and b are floats. y overlaps none of
 * them. Cannot fail.
 */
void eo_ref_layer(const struct eo_network_layer *l, int x_half, const void *x, const void *added,
                  const float *w, const float *b, int y_half, void *y);

/*
 * The activation and the pooling alone, of a layer that has both or the latter: y from the map [map.c, map.h, map.w],
 * which is what eo_ref_layer() gives for the same layer without the two. y is then what it gives with them; but at fp16
 * an average is another one, because the values of the map have been rounded. Both are float or, where `half`,
 * binary16.
 */
void eo_ref_pool(const struct eo_network_layer *l, int half, const void *map, void *y);

#endif
