#include "base/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stats.h"

#define MISS 0.05 /* probability to miss either end of an interval */

/* Correlation of successive clusters: the most that is reckoned with, and the least that its estimate from few of them
 * is divided by. */
#define MOST_CORRELATION 0.995
#define LEAST_BIAS 0.5

/* Ratios below it are left out. Not much smaller: the smallest doubles times 0.9 are themselves again, and never 0. */
#define LEAST_RATIO 1e-315

enum { LOW, HIGH, ENDS };

/* The sum of P(X = j) / P(X = mode) over j = 0..mode that are at most k; odds are those against one success. */
static double sum_to_mode(size_t mode, size_t k, size_t n, double odds)
{
    double ratio = 1, sum = 0;
    size_t j = mode;

    for (;;) {
        if (ratio < LEAST_RATIO)
            return sum;
        if (j <= k)
            sum += ratio;
        if (j == 0)
            return sum;
        ratio *= (double)j / (double)(n - j + 1) * odds;
        j--;
    }
}

double eo_binomial_at_most(size_t k, size_t n, double p)
{
    double odds, total;
    size_t mode;

    if (k >= n || !(p > 0))
        return 1;
    if (p >= 1)
        return 0;
    mode = (size_t)((double)n * p);
    odds = (1 - p) / p;
    total = sum_to_mode(mode, n, n, odds) + sum_to_mode(n - mode, n, n, 1 / odds) - 1;
    if (k < mode)
        return sum_to_mode(mode, k, n, odds) / total;
    /* What is above k: seen from the other side, at most n - k - 1 failures. */
    return 1 - sum_to_mode(n - mode, n - k - 1, n, 1 / odds) / total;
}

double eo_sign_test(size_t wins, size_t n)
{
    if (wins == 0)
        return 1;
    return wins > n ? 0 : eo_binomial_at_most(n - wins, n, 0.5);
}

/*
 * The largest d so that the d-th smallest of n independent samples lies above the quantile p with a probability of at
 * most `miss`; 0 when not even the smallest does. From the other end: the same with 1 - p.
 */
static size_t find_depth(size_t n, double p, double miss)
{
    double count = (double)n, guess = count * p - 2 * sqrt(count * p * (1 - p));
    size_t d = guess > 0 ? (size_t)guess : 0;

    while (d > 0 && eo_binomial_at_most(d - 1, n, p) > miss)
        d--;
    while (d < n && eo_binomial_at_most(d, n, p) <= miss)
        d++;
    return d;
}

/* Half of MISS for each end, unless one is missed more often even at its outermost sample and the other can do with the
 * rest. n: effective samples at each end; p: of the quantile, seen from each end. */
static void share_misses(const size_t n[ENDS], const double p[ENDS], double miss[ENDS])
{
    double least[ENDS];
    int e;

    for (e = 0; e < ENDS; e++) {
        least[e] = eo_binomial_at_most(0, n[e], p[e]);
        miss[e] = MISS / 2;
    }
    for (e = 0; e < ENDS; e++)
        if (least[e] > MISS / 2 && least[e] + least[!e] <= MISS) {
            miss[e] = least[e];
            miss[!e] = MISS - least[e];
        }
}

/* All samples in order, and what is asked of them. */
struct question {
    const struct eo_clusters *samples;
    double *sorted;
    size_t count; /* of samples */
    double p[ENDS];
};

/* Order statistics at the depths that n[] effective samples allow. */
static void find_ends(const struct question *q, const size_t n[ENDS], double ends[ENDS])
{
    double miss[ENDS];
    size_t depth;
    int e;

    share_misses(n, q->p, miss);
    for (e = 0; e < ENDS; e++) {
        depth = find_depth(n[e], q->p[e], miss[e]);
        ends[e] = NAN;
        if (depth == 0)
            continue;
        /* The innermost sample with no larger a share of all beyond it than the depth-th of n has. */
        depth = (size_t)((double)(depth - 1) * (double)q->count / (double)n[e]);
        ends[e] = q->sorted[e == LOW ? depth : q->count - 1 - depth];
    }
}

/* Of the values of a cluster, those below `at`, or those that are not above it. */
static double count_below(const double *values, size_t n, double at, int or_equal)
{
    size_t i, count = 0;

    for (i = 0; i < n; i++)
        count += or_equal ? values[i] <= at : values[i] < at;
    return (double)count;
}

