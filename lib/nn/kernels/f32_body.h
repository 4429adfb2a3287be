/*
 * fp32 and fp16 inference, written once over the vectors of simd.h. The file that includes this has chosen the
 * instruction set (EO_SIMD_<SET>, EO_SET).
 *
 * Throughput: EO_VL images are a group and lie side by side, one lane each, [C][H][W][EO_VL]. Latency: one image,
 * pooled columns as lanes in conv1, output channels as lanes behind it. Both hold weights and what a layer hands on
 * as binary16 when the model is fp16; a group widens the weights of its convolutions once a call and their input
 * window by window.
 */
#include "nn/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/half.h"
#include "nn/input.h"
#include "nn/kernels/simd.h"
#include "nn/kernels/standard_input.h"
#include "nn/kernels/f32_tile.h"
#include "nn/kernels/f32_single.h"

/* Columns of a single image's conv1 map, 14 of them used. */
#define MAP_ROW 16
#define MAP_PLANE (EO_POOL1_SIDE * MAP_ROW)

/* A row of a single image: column c at [1 + c], zeros around. */
#define LINE_ROW 48

struct engine {
    struct eo_shape shape;
    int half;
    int by_table; /* the input is not p / 127.5 - 1 */
    float input[256];
    int vectors; /* of conv2's channels */
    int rest;    /* up to so many images are faster one by one than as a group with idle lanes */
    size_t elem; /* bytes of a weight or activation */
    /* Packed, float or binary16: conv1 serves both paths; conv2 and classifier for the group, *_one for an image. */
    void *conv1, *conv2, *classifier, *conv2_one, *classifier_one;
    float classifier_bias[EO_CLASSES];
    char *work;
    size_t work_bytes;
    struct eo_marker marker;
};

/* ---- binary16 and float alike -------------------------------------------------------------------------------- */

static void widen(const uint16_t *from, size_t n, float *to)
{
    for (size_t i = 0; i < n; i += EO_VL)
        vf_store(to + i, vh_load(from + i));
}

static void narrow(const float *from, size_t n, uint16_t *to)
{
    for (size_t i = 0; i < n; i += EO_VL)
        vh_store(to + i, vf_load(from + i));
}

static size_t round_to_vectors(size_t n)
{
    return eo_size_round_up(n, EO_VL);
}

static size_t conv_floats(int ic, int oc)
{
    return (size_t)oc * tile_channel_floats(ic);
}

/* The inputs of EO_VL grey values: computed, or looked up where the model has its own scaling. */
EO_INLINE vf vf_input(const struct engine *e, const uint8_t *p)
{
    float looked_up[EO_VL];

    if (__builtin_expect(e->by_table, 0)) {
        for (int i = 0; i < EO_VL; i++)
            looked_up[i] = e->input[p[i]];
        return vf_load(looked_up);
    }
    return vf_standard_input(p);
}

/* ---- a group of images --------------------------------------------------------------------------------------- */

/* Scratch of a group, by name; see group_layout(). */
struct group_work {
    void *input;         /* [28][28] vectors; later pool2, [c2][49] vectors */
    void *pool1;         /* [c1][14][14] vectors */
    float *total;        /* [10] vectors */
    float *conv1, *conv2; /* fp16 only: widened weights */
    float *x;            /* fp16 only: a layer's input around a window or row */
    float *y;            /* fp16 only: its output */
};

static size_t take(char *base, size_t *used, void *pointer, size_t bytes)
{
    char *at = base ? base + *used : NULL;

    memcpy(pointer, &at, sizeof(at));
    *used += eo_size_round_up(bytes, EO_ALIGN);
    return *used;
}

