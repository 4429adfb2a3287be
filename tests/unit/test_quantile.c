/*
 * eo_quantile95, the binomial distribution and the sign test, against the golden files that
 * tests/golden/make_quantiles.py made; tests/unit/test_coverage.c shows that the intervals hold what they promise.
 */
#include "base/quantile.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "format/csv.h"
#include "tests/unit/check.h"

#define MAX_CLUSTERS 400
#define MAX_SAMPLES 2000

/* Leaves the program when the file cannot be had. */
static void load(struct eo_csv *csv, const char *path)
{
    char *text = NULL, *table = NULL;
    struct eo_err err = {""};
    size_t size = 0;
    int rc = eo_io_read(path, 1 << 20, &text, &size, &err);

    if (!rc && !strncmp(text, "# tests/golden/make_quantiles.py, mpmath ", 41))
        table = strchr(text, '\n');
    rc = table ? eo_csv_parse(csv, table + 1, size - (size_t)(table + 1 - text), &err) : -1;
    if (rc) {
        check_that(0, "%s: %s", path, table ? err.msg : "expected a line with the generator and its version");
        exit(check_report("test_quantile"));
    }
    free(text);
}

/* NAN for an empty cell. */
static double number(const struct eo_csv *csv, size_t row, const char *column)
{
    const char *text = eo_csv_cell(csv, row, eo_csv_column(csv, column));

    return *text ? strtod(text, NULL) : NAN;
}

static size_t count(const struct eo_csv *csv, size_t row, const char *column)
{
    return (size_t)number(csv, row, column);
}

static int is_near(double expected, double found, double relative)
{
    return (isnan(expected) && isnan(found)) || fabs(expected - found) <= relative * fabs(expected);
}

/*
 * Steps of the recurrence and of the sum add at most 4 units in the last place each; of the fewer than 40 standard
 * deviations' worth of them at n = 100,000 that makes 3e-12. p is the double, not the decimal number.
 */
static void test_binomial(void)
{
    struct eo_csv csv = {0};
    double worst = 0;

    load(&csv, "tests/golden/binomial.csv");
    for (size_t i = 0; i < csv.rows; i++) {
        int sign = !strcmp(eo_csv_cell(&csv, i, eo_csv_column(&csv, "what")), "sign");
        size_t k = count(&csv, i, "k"), n = count(&csv, i, "n");
        double p = number(&csv, i, "p"), expected = number(&csv, i, "probability");
        double found = sign ? eo_sign_test(k, n) : eo_binomial_at_most(k, n, p);

        worst = fmax(worst, fabs(found / expected - 1));
        check_that(is_near(expected, found, 1e-11), "%s %zu of %zu, p %g: expected %.17g, found %.17g",
                   sign ? "sign test," : "at most", k, n, p, expected, found);
    }
    printf("%zu probabilities are off by a factor of 1 +- %.2g at most\n", csv.rows, worst);
    check_that(csv.rows > 300, "rows: expected more than 300, found %zu", csv.rows);
    eo_csv_release(&csv);
}

static void test_ends_of_binomial(void)
{
    check_that(eo_binomial_at_most(3, 3, 0.5) == 1 && eo_binomial_at_most(9, 3, 0.5) == 1, "all: expected 1");
    check_that(eo_binomial_at_most(0, 0, 0.5) == 1, "of none: expected 1");
    check_that(eo_binomial_at_most(0, 3, 0) == 1 && eo_binomial_at_most(2, 3, 1) == 0, "p of 0 and of 1");
    check_that(eo_sign_test(0, 0) == 1 && eo_sign_test(0, 7) == 1, "sign test without wins: expected 1");
    check_that(eo_sign_test(8, 7) == 0, "sign test, more wins than throws: expected 0");
    check_that(eo_sign_test(100000, 100000) == 0, "2^-100000: expected 0");
    check_that(eo_sign_test(60000, 100000) == 0, "about 1e-877: expected 0, found %g",
               eo_sign_test(60000, 100000));
}

/* As make_quantiles.py draws them. */
static uint32_t draw(uint32_t *state, int bits)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> (32 - bits);
}

static void draw_clusters(const struct eo_csv *csv, size_t row, double *values, size_t *sizes)
{
    uint32_t state = (uint32_t)count(csv, row, "seed") * 2654435761u + 12345, offset;
    uint32_t levels = (uint32_t)count(csv, row, "levels"), shift = (uint32_t)count(csv, row, "shift");
    size_t i, j, first = count(csv, row, "first"), step = count(csv, row, "step");

    for (i = 0; i < count(csv, row, "clusters"); i++) {
        offset = draw(&state, 8) >= 192 ? shift : 0;
        sizes[i] = first + i * step;
        for (j = 0; j < sizes[i]; j++)
            *values++ = draw(&state, 16) % levels + offset;
    }
}

