/* eo_infer: the parts behind the tables, by instruction set and precision; the kernels have tests of their own. */
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "nn/engine.h"
#include "nn/quantised.h"
#include "nn/ref.h"
#include "tests/unit/check.h"
#include "tests/unit/random_model.h"

#define MAX_BATCH 33

static void check(int ok, const char *what, const char *expected, const char *found)
{
    check_that(ok, "%s: expected %s, found %s", what, expected, found);
}

static void check_int(const char *what, long expected, long found)
{
    char e[32], f[32];

    snprintf(e, sizeof(e), "%ld", expected);
    snprintf(f, sizeof(f), "%ld", found);
    check(expected == found, what, e, f);
}

static struct eo_infer *open_model(const struct eo_model *m, enum eo_isa isa, int max_batch)
{
    struct eo_err err = {""};
    struct eo_infer *inf = eo_infer_new(m, isa, max_batch, &err);

    if (!inf) {
        printf("eo_infer_new: %s\n", err.msg);
        exit(1);
    }
    return inf;
}

/* Each instruction set gives the reference's bits through the public interface, in a batch and one by one. */
static void test_agreement(enum eo_isa isa, enum eo_precision precision, char *mean, char *std,
                           const uint8_t *pixels)
{
    static union eo_score expected[MAX_BATCH * EO_CLASSES], batch[MAX_BATCH * EO_CLASSES], one[EO_CLASSES];
    const struct eo_engine_ops *ref = eo_ops_ref(precision);
    struct eo_infer *inf;
    struct eo_model m;
    char what[64];
    void *state;
    int same = 1;

    random_model(&m, precision, 7, 13, 5);
    check_that(eo_model_meta_set(&m, "input_mean", mean, NULL) == 0 &&
                   eo_model_meta_set(&m, "input_std", std, NULL) == 0,
               "metadata of the random model");
    snprintf(what, sizeof(what), "%s on %s, mean %s", eo_precision_name(precision), eo_isa_name(isa), mean);
    state = ref->prepare(&m, MAX_BATCH, NULL);
    ref->run(state, pixels, MAX_BATCH, expected);
    ref->release(state);
    inf = open_model(&m, isa, MAX_BATCH);
    random_model_release(&m); /* the object keeps what it needs */
    eo_infer_run(inf, pixels, MAX_BATCH, batch);
    check(memcmp(batch, expected, sizeof(batch)) == 0, what, "the reference's scores in a batch", "others");
    for (int i = 0; i < MAX_BATCH; i++) {
        eo_infer_run(inf, pixels + i * EO_IMAGE_PIXELS, 1, one);
        same &= memcmp(one, expected + i * EO_CLASSES, sizeof(one)) == 0;
    }
    check(same, what, "the reference's scores one by one", "others");
    check(strncmp(eo_infer_kernel_name(inf),
                  eo_precision_name(eo_precision_is_integer(precision) ? EO_INT8 : precision), 4) == 0,
          what, "its precision in its name", eo_infer_kernel_name(inf));
    check(strstr(eo_infer_kernel_name(inf), eo_isa_name(isa)) != NULL ||
              strstr(eo_infer_kernel_name(inf), "-ref"),
          what, "its instruction set in its name", eo_infer_kernel_name(inf));
    check(eo_infer_workspace_bytes(inf) > 0, what, "a workspace", "none");
    eo_infer_free(inf);
}

/* What the marks of a call say. */
struct marks {
    int begun[EO_SMALLCNN_LAYERS + 1]; /* how often each layer began; the last: the end */
    int last, wrong; /* the layer of the last one, -1 before; how many cannot follow the one before */
};

static void take_mark(void *ctx, int layer)
{
    struct marks *m = ctx;

    /* The next one; or conv1, whose weights and those of conv2 may also be unpacked before all images. */
    m->wrong += layer != EO_CONV1 && layer != m->last + 1;
    m->begun[layer]++;
    m->last = layer;
}

static void check_marks(const char *what, const struct marks *m, int n)
{
    check_int(what, 0, m->wrong);
    check_int(what, 1, m->begun[EO_SMALLCNN_LAYERS]);
    check_int(what, EO_SMALLCNN_LAYERS, m->last);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        check_that(m->begun[l] >= 1 && m->begun[l] <= n + 1 && m->begun[l] >= m->begun[EO_CLASSIFIER],
                   "%s, %d images: found %d beginnings of %s", what, n, m->begun[l],
                   eo_smallcnn_layer_name((enum eo_smallcnn_layer)l));
}