/* Points w into base (NULL: only counts); returns the bytes. */
static size_t group_layout(const struct engine *e, char *base, struct group_work *w)
{
    size_t c1 = (size_t)e->shape.c1, c2 = (size_t)e->shape.c2, vec = EO_VL * e->elem, used = 0;
    size_t first = EO_IMAGE_PIXELS > 49 * c2 ? EO_IMAGE_PIXELS : 49 * c2;
    size_t line = 4 * EO_IMAGE_SIDE, patch = 16 * c1, out1 = c1 * EO_POOL1_SIDE;

    take(base, &used, &w->input, first * vec);
    take(base, &used, &w->pool1, c1 * 196 * vec);
    take(base, &used, &w->total, EO_CLASSES * EO_VL * sizeof(float));
    if (!e->half)
        return used;
    take(base, &used, &w->conv1, round_to_vectors(conv_floats(1, e->shape.c1)) * sizeof(float));
    take(base, &used, &w->conv2, round_to_vectors(conv_floats(e->shape.c1, e->shape.c2)) * sizeof(float));
    take(base, &used, &w->x, (line > patch ? line : patch) * EO_VL * sizeof(float));
    take(base, &used, &w->y, (out1 > c2 ? out1 : c2) * EO_VL * sizeof(float));
    return used;
}

static void group_input(const struct engine *e, const uint8_t *const rows[EO_VL], void *input)
{
    uint8_t block[16 * EO_VL];

    for (size_t p = 0; p < EO_IMAGE_PIXELS; p += 16) {
        u8_interleave(rows, p, block);
        for (size_t i = 0; i < 16; i++) {
            vf x = vf_input(e, block + i * EO_VL);

            if (e->half)
                vh_store((uint16_t *)input + (p + i) * EO_VL, x);
            else
                vf_store((float *)input + (p + i) * EO_VL, x);
        }
    }
}

/* One row of windows: the first and the last alone, between them `run` at a time. x: upper left pixel of the first. */
static void group_row(const struct conv_geom *g, int redge, const float *x, int windows, int run, const float *w,
                      int oc, float *y)
{
    int i;

    tile_channels(g, redge, EDGE_FIRST, x, w, oc, y, 1);
    for (i = 1; i < windows - 1; i += run)
        tile_channels(g, redge, EDGE_NONE, x + i * g->step, w, oc, y + i * g->ystep, run);
    tile_channels(g, redge, EDGE_LAST, x + i * g->step, w, oc, y + i * g->ystep, 1);
}

static void group_conv1(const struct engine *e, const struct group_work *w)
{
    const struct conv_geom g = {1, 0, EO_IMAGE_SIDE * EO_VL, 2 * EO_VL, 196 * EO_VL, EO_VL};
    const float *x = w->input;
    float *y = w->pool1;

    for (int r = 0; r < 14; r++)
        group_row(&g, edge_of(r, 14), x + 2 * r * g.row, 14, 12, e->conv1, e->shape.c1, y + r * 14 * EO_VL);
}

static void group_conv2(const struct engine *e, const struct group_work *w)
{
    const struct conv_geom g = {e->shape.c1, 196 * EO_VL, 14 * EO_VL, 2 * EO_VL, 49 * EO_VL, EO_VL};
    const float *x = w->pool1;
    float *y = w->input;

    for (int r = 0; r < 7; r++)
        group_row(&g, edge_of(r, 7), x + 2 * r * g.row, 7, 1, e->conv2, e->shape.c2, y + r * 7 * EO_VL);
}

/* As group_conv1(), through floats for one row of windows. */
static void group_conv1_half(const struct engine *e, const struct group_work *w)
{
    const struct conv_geom g = {1, 0, EO_IMAGE_SIDE * EO_VL, 2 * EO_VL, 14 * EO_VL, EO_VL};
    const size_t row = EO_IMAGE_SIDE * EO_VL, out = 14 * EO_VL;
    const uint16_t *x = w->input;
    uint16_t *y = w->pool1;

    for (int r = 0; r < 14; r++) {
        int first = r == 0, last = r == 13;

        widen(x + (size_t)(2 * r - 1 + first) * row, (size_t)(4 - first - last) * row, w->x + (first ? row : 0));
        group_row(&g, edge_of(r, 14), w->x + row, 14, 12, w->conv1, e->shape.c1, w->y);
        for (int c = 0; c < e->shape.c1; c++)
            narrow(w->y + (size_t)c * out, out, y + ((size_t)c * 14 + (size_t)r) * out);
    }
}

