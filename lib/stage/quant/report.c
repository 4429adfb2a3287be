#include "stage/quant/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/mem.h"
#include "format/csv.h"
#include "format/json.h"
#include "nn/infer.h"
#include "stage/quant/grid.h"
#include "stage/quant/quant.h"

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
    struct noise noise[EO_NETWORK_TENSORS];
};

static int measure_inputs(void *ctx, int tensor, const float *values, size_t n, struct eo_err *err)
{
    struct inputs *in = ctx;
    struct eo_model_grid of = eo_model_grid(in->q, tensor);
    const struct eo_grid grid = {(double)of.scale, of.zero_point, eo_backend_activation_max(in->q->backend)};

    (void)err;
    for (size_t i = 0; i < n; i++) {
        double level = eo_grid_level(&grid, (double)values[i]), held = eo_grid_clamp(&grid, level);

        in->quality->saturated[tensor] += level < held || level > held;
        add_pair(&in->noise[tensor], (double)values[i], eo_grid_value(&grid, held));
    }
    return 0;
}

static double weight_sqnr(const struct eo_model *m, const struct eo_model *q, int layer)
{
    size_t terms = eo_network_terms(&m->network.layer[layer]),
           n = eo_network_weights(&m->network.layer[layer]);
    const struct eo_model_layer *l = &q->layer[layer];
    struct noise noise = {0};

    for (size_t i = 0; i < n; i++)
        add_pair(&noise, (double)m->layer[layer].weight.f32[i],
                 l->weight.s8[i] * (double)l->weight_scale[i / terms]);
    return decibels(&noise);
}

/* Two models of one network side by side. */
struct pair {
    struct eo_infer *a, *b;
    union eo_score *of_a, *of_b; /* [LOGIT_BATCH, classes] */
    int classes;
};

static int pair_init(struct pair *p, const struct eo_conversion *c, struct eo_err *err)
{
    p->classes = eo_network_classes(&c->source.network);
    p->a = eo_infer_new(&c->source, c->options.isa, LOGIT_BATCH, err);
    p->b = p->a ? eo_infer_new(&c->model, c->options.isa, LOGIT_BATCH, err) : NULL;
    p->of_a = p->b ? eo_alloc(2 * LOGIT_BATCH * (size_t)p->classes, sizeof(*p->of_a), err) : NULL;
    p->of_b = p->of_a ? p->of_a + LOGIT_BATCH * p->classes : NULL;
    return p->of_a ? 0 : -1;
}

static void pair_release(struct pair *p)
{
    eo_infer_free(p->a);
    eo_infer_free(p->b);
    free(p->of_a);
}

static void compare_logits(const struct pair *p, const uint8_t *pixels, int n, struct noise *noise,
                           uint64_t *agreements)
{
    eo_infer_run(p->a, pixels, n, p->of_a);
    eo_infer_run(p->b, pixels, n, p->of_b);
    for (int i = 0; i < n * p->classes; i++)
        add_pair(noise, eo_infer_logit(p->a, p->of_a[i]), eo_infer_logit(p->b, p->of_b[i]));
    for (int i = 0; i < n * p->classes; i += p->classes)
        *agreements += eo_infer_class(p->a, p->of_a + i) == eo_infer_class(p->b, p->of_b + i);
}

static int measure_logits(struct eo_quant_quality *quality, const struct eo_conversion *c,
                          const struct eo_images *images, struct eo_err *err)
{
    size_t count = eo_calibration_images(images, &c->options);
    size_t elements = eo_dims_elements(c->source.network.input);
    struct noise noise = {0};
    struct pair p = {0};
    int rc = pair_init(&p, c, err);

    for (size_t at = 0; !rc && at < count; at += LOGIT_BATCH)
        compare_logits(&p, images->pixels + at * elements,
                       (int)(count - at < LOGIT_BATCH ? count - at : LOGIT_BATCH), &noise,
                       &quality->agreements);
    quality->logit_sqnr_db = decibels(&noise);
    pair_release(&p);
    return rc;
}

int eo_quant_measure(struct eo_quant_quality *quality, const struct eo_conversion *c,
                     const struct eo_images *images, struct eo_err *err)
{
    struct inputs in = {.q = &c->model, .quality = quality};

    memset(quality, 0, sizeof(*quality));
    if (eo_calibration_walk(&c->source, images, &c->options, measure_inputs, &in, err))
        return -1;
    for (int t = 0; t < EO_NETWORK_TENSORS; t++)
        quality->sqnr_db[t] = decibels(&in.noise[t]);
    for (int l = 0; l < c->model.network.count; l++)
        quality->weight_sqnr_db[l] = weight_sqnr(&c->source, &c->model, l);
    return measure_logits(quality, c, images, err);
}

