/*
 * The second convolution and the classifier of a single image: lanes are output channels, each pixel is broadcast.
 * Included by f32_body.h alone. (The first convolution of a single image uses f32_tile.h with pooled
 * columns as lanes.)
 *
 * A tile is `nv` vectors of output channels times `nw` neighbouring pooling windows (4 nw pixels). Sums run in the
 * order ic, kh, kw; the classifier sums each channel's part over the pixels, one lane per channel. Weights are
 * binary16 where `half` is 1, widened as they are loaded, and float where it is 0.
 */
#ifndef EO_NN_KERNELS_F32_SINGLE_H
#define EO_NN_KERNELS_F32_SINGLE_H

#include "nn/kernels/f32_tile.h"

/* Widest tile in vectors of channels, with one window. */
#if EO_REGS >= 32 && EO_VL < 16
#define WIDE_MAX 4
#elif EO_REGS >= 32
#define WIDE_MAX 2
#elif EO_REGS >= 16
#define WIDE_MAX 3
#else
#define WIDE_MAX 1
#endif
#define WIDE_LIMIT 4

/* Distances in floats. */
struct wide_geom {
    int ic;
    ptrdiff_t plane, row; /* of the input: next channel, next row; the next column is 1 away */
    ptrdiff_t ystep;      /* of the output: next window */
};

/* Vector `at` of weights. */
EO_INLINE vf wide_load(const int half, const void *w, ptrdiff_t at)
{
    return half ? vh_load((const uint16_t *)w + at * EO_VL) : vf_load((const float *)w + at * EO_VL);
}

EO_INLINE const void *wide_skip(const int half, const void *w, ptrdiff_t vectors)
{
    return (const char *)w + vectors * EO_VL * (half ? 2 : 4);
}

/* One tap of one input channel: x is the upper left pixel of the first window. */
EO_INLINE void wide_tap(const int half, const int nv, const int nw, const int redge, const int cedge, const int kh,
                        const int kw, const struct wide_geom *g, const float *x, const void *w, vf acc[][WIDE_LIMIT])
{
    vf wv[WIDE_LIMIT];

    EO_UNROLL(4)
    for (int v = 0; v < nv; v++)
        wv[v] = wide_load(half, w, (kh * 3 + kw) * nv + v);
    EO_UNROLL(16)
    for (int p = 0; p < 4 * nw; p++) {
        const int r = p / (2 * nw), c = p % (2 * nw);
        const int first = c == 0 ? cedge & EDGE_FIRST : 0, last = c == 2 * nw - 1 ? cedge & EDGE_LAST : 0;

        if (tap_inside(redge, r, kh) && tap_inside(first | last, c == 0 ? 0 : 1, kw)) {
            vf xv = vf_set1(x[(r + kh - 1) * g->row + c + kw - 1]);

            EO_UNROLL(4)
            for (int v = 0; v < nv; v++)
                acc[p][v] = vf_fma(xv, wv[v], acc[p][v]);
        }
    }
}

EO_INLINE void wide_taps(const int half, const int nv, const int nw, const int redge, const int cedge, const int kh,
                         const struct wide_geom *g, const float *x, const void *w, vf acc[][WIDE_LIMIT])
{
    wide_tap(half, nv, nw, redge, cedge, kh, 0, g, x, w, acc);
    wide_tap(half, nv, nw, redge, cedge, kh, 1, g, x, w, acc);
    wide_tap(half, nv, nw, redge, cedge, kh, 2, g, x, w, acc);
}

/* nw windows, nv vectors of channels. w: biases, then [ic][kh][kw], each nv vectors. */
EO_INLINE void wide_tile(const int half, const int nv, const int nw, const int redge, const int cedge,
                         const struct wide_geom *g, const float *x, const void *w, float *y)
{
    vf acc[16][WIDE_LIMIT];

    EO_UNROLL(16)
    for (int p = 0; p < 4 * nw; p++) {
        EO_UNROLL(4)
        for (int v = 0; v < nv; v++)
            acc[p][v] = wide_load(half, w, v);
    }
    w = wide_skip(half, w, nv);
    for (int i = 0; i < g->ic; i++, x += g->plane, w = wide_skip(half, w, 9 * nv)) {
        wide_taps(half, nv, nw, redge, cedge, 0, g, x, w, acc);
        wide_taps(half, nv, nw, redge, cedge, 1, g, x, w, acc);
        wide_taps(half, nv, nw, redge, cedge, 2, g, x, w, acc);
    }
    EO_UNROLL(4)
    for (int i = 0; i < nw; i++) {
        const int up = 2 * i, down = 2 * nw + 2 * i;

        EO_UNROLL(4)
        for (int v = 0; v < nv; v++)
            vf_store(y + i * g->ystep + v * EO_VL,
                     pool_relu(acc[up][v], acc[up + 1][v], acc[down][v], acc[down + 1][v]));
    }
}

