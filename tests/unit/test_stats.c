/* eo_stats: against values that numpy, mpmath and the published formulas gave. */
#include "base/stats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

static void check_near(const char *what, double expected, double found, double tolerance)
{
    check_that(fabs(found - expected) <= tolerance, "%s: expected %.17g within %g, found %.17g", what,
               expected, tolerance, found);
}

static void check_same(const char *what, double expected, double found)
{
    check_near(what, expected, found, 0);
}

static const double values[] = {3.5, 1.25, 9, -2, 4.75, 4.75, 0.1, 7};
#define N (sizeof(values) / sizeof(values[0]))

static void test_moments(void)
{
    /* numpy 2.4: mean, std(ddof=1) of `values`; two units in the last place for numpy's pairwise sum. */
    check_near("mean", 3.54375, eo_stats_mean(values, N), 1e-15);
    check_near("std_sample", 3.6347958775464369, eo_stats_std_sample(values, N), 1e-14);
    check_same("min", -2, eo_stats_min(values, N));
    check_same("mean of none", 0, eo_stats_mean(values, 0));
    check_same("std_sample of one", 0, eo_stats_std_sample(values, 1));
    check_same("min of none", 0, eo_stats_min(values, 0));
}

static void test_order(void)
{
    static const double expected[] = {-2, 0.1, 1.25, 3.5, 4.75, 4.75, 7, 9};
    double x[N];

    memcpy(x, values, sizeof(x));
    eo_stats_sort(x, N);
    for (size_t i = 0; i < N; i++)
        check_same("sort", expected[i], x[i]);
    eo_stats_sort(x, 0);
    check_same("median, even", 4.125, eo_stats_median_sorted(x, N));
    check_same("median, odd", 3.5, eo_stats_median_sorted(x, N - 1));
    check_same("median of none", 0, eo_stats_median_sorted(x, 0));
}

static void test_mad(void)
{
    static const double sorted[] = {-2, 0.1, 1.25, 3.5, 4.75, 4.75, 7, 9}, equal[] = {4, 4, 4, 4, 4};
    static const double left[] = {1, 2, 3, 9, 9, 9, 9}, right[] = {1, 1, 1, 1, 7, 8, 9};

    /* numpy.median(abs(sorted - numpy.median(sorted))) */
    check_same("mad, even", 2.875, eo_stats_mad_sorted(sorted, 8));
    check_same("mad, odd", 2.25, eo_stats_mad_sorted(sorted, 7));
    check_same("mad of equals", 0, eo_stats_mad_sorted(equal, 5));
    check_same("mad, all of it on the left", 0, eo_stats_mad_sorted(left, 7));
    check_same("mad, all of it on the right", 0, eo_stats_mad_sorted(right, 7));
    check_same("mad of two", 1.05, eo_stats_mad_sorted(sorted, 2));
    check_same("mad of one", 0, eo_stats_mad_sorted(sorted, 1));
    check_same("mad of none", 0, eo_stats_mad_sorted(sorted, 0));
}

static void test_percentile(void)
{
    static const double sorted[] = {-2, 0.1, 1.25, 3.5, 4.75, 4.75, 7, 9};
    /* numpy.percentile(sorted, p), every bit. */
    static const struct {
        double p, expected;
    } cases[] = {{0, -2},     {1, -1.853},  {5, -1.265}, {25, 0.9625},
                 {50, 4.125}, {75, 5.3125}, {90, 7.6},   {95, 8.299999999999999},
                 {99, 8.86},  {100, 9}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char what[40];

        snprintf(what, sizeof(what), "percentile %g", cases[i].p);
        check_same(what, cases[i].expected, eo_stats_percentile_sorted(sorted, 8, cases[i].p));
    }
    check_same("percentile of one", -2, eo_stats_percentile_sorted(sorted, 1, 95));
    check_same("percentile of none", 0, eo_stats_percentile_sorted(sorted, 0, 95));
}

