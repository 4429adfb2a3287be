#include "tests/perf/ours.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "nn/trainer.h"
#include "stage/bench/engine.h"
#include "tests/perf/layers.h"
#include "tests/unit/random_model.h"

#define TRAIN_IMAGES 12000
#define EVALUATE_THREADS 2
#define SLOW_ROUNDS 3 /* of the generic kernels */

/* ---- costs ---------------------------------------------------------------------------------------------------- */

static size_t layer_macs(const struct eo_shape *s, enum eo_smallcnn_layer layer)
{
    size_t pixels = layer == EO_CONV1 ? 784 : layer == EO_CONV2 ? 196 : 1;

    return pixels * eo_shape_weights(s, layer);
}

double perf_macs(const struct eo_shape *s)
{
    double sum = 0;

    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        sum += (double)layer_macs(s, (enum eo_smallcnn_layer)l);
    return sum;
}

double perf_train_macs(const struct eo_shape *s)
{
    double conv1 = (double)layer_macs(s, EO_CONV1), conv2 = (double)layer_macs(s, EO_CONV2);
    double classifier = (double)layer_macs(s, EO_CLASSIFIER);

    return conv1 * 1.25 + conv2 * 1.5 + classifier * 3;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static int same(const char *wanted, const char *found)
{
    return !wanted || strcmp(wanted, found) == 0;
}

static int is_chosen(const struct perf_choice *c, const struct perf_row *row)
{
    return same(c->operation, row->operation) && same(c->who, row->who) &&
           same(c->precision, eo_precision_name(row->precision)) && (!c->batch || c->batch == row->batch);
}

int perf_rows_add(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_row *labels,
                  struct perf_row **added, struct eo_err *err)
{
    struct perf_row *more;

    *added = NULL;
    if (!is_chosen(choice, labels))
        return 0;
    more = realloc(rows->list, (size_t)(rows->count + 1) * sizeof(*more));
    if (!more)
        return eo_err_set(err, "out of memory");
    rows->list = more;
    *added = &rows->list[rows->count++];
    **added = *labels;
    if (!labels->rounds)
        (*added)->rounds = choice->rounds;
    for (int i = 0; i < PERF_ROUNDS_MAX; i++)
        (*added)->round_us[i] = NAN;
    return 0;
}

void perf_rows_release(struct perf_rows *rows)
{
    for (int i = 0; i < rows->count; i++) {
        if (rows->list[i].release)
            rows->list[i].release(rows->list[i].ctx);
        free(rows->list[i].us);
    }
    free(rows->list);
    *rows = (struct perf_rows){0};
}

const struct perf_row *perf_rows_find(const struct perf_rows *rows, const char *operation, const char *who,
                                      enum eo_precision precision, int batch, int threads, double level)
{
    for (int i = 0; i < rows->count; i++) {
        const struct perf_row *r = &rows->list[i];

        if (same(operation, r->operation) && same(who, r->who) && batch == r->batch &&
            threads == r->threads && level == r->level &&
            (precision == r->precision || strcmp(operation, "train") == 0))
            return r;
    }
    return NULL;
}

static int rounds_of(enum eo_isa isa, const struct perf_choice *choice)
{
    return isa == EO_ISA_GENERIC && choice->rounds > SLOW_ROUNDS ? SLOW_ROUNDS : choice->rounds;
}

static perf_take_fn *take_of(enum eo_isa isa)
{
    return isa == EO_ISA_GENERIC ? perf_take_slow : perf_take_calls;
}

/* ---- inference ----------------------------------------------------------------------------------------------- */

static void infer_call(void *ctx, int batch)
{
    struct eo_bench_subject subject = eo_bench_engine_subject(ctx);

    subject.call(subject.ctx, batch);
}

static void infer_release(void *ctx)
{
    eo_bench_engine_free(ctx);
}

static int add_engine(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_row *labels,
                      enum eo_isa isa, const struct eo_images *images, struct eo_err *err)
{
    struct eo_bench_engine *engine;
    struct perf_row *row;
    struct eo_model m;

    if (perf_rows_add(rows, choice, labels, &row, err))
        return -1;
    if (!row)
        return 0;
    random_model(&m, row->precision, row->shape.c1, row->shape.c2, 11);
    engine = eo_bench_engine_new(&m, images, isa, row->threads, PERF_BATCH, err);
    random_model_release(&m);
    if (!engine)
        return -1;
    row->call = infer_call;
    row->ctx = engine;
    row->release = infer_release;
    snprintf(row->kernel, sizeof(row->kernel), "%s", eo_bench_engine_kernel(engine));
    return 0;
}

/* Batches on 1 and on all threads, and a single image, which one thread alone can work on. */
static int add_infer_level(struct perf_rows *rows, const struct perf_choice *choice, struct perf_row *labels,
                           enum eo_isa isa, const struct eo_images *images, struct eo_err *err)
{
    labels->batch = PERF_BATCH;
    labels->threads = 1;
    if (add_engine(rows, choice, labels, isa, images, err))
        return -1;
    labels->threads = choice->threads;
    if (choice->threads > 1 && isa != EO_ISA_GENERIC && add_engine(rows, choice, labels, isa, images, err))
        return -1;
    labels->batch = 1;
    labels->threads = 1;
    return add_engine(rows, choice, labels, isa, images, err);
}

int perf_add_infer(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_peaks *peaks,
                   enum eo_isa isa, const struct eo_images *images, struct eo_err *err)
{
    for (int p = 0; p < EO_PRECISION_COUNT; p++) {
        for (int l = 0; l < choice->levels; l++) {
            struct perf_row labels = {
                .operation = "infer",
                .who = eo_isa_name(isa),
                .precision = (enum eo_precision)p,
                .level = choice->level[l],
                .shape = choice->shape[l],
                .macs = perf_macs(&choice->shape[l]),
                .peak = perf_peaks_find(peaks, isa, (enum eo_precision)p),
                .rounds = rounds_of(isa, choice),
                .take = take_of(isa),
            };

            if (add_infer_level(rows, choice, &labels, isa, images, err))
                return -1;
        }
    }
    return 0;
}

/* ---- its parts ----------------------------------------------------------------------------------------------- */

struct part {
    const struct perf_layers *layers;
    void *state;
    enum perf_part part;
    uint8_t *pixels; /* [PERF_BATCH, 784] */
};

static void part_call(void *ctx, int batch)
{
    struct part *p = ctx;

    if (batch == 1)
        p->layers->single[p->part](p->state, p->pixels);
    for (int i = 0; batch > 1 && i < batch; i += p->layers->lanes)
        p->layers->batch[p->part](p->state, p->pixels + (size_t)i * EO_IMAGE_PIXELS);
}

static void part_release(void *ctx)
{
    struct part *p = ctx;

    if (p->state)
        p->layers->release(p->state);
    free(p->pixels);
    free(p);
}

static struct part *part_new(const struct perf_row *row, const struct perf_layers *layers,
                             enum perf_part which, const struct eo_images *images, struct eo_err *err)
{
    static union eo_score scores[PERF_BATCH * EO_CLASSES];
    struct part *p = eo_alloc(1, sizeof(*p), err);
    struct eo_model m;

    if (!p)
        return NULL;
    p->layers = layers;
    p->part = which;
    p->pixels = eo_alloc(PERF_BATCH, EO_IMAGE_PIXELS, err);
    random_model(&m, row->precision, row->shape.c1, row->shape.c2, 11);
    p->state = p->pixels ? layers->prepare(&m, PERF_BATCH, err) : NULL;
    random_model_release(&m);
    if (!p->state) {
        part_release(p);
        return NULL;
    }
    for (size_t i = 0; i < PERF_BATCH; i++)
        memcpy(p->pixels + i * EO_IMAGE_PIXELS, images->pixels + i % images->count * EO_IMAGE_PIXELS,
               EO_IMAGE_PIXELS);
    layers->run(p->state, p->pixels, row->batch, scores); /* so that every part finds its input */
    return p;
}

static int add_part(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_row *labels,
                    const struct perf_layers *layers, enum perf_part part, const struct eo_images *images,
                    struct eo_err *err)
{
    struct perf_row *row;

    if (perf_rows_add(rows, choice, labels, &row, err))
        return -1;
    if (!row)
        return 0;
    row->call = part_call;
    row->ctx = part_new(row, layers, part, images, err);
    row->release = row->ctx ? part_release : NULL;
    snprintf(row->kernel, sizeof(row->kernel), "%s-%s", eo_precision_name(row->precision), row->who);
    return row->ctx ? 0 : -1;
}

int perf_add_layers(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_peaks *peaks,
                    enum eo_isa isa, const struct eo_images *images, struct eo_err *err)
{
    static const char *const names[PERF_PARTS] = {"input", "conv1", "conv2", "classifier"};

    for (int i = 0; i < EO_PRECISION_COUNT * 2 * PERF_PARTS; i++) {
        enum perf_part part = (enum perf_part)(i % PERF_PARTS);
        enum eo_precision precision = (enum eo_precision)(i / (2 * PERF_PARTS));
        const struct perf_layers *layers = perf_layers_get(isa, precision);
        struct perf_row labels = {
            .operation = names[part],
            .who = eo_isa_name(isa),
            .precision = precision,
            .batch = i / PERF_PARTS % 2 ? 1 : PERF_BATCH,
            .threads = 1,
            .level = choice->level[0],
            .shape = choice->shape[0],
            .peak = part == PERF_INPUT ? -1 : perf_peaks_find(peaks, isa, precision),
            .take = perf_take_calls,
        };

        if (part != PERF_INPUT)
            labels.macs = (double)layer_macs(&labels.shape, (enum eo_smallcnn_layer)(part - PERF_CONV1));
        if (layers && add_part(rows, choice, &labels, layers, part, images, err))
            return -1;
    }
    return 0;
}

/* ---- training ------------------------------------------------------------------------------------------------ */

struct training {
    struct eo_pool *pool;
    struct eo_trainer *trainer;
    const struct eo_images *images;
    struct eo_rng rng;
    uint32_t *order, count, next;
    double loss;
    uint64_t correct;
};

static void train_call(void *ctx, int batch)
{
    struct training *t = ctx;
    struct eo_batch b = {.pixels = t->images->pixels, .labels = t->images->labels, .n = batch};

    if (t->next + (uint32_t)batch > t->count) {
        eo_rng_shuffle(&t->rng, t->order, t->count);
        t->next = 0;
    }
    b.index = t->order + t->next;
    eo_trainer_step(t->trainer, &b, 1e-3, &t->loss, &t->correct);
    t->next += (uint32_t)batch;
}

static void train_release(void *ctx)
{
    struct training *t = ctx;

    eo_trainer_free(t->trainer);
    eo_pool_free(t->pool);
    free(t->order);
    free(t);
}

static struct training *training_new(const struct perf_row *row, enum eo_isa isa,
                                     const struct eo_images *images, struct eo_err *err)
{
    struct training *t = eo_alloc(1, sizeof(*t), err);
    struct eo_trainer_options options;
    struct eo_model m;

    if (!t)
        return NULL;
    t->images = images;
    t->count = images->count < TRAIN_IMAGES ? (uint32_t)images->count : TRAIN_IMAGES;
    t->next = t->count; /* shuffle first */
    eo_rng_init(&t->rng, 7, EO_RNG_SHUFFLE);
    t->order = eo_alloc(t->count, sizeof(*t->order), err);
    t->pool = t->order ? eo_pool_new(row->threads, err) : NULL;
    random_model(&m, EO_FP32, row->shape.c1, row->shape.c2, 11);
    options = (struct eo_trainer_options){.isa = isa, .pool = t->pool, .max_batch = row->batch};
    t->trainer = t->pool ? eo_trainer_new(&m, &options, err) : NULL;
    random_model_release(&m);
    if (!t->trainer) {
        train_release(t);
        return NULL;
    }
    for (uint32_t i = 0; i < t->count; i++)
        t->order[i] = i;
    return t;
}

static int add_trainer(struct perf_rows *rows, const struct perf_choice *choice,
                       const struct perf_row *labels, enum eo_isa isa, const struct eo_images *images,
                       struct eo_err *err)
{
    struct perf_row *row;

    if (perf_rows_add(rows, choice, labels, &row, err))
        return -1;
    if (!row)
        return 0;
    row->call = train_call;
    row->ctx = training_new(row, isa, images, err);
    row->release = row->ctx ? train_release : NULL;
    snprintf(row->kernel, sizeof(row->kernel), "train-%s", row->who);
    return row->ctx ? 0 : -1;
}

int perf_add_train(struct perf_rows *rows, const struct perf_choice *choice, const struct perf_peaks *peaks,
                   enum eo_isa isa, const struct eo_images *images, struct eo_err *err)
{
    int generic = isa == EO_ISA_GENERIC;

    if (images->count < PERF_BATCH)
        return eo_err_set(err, "expected at least %d training images, found %zu", PERF_BATCH, images->count);
    for (int l = 0; l < (generic ? 1 : choice->levels); l++) {
        struct perf_row labels = {
            .operation = "train",
            .who = eo_isa_name(isa),
            .batch = PERF_BATCH,
            .threads = 1,
            .level = choice->level[l],
            .shape = choice->shape[l],
            .macs = perf_train_macs(&choice->shape[l]),
            .peak = perf_peaks_find(peaks, isa, EO_FP32),
            .rounds = rounds_of(isa, choice),
            .take = take_of(isa),
        };

        if (add_trainer(rows, choice, &labels, isa, images, err))
            return -1;
        labels.threads = choice->threads;
        if (choice->threads > 1 && !generic && add_trainer(rows, choice, &labels, isa, images, err))
            return -1;
    }
    return 0;
}

/* ---- evaluation ---------------------------------------------------------------------------------------------- */

struct evaluation {
    char program[4096], config[4096], data[4096], model[4096];
};

/* 0 when it went well. */
static int run_eval(const struct evaluation *e)
{
    char threads[16];
    int status = -1;
    pid_t pid;

    snprintf(threads, sizeof(threads), "%d", EVALUATE_THREADS);
    pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, 1);
        execl(e->program, e->program, "-c", e->config, "--data", e->data, "--split", "test", "--threads",
              threads, e->model, (char *)NULL);
        _exit(127);
    }
    return pid < 0 || waitpid(pid, &status, 0) < 0 ? -1 : status;
}

