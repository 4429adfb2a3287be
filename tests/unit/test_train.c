/*
 * Runs of training on small drawn images: the schedule against its formula by the C library, the draws of
 * augmentation, which epoch early stopping keeps, and equal bytes for all threads and instruction sets.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "format/csv.h"
#include "stage/learn/eval.h"
#include "stage/learn/train.h"
#include "tests/unit/check.h"

#define TRAIN 96
#define HELD_OUT 40

static uint8_t pixels[(TRAIN + HELD_OUT) * 784], labels[TRAIN + HELD_OUT];
static struct eo_split split;

/* A bright square whose place tells the class, in noise; one label in five is wrong, so that no run is perfect. */
static void draw_images(void)
{
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_SYNTHETIC);
    for (int i = 0; i < TRAIN + HELD_OUT; i++) {
        int class = (int)eo_rng_below(&rng, 10), left = class % 5 * 5 + 2, top = class / 5 * 12 + 4;

        labels[i] = (uint8_t)(eo_rng_below(&rng, 5) ? class : (int)eo_rng_below(&rng, 10));
        for (int p = 0; p < 784; p++) {
            int inside = p % 28 >= left && p % 28 < left + 5 && p / 28 >= top && p / 28 < top + 6;

            pixels[i * 784 + p] = (uint8_t)eo_rng_below(&rng, inside ? 256 : 100);
        }
    }
    split.train = (struct eo_images){pixels, labels, TRAIN};
    split.validation = (struct eo_images){pixels + TRAIN * 784, labels + TRAIN, HELD_OUT};
}

static struct eo_config config(void)
{
    struct eo_config cfg;

    eo_config_init(&cfg);
    cfg.conv1_channels = 3;
    cfg.conv2_channels = 5;
    cfg.batch_size = 20;
    cfg.epochs = 3;
    cfg.learning_rate = 0.01;
    return cfg;
}

static struct eo_config config_with_all(void)
{
    struct eo_config cfg = config();

    cfg.learning_rate_schedule = EO_SCHEDULE_COSINE;
    cfg.warmup_epochs = 0.5;
    cfg.weight_decay = 0.1;
    cfg.label_smoothing = 0.1;
    cfg.augment_shift = 2;
    cfg.augment_flip = 1;
    cfg.early_stopping = 2;
    return cfg;
}

static void stop_on(int rc, const char *what, const struct eo_err *err)
{
    if (!rc)
        return;
    check_that(0, "%s: %s", what, err->msg);
    exit(check_report("test_train"));
}

/* One whole run from new weights. The log, if wanted, is the caller's to release. */
static void train(const struct eo_config *cfg, enum eo_isa isa, int threads, struct eo_model *m,
                  struct eo_train_result *result, struct eo_buf *log)
{
    struct eo_train_options options = {
        .epochs = cfg->epochs, .learning_rate = cfg->learning_rate, .isa = isa};
    struct eo_err err;

    options.pool = eo_pool_new(threads, &err);
    stop_on(!options.pool || eo_train_init_model(cfg, 0, NULL, m, &err), "beginning", &err);
    stop_on(eo_train_run(cfg, 0, &split, &options, m, result, log, &err), "training", &err);
    eo_pool_free(options.pool);
}

static int same_weights(const struct eo_model *a, const struct eo_model *b)
{
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        enum eo_smallcnn_layer layer = (enum eo_smallcnn_layer)l;

        if (memcmp(a->layer[l].weight.f32, b->layer[l].weight.f32,
                   eo_shape_weights(&a->shape, layer) * sizeof(float)) ||
            memcmp(a->layer[l].bias.f32, b->layer[l].bias.f32,
                   (size_t)eo_shape_outputs(&a->shape, layer) * sizeof(float)))
            return 0;
    }
    return 1;
}

/* ---- the schedule -------------------------------------------------------------------------------------- */

static void test_cospi(void)
{
    const long double pi = 3.14159265358979323846264338327950288L;
    double worst = 0;

    for (int i = -6000; i <= 6000; i++) {
        double x = i / 1999.0;

        worst = fmax(worst, (double)fabsl(eo_cospi(x) - cosl(pi * x)));
    }
    check_that(worst < 3e-16, "eo_cospi: expected an error below 3e-16, found %g", worst);
    check_that(eo_cospi(0) == 1 && eo_cospi(1) == -1 && eo_cospi(0.5) == 0 && eo_cospi(-1.5) == 0 &&
                   eo_cospi(1e300) == 1,
               "eo_cospi: not exact at multiples of a half");
    check_that(isnan(eo_cospi(INFINITY)) && isnan(eo_cospi(NAN)),
               "eo_cospi: expected NaN for what is no angle");
}

