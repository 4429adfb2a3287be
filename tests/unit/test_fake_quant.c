/*
 * Simulated quantisation: against the engine of integers whose arithmetic it imitates, against the definition of its
 * gradients in double, and its limit, steps so fine that nothing is rounded. Then equal bits everywhere.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/fake_quant.h"
#include "nn/infer.h"
#include "nn/trainer.h"
#include "stage/quant/quant.h"
#include "tests/unit/check.h"
#include "tests/unit/plain_net.h"

#define IMAGES 200

static uint8_t pixels[IMAGES * 784], labels[IMAGES];
static uint32_t order[IMAGES];

static void stop(const struct eo_err *err)
{
    printf("FAIL %s\n", err->msg);
    exit(1);
}

/* Blobs of grey on black, as images are. */
static void make_images(void)
{
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_SYNTHETIC);
    for (int i = 0; i < IMAGES; i++) {
        double cy = eo_rng_below(&rng, 28), cx = eo_rng_below(&rng, 28), r = 3 + eo_rng_below(&rng, 9);

        for (int at = 0; at < 784; at++) {
            double dy = at / 28 - cy, dx = at % 28 - cx;

            pixels[i * 784 + at] = (uint8_t)(dy * dy + dx * dx < r * r ? 128 + eo_rng_below(&rng, 128) : 0);
        }
        labels[i] = (uint8_t)eo_rng_below(&rng, 10);
        order[i] = (uint32_t)((i * 7) % IMAGES);
    }
}

static void fill(struct eo_rng *rng, float *w, size_t n, float bound)
{
    for (size_t i = 0; i < n; i++)
        w[i] = (2 * eo_rng_f32(rng) - 1) * bound;
}

static void make_model(struct eo_model *m, int c1, int c2, uint64_t seed)
{
    struct eo_shape shape = {c1, c2};
    struct eo_rng rng;
    struct eo_err err;

    if (eo_model_init(m, EO_FP32, shape, &err))
        stop(&err);
    eo_rng_init(&rng, seed, EO_RNG_INIT);
    for (int i = 0; i < EO_SMALLCNN_LAYERS; i++) {
        enum eo_smallcnn_layer l = (enum eo_smallcnn_layer)i;
        float bound = 2 / sqrtf((float)eo_shape_terms(&shape, l));

        /* Outputs of different size tell one scale for all from one for each. */
        for (int o = 0; o < eo_shape_outputs(&shape, l); o++)
            fill(&rng, m->layer[l].weight.f32 + o * eo_shape_terms(&shape, l), (size_t)eo_shape_terms(&shape, l),
                 bound / (float)(1 + o % 4));
        fill(&rng, m->layer[l].bias.f32, (size_t)eo_shape_outputs(&shape, l), bound);
    }
}

/* In mixed, layers have 4 and 8 bits in turns. */
static void to_integers(const struct eo_model *m, enum eo_precision precision, enum eo_backend backend,
                        struct eo_model *q)
{
    struct eo_images images = {.pixels = pixels, .labels = labels, .count = IMAGES};
    struct eo_quant_options opt = {.precision = precision,
                                   .backend = backend,
                                   .observer = EO_OBSERVER_MINMAX,
                                   .batch_size = IMAGES / 2,
                                   .batches = 1,
                                   .isa = EO_ISA_GENERIC};
    struct eo_calibration cal;
    struct eo_err err;

    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        opt.weight_bits[l] = l % 2 ? 8 : 4;
    if (eo_calibration_run(&cal, m, &images, &opt, &err) || eo_quant_integers(m, &cal, &opt, q, &err))
        stop(&err);
}

static struct eo_trainer *simulate(const struct eo_model *m, const struct eo_model *q, int is_per_tensor,
                                   enum eo_isa isa, struct eo_pool *pool)
{
    const struct eo_trainer_options options = {.isa = isa, .pool = pool, .max_batch = IMAGES};
    struct eo_err err;
    struct eo_trainer *t = eo_trainer_new(m, &options, &err);