/* The 4 x 4 pixels around a window as floats, [c1][4][4] vectors; those outside the image are left alone. */
static void group_patch(const struct engine *e, const uint16_t *x, int r, int c, float *patch)
{
    int top = r == 0, bottom = r == 6, left = c == 0, right = c == 6;

    for (int i = 0; i < e->shape.c1; i++) {
        for (int pr = top; pr < 4 - bottom; pr++) {
            int at = (i * 14 + 2 * r - 1 + pr) * 14 + 2 * c - 1 + left;

            widen(x + (size_t)at * EO_VL, (size_t)(4 - left - right) * EO_VL,
                  patch + ((i * 4 + pr) * 4 + left) * EO_VL);
        }
    }
}

static void group_conv2_half(const struct engine *e, const struct group_work *w)
{
    const struct conv_geom g = {e->shape.c1, 16 * EO_VL, 4 * EO_VL, 0, EO_VL, 0};
    uint16_t *y = w->input;

    for (int r = 0; r < 7; r++) {
        for (int c = 0; c < 7; c++) {
            group_patch(e, w->pool1, r, c, w->x);
            tile_channels(&g, edge_of(r, 7), edge_of(c, 7), w->x + 5 * EO_VL, w->conv2, e->shape.c2, w->y, 1);
            for (int o = 0; o < e->shape.c2; o++)
                narrow(w->y + o * EO_VL, EO_VL, y + (size_t)(o * 49 + r * 7 + c) * EO_VL);
        }
    }
}

/* One channel's part of all scores. x [49] vectors, w [49][10], total [10] vectors. */
EO_INLINE void group_part(const int half, const void *x, const float *w, float *total)
{
    const float *xf = x;
    const uint16_t *xh = x;
    vf acc[10];

    EO_UNROLL(10)
    for (int k = 0; k < 10; k++)
        acc[k] = vf_set1(0.0f);
    for (int p = 0; p < 49; p++) {
        vf xv = half ? vh_load(xh + p * EO_VL) : vf_load(xf + p * EO_VL);

        EO_UNROLL(10)
        for (int k = 0; k < 10; k++)
            acc[k] = vf_fma(xv, vf_set1(w[p * 10 + k]), acc[k]);
    }
    EO_UNROLL(10)
    for (int k = 0; k < 10; k++)
        vf_store(total + k * EO_VL, vf_add(vf_load(total + k * EO_VL), acc[k]));
}

static void group_classifier(const struct engine *e, const struct group_work *w)
{
    for (int k = 0; k < EO_CLASSES; k++)
        vf_store(w->total + k * EO_VL, vf_set1(e->classifier_bias[k]));
    for (int c = 0; c < e->shape.c2; c++) {
        size_t at = (size_t)c * 49 * EO_VL;

        if (e->half) {
            float part[496];

            widen((const uint16_t *)e->classifier + (size_t)c * 496, 496, part);
            group_part(1, (const uint16_t *)w->input + at, part, w->total);
        } else {
            group_part(0, (const float *)w->input + at, (const float *)e->classifier + (size_t)c * 496, w->total);
        }
    }
}

/* n images, 1 to EO_VL; the last one fills the lanes of missing ones. */
static void group_run(const struct engine *e, const struct group_work *w, const uint8_t *pixels, int n,
                      union eo_score *scores)
{
    const uint8_t *rows[EO_VL];

    for (int i = 0; i < EO_VL; i++)
        rows[i] = pixels + (size_t)(i < n ? i : n - 1) * EO_IMAGE_PIXELS;
    eo_mark(&e->marker, EO_CONV1);
    group_input(e, rows, w->input);
    if (e->half)
        group_conv1_half(e, w);
    else
        group_conv1(e, w);
    eo_mark(&e->marker, EO_CONV2);
    if (e->half)
        group_conv2_half(e, w);
    else
        group_conv2(e, w);
    eo_mark(&e->marker, EO_CLASSIFIER);
    group_classifier(e, w);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < EO_CLASSES; k++)
            scores[i * EO_CLASSES + k].f32 = w->total[k * EO_VL + i];
    }
}

/* ---- one image ----------------------------------------------------------------------------------------------- */

