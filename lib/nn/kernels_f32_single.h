/*
 * The second convolution and the classifier of a single image: lanes are output channels, each pixel is broadcast.
 * Included by kernels_f32_body.h alone. (The first convolution of a single image uses kernels_f32_tile.h with pooled
 * columns as lanes.)
 *
 * A tile is `nv` vectors of output channels times `nw` neighbouring pooling windows (4 nw pixels). Sums run in the
 * order ic, kh, kw; the classifier sums each channel's part over the pixels, one lane per channel.
 */
#ifndef EO_NN_KERNELS_F32_SINGLE_H
#define EO_NN_KERNELS_F32_SINGLE_H

#include "nn/kernels_f32_tile.h"

/* Widest tile in vectors of channels, with one window. */
#if EO_REGS >= 32 && EO_VL < 16
#define WIDE_MAX 6
#elif EO_REGS >= 32
#define WIDE_MAX 2
#elif EO_REGS >= 16
#define WIDE_MAX 3
#else
#define WIDE_MAX 1
#endif
#define WIDE_LIMIT 6

/* Distances in floats. */
struct wide_geom {
    int ic;
    ptrdiff_t plane, row; /* of the input: next channel, next row; the next column is 1 away */
    ptrdiff_t ystep;      /* of the output: next window */
};

/* One tap of one input channel: x is the upper left pixel of the first window. */
EO_INLINE void wide_tap(const int nv, const int nw, const int redge, const int cedge, const int kh, const int kw,
                        const struct wide_geom *g, const float *x, const float *w, vf acc[][WIDE_LIMIT])
{
    vf wv[WIDE_LIMIT];

    EO_UNROLL(6)
    for (int v = 0; v < nv; v++)
        wv[v] = vf_load(w + v * EO_VL);
    EO_UNROLL(16)
    for (int p = 0; p < 4 * nw; p++) {
        const int r = p / (2 * nw), c = p % (2 * nw);
        const int first = c == 0 ? cedge & EDGE_FIRST : 0, last = c == 2 * nw - 1 ? cedge & EDGE_LAST : 0;

        if (tap_inside(redge, r, kh) && tap_inside(first | last, c == 0 ? 0 : 1, kw)) {
            vf xv = vf_set1(x[(r + kh - 1) * g->row + c + kw - 1]);

            EO_UNROLL(6)
            for (int v = 0; v < nv; v++)
                acc[p][v] = vf_fma(xv, wv[v], acc[p][v]);
        }
    }
}

EO_INLINE void wide_taps(const int nv, const int nw, const int redge, const int cedge, const int kh,
                         const struct wide_geom *g, const float *x, const float *w, vf acc[][WIDE_LIMIT])
{
    wide_tap(nv, nw, redge, cedge, kh, 0, g, x, w, acc);
    wide_tap(nv, nw, redge, cedge, kh, 1, g, x, w + nv * EO_VL, acc);
    wide_tap(nv, nw, redge, cedge, kh, 2, g, x, w + 2 * nv * EO_VL, acc);
}

/* nw windows, nv vectors of channels. w: biases, then [ic][kh][kw], each nv vectors. */
EO_INLINE void wide_tile(const int nv, const int nw, const int redge, const int cedge, const struct wide_geom *g,
                         const float *x, const float *w, float *y)
{
    vf acc[16][WIDE_LIMIT];

    EO_UNROLL(16)
    for (int p = 0; p < 4 * nw; p++) {
        EO_UNROLL(6)
        for (int v = 0; v < nv; v++)
            acc[p][v] = vf_load(w + v * EO_VL);
    }
    w += nv * EO_VL;
    for (int i = 0; i < g->ic; i++, x += g->plane, w += 9 * nv * EO_VL) {
        wide_taps(nv, nw, redge, cedge, 0, g, x, w, acc);
        wide_taps(nv, nw, redge, cedge, 1, g, x, w + 3 * nv * EO_VL, acc);
        wide_taps(nv, nw, redge, cedge, 2, g, x, w + 6 * nv * EO_VL, acc);
    }
    EO_UNROLL(4)
    for (int i = 0; i < nw; i++) {
        const int up = 2 * i, down = 2 * nw + 2 * i;

        EO_UNROLL(6)
        for (int v = 0; v < nv; v++)
            vf_store(y + i * g->ystep + v * EO_VL,
                     pool_relu(acc[up][v], acc[up + 1][v], acc[down][v], acc[down + 1][v]));
    }
}