    if (!t || eo_trainer_simulate_int8(t, q, is_per_tensor, &err))
        stop(&err);
    return t;
}

/* ---- against the engine ---- */

static int largest(const float z[10])
{
    int best = 0;

    for (int k = 1; k < 10; k++)
        best = z[k] > z[best] ? k : best;
    return best;
}

/*
 * All logits within 0.5 % of their spread, classes equal for 99 % of the images. Where the simulation and the engine
 * differ it is by a value that lies at a half, and by the bias that the engine rounds.
 */
static void test_engine(int c1, int c2, enum eo_precision precision, enum eo_backend backend)
{
    int same = 0, c = c1 * 1000 + c2, is_per_tensor = backend == EO_BACKEND_QNNPACK;
    double worst = 0, low = 1e300, high = -1e300;
    struct eo_model m, q;
    struct eo_trainer *t;
    struct eo_infer *inf;
    struct eo_err err;

    make_model(&m, c1, c2, (uint64_t)c);
    to_integers(&m, precision, backend, &q);
    t = simulate(&m, &q, is_per_tensor, EO_ISA_GENERIC, NULL);
    inf = eo_infer_new(&q, EO_ISA_GENERIC, 1, &err);
    if (!inf)
        stop(&err);
    for (int i = 0; i < IMAGES; i++) {
        union eo_score scores[10];
        float z[10];

        eo_infer_run(inf, pixels + i * 784, 1, scores);
        eo_trainer_logits(t, pixels + i * 784, z);
        for (int k = 0; k < 10; k++) {
            double logit = eo_infer_logit(inf, scores[k]);

            worst = fmax(worst, fabs(logit - (double)z[k]));
            low = fmin(low, logit);
            high = fmax(high, logit);
        }
        same += eo_infer_class(inf, scores) == largest(z);
    }
    check_that(worst < 0.005 * (high - low), "%d-%d: logits of simulation and engine: expected within %g, found %g", c1,
               c2, 0.005 * (high - low), worst);
    check_that(same >= IMAGES * 99 / 100, "%d-%d: expected the same class for 99 %%, found %d of %d", c1, c2, same,
               IMAGES);
    eo_infer_free(inf);
    eo_trainer_free(t);
    eo_model_release(&m);
    eo_model_release(&q);
}

/* ---- against the definition ---- */

/* Weights on a grid of 2^-9 with one at 127.5 * 2^-9 per output, and one scale: then floats sum without rounding. */
static void make_exact(struct eo_model *m, struct eo_model *q, int c1, int c2)
{
    const float step = 0x1p-9f;
    struct eo_shape shape = {c1, c2};
    struct eo_err err;

    make_model(m, c1, c2, (uint64_t)(c1 * 100 + c2));
    if (eo_model_init(q, EO_INT8, shape, &err))
        stop(&err);
    q->backend = EO_BACKEND_FBGEMM;
    for (int i = 0; i < EO_SMALLCNN_LAYERS; i++) {
        size_t terms = (size_t)eo_shape_terms(&shape, (enum eo_smallcnn_layer)i),
               n = eo_shape_weights(&shape, (enum eo_smallcnn_layer)i);
        float *w = m->layer[i].weight.f32;
        struct eo_rng rng;

        eo_rng_init(&rng, (uint64_t)i, EO_RNG_BENCH);
        fill(&rng, w, n, 127 * step);
        for (size_t at = 0; at < n; at += terms)
            w[at] = 127.5f * step;
        for (int o = 0; o < eo_shape_outputs(&shape, (enum eo_smallcnn_layer)i); o++) {
            m->layer[i].bias.f32[o] = (float)((int)eo_rng_below(&rng, 65) - 32) * 0x1p-6f;
            q->layer[i].weight_scale[o] = step;
        }
    }
    q->layer[EO_CONV1].input_scale = 0x1p-6f;
    q->layer[EO_CONV1].input_zero_point = 64;
    q->layer[EO_CONV2].input_scale = 0x1p-8f; /* fine enough for some values to be clamped */
    q->layer[EO_CLASSIFIER].input_scale = 0x1p-9f;
}

