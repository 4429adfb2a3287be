/*
 * Quantiles with 95 % intervals, from samples that come in clusters: the samples of one process, of one round.
 *
 * Samples of one process resemble each other, and so do processes that follow each other, so n samples tell less than n
 * independent ones would. The ends of the interval are order statistics of all samples (no assumption on the shape of
 * the distribution), at ranks that come from the binomial distribution for an effective number of samples n*: n divided
 * by the design effect, but at least 1 and at most n. The design effect is the product of
 *     the variance of the share of samples below the quantile as it is found between clusters, over the variance that n
 *     independent samples would give it (Woodruff 1952);
 *     the squared ratio of Student's t for one less than the number k of clusters to the normal quantile (Korn and
 *     Graubard 1998);
 *     the dependence of clusters that follow each other, eo_series_dependence() of their excesses over the share
 *     of all.
 * At each end the first factor is estimated once more, for the share of samples beyond that end, and the larger
 * estimate counts there: the estimate at the quantile alone is too small when by chance few clusters reach that far.
 *
 * Each end is missed with a probability of 2.5 %. Where even the outermost sample of one end is missed more often, as
 * at p99 below 368 samples, that end is the outermost sample and the other one takes what is left of 5 %. If that is
 * not enough either (p99 below 299 independent samples, p95 below 59, p50 below 6), the end is NAN, and the other one
 * keeps its 2.5 %. With n* below the number of samples an end lies between order statistics, so that fewer do (p50: 5).
 *
 * If n* is too small for an end of the median, that end comes from Student's interval for the mean of the clusters'
 * medians: it is as far from the median as that interval's half width, with the variance widened by
 * eo_series_dependence(). If all samples are positive, as times are, the lower end is as far away as a ratio. So with
 * six clusters or more the median always has both ends, however wide; with fewer the end is NAN.
 *
 * What is assumed: the clusters are one stationary series, whose quantile is the one that is asked for, with
 * correlations that fall off as those of an autoregression of order 1 and are at most 0.95 from one cluster to the
 * next. With one cluster n* is n, whatever the samples have in common. By simulation (tests/unit/test_coverage.c), 16
 * clusters of 40 samples, b the standard deviation of the clusters' levels over that of the samples within a cluster,
 * rho the correlation of successive levels, intervals of the median hold it in
 *
 *     rho        0       0.5     0.8     0.9     0.95
 *     b = 0.3           99.1 %  96.7 %  92.4 %  86.4 %
 *     b = 1             99.4 %  97.7 %  96.4 %  93.0 %
 *     b = 3    99.7 %   99.6 %  98.5 %  97.6 %  94.9 %
 *
 * of all cases, and those of p95 and p99 in 91 % or more, most of them without the upper end. b = 0.3 at 0.9 and more
 * is beyond what 16 clusters show: their levels change little while the session lasts, and the noise of the clusters'
 * own medians hides that. The price: with independent clusters and b = 0, intervals are 3.7 times as wide as those
 * that take the samples for independent; with 24 clusters, 2.3 times. More clusters help, more samples in each do
 * not.
 *
 * A kind of cluster that makes up a share s of all does not occur in k clusters with a probability of (1 - s)^k: of
 * 20 % slow processes 12 show none in 6.9 % of all cases, 16 in 2.8 %.
 */
#ifndef EO_BASE_QUANTILE_H
#define EO_BASE_QUANTILE_H

#include <stddef.h>

#include "base/err.h"

struct eo_clusters {
    const double *values; /* finite; cluster after cluster, in the order in which they were taken */
    const size_t *sizes;  /* [count]; 0 counts as no cluster */
    size_t count;
};

struct eo_quantile {
    double value;     /* eo_stats_percentile_sorted() of all samples */
    double low, high; /* NAN where the samples do not carry that end */
    double effective; /* n* at the value, 1..n */
};

/* p in 0..1, exclusive. Fails without memory or samples. */
int eo_quantile95(struct eo_quantile *q, const struct eo_clusters *samples, double p,
                  struct eo_err *err) EO_MUST_CHECK;

/* Deviations of successive values from their mean; {0} is none. */
struct eo_series {
    size_t count;
    double squares, steps; /* sums of squares: of the deviations, of their differences from one to the next */
    double before;         /* the last one */
};

void eo_series_add(struct eo_series *s, double deviation);

/*
 * The variance of the mean of n values that follow each other, over what it would be by their sample variance if they
 * were independent: f (n - 1) / (n - f). f is the variance of the mean of n values whose correlation falls off as rho,
 * rho^2, ..., over that of n independent ones; the rest is what the sample variance falls short of that of all values
 * that there could be.
 *
 * rho comes from von Neumann's ratio (1941): 1 - steps / (2 squares), which is 0 on average for independent values, is
 * freed from its bias by the divisor 1 - 4 / n (at least 1/2; Marriott and Pope 1954) and then raised by 2.5 standard
 * errors sqrt((1 - rho^2) / n), because few values show a long correlation badly, and missing it makes an interval
 * wrong while assuming it only makes one wide. rho is at least 0 and at most 0.97. The result is 1 for fewer than 2
 * values, and where they are all equal.
 */
double eo_series_dependence(const struct eo_series *s);

/*
 * P(X <= k) for X binomial with n trials of probability p in 0..1. The probabilities of single values by their ratio
 * to that of the most probable one, so that nothing overflows and a small result has few wrong bits: relative error
 * below 1e-11 for n <= 100,000, where the result is 1e-300 or more; far below that it is 0. Only + - * /: same bits
 * everywhere.
 */
double eo_binomial_at_most(size_t k, size_t n, double p);

/*
 * The sign test, one-sided: the probability that a fair coin shows at least `wins` heads in n throws; 1 for n = 0.
 * With n the discordant images of two models and wins those that the one got right, it is McNemar's exact test (1947).
 */
double eo_sign_test(size_t wins, size_t n);

#endif
