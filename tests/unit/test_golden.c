/*
 * Against the golden files, which tests/golden/make_golden.py made with PyTorch and with Python's decimal
 * module: logits, gradients, losses of Adam and of AdamW under a schedule, observers of quantisation, weight
 * scales, binary16, exp, log and cosine; tests/golden.bats has the int8 networks. Images and streams of values come
 * from the same integer formulas as there, weights from its files.
 * Each comparison prints how far the two are apart at most, and what is allowed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/io.h"
#include "format/csv.h"
#include "format/safetensors.h"
#include "nn/half.h"
#include "nn/infer.h"
#include "nn/trainer.h"
#include "stage/quant/quant.h"
#include "stage/learn/train.h"
#include "tests/unit/check.h"

#define GOLDEN "tests/golden/"
#define IMAGES 320
#define LOGIT_IMAGES 64
#define BATCH 32
#define STEPS 50
#define VALUES 40000

/* The results are the same bits everywhere, so limits can be near what was measured: 1e-7, 4e-7 and 6e-6. */
#define LOGIT_LIMIT 1e-6    /* absolute up to 1, relative above */
#define GRADIENT_LIMIT 1e-6 /* of the largest */
#define LOSS_LIMIT 2e-5

/* One comparison of many numbers: counts as one test, and shows the first few that are too far off. */
struct comparison {
    const char *what, *of;
    double limit, worst;
    size_t seen, bad;
};

static void compare(struct comparison *c, size_t index, double expected, double found, double difference)
{
    c->seen++;
    if (difference > c->worst)
        c->worst = difference;
    if (difference <= c->limit)
        return;
    if (c->bad++ < 5)
        printf("FAIL %s %s, value %zu: expected %.17g, found %.17g\n", c->what, c->of, index, expected,
               found);
}

static void conclude(const struct comparison *c, size_t expected_count)
{
    int ok = !c->bad && c->seen == expected_count && !isnan(c->worst);

    if (c->seen != expected_count)
        printf("FAIL %s %s: expected %zu values, found %zu\n", c->what, c->of, expected_count, c->seen);
    printf("%s %s: %zu values differ by at most %.3g, allowed %.3g\n", c->what, c->of, c->seen, c->worst,
           c->limit);
    check_that(ok, "FAIL %s %s", c->what, c->of);
}

static void stop_on(int rc, const char *what, const struct eo_err *err)
{
    if (!rc)
        return;
    check_that(0, "FAIL %s: %s", what, err->msg);
    exit(check_report("test_golden"));
}

/* A golden file: a line that names its origin, then a table. */
static void load(struct eo_csv *csv, const char *name)
{
    char path[256], *text = NULL, *table;
    struct eo_err err;
    size_t size;

    snprintf(path, sizeof(path), GOLDEN "%s", name);
    stop_on(eo_io_read(path, 1 << 20, &text, &size, &err), path, &err);
    table = strncmp(text, "# tests/golden/make_golden.py, torch ", 37) &&
                    strncmp(text, "# tests/golden/make_int4.py, numpy ", 35)
                ? NULL
                : strchr(text, '\n');
    stop_on(table ? 0 : eo_err_set(&err, "line 1: expected the generator's name and version"), path, &err);
    stop_on(eo_csv_parse(csv, table + 1, size - (size_t)(table + 1 - text), &err), path, &err);
    free(text);
}

static const char *cell(const struct eo_csv *csv, size_t row, const char *column)
{
    return eo_csv_cell(csv, row, eo_csv_column(csv, column));
}

/* Not eo_num_parse_double(): these may be hexadecimal. An empty or damaged cell is NaN, which fails. */
static double number(const struct eo_csv *csv, size_t row, const char *column)
{
    const char *text = cell(csv, row, column);
    char *end;
    double value = strtod(text, &end);

    return *text && !*end ? value : NAN;
}

/* A count; a huge one where there is none. */
static size_t count(const struct eo_csv *csv, size_t row, const char *column)
{
    double value = number(csv, row, column);

    return value >= 0 && value < 1e9 ? (size_t)value : SIZE_MAX;
}

/* |expected - found|, infinite where that is no number, so that it never passes. */
static double apart(double expected, double found)
{
    double d = fabs(expected - found);

    return isnan(d) ? INFINITY : d;
}

/* ---- the generator's formulas -------------------------------------------------------------------------- */

static uint32_t seeded(uint32_t seed)
{
    return seed * 2654435761u + 12345u;
}

