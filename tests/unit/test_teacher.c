/*
 * Distillation: the loss against its formula in long double and its gradient against differences; what a teacher
 * answers for moved and mirrored images, on any number of threads; what both trainers make of its logits.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/infer.h"
#include "stage/learn/teacher.h"
#include "stage/learn/train.h"
#include "tests/unit/check.h"

#define IMAGES 37

static uint8_t pixels[IMAGES * 784], labels[IMAGES];
static uint32_t order[IMAGES];

static void check(int ok, const char *what, double expected, double found)
{
    check_that(ok, "%s: expected %.17g, found %.17g", what, expected, found);
}

/* ---- the loss ------------------------------------------------------------------------------------------------- */

static long double softened(const long double *z, int classes, long double t, int k)
{
    long double max = z[0], sum = 0;

    for (int i = 1; i < classes; i++)
        max = z[i] > max ? z[i] : max;
    for (int i = 0; i < classes; i++)
        sum += expl((z[i] - max) / t);
    return expl((z[k] - max) / t) / sum;
}

static long double formula(const long double *z, int classes, const struct eo_target *target)
{
    long double taught[10], w = target->weight, t = target->temperature, s = target->smoothing, loss = 0;

    for (int k = 0; k < classes; k++)
        taught[k] = target->teacher[k];
    for (int k = 0; k < classes; k++) {
        long double p = softened(taught, classes, t, k), onehot = k == target->label;

        loss -= (1 - w) * ((1 - s) * onehot + s / classes) * logl(softened(z, classes, 1, k));
        loss += w * t * t * p * logl(p / softened(z, classes, t, k));
    }
    return loss;
}

static void test_loss(void)
{
    static const float teacher[10] = {3, -1, 0.5f, 7, 7.25f, -4, 2, 0, 1, -2};
    static const double z[10] = {1, 0, -3, 4, 2, 6, -1, 0.5, 0.25, 2.5};

    for (int i = 0; i < 27; i++) {
        struct eo_target target = {i % 10, 0.1 * (i % 3), teacher, 0.5 * (1 << i % 4), 0.25 * (i % 5)};
        double gradient[10], loss = eo_loss(z, 10, &target, gradient), worst = 0;
        long double exact[10], h = 1e-5L;

        for (int k = 0; k < 10; k++)
            exact[k] = z[k];
        check(fabs(loss - (double)formula(exact, 10, &target)) < 1e-12, "loss",
              (double)formula(exact, 10, &target), loss);
        for (int k = 0; k < 10; k++) {
            long double above, below;

            exact[k] = z[k] + h;
            above = formula(exact, 10, &target);
            exact[k] = z[k] - h;
            below = formula(exact, 10, &target);
            exact[k] = z[k];
            worst = fmax(worst, fabs((double)((above - below) / (2 * h)) - gradient[k]));
        }
        check(worst < 1e-9, "gradient of the loss: largest difference", 0, worst);
        check(eo_loss(z, 10, &target, NULL) == loss, "the loss without its gradient", loss, 0);
    }
}

