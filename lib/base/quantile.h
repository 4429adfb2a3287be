/*
 * Quantiles with 95 % intervals, from samples that come in clusters: the samples of one process, of one round.
 *
 * Samples of one process resemble each other, and so do processes that follow each other, so n samples say less than n
 * independent ones would. The ends of the interval are order statistics of all samples (no assumption on the shape of
 * the distribution), at ranks that come from the binomial distribution for an effective number of samples n*: n divided
 * by the design effect, but at least 1 and at most n. The design effect is the product of
 *     the variance of the share of samples below the quantile as it is found between clusters, over the variance that n
 *     independent samples would give it (Woodruff 1952);
 *     the squared ratio of Student's t for one less than the number k of clusters to the normal quantile (Korn and
 *     Graubard 1998);
 *     the dependence of clusters that follow each other, eo_series_dependence() of their excesses over the share
 *     of all.
 * At each end the first of these is estimated once more, for the share of samples beyond that end, and the larger
 * counts there: the estimate at the quantile alone is too small when it is by chance that few clusters reach that far.
 *
 * Each end is missed with a probability of 2.5 %. Where even the outermost sample of one end is missed more often, as
 * at p99 below 368 samples, that end is the outermost sample and the other one takes what is left of 5 %. Where that
 * does not do either (p99 below 299 effective samples, p95 below 59, p50 below 6), the end is NAN, and the other one
 * keeps its 2.5 %.
 *
 * What is assumed: that the clusters are of one stationary series, whose quantile is the one that is asked for, and
 * that it shows within the clusters that there are. With one cluster n* is n, whatever the samples have in common. A
 * level that changes so slowly that the session sees little of it is not seen (correlations of 0.9 and above between
 * rounds, where the levels differ less than the samples within a round). A kind of cluster that makes up a share s of
 * all is not seen at all in k clusters with a probability of (1 - s)^k: of 20 % slow processes 12 show none 6.9 % of
 * the time, 16 only 2.8 %. tests/unit/test_coverage.c simulates it.
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
    double low, high; /* order statistics; NAN where n* samples do not carry that end */
    double effective; /* n* at the value, 1..n */
};

/* p in 0..1, exclusive. Fails without memory or samples. */
int eo_quantile95(struct eo_quantile *q, const struct eo_clusters *samples, double p,
                  struct eo_err *err) EO_MUST_CHECK;

/*
 * What the variance of the mean of `count` values that follow each other is, over what it would be by their sample
 * variance if they were independent: f (n - 1) / (n - f). f is the variance of the mean of n values with the
 * correlation rho of each with the one before it, over that of n independent ones; the rest is what the sample variance
 * falls short of that of all values that there could be. squares is the sum of the squared deviations from the mean,
 * products that of each deviation with the one before it. rho is their ratio r, freed from its bias, (r + 1 / n) /
 * (1 - 4 / n) (Marriott and Pope 1954; the divisor at least 1/2), but at least 0, and then raised by its standard error
 * sqrt((1 - rho^2) / n), to at most 0.995. 1 for fewer than 2 values, and where they are all equal.
 */
double eo_series_dependence(double squares, double products, size_t count);

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
