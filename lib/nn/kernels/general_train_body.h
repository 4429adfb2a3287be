/*
 * The kernels of general_train.h, written once over the vectors of simd.h. The file that includes this has chosen the
 * instruction set (EO_SIMD_<SET>, EO_SET) and included general_body.h, whose operations are the forward pass.
 */
#include "nn/kernels/general_train.h"

/* Channels and columns of a tile of the backward pass, whose sums stay in registers. */
#if EO_REGS >= 32
#define GT_OUT 4
#define GT_COLS 6
#elif EO_REGS >= 16
#define GT_OUT 4
#define GT_COLS 3
#else
#define GT_OUT 1
#define GT_COLS 1
#endif

EO_INLINE size_t gt_plane(struct eo_dims d)
{
    return (size_t)d.h * (size_t)d.w * EO_VL;
}

/* ---- packing ------------------------------------------------------------------------------------------------- */

static void gt_pack(const struct eo_network_layer *l, const float *w, float *to)
{
    const struct general fp32 = {.half = 0};

    (void)general_pack(&fp32, l, w, to);
}

/* A convolution's weights by tiles of inputs, [o][kh][kw][inputs of the tile]; those of others stay as they are. */
static void gt_pack_back(const struct eo_network_layer *l, const float *w, float *to)
{
    size_t taps = (size_t)l->kernel.h * (size_t)l->kernel.w, terms = eo_network_terms(l);

    if (l->operation != EO_CONV) {
        memcpy(to, w, eo_network_weights(l) * sizeof(*to));
        return;
    }
    for (int i = 0; i < l->in.c;) {
        int ins = l->in.c - i < GT_OUT ? 1 : GT_OUT;

        for (int o = 0; o < l->map.c; o++) {
            for (size_t t = 0; t < taps; t++) {
                for (int k = 0; k < ins; k++)
                    *to++ = w[(size_t)o * terms + (size_t)(i + k) * taps + t];
            }
        }
        i += ins;
    }
}

/* ---- forward ------------------------------------------------------------------------------------------------- */

static void gt_moments(const struct eo_network_layer *l, const float *z, float *sum, float *squares)
{
    size_t plane = gt_plane(l->map);
    vf pixels = vf_set1((float)(l->map.h * l->map.w));

    for (int c = 0; c < l->map.c; c++, z += plane) {
        vf s = vf_set1(0), q = vf_set1(0), mean;

        for (size_t i = 0; i < plane; i += EO_VL)
            s = vf_add(s, vf_load(z + i));
        mean = vf_div(s, pixels);
        for (size_t i = 0; i < plane; i += EO_VL) {
            vf d = vf_sub(vf_load(z + i), mean);

            q = vf_add(q, vf_mul(d, d));
        }
        vf_store(sum + c * EO_VL, s);
        vf_store(squares + c * EO_VL, q);
    }
}

static void gt_tail(const struct eo_network_layer *l, const struct eo_norm *norm, const float *z,
                    const float *added, float *y)
{
    enum eo_activation activation = l->pooling ? EO_NO_ACTIVATION : l->activation;
    size_t plane = gt_plane(l->map);

    if (!norm && !added && !activation)
        return;
    for (int c = 0; c < l->map.c; c++) {
        vf mean = vf_set1(norm ? norm->mean[c] : 0), factor = vf_set1(norm ? norm->factor[c] : 0),
           bias = vf_set1(norm ? norm->bias[c] : 0);

        for (size_t i = (size_t)c * plane; i < (size_t)(c + 1) * plane; i += EO_VL) {
            vf x = vf_load(z + i);

            x = norm ? vf_add(vf_mul(vf_sub(x, mean), factor), bias) : x;
            x = added ? vf_add(x, vf_load(added + i)) : x;
            vf_store(y + i, general_activate(activation, x));
        }
    }
}

static void gt_pool(const struct eo_network_layer *l, const float *y, float *out)
{
    general_pool(l, 0, y, out);
}

/* ---- backward through the tail --------------------------------------------------------------------------------- */