static void check_schedule(enum eo_schedule kind, double warmup, int epochs, int steps)
{
    struct eo_config cfg = config();
    double worst = 0, warm = warmup * steps, last = (double)epochs * steps;

    cfg.learning_rate_schedule = kind;
    cfg.warmup_epochs = warmup;
    for (int s = 0; s < epochs * steps; s++) {
        double expected =
            kind == EO_SCHEDULE_COSINE ? 0.3 * 0.5 * (1 + cos(acos(-1) * (s - warm) / (last - warm))) : 0.3;
        double found = eo_train_learning_rate(&cfg, 0.3, (size_t)s, (size_t)steps, epochs);

        if (s < warm)
            expected = 0.3 * (s + 1 < warm ? (s + 1) / warm : 1);
        worst = fmax(worst, fabs(found - expected));
    }
    check_that(worst < 1e-15, "schedule %d, warm-up %g, %d epochs of %d steps: off by %g", (int)kind, warmup,
               epochs, steps, worst);
}

static void test_schedules(void)
{
    struct eo_config cfg = config();
    const double warmups[] = {0, 0.37, 1, 2.5, 4, 9};

    check_that(eo_train_learning_rate(&cfg, 0.1, 0, 10, 2) == 0.1 &&
                   eo_train_learning_rate(&cfg, 0.1, 19, 10, 2) == 0.1,
               "a constant rate is exactly the configured one");
    for (size_t i = 0; i < sizeof(warmups) / sizeof(*warmups); i++) {
        check_schedule(EO_SCHEDULE_CONSTANT, warmups[i], 4, 7);
        check_schedule(EO_SCHEDULE_COSINE, warmups[i], 4, 7);
        check_schedule(EO_SCHEDULE_COSINE, warmups[i], 1, 1);
    }
    cfg.learning_rate_schedule = EO_SCHEDULE_COSINE;
    check_that(eo_train_learning_rate(&cfg, 0.1, 0, 10, 2) == 0.1, "a cosine begins at the configured rate");
    check_that(eo_train_learning_rate(&cfg, 0.1, 20, 10, 2) == 0, "a cosine ends at 0");
}

/* ---- augmentation -------------------------------------------------------------------------------------- */

static void test_views(void)
{
    enum { DRAWS = 50000 };
    struct eo_config cfg = config();
    struct eo_rng rng, untouched;
    int counts[5][5] = {{0}}, mirrored = 0, outside = 0, odd = 0;

    eo_rng_init(&rng, 7, EO_RNG_AUGMENT);
    untouched = rng;
    struct eo_view still = eo_train_draw_view(&cfg, &rng);
    check_that(!still.dx && !still.dy && !still.mirrored && memcmp(&rng, &untouched, sizeof(rng)) == 0,
               "without augmentation nothing is drawn");
    cfg.augment_shift = 2;
    cfg.augment_flip = 1;
    for (int i = 0; i < DRAWS; i++) {
        struct eo_view v = eo_train_draw_view(&cfg, &rng);

        if (abs(v.dx) > 2 || abs(v.dy) > 2 || v.mirrored > 1)
            outside++;
        else
            counts[v.dy + 2][v.dx + 2]++;
        mirrored += v.mirrored;
    }
    for (int i = 0; i < 25; i++) /* 2,000 each; five standard deviations are 219 */
        odd += abs(counts[i / 5][i % 5] - DRAWS / 25) > 219;
    check_that(outside == 0, "%d views outside of -2..2", outside);
    check_that(odd == 0, "%d of 25 places are drawn too often or too rarely", odd);
    check_that(abs(mirrored - DRAWS / 2) < 560, "%d of %d images are mirrored", mirrored, DRAWS);
}

/* Each key by itself changes the weights; a run under all of them is the same for all threads and sets. */
static void test_keys(void)
{
    enum { KEYS = 7 };
    struct eo_config plain = config(), cfg = config_with_all();
    struct eo_train_result result, first;
    struct eo_model reference, m;

    train(&plain, eo_isa_best(), 1, &reference, &result, NULL);
    for (int key = 0; key < KEYS; key++) {
        struct eo_config one = plain;

        one.learning_rate_schedule = key == 0 ? cfg.learning_rate_schedule : plain.learning_rate_schedule;
        one.warmup_epochs = key == 1 ? cfg.warmup_epochs : 0;
        one.weight_decay = key == 2 ? cfg.weight_decay : 0;
        one.label_smoothing = key == 3 ? cfg.label_smoothing : 0;
        one.augment_shift = key == 4 ? cfg.augment_shift : 0;
        one.augment_flip = key == 5;
        train(&one, eo_isa_best(), 1, &m, &result, NULL);
        check_that(same_weights(&m, &reference) == (key == 6), "key %d: weights do not differ as they should",
                   key);
        eo_model_release(&m);
    }
    eo_model_release(&reference);
    train(&cfg, EO_ISA_GENERIC, 1, &reference, &first, NULL);
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        for (int threads = 1; threads <= 3 && eo_isa_available((enum eo_isa)isa); threads++) {
            train(&cfg, (enum eo_isa)isa, threads, &m, &result, NULL);
            check_that(same_weights(&m, &reference) && memcmp(&result, &first, sizeof(result)) == 0,
                       "all keys on, %s, %d threads: other weights", eo_isa_name((enum eo_isa)isa), threads);
            eo_model_release(&m);
        }
    }
    eo_model_release(&reference);
}