/* Scratch of an image; see one_layout(). */
struct one_work {
    float *line;  /* [28][LINE_ROW] */
    float *quads; /* [16 / EO_VL][28][4] vectors: columns 2j - 1, 2j, 2j + 1, 2j + 2 of lane j */
    void *pool1;  /* [c1][14][MAP_ROW] */
    void *pool2;  /* [49][vectors], where line and quads were */
    float *parts; /* [vectors][10] vectors, likewise */
    float *conv1; /* fp16 only: widened weights */
    float *x, *y; /* fp16 only: conv2's input around a row of windows; a layer's output */
};

static size_t one_layout(const struct engine *e, char *base, struct one_work *w)
{
    size_t c1 = (size_t)e->shape.c1, c2p = (size_t)e->vectors * EO_VL, used = 0, late = 0;
    size_t out1 = TILE_MAX * MAP_PLANE, out2 = 7 * c2p;

    take(base, &used, &w->line, EO_IMAGE_SIDE * LINE_ROW * sizeof(float));
    take(base, &used, &w->quads, EO_IMAGE_SIDE * 4 * 16 * sizeof(float));
    take(base, &late, &w->pool2, 49 * c2p * e->elem);
    take(base, &late, &w->parts, EO_CLASSES * c2p * sizeof(float));
    used = used > late ? used : late;
    take(base, &used, &w->pool1, c1 * MAP_PLANE * e->elem);
    if (!e->half)
        return used;
    take(base, &used, &w->conv1, round_to_vectors(conv_floats(1, e->shape.c1)) * sizeof(float));
    take(base, &used, &w->x, c1 * 4 * MAP_ROW * sizeof(float));
    take(base, &used, &w->y, (out1 > out2 ? out1 : out2) * sizeof(float));
    return used;
}

static void one_input(const struct engine *e, const uint8_t *pixels, const struct one_work *w)
{
    uint16_t h[EO_VL];

    for (int r = 0; r < EO_IMAGE_SIDE; r++) {
        float *line = w->line + r * LINE_ROW;

        line[0] = 0.0f;
        memset(line + 1 + EO_IMAGE_SIDE, 0, (LINE_ROW - 1 - EO_IMAGE_SIDE) * sizeof(float));
        for (int c = 0; c < EO_IMAGE_SIDE; c += EO_VL) {
            /* the last vector overlaps the one before */
            int at = c < EO_IMAGE_SIDE - EO_VL ? c : EO_IMAGE_SIDE - EO_VL;
            vf x = vf_input(e, pixels + r * EO_IMAGE_SIDE + at);

            if (e->half) {
                vh_store(h, x);
                x = vh_load(h);
            }
            vf_store(line + 1 + at, x);
        }
    }
    for (int v = 0; v < 16 / EO_VL; v++) {
        for (int r = 0; r < EO_IMAGE_SIDE; r++) {
            const float *line = w->line + r * LINE_ROW + 2 * v * EO_VL;
            float *quad = w->quads + (v * EO_IMAGE_SIDE + r) * 4 * EO_VL;
            vf even, odd;

            vf_unzip(line, &even, &odd);
            vf_store(quad, even);
            vf_store(quad + EO_VL, odd);
            vf_unzip(line + 2, &even, &odd);
            vf_store(quad + 2 * EO_VL, even);
            vf_store(quad + 3 * EO_VL, odd);
        }
    }
}

/* nb channels, y [nb][14][MAP_ROW]; columns 14 and 15 are never read. */
static void one_conv1_tile(const struct one_work *w, int nb, const float *weights, float *y)
{
    const struct conv_geom g = {1, 0, 4 * EO_VL, 8 * EO_VL, MAP_PLANE, MAP_ROW};

    for (int v = 0; v < 16 / EO_VL; v++, y += EO_VL) {
        const float *x = w->quads + (v * EO_IMAGE_SIDE * 4 + 1) * EO_VL;

        tile_table[nb][EDGE_FIRST][EDGE_NONE](&g, x, weights, y, 1);
        tile_table[nb][EDGE_NONE][EDGE_NONE](&g, x + g.step, weights, y + g.ystep, 12);
        tile_table[nb][EDGE_LAST][EDGE_NONE](&g, x + 13 * g.step, weights, y + 13 * g.ystep, 1);
    }
}

