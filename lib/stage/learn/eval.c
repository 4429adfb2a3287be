#include "stage/learn/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/stats.h"
#include "format/csv.h"
#include "stage/candidate.h"

struct run {
    struct eo_eval *eval;
    struct eo_infer **workers; /* one for each thread */
    union eo_score *scores;    /* [threads, EO_EVAL_CHUNK, classes] */
    size_t elements;           /* of an image */
};

static void run_chunk(void *ctx, int task, int worker)
{
    const struct run *run = ctx;
    const struct eo_images *images = &run->eval->images;
    struct eo_infer *inf = run->workers[worker];
    size_t classes = (size_t)run->eval->classes, first = (size_t)task * EO_EVAL_CHUNK;
    size_t n = images->count - first < EO_EVAL_CHUNK ? images->count - first : EO_EVAL_CHUNK;
    union eo_score *scores = run->scores + (size_t)worker * EO_EVAL_CHUNK * classes;

    eo_infer_run(inf, images->pixels + first * run->elements, (int)n, scores);
    for (size_t i = 0; i < n; i++) {
        const union eo_score *s = &scores[i * classes];

        run->eval->predicted[first + i] = (uint16_t)eo_infer_class(inf, s);
        for (size_t c = 0; c < classes; c++)
            run->eval->logits[(first + i) * classes + c] = eo_infer_logit(inf, s[c]);
    }
}

static size_t count_correct(const struct eo_eval *eval)
{
    size_t n = 0;

    for (size_t i = 0; i < eval->images.count; i++)
        n += eval->predicted[i] == eval->images.labels[i];
    return n;
}

/* Refuse a model that overflows, because the accuracy in its row would mean nothing. */
static int check_scores(const struct eo_eval *eval, struct eo_err *err)
{
    size_t classes = (size_t)eval->classes;

    for (size_t i = 0; i < eval->images.count * classes; i++) {
        if (!isfinite(eval->logits[i]))
            return eo_err_set(err, "image %zu: expected finite class scores, found %g for class %zu",
                              i / classes, (double)eval->logits[i], i % classes);
    }
    return 0;
}

int eo_eval_run(struct eo_eval *eval, const struct eo_model *m, const struct eo_images *images,
                enum eo_isa isa, int threads, struct eo_err *err)
{
    size_t chunks = images->count / EO_EVAL_CHUNK + (images->count % EO_EVAL_CHUNK != 0);
    size_t classes = (size_t)eo_network_classes(&m->network);
    struct run run = {.eval = eval, .elements = eo_dims_elements(m->network.input)};
    struct eo_pool *pool = NULL;
    int rc = -1;

    *eval = (struct eo_eval){.images = *images, .classes = (int)classes};
    if (images->count < 1 || images->count > UINT32_MAX / 2)
        return eo_err_set(err, "expected 1..%u images to evaluate, found %zu", UINT32_MAX / 2, images->count);
    if ((size_t)threads > chunks)
        threads = (int)chunks;
    eval->logits = eo_alloc(images->count, classes * sizeof(*eval->logits), err);
    eval->predicted = eval->logits ? eo_alloc(images->count, sizeof(*eval->predicted), err) : NULL;
    run.scores = eval->predicted
                     ? eo_alloc((size_t)threads, EO_EVAL_CHUNK * classes * sizeof(*run.scores), err)
                     : NULL;
    pool = run.scores ? eo_pool_new(threads, err) : NULL;
    run.workers = pool ? eo_infer_team_new(m, isa, EO_EVAL_CHUNK, threads, err) : NULL;
    if (!run.workers)
        goto out;
    eo_pool_run(pool, run_chunk, &run, (int)chunks);
    if (check_scores(eval, err))
        goto out;
    eval->correct = count_correct(eval);
    rc = 0;
out:
    eo_infer_team_free(run.workers, threads);
    eo_pool_free(pool);
    free(run.scores);
    if (rc)
        eo_eval_release(eval);
    return rc;
}

void eo_eval_release(struct eo_eval *eval)
{
    free(eval->logits);
    free(eval->predicted);
    *eval = (struct eo_eval){0};
}

void eo_eval_images_sha256(const struct eo_images *images, struct eo_dims dims, char sha256[EO_SHA256_TEXT])
{
    const struct eo_hash_piece pieces[] = {{images->pixels, images->count * eo_dims_elements(dims)},
                                           {images->labels, images->count}};

    eo_hash_sha256_pieces(pieces, 2, sha256);
}

double eo_eval_chance(const struct eo_images *images)
{
    size_t counts[256] = {0}, most = 0;

    for (size_t i = 0; i < images->count; i++) {
        size_t n = ++counts[images->labels[i]];

        most = n > most ? n : most;
    }
    return (double)most / (double)images->count;
}

void eo_accuracy_make(struct eo_accuracy *a, size_t images, size_t correct)
{
    *a = (struct eo_accuracy){.images = images, .correct = correct, .chance = NAN};
    a->value = (double)correct / (double)images;
    eo_stats_wilson95(correct, images, &a->ci_low, &a->ci_high);
}