/* Adds g to the first of the largest values of a window. */
static void gt_max_back(const struct eo_network_layer *l, const float *y, vf g, float *d)
{
    vf best = vf_load(y);
    vi which = vi_set1(0);

    for (int s = 1; s < l->window.h * l->window.w; s++) {
        size_t at = (size_t)(s / l->window.w * l->map.w + s % l->window.w) * EO_VL;
        vf x = vf_load(y + at);
        vm larger = vf_gt(x, best);

        best = vf_select(larger, x, best);
        which = vi_select(larger, vi_set1(s), which);
    }
    for (int s = 0; s < l->window.h * l->window.w; s++) {
        float *at = d + (size_t)(s / l->window.w * l->map.w + s % l->window.w) * EO_VL;

        vf_store(at, vf_add(vf_load(at), vf_select(vi_eq(which, vi_set1(s)), g, vf_set1(0))));
    }
}

static void gt_average_back(const struct eo_network_layer *l, struct eo_hw window, vf g, float *d)
{
    vf share = vf_div(g, vf_set1((float)(window.h * window.w)));

    for (int r = 0; r < window.h; r++) {
        for (int c = 0; c < window.w; c++) {
            float *at = d + (size_t)(r * l->map.w + c) * EO_VL;

            vf_store(at, vf_add(vf_load(at), share));
        }
    }
}

static void gt_pool_back(const struct eo_network_layer *l, const float *y, const float *g, float *d)
{
    struct eo_hw window = l->pooling == EO_MEAN ? (struct eo_hw){l->map.h, l->map.w} : l->window;
    struct eo_hw step = l->pooling == EO_MEAN ? (struct eo_hw){1, 1} : l->step;

    memset(d, 0, eo_dims_elements(l->map) * EO_VL * sizeof(*d));
    for (int o = 0; o < l->out.c; o++) {
        for (int r = 0; r < l->out.h; r++) {
            for (int c = 0; c < l->out.w; c++, g += EO_VL) {
                size_t at = (size_t)((o * l->map.h + r * step.h) * l->map.w + c * step.w) * EO_VL;

                if (l->pooling == EO_MAX_POOL)
                    gt_max_back(l, y + at, vf_load(g), d + at);
                else
                    gt_average_back(l, window, vf_load(g), d + at);
            }
        }
    }
}

static void gt_plane_back(const struct eo_network_layer *l, const float *y, float *d, float *added_g, int is_first)
{
    vf zero = vf_set1(0), six = vf_set1(6);

    for (size_t i = 0; i < gt_plane(l->map); i += EO_VL) {
        vf g = vf_load(d + i);

        if (l->activation)
            g = vf_select(vf_gt(vf_load(y + i), zero), g, zero);
        if (l->activation == EO_RELU6)
            g = vf_select(vf_gt(six, vf_load(y + i)), g, zero);
        vf_store(d + i, g);
        if (added_g)
            vf_store(added_g + i, is_first ? g : vf_add(vf_load(added_g + i), g));
    }
}

static void gt_plane_sums(size_t plane, const float *d, const float *z, float mean, float *sum, float *product)
{
    vf s = vf_set1(0), p = vf_set1(0), m = vf_set1(mean);

    for (size_t i = 0; i < plane; i += EO_VL) {
        vf g = vf_load(d + i);

        s = vf_add(s, g);
        p = vf_add(p, vf_mul(g, vf_sub(vf_load(z + i), m)));
    }
    vf_store(sum, s);
    vf_store(product, p);
}

/* Channel by channel: what the activation wrote is still in a cache for the sums. */
static void gt_activation_back(const struct eo_network_layer *l, const float *y, float *d, float *added_g,
                               int is_first, const struct eo_norm_sums *sums)
{
    size_t plane = gt_plane(l->map);

    for (int c = 0; c < l->map.c; c++) {
        size_t at = (size_t)c * plane;

        if (l->activation || added_g)
            gt_plane_back(l, y + at, d + at, added_g ? added_g + at : NULL, is_first);
        if (sums)
            gt_plane_sums(plane, d + at, sums->z + at, sums->mean[c], sums->sum + c * EO_VL, sums->product + c * EO_VL);
    }
}

static void gt_sums(const struct eo_network_layer *l, const float *d, float *sum)
{
    size_t plane = gt_plane(l->map);

    for (int c = 0; c < l->map.c; c++, d += plane) {
        vf s = vf_set1(0);

        for (size_t i = 0; i < plane; i += EO_VL)
            s = vf_add(s, vf_load(d + i));
        vf_store(sum + c * EO_VL, s);
    }
}

