#include "stage/quant.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "nn/half.h"
#include "nn/infer.h"

/* ---- running the calibration images ------------------------------------------------------------------------- */

/* What enters the layers, for one batch: layer l has size[l] values per image, image after image. */
struct batch {
    const struct eo_images *images;
    size_t first; /* the batch's first image */
    size_t size[EO_LAYERS];
    float *values[EO_LAYERS];
    struct eo_infer *infer[EO_POOL_MAX]; /* one per worker */
};

/* Called with all values of a batch that enter `layer`. */
typedef int visit_fn(void *ctx, enum eo_layer layer, const float *values, size_t n, struct eo_err *err);

static void batch_release(struct batch *b)
{
    for (int i = 0; i < EO_POOL_MAX; i++)
        eo_infer_free(b->infer[i]);
    for (int l = 0; l < EO_LAYERS; l++)
        free(b->values[l]);
}

static int batch_init(struct batch *b, const struct eo_model *m, const struct eo_images *images, size_t count,
                      const struct eo_quant_options *opt, struct eo_err *err)
{
    memset(b, 0, sizeof(*b));
    b->images = images;
    for (int l = 0; l < EO_LAYERS; l++) {
        size_t n;

        b->size[l] = eo_shape_input_elements(&m->shape, (enum eo_layer)l);
        if (eo_size_mul(count, b->size[l], &n))
            return eo_err_set(err, "calibration: a batch of %zu images is too large", count);
        b->values[l] = eo_alloc(n, sizeof(float), err);
        if (!b->values[l])
            return -1;
    }
    for (int i = 0; i < eo_pool_threads(opt->pool); i++) {
        b->infer[i] = eo_infer_new(m, opt->isa, 1, err);
        if (!b->infer[i])
            return -1;
    }
    return 0;
}

static void run_image(void *ctx, int task, int worker)
{
    const struct batch *b = ctx;
    size_t at = (size_t)task;
    const uint8_t *pixels = b->images->pixels + (b->first + at) * EO_IMAGE_PIXELS;
    union eo_score scores[EO_CLASSES];

    for (int i = 0; i < EO_IMAGE_PIXELS; i++)
        b->values[EO_CONV1][at * EO_IMAGE_PIXELS + (size_t)i] = (float)pixels[i] / 127.5f - 1.0f;
    eo_infer_activations(b->infer[worker], pixels, b->values[EO_CONV2] + at * b->size[EO_CONV2],
                         b->values[EO_CLASSIFIER] + at * b->size[EO_CLASSIFIER], scores);
}

static size_t calibration_images(const struct eo_images *images, const struct eo_quant_options *opt)
{
    size_t wanted = (size_t)opt->batch_size * (size_t)opt->batches;

    return wanted < images->count ? wanted : images->count;
}

/* Shows `visit` the values of every layer input, batch after batch, on the calling thread. */
static int walk(const struct eo_model *m, const struct eo_images *images, const struct eo_quant_options *opt,
                visit_fn *visit, void *ctx, struct eo_err *err)
{
    size_t total = calibration_images(images, opt), size = (size_t)opt->batch_size;
    struct batch b;
    int rc = batch_init(&b, m, images, size < total ? size : total, opt, err);

    for (b.first = 0; !rc && b.first < total; b.first += size) {
        size_t n = total - b.first < size ? total - b.first : size;

        eo_pool_run(opt->pool, run_image, &b, (int)n);
        for (int l = 0; !rc && l < EO_LAYERS; l++)
            rc = visit(ctx, (enum eo_layer)l, b.values[l], n * b.size[l], err);
    }
    batch_release(&b);
    return rc;
}

static const char *input_name(enum eo_layer layer)
{
    static const char *const names[EO_LAYERS] = {"input", "pool1", "pool2"};

    return names[layer];
}

static int observe(void *ctx, enum eo_layer layer, const float *values, size_t n, struct eo_err *err)
{
    struct eo_observer *observers = ctx;

    if (eo_observer_add(&observers[layer], values, n, err))
        return eo_err_prefix(err, "calibration: '%s'", input_name(layer));
    return 0;
}