/* The marks come in order on every path, and change nothing in the scores. */
static void test_marks(enum eo_isa isa, enum eo_precision precision, const uint8_t *pixels)
{
    static const int sizes[] = {1, 2, 15, 16, MAX_BATCH};
    static union eo_score expected[MAX_BATCH * EO_CLASSES], scores[MAX_BATCH * EO_CLASSES];
    struct eo_infer *inf;
    struct eo_model m;
    char what[64];

    random_model(&m, precision, 7, 13, 5);
    snprintf(what, sizeof(what), "marks of %s on %s", eo_precision_name(precision), eo_isa_name(isa));
    inf = open_model(&m, isa, MAX_BATCH);
    random_model_release(&m);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct marks marks = {.last = -1}, none = {.last = -1};
        size_t bytes = (size_t)sizes[i] * EO_CLASSES * sizeof(*scores);

        eo_infer_run(inf, pixels, sizes[i], expected);
        eo_infer_set_mark(inf, take_mark, &marks);
        eo_infer_run(inf, pixels, sizes[i], scores);
        eo_infer_set_mark(inf, NULL, &none);
        check_marks(what, &marks, sizes[i]);
        check(memcmp(scores, expected, bytes) == 0, what, "the same scores", "others");
        eo_infer_run(inf, pixels, sizes[i], scores);
        check_int(what, -1, none.last);
    }
    eo_infer_free(inf);
}

/* The reference marks each image, too. */
static void test_reference_marks(enum eo_precision precision, const uint8_t *pixels)
{
    const struct eo_engine_ops *ref = eo_ops_ref(precision);
    struct marks marks = {.last = -1};
    union eo_score scores[2 * EO_CLASSES];
    struct eo_model m;
    void *state;

    random_model(&m, precision, 2, 3, 5);
    state = ref->prepare(&m, 2, NULL);
    random_model_release(&m);
    ref->set_marker(state, (struct eo_marker){take_mark, &marks});
    ref->run(state, pixels, 2, scores);
    ref->release(state);
    check(marks.begun[EO_CONV1] == 2 && marks.begun[EO_CONV2] == 2 && marks.begun[EO_CLASSIFIER] == 2 &&
              !marks.wrong,
          ref->name, "two marks of each layer", "others");
}

/* Weights so large that sums overflow: infinities and NaN, whose bits would differ between processors. */
static void test_overflow(enum eo_isa isa, const uint8_t *pixels)
{
    union eo_score scores[3][EO_CLASSES];
    struct eo_infer *inf;
    struct eo_model m;
    int nans = 0, settled = 1;

    random_model(&m, EO_FP32, 4, 5, 9);
    for (int i = 0; i < 49 * 5 * EO_CLASSES; i++)
        m.layer[EO_CLASSIFIER].weight.f32[i] *= 3e38f;
    for (int i = 0; i < 4 * 5 * 9; i++)
        m.layer[EO_CONV2].weight.f32[i] *= 1e38f;
    inf = open_model(&m, isa, 20);
    eo_infer_run(inf, pixels, 1, scores[0]);
    for (int k = 0; k < EO_CLASSES; k++) {
        nans += scores[0][k].f32 != scores[0][k].f32;
        settled &= scores[0][k].f32 == scores[0][k].f32 || scores[0][k].s32 == 0x7fc00000;
    }
    check(nans > 0, "scores after an overflow", "a NaN", "none: the test has lost its point");
    check(settled, "a NaN among the scores", "the bits 7fc00000", "others");
    check_int("class of NaN scores is in range", 1, eo_infer_class(inf, scores[0]) < EO_CLASSES);
    eo_infer_free(inf);
    random_model_release(&m);
}

static void test_activations(enum eo_isa isa, const uint8_t *pixels)
{
    float pool1[2][6 * 196], pool2[2][9 * 49];
    union eo_score scores[2][EO_CLASSES];
    const struct eo_engine_ops *ref = eo_ops_ref(EO_FP32);
    struct eo_infer *inf;
    struct eo_model m;
    void *state;

    random_model(&m, EO_FP32, 6, 9, 2);
    state = ref->prepare(&m, 1, NULL);
    ref->activations(state, pixels, pool1[0], pool2[0], scores[0]);
    ref->release(state);
    inf = open_model(&m, isa, 1);
    eo_infer_activations(inf, pixels, pool1[1], pool2[1], scores[1]);
    check(memcmp(pool1[0], pool1[1], sizeof(pool1[0])) == 0, "pool1", "the reference's", "others");
    check(memcmp(pool2[0], pool2[1], sizeof(pool2[0])) == 0, "pool2", "the reference's", "others");
    check(memcmp(scores[0], scores[1], sizeof(scores[0])) == 0, "scores with activations", "the reference's",
          "others");
    eo_infer_free(inf);
    random_model_release(&m);
}

