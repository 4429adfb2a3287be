#include "stage/select/recommend.h"

#include <math.h>
#include <stdio.h>

#include "stage/select/certainty.h"
#include "stage/select/evidence.h"

/* Negative if a is better than b; a missing figure is the worst. */
static int compare_low(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static int compare_high(double a, double b)
{
    return compare_low(-a, -b);
}

/* Whether the rule prefers a to b, which is an earlier row. */
static int is_better(const struct eo_candidate *a, const struct eo_candidate *b, enum eo_recommend_rule rule)
{
    int accuracy = compare_high(a->accuracy, b->accuracy);
    int size = compare_low(a->model_bytes, b->model_bytes);
    int latency = compare_low(a->ranked_latency_ms, b->ranked_latency_ms);
    const int orders[][3] = {[EO_RECOMMEND_SMALLEST] = {size, latency, accuracy},
                             [EO_RECOMMEND_FASTEST] = {latency, size, accuracy},
                             [EO_RECOMMEND_ACCURACY] = {accuracy, latency, size}};

    for (int i = 0; i < 3; i++) {
        if (orders[rule][i] != 0)
            return orders[rule][i] < 0;
    }
    return 0;
}

static int is_reference(const struct eo_candidate *a, const struct eo_candidate *b)
{
    int accuracy = compare_high(a->accuracy, b->accuracy);

    return accuracy ? accuracy < 0 : is_better(a, b, EO_RECOMMEND_SMALLEST);
}

static size_t find_reference(const struct eo_sweep *sweep, size_t rows)
{
    size_t best = rows;

    for (size_t i = 0; i < rows; i++) {
        if (sweep->rows[i].accepted && (best == rows || is_reference(&sweep->rows[i], &sweep->rows[best])))
            best = i;
    }
    return best;
}

static struct eo_contender contender(const struct eo_sweep *sweep, size_t row)
{
    struct eo_contender x = {0};

    eo_contender_set_hits(&x, sweep->evidence ? &sweep->evidence[row] : NULL);
    return x;
}

/* NAN if the two have no hits of the same images. */
static double mcnemar(const struct eo_sweep *sweep, size_t a, size_t b)
{
    struct eo_contender x = contender(sweep, a), y = contender(sweep, b);

    return eo_contender_mcnemar(&x, &y);
}

/* Whether the images cannot tell the candidate from the reference. */
static int is_rival(const struct eo_candidate *c, const struct eo_candidate *reference)
{
    if (!isnan(c->recommendation_p))
        return c->recommendation_p > EO_RECOMMEND_LEVEL;
    return c->accuracy == reference->accuracy || c->accuracy_ci95_high >= reference->accuracy_ci95_low;
}

void eo_recommend(struct eo_sweep *sweep, enum eo_recommend_rule rule)
{
    size_t rows = eo_sweep_first_seed_rows(sweep), reference = find_reference(sweep, rows);
    struct eo_candidate *best = NULL;

    for (size_t i = 0; i < sweep->row_count; i++) {
        struct eo_candidate *c = &sweep->rows[i];

        c->recommendation = EO_RECOMMENDATION_NONE;
        c->recommendation_p = NAN;
        if (i >= rows || !c->accepted)
            continue;
        c->recommendation_p = mcnemar(sweep, i, reference);
        if (!is_rival(c, &sweep->rows[reference]))
            continue;
        c->recommendation = EO_RECOMMENDATION_RIVAL;
        if (!best || is_better(c, best, rule))
            best = c;
    }
    if (best)
        best->recommendation = EO_RECOMMENDATION_RECOMMENDED;
}

const struct eo_candidate *eo_recommend_reference(const struct eo_sweep *sweep)
{
    const struct eo_candidate *best = NULL;

    for (size_t i = 0; i < sweep->row_count; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (c->recommendation != EO_RECOMMENDATION_NONE && (!best || is_reference(c, best)))
            best = c;
    }
    return best;
}

int eo_recommend_is_chance(const struct eo_candidate *c)
{
    double least = isnan(c->accuracy_ci95_low) ? c->accuracy : c->accuracy_ci95_low;

    return least <= c->chance_accuracy; /* false where it is NAN */
}

void eo_recommend_put_warning(const struct eo_sweep *sweep, struct eo_buf *out)
{
    const struct eo_candidate *c = eo_sweep_recommended(sweep);

    if (!c || !eo_recommend_is_chance(c))
        return;
    eo_buf_printf(out,
                  "warning: the recommended candidate has not learned: accuracy %.2f %%, and always naming the most "
                  "frequent class gives %.2f %%; look at training_log.csv and at the data (eo-data --report)\n",
                  100 * c->accuracy, 100 * c->chance_accuracy);
}

/* How the accepted candidates were compared. */
static const char *method(const struct eo_sweep *sweep)
{
    size_t tested = 0, all = 0, rows = eo_sweep_first_seed_rows(sweep);

    for (size_t i = 0; i < rows; i++) {
        all += sweep->rows[i].accepted != 0;
        tested += sweep->rows[i].accepted && !isnan(sweep->rows[i].recommendation_p);
    }
    if (tested == all)
        return "McNemar's exact test, two-sided 5 %";
    return tested ? "McNemar's exact test, two-sided 5 %, or 95 % intervals where hits are missing"
                  : "by their 95 % intervals";
}

void eo_recommend_put_why(const struct eo_sweep *sweep, enum eo_recommend_rule rule, struct eo_buf *out)
{
    static const char *const superlatives[] = {"smallest", "fastest", "most accurate"};
    const struct eo_candidate *c = eo_sweep_recommended(sweep);
    size_t n = 0, accepted = 0, rows = eo_sweep_first_seed_rows(sweep);
    char images[48] = "the images";

    for (size_t i = 0; i < rows; i++) {
        n += sweep->rows[i].recommendation != EO_RECOMMENDATION_NONE;
        accepted += sweep->rows[i].accepted != 0;
    }
    if (c && isfinite(c->images))
        snprintf(images, sizeof(images), "%.0f images", c->images);
    if (accepted == 1)
        eo_buf_puts(out, "the only accepted candidate");
    else if (n == 1)
        eo_buf_printf(out, "the most accurate accepted candidate; %s tell all others from it (%s)", images,
                      method(sweep));
    else
        eo_buf_printf(out,
                      "the %s of %zu accepted candidates that %s cannot tell from the most accurate (%s)",
                      superlatives[rule], n, images, method(sweep));
}
