#include "base/stats.h"

#include <math.h>
#include <stdlib.h>

#include "base/fmath.h"

#define INVERSE_ROOT_2PI 0.3989422804014327

double eo_stats_mean(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n ? sum / (double)n : 0;
}

static double sum_of_squared_deviations(const double *x, size_t n)
{
    double mean = eo_stats_mean(x, n), sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

double eo_stats_std_sample(const double *x, size_t n)
{
    return n > 1 ? sqrt(sum_of_squared_deviations(x, n) / (double)(n - 1)) : 0;
}

double eo_stats_min(const double *x, size_t n)
{
    double least = n ? x[0] : 0;

    for (size_t i = 1; i < n; i++)
        least = x[i] < least ? x[i] : least;
    return least;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void eo_stats_sort(double *x, size_t n)
{
    if (n > 1)
        qsort(x, n, sizeof(*x), compare);
}

double eo_stats_median_sorted(const double *sorted, size_t n)
{
    if (n == 0)
        return 0;
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double eo_stats_median(double *x, size_t n)
{
    eo_stats_sort(x, n);
    return n ? eo_stats_median_sorted(x, n) : NAN;
}

double eo_stats_percentile_sorted(const double *sorted, size_t n, double p)
{
    double position, t, step;
    size_t i;

    if (n == 0)
        return 0;
    position = (double)(n - 1) * (p / 100);
    if (!(position > 0))
        return sorted[0];
    if (position >= (double)(n - 1))
        return sorted[n - 1];
    i = (size_t)position;
    t = position - (double)i;
    step = sorted[i + 1] - sorted[i];
    /* From the nearer end, so that t = 1 would give exactly the upper value. */
    return t < 0.5 ? sorted[i] + step * t : sorted[i + 1] - step * (1 - t);
}

double eo_stats_mad_sorted(const double *sorted, size_t n)
{
    double median = eo_stats_median_sorted(sorted, n), last = 0, before = 0;
    size_t above = 0, below;

    while (above < n && sorted[above] < median)
        above++;
    below = above;
    /* Distances grow to both sides, so that they come in order when the nearer side is always taken. */
    for (size_t taken = 0; taken <= n / 2 && n > 0; taken++) {
        before = last;
        if (above == n || (below > 0 && median - sorted[below - 1] <= sorted[above] - median))
            last = median - sorted[--below];
        else
            last = sorted[above++] - median;
    }
    return n % 2 ? last : (before + last) / 2;
}

void eo_stats_wilson95(size_t correct, size_t n, double *low, double *high)
{
    double p, count = (double)n, zz = EO_STATS_Z975 * EO_STATS_Z975, centre, half;

    *low = 0;
    *high = 1;
    if (n == 0)
        return;
    p = (double)correct / count;
    centre = (p + zz / (2 * count)) / (1 + zz / count);
    half = EO_STATS_Z975 / (1 + zz / count) * sqrt(p * (1 - p) / count + zz / (4 * count * count));
    /* At the ends the bound is 0 or 1 exactly; rounding may miss it by one bit. */
    if (correct > 0 && centre - half > 0)
        *low = centre - half;
    if (correct < n && centre + half < 1)
        *high = centre + half;
}

double eo_stats_t975(size_t df)
{
    /* clang-format off */
    static const double table[] = {
        0,
        12.706204736174705, 4.3026527297494639, 3.1824463052837096, 2.7764451051977944, 2.5705818356363155,
        2.4469118511449700, 2.3646242515927853, 2.3060041352041667, 2.2621571627982055, 2.2281388519862748,
        2.2009851600916399, 2.1788128296672289, 2.1603686564627925, 2.1447866879178038, 2.1314495455597757,
        2.1199052992212547, 2.1098155778333171, 2.1009220402410385, 2.0930240544083098, 2.0859634472658648,
        2.0796138447276804, 2.0738730679040262, 2.0686576104190487, 2.0638985616280259, 2.0595385527532978,
        2.0555294386428732, 2.0518305164802856, 2.0484071417952452, 2.0452296421327043, 2.0422724563012383,
    };
    /* clang-format on */
    const double z = EO_STATS_Z975, z2 = z * z;
    double v = (double)df, g1, g2, g3, g4;

    if (df < sizeof(table) / sizeof(table[0]))
        return table[df];
    g1 = z * (z2 + 1) / 4;
    g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
    g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
    g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
    return z + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v;
}

double eo_stats_normal_beyond(double z)
{
    double sum = 0, term = z, k = 1;

    if (!(z < 9)) /* the series of NAN would not end */
        return isnan(z) ? z : 0;
    /* z + z^3 / 3 + z^5 / (3 * 5) + ...: all terms have one sign. */
    while (sum + term != sum) {
        sum += term;
        k += 2;
        term *= z * z / k;
    }
    return fmax(1 - 2 * INVERSE_ROOT_2PI * eo_exp(-z * z / 2) * sum, 0);
}

double eo_stats_holm_limit(const double *sorted, size_t n, double level)
{
    size_t i;

    for (i = 0; i < n && sorted[i] * (double)(n - i) <= level; i++)
        ;
    return i ? sorted[i - 1] : -1;
}

double eo_stats_student_above(double t, size_t df)
{
    double v = (double)df, square = v / (v + t * t), term = 1,
           sum = 1; /* square: of the cosine of atan(t / sqrt(v)) */

    for (size_t k = 1; k < df / 2; k++) {
        term *= square * (double)(2 * k - 1) / (double)(2 * k);
        sum += term;
    }
    return fmax(0.5 - sqrt(1 - square) * sum / 2, 0);
}

double eo_stats_t95_half_width(double std_sample, size_t n)
{
    return n > 1 ? eo_stats_t975(n - 1) * std_sample / sqrt((double)n) : 0;
}