static void gt_norm_back(const struct eo_network_layer *l, const struct eo_norm *norm, const float *z, int n,
                         float *d)
{
    size_t plane = gt_plane(l->map);
    float used[EO_VL];
    vm valid;

    for (int lane = 0; lane < EO_VL; lane++)
        used[lane] = lane < n ? 1.0f : 0.0f;
    valid = vf_gt(vf_load(used), vf_set1(0));
    for (int c = 0; c < l->map.c; c++) {
        vf mean = vf_set1(norm->mean[c]), factor = vf_set1(norm->factor[c]),
           mean_d = vf_set1(norm->mean_d[c]), slope = vf_set1(norm->slope[c]);

        for (size_t i = (size_t)c * plane; i < (size_t)(c + 1) * plane; i += EO_VL) {
            vf g = vf_sub(vf_load(d + i), mean_d);

            g = vf_sub(g, vf_mul(vf_sub(vf_load(z + i), mean), slope));
            vf_store(d + i, vf_select(valid, vf_mul(factor, g), vf_set1(0)));
        }
    }
}

/* ---- gradient by the input ------------------------------------------------------------------------------------ */

/* Taps of one axis that meet an input position: kernel = first, first + stride, ..., `count` of them, whose outputs go
 * down by 1 from `out`. */
struct gt_taps {
    int first, count, out;
};

/* Taps whose outputs lie outside the map are among them; gt_clip() leaves them out. */
static struct gt_taps gt_taps_of(int at, int before, int kernel, int stride)
{
    int first = (at + before) % stride;

    return (struct gt_taps){first, first < kernel ? (kernel - 1 - first) / stride + 1 : 0,
                            (at + before) / stride};
}

/* The taps whose outputs lie inside the map. */
static struct gt_taps gt_clip(struct gt_taps t, int stride, int outputs)
{
    int skip = t.out > outputs - 1 ? t.out - (outputs - 1) : 0, rest = t.count - skip;

    rest = rest < t.out - skip + 1 ? rest : t.out - skip + 1;
    return (struct gt_taps){t.first + skip * stride, rest > 0 ? rest : 0, t.out - skip};
}

/* Whether all taps of `width` inputs, one stride apart, are inside. */
static int gt_inside(struct gt_taps t, int width, int outputs)
{
    return t.count == 0 || (t.out - t.count + 1 >= 0 && t.out + width - 1 < outputs);
}

struct gt_row {
    const struct eo_network_layer *l;
    const float *d;   /* the first channel of the map that is read */
    int outputs;      /* how many */
    struct gt_taps h; /* the row's */
    int from, to;     /* columns of the input */
};

/*
 * Gradients of `ins` inputs at `cols` columns, one stride apart; y is that of the first input. `is_1x1`: of a layer
 * that general_is_pointwise() means nothing but the loop over outputs is left.
 */
EO_INLINE void gt_x_tile(const int ins, const int cols, const int is_1x1, const struct gt_row *r,
                         struct gt_taps kw, const float *w, int is_first, float *y, size_t plane)
{
    const struct eo_network_layer *l = r->l;
    const int step_h = l->stride.h, step = l->stride.w, ow = l->map.w;
    const int taps = is_1x1 ? 1 : l->kernel.h * l->kernel.w;
    const int rows_of_taps = is_1x1 ? 1 : r->h.count, taps_of_row = is_1x1 ? 1 : kw.count;
    vf acc[GT_OUT][GT_COLS];