static void test_quantiles(void)
{
    static double values[MAX_SAMPLES];
    static size_t sizes[MAX_CLUSTERS];
    struct eo_clusters samples = {values, sizes, 0};
    struct eo_csv csv = {0};
    struct eo_quantile q;

    load(&csv, "tests/golden/quantiles.csv");
    for (size_t i = 0; i < csv.rows; i++) {
        double p = number(&csv, i, "p"), value = number(&csv, i, "value"), low = number(&csv, i, "low");
        double high = number(&csv, i, "high"), effective = number(&csv, i, "effective");

        samples.count = count(&csv, i, "clusters");
        draw_clusters(&csv, i, values, sizes);
        if (eo_quantile95(&q, &samples, p, NULL))
            q = (struct eo_quantile){0};
        check_that(
            is_near(value, q.value, 1e-14) && is_near(low, q.low, 1e-12) && is_near(high, q.high, 1e-12) &&
                is_near(effective, q.effective, 1e-7),
            "line %zu, p %g:\n  expected %.17g (%g to %g), n* %.17g\n  found    %.17g (%g to %g), n* %.17g",
            i + 3, p, value, low, high, effective, q.value, q.low, q.high, q.effective);
    }
    check_that(csv.rows >= 100, "rows: expected at least 100, found %zu", csv.rows);
    eo_csv_release(&csv);
}

/* From how many independent samples on an interval has which ends. */
static void test_least_samples(void)
{
    static const struct {
        double p;
        size_t n;
        int low, high;
    } cases[] = {{0.5, 5, 0, 0},    {0.5, 6, 1, 1},    {0.95, 58, 1, 0},  {0.95, 59, 1, 1},
                 {0.99, 298, 1, 0}, {0.99, 299, 1, 1}, {0.01, 298, 0, 1}, {0.01, 299, 1, 1}};
    static double values[MAX_SAMPLES];
    struct eo_quantile q;

    for (size_t i = 0; i < MAX_SAMPLES; i++)
        values[i] = (double)i;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_clusters samples = {values, &cases[i].n, 1};

        if (eo_quantile95(&q, &samples, cases[i].p, NULL))
            q = (struct eo_quantile){0};
        check_that(isnan(q.low) == !cases[i].low && isnan(q.high) == !cases[i].high,
                   "p %g of %zu: expected %d and %d ends, found %g to %g", cases[i].p, cases[i].n,
                   cases[i].low, cases[i].high, q.low, q.high);
    }
}

/* Clusters that differ much more than their samples do: 6 of them give a median both ends, fewer none. */
static void test_few_clusters(void)
{
    static const size_t sizes[] = {8, 8, 8, 8, 8, 8};
    static double values[48];
    struct eo_quantile q = {0};

    for (size_t i = 0; i < 48; i++)
        values[i] = 10 + (double)(i / 8 * 5 % 6) + 0.01 * (double)(i % 8);
    for (size_t count = 5; count <= 6; count++) {
        struct eo_clusters samples = {values, sizes, count};
        int is_enough = count == 6;

        if (eo_quantile95(&q, &samples, 0.5, NULL))
            check_that(0, "%zu clusters: expected an interval, found an error", count);
        check_that(isnan(q.low) == !is_enough && isnan(q.high) == !is_enough,
                   "%zu clusters: expected %s ends, found %g to %g", count, is_enough ? "both" : "no", q.low,
                   q.high);
    }
    check_that(q.low > 0 && q.low < 10 && q.high > 15,
               "6 clusters: expected more than 10..15, found %g to %g", q.low, q.high);
    check_that(is_near(q.value * q.value, q.low * q.high, 1e-12),
               "positive samples: expected ends as a ratio, found %g, %g, %g", q.low, q.value, q.high);
}

static void test_errors(void)
{
    struct eo_clusters none = {NULL, NULL, 0};
    struct eo_quantile q;
    struct eo_err err = {""};

    check_that(eo_quantile95(&q, &none, 0.5, &err) == -1, "no samples: expected an error");
    check_text("no samples", "a quantile of no samples", err.msg);
}

int main(void)
{
    test_binomial();
    test_ends_of_binomial();
    test_quantiles();
    test_least_samples();
    test_few_clusters();
    test_errors();
    return check_report("test_quantile");
}
