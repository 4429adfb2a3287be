#include "stage/select/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stats.h"
#include "stage/select/pareto.h"

static double norm(double x, double y)
{
    return sqrt(x * x + y * y);
}

static struct eo_comparison untested(enum eo_compare_verdict verdict)
{
    return (struct eo_comparison){verdict, NAN};
}

static struct eo_comparison tested(double p)
{
    return (struct eo_comparison){p <= EO_COMPARE_LEVEL ? EO_VERDICT_BEYOND : EO_VERDICT_WITHIN, p};
}

/* `half`: half the width of the 95 % interval of the difference. */
static struct eo_comparison test_difference(double difference, double half)
{
    return tested(half > 0 ? eo_stats_normal_beyond(EO_STATS_Z975 * fabs(difference) / half)
                           : difference == 0);
}

/* `e` may be NULL. */
static struct eo_contender contender(const struct eo_candidate *c, const struct eo_evidence *e)
{
    struct eo_contender x = {.accuracy = c->accuracy};

    eo_contender_set_hits(&x, e);
    return x;
}

static struct eo_comparison compare_accuracy(const struct eo_candidate *a, const struct eo_candidate *b,
                                             const struct eo_evidence *of_a, const struct eo_evidence *of_b)
{
    double d = b->accuracy - a->accuracy;
    double below = norm(b->accuracy - b->accuracy_ci95_low, a->accuracy_ci95_high - a->accuracy);
    double above = norm(b->accuracy_ci95_high - b->accuracy, a->accuracy - a->accuracy_ci95_low);
    struct eo_contender x = contender(a, of_a), y = contender(b, of_b);

    if (a->model_sha256[0] && strcmp(a->model_sha256, b->model_sha256) == 0 && d == 0)
        return untested(EO_VERDICT_SAME);
    if (eo_contender_have_same_images(&x, &y))
        return tested(eo_contender_mcnemar(&x, &y));
    if (!isfinite(below) || !isfinite(above))
        return untested(EO_VERDICT_UNKNOWN);
    return test_difference(d, d > 0 ? below : above);
}

/* Two missing counts are equal. */
static int is_equal(double x, double y)
{
    return x == y || (isnan(x) && isnan(y));
}

/* The latency as measured: the median and its interval, or the range from the fastest to the 95th percentile. */
struct range {
    double low, middle, high;
};

static struct range find_range(const struct eo_candidate *c, int has_intervals)
{
    double scale = c->host_latency_ms / c->latency_ms;
    struct range range = {scale * (has_intervals ? c->latency_median_ci95_low_ms : c->latency_min_ms),
                          scale * c->latency_median_ms,
                          scale * (has_intervals ? c->latency_median_ci95_high_ms : c->latency_p95_ms)};

    if (!(range.middle >= range.low && range.middle <= range.high))
        range.middle = (range.low + range.high) / 2;
    return range;
}

double eo_compare_host_latency(const struct eo_candidate *c)
{
    return c->ranked_latency_ms * (c->host_latency_ms / c->latency_ms);
}

static int has_interval(const struct eo_candidate *c)
{
    return isfinite(c->latency_median_ci95_low_ms) && isfinite(c->latency_median_ci95_high_ms);
}

static struct eo_comparison compare_ranges(const struct range *a, const struct range *b, int has_intervals)
{
    const struct range *low = a->middle < b->middle ? a : b, *high = low == a ? b : a;

    if (!isfinite(low->middle) || !isfinite(high->middle))
        return untested(EO_VERDICT_UNKNOWN);
    if (has_intervals)
        return test_difference(high->middle - low->middle,
                               low->high - low->middle + high->middle - high->low);
    return untested(low->high < high->low ? EO_VERDICT_BEYOND : EO_VERDICT_WITHIN);
}

static struct eo_comparison compare_latency(const struct eo_candidate *a, const struct eo_candidate *b,
                                            int is_same_host)
{
    int has_intervals = has_interval(a) && has_interval(b);
    struct range range_a = find_range(a, has_intervals), range_b = find_range(b, has_intervals);

    if (!is_same_host || strcmp(a->isa, b->isa) != 0 || !is_equal(a->threads, b->threads) ||
        !is_equal(a->batch_size, b->batch_size))
        return untested(EO_VERDICT_OTHER_HOST);
    if (eo_pareto_bad_status(a) || eo_pareto_bad_status(b))
        return untested(EO_VERDICT_BAD_TIMING);
    return compare_ranges(&range_a, &range_b, has_intervals);
}

static void make_pair(struct eo_pair *p, const struct eo_run *a, const struct eo_run *b)
{
    const struct eo_evidence *of_a = eo_run_evidence(a, p->a), *of_b = eo_run_evidence(b, p->b);
    struct eo_contender x = contender(p->a, of_a), y = contender(p->b, of_b);

    p->accuracy = compare_accuracy(p->a, p->b, of_a, of_b);
    p->latency = compare_latency(p->a, p->b, eo_run_is_same_cpu(a, b) && eo_run_is_same_kind(a, b));
    p->is_paired = eo_contender_have_same_images(&x, &y);
}

/* By Holm's method. */
static void correct(struct eo_comparison *c, double limit)
{
    if (c->verdict == EO_VERDICT_BEYOND && c->p > limit) /* false if p is NAN */
        c->verdict = EO_VERDICT_WITHIN;
}

static double find_limit(double *p, size_t n)
{
    size_t tests = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            p[tests++] = p[i];
    eo_stats_sort(p, tests);
    return eo_stats_holm_limit(p, tests, EO_COMPARE_LEVEL);
}

static int correct_pairs(struct eo_pair *pairs, size_t n, struct eo_err *err)
{
    double *accuracy = eo_alloc(n, 2 * sizeof(*accuracy), err), *latency, limits[2];

    if (!accuracy)
        return -1;
    latency = accuracy + n;
    for (size_t i = 0; i < n; i++) {
        accuracy[i] = pairs[i].accuracy.p;
        latency[i] = pairs[i].latency.p;
    }
    limits[0] = find_limit(accuracy, n);
    limits[1] = find_limit(latency, n);
    for (size_t i = 0; i < n; i++) {
        correct(&pairs[i].accuracy, limits[0]);
        correct(&pairs[i].latency, limits[1]);
    }
    free(accuracy);
    return 0;
}

int eo_compare_pairs(const struct eo_run *a, const struct eo_run *b, struct eo_pair *pairs, size_t *count,
                     struct eo_err *err)
{
    *count = 0;
    for (size_t i = 0; i < a->sweep.row_count; i++) {
        struct eo_pair *p = &pairs[*count];

        p->a = &a->sweep.rows[i];
        p->b = eo_sweep_find(&b->sweep, &p->a->key);
        if (!p->b)
            continue;
        make_pair(p, a, b);
        ++*count;
    }
    return correct_pairs(pairs, *count, err);
}
