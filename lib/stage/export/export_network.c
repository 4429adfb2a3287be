#include "stage/export/writer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "stage/export/export_list.h"
#include "stage/export/numbers.h"
#include "stage/export/table.h"

/* The numbers of all layers, one table each. */
struct tables {
    int8_t *weight, *shift;
    int32_t *bias, *multiplier;
    /* Weights of 4 bits, eight in a word. Before they are packed, they lie behind the others in `weight`. */
    uint32_t *packed;
    size_t weights, packed_weights, channels; /* `weights` with the packed ones */
};

struct integers {
    struct eo_export_list list;
    struct eo_s8_network numbers;
    struct tables tables;
};

/* From one sum's weights to the next, which are taken eight at a time; of a depthwise layer, from one tap's. */
static size_t stride_of(const struct eo_network_layer *l)
{
    return eo_export_round_up(l->operation == EO_DEPTHWISE ? (size_t)l->map.c : eo_network_terms(l), 8);
}

static size_t weights_of(const struct eo_network_layer *l)
{
    return stride_of(l) *
           (l->operation == EO_DEPTHWISE ? eo_network_terms(l) : eo_export_round_up((size_t)l->map.c, 4));
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

static int is_packed(const struct integers *w, int layer)
{
    return w->list.to->model->layer[layer].weight_bits == 4;
}

static void lay_layer(struct integers *w, int i)
{
    const struct eo_network_layer *l = &w->list.net->layer[i];
    const struct eo_model_layer *m = &w->list.to->model->layer[i];
    const struct eo_s8_layer *q = &w->numbers.layer[i];
    struct tables *t = &w->tables;

    lay_weights(l, m->weight.s8, t->weight + w->list.weight_at[i]);
    for (size_t o = 0; o < (size_t)l->map.c; o++) {
        size_t at = w->list.channel_at[i] + o;

        t->bias[at] = bias_of(l, m->weight.s8, m->bias.s32[o], q->zero_point, o);
        t->multiplier[at] = q->factor[o].multiplier;
        t->shift[at] = (int8_t)eo_export_shift(q->factor[o]);
    }
}

/* All numbers of weights that are laid together are multiples of eight. */
static int pack_weights(struct integers *w, struct eo_err *err)
{
    struct tables *t = &w->tables;
    size_t first = t->weights - t->packed_weights;

    t->packed = eo_alloc(t->packed_weights / 8, sizeof(*t->packed), err);
    if (!t->packed)
        return -1;
    eo_numbers_pack(t->weight + first, 1, t->packed_weights, t->packed);
    for (int i = 0; i < w->list.net->count; i++) {
        if (is_packed(w, i))
            w->list.weight_at[i] = (w->list.weight_at[i] - first) / 8;
    }
    return 0;
}

/* Where the weights begin of the layers that are packed, or of those that are not, behind those that have a place. */
static void place_weights(struct integers *w, int packed)
{
    struct tables *t = &w->tables;

    for (int i = 0; i < w->list.net->count; i++) {
        size_t n = weights_of(&w->list.net->layer[i]);

        if (is_packed(w, i) != packed)
            continue;
        w->list.weight_at[i] = t->weights;
        t->weights += n;
        t->packed_weights += packed ? n : 0;
    }
}

static int lay_tables(struct integers *w, struct eo_err *err)
{
    const struct eo_network *net = w->list.net;
    struct tables *t = &w->tables;

    place_weights(w, 0);
    place_weights(w, 1);
    for (int i = 0; i < net->count; i++) {
        w->list.channel_at[i] = t->channels;
        w->list.terms[i] = stride_of(&net->layer[i]);
        t->channels += eo_export_round_up((size_t)net->layer[i].map.c, 8);
    }
    w->list.is_mixed = t->packed_weights > 0 && t->packed_weights < t->weights;
    t->weight = eo_alloc(t->weights, 1, err);
    t->shift = eo_alloc(t->channels, 1, err);
    t->bias = eo_alloc(t->channels, sizeof(int32_t), err);
    t->multiplier = eo_alloc(t->channels, sizeof(int32_t), err);
    if (!t->weight || !t->shift || !t->bias || !t->multiplier)
        return -1;
    for (int i = 0; i < net->count; i++)
        lay_layer(w, i);
    return t->packed_weights ? pack_weights(w, err) : 0;
}

static void put_tables(struct integers *w)
{
    struct eo_buf *out = &w->list.to->part[EO_EXPORT_TABLES];
    const struct tables *t = &w->tables;
    uint32_t sum = eo_table_u8(out, "net_input", w->numbers.input_table[0], 256 * (size_t)w->numbers.tables);

    if (t->weights > t->packed_weights)
        sum += eo_table_s8(out, "net_weight", t->weight, t->weights - t->packed_weights);
    if (t->packed)
        sum += eo_table_u32(out, w->list.is_mixed ? "net_packed" : "net_weight", t->packed,
                            t->packed_weights / 8);
    sum += eo_table_s32(out, "net_bias", t->bias, t->channels);
    sum += eo_table_s32(out, "net_multiplier", t->multiplier, t->channels);
    sum += eo_table_s8(out, "net_shift", t->shift, t->channels);
    eo_buf_printf(out, "#define NET_SUM %" PRIu32 "u\n", sum);
}

/* What struct net_state of text/network.c is made of, for each NET_PATH; `behind` may be read behind what is wanted. */
struct sizes {
    size_t channels, terms, pairs;
    size_t unpacked, unpacked_depthwise; /* weights of 4 bits: of two channels, and of a depthwise layer */
};

static struct sizes sizes_of(const struct integers *w)
{
    struct sizes s = {1, 8, 8, 16, 0};

    for (int i = 0; i < w->list.net->count; i++) {
        const struct eo_network_layer *l = &w->list.net->layer[i];

        s.channels = eo_export_most(s.channels, (size_t)l->map.c);
        if (l->operation != EO_DEPTHWISE) {
            s.terms = eo_export_most(s.terms, stride_of(l));
            s.unpacked = is_packed(w, i) ? eo_export_most(s.unpacked, 2 * stride_of(l)) : s.unpacked;
            continue;
        }
        if (is_packed(w, i))
            s.unpacked_depthwise = eo_export_most(s.unpacked_depthwise, weights_of(l));
        s.pairs = eo_export_most(s.pairs, eo_export_round_up((size_t)l->map.c, 4) / 2 *
                                              eo_export_round_up(eo_network_terms(l), 3));
    }
    s.pairs = eo_export_most(s.pairs, s.terms);
    return s;
}

/* How many weights of 4 bits are unpacked at a time. Path 1 unpacks those of a depthwise layer to pairs. */
static size_t unpacked_of(const struct sizes *s, int path)
{
    return path == 1 ? s->unpacked : eo_export_most(s->unpacked, s->unpacked_depthwise);
}

/* How many channels each path takes at a time. */
static size_t channels_of(const struct sizes *s, int path)
{
    return eo_export_round_up(s->channels, path == 2 ? 16 : path == 1 ? 4 : 2);
}

static size_t state_of(const struct integers *w, const struct sizes *s, int path)
{
    size_t behind = path == 2 ? 16 : 8, channels = channels_of(s, path);
    size_t bytes = (size_t)w->list.plan.bytes + behind + 2 * (s->terms + behind);

    bytes += w->tables.packed ? unpacked_of(s, path) + behind : 0;
    bytes += w->list.has_depthwise ? channels + behind : 0;
    bytes += w->list.has_pool ? channels : 0;
    bytes = eo_export_round_up(bytes, 4) + (w->list.has_pool ? 4 * channels : 0);
    return bytes + (path == 1 ? 4 * s->pairs : 0) + 8 * channels;
}

static void put_state(struct integers *w)
{
    static const char *const branch[] = {"#else", "#elif NET_PATH == 1", "#if NET_PATH == 2"};
    struct eo_buf *out = &w->list.to->part[EO_EXPORT_STATE], *limits = &w->list.to->part[EO_EXPORT_LIMITS];
    struct sizes s = sizes_of(w);
    size_t weights = w->tables.weights - w->tables.packed_weights / 2;
    size_t constants =
        256 * (size_t)w->numbers.tables + weights + 9 * w->tables.channels + eo_export_list_bytes(&w->list);

    for (int path = 2; path >= 0; path--) {
        w->list.to->memory[path] = (struct eo_export_memory){state_of(w, &s, path), constants};
        eo_buf_printf(out, "%s\n#define NET_STATE_BYTES %zu\n", branch[path],
                      w->list.to->memory[path].state_bytes);
    }
    eo_buf_printf(out,
                  "#endif\n#define NET_STATE_ALIGN 4\n"
                  "#define NET_CONST_BYTES %zu /* read-only, without the self-test */\n\n",
                  constants);
    w->list.to->stack = (struct eo_stack_need){w->list.is_mixed ? EO_STACK_NETWORK_MIXED : EO_STACK_NETWORK,
                                               w->list.has_depthwise ? w->list.taps * 4 : 0};
    eo_stack_put(w->list.to->stack, out);
    eo_buf_printf(
        limits,
        "#define NET_CHANNELS (NET_PATH == 2 ? %zu : NET_PATH == 1 ? %zu : %zu)\n#define NET_TERMS %zu\n"
        "#define NET_PAIRS %zu\n"
        "#define NET_BEHIND (NET_PATH == 2 ? 16 : 8)\n#define NET_MOST %d /* the largest activation */\n",
        channels_of(&s, 2), channels_of(&s, 1), channels_of(&s, 0), s.terms, s.pairs, w->numbers.qmax);
    if (w->tables.packed)
        eo_buf_printf(limits, "#define NET_UNPACKED (NET_PATH == 1 ? %zu : %zu)\n", unpacked_of(&s, 1),
                      unpacked_of(&s, 0));
}

/* Factors from 1/4 on: their shifts are below 33. In averages; and in sums, where vectors have no way for them. */
static void put_flags(struct integers *w)
{
    const struct eo_network *net = w->list.net;
    int wide_sums = 0, wide_averages = 0;

    for (int i = 0; i + 1 < net->count; i++) {
        const struct eo_s8_layer *q = &w->numbers.layer[i];

        for (int o = 0; o < net->layer[i].map.c; o++)
            wide_sums |= eo_export_shift(q->factor[o]) < 0;
        wide_sums |= eo_export_shift(q->add) < 0;
        wide_averages |= eo_export_shift(q->average) < 0;
    }
    eo_export_flag(w->list.to, "wide", wide_sums || wide_averages);
    eo_export_flag(w->list.to, "narrow", w->numbers.qmax <= 127 && !wide_sums);
    eo_export_flag(w->list.to, "tables", w->numbers.tables > 1);
    eo_export_flag(w->list.to, "int8", 1);
    eo_export_flag(w->list.to, "packed", w->tables.packed != NULL);
    eo_export_flag(w->list.to, "packed_classes", 1); /* of SmallCNN alone */
    eo_export_flag(w->list.to, "mixed", w->list.is_mixed);
}

static int put(struct integers *w, struct eo_err *err)
{
    char scale[EO_NUM_TEXT];

    if (eo_s8_network_init(&w->numbers, w->list.to->model, err))
        return -1;
    w->list.numbers = &w->numbers;
    if (lay_tables(w, err))
        return -1;
    put_tables(w);
    eo_export_list_put(&w->list);
    put_state(w);
    put_flags(w);
    eo_num_format_double(w->numbers.score_scale, scale);
    eo_buf_printf(&w->list.to->part[EO_EXPORT_SIZES],
                  "#define NET_SCORE_SCALE %s /* logit = score * scale */\n", scale);
    return 0;
}

int eo_export_network(struct eo_export_writer *to, struct eo_err *err)
{
    struct integers *w = eo_alloc(1, sizeof(*w), err);
    int rc;

    if (!w)
        return -1;
    eo_export_list_begin(&w->list, to);
    rc = put(w, err);
    eo_s8_network_release(&w->numbers);
    free(w->tables.weight);
    free(w->tables.packed);
    free(w->tables.shift);
    free(w->tables.bias);
    free(w->tables.multiplier);
    free(w);
    return rc;
}
