/*
 * int8 inference of any network, written once over the vectors of simd_s8.h. The file that includes this has chosen the
 * instruction set (EO_SIMD_<SET>, EO_SET); general_s8.h says how tensors and weights lie. Every sum and every rounding
 * is that of quantised.h, so the bits are those of ref_layer_s8.h.
 *
 * A tile is up to S8_COLUMNS neighbouring columns by one or two vectors of outputs, whose sums stay in registers.
 */
#include "nn/kernels/general_s8.h"
#include "nn/kernels/simd_s8.h"

#define GS8_QUAD (4 * EO_GS8_PLANE) /* bytes of a depthwise layer's words of one column */

/* What the tiles of some rows and one or two vectors of outputs share. */
struct gs8_rows {
    const struct eo_gs8_layer *l;
    const struct eo_s8_range *range;
    const uint8_t *x;    /* the first plane that is read */
    size_t plane, line;  /* bytes from a plane or a row of it to the next; depthwise: from the words of four columns to
                          * those of the next four, and from a row of words to the next */
    int step;            /* bytes from where a column begins to where the next one does */
    int v;               /* the first vector of outputs */
    const uint8_t *work; /* what is added */
    uint8_t *map;        /* NULL in the last layer */
    int32_t *acc;        /* there the sums, [vectors][L] */
};

/* Where pixel `at` of vector v lies in a tensor. */
EO_INLINE size_t gs8_offset(const struct eo_gs8_layer *l, int v, int at)
{
    size_t channel = (size_t)v * S8_VL, pixels = (size_t)l->shape.map.h * (size_t)l->shape.map.w;

    return (channel / EO_GS8_PLANE * pixels + (size_t)at) * EO_GS8_PLANE + channel % EO_GS8_PLANE;
}

/* What is added to a sum whose output lies at `offset`, less the lowest value. */
EO_INLINE sv gs8_added(const struct gs8_rows *r, size_t offset)
{
    sv a = sv_add(sv_bytes(r->work + r->l->added_at + offset), sv_set1(-r->l->added_zero));

    return sv_add(sv_scale1_exact(a, &r->l->added), sv_set1(-r->range->low));
}

/* Rescales the sums of vector v at `cols` pixels from `at` on, adds what is added, and stores them. */
EO_INLINE void gs8_store(const int cols, const struct gs8_rows *r, int v, int at, sv acc[S8_COLUMNS])
{
    const struct eo_gs8_layer *l = r->l;
    const int low = r->range->low, limit = r->range->high - low, zero = r->range->zero + low;
    const sf factor = sf_load(l->factors + (size_t)v * 3 * S8_VL);
    const size_t offset = gs8_offset(l, v, at);
    uint8_t *y = r->map + offset;

    EO_UNROLL(8)
    for (int c = 0; c < cols; c++)
        acc[c] = sv_scale_exact(acc[c], factor);
    if (l->shape.add != EO_NETWORK_NONE) {
        for (int c = 0; c < cols; c++)
            acc[c] = sv_add(acc[c], gs8_added(r, offset + (size_t)c * EO_GS8_PLANE));
    } else if (low) {
        EO_UNROLL(8)
        for (int c = 0; c < cols; c++)
            acc[c] = sv_add(acc[c], sv_set1(-low));
    }
    EO_UNROLL(2)
    for (int c = 0; c + 4 <= cols; c += 4)
        sv_store_columns(y + c * EO_GS8_PLANE, acc[c], acc[c + 1], acc[c + 2], acc[c + 3], limit, zero);
    EO_UNROLL(3)
    for (int c = cols & ~3; c < cols; c++)
        sv_store_u8(y + c * EO_GS8_PLANE, acc[c], limit, zero);
}

/* ---- convolution and linear ------------------------------------------------------------------------------------ */

