#include "nn/ref_layer_s8.h"

/* What an output of the layer is made of. */
struct source {
    const struct eo_network_layer *l;
    const struct eo_s8_layer *q;
    const uint8_t *x, *added;
    const int8_t *w;
    const int32_t *b;
    const uint8_t *map; /* the operation's result where it is there already, or NULL */
};

static int32_t conv_at(const struct source *s, int o, int row, int col)
{
    const struct eo_network_layer *l = s->l;
    int first = l->operation == EO_DEPTHWISE ? o : 0, channels = l->operation == EO_DEPTHWISE ? 1 : l->in.c;
    const int8_t *w = s->w + (size_t)o * eo_network_terms(l);
    int32_t acc = s->b[o];

    for (int i = first; i < first + channels; i++) {
        for (int kh = 0; kh < l->kernel.h; kh++) {
            for (int kw = 0; kw < l->kernel.w; kw++, w++) {
                int r = row * l->stride.h - l->pad.top + kh, c = col * l->stride.w - l->pad.left + kw;

                if (r >= 0 && r < l->in.h && c >= 0 && c < l->in.w)
                    acc += (s->x[(i * l->in.h + r) * l->in.w + c] - s->q->zero_point) * *w;
            }
        }
    }
    return acc;
}

static int32_t linear_at(const struct source *s, int o)
{
    size_t terms = eo_network_terms(s->l);
    const int8_t *w = s->w + (size_t)o * terms;
    int32_t acc = s->b[o];

    for (size_t t = 0; t < terms; t++)
        acc += (s->x[t] - s->q->zero_point) * w[t];
    return acc;
}

/* The operation, the addition and the activation. */
static int32_t map_at(const struct source *s, int o, int row, int col)
{
    const struct eo_network_layer *l = s->l;
    int at = (o * l->map.h + row) * l->map.w + col;
    int32_t r;

    if (s->map)
        return s->map[at];
    r = eo_requant_apply(s->q->factor[o],
                         l->operation == EO_LINEAR ? linear_at(s, o) : conv_at(s, o, row, col));
    if (s->added)
        r += s->q->added[s->added[at]];
    return eo_s8_clamp(&s->q->map, r);
}

static uint8_t max_at(const struct source *s, int o, int row, int col)
{
    int32_t top = 0;

    for (int r = row; r < row + s->l->window.h; r++) {
        for (int c = col; c < col + s->l->window.w; c++) {
            int32_t y = map_at(s, o, r, c);

            top = y > top ? y : top;
        }
    }
    return (uint8_t)top;
}

static uint8_t average_at(const struct source *s, int o, int row, int col, struct eo_hw window)
{
    int32_t sum = 0;

    for (int r = row; r < row + window.h; r++) {
        for (int c = col; c < col + window.w; c++)
            sum += map_at(s, o, r, c) - s->q->map.zero;
    }
    return eo_s8_clamp(&s->q->out, eo_requant_apply(s->q->average, sum));
}

static uint8_t out_at(const struct source *s, int o, int row, int col)
{
    const struct eo_network_layer *l = s->l;

    switch (l->pooling) {
    case EO_MAX_POOL:
        return max_at(s, o, row * l->step.h, col * l->step.w);
    case EO_AVERAGE_POOL:
        return average_at(s, o, row * l->step.h, col * l->step.w, l->window);
    case EO_MEAN:
        return average_at(s, o, 0, 0, (struct eo_hw){l->map.h, l->map.w});
    default:
        return (uint8_t)map_at(s, o, row, col);
    }
}

static void put_all(const struct source *s, uint8_t *y)
{
    struct eo_dims out = s->l->out;

    for (int o = 0; o < out.c; o++) {
        for (int r = 0; r < out.h; r++) {
            for (int c = 0; c < out.w; c++)
                *y++ = out_at(s, o, r, c);
        }
    }
}

void eo_ref_layer_s8(const struct eo_network_layer *l, const struct eo_s8_layer *q, const uint8_t *x,
                     const uint8_t *added, const int8_t *w, const int32_t *b, uint8_t *y)
{
    struct source s = {l, q, x, added, w, b, NULL};

    put_all(&s, y);
}

void eo_ref_pool_s8(const struct eo_network_layer *l, const struct eo_s8_layer *q, const uint8_t *map,
                    uint8_t *y)
{
    struct source s = {.l = l, .q = q, .map = map};

    put_all(&s, y);
}

void eo_ref_scores_s8(const struct eo_network_layer *l, const struct eo_s8_layer *q, const uint8_t *x,
                      const int8_t *w, const int32_t *b, union eo_score *y)
{
    struct source s = {l, q, x, NULL, w, b, NULL};

    for (int k = 0; k < l->map.c; k++)
        y[k].s32 = eo_requant_apply(q->factor[k], linear_at(&s, k));
}
