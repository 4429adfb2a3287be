/* lib/stage/learn/eval: accuracy, its intervals, and the tables, for every thread count alike. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "format/csv.h"
#include "stage/learn/eval.h"
#include "tests/unit/check.h"

#define IMAGES 600 /* two full chunks and a short one */

static void check(int ok, const char *what, double expected, double found)
{
    check_that(ok, "%s: expected %.17g, found %.17g", what, expected, found);
}

struct accuracy_case {
    size_t images, correct;
    uint64_t seed;
    double value, ci_low, ci_high, bootstrap_low, bootstrap_high;
};

/*
 * Computed by Python 3 in plain double arithmetic: Wilson's interval with z = 1.959963984540054, and the
 * bootstrap by a second implementation of splitmix64, xoshiro256** and Lemire's bounded draw; percentiles by
 * hand.
 */
static const struct accuracy_case accuracy_cases[] = {
    {100, 90, 7u, 0.90000000000000002, 0.82563433849508649, 0.94477086293932488, 0.83999999999999997,
     0.95999999999999996},
    {100, 90, 8u, 0.90000000000000002, 0.82563433849508649, 0.94477086293932488, 0.83999999999999997,
     0.95999999999999996},
    {1, 1, 1u, 1, 0.20654931437723745, 1, 1, 1},
    {1, 0, 1u, 0, 0, 0.79345068562276255, 0, 0},
    {3000, 2640, 7u, 0.88, 0.86788293328223731, 0.89114514168651504, 0.86799999999999999,
     0.89134166666666659},
    {10, 0, 3u, 0, 0, 0.2775327998628892, 0, 0},
    {10, 10, 3u, 1, 0.72246720013711074, 0.99999999999999989, 1, 1},
    {257, 200, 18446744073709551615u, 0.77821011673151752, 0.72352941342441146, 0.82469631973367563,
     0.7275291828793774, 0.8287937743190662},
};

static void test_accuracy(const struct accuracy_case *c)
{
    struct eo_accuracy a;

    eo_accuracy_make(&a, c->images, c->correct);
    check(a.images == c->images && a.correct == c->correct, "counts", (double)c->correct, (double)a.correct);
    check(a.value == c->value, "accuracy", c->value, a.value);
    check(fabs(a.ci_low - c->ci_low) < 1e-14, "Wilson low", c->ci_low, a.ci_low);
    check(fabs(a.ci_high - c->ci_high) < 1e-14, "Wilson high", c->ci_high, a.ci_high);
    check(a.bootstrap_low == 0 && a.bootstrap_high == 0, "no bootstrap yet", 0, a.bootstrap_high);
    eo_accuracy_bootstrap(&a, c->seed);
    check(fabs(a.bootstrap_low - c->bootstrap_low) < 1e-14, "bootstrap low", c->bootstrap_low,
          a.bootstrap_low);
    check(fabs(a.bootstrap_high - c->bootstrap_high) < 1e-14, "bootstrap high", c->bootstrap_high,
          a.bootstrap_high);
    check(a.bootstrap_low <= a.value && a.value <= a.bootstrap_high, "inside", a.bootstrap_low, a.value);
}

static uint8_t pixels[IMAGES * EO_IMAGE_PIXELS], labels[IMAGES];

static void make_images(struct eo_rng *rng)
{
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)eo_rng_below(rng, 256);
    for (size_t i = 0; i < IMAGES; i++)
        labels[i] = (uint8_t)eo_rng_below(rng, EO_CLASSES);
}

/* Small random weights; at int8 with scales that use the whole range of the scores. */
static int make_model(struct eo_model *m, enum eo_precision precision, struct eo_rng *rng, struct eo_err *err)
{
    struct eo_shape shape = {3, 5};

    if (eo_model_init(m, precision, shape, err))
        return -1;
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        struct eo_model_layer *layer = &m->layer[l];

        for (size_t i = 0; i < eo_shape_weights(&shape, (enum eo_smallcnn_layer)l); i++) {
            if (precision == EO_INT8)
                layer->weight.s8[i] = (int8_t)((int)eo_rng_below(rng, 255) - 127);
            else
                layer->weight.f32[i] = eo_rng_f32(rng) - 0.5f;
        }
        for (int o = 0; precision == EO_INT8 && o < eo_shape_outputs(&shape, (enum eo_smallcnn_layer)l); o++)
            layer->weight_scale[o] = 0.01f;
        layer->input_scale = l == EO_CONV1 ? 2.0f / 127 : 0.1f;
        layer->input_zero_point = precision == EO_INT8 && l == EO_CONV1 ? 64 : 0;
    }
    return 0;
}