static void one_conv1(const struct engine *e, const struct one_work *w)
{
    const float *weights = e->half ? w->conv1 : e->conv1;

    for (int c = 0, nb; c < e->shape.c1; c += nb) {
        nb = share(e->shape.c1 - c, TILE_MAX);
        if (e->half) {
            one_conv1_tile(w, nb, weights, w->y);
            narrow(w->y, (size_t)nb * MAP_PLANE, (uint16_t *)w->pool1 + c * MAP_PLANE);
        } else {
            one_conv1_tile(w, nb, weights, (float *)w->pool1 + c * MAP_PLANE);
        }
        weights += (size_t)nb * tile_channel_floats(1);
    }
}

static void one_conv2(const struct engine *e, const struct one_work *w)
{
    const struct wide_geom g = {e->shape.c1, MAP_PLANE, MAP_ROW, e->vectors * EO_VL};
    const float *x = w->pool1;
    float *y = w->pool2;

    for (int r = 0; r < 7; r++)
        wide_channels(&g, 0, edge_of(r, 7), x + 2 * r * g.row, e->conv2_one, e->vectors, y + r * 7 * g.ystep);
}

/* As one_conv2(), through floats for one row of windows. */
static void one_conv2_half(const struct engine *e, const struct one_work *w)
{
    const struct wide_geom g = {e->shape.c1, 4 * MAP_ROW, MAP_ROW, e->vectors * EO_VL};
    const size_t out = 7 * (size_t)g.ystep;
    const uint16_t *x = w->pool1;
    uint16_t *y = w->pool2;

    for (int r = 0; r < 7; r++) {
        int first = r == 0, last = r == 6;
        size_t n = (size_t)(4 - first - last) * MAP_ROW;

        for (int i = 0; i < e->shape.c1; i++)
            widen(x + (i * 14 + 2 * r - 1 + first) * MAP_ROW, n, w->x + (i * 4 + first) * MAP_ROW);
        wide_channels(&g, 1, edge_of(r, 7), w->x + g.row, e->conv2_one, e->vectors, w->y);
        narrow(w->y, out, y + (size_t)r * out);
    }
}

static void one_classifier(const struct engine *e, const struct one_work *w, union eo_score *scores)
{
    float sum[EO_CLASSES];

    for (int v = 0; v < e->vectors; v++) {
        const void *x = wide_skip(e->half, w->pool2, v), *weights = wide_skip(e->half, e->classifier_one, 490 * v);
        float *parts = w->parts + v * 10 * EO_VL;

        if (e->half)
            wide_parts(1, x, e->vectors, weights, parts);
        else
            wide_parts(0, x, e->vectors, weights, parts);
    }
    memcpy(sum, e->classifier_bias, sizeof(sum));
    for (int c = 0; c < e->shape.c2; c++) {
        const float *parts = w->parts + c / EO_VL * 10 * EO_VL + c % EO_VL;

        for (int k = 0; k < EO_CLASSES; k++)
            sum[k] += parts[k * EO_VL];
    }
    for (int k = 0; k < EO_CLASSES; k++)
        scores[k].f32 = sum[k];
}

static void one_run(const struct engine *e, const struct one_work *w, const uint8_t *pixels, union eo_score *scores)
{
    eo_mark(&e->marker, EO_CONV1);
    one_input(e, pixels, w);
    one_conv1(e, w);
    eo_mark(&e->marker, EO_CONV2);
    if (e->half)
        one_conv2_half(e, w);
    else
        one_conv2(e, w);
    eo_mark(&e->marker, EO_CLASSIFIER);
    one_classifier(e, w, scores);
}

/* ---- the table ----------------------------------------------------------------------------------------------- */

static void engine_release(void *state)
{
    struct engine *e = state;

    free(e->conv1);
    free(e->conv2);
    free(e->classifier);
    free(e->conv2_one);
    free(e->classifier_one);
    free(e->work);
    free(e);
}

/* A layer's weights or biases as floats, released with free(). */
static float *as_floats(const struct engine *e, const void *from, size_t n, struct eo_err *err)
{
    float *to = eo_alloc(n, sizeof(*to), err);
    const uint16_t *h = from;

    if (!to)
        return NULL;
    for (size_t i = 0; e->half && i < n; i++)
        to[i] = eo_half_to_float(h[i]);
    if (!e->half)
        memcpy(to, from, n * sizeof(*to));
    return to;
}

