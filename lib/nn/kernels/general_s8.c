#include "nn/kernels/general_s8.h"

#include <stdlib.h>
#include <string.h>

/* ---- the packed model ---------------------------------------------------------------------------------------- */

static int ceil_div(int n, int by)
{
    return (n + by - 1) / by;
}

/* Memory in two passes: without a base it only measures. */
static void *take(char *base, size_t *used, size_t bytes)
{
    void *p = base ? base + *used : NULL;

    *used = eo_size_round_up(*used + bytes, EO_ALIGN);
    return p;
}

static void place_layer(struct eo_gs8_layer *l, const struct eo_gs8_kernels *kernels, char *base, size_t *used)
{
    size_t outputs = (size_t)l->vectors * (size_t)kernels->lanes;

    l->weights = take(base, used, outputs * (size_t)l->terms * (kernels->words == EO_S8_WORDS_S8 ? 4 : 8));
    l->bias = take(base, used, outputs * sizeof(*l->bias));
    l->factors = take(base, used, 3 * outputs * sizeof(*l->factors));
}

/* Byte k of word `term` of an output is the weight of this channel and tap; -1 where it has none. */
static long weight_at(const struct eo_gs8_layer *l, int term, int k)
{
    const struct eo_network_layer *n = &l->shape;
    int in_plane = n->kernel.h * l->taps * l->words, plane = term / in_plane, channel, kh, kw;

    term %= in_plane;
    if (n->operation == EO_DEPTHWISE) {
        channel = 0;
        kh = term / l->words;
        kw = term % l->words * 4 + k;
    } else if (l->pixel != EO_GS8_PLANE) {
        int byte = term % l->words * 4 + k;

        channel = byte % n->in.c;
        kh = term / l->words;
        kw = byte / n->in.c;
    } else {
        int words = plane + 1 < l->planes ? l->words : l->last_words;

        channel = plane * EO_GS8_PLANE + term % words * 4 + k;
        kh = term / words / l->taps;
        kw = term / words % l->taps;
        if (channel >= n->in.c)
            return -1;
    }
    return kw < n->kernel.w ? ((long)channel * n->kernel.h + kh) * n->kernel.w + kw : -1;
}

static void pack_output(struct eo_gs8_layer *l, const struct eo_gs8_kernels *kernels, const int8_t *weight, int o,
                        int32_t zero_point)
{
    for (int term = 0; term < l->terms; term++) {
        int8_t w[4] = {0};

        for (int k = 0; k < 4; k++) {
            long at = weight_at(l, term, k);

            w[k] = at < 0 ? 0 : weight[at];
            l->bias[o] -= zero_point * w[k];
        }
        eo_s8_put_lane(kernels->words, kernels->lanes, l->weights,
                       (size_t)(o / kernels->lanes) * (size_t)l->terms + (size_t)term, o % kernels->lanes, w);
    }
}

static void pack_factors(struct eo_gs8_layer *l, const struct eo_requant *factor, int lanes)
{
    struct eo_s8_factor of_lane[EO_GS8_PLANE];

    for (int v = 0; v < l->vectors; v++) {
        for (int i = 0; i < lanes; i++) {
            int o = v * lanes + i;

            of_lane[i] = eo_s8_factor_make(o < l->shape.map.c ? factor[o] : (struct eo_requant){0, 31});
        }
        eo_s8_lane_factors(of_lane, lanes, l->factors + (size_t)v * 3 * (size_t)lanes);
    }
}

static void pack_layer(struct eo_gs8_net *net, const struct eo_model *m, int i)
{
    struct eo_gs8_layer *l = &net->layer[i];
    const struct eo_s8_layer *q = &net->s8.layer[i];
    size_t weights = eo_network_terms(&net->network.layer[i]);

    for (int o = 0; o < l->shape.map.c; o++) {
        l->bias[o] = m->layer[i].bias.s32[o];
        pack_output(l, net->kernels, m->layer[i].weight.s8 + (size_t)o * weights, o, q->zero_point);
    }
    pack_factors(l, q->factor, net->kernels->lanes);
    if (eo_network_averaged(&l->shape))
        l->average = eo_s8_factor_make(q->average);
    if (l->shape.add != EO_NETWORK_NONE) {
        /* The 256 of the definition is taken out of the shift, which is at least 31. */
        l->added = eo_s8_factor_make(q->add);
        l->added.round >>= 8;
        l->added.shift -= 8;
        l->added_zero = eo_model_grid(m, eo_network_output_tensor(l->shape.add)).zero_point;
    }
}

static void shape_layer(const struct eo_gs8_net *net, struct eo_gs8_layer *l, const struct eo_network_layer *from)
{
    l->shape = *from;
    if (from->operation == EO_LINEAR)
        l->shape.kernel = (struct eo_hw){from->in.h, from->in.w};
    l->pixel = from->from == EO_NETWORK_INPUT ? net->input_pixel : EO_GS8_PLANE;
    l->vectors = ceil_div(from->map.c, net->kernels->lanes);
    if (from->operation == EO_DEPTHWISE || l->pixel != EO_GS8_PLANE) {
        l->planes = l->taps = 1;
        l->words = l->last_words = ceil_div(l->shape.kernel.w * (from->operation == EO_DEPTHWISE ? 1 : from->in.c), 4);
    } else {
        l->planes = ceil_div(from->in.c, EO_GS8_PLANE);
        l->taps = l->shape.kernel.w;
        l->words = EO_GS8_PLANE / 4;
        l->last_words = ceil_div(from->in.c - (l->planes - 1) * EO_GS8_PLANE, 4);
    }
    l->terms = l->shape.kernel.h * l->taps * ((l->planes - 1) * l->words + l->last_words);
}

