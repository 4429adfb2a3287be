#include "stage/prune/saliency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "nn/infer.h"
#include "nn/network_fold.h"
#include "nn/trainer.h"
#include "stage/prune/space.h"

#define CHUNK 256 /* images whose values are kept at a time */

int eo_saliency_needs_images(enum eo_criterion criterion)
{
    return criterion == EO_CRITERION_ACTIVATION || criterion == EO_CRITERION_TAYLOR;
}

/* ---- from the weights alone ---------------------------------------------------------------------------- */

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

static double score_filter(enum eo_criterion criterion, const float *w, int o, int outputs, int terms)
{
    const float *filter = w + (size_t)o * (size_t)terms;

    return criterion == EO_CRITERION_L1   ? l1_norm(filter, terms)
           : criterion == EO_CRITERION_L2 ? l2_norm(filter, terms)
                                          : total_distance(filter, w, outputs, terms);
}

static void score_filters(const struct eo_model *m, const struct eo_spaces *spaces,
                          enum eo_criterion criterion, struct eo_saliency *scores)
{
    for (int l = 0; l < m->network.count; l++) {
        int outputs = m->network.layer[l].map.c, space = spaces->of[l];

        if (space == EO_SPACE_NONE || !eo_spaces_makes(spaces, &m->network, l, space))
            continue;
        for (int o = 0; o < outputs; o++)
            scores->layer[space][o] += score_filter(criterion, m->layer[l].weight.f32, o, outputs,
                                                    (int)eo_network_terms(&m->network.layer[l]));
    }
}

/* Draws for all channels that a space could have, so that no score depends on how many there are. */
static int score_random(const struct eo_model *m, const struct eo_spaces *spaces, uint64_t seed,
                        struct eo_saliency *scores, struct eo_err *err)
{
    static const int most[EO_SMALLCNN_LAYERS - 1] = {EO_MAX_C1, EO_MAX_C2};
    struct eo_rng rng;

    eo_rng_init(&rng, seed, EO_RNG_PRUNE);
    for (int s = 0; s < spaces->count; s++) {
        int count = eo_network_is_smallcnn(&m->network) ? most[s] : EO_NETWORK_CHANNELS;
        double drawn[EO_NETWORK_CHANNELS];
        int index[EO_NETWORK_CHANNELS];

        for (int i = 0; i < count; i++)
            drawn[i] = (double)(eo_rng_u64(&rng) >> 11) * 0x1p-53;
        if (eo_spaces_kept(m, s, index, err))
            return -1;
        for (int o = 0; o < spaces->channels[s]; o++)
            scores->layer[s][o] = drawn[index[o]];
    }
    return 0;
}

/* ---- from images --------------------------------------------------------------------------------------- */

#define GROUP 16 /* images of a task */

/* For running a chunk of images. `values` has a number for each channel of each layer but the last, for each image. */
struct run {
    const struct eo_images *images;
    const struct eo_network *network;
    const struct eo_spaces *spaces;
    size_t first;
    int chunk, count, channels;
    double *values;
    /* activation: one of each per worker */
    struct eo_infer *infer[EO_POOL_MAX];
    struct eo_infer_tensors tensors[EO_POOL_MAX]; /* of GROUP images */
    union eo_score *scores;
    /* taylor */
    struct eo_trainer *trainer;
    uint32_t index[CHUNK];
};

static double mean_magnitude(const float *x, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += fabs((double)x[i]);
    return sum / n;
}

/* The means of image `at` of the worker's tensors, of the layers that make channels. */
static void measure_image(const struct run *r, const struct eo_infer_tensors *tensors, size_t at,
                          double *values)
{
    for (int l = 0; l + 1 < r->network->count; values += r->network->layer[l++].map.c) {
        struct eo_dims d = r->network->layer[l].out;
        const float *x;

        if (r->spaces->of[l] == EO_SPACE_NONE || !eo_spaces_makes(r->spaces, r->network, l, r->spaces->of[l]))
            continue;
        x = tensors->tensor[eo_network_output_tensor(l)] + at * eo_dims_elements(d);
        for (int c = 0; c < d.c; c++)
            values[c] = mean_magnitude(x + (size_t)c * (size_t)d.h * (size_t)d.w, d.h * d.w);
    }
}

static void measure_group(void *ctx, int task, int worker)
{
    const struct run *r = ctx;
    int at = task * GROUP, n = r->count - at < GROUP ? r->count - at : GROUP;
    size_t elements = eo_dims_elements(r->network->input), classes = (size_t)eo_network_classes(r->network);

    eo_infer_observe(r->infer[worker], r->images->pixels + (r->first + (size_t)at) * elements, n,
                     &r->tensors[worker], r->scores + (size_t)worker * GROUP * classes);
    for (int i = 0; i < n; i++)
        measure_image(r, &r->tensors[worker], (size_t)i, r->values + (size_t)(at + i) * (size_t)r->channels);
}

static void run_chunk(struct run *r, int n, const struct eo_saliency_options *opt)
{
    struct eo_batch batch = {
        .pixels = r->images->pixels, .labels = r->images->labels, .index = r->index, .n = n};

    r->count = n;
    for (int i = 0; i < n; i++)
        r->index[i] = (uint32_t)(r->first + (size_t)i);
    if (opt->criterion == EO_CRITERION_TAYLOR)
        eo_trainer_taylor(r->trainer, &batch, r->values);
    else
        eo_pool_run(opt->pool, measure_group, r, (n + GROUP - 1) / GROUP);
}

static void run_release(struct run *r)
{
    for (int i = 0; i < EO_POOL_MAX; i++) {
        eo_infer_free(r->infer[i]);
        for (int t = 0; t < EO_NETWORK_TENSORS; t++)
            free(r->tensors[i].tensor[t]);
    }
    eo_trainer_free(r->trainer);
    free(r->scores);
    free(r->values);
}