/* How far the numbers of samples below a value are from what the share of all would give their clusters. */
struct excesses {
    size_t clusters;          /* with samples */
    double squares, products; /* sums: of each excess with itself, of each with that of the cluster before */
};

static struct excesses sum_excesses(const struct question *q, double at, int or_equal, double share)
{
    struct excesses sums = {0};
    const double *values = q->samples->values;
    double before = 0;
    size_t i;

    for (i = 0; i < q->samples->count; i++) {
        size_t size = q->samples->sizes[i];
        double excess = count_below(values, size, at, or_equal) - (double)size * share;

        values += size;
        if (size == 0)
            continue;
        sums.clusters++;
        sums.squares += excess * excess;
        sums.products += excess * before;
        before = excess;
    }
    return sums;
}

/* The variance of the mean of n values, of which each is correlated with the one before it by rho and with earlier ones
 * by powers of rho, over that of as many independent ones. */
static double widen_by_correlation(double rho, size_t n)
{
    double factor = 1, power = 1;
    size_t k;

    for (k = 1; k < n; k++) {
        power *= rho;
        factor += 2 * (1 - (double)k / (double)n) * power;
    }
    return factor;
}

double eo_series_dependence(double squares, double products, size_t count)
{
    double n = (double)count, rho, factor;

    if (!(squares > 0) || count < 2)
        return 1;
    rho = (products / squares + 1 / n) / fmax(1 - 4 / n, LEAST_BIAS);
    rho = fmin(fmax(rho, 0), MOST_CORRELATION);
    rho = fmin(rho + sqrt((1 - rho * rho) / n), MOST_CORRELATION);
    factor = widen_by_correlation(rho, count);
    return factor * (n - 1) / (n - factor);
}

/* What the samples say about the share of them below a value. */
struct effect {
    double design; /* variance as found between clusters, corrected for their number, over that of independent
                          samples; 0 where they do not tell */
    double dependence; /* its factor */
};

static struct effect find_effect(const struct question *q, double at, int or_equal)
{
    double n = (double)q->count, share = count_below(q->samples->values, q->count, at, or_equal) / n, k,
           ratio;
    struct effect effect = {0, 1};
    struct excesses e;

    if (!(share > 0 && share < 1))
        return effect;
    e = sum_excesses(q, at, or_equal, share);
    if (e.clusters < 2)
        return effect;
    k = (double)e.clusters;
    ratio = eo_stats_t975(e.clusters - 1) / EO_STATS_Z975;
    effect.design = k / (k - 1) * e.squares / (n * share * (1 - share)) * ratio * ratio;
    effect.dependence = eo_series_dependence(e.squares, e.products, e.clusters);
    return effect;
}

/* As many independent samples say as much: at least 1, at most all. */
static double effective(const struct question *q, double effect)
{
    double n = (double)q->count;

    return effect <= 1 ? n : effect < n ? n / effect : 1;
}

static void answer(const struct question *q, struct eo_quantile *result)
{
    double found = eo_stats_percentile_sorted(q->sorted, q->count, 100 * q->p[LOW]), ends[ENDS];
    struct effect below = find_effect(q, found, 0), at_most = find_effect(q, found, 1);
    double design = fmax(below.design, at_most.design), factor = fmax(below.dependence, at_most.dependence);
    size_t n[ENDS];
    int e;

    n[LOW] = n[HIGH] = (size_t)effective(q, design * factor);
    find_ends(q, n, ends);
    for (e = 0; e < ENDS; e++)
        if (!isnan(ends[e]))
            n[e] = (size_t)effective(q, fmax(design, find_effect(q, ends[e], e == HIGH).design) * factor);
    find_ends(q, n, ends);
    result->value = found;
    result->low = ends[LOW];
    result->high = ends[HIGH];
    result->effective = effective(q, design * factor);
}

int eo_quantile95(struct eo_quantile *q, const struct eo_clusters *samples, double p, struct eo_err *err)
{
    struct question question = {.samples = samples, .p = {p, 1 - p}};
    size_t i;

    for (i = 0; i < samples->count; i++)
        question.count += samples->sizes[i];
    if (question.count == 0)
        return eo_err_set(err, "a quantile of no samples");
    question.sorted = eo_alloc(question.count, sizeof(*question.sorted), err);
    if (!question.sorted)
        return -1;
    memcpy(question.sorted, samples->values, question.count * sizeof(*question.sorted));
    eo_stats_sort(question.sorted, question.count);
    answer(&question, q);
    free(question.sorted);
    return 0;
}
