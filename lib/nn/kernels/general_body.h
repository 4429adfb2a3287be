/*
 * fp32 and fp16 inference of any network, written once over the vectors of simd.h. The file that includes this has
 * chosen the instruction set (EO_SIMD_<SET>, EO_SET).
 *
 * EO_VL inputs are a group and lie side by side, one lane each: every tensor is [C][H][W][EO_VL] floats (at fp16 of
 * values that binary16 has). A lane's sums are those of ref_layer.h, in the same order.
 *
 * A tile is some outputs of a convolution by some neighbouring columns, whose sums stay in registers: 8 by 3 where
 * there are 32, so that an input is loaded for 8 products and a weight for 3. The tiles of a row of the map are taken
 * one after the other, because all of them read the same rows of the input. Taps outside the input are left out by the
 * ranges of kh and kw, which all columns of a tile share.
 *
 * An engine that is made for one input at a time has a path of its own, general_single.h.
 */
#include "nn/engine.h"
#include "nn/kernels/inner_range.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/half.h"
#include "nn/input.h"
#include "nn/network.h"
#include "nn/kernels/simd.h"
#include "nn/kernels/standard_input.h"

#if EO_REGS >= 32
#define GENERAL_OUT 8
#define GENERAL_SUMS 24
#elif EO_REGS >= 16
#define GENERAL_OUT 4
#define GENERAL_SUMS 12
#else
#define GENERAL_OUT 1
#define GENERAL_SUMS 1
#endif
#define GENERAL_COLS 6

struct general {
    struct eo_network network;
    int half;
    int by_table; /* the input is looked up: it is not standard, or there are no vectors to compute it */
    int tables;   /* of the input: 1, or one for each channel */
    float input[EO_INPUT_CHANNELS][256];
    float *weight[EO_NETWORK_LAYERS]; /* conv: by tiles of outputs, [ic][kh][kw][outputs of the tile] */
    float *bias[EO_NETWORK_LAYERS];
    size_t out[EO_NETWORK_LAYERS],
        map[EO_NETWORK_LAYERS]; /* where in `work`, in floats; equal without pooling */
    float *memory, *work;
    size_t work_floats;
    struct eo_marker marker;
    struct general_single *single; /* NULL: inputs are taken in groups, however few they are */
};

/* ---- convolution --------------------------------------------------------------------------------------------- */

/* What a tile needs to know of its layer and row. */
struct general_row {
    const struct eo_network_layer *l;
    const float *x; /* the first channel that is read */
    int channels;   /* how many */
    int row;        /* of the input, of tap kh = 0; may be outside */
    int kh0, kh1;   /* taps inside */
    int from, to;   /* columns of the map */
};

/* How many outputs the next tile has, of those that are left: 8, 4, 2 or 1. */
EO_INLINE int general_outputs(int left)
{
    int out = GENERAL_OUT;

    while (out > left)
        out /= 2;
    return out;
}

/*
 * Sums of `out` outputs at `cols` columns from `col` on, whose taps kw0 <= kw < kw1 are inside. `width` is the kernel's
 * where the compiler is to know it and all its taps are inside; else 0. A width of 1 is that of a 1x1 kernel: nothing
 * but the loop over channels is left, which counts at one product for each sum.
 */