static void test_wilson(void)
{
    /* mpmath, 40 digits, z = 1.959963984540054. */
    static const struct {
        size_t correct, n;
        double low, high;
    } cases[] = {{0, 10, 0.0, 0.277532799862889205},
                 {10, 10, 0.722467200137110795, 1.0},
                 {1, 10, 0.017876213095072907, 0.404150026795238457},
                 {2640, 3000, 0.867882933282237236, 0.891145141686515033},
                 {8800, 10000, 0.873484502893017069, 0.886223658345268718},
                 {9900, 10000, 0.987853017744885353, 0.991770663851851583},
                 {1, 1, 0.206549314377237427, 1.0},
                 {0, 1, 0.0, 0.793450685622762573},
                 {5, 10, 0.236593090512564001, 0.763406909487435999},
                 {0, 0, 0, 1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double low, high;
        char what[60];

        eo_stats_wilson95(cases[i].correct, cases[i].n, &low, &high);
        snprintf(what, sizeof(what), "wilson %zu of %zu, low", cases[i].correct, cases[i].n);
        check_near(what, cases[i].low, low, 4e-16);
        snprintf(what, sizeof(what), "wilson %zu of %zu, high", cases[i].correct, cases[i].n);
        check_near(what, cases[i].high, high, 4e-16);
    }
}

static void test_student(void)
{
    /* mpmath, 18 digits. from 31 on the error is largest at 31. */
    static const struct {
        size_t df;
        double t;
    } cases[] = {{1, 12.7062047361747046},   {2, 4.30265272974946385},  {9, 2.26215716279820554},
                 {30, 2.04227245630123831},  {31, 2.03951344639640849}, {32, 2.03693334346010196},
                 {40, 2.02107539030627342},  {60, 2.0002978220142605},  {100, 1.98397151852355229},
                 {1000, 1.96233908082640848}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char what[40];

        snprintf(what, sizeof(what), "t975 df %zu", cases[i].df);
        check_near(what, cases[i].t, eo_stats_t975(cases[i].df), cases[i].df > 30 ? 3e-8 : 1e-15);
    }
    check_same("t975 df 0", 0, eo_stats_t975(0));
    check_same("half width of one", 0, eo_stats_t95_half_width(1, 1));
    check_near("half width of four", 3.1824463052837096, eo_stats_t95_half_width(2, 4), 1e-15);
}

static void test_normal(void)
{
    /* mpmath, 20 digits: erfc(z / sqrt(2)). */
    static const struct {
        double z, p;
    } cases[] = {{0, 1},
                 {0.5, 0.61707507745197379106},
                 {1, 0.31731050786291410283},
                 {EO_STATS_Z975, 0.05},
                 {3, 0.0026997960632601889998},
                 {5, 5.7330314375838782335e-7},
                 {7, 2.5596250877716793e-12}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char what[40];

        snprintf(what, sizeof(what), "normal beyond %g", cases[i].z);
        check_near(what, cases[i].p, eo_stats_normal_beyond(cases[i].z), 1e-15);
    }
    check_same("normal beyond 9", 0, eo_stats_normal_beyond(9));
    check_same("normal beyond infinity", 0, eo_stats_normal_beyond(INFINITY));
    check_that(isnan(eo_stats_normal_beyond(NAN)), "normal beyond NAN: expected NAN");
}

static void test_student_above(void)
{
    /* mpmath, 20 digits; and the table of eo_stats_t975(). */
    static const struct {
        double t;
        size_t df;
        double p;
    } cases[] = {{0, 2, 0.5},
                 {1, 2, 0.21132486540518711775},
                 {2.2281388519862748, 10, 0.025},
                 {2.0422724563012383, 30, 0.025},
                 {4, 46, 0.00011394187830815759041},
                 {12, 2, 0.0034364668385792300706},
                 {1e200, 4, 0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char what[40];

        snprintf(what, sizeof(what), "Student above %g, df %zu", cases[i].t, cases[i].df);
        check_near(what, cases[i].p, eo_stats_student_above(cases[i].t, cases[i].df), 1e-14);
    }
}

/*
 * Four tests at 5 %: 0.005 <= 0.05 / 4 and 0.01 <= 0.05 / 3 count; 0.03 > 0.05 / 2 does not, and so 0.04 does not
 * either, though it is below 0.05 / 1. Without correction all four would.
 */
static void test_holm(void)
{
    static const double sorted[] = {0.005, 0.01, 0.03, 0.04}, all[] = {0.0125, 0.0125, 0.025, 0.05};
    static const double none[] = {0.02, 0.02, 0.02};

    check_same("Holm, two of four", 0.01, eo_stats_holm_limit(sorted, 4, 0.05));
    check_same("Holm, at the limits", 0.05, eo_stats_holm_limit(all, 4, 0.05));
    check_same("Holm, none", -1, eo_stats_holm_limit(none, 3, 0.05));
    check_same("Holm, one of one", 0.02, eo_stats_holm_limit(none, 1, 0.05));
    check_same("Holm, no test", -1, eo_stats_holm_limit(none, 0, 0.05));
}

int main(void)
{
    test_moments();
    test_order();
    test_mad();
    test_percentile();
    test_wilson();
    test_student();
    test_normal();
    test_student_above();
    test_holm();
    return check_report("test_stats");
}
