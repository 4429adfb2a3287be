/*
 * Observers and conversions on values chosen by hand. What PyTorch makes of larger inputs is in test_golden.c, and
 * whole runs are in quant.bats.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/half.h"
#include "nn/infer.h"
#include "stage/quant/quant.h"
#include "stage/quant/report.h"
#include "tests/unit/check.h"

static void check(int ok, const char *what, double expected, double found)
{
    check_that(ok, "%s: expected %.17g, found %.17g", what, expected, found);
}

static void equal(const char *what, double expected, double found)
{
    check(expected == found, what, expected, found);
}

static void near(const char *what, double expected, double tolerance, double found)
{
    check(fabs(expected - found) <= tolerance, what, expected, found);
}

static void message(const char *what, const char *expected, int rc, const struct eo_err *err)
{
    check_that(rc == -1 && strstr(err->msg, expected), "%s: expected '... %s ...', found %d '%s'", what,
               expected, rc, rc ? err->msg : "");
}

static void must(int rc, const struct eo_err *err)
{
    if (rc) {
        printf("stopped: %s\n", err->msg);
        exit(1);
    }
}

/* ---- observers ------------------------------------------------------------------------------------------------- */

static struct eo_observer observer;

static void observe(enum eo_observer_kind kind, const float *values, size_t n, size_t batch, double *min,
                    double *max)
{
    struct eo_err err;

    eo_observer_init(&observer, kind, 127, 99.9);
    for (size_t i = 0; i < n; i += batch)
        must(eo_observer_add(&observer, values + i, n - i < batch ? n - i : batch, &err), &err);
    eo_observer_range(&observer, min, max);
}

static void test_observer_edges(void)
{
    static const float same[] = {3, 3, 3}, bad[] = {1, INFINITY}, worse[] = {NAN};
    double min, max;
    struct eo_err err;

    eo_observer_init(&observer, EO_OBSERVER_HISTOGRAM, 127, 0);
    eo_observer_range(&observer, &min, &max);
    equal("nothing seen, min", 0, min);
    equal("nothing seen, max", 0, max);
    observe(EO_OBSERVER_HISTOGRAM, same, 3, 1, &min, &max);
    equal("one value, min", 3, min);
    equal("one value, max", 3, max);
    eo_observer_init(&observer, EO_OBSERVER_MINMAX, 127, 0);
    message("infinity", "value 1: expected a finite number, found inf",
            eo_observer_add(&observer, bad, 2, &err), &err);
    message("not a number", "value 0: expected a finite number", eo_observer_add(&observer, worse, 1, &err),
            &err);
}

/* Mass is neither lost nor made when the range grows, and ends in the bins of its values. */
static void test_observer_growth(void)
{
    static const float values[] = {0.5f, 0.5f, 0.5f, 0.25f, -1, 2, 100, 0.5f};
    double min, max, sum = 0;

    for (size_t batch = 1; batch <= 8; batch++) {
        observe(EO_OBSERVER_HISTOGRAM, values, 8, batch, &min, &max);
        sum = 0;
        for (int i = 0; i < EO_OBSERVER_BINS; i++)
            sum += observer.mass[i];
        near("mass", 8, 1e-12, sum);
        near("mass at the top", 1, 1e-12, observer.mass[EO_OBSERVER_BINS - 1]);
        equal("smallest seen", -1, observer.min);
        equal("largest seen", 100, observer.max);
    }
}

/*
 * A bulk in -1..1 and one value in 100,000 at 1.2: it is worth losing (0.04 of squared error) for the finer levels
 * (100,000 / 12 / 65,536 * (2.2^2 - 2^2) = 0.11); one at 9 is not (64 against 12).
 */
static void test_observer_tail(void)
{
    static float values[100000];
    double min, max;
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_SYNTHETIC);
    for (size_t i = 0; i < 100000; i++)
        values[i] = 2 * eo_rng_f32(&rng) - 1;
    values[77777] = 9;
    observe(EO_OBSERVER_HISTOGRAM, values, 100000, 100000, &min, &max);
    near("the histogram keeps a value far out", 9, 0.01, max);
    values[77777] = 1.2f;
    observe(EO_OBSERVER_HISTOGRAM, values, 100000, 100000, &min, &max);
    near("the histogram drops a value close by", 1, 0.05, max);
    near("and keeps the other end", -1, 0.05, min);
    observe(EO_OBSERVER_MINMAX, values, 100000, 1000, &min, &max);
    equal("minmax keeps it", (double)1.2f, max);
}

