#include "nn/kernels/s8.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/input.h"

#define ROUND_UP(n, to) (((n) + (to)-1) / (to) * (to))

/* Memory in two passes: without a base it only measures. */
struct arena {
    char *base;
    size_t used;
};

static void *take(struct arena *a, size_t bytes)
{
    void *p = a->base ? a->base + a->used : NULL;

    a->used = eo_size_round_up(a->used + bytes, EO_ALIGN);
    return p;
}

static size_t word_bytes(const struct eo_s8_net *net)
{
    return net->kernels->words == EO_S8_WORDS_S8 ? 4 : 8;
}

static int vectors_of(const struct eo_s8_net *net, int channels)
{
    return (channels + net->kernels->lanes - 1) / net->kernels->lanes;
}

static void place_conv(struct eo_s8_net *net, struct eo_s8_conv *conv, int channels, int words_per_channel,
                       struct arena *a)
{
    size_t lanes = (size_t)net->kernels->lanes, words = (size_t)words_per_channel;

    conv->groups = (channels + 3) / 4;
    conv->vectors = vectors_of(net, channels);
    conv->words = take(a, (size_t)conv->groups * 4 * words * word_bytes(net));
    conv->word_vectors = take(a, (size_t)conv->vectors * lanes * words * word_bytes(net));
    conv->bias = take(a, (size_t)ROUND_UP(channels, 16) * sizeof(int32_t));
    conv->factor = take(a, (size_t)ROUND_UP(channels, 16) * sizeof(struct eo_s8_factor));
    conv->lane_factors = take(a, (size_t)conv->vectors * lanes * 3 * sizeof(int64_t));
}

static void place_buffers(struct eo_s8_net *net, struct arena *a)
{
    size_t lanes = (size_t)net->kernels->lanes, before = a->used;

    (void)take(a, EO_ALIGN); /* the row of an image is read from one byte before it on */
    net->grey = take(a, lanes * EO_IMAGE_PIXELS + EO_ALIGN);
    net->batch_input = take(a, 30 * 14 * lanes * 4);
    net->batch_pool1 = take(a, (size_t)net->conv1.groups * 256 * lanes * 4);
    net->batch_pool2 = take(a, (size_t)net->conv2.groups * EO_POOL2_PIXELS * lanes * 4);
    net->input = take(a, 30 * 32);
    net->pool1 = take(a, 256 * (size_t)ROUND_UP(net->shape.c1, 16));
    net->pool2 = take(a, EO_POOL2_PIXELS * (size_t)ROUND_UP(net->shape.c2, 16));
    net->buffer_bytes = a->used - before;
}

static void place(struct eo_s8_net *net, struct arena *a)
{
    size_t lanes = (size_t)net->kernels->lanes, pixels = EO_POOL2_PIXELS;

    place_conv(net, &net->conv1, net->shape.c1, 6, a);
    place_conv(net, &net->conv2, net->shape.c2, 9 * ((net->shape.c1 + 3) / 4), a);
    net->linear_words = take(a, (size_t)net->conv2.groups * pixels * EO_CLASSES * word_bytes(net));
    net->linear_vectors = take(a, (size_t)net->conv2.groups * pixels * (size_t)vectors_of(net, EO_CLASSES) *
                                      lanes * word_bytes(net));
    place_buffers(net, a);
}

/* ---- packing ------------------------------------------------------------------------------------------------- */

static const int split_order[4] = {0, 2, 1, 3};

void eo_s8_put_word(enum eo_s8_words kind, void *words, size_t i, const int8_t w[4])
{
    for (int k = 0; k < 4; k++) {
        if (kind == EO_S8_WORDS_S8)
            ((int8_t *)words)[4 * i + (size_t)k] = w[k];
        else
            ((int16_t *)words)[4 * i + (size_t)k] = w[kind == EO_S8_WORDS_S16_SPLIT ? split_order[k] : k];
    }
}

void eo_s8_put_lane(enum eo_s8_words kind, int lanes, void *vectors, size_t i, int lane, const int8_t w[4])
{
    int16_t *v = (int16_t *)vectors + 4 * (size_t)lanes * i;

    switch (kind) {
    case EO_S8_WORDS_S8:
    case EO_S8_WORDS_S16:
        eo_s8_put_word(kind, vectors, i * (size_t)lanes + (size_t)lane, w);
        break;
    case EO_S8_WORDS_S16_SPLIT:
        for (int k = 0; k < 4; k++)
            v[k % 2 * 2 * lanes + 2 * lane + k / 2] = w[k];
        break;
    case EO_S8_WORDS_S16_PLANES:
        for (int k = 0; k < 4; k++)
            v[k * lanes + lane] = w[k];
        break;
    }
}

