/*
 * Small statistics on doubles, for accuracy rows, timing rows and seed summaries.
 *
 * Nothing is allocated and nothing can fail. Only + - * / and sqrt are used, all correctly rounded, in the
 * order of the array, so a result has the same bits on every machine. Arrays hold finite numbers; n is a
 * count of elements.
 */
#ifndef EO_BASE_STATS_H
#define EO_BASE_STATS_H

#include <stddef.h>

#define EO_STATS_Z975 1.959963984540054 /* 97.5 % quantile of the normal distribution */

/* Sum from the first to the last, divided by n. 0 for n = 0. */
double eo_stats_mean(const double *x, size_t n);

/*
 * Sample standard deviation (divisor n - 1), in two passes (Chan, Golub, LeVeque 1983). 0 for n < 2.
 */
double eo_stats_std_sample(const double *x, size_t n);

/* The smallest value. 0 for n = 0. */
double eo_stats_min(const double *x, size_t n);

/* Sorts into ascending order, in place. */
void eo_stats_sort(double *x, size_t n);

/* Of a sorted array: the middle value, or the mean of the two middle ones. 0 for n = 0. */
double eo_stats_median_sorted(const double *sorted, size_t n);

/* The median of an unsorted array, which is sorted in place; NAN for n = 0. */
double eo_stats_median(double *x, size_t n);

/*
 * Of a sorted array: the percentile p in 0..100 by linear interpolation between the closest ranks, at
 * position (n - 1) p / 100 (Hyndman and Fan 1996, type 7; the default of numpy.percentile, same bits). 0 for
 * n = 0.
 */
double eo_stats_percentile_sorted(const double *sorted, size_t n, double p);

/*
 * Of a sorted array: the median absolute deviation, which is the median of the distances to the median; not scaled
 * (times 1.4826 it estimates the standard deviation of normal data). 0 for n = 0.
 */
double eo_stats_mad_sorted(const double *sorted, size_t n);

/*
 * 95 % interval for a proportion, from `correct` out of n observations (Wilson 1927, without continuity correction).
 * Always inside 0..1; n = 0 gives 0..1.
 */
void eo_stats_wilson95(size_t correct, size_t n, double *low, double *high);

/*
 * The 97.5 % quantile of Student's t distribution, df >= 1: a table up to 30, then the expansion in 1/df of
 * Abramowitz and Stegun 26.7.5 (absolute error below 3e-8). 0 for df = 0.
 */
double eo_stats_t975(size_t df);

/*
 * The probability that a normal deviate is at least z standard deviations from 0, to either side; z >= 0. Absolute
 * error below 1e-15: the series of Marsaglia (2004), with eo_exp(). 0 from z = 9 on; NAN for NAN.
 */
double eo_stats_normal_beyond(double z);

/*
 * Holm's correction (1979) for n tests, whose p-values are sorted ascending: returns the largest p-value that is
 * significant, or a negative number if none is. With it, the probability that any of the tests is significant by chance
 * alone is at most `level`.
 */
double eo_stats_holm_limit(const double *sorted, size_t n, double level);

/*
 * P(T > t) for Student's t with an even number df >= 2 of degrees of freedom, t >= 0: the finite series of Abramowitz
 * and Stegun 26.7.4. Absolute error below 1e-14.
 */
double eo_stats_student_above(double t, size_t df);

/* Half the width of the 95 % Student-t interval around the mean of n values; 0 for n < 2. */
double eo_stats_t95_half_width(double std_sample, size_t n);

#endif
