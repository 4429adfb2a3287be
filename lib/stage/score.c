#include "stage/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/infer.h"
#include "nn/trainer.h"

#define CHUNK 256 /* images whose values are kept at a time */

_Static_assert(EO_MAX_C2 >= EO_MAX_C1, "struct eo_scores has room for the wider layer");

int eo_score_needs_images(enum eo_criterion criterion)
{
    return criterion == EO_CRITERION_ACTIVATION || criterion == EO_CRITERION_TAYLOR;
}

/* ---- from the weights alone --------------------------------------------------------------------------------- */

static double l1_norm(const float *w, int terms)
{
    double sum = 0;

    for (int t = 0; t < terms; t++)
        sum += fabs((double)w[t]);
    return sum;
}

static double l2_norm(const float *w, int terms)
{
    double sum = 0;

    for (int t = 0; t < terms; t++)
        sum += (double)w[t] * (double)w[t];
    return sqrt(sum);
}

static double distance(const float *a, const float *b, int terms)
{
    double sum = 0;

    for (int t = 0; t < terms; t++) {
        double d = (double)a[t] - (double)b[t];

        sum += d * d;
    }
    return sqrt(sum);
}

static double total_distance(const float *filter, const float *filters, int outputs, int terms)
{
    double sum = 0;

    for (int o = 0; o < outputs; o++)
        sum += distance(filter, filters + o * terms, terms);
    return sum;
}

static void score_filters(const struct eo_model *m, enum eo_criterion criterion, struct eo_scores *scores)
{
    for (int l = 0; l < EO_SCORE_LAYERS; l++) {
        int outputs = eo_shape_outputs(&m->shape, (enum eo_layer)l);
        int terms = eo_shape_terms(&m->shape, (enum eo_layer)l);
        const float *w = m->layer[l].weight.f32;

        for (int o = 0; o < outputs; o++)
            scores->layer[l][o] = criterion == EO_CRITERION_L1   ? l1_norm(w + o * terms, terms)
                                  : criterion == EO_CRITERION_L2 ? l2_norm(w + o * terms, terms)
                                                                 : total_distance(w + o * terms, w, outputs, terms);
    }
}

/* Draws for all channels that a layer could have, so that no score depends on how many there are. */
static int score_random(const struct eo_model *m, uint64_t seed, struct eo_scores *scores, struct eo_err *err)
{
    static const int most[EO_SCORE_LAYERS] = {EO_MAX_C1, EO_MAX_C2};
    struct eo_rng rng;

    eo_rng_init(&rng, seed, EO_RNG_PRUNE);
    for (int l = 0; l < EO_SCORE_LAYERS; l++) {
        double drawn[EO_MAX_C2];
        int index[EO_MAX_C2];

        for (int i = 0; i < most[l]; i++)
            drawn[i] = (double)(eo_rng_u64(&rng) >> 11) * 0x1p-53;
        if (eo_model_kept(m, (enum eo_layer)l, index, err))
            return -1;
        for (int o = 0; o < eo_shape_outputs(&m->shape, (enum eo_layer)l); o++)
            scores->layer[l][o] = drawn[index[o]];
    }
    return 0;
}

/* ---- from images -------------------------------------------------------------------------------------------- */

/* What a chunk of images is run with. `values` has c1 + c2 numbers for each of its images. */
struct run {
    const struct eo_images *images;
    struct eo_shape shape;
    size_t first;
    double *values;
    /* activation: one of each per worker */
    struct eo_infer *infer[EO_POOL_MAX];
    float *pooled;
    /* taylor */
    struct eo_trainer *trainer;
    uint32_t index[CHUNK];
};

static size_t pooled_floats(const struct eo_shape *s)
{
    return eo_shape_output_elements(s, EO_CONV1) + eo_shape_output_elements(s, EO_CONV2);
}

static double mean_magnitude(const float *x, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += fabs((double)x[i]);
    return sum / n;
}

static void measure_image(void *ctx, int task, int worker)
{
    const struct run *r = ctx;
    const int pixels1 = EO_POOL1_SIDE * EO_POOL1_SIDE;
    double *values = r->values + task * (r->shape.c1 + r->shape.c2);
    float *pool1 = r->pooled + (size_t)worker * pooled_floats(&r->shape), *pool2 = pool1 + r->shape.c1 * pixels1;
    union eo_score scores[EO_CLASSES];

    eo_infer_activations(r->infer[worker], r->images->pixels + (r->first + (size_t)task) * EO_IMAGE_PIXELS, pool1,
                         pool2, scores);
    for (int c = 0; c < r->shape.c1; c++)
        *values++ = mean_magnitude(pool1 + c * pixels1, pixels1);
    for (int c = 0; c < r->shape.c2; c++)
        *values++ = mean_magnitude(pool2 + c * EO_POOL2_PIXELS, EO_POOL2_PIXELS);
}

