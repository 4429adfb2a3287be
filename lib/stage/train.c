#include "stage/train.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "format/csv.h"
#include "nn/trainer.h"

static void draw_uniform(struct eo_rng *rng, float *w, size_t n, float bound)
{
    size_t i;

    for (i = 0; i < n; i++)
        w[i] = (2 * eo_rng_f32(rng) - 1) * bound;
}

int eo_train_init_model(const struct eo_config *cfg, int seed_index, struct eo_model *m, struct eo_err *err)
{
    struct eo_shape shape = {cfg->conv1_channels, cfg->conv2_channels};
    struct eo_rng rng;
    int i;

    if (eo_model_init(m, EO_FP32, shape, err))
        return -1;
    eo_rng_init(&rng, cfg->seeds[seed_index], EO_RNG_INIT);
    for (i = 0; i < EO_LAYERS; i++) {
        enum eo_layer layer = (enum eo_layer)i;
        float bound = 1.0f / sqrtf((float)eo_shape_terms(&shape, layer));

        draw_uniform(&rng, m->layer[i].weight.f32, eo_shape_weights(&shape, layer), bound);
        draw_uniform(&rng, m->layer[i].bias.f32, (size_t)eo_shape_outputs(&shape, layer), bound);
    }
    return 0;
}

/* A run in progress. */
struct run {
    const struct eo_config *cfg;
    const struct eo_images *images;
    const struct eo_train_options *options;
    struct eo_trainer *trainer;
    struct eo_rng shuffle;
    uint32_t *order;
    uint64_t start_ns;
};

static void report(const struct run *r, int epoch, size_t seen, double loss)
{
    struct eo_train_progress p;

    if (!r->options->progress)
        return;
    p = (struct eo_train_progress){
        .epoch = epoch,
        .epochs = r->options->epochs,
        .done = (size_t)(epoch - 1) * r->images->count + seen,
        .total = (size_t)r->options->epochs * r->images->count,
        .loss = loss / (double)seen,
        .seconds = (double)(eo_clock_now_ns() - r->start_ns) * 1e-9,
    };
    r->options->progress(r->options->progress_ctx, &p);
}

static int train_epoch(struct run *r, int epoch, struct eo_buf *log, struct eo_err *err)
{
    size_t n = r->images->count, batch = (size_t)r->cfg->batch_size, i;
    uint64_t start_ns = eo_clock_now_ns();
    double loss = 0, seconds;
    uint64_t correct = 0;

    for (i = 0; i < n; i++)
        r->order[i] = (uint32_t)i;
    eo_rng_shuffle(&r->shuffle, r->order, (uint32_t)n);
    for (i = 0; i < n; i += batch) {
        size_t k = n - i < batch ? n - i : batch;

        struct eo_batch b = {
            .pixels = r->images->pixels, .labels = r->images->labels, .index = r->order + i, .n = (int)k};

        eo_trainer_step(r->trainer, &b, r->cfg->learning_rate, &loss, &correct);
        report(r, epoch, i + k, loss);
    }
    if (!isfinite(loss))
        return eo_err_set(err, "training diverged: the loss of epoch %d is not finite; try a smaller learning_rate",
                          epoch);
    seconds = (double)(eo_clock_now_ns() - start_ns) * 1e-9;
    if (log) {
        eo_csv_put_int(log, epoch, ',');
        eo_csv_put_double(log, loss / (double)n, ',');
        eo_csv_put_double(log, (double)correct / (double)n, ',');
        eo_buf_printf(log, "%.6f,%.1f\n", seconds, (double)n / seconds);
    }
    return 0;
}

static int all_finite(const float *w, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (!isfinite(w[i]))
            return 0;
    }
    return 1;
}

/* The last update may have left what the last loss did not yet show. */
static int check_weights(const struct eo_model *m, struct eo_err *err)
{
    int l;

    for (l = 0; l < EO_LAYERS; l++) {
        enum eo_layer layer = (enum eo_layer)l;

        if (!all_finite(m->layer[l].weight.f32, eo_shape_weights(&m->shape, layer)) ||
            !all_finite(m->layer[l].bias.f32, (size_t)eo_shape_outputs(&m->shape, layer)))
            return eo_err_set(err, "training diverged: a weight of '%s' is not finite; try a smaller learning_rate",
                              eo_layer_name(layer));
    }
    return 0;
}

int eo_train_run(const struct eo_config *cfg, int seed_index, const struct eo_images *images,
                 const struct eo_train_options *options, struct eo_model *m, struct eo_buf *log, struct eo_err *err)
{
    struct run r = {.cfg = cfg, .images = images, .options = options};
    struct eo_trainer_options to;
    int rc = -1, epoch;

    if (images->count == 0 || images->count > UINT32_MAX)
        return eo_err_set(err, "training: expected 1..%u images, found %zu", UINT32_MAX, images->count);
    r.order = eo_alloc(images->count, sizeof(*r.order), err);
    if (!r.order)
        return -1;
    to = (struct eo_trainer_options){.isa = options->isa,
                                     .pool = options->pool,
                                     .max_batch = cfg->batch_size,
                                     .weight_decay = cfg->weight_decay,
                                     .label_smoothing = cfg->label_smoothing};
    r.trainer = eo_trainer_new(m, &to, err);
    if (!r.trainer)
        goto out;
    eo_rng_init(&r.shuffle, eo_config_dataloader_seed(cfg, seed_index), EO_RNG_SHUFFLE);
    r.start_ns = eo_clock_now_ns();
    if (log)
        eo_buf_puts(log, "epoch,loss,accuracy,seconds,images_per_s\n");
    for (epoch = 1; epoch <= options->epochs; epoch++) {
        if (train_epoch(&r, epoch, log, err))
            goto out;
    }
    eo_trainer_export(r.trainer, m);
    rc = check_weights(m, err);
out:
    eo_trainer_free(r.trainer);
    free(r.order);
    return rc;
}