    EO_UNROLL(4)
    for (int i = 0; i < ins; i++) {
        EO_UNROLL(6)
        for (int c = 0; c < cols; c++)
            acc[i][c] = is_first ? vf_set1(0) : vf_load(y + (size_t)i * plane + (size_t)(c * step) * EO_VL);
    }
    for (int o = 0; o < r->outputs; o++) {
        for (int a = 0; a < rows_of_taps; a++) {
            const float *row = r->d + (ptrdiff_t)((o * l->map.h + r->h.out - a) * ow + kw.out) * EO_VL;
            const float *tap =
                w + (ptrdiff_t)(o * taps + (r->h.first + a * step_h) * l->kernel.w + kw.first) * ins;

            for (int b = 0; b < taps_of_row; b++, row -= EO_VL, tap += step * ins) {
                EO_UNROLL(6)
                for (int c = 0; c < cols; c++) {
                    vf v = vf_load(row + c * EO_VL);

                    EO_UNROLL(4)
                    for (int i = 0; i < ins; i++)
                        acc[i][c] = vf_fma(v, vf_set1(tap[i]), acc[i][c]);
                }
            }
        }
    }
    EO_UNROLL(4)
    for (int i = 0; i < ins; i++) {
        EO_UNROLL(6)
        for (int c = 0; c < cols; c++)
            vf_store(y + (size_t)i * plane + (size_t)(c * step) * EO_VL, acc[i][c]);
    }
}

/* Columns col, col + stride, ... r->to of a row. A tile of several has all its taps inside. */
EO_INLINE void gt_x_columns(const int ins, const int is_1x1, const struct gt_row *r, int col, const float *w,
                            int is_first, float *y, size_t plane)
{
    const struct eo_network_layer *l = r->l;
    const int step = l->stride.w;

    while (col < r->to) {
        struct gt_taps t = is_1x1 ? (struct gt_taps){0, 1, col} : gt_taps_of(col, l->pad.left, l->kernel.w, step);
        int room = (r->to - 1 - col) / step + 1;
        float *at = y + (size_t)col * EO_VL;

        if (room >= GT_COLS && (is_1x1 || gt_inside(t, GT_COLS, l->map.w))) {
            gt_x_tile(ins, GT_COLS, is_1x1, r, t, w, is_first, at, plane);
            col += GT_COLS * step;
        } else if (GT_COLS > 2 && room >= 2 && (is_1x1 || gt_inside(t, 2, l->map.w))) {
            gt_x_tile(ins, GT_COLS > 2 ? 2 : 1, is_1x1, r, t, w, is_first, at, plane);
            col += 2 * step;
        } else {
            gt_x_tile(ins, 1, is_1x1, r, gt_clip(t, step, l->map.w), w, is_first, at, plane);
            col += step;
        }
    }
}

/* Columns r->from..r->to of one row of `ins` inputs. */
EO_INLINE void gt_x_row(const int ins, struct gt_row *r, int row, const float *w, int is_first, float *y,
                        size_t plane)
{
    const struct eo_network_layer *l = r->l;

    r->h = gt_clip(gt_taps_of(row, l->pad.top, l->kernel.h, l->stride.h), l->stride.h, l->map.h);
    y += (size_t)row * (size_t)l->in.w * EO_VL;
    if (general_is_pointwise(l)) {
        gt_x_columns(ins, 1, r, r->from, w, is_first, y, plane);
        return;
    }
    for (int residue = 0; residue < l->stride.w; residue++)
        gt_x_columns(ins, 0, r, r->from + residue, w, is_first, y, plane);
}

/* Columns r->from..r->to of all rows and inputs. */
static void gt_conv_x_block(struct gt_row *r, const float *w, int is_first, float *x_g)
{
    const struct eo_network_layer *l = r->l;
    size_t plane = gt_plane(l->in), taps = (size_t)l->kernel.h * (size_t)l->kernel.w;

    for (int i = 0; i < l->in.c;) {
        int ins = l->in.c - i < GT_OUT ? 1 : GT_OUT;

        for (int row = 0; row < l->in.h; row++) {
            if (ins == 1)
                gt_x_row(1, r, row, w, is_first, x_g + (size_t)i * plane, plane);
            else
                gt_x_row(GT_OUT, r, row, w, is_first, x_g + (size_t)i * plane, plane);
        }
        w += (size_t)ins * (size_t)l->map.c * taps;
        i += ins;
    }
}

static void gt_conv_x(const struct eo_network_layer *layer, const float *d, const float *w, int is_first,
                      float *x_g)
{
    struct eo_network_layer l = general_flattened(layer);
    struct gt_row r = {.l = &l, .d = d, .outputs = l.map.c};
    int block = general_block(l.map.c, l.in.h, l.in.w);

    for (r.from = 0; r.from < l.in.w; r.from = r.to) {
        r.to = l.in.w - r.from < block ? l.in.w : r.from + block;
        gt_conv_x_block(&r, w, is_first, x_g);
    }
}