static void range_from(const struct eo_observer *o, struct eo_quant_range *r)
{
    r->values = o->seen;
    r->seen_min = o->min;
    r->seen_max = o->max;
    eo_observer_range(o, &r->min, &r->max);
    if (r->min > 0)
        r->min = 0;
    if (r->max < 0)
        r->max = 0;
}

static int check_source(const struct eo_model *m, struct eo_err *err)
{
    if (m->precision != EO_FP32)
        return eo_err_set(err, "precision: expected an fp32 model, found %s", eo_precision_name(m->precision));
    return 0;
}

int eo_calibration_run(struct eo_calibration *cal, const struct eo_model *m, const struct eo_images *images,
                       const struct eo_quant_options *opt, struct eo_err *err)
{
    struct eo_observer *observers;
    int rc;

    memset(cal, 0, sizeof(*cal));
    if (check_source(m, err))
        return -1;
    if (!images->count)
        return eo_err_set(err, "calibration: expected at least one training image, found none");
    observers = eo_alloc(EO_LAYERS, sizeof(*observers), err);
    if (!observers)
        return -1;
    for (int l = 0; l < EO_LAYERS; l++)
        eo_observer_init(&observers[l], opt->observer);
    rc = walk(m, images, opt, observe, observers, err);
    for (int l = 0; !rc && l < EO_LAYERS; l++)
        range_from(&observers[l], &cal->input[l]);
    cal->images = calibration_images(images, opt);
    free(observers);
    return rc;
}

int eo_quant_check_dataset(const struct eo_model *m, const char *train_sha256, struct eo_err *err)
{
    const char *trained_on = eo_model_meta_get(m, "dataset_sha256");

    if (trained_on && strcmp(trained_on, train_sha256) != 0)
        return eo_err_set(err, "'dataset_sha256': the model was trained on data set %.16s..., the calibration images "
                          "are from %.16s...", trained_on, train_sha256);
    return 0;
}

/* ---- conversions -------------------------------------------------------------------------------------------- */

static int outputs_of(const struct eo_model *m, int l)
{
    return eo_shape_outputs(&m->shape, (enum eo_layer)l);
}

static int check_finite(const float *x, size_t n, struct eo_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return eo_err_set(err, "value %zu: expected a finite number, found %g", i, (double)x[i]);
    }
    return 0;
}

static double max_magnitude(const float *x, size_t n)
{
    double max = 0;

    for (size_t i = 0; i < n; i++)
        max = fabs((double)x[i]) > max ? fabs((double)x[i]) : max;
    return max;
}

/* Checks the source and makes `out` an empty model of the same shape with the same metadata. */
static int begin(const struct eo_model *m, enum eo_precision precision, struct eo_model *out, struct eo_err *err)
{
    memset(out, 0, sizeof(*out));
    if (check_source(m, err))
        return -1;
    for (int l = 0; l < EO_LAYERS; l++) {
        const char *name = eo_layer_name((enum eo_layer)l);

        if (check_finite(m->layer[l].weight.f32, eo_shape_weights(&m->shape, (enum eo_layer)l), err))
            return eo_err_prefix(err, "tensor '%s.weight'", name);
        if (check_finite(m->layer[l].bias.f32, (size_t)outputs_of(m, l), err))
            return eo_err_prefix(err, "tensor '%s.bias'", name);
    }
    if (eo_model_init(out, precision, m->shape, err))
        return -1;
    return eo_model_meta_copy(out, m, err);
}

int eo_quant_fp32(const struct eo_model *m, struct eo_model *out, struct eo_err *err)
{
    if (begin(m, EO_FP32, out, err))
        return -1;
    for (int l = 0; l < EO_LAYERS; l++) {
        memcpy(out->layer[l].weight.f32, m->layer[l].weight.f32,
               eo_shape_weights(&m->shape, (enum eo_layer)l) * sizeof(float));
        memcpy(out->layer[l].bias.f32, m->layer[l].bias.f32, (size_t)outputs_of(m, l) * sizeof(float));
    }
    return 0;
}

static int halves(uint16_t *out, const float *in, size_t n, struct eo_err *err)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = eo_half_from_float(in[i]);
        if ((out[i] & 0x7c00) == 0x7c00)
            return eo_err_set(err, "value %zu: expected a magnitude of at most 65504 for fp16, found %g", i,
                              (double)in[i]);
    }
    return 0;
}

