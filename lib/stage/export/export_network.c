#include "stage/export/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "nn/quantised.h"
#include "stage/export/plan.h"
#include "stage/export/stack.h"
#include "stage/export/table.h"

/* The numbers of all layers, one table each; `at` is where a layer's begin. */
struct tables {
    int8_t *weight, *shift;
    int32_t *bias, *multiplier;
    size_t weights, channels;
    size_t weight_at[EO_NETWORK_LAYERS], channel_at[EO_NETWORK_LAYERS];
};

struct list {
    struct eo_export_writer *to;
    const struct eo_network *net;
    struct eo_s8_network numbers;
    struct eo_export_plan plan;
    struct tables tables;
};

static size_t up4(size_t n)
{
    return (n + 3) / 4 * 4;
}

static size_t up8(size_t n)
{
    return (n + 7) / 8 * 8;
}

/* From one sum's weights to the next, which are taken eight at a time; of a depthwise layer, from one tap's. */
static size_t stride_of(const struct eo_network_layer *l)
{
    return up8(l->operation == EO_DEPTHWISE ? (size_t)l->map.c : eo_network_terms(l));
}

static size_t weights_of(const struct eo_network_layer *l)
{
    return stride_of(l) * (l->operation == EO_DEPTHWISE ? eo_network_terms(l) : up4((size_t)l->map.c));
}

static size_t taps_of(const struct eo_network_layer *l)
{
    return l->operation == EO_LINEAR ? (size_t)l->in.h * (size_t)l->in.w
                                     : (size_t)l->kernel.h * (size_t)l->kernel.w;
}

/* Weights in the order that text/network.c takes: of a sum row, column, channel; of a depthwise layer tap, channel. */
static void lay_weights(const struct eo_network_layer *l, const int8_t *from, int8_t *to)
{
    size_t outputs = (size_t)l->map.c, taps = taps_of(l), stride = stride_of(l);
    size_t channels = l->operation == EO_DEPTHWISE ? 1 : (size_t)l->in.c;

    for (size_t o = 0; o < outputs; o++) {
        for (size_t c = 0; c < channels; c++) {
            for (size_t t = 0; t < taps; t++, from++)
                to[l->operation == EO_DEPTHWISE ? t * stride + o : o * stride + t * channels + c] = *from;
        }
    }
}

/* text/network.c shifts by 33 more. A factor of 0 is a multiplier of 0. */
static int shift_of(struct eo_requant rq)
{
    return rq.multiplier ? rq.shift - 33 : 0;
}

/* The input's zero point is taken out of the bias; modulo 2^32, as the sums are. */
static int32_t bias_of(const struct eo_network_layer *l, const int8_t *weight, int32_t bias,
                       int32_t zero_point, size_t o)
{
    size_t terms = eo_network_terms(l);
    uint32_t sum = 0;

    for (size_t t = 0; t < terms; t++)
        sum += (uint32_t)weight[o * terms + t];
    return (int32_t)((uint32_t)bias - (uint32_t)zero_point * sum);
}

static void lay_layer(struct list *w, int i)
{
    const struct eo_network_layer *l = &w->net->layer[i];
    const struct eo_model_layer *m = &w->to->model->layer[i];
    const struct eo_s8_layer *q = &w->numbers.layer[i];
    struct tables *t = &w->tables;

    lay_weights(l, m->weight.s8, t->weight + t->weight_at[i]);
    for (size_t o = 0; o < (size_t)l->map.c; o++) {
        size_t at = t->channel_at[i] + o;

        t->bias[at] = bias_of(l, m->weight.s8, m->bias.s32[o], q->zero_point, o);
        t->multiplier[at] = q->factor[o].multiplier;
        t->shift[at] = (int8_t)shift_of(q->factor[o]);
    }
}

static int lay_tables(struct list *w, struct eo_err *err)
{
    struct tables *t = &w->tables;

    for (int i = 0; i < w->net->count; i++) {
        t->weight_at[i] = t->weights;
        t->channel_at[i] = t->channels;
        t->weights += weights_of(&w->net->layer[i]);
        t->channels += up8((size_t)w->net->layer[i].map.c);
    }
    t->weight = eo_alloc(t->weights, 1, err);
    t->shift = eo_alloc(t->channels, 1, err);
    t->bias = eo_alloc(t->channels, sizeof(int32_t), err);
    t->multiplier = eo_alloc(t->channels, sizeof(int32_t), err);
    if (!t->weight || !t->shift || !t->bias || !t->multiplier)
        return -1;
    for (int i = 0; i < w->net->count; i++)
        lay_layer(w, i);
    return 0;
}

