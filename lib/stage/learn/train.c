#include "stage/learn/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/clock.h"
#include "base/fmath.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/csv.h"
#include "nn/input.h"
#include "nn/loss.h"
#include "nn/network_fit.h"
#include "stage/learn/eval.h"
#include "stage/learn/teacher.h"

#define EPOCHS_MAX 1000000000 /* of fine-tuning, in all runs of a model together */

static void draw_uniform(struct eo_rng *rng, float *w, size_t n, float bound)
{
    for (size_t i = 0; i < n; i++)
        w[i] = (2 * eo_rng_f32(rng) - 1) * bound;
}

int eo_train_input(const struct eo_config *cfg, int channels, struct eo_input *in, struct eo_err *err)
{
    static const char *const names[] = {"key 'input_mean'", "key 'input_std'"};
    const double half = 0.5;
    int means = cfg->input_mean_count, stds = cfg->input_std_count;

    return eo_input_make(in, means ? cfg->input_mean : &half, means ? means : 1, stds ? cfg->input_std : &half,
                         stds ? stds : 1, channels, names, err);
}

int eo_train_set_input(struct eo_model *m, const struct eo_config *cfg, struct eo_err *err)
{
    struct eo_input in;

    return eo_train_input(cfg, m->network.input.c, &in, err) || eo_input_set(m, &in, err) ? -1 : 0;
}

int eo_train_network(const struct eo_config *cfg, struct eo_dims input, int classes, struct eo_network *net,
                     struct eo_err *err)
{
    int is_smallcnn = strcmp(cfg->model, "smallcnn") == 0;
    struct eo_network_wish wish = {cfg->model, cfg->width, input, classes};
    char layers[200];

    if (is_smallcnn) {
        snprintf(layers, sizeof(layers),
                 "conv1: conv %d 3x3 pad 1 relu max 2x2; conv2: conv %d 3x3 pad 1 relu max 2x2; classifier: "
                 "linear classes",
                 cfg->conv1_channels, cfg->conv2_channels);
        wish.layers = layers;
        if (input.c == 1 && input.h == EO_IMAGE_SIDE && input.w == EO_IMAGE_SIDE && classes < EO_CLASSES)
            wish.classes = EO_CLASSES;
    }
    if (!eo_network_fit(net, &wish, err))
        return 0;
    wish.input = (struct eo_dims){0, 0, 0};
    if (eo_network_preset_text(cfg->model) && input.c && !eo_network_fit(net, &wish, NULL))
        (void)eo_err_prefix(err, "%s%s does not fit images of %dx%dx%d, so name another network", cfg->model,
                            is_smallcnn ? " (the default)" : "", input.c, input.h, input.w);
    return eo_err_prefix(err, "key 'model'");
}

int eo_train_init_model(const struct eo_config *cfg, int seed_index, const struct eo_network *net,
                        struct eo_model *m, struct eo_err *err)
{
    struct eo_network own;
    struct eo_rng rng;

    if (!net &&
        eo_train_network(cfg, (struct eo_dims){1, EO_IMAGE_SIDE, EO_IMAGE_SIDE}, EO_CLASSES, &own, err))
        return -1;
    net = net ? net : &own;
    if (eo_model_init_network(m, EO_FP32, net, err))
        return -1;
    eo_rng_init(&rng, cfg->seeds[seed_index], EO_RNG_INIT);
    for (int i = 0; i < net->count; i++) {
        const struct eo_network_layer *l = &net->layer[i];
        float bound = 1.0f / sqrtf((float)eo_network_terms(l));

        draw_uniform(&rng, m->layer[i].weight.f32, eo_network_weights(l), bound);
        if (!l->batch_norm)
            draw_uniform(&rng, m->layer[i].bias.f32, (size_t)l->map.c, bound);
    }
    if (eo_model_meta_set(m, "pruning_level", "0.00", err) || eo_train_set_input(m, cfg, err)) {
        eo_model_release(m);
        return -1;
    }
    return 0;
}

/* A run in progress. */
struct run {
    const struct eo_config *cfg;
    struct eo_images images; /* to train on */
    struct eo_images stop;   /* early stopping alone: choose the epoch */
    const struct eo_train_options *options;
    struct eo_trainer *trainer;
    struct eo_teacher *teacher; /* NULL: none */
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

/* A line of the log. */
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

    for (i = 0; i < n; i++)
        r->order[i] = (uint32_t)i;
    eo_rng_shuffle(&r->shuffle, r->order, (uint32_t)n);
    for (i = 0; i < n; i += size) {
        batch.index = r->order + i;
        batch.n = (int)(n - i < size ? n - i : size);
        for (int k = 0; r->views && k < batch.n; k++)
            r->views[k] = eo_train_draw_view(r->cfg, &r->augment);
        e->learning_rate =
            eo_train_learning_rate(r->cfg, r->options->learning_rate, r->step++, steps, r->options->epochs);
        if (r->teacher)
            batch.teacher = eo_teacher_ask(r->teacher, &batch);
        eo_trainer_step(r->trainer, &batch, e->learning_rate, &loss, &correct);
        report(r, e->number, i + (size_t)batch.n, loss);
    }
    e->seconds = (double)(eo_clock_now_ns() - start_ns) * 1e-9;
    e->loss = loss / (double)n;
    e->correct = correct;
    if (!isfinite(loss))
        return eo_err_set(
            err, "training diverged: the loss of epoch %d is not finite; try a smaller learning_rate",
            e->number);
    return 0;
}

static int all_finite(const float *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(w[i]))
            return 0;
    }
    return 1;
}

