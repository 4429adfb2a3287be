#include "stage/quant/calibrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/infer.h"
#include "nn/input.h"

struct eo_quant_options eo_quant_options_of(const struct eo_config *cfg, enum eo_precision precision,
                                            enum eo_isa isa, struct eo_pool *pool)
{
    return (struct eo_quant_options){
        .precision = precision,
        .backend = cfg->quantization_backend,
        .observer = cfg->quantization_observer,
        .percentile = cfg->observer_percentile,
        .granularity = cfg->weight_granularity,
        .bias_correction = cfg->bias_correction,
        .equalization = cfg->cross_layer_equalization,
        .rounding = cfg->rounding,
        .batch_size = cfg->batch_size,
        .batches = cfg->calibration_batches,
        .isa = isa,
        .pool = pool,
    };
}

#define GROUP 16 /* images of a task */

/* The tensors of one batch: each has size[t] values per image, image after image. */
struct batch {
    const struct eo_images *images;
    size_t first, count; /* the batch's first image, and how many */
    int classes;
    size_t plane;                    /* of a channel of the input */
    size_t size[EO_NETWORK_TENSORS]; /* 0: there is no such tensor */
    struct eo_infer_tensors values;
    int tables;
    float input[EO_INPUT_CHANNELS][256]; /* of each grey value of each channel, or one for all */
    struct eo_infer *infer[EO_POOL_MAX]; /* one per worker */
    union eo_score *scores;              /* [GROUP, classes] per worker */
};

static void batch_release(struct batch *b)
{
    for (int i = 0; i < EO_POOL_MAX; i++)
        eo_infer_free(b->infer[i]);
    for (int t = 0; t < EO_NETWORK_TENSORS; t++)
        free(b->values.tensor[t]);
    free(b->scores);
}

static int allocate_values(struct batch *b, const struct eo_network *net, size_t count, struct eo_err *err)
{
    for (int t = 0; t < EO_NETWORK_TENSORS; t++) {
        size_t n;

        if (!eo_network_has_tensor(net, t))
            continue;
        b->size[t] = eo_dims_elements(eo_network_tensor_dims(net, t));
        if (eo_size_mul(count, b->size[t], &n))
            return eo_err_set(err, "calibration: a batch of %zu images is too large", count);
        b->values.tensor[t] = eo_alloc(n, sizeof(float), err);
        if (!b->values.tensor[t])
            return -1;
    }
    return 0;
}

static int batch_init(struct batch *b, const struct eo_model *m, const struct eo_images *images, size_t count,
                      const struct eo_quant_options *opt, struct eo_err *err)
{
    size_t threads = (size_t)eo_pool_threads(opt->pool);

    memset(b, 0, sizeof(*b));
    b->images = images;
    b->classes = eo_network_classes(&m->network);
    b->plane = (size_t)m->network.input.h * (size_t)m->network.input.w;
    b->tables = eo_input_tables(m);
    for (int t = 0; t < b->tables; t++)
        eo_input_table(m, t, 0, b->input[t]);
    if (allocate_values(b, &m->network, count, err))
        return -1;
    b->scores = eo_alloc(threads * GROUP * (size_t)b->classes, sizeof(*b->scores), err);
    for (size_t i = 0; b->scores && i < threads; i++) {
        b->infer[i] = eo_infer_new(m, opt->isa, GROUP, err);
        if (!b->infer[i])
            return -1;
    }
    return b->scores ? 0 : -1;
}

static void run_group(void *ctx, int task, int worker)
{
    const struct batch *b = ctx;
    size_t at = (size_t)task * GROUP, n = b->count - at < GROUP ? b->count - at : GROUP;
    const uint8_t *pixels = b->images->pixels + (b->first + at) * b->size[0];
    struct eo_infer_tensors to = {{NULL}};

    for (int t = 0; t < EO_NETWORK_TENSORS; t++)
        to.tensor[t] = b->size[t] ? b->values.tensor[t] + at * b->size[t] : NULL;
    for (size_t i = 0; i < n * b->size[0]; i++)
        to.tensor[0][i] = b->input[b->tables > 1 ? i % b->size[0] / b->plane : 0][pixels[i]];
    eo_infer_observe(b->infer[worker], pixels, (int)n, &to,
                     b->scores + (size_t)worker * GROUP * (size_t)b->classes);
}