int eo_quant_fp16(const struct eo_model *m, struct eo_model *out, struct eo_err *err)
{
    if (begin(m, EO_FP16, out, err))
        return -1;
    for (int l = 0; l < EO_LAYERS; l++) {
        const char *name = eo_layer_name((enum eo_layer)l);

        if (halves(out->layer[l].weight.f16, m->layer[l].weight.f32,
                   eo_shape_weights(&m->shape, (enum eo_layer)l), err))
            return eo_err_prefix(err, "tensor '%s.weight'", name);
        if (halves(out->layer[l].bias.f16, m->layer[l].bias.f32, (size_t)outputs_of(m, l), err))
            return eo_err_prefix(err, "tensor '%s.bias'", name);
    }
    return 0;
}

/* rint() is round-half-even in the default rounding mode, which nothing here changes. */
static int8_t quantise_weight(float w, float scale)
{
    double q = rint((double)w / (double)scale);

    return (int8_t)(q < -128 ? -128 : q > 127 ? 127 : q);
}

/* The smallest scale at which n biases fit, with room for the rounding of the scale itself. */
static double scale_for_biases(const float *bias, size_t n, float input_scale)
{
    return max_magnitude(bias, n) / (double)input_scale / (EO_QUANT_BIAS_MAX - 4096);
}

static float weight_scale(const float *w, size_t n, double least)
{
    double scale = max_magnitude(w, n) / 127.5;

    scale = scale > least ? scale : least;
    return (float)(scale > (double)FLT_EPSILON ? scale : (double)FLT_EPSILON);
}

static void quantise_weights(const struct eo_model *m, int l, enum eo_backend backend, struct eo_model_layer *out)
{
    size_t terms = (size_t)eo_shape_terms(&m->shape, (enum eo_layer)l), outputs = (size_t)outputs_of(m, l);
    const float *w = m->layer[l].weight.f32, *bias = m->layer[l].bias.f32;
    int whole = backend == EO_BACKEND_QNNPACK;

    for (size_t o = 0; o < outputs; o++) {
        size_t first = whole ? 0 : o, count = whole ? outputs : 1;

        out->weight_scale[o] = weight_scale(w + first * terms, count * terms,
                                            scale_for_biases(bias + first, count, out->input_scale));
        for (size_t i = o * terms; i < (o + 1) * terms; i++)
            out->weight.s8[i] = quantise_weight(w[i], out->weight_scale[o]);
    }
}

static void quantise_biases(const float *bias, int outputs, struct eo_model_layer *out)
{
    for (int o = 0; o < outputs; o++)
        out->bias.s32[o] = (int32_t)rint((double)bias[o] / ((double)out->input_scale * (double)out->weight_scale[o]));
}

/* The accumulators of a layer, in real numbers per step: the coarsest of its outputs. */
static double accumulator_unit(const struct eo_model_layer *layer, int outputs)
{
    double max = 0;

    for (int o = 0; o < outputs; o++) {
        double unit = (double)layer->input_scale * (double)layer->weight_scale[o];

        max = unit > max ? unit : max;
    }
    return max;
}

static int choose_scale(const struct eo_quant_range *r, double unit, int qmax, struct eo_model_layer *layer,
                        struct eo_err *err)
{
    double least = 2 * unit > (double)FLT_EPSILON ? 2 * unit : (double)FLT_EPSILON;
    double scale = (r->max - r->min) / qmax, zero;

    layer->input_scale = (float)(scale < least ? least : scale);
    if (!isfinite(layer->input_scale))
        return eo_err_set(err, "range: expected a width that float can hold, found %g to %g", r->min, r->max);
    zero = 0 - rint(r->min / (double)layer->input_scale);
    layer->input_zero_point = (int32_t)(zero < 0 ? 0 : zero > qmax ? qmax : zero);
    return 0;
}

int eo_quant_int8(const struct eo_model *m, const struct eo_calibration *cal, enum eo_backend backend,
                  struct eo_model *out, struct eo_err *err)
{
    int qmax = eo_backend_activation_max(backend);
    double unit = 0; /* of the accumulators of the layer before */