/* A model whose sums can be done in the head: centre taps alone, one channel. */
static void test_by_hand(enum eo_isa isa)
{
    uint8_t pixels[EO_IMAGE_PIXELS];
    union eo_score scores[EO_CLASSES];
    struct eo_infer *inf;
    struct eo_model m;

    random_model(&m, EO_FP32, 1, 1, 1);
    memset(m.layer[EO_CONV1].weight.f32, 0, 9 * sizeof(float));
    memset(m.layer[EO_CONV2].weight.f32, 0, 9 * sizeof(float));
    memset(m.layer[EO_CLASSIFIER].weight.f32, 0, 490 * sizeof(float));
    m.layer[EO_CONV1].weight.f32[4] = 2;
    m.layer[EO_CONV1].bias.f32[0] = 1;
    m.layer[EO_CONV2].weight.f32[4] = 1;
    m.layer[EO_CONV2].bias.f32[0] = -0.5f;
    for (int k = 0; k < EO_CLASSES; k++) {
        m.layer[EO_CLASSIFIER].weight.f32[k * 49 + 8] = (float)k;
        m.layer[EO_CLASSIFIER].bias.f32[k] = (float)(-k * k);
    }
    memset(pixels, 0, sizeof(pixels));
    /* conv1 3; pool1 (3, 3); conv2 2.5; pool2 (1, 1), the 8th: score 2.5 k - k * k */
    pixels[6 * EO_IMAGE_SIDE + 7] = 255;
    inf = open_model(&m, isa, 1);
    eo_infer_run(inf, pixels, 1, scores);
    for (int k = 0; k < EO_CLASSES; k++)
        check_int("twice the score by hand", 5 * k - 2 * k * k, (long)(2 * scores[k].f32));
    check_int("class by hand", 1, eo_infer_class(inf, scores));
    check_int("logit by hand", 1500, (long)(1000 * eo_infer_logit(inf, scores[1])));
    eo_infer_free(inf);
    random_model_release(&m);
}

static void test_class(void)
{
    static const struct {
        float scores[EO_CLASSES];
        int expected;
    } cases[] = {
        {{0}, 0},
        {{-1, -2, -3, -1, -5, -6, -7, -8, -9, -0.5f}, 9},
        {{1, 2, 3, 3, 3, 2, 1, 0, 3, 3}, 2},
        {{-0.0f, 0.0f}, 0},
    };
    union eo_score scores[EO_CLASSES];
    struct eo_infer *inf[2];
    struct eo_model m;

    random_model(&m, EO_FP32, 1, 1, 1);
    inf[0] = open_model(&m, EO_ISA_GENERIC, 1);
    random_model_release(&m);
    random_model(&m, EO_INT8, 1, 1, 1);
    inf[1] = open_model(&m, EO_ISA_GENERIC, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int k = 0; k < EO_CLASSES; k++)
            scores[k].f32 = cases[i].scores[k];
        check_int("class of floats", cases[i].expected, eo_infer_class(inf[0], scores));
        for (int k = 0; k < EO_CLASSES; k++)
            scores[k].s32 = (int32_t)(2 * cases[i].scores[k]);
        check_int("class of integers", cases[i].expected, eo_infer_class(inf[1], scores));
    }
    scores[0].s32 = -1000;
    check_int("logit of an integer", 1,
              eo_infer_logit(inf[1], scores[0]) == -1000 * eo_infer_score_scale(inf[1]));
    check_int("scale of floats", 1, eo_infer_score_scale(inf[0]) == 1);
    check_int("scale of integers", 1, eo_infer_score_scale(inf[1]) > 0 && eo_infer_score_scale(inf[1]) < 1);
    eo_infer_free(inf[0]);
    eo_infer_free(inf[1]);
    eo_infer_free(NULL);
    random_model_release(&m);
}

