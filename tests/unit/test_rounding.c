/*
 * lib/stage/quant/rounding: against the integers that tests/golden/make_rounding.py found with numpy, and of networks
 * of every operation against the definition in the header: the error of each output, summed anew from the inputs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "format/csv.h"
#include "nn/weight_quant.h"
#include "stage/quant/convert.h"
#include "stage/quant/quant.h"
#include "stage/quant/rounding.h"
#include "tests/unit/check.h"
#include "tests/unit/networks.h"

#define IMAGES 48
#define PIXELS 2600
#define GOLDEN "tests/golden/rounding.csv"

static uint8_t pixels[IMAGES * PIXELS], labels[IMAGES];

static void must(int rc, const struct eo_err *err)
{
    if (rc) {
        printf("stopped: %s\n", err->msg);
        exit(1);
    }
}

/* ---- numpy ------------------------------------------------------------------------------------------------------- */

#define PATCHES 300
#define TERMS 200

static uint32_t seeded(uint32_t seed)
{
    return seed * 2654435761u + 12345u;
}

static int next(uint32_t *state, int bits)
{
    *state = *state * 1664525u + 1013904223u;
    return (int)(*state >> (32 - bits));
}

/* The generator's inputs, as sums of products. */
static void make_gram(uint32_t number, size_t terms, double *gram)
{
    uint32_t state = seeded(4000 + number);

    memset(gram, 0, terms * terms * sizeof(*gram));
    for (int p = 0; p < PATCHES; p++) {
        double x[TERMS];
        int level = 0;

        for (size_t t = 0; t < terms; t++) {
            level = (level + next(&state, 5)) % 61;
            x[t] = t % 11 == 5 ? 0 : t % 13 == 3 ? 7 : level > 20 ? level - 20 : 0;
        }
        for (size_t i = 0; i < terms * terms; i++)
            gram[i] += x[i / terms] * x[i % terms];
    }
}

static void make_weights(uint32_t number, size_t terms, int output, float *w)
{
    uint32_t state = seeded(5000 + number);

    for (size_t i = 0; i < terms * (size_t)(output + 1); i++)
        w[i % terms] = (float)(next(&state, 12) - 2048) / 4096;
}

static void check_golden_row(const struct eo_csv *csv, size_t row)
{
    static double gram[TERMS * TERMS], scratch[2 * TERMS];
    uint32_t number = (uint32_t)atoi(eo_csv_value(csv, row, "case"));
    size_t terms = (size_t)atoi(eo_csv_value(csv, row, "terms")), nearest = 0, changes;
    int bits = atoi(eo_csv_value(csv, row, "bits")), output = atoi(eo_csv_value(csv, row, "output"));
    float w[TERMS], scale = strtof(eo_csv_value(csv, row, "scale"), NULL);
    char text[2 * TERMS + 1];
    int8_t q[TERMS];

    make_gram(number, terms, gram);
    make_weights(number, terms, output, w);
    for (size_t t = 0; t < terms; t++)
        q[t] = eo_weight_quantise(w[t], scale, bits);
    changes = eo_rounding_descend(gram, terms, w, scale, bits, q, scratch);
    for (size_t t = 0; t < terms; t++) {
        snprintf(text + 2 * t, 3, "%02x", (unsigned)(uint8_t)q[t]);
        nearest += q[t] == eo_weight_quantise(w[t], scale, bits);
    }
    check_text("integers of numpy", eo_csv_value(csv, row, "integers"), text);
    check_that(changes >= terms - nearest, "case %u: %zu changes for %zu of %zu weights", number, changes,
               terms - nearest, terms);
}

static void test_golden(void)
{
    static const char origin[] = "# tests/golden/make_rounding.py, numpy ";
    struct eo_csv csv;
    struct eo_err err;
    size_t size;
    char *text, *table;

    must(eo_io_read(GOLDEN, 1 << 20, &text, &size, &err), &err);
    table = strncmp(text, origin, strlen(origin)) ? text : strchr(text, '\n') + 1;
    must(eo_csv_parse(&csv, table, size - (size_t)(table - text), &err), &err);
    check_that(table > text && csv.rows == 15, GOLDEN ": expected its generator and 15 rows, found %zu",
               csv.rows);
    for (size_t row = 0; row < csv.rows; row++)
        check_golden_row(&csv, row);
    eo_csv_release(&csv);
    free(text);
}