/* `cols` columns from pixel `at` of the map on, the first of which reads from x on. */
EO_INLINE void gs8_tile(const int cols, const int units, const struct gs8_rows *r, const uint8_t *x, int at)
{
    const struct eo_gs8_layer *l = r->l;
    const int step = r->step, terms = l->terms, taps = l->taps, height = l->shape.kernel.h;
    const void *weights = l->weights;
    int k = r->v * terms;
    sv acc[2][S8_COLUMNS];

    EO_UNROLL(2)
    for (int u = 0; u < units; u++) {
        EO_UNROLL(8)
        for (int c = 0; c < cols; c++)
            acc[u][c] = sv_load(l->bias + (r->v + u) * S8_VL);
    }
    for (int p = 0; p < l->planes; p++, x += r->plane) {
        const int words = p + 1 < l->planes ? l->words : l->last_words;
        const uint8_t *row = x;

        for (int kh = 0; kh < height; kh++, row += r->line) {
            for (int kw = 0; kw < taps; kw++) {
                for (int g = 0; g < words; g++, k++) {
                    const uint8_t *word = row + kw * EO_GS8_PLANE + 4 * g;
                    sw w[2];

                    EO_UNROLL(2)
                    for (int u = 0; u < units; u++)
                        w[u] = sw_load(weights, k + u * terms);
                    EO_UNROLL(8)
                    for (int c = 0; c < cols; c++) {
                        sa a = sa_set1(word + c * step);

                        EO_UNROLL(2)
                        for (int u = 0; u < units; u++)
                            acc[u][c] = sv_dot(acc[u][c], a, w[u]);
                    }
                }
            }
        }
    }
    EO_UNROLL(2)
    for (int u = 0; u < units; u++) {
        if (r->map)
            gs8_store(cols, r, r->v + u, at, acc[u]);
        else
            sv_store(r->acc + (r->v + u) * S8_VL, acc[u][0]);
    }
}

/* A tile of `cols` columns, 1..S8_COLUMNS, as a constant. */
#define GS8_SWITCH(cols, TILE) \
    switch (cols) {            \
        GS8_WIDE(TILE)         \
    case 4:                    \
        TILE(4);               \
        break;                 \
    case 3:                    \
        TILE(3);               \
        break;                 \
    case 2:                    \
        TILE(2);               \
        break;                 \
    default:                   \
        TILE(1);               \
    }
#if S8_COLUMNS > 4
#define GS8_WIDE(TILE) \
    case 8:            \
        TILE(8);       \
        break;         \
    case 7:            \
        TILE(7);       \
        break;         \
    case 6:            \
        TILE(6);       \
        break;         \
    case 5:            \
        TILE(5);       \
        break;
#else
#define GS8_WIDE(TILE)
#endif

/* How many of `left` columns the next tile takes, so that none is much narrower than the others. */
EO_INLINE int gs8_columns(int left)
{
    int tiles = (left + S8_COLUMNS - 1) / S8_COLUMNS;

    return (left + tiles - 1) / tiles;
}

EO_INLINE void gs8_row(const int units, const struct gs8_rows *r, const uint8_t *x, int at, int width)
{
    while (width > 0) {
        int cols = gs8_columns(width);

#define GS8_TILE(n) gs8_tile(n, units, r, x, at)
        GS8_SWITCH(cols, GS8_TILE)
#undef GS8_TILE
        x += (size_t)cols * (size_t)r->step;
        at += cols;
        width -= cols;
    }
}

static void gs8_conv(struct gs8_rows *r)
{
    const struct eo_gs8_layer *l = r->l;
    struct eo_hw map = {l->shape.map.h, l->shape.map.w};
    const size_t down = (size_t)l->shape.stride.h * r->line;

    /* Rows of a map that is read pixel by pixel are one row. */
    if (l->shape.kernel.h == 1 && l->shape.kernel.w == 1 && l->shape.stride.h == 1 && l->shape.stride.w == 1 &&
        !eo_gs8_is_padded(&l->shape))
        map = (struct eo_hw){1, map.h * map.w};
    for (r->v = 0; r->v < l->vectors; r->v += 2) {
        for (int row = 0; row < map.h; row++) {
            if (r->v + 1 < l->vectors)
                gs8_row(2, r, r->x + (size_t)row * down, row * map.w, map.w);
            else
                gs8_row(1, r, r->x + (size_t)row * down, row * map.w, map.w);
        }
    }
}

