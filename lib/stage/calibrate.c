#include "stage/calibrate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/infer.h"
#include "nn/input.h"

struct eo_quant_options eo_quant_options_of(const struct eo_config *cfg, enum eo_isa isa, struct eo_pool *pool)
{
    return (struct eo_quant_options){
        .backend = cfg->quantization_backend,
        .observer = cfg->quantization_observer,
        .percentile = cfg->observer_percentile,
        .granularity = cfg->weight_granularity,
        .bias_correction = cfg->bias_correction,
        .equalization = cfg->cross_layer_equalization,
        .batch_size = cfg->batch_size,
        .batches = cfg->calibration_batches,
        .isa = isa,
        .pool = pool,
    };
}

/* What enters the layers, for one batch: layer l has size[l] values per image, image after image. */
struct batch {
    const struct eo_images *images;
    size_t first; /* the batch's first image */
    size_t size[EO_LAYERS];
    float *values[EO_LAYERS];
    float input[256];     /* of each grey value */
    struct eo_infer *infer[EO_POOL_MAX]; /* one per worker */
};

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
    eo_input_table(m, 0, b->input);
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
        b->values[EO_CONV1][at * EO_IMAGE_PIXELS + (size_t)i] = b->input[pixels[i]];
    eo_infer_activations(b->infer[worker], pixels, b->values[EO_CONV2] + at * b->size[EO_CONV2],
                         b->values[EO_CLASSIFIER] + at * b->size[EO_CLASSIFIER], scores);
}

size_t eo_calibration_images(const struct eo_images *images, const struct eo_quant_options *opt)
{
    size_t wanted = (size_t)opt->batch_size * (size_t)opt->batches;

    return wanted < images->count ? wanted : images->count;
}

int eo_calibration_walk(const struct eo_model *m, const struct eo_images *images, const struct eo_quant_options *opt,
                        eo_calibration_visit *visit, void *ctx, struct eo_err *err)
{
    size_t total = eo_calibration_images(images, opt), size = (size_t)opt->batch_size;
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

const char *eo_calibration_input_name(enum eo_layer layer)
{
    static const char *const names[EO_LAYERS] = {"input", "pool1", "pool2"};

    return names[layer];
}

static int observe(void *ctx, enum eo_layer layer, const float *values, size_t n, struct eo_err *err)
{
    struct eo_observer *observers = ctx;

    if (eo_observer_add(&observers[layer], values, n, err))
        return eo_err_prefix(err, "calibration: '%s'", eo_calibration_input_name(layer));
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

int eo_calibration_check_model(const struct eo_model *m, struct eo_err *err)
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
    if (eo_calibration_check_model(m, err))
        return -1;
    if (!images->count)
        return eo_err_set(err, "calibration: expected at least one training image, found none");
    observers = eo_alloc(EO_LAYERS, sizeof(*observers), err);
    if (!observers)
        return -1;
    for (int l = 0; l < EO_LAYERS; l++)
        eo_observer_init(&observers[l], opt->observer, eo_backend_activation_max(opt->backend), opt->percentile);
    rc = eo_calibration_walk(m, images, opt, observe, observers, err);
    for (int l = 0; !rc && l < EO_LAYERS; l++)
        range_from(&observers[l], &cal->input[l]);
    cal->images = eo_calibration_images(images, opt);
    free(observers);
    return rc;
}