/* ---- early stopping ------------------------------------------------------------------------------------ */

static double cell(const struct eo_csv *csv, size_t row, const char *column)
{
    return strtod(eo_csv_cell(csv, row, eo_csv_column(csv, column)), NULL);
}

/* The best epoch by the log's own figures. */
static int best_of(const struct eo_csv *csv)
{
    size_t best = 0;

    for (size_t i = 1; i < csv->rows; i++) {
        double gain = cell(csv, i, "stop_accuracy") - cell(csv, best, "stop_accuracy");

        if (gain > 0 || (gain == 0 && cell(csv, i, "stop_loss") < cell(csv, best, "stop_loss")))
            best = i;
    }
    return (int)best + 1;
}

/*
 * With one image the loss decides. The rate is constant, so a shorter run must end at the same epoch. The held-out
 * images are none: images that decide later must choose no epoch.
 */
static void check_early_stopping(int patience, size_t images)
{
    struct eo_config cfg = config();
    struct eo_images learned, stop;
    struct eo_train_result result, plain;
    struct eo_model m, shorter;
    struct eo_buf log = {0};
    struct eo_csv csv;
    struct eo_eval eval;
    struct eo_err err;
    int last;

    cfg.epochs = 25;
    cfg.learning_rate = 0.03;
    cfg.early_stopping = patience;
    split.train.count = images;
    split.validation = (struct eo_images){0};
    train(&cfg, eo_isa_best(), 2, &m, &result, &log);
    stop_on(eo_csv_parse(&csv, log.data, log.len, &err), "log", &err);
    last = result.best_epoch + patience < 25 ? result.best_epoch + patience : 25;
    check_that(result.best_epoch == best_of(&csv), "patience %d: expected epoch %d to be kept, found %d",
               patience, best_of(&csv), result.best_epoch);
    check_that(result.best_epoch < result.epochs, "patience %d: this test needs a best epoch before the last",
               patience);
    check_that(result.epochs == last && csv.rows == (size_t)last, "patience %d: expected %d epochs, found %d",
               patience, last, result.epochs);
    eo_train_divide(&split.train, (struct eo_dims){1, 28, 28}, &learned, &stop);
    check_that(stop.count == (images < 20 ? 1 : images / 10) && learned.count + stop.count == images &&
                   stop.labels == learned.labels + learned.count,
               "%zu images: another part than the last tenth chooses the epoch", images);
    stop_on(eo_eval_run(&eval, &m, &stop, EO_ISA_GENERIC, 1, &err), "evaluation", &err);
    check_that((double)eval.correct / (double)stop.count ==
                   cell(&csv, (size_t)result.best_epoch - 1, "stop_accuracy"),
               "patience %d: the model has another accuracy than the log says", patience);
    eo_eval_release(&eval);

    cfg.epochs = result.best_epoch;
    cfg.early_stopping = 0;
    split.train = learned;
    train(&cfg, eo_isa_best(), 1, &shorter, &plain, NULL);
    check_that(plain.best_epoch == 0 && plain.epochs == cfg.epochs,
               "a run without early stopping has no best epoch");
    check_that(same_weights(&m, &shorter), "patience %d: other weights than after %d epochs", patience,
               cfg.epochs);
    draw_images();
    eo_csv_release(&csv);
    eo_buf_release(&log);
    eo_model_release(&m);
    eo_model_release(&shorter);
}

/* ---- logs, metadata, errors ---------------------------------------------------------------------------- */

static void test_log(void)
{
    static const char header[] =
        "epoch,loss,accuracy,learning_rate,stop_accuracy,stop_loss,seconds,images_per_s\n";
    struct eo_config cfg = config_with_all();
    struct eo_train_result result;
    struct eo_buf log = {0};
    struct eo_model m;
    struct eo_csv csv;
    struct eo_err err;

    train(&cfg, eo_isa_best(), 1, &m, &result, &log);
    stop_on(eo_csv_parse(&csv, log.data, log.len, &err), "log", &err);
    check_that(strncmp(log.data, header, strlen(header)) == 0, "log: another header");
    for (size_t i = 0; i < csv.rows; i++)
        check_that(cell(&csv, i, "learning_rate") ==
                       eo_train_learning_rate(&cfg, cfg.learning_rate, i * 5 + 4, 5, 3),
                   "log, row %zu: not the rate of the epoch's last step", i);
    eo_csv_release(&csv);
    eo_buf_release(&log);
    eo_model_release(&m);
    cfg.early_stopping = 0;
    train(&cfg, eo_isa_best(), 1, &m, &result, &log);
    stop_on(eo_csv_parse(&csv, log.data, log.len, &err), "log", &err);
    check_text("stop_accuracy without early stopping", "",
               eo_csv_cell(&csv, 0, eo_csv_column(&csv, "stop_accuracy")));
    check_text("stop_loss without early stopping", "",
               eo_csv_cell(&csv, 0, eo_csv_column(&csv, "stop_loss")));
    eo_csv_release(&csv);
    eo_buf_release(&log);
    eo_model_release(&m);
}