static void gt_depthwise_x(const struct eo_network_layer *l, const float *d, const float *w, int is_first,
                           float *x_g)
{
    size_t plane = gt_plane(l->in), map = gt_plane(l->map), taps = eo_network_terms(l);
    struct gt_row r = {.l = l, .outputs = 1, .to = l->in.w};

    for (int c = 0; c < l->in.c; c++) {
        r.d = d + (size_t)c * map;
        for (int row = 0; row < l->in.h; row++)
            gt_x_row(1, &r, row, w + (size_t)c * taps, is_first, x_g + (size_t)c * plane, plane);
    }
}

/* `n` inputs from t on. */
EO_INLINE void gt_linear_x_tile(const int n, const struct eo_network_layer *l, const float *d, const float *w,
                                size_t terms, int is_first, float *x_g)
{
    vf acc[8];

    EO_UNROLL(8)
    for (int k = 0; k < n; k++)
        acc[k] = is_first ? vf_set1(0) : vf_load(x_g + k * EO_VL);
    for (int o = 0; o < l->map.c; o++) {
        vf v = vf_load(d + o * EO_VL);

        EO_UNROLL(8)
        for (int k = 0; k < n; k++)
            acc[k] = vf_fma(v, vf_set1(w[(size_t)o * terms + (size_t)k]), acc[k]);
    }
    EO_UNROLL(8)
    for (int k = 0; k < n; k++)
        vf_store(x_g + k * EO_VL, acc[k]);
}

static void gt_linear_x(const struct eo_network_layer *l, const float *d, const float *w, int is_first,
                        float *x_g)
{
    size_t terms = eo_network_terms(l), t = 0;

    for (; t + 8 <= terms; t += 8)
        gt_linear_x_tile(8, l, d, w + t, terms, is_first, x_g + t * EO_VL);
    for (; t < terms; t++)
        gt_linear_x_tile(1, l, d, w + t, terms, is_first, x_g + t * EO_VL);
}

static void gt_back_x(const struct eo_network_layer *l, const float *d, const float *packed_back,
                      int is_first, float *x_g)
{
    if (l->operation == EO_CONV)
        gt_conv_x(l, d, packed_back, is_first, x_g);
    else if (l->operation == EO_DEPTHWISE)
        gt_depthwise_x(l, d, packed_back, is_first, x_g);
    else
        gt_linear_x(l, d, packed_back, is_first, x_g);
}

/* ---- gradient by the weights ---------------------------------------------------------------------------------- */

#define GT_TAPS GT_COLS /* sums of one output in registers */

/* Rows and columns of a map, from the first to before the end. */
struct gt_part {
    int row, row_end, col, col_end;
};

/* Where a tile of weights is: outputs o.., inputs i.., one kh, kw.. ; and the part of the map it goes over. */
struct gt_tile {
    const struct eo_network_layer *l;
    const float *x, *d; /* of input i and output o */
    float *dw;          /* of weight (o, i, kh, kw) */
    int kh, kw;
    const struct gt_part *part;
};

/* One column. `is_edge`: a tap may lie outside the input. */
EO_INLINE void gt_w_column(const int outs, const int nk, const int ni, const int is_edge,
                           const struct gt_tile *t, ptrdiff_t x_at, int x_col, ptrdiff_t d_at,
                           vf acc[GT_OUT][GT_TAPS])
{
    const struct eo_network_layer *l = t->l;
    const ptrdiff_t in_plane = (ptrdiff_t)l->in.h * l->in.w * EO_VL,
                    plane = (ptrdiff_t)l->map.h * l->map.w * EO_VL;
    vf d[GT_OUT];

    EO_UNROLL(4)
    for (int o = 0; o < outs; o++)
        d[o] = vf_load(t->d + (d_at + o * plane));
    EO_UNROLL(6)
    for (int i = 0; i < ni; i++) {
        EO_UNROLL(6)
        for (int k = 0; k < nk; k++) {
            vf v;

            if (is_edge && (x_col + k < 0 || x_col + k >= l->in.w))
                continue;
            v = vf_load(t->x + (x_at + i * in_plane + k * EO_VL));
            EO_UNROLL(4)
            for (int o = 0; o < outs; o++)
                acc[o][i * nk + k] = vf_fma(d[o], v, acc[o][i * nk + k]);
        }
    }
}

