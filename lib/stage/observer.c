#include "stage/observer.h"

#include <math.h>
#include <string.h>

#define BINS EO_OBSERVER_BINS
#define LEVELS 256 /* also for the reduced range of 128: the original compares with 256 in both cases */
#define UPSAMPLE 16
#define STEP 1e-5 /* of the mass, per move of the search */

void eo_observer_init(struct eo_observer *o, enum eo_observer_kind kind)
{
    memset(o, 0, sizeof(*o));
    o->kind = kind;
}

/* The bin of x in min..max; the upper edge belongs to the last bin, a range without width to bin 0. */
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
    if (o->kind != EO_OBSERVER_MINMAX) {
        if (o->seen && (min < o->min || max > o->max))
            rebin(o, min, max);
        for (size_t i = 0; i < n; i++)
            o->mass[bin_of((double)values[i], min, max)] += 1;
    }
    o->min = min;
    o->max = max;
    o->seen += n;
    return 0;
}

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
 * first..last. The mass of a bin counts as spread evenly over it; what lies outside goes to the nearest level.
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

/* Trims one tail by STEP of the mass, the one that loses more bins. Returns whether any bin went. */
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

void eo_observer_range(const struct eo_observer *o, double *min, double *max)
{
    struct search s = {.low = 0, .high = 1, .first = 0, .last = BINS - 1};
    double width = (o->max - o->min) / BINS, best = INFINITY, total;

    *min = o->min;
    *max = o->max;
    if (o->kind == EO_OBSERVER_MINMAX || !(width > 0))
        return;
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