size_t eo_calibration_images(const struct eo_images *images, const struct eo_quant_options *opt)
{
    size_t wanted = (size_t)opt->batch_size * (size_t)opt->batches;

    return wanted < images->count ? wanted : images->count;
}

int eo_calibration_walk(const struct eo_model *m, const struct eo_images *images,
                        const struct eo_quant_options *opt, eo_calibration_visit *visit, void *ctx,
                        struct eo_err *err)
{
    size_t total = eo_calibration_images(images, opt), size = (size_t)opt->batch_size;
    struct batch b;
    int rc = batch_init(&b, m, images, size < total ? size : total, opt, err);

    for (b.first = 0; !rc && b.first < total; b.first += size) {
        b.count = total - b.first < size ? total - b.first : size;
        eo_pool_run(opt->pool, run_group, &b, (int)((b.count + GROUP - 1) / GROUP));
        for (int t = 0; !rc && t < EO_NETWORK_TENSORS; t++)
            rc = b.size[t] ? visit(ctx, t, b.values.tensor[t], b.count * b.size[t], err) : 0;
    }
    batch_release(&b);
    return rc;
}

const char *eo_calibration_name(const struct eo_network *net, int tensor, char name[EO_CALIBRATION_NAME])
{
    int layer = tensor - 1 - EO_NETWORK_LAYERS;

    if (tensor == 0)
        snprintf(name, EO_CALIBRATION_NAME, "input");
    else if (eo_network_is_smallcnn(net))
        snprintf(name, EO_CALIBRATION_NAME, "pool%d", tensor);
    else if (layer < 0)
        snprintf(name, EO_CALIBRATION_NAME, "%s", net->layer[tensor - 1].name);
    else
        snprintf(name, EO_CALIBRATION_NAME, "%s map", net->layer[layer].name);
    return name;
}

struct observers {
    const struct eo_network *network;
    struct eo_observer *of; /* [EO_NETWORK_TENSORS] */
};

static int observe(void *ctx, int tensor, const float *values, size_t n, struct eo_err *err)
{
    struct observers *o = ctx;
    char name[EO_CALIBRATION_NAME];

    if (eo_observer_add(&o->of[tensor], values, n, err))
        return eo_err_prefix(err, "calibration: '%s'", eo_calibration_name(o->network, tensor, name));
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
        return eo_err_set(err, "precision: expected an fp32 model, found %s",
                          eo_precision_name(m->precision));
    return 0;
}

int eo_calibration_run(struct eo_calibration *cal, const struct eo_model *m, const struct eo_images *images,
                       const struct eo_quant_options *opt, struct eo_err *err)
{
    struct observers o = {&m->network, NULL};
    int rc;

    memset(cal, 0, sizeof(*cal));
    if (eo_calibration_check_model(m, err))
        return -1;
    if (!images->count)
        return eo_err_set(err, "calibration: expected at least one training image, found none");
    o.of = eo_alloc(EO_NETWORK_TENSORS, sizeof(*o.of), err);
    if (!o.of)
        return -1;
    for (int t = 0; t < EO_NETWORK_TENSORS; t++) {
        if (eo_network_has_tensor(&m->network, t))
            eo_observer_init(&o.of[t], opt->observer, eo_backend_activation_max(opt->backend),
                             opt->percentile);
    }
    rc = eo_calibration_walk(m, images, opt, observe, &o, err);
    for (int t = 0; !rc && t < EO_NETWORK_TENSORS; t++) {
        if (eo_network_has_tensor(&m->network, t))
            range_from(&o.of[t], &cal->tensor[t]);
    }
    cal->images = eo_calibration_images(images, opt);
    free(o.of);
    return rc;
}
