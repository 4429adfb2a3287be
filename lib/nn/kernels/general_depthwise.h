/*
 * Depthwise 3x3 kernels, of a group of inputs and of one. Included by general_body.h alone, whose bits it has: the sums
 * of an output go by rows of taps, and those outside the input are left out.
 *
 * A tile is some neighbouring columns of one row, and an input is loaded once for all of them. Only the first column of
 * a map can miss its left taps and only the last one its right ones, so that a tile at an edge is a tile like others,
 * with one product less in a row. That counts because the maps of such networks are narrow: 5 columns in DS-CNN.
 */
#if EO_REGS >= 32
#define GENERAL_DEPTHWISE_COLS 6
#elif EO_REGS >= 16
#define GENERAL_DEPTHWISE_COLS 3
#else
#define GENERAL_DEPTHWISE_COLS 1
#endif

/* How many columns of taps the last column of the map misses. */
static int general_depthwise3_beyond(const struct eo_network_layer *l)
{
    return (l->map.w - 1) * l->stride.w - l->pad.left + 3 - l->in.w;
}

static int general_depthwise3_fits(const struct eo_network_layer *l)
{
    return l->kernel.h == 3 && l->kernel.w == 3 && (l->stride.w == 1 || l->stride.w == 2) &&
           l->pad.left <= 1 && general_depthwise3_beyond(l) <= 1;
}

/* A row of the map. Pixels lie `pixel` floats apart, in both maps; the input's rows `row`. */
struct general_depthwise3_row {
    const vf *taps;
    vf bias;
    const float *x; /* the input at tap (0, 0) of the first column; may lie outside */
    ptrdiff_t pixel, row;
    int kh0, kh1; /* taps inside */
    float *y;
};

/* `is_first`, `is_last`: the tile has the first or the last column, which misses a tap. */
EO_INLINE void general_depthwise3_tile(const int cols, const int stride, const int is_first,
                                       const int is_last, const struct general_depthwise3_row *r, int col)
{
    const int loads = (cols - 1) * stride + 3;
    const float *x = r->x + (ptrdiff_t)(col * stride) * r->pixel;
    vf acc[GENERAL_DEPTHWISE_COLS];

    EO_UNROLL(6)
    for (int c = 0; c < cols; c++)
        acc[c] = r->bias;
    for (int kh = r->kh0; kh < r->kh1; kh++) {
        const float *from = x + kh * r->row;
        vf v[2 * GENERAL_DEPTHWISE_COLS + 1];

        EO_UNROLL(13)
        for (int i = is_first; i < loads - is_last; i++)
            v[i] = vf_load(from + i * r->pixel);
        EO_UNROLL(3)
        for (int kw = 0; kw < 3; kw++) {
            EO_UNROLL(6)
            for (int c = is_first && kw == 0; c < cols - (is_last && kw == 2); c++)
                acc[c] = vf_fma(v[c * stride + kw], r->taps[kh * 3 + kw], acc[c]);
        }
    }
    EO_UNROLL(6)
    for (int c = 0; c < cols; c++)
        vf_store(r->y + (col + c) * r->pixel, acc[c]);
}

EO_INLINE void general_depthwise3_edges(const int cols, const int stride, int is_first, int is_last,
                                        const struct general_depthwise3_row *r, int col)
{
    if (is_first && is_last)
        general_depthwise3_tile(cols, stride, 1, 1, r, col);
    else if (is_first)
        general_depthwise3_tile(cols, stride, 1, 0, r, col);
    else if (is_last)
        general_depthwise3_tile(cols, stride, 0, 1, r, col);
    else
        general_depthwise3_tile(cols, stride, 0, 0, r, col);
}

EO_INLINE void general_depthwise3_columns(const int stride, const struct eo_network_layer *l,
                                          const struct general_depthwise3_row *r)
{
    enum { MOST = GENERAL_DEPTHWISE_COLS };
    int misses_left = l->pad.left == 1, misses_right = general_depthwise3_beyond(l) == 1;

    for (int col = 0, cols; col < l->map.w; col += cols) {
        int left = l->map.w - col, is_first = misses_left && col == 0, is_last;

        /* 7 columns are 4 and 3, not 6 and 1, whose only sum would wait for itself */
        cols = left <= MOST ? left : left < 2 * MOST ? (left + 1) / 2 : MOST;
        is_last = misses_right && cols == left;
        if (MOST >= 6 && cols == 6)
            general_depthwise3_edges(MOST >= 6 ? 6 : 1, stride, is_first, is_last, r, col);
        else if (MOST >= 5 && cols == 5)
            general_depthwise3_edges(MOST >= 5 ? 5 : 1, stride, is_first, is_last, r, col);
        else if (MOST >= 4 && cols == 4)
            general_depthwise3_edges(MOST >= 4 ? 4 : 1, stride, is_first, is_last, r, col);
        else if (MOST >= 3 && cols == 3)
            general_depthwise3_edges(MOST >= 3 ? 3 : 1, stride, is_first, is_last, r, col);
        else if (MOST >= 2 && cols == 2)
            general_depthwise3_edges(MOST >= 2 ? 2 : 1, stride, is_first, is_last, r, col);
        else
            general_depthwise3_edges(1, stride, is_first, is_last, r, col);
    }
}

/* One channel, or a vector of channels: a map whose pixels lie `pixel` floats apart. */
static void general_depthwise3(const struct eo_network_layer *l, const float *x, size_t pixel, const vf *taps,
                               vf bias, float *y)
{
    struct general_depthwise3_row r = {.taps = taps,
                                       .bias = bias,
                                       .pixel = (ptrdiff_t)pixel,
                                       .row = l->in.w * (ptrdiff_t)pixel,
                                       .y = y};

    for (int row = 0; row < l->map.h; row++, r.y += l->map.w * r.pixel) {
        int top = row * l->stride.h - l->pad.top;

        r.kh0 = top < 0 ? -top : 0;
        r.kh1 = l->in.h - top < 3 ? l->in.h - top : 3;
        r.x = x + top * r.row - l->pad.left * r.pixel;
        if (l->stride.w == 1)
            general_depthwise3_columns(1, l, &r);
        else
            general_depthwise3_columns(2, l, &r);
    }
}
