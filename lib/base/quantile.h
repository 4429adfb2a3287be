/*
 * Quantiles with distribution-free 95 % intervals, from samples that come in clusters.
 *
 * Samples of one process resemble each other, so n of them say less than n independent ones would. The interval is
 * made of order statistics of all samples (no assumption on the distribution), at ranks that come from the binomial
 * distribution for an effective number of samples n*: n divided by the design effect of the share of samples below the
 * quantile, which is estimated between clusters (Woodruff 1952; effective size with its correction for few clusters:
 * Korn and Graubard 1998). With one cluster n* is n.
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
    double effective; /* n* */
};

/* p in 0..1, exclusive. Fails without memory or samples. */
int eo_quantile95(struct eo_quantile *q, const struct eo_clusters *samples, double p,
                  struct eo_err *err) EO_MUST_CHECK;

/* P(X <= k) for X binomial with n trials of probability p in 0..1. Only + - * / sqrt: same bits everywhere. */
double eo_binomial_at_most(size_t k, size_t n, double p);

/*
 * The sign test, one-sided: the probability that a fair coin shows at least `wins` heads in n throws; 1 for n = 0.
 * With n the discordant images of two models and wins those that the one got right, it is McNemar's exact test (1947).
 */
double eo_sign_test(size_t wins, size_t n);

#endif
