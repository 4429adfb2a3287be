#include "stage/export/export_list.h"

#include <string.h>

size_t eo_export_most(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t eo_export_round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

int eo_export_shift(struct eo_requant rq)
{
    return rq.multiplier ? rq.shift - 33 : 0;
}

void eo_export_list_begin(struct eo_export_list *w, struct eo_export_writer *to)
{
    memset(w, 0, sizeof(*w));
    w->to = to;
    w->net = &to->model->network;
    w->taps = 3;
    eo_export_plan_make(&w->plan, w->net);
    for (int i = 0; i < w->net->count; i++) {
        const struct eo_network_layer *l = &w->net->layer[i];

        w->has_pool |= l->pooling != EO_NO_POOLING;
        w->has_add |= l->add != EO_NETWORK_NONE;
        if (l->operation == EO_DEPTHWISE) {
            w->has_depthwise = 1;
            w->taps =
                eo_export_most(w->taps, eo_export_round_up((size_t)l->kernel.h * (size_t)l->kernel.w, 3));
        }
    }
    eo_export_flag(to, "pooled", w->has_pool);
    eo_export_flag(to, "depthwise", w->has_depthwise);
    eo_export_flag(to, "add", w->has_add);
}

/* ---- the table of layers: in the order of struct net_layer ------------------------------------------------------ */

static const char *operation_of(const struct eo_network_layer *l)
{
    return l->operation == EO_CONV        ? "NET_CONV"
           : l->operation == EO_DEPTHWISE ? "NET_DEPTHWISE"
                                          : "NET_LINEAR";
}

static const char *activation_of(const struct eo_network_layer *l)
{
    return l->activation == EO_RELU    ? "NET_RELU"
           : l->activation == EO_RELU6 ? "NET_RELU6"
                                       : "NET_NO_ACTIVATION";
}

static const char *pooling_of(const struct eo_network_layer *l)
{
    return l->pooling == EO_NO_POOLING ? "NET_NO_POOLING"
           : l->pooling == EO_MAX_POOL ? "NET_MAX"
                                       : "NET_AVERAGE";
}

static void put_pooling(struct eo_export_list *w, int i)
{
    const struct eo_network_layer *l = &w->net->layer[i];
    const struct eo_s8_layer *q = w->numbers ? &w->numbers->layer[i] : NULL;
    int is_mean = l->pooling == EO_MEAN;
    struct eo_hw window = is_mean ? (struct eo_hw){l->map.h, l->map.w} : l->window;
    struct eo_hw step = is_mean ? (struct eo_hw){0, 0} : l->step;
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];

    eo_buf_printf(out, ", %s", pooling_of(l));
    if (q)
        eo_buf_printf(out, ", %d", eo_export_shift(q->average));
    eo_buf_printf(out, ",\n     %d, %d, %d, %d, %d, %d", l->out.h, l->out.w, window.h, window.w, step.h,
                  step.w);
    if (q)
        eo_buf_printf(out, ", %d, %d, %d, %d", q->out.zero, q->out.low, q->out.high, q->average.multiplier);
}

static void put_add(struct eo_export_list *w, int i)
{
    const struct eo_network_layer *l = &w->net->layer[i];
    const struct eo_s8_layer *q = w->numbers ? &w->numbers->layer[i] : NULL;
    int is_added = l->add != EO_NETWORK_NONE, zero = 0;
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];

    eo_buf_printf(out, ",\n     %d", is_added ? eo_export_plan_place(&w->plan, l->add) : -1);
    if (!q)
        return;
    if (is_added)
        zero = eo_model_grid(w->to->model, eo_network_output_tensor(l->add)).zero_point;
    eo_buf_printf(out, ", %d, %d, %d", q->add.multiplier, zero, eo_export_shift(q->add));
}

static void put_layer(struct eo_export_list *w, int i)
{
    const struct eo_network_layer *l = &w->net->layer[i];
    const struct eo_s8_layer *q = w->numbers ? &w->numbers->layer[i] : NULL;
    struct eo_hw kernel = l->operation == EO_LINEAR ? (struct eo_hw){l->in.h, l->in.w} : l->kernel;
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];

    eo_buf_printf(out, "    /* %s */\n    {%d, %d, %zu, %zu, %zu, ", l->name,
                  eo_export_plan_place(&w->plan, l->from), w->plan.out[i], w->weight_at[i], w->channel_at[i],
                  w->terms[i]);
    eo_buf_printf(out, "%d, %d, %d, %d, %d, %d, ", l->in.h, l->in.w, l->in.c, l->map.h, l->map.w, l->map.c);
    eo_buf_printf(out, "%d, %d, %d, %d, %d, %d,\n     ", kernel.h, kernel.w, l->stride.h, l->stride.w,
                  l->pad.top, l->pad.left);
    if (q)
        eo_buf_printf(out, "%d, %d, %d, %d, ", q->zero_point, q->map.zero, q->map.low, q->map.high);
    eo_buf_printf(out, "%d", w->plan.is_backward[i]);
    if (w->is_mixed)
        eo_buf_printf(out, ", %d", w->to->model->layer[i].weight_bits == 4);
    if (!q || w->has_depthwise)
        eo_buf_printf(out, ", %s", operation_of(l));
    if (!q)
        eo_buf_printf(out, ", %s", activation_of(l));
    if (w->has_pool)
        put_pooling(w, i);
    if (w->has_add)
        put_add(w, i);
    eo_buf_puts(out, "},\n");
}

void eo_export_list_put(struct eo_export_list *w)
{
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];

    eo_buf_printf(out, "\nstatic const struct net_layer net_layers[NET_LAYERS] NET_CONST = {\n");
    for (int i = 0; i < w->net->count; i++)
        put_layer(w, i);
    eo_buf_puts(out, "};\n");
    eo_buf_printf(&w->to->part[EO_EXPORT_LIMITS],
                  "#define NET_TAPS %zu\n#define NET_ARENA %d\n#define NET_INPUT %d\n"
                  "#define NET_INPUT_CHANNELS %d\n",
                  w->taps, w->plan.bytes, w->plan.input, w->net->input.c);
}

size_t eo_export_list_bytes(const struct eo_export_list *w)
{
    size_t layer = w->numbers ? 56 + (w->has_pool ? 24 : 0) + (w->has_add ? 12 : 0)
                              : 48 + (w->has_pool ? 12 : 0) + (w->has_add ? 4 : 0);

    return layer * (size_t)w->net->count;
}
