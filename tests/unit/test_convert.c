/*
 * The steps around the rounding: equalisation, bias correction and their report, each against what its header promises,
 * computed anew; and the conversion that puts them together.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/infer.h"
#include "stage/quant/bias_correction.h"
#include "stage/quant/convert.h"
#include "stage/quant/equalize.h"
#include "stage/quant/quant.h"
#include "stage/quant/report.h"
#include "tests/unit/check.h"
#include "tests/unit/random_model.h"

#define IMAGES 5
#define C1 3
#define C2 5

static uint8_t pixels[IMAGES * EO_IMAGE_PIXELS], labels[IMAGES];
static const struct eo_images images = {pixels, labels, IMAGES};

static void must(int rc, const struct eo_err *err)
{
    if (rc) {
        printf("stopped: %s\n", err->msg);
        exit(1);
    }
}

static void near(const char *what, double expected, double tolerance, double found)
{
    check_that(fabs(expected - found) <= tolerance, "%s: expected %.17g, found %.17g", what, expected, found);
}

static float *weight(struct eo_model *m, enum eo_smallcnn_layer l, int o, int term)
{
    return &m->layer[l].weight.f32[(size_t)o * (size_t)eo_shape_terms(&m->shape, l) + (size_t)term];
}

/* Filters of very different sizes, one of zeros, and one channel that nothing reads. */
static void uneven_model(struct eo_model *m)
{
    struct eo_err err;

    must(eo_model_init(m, EO_FP32, (struct eo_shape){C1, C2}, &err), &err);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        struct eo_model random;

        random_model(&random, EO_FP32, C1, C2, 8);
        memcpy(m->layer[l].weight.f32, random.layer[l].weight.f32,
               eo_shape_weights(&m->shape, (enum eo_smallcnn_layer)l) * sizeof(float));
        memcpy(m->layer[l].bias.f32, random.layer[l].bias.f32,
               (size_t)eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l) * sizeof(float));
        random_model_release(&random);
    }
    for (int t = 0; t < 9; t++)
        *weight(m, EO_CONV1, 1, t) *= 50;
    for (int t = 0; t < 9 * C1; t++) {
        *weight(m, EO_CONV2, 0, t) *= 0.003f;
        *weight(m, EO_CONV2, 2, t) = 0;
    }
    for (int k = 0; k < EO_CLASSES; k++)
        for (int t = 0; t < 49; t++)
            *weight(m, EO_CLASSIFIER, k, 4 * 49 + t) = 0;
}

static void run(const struct eo_model *m, double logits[IMAGES * EO_CLASSES])
{
    union eo_score scores[IMAGES * EO_CLASSES];
    struct eo_err err;
    struct eo_infer *inf = eo_infer_new(m, EO_ISA_GENERIC, IMAGES, &err);

    must(!inf, &err);
    eo_infer_run(inf, pixels, IMAGES, scores);
    for (int i = 0; i < IMAGES * EO_CLASSES; i++)
        logits[i] = eo_infer_logit(inf, scores[i]);
    eo_infer_free(inf);
}

/* ---- equalisation ------------------------------------------------------------------------------------------------ */

static double largest_filter(struct eo_model *m, enum eo_smallcnn_layer l, int c)
{
    double max = 0;

    for (int t = 0; t < eo_shape_terms(&m->shape, l); t++)
        max = fmax(max, fabs((double)*weight(m, l, c, t)));
    return max;
}

static double largest_reader(struct eo_model *m, enum eo_smallcnn_layer l, int c)
{
    int each = l == EO_CONV2 ? 9 : 49;
    double max = 0;

    for (int o = 0; o < eo_shape_outputs(&m->shape, l); o++)
        for (int t = 0; t < each; t++)
            max = fmax(max, fabs((double)*weight(m, l, o, c * each + t)));
    return max;
}

