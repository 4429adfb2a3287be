/*
 * Quantisation-aware training as a stage, on a few hundred synthetic digits: what it leaves in the model and in its
 * calibration, what early stopping looks at, what it gains, and equal bytes for all threads and instruction sets.
 */
#include <stdlib.h>
#include <string.h>

#include "nn/network_fold.h"
#include "stage/quant/convert.h"
#include "stage/learn/eval.h"
#include "stage/quant/qat.h"
#include "stage/quant/quant.h"
#include "stage/data/synthetic.h"
#include "tests/unit/check.h"

#define TRAIN 600
#define HELD_OUT 300

static uint8_t pixels[(TRAIN + HELD_OUT) * 784], labels[TRAIN + HELD_OUT];
static struct eo_split split;
static struct eo_model
    base; /* trained, fp32, 5 and 10 channels: what level 0.7 leaves of the usual network */

static void stop_on(int rc, const char *what, const struct eo_err *err)
{
    if (!rc)
        return;
    check_that(0, "%s: %s", what, err->msg);
    exit(check_report("test_qat"));
}

static struct eo_config config(enum eo_backend backend, int qat_epochs)
{
    struct eo_config cfg;

    eo_config_init(&cfg);
    cfg.conv1_channels = 5;
    cfg.conv2_channels = 10;
    cfg.batch_size = 30;
    cfg.calibration_batches = 4;
    cfg.learning_rate = 0.005;
    cfg.qat_epochs = qat_epochs;
    cfg.qat_learning_rate = 0.002;
    cfg.quantization_backend = backend;
    return cfg;
}

static void make_base(void)
{
    struct eo_config cfg = config(EO_BACKEND_FBGEMM, 0);
    struct eo_train_options options = {.epochs = 8, .learning_rate = cfg.learning_rate, .isa = eo_isa_best()};
    struct eo_train_result result;
    struct eo_err err;

    for (uint32_t i = 0; i < TRAIN + HELD_OUT; i++)
        labels[i] = eo_synthetic_image(1, EO_DATASET_TRAIN, i, EO_CLASSES, pixels + i * 784);
    split.train = (struct eo_images){pixels, labels, TRAIN};
    split.validation = (struct eo_images){pixels + TRAIN * 784, labels + TRAIN, HELD_OUT};
    stop_on(eo_train_init_model(&cfg, 0, NULL, &base, &err) ||
                eo_train_run(&cfg, 0, &split, &options, &base, &result, NULL, &err),
            "the base", &err);
}

static void convert_model(const struct eo_model *m, const struct eo_config *cfg, enum eo_isa isa, int threads,
                          struct eo_conversion *c)
{
    struct eo_train_options how = {.isa = isa};
    struct eo_err err;

    how.pool = eo_pool_new(threads, &err);
    stop_on(!how.pool || eo_conversion_run(c, m, EO_INT8, cfg, &split, &how, &err), "conversion", &err);
    eo_pool_free(how.pool);
}

static void convert(const struct eo_config *cfg, enum eo_isa isa, int threads, struct eo_conversion *c)
{
    convert_model(&base, cfg, isa, threads, c);
}

static size_t correct(const struct eo_model *m)
{
    struct eo_eval eval;
    struct eo_err err;
    size_t n;

    stop_on(eo_eval_run(&eval, m, &split.validation, eo_isa_best(), 1, &err), "accuracy", &err);
    n = eval.correct;
    eo_eval_release(&eval);
    return n;
}

/* Weights move, the pixels' scale stays, and the learned ranges are what the int8 model has. */
static void test_result(enum eo_backend backend)
{
    struct eo_config plain_cfg = config(backend, 0), cfg = config(backend, 6);
    const char *name = eo_backend_name(backend);
    struct eo_conversion plain, c;
    size_t before, after;

    convert(&plain_cfg, eo_isa_best(), 2, &plain);
    convert(&cfg, eo_isa_best(), 2, &c);
    check_text("qat_epochs without", "0", eo_model_meta_get(&plain.model, "qat_epochs"));
    check_text("qat_epochs", "6", eo_model_meta_get(&c.model, "qat_epochs"));
    check_that(!eo_model_meta_get(&c.model, "qat_best_epoch"), "qat_best_epoch without early stopping");
    check_that(c.model.layer[EO_CONV1].input_scale == plain.model.layer[EO_CONV1].input_scale,
               "%s: the pixels have another scale", name);
    for (int l = EO_CONV2; l < EO_SMALLCNN_LAYERS; l++) {
        float start = plain.model.layer[l].input_scale, learned = c.source.layer[l].input_scale;

        check_that(c.model.layer[l].input_scale == learned && learned != start,
                   "%s: layer %d: started at %g, learned %g, found %g", name, l, (double)start,
                   (double)learned, (double)c.model.layer[l].input_scale);
        check_that(learned > start / 2 && learned < start * 2, "%s: layer %d: scale went from %g to %g", name,
                   l, (double)start, (double)learned);
        check_that(c.model.layer[l].input_zero_point == 0, "%s: layer %d: zero point", name, l);
    }
    before = correct(&plain.model);
    after = correct(&c.model);
    check_that(after > before, "%s: expected more than %zu of %d right, found %zu", name, before, HELD_OUT,
               after);
    eo_conversion_release(&plain);
    eo_conversion_release(&c);
}