/* ---- buffers ------------------------------------------------------------------------------------------------- */

/* Bytes of a pixel of the input: its channels, where they are few and convolutions alone read them, else a plane. */
static int input_pixel(const struct eo_network *net)
{
    return net->input.c < 4 && eo_network_multiplies_input(net) ? net->input.c : EO_GS8_PLANE;
}

/* The same network with whole planes of channels, for its places. */
static void round_channels(struct eo_network *net, int input_pixel)
{
    net->input.c = ceil_div(net->input.c, input_pixel) * input_pixel;
    for (int i = 0; i < net->count; i++) {
        net->layer[i].map.c = ceil_div(net->layer[i].map.c, EO_GS8_PLANE) * EO_GS8_PLANE;
        net->layer[i].out.c = ceil_div(net->layer[i].out.c, EO_GS8_PLANE) * EO_GS8_PLANE;
    }
}

/* Bytes of `scratch` that a layer needs; 0 where it reads its input as it lies. */
static size_t scratch_bytes(const struct eo_gs8_layer *l)
{
    const struct eo_network_layer *n = &l->shape;
    size_t height = (size_t)(n->in.h + n->pad.top + n->pad.bottom);
    size_t width = (size_t)(n->in.w + n->pad.left + n->pad.right);

    if (n->operation == EO_DEPTHWISE)
        return eo_gs8_held_bytes(l) + (size_t)eo_gs8_held_rows(l) * eo_gs8_words_line(l);
    return eo_gs8_is_padded(n) ? (size_t)l->planes * height * width * (size_t)l->pixel : 0;
}

static int place_work(struct eo_gs8_net *net, struct eo_err *err)
{
    struct eo_network_places *places = eo_alloc(1, sizeof(*places), err);
    struct eo_network *whole = places ? eo_alloc(1, sizeof(*whole), err) : NULL;
    size_t scratch = 0;

    if (whole) {
        *whole = net->network;
        round_channels(whole, net->input_pixel);
        eo_network_place(whole, places);
        for (int i = 0; i < net->network.count; i++) {
            struct eo_gs8_layer *l = &net->layer[i];
            size_t bytes = scratch_bytes(l);

            l->in = l->shape.from < 0 ? 0 : places->out[l->shape.from];
            l->added_at = l->shape.add < 0 ? 0 : places->out[l->shape.add];
            l->map = places->map[i];
            l->out = places->out[i];
            scratch = bytes > scratch ? bytes : scratch;
        }
        net->work_bytes = eo_size_round_up(places->elements + EO_GS8_SLACK, EO_ALIGN);
        net->work = eo_alloc(net->work_bytes + scratch + EO_GS8_SLACK, 1, err);
        net->scratch = net->work ? net->work + net->work_bytes : NULL;
        net->work_bytes += scratch + EO_GS8_SLACK;
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
        place_layer(&net->layer[i], net->kernels, base, &used);
    return used;
}

static int prepare(struct eo_gs8_net *net, const struct eo_model *m, struct eo_err *err)
{
    if (eo_s8_network_init(&net->s8, m, err))
        return -1;
    net->input_pixel = input_pixel(&net->network);
    for (int i = 0; i < net->network.count; i++)
        shape_layer(net, &net->layer[i], &net->network.layer[i]);
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
    eo_network_turn(&net->network);
    if (prepare(net, m, err)) {
        eo_gs8_release(net);
        return NULL;
    }
    return net;
}

/* The network's input lies at the beginning of `work`. */
static void load_input(const struct eo_gs8_net *net, const uint8_t *pixels)
{
    size_t pixel = (size_t)net->input_pixel, plane = (size_t)net->network.input.h * (size_t)net->network.input.w;

    for (size_t c = 0; c < (size_t)net->network.input.c; c++, pixels += plane) {
        const uint8_t *table = net->s8.input_table[net->s8.tables > 1 ? c : 0];
        uint8_t *to = net->work + c / EO_GS8_PLANE * plane * EO_GS8_PLANE + c % EO_GS8_PLANE;

        for (size_t p = 0; p < plane; p++)
            to[p * pixel] = table[pixels[p]];
    }
}

void eo_gs8_run(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    const struct eo_gs8_net *net = state;
    size_t elements = eo_dims_elements(net->network.input);
    size_t classes = (size_t)eo_network_classes(&net->network);

    for (; n > 0; n--, pixels += elements, scores += classes) {
        for (int l = 0; l < net->network.count; l++) {
            eo_mark(&net->marker, l);
            if (l == 0)
                load_input(net, pixels);
            net->kernels->layer(net, l, scores);
        }
    }
}

size_t eo_gs8_workspace(const void *state)
{
    return ((const struct eo_gs8_net *)state)->work_bytes;
}

void eo_gs8_set_marker(void *state, struct eo_marker marker)
{
    ((struct eo_gs8_net *)state)->marker = marker;
}
