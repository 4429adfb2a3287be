#include "base/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stats.h"

#define MISS 0.05 /* probability to miss either end of an interval */

/* Of the correlation of successive clusters: its largest value that is considered, the number of standard errors by
 * which its estimate is raised, and the smallest divisor that frees the estimate from its bias. */
#define MOST_CORRELATION 0.97
#define CAUTION 2.5
#define LEAST_BIAS 0.5

#define FEW_CLUSTERS 6 /* with fewer, Student's interval would be tens of standard deviations wide */

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

/*
 * How many of `count` samples lie beyond an end that n effective ones allow; negative when they allow none. The depth
 * is interpolated between whole numbers. With n = count the result, rounded down, is one less than find_depth(). With
 * many more samples than n it is half a sample more, so that p - (rank / count) is near the normal approximation 1.96
 * sqrt(p (1 - p) / n).
 */
static double find_rank(size_t n, size_t count, double p, double miss)
{
    size_t d = find_depth(n, p, miss);
    double below = d > 0 ? eo_binomial_at_most(d - 1, n, p) : 0, upto = eo_binomial_at_most(d, n, p);
    double depth = (double)d + (miss - below) / (upto - below), ratio = (double)count / (double)n;

    return (depth - 1 + 0.5 * (1 - 1 / ratio)) * ratio;
}

/* Half of MISS for each end, unless one end is missed more often even at its outermost sample and the rest is
 * enough for the other. n: effective samples at each end; p: of the quantile, seen from each end. */
static void share_misses(const size_t n[ENDS], const double p[ENDS], double miss[ENDS])
{
    double least[ENDS];

    for (int e = 0; e < ENDS; e++) {
        least[e] = eo_binomial_at_most(0, n[e], p[e]);
        miss[e] = MISS / 2;
    }
    for (int e = 0; e < ENDS; e++)
        if (least[e] > MISS / 2 && least[e] + least[!e] <= MISS) {
            miss[e] = least[e];
            miss[!e] = MISS - least[e];
        }
}

/* All samples, and the quantile in question. */
struct question {
    const struct eo_clusters *samples;
    double *sorted, *work; /* work: room for as many */
    size_t count;          /* of samples */
    double p[ENDS];
};

/* Order statistics at the ranks that n[] effective samples allow. */
static void find_ends(const struct question *q, const size_t n[ENDS], double ends[ENDS])
{
    double miss[ENDS], rank;

    share_misses(n, q->p, miss);
    for (int e = 0; e < ENDS; e++) {
        rank = find_rank(n[e], q->count, q->p[e], miss[e]);
        ends[e] = NAN;
        if (rank >= 0)
            ends[e] = q->sorted[e == LOW ? (size_t)rank : q->count - 1 - (size_t)rank];
    }
}

/* Of the values of a cluster, those below `at`, or those that are not above it. */
static double count_below(const double *values, size_t n, double at, int or_equal)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += or_equal ? values[i] <= at : values[i] < at;
    return (double)count;
}

void eo_series_add(struct eo_series *s, double deviation)
{
    if (s->count > 0)
        s->steps += (deviation - s->before) * (deviation - s->before);
    s->squares += deviation * deviation;
    s->before = deviation;
    s->count++;
}

/* The variance of the mean of n values, of which each is correlated with the one before it by rho and with earlier ones
 * by powers of rho, over that of as many independent ones. */
static double widen_by_correlation(double rho, size_t n)
{
    double factor = 1, power = 1;

    for (size_t k = 1; k < n; k++) {
        power *= rho;
        factor += 2 * (1 - (double)k / (double)n) * power;
    }
    return factor;
}

double eo_series_dependence(const struct eo_series *s)
{
    double n = (double)s->count, rho, factor;

    if (!(s->squares > 0) || s->count < 2)
        return 1;
    rho = (1 - s->steps / (2 * s->squares)) / fmax(1 - 4 / n, LEAST_BIAS);
    rho = fmin(fmax(rho, -MOST_CORRELATION), MOST_CORRELATION);
    rho = fmin(fmax(rho + CAUTION * sqrt((1 - rho * rho) / n), 0), MOST_CORRELATION);
    factor = widen_by_correlation(rho, s->count);
    return factor * (n - 1) / (n - factor);
}

/* By how much the numbers of samples below a value exceed what the share of all would give their clusters. */
static struct eo_series list_excesses(const struct question *q, double at, int or_equal, double share)
{
    struct eo_series series = {0};
    const double *values = q->samples->values;

    for (size_t i = 0; i < q->samples->count; i++) {
        size_t size = q->samples->sizes[i];

        if (size > 0)
            eo_series_add(&series, count_below(values, size, at, or_equal) - (double)size * share);
        values += size;
    }
    return series;
}

