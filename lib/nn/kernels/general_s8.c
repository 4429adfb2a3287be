#include "nn/kernels/general_s8.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- the packed model ---------------------------------------------------------------------------------------- */

static int groups_of(int channels)
{
    return (channels + 3) / 4;
}

static size_t taps_of(const struct eo_gs8_layer *l)
{
    return (size_t)l->shape.kernel.h * (size_t)l->shape.kernel.w;
}

/* Memory in two passes: without a base it only measures. */
static void *take(char *base, size_t *used, size_t bytes)
{
    void *p = base ? base + *used : NULL;

    *used = eo_size_round_up(*used + bytes, EO_ALIGN);
    return p;
}

static void place_layer(struct eo_gs8_layer *l, enum eo_s8_words kind, char *base, size_t *used)
{
    size_t outputs = 4 * (size_t)l->groups_out, taps = taps_of(l);

    l->words = take(base, used, outputs * (size_t)l->groups_in * taps * (kind == EO_S8_WORDS_S8 ? 4 : 8));
    l->bias = take(base, used, outputs * sizeof(int32_t));
    l->whole = take(base, used, outputs * sizeof(int32_t));
    l->sums = take(base, used, outputs * taps * sizeof(int32_t));
    l->factor = take(base, used, outputs * sizeof(struct eo_s8_factor));
}

/* The four weights of output o that meet group g at tap t; zeros beyond the channels. */
static void word_of(const struct eo_gs8_layer *l, const int8_t *weight, int o, int g, size_t t, int8_t w[4])
{
    size_t taps = taps_of(l);

    memset(w, 0, 4);
    if (l->shape.operation == EO_DEPTHWISE) {
        w[o % 4] = weight[(size_t)o * taps + t];
        return;
    }
    for (int k = 0; k < 4 && 4 * g + k < l->shape.in.c; k++)
        w[k] = weight[((size_t)o * (size_t)l->shape.in.c + (size_t)(4 * g + k)) * taps + t];
}

static void pack_output(struct eo_gs8_layer *l, enum eo_s8_words kind, const int8_t *weight, int o,
                        int32_t zero_point)
{
    size_t taps = taps_of(l), out = (size_t)o % 4;

    l->whole[o] = l->bias[o];
    for (size_t t = 0; t < taps; t++) {
        int32_t *sum = &l->sums[((size_t)(o / 4) * taps + t) * 4 + out];

        for (int g = 0; g < l->groups_in; g++) {
            int8_t w[4];

            word_of(l, weight, o, g, t, w);
            eo_s8_put_word(kind, l->words,
                           (((size_t)(o / 4) * (size_t)l->groups_in + (size_t)g) * taps + t) * 4 + out, w);
            *sum += zero_point * (w[0] + w[1] + w[2] + w[3]);
        }
        l->whole[o] -= *sum;
    }
}

static void pack_layer(struct eo_gs8_net *net, const struct eo_model *m, int i)
{
    struct eo_gs8_layer *l = &net->layer[i];
    const struct eo_s8_layer *q = &net->s8.layer[i];

    for (int o = 0; o < l->shape.map.c; o++) {
        l->bias[o] = m->layer[i].bias.s32[o];
        l->factor[o] = eo_s8_factor_make(q->factor[o]);
        pack_output(l, net->kernels->words, m->layer[i].weight.s8, o, q->zero_point);
    }
    if (l->shape.add != EO_NETWORK_NONE) {
        /* The 256 of the definition is taken out of the shift, which is at least 31. */
        l->added = eo_s8_factor_make(q->add);
        l->added.round >>= 8;
        l->added.shift -= 8;
        l->added_zero = eo_model_grid(m, eo_network_output_tensor(l->shape.add)).zero_point;
    }
}

static void shape_layer(struct eo_gs8_layer *l, const struct eo_network_layer *from)
{
    l->shape = *from;
    if (from->operation == EO_LINEAR)
        l->shape.kernel = (struct eo_hw){from->in.h, from->in.w};
    l->groups_in = from->operation == EO_DEPTHWISE ? 1 : groups_of(from->in.c);
    l->groups_out = groups_of(from->map.c);
}

/* ---- buffers ------------------------------------------------------------------------------------------------- */

/* The same network with whole groups of channels, for its places. */
static void round_channels(struct eo_network *net)
{
    net->input.c = 4 * groups_of(net->input.c);
    for (int i = 0; i < net->count; i++) {
        net->layer[i].map.c = 4 * groups_of(net->layer[i].map.c);
        net->layer[i].out.c = 4 * groups_of(net->layer[i].out.c);
    }
}

