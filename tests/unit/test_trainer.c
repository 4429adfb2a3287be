/*
 * Training against an independent implementation: the same network in double, written in the plainest way, whose
 * gradients are themselves checked by central differences. Then: equal bits on every instruction set and for every
 * number of threads.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/loss.h"
#include "nn/trainer.h"
#include "tests/unit/check.h"
#include "tests/unit/plain_net.h"

static void check(int ok, const char *what, double expected, double found)
{
    check_that(ok, "%s: expected %.9g, found %.9g", what, expected, found);
}

static void random_model(struct eo_model *m, int c1, int c2, uint64_t seed)
{
    struct eo_shape shape = {c1, c2};
    struct eo_rng rng;
    struct eo_err err;

    if (eo_model_init(m, EO_FP32, shape, &err)) {
        printf("FAIL %s\n", err.msg);
        exit(1);
    }
    eo_rng_init(&rng, seed, EO_RNG_INIT);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        size_t w = eo_shape_weights(&shape, (enum eo_smallcnn_layer)l);
        float bound = 1 / sqrtf((float)eo_shape_terms(&shape, (enum eo_smallcnn_layer)l));

        for (size_t i = 0; i < w; i++)
            m->layer[l].weight.f32[i] = (2 * eo_rng_f32(&rng) - 1) * bound;
        for (int i = 0; i < eo_shape_outputs(&shape, (enum eo_smallcnn_layer)l); i++)
            m->layer[l].bias.f32[i] = (2 * eo_rng_f32(&rng) - 1) * bound;
    }
}

#define IMAGES 40

static uint8_t pixels[IMAGES * 784], labels[IMAGES];
static uint32_t order[IMAGES];

static void make_images(void)
{
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_SYNTHETIC);
    for (int i = 0; i < IMAGES * 784; i++)
        pixels[i] = (uint8_t)eo_rng_below(&rng, 256);
    for (int i = 0; i < IMAGES; i++) {
        labels[i] = (uint8_t)eo_rng_below(&rng, 10);
        order[i] = (uint32_t)((i * 7) % IMAGES);
    }
}

/* Central differences of the plain network itself: the oracle has to be right first. */
static void test_oracle(double smoothing)
{
    struct eo_model m;
    struct plain p;
    double *g, step = 1e-6;

    random_model(&m, 2, 3, 5);
    plain_from_model(&p, &m);
    p.smoothing = smoothing;
    size_t n = plain_size(2, 3);
    g = malloc(n * sizeof(double));
    plain_batch(&p, pixels, labels, order, 3);
    memcpy(g, p.g, n * sizeof(double));
    for (size_t i = 0; i<n; i += n> 200 ? 7 : 1) {
        double keep = p.w[i], up, down, slope;

        p.w[i] = keep + step;
        up = plain_batch(&p, pixels, labels, order, 3) / 3;
        p.w[i] = keep - step;
        down = plain_batch(&p, pixels, labels, order, 3) / 3;
        p.w[i] = keep;
        slope = (up - down) / (2 * step);
        check(fabs(slope - g[i]) < 1e-6 + 1e-5 * fabs(slope), "central difference", slope, g[i]);
    }
    free(g), plain_release(&p);
    eo_model_release(&m);
}

static void gradients(const struct eo_model *m, enum eo_isa isa, double smoothing,
                      const struct eo_batch *batch, float *flat, double *loss)
{
    struct eo_model grad;
    struct eo_err err;
    struct eo_trainer_options options = {.isa = isa, .max_batch = IMAGES, .label_smoothing = smoothing};
    struct eo_trainer *t = eo_trainer_new(m, &options, &err);

    *loss = 0;
    if (!t || eo_model_init(&grad, EO_FP32, m->shape, &err)) {
        printf("FAIL %s\n", err.msg);
        exit(1);
    }
    eo_trainer_gradients(t, batch, &grad, loss);
    flatten(&grad, flat);
    eo_model_release(&grad);
    eo_trainer_free(t);
}

/* Each parameter's gradient against the oracle, relative to the largest gradient of the same kind. */
static void test_gradients(int c1, int c2, int n, double smoothing)
{
    struct eo_batch batch = {pixels, labels, order, NULL, n, NULL};
    size_t size = plain_size(c1, c2);
    float *flat = malloc(size * sizeof(float)), *other = malloc(size * sizeof(float));
    struct eo_model m;
    struct plain p;
    double loss, expected, largest = 0, worst = 0;

    random_model(&m, c1, c2, (uint64_t)(c1 * 100 + c2));
    plain_from_model(&p, &m);
    p.smoothing = smoothing;
    gradients(&m, EO_ISA_GENERIC, smoothing, &batch, flat, &loss);
    expected = plain_batch(&p, pixels, labels, order, n);
    check(fabs(loss - expected) < 1e-5 * fabs(expected), "loss", expected, loss);
    for (size_t i = 0; i < size; i++)
        largest = fabs(p.g[i]) > largest ? fabs(p.g[i]) : largest;
    for (size_t i = 0; i < size; i++)
        worst = fabs(p.g[i] - flat[i]) > worst ? fabs(p.g[i] - flat[i]) : worst;
    check(worst < 1e-5 * largest, "gradients: largest difference", 0, worst / largest);
    for (int isa = 1; isa < EO_ISA_COUNT; isa++) {
        double other_loss;

        if (!eo_isa_available((enum eo_isa)isa))
            continue;
        gradients(&m, (enum eo_isa)isa, smoothing, &batch, other, &other_loss);
        check(loss == other_loss, "loss by another instruction set", loss, other_loss);
        check(memcmp(flat, other, size * sizeof(float)) == 0, eo_isa_name((enum eo_isa)isa), 0, 1);
    }
    free(flat), free(other), plain_release(&p);
    eo_model_release(&m);
}