EO_INLINE void gt_w_tile(const int outs, const int nk, const int ni, const struct gt_tile *t)
{
    const struct eo_network_layer *l = t->l;
    const int step = l->stride.w, first = t->kw - l->pad.left; /* the column of the first tap of output 0 */
    const ptrdiff_t terms = (ptrdiff_t)eo_network_terms(l), taps = l->kernel.h * l->kernel.w;
    int left = first < 0 ? (-first + step - 1) / step : 0, right = l->in.w - nk - first;
    vf acc[GT_OUT][GT_TAPS];

    right = right < 0 ? 0 : right / step + 1; /* columns before `right` have their last tap inside */
    right = right < t->part->col_end ? right : t->part->col_end;
    left = left < right ? left : right;
    EO_UNROLL(4)
    for (int o = 0; o < outs; o++) {
        EO_UNROLL(6)
        for (int i = 0; i < ni; i++) {
            EO_UNROLL(6)
            for (int k = 0; k < nk; k++)
                acc[o][i * nk + k] = vf_load(t->dw + (o * terms + i * taps + k) * EO_VL);
        }
    }
    for (int row = t->part->row; row < t->part->row_end; row++) {
        int r = row * l->stride.h - l->pad.top + t->kh, col = t->part->col;
        ptrdiff_t x_row = ((ptrdiff_t)r * l->in.w + first) * EO_VL, d_row = (ptrdiff_t)row * l->map.w * EO_VL;

        if (r < 0 || r >= l->in.h)
            continue;
        for (; col < left; col++)
            gt_w_column(outs, nk, ni, 1, t, x_row + col * step * EO_VL, first + col * step,
                        d_row + col * EO_VL, acc);
        for (; col < right; col++)
            gt_w_column(outs, nk, ni, 0, t, x_row + col * step * EO_VL, 0, d_row + col * EO_VL, acc);
        for (; col < t->part->col_end; col++)
            gt_w_column(outs, nk, ni, 1, t, x_row + col * step * EO_VL, first + col * step,
                        d_row + col * EO_VL, acc);
    }
    EO_UNROLL(4)
    for (int o = 0; o < outs; o++) {
        EO_UNROLL(6)
        for (int i = 0; i < ni; i++) {
            EO_UNROLL(6)
            for (int k = 0; k < nk; k++)
                vf_store(t->dw + (o * terms + i * taps + k) * EO_VL, acc[o][i * nk + k]);
        }
    }
}

/* All outputs of a tile of `ni` inputs and `nk` columns of the kernel. */
EO_INLINE void gt_w_outputs(const int nk, const int ni, struct gt_tile *t, int outputs)
{
    const size_t terms = eo_network_terms(t->l) * EO_VL, plane = gt_plane(t->l->map);
    int o = 0;

    for (; GT_OUT > 1 && o + GT_OUT <= outputs; o += GT_OUT) {
        gt_w_tile(GT_OUT, nk, ni, t);
        t->dw += GT_OUT * terms;
        t->d += GT_OUT * plane;
    }
    for (; o < outputs; o++) {
        gt_w_tile(1, nk, ni, t);
        t->dw += terms;
        t->d += plane;
    }
}

/* How many columns of the kernel and inputs the next tile has: 3 columns of GT_TAPS / 3 inputs or of one, else one
 * column of GT_TAPS inputs, of 2 or of one. */
static int gt_w_next(const struct eo_network_layer *l, int kw, int i, int inputs, int *ni)
{
    int nk = GT_TAPS >= 3 && l->kernel.w - kw >= 3 ? 3 : 1, left = inputs - i;

    *ni = 1;
    if (left >= GT_TAPS / nk)
        *ni = GT_TAPS / nk;
    else if (GT_TAPS > 2 && nk == 1 && left >= 2)
        *ni = 2;
    return nk;
}

