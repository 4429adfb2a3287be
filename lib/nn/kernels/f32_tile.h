/*
 * Convolution 3x3, 2x2 max-pool and ReLU in one, on vectors whose lanes are separate pictures of the same geometry:
 * EO_VL images of a batch, or EO_VL pooled columns of one image. Included by f32_body.h alone.
 *
 * A tile is one pooling window (4 pixels) of up to TILE_MAX output channels: their sums stay in registers over all
 * terms, each weight is broadcast once for four pixels and each pixel loaded once for all channels of the tile. The
 * number of channels and the edges a window touches are compile-time constants, so that taps outside the image cost
 * nothing and no channel count falls off the fast path. The order of a sum is ic, kh, kw throughout.
 */
#ifndef EO_NN_KERNELS_F32_TILE_H
#define EO_NN_KERNELS_F32_TILE_H

#include <stddef.h>

#if defined(EO_SIMD_NEON)
#define TILE_MAX 4 /* 16 sums; gcc 12 spills from 5 on, as it loads all weights of a tap ahead */
#elif EO_REGS >= 32
#define TILE_MAX 6 /* 24 sums, 4 pixels, weights */
#elif EO_REGS >= 16
#define TILE_MAX 3 /* 12 sums, 3 weights, one pixel */
#else
#define TILE_MAX 1
#endif

/* Which border of the image a window touches, in one dimension. */
enum edge {
    EDGE_NONE = 0,
    EDGE_FIRST = 1,
    EDGE_LAST = 2,
    EDGES
};

/* Distances in floats. */
struct conv_geom {
    int ic;
    ptrdiff_t plane, row; /* of the input: next channel, next row; the next column is EO_VL away */
    ptrdiff_t step;       /* of the input: next window */
    ptrdiff_t yplane;     /* of the output: next channel */
    ptrdiff_t ystep;      /* of the output: next window */
};

/* Whether tap k (0..2) of pixel 0 or 1 of a window lies inside the image, in one dimension. */
EO_INLINE int tap_inside(int edge, int pixel, int k)
{
    return !((edge & EDGE_FIRST) && pixel + k == 0) && !((edge & EDGE_LAST) && pixel + k == 3);
}

EO_INLINE vf pool_relu(vf a, vf b, vf c, vf d)
{
    return vf_max(vf_max(vf_max(a, b), vf_max(c, d)), vf_set1(0.0f));
}

/* One tap of one input channel for a tile of nb channels: x is the window's upper left pixel. */
EO_INLINE void tile_tap(const int nb, const int redge, const int cedge, const int kh, const int kw,
                        const struct conv_geom *g, const float *x, const float *w, vf acc[][4])
{
    vf v[4];

    EO_UNROLL(4)
    for (int p = 0; p < 4; p++) {
        if (tap_inside(redge, p / 2, kh) && tap_inside(cedge, p % 2, kw))
            v[p] = vf_load(x + (p / 2 + kh - 1) * g->row + (p % 2 + kw - 1) * EO_VL);
        else
            v[p] = vf_set1(0.0f);
    }
    EO_UNROLL(6)
    for (int o = 0; o < nb; o++) {
        vf wv = vf_set1(w[o]);

        EO_UNROLL(4)
        for (int p = 0; p < 4; p++) {
            if (tap_inside(redge, p / 2, kh) && tap_inside(cedge, p % 2, kw))
                acc[o][p] = vf_fma(v[p], wv, acc[o][p]);
        }
    }
}

EO_INLINE void tile_taps(const int nb, const int redge, const int cedge, const int kh, const struct conv_geom *g,
                         const float *x, const float *w, vf acc[][4])
{
    tile_tap(nb, redge, cedge, kh, 0, g, x, w, acc);
    tile_tap(nb, redge, cedge, kh, 1, g, x, w + nb, acc);
    tile_tap(nb, redge, cedge, kh, 2, g, x, w + 2 * nb, acc);
}

/*
 * nw windows of nb channels. w: nb biases, then [ic][kh][kw][nb].
 */
