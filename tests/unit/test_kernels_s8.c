/*
 * The int8 kernels of every instruction set that this machine has, against the scalar reference: equal, bit by bit,
 * for all channel counts that pruning can leave, both backends, whole and partial batches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/kernels/s8.h"
#include "nn/ref.h"
#include "tests/unit/check.h"

#define BASE 3 /* different images per model; longer batches repeat them */
#define LONGEST 128
#define GUARD 16
#define WHY 200

struct set {
    const char *name;
    enum eo_isa isa;
    enum eo_backend backend; /* the widest activations it takes */
    const struct eo_s8_kernels *kernels;
};

static int sets_find(struct set sets[6])
{
    int n = 0;

    sets[n++] = (struct set){"generic", EO_ISA_GENERIC, EO_BACKEND_QNNPACK, eo_s8_kernels_generic()};
#if defined(__x86_64__)
    sets[n++] = (struct set){"avx2-narrow", EO_ISA_AVX2, EO_BACKEND_FBGEMM, eo_s8_kernels_avx2()};
    sets[n++] = (struct set){"avx2-wide", EO_ISA_AVX2, EO_BACKEND_QNNPACK, eo_s8_kernels_avx2_wide()};
    sets[n++] = (struct set){"avx512", EO_ISA_AVX512, EO_BACKEND_QNNPACK, eo_s8_kernels_avx512()};
#elif defined(__aarch64__)
    sets[n++] = (struct set){"neon", EO_ISA_NEON, EO_BACKEND_QNNPACK, eo_s8_kernels_neon()};
#endif
    return n;
}

static int32_t between(struct eo_rng *rng, int32_t low, int32_t high)
{
    return low + (int32_t)eo_rng_below(rng, (uint32_t)(high - low + 1));
}

/* extreme: every weight -128 or 127, so that accumulators reach their ends. */
static void fill_layer(struct eo_model *m, int l, int extreme, double spread, struct eo_rng *rng)
{
    struct eo_model_layer *layer = &m->layer[l];
    size_t terms = (size_t)eo_shape_terms(&m->shape, (enum eo_smallcnn_layer)l);
    int outputs = eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l),
        qmax = eo_backend_activation_max(m->backend);
    int32_t range = extreme ? 1 << 28 : (int32_t)spread;

    for (int o = 0; o < outputs; o++) {
        layer->weight_scale[o] = (0.25f + eo_rng_f32(rng)) / 100;
        layer->bias.s32[o] = between(rng, -range, range);
        for (size_t i = 0; i < terms; i++)
            layer->weight.s8[(size_t)o * terms + i] =
                (int8_t)(extreme ? (eo_rng_below(rng, 8) ? (o & 1 ? -128 : 127) : 0) : between(rng, -128, 127));
    }
    layer->input_zero_point = l == EO_CONV1 ? between(rng, 0, qmax) : between(rng, 0, qmax / 2);
}

/* Scales are such that requantised values fill 0..qmax: the spread of an accumulator is a third of the range. */
static int model_random(struct eo_model *m, struct eo_shape shape, enum eo_backend backend, int extreme,
                        struct eo_rng *rng)
{
    double qmax = eo_backend_activation_max(backend), scale = 2 / qmax;

    if (eo_model_init(m, EO_INT8, shape, NULL))
        return -1;
    m->backend = backend;
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        double terms = eo_shape_terms(&shape, (enum eo_smallcnn_layer)l), spread = 74 * qmax / 3;

        for (double k = 1; k * k <= terms; k++) /* times the square root of the number of terms, about */
            spread = 74 * qmax / 3 * k;
        m->layer[l].input_scale = (float)scale;
        fill_layer(m, l, extreme, spread, rng);
        scale = scale * (extreme ? 0.013 : 0.0075 * spread / (qmax / 3));
    }
    return 0;
}

/* Whether they are; if not, `why` says what differs. */
static int scores_equal(char why[WHY], const char *what, const char *set, const struct eo_model *m, int n,
                        const union eo_score *found, const union eo_score *expected)
{
    for (int i = 0; i < n * EO_CLASSES; i++) {
        int32_t e = expected[i % (BASE * EO_CLASSES)].s32;

        if (found[i].s32 != e) {
            snprintf(why, WHY, "%s %s, c1 %d, c2 %d, %s, %d images: image %d, class %d: expected %d, found %d", set,
                     what, m->shape.c1, m->shape.c2, eo_backend_name(m->backend), n, i / EO_CLASSES, i % EO_CLASSES, e,
                     found[i].s32);
            return 0;
        }
    }
    for (int i = 0; i < GUARD; i++) {
        if (found[n * EO_CLASSES + i].s32 != 0x5a5a5a5a) {
            snprintf(why, WHY, "%s %s: wrote behind the scores of %d images", set, what, n);
            return 0;
        }
    }
    return 1;
}