static void test_equalize(void)
{
    double before[IMAGES * EO_CLASSES], after[IMAGES * EO_CLASSES];
    float zero_bias, unread;
    struct eo_model m;

    uneven_model(&m);
    run(&m, before);
    zero_bias = m.layer[EO_CONV2].bias.f32[2];
    unread = m.layer[EO_CONV2].bias.f32[4];
    check_that(largest_filter(&m, EO_CONV1, 1) > 8 * largest_reader(&m, EO_CONV2, 1),
               "the model is even already");
    eo_equalize(&m);
    run(&m, after);
    check_that(memcmp(before, after, sizeof(before)) == 0, "equalised: the scores have changed");
    for (int l = EO_CONV1; l < EO_CLASSIFIER; l++)
        for (int c = 0; c < eo_shape_outputs(&m.shape, (enum eo_smallcnn_layer)l); c++) {
            double r1 = largest_filter(&m, (enum eo_smallcnn_layer)l, c),
                   r2 = largest_reader(&m, (enum eo_smallcnn_layer)(l + 1), c);

            if (r1 > 0 && r2 > 0)
                check_that(r1 <= 2.0001 * r2 && r2 <= 2.0001 * r1, "layer %d, channel %d: %g against %g", l,
                           c, r1, r2);
        }
    check_that(zero_bias == m.layer[EO_CONV2].bias.f32[2], "a filter of zeros: its bias has changed");
    check_that(unread == m.layer[EO_CONV2].bias.f32[4], "a channel that nobody reads has changed");
    eo_model_release(&m);
}

/* ---- bias correction --------------------------------------------------------------------------------------------- */

static size_t input_elements(const struct eo_shape *s, enum eo_smallcnn_layer l)
{
    return l == EO_CONV1 ? 784 : eo_shape_output_elements(s, (enum eo_smallcnn_layer)(l - 1));
}

/* Mean pre-activation of one output for given weights, position by position. x [IMAGES][size], `bias` left out. */
static double mean_output(const float *x, size_t size, enum eo_smallcnn_layer l, int terms, const double *w)
{
    int side = l == EO_CONV1 ? 28 : 14, positions = l == EO_CLASSIFIER ? 1 : side * side;
    double sum = 0;

    for (int i = 0; i < IMAGES; i++)
        for (int at = 0; at < positions; at++)
            for (int t = 0; t < terms; t++) {
                int row = at / side + t % 9 / 3 - 1, col = at % side + t % 3 - 1;

                if (l == EO_CLASSIFIER)
                    sum += w[t] * (double)x[(size_t)i * size + (size_t)t];
                else if (row >= 0 && row < side && col >= 0 && col < side)
                    sum += w[t] * (double)x[(size_t)i * size + (size_t)((t / 9 * side + row) * side + col)];
            }
    return sum / IMAGES / positions;
}

struct inputs {
    float *x[EO_SMALLCNN_LAYERS];
};

static int keep(void *ctx, int layer, const float *values, size_t n, struct eo_err *err)
{
    struct inputs *in = ctx;

    (void)err;
    memcpy(in->x[layer], values, n * sizeof(float)); /* all images are in one batch */
    return 0;
}

static void check_bias(const struct eo_model *m, const struct eo_model *q, enum eo_smallcnn_layer l, int o,
                       const float *x)
{
    int terms = eo_shape_terms(&m->shape, l);
    const struct eo_model_layer *layer = &q->layer[l];
    double unit = (double)layer->input_scale * (double)layer->weight_scale[o], exact, *w, *rounded;
    char what[64];

    w = random_memory((size_t)terms, sizeof(*w));
    rounded = random_memory((size_t)terms, sizeof(*rounded));
    for (int t = 0; t < terms; t++) {
        w[t] = (double)m->layer[l].weight.f32[o * terms + t];
        rounded[t] = layer->weight.s8[o * terms + t] * (double)layer->weight_scale[o];
    }
    exact = (double)m->layer[l].bias.f32[o] + mean_output(x, input_elements(&m->shape, l), l, terms, w) -
            mean_output(x, input_elements(&m->shape, l), l, terms, rounded);
    snprintf(what, sizeof(what), "corrected bias %d of %s", o, eo_smallcnn_layer_name(l));
    near(what, exact / unit, 0.5001, layer->bias.s32[o]);
    free(w);
    free(rounded);
}