EO_INLINE void general_tile(const int out, const int cols, const int width, const struct general_row *r,
                            int col, int kw0, int kw1, const float *w, const float *b, float *y, size_t plane)
{
    const struct eo_network_layer *l = r->l;
    const int kernel_h = width == 1 ? 1 : l->kernel.h, kernel_w = width ? width : l->kernel.w;
    const int first_kh = width == 1 ? 0 : r->kh0, end_kh = width == 1 ? 1 : r->kh1;
    const int first_kw = width ? 0 : kw0, end_kw = width ? width : kw1;
    const ptrdiff_t step = l->stride.w * EO_VL, first = (col * l->stride.w - l->pad.left) * EO_VL;
    vf acc[GENERAL_OUT][GENERAL_COLS];

    EO_UNROLL(8)
    for (int o = 0; o < out; o++) {
        EO_UNROLL(6)
        for (int c = 0; c < cols; c++)
            acc[o][c] = vf_set1(b[o]);
    }
    for (int i = 0; i < r->channels; i++) {
        for (int kh = first_kh; kh < end_kh; kh++) {
            const float *x = r->x + (ptrdiff_t)(i * l->in.h + r->row + kh) * l->in.w * EO_VL + first;
            const float *taps = w + (size_t)((i * kernel_h + kh) * kernel_w) * (size_t)out;

            for (int kw = first_kw; kw < end_kw; kw++) {
                vf v[GENERAL_COLS];

                EO_UNROLL(6)
                for (int c = 0; c < cols; c++)
                    v[c] = vf_load(x + kw * EO_VL + c * step);
                EO_UNROLL(8)
                for (int o = 0; o < out; o++) {
                    vf tap = vf_set1(taps[kw * out + o]);

                    EO_UNROLL(6)
                    for (int c = 0; c < cols; c++)
                        acc[o][c] = vf_fma(v[c], tap, acc[o][c]);
                }
            }
        }
    }
    EO_UNROLL(8)
    for (int o = 0; o < out; o++) {
        EO_UNROLL(6)
        for (int c = 0; c < cols; c++)
            vf_store(y + (size_t)o * plane + (size_t)(col + c) * EO_VL, acc[o][c]);
    }
}

/* Columns col..end, all taps of them inside, in tiles. */
EO_INLINE void general_inside(const int out, const int width, const struct general_row *r, int col, int end,
                              const float *w, const float *b, float *y, size_t plane)
{
    const int most = GENERAL_SUMS / out < GENERAL_COLS ? GENERAL_SUMS / out : GENERAL_COLS;

    for (; col + most <= end; col += most)
        general_tile(out, most, width, r, col, 0, r->l->kernel.w, w, b, y, plane);
    for (; most > 2 && col + 2 <= end; col += 2)
        general_tile(out, most > 2 ? 2 : 1, width, r, col, 0, r->l->kernel.w, w, b, y, plane);
    for (; col < end; col++)
        general_tile(out, 1, width, r, col, 0, r->l->kernel.w, w, b, y, plane);
}

/* Columns r->from..r->to of a row of `out` outputs. */
EO_INLINE void general_columns(const int out, const struct general_row *r, const float *w, const float *b,
                               float *y, size_t plane)
{
    const struct eo_network_layer *l = r->l;
    int begin, end;

    eo_inner_range(l->in.w, l->map.w, l->kernel.w, l->stride.w, l->pad.left, &begin, &end);
    begin = begin > r->from ? begin : r->from;
    end = end < r->to ? end : r->to;
    for (int col = r->from; col < r->to; col++) {
        int at = col * l->stride.w - l->pad.left, kw0 = at < 0 ? -at : 0;
        int kw1 = l->in.w - at < l->kernel.w ? l->in.w - at : l->kernel.w;

        if (col == begin && end > begin) {
            if (l->kernel.w == 3)
                general_inside(out, 3, r, begin, end, w, b, y, plane);
            else if (l->kernel.w == 1 && l->kernel.h == 1)
                general_inside(out, 1, r, begin, end, w, b, y, plane);
            else
                general_inside(out, 0, r, begin, end, w, b, y, plane);
            col = end - 1;
        } else {
            general_tile(out, 1, 0, r, col, kw0, kw1, w, b, y, plane);
        }
    }
}

static void general_row_of(const struct eo_network_layer *l, int row, struct general_row *r)
{
    r->row = row * l->stride.h - l->pad.top;
    r->kh0 = r->row < 0 ? -r->row : 0;
    r->kh1 = l->in.h - r->row < l->kernel.h ? l->in.h - r->row : l->kernel.h;
}

/* Columns of a row of all outputs. */
static void general_conv_row(const struct general_row *r, const float *w, const float *b, float *y,
                             size_t plane)
{
    size_t terms = eo_network_terms(r->l);

    for (int o = 0; o < r->l->map.c;) {
        int out = general_outputs(r->l->map.c - o);
        float *to = y + (size_t)o * plane;

        if (GENERAL_OUT > 4 && out == 8)
            general_columns(GENERAL_OUT > 4 ? 8 : 1, r, w, b + o, to, plane);
        else if (GENERAL_OUT > 2 && out == 4)
            general_columns(GENERAL_OUT > 2 ? 4 : 1, r, w, b + o, to, plane);
        else if (GENERAL_OUT > 1 && out == 2)
            general_columns(GENERAL_OUT > 1 ? 2 : 1, r, w, b + o, to, plane);
        else
            general_columns(1, r, w, b + o, to, plane);
        w += (size_t)out * terms;
        o += out;
    }
}