static int evaluate_take(struct perf_row *row, double us[PERF_SAMPLES])
{
    int n;

    for (n = 0; n < 3; n++) {
        uint64_t start = eo_clock_now_ns();

        if (run_eval(row->ctx)) {
            snprintf(row->skipped, sizeof(row->skipped), "eo-eval failed");
            return 0;
        }
        us[n] = (double)(eo_clock_now_ns() - start) / 1e3 / row->batch;
    }
    return n;
}

static int write_files(struct evaluation *e, const char *programs, const char *folder, const char *data,
                       struct eo_err *err)
{
    static const char config[] = "dataset: idx\ndata_dir: unused\n";
    struct eo_model m;
    int rc;

    snprintf(e->program, sizeof(e->program), "%s/eo-eval", programs);
    snprintf(e->config, sizeof(e->config), "%s/perf-eval.yaml", folder);
    snprintf(e->model, sizeof(e->model), "%s/perf-int8.safetensors", folder);
    snprintf(e->data, sizeof(e->data), "%s", data);
    random_model(&m, EO_INT8, 16, 32, 11);
    rc = eo_model_save(&m, e->model, err);
    for (size_t i = 0; i < m.meta_count; i++) {
        free(m.meta[i].key);
        free(m.meta[i].value);
    }
    random_model_release(&m);
    return rc || eo_io_write(e->config, config, sizeof(config) - 1, err) ? -1 : 0;
}

int perf_add_evaluate(struct perf_rows *rows, const struct perf_choice *choice, const char *programs,
                      const char *folder, const char *data, size_t count, struct eo_err *err)
{
    struct perf_row *row, labels = {
                              .operation = "evaluate",
                              .who = eo_isa_name(eo_isa_best()),
                              .kernel = "eo-eval",
                              .precision = EO_INT8,
                              .batch = (int)count,
                              .threads = EVALUATE_THREADS,
                              .shape = {16, 32},
                              .peak = -1,
                              .take = evaluate_take,
                              .release = free,
                          };

    labels.macs = perf_macs(&labels.shape);
    if (perf_rows_add(rows, choice, &labels, &row, err))
        return -1;
    if (!row)
        return 0;
    row->ctx = eo_alloc(1, sizeof(struct evaluation), err);
    return row->ctx ? write_files(row->ctx, programs, folder, data, err) : -1;
}