static int next(uint32_t *state, int bits)
{
    *state = *state * 1664525u + 1013904223u;
    return (int)(*state >> (32 - bits));
}

static void draw_image(int index, uint8_t pixels[784])
{
    static const uint16_t masks[10] = {0x0F99, 0x2222, 0xE24F, 0x7171, 0x11F9,
                                       0x7C3E, 0x9F1F, 0x124F, 0x6A69, 0xF9F8};
    uint32_t state = seeded(1000 + (uint32_t)index);

    for (int i = 0; i < 784; i++) {
        int at = i / 28 / 7 * 4 + i % 28 / 7, v = next(&state, 8);

        pixels[i] = (uint8_t)(masks[index % 10] >> at & 1 ? 128 + v / 2 : v < 224 ? 0 : v / 2);
    }
}

static uint8_t draw_label(int index)
{
    return (uint8_t)((index % 4 == 3 ? index + index / 10 : index) % 10);
}

static size_t stream_relu(int batch, float *out)
{
    uint32_t state = seeded(2000 + (uint32_t)batch);

    for (int i = 0; i < VALUES; i++) {
        int v = next(&state, 8);

        v += next(&state, 8);
        v += next(&state, 8) - 384;
        out[i] = (float)((v > 0 ? v : 0) * (i % 4096 == 0 ? 4 : 1)) / 512;
    }
    return VALUES;
}

static size_t stream_tails(int batch, float *out)
{
    uint32_t state = seeded(3000 + (uint32_t)batch);

    for (int i = 0; i < VALUES; i++) {
        int v = next(&state, 7) - 64;

        v *= next(&state, 7) - 64;
        v *= next(&state, 7) - 64;
        out[i] = (float)(v * (batch + 8)) / 65536;
    }
    return VALUES;
}

static size_t stream_pixels(int batch, float *out)
{
    uint8_t pixels[784];

    for (int i = 0; i < 4; i++) {
        draw_image(4 * batch + i, pixels);
        for (int k = 0; k < 784; k++)
            *out++ = (float)pixels[k] / 127.5f - 1.0f;
    }
    return 4 * 784;
}

/* ---- networks ------------------------------------------------------------------------------------------ */

static uint8_t pixels[IMAGES * 784], labels[IMAGES];
static const char *const sizes[] = {"6x10", "16x32"}; /* c1 x c2 */

static void load_model(struct eo_model *m, const char *size)
{
    char path[256];
    struct eo_err err;

    snprintf(path, sizeof(path), GOLDEN "weights-%s.safetensors", size);
    stop_on(eo_model_load(m, path, NULL, &err), path, &err);
}

/* Both paths, alone and in a batch, on every instruction set of this machine. */
static void test_logits(const char *size, enum eo_isa isa, int batch)
{
    char of[64];
    struct comparison c = {"logits", of, LOGIT_LIMIT, 0, 0, 0};
    union eo_score scores[LOGIT_IMAGES * 10];
    struct eo_infer *infer;
    struct eo_model m;
    struct eo_csv csv;
    struct eo_err err;

    snprintf(of, sizeof(of), "of %s, %s, %d at a time", size, eo_isa_name(isa), batch);
    load_model(&m, size);
    load(&csv, "logits.csv");
    infer = eo_infer_new(&m, isa, batch, &err);
    stop_on(!infer, of, &err);
    for (int i = 0; i < LOGIT_IMAGES; i += batch)
        eo_infer_run(infer, pixels + i * 784, batch, scores + i * 10);
    for (size_t row = 0; row < csv.rows; row++) {
        size_t image = count(&csv, row, "image");

        for (size_t k = 0; k < 10 && image < LOGIT_IMAGES && strcmp(cell(&csv, row, "model"), size) == 0;
             k++) {
            double expected = number(&csv, row, csv.cells[2 + k]), found = (double)scores[image * 10 + k].f32;

            compare(&c, image * 10 + k, expected, found, apart(expected, found) / fmax(fabs(expected), 1));
        }
    }
    conclude(&c, LOGIT_IMAGES * 10);
    eo_infer_free(infer);
    eo_csv_release(&csv);
    eo_model_release(&m);
}

static struct eo_trainer *new_trainer(const struct eo_model *m)
{
    struct eo_err err;
    struct eo_trainer_options options = {.isa = eo_isa_best(), .max_batch = BATCH};
    struct eo_trainer *t = eo_trainer_new(m, &options, &err);