static void check_refused(const struct eo_model *m, enum eo_isa isa, int max_batch, const char *message)
{
    struct eo_err err = {""};
    struct eo_infer *inf = eo_infer_new(m, isa, max_batch, &err);

    check(!inf && strcmp(err.msg, message) == 0, "refusal", message, inf ? "none" : err.msg);
    eo_infer_free(inf);
}

static void test_refusals(void)
{
    enum eo_isa foreign = eo_isa_available(EO_ISA_NEON) ? EO_ISA_AVX2 : EO_ISA_NEON;
    struct eo_model m;
    char message[128];

    random_model(&m, EO_FP32, 2, 3, 1);
    check_refused(&m, EO_ISA_GENERIC, 0, "batch size: expected 1 to 65536, found 0");
    check_refused(&m, EO_ISA_GENERIC, 65537, "batch size: expected 1 to 65536, found 65537");
    snprintf(message, sizeof(message), "instruction set '%s' is not available on this machine",
             eo_isa_name(foreign));
    check_refused(&m, foreign, 1, message);
    m.shape.c1 = EO_MAX_C1 + 1;
    check_refused(&m, EO_ISA_GENERIC, 1, "model shape: expected at most 64 and 128 channels, found 65 and 3");
    m.shape.c1 = 2;
    random_model_release(&m);

    random_model(&m, EO_INT8, 2, 3, 1);
    m.layer[EO_CONV2].input_scale = 1e-9f;
    check_refused(
        &m, EO_ISA_GENERIC, 1,
        "layer 'conv1', channel 0: requantisation factor: expected a value between 0 and 1, found 62004.7");
    random_model_release(&m);
}

/* The constants of an int8 model, against the sentences of infer.h. */
static void test_s8_params(void)
{
    struct eo_s8_params p;
    struct eo_err err;
    struct eo_model m;

    random_model(&m, EO_INT8, 2, 3, 1);
    m.layer[EO_CONV1].input_scale = 2.0f / 255; /* one step a grey value */
    m.layer[EO_CONV1].input_zero_point = 100;
    for (int i = 0; i < EO_CLASSES; i++)
        m.layer[EO_CLASSIFIER].weight_scale[i] = i == 3 ? 0.5f : 0.25f;
    if (eo_s8_params_init(&p, &m, &err)) {
        printf("eo_s8_params_init: %s\n", err.msg);
        exit(1);
    }
    check_int("lowest input is clamped", 0, p.input_table[0]);
    check_int("highest input is clamped", p.qmax, p.input_table[255]);
    check_int("multiplier of the class with the largest scale", INT32_MAX, p.classifier[3].multiplier);
    check_int("shift of the class with the largest scale", 31, p.classifier[3].shift);
    check_int("multiplier of half of it", 1 << 30, p.classifier[0].multiplier);
    check_int("shift of half of it", 31, p.classifier[0].shift);
    check_int("score scale", 1, p.score_scale == 0.5 * (double)m.layer[EO_CLASSIFIER].input_scale);
    m.layer[EO_CONV1].input_scale = 2;
    if (eo_s8_params_init(&p, &m, &err)) {
        printf("eo_s8_params_init: %s\n", err.msg);
        exit(1);
    }
    check_int("half a step above zero rounds to even", 100, p.input_table[255]);
    check_int("half a step below zero rounds to even", 100, p.input_table[0]);
    random_model_release(&m);
}

int main(void)
{
    static uint8_t pixels[MAX_BATCH * EO_IMAGE_PIXELS];

    random_pixels(pixels, sizeof(pixels), 4);
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        if (!eo_isa_available((enum eo_isa)isa))
            continue;
        for (int p = 0; p < EO_PRECISION_COUNT; p++) {
            test_agreement((enum eo_isa)isa, (enum eo_precision)p, (char[]){"0.5"}, (char[]){"0.5"}, pixels);
            test_agreement((enum eo_isa)isa, (enum eo_precision)p, (char[]){"0.1307"}, (char[]){"0.3081"},
                           pixels);
        }
        for (int p = 0; p < EO_PRECISION_COUNT; p++)
            test_marks((enum eo_isa)isa, (enum eo_precision)p, pixels);
        test_overflow((enum eo_isa)isa, pixels);
        test_activations((enum eo_isa)isa, pixels);
        test_by_hand((enum eo_isa)isa);
    }
    for (int p = 0; p < EO_PRECISION_COUNT; p++)
        test_reference_marks((enum eo_precision)p, pixels);
    test_class();
    test_refusals();
    test_s8_params();
    return check_report("test_infer");
}