/* The oracle's parameters as the definition rounds them. */
static void plain_quantised(struct plain *p, const struct eo_model *m, const struct eo_model *q)
{
    double *w;

    plain_from_model(p, m);
    w = p->w;
    for (int i = 0; i < EO_SMALLCNN_LAYERS; i++) {
        size_t n = eo_shape_weights(&m->shape, (enum eo_smallcnn_layer)i);

        for (size_t k = 0; k < n; k++)
            w[k] = fmin(rint(w[k] * 512), 127) / 512;
        w += n + (size_t)eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)i);
    }
    for (int i = 0; i < 256; i++)
        p->input[i] = fmin(fmax(rint((i / 127.5 - 1) * 64), -64), 63) / 64;
    p->scale[0] = (double)q->layer[EO_CONV2].input_scale;
    p->scale[1] = (double)q->layer[EO_CLASSIFIER].input_scale;
    p->max = 127;
}

static double worst_difference(const double *expected, const float *found, size_t n)
{
    double most = 0, worst = 0;

    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(expected[i]));
        worst = fmax(worst, fabs(expected[i] - (double)found[i]));
    }
    return worst / most;
}

static void test_gradients(int c1, int c2, int n)
{
    size_t size = plain_size(c1, c2);
    float *flat = malloc(size * sizeof(float));
    double loss = 0, expected, worst;
    struct eo_model m, q, grad;
    struct eo_trainer *t;
    struct eo_err err;
    struct plain p;

    make_exact(&m, &q, c1, c2);
    plain_quantised(&p, &m, &q);
    expected = plain_batch(&p, pixels, labels, order, n);
    t = simulate(&m, &q, 0, EO_ISA_GENERIC, NULL);
    if (eo_model_init(&grad, EO_FP32, m.shape, &err))
        stop(&err);
    eo_trainer_gradients(t, &(struct eo_batch){pixels, labels, order, NULL, n, NULL}, &grad, &loss);
    flatten(&grad, flat);
    worst = worst_difference(p.g, flat, size);
    check_that(fabs(loss - expected) < 1e-6 * expected, "%d-%d: loss: expected %.9g, found %.9g", c1, c2, expected,
               loss);
    check_that(worst < 1e-5, "%d-%d: gradients: largest difference %g of the largest", c1, c2, worst);
    for (int i = 0; i < 2; i++) {
        double found = (double)grad.layer[EO_CONV2 + i].input_scale;

        check_that(fabs(found - p.dscale[i]) < 1e-4 * fabs(p.dscale[i]),
                   "%d-%d: gradient by scale %d: expected %.9g, found %.9g", c1, c2, i, p.dscale[i], found);
    }
    free(flat), plain_release(&p);
    eo_trainer_free(t);
    eo_model_release(&m), eo_model_release(&q), eo_model_release(&grad);
}

/* ---- the limit ---- */

static void run_kernels(const struct eo_train_layout *l, const float *params, const float *w2f,
                        const struct eo_train_rounding *rounding, float *memory, float z[10], float *grad)
{
    const struct eo_train_ops *ops = eo_train_ops_get(EO_ISA_GENERIC);
    struct eo_train_scratch s;
    float dz[10];

    eo_train_scratch_place(l, memory, &s);
    for (int i = 0; i < 784; i++)
        s.x[(i / 28 + 1) * EO_X_STRIDE + i % 28 + 1] = (float)pixels[i] / 127.5f - 1;
    for (int k = 0; k < 10; k++)
        dz[k] = (float)(k - 4) / 10;
    memset(grad, 0, l->total_gradients * sizeof(float));
    ops->forward(l, params, w2f, rounding, &s, z);
    ops->backward(l, params, rounding != NULL, &s, dz, grad);
}