static void put_tables(struct list *w)
{
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];
    const struct tables *t = &w->tables;
    uint32_t sum = eo_table_u8(out, "net_input", w->numbers.input_table[0], 256 * (size_t)w->numbers.tables);

    sum += eo_table_s8(out, "net_weight", t->weight, t->weights);
    sum += eo_table_s32(out, "net_bias", t->bias, t->channels);
    sum += eo_table_s32(out, "net_multiplier", t->multiplier, t->channels);
    sum += eo_table_s8(out, "net_shift", t->shift, t->channels);
    eo_buf_printf(out, "#define NET_SUM %" PRIu32 "u\n", sum);
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* What struct net_state of text/network.c is made of, for each NET_PATH; `behind` may be read behind what is wanted. */
struct sizes {
    size_t channels, terms, taps, has_pool, has_depthwise, has_add;
};

static struct sizes sizes_of(const struct list *w)
{
    struct sizes s = {1, 8, 2, 0, 0, 0};

    for (int i = 0; i < w->net->count; i++) {
        const struct eo_network_layer *l = &w->net->layer[i];

        s.channels = most(s.channels, (size_t)l->map.c);
        s.has_pool |= l->pooling != EO_NO_POOLING;
        s.has_add |= l->add != EO_NETWORK_NONE;
        if (l->operation == EO_DEPTHWISE) {
            s.has_depthwise = 1;
            s.taps = most(s.taps, taps_of(l));
        } else {
            s.terms = most(s.terms, stride_of(l));
        }
    }
    return s;
}

static const char *pooling_of(const struct eo_network_layer *l)
{
    return l->pooling == EO_NO_POOLING ? "NET_NO_POOLING"
           : l->pooling == EO_MAX_POOL ? "NET_MAX"
                                       : "NET_AVERAGE";
}

static void put_pooling(struct list *w, int i)
{
    const struct eo_network_layer *l = &w->net->layer[i];
    const struct eo_s8_layer *q = &w->numbers.layer[i];
    int is_mean = l->pooling == EO_MEAN;
    struct eo_hw window = is_mean ? (struct eo_hw){l->map.h, l->map.w} : l->window;
    struct eo_hw step = is_mean ? (struct eo_hw){0, 0} : l->step;

    eo_buf_printf(&w->to->part[EO_EXPORT_TABLES], ",\n     %s, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d",
                  pooling_of(l), shift_of(q->average), l->out.h, l->out.w, window.h, window.w, step.h, step.w,
                  q->out.zero, q->out.low, q->out.high, q->average.multiplier);
}

static void put_add(struct list *w, int i)
{
    const struct eo_network_layer *l = &w->net->layer[i];
    const struct eo_s8_layer *q = &w->numbers.layer[i];
    int is_added = l->add != EO_NETWORK_NONE, zero = 0;

    if (is_added)
        zero = eo_model_grid(w->to->model, eo_network_output_tensor(l->add)).zero_point;
    eo_buf_printf(&w->to->part[EO_EXPORT_TABLES], ",\n     %d, %d, %d, %d",
                  is_added ? eo_export_plan_place(&w->plan, l->add) : -1, q->add.multiplier, zero,
                  shift_of(q->add));
}

/* In the order of struct net_layer. */
static void put_layer(struct list *w, int i, const struct sizes *s)
{
    const struct eo_network_layer *l = &w->net->layer[i];
    const struct eo_s8_layer *q = &w->numbers.layer[i];
    struct eo_hw kernel = l->operation == EO_LINEAR ? (struct eo_hw){l->in.h, l->in.w} : l->kernel;
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];

    eo_buf_printf(out, "    /* %s */\n    {%d, %d, %zu, %zu, %zu, ", l->name,
                  eo_export_plan_place(&w->plan, l->from), w->plan.out[i], w->tables.weight_at[i],
                  w->tables.channel_at[i], stride_of(l));
    eo_buf_printf(out, "%d, %d, %d, %d, %d, %d, ", l->in.h, l->in.w, l->in.c, l->map.h, l->map.w, l->map.c);
    eo_buf_printf(out, "%d, %d, %d, %d, %d, %d,\n     ", kernel.h, kernel.w, l->stride.h, l->stride.w,
                  l->pad.top, l->pad.left);
    eo_buf_printf(out, "%d, %d, %d, %d, %d", q->zero_point, q->map.zero, q->map.low, q->map.high,
                  w->plan.is_backward[i]);
    if (s->has_depthwise)
        eo_buf_printf(out, ", %d", l->operation == EO_DEPTHWISE);
    if (s->has_pool)
        put_pooling(w, i);
    if (s->has_add)
        put_add(w, i);
    eo_buf_puts(out, "},\n");
}

static void put_layers(struct list *w)
{
    struct eo_buf *out = &w->to->part[EO_EXPORT_TABLES];
    struct sizes s = sizes_of(w);

    eo_buf_printf(out, "\nstatic const struct net_layer net_layers[NET_LAYERS] NET_CONST = {\n");
    for (int i = 0; i < w->net->count; i++)
        put_layer(w, i, &s);
    eo_buf_puts(out, "};\n");
}

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/* How many channels each path takes at a time. */
static size_t channels_of(const struct sizes *s, int path)
{
    return round_up(s->channels, path == 2 ? 8 : path == 1 ? 4 : 2);
}

