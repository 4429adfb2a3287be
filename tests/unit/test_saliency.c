/* lib/stage/prune/saliency: each criterion against its definition, and the same bits whatever runs it. */
#include <math.h>
#include <stdlib.h>

#include "nn/infer.h"
#include "nn/loss.h"
#include "nn/trainer.h"
#include "stage/prune/saliency.h"
#include "tests/unit/check.h"
#include "nn/network_fold.h"
#include "tests/unit/networks.h"
#include "tests/unit/random_model.h"

#define IMAGES 300 /* more than a chunk, and not a multiple of a block */

static uint8_t pixels[IMAGES * EO_IMAGE_PIXELS], labels[IMAGES];
static const struct eo_images images = {pixels, labels, IMAGES};

static void score(struct eo_saliency *s, const struct eo_model *m, const struct eo_saliency_options *opt)
{
    struct eo_err err;

    if (eo_saliency_run(s, m, opt, &err)) {
        printf("FAIL %s\n", err.msg);
        exit(1);
    }
}

static struct eo_saliency by(enum eo_criterion criterion, const struct eo_model *m, uint64_t seed)
{
    const struct eo_saliency_options opt = {
        .criterion = criterion, .seed = seed, .images = images, .count = IMAGES};
    struct eo_saliency s;

    score(&s, m, &opt);
    return s;
}

static void check_scores(const char *what, const struct eo_saliency *s, int layer, int n,
                         const double *expected)
{
    for (int i = 0; i < n; i++)
        check_that(s->layer[layer][i] == expected[i], "%s: channel %d: expected %.17g, found %.17g", what, i,
                   expected[i], s->layer[layer][i]);
}

static void test_norms(void)
{
    struct eo_model m;
    struct eo_saliency s;

    random_model(&m, EO_FP32, 3, 1, 1);
    for (int t = 0; t < 9; t++) {
        m.layer[EO_CONV1].weight.f32[t] = t % 2 ? -0.5f : 0.25f;
        m.layer[EO_CONV1].weight.f32[9 + t] = t == 4 ? -100 : 0;
        m.layer[EO_CONV1].weight.f32[18 + t] =
            t ? 0x1p-24f : 1; /* a sum in float would lose the small ones */
    }
    m.layer[EO_CONV1].bias.f32[0] = 1000; /* has no say */
    for (int t = 0; t < 27; t++)
        m.layer[EO_CONV2].weight.f32[t] = t < 2 ? 3 + (float)t : 0;
    s = by(EO_CRITERION_L1, &m, 0);
    check_scores("l1", &s, EO_CONV1, 3, (const double[]){3.25, 100, 1 + 8 * 0x1p-24});
    check_scores("l1", &s, EO_CONV2, 1, (const double[]){7});
    s = by(EO_CRITERION_L2, &m, 0);
    check_scores("l2", &s, EO_CONV1, 3,
                 (const double[]){sqrt(4 * 0.25 + 5 * 0.0625), 100, sqrt(1 + 8 * 0x1p-48)});
    check_scores("l2", &s, EO_CONV2, 1, (const double[]){5});
    random_model_release(&m);
}

/* Three filters on a line: the one in the middle is the most redundant, though it is not the shortest. */
static void test_fpgm(void)
{
    struct eo_model m;
    struct eo_saliency s;

    random_model(&m, EO_FP32, 3, 2, 1);
    for (int t = 0; t < 9; t++) {
        m.layer[EO_CONV1].weight.f32[t] = 0;
        m.layer[EO_CONV1].weight.f32[9 + t] = 3;
        m.layer[EO_CONV1].weight.f32[18 + t] = 1;
    }
    for (int t = 0; t < 54; t++)
        m.layer[EO_CONV2].weight.f32[t] = t == 26 ? 3 : t == 27 ? -4 : 0;
    s = by(EO_CRITERION_FPGM, &m, 0);
    check_scores("fpgm", &s, EO_CONV1, 3, (const double[]){9 + 3, 9 + 6, 3 + 6});
    check_scores("fpgm", &s, EO_CONV2, 2, (const double[]){5, 5});
    random_model_release(&m);
}

