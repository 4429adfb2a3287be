#include "stage/quant/mixed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/infer.h"
#include "stage/quant/bias_correction.h"
#include "stage/quant/quant.h"

/* ---- the choice ------------------------------------------------------------------------------------------------ */

/* One way for the layers so far. Bit l of `four` is set where layer l has 4 bits. */
struct way {
    size_t saved;
    double damage;
    uint64_t four;
};

/* Whether a has 8 bits in the first layer where the two differ. */
static int is_earlier(uint64_t a, uint64_t b)
{
    uint64_t first = (a ^ b) & (0 - (a ^ b));

    return !(a & first);
}

/* By falling savings; of equal ones the better first. */
static int is_before(const struct way *a, const struct way *b)
{
    if (a->saved != b->saved)
        return a->saved > b->saved;
    if (a->damage < b->damage || a->damage > b->damage)
        return a->damage < b->damage;
    return is_earlier(a->four, b->four);
}

/* The n ways of a and of b, both in order, without those that another beats: it saves no less, and harms no more. */
static size_t merge(const struct way *a, const struct way *b, size_t n, struct way *to)
{
    size_t i = 0, k = 0, count = 0;

    while (i < n || k < n) {
        const struct way *next = k == n || (i < n && is_before(&a[i], &b[k])) ? &a[i++] : &b[k++];

        if (!count || next->damage < to[count - 1].damage)
            to[count++] = *next;
    }
    return count;
}

/* From the ways for the layers before l to those with l: 8 bits, or 4. Returns how many, in *ways; 0: no memory. */
static size_t add_layer(struct way **ways, size_t n, int l, double damage, size_t saved, struct eo_err *err)
{
    struct way *four = eo_alloc(n, sizeof(*four), err),
               *both = four ? eo_alloc(n, 2 * sizeof(*both), err) : NULL;
    size_t count = 0;

    if (both) {
        for (size_t i = 0; i < n; i++)
            four[i] = (struct way){(*ways)[i].saved + saved, (*ways)[i].damage + damage,
                                   (*ways)[i].four | (uint64_t)1 << l};
        count = merge(*ways, four, n, both);
        free(*ways);
        *ways = both;
    }
    free(four);
    return count;
}

/*
 * Nemhauser and Ullmann (1969), Discrete dynamic programming and capital allocation: only ways that no other beats can
 * become the best. For measured damages they are few, and there are never more of them than different savings.
 */
int eo_mixed_fit(const double *damage, const size_t *saved, int count, size_t wanted, int *bits,
                 struct eo_err *err)
{
    struct way *ways = eo_alloc(1, sizeof(*ways), err);
    size_t n = ways ? 1 : 0, best = 0;

    for (int l = 0; n && l < count; l++)
        n = add_layer(&ways, n, l, damage[l], saved[l], err);
    while (best + 1 < n && ways[best + 1].saved >= wanted)
        best++;
    for (int l = 0; n && l < count; l++)
        bits[l] = ways[best].four >> l & 1 ? 4 : 8;
    free(ways);
    return n ? 0 : -1;
}

/* ---- damages --------------------------------------------------------------------------------------------------- */

#define BATCH 64

struct trial {
    const struct eo_model *m;
    const struct eo_calibration *cal;
    const struct eo_images *images;
    struct eo_quant_options opt;
    size_t count, elements;
    int classes;
    double *logits;        /* [count, classes]: of the model with 8 bits everywhere */
    double *damage;        /* [layers] */
    struct eo_err *errors; /* [layers] */
    int *is_bad;           /* [layers] */
};

/* The model with 4 bits in one layer; with -1, in none. */
static int convert(const struct trial *t, int layer, struct eo_model *q, struct eo_err *err)
{
    struct eo_quant_options opt = t->opt;

    for (int l = 0; l < t->m->network.count; l++)
        opt.weight_bits[l] = l == layer ? 4 : 8;
    if (eo_quant_integers(t->m, t->cal, &opt, q, err))
        return -1;
    return opt.bias_correction ? eo_bias_correct(q, t->m, t->images, &opt, err) : 0;
}

/* The logits of the images from `at` on, up to BATCH of them; returns how many logits. */
static size_t run_batch(const struct trial *t, struct eo_infer *inf, size_t at, union eo_score *scores)
{
    size_t n = t->count - at < BATCH ? t->count - at : BATCH;

    eo_infer_run(inf, t->images->pixels + at * t->elements, (int)n, scores);
    return n * (size_t)t->classes;
}

