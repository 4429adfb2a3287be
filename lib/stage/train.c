#include "stage/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fmath.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/csv.h"
#include "stage/eval.h"

#define EPOCHS_MAX 1000000000 /* of fine-tuning, in all runs of a model together */

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
    struct eo_images images; /* to train on */
    struct eo_images stop;   /* early stopping alone: what chooses the epoch */
    const struct eo_train_options *options;
    struct eo_trainer *trainer;
    struct eo_rng shuffle, augment;
    uint32_t *order;
    struct eo_view *views; /* of a batch; NULL without augmentation */
    size_t step;
    uint64_t start_ns;
    struct eo_model best; /* early stopping alone: the best weights so far, their epoch and what it reached */
    int best_epoch;
    size_t best_correct;
    double best_loss;
};

/* What an epoch's line of the log says. */
struct epoch {
    int number;
    double loss, learning_rate, seconds, stop_loss; /* losses: means */
    size_t correct, stop_correct;
};

double eo_train_learning_rate(const struct eo_config *cfg, double peak, size_t s, size_t steps, int epochs)
{
    double warm = cfg->warmup_epochs * (double)steps, end = (double)epochs * (double)steps;
    double at = (double)s;

    if (at < warm)
        return peak * fmin(1, (at + 1) / warm);
    if (cfg->learning_rate_schedule == EO_SCHEDULE_CONSTANT)
        return peak;
    return peak * ((1 + eo_cospi((at - warm) / (end - warm))) / 2);
}

struct eo_view eo_train_draw_view(const struct eo_config *cfg, struct eo_rng *rng)
{
    uint32_t places = 2 * (uint32_t)cfg->augment_shift + 1;
    struct eo_view v = {0, 0, 0};

    if (cfg->augment_shift) {
        v.dx = (int8_t)((int)eo_rng_below(rng, places) - cfg->augment_shift);
        v.dy = (int8_t)((int)eo_rng_below(rng, places) - cfg->augment_shift);
    }
    if (cfg->augment_flip)
        v.mirrored = (uint8_t)eo_rng_below(rng, 2);
    return v;
}

static void report(const struct run *r, int epoch, size_t seen, double loss)
{
    struct eo_train_progress p;
    size_t images = r->images.count;

    if (!r->options->progress)
        return;
    p = (struct eo_train_progress){
        .epoch = epoch,
        .epochs = r->options->epochs,
        .done = (size_t)(epoch - 1) * images + seen,
        .total = (size_t)r->options->epochs * images,
        .loss = loss / (double)seen,
        .seconds = (double)(eo_clock_now_ns() - r->start_ns) * 1e-9,
        .best_epoch = r->best_epoch,
        .best_accuracy = r->best_epoch ? (double)r->best_correct / (double)r->stop.count : 0,
    };
    r->options->progress(r->options->progress_ctx, &p);
}