static void test_bias_correction(enum eo_backend backend)
{
    struct eo_quant_options opt = {
        .precision = EO_INT8, .backend = backend, .batch_size = IMAGES, .batches = 1, .isa = EO_ISA_GENERIC};
    struct eo_calibration cal;
    struct inputs in;
    struct eo_model m, q;
    struct eo_err err;
    int changed = 0;

    uneven_model(&m);
    must(eo_calibration_run(&cal, &m, &images, &opt, &err), &err);
    must(eo_quant_integers(&m, &cal, &opt, &q, &err), &err);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        in.x[l] = random_memory(IMAGES * input_elements(&m.shape, (enum eo_smallcnn_layer)l), sizeof(float));
    must(eo_calibration_walk(&m, &images, &opt, keep, &in, &err), &err);
    for (int k = 0; k < EO_CLASSES; k++)
        changed -= q.layer[EO_CLASSIFIER].bias.s32[k];
    must(eo_bias_correct(&q, &m, &images, &opt, &err), &err);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        for (int o = 0; o < eo_shape_outputs(&m.shape, (enum eo_smallcnn_layer)l); o++)
            check_bias(&m, &q, (enum eo_smallcnn_layer)l, o, in.x[l]);
    for (int k = 0; k < EO_CLASSES; k++)
        changed += q.layer[EO_CLASSIFIER].bias.s32[k];
    check_that(changed != 0, "bias correction: the test has lost its point");
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        free(in.x[l]);
    eo_model_release(&q);
    eo_model_release(&m);
}

/* ---- the whole, and its report ----------------------------------------------------------------------------------- */

static void metadata(const struct eo_conversion *c, const char *key, const char *expected)
{
    check_text(key, expected, eo_model_meta_get(&c->model, key));
}

static double decibels(double signal, double noise)
{
    return 10 * log10(signal / noise);
}

static void test_quality(const struct eo_conversion *c, const struct eo_quant_quality *quality)
{
    double of_m[IMAGES * EO_CLASSES], of_q[IMAGES * EO_CLASSES], signal = 0, noise = 0;
    const struct eo_model_layer *layer = &c->model.layer[EO_CONV1];
    uint64_t saturated = 0;

    run(&c->source, of_m);
    run(&c->model, of_q);
    for (int i = 0; i < IMAGES * EO_CLASSES; i++) {
        signal += of_m[i] * of_m[i];
        noise += (of_m[i] - of_q[i]) * (of_m[i] - of_q[i]);
    }
    near("noise of the logits", decibels(signal, noise), 1e-9, quality->logit_sqnr_db);
    signal = noise = 0;
    for (int i = 0; i < IMAGES * EO_IMAGE_PIXELS; i++) {
        double x = (double)((float)pixels[i] / 127.5f - 1), q = rint(x / (double)layer->input_scale), held;

        held = fmin(fmax(q, -layer->input_zero_point), 127 - layer->input_zero_point);
        saturated += q > held || q < held;
        signal += x * x;
        noise += pow(x - held * (double)layer->input_scale, 2);
    }
    near("noise of the pixels", decibels(signal, noise), 1e-9, quality->sqnr_db[EO_CONV1]);
    near("saturated pixels", (double)saturated, 0, (double)quality->saturated[EO_CONV1]);
    signal = noise = 0;
    for (int i = 0; i < 9 * C1; i++) {
        double w = (double)c->source.layer[EO_CONV1].weight.f32[i];

        signal += w * w;
        noise += pow(w - layer->weight.s8[i] * (double)layer->weight_scale[i / 9], 2);
    }
    near("noise of the weights", decibels(signal, noise), 1e-9, quality->weight_sqnr_db[EO_CONV1]);
}