/* ---- conversions ----------------------------------------------------------------------------------------------- */

static void model(struct eo_model *m)
{
    struct eo_rng rng;
    struct eo_err err;

    must(eo_model_init(m, EO_FP32, (struct eo_shape){3, 5}, &err), &err);
    eo_rng_init(&rng, 3, EO_RNG_INIT);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        size_t n = eo_shape_weights(&m->shape, (enum eo_smallcnn_layer)l);

        for (size_t i = 0; i < n; i++)
            m->layer[l].weight.f32[i] = (2 * eo_rng_f32(&rng) - 1) / 4;
        for (int o = 0; o < eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l); o++)
            m->layer[l].bias.f32[o] = (2 * eo_rng_f32(&rng) - 1) / 8;
    }
    must(eo_model_meta_set(m, "dataset_sha256", "0123456789abcdef0123", &err), &err);
}

static const struct eo_calibration calibration = {
    .images = 1, .tensor = {{1, -1, 1, -1, 1}, {1, 0, 2, 0, 2}, {1, 0, 3, 0, 3}}};

static const struct eo_quant_options fbgemm = {.precision = EO_INT8, .backend = EO_BACKEND_FBGEMM};
static const struct eo_quant_options int4 = {.precision = EO_INT4, .backend = EO_BACKEND_FBGEMM};
static const struct eo_quant_options qnnpack = {.precision = EO_INT8, .backend = EO_BACKEND_QNNPACK};

static void test_input_range(void)
{
    struct eo_model m, q;
    struct eo_err err;

    model(&m);
    must(eo_quant_integers(&m, &calibration, &fbgemm, &q, &err), &err);
    equal("input scale", (double)(float)(2.0 / 127), (double)q.layer[EO_CONV1].input_scale);
    equal("input zero point", 64, q.layer[EO_CONV1].input_zero_point);
    equal("pool1 scale", (double)(float)(2.0 / 127), (double)q.layer[EO_CONV2].input_scale);
    equal("pool1 zero point", 0, q.layer[EO_CONV2].input_zero_point);
    eo_model_release(&q);
    must(eo_quant_integers(&m, &calibration, &qnnpack, &q, &err), &err);
    equal("pool2 scale, full range", (double)(float)(3.0 / 255), (double)q.layer[EO_CLASSIFIER].input_scale);
    equal("one scale per tensor", (double)q.layer[EO_CONV2].weight_scale[0],
          (double)q.layer[EO_CONV2].weight_scale[4]);
    eo_model_release(&q);
    eo_model_release(&m);
}

/* Every weight and bias is within half a step of its value, or at an end. */
static void test_round_trip(const struct eo_quant_options *opt)
{
    struct eo_model m, q;
    struct eo_err err;
    double worst = 0, worst_bias = 0;
    int lowest = 0, highest = 0;

    model(&m);
    must(eo_quant_integers(&m, &calibration, opt, &q, &err), &err);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        size_t terms = (size_t)eo_shape_terms(&m.shape, (enum eo_smallcnn_layer)l);
        struct eo_model_layer *p = &q.layer[l];

        for (size_t o = 0; o < (size_t)eo_shape_outputs(&m.shape, (enum eo_smallcnn_layer)l); o++) {
            double unit = (double)p->input_scale * (double)p->weight_scale[o];

            worst_bias = fmax(worst_bias, fabs(p->bias.s32[o] - (double)m.layer[l].bias.f32[o] / unit));
            for (size_t i = o * terms; i < (o + 1) * terms; i++) {
                double exact = (double)m.layer[l].weight.f32[i] / (double)p->weight_scale[o];

                lowest = p->weight.s8[i] < lowest ? p->weight.s8[i] : lowest;
                highest = p->weight.s8[i] > highest ? p->weight.s8[i] : highest;
                worst = fmax(worst, fabs(exact - p->weight.s8[i]));
            }
        }
    }
    check(worst <= 0.5001, "weights within half a step", 0.5, worst);
    check(worst_bias <= 0.5, "biases within half a step", 0.5, worst_bias);
    equal("smallest weight", opt->precision == EO_INT4 ? -8 : -128, lowest);
    equal("largest weight", opt->precision == EO_INT4 ? 7 : 127, highest);
    eo_model_release(&q);
    eo_model_release(&m);
}