/* A 1x1 kernel that reads each element once. */
static int general_is_pointwise(const struct eo_network_layer *l)
{
    return l->kernel.h == 1 && l->kernel.w == 1 && l->in.h == l->map.h && l->in.w == l->map.w;
}

/* Such a layer sees no rows: the map is one row for it. Its stride is one unless an axis has no second element. */
static struct eo_network_layer general_flattened(const struct eo_network_layer *l)
{
    struct eo_network_layer flat = *l;

    if (general_is_pointwise(l)) {
        flat.in.w = flat.map.w = l->in.h * l->in.w;
        flat.in.h = flat.map.h = 1;
        flat.stride = (struct eo_hw){1, 1};
    }
    return flat;
}

#define GENERAL_BLOCK 16384 /* bytes of the input of a block, about: they stay in the first cache for all outputs */

/* Columns to take at a time of a map that reads `channels`; more than it has is all. A map of several rows is taken row
 * by row, one of one row, such as a flattened one, in blocks of at least a tile. */
static int general_block(int channels, int rows, int width)
{
    int cols = GENERAL_BLOCK / (channels * EO_VL * (int)sizeof(float)) / GENERAL_COLS * GENERAL_COLS;

    if (rows > 1)
        return width;
    return cols < GENERAL_COLS ? GENERAL_COLS : cols;
}

static void general_conv(const struct eo_network_layer *layer, const float *x, const float *w, const float *b,
                         float *y)
{
    struct eo_network_layer l = general_flattened(layer);
    size_t row_floats = (size_t)l.map.w * EO_VL, plane = row_floats * (size_t)l.map.h;
    struct general_row r = {.l = &l, .x = x, .channels = l.in.c};
    int block = general_block(l.in.c, l.map.h, l.map.w);

    for (int row = 0; row < l.map.h; row++) {
        general_row_of(&l, row, &r);
        for (r.from = 0; r.from < l.map.w; r.from = r.to) {
            r.to = l.map.w - r.from < block ? l.map.w : r.from + block;
            general_conv_row(&r, w, b, y + (size_t)row * row_floats, plane);
        }
    }
}

#include "nn/kernels/general_depthwise.h"

static void general_depthwise(const struct eo_network_layer *l, const float *x, const float *w,
                              const float *b, float *y)
{
    size_t row_floats = (size_t)l->map.w * EO_VL, plane = row_floats * (size_t)l->map.h;
    size_t in_plane = (size_t)l->in.h * (size_t)l->in.w * EO_VL, terms = eo_network_terms(l);
    struct general_row r = {.l = l, .channels = 1, .to = l->map.w};

    if (general_depthwise3_fits(l)) {
        for (int c = 0; c < l->map.c; c++) {
            vf taps[9];

            for (int t = 0; t < 9; t++)
                taps[t] = vf_set1(w[(size_t)c * terms + (size_t)t]);
            general_depthwise3(l, x + (size_t)c * in_plane, EO_VL, taps, vf_set1(b[c]), y + (size_t)c * plane);
        }
        return;
    }
    for (int c = 0; c < l->map.c; c++, w += terms) {
        r.x = x + (size_t)c * in_plane;
        for (int row = 0; row < l->map.h; row++) {
            general_row_of(l, row, &r);
            general_columns(1, &r, w, b + c, y + (size_t)c * plane + (size_t)row * row_floats, plane);
        }
    }
}

/* `out` outputs from o on; their weights lie `terms` apart. */
EO_INLINE void general_linear_tile(const int out, const struct eo_network_layer *l, const float *x,
                                   const float *w, const float *b, float *y)
{
    size_t pixels = (size_t)l->in.h * (size_t)l->in.w, terms = eo_network_terms(l);
    vf acc[GENERAL_OUT], part[GENERAL_OUT];

    EO_UNROLL(8)
    for (int o = 0; o < out; o++)
        acc[o] = vf_set1(b[o]);
    for (size_t at = 0; at < terms;) {
        EO_UNROLL(8)
        for (int o = 0; o < out; o++)
            part[o] = vf_set1(0);
        for (size_t end = at + pixels; at < end; at++) {
            vf v = vf_load(x + at * EO_VL);

            EO_UNROLL(8)
            for (int o = 0; o < out; o++)
                part[o] = vf_fma(v, vf_set1(w[(size_t)o * terms + at]), part[o]);
        }
        EO_UNROLL(8)
        for (int o = 0; o < out; o++)
            acc[o] = vf_add(acc[o], part[o]);
    }
    EO_UNROLL(8)
    for (int o = 0; o < out; o++)
        vf_store(y + o * EO_VL, acc[o]);
}

