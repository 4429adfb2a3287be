#include "stage/quant/histogram.h"

#include <string.h>

#define BINS EO_HISTOGRAM_BINS
#define LEAST_EXPONENT (-149) /* the smallest step between floats */
#define MAX_MAGNITUDE 0x1p40  /* of a bin's number */

void eo_histogram_init(struct eo_histogram *h)
{
    memset(h, 0, sizeof(*h));
}

static void set_exponent(struct eo_histogram *h, int exponent)
{
    h->exponent = exponent;
    h->per_width = ldexp(1, -exponent);
}

static double bin_of(const struct eo_histogram *h, float x)
{
    return floor((double)x * h->per_width);
}

/* floor(bin / 2) */
static int64_t half(int64_t bin)
{
    return (bin - (bin % 2 != 0 && bin < 0)) / 2;
}

/* Joins bins 2k and 2k + 1 to bin k, wherever the range begins. */
static void coarsen(struct eo_histogram *h)
{
    uint64_t old[BINS];

    memcpy(old, h->count, sizeof(old));
    memset(h->count, 0, sizeof(h->count));
    for (int64_t bin = h->first; bin <= h->last; bin++)
        h->count[(uint64_t)half(bin) % BINS] += old[(uint64_t)bin % BINS];
    h->first = half(h->first);
    h->last = half(h->last);
    set_exponent(h, h->exponent + 1);
}

static void begin(struct eo_histogram *h, float x)
{
    set_exponent(h, LEAST_EXPONENT);
    while (!(fabs((double)x * h->per_width) < MAX_MAGNITUDE))
        set_exponent(h, h->exponent + 1);
    h->first = h->last = (int64_t)bin_of(h, x);
}

/* Whether first..last has room to grow to bin number `bin`. */
static int fits(const struct eo_histogram *h, double bin)
{
    return fabs(bin) < MAX_MAGNITUDE && (double)h->last - bin < BINS && bin - (double)h->first < BINS;
}

static void grow(struct eo_histogram *h, float x)
{
    int64_t bin;

    while (!fits(h, bin_of(h, x)))
        coarsen(h);
    bin = (int64_t)bin_of(h, x);
    h->first = bin < h->first ? bin : h->first;
    h->last = bin > h->last ? bin : h->last;
}

void eo_histogram_add(struct eo_histogram *h, float x)
{
    double bin;

    if (!h->total)
        begin(h, x);
    bin = bin_of(h, x);
    if (bin < (double)h->first || bin > (double)h->last) {
        grow(h, x);
        bin = bin_of(h, x);
    }
    h->count[(uint64_t)(int64_t)bin % BINS]++;
    h->total++;
}