/* Runs a model over all images: fills the logits (layer -1), or sums up what differs from them. */
static int run_images(struct trial *t, int layer, const struct eo_model *q, struct eo_err *err)
{
    struct eo_infer *inf = eo_infer_new(q, t->opt.isa, BATCH, err);
    union eo_score *scores = inf ? eo_alloc(BATCH * (size_t)t->classes, sizeof(*scores), err) : NULL;
    double sum = 0;

    for (size_t at = 0; scores && at < t->count; at += BATCH) {
        double *logits = t->logits + at * (size_t)t->classes;
        size_t n = run_batch(t, inf, at, scores);

        for (size_t i = 0; i < n; i++) {
            double x = eo_infer_logit(inf, scores[i]), change = x - logits[i];

            if (layer < 0)
                logits[i] = x;
            else
                sum += change * change;
        }
    }
    if (layer >= 0)
        t->damage[layer] = sum / ((double)t->count * t->classes);
    eo_infer_free(inf);
    free(scores);
    return scores ? 0 : -1;
}

static int try_layer(struct trial *t, int layer, struct eo_err *err)
{
    struct eo_model q = {0};
    int rc = convert(t, layer, &q, err) || run_images(t, layer, &q, err) ? -1 : 0;

    eo_model_release(&q);
    return rc;
}

static void try_task(void *ctx, int task, int worker)
{
    struct trial *t = ctx;

    (void)worker;
    t->is_bad[task] = try_layer(t, task, &t->errors[task]);
}

/* Layers are shared out, so that a conversion inside must not use the pool too. */
static int run_trials(struct trial *t, struct eo_pool *pool, struct eo_err *err)
{
    int layers = t->m->network.count;

    if (try_layer(t, -1, err))
        return -1;
    eo_pool_run(pool, try_task, t, layers);
    for (int l = 0; l < layers; l++) {
        if (t->is_bad[l])
            return eo_err_set(err, "%s", t->errors[l].msg);
    }
    return 0;
}

static int measure(struct eo_mixed *mixed, const struct eo_model *m, const struct eo_calibration *cal,
                   const struct eo_images *images, const struct eo_quant_options *opt, struct eo_err *err)
{
    struct trial t = {.m = m, .cal = cal, .images = images, .opt = *opt, .damage = mixed->damage};
    size_t n;
    int rc = -1;

    t.opt.pool = NULL;
    t.count = eo_calibration_images(images, opt);
    t.elements = eo_dims_elements(m->network.input);
    t.classes = eo_network_classes(&m->network);
    if (eo_size_mul(t.count, (size_t)t.classes, &n))
        return eo_err_set(err, "the logits of %zu images are too many", t.count);
    t.logits = eo_alloc(n, sizeof(*t.logits), err);
    t.errors = t.logits ? eo_alloc(EO_NETWORK_LAYERS, sizeof(*t.errors), err) : NULL;
    t.is_bad = t.errors ? eo_alloc(EO_NETWORK_LAYERS, sizeof(*t.is_bad), err) : NULL;
    if (t.is_bad)
        rc = run_trials(&t, opt->pool, err);
    free(t.logits);
    free(t.errors);
    free(t.is_bad);
    return rc;
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

/* What the tensors take with 8 bits in all layers and with 4, and what 4 bits save in each. */
static int count_bytes(struct eo_mixed *mixed, const struct eo_model *m, size_t saved[EO_NETWORK_LAYERS],
                       struct eo_err *err)
{
    struct eo_model q = {0};

    if (eo_model_init_network(&q, EO_MIXED, &m->network, err))
        return -1;
    mixed->most = mixed->least = eo_model_tensor_bytes(&q);
    for (int l = 0; l < m->network.count; l++) {
        saved[l] = eo_model_layer_tensor_bytes(&q, l);
        q.layer[l].weight_bits = 4;
        saved[l] -= eo_model_layer_tensor_bytes(&q, l);
        mixed->least -= saved[l];
    }
    eo_model_release(&q);
    return 0;
}

static int set_budget(struct eo_mixed *mixed, double kib, struct eo_err *err)
{
    mixed->budget = kib > 0 ? (size_t)(kib * 1024) : mixed->least + (mixed->most - mixed->least) / 2;
    if (mixed->budget < mixed->least)
        return eo_err_set(
            err,
            "key 'mixed_weights_kb': expected a budget of at least the %zu bytes that the tensors take "
            "with 4 bits in all layers, found %zu bytes; raise it, or make a smaller network",
            mixed->least, mixed->budget);
    return 0;
}

int eo_mixed_choose(struct eo_mixed *mixed, const struct eo_model *m, const struct eo_calibration *cal,
                    const struct eo_images *images, const struct eo_quant_options *opt, double kib,
                    struct eo_err *err)
{
    size_t saved[EO_NETWORK_LAYERS], wanted;

    memset(mixed, 0, sizeof(*mixed));
    if (count_bytes(mixed, m, saved, err) || set_budget(mixed, kib, err) ||
        measure(mixed, m, cal, images, opt, err))
        return -1;
    wanted = mixed->most > mixed->budget ? mixed->most - mixed->budget : 0;
    if (eo_mixed_fit(mixed->damage, saved, m->network.count, wanted, mixed->bits, err))
        return -1;
    mixed->bytes = mixed->most;
    for (int l = 0; l < m->network.count; l++)
        mixed->bytes -= mixed->bits[l] == 4 ? saved[l] : 0;
    return 0;
}