static void test_describe(void)
{
    struct eo_model m;
    struct eo_err err;
    struct eo_shape shape = {1, 1};
    const char *const bad[] = {"", "x", "-1", "1.5", "1000000001"};

    stop_on(eo_model_init(&m, EO_FP32, shape, &err), "model", &err);
    stop_on(eo_train_describe(&m, &(struct eo_train_result){5, 3}, 0, &err), "describe", &err);
    check_text("best_epoch", "3", eo_model_meta_get(&m, "best_epoch"));
    check_text("fine_tune_epochs after training", "(null)", eo_model_meta_get(&m, "fine_tune_epochs"));
    stop_on(eo_train_describe(&m, &(struct eo_train_result){0, 0}, 1, &err), "describe", &err);
    check_text("best_epoch after no epochs", "3", eo_model_meta_get(&m, "best_epoch"));
    check_text("fine_tune_epochs after none", "0", eo_model_meta_get(&m, "fine_tune_epochs"));
    stop_on(eo_train_describe(&m, &(struct eo_train_result){4, 0}, 1, &err), "describe", &err);
    check_text("best_epoch without early stopping", "(null)", eo_model_meta_get(&m, "best_epoch"));
    stop_on(eo_train_describe(&m, &(struct eo_train_result){7, 1}, 1, &err), "describe", &err);
    check_text("fine_tune_epochs after 4 and 7", "11", eo_model_meta_get(&m, "fine_tune_epochs"));
    stop_on(eo_model_meta_set(&m, "fine_tune_epochs", "999999999", &err), "metadata", &err);
    stop_on(eo_train_describe(&m, &(struct eo_train_result){7, 0}, 1, &err), "describe", &err);
    check_text("fine_tune_epochs stays a count that can be read", "1000000000",
               eo_model_meta_get(&m, "fine_tune_epochs"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char expected[128];

        stop_on(eo_model_meta_set(&m, "fine_tune_epochs", bad[i], &err), "metadata", &err);
        snprintf(expected, sizeof(expected),
                 "metadata 'fine_tune_epochs': expected an integer in 0..1000000000, found '%s'", bad[i]);
        check_that(eo_train_describe(&m, &(struct eo_train_result){1, 0}, 1, &err) == -1, "'%s' is no count",
                   bad[i]);
        check_text(bad[i], expected, err.msg);
    }
    eo_model_release(&m);
}

static void check_failure(const struct eo_config *cfg, const char *expected)
{
    struct eo_train_options options = {
        .epochs = 2, .learning_rate = cfg->learning_rate, .isa = eo_isa_best()};
    struct eo_train_result result;
    struct eo_model m;
    struct eo_err err = {""};

    stop_on(eo_train_init_model(cfg, 0, NULL, &m, &err), "beginning", &err);
    check_that(eo_train_run(cfg, 0, &split, &options, &m, &result, NULL, &err) == -1, "expected: %s",
               expected);
    check_text("error", expected, err.msg);
    eo_model_release(&m);
}

static void test_errors(void)
{
    struct eo_config cfg = config();

    cfg.learning_rate = 1e30;
    check_failure(&cfg, "training diverged: the loss of epoch 1 is not finite; try a smaller learning_rate");
    cfg = config();
    split.train.count = 0;
    check_failure(&cfg, "training: expected 1..4294967295 images, found 0");
    split.train.count = TRAIN;
    cfg.early_stopping = 1;
    split.train.count = 1;
    check_failure(&cfg, "training: expected 2..4294967295 images, found 1");
    split.train.count = TRAIN;
    cfg.batch_size = TRAIN; /* one step: the loss was that of the weights before it */
    cfg.learning_rate = 1e39;
    check_failure(&cfg, "training diverged: a weight of 'conv1' is not finite; try a smaller learning_rate");
}

int main(void)
{
    draw_images();
    test_cospi();
    test_schedules();
    test_views();
    test_keys();
    check_early_stopping(1, TRAIN);
    check_early_stopping(4, TRAIN);
    check_early_stopping(3, 19);
    test_log();
    test_describe();
    test_errors();
    return check_report("test_train");
}
