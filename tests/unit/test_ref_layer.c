/*
 * The scalar operations of any network against another program for the same: whole numbers, for which every order of
 * sums gives the same, over an input that is padded in memory.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/ref_layer.h"
#include "tests/unit/check.h"

#define MOST 20000 /* values of any tensor here */

static struct {
    float x[MOST], added[MOST], w[MOST], b[MOST], y[MOST], expected[MOST];
    double padded[MOST], map[MOST];
} t;

static void draw(float *to, size_t n, struct eo_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)((int)eo_rng_below(rng, 7) - 3);
}

/* The input with a border of zeros: [C, H + top + bottom, W + left + right]. */
static struct eo_dims pad(const struct eo_network_layer *l)
{
    const struct eo_padding *p = &l->pad;
    struct eo_dims d = {l->in.c, l->in.h + p->top + p->bottom, l->in.w + p->left + p->right};

    memset(t.padded, 0, sizeof(t.padded));
    for (int c = 0; c < d.c; c++)
        for (int h = 0; h < l->in.h; h++)
            for (int w = 0; w < l->in.w; w++)
                t.padded[(c * d.h + h + p->top) * d.w + w + p->left] =
                    (double)t.x[(c * l->in.h + h) * l->in.w + w];
    return d;
}

static double term_sum(const struct eo_network_layer *l, struct eo_dims d, int o, int row, int col)
{
    int first = l->operation == EO_DEPTHWISE ? o : 0, count = l->operation == EO_DEPTHWISE ? 1 : l->in.c;
    int kh = l->operation == EO_LINEAR ? d.h : l->kernel.h,
        kw = l->operation == EO_LINEAR ? d.w : l->kernel.w;
    double sum = (double)t.b[o];

    for (int c = 0; c < count; c++)
        for (int i = 0; i < kh; i++)
            for (int j = 0; j < kw; j++)
                sum += (double)t.w[((o * count + c) * kh + i) * kw + j] *
                       t.padded[((first + c) * d.h + row * l->stride.h + i) * d.w + col * l->stride.w + j];
    return sum;
}

static double activated(const struct eo_network_layer *l, double x)
{
    x = l->activation && x < 0 ? 0 : x;
    return l->activation == EO_RELU6 && x > 6 ? 6 : x;
}

static double pooled(const struct eo_network_layer *l, int o, int row, int col)
{
    int h = l->pooling == EO_MEAN ? l->map.h : l->pooling ? l->window.h : 1;
    int w = l->pooling == EO_MEAN ? l->map.w : l->pooling ? l->window.w : 1;
    int sh = l->pooling == EO_MEAN || !l->pooling ? 1 : l->step.h,
        sw = l->pooling == EO_MEAN || !l->pooling ? 1 : l->step.w;
    double sum = 0, largest = -1e9;

    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++) {
            double x = activated(l, t.map[(o * l->map.h + row * sh + i) * l->map.w + col * sw + j]);

            sum += x;
            largest = x > largest ? x : largest;
        }
    return l->pooling == EO_MAX_POOL ? largest : l->pooling ? (double)((float)sum / (float)(h * w)) : sum;
}

static void expect(const struct eo_network_layer *l)
{
    struct eo_dims d = pad(l);
    size_t n = 0;

    for (int o = 0; o < l->map.c; o++)
        for (int r = 0; r < l->map.h; r++)
            for (int c = 0; c < l->map.w; c++, n++)
                t.map[n] = term_sum(l, d, o, r, c) + (l->add == EO_NETWORK_NONE ? 0 : (double)t.added[n]);
    n = 0;
    for (int o = 0; o < l->out.c; o++)
        for (int r = 0; r < l->out.h; r++)
            for (int c = 0; c < l->out.w; c++)
                t.expected[n++] = (float)pooled(l, o, r, c);
}

/* The last layer but one of a network. */
static void check_layer(const char *text, uint64_t seed)
{
    static struct eo_network net;
    static uint16_t x[MOST], added[MOST], y[MOST];
    const struct eo_network_layer *l;
    struct eo_err err = {""};
    struct eo_rng rng;
    size_t in, map, out, wrong = 0;

    if (!check_that(eo_network_parse(&net, text, &err) == 0, "%s: %s", text, err.msg))
        return;
    l = &net.layer[net.count - 2];
    in = eo_dims_elements(l->in), map = eo_dims_elements(l->map), out = eo_dims_elements(l->out);
    eo_rng_init(&rng, seed, EO_RNG_INIT);
    draw(t.x, in, &rng);
    draw(t.w, eo_network_weights(l), &rng);
    draw(t.b, (size_t)l->map.c, &rng);
    draw(t.added, map, &rng);
    expect(l);
    eo_ref_layer(l, 0, t.x, l->add == EO_NETWORK_NONE ? NULL : t.added, t.w, t.b, 0, t.y);
    check_that(memcmp(t.y, t.expected, out * sizeof(float)) == 0, "%s: other values", text);
    for (size_t i = 0; i < in; i++)
        x[i] = eo_half_from_float(t.x[i]);
    for (size_t i = 0; i < map; i++)
        added[i] = eo_half_from_float(t.added[i]);
    eo_ref_layer(l, 1, x, l->add == EO_NETWORK_NONE ? NULL : added, t.w, t.b, 1, y);
    for (size_t i = 0; i < out; i++)
        wrong += y[i] != eo_half_from_float(t.expected[i]);
    check_that(wrong == 0, "%s: %zu other values at fp16", text, wrong);
}

static const char *const layers[] = {
    "input 3x7x9; a: conv 5 3x3 pad 1; z: linear 2",
    "input 3x7x9; a: conv 5 3x3 pad 1 relu; z: linear 2",
    "input 3x8x8; a: conv 4 3x3 stride 2 pad same relu; z: linear 2",
    "input 2x9x8; a: conv 3 4x2 stride 2x3 pad 3,0,1,1 relu6; z: linear 2",
    "input 2x49x10; a: conv 3 10x4 stride 2 pad same relu; z: linear 2",
    "input 6x5x5; a: conv 7 1x1 relu; z: linear 2",
    "input 6x5x5; a: conv 7 1x1 stride 2; z: linear 2",
    "input 4x40x1; a: depthwise 5x1 relu; z: linear 2",
    "input 5x6x7; a: depthwise 3x3 stride 2 pad 0,1,1,0 relu; z: linear 2",
    "input 3x8x8; a: conv 4 3x3 pad 1 relu max 2x2; z: linear 2",
    "input 3x9x8; a: conv 4 3x3 pad 1 max 3x3/2; z: linear 2",
    "input 3x9x8; a: conv 4 3x3 pad 1 relu6 average 2x3/1x2; z: linear 2",
    "input 3x9x8; a: conv 4 3x3 pad 1 relu mean; z: linear 2",
    "input 3x6x6; b: conv 4 3x3 pad 1; a: conv 4 3x3 pad 1 add b relu; z: linear 2",
    "input 3x6x6; b: conv 4 3x3 pad 1; a: depthwise 3x3 pad 1 add b relu6 max 2x2; z: linear 2",
    "input 3x6x6; b: conv 4 3x3 pad 1; a: conv 4 1x1 add b relu mean; z: linear 2",
    "input 3x5x4; a: linear 11; z: linear 2",
    "input 3x5x4; b: linear 6; a: linear 6 add b relu; z: linear 2",
};

int main(void)
{
    for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++)
        check_layer(layers[i], i + 1);
    return check_report("test_ref_layer");
}