/* Turns packed floats into what the engine keeps: floats, or binary16, which is exact here. Takes over `packed`. */
static void *keep(const struct engine *e, float *packed, size_t n, struct eo_err *err)
{
    uint16_t *h;

    if (!e->half || !packed)
        return packed;
    h = eo_alloc(n, sizeof(*h), err);
    for (size_t i = 0; h && i < n; i++)
        h[i] = eo_half_from_float(packed[i]);
    free(packed);
    return h;
}

static int pack_conv(struct engine *e, const struct eo_model_layer *layer, int ic, int oc, void **tile, void **wide,
                     struct eo_err *err)
{
    size_t tile_n = round_to_vectors(conv_floats(ic, oc));
    size_t wide_n = round_to_vectors((size_t)oc) * tile_channel_floats(ic);
    float *w = as_floats(e, layer->weight.f32, (size_t)oc * 9 * (size_t)ic, err);
    float *b = as_floats(e, layer->bias.f32, (size_t)oc, err);
    float *t = tile ? eo_alloc(tile_n, sizeof(float), err) : NULL;
    float *s = wide ? eo_alloc(wide_n, sizeof(float), err) : NULL;
    int ok = w && b && (t || !tile) && (s || !wide);

    if (ok && tile) {
        tile_pack(w, b, ic, oc, t);
        *tile = keep(e, t, tile_n, err);
        ok = *tile != NULL;
        t = NULL;
    }
    if (ok && wide) {
        wide_pack(w, b, ic, oc, s);
        *wide = keep(e, s, wide_n, err);
        ok = *wide != NULL;
        s = NULL;
    }
    free(w);
    free(b);
    free(t);
    free(s);
    return ok ? 0 : -1;
}

/* For a group [c2][49][10], each channel padded to 496; for an image as wide_parts() reads. */
static int pack_classifier(struct engine *e, const struct eo_model_layer *layer, int group, struct eo_err *err)
{
    int c2 = e->shape.c2;
    size_t group_n = (size_t)c2 * 496, one_n = (size_t)(e->vectors * EO_VL) * 490;
    float *w = as_floats(e, layer->weight.f32, (size_t)c2 * 490, err);
    float *b = as_floats(e, layer->bias.f32, EO_CLASSES, err);
    float *g = eo_alloc(group_n, sizeof(float), err);
    float *o = eo_alloc(one_n, sizeof(float), err);
    int ok = w && b && g && o;

    if (ok) {
        memcpy(e->classifier_bias, b, sizeof(e->classifier_bias));
        for (int t = 0; t < c2 * 490; t++)
            g[t / 490 * 496 + t % 490] = w[t % 10 * c2 * 49 + t / 490 * 49 + t % 490 / 10];
        wide_pack_classifier(w, c2, o);
        e->classifier_one = keep(e, o, one_n, err);
        o = NULL;
        if (group)
            e->classifier = keep(e, g, group_n, err);
        g = group ? NULL : g;
        ok = e->classifier_one && (e->classifier || !group);
    }
    free(w);
    free(b);
    free(g);
    free(o);
    return ok ? 0 : -1;
}

static void *engine_prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    struct engine *e = eo_alloc(1, sizeof(*e), err);
    int group;
    struct group_work gw;
    struct one_work ow;
    size_t group_bytes;

    if (!e)
        return NULL;
    e->shape = m->shape;
    e->half = m->precision == EO_FP16;
    e->by_table = !eo_input_is_standard(m);
    eo_input_table(m, 0, 0, e->input);
    e->elem = e->half ? sizeof(uint16_t) : sizeof(float);
    e->vectors = (m->shape.c2 + EO_VL - 1) / EO_VL;
    /* An image alone takes about a tenth more of the peak, and the idle lanes of its last vector of channels. */
    e->rest = 9 * m->shape.c2 / (10 * e->vectors);
    e->rest = e->rest > 1 ? e->rest : 1;
    group = max_batch > e->rest;
    if (pack_conv(e, &m->layer[EO_CONV1], 1, m->shape.c1, &e->conv1, NULL, err) ||
        pack_conv(e, &m->layer[EO_CONV2], m->shape.c1, m->shape.c2, group ? &e->conv2 : NULL, &e->conv2_one, err) ||
        pack_classifier(e, &m->layer[EO_CLASSIFIER], group, err))
        goto fail;
    group_bytes = group ? group_layout(e, NULL, &gw) : 0;
    e->work_bytes = one_layout(e, NULL, &ow);
    e->work_bytes = e->work_bytes > group_bytes ? e->work_bytes : group_bytes;
    e->work = eo_alloc(e->work_bytes, 1, err);
    if (!e->work)
        goto fail;
    return e;