static size_t state_of(const struct list *w, const struct sizes *s, int path)
{
    size_t behind = path == 2 ? 16 : 8, channels = channels_of(s, path);
    size_t bytes = (size_t)w->plan.bytes + behind + 2 * (s->terms + behind);

    bytes += s->has_depthwise ? channels + behind : 0;
    bytes += s->has_pool ? channels : 0;
    bytes = round_up(bytes, 4) + (s->has_pool ? 4 * channels : 0);
    return bytes + (path == 1 ? 4 * s->terms : 0) + 8 * channels;
}

static void put_state(struct list *w)
{
    static const char *const branch[] = {"#else", "#elif NET_PATH == 1", "#if NET_PATH == 2"};
    struct eo_buf *out = &w->to->part[EO_EXPORT_STATE], *limits = &w->to->part[EO_EXPORT_LIMITS];
    struct sizes s = sizes_of(w);

    for (int path = 2; path >= 0; path--)
        eo_buf_printf(out, "%s\n#define NET_STATE_BYTES %zu\n", branch[path], state_of(w, &s, path));
    eo_buf_printf(out,
                  "#endif\n#define NET_STATE_ALIGN 4\n"
                  "#define NET_CONST_BYTES %zu /* read-only, without the self-test */\n\n",
                  256 * (size_t)w->numbers.tables + w->tables.weights + 9 * w->tables.channels +
                      (56 + 24 * s.has_pool + 12 * s.has_add) * (size_t)w->net->count);
    eo_export_put_stack(EO_STACK_NETWORK, s.has_depthwise ? s.taps * 4 : 0, out);
    eo_buf_printf(
        limits,
        "#define NET_LAYERS %d\n#define NET_CHANNELS (NET_PATH == 2 ? %zu : NET_PATH == 1 ? %zu : "
        "%zu)\n#define NET_TERMS %zu\n#define NET_TAPS %zu\n"
        "#define NET_ARENA %d\n#define NET_INPUT %d\n#define NET_INPUT_CHANNELS %d\n"
        "#define NET_BEHIND (NET_PATH == 2 ? 16 : 8)\n#define NET_MOST %d /* the largest activation */\n",
        w->net->count, channels_of(&s, 2), channels_of(&s, 1), channels_of(&s, 0), s.terms, s.taps,
        w->plan.bytes, w->plan.input, w->net->input.c, w->numbers.qmax);
    eo_export_flag(w->to, "tables", w->numbers.tables > 1);
    eo_export_flag(w->to, "pooled", s.has_pool != 0);
    eo_export_flag(w->to, "depthwise", s.has_depthwise != 0);
    eo_export_flag(w->to, "add", s.has_add != 0);
}

/* Factors from 1/4 on: their shifts are below 33. In averages; and in sums, where vectors have no way for them. */
static void put_flags(struct list *w)
{
    int wide_sums = 0, wide_averages = 0;

    for (int i = 0; i + 1 < w->net->count; i++) {
        const struct eo_s8_layer *q = &w->numbers.layer[i];

        for (int o = 0; o < w->net->layer[i].map.c; o++)
            wide_sums |= shift_of(q->factor[o]) < 0;
        wide_sums |= shift_of(q->add) < 0;
        wide_averages |= shift_of(q->average) < 0;
    }
    eo_export_flag(w->to, "wide", wide_sums || wide_averages);
    eo_export_flag(w->to, "narrow", w->numbers.qmax <= 127 && !wide_sums);
}

static int put(struct list *w, struct eo_err *err)
{
    char scale[EO_NUM_TEXT];

    if (eo_s8_network_init(&w->numbers, w->to->model, err))
        return -1;
    eo_export_plan_make(&w->plan, w->net);
    if (lay_tables(w, err))
        return -1;
    put_tables(w);
    put_layers(w);
    put_state(w);
    put_flags(w);
    eo_export_flag(w->to, "int8", 1);
    eo_num_format_double(w->numbers.score_scale, scale);
    eo_buf_printf(&w->to->part[EO_EXPORT_SIZES], "#define NET_SCORE_SCALE %s /* logit = score * scale */\n",
                  scale);
    return 0;
}

int eo_export_network(struct eo_export_writer *to, struct eo_err *err)
{
    struct list *w = eo_alloc(1, sizeof(*w), err);
    int rc;

    if (!w)
        return -1;
    w->to = to;
    w->net = &to->model->network;
    rc = put(w, err);
    eo_s8_network_release(&w->numbers);
    free(w->tables.weight);
    free(w->tables.shift);
    free(w->tables.bias);
    free(w->tables.multiplier);
    free(w);
    return rc;
}