/* What the samples tell about the share of them below a value. */
struct effect {
    /* Variance as found between clusters, corrected for their number, over that of independent samples; 0 where the
     * samples do not tell. */
    double design;
    double dependence; /* its factor */
};

static struct effect find_effect(const struct question *q, double at, int or_equal)
{
    double n = (double)q->count, share = count_below(q->samples->values, q->count, at, or_equal) / n, k,
           ratio;
    struct effect effect = {0, 1};
    struct eo_series e;

    if (!(share > 0 && share < 1))
        return effect;
    e = list_excesses(q, at, or_equal, share);
    if (e.count < 2)
        return effect;
    k = (double)e.count;
    ratio = eo_stats_t975(e.count - 1) / EO_STATS_Z975;
    effect.design = k / (k - 1) * e.squares / (n * share * (1 - share)) * ratio * ratio;
    effect.dependence = eo_series_dependence(&e);
    return effect;
}

/* As many independent samples say as much: at least 1, at most all. */
static double effective(const struct question *q, double effect)
{
    double n = (double)q->count;

    return effect <= 1 ? n : effect < n ? n / effect : 1;
}

/* The medians of clusters with samples, in their order, into the front of q->work; their number. */
static size_t list_medians(const struct question *q)
{
    double *next = q->work;
    size_t count = 0;

    memcpy(q->work, q->samples->values, q->count * sizeof(*q->work));
    for (size_t i = 0; i < q->samples->count; i++) {
        size_t size = q->samples->sizes[i];

        if (size == 0)
            continue;
        eo_stats_sort(next, size);
        q->work[count++] = eo_stats_median_sorted(next, size); /* never behind `next` */
        next += size;
    }
    return count;
}

/* Half the width of Student's interval for the mean of the clusters' medians; NAN for fewer than FEW_CLUSTERS. */
static double find_half_width(const struct question *q)
{
    size_t i, count = list_medians(q);
    double mean = eo_stats_mean(q->work, count), k = (double)count;
    struct eo_series series = {0};

    if (count < FEW_CLUSTERS)
        return NAN;
    for (i = 0; i < count; i++)
        eo_series_add(&series, q->work[i] - mean);
    return eo_stats_t975(count - 1) * sqrt(series.squares / (k - 1) / k * eo_series_dependence(&series));
}

/* The ends of a median's interval that order statistics do not give. A time stays positive. */
static void find_missing_ends(const struct question *q, double median, double ends[ENDS])
{
    double half = isnan(ends[LOW]) || isnan(ends[HIGH]) ? find_half_width(q) : 0;

    if (isnan(ends[HIGH]))
        ends[HIGH] = median + half;
    if (isnan(ends[LOW]))
        ends[LOW] = q->sorted[0] > 0 ? median / (1 + half / median) : median - half;
}

static void answer(const struct question *q, struct eo_quantile *result)
{
    double found = eo_stats_percentile_sorted(q->sorted, q->count, 100 * q->p[LOW]), ends[ENDS];
    struct effect below = find_effect(q, found, 0), at_most = find_effect(q, found, 1);
    double design = fmax(below.design, at_most.design), factor = fmax(below.dependence, at_most.dependence);
    size_t n[ENDS];

    n[LOW] = n[HIGH] = (size_t)effective(q, design * factor);
    find_ends(q, n, ends);
    for (int e = 0; e < ENDS; e++)
        if (!isnan(ends[e]))
            n[e] = (size_t)effective(q, fmax(design, find_effect(q, ends[e], e == HIGH).design) * factor);
    find_ends(q, n, ends);
    if (q->p[LOW] == 0.5)
        find_missing_ends(q, found, ends);
    result->value = found;
    result->low = ends[LOW];
    result->high = ends[HIGH];
    result->effective = effective(q, design * factor);
}

int eo_quantile95(struct eo_quantile *q, const struct eo_clusters *samples, double p, struct eo_err *err)
{
    struct question question = {.samples = samples, .p = {p, 1 - p}};
    int rc;

    for (size_t i = 0; i < samples->count; i++)
        question.count += samples->sizes[i];
    if (question.count == 0)
        return eo_err_set(err, "a quantile of no samples");
    question.sorted = eo_alloc(question.count, sizeof(*question.sorted), err);
    question.work = question.sorted ? eo_alloc(question.count, sizeof(*question.work), err) : NULL;
    if (question.work) {
        memcpy(question.sorted, samples->values, question.count * sizeof(*question.sorted));
        eo_stats_sort(question.sorted, question.count);
        answer(&question, q);
    }
    rc = question.work ? 0 : -1;
    free(question.sorted);
    free(question.work);
    return rc;
}
