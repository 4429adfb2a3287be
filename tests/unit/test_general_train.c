/*
 * The backward kernels for any network against the definition in nn/kernels/general_train.h, written down once more
 * for one image: the same bits on each instruction set, for full blocks and for those that the batch ends in.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/kernels/general_train.h"
#include "nn/model.h"
#include "tests/unit/check.h"
#include "tests/unit/networks.h"

/* A block of a layer: an image for each lane, and gradients by its input that are there already. */
struct block {
    const struct eo_network_layer *l;
    size_t in, map, weights;
    float *x, *d, *before;      /* [images][in, map, in] */
    float *w, *dw;              /* [weights] */
    float *x_g;                 /* [images][in] */
    float *pack, *laned, *data; /* room for the kernels; data: of the group */
};

/* ---- the definition ------------------------------------------------------------------------------------------- */

/* The gradient by one input, in the order of the outputs that read it. */
static void define_x(struct block *b, int image, int c, int row, int col)
{
    const struct eo_network_layer *l = b->l;
    size_t at = (size_t)((c * l->in.h + row) * l->in.w + col);
    size_t taps = (size_t)(l->kernel.h * l->kernel.w), terms = eo_network_terms(l);
    int is_depthwise = l->operation == EO_DEPTHWISE;
    float chain = b->before[(size_t)image * b->in + at];

    for (int o = is_depthwise ? c : 0; o < (is_depthwise ? c + 1 : l->map.c); o++) {
        for (int kh = 0; kh < l->kernel.h; kh++) {
            for (int kw = 0; kw < l->kernel.w; kw++) {
                int h = row + l->pad.top - kh, w = col + l->pad.left - kw;
                size_t tap = (size_t)(is_depthwise ? 0 : c) * taps + (size_t)(kh * l->kernel.w + kw);

                if (h < 0 || w < 0 || h % l->stride.h || w % l->stride.w || h / l->stride.h >= l->map.h ||
                    w / l->stride.w >= l->map.w)
                    continue;
                chain = fmaf(b->d[(size_t)image * b->map +
                                  (size_t)((o * l->map.h + h / l->stride.h) * l->map.w + w / l->stride.w)],
                             b->w[(size_t)o * terms + tap], chain);
            }
        }
    }
    b->x_g[(size_t)image * b->in + at] = chain;
}

static void define_linear_x(struct block *b, int image, size_t term)
{
    float chain = b->before[(size_t)image * b->in + term];

    for (size_t o = 0; o < b->map; o++)
        chain = fmaf(b->d[(size_t)image * b->map + o], b->w[o * b->in + term], chain);
    b->x_g[(size_t)image * b->in + term] = chain;
}

/* One image's part of the gradient by weight (o, i, kh, kw), over the pixels of the map. */
static float define_w(const struct block *b, int image, int o, int i, int kh, int kw)
{
    const struct eo_network_layer *l = b->l;
    const float *x = b->x + (size_t)image * b->in + (size_t)(i * l->in.h * l->in.w);
    const float *d = b->d + (size_t)image * b->map + (size_t)(o * l->map.h * l->map.w);
    float chain = 0;

    for (int r = 0; r < l->map.h; r++) {
        for (int c = 0; c < l->map.w; c++) {
            int row = r * l->stride.h + kh - l->pad.top, col = c * l->stride.w + kw - l->pad.left;

            if (row >= 0 && row < l->in.h && col >= 0 && col < l->in.w)
                chain = fmaf(d[r * l->map.w + c], x[row * l->in.w + col], chain);
        }
    }
    return chain;
}

static float define_weight(const struct block *b, int images, size_t weight)
{
    const struct eo_network_layer *l = b->l;
    int taps = l->kernel.h * l->kernel.w, terms = (int)eo_network_terms(l);
    int o = (int)weight / terms, term = (int)weight % terms, tap = term % taps;
    int i = l->operation == EO_DEPTHWISE ? o : term / taps;
    float lane[EO_TRAIN_LANES];

    for (int image = 0; image < EO_TRAIN_LANES; image++) {
        if (image >= images)
            lane[image] = 0;
        else if (l->operation == EO_LINEAR)
            lane[image] = fmaf(b->d[(size_t)image * b->map + (size_t)o], b->x[(size_t)image * b->in + (size_t)term], 0);
        else
            lane[image] = define_w(b, image, o, i, tap / l->kernel.w, tap % l->kernel.w);
    }
    return eo_lanes_sum(lane);
}

static void define(struct block *b, int images)
{
    for (int image = 0; image < images; image++) {
        if (b->l->operation == EO_LINEAR) {
            for (size_t term = 0; term < b->in; term++)
                define_linear_x(b, image, term);
            continue;
        }
        for (int c = 0; c < b->l->in.c; c++) {
            for (int row = 0; row < b->l->in.h; row++) {
                for (int col = 0; col < b->l->in.w; col++)
                    define_x(b, image, c, row, col);
            }
        }
    }
    for (size_t weight = 0; weight < b->weights; weight++)
        b->dw[weight] = define_weight(b, images, weight);
}

/* ---- the kernels ------------------------------------------------------------------------------------------------ */

/* [images][n] to [n][lanes] of a group and back. */
static void to_lanes(const float *from, size_t n, int lanes, int group, float *to)
{
    for (size_t k = 0; k < n; k++) {
        for (int lane = 0; lane < lanes; lane++)
            to[k * (size_t)lanes + (size_t)lane] = from[(size_t)(group * lanes + lane) * n + k];
    }
}