    stop_on(!t, "trainer", &err);
    return t;
}

/* All parameters in the order of the state_dict. */
static size_t flatten(const struct eo_model *m, float *out)
{
    size_t n = 0;

    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        size_t w = eo_shape_weights(&m->shape, (enum eo_smallcnn_layer)l);
        size_t b = (size_t)eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l);

        memcpy(out + n, m->layer[l].weight.f32, w * sizeof(float));
        memcpy(out + n + w, m->layer[l].bias.f32, b * sizeof(float));
        n += w + b;
    }
    return n;
}

/* Relative to the largest gradient. The file has every ninth one of the large model. */
static void test_gradients(const char *size)
{
    static float flat[20490];
    struct comparison c = {"gradients", size, GRADIENT_LIMIT, 0, 0, 0};
    uint32_t index[BATCH];
    struct eo_model m, grad;
    struct eo_trainer *t;
    double loss = 0, largest = 0;
    char name[64];
    struct eo_csv csv;
    struct eo_err err;
    size_t n, every;

    for (uint32_t i = 0; i < BATCH; i++)
        index[i] = i;
    load_model(&m, size);
    t = new_trainer(&m);
    stop_on(eo_model_init(&grad, EO_FP32, m.shape, &err), size, &err);
    eo_trainer_gradients(t, &(struct eo_batch){pixels, labels, index, NULL, BATCH, NULL}, &grad, &loss);
    n = flatten(&grad, flat);
    every = n < 10000 ? 1 : 9;
    snprintf(name, sizeof(name), "gradients-%s.csv", size);
    load(&csv, name);
    for (size_t row = 0; row < csv.rows; row++)
        largest = fmax(largest, fabs(number(&csv, row, "gradient")));
    for (size_t row = 0; row < csv.rows && row * every < n; row++) {
        double expected = number(&csv, row, "gradient"), found = (double)flat[row * every];

        compare(&c, row * every, expected, found, apart(expected, found) / largest);
    }
    conclude(&c, (n + every - 1) / every);
    eo_csv_release(&csv);
    eo_trainer_free(t);
    eo_model_release(&grad);
    eo_model_release(&m);
}

static void test_losses(const char *size)
{
    struct comparison c = {"losses of 50 steps of Adam", size, LOSS_LIMIT, 0, 0, 0};
    struct eo_trainer *t;
    struct eo_model m;
    struct eo_csv csv;

    load_model(&m, size);
    load(&csv, "losses.csv");
    t = new_trainer(&m);
    for (size_t step = 0; step < csv.rows; step++) {
        double expected = number(&csv, step, size), loss = 0;
        uint32_t index[BATCH];
        uint64_t correct = 0;

        for (uint32_t i = 0; i < BATCH; i++)
            index[i] = ((uint32_t)step * BATCH + i) % IMAGES;
        eo_trainer_step(t, &(struct eo_batch){pixels, labels, index, NULL, BATCH, NULL}, 1e-3, &loss, &correct);
        compare(&c, step, expected, loss / BATCH, apart(expected, loss / BATCH));
    }
    conclude(&c, STEPS);
    eo_csv_release(&csv);
    eo_trainer_free(t);
    eo_model_release(&m);
}

/* Weight decay, label smoothing, and a schedule of half an epoch of warm-up before a cosine, 10 steps an epoch. */
static void test_recipe(const char *size)
{
    struct comparison c = {"losses of a recipe", size, LOSS_LIMIT, 0, 0, 0};
    struct comparison rates = {"learning rates", size, 1e-17, 0, 0, 0};
    struct eo_trainer_options options = {
        .isa = eo_isa_best(), .max_batch = BATCH, .weight_decay = 0.2, .label_smoothing = 0.1};
    struct eo_config cfg;
    struct eo_trainer *t;
    struct eo_model m;
    struct eo_csv csv;
    struct eo_err err;

    eo_config_init(&cfg);
    cfg.learning_rate_schedule = EO_SCHEDULE_COSINE;
    cfg.warmup_epochs = 0.5;
    load_model(&m, size);
    load(&csv, "recipe.csv");
    t = eo_trainer_new(&m, &options, &err);
    stop_on(!t, "trainer", &err);
    for (size_t step = 0; step < csv.rows; step++) {
        double expected = number(&csv, step, "learning_rate"), loss = 0;
        double rate = eo_train_learning_rate(&cfg, 3e-3, step, 10, STEPS / 10);
        uint32_t index[BATCH];
        uint64_t correct = 0;

        compare(&rates, step, expected, rate, apart(expected, rate));
        expected = number(&csv, step, size);
        for (uint32_t i = 0; i < BATCH; i++)
            index[i] = ((uint32_t)step * BATCH + i) % IMAGES;
        eo_trainer_step(t, &(struct eo_batch){pixels, labels, index, NULL, BATCH, NULL}, rate, &loss, &correct);
        compare(&c, step, expected, loss / BATCH, apart(expected, loss / BATCH));
    }
    conclude(&rates, STEPS);
    conclude(&c, STEPS);
    eo_csv_release(&csv);
    eo_trainer_free(t);
    eo_model_release(&m);
}

