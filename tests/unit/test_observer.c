/*
 * The histogram and the observers that stand on it, against slow references: counting bin by bin, sorting, trying every
 * range on every value. What PyTorch's observers make of larger inputs is in test_golden.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stage/quant/observer.h"
#include "tests/unit/check.h"

#define N 2000
#define FEW 400 /* for what is slow */

static struct eo_observer observer;

/* ---- streams of values ------------------------------------------------------------------------------------------- */

typedef void fill_fn(struct eo_rng *rng, float *x, size_t n);

static float uniform(struct eo_rng *rng)
{
    return 2 * eo_rng_f32(rng) - 1;
}

/* Behind a ReLU: half are 0, a few are far out. */
static void fill_relu(struct eo_rng *rng, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = i % 1000 == 17 ? 9 : fmaxf(0, uniform(rng) + uniform(rng) + uniform(rng));
}

static void fill_tails(struct eo_rng *rng, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = uniform(rng) * uniform(rng) * uniform(rng) * 3 - 0.1f;
}

static void fill_pixels(struct eo_rng *rng, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i % 4 ? 0 : eo_rng_below(rng, 256)) / 127.5f - 1;
}

/* Never 0, and not on both sides of it. */
static void fill_apart(struct eo_rng *rng, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = -5 - eo_rng_f32(rng) * eo_rng_f32(rng);
}

static const struct {
    const char *name;
    fill_fn *fill;
} streams[] = {{"relu", fill_relu}, {"tails", fill_tails}, {"pixels", fill_pixels}, {"apart", fill_apart}};

#define STREAMS ((int)(sizeof(streams) / sizeof(streams[0])))

static const float *stream(int k)
{
    static float x[N];
    struct eo_rng rng;

    eo_rng_init(&rng, 11 + (uint64_t)k, EO_RNG_SYNTHETIC);
    streams[k].fill(&rng, x, N);
    return x;
}

static void observe(enum eo_observer_kind kind, int top, double percentile, const float *x, size_t n,
                    size_t batch, double *min, double *max)
{
    struct eo_err err;

    eo_observer_init(&observer, kind, top, percentile);
    for (size_t i = 0; i < n; i += batch)
        if (eo_observer_add(&observer, x + i, n - i < batch ? n - i : batch, &err))
            check_that(0, "observer: %s", err.msg);
    eo_observer_range(&observer, min, max);
}

/* ---- histogram --------------------------------------------------------------------------------------------------- */

/* The smallest width that the header allows, by trying them all. */
static int least_exponent(double min, double max)
{
    int e = -149;

    while (fabs(min) >= ldexp(1, e + 40) || fabs(max) >= ldexp(1, e + 40) ||
           floor(max / ldexp(1, e)) - floor(min / ldexp(1, e)) >= EO_HISTOGRAM_BINS)
        e++;
    return e;
}

static void check_histogram(const char *what, const float *x, size_t n)
{
    static struct eo_histogram h;
    double min = (double)x[0], max = (double)x[0];
    uint64_t sum = 0;
    int wrong = 0;

    eo_histogram_init(&h);
    for (size_t i = 0; i < n; i++) {
        eo_histogram_add(&h, x[i]);
        min = fmin(min, (double)x[i]);
        max = fmax(max, (double)x[i]);
    }
    check_that(h.exponent == least_exponent(min, max), "%s: exponent: expected %d, found %d", what,
               least_exponent(min, max), h.exponent);
    for (int64_t bin = h.first; bin <= h.last; bin++) {
        uint64_t count = 0;

        for (size_t i = 0; i < n; i++)
            count += (double)x[i] >= eo_histogram_at(&h, (double)bin) &&
                     (double)x[i] < eo_histogram_at(&h, (double)bin + 1);
        wrong += count != eo_histogram_count(&h, bin);
        sum += eo_histogram_count(&h, bin);
    }
    check_that(!wrong && sum == n && h.total == n, "%s: %d wrong bins, %llu values of %zu", what, wrong,
               (unsigned long long)sum, n);
}