/* The input of a layer with padding, with its border. */
static void gs8_pad(const struct eo_gs8_net *net, const struct eo_gs8_layer *layer, int zero_point)
{
    const struct eo_network_layer *l = &layer->shape;
    size_t pixel = (size_t)layer->pixel, width = (size_t)l->in.w * pixel;
    size_t left = (size_t)l->pad.left * pixel, right = (size_t)l->pad.right * pixel, line = left + width + right;
    const uint8_t *from = net->work + layer->in;
    uint8_t *to = net->scratch;

    for (int p = 0; p < layer->planes; p++) {
        memset(to, zero_point, (size_t)l->pad.top * line);
        to += (size_t)l->pad.top * line;
        for (int row = 0; row < l->in.h; row++, from += width, to += line) {
            memset(to, zero_point, left);
            memcpy(to + left, from, width);
            memset(to + left + width, zero_point, right);
        }
        memset(to, zero_point, (size_t)l->pad.bottom * line);
        to += (size_t)l->pad.bottom * line;
    }
}

/* ---- depthwise ------------------------------------------------------------------------------------------------- */

/*
 * In `scratch`, padded rows of the plane and their words: [rows][words][map.w][16][4], four columns of a channel in
 * each, the first of them where the output's column begins, 4, 8, ... columns on.
 */
struct gs8_band {
    uint8_t *padded, *words;
    size_t padded_line; /* bytes of a padded row */
    int first, end; /* rows that are held, counted from the padding's first */
};

/* The words of a padded row. */
static void gs8_words(const struct gs8_rows *r, const uint8_t *line, uint8_t *to)
{
    const size_t step = (size_t)r->l->shape.stride.w * EO_GS8_PLANE;

    for (int j = 0; j < r->l->words; j++) {
        const uint8_t *from = line + (size_t)j * 4 * EO_GS8_PLANE;

        for (int col = 0; col < r->l->shape.map.w; col++, from += step, to += GS8_QUAD)
            s8_interleave(from, to);
    }
}

/* Rows up to `end` of the plane at x. All are copied first and read afterwards: a load across several recent stores
 * would wait until they are in the cache. The borders of the padded rows are there already. */
static void gs8_band_add(const struct gs8_rows *r, struct gs8_band *held, int end, const uint8_t *x,
                           int zero_point)
{
    const struct eo_network_layer *l = &r->l->shape;
    const size_t left = (size_t)l->pad.left * EO_GS8_PLANE, width = (size_t)l->in.w * EO_GS8_PLANE;
    const int begin = held->end - held->first, count = end - held->end, top = held->end - l->pad.top;

    for (int i = 0; i < count; i++) {
        if (top + i >= 0 && top + i < l->in.h)
            memcpy(held->padded + (size_t)i * held->padded_line + left, x + (size_t)(top + i) * width, width);
    }
    for (int i = 0; i < count; i++) {
        uint8_t *to = held->words + (size_t)(begin + i) * r->line;

        if (top + i >= 0 && top + i < l->in.h)
            gs8_words(r, held->padded + (size_t)i * held->padded_line, to);
        else
            memset(to, zero_point, r->line);
    }
    held->end = end;
}

/* Holds the rows that `rows` rows of the map from `row` on read. */
static void gs8_band_move(const struct gs8_rows *r, struct gs8_band *held, int row, int rows,
                            const uint8_t *x, int zero_point)
{
    const struct eo_network_layer *l = &r->l->shape;
    int first = row * l->stride.h;

    if (first >= held->end)
        held->end = first;
    else
        memmove(held->words, held->words + (size_t)(first - held->first) * r->line,
                (size_t)(held->end - first) * r->line);
    held->first = first;
    gs8_band_add(r, held, (row + rows - 1) * l->stride.h + l->kernel.h, x, zero_point);
}