static int place_work(struct eo_gs8_net *net, struct eo_err *err)
{
    struct eo_network_places *places = eo_alloc(1, sizeof(*places), err);
    struct eo_network *whole = places ? eo_alloc(1, sizeof(*whole), err) : NULL;
    size_t lanes = (size_t)net->kernels->lanes;

    if (whole) {
        *whole = net->network;
        round_channels(whole);
        eo_network_place(whole, places);
        for (int i = 0; i < net->network.count; i++) {
            struct eo_gs8_layer *l = &net->layer[i];

            l->in = l->shape.from < 0 ? 0 : places->out[l->shape.from] * lanes;
            l->added_at = l->shape.add < 0 ? 0 : places->out[l->shape.add] * lanes;
            l->map = places->map[i] * lanes;
            l->out = places->out[i] * lanes;
        }
        net->work_bytes = places->elements * lanes;
        net->work = eo_alloc(net->work_bytes, 1, err);
    }
    free(places);
    free(whole);
    return net->work ? 0 : -1;
}

/* ---- the engine's table -------------------------------------------------------------------------------------- */

void eo_gs8_release(void *state)
{
    struct eo_gs8_net *net = state;

    eo_s8_network_release(&net->s8);
    free(net->memory);
    free(net->work);
    free(net);
}

static size_t place_layers(struct eo_gs8_net *net, char *base)
{
    size_t used = 0;

    for (int i = 0; i < net->network.count; i++)
        place_layer(&net->layer[i], net->kernels->words, base, &used);
    return used;
}

static int prepare(struct eo_gs8_net *net, const struct eo_model *m, struct eo_err *err)
{
    if (eo_s8_network_init(&net->s8, m, err))
        return -1;
    for (int i = 0; i < net->network.count; i++)
        shape_layer(&net->layer[i], &net->network.layer[i]);
    net->memory = eo_alloc(place_layers(net, NULL), 1, err);
    if (!net->memory)
        return -1;
    place_layers(net, net->memory);
    for (int i = 0; i < net->network.count; i++)
        pack_layer(net, m, i);
    return place_work(net, err);
}

void *eo_gs8_prepare(const struct eo_model *m, const struct eo_gs8_kernels *kernels, struct eo_err *err)
{
    struct eo_gs8_net *net = eo_alloc(1, sizeof(*net), err);

    if (!net)
        return NULL;
    net->kernels = kernels;
    net->network = m->network;
    if (prepare(net, m, err)) {
        eo_gs8_release(net);
        return NULL;
    }
    return net;
}

/* The network's input lies at the beginning of `work`. Lanes beyond n repeat the last input. */
static void load_input(const struct eo_gs8_net *net, const uint8_t *pixels, int n)
{
    size_t lanes = (size_t)net->kernels->lanes;
    size_t plane = (size_t)net->network.input.h * (size_t)net->network.input.w;
    size_t elements = eo_dims_elements(net->network.input);

    for (size_t c = 0; c < (size_t)net->network.input.c; c++) {
        const uint8_t *table = net->s8.input_table[net->s8.tables > 1 ? c : 0];
        uint8_t *to = net->work + c / 4 * plane * lanes * 4 + c % 4;

        for (size_t lane = 0; lane < lanes; lane++) {
            const uint8_t *from = pixels + (lane < (size_t)n ? lane : (size_t)n - 1) * elements + c * plane;

            for (size_t p = 0; p < plane; p++)
                to[(p * lanes + lane) * 4] = table[from[p]];
        }
    }
}

static void run_group(const struct eo_gs8_net *net, const uint8_t *pixels, int n, union eo_score *scores)
{
    for (int l = 0; l < net->network.count; l++) {
        eo_mark(&net->marker, l);
        if (l == 0)
            load_input(net, pixels, n);
        net->kernels->layer(net, l, n, scores);
    }
}

void eo_gs8_run(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    const struct eo_gs8_net *net = state;
    size_t elements = eo_dims_elements(net->network.input);
    size_t classes = (size_t)eo_network_classes(&net->network);
    int lanes = net->kernels->lanes;

    for (; n > 0; n -= lanes, pixels += (size_t)lanes * elements, scores += (size_t)lanes * classes)
        run_group(net, pixels, n < lanes ? n : lanes, scores);
}

size_t eo_gs8_workspace(const void *state)
{
    return ((const struct eo_gs8_net *)state)->work_bytes;
}

void eo_gs8_set_marker(void *state, struct eo_marker marker)
{
    ((struct eo_gs8_net *)state)->marker = marker;
}