/* A dead layer: no scale is 0, none finer than the accumulators, and the model still runs. */
static void test_dead_layer(void)
{
    struct eo_calibration dead = calibration;
    struct eo_model m, q;
    struct eo_infer *inf;
    struct eo_err err;

    model(&m);
    memset(m.layer[EO_CONV2].weight.f32, 0, eo_shape_weights(&m.shape, EO_CONV2) * sizeof(float));
    dead.tensor[EO_CONV2] = dead.tensor[EO_CLASSIFIER] = (struct eo_quant_range){1, 0, 0, 0, 0};
    must(eo_quant_integers(&m, &dead, &fbgemm, &q, &err), &err);
    check(q.layer[EO_CONV2].weight_scale[0] >= FLT_EPSILON, "scale of weights that are all 0",
          (double)FLT_EPSILON, (double)q.layer[EO_CONV2].weight_scale[0]);
    check(q.layer[EO_CONV2].input_scale >= FLT_EPSILON, "scale of a dead input", (double)FLT_EPSILON,
          (double)q.layer[EO_CONV2].input_scale);
    inf = eo_infer_new(&q, EO_ISA_GENERIC, 1, &err);
    if (!inf)
        printf("dead layer: %s\n", err.msg);
    check(inf != NULL, "a dead layer runs", 1, 0);
    eo_infer_free(inf);
    eo_model_release(&q);
    eo_model_release(&m);
}

/* A bias far above what its weights can add: their scale gives way, and it is still represented. */
static void test_large_bias(const struct eo_quant_options *opt)
{
    struct eo_model m, q;
    struct eo_err err;
    double value;

    model(&m);
    memset(m.layer[EO_CONV1].weight.f32, 0, 27 * sizeof(float));
    m.layer[EO_CONV1].bias.f32[0] = 1000;
    must(eo_quant_integers(&m, &calibration, opt, &q, &err), &err);
    check(q.layer[EO_CONV1].bias.s32[0] <= EO_QUANT_BIAS_MAX, "large bias", EO_QUANT_BIAS_MAX,
          q.layer[EO_CONV1].bias.s32[0]);
    value = q.layer[EO_CONV1].bias.s32[0] * (double)q.layer[EO_CONV1].input_scale;
    near("value of a large bias", 1000, 1e-5, value * (double)q.layer[EO_CONV1].weight_scale[0]);
    eo_model_release(&q);
    eo_model_release(&m);
}

static void test_int8_errors(void)
{
    struct eo_calibration wide = calibration;
    struct eo_model m, q;
    struct eo_err err;

    model(&m);
    wide.tensor[EO_CONV2].max = 1e60;
    message("range", "calibration: 'pool1': range: expected a width that float can hold, found 0 to 1e+60",
            eo_quant_integers(&m, &wide, &fbgemm, &q, &err), &err);
    eo_model_release(&q);
    m.layer[EO_CLASSIFIER].weight.f32[7] = NAN;
    message("weight", "tensor 'classifier.weight': value 7: expected a finite number",
            eo_quant_integers(&m, &calibration, &fbgemm, &q, &err), &err);
    eo_model_release(&q);
    eo_model_release(&m);
}

static void test_fp16(void)
{
    static const struct {
        float value;
        uint16_t half; /* 0x7c00: refused */
    } cases[] = {{1, 0x3c00},
                 {-2, 0xc000},
                 {65504, 0x7bff},
                 {65519.99f, 0x7bff},
                 {65520, 0x7c00},
                 {-65520, 0x7c00},
                 {0x1p-24f, 1},
                 {0x1p-25f, 0},
                 {0x1.8p-25f, 1},
                 {1.00048828125f, 0x3c00},
                 {1.00146484375f, 0x3c02},
                 {FLT_MAX, 0x7c00}};
    struct eo_model m, h;
    struct eo_err err;

    model(&m);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        m.layer[EO_CONV2].weight.f32[4] = cases[i].value;
        if (cases[i].half == 0x7c00) {
            message("fp16", "tensor 'conv2.weight': value 4: expected a magnitude of at most 65504 for fp16",
                    eo_quant_fp16(&m, &h, &err), &err);
        } else {
            must(eo_quant_fp16(&m, &h, &err), &err);
            equal("half", cases[i].half, h.layer[EO_CONV2].weight.f16[4]);
        }
        eo_model_release(&h);
    }
    m.layer[EO_CONV2].weight.f32[4] = 0;
    m.layer[EO_CONV1].bias.f32[1] = 1e6f;
    message("fp16 bias",
            "tensor 'conv1.bias': value 1: expected a magnitude of at most 65504 for fp16, found 1e+06",
            eo_quant_fp16(&m, &h, &err), &err);
    eo_model_release(&h);
    eo_model_release(&m);
}