/* `cols` columns of one row from pixel `at` of the map on, whose words begin at x. */
EO_INLINE void gs8_depthwise_tile(const int cols, const struct gs8_rows *r, const uint8_t *x, int at)
{
    const struct eo_gs8_layer *l = r->l;
    const int height = l->shape.kernel.h, words = l->words;
    int k = r->v * l->terms;
    sv acc[S8_COLUMNS];

    EO_UNROLL(8)
    for (int c = 0; c < cols; c++)
        acc[c] = sv_load(l->bias + r->v * S8_VL);
    for (int kh = 0; kh < height; kh++, x += r->line) {
        for (int j = 0; j < words; j++, k++) {
            const uint8_t *word = x + (size_t)j * r->plane;
            sw w = sw_load(l->weights, k);

            EO_UNROLL(8)
            for (int c = 0; c < cols; c++)
                acc[c] = sv_dot(acc[c], sa_load(word + c * GS8_QUAD), w);
        }
    }
    gs8_store(cols, r, r->v, at, acc);
}

static void gs8_depthwise_row(const struct gs8_rows *r, const uint8_t *x, int at, int width)
{
    while (width > 0) {
        int cols = gs8_columns(width);

#define GS8_TILE(n) gs8_depthwise_tile(n, r, x, at)
        GS8_SWITCH(cols, GS8_TILE)
#undef GS8_TILE
        x += cols * GS8_QUAD;
        at += cols;
        width -= cols;
    }
}

/* One vector of outputs of `rows` rows of the map. Where a row's words follow those of the one before, they are one. */
static void gs8_depthwise_rows(const struct gs8_rows *r, const uint8_t *x, int row, int rows)
{
    const struct eo_network_layer *l = &r->l->shape;

    if (r->l->words == 1 && l->stride.h == 1) {
        gs8_depthwise_row(r, x, row * l->map.w, rows * l->map.w);
        return;
    }
    for (int i = 0; i < rows; i++)
        gs8_depthwise_row(r, x + (size_t)(i * l->stride.h) * r->line, (row + i) * l->map.w, l->map.w);
}

static void gs8_depthwise(const struct eo_gs8_net *net, struct gs8_rows *r, int zero_point)
{
    const struct eo_network_layer *l = &r->l->shape;
    const size_t plane = (size_t)l->in.h * (size_t)l->in.w * EO_GS8_PLANE;
    const size_t padded_line = eo_gs8_line_columns(r->l) * EO_GS8_PLANE, padded = eo_gs8_held_bytes(r->l);
    const int parts = EO_GS8_PLANE / S8_VL, vectors = r->l->vectors, band = eo_gs8_band(r->l);

    r->plane = (size_t)l->map.w * GS8_QUAD;
    r->line = eo_gs8_words_line(r->l);
    memset(net->scratch, zero_point, padded);
    for (int first = 0; first < vectors; first += parts, r->x += plane) {
        struct gs8_band held = {net->scratch, net->scratch + padded, padded_line, 0, 0};

        for (int row = 0, rows; row < l->map.h; row += rows) {
            rows = l->map.h - row < band ? l->map.h - row : band;
            gs8_band_move(r, &held, row, rows, r->x, zero_point);
            for (int part = 0; part < parts && first + part < vectors; part++) {
                r->v = first + part;
                gs8_depthwise_rows(r, held.words + part * 4 * S8_VL, row, rows);
            }
        }
    }
}

/* ---- pooling --------------------------------------------------------------------------------------------------- */

