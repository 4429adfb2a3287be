/* Random models of any shape and precision for tests of the kernels, without files and without model.c. */
#ifndef EO_TESTS_RANDOM_MODEL_H
#define EO_TESTS_RANDOM_MODEL_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/half.h"
#include "nn/model.h"
#include "nn/model_tensors.h"

/* Uniform in -bound..bound. */
static inline float random_within(struct eo_rng *rng, float bound)
{
    return (2.0f * eo_rng_f32(rng) - 1.0f) * bound;
}

static inline void *random_memory(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);

    if (!p) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return p;
}

static inline void random_layer(struct eo_model *m, enum eo_smallcnn_layer l, struct eo_rng *rng)
{
    struct eo_model_layer *layer = &m->layer[l];
    size_t n = eo_shape_weights(&m->shape, l), outputs = (size_t)eo_shape_outputs(&m->shape, l);
    float bound = 1.5f / sqrtf((float)eo_shape_terms(&m->shape, l));

    layer->weight.f32 = random_memory(n, sizeof(float));
    layer->bias.f32 = random_memory(outputs, sizeof(float));
    layer->weight_bits = m->precision == EO_MIXED && l == EO_CONV2 ? 4 : eo_precision_weight_bits(m->precision);
    if (eo_precision_is_integer(m->precision)) {
        int levels = 1 << layer->weight_bits;

        layer->weight_scale = random_memory(outputs, sizeof(float));
        layer->input_scale = l == EO_CONV1 ? 2.0f / 127 : 1.3f / 127;
        layer->input_zero_point = l == EO_CONV1 ? 64 : 0;
        for (size_t i = 0; i < n; i++)
            layer->weight.s8[i] = (int8_t)((int)eo_rng_below(rng, (uint32_t)levels) - levels / 2);
        for (size_t i = 0; i < outputs; i++) {
            layer->bias.s32[i] = (int32_t)eo_rng_below(rng, 2001) - 1000;
            layer->weight_scale[i] = bound / (float)(levels / 2 - 1) * (0.5f + eo_rng_f32(rng));
        }
        return;
    }
    for (size_t i = 0; i < n + outputs; i++) {
        size_t at = i < n ? i : i - n;
        float x = random_within(rng, bound);

        if (m->precision == EO_FP16)
            (i < n ? layer->weight.f16 : layer->bias.f16)[at] = eo_half_from_float(x);
        else
            (i < n ? layer->weight.f32 : layer->bias.f32)[at] = x;
    }
}

static inline void random_model(struct eo_model *m, enum eo_precision precision, int c1, int c2,
                                uint64_t seed)
{
    struct eo_rng rng;

    memset(m, 0, sizeof(*m));
    m->precision = precision;
    m->shape.c1 = c1;
    m->shape.c2 = c2;
    eo_network_smallcnn(&m->network, c1, c2);
    eo_rng_init(&rng, seed, EO_RNG_INIT);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        random_layer(m, (enum eo_smallcnn_layer)l, &rng);
}

static inline void random_model_release(struct eo_model *m)
{
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        free(m->layer[l].weight.f32);
        free(m->layer[l].bias.f32);
        free(m->layer[l].weight_scale);
    }
    eo_model_meta_clear(m);
    memset(m, 0, sizeof(*m));
}

/* Half of the pixels are 0 or 255, as in real images. */
static inline void random_pixels(uint8_t *pixels, size_t n, uint64_t seed)
{
    struct eo_rng rng;

    eo_rng_init(&rng, seed, EO_RNG_SYNTHETIC);
    for (size_t i = 0; i < n; i++) {
        uint32_t r = eo_rng_below(&rng, 1024);

        pixels[i] = (uint8_t)(r < 384 ? 0 : r < 512 ? 255 : r);
    }
}

#endif
