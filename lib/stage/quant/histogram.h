/*
 * A histogram of values in bins of equal width; the range need not be known beforehand.
 *
 *     struct eo_histogram *h = ...;                    // 128 KiB, storage of the caller
 *     eo_histogram_init(h);
 *     for each value: eo_histogram_add(h, x)
 *     for (int64_t bin = h->first; h->total && bin <= h->last; bin++)
 *         ... eo_histogram_count(h, bin) ... eo_histogram_at(h, bin + 0.5) ...
 *
 * Bin i holds i * w <= x < (i + 1) * w with w = 2^exponent. When a value does not fit, pairs of bins are joined and w
 * doubles, so no count is ever split: the result depends on the values alone, not on their order or on how they were
 * cut into batches. w is the smallest power of two with which the range needs at most EO_HISTOGRAM_BINS bins, but at
 * least 2^-149 and at least 2^-40 of the largest magnitude.
 */
#ifndef EO_STAGE_QUANT_HISTOGRAM_H
#define EO_STAGE_QUANT_HISTOGRAM_H

#include <math.h>
#include <stdint.h>

#define EO_HISTOGRAM_BINS 16384 /* a power of two */

struct eo_histogram {
    uint64_t total;      /* values seen */
    int64_t first, last; /* bins of the smallest and the largest value; undefined while total is 0 */
    int exponent;
    double per_width;                  /* 2^-exponent */
    uint64_t count[EO_HISTOGRAM_BINS]; /* of bin i at i modulo EO_HISTOGRAM_BINS */
};

void eo_histogram_init(struct eo_histogram *h);
void eo_histogram_add(struct eo_histogram *h, float x); /* x is finite */

/* first <= bin <= last */
static inline uint64_t eo_histogram_count(const struct eo_histogram *h, int64_t bin)
{
    return h->count[(uint64_t)bin % EO_HISTOGRAM_BINS];
}

/* Exact: where a bin begins; `bin` + 1 ends it, + 0.5 is its middle. */
static inline double eo_histogram_at(const struct eo_histogram *h, double bin)
{
    return ldexp(bin, h->exponent);
}

#endif