static void remember_best(void *ctx, const struct eo_train_progress *p)
{
    double *accuracy = ctx;

    if (p->best_epoch)
        *accuracy = p->best_accuracy;
}

/* What early stopping has seen is the int8 model that comes out; the calibrated ranges clip a lot here. */
static void test_early_stopping(double rate, int epochs)
{
    struct eo_config cfg = config(EO_BACKEND_QNNPACK, epochs);
    double seen = 0, found;
    struct eo_train_options how = {
        .isa = eo_isa_best(), .progress = remember_best, .progress_ctx = &seen};
    struct eo_images learned, stop;
    struct eo_conversion c;
    struct eo_eval eval;
    struct eo_err err;
    char text[16];

    cfg.quantization_observer = EO_OBSERVER_PERCENTILE;
    cfg.observer_percentile = 60;
    cfg.qat_learning_rate = rate;
    cfg.early_stopping = 3;
    stop_on(eo_conversion_run(&c, &base, EO_INT8, &cfg, &split, &how, &err), "conversion", &err);
    eo_train_divide(&split.train, (struct eo_dims){1, 28, 28}, &learned, &stop);
    stop_on(eo_eval_run(&eval, &c.model, &stop, eo_isa_best(), 1, &err), "accuracy", &err);
    found = (double)eval.correct / (double)stop.count;
    eo_eval_release(&eval);
    check_that(c.training.best_epoch > 0 && c.training.best_epoch < c.training.epochs,
               "early stopping: expected a best epoch before the last of %d, found %d", c.training.epochs,
               c.training.best_epoch);
    check_that(found == seen, "early stopping: saw %g, the int8 model has %g", seen, found);
    snprintf(text, sizeof(text), "%d", c.training.best_epoch);
    check_text("qat_best_epoch", text, eo_model_meta_get(&c.model, "qat_best_epoch"));
    eo_conversion_release(&c);
}

/* Trained biases are left alone, and the report's ranges belong to the trained model. */
static void test_order(void)
{
    struct eo_config cfg = config(EO_BACKEND_FBGEMM, 1);
    struct eo_quant_options opt;
    struct eo_calibration cal;
    struct eo_conversion c;
    struct eo_err err;

    cfg.bias_correction = cfg.cross_layer_equalization = 1;
    convert(&cfg, eo_isa_best(), 1, &c);
    check_text("bias_correction", "false", eo_model_meta_get(&c.model, "bias_correction"));
    check_text("cross_layer_equalization", "true", eo_model_meta_get(&c.model, "cross_layer_equalization"));
    opt = eo_quant_options_of(&cfg, EO_INT8, eo_isa_best(), NULL);
    stop_on(eo_calibration_run(&cal, &c.source, &split.train, &opt, &err), "calibration", &err);
    check_that(c.calibration.tensor[EO_CLASSIFIER].seen_max == cal.tensor[EO_CLASSIFIER].seen_max,
               "seen by the classifier: expected %g, found %g", cal.tensor[EO_CLASSIFIER].seen_max,
               c.calibration.tensor[EO_CLASSIFIER].seen_max);
    eo_conversion_release(&c);
}

static void test_divergence(void)
{
    struct eo_config cfg = config(EO_BACKEND_FBGEMM, 3);
    struct eo_train_options how = {.isa = eo_isa_best()};
    struct eo_conversion c;
    struct eo_err err = {""};

    cfg.qat_learning_rate = 1e37;
    check_that(eo_conversion_run(&c, &base, EO_INT8, &cfg, &split, &how, &err) == -1,
               "divergence: expected a failure");
    check_that(strncmp(err.msg, "quantisation-aware training: training diverged: ", 48) == 0,
               "divergence: found '%s'", err.msg);
    eo_conversion_release(&c);
}

