/*
 * Writes a random but always equal model of any network to standard output, for tests that need one:
 *
 *     make_network NETWORK SEED [BACKEND [MEAN STD]] > model.safetensors
 *
 * NETWORK is a known network or its text form, BACKEND fbgemm or qnnpack (int8), int4 or int4-qnnpack,
 * or the precision fp32 or fp16. MEAN and STD
 * are those of the input, as in the metadata.
 * Weights are uniform, as large as before training; scales are those that eo-quant finds for 32 random inputs. Exit 0,
 * or 1 with a message.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "nn/model.h"
#include "nn/network_fold.h"
#include "stage/quant/quant.h"

#define IMAGES 32

static void fill(struct eo_model *m, struct eo_rng *rng)
{
    for (int i = 0; i < m->network.count; i++) {
        const struct eo_network_layer *l = &m->network.layer[i];
        float bound = sqrtf(3 / (float)eo_network_terms(l));

        for (size_t k = 0; k < eo_network_weights(l); k++)
            m->layer[i].weight.f32[k] = (2 * eo_rng_f32(rng) - 1) * bound;
        for (int o = 0; o < l->map.c; o++)
            m->layer[i].bias.f32[o] = (2 * eo_rng_f32(rng) - 1) * 0.2f;
    }
}

static int convert(const struct eo_model *m, enum eo_precision precision, int first, enum eo_backend backend,
                   struct eo_rng *rng, struct eo_model *q, struct eo_err *err)
{
    static struct eo_calibration cal;
    struct eo_quant_options opt = {.precision = precision,
                                   .backend = backend,
                                   .observer = EO_OBSERVER_MINMAX,
                                   .batch_size = IMAGES,
                                   .batches = 1,
                                   .isa = EO_ISA_GENERIC};
    size_t size = IMAGES * eo_dims_elements(m->network.input);
    uint8_t *pixels = eo_alloc(size, 1, err);
    struct eo_images images = {.pixels = pixels, .count = IMAGES};
    int rc;

    if (!pixels)
        return -1;
    for (int l = 0; l < EO_NETWORK_LAYERS; l++) /* mixed: 4 and 8 in turn, or 8 and 4 */
        opt.weight_bits[l] = l % 2 == first ? 4 : 8;
    for (size_t i = 0; i < size; i++)
        pixels[i] = (uint8_t)eo_rng_below(rng, 256);
    rc = eo_calibration_run(&cal, m, &images, &opt, err) || eo_quant_integers(m, &cal, &opt, q, err) ? -1 : 0;
    free(pixels);
    return rc;
}

/* "int4", "mixed" or "mixed8" before the backend; else int8. */
static enum eo_precision precision_of(const char *kind)
{
    return strncmp(kind, "int4", 4) == 0 ? EO_INT4 : strncmp(kind, "mixed", 5) == 0 ? EO_MIXED : EO_INT8;
}

static int make(int argc, char **argv, struct eo_model *m, struct eo_model *q, struct eo_err *err)
{
    static struct eo_network net;
    struct eo_rng rng;
    uint64_t seed;

    if (argc < 3 || argc > 6 || argc == 5)
        return eo_err_set(err, "usage: make_network NETWORK SEED [BACKEND [MEAN STD]]");
    if (eo_num_parse_u64(argv[2], 0, UINT64_MAX, &seed, err) ||
        (eo_network_preset(&net, argv[1], NULL) && eo_network_parse(&net, argv[1], err)))
        return -1;
    eo_network_fold(&net);
    if (eo_model_init_network(m, EO_FP32, &net, err))
        return -1;
    eo_rng_init(&rng, seed, EO_RNG_INIT);
    fill(m, &rng);
    if (argc == 6 &&
        (eo_model_meta_set(m, "input_mean", argv[4], err) || eo_model_meta_set(m, "input_std", argv[5], err)))
        return -1;
    if (argc > 3 && strcmp(argv[3], "fp32") == 0)
        return eo_model_save(m, "-", err);
    if (argc > 3 && strcmp(argv[3], "fp16") == 0)
        return eo_quant_fp16(m, q, err) ? -1 : eo_model_save(q, "-", err);
    if (convert(m, precision_of(argc > 3 ? argv[3] : ""), argc > 3 && strstr(argv[3], "mixed8"),
                argc > 3 && strstr(argv[3], "qnnpack") ? EO_BACKEND_QNNPACK : EO_BACKEND_FBGEMM, &rng, q,
                err))
        return -1;
    return eo_model_save(q, "-", err);
}

int main(int argc, char **argv)
{
    struct eo_model m = {0}, q = {0};
    struct eo_err err;
    int rc = make(argc, argv, &m, &q, &err);

    if (rc)
        fprintf(stderr, "make_network: %s\n", err.msg);
    eo_model_release(&m);
    eo_model_release(&q);
    return rc ? 1 : 0;
}
