/*
 * Training with batch normalisation against PyTorch: the losses of 30 steps of a residual and a depthwise network from
 * the same weights and images, tests/golden/network-losses.csv of make_networks.py. The last row is the loss by the
 * running statistics, folded. Images and weights come from formulas in integers, which are that script's.
 */
#include <math.h>
#include <stdlib.h>

#include "base/io.h"
#include "format/csv.h"
#include "nn/infer.h"
#include "nn/loss.h"
#include "nn/trainer.h"
#include "tests/unit/check.h"

#define GOLDEN "tests/golden/network-losses.csv"
#define IMAGES 48
#define BATCH 20
#define STEPS 30
#define TOLERANCE 1e-4 /* relative */

static const struct {
    const char *name, *text;
} networks[] = {
    {"residual",
     "input 3x12x12; conv1: conv 8 3x3 pad 1 batch_norm relu; a: conv 8 3x3 pad 1 batch_norm relu; "
     "b: conv 8 3x3 pad 1 batch_norm add conv1 relu; c: conv 12 3x3 stride 2 pad 0,0,1,1 batch_norm relu; "
     "s: conv 12 1x1 stride 2 from b; d: conv 12 3x3 pad 1 from c batch_norm add s relu mean; "
     "classifier: linear 5"},
    {"depthwise",
     "input 1x16x10; conv1: conv 8 5x4 stride 2 pad 1,1,2,1 batch_norm relu; "
     "dw1: depthwise 3x3 pad 1 batch_norm relu; pw1: conv 12 1x1 batch_norm relu; "
     "dw2: depthwise 3x3 stride 2 pad 1,1,1,1 batch_norm relu6; pw2: conv 16 1x1 batch_norm relu mean; "
     "classifier: linear 4"},
};

static void must(int ok, const struct eo_err *err)
{
    if (ok)
        return;
    puts(err->msg);
    exit(1);
}

static uint32_t hashed(size_t i, uint64_t salt)
{
    uint64_t x = ((uint64_t)i + salt * 1000003) * 2654435761u;

    x = (x ^ (x >> 15)) & 0xffffffffu;
    x = (x * 2246822519u) & 0xffffffffu;
    return (uint32_t)(x ^ (x >> 13));
}

static void fill(float *w, size_t n, int salt, size_t terms)
{
    float bound = 1.0f / sqrtf((float)terms);

    for (size_t i = 0; i < n; i++)
        w[i] = ((float)(hashed(i, (uint64_t)salt) >> 8) * 0x1p-23f - 1.0f) * bound;
}

static void make_model(const char *text, struct eo_model *m)
{
    struct eo_network net;
    struct eo_err err = {""};

    must(!eo_network_parse(&net, text, &err) && !eo_model_init_network(m, EO_FP32, &net, &err), &err);
    for (int i = 0; i < net.count; i++) {
        const struct eo_network_layer *l = &net.layer[i];

        fill(m->layer[i].weight.f32, eo_network_weights(l), 2 * i + 1, eo_network_terms(l));
        if (!l->batch_norm)
            fill(m->layer[i].bias.f32, (size_t)l->map.c, 2 * i + 2, eo_network_terms(l));
    }
}

static double loss_behind(const struct eo_model *m, const uint8_t *pixels, const uint8_t *labels)
{
    int classes = eo_network_classes(&m->network);
    union eo_score scores[IMAGES * 16];
    double sum = 0, z[16];
    struct eo_err err = {""};
    struct eo_infer *inf = eo_infer_new(m, eo_isa_best(), IMAGES, &err);

    must(inf != NULL, &err);
    eo_infer_run(inf, pixels, IMAGES, scores);
    for (int i = 0; i < IMAGES; i++) {
        for (int k = 0; k < classes; k++)
            z[k] = (double)scores[i * classes + k].f32;
        sum += eo_cross_entropy(z, classes, labels[i], 0, NULL);
    }
    eo_infer_free(inf);
    return sum / IMAGES;
}

static void train(const char *text, double losses[STEPS + 1])
{
    static uint8_t pixels[IMAGES * 1000], labels[IMAGES];
    struct eo_trainer_options options = {.isa = eo_isa_best(), .max_batch = BATCH};
    struct eo_err err = {""};
    struct eo_trainer *t;
    struct eo_model m;
    size_t n;

    make_model(text, &m);
    n = eo_dims_elements(m.network.input);
    for (size_t i = 0; i < IMAGES * n; i++)
        pixels[i] = (uint8_t)(hashed(i, 77) >> 24);
    for (size_t i = 0; i < IMAGES; i++)
        labels[i] = (uint8_t)(hashed(i, 78) % (uint32_t)eo_network_classes(&m.network));
    t = eo_trainer_new(&m, &options, &err);
    must(t != NULL, &err);
    for (int s = 0; s < STEPS; s++) {
        uint32_t index[BATCH];
        uint64_t correct = 0;
        double sum = 0;

        for (int i = 0; i < BATCH; i++)
            index[i] = (uint32_t)((i + 7 * s) % IMAGES);
        eo_trainer_step(t, &(struct eo_batch){pixels, labels, index, NULL, BATCH, NULL}, 0.01, &sum, &correct);
        losses[s] = sum / BATCH;
    }
    eo_trainer_export(t, &m);
    losses[STEPS] = loss_behind(&m, pixels, labels);
    eo_trainer_free(t);
    eo_model_release(&m);
}

int main(void)
{
    struct eo_csv csv = {0};
    char *text = NULL;
    size_t size = 0;
    struct eo_err err = {""};

    must(!eo_io_read(GOLDEN, 65536, &text, &size, &err), &err);
    must(!eo_csv_parse(&csv, strchr(text, '\n') + 1, size - (size_t)(strchr(text, '\n') + 1 - text), &err),
         &err);
    check_that(csv.rows == STEPS + 1, "%s: expected %d rows, found %zu", GOLDEN, STEPS + 1, csv.rows);
    for (size_t k = 0; k < sizeof(networks) / sizeof(*networks) && csv.rows == STEPS + 1; k++) {
        double losses[STEPS + 1], largest = 0;

        train(networks[k].text, losses);
        for (size_t s = 0; s <= STEPS; s++) {
            double expected = strtod(eo_csv_value(&csv, s, networks[k].name), NULL);

            largest = fmax(largest, fabs(losses[s] / expected - 1));
        }
        check_that(largest <= TOLERANCE, "%s: a loss is off by %.2g, allowed %g", networks[k].name, largest,
                   TOLERANCE);
        printf("%s: losses of %d steps and behind them differ by at most %.2g\n", networks[k].name, STEPS,
               largest);
    }
    eo_csv_release(&csv);
    free(text);
    return check_report("test_network_golden");
}