static void put_lane(const struct eo_s8_net *net, void *vectors, size_t i, size_t lane, const int8_t w[4])
{
    eo_s8_put_lane(net->kernels->words, net->kernels->lanes, vectors, i, (int)lane, w);
}

static void pack_conv1(struct eo_s8_net *net, const int8_t *weight)
{
    size_t lanes = (size_t)net->kernels->lanes;

    for (size_t o = 0; o < (size_t)net->shape.c1; o++)
        for (size_t t = 0; t < 6; t++) { /* t / 3: left or right position; t % 3: kernel row */
            int8_t w[4] = {0};

            memcpy(w + t / 3, weight + o * 9 + t % 3 * 3, 3);
            eo_s8_put_word(net->kernels->words, net->conv1.words, o * 6 + t, w);
            put_lane(net, net->conv1.word_vectors, o / lanes * 6 + t, o % lanes, w);
        }
}

/* The weights of channels 4 g .. 4 g + 3 that lie `stride` apart, zeros behind the last channel. */
static void gather(int8_t w[4], const int8_t *weight, size_t g, size_t channels, size_t stride)
{
    for (size_t k = 0; k < 4; k++)
        w[k] = 4 * g + k < channels ? weight[(4 * g + k) * stride] : 0;
}

static void pack_conv2(struct eo_s8_net *net, const int8_t *weight)
{
    size_t lanes = (size_t)net->kernels->lanes, c1 = (size_t)net->shape.c1,
           groups = (size_t)net->conv1.groups;

    for (size_t o = 0; o < (size_t)net->shape.c2; o++, weight += 9 * c1)
        for (size_t g = 0; g < groups; g++)
            for (size_t t = 0; t < 9; t++) {
                int8_t w[4];

                gather(w, weight + t, g, c1, 9);
                eo_s8_put_word(net->kernels->words, net->conv2.words, ((o / 4 * groups + g) * 9 + t) * 4 + o % 4, w);
                put_lane(net, net->conv2.word_vectors, (o / lanes * groups + g) * 9 + t, o % lanes, w);
            }
}

static void pack_linear(struct eo_s8_net *net, const int8_t *weight)
{
    size_t lanes = (size_t)net->kernels->lanes, c2 = (size_t)net->shape.c2,
           groups = (size_t)net->conv2.groups;
    size_t vectors = (size_t)vectors_of(net, EO_CLASSES), pixels = EO_POOL2_PIXELS;

    for (size_t k = 0; k < EO_CLASSES; k++, weight += pixels * c2)
        for (size_t g = 0; g < groups; g++)
            for (size_t p = 0; p < pixels; p++) {
                int8_t w[4];

                gather(w, weight + p, g, c2, pixels);
                eo_s8_put_word(net->kernels->words, net->linear_words, (g * pixels + p) * EO_CLASSES + k, w);
                put_lane(net, net->linear_vectors, (g * pixels + p) * vectors + k / lanes, k % lanes, w);
            }
}

/* bias + sum (q - zero_point) * w = (bias - zero_point * sum w) + sum q * w */
static void fold_bias(const struct eo_model *m, enum eo_smallcnn_layer layer, int32_t *out)
{
    const struct eo_model_layer *l = &m->layer[layer];
    size_t terms = (size_t)eo_shape_terms(&m->shape, layer),
           outputs = (size_t)eo_shape_outputs(&m->shape, layer);

    for (size_t o = 0; o < outputs; o++) {
        int32_t sum = 0;

        for (size_t i = 0; i < terms; i++)
            sum += l->weight.s8[o * terms + i];
        out[o] = l->bias.s32[o] - l->input_zero_point * sum;
    }
}

/* The offsets that fit all of the table at this slope are low..high; values at the ends are clamped anyway. */
static int line_fits(const uint8_t table[256], int64_t slope, struct eo_s8_line *line)
{
    int64_t low = -((int64_t)1 << 40), high = (int64_t)1 << 40;

    for (int64_t p = 0; p < 256; p++) {
        int64_t at = ((int64_t)table[p] + EO_S8_LINE_BASE) << 20, next = at + (1 << 20);

        if (table[p] > table[0] && at - p * slope > low)
            low = at - p * slope;
        if (table[p] < table[255] && next - 1 - p * slope < high)
            high = next - 1 - p * slope;
    }
    if (low > high || low < 0)
        return 0;
    *line = (struct eo_s8_line){1, (uint32_t)slope, (uint32_t)(low + (high - low) / 2),
                                (uint32_t)table[0] + EO_S8_LINE_BASE, (uint32_t)table[255] + EO_S8_LINE_BASE};
    return 1;
}