void eo_accuracy_bootstrap(struct eo_accuracy *a, uint64_t seed)
{
    double resampled[EO_EVAL_RESAMPLES];
    struct eo_rng rng;

    eo_rng_init(&rng, seed, EO_RNG_BOOTSTRAP);
    for (size_t r = 0; r < EO_EVAL_RESAMPLES; r++) {
        size_t hits = 0;

        for (size_t i = 0; i < a->images; i++)
            hits += eo_rng_below(&rng, (uint32_t)a->images) < a->correct;
        resampled[r] = (double)hits / (double)a->images;
    }
    eo_stats_sort(resampled, EO_EVAL_RESAMPLES);
    a->bootstrap_low = eo_stats_percentile_sorted(resampled, EO_EVAL_RESAMPLES, 2.5);
    a->bootstrap_high = eo_stats_percentile_sorted(resampled, EO_EVAL_RESAMPLES, 97.5);
}

int eo_eval_parts(const struct eo_config *cfg, int validation, int test)
{
    return (validation ? eo_split_validation_part(cfg) : 0) | (test ? EO_DATASET_TEST : 0);
}

/* Metadata that are columns of the row, under their own names. */
static const char *const described[] = {
    "fine_tune_epochs",   "qat_epochs",      "quantization_backend",    "quantization_observer",
    "weight_granularity", "bias_correction", "cross_layer_equalization"};
#define DESCRIBED (sizeof(described) / sizeof(described[0]))

int eo_eval_is_own_data(const struct eo_model *m, const struct eo_dataset *ds, struct eo_err *why)
{
    const char *trained = eo_model_meta_get(m, "dataset"), *sha256 = eo_model_meta_get(m, "dataset_sha256");

    if (trained && strcmp(trained, ds->name) != 0)
        return 1 +
               eo_err_set(why, "trained on data set '%.60s', and the images are of '%s'", trained, ds->name);
    if (sha256 && ds->train.count && strcmp(sha256, ds->train_sha256) != 0)
        return 1 + eo_err_set(
                       why,
                       "trained on other images than these of '%s': dataset_sha256 %.16s..., here %.16s...",
                       ds->name, sha256, ds->train_sha256);
    return 1;
}

void eo_eval_put_header(struct eo_buf *out)
{
    eo_buf_puts(out,
                "pruning_level,precision,seed,model_sha256,images,correct,accuracy,"
                "accuracy_ci95_low,accuracy_ci95_high,accuracy_bootstrap95_low,accuracy_bootstrap95_high,"
                "test_images,test_correct,test_accuracy,test_accuracy_ci95_low,test_accuracy_ci95_high,"
                "pruning_criterion,pruning_scope,conv1_channels,conv2_channels,");
    for (size_t i = 0; i < DESCRIBED; i++)
        eo_csv_put_text(out, described[i], ',');
    eo_buf_puts(out, "images_sha256,test_images_sha256,chance_accuracy,teacher_sha256,rounding\n");
}

static void put_meta(struct eo_buf *out, const struct eo_model *m, const char *name, char end)
{
    const char *value = eo_model_meta_get(m, name);

    eo_csv_put_text(out, value ? value : "", end);
}

/* Empty for another network than SmallCNN. */
static void put_channels(struct eo_buf *out, int channels)
{
    if (channels)
        eo_csv_put_int(out, channels, ',');
    else
        eo_csv_put_text(out, "", ',');
}

/* The columns about how the model was made; empty where its metadata do not tell. */
static void put_description(struct eo_buf *out, const struct eo_model *m)
{
    eo_csv_put_text(out, eo_criterion_name(eo_model_pruning_criterion(m)), ',');
    put_meta(out, m, "pruning_scope", ',');
    put_channels(out, m->shape.c1);
    put_channels(out, m->shape.c2);
    for (size_t i = 0; i < DESCRIBED; i++)
        put_meta(out, m, described[i], ',');
}

static void put_wilson(struct eo_buf *out, const struct eo_accuracy *a, char end)
{
    eo_csv_put_int(out, (long long)a->images, ',');
    eo_csv_put_int(out, (long long)a->correct, ',');
    eo_csv_put_double(out, a->value, ',');
    eo_csv_put_double(out, a->ci_low, ',');
    eo_csv_put_double(out, a->ci_high, end);
}