/* `inputs` channels from x on, `outputs` from d on. */
static void gt_w_strip(const struct eo_network_layer *l, const float *x, int inputs, const float *d,
                       int outputs, const struct gt_part *part, float *dw)
{
    int taps = l->kernel.h * l->kernel.w;

    for (int kw = 0, nk = 1; kw < l->kernel.w; kw += nk) {
        for (int i = 0, ni = 1; i < inputs; i += ni) {
            nk = gt_w_next(l, kw, i, inputs, &ni);
            for (int kh = 0; kh < l->kernel.h; kh++) {
                struct gt_tile t = {.l = l,
                                    .x = x + (size_t)i * gt_plane(l->in),
                                    .d = d,
                                    .dw = dw + (size_t)(i * taps + kh * l->kernel.w + kw) * EO_VL,
                                    .kh = kh,
                                    .kw = kw,
                                    .part = part};

                if (nk == 3 && ni > 1)
                    gt_w_outputs(GT_TAPS >= 3 ? 3 : 1, GT_TAPS >= 3 ? GT_TAPS / 3 : 1, &t, outputs);
                else if (nk == 3)
                    gt_w_outputs(GT_TAPS >= 3 ? 3 : 1, 1, &t, outputs);
                else if (ni == GT_TAPS)
                    gt_w_outputs(1, GT_TAPS, &t, outputs);
                else if (ni > 1)
                    gt_w_outputs(1, GT_TAPS > 2 ? 2 : 1, &t, outputs);
                else
                    gt_w_outputs(1, 1, &t, outputs);
            }
        }
    }
}

#define GT_STRIP 4096 /* bytes of a strip of one channel: it stays in the first cache with the other tiles' */

static void gt_conv_w(const struct eo_network_layer *layer, const float *x, const float *d, float *dw)
{
    struct eo_network_layer l = general_flattened(layer);
    int cols = GT_STRIP / (EO_VL * (int)sizeof(float)), rows = cols / l.map.w;

    cols = l.map.h > 1 ? l.map.w : cols;
    rows = rows < 1 ? 1 : rows;
    for (int row = 0; row < l.map.h; row += rows) {
        for (int col = 0; col < l.map.w; col += cols) {
            struct gt_part part = {row, row + rows < l.map.h ? row + rows : l.map.h, col,
                                   col + cols < l.map.w ? col + cols : l.map.w};

            gt_w_strip(&l, x, l.in.c, d, l.map.c, &part, dw);
        }
    }
}

static void gt_depthwise_w(const struct eo_network_layer *l, const float *x, const float *d, float *dw)
{
    const struct gt_part all = {0, l->map.h, 0, l->map.w};

    for (int c = 0; c < l->map.c; c++)
        gt_w_strip(l, x + (size_t)c * gt_plane(l->in), 1, d + (size_t)c * gt_plane(l->map), 1, &all,
                   dw + (size_t)c * eo_network_terms(l) * EO_VL);
}

#define GT_GROUPS (EO_TRAIN_LANES / EO_VL)

/* `n` terms of the inputs of a block: a vector for each input. */
static void gt_terms(const float *const x[GT_GROUPS], size_t term, size_t n, float to[EO_TRAIN_LANES][EO_VL])
{
    for (size_t lane = 0; lane < EO_TRAIN_LANES; lane++) {
        const float *from = x[lane / EO_VL];

        for (size_t k = 0; k < EO_VL; k++)
            to[lane][k] = from && k < n ? from[(term + k) * EO_VL + lane % EO_VL] : 0;
    }
}

/* d of an output for each input of a block. */
EO_INLINE void gt_lanes(const float *const d[GT_GROUPS], size_t output, float to[EO_TRAIN_LANES])
{
    for (size_t k = 0; k < GT_GROUPS; k++) {
        if (d[k])
            memcpy(to + k * EO_VL, d[k] + output * EO_VL, EO_VL * sizeof(*to));
        else
            memset(to + k * EO_VL, 0, EO_VL * sizeof(*to));
    }
}

/* What eo_lanes_sum() gives for each term. */
EO_INLINE vf gt_products(const float d[EO_TRAIN_LANES], const float x[EO_TRAIN_LANES][EO_VL])
{
    const vf zero = vf_set1(0);
    vf sum[8];

    EO_UNROLL(8)
    for (int k = 0; k < 8; k++)
        sum[k] = vf_add(vf_fma(vf_set1(d[k]), vf_load(x[k]), zero), vf_fma(vf_set1(d[k + 8]), vf_load(x[k + 8]), zero));
    EO_UNROLL(4)
    for (int k = 0; k < 4; k++)
        sum[k] = vf_add(sum[k], sum[k + 4]);
    return vf_add(vf_add(sum[0], sum[2]), vf_add(sum[1], sum[3]));
}

