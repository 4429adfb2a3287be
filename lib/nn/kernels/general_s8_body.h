/*
 * int8 inference of any network, written once over the vectors of simd_s8.h. The file that includes this has chosen the
 * instruction set (EO_SIMD_<SET>, EO_SET); general_s8.h says how tensors and weights lie. Every sum and every rounding
 * is that of quantised.h, so the bits are those of ref_layer_s8.h.
 *
 * A tile is one group of four outputs by up to S8_POS neighbouring columns, whose sums stay in registers.
 */
#include "nn/kernels/general_s8.h"
#include "nn/kernels/inner_range.h"
#include "nn/kernels/simd_s8.h"

#define GS8_WORD (4 * (size_t)S8_VL) /* bytes of a vector of activation words */

/* What the tiles of one row and one group of outputs share. */
struct gs8_row {
    const struct eo_gs8_layer *l;
    const struct eo_s8_range *range;
    const uint8_t *x;     /* the first group that is read */
    const uint8_t *added; /* the same row of the map that is added; NULL without one */
    uint8_t *y;           /* the row of the map; NULL in the last layer */
    int32_t *acc;         /* there the sums, [4][L] */
    int g;                /* of outputs */
    int row;              /* of the input, of tap kh = 0; may be outside */
    int kh0, kh1;         /* taps inside */
};

/* Biases of a group for taps kw0 <= kw < kw1 of the row. */
static void gs8_bias(const struct gs8_row *r, int kw0, int kw1, int32_t bias[4])
{
    const struct eo_network_layer *l = &r->l->shape;
    const int32_t *sums = r->l->sums + 4 * (size_t)r->g * (size_t)l->kernel.h * (size_t)l->kernel.w;
    int is_whole = r->kh0 == 0 && r->kh1 == l->kernel.h && kw0 == 0 && kw1 == l->kernel.w;

    memcpy(bias, (is_whole ? r->l->whole : r->l->bias) + 4 * r->g, 4 * sizeof(*bias));
    for (int kh = r->kh0; !is_whole && kh < r->kh1; kh++) {
        for (int kw = kw0; kw < kw1; kw++) {
            for (int o = 0; o < 4; o++)
                bias[o] -= sums[(kh * l->kernel.w + kw) * 4 + o];
        }
    }
}

/* Rescales four sums of one column, adds what is added, and stores them. */
EO_INLINE void gs8_store(const struct gs8_row *r, int col, sv acc[4])
{
    const struct eo_gs8_layer *l = r->l;
    const struct eo_s8_range range = *r->range;
    const struct eo_s8_factor *factor = l->factor + 4 * r->g;
    int is_plain = range.low == 0 && !r->added;

    EO_UNROLL(4)
    for (int o = 0; o < 4; o++) {
        if (is_plain) {
            acc[o] = sv_scale1(acc[o], &factor[o]);
            continue;
        }
        acc[o] = sv_add(sv_scale1_exact(acc[o], &factor[o]), sv_set1(-range.low));
        if (r->added) {
            sv a = sv_add(sv_byte(r->added + (size_t)col * GS8_WORD, o), sv_set1(-l->added_zero));

            acc[o] = sv_add(acc[o], sv_scale1_exact(a, &l->added));
        }
    }
    sv_store_quads(r->y + (size_t)col * GS8_WORD, acc[0], acc[1], acc[2], acc[3], range.high - range.low,
                   range.zero + range.low);
}

/* `cols` columns from `col` on, whose taps kw0 <= kw < kw1 are inside. */
EO_INLINE void gs8_tile(const int cols, const struct gs8_row *r, int col, int kw0, int kw1)
{
    const struct eo_network_layer *l = &r->l->shape;
    const size_t plane = (size_t)l->in.h * (size_t)l->in.w * GS8_WORD, step = (size_t)l->stride.w * GS8_WORD;
    const int kernel_w = l->kernel.w, taps = l->kernel.h * kernel_w, groups = r->l->groups_in;
    const void *words = r->l->words;
    int32_t bias[4];
    sv acc[S8_POS][4];

    gs8_bias(r, kw0, kw1, bias);
    EO_UNROLL(4)
    for (int c = 0; c < cols; c++) {
        EO_UNROLL(4)
        for (int o = 0; o < 4; o++)
            acc[c][o] = sv_set1(bias[o]);
    }
    for (int g = 0; g < groups; g++) {
        for (int kh = r->kh0; kh < r->kh1; kh++) {
            const uint8_t *x = r->x + (size_t)g * plane +
                               (size_t)((r->row + kh) * l->in.w + col * l->stride.w - l->pad.left + kw0) * GS8_WORD;
            int word = ((r->g * groups + g) * taps + kh * kernel_w + kw0) * 4;

            for (int kw = kw0; kw < kw1; kw++, x += GS8_WORD, word += 4) {
                sw w[4];

                EO_UNROLL(4)
                for (int o = 0; o < 4; o++)
                    w[o] = sw_set1(words, word + o);
                EO_UNROLL(4)
                for (int c = 0; c < cols; c++) {
                    sa a = sa_load(x + (size_t)c * step);

                    EO_UNROLL(4)
                    for (int o = 0; o < 4; o++)
                        acc[c][o] = sv_dot(acc[c][o], a, w[o]);
                }
            }
        }
    }
    EO_UNROLL(4)
    for (int c = 0; c < cols; c++) {
        if (r->y)
            gs8_store(r, col + c, acc[c]);
        for (int o = 0; !r->y && o < 4; o++)
            sv_store(r->acc + o * S8_VL, acc[c][o]);
    }
}