    if (begin(m, EO_INT8, out, err))
        return -1;
    out->backend = backend;
    for (int l = 0; l < EO_LAYERS; l++) {
        struct eo_model_layer *layer = &out->layer[l];

        if (choose_scale(&cal->input[l], unit, qmax, layer, err))
            return eo_err_prefix(err, "calibration: '%s'", input_name((enum eo_layer)l));
        quantise_weights(m, l, backend, layer);
        quantise_biases(m->layer[l].bias.f32, outputs_of(m, l), layer);
        unit = accumulator_unit(layer, outputs_of(m, l));
    }
    return eo_model_meta_set(out, "quantization_backend", eo_backend_name(backend), err);
}

/* ---- the report --------------------------------------------------------------------------------------------- */

struct saturation {
    const struct eo_model *q;
    uint64_t *count;
};

static int count_saturated(void *ctx, enum eo_layer layer, const float *values, size_t n, struct eo_err *err)
{
    struct saturation *s = ctx;
    double scale = (double)s->q->layer[layer].input_scale, zero = s->q->layer[layer].input_zero_point;
    double max = eo_backend_activation_max(s->q->backend);

    (void)err;
    for (size_t i = 0; i < n; i++) {
        double q = rint((double)values[i] / scale) + zero;

        s->count[layer] += q < 0 || q > max;
    }
    return 0;
}

int eo_quant_saturation(const struct eo_model *m, const struct eo_model *q, const struct eo_images *images,
                        const struct eo_quant_options *opt, uint64_t saturated[EO_LAYERS], struct eo_err *err)
{
    struct saturation s = {q, saturated};

    memset(saturated, 0, EO_LAYERS * sizeof(*saturated));
    return walk(m, images, opt, count_saturated, &s, err);
}

static void put_number(struct eo_buf *out, const char *key, double value)
{
    char text[EO_NUM_TEXT];

    eo_num_format_double(value, text);
    eo_buf_printf(out, "      \"%s\": %s,\n", key, text);
}

static void report_layer(const struct eo_model *q, int l, const struct eo_quant_range *r, uint64_t saturated,
                         struct eo_buf *out)
{
    const struct eo_model_layer *layer = &q->layer[l];
    char text[EO_NUM_TEXT];

    eo_buf_printf(out, "    {\n      \"layer\": \"%s\",\n      \"input\": \"%s\",\n",
                  eo_layer_name((enum eo_layer)l), input_name((enum eo_layer)l));
    put_number(out, "observed_min", r->seen_min);
    put_number(out, "observed_max", r->seen_max);
    put_number(out, "chosen_min", r->min);
    put_number(out, "chosen_max", r->max);
    put_number(out, "input_scale", (double)layer->input_scale);
    eo_buf_printf(out, "      \"input_zero_point\": %d,\n      \"values\": %zu,\n      \"saturated\": %llu,\n",
                  (int)layer->input_zero_point, r->values, (unsigned long long)saturated);
    put_number(out, "saturation_rate", r->values ? (double)saturated / (double)r->values : 0);
    eo_buf_puts(out, "      \"weight_scale\": [");
    for (int o = 0; o < outputs_of(q, l); o++) {
        eo_num_format_double((double)layer->weight_scale[o], text);
        eo_buf_printf(out, "%s%s", o ? ", " : "", text);
    }
    eo_buf_printf(out, "]\n    }%s\n", l + 1 < EO_LAYERS ? "," : "");
}

void eo_quant_report(const struct eo_model *q, const struct eo_calibration *cal, const uint64_t saturated[EO_LAYERS],
                     enum eo_observer_kind observer, struct eo_buf *out)
{
    eo_buf_printf(out, "{\n  \"quantization_backend\": \"%s\",\n  \"observer\": \"%s\",\n", eo_backend_name(q->backend),
                  observer == EO_OBSERVER_HISTOGRAM ? "histogram" : "minmax");
    eo_buf_printf(out, "  \"activation_max\": %d,\n  \"calibration_images\": %zu,\n  \"layers\": [\n",
                  eo_backend_activation_max(q->backend), cal->images);
    for (int l = 0; l < EO_LAYERS; l++)
        report_layer(q, l, &cal->input[l], saturated[l], out);
    eo_buf_puts(out, "  ]\n}\n");
}
