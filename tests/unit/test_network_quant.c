/*
 * Simulated quantisation of any network: against the engine of integers whose arithmetic it imitates, its kernels and
 * its gradients against the definition in double, and what it refuses.
 */
#include <math.h>
#include <stdlib.h>

#include "nn/fake_quant.h"
#include "nn/infer.h"
#include "nn/kernels/general_train.h"
#include "nn/loss.h"
#include "nn/network_fold.h"
#include "nn/trainer.h"
#include "nn/weight_quant.h"
#include "stage/quant/quant.h"
#include "tests/unit/check.h"
#include "tests/unit/networks.h"

#define IMAGES 60
#define PIXELS 1000 /* of an image, at most */

static uint8_t pixels[IMAGES * PIXELS], labels[IMAGES];
static uint32_t order[IMAGES];

static void must(int ok, const struct eo_err *err)
{
    if (!ok) {
        printf("FAIL %s\n", err->msg);
        exit(1);
    }
}

static void make_model(struct eo_model *m, const char *text)
{
    struct eo_network net;
    struct eo_rng rng;
    struct eo_err err;

    must(!eo_network_parse(&net, text, &err) && !eo_model_init_network(m, EO_FP32, &net, &err), &err);
    eo_rng_init(&rng, 4, EO_RNG_INIT);
    fill(m, &rng);
    for (int i = 0; i < IMAGES; i++)
        labels[i] = (uint8_t)eo_rng_below(&rng, (uint32_t)eo_network_classes(&net));
}

/* In mixed, layers have 4 and 8 bits in turns. */
static void to_integers(const struct eo_model *m, enum eo_precision precision, enum eo_backend backend,
                        struct eo_model *q)
{
    static struct eo_calibration cal;
    const struct eo_images images = {pixels, labels, IMAGES};
    struct eo_quant_options opt = {.precision = precision,
                                   .backend = backend,
                                   .observer = EO_OBSERVER_MINMAX,
                                   .batch_size = IMAGES,
                                   .batches = 1,
                                   .isa = eo_isa_best()};
    struct eo_err err;

    for (int l = 0; l < m->network.count; l++)
        opt.weight_bits[l] = l % 2 ? 8 : 4;
    must(!eo_calibration_run(&cal, m, &images, &opt, &err) && !eo_quant_integers(m, &cal, &opt, q, &err),
         &err);
}

static struct eo_trainer *simulate(const struct eo_model *m, const struct eo_model *q, int is_per_tensor)
{
    const struct eo_trainer_options options = {.isa = eo_isa_best(), .max_batch = IMAGES};
    struct eo_err err;
    struct eo_trainer *t = eo_trainer_new(m, &options, &err);

    must(t && !eo_trainer_simulate_int8(t, q, is_per_tensor, &err), &err);
    return t;
}

/* ---- against the engine ------------------------------------------------------------------------------------------ */

static int largest(const float *z, int classes)
{
    int best = 0;

    for (int k = 1; k < classes; k++)
        best = z[k] > z[best] ? k : best;
    return best;
}

/*
 * Logits within 2 % of their spread, and nearly all classes equal. They differ where a value lies at a half, by the
 * biases, and by the two roundings of an addition or an average.
 */
static void test_engine(const char *text, enum eo_precision precision, enum eo_backend backend)
{
    double worst = 0, low = 1e300, high = -1e300;
    struct eo_model m, q;
    struct eo_trainer *t;
    struct eo_infer *inf;
    struct eo_err err;
    int classes, same = 0;
    size_t elements;

    make_model(&m, text);
    to_integers(&m, precision, backend, &q);
    t = simulate(&m, &q, backend == EO_BACKEND_QNNPACK);
    inf = eo_infer_new(&q, EO_ISA_GENERIC, 1, &err);
    must(inf != NULL, &err);
    classes = eo_network_classes(&m.network);
    elements = eo_dims_elements(m.network.input);
    for (int i = 0; i < IMAGES; i++) {
        union eo_score scores[16];
        float z[16];

        eo_infer_run(inf, pixels + (size_t)i * elements, 1, scores);
        eo_trainer_logits(t, pixels + (size_t)i * elements, z);
        for (int k = 0; k < classes; k++) {
            double logit = eo_infer_logit(inf, scores[k]);

            worst = fmax(worst, fabs(logit - (double)z[k]));
            low = fmin(low, logit);
            high = fmax(high, logit);
        }
        same += eo_infer_class(inf, scores) == largest(z, classes);
    }
    check_that(worst < 0.02 * (high - low),
               "%s, %s, %s: logits of simulation and engine: expected within %g, found %g", text,
               eo_precision_name(precision), eo_backend_name(backend), 0.02 * (high - low), worst);
    check_that(same >= IMAGES * 95 / 100, "%s, %s, %s: expected the same class for 95 %%, found %d of %d",
               text, eo_precision_name(precision), eo_backend_name(backend), same, IMAGES);
    eo_infer_free(inf);
    eo_trainer_free(t);
    eo_model_release(&m);
    eo_model_release(&q);
}

