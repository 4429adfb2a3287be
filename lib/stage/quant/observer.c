#include "stage/quant/observer.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "stage/quant/grid.h"

#define BINS EO_OBSERVER_BINS
#define LEVELS 256 /* of HISTOGRAM, whatever activation_max is */
#define UPSAMPLE 16
#define STEP 1e-5     /* of the mass, per move of HISTOGRAM's search */
#define FEW_BINS 2048 /* of ENTROPY: with more, KL would follow the noise of the counts */
#define CUT 1e-3      /* of the values, that ENTROPY may leave out */
#define ROUNDS 10

void eo_observer_init(struct eo_observer *o, enum eo_observer_kind kind, int activation_max,
                      double percentile)
{
    memset(o, 0, sizeof(*o));
    o->kind = kind;
    o->activation_max = activation_max;
    o->percentile = percentile;
    eo_histogram_init(&o->histogram);
}

/* The bin of x in min..max. The upper edge belongs to the last bin; bin 0 if the range has no width. */
static int bin_of(double x, double min, double max)
{
    double at;

    if (!(max > min))
        return 0;
    at = (x - min) / (max - min) * BINS;
    return at >= BINS - 1 ? BINS - 1 : at > 0 ? (int)at : 0;
}

/* Moves the mass from bins over o->min..o->max to bins over the wider min..max. */
static void rebin(struct eo_observer *o, double min, double max)
{
    double old[BINS], part = (o->max - o->min) / (BINS * UPSAMPLE);

    memcpy(old, o->mass, sizeof(old));
    memset(o->mass, 0, sizeof(o->mass));
    for (int i = 0; i < BINS; i++)
        if (old[i] > 0)
            for (int k = 0; k < UPSAMPLE; k++)
                o->mass[bin_of(o->min + part * (i * UPSAMPLE + k + 0.5), min, max)] += old[i] / UPSAMPLE;
}

int eo_observer_add(struct eo_observer *o, const float *values, size_t n, struct eo_err *err)
{
    double min = o->seen ? o->min : (double)values[0], max = o->seen ? o->max : (double)values[0];

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            return eo_err_set(err, "value %zu: expected a finite number, found %g", i, (double)values[i]);
        min = (double)values[i] < min ? (double)values[i] : min;
        max = (double)values[i] > max ? (double)values[i] : max;
    }
    if (o->kind == EO_OBSERVER_HISTOGRAM) {
        if (o->seen && (min < o->min || max > o->max))
            rebin(o, min, max);
        for (size_t i = 0; i < n; i++)
            o->mass[bin_of((double)values[i], min, max)] += 1;
    } else if (o->kind != EO_OBSERVER_MINMAX) {
        for (size_t i = 0; i < n; i++)
            eo_histogram_add(&o->histogram, values[i]);
    }
    o->min = min;
    o->max = max;
    o->seen += n;
    return 0;
}

/* ---- histogram ----------------------------------------------------------------------------------------- */

/* Integral of density * t^2 for t from `from` to `to`: the squared error of values spread evenly around a level. */
static double spread_error(double from, double to, double density)
{
    return density * ((to * to * to - from * from * from) / 3);
}

static double level_of(double x, double level_width)
{
    double level = floor(x / level_width);

    return level < 0 ? 0 : level > LEVELS - 1 ? LEVELS - 1 : level;
}

/*
 * The squared error of replacing every value by the middle of its level, when LEVELS levels cover the bins
 * first..last. The mass of a bin counts as spread evenly over it; values outside get the nearest level.
 */
static double quantisation_error(const struct eo_observer *o, int first, int last)
{
    double width = (o->max - o->min) / BINS, level_width = width * (last - first + 1) / LEVELS;
    double half = level_width / 2, sum = 0;

    for (int i = 0; i < BINS; i++) {
        double begin = (i - first) * width, end = begin + width, density = o->mass[i] / width;
        double level_begin = level_of(begin, level_width), level_end = level_of(end, level_width);
        double error = spread_error(begin - (level_begin + 0.5) * level_width, half, density);

        error += (level_end - level_begin - 1) * spread_error(-half, half, density);
        error += spread_error(-half, end - (level_end * level_width + half), density);
        sum += error;
    }
    return sum;
}

