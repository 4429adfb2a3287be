#include "nn/ref.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/half.h"
#include "nn/input.h"
#include "nn/quantised.h"
#include "nn/ref_layer.h"
#include "nn/ref_layer_s8.h"

struct eo_ref {
    struct eo_network network;
    enum eo_precision precision;
    int tables;
    float table[EO_INPUT_CHANNELS][256];                       /* of each channel, or one for all */
    struct eo_s8_network s8;                                   /* int8 alone */
    void *weight[EO_NETWORK_LAYERS], *bias[EO_NETWORK_LAYERS]; /* fp16: widened to float */
};

void eo_ref_free(struct eo_ref *r)
{
    for (int l = 0; r && l < r->network.count; l++) {
        free(r->weight[l]);
        free(r->bias[l]);
    }
    if (r)
        eo_s8_network_release(&r->s8);
    free(r);
}

static void *copy_bytes(const void *from, size_t n, size_t size, struct eo_err *err)
{
    void *to = eo_alloc(n, size, err);

    if (to)
        memcpy(to, from, n * size);
    return to;
}

static void *copy_half(const uint16_t *from, size_t n, struct eo_err *err)
{
    float *to = eo_alloc(n, sizeof(*to), err);

    for (size_t i = 0; to && i < n; i++)
        to[i] = eo_half_to_float(from[i]);
    return to;
}

static int copy_layer(struct eo_ref *r, const struct eo_model *m, int l, struct eo_err *err)
{
    const struct eo_model_layer *layer = &m->layer[l];
    size_t weights = eo_network_weights(&m->network.layer[l]), outputs = (size_t)m->network.layer[l].map.c;

    if (m->precision == EO_FP16) {
        r->weight[l] = copy_half(layer->weight.f16, weights, err);
        r->bias[l] = copy_half(layer->bias.f16, outputs, err);
    } else if (m->precision == EO_FP32) {
        r->weight[l] = copy_bytes(layer->weight.f32, weights, sizeof(float), err);
        r->bias[l] = copy_bytes(layer->bias.f32, outputs, sizeof(float), err);
    } else {
        r->weight[l] = copy_bytes(layer->weight.s8, weights, 1, err);
        r->bias[l] = copy_bytes(layer->bias.s32, outputs, sizeof(int32_t), err);
    }
    return r->weight[l] && r->bias[l] ? 0 : -1;
}

struct eo_ref *eo_ref_new(const struct eo_model *m, struct eo_err *err)
{
    struct eo_ref *r = eo_alloc(1, sizeof(*r), err);

    if (!r)
        return NULL;
    r->network = m->network;
    r->precision = m->precision;
    r->tables = eo_input_tables(m);
    for (int t = 0; t < r->tables; t++)
        eo_input_table(m, t, m->precision == EO_FP16, r->table[t]);
    if (eo_precision_is_integer(m->precision) && eo_s8_network_init(&r->s8, m, err))
        goto fail;
    for (int l = 0; l < m->network.count; l++) {
        if (copy_layer(r, m, l, err))
            goto fail;
    }
    return r;
fail:
    eo_ref_free(r);
    return NULL;
}

void eo_ref_input(const struct eo_ref *r, const uint8_t *pixels, void *x)
{
    size_t plane = eo_dims_elements(r->network.input) / (size_t)r->network.input.c;

    for (size_t p = 0; p < eo_dims_elements(r->network.input); p++) {
        size_t t = r->tables > 1 ? p / plane : 0;

        if (eo_precision_is_integer(r->precision))
            ((uint8_t *)x)[p] = r->s8.input_table[t][pixels[p]];
        else
            eo_ref_put(x, r->precision == EO_FP16, p, r->table[t][pixels[p]]);
    }
}

/* A layer of floats as part of a model: what the last one gives are logits, never binary16. */
static void run_float(const struct eo_ref *r, const struct eo_network_layer *layer, int l, const void *x,
                      const void *added, void *y)
{
    int half = r->precision == EO_FP16;

    eo_ref_layer(layer, half, x, added, r->weight[l], r->bias[l], half && l + 1 < r->network.count, y);
}

static void run_integers(const struct eo_ref *r, const struct eo_network_layer *layer, int l, const void *x,
                         const void *added, void *y)
{
    if (l + 1 < r->network.count)
        eo_ref_layer_s8(layer, &r->s8.layer[l], x, added, r->weight[l], r->bias[l], y);
    else
        eo_ref_scores_s8(layer, &r->s8.layer[l], x, r->weight[l], r->bias[l], y);
}

static void run(const struct eo_ref *r, const struct eo_network_layer *layer, int l, const void *x,
                const void *added, void *y)
{
    if (eo_precision_is_integer(r->precision))
        run_integers(r, layer, l, x, added, y);
    else
        run_float(r, layer, l, x, added, y);
}

void eo_ref_run_layer(const struct eo_ref *r, int l, const void *x, const void *added, void *y)
{
    run(r, &r->network.layer[l], l, x, added, y);
}

void eo_ref_run_operation(const struct eo_ref *r, int l, const void *x, const void *added, void *map)
{
    struct eo_network_layer layer = r->network.layer[l];

    layer.activation = EO_NO_ACTIVATION; /* of floats; that of integers is part of their range */
    layer.pooling = EO_NO_POOLING;
    layer.out = layer.map;
    run(r, &layer, l, x, added, map);
}

void eo_ref_run_pool(const struct eo_ref *r, int l, const void *map, void *y)
{
    const struct eo_network_layer *layer = &r->network.layer[l];

    if (eo_precision_is_integer(r->precision))
        eo_ref_pool_s8(layer, &r->s8.layer[l], map, y);
    else
        eo_ref_pool(layer, r->precision == EO_FP16, map, y);
}

void eo_ref_scores(const struct eo_ref *r, const void *x, void *scores)
{
    int last = r->network.count - 1, classes = eo_network_classes(&r->network);
    union eo_score y[EO_NETWORK_CLASSES];

    eo_ref_run_layer(r, last, x, NULL, y);
    for (int k = 0; !eo_precision_is_integer(r->precision) && k < classes; k++)
        y[k].s32 = y[k].f32 == y[k].f32 ? y[k].s32 : 0x7fc00000;
    memcpy(scores, y, (size_t)classes * sizeof(*y)); /* which may lie at any address */
}