/* ---- kernels ---------------------------------------------------------------------------------------------------- */

/* Values on both sides of low and high, and halves among them. */
static void test_kernels(const struct eo_general_train_ops *ops, const char *isa,
                         enum eo_activation activation)
{
    const struct eo_train_grid grid = {0.25f, -12, 27};
    const struct eo_dims dims = {3, 2, 5};
    enum { MOST = 3 * 2 * 5 * EO_TRAIN_LANES };
    float x[MOST], y[MOST], g[MOST], before[MOST];
    double slope[EO_TRAIN_LANES], expected[EO_TRAIN_LANES] = {0};
    size_t n = eo_dims_elements(dims) * (size_t)ops->lanes;
    struct eo_rng rng;
    int wrong = 0;

    eo_rng_init(&rng, 9, EO_RNG_INIT);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)((int)eo_rng_below(&rng, 161) - 60) * 0.0625f;
        before[i] = g[i] = (float)((int)eo_rng_below(&rng, 65) - 32) * 0.125f; /* sums are exact */
    }
    ops->round(&grid, activation, dims, x, y);
    ops->round_back(&grid, activation, dims, x, g, slope);
    for (size_t i = 0; i < n; i++) {
        double a = activation && x[i] < 0 ? 0 : activation == EO_RELU6 && x[i] > 6 ? 6 : (double)x[i];
        double v = a / 0.25, q = rint(fmin(fmax(v, -12), 27));
        int outside = v < -12 || v > 27;

        wrong += (double)y[i] != 0.25 * q;
        wrong += (double)g[i] != (outside ? 0 : (double)before[i]);
        expected[i % (size_t)ops->lanes] += (double)before[i] * (v < -12 ? -12 : v > 27 ? 27 : q - v);
    }
    for (int lane = 0; lane < ops->lanes; lane++)
        wrong += slope[lane] != expected[lane];
    check_that(wrong == 0, "round on %s, activation %d: %d values differ", isa, (int)activation, wrong);
}

/* ---- gradients --------------------------------------------------------------------------------------------------- */

static double on_grid(double v, struct eo_model_grid grid, double *slope, int *passes)
{
    double low = -grid.zero_point, high = 127 - grid.zero_point, q;

    v /= (double)grid.scale;
    *passes = v >= low && v <= high;
    q = v < low ? low : v > high ? high : rint(v);
    *slope = *passes ? q - v : q;
    return (double)grid.scale * q;
}

static double rounded_weight(const float *w, size_t n, size_t i)
{
    float scale = eo_weight_scale((double)eo_weight_magnitude(w, n, 0), 0, 8);

    return (double)((float)eo_weight_quantise(w[i], scale, 8) * scale);
}

/* A 1x1 convolution of two channels, ReLU, an average over 2 x 2 of 4 x 4 pixels, and a linear layer, by hand. */
struct by_hand {
    struct eo_model_grid map, out;
    double dmap, dout, dw[2], loss;
};

static void add_image(struct by_hand *h, const struct eo_model *m, const double *x, int label)
{
    double y[32], map_slope[32], out[8], out_slope[8], z[3], dz[3];
    int map_passes[32], out_passes[8];

    for (int i = 0; i < 32; i++) {
        y[i] = rounded_weight(m->layer[0].weight.f32 + i / 16, 1, 0) * x[i % 16] +
               (double)m->layer[0].bias.f32[i / 16];
        map_passes[i] = 0;
    }
    for (int e = 0; e < 8; e++) {
        out[e] = 0;
        for (int k = 0; k < 4; k++) {
            int i = e / 4 * 16 + (e % 4 / 2 * 2 + k / 2) * 4 + e % 2 * 2 + k % 2;

            out[e] += on_grid(fmax(y[i], 0), h->map, &map_slope[i], &map_passes[i]) / 4;
            map_passes[i] &= y[i] > 0;
        }
        out[e] = on_grid(out[e], h->out, &out_slope[e], &out_passes[e]);
    }
    for (int k = 0; k < 3; k++) {
        z[k] = (double)m->layer[1].bias.f32[k];
        for (int e = 0; e < 8; e++)
            z[k] += rounded_weight(m->layer[1].weight.f32 + k * 8, 8, (size_t)e) * out[e];
    }
    h->loss += eo_cross_entropy(z, 3, label, 0, dz);
    for (int e = 0; e < 8; e++) {
        double g = 0;

        for (int k = 0; k < 3; k++)
            g += dz[k] / IMAGES * rounded_weight(m->layer[1].weight.f32 + k * 8, 8, (size_t)e);
        h->dout += g * out_slope[e];
        g = out_passes[e] ? g / 4 : 0;
        for (int k = 0; k < 4; k++) {
            int i = e / 4 * 16 + (e % 4 / 2 * 2 + k / 2) * 4 + e % 2 * 2 + k % 2;

            h->dmap += g * map_slope[i];
            h->dw[i / 16] += map_passes[i] ? g * x[i % 16] : 0;
        }
    }
}