/* Every image by itself, against what the evaluation of all of them kept. */
static void check_by_hand(const struct eo_eval *eval, const struct eo_model *m)
{
    struct eo_err err;
    struct eo_infer *inf = eo_infer_new(m, EO_ISA_GENERIC, 1, &err);
    union eo_score scores[EO_CLASSES];
    size_t correct = 0, wrong_class = 0, wrong_logit = 0;

    check(inf != NULL, "inference object", 1, 0);
    for (size_t i = 0; inf && i < IMAGES; i++) {
        eo_infer_run(inf, pixels + i * EO_IMAGE_PIXELS, 1, scores);
        wrong_class += eval->predicted[i] != eo_infer_class(inf, scores);
        correct += eo_infer_class(inf, scores) == labels[i];
        for (int c = 0; c < EO_CLASSES; c++) {
            double logit =
                m->precision == EO_INT8 ? scores[c].s32 * eo_infer_score_scale(inf) : (double)scores[c].f32;

            wrong_logit += eval->logits[i * EO_CLASSES + (size_t)c] != logit;
        }
    }
    check(wrong_class == 0, "predictions that differ", 0, (double)wrong_class);
    check(wrong_logit == 0, "logits that differ", 0, (double)wrong_logit);
    check(eval->correct == correct, "correct", (double)correct, (double)eval->correct);
    eo_infer_free(inf);
}

/* The three tables, against what stands in the struct. */
static void check_tables(const struct eo_eval *eval)
{
    static void (*const put[])(const struct eo_eval *, struct eo_buf *) = {
        eo_eval_put_logits, eo_eval_put_predictions, eo_eval_put_confusion};
    static const size_t columns[] = {12, 3, 4}, rows[] = {IMAGES, IMAGES, 100};
    size_t wrong = 0, sum = 0;

    for (size_t t = 0; t < 3; t++) {
        struct eo_buf out = {0};
        struct eo_err err;
        struct eo_csv csv;

        put[t](eval, &out);
        if (eo_csv_parse(&csv, out.data, out.len, &err)) {
            check(0, err.msg, 0, (double)t);
            eo_buf_release(&out);
            continue;
        }
        check(csv.columns == columns[t] && csv.rows == rows[t], "size of a table", (double)rows[t],
              (double)csv.rows);
        for (size_t r = 0; r < csv.rows; r++) {
            const char *last = eo_csv_cell(&csv, r, t == 2 ? 2 : (int)csv.columns - 1);
            double logit = t == 0 ? eval->logits[r * EO_CLASSES + 9] : 0;

            wrong += t < 2 &&
                     (atoi(eo_csv_cell(&csv, r, 0)) != (int)r || atoi(eo_csv_cell(&csv, r, 1)) != labels[r]);
            wrong += t == 0 && fabs(atof(last) - logit) > 5e-9 * fabs(logit); /* nine significant digits */
            wrong += t == 1 && atoi(last) != eval->predicted[r];
            wrong += t == 2 && (atoi(eo_csv_cell(&csv, r, 0)) != (int)r / 10 ||
                                atoi(eo_csv_cell(&csv, r, 1)) != (int)r % 10);
            sum += t == 2 ? (size_t)atoi(last) : 0;
        }
        eo_csv_release(&csv);
        eo_buf_release(&out);
    }
    check(wrong == 0, "wrong cells", 0, (double)wrong);
    check(sum == IMAGES, "sum of the confusion matrix", IMAGES, (double)sum);
}