static int train_epoch(struct run *r, struct epoch *e, struct eo_err *err)
{
    const struct eo_images *images = &r->images;
    size_t n = images->count, size = (size_t)r->cfg->batch_size, steps = (n + size - 1) / size, i;
    struct eo_batch batch = {.pixels = images->pixels, .labels = images->labels, .views = r->views};
    uint64_t start_ns = eo_clock_now_ns(), correct = 0;
    double loss = 0;
    int k;

    for (i = 0; i < n; i++)
        r->order[i] = (uint32_t)i;
    eo_rng_shuffle(&r->shuffle, r->order, (uint32_t)n);
    for (i = 0; i < n; i += size) {
        batch.index = r->order + i;
        batch.n = (int)(n - i < size ? n - i : size);
        for (k = 0; r->views && k < batch.n; k++)
            r->views[k] = eo_train_draw_view(r->cfg, &r->augment);
        e->learning_rate =
            eo_train_learning_rate(r->cfg, r->options->learning_rate, r->step++, steps, r->options->epochs);
        eo_trainer_step(r->trainer, &batch, e->learning_rate, &loss, &correct);
        report(r, e->number, i + (size_t)batch.n, loss);
    }
    e->seconds = (double)(eo_clock_now_ns() - start_ns) * 1e-9;
    e->loss = loss / (double)n;
    e->correct = correct;
    if (!isfinite(loss))
        return eo_err_set(err, "training diverged: the loss of epoch %d is not finite; try a smaller learning_rate",
                          e->number);
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

static double mean_loss(const struct eo_eval *eval)
{
    double sum = 0;
    size_t i;

    for (i = 0; i < eval->images.count; i++)
        sum += eo_cross_entropy(eval->logits + i * EO_CLASSES, eval->images.labels[i], 0, NULL);
    return sum / (double)eval->images.count;
}

/* Weights change hands, metadata stay. */
static void swap_weights(struct eo_model *a, struct eo_model *b)
{
    struct eo_model t = *a;

    memcpy(a->layer, b->layer, sizeof(a->layer));
    a->storage = b->storage;
    memcpy(b->layer, t.layer, sizeof(b->layer));
    b->storage = t.storage;
}

/* The images that choose the epoch, seen by the model as it will be used. */
static int evaluate(const struct run *r, const struct eo_model *m, struct eo_eval *eval, struct eo_err *err)
{
    const struct eo_train_simulation *simulation = r->options->simulation;
    struct eo_model q = {0};
    int rc = -1;

    if (!simulation || !simulation->convert(simulation->ctx, m, &q, err))
        rc = eo_eval_run(eval, simulation ? &q : m, &r->stop, r->options->isa,
                         eo_pool_threads(r->options->pool), err);
    eo_model_release(&q);
    return rc;
}

/* Looks at the images that choose the epoch, and keeps the weights if they are the best so far. `m` is scratch. */
static int judge_epoch(struct run *r, struct epoch *e, struct eo_model *m, struct eo_err *err)
{
    struct eo_eval eval;

    eo_trainer_export(r->trainer, m);
    if (check_weights(m, err) || evaluate(r, m, &eval, err))
        return -1;
    e->stop_correct = eval.correct;
    e->stop_loss = mean_loss(&eval);
    eo_eval_release(&eval);
    if (r->best_epoch && (e->stop_correct < r->best_correct ||
                          (e->stop_correct == r->best_correct && e->stop_loss >= r->best_loss)))
        return 0;
    r->best_epoch = e->number;
    r->best_correct = e->stop_correct;
    r->best_loss = e->stop_loss;
    swap_weights(m, &r->best);
    return 0;
}

static void put_epoch(const struct run *r, const struct epoch *e, struct eo_buf *log)
{
    double n = (double)r->images.count;

    eo_csv_put_int(log, e->number, ',');
    eo_csv_put_double(log, e->loss, ',');
    eo_csv_put_double(log, (double)e->correct / n, ',');
    eo_csv_put_double(log, e->learning_rate, ',');
    if (r->cfg->early_stopping) {
        eo_csv_put_double(log, (double)e->stop_correct / (double)r->stop.count, ',');
        eo_csv_put_double(log, e->stop_loss, ',');
    } else {
        eo_buf_puts(log, ",,");
    }
    eo_buf_printf(log, "%.6f,%.1f\n", e->seconds, n / e->seconds);
}

static int run_epochs(struct run *r, struct eo_model *m, struct eo_train_result *result, struct eo_buf *log,
                      struct eo_err *err)
{
    int patience = r->cfg->early_stopping;
    struct epoch e = {0};

    if (log)
        eo_buf_puts(log, "epoch,loss,accuracy,learning_rate,stop_accuracy,stop_loss,seconds,images_per_s\n");
    while (e.number < r->options->epochs && (!patience || e.number < r->best_epoch + patience)) {
        e.number++;
        if (train_epoch(r, &e, err) || (patience && judge_epoch(r, &e, m, err)))
            return -1;
        if (log)
            put_epoch(r, &e, log);
    }
    *result = (struct eo_train_result){e.number, r->best_epoch};
    if (patience)
        swap_weights(m, &r->best);
    else
        eo_trainer_export(r->trainer, m);
    return check_weights(m, err);
}

static int begin_run(struct run *r, int seed_index, const struct eo_model *m, struct eo_err *err)
{
    const struct eo_train_simulation *simulation = r->options->simulation;
    const struct eo_config *cfg = r->cfg;
    uint64_t seed = eo_config_dataloader_seed(cfg, seed_index);
    struct eo_trainer_options options = {.isa = r->options->isa,
                                         .pool = r->options->pool,
                                         .max_batch = cfg->batch_size,
                                         .weight_decay = cfg->weight_decay,
                                         .label_smoothing = cfg->label_smoothing};

    r->order = eo_alloc(r->images.count, sizeof(*r->order), err);
    if (!r->order)
        return -1;
    if (cfg->augment_shift || cfg->augment_flip) {
        r->views = eo_alloc((size_t)cfg->batch_size, sizeof(*r->views), err);
        if (!r->views)
            return -1;
    }
    if (cfg->early_stopping && eo_model_init(&r->best, EO_FP32, m->shape, err))
        return -1;
    r->trainer = eo_trainer_new(m, &options, err);
    if (!r->trainer || (simulation && eo_trainer_simulate_int8(r->trainer, simulation->start,
                                                               simulation->is_per_tensor, err)))
        return -1;
    eo_rng_init(&r->shuffle, seed, EO_RNG_SHUFFLE);
    eo_rng_init(&r->augment, seed, EO_RNG_AUGMENT);
    r->start_ns = eo_clock_now_ns();
    return 0;
}

void eo_train_divide(const struct eo_images *all, struct eo_images *train, struct eo_images *stop)
{
    size_t tenth = all->count / 10, held = tenth ? tenth : 1, kept = all->count - held;

    *train = (struct eo_images){all->pixels, all->labels, kept};
    *stop = (struct eo_images){all->pixels + kept * EO_IMAGE_PIXELS, all->labels + kept, held};
}

int eo_train_run(const struct eo_config *cfg, int seed_index, const struct eo_split *split,
                 const struct eo_train_options *options, struct eo_model *m, struct eo_train_result *result,
                 struct eo_buf *log, struct eo_err *err)
{
    struct run r = {.cfg = cfg, .images = split->train, .options = options};
    size_t images = split->train.count, least = cfg->early_stopping ? 2 : 1;
    int rc;

    if (images < least || images > UINT32_MAX)
        return eo_err_set(err, "training: expected %zu..%u images, found %zu", least, UINT32_MAX, images);
    if (cfg->early_stopping)
        eo_train_divide(&split->train, &r.images, &r.stop);
    rc = begin_run(&r, seed_index, m, err) ? -1 : run_epochs(&r, m, result, log, err);
    eo_trainer_free(r.trainer);
    eo_model_release(&r.best);
    free(r.views);
    free(r.order);
    return rc;
}

int eo_train_epochs_before(const struct eo_model *m, int64_t *epochs, struct eo_err *err)
{
    const char *text = eo_model_meta_get(m, "fine_tune_epochs");

    *epochs = 0;
    if (text && eo_num_parse_i64(text, 0, EPOCHS_MAX, epochs, err))
        return eo_err_prefix(err, "metadata 'fine_tune_epochs'");
    return 0;
}

int eo_train_describe(struct eo_model *m, const struct eo_train_result *result, int fine_tuning, struct eo_err *err)
{
    char text[24];
    int64_t epochs;

    snprintf(text, sizeof(text), "%d", result->best_epoch);
    if (result->epochs && eo_model_meta_set(m, "best_epoch", result->best_epoch ? text : NULL, err))
        return -1;
    if (!fine_tuning)
        return 0;
    if (eo_train_epochs_before(m, &epochs, err))
        return -1;
    epochs += result->epochs;
    snprintf(text, sizeof(text), "%" PRId64, epochs < EPOCHS_MAX ? epochs : EPOCHS_MAX);
    return eo_model_meta_set(m, "fine_tune_epochs", text, err);
}