static void test_conversion(void)
{
    const struct eo_train_options how = {.isa = EO_ISA_GENERIC};
    struct eo_split split = {.train = images};
    struct eo_quant_quality quality;
    struct eo_conversion c;
    struct eo_config cfg;
    struct eo_model m, given;
    struct eo_err err;

    eo_config_init(&cfg);
    cfg.batch_size = 2;
    cfg.calibration_batches = 2;
    cfg.quantization_observer = EO_OBSERVER_MSE;
    cfg.weight_granularity = EO_GRANULARITY_TENSOR;
    cfg.bias_correction = cfg.cross_layer_equalization = 1;
    uneven_model(&m);
    uneven_model(&given);
    must(eo_conversion_run(&c, &m, EO_INT8, &cfg, &split, &how, &err), &err);
    metadata(&c, "quantization_backend", "fbgemm");
    metadata(&c, "quantization_observer", "mse");
    metadata(&c, "weight_granularity", "tensor");
    metadata(&c, "bias_correction", "true");
    metadata(&c, "cross_layer_equalization", "true");
    metadata(&c, "calibration_images", "4");
    check_that(
        memcmp(m.layer[EO_CONV1].weight.f32, given.layer[EO_CONV1].weight.f32, 9 * C1 * sizeof(float)) == 0,
        "the given model has changed");
    check_that(c.model.layer[EO_CONV2].weight_scale[0] == c.model.layer[EO_CONV2].weight_scale[1],
               "one scale per tensor");
    c.options.batches = 3; /* all images, which test_quality() looks at */
    must(eo_quant_measure(&quality, &c, &images, &err), &err);
    test_quality(&c, &quality);
    eo_conversion_release(&c);
    cfg.weight_granularity = EO_GRANULARITY_BACKEND;
    cfg.bias_correction = cfg.cross_layer_equalization = 0;
    must(eo_conversion_run(&c, &m, EO_INT8, &cfg, &split, &how, &err), &err);
    metadata(&c, "weight_granularity", "channel");
    metadata(&c, "bias_correction", "false");
    metadata(&c, "cross_layer_equalization", "false");
    must(eo_quant_measure(&quality, &c, &images, &err), &err);
    check_that(quality.agreements <= 4, "agreements of 4 images: %d", (int)quality.agreements);
    c.options.batches = 3;
    must(eo_quant_measure(&quality, &c, &images, &err), &err);
    test_quality(&c, &quality); /* with a scale for each channel */
    split.train.count = 0;
    eo_conversion_release(&c);
    check_that(eo_conversion_run(&c, &m, EO_INT8, &cfg, &split, &how, &err) == -1 &&
                   strcmp(err.msg, "calibration: expected at least one training image, found none") == 0,
               "no images: '%s'", err.msg);
    eo_conversion_release(&c);
    eo_model_release(&given);
    eo_model_release(&m);
}

/* Both granularities on both backends pass the model's own rules and run. */
static void test_granularity(enum eo_backend backend, enum eo_granularity granularity)
{
    struct eo_quant_options opt = {.precision = EO_INT8,
                                   .backend = backend,
                                   .granularity = granularity,
                                   .batch_size = IMAGES,
                                   .batches = 1,
                                   .isa = EO_ISA_GENERIC};
    double logits[IMAGES * EO_CLASSES];
    struct eo_buf bytes = {0};
    struct eo_calibration cal;
    struct eo_model m, q, read;
    struct eo_err err;
    int alike;

    uneven_model(&m);
    must(eo_calibration_run(&cal, &m, &images, &opt, &err), &err);
    must(eo_quant_integers(&m, &cal, &opt, &q, &err), &err);
    alike = q.layer[EO_CONV2].weight_scale[0] == q.layer[EO_CONV2].weight_scale[1];
    check_that(alike == eo_quant_is_per_tensor(&opt), "%s, granularity %d: scales", eo_backend_name(backend),
               granularity);
    must(eo_model_serialize(&q, &bytes, &err), &err);
    must(eo_model_parse(&read, bytes.data, bytes.len, &err), &err);
    run(&read, logits);
    eo_model_release(&read);
    eo_buf_release(&bytes);
    eo_model_release(&q);
    eo_model_release(&m);
}

int main(void)
{
    random_pixels(pixels, sizeof(pixels), 3);
    test_equalize();
    test_bias_correction(EO_BACKEND_FBGEMM);
    test_bias_correction(EO_BACKEND_QNNPACK);
    test_conversion();
    for (int granularity = EO_GRANULARITY_BACKEND; granularity <= EO_GRANULARITY_TENSOR; granularity++)
        for (int backend = EO_BACKEND_FBGEMM; backend <= EO_BACKEND_QNNPACK; backend++)
            test_granularity((enum eo_backend)backend, (enum eo_granularity)granularity);
    return check_report("test_convert");
}