static void test_histogram(void)
{
    static const float far[] = {0, 1e-45f, -1e-45f, 1e-30f, 3e38f, -3e38f, 1e-3f}, one[] = {-7.25f};
    static const float inward[] = {1, -1, 0.5f, -0.5f, 0},
                       outward[] = {0, 1e-6f, -1e-5f, 1e-4f, -1e-3f, 1e-2f, -1};
    static const float near[] = {1, 1 + 0x1p-23f, 1 + 0x1p-22f, 1 - 0x1p-24f};

    check_histogram("far", far, 7);
    check_histogram("one", one, 1);
    check_histogram("inward", inward, 5);
    check_histogram("outward", outward, 7);
    check_histogram("near", near, 4);
    for (int k = 0; k < STREAMS; k++)
        check_histogram(streams[k].name, stream(k), 300);
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* The k-th value from each end, k values being allowed to lie outside, to within a bin. */
static void check_percentile(int k, double percentile)
{
    float sorted[N];
    const char *name = streams[k].name;
    double min, max, width, low, high;
    size_t out = (size_t)floor((100 - percentile) / 200 * N);

    memcpy(sorted, stream(k), sizeof(sorted));
    observe(EO_OBSERVER_PERCENTILE, 127, percentile, sorted, N, 100, &min, &max);
    width = ldexp(1, observer.histogram.exponent);
    qsort(sorted, N, sizeof(float), by_value);
    low = (double)sorted[out];
    high = (double)sorted[N - 1 - out];
    check_that(min <= low && min >= low - width, "%g %% of %s: min: expected %.9g, found %.9g", percentile,
               name, low, min);
    check_that(max >= high && max <= high + width, "%g %% of %s: max: expected %.9g, found %.9g", percentile,
               name, high, max);
    check_that(min >= (double)sorted[0] && max <= (double)sorted[N - 1], "%g %% of %s: beyond what was seen",
               percentile, name);
}

/* Squared error of the values themselves, quantised as quant.h says. */
static double true_error(const float *x, double min, double max, int top)
{
    double scale = (double)(float)((max - min) / top), zero = rint(-min / scale), sum = 0;

    for (int i = 0; i < FEW; i++) {
        double q = fmin(fmax(rint((double)x[i] / scale) + zero, 0), top),
               error = (q - zero) * scale - (double)x[i];

        sum += error * error;
    }
    return sum;
}

/* No range of the whole grid is more than 2 % better: that much the turns may miss, and the middles of bins. */
static void check_mse(int k, int top)
{
    const float *x = stream(k);
    double min, max, found, best = INFINITY, low = 0, high = 0;

    for (int i = 0; i < FEW; i++) {
        low = fmin(low, (double)x[i]);
        high = fmax(high, (double)x[i]);
    }
    for (int i = 0; i < (low < 0 ? EO_OBSERVER_STEPS : 1); i++)
        for (int j = 0; j < (high > 0 ? EO_OBSERVER_STEPS : 1); j++)
            best = fmin(best, true_error(x, low * (100 - i) / 100, high * (100 - j) / 100, top));
    observe(EO_OBSERVER_MSE, top, 0, x, FEW, 100, &min, &max);
    found = true_error(x, min, max, top);
    check_that(found <= best * 1.02, "mse of %s, %d: expected at most %.9g, found %.9g in %g..%g",
               streams[k].name, top, best, found, min, max);
    check_that(min >= low && max <= high && min <= 0 && max >= 0, "mse of %s: %g..%g is not within %g..%g",
               streams[k].name, min, max, low, high);
}

/* ---- entropy ----------------------------------------------------------------------------------------------------- */

static int level_of(double x, double scale, double zero, int top)
{
    return (int)fmin(fmax(rint(x / scale) + zero, 0), top);
}

/* KL as TensorRT's slides have it, on `sorted` middles of bins. Infinite beyond the limit. */
static double slow_divergence(const double *sorted, double min, double max, int top)
{
    double scale = (double)(float)((max - min) / top), zero = rint(-min / scale), sum = 0;
    double values[256] = {0}, bins[256] = {0};
    int first = 0, last = N - 1;

    while (sorted[first] < min)
        first++;
    while (sorted[last] > max)
        last--;
    if (first + (N - 1 - last) > N / 1000)
        return INFINITY;
    for (int i = first; i <= last; i++) {
        values[level_of(sorted[i], scale, zero, top)]++;
        bins[level_of(sorted[i], scale, zero, top)] += i == first || sorted[i] > sorted[i - 1];
    }
    for (int i = first, next; i <= last; i = next) {
        int level = level_of(sorted[i], scale, zero, top);
        double p, q = values[level] / bins[level] / (last - first + 1);

        for (next = i; next <= last && !(sorted[next] > sorted[i]); next++)
            continue;
        p = (double)(next - i + (i == first ? first : 0) + (next > last ? N - 1 - last : 0)) / N;
        sum += p * log(p / q);
    }
    return sum;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* One end alone: the search finds the range whose slow KL is least. */
static void check_entropy(int top)
{
    const float *x = stream(0);
    double min, max, best = INFINITY, best_max = 0, high = 0, width, sorted[N];

    observe(EO_OBSERVER_ENTROPY, top, 0, x, N, 100, &min, &max);
    for (int i = 0; i < N; i++)
        high = fmax(high, (double)x[i]);
    for (width = ldexp(1, -20); floor(high / width) >= 2048; width *= 2)
        continue;
    for (int i = 0; i < N; i++)
        sorted[i] = fmin((floor((double)x[i] / width) + 0.5) * width, high);
    qsort(sorted, N, sizeof(double), by_size);
    for (int j = 0; j < EO_OBSERVER_STEPS; j++) {
        double now = slow_divergence(sorted, 0, high * (100 - j) / 100, top);

        if (now < best - 1e-12) {
            best = now;
            best_max = high * (100 - j) / 100;
        }
    }
    check_that(min == 0 && max == best_max, "entropy of relu, %d: expected 0..%.9g, found %.9g..%.9g", top,
               best_max, min, max);
    check_that(best_max < high, "entropy of relu, %d: the test has lost its point", top);
}

/* ---- what they share --------------------------------------------------------------------------------------------- */

static void check_order(enum eo_observer_kind kind, int k)
{
    float x[N], backwards[N];
    double min, max, other_min, other_max;

    memcpy(x, stream(k), sizeof(x));
    for (int i = 0; i < N; i++)
        backwards[i] = x[N - 1 - i];
    observe(kind, 255, 99, x, N, N, &min, &max);
    for (size_t batch = 1; batch <= 1001; batch += 250) {
        observe(kind, 255, 99, backwards, N, batch, &other_min, &other_max);
        check_that(min == other_min && max == other_max,
                   "%s of %s: %.17g..%.17g, in another order %.17g..%.17g", eo_observer_name(kind),
                   streams[k].name, min, max, other_min, other_max);
    }
}

static void check_edges(enum eo_observer_kind kind)
{
    static const float same[] = {3, 3, 3}, zeros[] = {0, 0}, two[] = {0, 2}, subnormal[] = {0, 1e-45f};
    const char *name = eo_observer_name(kind);
    double min, max;

    eo_observer_init(&observer, kind, 127, 99.99);
    eo_observer_range(&observer, &min, &max);
    check_that(min == 0 && max == 0, "%s of nothing: %g..%g", name, min, max);
    observe(kind, 127, 99.99, same, 3, 1, &min, &max);
    check_that(min == 3 && max == 3, "%s of one value: %g..%g", name, min, max);
    observe(kind, 127, 99.99, zeros, 2, 2, &min, &max);
    check_that(min == 0 && max == 0, "%s of zeros: %g..%g", name, min, max);
    observe(kind, 127, 99.99, two, 2, 1, &min, &max);
    check_that(min == 0 && max > 1.9 && max <= 2, "%s of 0 and 2: %g..%g", name, min, max);
    observe(kind, 127, 99.99, subnormal, 2, 1, &min, &max);
    check_that(min == 0 && max >= 0 && max < 2e-45, "%s of 0 and the smallest float: %g..%g", name, min, max);
}

int main(void)
{
    test_histogram();
    for (int k = 0; k < STREAMS; k++) {
        check_percentile(k, 99.99);
        check_percentile(k, 99);
        check_percentile(k, 90);
        check_percentile(k, 100);
        check_mse(k, 127);
        check_mse(k, 255);
        check_order(EO_OBSERVER_PERCENTILE, k);
        check_order(EO_OBSERVER_MSE, k);
        check_order(EO_OBSERVER_ENTROPY, k);
    }
    check_entropy(127);
    check_entropy(255);
    for (int kind = 0; eo_observer_names[kind]; kind++)
        check_edges((enum eo_observer_kind)kind);
    return check_report("test_observer");
}