/* The loss was computed before the last update, which may have overflowed. */
static int check_weights(const struct eo_model *m, struct eo_err *err)
{
    for (int i = 0; i < m->network.count; i++) {
        const struct eo_network_layer *n = &m->network.layer[i];
        const struct eo_model_layer *l = &m->layer[i];
        size_t outputs = (size_t)n->map.c, norms = n->batch_norm ? outputs : 0;

        if (!all_finite(l->weight.f32, eo_network_weights(n)) || !all_finite(l->bias.f32, outputs) ||
            !all_finite(l->norm_scale, norms) || !all_finite(l->norm_mean, norms) ||
            !all_finite(l->norm_variance, norms))
            return eo_err_set(
                err, "training diverged: a weight of '%s' is not finite; try a smaller learning_rate",
                n->name);
    }
    return 0;
}

static double mean_loss(const struct eo_eval *eval)
{
    double sum = 0;

    for (size_t i = 0; i < eval->images.count; i++)
        sum += eo_cross_entropy(eval->logits + i * (size_t)eval->classes, eval->classes,
                                eval->images.labels[i], 0, NULL);
    return sum / (double)eval->images.count;
}

/* Swaps the weights and keeps the metadata. */
static void swap_weights(struct eo_model *a, struct eo_model *b)
{
    struct eo_model t = *a;

    memcpy(a->layer, b->layer, sizeof(a->layer));
    a->storage = b->storage;
    memcpy(b->layer, t.layer, sizeof(b->layer));
    b->storage = t.storage;
}

/* Evaluates the model as it will be used on the images that choose the epoch. */
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

/* Evaluates the epoch and keeps the weights if they are the best so far. `m` is scratch. */
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
                                         .label_smoothing = cfg->label_smoothing,
                                         .temperature = cfg->distillation_temperature,
                                         .teacher_weight = cfg->distillation_weight};

    r->order = eo_alloc(r->images.count, sizeof(*r->order), err);
    if (!r->order)
        return -1;
    if (cfg->augment_shift || cfg->augment_flip) {
        r->views = eo_alloc((size_t)cfg->batch_size, sizeof(*r->views), err);
        if (!r->views)
            return -1;
    }
    if (cfg->early_stopping && eo_model_init_network(&r->best, EO_FP32, &m->network, err))
        return -1;
    r->trainer = eo_trainer_new(m, &options, err);
    if (r->options->teacher) {
        r->teacher = eo_teacher_new(&r->options->teacher->model, cfg->batch_size, r->options->isa, r->options->pool,
                                    err);
        if (!r->teacher)
            return -1;
    }
    if (!r->trainer || (simulation && eo_trainer_simulate_int8(r->trainer, simulation->start,
                                                               simulation->is_per_tensor, err)))
        return -1;
    eo_rng_init(&r->shuffle, seed, EO_RNG_SHUFFLE);
    eo_rng_init(&r->augment, seed, EO_RNG_AUGMENT);
    r->start_ns = eo_clock_now_ns();
    return 0;
}

void eo_train_divide(const struct eo_images *all, struct eo_dims dims, struct eo_images *train,
                     struct eo_images *stop)
{
    size_t tenth = all->count / 10, held = tenth ? tenth : 1, kept = all->count - held;

    *train = (struct eo_images){all->pixels, all->labels, kept};
    *stop = (struct eo_images){all->pixels + kept * eo_dims_elements(dims), all->labels + kept, held};
}

int eo_train_run(const struct eo_config *cfg, int seed_index, const struct eo_split *split,
                 const struct eo_train_options *options, struct eo_model *m, struct eo_train_result *result,
                 struct eo_buf *log, struct eo_err *err)
{
    struct run r = {.cfg = cfg, .images = split->train, .options = options};
    size_t images = split->train.count, least = cfg->early_stopping ? 2 : 1;
    int rc;

    if (log)
        eo_buf_puts(log, "epoch,loss,accuracy,learning_rate,stop_accuracy,stop_loss,seconds,images_per_s\n");
    *result = (struct eo_train_result){0, 0};
    if (options->epochs == 0)
        return 0;
    if (images < least || images > UINT32_MAX)
        return eo_err_set(err, "training: expected %zu..%u images, found %zu", least, UINT32_MAX, images);
    if (cfg->early_stopping)
        eo_train_divide(&split->train, m->network.input, &r.images, &r.stop);
    rc = begin_run(&r, seed_index, m, err) ? -1 : run_epochs(&r, m, result, log, err);
    if (!rc && options->teacher)
        rc = eo_model_meta_set(m, "teacher_sha256", options->teacher->sha256, err);
    eo_trainer_free(r.trainer);
    eo_teacher_free(r.teacher);
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

int eo_train_describe(struct eo_model *m, const struct eo_train_result *result, int fine_tuning,
                      struct eo_err *err)
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

int eo_train_describe_inputs(struct eo_model *m, const struct eo_config *cfg, const struct eo_dataset *ds,
                             int fine_tuning, struct eo_err *err)
{
    enum eo_config_stage stage = fine_tuning ? EO_STAGE_FINETUNE : EO_STAGE_TRAIN;
    char slice[EO_SHA256_TEXT], seed[24];

    snprintf(seed, sizeof(seed), "%" PRIu64, cfg->seeds[0]);
    return eo_config_slice_sha256(cfg, stage, 0, slice, err) || eo_model_meta_set(m, "seed", seed, err) ||
                   eo_model_meta_set(m, "dataset", ds->name, err) ||
                   eo_model_meta_set(m, "dataset_sha256", ds->train_sha256, err) ||
                   eo_model_meta_set(m, fine_tuning ? "finetune_sha256" : "train_sha256", slice, err)
               ? -1
               : 0;
}