/* With steps of a millionth and room for all values, rounding is none: gradients are the usual ones. */
static void test_limit(void)
{
    const struct eo_train_rounding fine = {0x1p-20f, 0x1p-20f, 0x1p22f};
    struct eo_train_layout l;
    struct eo_rng rng;
    float *params, *w2f, *memory, *grad[2], z[2][10];
    double worst = 0, most = 0;

    eo_train_layout_init(&l, 3, 5);
    params = calloc(l.total, sizeof(float));
    w2f = calloc(3 * 9 * 16, sizeof(float));
    memory = calloc(eo_train_scratch_floats(&l), sizeof(float));
    eo_rng_init(&rng, 4, EO_RNG_INIT);
    for (int i = 0; i < 9 * 16; i++)
        params[l.w1 + (size_t)i] = i % 16 < 3 ? eo_rng_f32(&rng) - 0.5f : 0;
    for (int i = 0; i < 5 * 9 * 3; i++) {
        int o = i / 27, tap = i % 27 / 3, c = i % 3;

        params[l.w2 + (size_t)((o * 9 + tap) * 16 + c)] = w2f[(c * 9 + tap) * 16 + o] = eo_rng_f32(&rng) - 0.5f;
    }
    for (int i = 0; i < 490 * 5; i++)
        params[l.w3 + (size_t)(i / 5 * 16 + i % 5)] = eo_rng_f32(&rng) - 0.5f;
    for (int i = 0; i < 2; i++) {
        grad[i] = malloc(l.total_gradients * sizeof(float));
        run_kernels(&l, params, w2f, i ? &fine : NULL, memory, z[i], grad[i]);
    }
    for (int k = 0; k < 10; k++)
        worst = fmax(worst, fabs((double)z[0][k] - (double)z[1][k]));
    check_that(worst < 1e-4, "fine steps: logits differ by %g", worst);
    worst = 0;
    for (size_t i = 0; i < l.total; i++) {
        most = fmax(most, fabs((double)grad[0][i]));
        worst = fmax(worst, fabs((double)grad[0][i] - (double)grad[1][i]));
    }
    check_that(most > 0.1 && worst < 1e-5 * most, "fine steps: gradients up to %g differ by %g", most, worst);
    free(params), free(w2f), free(memory), free(grad[0]), free(grad[1]);
}

/* ---- the scales ---- */

/* A scale follows its gradient, stays where there is none, and neither vanishes nor leaves its bounds. */
static void test_update(void)
{
    struct eo_fake_quant f = {.rounding = {2, 3, 127}, .scale1 = {.start = 2}, .scale2 = {.start = 3}};
    const double up[2] = {-1, 0};

    eo_fake_quant_update(&f, up, 1e-3, 0.1, 0.001);
    check_that(fabs((double)f.rounding.scale1 / 2 - 1.001) < 1e-5, "first step of Adam: expected 1.001, found %g",
               (double)f.rounding.scale1 / 2);
    check_that(f.rounding.scale2 == 3, "without a gradient: expected 3, found %g", (double)f.rounding.scale2);
    for (int i = 0; i < 50; i++)
        eo_fake_quant_update(&f, (const double[]){-1, 1e-3}, 1, 1, 1);
    check_that(fabs((double)f.rounding.scale1 - 8) < 1e-5, "upper bound: expected 8, found %g",
               (double)f.rounding.scale1);
    check_that(fabs((double)f.rounding.scale2 - 0.75) < 1e-5, "lower bound: expected 0.75, found %g",
               (double)f.rounding.scale2);
}