static void gt_linear_w(const struct eo_network_layer *l, const float *const x[], const float *const d[], float *sum)
{
    size_t terms = eo_network_terms(l), outputs = (size_t)l->map.c;
    float at[EO_TRAIN_LANES][EO_VL], of[EO_TRAIN_LANES], some[EO_VL];

    for (size_t term = 0; term < terms; term += EO_VL) {
        size_t n = terms - term < EO_VL ? terms - term : EO_VL;

        gt_terms(x, term, n, at);
        for (size_t o = 0; o < outputs; o++) {
            float *to = sum + o * terms + term;

            gt_lanes(d, o, of);
            vf_store(n == EO_VL ? to : some, gt_products(of, at));
            if (n < EO_VL)
                memcpy(to, some, n * sizeof(*to));
        }
    }
}

static void gt_back_w(const struct eo_network_layer *l, const float *x, const float *d, float *dw)
{
    memset(dw, 0, eo_network_weights(l) * EO_VL * sizeof(*dw));
    if (l->operation == EO_CONV)
        gt_conv_w(l, x, d, dw);
    else
        gt_depthwise_w(l, x, d, dw);
}

/* ---- simulated quantisation ------------------------------------------------------------------------------------ */

/* To the nearest whole number, half to even, up to 2^22 in magnitude: from 2^23 on floats have no fractions. */
EO_INLINE vf gt_round_half_even(vf a)
{
    vf shift = vf_set1(0x1.8p23f);

    return vf_sub(vf_add(a, shift), shift);
}

static void gt_round(const struct eo_train_grid *grid, enum eo_activation activation, struct eo_dims dims,
                     const float *x, float *y)
{
    vf scale = vf_set1(grid->scale), low = vf_set1(grid->low), high = vf_set1(grid->high);
    size_t n = eo_dims_elements(dims) * EO_VL;

    for (size_t i = 0; i < n; i += EO_VL) {
        vf v = vf_div(general_activate(activation, vf_load(x + i)), scale);

        v = vf_select(vf_gt(v, high), high, v);
        v = vf_select(vf_gt(low, v), low, v);
        vf_store(y + i, vf_mul(gt_round_half_even(v), scale));
    }
}

static void gt_round_back(const struct eo_train_grid *grid, enum eo_activation activation, struct eo_dims dims,
                          const float *x, float *g, double *slope)
{
    vf scale = vf_set1(grid->scale), low = vf_set1(grid->low), high = vf_set1(grid->high), zero = vf_set1(0);
    size_t plane = gt_plane(dims);

    memset(slope, 0, EO_VL * sizeof(*slope));
    for (int c = 0; c < dims.c; c++, x += plane, g += plane) {
        float channel[EO_VL];
        vf sum = zero;

        for (size_t i = 0; i < plane; i += EO_VL) {
            vf v = vf_div(general_activate(activation, vf_load(x + i)), scale), d = vf_load(g + i);
            vm over = vf_gt(v, high), under = vf_gt(low, v);
            vf off = vf_select(over, high, vf_select(under, low, vf_sub(gt_round_half_even(v), v)));

            sum = vf_fma(d, off, sum);
            vf_store(g + i, vf_select(over, zero, vf_select(under, zero, d)));
        }
        vf_store(channel, sum);
        for (int lane = 0; lane < EO_VL; lane++)
            slope[lane] += (double)channel[lane];
    }
}

const struct eo_general_train_ops EO_OF_SET(eo_general_train_ops) = {
    .lanes = EO_VL,
    .pack = gt_pack,
    .pack_back = gt_pack_back,
    .operation = general_operation,
    .moments = gt_moments,
    .tail = gt_tail,
    .pool = gt_pool,
    .pool_back = gt_pool_back,
    .activation_back = gt_activation_back,
    .sums = gt_sums,
    .norm_back = gt_norm_back,
    .back_x = gt_back_x,
    .back_w = gt_back_w,
    .linear_w = gt_linear_w,
    .round = gt_round,
    .round_back = gt_round_back,
};