/* The seven windows of a row. x is the upper left pixel of the first one. */
EO_INLINE void wide_row(const int nv, const int redge, const struct wide_geom *g, const float *x, const float *w,
                        float *y)
{
    if (nv == 1 && EO_REGS >= 32) {
        wide_tile(nv, 4, redge, EDGE_FIRST, g, x, w, y);
        wide_tile(nv, 3, redge, EDGE_LAST, g, x + 8, w, y + 4 * g->ystep);
    } else if (EO_REGS >= 16 && (nv == 1 || (nv == 2 && EO_REGS >= 32))) {
        wide_tile(nv, 3, redge, EDGE_FIRST, g, x, w, y);
        wide_tile(nv, 2, redge, EDGE_NONE, g, x + 6, w, y + 3 * g->ystep);
        wide_tile(nv, 2, redge, EDGE_LAST, g, x + 10, w, y + 5 * g->ystep);
    } else {
        wide_tile(nv, 1, redge, EDGE_FIRST, g, x, w, y);
        for (int i = 1; i < 6; i++)
            wide_tile(nv, 1, redge, EDGE_NONE, g, x + 2 * i, w, y + i * g->ystep);
        wide_tile(nv, 1, redge, EDGE_LAST, g, x + 12, w, y + 6 * g->ystep);
    }
}

typedef void wide_fn(const struct wide_geom *g, const float *x, const float *w, float *y);

#define WIDE_ONE(nv, r)                                                                               \
    static void wide_##nv##_##r(const struct wide_geom *g, const float *x, const float *w, float *y) \
    {                                                                                                \
        wide_row(nv, r, g, x, w, y);                                                                 \
    }
#define WIDE_ALL(nv) WIDE_ONE(nv, 0) WIDE_ONE(nv, 1) WIDE_ONE(nv, 2)
#define WIDE_NAMES(nv) {wide_##nv##_0, wide_##nv##_1, wide_##nv##_2}

WIDE_ALL(1)
#if WIDE_MAX >= 2
WIDE_ALL(2)
#endif
#if WIDE_MAX >= 3
WIDE_ALL(3)
#endif
#if WIDE_MAX >= 6
WIDE_ALL(4)
WIDE_ALL(5)
WIDE_ALL(6)
#endif

static wide_fn *const wide_table[WIDE_LIMIT + 1][EDGES] = {
    [1] = WIDE_NAMES(1),
#if WIDE_MAX >= 2
    [2] = WIDE_NAMES(2),
#endif
#if WIDE_MAX >= 3
    [3] = WIDE_NAMES(3),
#endif
#if WIDE_MAX >= 6
    [4] = WIDE_NAMES(4), [5] = WIDE_NAMES(5), [6] = WIDE_NAMES(6),
#endif
};

/* One row of windows, all channels: vectors is their number, rounded up. */
static void wide_channels(const struct wide_geom *g, int redge, const float *x, const float *w, int vectors, float *y)
{
    for (int v = 0, nv; v < vectors; v += nv) {
        nv = share(vectors - v, WIDE_MAX);
        wide_table[nv][redge](g, x, w, y + v * EO_VL);
        w += (size_t)(nv * EO_VL) * tile_channel_floats(g->ic);
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
 * Classifier parts of one vector of channels. x: pixel p at x + p * xstep, w: [49][10] vectors, parts: [10] vectors.
 * Both are binary16 when `half`.
 */
EO_INLINE void wide_parts(const int half, const void *x, size_t xstep, const void *w, float *parts)
{
    const float *xf = x, *wf = w;
    const uint16_t *xh = x, *wh = w;
    vf acc[10];

    EO_UNROLL(10)
    for (int k = 0; k < 10; k++)
        acc[k] = vf_set1(0.0f);
    for (int p = 0; p < 49; p++) {
        vf xv = half ? vh_load(xh + (size_t)p * xstep) : vf_load(xf + (size_t)p * xstep);

        EO_UNROLL(10)
        for (int k = 0; k < 10; k++) {
            size_t at = (size_t)(p * 10 + k) * EO_VL;

            acc[k] = vf_fma(xv, half ? vh_load(wh + at) : vf_load(wf + at), acc[k]);
        }
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