void eo_eval_put_row(struct eo_buf *out, const struct eo_model *m, const char *model_sha256,
                     const struct eo_accuracy *validation, const struct eo_accuracy *test)
{
    struct eo_candidate_key key = eo_candidate_key_of_model(m);

    eo_candidate_put_key(&key, out);
    eo_csv_put_text(out, model_sha256, ',');
    if (validation) {
        put_wilson(out, validation, ',');
        eo_csv_put_double(out, validation->bootstrap_low, ',');
        eo_csv_put_double(out, validation->bootstrap_high, ',');
    } else {
        eo_buf_puts(out, ",,,,,,,");
    }
    if (test)
        put_wilson(out, test, ',');
    else
        eo_buf_puts(out, ",,,,,");
    put_description(out, m);
    eo_csv_put_text(out, validation ? validation->images_sha256 : "", ',');
    eo_csv_put_text(out, test ? test->images_sha256 : "", ',');
    eo_csv_put_double(out, validation ? validation->chance : NAN, ',');
    put_meta(out, m, "teacher_sha256", ',');
    put_meta(out, m, "rounding", '\n');
}

/* The name of a class, or its number behind `prefix`. */
static void put_class(struct eo_buf *out, const struct eo_eval *eval, const char *prefix, int class, char end)
{
    char number[24];

    snprintf(number, sizeof(number), "%s%d", prefix, class);
    eo_csv_put_text(out, eval->class_names ? eval->class_names[class] : number, end);
}

void eo_eval_put_logits(const struct eo_eval *eval, struct eo_buf *out)
{
    eo_buf_puts(out, "index,label,");
    for (int c = 0; c < eval->classes; c++)
        put_class(out, eval, "class", c, c + 1 < eval->classes ? ',' : '\n');
    for (size_t i = 0; i < eval->images.count; i++) {
        eo_buf_printf(out, "%zu,%d", i, eval->images.labels[i]);
        for (int c = 0; c < eval->classes; c++)
            eo_buf_printf(out, ",%.9g", eval->logits[i * (size_t)eval->classes + (size_t)c]);
        eo_buf_puts(out, "\n");
    }
}

void eo_eval_put_predictions(const struct eo_eval *eval, struct eo_buf *out)
{
    eo_buf_puts(out, "index,label,predicted\n");
    for (size_t i = 0; i < eval->images.count; i++)
        eo_buf_printf(out, "%zu,%d,%d\n", i, eval->images.labels[i], eval->predicted[i]);
}

void eo_eval_put_confusion(const struct eo_eval *eval, struct eo_buf *out)
{
    eo_buf_puts(out, "true_class,predicted_class,count,model_sha256\n");
    for (int t = 0; t < eval->classes; t++) {
        size_t counts[EO_NETWORK_CLASSES] = {0};

        for (size_t i = 0; i < eval->images.count; i++)
            counts[eval->predicted[i]] += eval->images.labels[i] == t;
        for (int p = 0; p < eval->classes; p++) {
            put_class(out, eval, "", t, ',');
            put_class(out, eval, "", p, ',');
            eo_buf_printf(out, "%zu,%s\n", counts[p], eval->model_sha256 ? eval->model_sha256 : "");
        }
    }
}

void eo_eval_put_classes(const struct eo_eval *eval, struct eo_buf *out)
{
    eo_buf_puts(out, "class,images,correct,accuracy,accuracy_ci95_low,accuracy_ci95_high,predicted,precision,"
                     "model_sha256\n");
    for (int c = 0; c < eval->classes; c++) {
        size_t images = 0, correct = 0, predicted = 0;
        struct eo_accuracy a;

        for (size_t i = 0; i < eval->images.count; i++) {
            images += eval->images.labels[i] == c;
            predicted += eval->predicted[i] == c;
            correct += eval->images.labels[i] == c && eval->predicted[i] == c;
        }
        put_class(out, eval, "", c, ',');
        eo_accuracy_make(&a, images ? images : 1, correct);
        if (images)
            put_wilson(out, &a, ',');
        else
            eo_buf_puts(out, "0,0,,,,");
        eo_csv_put_int(out, (long long)predicted, ',');
        if (predicted)
            eo_csv_put_double(out, (double)correct / (double)predicted, ',');
        else
            eo_buf_puts(out, ",");
        eo_csv_put_text(out, eval->model_sha256 ? eval->model_sha256 : "", '\n');
    }
}

void eo_eval_put_hits(const struct eo_eval *eval, const struct eo_model *m, struct eo_buf *out)
{
    const struct eo_images *images = &eval->images;
    struct eo_candidate_key key = eo_candidate_key_of_model(m);
    char sha256[EO_SHA256_TEXT];

    eo_eval_images_sha256(images, m->network.input, sha256);
    eo_buf_puts(
        out,
        "pruning_level,precision,seed,model_sha256,images_sha256,images,correct,hits,pruning_criterion\n");
    eo_candidate_put_key(&key, out);
    eo_csv_put_text(out, eval->model_sha256 ? eval->model_sha256 : "", ',');
    eo_csv_put_text(out, sha256, ',');
    eo_csv_put_int(out, (long long)images->count, ',');
    eo_csv_put_int(out, (long long)eval->correct, ',');
    for (size_t i = 0; i < images->count; i++)
        eo_buf_append(out, eval->predicted[i] == images->labels[i] ? "1" : "0", 1);
    eo_buf_puts(out, ",");
    eo_csv_put_text(out, eo_criterion_name(key.criterion), '\n');
}