struct search {
    double sum[BINS]; /* mass up to and including the bin */
    double low, high; /* shares of the mass that the trimmed range begins and ends at */
    int first, last;  /* the bins it covers */
};

static double total_mass(struct search *s, const double *mass)
{
    double total = 0;

    for (int i = 0; i < BINS; i++)
        s->sum[i] = total += mass[i];
    return total;
}

/* Trims the tail that loses more bins by STEP of the mass. Returns whether any bin was cut off. */
static int trim(struct search *s, double total, int *first, int *last)
{
    int left = s->first, right = s->last;

    while (left < s->last && s->sum[left] < (s->low + STEP) * total)
        left++;
    while (right > s->first && s->sum[right] > (s->high - STEP) * total)
        right--;
    *first = s->first;
    *last = s->last;
    if (left - s->first > s->last - right) {
        *first = left;
        s->low += STEP;
    } else {
        *last = right;
        s->high -= STEP;
    }
    return *first != s->first || *last != s->last;
}

static void range_histogram(const struct eo_observer *o, double *min, double *max)
{
    struct search s = {.low = 0, .high = 1, .first = 0, .last = BINS - 1};
    double width = (o->max - o->min) / BINS, best = INFINITY, total;

    total = total_mass(&s, o->mass);
    while (s.low < s.high) {
        int first, last;
        double error;

        if (!trim(&s, total, &first, &last))
            continue;
        error = quantisation_error(o, first, last);
        if (error > best)
            break;
        best = error;
        s.first = first;
        s.last = last;
    }
    *min = o->min + width * s.first;
    *max = s.last == BINS - 1 ? o->max : o->min + width * (s.last + 1);
}

/* ---- percentile ---------------------------------------------------------------------------------------- */

static void range_percentile(const struct eo_observer *o, double *min, double *max)
{
    const struct eo_histogram *h = &o->histogram;
    double tail = (100 - o->percentile) / 200 * (double)h->total, below = 0, above = 0;
    int64_t first = h->first, last = h->last;

    while (first < last && below + (double)eo_histogram_count(h, first) <= tail)
        below += (double)eo_histogram_count(h, first++);
    while (last > first && above + (double)eo_histogram_count(h, last) <= tail)
        above += (double)eo_histogram_count(h, last--);
    *min = fmax(o->min, eo_histogram_at(h, (double)first));
    *max = fmin(o->max, eo_histogram_at(h, (double)last + 1));
}

/* ---- search over a grid of ranges ---------------------------------------------------------------------- */

typedef double cost_fn(const struct eo_observer *o, double min, double max);

/* The middle of a bin that is 2^shift bins of the histogram wide; in an end bin at most the outermost value. */
static double middle(const struct eo_observer *o, int64_t bin, int shift)
{
    double x = eo_histogram_at(&o->histogram, ldexp((double)bin + 0.5, shift));

    return x < o->min ? o->min : x > o->max ? o->max : x;
}

/* The summed squared error of rounding the values to the levels over min..max. */
static double squared_error(const struct eo_observer *o, double min, double max)
{
    const struct eo_histogram *h = &o->histogram;
    struct eo_grid grid = eo_grid_over(min, max, o->activation_max, 0);
    double sum = 0;

    for (int64_t bin = h->first; bin <= h->last; bin++) {
        uint64_t count = eo_histogram_count(h, bin);
        double x, error;

        if (!count)
            continue;
        x = middle(o, bin, 0);
        error = x - eo_grid_value(&grid, eo_grid_clamp(&grid, eo_grid_level(&grid, x)));
        sum += (double)count * error * error;
    }
    return sum;
}

/* The histogram in fewer bins, cut at a range. first..last are the outermost bins inside that are not empty. */
struct distribution {
    double mass[FEW_BINS]; /* inside, by bin */
    double inside, below, above;
    int first, last;
};

/* floor(bin / 2^shift) */
static int64_t merged(int64_t bin, int shift)
{
    return bin >= 0 ? bin >> shift : ~(~bin >> shift);
}

static int merge_shift(const struct eo_histogram *h)
{
    int shift = 0;

    while (merged(h->last, shift) - merged(h->first, shift) >= FEW_BINS)
        shift++;
    return shift;
}