/* ---- quantisation -------------------------------------------------------------------------------------- */

static enum eo_backend backend_of(const char *qmax)
{
    return strcmp(qmax, "127") == 0 ? EO_BACKEND_FBGEMM : EO_BACKEND_QNNPACK;
}

/* From fp32 where all layer inputs have this range, which is widened to hold 0 as calibration does. */
static void quantise_to(enum eo_precision precision, const struct eo_model *m, double min, double max,
                        enum eo_backend backend, struct eo_model *out)
{
    struct eo_quant_options opt = {.precision = precision, .backend = backend};
    struct eo_calibration cal = {.images = 1};
    struct eo_err err;

    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        cal.tensor[l] = (struct eo_quant_range){1, min, max, fmin(min, 0), fmax(max, 0)};
    stop_on(eo_quant_integers(m, &cal, &opt, out, &err), "quantisation", &err);
}

static void quantise(const struct eo_model *m, double min, double max, enum eo_backend backend,
                     struct eo_model *out)
{
    quantise_to(EO_INT8, m, min, max, backend, out);
}

static void observe(struct eo_observer *o, enum eo_observer_kind kind, const char *stream)
{
    static float values[VALUES];
    struct eo_err err;

    eo_observer_init(o, kind, 127, 0);
    for (int batch = 0; batch < 5; batch++) {
        size_t n = strcmp(stream, "relu") == 0    ? stream_relu(batch, values)
                   : strcmp(stream, "tails") == 0 ? stream_tails(batch, values)
                                                  : stream_pixels(batch, values);

        stop_on(eo_observer_add(o, values, n, &err), stream, &err);
    }
}

/*
 * MinMax is a definition, and so is the histogram while its range stays: scales may differ by the roundings
 * of float alone. When the range grows, torch rounds the upper end up to a 128th of the old range and we do
 * not: one step of 127.
 */
static void test_observers(void)
{
    struct comparison minmax = {"scales of", "MinMaxObserver", 2e-7, 0, 0, 0};
    struct comparison fixed = {"scales of", "HistogramObserver, range fixed", 2e-7, 0, 0, 0};
    struct comparison grows = {"scales of", "HistogramObserver, range grows", 1.0 / 127, 0, 0, 0};
    struct comparison zero = {"zero points of", "all observers", 1, 0, 0, 0};
    struct eo_observer o;
    struct eo_model m, q;
    struct eo_csv csv;

    load_model(&m, sizes[0]);
    load(&csv, "observers.csv");
    for (size_t row = 0; row < csv.rows; row++) {
        int is_minmax = strcmp(cell(&csv, row, "observer"), "minmax") == 0;
        int is_fixed = strcmp(cell(&csv, row, "stream"), "pixels") == 0;
        double expected = number(&csv, row, "scale"), found, min, max;

        observe(&o, is_minmax ? EO_OBSERVER_MINMAX : EO_OBSERVER_HISTOGRAM, cell(&csv, row, "stream"));
        eo_observer_range(&o, &min, &max);
        quantise(&m, min, max, backend_of(cell(&csv, row, "qmax")), &q);
        found = (double)q.layer[EO_CONV1].input_scale;
        compare(is_minmax  ? &minmax
                : is_fixed ? &fixed
                           : &grows,
                row, expected, found, apart(expected, found) / expected);
        expected = number(&csv, row, "zero_point");
        found = q.layer[EO_CONV1].input_zero_point;
        compare(&zero, row, expected, found, apart(expected, found));
        eo_model_release(&q);
    }
    conclude(&minmax, 6);
    conclude(&fixed, 2);
    conclude(&grows, 4);
    conclude(&zero, 12);
    eo_csv_release(&csv);
    eo_model_release(&m);
}