static void general_linear(const struct eo_network_layer *l, const float *x, const float *w, const float *b,
                           float *y)
{
    size_t terms = eo_network_terms(l);
    int o = 0;

    for (; o + GENERAL_OUT <= l->map.c; o += GENERAL_OUT)
        general_linear_tile(GENERAL_OUT, l, x, w + (size_t)o * terms, b + o, y + (size_t)o * EO_VL);
    for (; o < l->map.c; o++)
        general_linear_tile(1, l, x, w + (size_t)o * terms, b + o, y + (size_t)o * EO_VL);
}

/* w: packed by general_pack(). */
static void general_operation(const struct eo_network_layer *l, const float *x, const float *w,
                              const float *b, float *map)
{
    if (l->operation == EO_CONV)
        general_conv(l, x, w, b, map);
    else if (l->operation == EO_DEPTHWISE)
        general_depthwise(l, x, w, b, map);
    else
        general_linear(l, x, w, b, map);
}

/* ---- tails --------------------------------------------------------------------------------------------------- */

EO_INLINE vf general_activate(const enum eo_activation activation, vf x)
{
    vf y = activation ? vf_max(x, vf_set1(0)) : x;

    return activation == EO_RELU6 ? vf_select(vf_gt(vf_set1(6), y), y, vf_set1(6)) : y;
}

/* Rounded to binary16 where `half`: what the layer hands on. */
EO_INLINE void general_put(int half, float *y, vf x)
{
    uint16_t rounded[EO_VL];

    if (half) {
        vh_store(rounded, x);
        x = vh_load(rounded);
    }
    vf_store(y, x);
}

/* In place on n floats: add and, without a pooling behind it, activation and rounding. */
static void general_tail(const struct eo_network_layer *l, int half, const float *added, float *y, size_t n)
{
    enum eo_activation activation = l->pooling ? EO_NO_ACTIVATION : l->activation;

    if (!added && !activation && !half)
        return;
    for (size_t i = 0; i < n; i += EO_VL) {
        vf x = vf_load(y + i);

        x = added ? vf_add(x, vf_load(added + i)) : x;
        general_put(half && !l->pooling, y + i, general_activate(activation, x));
    }
}

/* Neighbouring columns lie `step` floats apart. */
EO_INLINE vf general_max(const struct eo_network_layer *l, const float *x, size_t step)
{
    vf top = vf_set1(0);

    for (int r = 0; r < l->window.h; r++) {
        const float *row = x + (size_t)(r * l->map.w) * step;
        vf largest = vf_load(row);

        for (int c = 1; c < l->window.w; c++)
            largest = vf_max(largest, vf_load(row + (size_t)c * step));
        top = r == 0 ? largest : vf_max(top, largest);
    }
    return general_activate(l->activation, top);
}

EO_INLINE vf general_average(const struct eo_network_layer *l, struct eo_hw window, const float *x,
                             size_t step)
{
    vf sum = vf_set1(0);

    for (int r = 0; r < window.h; r++) {
        for (int c = 0; c < window.w; c++)
            sum =
                vf_add(sum, general_activate(l->activation, vf_load(x + (size_t)(r * l->map.w + c) * step)));
    }
    return vf_div(sum, vf_set1((float)(window.h * window.w)));
}

static void general_pool(const struct eo_network_layer *l, int half, const float *x, float *y)
{
    struct eo_hw window = l->pooling == EO_MEAN ? (struct eo_hw){l->map.h, l->map.w} : l->window;
    struct eo_hw step = l->pooling == EO_MEAN ? (struct eo_hw){1, 1} : l->step;

    for (int o = 0; o < l->out.c; o++) {
        for (int r = 0; r < l->out.h; r++) {
            for (int c = 0; c < l->out.w; c++, y += EO_VL) {
                const float *at = x + (size_t)((o * l->map.h + r * step.h) * l->map.w + c * step.w) * EO_VL;

                general_put(half, y,
                            l->pooling == EO_MAX_POOL ? general_max(l, at, EO_VL)
                                                      : general_average(l, window, at, EO_VL));
            }
        }
    }
}