/* ---- the definition ---------------------------------------------------------------------------------------------- */

/* The inputs of one layer: [samples, terms], of a depthwise one of channel `channel`. */
struct inputs {
    const struct eo_network *network;
    int layer, channel;
    size_t samples, seen;
    double *x;
};

static double value_at(const struct eo_network_layer *l, const float *plane, int r, int c)
{
    return r < 0 || r >= l->in.h || c < 0 || c >= l->in.w ? 0 : (double)plane[r * l->in.w + c];
}

static void add_sample(struct inputs *in, const struct eo_network_layer *l, const float *image, int y, int x)
{
    size_t terms = eo_network_terms(l), plane = (size_t)l->in.h * (size_t)l->in.w;
    double *to = in->x + in->samples++ * terms;
    int first = l->operation == EO_DEPTHWISE ? in->channel : 0;
    int last = l->operation == EO_DEPTHWISE ? in->channel + 1 : l->in.c;

    for (size_t t = 0; l->operation == EO_LINEAR && t < terms; t++)
        to[t] = (double)image[t];
    for (int c = first; l->operation != EO_LINEAR && c < last; c++)
        for (int i = 0; i < l->kernel.h; i++)
            for (int k = 0; k < l->kernel.w; k++)
                *to++ = value_at(l, image + (size_t)c * plane, y * l->stride.h - l->pad.top + i,
                                 x * l->stride.w - l->pad.left + k);
}

/* Every k-th position, from another one in each image, where there are more than 256. */
static int collect(void *ctx, int tensor, const float *values, size_t n, struct eo_err *err)
{
    struct inputs *in = ctx;
    const struct eo_network_layer *l = &in->network->layer[in->layer];
    int positions = l->map.h * l->map.w, step = (positions + 255) / 256;

    (void)err;
    if (tensor != eo_network_output_tensor(l->from))
        return 0;
    for (size_t at = 0; at < n; at += eo_dims_elements(l->in), in->seen++) {
        for (int p = 0; p < positions; p++) {
            if (p % step == (int)in->seen % step)
                add_sample(in, l, values + at, p / l->map.w, p % l->map.w);
        }
    }
    return 0;
}

/* The sum of the squared errors of an output, of those around their mean where `centred`. */
static double loss(const double *error, size_t n, int centred)
{
    double sum = 0, squares = 0;

    for (size_t s = 0; s < n; s++) {
        sum += error[s];
        squares += error[s] * error[s];
    }
    return centred ? squares - sum * sum / (double)n : squares;
}

/* What an output's errors come to when d is added to the difference of one weight. */
static double loss_with(const struct inputs *in, size_t terms, const double *error, size_t t, double d,
                        int centred)
{
    double *with = eo_alloc(in->samples, sizeof(*with), NULL), total;

    for (size_t s = 0; s < in->samples; s++)
        with[s] = error[s] + d * in->x[s * terms + t];
    total = loss(with, in->samples, centred);
    free(with);
    return total;
}

struct counts {
    size_t weights, changed, wrong, improvable;
    int worse;
};

/* The terms first..last - 1 of one output, which are rounded together. */
static void check_output(const struct inputs *in, size_t terms, size_t first, size_t last, const float *w,
                         float scale, int bits, const int8_t *q, int centred, struct counts *c)
{
    double *error = eo_alloc(2 * in->samples, sizeof(*error), NULL), *nearest = error + in->samples, now;
    int low = -(1 << (bits - 1)), high = -low - 1;

    for (size_t t = first; t < last; t++) {
        double v = (double)w[t] / (double)scale, before = eo_weight_quantise(w[t], scale, bits);

        for (size_t s = 0; s < in->samples; s++) {
            error[s] += (q[t] - v) * in->x[s * terms + t];
            nearest[s] += (before - v) * in->x[s * terms + t];
        }
        c->weights++;
        c->changed += q[t] < before || q[t] > before;
        c->wrong += q[t] < low || q[t] > high || fabs(q[t] - v) >= 1 + 1e-9;
    }
    now = loss(error, in->samples, centred);
    c->worse += now > loss(nearest, in->samples, centred) * (1 + 1e-9);
    for (size_t t = first; t < last; t++) {
        double v = (double)w[t] / (double)scale, other = q[t] > v ? floor(v) : ceil(v);

        if (other >= low && other <= high)
            c->improvable += loss_with(in, terms, error, t, other - q[t], centred) <
                             now - 1e-6 * loss_with(in, terms, error, t, 1, centred);
    }
    free(error);
}