/* Finds slope and offset for a table in which `greys` grey values make one step, if there are any; ok says so. */
static void fit_line(const uint8_t table[256], double greys, struct eo_s8_line *line)
{
    double slope = 0x1p20 / greys;

    line->ok = 0;
    if (slope > 0x1p21 ||
        table[255] == table[0]) /* p * slope + offset could leave 32 bits; or any line will do */
        return;
    for (int64_t s = (int64_t)slope - 1; s <= (int64_t)slope + 2 && !line->ok; s++)
        (void)line_fits(table, s, line);
}

struct eo_s8_factor eo_s8_factor_make(struct eo_requant rq)
{
    return (struct eo_s8_factor){rq.multiplier, (int64_t)1 << (rq.shift - 1), rq.shift};
}

void eo_s8_lane_factors(const struct eo_s8_factor *factor, int lanes, int64_t *out)
{
    int half = lanes / 2;

    for (int i = 0; i < lanes; i++) {
        int64_t *at = out + i % 2 * half + i / 2;

        at[0] = factor[i].multiplier;
        at[lanes] = factor[i].round;
        at[2 * lanes] = factor[i].shift;
    }
}

static void pack_factors(const struct eo_s8_net *net, struct eo_s8_conv *conv, const struct eo_requant *rq,
                         int channels, enum eo_smallcnn_layer next)
{
    int lanes = net->kernels->lanes;

    for (int c = 0; c < ROUND_UP(channels, 16); c++)
        conv->factor[c] = eo_s8_factor_make(c < channels ? rq[c] : (struct eo_requant){0, 31});
    for (int v = 0; v < conv->vectors; v++)
        eo_s8_lane_factors(conv->factor + v * lanes, lanes, conv->lane_factors + v * lanes * 3);
    conv->next_zero_point = net->params.zero_point[next];
    conv->limit = net->params.qmax - conv->next_zero_point;
}

static void pack(struct eo_s8_net *net, const struct eo_model *m)
{
    size_t lanes = (size_t)net->kernels->lanes;

    pack_conv1(net, m->layer[EO_CONV1].weight.s8);
    pack_conv2(net, m->layer[EO_CONV2].weight.s8);
    pack_linear(net, m->layer[EO_CLASSIFIER].weight.s8);
    fold_bias(m, EO_CONV1, net->conv1.bias);
    fold_bias(m, EO_CONV2, net->conv2.bias);
    fold_bias(m, EO_CLASSIFIER, net->linear_bias);
    pack_factors(net, &net->conv1, net->params.conv1, net->shape.c1, EO_CONV2);
    pack_factors(net, &net->conv2, net->params.conv2, net->shape.c2, EO_CLASSIFIER);
    /* Kernels write the inside alone: the borders stay what they are now. */
    memset(net->batch_input, net->params.zero_point[EO_CONV1], 30 * 14 * lanes * 4);
    memset(net->input, net->params.zero_point[EO_CONV1], 30 * 32);
    memset(net->batch_pool1, net->params.zero_point[EO_CONV2], (size_t)net->conv1.groups * 256 * lanes * 4);
    memset(net->pool1, net->params.zero_point[EO_CONV2], 256 * (size_t)ROUND_UP(net->shape.c1, 16));
}

/* ---- the engine's table -------------------------------------------------------------------------------------- */

void *eo_s8_prepare(const struct eo_model *m, const struct eo_s8_kernels *kernels, struct eo_err *err)
{
    struct eo_s8_net *net = eo_alloc(1, sizeof(*net), err);
    struct arena a = {0};

    if (!net)
        return NULL;
    net->kernels = kernels;
    net->shape = m->shape;
    place(net, &a);
    if (eo_s8_params_init(&net->params, m, err))
        goto fail;
    net->memory = eo_alloc(a.used, 1, err);
    if (!net->memory)
        goto fail;
    a = (struct arena){net->memory, 0};
    place(net, &a);
    pack(net, m);
    fit_line(net->params.input_table, eo_input_greys(m) * (double)m->layer[EO_CONV1].input_scale, &net->line);
    return net;
fail:
    eo_s8_release(net);
    return NULL;
}

void eo_s8_release(void *state)
{
    struct eo_s8_net *net = state;

    free(net->memory);
    free(net);
}

void eo_s8_run(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    const struct eo_s8_net *net = state;
    const struct eo_s8_kernels *k = net->kernels;

    while (n > k->single_max) {
        int now = n < k->lanes ? n : k->lanes;

        k->batch(net, pixels, now, scores);
        pixels += (size_t)now * EO_IMAGE_PIXELS;
        scores += (size_t)now * EO_CLASSES;
        n -= now;
    }
    for (; n > 0; n--, pixels += EO_IMAGE_PIXELS, scores += EO_CLASSES)
        k->single(net, pixels, scores);
}

size_t eo_s8_workspace(const void *state)
{
    return ((const struct eo_s8_net *)state)->buffer_bytes;
}

void eo_s8_set_marker(void *state, struct eo_marker marker)
{
    ((struct eo_s8_net *)state)->marker = marker;
}