static int init_worker(struct run *r, int i, const struct eo_model *m, enum eo_isa isa, struct eo_err *err)
{
    r->infer[i] = eo_infer_new(m, isa, GROUP, err);
    if (!r->infer[i])
        return -1;
    for (int t = 1; t < EO_NETWORK_TENSORS; t++) { /* the input is not written */
        if (!eo_network_has_tensor(r->network, t))
            continue;
        r->tensors[i].tensor[t] =
            eo_alloc(GROUP * eo_dims_elements(eo_network_tensor_dims(r->network, t)), sizeof(float), err);
        if (!r->tensors[i].tensor[t])
            return -1;
    }
    return 0;
}

/* The general trainer keeps the activations of all images of a batch. */
static int chunk_of(const struct eo_model *m, enum eo_criterion criterion)
{
    return criterion == EO_CRITERION_TAYLOR && !eo_network_is_smallcnn(&m->network) ? CHUNK / 2 : CHUNK;
}

static int run_init(struct run *r, const struct eo_model *m, const struct eo_spaces *spaces,
                    const struct eo_saliency_options *opt, struct eo_err *err)
{
    struct eo_trainer_options training = {.isa = opt->isa, .pool = opt->pool};
    int threads = eo_pool_threads(opt->pool);

    *r = (struct run){.images = &opt->images, .network = &m->network, .spaces = spaces};
    r->chunk = chunk_of(m, opt->criterion);
    for (int l = 0; l + 1 < m->network.count; l++)
        r->channels += m->network.layer[l].map.c;
    r->values = eo_alloc((size_t)r->chunk * (size_t)r->channels, sizeof(double), err);
    if (!r->values)
        return -1;
    if (opt->criterion == EO_CRITERION_TAYLOR) {
        training.max_batch = r->chunk;
        r->trainer = eo_trainer_new(m, &training, err);
        return r->trainer ? 0 : -1;
    }
    r->scores =
        eo_alloc((size_t)threads * GROUP * (size_t)eo_network_classes(r->network), sizeof(*r->scores), err);
    for (int i = 0; r->scores && i < threads; i++) {
        if (init_worker(r, i, m, opt->isa, err))
            return -1;
    }
    return r->scores ? 0 : -1;
}

/* Adds the values of n images to the scores, image after image, and of each the layers that make a channel in order. */
static void add_values(const struct run *r, int n, struct eo_saliency *scores)
{
    const double *value = r->values;

    for (int i = 0; i < n; i++) {
        for (int l = 0; l + 1 < r->network->count; value += r->network->layer[l++].map.c) {
            int space = r->spaces->of[l];

            if (space == EO_SPACE_NONE || !eo_spaces_makes(r->spaces, r->network, l, space))
                continue;
            for (int c = 0; c < r->network->layer[l].map.c; c++)
                scores->layer[space][c] += fabs(value[c]);
        }
    }
}

static int score_images(const struct eo_model *m, const struct eo_spaces *spaces,
                        const struct eo_saliency_options *opt, struct eo_saliency *scores, struct eo_err *err)
{
    size_t count = opt->count < opt->images.count ? opt->count : opt->images.count;
    struct run r;
    int rc;

    if (!count)
        return eo_err_set(err, "criterion '%s': expected at least one training image, found none",
                          eo_criterion_name(opt->criterion));
    rc = run_init(&r, m, spaces, opt, err);
    for (; !rc && r.first < count; r.first += (size_t)r.chunk) {
        int n = (int)(count - r.first < (size_t)r.chunk ? count - r.first : (size_t)r.chunk);

        run_chunk(&r, n, opt);
        add_values(&r, n, scores);
    }
    run_release(&r);
    for (int s = 0; s < spaces->count; s++) {
        for (int c = 0; c < spaces->channels[s]; c++)
            scores->layer[s][c] /= (double)count;
    }
    return rc;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static int check_finite(const struct eo_saliency *scores, const struct eo_network *net,
                        const struct eo_spaces *spaces, struct eo_err *err)
{
    for (int s = 0; s < spaces->count; s++) {
        for (int o = 0; o < spaces->channels[s]; o++) {
            if (!isfinite(scores->layer[s][o]))
                return eo_err_set(err, "criterion '%s': %s channel %d: expected a finite score, found %s",
                                  eo_criterion_name(scores->criterion), net->layer[spaces->first[s]].name, o,
                                  isnan(scores->layer[s][o]) ? "nan" : "inf");
        }
    }
    return 0;
}

int eo_saliency_run(struct eo_saliency *scores, const struct eo_model *m,
                    const struct eo_saliency_options *opt, struct eo_err *err)
{
    struct eo_model folded = {0};
    struct eo_spaces spaces;
    int rc = 0;

    memset(scores, 0, sizeof(*scores));
    scores->criterion = opt->criterion;
    if (m->precision != EO_FP32)
        return eo_err_set(err, "expected an fp32 model, found %s: prune before eo-quant",
                          eo_precision_name(m->precision));
    if (eo_network_is_normalised(&m->network)) {
        if (eo_model_folded(m, &folded, err))
            return -1;
        m = &folded;
    }
    eo_spaces_make(&spaces, &m->network);
    if (opt->criterion == EO_CRITERION_RANDOM)
        rc = score_random(m, &spaces, opt->seed, scores, err);
    else if (eo_saliency_needs_images(opt->criterion))
        rc = score_images(m, &spaces, opt, scores, err);
    else
        score_filters(m, &spaces, opt->criterion, scores);
    rc = rc ? -1 : check_finite(scores, &m->network, &spaces, err);
    eo_model_release(&folded);
    return rc;
}
