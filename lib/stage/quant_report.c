#include "stage/quant_report.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "format/json.h"
#include "nn/infer.h"
#include "stage/grid.h"
#include "stage/quant.h"

#define LOGIT_BATCH 64

struct noise {
    double signal, noise; /* sums of squares */
};

static void add_pair(struct noise *n, double value, double stand_in)
{
    n->signal += value * value;
    n->noise += (value - stand_in) * (value - stand_in);
}

static double decibels(const struct noise *n)
{
    if (!(n->signal > 0))
        return 0;
    return n->noise > 0 ? 10 * eo_log(n->signal / n->noise) / eo_log(10) : INFINITY;
}

struct inputs {
    const struct eo_model *q;
    struct eo_quant_quality *quality;
    struct noise noise[EO_LAYERS];
};

static int measure_inputs(void *ctx, enum eo_layer layer, const float *values, size_t n, struct eo_err *err)
{
    struct inputs *in = ctx;
    const struct eo_grid grid = {(double)in->q->layer[layer].input_scale, in->q->layer[layer].input_zero_point,
                                 eo_backend_activation_max(in->q->backend)};

    (void)err;
    for (size_t i = 0; i < n; i++) {
        double level = eo_grid_level(&grid, (double)values[i]), held = eo_grid_clamp(&grid, level);

        in->quality->saturated[layer] += level < held || level > held;
        add_pair(&in->noise[layer], (double)values[i], eo_grid_value(&grid, held));
    }
    return 0;
}

static double weight_sqnr(const struct eo_model *m, const struct eo_model *q, enum eo_layer layer)
{
    size_t terms = (size_t)eo_shape_terms(&m->shape, layer), n = eo_shape_weights(&m->shape, layer);
    const struct eo_model_layer *l = &q->layer[layer];
    struct noise noise = {0};

    for (size_t i = 0; i < n; i++)
        add_pair(&noise, (double)m->layer[layer].weight.f32[i], l->weight.s8[i] * (double)l->weight_scale[i / terms]);
    return decibels(&noise);
}

static void compare_logits(struct eo_infer *a, struct eo_infer *b, const uint8_t *pixels, int n, struct noise *noise,
                           uint64_t *agreements)
{
    union eo_score of_a[LOGIT_BATCH * EO_CLASSES], of_b[LOGIT_BATCH * EO_CLASSES];

    eo_infer_run(a, pixels, n, of_a);
    eo_infer_run(b, pixels, n, of_b);
    for (int i = 0; i < n * EO_CLASSES; i++)
        add_pair(noise, eo_infer_logit(a, of_a[i]), eo_infer_logit(b, of_b[i]));
    for (int i = 0; i < n * EO_CLASSES; i += EO_CLASSES)
        *agreements += eo_infer_class(a, of_a + i) == eo_infer_class(b, of_b + i);
}

static int measure_logits(struct eo_quant_quality *quality, const struct eo_conversion *c,
                          const struct eo_images *images, struct eo_err *err)
{
    struct eo_infer *a = eo_infer_new(&c->source, c->options.isa, LOGIT_BATCH, err);
    struct eo_infer *b = a ? eo_infer_new(&c->model, c->options.isa, LOGIT_BATCH, err) : NULL;
    size_t count = eo_calibration_images(images, &c->options);
    struct noise noise = {0};

    for (size_t at = 0; b && at < count; at += LOGIT_BATCH)
        compare_logits(a, b, images->pixels + at * EO_IMAGE_PIXELS,
                       (int)(count - at < LOGIT_BATCH ? count - at : LOGIT_BATCH), &noise, &quality->agreements);
    quality->logit_sqnr_db = decibels(&noise);
    eo_infer_free(a);
    eo_infer_free(b);
    return b ? 0 : -1;
}

int eo_quant_measure(struct eo_quant_quality *quality, const struct eo_conversion *c, const struct eo_images *images,
                     struct eo_err *err)
{
    struct inputs in = {.q = &c->model, .quality = quality};

    memset(quality, 0, sizeof(*quality));
    if (eo_calibration_walk(&c->source, images, &c->options, measure_inputs, &in, err))
        return -1;
    for (int l = 0; l < EO_LAYERS; l++) {
        quality->input_sqnr_db[l] = decibels(&in.noise[l]);
        quality->weight_sqnr_db[l] = weight_sqnr(&c->source, &c->model, (enum eo_layer)l);
    }
    return measure_logits(quality, c, images, err);
}

static void report_layer(struct eo_json *j, const struct eo_conversion *c, const struct eo_quant_quality *quality,
                         enum eo_layer l)
{
    const struct eo_quant_range *r = &c->calibration.input[l];
    const struct eo_model_layer *layer = &c->model.layer[l];
    uint64_t saturated = quality->saturated[l];

    eo_json_open(j, NULL, '{');
    eo_json_text(j, "layer", eo_layer_name(l));
    eo_json_text(j, "input", eo_calibration_input_name(l));
    eo_json_double(j, "observed_min", r->seen_min);
    eo_json_double(j, "observed_max", r->seen_max);
    eo_json_double(j, "chosen_min", r->min);
    eo_json_double(j, "chosen_max", r->max);
    eo_json_double(j, "input_scale", (double)layer->input_scale);
    eo_json_int(j, "input_zero_point", layer->input_zero_point);
    eo_json_u64(j, "values", r->values);
    eo_json_u64(j, "saturated", saturated);
    eo_json_double(j, "saturation_rate", r->values ? (double)saturated / (double)r->values : 0);
    eo_json_double(j, "input_sqnr_db", quality->input_sqnr_db[l]);
    eo_json_double(j, "weight_sqnr_db", quality->weight_sqnr_db[l]);
    eo_json_open(j, "weight_scale", '[');
    for (int o = 0; o < eo_shape_outputs(&c->model.shape, l); o++)
        eo_json_double(j, NULL, (double)layer->weight_scale[o]);
    eo_json_close(j);
    eo_json_close(j);
}

void eo_quant_report(const struct eo_conversion *c, const struct eo_quant_quality *quality, struct eo_buf *out)
{
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '{');
    eo_json_text(&j, "quantization_backend", eo_backend_name(c->options.backend));
    eo_json_text(&j, "quantization_observer", eo_observer_name(c->options.observer));
    eo_json_text(&j, "weight_granularity", eo_quant_is_per_tensor(&c->options) ? "tensor" : "channel");
    eo_json_bool(&j, "bias_correction", c->options.bias_correction);
    eo_json_bool(&j, "cross_layer_equalization", c->options.equalization);
    eo_json_int(&j, "activation_max", eo_backend_activation_max(c->options.backend));
    eo_json_u64(&j, "calibration_images", c->calibration.images);
    eo_json_u64(&j, "agreements", quality->agreements);
    eo_json_double(&j, "logit_sqnr_db", quality->logit_sqnr_db);
    eo_json_open(&j, "layers", '[');
    for (int l = 0; l < EO_LAYERS; l++)
        report_layer(&j, c, quality, (enum eo_layer)l);
    eo_json_close(&j);
    eo_json_close(&j);
}