static void test_weight_scales(const char *size, enum eo_backend backend)
{
    char of[64];
    struct comparison c = {"weight scales of", of, 2e-7, 0, 0, 0};
    struct eo_model m, q;
    struct eo_csv csv;

    snprintf(of, sizeof(of), "%s, %s", size, eo_backend_name(backend));
    load_model(&m, size);
    quantise(&m, -1, 1, backend, &q);
    load(&csv, "weight-scales.csv");
    for (size_t row = 0; row < csv.rows; row++) {
        size_t output = count(&csv, row, "output");
        int l = EO_CONV1;
        double expected = number(&csv, row, eo_backend_name(backend)), found;

        if (strcmp(cell(&csv, row, "model"), size))
            continue;
        while (l < EO_CLASSIFIER &&
               strcmp(cell(&csv, row, "layer"), eo_smallcnn_layer_name((enum eo_smallcnn_layer)l)))
            l++;
        found = output < (size_t)eo_shape_outputs(&m.shape, (enum eo_smallcnn_layer)l)
                    ? (double)q.layer[l].weight_scale[output]
                    : NAN;
        compare(&c, row, expected, found, apart(expected, found) / expected);
    }
    conclude(&c, (size_t)(m.shape.c1 + m.shape.c2 + 10));
    eo_csv_release(&csv);
    eo_model_release(&q);
    eo_model_release(&m);
}

/*
 * torch multiplies by the reciprocal of the scale in float, which at 127.5 is off by 2e-5 at most: where
 * the quotient is that near to a tie (as the largest weight of a channel is, at 127.5 scales), it may round
 * to the other side.
 */
static double levels_apart(double quotient, double expected, double found)
{
    int tie = fabs(quotient - floor(quotient) - 0.5) < 2e-5;

    return tie && apart(expected, found) <= 1 ? 0 : apart(expected, found);
}

static void test_quantised_weights(void)
{
    struct comparison c = {"quantised weights of", sizes[0], 0, 0, 0, 0};
    struct eo_model m, q;
    struct eo_csv csv;
    size_t row = 0;

    load_model(&m, sizes[0]);
    quantise(&m, -1, 1, EO_BACKEND_FBGEMM, &q);
    load(&csv, "weights-s8-6x10.csv");
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        for (size_t i = 0; i < eo_shape_weights(&m.shape, (enum eo_smallcnn_layer)l) && row < csv.rows;
             i++, row++) {
            size_t output = i / (size_t)eo_shape_terms(&m.shape, (enum eo_smallcnn_layer)l);
            double quotient = (double)m.layer[l].weight.f32[i] / (double)q.layer[l].weight_scale[output];
            double expected = number(&csv, row, "weight"), found = q.layer[l].weight.s8[i];

            compare(&c, row, expected, found, levels_apart(quotient, expected, found));
        }
    }
    conclude(&c, 5494);
    eo_csv_release(&csv);
    eo_model_release(&q);
    eo_model_release(&m);
}

/* The bytes of an output, as the file has them: exactly those of numpy. */
static int is_row(const struct eo_st_tensor *t, size_t row, const char *hex)
{
    size_t bytes = t->shape[1];
    const unsigned char *p = (const unsigned char *)t->data + row * bytes;
    char text[3];

    for (size_t i = 0; i < bytes; i++) {
        snprintf(text, sizeof(text), "%02x", p[i]);
        if (strncmp(text, hex + 2 * i, 2) != 0)
            return 0;
    }
    return strlen(hex) == 2 * bytes;
}

