/*
 * Every fp32 and fp16 kernel table against the scalar reference: equal bits, for all shapes and batch sizes.
 * test_kernels_f32 STEP takes one of STEP shapes (for slow emulators) and leaves out the largest.
 */
#include <stdio.h>
#include <string.h>

#include "nn/engine.h"
#include "nn/ref.h"
#include "tests/unit/check.h"
#include "tests/unit/random_model.h"

#define IMAGES 3
#define GUARD 16
#define MAX_BATCH 128

struct table {
    enum eo_isa isa;
    const struct eo_engine_ops *(*get)(enum eo_precision precision);
};

static const struct table tables[] = {
    {EO_ISA_GENERIC, eo_f32_ops_generic},
#if defined(__x86_64__)
    {EO_ISA_AVX2, eo_f32_ops_avx2},
    {EO_ISA_AVX512, eo_f32_ops_avx512},
#elif defined(__aarch64__)
    {EO_ISA_NEON, eo_f32_ops_neon},
#endif
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* One case: a table on one shape. `wrong` names what was found other than the reference's, or is NULL. */
static void check_shape(const char *name, const struct eo_shape *s, int n, const char *wrong)
{
    check_that(!wrong, "%s: %d x %d channels, batch %d: expected the bits of the reference, found other %s",
               name, s->c1, s->c2, n, wrong ? wrong : "");
}

static void *prepare(const struct eo_engine_ops *ops, const struct eo_model *m, int max_batch)
{
    struct eo_err err;
    void *state = ops->prepare(m, max_batch, &err);

    if (!state) {
        printf("%s: %s\n", ops->name, err.msg);
        exit(1);
    }
    return state;
}

/* Scores of the reference for IMAGES images, which batches repeat in turn. */
static void expect(const struct eo_model *m, const uint8_t *pixels, union eo_score *scores)
{
    const struct eo_engine_ops *ref = eo_ops_ref(m->precision);
    void *state = prepare(ref, m, IMAGES);

    ref->run(state, pixels, IMAGES, scores);
    ref->release(state);
}

/* What differs, or NULL. */
static const char *compare_batch(const struct eo_engine_ops *ops, void *state, const uint8_t *pixels, int n,
                                 const union eo_score *expected)
{
    static union eo_score buffer[GUARD + MAX_BATCH * EO_CLASSES + GUARD];
    union eo_score *scores = buffer + GUARD;
    size_t i, used = (size_t)n * EO_CLASSES;
    int same = 1, guarded = 1;

    memset(buffer, 0xa5, sizeof(buffer));
    ops->run(state, pixels, n, scores);
    for (i = 0; i < used; i++)
        same &= scores[i].s32 == expected[i % (IMAGES * EO_CLASSES)].s32;
    for (i = 0; i < GUARD; i++)
        guarded &= (uint32_t)buffer[i].s32 == 0xa5a5a5a5u && (uint32_t)scores[used + i].s32 == 0xa5a5a5a5u;
    return !same ? "scores" : !guarded ? "bytes around the scores" : NULL;
}

static const char *compare_activations(const struct eo_engine_ops *ops, void *state, const struct eo_model *m,
                                       const uint8_t *pixels)
{
    static float pool[2][EO_MAX_C1 * 196 + EO_MAX_C2 * 49];
    const struct eo_engine_ops *ref = eo_ops_ref(EO_FP32);
    void *ref_state = prepare(ref, m, 1);
    size_t n1 = (size_t)m->shape.c1 * 196, n = n1 + (size_t)m->shape.c2 * 49;
    union eo_score scores[2][EO_CLASSES];

    memset(pool, 0, sizeof(pool));
    ref->activations(ref_state, pixels, pool[0], pool[0] + n1, scores[0]);
    ops->activations(state, pixels, pool[1], pool[1] + n1, scores[1]);
    ref->release(ref_state);
    if (memcmp(pool[0], pool[1], n * sizeof(float)) != 0)
        return "activations";
    return memcmp(scores[0], scores[1], sizeof(scores[0])) != 0 ? "scores with activations" : NULL;
}

static void check_sizes(const struct table *t, const struct eo_model *m, const uint8_t *pixels,
                        const int *sizes, int count, const union eo_score *expected)
{
    const struct eo_engine_ops *ops = t->get(m->precision);
    const char *wrong = NULL;
    void *state;
    int n = 0, max = 1;

    for (int i = 0; i < count; i++)
        max = sizes[i] > max ? sizes[i] : max;
    state = prepare(ops, m, max);
    for (int i = 0; !wrong && i < count; i++) {
        n = sizes[i];
        wrong = compare_batch(ops, state, pixels, n, expected);
    }
    if (!wrong && m->precision == EO_FP32) {
        n = 1;
        wrong = compare_activations(ops, state, m, pixels);
    }
    check_shape(ops->name, &m->shape, n, wrong);
    ops->release(state);
}

/* Without a fused multiply-add in the flags the generic path calls fmaf: it gets a sample of the shapes. */
static int skipped(const struct table *t, int c1, int c2)
{
    return !eo_isa_available(t->isa) || (t->isa == EO_ISA_GENERIC && (c1 * 5 + c2) % 32 != 0);
}

static void test_shapes(enum eo_precision precision, const uint8_t *pixels, int step)
{
    static const int sizes[] = {1, 3, 15};
    union eo_score expected[IMAGES * EO_CLASSES];
    struct eo_model m;

    for (int c1 = 1; c1 <= 16; c1++) {
        for (int c2 = 1; c2 <= 32; c2++) {
            if ((c1 * 5 + c2) % step)
                continue;
            random_model(&m, precision, c1, c2, (uint64_t)(c1 * 100 + c2));
            expect(&m, pixels, expected);
            for (size_t i = 0; i < TABLES; i++) {
                if (!skipped(&tables[i], c1, c2))
                    check_sizes(&tables[i], &m, pixels, sizes, 3, expected);
            }
            random_model_release(&m);
        }
    }
}

static void test_batches(enum eo_precision precision, int c1, int c2, const uint8_t *pixels)
{
    static const int sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 31, 33, 64, 100, 128};
    union eo_score expected[IMAGES * EO_CLASSES];
    struct eo_model m;

    random_model(&m, precision, c1, c2, 7);
    expect(&m, pixels, expected);
    for (size_t i = 0; i < TABLES; i++) {
        int slow = tables[i].isa == EO_ISA_GENERIC;

        if (eo_isa_available(tables[i].isa))
            check_sizes(&tables[i], &m, pixels, sizes, slow ? 7 : (int)(sizeof(sizes) / sizeof(sizes[0])),
                        expected);
    }
    random_model_release(&m);
}