/* The seven windows of a row. x is the upper left pixel of the first one. */
EO_INLINE void wide_row(const int half, const int nv, const int redge, const struct wide_geom *g, const float *x,
                        const void *w, float *y)
{
    if (nv == 1 && EO_REGS >= 32) {
        wide_tile(half, nv, 4, redge, EDGE_FIRST, g, x, w, y);
        wide_tile(half, nv, 3, redge, EDGE_LAST, g, x + 8, w, y + 4 * g->ystep);
    } else if (EO_REGS >= 16 && (nv == 1 || EO_VL >= 16)) {
        wide_tile(half, nv, 3, redge, EDGE_FIRST, g, x, w, y);
        wide_tile(half, nv, 2, redge, EDGE_NONE, g, x + 6, w, y + 3 * g->ystep);
        wide_tile(half, nv, 2, redge, EDGE_LAST, g, x + 10, w, y + 5 * g->ystep);
    } else {
        wide_tile(half, nv, 1, redge, EDGE_FIRST, g, x, w, y);
        for (int i = 1; i < 6; i++)
            wide_tile(half, nv, 1, redge, EDGE_NONE, g, x + 2 * i, w, y + i * g->ystep);
        wide_tile(half, nv, 1, redge, EDGE_LAST, g, x + 12, w, y + 6 * g->ystep);
    }
}

typedef void wide_fn(const struct wide_geom *g, const float *x, const void *w, float *y);

#define WIDE_ONE(nv, h, r)                                                                               \
    static void wide_##nv##_##h##r(const struct wide_geom *g, const float *x, const void *w, float *y) \
    {                                                                                                   \
        wide_row(h, nv, r, g, x, w, y);                                                                 \
    }
#define WIDE_THREE(nv, h) WIDE_ONE(nv, h, 0) WIDE_ONE(nv, h, 1) WIDE_ONE(nv, h, 2)
#define WIDE_ALL(nv) WIDE_THREE(nv, 0) WIDE_THREE(nv, 1)
#define WIDE_NAMES(nv)                                                                          \
    {                                                                                           \
        {wide_##nv##_00, wide_##nv##_01, wide_##nv##_02}, {wide_##nv##_10, wide_##nv##_11, wide_##nv##_12}, \
    }

WIDE_ALL(1)
#if WIDE_MAX >= 2
WIDE_ALL(2)
#endif
#if WIDE_MAX >= 3
WIDE_ALL(3)
#endif
#if WIDE_MAX >= 4
WIDE_ALL(4)
#endif

static wide_fn *const wide_table[WIDE_LIMIT + 1][2][EDGES] = {
    [1] = WIDE_NAMES(1),
#if WIDE_MAX >= 2
    [2] = WIDE_NAMES(2),
#endif
#if WIDE_MAX >= 3
    [3] = WIDE_NAMES(3),
#endif
#if WIDE_MAX >= 4
    [4] = WIDE_NAMES(4),
#endif
};

/* One row of windows, all channels: vectors is their number, rounded up. */
static void wide_channels(const struct wide_geom *g, int half, int redge, const float *x, const void *w, int vectors,
                          float *y)
{
    for (int v = 0, nv; v < vectors; v += nv) {
        nv = share(vectors - v, WIDE_MAX);
        wide_table[nv][half][redge](g, x, w, y + v * EO_VL);
        w = wide_skip(half, w, nv * (ptrdiff_t)tile_channel_floats(g->ic));
    }
}

/* From w [oc, ic, 3, 3] and b [oc] to what wide_channels() reads; channels beyond oc become zero. */
static void wide_pack(const float *w, const float *b, int ic, int oc, float *out)
{
    int vectors = (oc + EO_VL - 1) / EO_VL;

    for (int v = 0, nv; v < vectors; v += nv) {
        nv = share(vectors - v, WIDE_MAX);
        for (int t = -1; t < 9 * ic; t++) {
            for (int o = v * EO_VL; o < (v + nv) * EO_VL; o++)
                *out++ = o >= oc ? 0.0f : t < 0 ? b[o] : w[o * 9 * ic + t];
        }
    }
}

/*
 * Classifier parts of one vector of channels. x: pixel p at vector p * xstep, w: [49][10] vectors, parts: [10] vectors.
 * Both are binary16 when `half`.
 */
EO_INLINE void wide_parts(const int half, const void *x, ptrdiff_t xstep, const void *w, float *parts)
{
    vf acc[10];

    EO_UNROLL(10)
    for (int k = 0; k < 10; k++)
        acc[k] = vf_set1(0.0f);
    for (ptrdiff_t p = 0; p < 49; p++) {
        vf xv = wide_load(half, x, p * xstep);

        EO_UNROLL(10)
        for (int k = 0; k < 10; k++)
            acc[k] = vf_fma(xv, wide_load(half, w, p * 10 + k), acc[k]);
    }
    EO_UNROLL(10)
    for (int k = 0; k < 10; k++)
        vf_store(parts + k * EO_VL, acc[k]);
}

/* From w [10, c, 49] to what wide_parts() reads, vector after vector; channels beyond c become zero. */
static void wide_pack_classifier(const float *w, int c, float *out)
{
    for (int v = 0; v < c; v += EO_VL) {
        for (int t = 0; t < 490; t++) {
            for (int o = v; o < v + EO_VL; o++)
                *out++ = o < c ? w[(t % 10 * c + o) * 49 + t / 10] : 0.0f;
        }
    }
}

#endif