EO_INLINE void tile_run(const int nb, const int redge, const int cedge, const struct conv_geom *g, const float *x,
                        const float *w, float *y, int nw)
{
    for (; nw > 0; nw--, x += g->step, y += g->ystep) {
        const float *xi = x, *wi = w + nb;
        vf acc[TILE_MAX][4];

        EO_UNROLL(6)
        for (int o = 0; o < nb; o++)
            acc[o][0] = acc[o][1] = acc[o][2] = acc[o][3] = vf_set1(w[o]);
        for (int i = 0; i < g->ic; i++, xi += g->plane, wi += 9 * nb) {
            tile_taps(nb, redge, cedge, 0, g, xi, wi, acc);
            tile_taps(nb, redge, cedge, 1, g, xi, wi + 3 * nb, acc);
            tile_taps(nb, redge, cedge, 2, g, xi, wi + 6 * nb, acc);
        }
        EO_UNROLL(6)
        for (int o = 0; o < nb; o++)
            vf_store(y + o * g->yplane, pool_relu(acc[o][0], acc[o][1], acc[o][2], acc[o][3]));
    }
}

typedef void tile_fn(const struct conv_geom *g, const float *x, const float *w, float *y, int nw);

#define TILE_ONE(nb, r, c)                                                                                     \
    static void tile_##nb##_##r##c(const struct conv_geom *g, const float *x, const float *w, float *y, int nw) \
    {                                                                                                          \
        tile_run(nb, r, c, g, x, w, y, nw);                                                                    \
    }
#define TILE_ROW(nb, r) TILE_ONE(nb, r, 0) TILE_ONE(nb, r, 1) TILE_ONE(nb, r, 2)
#define TILE_ALL(nb) TILE_ROW(nb, 0) TILE_ROW(nb, 1) TILE_ROW(nb, 2)
#define TILE_NAMES(nb)                                                                                   \
    {                                                                                                    \
        {tile_##nb##_00, tile_##nb##_01, tile_##nb##_02}, {tile_##nb##_10, tile_##nb##_11, tile_##nb##_12}, \
            {tile_##nb##_20, tile_##nb##_21, tile_##nb##_22},                                            \
    }

TILE_ALL(1)
#if TILE_MAX >= 3
TILE_ALL(2)
TILE_ALL(3)
#endif
#if TILE_MAX >= 4
TILE_ALL(4)
#endif
#if TILE_MAX >= 6
TILE_ALL(5)
TILE_ALL(6)
#endif

static tile_fn *const tile_table[TILE_MAX + 1][EDGES][EDGES] = {
    [1] = TILE_NAMES(1),
#if TILE_MAX >= 3
    [2] = TILE_NAMES(2), [3] = TILE_NAMES(3),
#endif
#if TILE_MAX >= 4
    [4] = TILE_NAMES(4),
#endif
#if TILE_MAX >= 6
    [5] = TILE_NAMES(5), [6] = TILE_NAMES(6),
#endif
};

/* The next share when `left` channels are cut into as few tiles as possible of nearly equal size, larger ones first. */
EO_INLINE int share(int left, int max)
{
    int tiles = (left + max - 1) / max;

    return (left + tiles - 1) / tiles;
}

/* The border that window `at` of `count` touches. */
EO_INLINE int edge_of(int at, int count)
{
    return at == 0 ? EDGE_FIRST : at == count - 1 ? EDGE_LAST : EDGE_NONE;
}

/* Floats of the packed weights of one output channel: bias and terms. */
EO_INLINE size_t tile_channel_floats(int ic)
{
    return 1 + 9 * (size_t)ic;
}

/* nw windows with equal edges, all channels. */
static void tile_channels(const struct conv_geom *g, int redge, int cedge, const float *x, const float *w, int oc,
                          float *y, int nw)
{
    for (int o = 0, nb; o < oc; o += nb) {
        nb = share(oc - o, TILE_MAX);
        tile_table[nb][redge][cedge](g, x, w, y, nw);
        w += (size_t)nb * tile_channel_floats(g->ic);
        y += nb * g->yplane;
    }
}

/* From w [oc, ic, 3, 3] and b [oc] to what tile_channels() reads. */
static void tile_pack(const float *w, const float *b, int ic, int oc, float *out)
{
    for (int o = 0, nb; o < oc; o += nb) {
        nb = share(oc - o, TILE_MAX);
        for (int j = 0; j < nb; j++)
            *out++ = b[o + j];
        for (int t = 0; t < 9 * ic; t++) {
            for (int j = 0; j < nb; j++)
                *out++ = w[(o + j) * 9 * ic + t];
        }
    }
}

#endif
