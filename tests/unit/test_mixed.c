/* Which layers get 4 bits: the choice against trying all of them, and the damages against models made one by one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/infer.h"
#include "stage/quant/bias_correction.h"
#include "stage/quant/mixed.h"
#include "stage/quant/quant.h"
#include "tests/unit/check.h"
#include "tests/unit/random_model.h"

#define LAYERS 10
#define IMAGES 70 /* more than a batch of the measurement */

/* ---- the choice ------------------------------------------------------------------------------------------------ */

/* Whether a set of layers is the better one by mixed.h, both being large enough. */
static int is_better(const double *damage, const size_t *saved, int count, unsigned a, unsigned b)
{
    double x = 0, y = 0;
    size_t s = 0, t = 0;

    for (int l = 0; l < count; l++) {
        x += a >> l & 1 ? damage[l] : 0;
        y += b >> l & 1 ? damage[l] : 0;
        s += a >> l & 1 ? saved[l] : 0;
        t += b >> l & 1 ? saved[l] : 0;
    }
    if (x < y || x > y)
        return x < y;
    if (s != t)
        return s > t;
    for (int l = 0; l < count; l++) {
        if ((a >> l & 1) != (b >> l & 1))
            return !(a >> l & 1);
    }
    return 0;
}

static unsigned best_of_all(const double *damage, const size_t *saved, int count, size_t wanted)
{
    unsigned best = (1u << count) - 1;

    for (unsigned set = 0; set < 1u << count; set++) {
        size_t sum = 0;

        for (int l = 0; l < count; l++)
            sum += set >> l & 1 ? saved[l] : 0;
        if (sum >= wanted && is_better(damage, saved, count, set, best))
            best = set;
    }
    return best;
}

/* Small numbers, so that there are many ties; damages are halves, whose sums are exact. */
static void test_choice(void)
{
    struct eo_rng rng;
    int wrong = 0;

    eo_rng_init(&rng, 5, EO_RNG_INIT);
    for (int i = 0; i < 4000; i++) {
        double damage[LAYERS];
        size_t saved[LAYERS], most = 0, wanted;
        int count = 1 + (int)eo_rng_below(&rng, LAYERS), bits[LAYERS], range = i % 2 ? 4 : 1000;
        unsigned set = 0;

        for (int l = 0; l < count; l++) {
            damage[l] = 0.5 * eo_rng_below(&rng, (uint32_t)range);
            saved[l] = eo_rng_below(&rng, (uint32_t)range);
            most += saved[l];
        }
        wanted = eo_rng_below(&rng, (uint32_t)most + 1);
        wrong += eo_mixed_fit(damage, saved, count, wanted, bits, NULL) != 0;
        for (int l = 0; l < count; l++) {
            wrong += bits[l] != 4 && bits[l] != 8;
            set |= bits[l] == 4 ? 1u << l : 0;
        }
        wrong += set != best_of_all(damage, saved, count, wanted);
    }
    check_that(!wrong, "%d of 4000 choices are not the best", wrong);
}

/* As many layers as a network has, of sizes like those of real ones. */
static void test_large(void)
{
    double damage[EO_NETWORK_LAYERS];
    size_t saved[EO_NETWORK_LAYERS], sum = 0;
    int bits[EO_NETWORK_LAYERS];
    struct eo_rng rng;

    eo_rng_init(&rng, 6, EO_RNG_INIT);
    for (int l = 0; l < EO_NETWORK_LAYERS; l++) {
        damage[l] = (double)eo_rng_f32(&rng);
        saved[l] = 1 + eo_rng_below(&rng, 500000);
    }
    check_that(eo_mixed_fit(damage, saved, EO_NETWORK_LAYERS, 6000000, bits, NULL) == 0, "48 layers");
    for (int l = 0; l < EO_NETWORK_LAYERS; l++)
        sum += bits[l] == 4 ? saved[l] : 0;
    check_that(sum >= 6000000 && sum < 6100000, "of 48 layers 6,000,000 bytes or little more: %zu", sum);
}

/* ---- damages --------------------------------------------------------------------------------------------------- */

static uint8_t pixels[IMAGES * EO_IMAGE_PIXELS], labels[IMAGES];
static const struct eo_images images = {pixels, labels, IMAGES};
static struct eo_calibration cal;

static void must(int rc, const struct eo_err *err)
{
    if (rc) {
        printf("stopped: %s\n", err->msg);
        exit(1);
    }
}