static size_t different(const struct block *b, const float *x_g, int lanes, int group, int images)
{
    size_t wrong = 0;

    for (size_t k = 0; k < b->in; k++) {
        for (int lane = 0; lane < lanes && group * lanes + lane < images; lane++)
            wrong += memcmp(&x_g[k * (size_t)lanes + (size_t)lane],
                            &b->x_g[(size_t)(group * lanes + lane) * b->in + k], sizeof(float)) != 0;
    }
    return wrong;
}

/* How many gradients by inputs and weights have other bits. */
static size_t compare(const struct block *b, const struct eo_general_train_ops *ops, int images)
{
    int lanes = ops->lanes, groups = EO_TRAIN_LANES / lanes;
    const float *xs[EO_TRAIN_LANES], *ds[EO_TRAIN_LANES];
    size_t wrong = 0, group_floats = (2 * b->in + b->map) * (size_t)lanes;

    ops->pack_back(b->l, b->w, b->pack);
    for (int g = 0; g < groups; g++) {
        float *x = b->data + (size_t)g * group_floats, *d = x + b->in * (size_t)lanes;
        float *x_g = d + b->map * (size_t)lanes, *dw = b->laned + (size_t)g * b->weights * (size_t)lanes;
        int is_there = g * lanes < images;

        xs[g] = is_there ? x : NULL;
        ds[g] = is_there ? d : NULL;
        memset(dw, 0, b->weights * (size_t)lanes * sizeof(*dw));
        if (!is_there)
            continue;
        to_lanes(b->x, b->in, lanes, g, x);
        to_lanes(b->d, b->map, lanes, g, d);
        to_lanes(b->before, b->in, lanes, g, x_g);
        ops->back_x(b->l, d, b->pack, 0, x_g);
        wrong += different(b, x_g, lanes, g, images);
        if (b->l->operation != EO_LINEAR)
            ops->back_w(b->l, x, d, dw);
    }
    if (b->l->operation == EO_LINEAR)
        ops->linear_w(b->l, xs, ds, b->pack);
    for (size_t k = 0; k < b->weights; k++) {
        float lane[EO_TRAIN_LANES], sum;

        for (int g = 0; g < groups; g++)
            memcpy(lane + g * lanes, b->laned + ((size_t)g * b->weights + k) * (size_t)lanes,
                   (size_t)lanes * sizeof(float));
        sum = b->l->operation == EO_LINEAR ? b->pack[k] : eo_lanes_sum(lane);
        wrong += memcmp(&sum, &b->dw[k], sizeof(sum)) != 0;
    }
    return wrong;
}

/* Numbers of both signs, some of them 0. Images behind the last have a gradient of 0. In all images the first output's
 * is 0 and the first input negative: the sum of such products is 0 and not -0. */
static void fill_block(struct block *b, struct eo_rng *rng, int images)
{
    const struct {
        float *at;
        size_t n;
    } parts[] = {{b->x, b->in * EO_TRAIN_LANES}, {b->d, b->map * EO_TRAIN_LANES}, {b->before, b->in * EO_TRAIN_LANES},
                 {b->w, b->weights}};

    for (int p = 0; p < 4; p++) {
        for (size_t k = 0; k < parts[p].n; k++)
            parts[p].at[k] = eo_rng_below(rng, 8) ? (float)eo_rng_below(rng, 2000001) / 1e6f - 1 : 0;
    }
    memset(b->d + (size_t)images * b->map, 0, (size_t)(EO_TRAIN_LANES - images) * b->map * sizeof(*b->d));
    for (size_t image = 0; image < EO_TRAIN_LANES; image++) {
        memset(b->d + image * b->map, 0, b->map / (size_t)b->l->map.c * sizeof(*b->d));
        b->x[image * b->in] = -1;
    }
}

static void check_layer(const char *text, const struct eo_network_layer *l, struct eo_rng *rng)
{
    size_t in = eo_dims_elements(l->in), map = eo_dims_elements(l->map), weights = eo_network_weights(l);
    size_t lanes = EO_TRAIN_LANES, floats = lanes * (5 * in + 2 * map + weights) + 3 * weights;
    float *data = calloc(floats, sizeof(*data)), *at = data;
    struct block b = {.l = l, .in = in, .map = map, .weights = weights};
    struct {
        float **part;
        size_t n;
    } parts[] = {{&b.x, lanes * in}, {&b.d, lanes * map},    {&b.before, lanes * in},
                 {&b.w, weights},    {&b.dw, weights},       {&b.x_g, lanes * in},
                 {&b.pack, weights}, {&b.laned, lanes * weights}, {&b.data, lanes * (2 * in + map)}};

    if (!check_that(data != NULL, "%s: out of memory", l->name))
        return;
    for (size_t p = 0; p < sizeof(parts) / sizeof(*parts); at += parts[p++].n)
        *parts[p].part = at;
    for (int images = EO_TRAIN_LANES; images >= 5; images -= 11) {
        fill_block(&b, rng, images);
        define(&b, images);
        for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
            size_t wrong = !eo_isa_available((enum eo_isa)isa)
                               ? 0
                               : compare(&b, eo_general_train_ops_get((enum eo_isa)isa), images);

            check_that(!wrong, "%s: layer %s, %d images on %s: %zu gradients have other bits", text, l->name, images,
                       eo_isa_name((enum eo_isa)isa), wrong);
        }
    }
    free(data);
}

int main(void)
{
    struct eo_rng rng;

    eo_rng_init(&rng, 5, EO_RNG_INIT);
    for (size_t i = 0; i < NETWORKS; i++) {
        static struct eo_network net;
        struct eo_err err = {""};

        if (!check_that(eo_network_parse(&net, networks[i], &err) == 0, "%s: %s", networks[i], err.msg))
            continue;
        for (int k = 0; k < net.count; k++)
            check_layer(networks[i], &net.layer[k], &rng);
    }
    return check_report("test_general_train");
}