/* ---- a group of inputs ----------------------------------------------------------------------------------------- */

/* The network's input lies at the beginning of `work`. Lanes beyond n repeat the last input. */
static void general_load(const struct general *g, const uint8_t *pixels, int n)
{
    size_t elements = eo_dims_elements(g->network.input), plane = elements / (size_t)g->network.input.c,
           i = 0;
    const uint8_t *rows[EO_VL];
    uint8_t lanes[16 * EO_VL];

    for (int lane = 0; lane < EO_VL; lane++)
        rows[lane] = pixels + (size_t)(lane < n ? lane : n - 1) * elements;
    for (int c = 0; c < g->network.input.c; c++) {
        const float *table = g->input[g->tables > 1 ? c : 0];
        size_t end = i + plane;

        for (; !g->by_table && i + 16 <= end; i += 16) {
            u8_interleave(rows, i, lanes);
            for (size_t k = 0; k < 16 * EO_VL; k += EO_VL)
                general_put(g->half, g->work + i * EO_VL + k, vf_standard_input(lanes + k));
        }
        for (; i < end; i++) {
            for (int lane = 0; lane < EO_VL; lane++)
                g->work[i * EO_VL + (size_t)lane] = table[rows[lane][i]];
        }
    }
}

static const float *general_source(const struct general *g, int layer)
{
    return layer == EO_NETWORK_NONE ? NULL : layer == EO_NETWORK_INPUT ? g->work : g->work + g->out[layer];
}

static void general_layer(const struct general *g, int i)
{
    const struct eo_network_layer *l = &g->network.layer[i];
    const float *x = general_source(g, l->from), *w = g->weight[i], *b = g->bias[i];
    float *map = g->work + g->map[i];
    int half = g->half && i + 1 < g->network.count;

    general_operation(l, x, w, b, map);
    general_tail(l, half, general_source(g, l->add), map, eo_dims_elements(l->map) * EO_VL);
    if (l->pooling)
        general_pool(l, half, map, g->work + g->out[i]);
}

/* The inputs `first` and following of `to` get a tensor of the group. */
static void general_copy(const float *x, size_t elements, enum eo_activation activation, size_t first, int n,
                         float *to)
{
    float lanes[EO_VL];

    for (size_t i = 0; i < elements; i++) {
        vf_store(lanes, general_activate(activation, vf_load(x + i * EO_VL)));
        for (int lane = 0; lane < n; lane++)
            to[(first + (size_t)lane) * elements + i] = lanes[lane];
    }
}

static void general_observe_layer(const struct general *g, int i, size_t first, int n,
                                  const struct eo_infer_tensors *to)
{
    const struct eo_network_layer *l = &g->network.layer[i];
    int out = eo_network_output_tensor(i), map = eo_network_map_tensor(&g->network, i);

    if (map != out)
        general_copy(g->work + g->map[i], eo_dims_elements(l->map), l->activation, first, n, to->tensor[map]);
    if (i + 1 < g->network.count)
        general_copy(g->work + g->out[i], eo_dims_elements(l->out), EO_NO_ACTIVATION, first, n,
                     to->tensor[out]);
}

/* `to`: NULL, or where the tensors go; the inputs of the group are number `first` and following there. */
static void general_group(const struct general *g, const uint8_t *pixels, int n, union eo_score *scores,
                          const struct eo_infer_tensors *to, size_t first)
{
    int classes = eo_network_classes(&g->network);
    const float *logits;

    for (int i = 0; i < g->network.count; i++) {
        eo_mark(&g->marker, i);
        if (i == 0)
            general_load(g, pixels, n);
        general_layer(g, i);
        if (to)
            general_observe_layer(g, i, first, n, to);
    }
    logits = general_source(g, g->network.count - 1);
    for (int lane = 0; lane < n; lane++) {
        for (int k = 0; k < classes; k++)
            scores[lane * classes + k].f32 = logits[k * EO_VL + lane];
    }
}

static float general_weight(const struct general *g, const void *from, size_t i)
{
    return g->half ? eo_half_to_float(((const uint16_t *)from)[i]) : ((const float *)from)[i];
}