/* The image pixel by pixel to where it goes; the library asks where each pixel comes from. */
static void move(const uint8_t *from, struct eo_view view, uint8_t *to)
{
    memset(to, 0, 784);
    for (int y = 0; y < 28; y++) {
        for (int x = 0; x < 28; x++) {
            int ty = y + view.dy, tx = (view.mirrored ? 27 - x : x) + view.dx;

            if (ty >= 0 && ty < 28 && tx >= 0 && tx < 28)
                to[ty * 28 + tx] = from[y * 28 + x];
        }
    }
}

/* A batch under views has the gradients of the images moved beforehand. */
static void test_views(void)
{
    static uint8_t moved[IMAGES * 784];
    static const struct eo_view views[] = {{0, 0, 0},    {1, 0, 0},   {-2, 0, 0}, {0, 1, 0},
                                           {0, -3, 0},   {0, 0, 1},   {2, -1, 1}, {-27, 5, 0},
                                           {27, -27, 1}, {-8, -8, 1}, {8, 8, 0}};
    enum { N = sizeof(views) / sizeof(*views) };
    struct eo_batch seen = {pixels, labels, order, views, N, NULL}, plain = {moved, labels, order, NULL, N, NULL};
    float expected[14 * 10 * 49], found[14 * 10 * 49];
    size_t size = plain_size(3, 4) * sizeof(float);
    double expected_loss, loss;
    struct eo_model m;

    random_model(&m, 3, 4, 9);
    for (int i = 0; i < N; i++)
        move(pixels + order[i] * 784, views[i], moved + order[i] * 784);
    gradients(&m, eo_isa_best(), 0, &plain, expected, &expected_loss);
    gradients(&m, eo_isa_best(), 0, &seen, found, &loss);
    check(loss == expected_loss, "loss under views", expected_loss, loss);
    check(memcmp(expected, found, size) == 0, "gradients under views", 0, 1);
    seen.views = NULL;
    gradients(&m, eo_isa_best(), 0, &seen, found, &loss);
    check(loss != expected_loss, "a loss without views that differs", 0, loss);
    eo_model_release(&m);
}

static void one_step(const struct eo_model *m, double weight_decay, float *flat)
{
    struct eo_trainer_options options = {
        .isa = eo_isa_best(), .max_batch = IMAGES, .weight_decay = weight_decay};
    struct eo_batch batch = {pixels, labels, order, NULL, IMAGES, NULL};
    struct eo_model out;
    struct eo_err err;
    struct eo_trainer *t = eo_trainer_new(m, &options, &err);
    double loss = 0;
    uint64_t correct = 0;

    if (!t || eo_model_init(&out, EO_FP32, m->shape, &err)) {
        printf("FAIL %s\n", err.msg);
        exit(1);
    }
    eo_trainer_step(t, &batch, 0.01, &loss, &correct);
    eo_trainer_export(t, &out);
    flatten(&out, flat);
    eo_model_release(&out);
    eo_trainer_free(t);
}

/* Decay takes learning rate times decay of every weight and nothing of any bias. Sizes that are no multiples of 16. */
static void test_decay(int c1, int c2)
{
    size_t size = plain_size(c1, c2), at = 0;
    float *before = malloc(size * sizeof(float)), *without = malloc(size * sizeof(float));
    float *with = malloc(size * sizeof(float));
    double worst = 0;
    int biases_equal = 1;
    struct eo_model m;

    random_model(&m, c1, c2, 4);
    flatten(&m, before);
    one_step(&m, 0, without);
    one_step(&m, 0.5, with);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        size_t w = eo_shape_weights(&m.shape, (enum eo_smallcnn_layer)l);
        size_t b = (size_t)eo_shape_outputs(&m.shape, (enum eo_smallcnn_layer)l);

        for (size_t end = at + w; at < end; at++)
            worst = fmax(worst, fabs(without[at] - 0.01 * 0.5 * before[at] - with[at]));
        biases_equal = biases_equal && memcmp(without + at, with + at, b * sizeof(float)) == 0;
        at += b;
    }
    check(worst < 1e-7, "decay of weights: largest difference", 0, worst);
    check(biases_equal, "biases under decay", 1, biases_equal);
    free(before), free(without), free(with);
    eo_model_release(&m);
}