static void distribute(const struct eo_observer *o, int shift, double min, double max, struct distribution *d)
{
    const struct eo_histogram *h = &o->histogram;

    memset(d, 0, sizeof(*d));
    d->first = FEW_BINS;
    for (int64_t bin = h->first; bin <= h->last; bin++) {
        double count = (double)eo_histogram_count(h, bin), x = middle(o, merged(bin, shift), shift);
        int at = (int)(merged(bin, shift) - merged(h->first, shift));

        if (!(count > 0))
            continue;
        d->below += x < min ? count : 0;
        d->above += x > max ? count : 0;
        if (x < min || x > max)
            continue;
        d->mass[at] += count;
        d->inside += count;
        d->first = at < d->first ? at : d->first;
        d->last = at;
    }
}

/* The mass of each level for each of its bins that is not empty. */
static void spread_levels(const struct distribution *d, const int level[FEW_BINS], double share[256])
{
    int bins[256] = {0};

    memset(share, 0, 256 * sizeof(*share));
    for (int at = d->first; at <= d->last; at++) {
        share[level[at]] += d->mass[at];
        bins[level[at]] += d->mass[at] > 0;
    }
    for (int i = 0; i < 256; i++)
        share[i] = bins[i] ? share[i] / bins[i] : 0;
}

/* KL(P || Q) of the header; infinite when too much is left out. */
static double divergence(const struct eo_observer *o, double min, double max)
{
    const struct eo_histogram *h = &o->histogram;
    struct eo_grid grid = eo_grid_over(min, max, o->activation_max, 0);
    struct distribution d;
    double share[256], sum = 0;
    int level[FEW_BINS], shift = merge_shift(h);

    distribute(o, shift, min, max, &d);
    if (d.below + d.above > CUT * (double)h->total)
        return INFINITY;
    for (int at = d.first; at <= d.last; at++) {
        double x = middle(o, merged(h->first, shift) + at, shift);

        level[at] = (int)eo_grid_clamp(&grid, eo_grid_level(&grid, x));
    }
    spread_levels(&d, level, share);
    for (int at = d.first; at <= d.last; at++) {
        double p = d.mass[at] + (at == d.first ? d.below : 0) + (at == d.last ? d.above : 0);

        if (p > 0)
            sum += p * eo_log(p / (double)h->total / (share[level[at]] / d.inside));
    }
    return sum / (double)h->total;
}

struct shrinkage {
    int low, high; /* steps taken off the ends */
};

static double shrunk(double end, int steps)
{
    return end * (EO_OBSERVER_STEPS - steps) / EO_OBSERVER_STEPS;
}

/* The best number of steps for one end while the other is fixed, least first. Returns whether it changed. */
static int improve(const struct eo_observer *o, cost_fn *cost, double low, double high, struct shrinkage *s,
                   int *end)
{
    double best = INFINITY;
    int before = *end, chosen = 0;

    for (*end = 0; *end < EO_OBSERVER_STEPS; ++*end) {
        double now = cost(o, shrunk(low, s->low), shrunk(high, s->high));

        if (now < best) {
            best = now;
            chosen = *end;
        }
    }
    *end = chosen;
    return chosen != before;
}

static void range_search(const struct eo_observer *o, cost_fn *cost, double *min, double *max)
{
    double low = fmin(o->min, 0), high = fmax(o->max, 0);
    struct shrinkage s = {0, 0};
    int changed = 1;

    for (int round = 0; changed && round < ROUNDS; round++) {
        changed = high > 0 && improve(o, cost, low, high, &s, &s.high);
        changed |= low < 0 && improve(o, cost, low, high, &s, &s.low);
    }
    *min = shrunk(low, s.low);
    *max = shrunk(high, s.high);
}

void eo_observer_range(const struct eo_observer *o, double *min, double *max)
{
    *min = o->min;
    *max = o->max;
    if (!((o->max - o->min) / BINS > 0))
        return;
    switch (o->kind) {
    case EO_OBSERVER_MINMAX:
        return;
    case EO_OBSERVER_PERCENTILE:
        range_percentile(o, min, max);
        return;
    case EO_OBSERVER_MSE:
        range_search(o, squared_error, min, max);
        return;
    case EO_OBSERVER_HISTOGRAM:
        range_histogram(o, min, max);
        return;
    case EO_OBSERVER_ENTROPY:
        range_search(o, divergence, min, max);
        return;
    }
}