static void test_refusals(void)
{
    const struct eo_trainer_options options = {.isa = EO_ISA_GENERIC, .max_batch = 1};
    struct eo_model m, q, other;
    struct eo_trainer *t;
    struct eo_err err;

    make_model(&m, 2, 3, 1);
    make_model(&other, 2, 4, 1);
    to_integers(&m, EO_INT8, EO_BACKEND_FBGEMM, &q);
    t = eo_trainer_new(&m, &options, &err);
    check_that(eo_trainer_simulate_int8(t, &other, 0, &err) == -1, "another shape: expected a refusal");
    check_text("shape", "simulated quantisation: expected a model of 2 and 3 channels, found 2 and 4", err.msg);
    eo_trainer_free(t);
    t = eo_trainer_new(&m, &options, &err);
    check_that(eo_trainer_simulate_int8(t, &m, 0, &err) == -1, "fp32: expected a refusal");
    check_text("precision",
               "simulated quantisation: expected an integer model to begin with, found fp32", err.msg);
    eo_trainer_free(t);
    t = eo_trainer_new(&m, &options, &err);
    q.layer[EO_CLASSIFIER].input_zero_point = 3;
    check_that(eo_trainer_simulate_int8(t, &q, 0, &err) == -1, "zero point: expected a refusal");
    check_text("zero point", "simulated quantisation: expected zero point 0 of the input of 'classifier', found 3",
               err.msg);
    eo_trainer_free(t);
    eo_model_release(&m), eo_model_release(&q), eo_model_release(&other);
}

/* ---- the same bits ---- */

static void test_steps(int is_per_tensor)
{
    size_t size = plain_size(5, 18) + 2;
    float *first = malloc(size * sizeof(float)), *flat = malloc(size * sizeof(float));
    struct eo_model m, q;
    int run = 0;

    make_model(&m, 5, 18, 3);
    to_integers(&m, EO_INT8, EO_BACKEND_FBGEMM, &q);
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        for (int threads = 1; threads <= 3; threads++) {
            struct eo_model out;
            struct eo_trainer *t;
            struct eo_pool *pool;
            struct eo_err err;
            double loss = 0;
            uint64_t correct = 0;

            if (!eo_isa_available((enum eo_isa)isa))
                continue;
            pool = eo_pool_new(threads, &err);
            if (!pool || eo_model_init(&out, EO_FP32, m.shape, &err))
                stop(&err);
            t = simulate(&m, &q, is_per_tensor, (enum eo_isa)isa, pool);
            for (int i = 0; i < 5; i++) {
                const struct eo_batch batch = {pixels, labels, order, NULL, i % 2 ? 40 : 21, NULL};

                eo_trainer_step(t, &batch, 1e-2, &loss, &correct);
            }
            eo_trainer_export(t, &out);
            flatten(&out, flat);
            flat[size - 2] = out.layer[EO_CONV2].input_scale;
            flat[size - 1] = out.layer[EO_CLASSIFIER].input_scale;
            if (run++ == 0)
                memcpy(first, flat, size * sizeof(float));
            check_that(memcmp(first, flat, size * sizeof(float)) == 0,
                       "five steps: %s with %d threads gives other weights or scales", eo_isa_name((enum eo_isa)isa),
                       threads);
            eo_model_release(&out);
            eo_trainer_free(t);
            eo_pool_free(pool);
        }
    }
    check_that(first[size - 1] != q.layer[EO_CLASSIFIER].input_scale && first[size - 1] > 0,
               "five steps: expected another scale than %g", (double)first[size - 1]);
    free(first), free(flat);
    eo_model_release(&m), eo_model_release(&q);
}

int main(void)
{
    make_images();
    test_engine(5, 10, EO_INT8, EO_BACKEND_FBGEMM);
    test_engine(5, 10, EO_INT8, EO_BACKEND_QNNPACK);
    test_engine(16, 32, EO_INT8, EO_BACKEND_FBGEMM);
    test_engine(1, 1, EO_INT8, EO_BACKEND_FBGEMM);
    test_engine(5, 10, EO_INT4, EO_BACKEND_FBGEMM);
    test_engine(5, 10, EO_INT4, EO_BACKEND_QNNPACK);
    test_engine(5, 10, EO_MIXED, EO_BACKEND_FBGEMM);
    test_gradients(1, 1, 3);
    test_gradients(5, 10, 33);
    test_gradients(4, 18, 17);
    test_limit();
    test_update();
    test_refusals();
    test_steps(0);
    test_steps(1);
    return check_report("test_fake_quant");
}