/* Against long double, at sizes where e^z overflows or vanishes. */
static void test_cross_entropy(void)
{
    static const double cases[][10] = {{0},
                                       {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                                       {-1000, 3, 1000, 999, 998.5, 0, 1, 2, 3, 4},
                                       {1e30, -1e30, 0, 0, 0, 0, 0, 0, 0, 0}};

    for (size_t i = 0; i < 4 * 3; i++) {
        const double *z = cases[i / 3];
        double smoothing = 0.1 * (double)(i % 3), gradient[10], loss, worst = 0;
        long double max = z[0], sum = 0, expected = 0;

        for (int k = 1; k < 10; k++)
            max = z[k] > (double)max ? (long double)z[k] : max;
        for (int k = 0; k < 10; k++)
            sum += expl(z[k] - max);
        loss = eo_cross_entropy(z, 10, 1, smoothing, gradient);
        for (int k = 0; k < 10; k++) {
            long double target = smoothing / 10.0L + (k == 1 ? 1 - (long double)smoothing : 0);

            expected -= target * (z[k] - max - logl(sum));
            worst = fmax(worst, fabs((double)(expl(z[k] - max) / sum - target) - gradient[k]));
        }
        check(fabs(loss - (double)expected) <= 1e-14 * fmax(1, fabs((double)expected)), "cross-entropy",
              (double)expected, loss);
        check(worst < 1e-15, "gradient of cross-entropy: largest difference", 0, worst);
        check(eo_cross_entropy(z, 10, 1, smoothing, NULL) == loss, "cross-entropy without its gradient", loss, 0);
    }
}

/* A few steps on 1, 2 and 3 threads and on every instruction set end in the same weights. */
static void test_steps(void)
{
    size_t size = plain_size(5, 18);
    float *first = malloc(size * sizeof(float)), *flat = malloc(size * sizeof(float));
    double first_loss = 0;
    struct eo_view views[IMAGES];
    struct eo_err err;
    struct eo_model m;
    int run = 0;

    for (int i = 0; i < IMAGES; i++)
        views[i] = (struct eo_view){(int8_t)(i % 5 - 2), (int8_t)(i % 3 - 1), (uint8_t)(i % 2)};
    random_model(&m, 5, 18, 3);
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        for (int threads = 1; threads <= 3; threads++) {
            struct eo_model out;
            struct eo_trainer_options options;
            struct eo_trainer *t;
            struct eo_pool *pool;
            double loss = 0;
            uint64_t correct = 0;

            if (!eo_isa_available((enum eo_isa)isa))
                continue;
            pool = eo_pool_new(threads, &err);
            options = (struct eo_trainer_options){.isa = (enum eo_isa)isa,
                                                  .pool = pool,
                                                  .max_batch = IMAGES,
                                                  .weight_decay = 0.1,
                                                  .label_smoothing = 0.1};
            t = pool ? eo_trainer_new(&m, &options, &err) : NULL;
            if (!t || eo_model_init(&out, EO_FP32, m.shape, &err)) {
                printf("FAIL %s\n", err.msg);
                exit(1);
            }
            for (int i = 0; i < 6; i++) {
                struct eo_batch batch = {pixels, labels, order, i == 2 ? views : NULL, i % 2 ? IMAGES : 21, NULL};

                eo_trainer_step(t, &batch, 1e-2, &loss, &correct);
            }
            eo_trainer_export(t, &out);
            flatten(&out, flat);
            if (run++ == 0) {
                memcpy(first, flat, size * sizeof(float));
                first_loss = loss;
                /* 183 images were seen; a guess among ten classes costs 2.3 each */
                check(loss > 0 && loss < 183 * 2.6, "loss of six steps", 183 * 2.3, loss);
            }
            check(loss == first_loss, "loss of six steps", first_loss, loss);
            check(memcmp(first, flat, size * sizeof(float)) == 0, "weights after six steps", 0, threads);
            eo_model_release(&out);
            eo_trainer_free(t);
            eo_pool_free(pool);
        }
    }
    free(first), free(flat);
    eo_model_release(&m);
}

int main(void)
{
    make_images();
    test_oracle(0);
    test_oracle(0.3);
    test_gradients(16, 32, 3, 0);
    test_gradients(1, 1, 17, 0);
    test_gradients(5, 10, 33, 0);
    test_gradients(5, 10, 33, 0.1);
    test_gradients(11, 22, 4, 0);
    test_gradients(17, 33, 2, 0.2);
    test_views();
    test_decay(16, 32);
    test_decay(5, 18);
    test_cross_entropy();
    test_steps();
    return check_report("test_trainer");
}