#include "nn/kernels/general_single.h"

/* ---- the engine's table ---------------------------------------------------------------------------------------- */

static void general_release(void *state)
{
    struct general *g = state;

    general_single_release(g->single);
    free(g->memory);
    free(g->work);
    free(g);
}

/* Weights of a convolution by tiles of outputs; others stay as they are. Returns the floats. */
static size_t general_pack(const struct general *g, const struct eo_network_layer *l, const void *from,
                           float *to)
{
    size_t terms = eo_network_terms(l), n = 0;

    for (int o = 0; o < l->map.c;) {
        int out = l->operation == EO_CONV ? general_outputs(l->map.c - o) : 1;

        for (size_t t = 0; t < terms; t++) {
            for (int k = 0; k < out; k++)
                to[n++] = general_weight(g, from, (size_t)(o + k) * terms + t);
        }
        o += out;
    }
    return n;
}

static int general_prepare_weights(struct general *g, const struct eo_model *m, struct eo_err *err)
{
    float *at;

    at = g->memory = eo_alloc(eo_network_parameters(&g->network), sizeof(float), err);
    if (!at)
        return -1;
    for (int i = 0; i < g->network.count; i++) {
        const struct eo_network_layer *l = &g->network.layer[i];

        g->weight[i] = at;
        at += general_pack(g, l, m->layer[i].weight.f32, at);
        g->bias[i] = at;
        for (int o = 0; o < l->map.c; o++)
            *at++ = general_weight(g, m->layer[i].bias.f32, (size_t)o);
    }
    return 0;
}

static int general_prepare_work(struct general *g, struct eo_err *err)
{
    struct eo_network_places places;

    eo_network_place(&g->network, &places);
    for (int i = 0; i < g->network.count; i++) {
        g->out[i] = places.out[i] * EO_VL;
        g->map[i] = places.map[i] * EO_VL;
    }
    g->work_floats = places.elements * EO_VL;
    g->work = eo_alloc(g->work_floats, sizeof(float), err);
    return g->work ? 0 : -1;
}

static void *general_prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    struct general *g = eo_alloc(1, sizeof(*g), err);

    if (!g)
        return NULL;
    g->network = m->network;
    eo_network_turn(&g->network);
    g->half = m->precision == EO_FP16;
    g->by_table = EO_REGS == 1 || !eo_input_is_standard(m);
    g->tables = eo_input_tables(m);
    for (int t = 0; t < g->tables; t++)
        eo_input_table(m, t, g->half, g->input[t]);
    if (general_prepare_weights(g, m, err) || general_prepare_work(g, err) ||
        (max_batch == 1 && general_single_prepare(g, m, err))) {
        general_release(g);
        return NULL;
    }
    return g;
}

static void general_observe(void *state, const uint8_t *pixels, int n, const struct eo_infer_tensors *to,
                            union eo_score *scores)
{
    const struct general *g = state;
    size_t elements = eo_dims_elements(g->network.input), classes = (size_t)eo_network_classes(&g->network);

    for (size_t first = 0; n > 0; first += EO_VL, n -= EO_VL)
        general_group(g, pixels + first * elements, n < EO_VL ? n : EO_VL, scores + first * classes, to,
                      first);
}

static void general_run(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    const struct general *g = state;

    if (n == 1 && g->single)
        general_single_run(g, pixels, scores);
    else
        general_observe(state, pixels, n, NULL, scores);
}

static size_t general_workspace(const void *state)
{
    const struct general *g = state;

    return (g->work_floats + (g->single ? g->single->work_floats : 0)) * sizeof(float);
}

static void general_set_marker(void *state, struct eo_marker marker)
{
    ((struct general *)state)->marker = marker;
}

const struct eo_engine_ops *EO_OF_SET(eo_general_ops)(enum eo_precision precision)
{
    static const struct eo_engine_ops f32 = {
        EO_FP32_NAME "-any-" EO_SET_TEXT, general_prepare,    general_release, general_run, NULL,
        general_workspace,                general_set_marker, general_observe};
    static const struct eo_engine_ops f16 = {EO_FP16_NAME "-any-" EO_SET_TEXT,
                                             general_prepare,
                                             general_release,
                                             general_run,
                                             NULL,
                                             general_workspace,
                                             general_set_marker,
                                             NULL};

    return precision == EO_FP16 ? &f16 : &f32;
}
