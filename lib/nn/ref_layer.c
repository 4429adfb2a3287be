#include "nn/ref_layer.h"

#include <math.h>

/* What an output of the layer is made of. */
struct source {
    const struct eo_network_layer *l;
    int half;
    const void *x, *added;
    const float *w, *b;
    const void *map; /* the operation's result where it is there already, or NULL */
};

static float conv_at(const struct source *s, int o, int row, int col)
{
    const struct eo_network_layer *l = s->l;
    int first = l->operation == EO_DEPTHWISE ? o : 0, channels = l->operation == EO_DEPTHWISE ? 1 : l->in.c;
    const float *w = s->w + (size_t)o * eo_network_terms(l);
    float acc = s->b[o];

    for (int i = first; i < first + channels; i++) {
        for (int kh = 0; kh < l->kernel.h; kh++) {
            for (int kw = 0; kw < l->kernel.w; kw++, w++) {
                int r = row * l->stride.h - l->pad.top + kh, c = col * l->stride.w - l->pad.left + kw;

                if (r >= 0 && r < l->in.h && c >= 0 && c < l->in.w)
                    acc = fmaf(eo_ref_get(s->x, s->half, (size_t)((i * l->in.h + r) * l->in.w + c)), *w, acc);
            }
        }
    }
    return acc;
}

static float linear_at(const struct source *s, int o)
{
    size_t pixels = (size_t)s->l->in.h * (size_t)s->l->in.w, terms = eo_network_terms(s->l);
    const float *w = s->w + (size_t)o * terms;
    float acc = s->b[o];

    for (size_t at = 0; at < terms;) {
        float part = 0.0f;

        for (size_t end = at + pixels; at < end; at++)
            part = fmaf(eo_ref_get(s->x, s->half, at), w[at], part);
        acc += part;
    }
    return acc;
}

static float activate(const struct eo_network_layer *l, float x)
{
    float y = l->activation ? eo_ref_larger(x, 0.0f) : x;

    return l->activation != EO_RELU6 ? y : y < 6.0f ? y : 6.0f;
}

/* The operation and, where there is one, the addition. */
static float map_at(const struct source *s, int o, int row, int col)
{
    const struct eo_network_layer *l = s->l;
    size_t at = (size_t)((o * l->map.h + row) * l->map.w + col);
    float acc;

    if (s->map)
        return eo_ref_get(s->map, s->half, at);
    acc = l->operation == EO_LINEAR ? linear_at(s, o) : conv_at(s, o, row, col);
    return s->added ? acc + eo_ref_get(s->added, s->half, at) : acc;
}

static float max_at(const struct source *s, int o, int row, int col)
{
    struct eo_hw window = s->l->window;
    float top = 0;

    for (int r = 0; r < window.h; r++) {
        float largest = map_at(s, o, row + r, col);

        for (int c = 1; c < window.w; c++)
            largest = eo_ref_larger(largest, map_at(s, o, row + r, col + c));
        top = r == 0 ? largest : eo_ref_larger(top, largest);
    }
    return top;
}

static float average_at(const struct source *s, int o, int row, int col, struct eo_hw window)
{
    float sum = 0.0f;

    for (int r = row; r < row + window.h; r++) {
        for (int c = col; c < col + window.w; c++)
            sum += activate(s->l, map_at(s, o, r, c));
    }
    return sum / (float)(window.h * window.w);
}

static float out_at(const struct source *s, int o, int row, int col)
{
    const struct eo_network_layer *l = s->l;

    switch (l->pooling) {
    case EO_MAX_POOL:
        return activate(l, max_at(s, o, row * l->step.h, col * l->step.w));
    case EO_AVERAGE_POOL:
        return average_at(s, o, row * l->step.h, col * l->step.w, l->window);
    case EO_MEAN:
        return average_at(s, o, 0, 0, (struct eo_hw){l->map.h, l->map.w});
    default:
        return activate(l, map_at(s, o, row, col));
    }
}

static void put_all(const struct source *s, int half, void *y)
{
    struct eo_dims out = s->l->out;
    size_t n = 0;

    for (int o = 0; o < out.c; o++) {
        for (int r = 0; r < out.h; r++) {
            for (int c = 0; c < out.w; c++)
                eo_ref_put(y, half, n++, out_at(s, o, r, c));
        }
    }
}

void eo_ref_layer(const struct eo_network_layer *l, int x_half, const void *x, const void *added,
                  const float *w, const float *b, int y_half, void *y)
{
    struct source s = {l, x_half, x, added, w, b, NULL};

    put_all(&s, y_half, y);
}

void eo_ref_pool(const struct eo_network_layer *l, int half, const void *map, void *y)
{
    struct source s = {.l = l, .half = half, .map = map};

    put_all(&s, half, y);
}
