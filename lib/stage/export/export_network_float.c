#include "stage/export/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/export/export_list.h"
#include "stage/export/table.h"

/* Numbers as the model file has them: floats, or the 16 bits of each half. */
struct floats {
    struct eo_export_list list;
    int is_half;
    size_t size; /* of a number */
    char *weight, *bias;
    size_t weights, biases;
};

/* Those of a depthwise layer tap by tap, all channels together; of others as they are. */
static void lay_weights(const struct floats *w, int i)
{
    const struct eo_network_layer *l = &w->list.net->layer[i];
    const char *from = (const char *)w->list.to->model->layer[i].weight.f32;
    char *to = w->weight + w->list.weight_at[i] * w->size;
    size_t channels = (size_t)l->map.c, taps = eo_network_terms(l);

    if (l->operation != EO_DEPTHWISE) {
        memcpy(to, from, eo_network_weights(l) * w->size);
        return;
    }
    for (size_t c = 0; c < channels; c++) {
        for (size_t t = 0; t < taps; t++, from += w->size)
            memcpy(to + (t * channels + c) * w->size, from, w->size);
    }
}

static int lay_tables(struct floats *w, struct eo_err *err)
{
    const struct eo_network *net = w->list.net;

    for (int i = 0; i < net->count; i++) {
        w->list.weight_at[i] = w->weights;
        w->list.channel_at[i] = w->biases;
        w->list.terms[i] = eo_network_terms(&net->layer[i]);
        w->weights += eo_network_weights(&net->layer[i]);
        w->biases += (size_t)net->layer[i].map.c;
    }
    w->weight = eo_alloc(w->weights, w->size, err);
    w->bias = eo_alloc(w->biases, w->size, err);
    if (!w->weight || !w->bias)
        return -1;
    for (int i = 0; i < net->count; i++) {
        lay_weights(w, i);
        memcpy(w->bias + w->list.channel_at[i] * w->size, w->list.to->model->layer[i].bias.f32,
               (size_t)net->layer[i].map.c * w->size);
    }
    return 0;
}

static void put_tables(struct floats *w)
{
    struct eo_export_writer *to = w->list.to;
    uint32_t sum = eo_export_put_floats(to, "net_weight", w->weight, w->weights);

    sum += eo_export_put_floats(to, "net_bias", w->bias, w->biases);
    eo_buf_printf(&to->part[EO_EXPORT_TABLES], "#define NET_SUM %" PRIu32 "u\n", sum);
}

/* Whether sums of the layer read a copy of its input, rather than where it lies. */
static int has_patch(const struct floats *w, const struct eo_network_layer *l)
{
    int is_inside =
        l->kernel.h * l->kernel.w == 1 && !l->pad.top && !l->pad.left && !l->pad.bottom && !l->pad.right;

    return l->operation == EO_CONV && (w->is_half || !is_inside);
}

/* What struct net_state of text/network_float.c takes. The last layer's sums are the scores. */
static void put_state(struct floats *w)
{
    struct eo_export_writer *to = w->list.to;
    size_t channels = 2, terms = 1, border = 0, bytes;

    for (int i = 0; i + 1 < w->list.net->count; i++) {
        const struct eo_network_layer *l = &w->list.net->layer[i];

        channels = eo_export_most(channels, eo_export_round_up((size_t)l->map.c, 2));
        terms = has_patch(w, l) ? eo_export_most(terms, eo_network_terms(l)) : terms;
        border = l->operation == EO_DEPTHWISE ? eo_export_most(border, (size_t)l->map.c) : border;
    }
    bytes = 4 * (2 * channels + 2 * terms + (w->list.has_pool ? 2 * channels : 0));
    bytes += w->size * (border + (size_t)w->list.plan.bytes);
    for (int path = 0; path < EO_EXPORT_PATHS; path++)
        to->memory[path] = (struct eo_export_memory){bytes, w->size * (w->weights + w->biases) +
                                                                eo_export_list_bytes(&w->list)};
    eo_buf_printf(&to->part[EO_EXPORT_STATE],
                  "#define NET_STATE_BYTES %zu\n#define NET_STATE_ALIGN 4\n"
                  "#define NET_CONST_BYTES %zu /* read-only, without the self-test */\n\n",
                  to->memory[0].state_bytes, to->memory[0].const_bytes);
    to->stack = (struct eo_stack_need){w->is_half ? EO_STACK_NETWORK_FP16 : EO_STACK_NETWORK_FP32,
                                       w->list.has_depthwise ? w->list.taps * 4 : 0};
    eo_stack_put(to->stack, &to->part[EO_EXPORT_STATE]);
    eo_buf_printf(&to->part[EO_EXPORT_LIMITS], "#define NET_CHANNELS %zu\n#define NET_TERMS %zu\n", channels,
                  terms);
    if (border)
        eo_buf_printf(&to->part[EO_EXPORT_LIMITS], "#define NET_BORDER %zu\n", border);
}

static int put(struct floats *w, struct eo_err *err)
{
    if (eo_export_put_float_input(w->list.to, err) || lay_tables(w, err))
        return -1;
    put_tables(w);
    eo_export_list_put(&w->list);
    put_state(w);
    return 0;
}

int eo_export_network_float(struct eo_export_writer *to, struct eo_err *err)
{
    struct floats *w = eo_alloc(1, sizeof(*w), err);
    int rc;

    if (!w)
        return -1;
    eo_export_list_begin(&w->list, to);
    w->is_half = to->model->precision == EO_FP16;
    w->size = w->is_half ? sizeof(uint16_t) : sizeof(float);
    rc = put(w, err);
    free(w->weight);
    free(w->bias);
    free(w);
    return rc;
}