/* One output: a vector of channels over a window from x on. */
EO_INLINE void gs8_window(const struct eo_gs8_layer *l, const struct eo_s8_layer *q, struct eo_hw window,
                          const uint8_t *x, uint8_t *y)
{
    const size_t line = (size_t)l->shape.map.w * EO_GS8_PLANE;
    sv sum = sv_set1(0);

    if (l->shape.pooling == EO_MAX_POOL) {
        for (int row = 0; row < window.h; row++, x += line) {
            for (int col = 0; col < window.w; col++)
                sum = sv_max(sum, sv_bytes(x + col * EO_GS8_PLANE));
        }
        sv_store_u8(y, sum, 255, 0);
        return;
    }
    for (int row = 0; row < window.h; row++, x += line) {
        for (int col = 0; col < window.w; col++)
            sum = sv_add(sum, sv_bytes(x + col * EO_GS8_PLANE));
    }
    sum = sv_add(sum, sv_set1(-window.h * window.w * q->map.zero));
    sum = sv_add(sv_scale1_exact(sum, &l->average), sv_set1(-q->out.low));
    sv_store_u8(y, sum, q->out.high - q->out.low, q->out.zero + q->out.low);
}

static void gs8_pool(const struct eo_gs8_layer *layer, const struct eo_s8_layer *q, const uint8_t *x, uint8_t *y)
{
    const struct eo_network_layer *l = &layer->shape;
    struct eo_hw window = l->pooling == EO_MEAN ? (struct eo_hw){l->map.h, l->map.w} : l->window;
    struct eo_hw step = l->pooling == EO_MEAN ? (struct eo_hw){1, 1} : l->step;

    for (int c = 0; c < l->map.c; c += EO_GS8_PLANE, x += (size_t)l->map.h * (size_t)l->map.w * EO_GS8_PLANE) {
        for (int row = 0; row < l->out.h; row++) {
            for (int col = 0; col < l->out.w; col++, y += EO_GS8_PLANE) {
                const uint8_t *at = x + (size_t)(row * step.h * l->map.w + col * step.w) * EO_GS8_PLANE;

                EO_UNROLL(4)
                for (int i = 0; i < EO_GS8_PLANE; i += S8_VL)
                    gs8_window(layer, q, window, at + i, y + i);
            }
        }
    }
}

/* ---- a layer --------------------------------------------------------------------------------------------------- */

/* The map of a layer into `map`, or in the last layer the sums into acc, [vectors][L]. */
static void gs8_map(const struct eo_gs8_net *net, int i, uint8_t *map, int32_t *acc)
{
    const struct eo_gs8_layer *layer = &net->layer[i];
    const struct eo_network_layer *l = &layer->shape;
    int zero_point = net->s8.layer[i].zero_point, width = l->in.w, height = l->in.h;
    struct gs8_rows r = {.l = layer, .range = &net->s8.layer[i].map, .work = net->work, .map = map, .acc = acc};

    r.x = net->work + layer->in;
    if (l->operation == EO_DEPTHWISE) {
        gs8_depthwise(net, &r, zero_point);
        return;
    }
    if (eo_gs8_is_padded(l)) {
        gs8_pad(net, layer, zero_point);
        r.x = net->scratch;
        width += l->pad.left + l->pad.right;
        height += l->pad.top + l->pad.bottom;
    }
    r.line = (size_t)width * (size_t)layer->pixel;
    r.plane = (size_t)height * r.line;
    r.step = l->stride.w * layer->pixel;
    gs8_conv(&r);
}

static void gs8_layer(const struct eo_gs8_net *net, int i, union eo_score *scores)
{
    const struct eo_gs8_layer *l = &net->layer[i];
    int32_t acc[EO_NETWORK_CLASSES + S8_VL];

    if (i + 1 == net->network.count) {
        gs8_map(net, i, NULL, acc);
        for (int k = 0; k < l->shape.map.c; k++)
            scores[k].s32 = eo_requant_apply(net->s8.layer[i].factor[k], acc[k]);
        return;
    }
    gs8_map(net, i, net->work + l->map, NULL);
    if (l->shape.pooling)
        gs8_pool(l, &net->s8.layer[i], net->work + l->map, net->work + l->out);
}

const struct eo_gs8_kernels *EO_OF_SET(eo_gs8_kernels)(void)
{
    static const struct eo_gs8_kernels kernels = {S8_VL, S8_WORDS, gs8_layer};

    return &kernels;
}