static void near(const char *what, double expected, double found)
{
    check_that(expected != 0 && fabs(expected - found) < 1e-4 * fabs(expected) + 1e-7,
               "%s: expected %.9g, found %.9g", what, expected, found);
}

static void test_gradients(void)
{
    struct by_hand h = {{0, 0}, {0, 0}, 0, 0, {0, 0}, 0};
    struct eo_batch batch = {.pixels = pixels, .labels = labels, .index = order, .n = IMAGES};
    struct eo_model m, q, grad;
    struct eo_model_grid in;
    struct eo_trainer *t;
    struct eo_err err;
    double loss = 0;

    make_model(&m, "input 1x4x4; a: conv 2 1x1 relu average 2x2; z: linear 3");
    m.layer[0].weight.f32[0] = 0.7f;
    m.layer[0].weight.f32[1] = -0.4f;
    to_integers(&m, EO_INT8, EO_BACKEND_FBGEMM, &q);
    q.layer[0].map.scale *= 0.7f; /* some values are clamped */
    q.layer[1].input_scale *= 0.8f;
    t = simulate(&m, &q, 0);
    must(!eo_model_init_network(&grad, EO_FP32, &m.network, &err), &err);
    eo_trainer_gradients(t, &batch, &grad, &loss);
    h.map = q.layer[0].map;
    h.out = eo_model_grid(&q, eo_network_output_tensor(0));
    in = eo_model_grid(&q, eo_network_output_tensor(EO_NETWORK_INPUT));
    for (int i = 0; i < IMAGES; i++) {
        double x[16];

        for (int p = 0; p < 16; p++) {
            double level = rint((pixels[i * 16 + p] / 127.5 - 1) / (double)in.scale) + in.zero_point;

            x[p] = (fmin(fmax(level, 0), 127) - in.zero_point) * (double)in.scale;
        }
        add_image(&h, &m, x, labels[i]);
    }
    near("loss", h.loss, loss);
    near("gradient by the scale of the map", h.dmap, (double)grad.layer[0].map.scale);
    near("gradient by the scale of the output", h.dout,
         (double)eo_model_grid(&grad, eo_network_output_tensor(0)).scale);
    near("gradient by the first weight", h.dw[0], (double)grad.layer[0].weight.f32[0]);
    near("gradient by the second weight", h.dw[1], (double)grad.layer[0].weight.f32[1]);
    eo_trainer_free(t);
    eo_model_release(&m);
    eo_model_release(&q);
    eo_model_release(&grad);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

static void refuse(const char *text, const struct eo_model *q, const char *message)
{
    const struct eo_trainer_options options = {.isa = eo_isa_best(), .max_batch = 1};
    struct eo_model m;
    struct eo_err err = {""};
    struct eo_trainer *t;

    make_model(&m, text);
    t = eo_trainer_new(&m, &options, &err);
    must(t != NULL, &err);
    check_that(eo_trainer_simulate_int8(t, q, 0, &err) == -1, "%s: expected a refusal", text);
    check_text(text, message, err.msg);
    eo_trainer_free(t);
    eo_model_release(&m);
}

static void test_refusals(void)
{
    static const char text[] = "input 1x4x4; a: conv 2 1x1 relu; z: linear 3";
    struct eo_model m, q;

    make_model(&m, text);
    to_integers(&m, EO_INT8, EO_BACKEND_FBGEMM, &q);
    refuse(text, &m, "simulated quantisation: expected an integer model to begin with, found fp32");
    refuse("input 1x4x4; a: conv 2 1x1 batch_norm relu; z: linear 3", &q,
           "simulated quantisation: expected folded batch normalisation, found it beside the weights");
    refuse("input 1x4x4; a: conv 2 1x1; z: linear 3", &q,
           "simulated quantisation: expected a model of the same network, found another one");
    eo_model_release(&m);
    eo_model_release(&q);
}

int main(void)
{
    struct eo_rng rng;

    eo_rng_init(&rng, 8, EO_RNG_SYNTHETIC);
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)eo_rng_below(&rng, 256);
    for (int i = 0; i < IMAGES; i++)
        order[i] = (uint32_t)i;
    for (size_t i = 0; i < NETWORKS; i++) {
        test_engine(networks[i], EO_INT8, EO_BACKEND_FBGEMM);
        test_engine(networks[i], EO_INT8, EO_BACKEND_QNNPACK);
        test_engine(networks[i], EO_INT4, i % 2 ? EO_BACKEND_FBGEMM : EO_BACKEND_QNNPACK);
        test_engine(networks[i], EO_MIXED, i % 2 ? EO_BACKEND_QNNPACK : EO_BACKEND_FBGEMM);
    }
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        for (int a = EO_NO_ACTIVATION; a <= EO_RELU6 && eo_isa_available((enum eo_isa)isa); a++)
            test_kernels(eo_general_train_ops_get((enum eo_isa)isa), eo_isa_name((enum eo_isa)isa),
                         (enum eo_activation)a);
    }
    test_gradients();
    test_refusals();
    return check_report("test_network_quant");
}