/* The logits with these bits, by the reference engine, one image at a time. */
static void logits_of(const struct eo_model *m, struct eo_quant_options opt, int a, int b, int c,
                      double *logits)
{
    struct eo_model q;
    struct eo_infer *inf;
    struct eo_err err;

    opt.weight_bits[0] = a;
    opt.weight_bits[1] = b;
    opt.weight_bits[2] = c;
    must(eo_quant_integers(m, &cal, &opt, &q, &err), &err);
    must(opt.bias_correction && eo_bias_correct(&q, m, &images, &opt, &err), &err);
    inf = eo_infer_new(&q, EO_ISA_GENERIC, 1, &err);
    must(!inf, &err);
    for (int i = 0; i < IMAGES; i++) {
        union eo_score scores[EO_CLASSES];

        eo_infer_run(inf, pixels + i * EO_IMAGE_PIXELS, 1, scores);
        for (int k = 0; k < EO_CLASSES; k++)
            logits[i * EO_CLASSES + k] = eo_infer_logit(inf, scores[k]);
    }
    eo_infer_free(inf);
    eo_model_release(&q);
}

static void test_damages(int bias_correction)
{
    static double all[IMAGES * EO_CLASSES], one[IMAGES * EO_CLASSES];
    struct eo_quant_options opt = {.precision = EO_MIXED,
                                   .backend = EO_BACKEND_FBGEMM,
                                   .observer = EO_OBSERVER_MINMAX,
                                   .batch_size = 35,
                                   .batches = 2,
                                   .bias_correction = bias_correction,
                                   .isa = EO_ISA_GENERIC};
    struct eo_mixed mixed, again;
    struct eo_model m;
    struct eo_err err;

    random_model(&m, EO_FP32, 3, 5, 8);
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 37 % 251);
    must(eo_calibration_run(&cal, &m, &images, &opt, &err), &err);
    must(eo_mixed_choose(&mixed, &m, &cal, &images, &opt, 0, &err), &err);
    logits_of(&m, opt, 8, 8, 8, all);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        double sum = 0;

        logits_of(&m, opt, l == 0 ? 4 : 8, l == 1 ? 4 : 8, l == 2 ? 4 : 8, one);
        for (int i = 0; i < IMAGES * EO_CLASSES; i++)
            sum += (one[i] - all[i]) * (one[i] - all[i]);
        sum /= IMAGES * EO_CLASSES;
        check_that(sum > 0 && fabs(sum - mixed.damage[l]) < 1e-9 * sum,
                   "damage of layer %d: expected %g, found %g", l, sum, mixed.damage[l]);
    }
    check_that(mixed.most == 27 + 135 + 2450 + 8 * 18 + 24, "bytes of int8: %zu", mixed.most);
    check_that(mixed.least == 15 + 5 * 14 + 10 * 123 + 8 * 18 + 24, "bytes of int4: %zu", mixed.least);
    check_that(mixed.budget == mixed.least + (mixed.most - mixed.least) / 2 && mixed.bytes <= mixed.budget,
               "the middle: %zu, taken %zu", mixed.budget, mixed.bytes);
    for (int i = 0; i < EO_ISA_COUNT; i++) {
        opt.isa = (enum eo_isa)i;
        opt.pool = i % 2 ? eo_pool_new(3, NULL) : NULL;
        if (eo_isa_available(opt.isa)) {
            memset(&again, 1, sizeof(again));
            must(eo_mixed_choose(&again, &m, &cal, &images, &opt, 0, &err), &err);
            check_that(memcmp(&again, &mixed, sizeof(mixed)) == 0, "%s: another choice",
                       eo_isa_name(opt.isa));
        }
        eo_pool_free(opt.pool);
    }
    random_model_release(&m);
}

static void test_budget(void)
{
    struct eo_quant_options opt = {
        .precision = EO_MIXED, .batch_size = 2, .batches = 1, .isa = EO_ISA_GENERIC};
    struct eo_mixed mixed;
    struct eo_model m;
    struct eo_err err;

    random_model(&m, EO_FP32, 3, 5, 8);
    must(eo_calibration_run(&cal, &m, &images, &opt, &err), &err);
    check_that(eo_mixed_choose(&mixed, &m, &cal, &images, &opt, 1, &err) == -1, "a budget that is too small");
    check_that(strstr(err.msg, "at least the 1483 bytes") && strstr(err.msg, "found 1024 bytes"), "both: %s",
               err.msg);
    must(eo_mixed_choose(&mixed, &m, &cal, &images, &opt, 100, &err), &err);
    check_that(mixed.bits[0] == 8 && mixed.bits[1] == 8 && mixed.bits[2] == 8 && mixed.bytes == mixed.most,
               "8 bits where all fit");
    must(eo_mixed_choose(&mixed, &m, &cal, &images, &opt, 1483.0 / 1024, &err), &err);
    check_that(mixed.bits[0] == 4 && mixed.bits[1] == 4 && mixed.bits[2] == 4 && mixed.bytes == mixed.least,
               "4 bits where no more fits");
    random_model_release(&m);
}

int main(void)
{
    test_choice();
    test_large();
    test_damages(0);
    test_damages(1);
    test_budget();
    return check_report("test_mixed");
}