/* One case: a set of kernels on one model, by all the ways into it. */
static void check_set(const struct set *set, const struct eo_model *m, const uint8_t *pixels,
                      const union eo_score *expected, int turn)
{
    static const int batches[] = {1, 2, 3, 5, 15, 16, 17, 31, 33, 128};
    union eo_score found[LONGEST * EO_CLASSES + GUARD];
    struct eo_err err;
    struct eo_s8_net *net = eo_s8_prepare(m, set->kernels, &err);
    int lanes = set->kernels->lanes, n = batches[turn % 10], direct[2] = {1 + turn % lanes, lanes};
    char why[WHY] = "";
    int ok = 1;

    if (!net) {
        check_that(0, "%s: %s", set->name, err.msg);
        return;
    }
    for (int i = 0; i < 2; i++) {
        memset(found, 0x5a, sizeof(found));
        set->kernels->batch(net, pixels, direct[i], found);
        ok = ok && scores_equal(why, "batch", set->name, m, direct[i], found, expected);
    }
    memset(found, 0x5a, sizeof(found));
    set->kernels->single(net, pixels, found);
    ok = ok && scores_equal(why, "single", set->name, m, 1, found, expected);
    memset(found, 0x5a, sizeof(found));
    eo_s8_run(net, pixels, n, found);
    ok = ok && scores_equal(why, "run", set->name, m, n, found, expected);
    check_that(ok, "%s", why);
    eo_s8_release(net);
}

static void check_model(const struct eo_model *m, const struct set *sets, int count, const uint8_t *pixels, int turn)
{
    const struct eo_engine_ops *ref = eo_ops_ref(EO_INT8);
    union eo_score expected[BASE * EO_CLASSES];
    struct eo_err err;
    void *state = ref->prepare(m, BASE, &err);

    if (!state) {
        check_that(0, "reference, c1 %d, c2 %d: %s", m->shape.c1, m->shape.c2, err.msg);
        return;
    }
    ref->run(state, pixels, BASE, expected);
    ref->release(state);
    for (int i = 0; i < count; i++)
        if (eo_isa_available(sets[i].isa) &&
            eo_backend_activation_max(m->backend) <= eo_backend_activation_max(sets[i].backend))
            check_set(&sets[i], m, pixels, expected, turn);
}

static void check_shape(struct eo_shape shape, enum eo_backend backend, int extreme, const struct set *sets, int count,
                        const uint8_t *pixels)
{
    static int turn;
    struct eo_model m = {0};
    struct eo_rng rng;

    eo_rng_init(&rng, (uint64_t)(shape.c1 * 1000 + shape.c2), EO_RNG_INIT);
    if (model_random(&m, shape, backend, extreme, &rng))
        check_that(0, "c1 %d, c2 %d: no memory for the model", shape.c1, shape.c2);
    else
        check_model(&m, sets, count, pixels, turn++);
    eo_model_release(&m);
}

int main(void)
{
    static const struct eo_shape large[] = {{17, 33}, {33, 65}, {64, 1}, {1, 128}, {64, 128}, {20, 48}};
    static uint8_t base[BASE * EO_IMAGE_PIXELS], pixels[LONGEST * EO_IMAGE_PIXELS];
    struct set sets[6];
    int count = sets_find(sets), full = getenv("EO_TEST_FULL") != NULL;
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_SYNTHETIC);
    for (int i = 0; i < BASE * EO_IMAGE_PIXELS; i++) /* noise, and one image each of black and white */
        base[i] = (uint8_t)(i < EO_IMAGE_PIXELS ? 0 : i < 2 * EO_IMAGE_PIXELS ? 255 : eo_rng_below(&rng, 256));
    for (int i = 0; i < LONGEST * EO_IMAGE_PIXELS; i++)
        pixels[i] = base[i % (BASE * EO_IMAGE_PIXELS)];
    for (int c1 = 1; c1 <= 16; c1++)
        for (int c2 = 1; c2 <= 32; c2++)
            for (int backend = 0; backend < 2; backend++)
                if (full || (c1 + c2 + backend) % 2)
                    check_shape((struct eo_shape){c1, c2}, (enum eo_backend)backend, 0, sets, count, pixels);
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
        for (int backend = 0; backend < 2; backend++)
            for (int extreme = 0; extreme < 2; extreme++)
                check_shape(large[i], (enum eo_backend)backend, extreme, sets, count, pixels);
    return check_report("test_kernels_s8");
}