/* ---- calibration ----------------------------------------------------------------------------------------------- */

static void test_calibration(void)
{
    static uint8_t pixels[7 * EO_IMAGE_PIXELS], labels[7];
    struct eo_quant_options opt = {
        .precision = EO_INT8, .batch_size = 3, .batches = 2, .isa = EO_ISA_GENERIC};
    struct eo_images images = {pixels, labels, 7}, none = {0};
    struct eo_calibration cal;
    struct eo_quant_quality quality;
    struct eo_conversion c;
    struct eo_model m, q;
    struct eo_err err;

    for (size_t i = 0; i < sizeof(pixels);
         i++) /* the seventh image, which is not looked at, has the one 255 */
        pixels[i] = (uint8_t)(i == 6 * EO_IMAGE_PIXELS ? 255 : 10 + i % 200);
    model(&m);
    opt.observer = EO_OBSERVER_MINMAX;
    must(eo_calibration_run(&cal, &m, &images, &opt, &err), &err);
    equal("images", 6, (double)cal.images);
    equal("values", 6 * 784, (double)cal.tensor[EO_CONV1].values);
    equal("values of pool1", 6 * 196 * 3, (double)cal.tensor[EO_CONV2].values);
    equal("brightest", (double)(209 / 127.5f - 1), cal.tensor[EO_CONV1].seen_max);
    equal("darkest", (double)(10 / 127.5f - 1), cal.tensor[EO_CONV1].min);
    equal("pool1 from 0", 0, cal.tensor[EO_CONV2].min);
    must(eo_quant_integers(&m, &cal, &opt, &q, &err), &err);
    c = (struct eo_conversion){.options = opt, .source = m, .calibration = cal, .model = q};
    must(eo_quant_measure(&quality, &c, &images, &err), &err);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        equal("nothing saturates in the whole range", 0, (double)quality.saturated[l]);
    c.model.layer[EO_CLASSIFIER].input_scale /= 2;
    must(eo_quant_measure(&quality, &c, &images, &err), &err);
    check(quality.saturated[EO_CLASSIFIER] > 0, "something saturates in half the range", 1,
          (double)quality.saturated[EO_CLASSIFIER]);
    message("no images", "expected at least one training image",
            eo_calibration_run(&cal, &m, &none, &opt, &err), &err);
    message("int8 source", "expected an fp32 model, found int8",
            eo_calibration_run(&cal, &q, &images, &opt, &err), &err);
    m.layer[EO_CONV1].bias.f32[0] = FLT_MAX;
    m.layer[EO_CONV1].weight.f32[4] = FLT_MAX;
    message("overflow", "calibration: 'pool1': value", eo_calibration_run(&cal, &m, &images, &opt, &err),
            &err);
    eo_model_release(&q);
    eo_model_release(&m);
}

static void test_dataset(void)
{
    struct eo_model m;
    struct eo_err err;

    model(&m);
    must(eo_quant_check_dataset(&m, "0123456789abcdef0123", &err), &err);
    message("data set",
            "trained on data set 0123456789abcdef..., the calibration images are from fedcba9876543210...",
            eo_quant_check_dataset(&m, "fedcba98765432100000", &err), &err);
    must(eo_model_meta_set(&m, "dataset_sha256", NULL, &err), &err);
    must(eo_quant_check_dataset(&m, "anything", &err), &err); /* a model from elsewhere */
    eo_model_release(&m);
}

int main(void)
{
    test_observer_edges();
    test_observer_growth();
    test_observer_tail();
    test_input_range();
    test_round_trip(&fbgemm);
    test_round_trip(&qnnpack);
    test_round_trip(&int4);
    test_dead_layer();
    test_large_bias(&fbgemm);
    test_large_bias(&qnnpack);
    test_large_bias(&int4);
    test_int8_errors();
    test_fp16();
    test_calibration();
    test_dataset();
    return check_report("test_quant");
}