/* The kernels' own arithmetic for p / 127.5 - 1: one-pixel images show every value through conv1's centre tap. */
static void test_input(const struct table *t, enum eo_precision precision)
{
    uint8_t pixels[EO_IMAGE_PIXELS] = {0};
    union eo_score scores[2][EO_CLASSES];
    const struct eo_engine_ops *ops = t->get(precision), *ref = eo_ops_ref(precision);
    struct eo_model m;
    void *a, *b;
    int same = 1;

    random_model(&m, precision, 1, 1, 3);
    a = prepare(ref, &m, 1);
    b = prepare(ops, &m, 1);
    for (int p = 0; p < 256; p++) {
        memset(pixels, p, sizeof(pixels));
        ref->run(a, pixels, 1, scores[0]);
        ops->run(b, pixels, 1, scores[1]);
        same &= memcmp(scores[0], scores[1], sizeof(scores[0])) == 0;
    }
    check_shape(ops->name, &m.shape, 1, same ? NULL : "scores of a grey image");
    ref->release(a);
    ops->release(b);
    random_model_release(&m);
}

int main(int argc, char **argv)
{
    int step = argc > 1 ? atoi(argv[1]) : 1;
    static uint8_t pixels[MAX_BATCH * EO_IMAGE_PIXELS];

    random_pixels(pixels, IMAGES * EO_IMAGE_PIXELS, 1);
    for (size_t i = IMAGES * EO_IMAGE_PIXELS; i < sizeof(pixels); i++)
        pixels[i] = pixels[i - IMAGES * EO_IMAGE_PIXELS];
    for (int p = EO_FP32; p <= EO_FP16; p++) {
        for (size_t i = 0; i < TABLES; i++) {
            if (eo_isa_available(tables[i].isa))
                test_input(&tables[i], (enum eo_precision)p);
        }
        test_batches((enum eo_precision)p, 16, 32, pixels);
        test_batches((enum eo_precision)p, 5, 11, pixels);
        if (step == 1)
            test_batches((enum eo_precision)p, EO_MAX_C1, EO_MAX_C2, pixels);
        test_shapes((enum eo_precision)p, pixels, step > 0 ? step : 1);
    }
    return check_report("test_kernels_f32");
}