static void gs8_columns(const struct gs8_row *r)
{
    const struct eo_network_layer *l = &r->l->shape;
    int begin, end, col = 0;

    eo_inner_range(l->in.w, l->map.w, l->kernel.w, l->stride.w, l->pad.left, &begin, &end);
    while (col < l->map.w) {
        int at = col * l->stride.w - l->pad.left, kw0 = at < 0 ? -at : 0;
        int kw1 = l->in.w - at < l->kernel.w ? l->in.w - at : l->kernel.w;

        if (S8_POS > 1 && col >= begin && col + S8_POS <= end) {
            gs8_tile(S8_POS, r, col, 0, l->kernel.w);
            col += S8_POS;
        } else {
            gs8_tile(1, r, col, kw0, kw1);
            col++;
        }
    }
}

/* The map of a layer into y, or in the last layer the sums into acc, [groups][4][L]. */
static void gs8_map(const struct eo_gs8_net *net, int i, uint8_t *y, int32_t *acc)
{
    const struct eo_gs8_layer *layer = &net->layer[i];
    const struct eo_network_layer *l = &layer->shape;
    size_t in_plane = (size_t)l->in.h * (size_t)l->in.w * GS8_WORD, line = (size_t)l->map.w * GS8_WORD;
    const uint8_t *added = l->add == EO_NETWORK_NONE ? NULL : net->work + layer->added_at;
    struct gs8_row r = {.l = layer, .range = &net->s8.layer[i].map};

    for (int row = 0; row < l->map.h; row++) {
        r.row = row * l->stride.h - l->pad.top;
        r.kh0 = r.row < 0 ? -r.row : 0;
        r.kh1 = l->in.h - r.row < l->kernel.h ? l->in.h - r.row : l->kernel.h;
        for (r.g = 0; r.g < layer->groups_out; r.g++) {
            size_t at = (size_t)(r.g * l->map.h + row) * line;

            r.x = net->work + layer->in + (l->operation == EO_DEPTHWISE ? (size_t)r.g * in_plane : 0);
            r.added = added ? added + at : NULL;
            r.y = y ? y + at : NULL;
            r.acc = acc ? acc + r.g * 4 * S8_VL : NULL;
            gs8_columns(&r);
        }
    }
}

/* ---- pooling --------------------------------------------------------------------------------------------------- */

static void gs8_max(const struct eo_network_layer *l, const uint8_t *x, uint8_t *y)
{
    uint8_t top[GS8_WORD];

    memcpy(top, x, sizeof(top));
    for (int r = 0; r < l->window.h; r++) {
        for (int c = 0; c < l->window.w; c++) {
            const uint8_t *at = x + (size_t)(r * l->map.w + c) * GS8_WORD;

            for (size_t i = 0; i < GS8_WORD; i++)
                top[i] = at[i] > top[i] ? at[i] : top[i];
        }
    }
    memcpy(y, top, sizeof(top));
}

static void gs8_average(const struct eo_network_layer *l, const struct eo_s8_layer *q, struct eo_hw window,
                        const uint8_t *x, uint8_t *y)
{
    int32_t sum[GS8_WORD];

    for (size_t i = 0; i < GS8_WORD; i++)
        sum[i] = -window.h * window.w * q->map.zero;
    for (int r = 0; r < window.h; r++) {
        for (int c = 0; c < window.w; c++) {
            const uint8_t *at = x + (size_t)(r * l->map.w + c) * GS8_WORD;

            for (size_t i = 0; i < GS8_WORD; i++)
                sum[i] += at[i];
        }
    }
    for (size_t i = 0; i < GS8_WORD; i++)
        y[i] = eo_s8_clamp(&q->out, eo_requant_apply(q->average, sum[i]));
}

static void gs8_pool(const struct eo_network_layer *l, const struct eo_s8_layer *q, int groups, const uint8_t *x,
                     uint8_t *y)
{
    struct eo_hw window = l->pooling == EO_MEAN ? (struct eo_hw){l->map.h, l->map.w} : l->window;
    struct eo_hw step = l->pooling == EO_MEAN ? (struct eo_hw){1, 1} : l->step;

    for (int g = 0; g < groups; g++) {
        for (int r = 0; r < l->out.h; r++) {
            for (int c = 0; c < l->out.w; c++, y += GS8_WORD) {
                const uint8_t *at = x + (size_t)((g * l->map.h + r * step.h) * l->map.w + c * step.w) * GS8_WORD;

                if (l->pooling == EO_MAX_POOL)
                    gs8_max(l, at, y);
                else
                    gs8_average(l, q, window, at, y);
            }
        }
    }
}

/* ---- a layer --------------------------------------------------------------------------------------------------- */

static void gs8_scores(const struct eo_gs8_net *net, int i, int n, union eo_score *scores)
{
    int classes = eo_network_classes(&net->network);
    int32_t acc[(EO_NETWORK_CLASSES + 3) / 4 * 4 * S8_VL];

    gs8_map(net, i, NULL, acc);
    for (int lane = 0; lane < n; lane++) {
        for (int k = 0; k < classes; k++)
            scores[lane * classes + k].s32 = eo_requant_apply(net->s8.layer[i].factor[k], acc[k * S8_VL + lane]);
    }
}

static void gs8_layer(const struct eo_gs8_net *net, int i, int n, union eo_score *scores)
{
    const struct eo_gs8_layer *l = &net->layer[i];

    if (i + 1 == net->network.count) {
        gs8_scores(net, i, n, scores);
        return;
    }
    gs8_map(net, i, net->work + l->map, NULL);
    if (l->shape.pooling)
        gs8_pool(&l->shape, &net->s8.layer[i], l->groups_out, net->work + l->map, net->work + l->out);
}

const struct eo_gs8_kernels *EO_OF_SET(eo_gs8_kernels)(void)
{
    static const struct eo_gs8_kernels kernels = {S8_VL, S8_WORDS, gs8_layer};

    return &kernels;
}