static void test_packed_weights(void)
{
    struct comparison scales = {"scales of 4 bits of", sizes[0], 0, 0, 0, 0};
    struct comparison rows = {"packed weights of", sizes[0], 0, 0, 0, 0};
    struct eo_buf file = {0};
    struct eo_model m, q;
    struct eo_csv csv;
    struct eo_err err;
    struct eo_st st;

    load_model(&m, sizes[0]);
    quantise_to(EO_INT4, &m, -1, 1, EO_BACKEND_FBGEMM, &q);
    stop_on(eo_model_serialize(&q, &file, &err) || eo_st_parse(&st, file.data, file.len, &err), "int4", &err);
    load(&csv, "weights-s4-6x10.csv");
    for (size_t row = 0; row < csv.rows; row++) {
        size_t output = count(&csv, row, "output");
        float expected = (float)number(&csv, row, "scale"), found;
        const struct eo_st_tensor *t;
        char name[40];

        snprintf(name, sizeof(name), "%s.weight_scale", cell(&csv, row, "layer"));
        memcpy(&found, (const char *)eo_st_find(&st, name)->data + output * sizeof(found), sizeof(found));
        compare(&scales, row, (double)expected, (double)found, apart((double)expected, (double)found));
        snprintf(name, sizeof(name), "%s.weight", cell(&csv, row, "layer"));
        t = eo_st_find(&st, name);
        compare(&rows, row, 0, 0, !is_row(t, output, cell(&csv, row, "packed")));
    }
    conclude(&scales, 6 + 10 + 10);
    conclude(&rows, 6 + 10 + 10);
    eo_csv_release(&csv);
    eo_st_release(&st);
    eo_buf_release(&file);
    eo_model_release(&q);
    eo_model_release(&m);
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static void test_half(void)
{
    struct comparison c = {"bits of", "float to half", 0, 0, 0, 0};
    struct eo_csv csv;

    load(&csv, "half.csv");
    for (size_t row = 0; row < csv.rows; row++) {
        uint32_t bits = (uint32_t)number(&csv, row, "float_bits");
        double expected = number(&csv, row, "half_bits"), found;
        float x;

        memcpy(&x, &bits, sizeof(x));
        found = eo_half_from_float(x);
        compare(&c, row, expected, found, apart(expected, found));
    }
    conclude(&c, 655);
    eo_csv_release(&csv);
}

/* Relative error; of the others, which pass through 0, absolute where they are below 1. */
static void test_function(const char *function, double (*f)(double), size_t count)
{
    struct comparison c = {"error of", function, 1e-15, 0, 0, 0};
    struct eo_csv csv;

    load(&csv, "fmath.csv");
    for (size_t row = 0; row < csv.rows; row++) {
        double x = number(&csv, row, "x"), nearest = number(&csv, row, "nearest"),
               rest = number(&csv, row, "rest");
        double found = f(x), size = f == eo_exp ? nearest : fmax(fabs(nearest), 1);

        if (strcmp(cell(&csv, row, "function"), function) == 0)
            compare(&c, row, nearest, found, apart(found - nearest, rest) / size);
    }
    conclude(&c, count);
    eo_csv_release(&csv);
}

static void test_special(void)
{
    struct comparison c = {"special values of", "exp and log", 0, 0, 0, 0};

    compare(&c, 0, 0, eo_exp(-INFINITY), eo_exp(-INFINITY) != 0);
    compare(&c, 1, INFINITY, eo_exp(INFINITY), eo_exp(INFINITY) != INFINITY);
    compare(&c, 2, 0, eo_exp(-708.5), eo_exp(-708.5) != 0);
    compare(&c, 3, INFINITY, eo_exp(709.1), eo_exp(709.1) != INFINITY);
    compare(&c, 4, NAN, eo_exp(NAN), !isnan(eo_exp(NAN)));
    compare(&c, 5, -INFINITY, eo_log(0), eo_log(0) != -INFINITY);
    compare(&c, 6, NAN, eo_log(-1), !isnan(eo_log(-1)));
    compare(&c, 7, NAN, eo_log(NAN), !isnan(eo_log(NAN)));
    compare(&c, 8, INFINITY, eo_log(INFINITY), eo_log(INFINITY) != INFINITY);
    conclude(&c, 9);
}

int main(void)
{
    for (int i = 0; i < IMAGES; i++) {
        draw_image(i, pixels + i * 784);
        labels[i] = draw_label(i);
    }
    for (int s = 0; s < 2; s++) {
        for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
            if (!eo_isa_available((enum eo_isa)isa))
                continue;
            test_logits(sizes[s], (enum eo_isa)isa, 1);
            test_logits(sizes[s], (enum eo_isa)isa, LOGIT_IMAGES);
        }
        test_gradients(sizes[s]);
        test_losses(sizes[s]);
        test_recipe(sizes[s]);
        test_weight_scales(sizes[s], EO_BACKEND_FBGEMM);
        test_weight_scales(sizes[s], EO_BACKEND_QNNPACK);
    }
    test_quantised_weights();
    test_packed_weights();
    test_observers();
    test_half();
    test_function("exp", eo_exp, 399);
    test_function("log", eo_log, 482);
    test_function("cospi", eo_cospi, 503);
    test_special();
    return check_report("test_golden");
}