static void check_layer(const struct eo_model *m, const struct eo_model *q, const struct eo_images *images,
                        const struct eo_quant_options *opt, struct inputs *in, struct counts *c)
{
    const struct eo_network_layer *l = &m->network.layer[in->layer];
    size_t terms = eo_network_terms(l), blocks = (terms + EO_ROUNDING_TERMS - 1) / EO_ROUNDING_TERMS;
    size_t each = (terms + blocks - 1) / blocks;
    int first = l->operation == EO_DEPTHWISE ? in->channel : 0;
    struct eo_err err;

    in->x = eo_alloc(IMAGES * 256 * terms, sizeof(*in->x), &err);
    must(!in->x || eo_calibration_walk(m, images, opt, collect, in, &err), &err);
    for (int o = first; o < (l->operation == EO_DEPTHWISE ? first + 1 : l->map.c); o++) {
        const struct eo_model_layer *to = &q->layer[in->layer];
        size_t at = (size_t)o * terms;

        for (size_t t = 0; t < terms; t += each)
            check_output(in, terms, t, t + each < terms ? t + each : terms,
                         m->layer[in->layer].weight.f32 + at, to->weight_scale[o],
                         eo_precision_weight_bits(q->precision), to->weight.s8 + at, opt->bias_correction, c);
    }
    free(in->x);
}

/* The same with three threads. */
static void check_threads(const char *text, const struct eo_model *m, const struct eo_model *nearest,
                          const struct eo_model *q, const struct eo_images *images,
                          struct eo_quant_options opt)
{
    struct eo_model other;
    struct eo_err err;
    size_t differ = 0;

    must(eo_model_init_network(&other, q->precision, &q->network, &err), &err);
    for (int l = 0; l < q->network.count; l++) {
        memcpy(other.layer[l].weight.s8, nearest->layer[l].weight.s8,
               eo_network_weights(&q->network.layer[l]));
        memcpy(other.layer[l].weight_scale, q->layer[l].weight_scale,
               (size_t)q->network.layer[l].map.c * sizeof(float));
    }
    opt.isa = EO_ISA_GENERIC;
    opt.pool = eo_pool_new(3, &err);
    must(!opt.pool || eo_rounding_adapt(&other, m, images, &opt, &err), &err);
    for (int l = 0; l < q->network.count; l++)
        differ += memcmp(other.layer[l].weight.s8, q->layer[l].weight.s8,
                         eo_network_weights(&q->network.layer[l])) != 0;
    check_that(!differ, "%s: %zu layers are others with three threads", text, differ);
    eo_pool_free(opt.pool);
    eo_model_release(&other);
}

static void check_network(const char *text, enum eo_precision precision, int centred)
{
    const struct eo_images images = {pixels, labels, IMAGES};
    const struct eo_quant_options opt = {.precision = precision,
                                         .batch_size = 7,
                                         .batches = 7,
                                         .bias_correction = centred,
                                         .isa = eo_isa_best()};
    static struct eo_calibration cal;
    struct eo_model m, nearest, q;
    struct counts c = {0};
    struct eo_err err;

    make_random_network(&m, text);
    must(eo_calibration_run(&cal, &m, &images, &opt, &err) ||
             eo_quant_integers(&m, &cal, &opt, &nearest, &err) ||
             eo_quant_integers(&m, &cal, &opt, &q, &err) || eo_rounding_adapt(&q, &m, &images, &opt, &err),
         &err);
    for (int l = 0; l < m.network.count; l++) {
        const struct eo_network_layer *layer = &m.network.layer[l];

        for (int k = 0; k < (layer->operation == EO_DEPTHWISE ? layer->in.c : 1); k++) {
            struct inputs in = {.network = &m.network, .layer = l, .channel = k};

            check_layer(&m, &q, &images, &opt, &in, &c);
        }
    }
    check_that(!c.wrong, "%s: %zu weights are not beside theirs", text, c.wrong);
    check_that(!c.worse, "%s: %d outputs are worse than by nearest rounding", text, c.worse);
    check_that(!c.improvable, "%s: %zu of %zu weights should be the other integer", text, c.improvable,
               c.weights);
    check_that(c.changed > 0, "%s: no weight of %zu has changed", text, c.weights);
    check_threads(text, &m, &nearest, &q, &images, opt);
    eo_model_release(&q);
    eo_model_release(&nearest);
    eo_model_release(&m);
}