static void test_activation(void)
{
    struct eo_model m;
    struct eo_saliency s;
    struct eo_err err;
    struct eo_infer *inf;
    static float pool1[4 * 196], pool2[5 * 49];
    double expected1[4] = {0}, expected2[5] = {0};

    random_model(&m, EO_FP32, 4, 5, 2);
    for (int t = 0; t < 9; t++)
        m.layer[EO_CONV1].weight.f32[t] = m.layer[EO_CONV1].weight.f32[9 + t] = 0;
    m.layer[EO_CONV1].bias.f32[0] = 2;
    m.layer[EO_CONV1].bias.f32[1] = -2;
    s = by(EO_CRITERION_ACTIVATION, &m, 0);
    check_scores("constants", &s, EO_CONV1, 2, (const double[]){2, 0});
    inf = eo_infer_new(&m, EO_ISA_GENERIC, 1, &err);
    for (int i = 0; inf && i < IMAGES; i++) {
        union eo_score scores[10];

        eo_infer_activations(inf, pixels + i * EO_IMAGE_PIXELS, pool1, pool2, scores);
        for (int k = 0; k < 4 * 196; k++)
            expected1[k / 196] += (double)pool1[k] / 196 / IMAGES;
        for (int k = 0; k < 5 * 49; k++)
            expected2[k / 49] += (double)pool2[k] / 49 / IMAGES;
    }
    eo_infer_free(inf);
    for (int c = 0; c < 4; c++)
        check_that(fabs(s.layer[0][c] - expected1[c]) <= 1e-12 * expected1[c],
                   "activation of conv1, channel %d: %g, %g", c, expected1[c], s.layer[0][c]);
    for (int c = 0; c < 5; c++)
        check_that(fabs(s.layer[1][c] - expected2[c]) <= 1e-12 * expected2[c],
                   "activation of conv2, channel %d: %g, %g", c, expected2[c], s.layer[1][c]);
    random_model_release(&m);
}

/* Multiplies what a channel hands on, by way of the weights that read it. */
static void scale_channel(struct eo_model *m, int layer, int channel, float factor)
{
    int c1 = m->shape.c1, c2 = m->shape.c2;

    for (int i = 0; layer == EO_CONV1 && i < c2 * 9; i++)
        m->layer[EO_CONV2].weight.f32[(i / 9 * c1 + channel) * 9 + i % 9] *= factor;
    for (int i = 0; layer == EO_CONV2 && i < 10 * 49; i++)
        m->layer[EO_CLASSIFIER].weight.f32[(i / 49 * c2 + channel) * 49 + i % 49] *= factor;
}

static void losses(const struct eo_model *m, double *loss)
{
    struct eo_err err;
    struct eo_infer *inf = eo_infer_new(m, eo_isa_best(), IMAGES, &err);
    static union eo_score scores[IMAGES * 10];

    if (!inf)
        exit(1);
    eo_infer_run(inf, pixels, IMAGES, scores);
    for (int i = 0; i < IMAGES; i++) {
        double z[10];

        for (int k = 0; k < 10; k++)
            z[k] = (double)scores[i * 10 + k].f32;
        loss[i] = eo_cross_entropy(z, 10, labels[i], 0, NULL);
    }
    eo_infer_free(inf);
}

/* Mean over the images of |d loss / d factor| by central differences; a step that is exact in float. */
static double slope(int seed, int layer, int channel)
{
    static double up[IMAGES], down[IMAGES];
    const float step = 0x1p-7f;
    struct eo_model m;
    double sum = 0;

    for (int side = 0; side < 2; side++) {
        random_model(&m, EO_FP32, 5, 18, (uint64_t)seed);
        scale_channel(&m, layer, channel, side ? 1 - step : 1 + step);
        losses(&m, side ? down : up);
        random_model_release(&m);
    }
    for (int i = 0; i < IMAGES; i++)
        sum += fabs(up[i] - down[i]) / (2 * (double)step);
    return sum / IMAGES;
}

