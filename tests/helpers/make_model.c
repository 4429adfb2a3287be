/*
 * Writes a random but always equal model to standard output, for tests that need one and have no time to
 * train:
 *
 *     make_model C1 C2 SEED [PRUNING_LEVEL [PRECISION [BACKEND]]] > model.safetensors
 *
 * Weights and biases are uniform in +-1/sqrt(terms), as before training. An int8 model has plausible scales.
 * Exit 0, or 1 with a message.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/rng.h"
#include "nn/half.h"
#include "nn/model.h"

static float uniform(struct eo_rng *rng, float bound)
{
    return (2 * eo_rng_f32(rng) - 1) * bound;
}

static void fill_floats(struct eo_rng *rng, const struct eo_model *m, void *data, size_t n, float bound)
{
    for (size_t i = 0; i < n; i++) {
        float x = uniform(rng, bound);

        if (m->precision == EO_FP32)
            ((float *)data)[i] = x;
        else
            ((uint16_t *)data)[i] = eo_half_from_float(x);
    }
}

static void fill_integers(struct eo_rng *rng, struct eo_model *m, enum eo_smallcnn_layer layer, float bound)
{
    struct eo_model_layer *l = &m->layer[layer];
    int outputs = eo_shape_outputs(&m->shape, layer), i;
    size_t n = eo_shape_weights(&m->shape, layer), k;
    int levels = 1 << l->weight_bits;

    for (k = 0; k < n; k++)
        l->weight.s8[k] = (int8_t)((int)eo_rng_below(rng, (uint32_t)levels) - levels / 2);
    l->input_scale = layer == EO_CONV1 ? 2.0f / (float)eo_backend_activation_max(m->backend)
                                       : 1.5f / (float)eo_backend_activation_max(m->backend);
    l->input_zero_point = layer == EO_CONV1 ? (eo_backend_activation_max(m->backend) + 1) / 2 : 0;
    for (i = 0; i < outputs; i++) {
        l->bias.s32[i] = (int32_t)eo_rng_below(rng, 2001) - 1000;
        l->weight_scale[i] = bound * (0.5f + eo_rng_f32(rng)) / ((float)levels / 2 - 0.5f);
    }
}

static void fill(struct eo_model *m, uint64_t seed)
{
    struct eo_rng rng;

    eo_rng_init(&rng, seed, EO_RNG_INIT);
    for (int i = 0; i < EO_SMALLCNN_LAYERS; i++) {
        enum eo_smallcnn_layer layer = (enum eo_smallcnn_layer)i;
        float bound = 1 / sqrtf((float)eo_shape_terms(&m->shape, layer));

        if (eo_precision_is_integer(m->precision)) {
            fill_integers(&rng, m, layer, bound);
            continue;
        }
        fill_floats(&rng, m, m->layer[i].weight.f32, eo_shape_weights(&m->shape, layer), bound);
        fill_floats(&rng, m, m->layer[i].bias.f32, (size_t)eo_shape_outputs(&m->shape, layer), bound);
    }
}

static int make(int argc, char **argv, struct eo_model *m, struct eo_err *err)
{
    enum eo_precision precision = EO_FP32;
    char *bits = argc > 5 ? strchr(argv[5], ':') : NULL;
    int64_t c1, c2;
    uint64_t seed;

    if (argc < 4 || argc > 7)
        return eo_err_set(err, "usage: make_model C1 C2 SEED [PRUNING_LEVEL [PRECISION[:BITS] [BACKEND]]]");
    if (bits)
        *bits++ = '\0';
    if (eo_num_parse_i64(argv[1], 1, EO_MAX_C1, &c1, err) ||
        eo_num_parse_i64(argv[2], 1, EO_MAX_C2, &c2, err) ||
        eo_num_parse_u64(argv[3], 0, UINT64_MAX, &seed, err) ||
        (argc > 5 && eo_precision_parse(argv[5], &precision, err)) ||
        eo_model_init(m, precision, (struct eo_shape){(int)c1, (int)c2}, err))
        return -1;
    m->backend = argc > 6 && strcmp(argv[6], "qnnpack") == 0 ? EO_BACKEND_QNNPACK : EO_BACKEND_FBGEMM;
    for (int l = 0; bits && l < EO_SMALLCNN_LAYERS && bits[l]; l++)
        m->layer[l].weight_bits = bits[l] - '0';
    fill(m, seed);
    if (argc > 4 && eo_model_meta_set(m, "pruning_level", argv[4], err))
        return -1;
    return eo_model_meta_set(m, "seed", argv[3], err) || eo_model_save(m, "-", err) ? -1 : 0;
}

int main(int argc, char **argv)
{
    struct eo_model m = {0};
    struct eo_err err;
    int rc = make(argc, argv, &m, &err);

    if (rc)
        fprintf(stderr, "make_model: %s\n", err.msg);
    eo_model_release(&m);
    return rc ? 1 : 0;
}