/* Logits beyond the range of exp are no trouble. */
static void test_extremes(void)
{
    static const float teacher[3] = {1e30f, 0, -1e30f};
    static const double z[3] = {-1e30, 1e30, 0};
    struct eo_target target = {0, 0, teacher, 4, 1};
    double gradient[3], loss = eo_loss(z, 3, &target, gradient);

    check_that(isfinite(loss) && loss > 1e29, "a loss of %g", loss);
    check(gradient[0] == -4 && gradient[1] == 4 && gradient[2] == 0, "its gradient", -4, gradient[0]);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static struct eo_model make_model(const char *network, int seed)
{
    struct eo_config cfg;
    struct eo_network net;
    struct eo_model m;
    struct eo_err err;

    eo_config_init(&cfg);
    cfg.seeds[0] = (uint64_t)seed;
    if (eo_network_parse(&net, network, &err) || eo_train_init_model(&cfg, 0, &net, &m, &err)) {
        check_that(0, "%s", err.msg);
        exit(check_report("test_teacher"));
    }
    return m;
}

static const char smallcnn[] = "input 1x28x28; conv1: conv 16 3x3 pad 1 relu max 2x2; "
                               "conv2: conv 32 3x3 pad 1 relu max 2x2; classifier: linear 10";
static const char other[] = "input 1x28x28; a: conv 3 5x5 stride 2 relu; b: linear 10";

static void test_answers(const char *network)
{
    struct eo_model m = make_model(network, 5);
    struct eo_view views[IMAGES];
    struct eo_batch batch = {.pixels = pixels, .labels = labels, .index = order, .views = views, .n = IMAGES};
    struct eo_infer *infer;
    struct eo_err err;

    for (int i = 0; i < IMAGES; i++)
        views[i] = (struct eo_view){(int8_t)(i % 5 - 2), (int8_t)(i % 3 - 1), (uint8_t)(i % 2)};
    infer = eo_infer_new(&m, EO_ISA_GENERIC, 1, &err);
    for (int threads = 1; threads <= 3; threads++) {
        struct eo_pool *pool = eo_pool_new(threads, &err);
        struct eo_teacher *t = eo_teacher_new(&m, IMAGES, eo_isa_best(), pool, &err);
        int same = 0;

        for (int moved = 0; moved < 2; moved++) {
            const float *found;

            batch.views = moved ? views : NULL;
            found = eo_teacher_ask(t, &batch);
            for (int i = 0; i < IMAGES; i++) {
                uint8_t image[784];
                union eo_score scores[10];

                eo_view_apply(pixels + order[i] * 784, m.network.input,
                              moved ? views[i] : (struct eo_view){0, 0, 0}, image);
                eo_infer_run(infer, image, 1, scores);
                same += memcmp(scores, found + (size_t)i * 10, sizeof(scores)) == 0;
            }
        }
        check(same == 2 * IMAGES, "answers", 2 * IMAGES, same);
        eo_teacher_free(t);
        eo_pool_free(pool);
    }
    eo_infer_free(infer);
    eo_model_release(&m);
}

/* ---- training --------------------------------------------------------------------------------------------------- */

/* All weights of the first layer's gradient. */
static double gradients(struct eo_trainer *t, const struct eo_batch *batch, struct eo_model *grad,
                        float *copy)
{
    double loss = 0, most = 0;
    size_t n = eo_network_weights(&grad->network.layer[0]);

    eo_trainer_gradients(t, batch, grad, &loss);
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)grad->layer[0].weight.f32[i]));
    if (copy)
        memcpy(copy, grad->layer[0].weight.f32, n * sizeof(float));
    return most;
}

/* Who is taught by itself alone has nothing to learn; a teacher without weight changes no bit. */
static void test_training(const char *network)
{
    struct eo_model m = make_model(network, 5), grad = make_model(network, 5);
    struct eo_batch batch = {.pixels = pixels, .labels = labels, .index = order, .n = IMAGES};
    struct eo_trainer_options options = {.isa = eo_isa_best(), .max_batch = IMAGES, .temperature = 2};
    struct eo_err err;
    struct eo_teacher *teacher = eo_teacher_new(&m, IMAGES, EO_ISA_GENERIC, NULL, &err);
    struct eo_trainer *t = eo_trainer_new(&m, &options, &err);
    size_t n = eo_network_weights(&m.network.layer[0]);
    float *plain = malloc(n * sizeof(float)), *weightless = malloc(n * sizeof(float));
    double without = gradients(t, &batch, &grad, plain), by_itself;

    batch.teacher = eo_teacher_ask(teacher, &batch);
    gradients(t, &batch, &grad, weightless);
    check_that(memcmp(plain, weightless, n * sizeof(float)) == 0,
               "a teacher without weight changes a gradient");
    eo_trainer_free(t);
    options.teacher_weight = 1;
    t = eo_trainer_new(&m, &options, &err);
    by_itself = gradients(t, &batch, &grad, NULL);
    check_that(without > 1e-3 && by_itself < 1e-6 * without, "gradients of %g, and of %g by itself", without,
               by_itself);
    eo_trainer_free(t);
    eo_teacher_free(teacher);
    free(plain), free(weightless);
    eo_model_release(&m);
    eo_model_release(&grad);
}

int main(void)
{
    for (int i = 0; i < IMAGES; i++) {
        order[i] = (uint32_t)((i * 5) % IMAGES);
        labels[i] = (uint8_t)(i % 10);
        for (int k = 0; k < 784; k++)
            pixels[i * 784 + k] = (uint8_t)((i * 131 + k * 17 + k / 28 * 7) % 256);
    }
    test_loss();
    test_extremes();
    test_answers(smallcnn);
    test_answers(other);
    test_training(smallcnn);
    test_training(other);
    return check_report("test_teacher");
}