/*
 * Which positions of a large map count. Those that do are almost constant and almost the same in all channels, so that
 * errors cancel out where weights are rounded up and down, and how many there are shows in the mean; the others have
 * values of their own. Only the right sample gives the right integers. Of 23 x 23 positions every third counts, and
 * batches begin at each of the three.
 */
static void test_positions(struct eo_rng *rng)
{
    enum { CHANNELS = 4, POSITIONS = 23 * 23 };

    for (int i = 0; i < IMAGES; i++) {
        for (int p = 0; p < POSITIONS; p++) {
            uint8_t *to = pixels + i * CHANNELS * POSITIONS + p;
            uint32_t same = 180 + eo_rng_below(rng, 4);

            for (int c = 0; c < CHANNELS; c++)
                to[c * POSITIONS] =
                    (uint8_t)(p % 3 == i % 3 ? same + eo_rng_below(rng, 8) : eo_rng_below(rng, 256));
        }
    }
    check_network("input 4x23x23; a: conv 40 1x1 mean; z: linear 3", EO_INT4, 0);
    check_network("input 4x23x23; a: conv 40 1x1 mean; z: linear 3", EO_INT8, 1);
}

/* More than the memory holds at once, of light images, whose mean shows what was counted twice. */
static void test_memory(struct eo_rng *rng)
{
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(100 + eo_rng_below(rng, 156));
    /* blocks of 1,299 terms and of 1,298; six of them, of which four fit */
    check_network("input 1x49x53; a: linear 2; b: linear 2 from input add a; c: linear 2 from input add b; z: linear 3",
                  EO_INT4, 1);
}

/* ---- the conversion ---------------------------------------------------------------------------------------------- */

static void check_conversion(int qat_epochs, const char *expected)
{
    const struct eo_train_options how = {.isa = EO_ISA_GENERIC};
    struct eo_split split = {.train = {pixels, labels, IMAGES}};
    struct eo_conversion adaptive, nearest;
    struct eo_config cfg;
    struct eo_model m;
    struct eo_err err;
    int is_changed = 0;

    make_random_network(&m, "input 1x5x5; a: conv 4 3x3 relu; z: linear 3");
    eo_config_init(&cfg);
    cfg.batch_size = 16;
    cfg.calibration_batches = 2;
    cfg.qat_epochs = qat_epochs;
    must(eo_conversion_run(&nearest, &m, EO_INT4, &cfg, &split, &how, &err), &err);
    cfg.rounding = EO_ROUNDING_ADAPTIVE;
    must(eo_conversion_run(&adaptive, &m, EO_INT4, &cfg, &split, &how, &err), &err);
    check_that(!eo_model_meta_get(&nearest.model, "rounding"), "nearest: the file says rounding");
    check_text("rounding", expected, eo_model_meta_get(&adaptive.model, "rounding"));
    for (int l = 0; l < 2; l++)
        is_changed |= memcmp(adaptive.model.layer[l].weight.s8, nearest.model.layer[l].weight.s8,
                             eo_network_weights(&m.network.layer[l])) != 0;
    check_that(is_changed == !qat_epochs, "qat_epochs %d: changed weights: %d", qat_epochs, is_changed);
    eo_conversion_release(&adaptive);
    eo_conversion_release(&nearest);
    eo_model_release(&m);
}

int main(void)
{
    struct eo_rng rng;

    eo_rng_init(&rng, 2, EO_RNG_SYNTHETIC);
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)eo_rng_below(&rng, 256);
    for (size_t i = 0; i < IMAGES; i++)
        labels[i] = (uint8_t)(i % 3);
    test_golden();
    for (size_t i = 0; i < NETWORKS; i++)
        check_network(networks[i], i % 2 ? EO_INT8 : EO_INT4, i % 3 == 0);
    check_network("input 1x50x50; z: linear 3", EO_INT4, 0); /* two blocks */
    check_network("input 1x50x50; z: linear 3", EO_INT8, 1);
    check_conversion(0, "adaptive");
    check_conversion(1, "(null)");
    test_positions(&rng);
    test_memory(&rng);
    return check_report("test_rounding");
}