static void report_layer(struct eo_json *j, const struct eo_conversion *c,
                         const struct eo_quant_quality *quality, int l)
{
    int tensor = eo_network_output_tensor(c->model.network.layer[l].from);
    const struct eo_quant_range *r = &c->calibration.tensor[tensor];
    const struct eo_model_layer *layer = &c->model.layer[l];
    uint64_t saturated = quality->saturated[tensor];
    char name[EO_CALIBRATION_NAME];

    eo_json_open(j, NULL, '{');
    eo_json_text(j, "layer", c->model.network.layer[l].name);
    eo_json_text(j, "input", eo_calibration_name(&c->model.network, tensor, name));
    eo_json_double(j, "observed_min", r->seen_min);
    eo_json_double(j, "observed_max", r->seen_max);
    eo_json_double(j, "chosen_min", r->min);
    eo_json_double(j, "chosen_max", r->max);
    eo_json_double(j, "input_scale", (double)layer->input_scale);
    eo_json_int(j, "input_zero_point", layer->input_zero_point);
    eo_json_u64(j, "values", r->values);
    eo_json_u64(j, "saturated", saturated);
    eo_json_double(j, "saturation_rate", r->values ? (double)saturated / (double)r->values : 0);
    eo_json_double(j, "input_sqnr_db", quality->sqnr_db[tensor]);
    eo_json_double(j, "weight_sqnr_db", quality->weight_sqnr_db[l]);
    eo_json_int(j, "weight_bits", layer->weight_bits);
    if (c->options.precision == EO_MIXED)
        eo_json_double(j, "four_bit_damage", c->mixed.damage[l]);
    eo_json_open(j, "weight_scale", '[');
    for (int o = 0; o < c->model.network.layer[l].map.c; o++)
        eo_json_double(j, NULL, (double)layer->weight_scale[o]);
    eo_json_close(j);
    eo_json_close(j);
}

void eo_quant_report(const struct eo_conversion *c, const struct eo_quant_quality *quality,
                     struct eo_buf *out)
{
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '{');
    eo_json_text(&j, "quantization_backend", eo_backend_name(c->options.backend));
    eo_json_text(&j, "quantization_observer", eo_observer_name(c->options.observer));
    eo_json_text(&j, "weight_granularity", eo_quant_is_per_tensor(&c->options) ? "tensor" : "channel");
    eo_json_bool(&j, "bias_correction", c->options.bias_correction);
    eo_json_bool(&j, "cross_layer_equalization", c->options.equalization);
    eo_json_text(&j, "rounding", eo_rounding_names[c->options.rounding]);
    eo_json_int(&j, "activation_max", eo_backend_activation_max(c->options.backend));
    eo_json_u64(&j, "calibration_images", c->calibration.images);
    eo_json_u64(&j, "agreements", quality->agreements);
    eo_json_double(&j, "logit_sqnr_db", quality->logit_sqnr_db);
    eo_json_open(&j, "layers", '[');
    for (int l = 0; l < c->model.network.count; l++)
        report_layer(&j, c, quality, l);
    eo_json_close(&j);
    eo_json_close(&j);
}

static void put_layer_row(const struct eo_conversion *c, const struct eo_quant_quality *quality, int l,
                          struct eo_buf *out)
{
    int tensor = eo_network_output_tensor(c->model.network.layer[l].from);
    const struct eo_quant_range *r = &c->calibration.tensor[tensor];
    const struct eo_model_layer *layer = &c->model.layer[l];
    float low = layer->weight_scale[0], high = low;
    char name[EO_CALIBRATION_NAME];

    for (int o = 1; o < c->model.network.layer[l].map.c; o++) {
        low = layer->weight_scale[o] < low ? layer->weight_scale[o] : low;
        high = layer->weight_scale[o] > high ? layer->weight_scale[o] : high;
    }
    eo_csv_put_text(out, c->model.network.layer[l].name, ',');
    eo_csv_put_text(out, eo_calibration_name(&c->model.network, tensor, name), ',');
    eo_csv_put_double(out, r->seen_min, ',');
    eo_csv_put_double(out, r->seen_max, ',');
    eo_csv_put_double(out, r->min, ',');
    eo_csv_put_double(out, r->max, ',');
    eo_csv_put_double(out, (double)layer->input_scale, ',');
    eo_csv_put_int(out, layer->input_zero_point, ',');
    eo_csv_put_int(out, (long long)r->values, ',');
    eo_csv_put_int(out, (long long)quality->saturated[tensor], ',');
    eo_csv_put_double(out, quality->sqnr_db[tensor], ',');
    eo_csv_put_double(out, quality->weight_sqnr_db[l], ',');
    eo_csv_put_double(out, (double)low, ',');
    eo_csv_put_double(out, (double)high, ',');
    eo_csv_put_int(out, (long long)c->calibration.images, ',');
    eo_csv_put_int(out, (long long)quality->agreements, ',');
    eo_csv_put_double(out, quality->logit_sqnr_db, ',');
    eo_csv_put_int(out, layer->weight_bits, ',');
    if (c->options.precision == EO_MIXED)
        eo_csv_put_double(out, c->mixed.damage[l], '\n');
    else
        eo_csv_put_text(out, "", '\n');
}

void eo_quant_put_layers(const struct eo_conversion *c, const struct eo_quant_quality *quality,
                         struct eo_buf *out)
{
    eo_buf_puts(
        out,
        "layer,input,observed_min,observed_max,chosen_min,chosen_max,input_scale,input_zero_point,values,"
        "saturated,input_sqnr_db,weight_sqnr_db,weight_scale_min,weight_scale_max,calibration_images,"
        "agreements,logit_sqnr_db,weight_bits,four_bit_damage\n");
    for (int l = 0; l < c->model.network.count; l++)
        put_layer_row(c, quality, l, out);
}