static void test_same_bytes(const struct eo_model *m)
{
    struct eo_config cfg = config(EO_BACKEND_QNNPACK, 1);
    struct eo_buf first = {0}, now = {0};
    struct eo_err err;

    cfg.augment_shift = 1;
    cfg.early_stopping = 1;
    cfg.learning_rate_schedule = EO_SCHEDULE_COSINE;
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        for (int threads = 1; threads <= 3; threads++) {
            struct eo_conversion c;

            if (!eo_isa_available((enum eo_isa)isa) || (isa == EO_ISA_GENERIC && threads == 2))
                continue;
            convert_model(m, &cfg, (enum eo_isa)isa, threads, &c);
            now.len = 0;
            stop_on(eo_model_serialize(&c.model, first.len ? &now : &first, &err), "serialisation", &err);
            check_that(!now.len || (now.len == first.len && memcmp(now.data, first.data, first.len) == 0),
                       "%s with %d threads gives other bytes", eo_isa_name((enum eo_isa)isa), threads);
            eo_conversion_release(&c);
        }
    }
    eo_buf_release(&first);
    eo_buf_release(&now);
}

/* ---- any network ------------------------------------------------------------------------------------------------- */

/* Trained a little, with batch normalisation, which is folded. */
static void make_network(struct eo_model *m, const char *text)
{
    struct eo_config cfg = config(EO_BACKEND_FBGEMM, 0);
    struct eo_train_options options = {.epochs = 3, .learning_rate = cfg.learning_rate, .isa = eo_isa_best()};
    struct eo_train_result result;
    struct eo_network net;
    struct eo_err err;

    stop_on(eo_network_parse(&net, text, &err) || eo_train_init_model(&cfg, 0, &net, m, &err) ||
                eo_train_run(&cfg, 0, &split, &options, m, &result, NULL, &err),
            "another network", &err);
    eo_model_fold(m);
}

/* Ranges that cut off a third of the values lose much, and training with them wins it back. */
static void test_network(const char *text)
{
    struct eo_config plain_cfg = config(EO_BACKEND_FBGEMM, 0), cfg = config(EO_BACKEND_FBGEMM, 3);
    struct eo_conversion plain, c;
    struct eo_model m;
    size_t before, after;
    int moved = 0, same = 0, tensors = 0;

    make_network(&m, text);
    plain_cfg.quantization_observer = cfg.quantization_observer = EO_OBSERVER_PERCENTILE;
    plain_cfg.observer_percentile = cfg.observer_percentile = 70;
    convert_model(&m, &plain_cfg, eo_isa_best(), 2, &plain);
    convert_model(&m, &cfg, eo_isa_best(), 2, &c);
    for (int t = 1; t < EO_NETWORK_TENSORS; t++) {
        struct eo_model_grid start, learned, found;

        if (!eo_network_has_tensor(&m.network, t))
            continue;
        start = eo_model_grid(&plain.model, t);
        learned = eo_model_grid(&c.source, t);
        found = eo_model_grid(&c.model, t);
        tensors++;
        moved += learned.scale != start.scale && learned.scale > start.scale / 4 &&
                 learned.scale < start.scale * 4;
        same += found.scale == learned.scale && found.zero_point == start.zero_point;
    }
    check_that(moved == tensors && same == tensors,
               "%.20s: of %d grids %d were learned, and %d are those of the int8 model", text, tensors, moved,
               same);
    before = correct(&plain.model);
    after = correct(&c.model);
    check_that(after > before + HELD_OUT / 20, "%.20s: expected more than %zu of %d right, found %zu", text,
               before + HELD_OUT / 20, HELD_OUT, after);
    eo_conversion_release(&plain);
    eo_conversion_release(&c);
    test_same_bytes(&m);
    eo_model_release(&m);
}

int main(void)
{
    make_base();
    test_result(EO_BACKEND_FBGEMM);
    test_result(EO_BACKEND_QNNPACK);
    test_early_stopping(0.01, 6); /* the fp32 model is another one */
    test_early_stopping(0.03, 6); /* the scales went far */
    test_order();
    test_divergence();
    test_same_bytes(&base);
    test_network(
        "input 1x28x28; a: conv 5 5x5 stride 3 batch_norm relu; b: conv 5 3x3 pad 1 batch_norm relu; "
        "c: conv 5 3x3 pad 1 batch_norm add a relu max 2x2; d: conv 9 1x1 from c batch_norm; "
        "e: conv 9 3x3 pad 1 from c batch_norm add d relu mean; z: linear 10");
    test_network(
        "input 1x28x28; a: conv 9 5x4 stride 3 batch_norm relu6; b: depthwise 3x3 pad same batch_norm relu; "
        "c: conv 13 1x1 batch_norm relu average 3x3/2; z: linear 10");
    eo_model_release(&base);
    return check_report("test_qat");
}
