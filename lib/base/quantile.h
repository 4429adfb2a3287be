/*
 * Quantiles with 95 % intervals, from samples that come in clusters, such as those of one process or of one round.
 *
 * Samples of one process resemble each other, and so do processes that follow each other, so n samples tell less than n
 * independent ones would. The ends of the interval are order statistics of all samples (no assumption on the shape of
 * the distribution), at ranks that come from the binomial distribution for an effective number of samples n*: n divided
 * by the design effect, but at least 1 and at most n. The design effect is the product of
 *     the variance, between clusters, of the share of samples below the quantile, over the variance that this share
 *     would have with n independent samples (Woodruff 1952);
 *     the squared ratio of Student's t with k - 1 degrees of freedom, k being the number of clusters, to the normal
 *     quantile (Korn and Graubard 1998);
 *     the dependence between successive clusters: eo_series_dependence() of how far each lies above or below the share
 *     of all samples.
 * At each end the first factor is estimated once more, for the share of samples beyond that end, and the larger
 * estimate is used there: the estimate at the quantile alone is too small when by chance few clusters reach that far.
 *
 * The quantile lies beyond each end with a probability of 2.5 %. With few samples it lies beyond even the outermost
 * sample more often (p99: below 368 samples). Then that sample is the end, and the other end takes what is left of 5 %.
 * If too little is left (p99: below 299 independent samples, p95: below 59, p50: below 6), the end is NAN, and the
 * other end keeps its 2.5 %. If n* is below the number of samples, an end may lie between two order statistics, so a
 * smaller n* is enough (p50: 5).
 *
 * If n* is too small for an end of the median, that end comes from Student's interval for the mean of the clusters'
 * medians. With h the half width of that interval, its variance multiplied by eo_series_dependence(), the upper end is
 * median + h. The lower end is median - h or, if all samples are positive, as times are, median / (1 + h / median). So
 * with six clusters or more the median always has both ends, however wide; with fewer the end is NAN.
 *
 * Assumptions: the clusters form one stationary series, whose quantile is wanted. The correlation between clusters
 * falls off like that of an autoregression of order 1, and is at most 0.95 from one cluster to the next. With one
 * cluster n* is n, however alike its samples are.
 *
 * Simulation (tests/unit/test_coverage.c) of 16 clusters of 40 samples: the share of cases in which the interval of the
 * median contains it. b is the standard deviation of the clusters' levels over that of the samples within a cluster,
 * rho the correlation of successive levels.
 *
 *     rho        0       0.5     0.8     0.9     0.95
 *     b = 0.3           99.1 %  96.7 %  92.4 %  86.4 %
 *     b = 1             99.4 %  97.7 %  96.4 %  93.0 %
 *     b = 3    99.7 %   99.6 %  98.5 %  97.6 %  94.9 %
 *
 * The intervals of p95 and p99 contain it in 91 % of the cases or more; most of these have no upper end. With b = 0.3,
 * a rho of 0.9 or more is beyond what 16 clusters can show: their levels change little during the session, and the
 * noise of the clusters' own medians hides the change. The price: with independent clusters and b = 0, intervals are
 * 3.7 times as wide as those that treat all samples as independent; with 24 clusters, 2.3 times. More clusters help;
 * more samples in each do not.
 *
 * A kind of cluster that makes up a share s of all is missing among k clusters with a probability of (1 - s)^k. If 20 %
 * of the processes are slow, 12 clusters contain no slow one in 6.9 % of the cases, 16 clusters in 2.8 %.
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
    double low, high; /* NAN where there are too few samples for that end */
    double effective; /* n* at the value, 1..n */
};

/* p is above 0 and below 1. Fails if memory runs out or there are no samples. */
int eo_quantile95(struct eo_quantile *q, const struct eo_clusters *samples, double p,
                  struct eo_err *err) EO_MUST_CHECK;

/* Deviations of successive values from their mean; {0}: none yet. */
struct eo_series {
    size_t count;
    double squares, steps; /* sums of squares: of the deviations, of their differences from one to the next */
    double before;         /* the last one */
};

void eo_series_add(struct eo_series *s, double deviation);

/*
 * The variance of the mean of n successive values, over the estimate that takes them for independent, their sample
 * variance / n: f (n - 1) / (n - f). f is the variance of the mean of n values whose correlation falls off as rho,
 * rho^2, ..., over that of n independent values. The factor (n - 1) / (n - f) corrects the sample variance, which
 * comes out too small when successive values are correlated.
 *
 * rho comes from von Neumann's ratio (1941): 1 - steps / (2 squares), which is 0 on average for independent values. A
 * divisor of 1 - 4 / n (at least 1/2; Marriott and Pope 1954) corrects its bias. Then 2.5 standard errors
 * sqrt((1 - rho^2) / n) are added: few values hardly show a long correlation, and missing one makes an interval wrong,
 * while assuming one only makes it wide. rho is at least 0 and at most 0.97. The result is 1 for fewer than 2 values,
 * and if they are all equal.
 */
double eo_series_dependence(const struct eo_series *s);

/*
 * P(X <= k) for X binomial with n trials of probability p in 0..1. Each probability of a single value is computed as
 * its ratio to the largest one, so nothing overflows and small results are accurate, too: the relative error is below
 * 1e-11 for n <= 100,000 and results of at least 1e-300; results far below that become 0. Only + - * / are used, so the
 * bits are the same everywhere.
 */
double eo_binomial_at_most(size_t k, size_t n, double p);

/*
 * The sign test, one-sided: the probability that a fair coin shows at least `wins` heads in n throws; 1 for n = 0.
 * If n counts the images that exactly one of two models got right, and wins those that the first model got right, this
 * is McNemar's exact test (1947).
 */
double eo_sign_test(size_t wins, size_t n);

#endif
