/*
 * Quantiles with distribution-free 95 % intervals, from samples that come in clusters.
 *
 * Samples of one process resemble each other, so n of them say less than n independent ones would. The ends of the
 * interval are order statistics of all samples (no assumption on the distribution), at ranks that come from the
 * binomial distribution for an effective number of samples n*: n divided by the design effect, which is the variance of
 * the share of samples below the quantile as it is found between clusters, over the variance that n independent
 * samples would give it (Woodruff 1952). It is multiplied by the squared ratio of Student's t for one less than
 * the number of clusters to the normal quantile (Korn and Graubard 1998), and counts as 1 where it is less. At each end
 * it is estimated once more, for the share of samples beyond that end, and the larger counts there: the estimate
 * at the quantile alone is too small when it is by chance that few clusters reach that far.
 *
 * Each end is missed with a probability of 2.5 %. Where even the outermost sample of one end is missed more often, as
 * at p99 below 368 samples, that end is the outermost sample and the other one takes what is left of 5 %. Where that
 * does not do either (p99 below 299 effective samples, p95 below 59, p50 below 6), the end is NAN, and the other one
 * keeps its 2.5 %.
 *
 * What the intervals cannot know: with one cluster n* is n, whatever the samples have in common. And a kind of cluster
 * that makes up a share s of all is not seen at all in k clusters with a probability of (1 - s)^k: of 20 % slow
 * processes 12 show none 6.9 % of the time, 16 only 2.8 %. tests/unit/test_coverage.c simulates it.
 */
#ifndef EO_BASE_QUANTILE_H
#define EO_BASE_QUANTILE_H

#include <stddef.h>

#include "base/err.h"

struct eo_clusters {
    const double *values; /* finite; cluster after cluster */
    const size_t *sizes;  /* [count], each at least 1 */
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