static void test_run(enum eo_precision precision)
{
    struct eo_images images = {pixels, labels, IMAGES};
    struct eo_eval eval, first = {0};
    struct eo_model m = {0};
    struct eo_rng rng;
    struct eo_err err;

    eo_rng_init(&rng, 11, EO_RNG_INIT);
    make_images(&rng);
    if (make_model(&m, precision, &rng, &err) || eo_eval_run(&first, &m, &images, EO_ISA_GENERIC, 1, &err)) {
        check(0, err.msg, 0, 0);
        eo_model_release(&m);
        return;
    }
    check_by_hand(&first, &m);
    check_tables(&first);
    for (int threads = 2; threads <= 5; threads++) {
        if (eo_eval_run(&eval, &m, &images, eo_isa_best(), threads, &err)) {
            check(0, err.msg, 0, threads);
            continue;
        }
        check(memcmp(eval.logits, first.logits, IMAGES * EO_CLASSES * sizeof(double)) == 0 &&
                  memcmp(eval.predicted, first.predicted, IMAGES * sizeof(*first.predicted)) == 0 &&
                  eval.correct == first.correct,
              "same on every number of threads", 1, threads);
        eo_eval_release(&eval);
    }
    images.count = 0;
    check(eo_eval_run(&eval, &m, &images, EO_ISA_GENERIC, 2, &err) == -1, "no images", -1, 0);
    check_text("message", "expected 1..2147483647 images to evaluate, found 0", err.msg);
    eo_eval_release(&first);
    check(first.logits == NULL && first.predicted == NULL, "released", 0, 0);
    eo_model_release(&m);
}

static void test_row(void)
{
    struct eo_accuracy validation = {8, 6, 0.75, 0.5, 0.875, 0.25, 1.0, "ab", 0.375},
                       test = {4, 1, 0.25, 0.125, 0.5, 0, 0, "ef", NAN};
    struct eo_shape shape = {1, 1};
    struct eo_model m = {0};
    struct eo_buf out = {0};
    struct eo_err err;
    struct eo_csv csv;

    if (eo_model_init(&m, EO_FP16, shape, &err) || eo_model_meta_set(&m, "pruning_level", "0.125", &err) ||
        eo_model_meta_set(&m, "seed", "7", &err)) {
        check(0, err.msg, 0, 0);
        return;
    }
    eo_eval_put_header(&out);
    eo_eval_put_row(&out, &m, "cd", &validation, &test);
    eo_eval_put_row(&out, &m, "cd", NULL, &test);
    eo_eval_put_row(&out, &m, "cd", &validation, NULL);
    check(eo_csv_parse(&csv, out.data, out.len, &err) == 0 && csv.columns == 32 && csv.rows == 3, "columns",
          32, 0);
    eo_csv_release(&csv);
    check_text("rows",
               "0.125,fp16,7,cd,8,6,0.75,0.5,0.875,0.25,1.0,4,1,0.25,0.125,0.5,l1,,1,1,,,,,,,,ab,ef,0.375,,\n"
               "0.125,fp16,7,cd,,,,,,,,4,1,0.25,0.125,0.5,l1,,1,1,,,,,,,,,ef,,,\n"
               "0.125,fp16,7,cd,8,6,0.75,0.5,0.875,0.25,1.0,,,,,,l1,,1,1,,,,,,,,ab,,0.375,,\n",
               strchr(out.data, '\n') + 1);
    eo_buf_release(&out);
    eo_model_release(&m);
}

static void test_parts(void)
{
    struct eo_config cfg;

    eo_config_init(&cfg);
    cfg.validation = EO_VALIDATION_HOLDOUT;
    check(eo_eval_parts(&cfg, 1, 1) == (EO_DATASET_TRAIN | EO_DATASET_TEST), "both", 3,
          eo_eval_parts(&cfg, 1, 1));
    check(eo_eval_parts(&cfg, 1, 0) == EO_DATASET_TRAIN, "validation", 1, eo_eval_parts(&cfg, 1, 0));
    check(eo_eval_parts(&cfg, 0, 1) == EO_DATASET_TEST, "test", 2, eo_eval_parts(&cfg, 0, 1));
    cfg.validation = EO_VALIDATION_TEST;
    check(eo_eval_parts(&cfg, 1, 1) == EO_DATASET_TEST, "all test", 2, eo_eval_parts(&cfg, 1, 1));
}

int main(void)
{
    for (size_t i = 0; i < sizeof(accuracy_cases) / sizeof(*accuracy_cases); i++)
        test_accuracy(&accuracy_cases[i]);
    test_run(EO_FP32);
    test_run(EO_INT8);
    test_row();
    test_parts();
    return check_report("test_eval");
}