fail:
    engine_release(e);
    return NULL;
}

static void run_groups(const struct engine *e, const uint8_t *pixels, int n, union eo_score *scores)
{
    struct group_work w;

    group_layout(e, e->work, &w);
    if (e->half) {
        eo_mark(&e->marker, EO_CONV1);
        widen(e->conv1, round_to_vectors(conv_floats(1, e->shape.c1)), w.conv1);
        eo_mark(&e->marker, EO_CONV2);
        widen(e->conv2, round_to_vectors(conv_floats(e->shape.c1, e->shape.c2)), w.conv2);
    }
    for (int i = 0; i < n; i += EO_VL)
        group_run(e, &w, pixels + (size_t)i * EO_IMAGE_PIXELS, n - i < EO_VL ? n - i : EO_VL,
                  scores + (size_t)i * EO_CLASSES);
}

static void run_ones(const struct engine *e, const uint8_t *pixels, int n, union eo_score *scores)
{
    struct one_work w;

    one_layout(e, e->work, &w);
    if (e->half) {
        eo_mark(&e->marker, EO_CONV1);
        widen(e->conv1, round_to_vectors(conv_floats(1, e->shape.c1)), w.conv1);
    }
    for (int i = 0; i < n; i++)
        one_run(e, &w, pixels + (size_t)i * EO_IMAGE_PIXELS, scores + (size_t)i * EO_CLASSES);
}

static void engine_run(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    const struct engine *e = state;
    int rest = n % EO_VL, whole;

    rest = rest <= e->rest ? rest : 0;
    whole = n - rest;
    if (whole)
        run_groups(e, pixels, whole, scores);
    if (rest)
        run_ones(e, pixels + (size_t)whole * EO_IMAGE_PIXELS, rest, scores + (size_t)whole * EO_CLASSES);
}

static void engine_activations(void *state, const uint8_t *pixels, float *pool1, float *pool2,
                               union eo_score *scores)
{
    const struct engine *e = state;
    struct one_work w;

    run_ones(e, pixels, 1, scores);
    one_layout(e, e->work, &w);
    for (int i = 0; i < e->shape.c1 * 14; i++)
        memcpy(pool1 + i * 14, (const float *)w.pool1 + i * MAP_ROW, 14 * sizeof(float));
    for (int o = 0; o < e->shape.c2; o++) {
        for (int p = 0; p < 49; p++)
            pool2[o * 49 + p] = ((const float *)w.pool2)[p * e->vectors * EO_VL + o];
    }
}

static size_t engine_workspace(const void *state)
{
    return ((const struct engine *)state)->work_bytes;
}

static void engine_set_marker(void *state, struct eo_marker marker)
{
    ((struct engine *)state)->marker = marker;
}

const struct eo_engine_ops *EO_OF_SET(eo_f32_ops)(enum eo_precision precision)
{
    static const struct eo_engine_ops f32 = {EO_FP32_NAME "-" EO_SET_TEXT, engine_prepare,     engine_release,
                                             engine_run,                   engine_activations, engine_workspace,
                                             engine_set_marker,            NULL};
    static const struct eo_engine_ops f16 = {EO_FP16_NAME "-" EO_SET_TEXT, engine_prepare, engine_release,
                                             engine_run,                   NULL,           engine_workspace,
                                             engine_set_marker,            NULL};

    return precision == EO_FP16 ? &f16 : &f32;
}
