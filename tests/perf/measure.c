#include "tests/perf/measure.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine/clock.h"
#include "base/stats.h"
#include "stage/bench/meter.h"

static struct {
    cpu_set_t all, one;
    int cpu;
} cpus;

void perf_cpus_init(void)
{
    CPU_ZERO(&cpus.all);
    CPU_ZERO(&cpus.one);
    if (sched_getaffinity(0, sizeof(cpus.all), &cpus.all))
        CPU_SET(0, &cpus.all);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &cpus.all))
            cpus.cpu = i; /* the last one: the first has most of the interrupts */
    }
    CPU_SET(cpus.cpu, &cpus.one);
}

/* Where it is not allowed, the thread goes on running where it likes; the spread will show it. */
void perf_pin(void)
{
    (void)!sched_setaffinity(0, sizeof(cpus.one), &cpus.one);
}

void perf_unpin(void)
{
    (void)!sched_setaffinity(0, sizeof(cpus.all), &cpus.all);
}

int perf_pinned_cpu(void)
{
    return cpus.cpu;
}

int perf_cpu_allowed(int cpu)
{
    return cpu < CPU_SETSIZE && CPU_ISSET(cpu, &cpus.all);
}

static void call_row(void *ctx, int one)
{
    struct perf_row *row = ctx;

    (void)one;
    row->call(row->ctx, row->batch);
}

/* To eo_bench a call is one "image" of a subject of its own, so that each row keeps to its batch size. */
int perf_take_calls(struct perf_row *row, double us[PERF_SAMPLES])
{
    struct eo_bench_subject subject = {call_row, row};
    struct eo_clock clock;
    struct eo_bench_meter meter = {&subject, &clock, 1, PERF_SAMPLE_NS, 1};
    int n;

    eo_clock_init(&clock);
    eo_bench_meter_take(&meter);
    for (n = 0; n < PERF_SAMPLES; n++)
        us[n] = eo_bench_meter_take(&meter) * 1e6 / row->batch;
    return n;
}

int perf_take_slow(struct perf_row *row, double us[PERF_SAMPLES])
{
    uint64_t start = eo_clock_now_ns();

    row->call(row->ctx, row->batch);
    us[0] = (double)(eo_clock_now_ns() - start) / 1e3 / row->batch;
    return 1;
}

static int make_room(struct perf_row *row, struct eo_err *err)
{
    double *more = realloc(row->us, (row->count + PERF_SAMPLES) * sizeof(*more));

    if (!more)
        return eo_err_set(err, "out of memory");
    row->us = more;
    return 0;
}

int perf_row_measure(struct perf_row *row, int round, struct eo_err *err)
{
    double sorted[PERF_SAMPLES];
    int n;

    row->round_us[round] = NAN;
    if (round >= row->rounds || row->skipped[0])
        return 0;
    if (make_room(row, err))
        return -1;
    if (row->threads == 1)
        perf_pin();
    n = row->take(row, row->us + row->count);
    perf_unpin();
    for (int i = 0; i < n; i++)
        sorted[i] = row->us[row->count + (size_t)i];
    row->count += (size_t)n;
    if (n > 0) {
        eo_stats_sort(sorted, (size_t)n);
        row->round_us[round] = eo_stats_median_sorted(sorted, (size_t)n);
    }
    return 0;
}

void perf_row_figures(const struct perf_row *row, struct perf_figures *f)
{
    double *sorted = malloc((row->count + 1) * sizeof(*sorted));

    *f = (struct perf_figures){0};
    if (!sorted || row->count == 0) {
        free(sorted);
        return;
    }
    for (size_t i = 0; i < row->count; i++)
        sorted[i] = row->us[i];
    eo_stats_sort(sorted, row->count);
    f->median_us = eo_stats_median_sorted(sorted, row->count);
    f->iqr_us = eo_stats_percentile_sorted(sorted, row->count, 75) -
                eo_stats_percentile_sorted(sorted, row->count, 25);
    f->min_us = sorted[0];
    f->gmac_s = row->macs / f->median_us / 1e3;
    f->images_s = 1e6 / f->median_us;
    free(sorted);
}

struct perf_ratio perf_spread(const double *x, size_t n)
{
    double sorted[PERF_ROUNDS_MAX];
    struct perf_ratio r = {NAN, NAN, NAN, 0};
    size_t k = 0;

    for (size_t i = 0; i < n && k < PERF_ROUNDS_MAX; i++) {
        if (!isnan(x[i]))
            sorted[k++] = x[i];
    }
    if (k == 0)
        return r;
    eo_stats_sort(sorted, k);
    r.median = eo_stats_median_sorted(sorted, k);
    r.low = sorted[0];
    r.high = sorted[k - 1];
    r.rounds = (int)k;
    return r;
}

struct perf_ratio perf_ratio_make(const struct perf_row *a, const struct perf_row *b)
{
    double ratio[PERF_ROUNDS_MAX];

    for (int i = 0; i < PERF_ROUNDS_MAX; i++)
        ratio[i] = a && b ? a->round_us[i] / b->round_us[i] : NAN;
    return perf_spread(ratio, PERF_ROUNDS_MAX);
}