/* ReLU has a kink, so a conv1 channel's difference is not quite its slope; but all that are near are. */
static void test_taylor(void)
{
    struct eo_model m;
    struct eo_saliency s;
    double largest[2] = {0};

    random_model(&m, EO_FP32, 5, 18, 3);
    s = by(EO_CRITERION_TAYLOR, &m, 0);
    random_model_release(&m);
    for (int c = 0; c < 23; c++)
        largest[c >= 5] = fmax(largest[c >= 5], s.layer[c >= 5][c < 5 ? c : c - 5]);
    for (int c = 0; c < 23; c++) {
        int layer = c >= 5, channel = layer ? c - 5 : c;
        double expected = slope(3, layer, channel), found = s.layer[layer][channel];

        check_that(fabs(expected - found) < (layer ? 2e-4 : 2e-3) * largest[layer],
                   "taylor, conv%d channel %d: expected %.9g, found %.9g", layer + 1, channel, expected,
                   found);
    }
    random_model(&m, EO_FP32, 5, 18, 3);
    m.layer[EO_CONV2].bias.f32[7] = -1e6f; /* never active */
    s = by(EO_CRITERION_TAYLOR, &m, 0);
    check_that(s.layer[1][7] == 0 && s.layer[1][8] > 0, "a dead channel: expected 0, found %g",
               s.layer[1][7]);
    random_model_release(&m);
}

/* A channel that two layers make has the sum of what both do to the loss; batch normalisation is folded first. */
static void test_taylor_space(void)
{
    static const char text[] =
        "input 1x28x28; a: conv 3 5x5 stride 4 batch_norm relu; b: depthwise 3x3 pad 1 relu6; "
        "c: conv 3 1x1 add a relu mean; z: linear 10";
    static double sums[IMAGES * 9];
    static uint32_t index[IMAGES];
    const struct eo_trainer_options training = {.isa = eo_isa_best(), .max_batch = IMAGES};
    const struct eo_batch batch = {.pixels = pixels, .labels = labels, .index = index, .n = IMAGES};
    struct eo_network net;
    struct eo_model m;
    struct eo_saliency s;
    struct eo_trainer *t;
    struct eo_rng rng;
    struct eo_err err = {""};

    eo_rng_init(&rng, 6, EO_RNG_INIT);
    if (!check_that(!eo_network_parse(&net, text, &err) && !eo_model_init_network(&m, EO_FP32, &net, &err),
                    "%s", err.msg))
        return;
    fill(&m, &rng);
    s = by(EO_CRITERION_TAYLOR, &m, 0);
    eo_model_fold(&m);
    t = eo_trainer_new(&m, &training, &err);
    for (int i = 0; i < IMAGES; i++)
        index[i] = (uint32_t)i;
    eo_trainer_taylor(t, &batch, sums);
    for (int c = 0; c < 3; c++) {
        double expected = 0;

        for (int i = 0; i < IMAGES; i++)
            expected += (fabs(sums[i * 9 + c]) + fabs(sums[i * 9 + 6 + c])) / IMAGES;
        check_that(expected > 0 && fabs(s.layer[0][c] - expected) < 1e-12 * expected,
                   "taylor of a space, channel %d: expected %.17g, found %.17g", c, expected, s.layer[0][c]);
    }
    eo_trainer_free(t);
    eo_model_release(&m);
}

static int same(const struct eo_saliency *a, const struct eo_saliency *b)
{
    return memcmp(a->layer, b->layer, sizeof(a->layer)) == 0;
}

/* The n-th channel's score does not depend on how many there are, nor on those that were removed before. */
static void test_random(void)
{
    struct eo_model m, pruned;
    struct eo_saliency s, other;
    struct eo_err err = {""};
    int different = 0, in_range = 1;

    random_model(&m, EO_FP32, 16, 32, 1);
    random_model(&pruned, EO_FP32, 3, 4, 2);
    s = by(EO_CRITERION_RANDOM, &m, 7);
    other = by(EO_CRITERION_RANDOM, &m, 7);
    check_that(same(&s, &other), "random: the same seed gives other scores");
    other = by(EO_CRITERION_RANDOM, &m, 8);
    for (int c = 0; c < 32; c++) {
        different += s.layer[1][c] != other.layer[1][c];
        in_range &= s.layer[1][c] >= 0 && s.layer[1][c] < 1;
    }
    check_that(different == 32 && in_range, "random: %d of 32 scores differ between seeds", different);
    check_that(eo_model_meta_set(&pruned, "conv1_kept", "0,5,15", &err) == 0 &&
                   eo_model_meta_set(&pruned, "conv2_kept", "1,2,30,31", &err) == 0,
               "metadata: %s", err.msg);
    other = by(EO_CRITERION_RANDOM, &pruned, 7);
    check_scores("random after pruning", &other, EO_CONV1, 3,
                 (const double[]){s.layer[0][0], s.layer[0][5], s.layer[0][15]});
    check_scores("random after pruning", &other, EO_CONV2, 4,
                 (const double[]){s.layer[1][1], s.layer[1][2], s.layer[1][30], s.layer[1][31]});
    random_model_release(&pruned);
    random_model_release(&m);
}