static void run_chunk(struct run *r, int n, const struct eo_score_options *opt)
{
    struct eo_batch batch = {.pixels = r->images->pixels, .labels = r->images->labels, .index = r->index, .n = n};

    for (int i = 0; i < n; i++)
        r->index[i] = (uint32_t)(r->first + (size_t)i);
    if (opt->criterion == EO_CRITERION_TAYLOR)
        eo_trainer_taylor(r->trainer, &batch, r->values);
    else
        eo_pool_run(opt->pool, measure_image, r, n);
}

static void run_release(struct run *r)
{
    for (int i = 0; i < EO_POOL_MAX; i++)
        eo_infer_free(r->infer[i]);
    eo_trainer_free(r->trainer);
    free(r->pooled);
    free(r->values);
}

static int run_init(struct run *r, const struct eo_model *m, const struct eo_score_options *opt, struct eo_err *err)
{
    const struct eo_trainer_options training = {.isa = opt->isa, .pool = opt->pool, .max_batch = CHUNK};
    size_t threads = (size_t)eo_pool_threads(opt->pool);

    *r = (struct run){.images = &opt->images, .shape = m->shape};
    r->values = eo_alloc(CHUNK * (size_t)(m->shape.c1 + m->shape.c2), sizeof(double), err);
    if (!r->values)
        return -1;
    if (opt->criterion == EO_CRITERION_TAYLOR) {
        r->trainer = eo_trainer_new(m, &training, err);
        return r->trainer ? 0 : -1;
    }
    r->pooled = eo_alloc(threads * pooled_floats(&m->shape), sizeof(float), err);
    for (size_t i = 0; r->pooled && i < threads; i++) {
        r->infer[i] = eo_infer_new(m, opt->isa, 1, err);
        if (!r->infer[i])
            return -1;
    }
    return r->pooled ? 0 : -1;
}

static int score_images(const struct eo_model *m, const struct eo_score_options *opt, struct eo_scores *scores,
                        struct eo_err *err)
{
    size_t count = opt->count < opt->images.count ? opt->count : opt->images.count;
    int channels = m->shape.c1 + m->shape.c2, rc;
    double sums[EO_MAX_C1 + EO_MAX_C2] = {0};
    struct run r;

    if (!count)
        return eo_err_set(err, "criterion '%s': expected at least one training image, found none",
                          eo_criterion_name(opt->criterion));
    rc = run_init(&r, m, opt, err);
    for (; !rc && r.first < count; r.first += CHUNK) {
        int n = (int)(count - r.first < CHUNK ? count - r.first : CHUNK);

        run_chunk(&r, n, opt);
        for (int i = 0; i < n * channels; i++)
            sums[i % channels] += fabs(r.values[i]);
    }
    run_release(&r);
    for (int c = 0; c < channels; c++)
        scores->layer[c >= m->shape.c1][c < m->shape.c1 ? c : c - m->shape.c1] = sums[c] / (double)count;
    return rc;
}

/* ---- all of them -------------------------------------------------------------------------------------------- */

static int check_finite(const struct eo_scores *scores, const struct eo_shape *shape, struct eo_err *err)
{
    for (int l = 0; l < EO_SCORE_LAYERS; l++) {
        for (int o = 0; o < eo_shape_outputs(shape, (enum eo_layer)l); o++) {
            if (!isfinite(scores->layer[l][o]))
                return eo_err_set(err, "criterion '%s': %s channel %d: expected a finite score, found %s",
                                  eo_criterion_name(scores->criterion), eo_layer_name((enum eo_layer)l), o,
                                  isnan(scores->layer[l][o]) ? "nan" : "inf");
        }
    }
    return 0;
}

int eo_score_run(struct eo_scores *scores, const struct eo_model *m, const struct eo_score_options *opt,
                 struct eo_err *err)
{
    int rc = 0;

    memset(scores, 0, sizeof(*scores));
    scores->criterion = opt->criterion;
    if (m->precision != EO_FP32)
        return eo_err_set(err, "expected an fp32 model, found %s: prune before eo-quant",
                          eo_precision_name(m->precision));
    if (opt->criterion == EO_CRITERION_RANDOM)
        rc = score_random(m, opt->seed, scores, err);
    else if (eo_score_needs_images(opt->criterion))
        rc = score_images(m, opt, scores, err);
    else
        score_filters(m, opt->criterion, scores);
    return rc ? -1 : check_finite(scores, &m->shape, err);
}