static void test_same_bits(void)
{
    static const enum eo_criterion criteria[] = {EO_CRITERION_ACTIVATION, EO_CRITERION_TAYLOR};
    struct eo_model m;
    struct eo_err err;

    random_model(&m, EO_FP32, 5, 9, 4);
    for (int k = 0; k < 2; k++) {
        struct eo_saliency first = by(criteria[k], &m, 0), s;

        for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
            for (int threads = 1; threads <= 3 && eo_isa_available((enum eo_isa)isa); threads++) {
                struct eo_pool *pool = eo_pool_new(threads, &err);
                struct eo_saliency_options opt = {.criterion = criteria[k],
                                                  .images = images,
                                                  .count = 1000,
                                                  .isa = (enum eo_isa)isa,
                                                  .pool = pool};

                score(&s, &m, &opt);
                check_that(same(&first, &s), "%s on %s, %d threads: other bits",
                           eo_criterion_name(criteria[k]), eo_isa_name((enum eo_isa)isa), threads);
                eo_pool_free(pool);
            }
        }
    }
    random_model_release(&m);
}

/* `count` takes the head of the images. */
static void test_count(void)
{
    struct eo_saliency_options opt = {.criterion = EO_CRITERION_TAYLOR, .images = images, .count = 17};
    struct eo_saliency all, few, head;
    struct eo_model m;

    random_model(&m, EO_FP32, 2, 3, 5);
    score(&few, &m, &opt);
    opt.images.count = 17;
    opt.count = IMAGES;
    score(&head, &m, &opt);
    all = by(EO_CRITERION_TAYLOR, &m, 0);
    check_that(same(&few, &head) && !same(&few, &all), "17 of %d images: others than the first", IMAGES);
    random_model_release(&m);
}

static void refuse(const struct eo_model *m, const struct eo_saliency_options *opt, const char *message)
{
    struct eo_saliency s;
    struct eo_err err = {""};

    check_that(eo_saliency_run(&s, m, opt, &err) == -1, "expected '%s', found success", message);
    check_text("refusal", message, err.msg);
}

static void test_refusals(void)
{
    struct eo_saliency_options opt = {.criterion = EO_CRITERION_L1, .images = images, .count = IMAGES};
    struct eo_model m;

    random_model(&m, EO_INT8, 2, 3, 5);
    refuse(&m, &opt, "expected an fp32 model, found int8: prune before eo-quant");
    random_model_release(&m);
    random_model(&m, EO_FP32, 2, 3, 5);
    m.layer[EO_CONV1].bias.f32[1] = 3e38f;
    for (int t = 0; t < 9; t++)
        m.layer[EO_CONV1].weight.f32[9 + t] = 3e38f;
    opt.criterion = EO_CRITERION_ACTIVATION;
    refuse(&m, &opt, "criterion 'activation': conv1 channel 1: expected a finite score, found inf");
    opt.count = 0;
    refuse(&m, &opt, "criterion 'activation': expected at least one training image, found none");
    opt.criterion = EO_CRITERION_TAYLOR;
    opt.count = IMAGES;
    opt.images.count = 0;
    refuse(&m, &opt, "criterion 'taylor': expected at least one training image, found none");
    for (int c = 0; c < EO_CRITERION_COUNT; c++) {
        int needs = c == EO_CRITERION_ACTIVATION || c == EO_CRITERION_TAYLOR;

        check_that(eo_saliency_needs_images((enum eo_criterion)c) == needs, "whether %s needs images",
                   eo_criterion_name((enum eo_criterion)c));
    }
    random_model_release(&m);
}

int main(void)
{
    random_pixels(pixels, sizeof(pixels), 1);
    for (int i = 0; i < IMAGES; i++)
        labels[i] = (uint8_t)(i * 7 % 10);
    test_norms();
    test_fpgm();
    test_activation();
    test_taylor();
    test_taylor_space();
    test_random();
    test_same_bits();
    test_count();
    test_refusals();
    return check_report("test_saliency");
}
