#include "stage/bench/figures.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stats.h"

static const char *const size_text[] = {"at batch_size", "of one image"};

const char *eo_figures_size_name(const struct eo_round *round, enum eo_bench_size size)
{
    return eo_round_size(round, size)->images == 1 ? size_text[EO_BENCH_SINGLE] : size_text[size];
}

void eo_figures_release(struct eo_figures *f)
{
    free(f->list);
    free(f->values);
    free(f->work);
    free(f->medians);
    free(f->sizes);
}

static size_t count_samples(const struct eo_rounds *rounds)
{
    size_t most = 0, n[EO_BENCH_SIZES] = {0};

    for (int k = 0; k < EO_BENCH_SIZES; k++) {
        for (size_t i = 0; i < rounds->count; i++)
            n[k] += eo_round_size(&rounds->list[i], (enum eo_bench_size)k)->count;
        most = n[k] > most ? n[k] : most;
    }
    return most;
}

/* Every round has samples of both sizes. */
static int check_rounds(const struct eo_rounds *rounds, struct eo_err *err)
{
    if (rounds->count == 0)
        return eo_err_set(err, "expected at least 1 round to judge, found 0");
    for (size_t i = 0; i < rounds->count; i++) {
        for (int k = 0; k < EO_BENCH_SIZES; k++) {
            if (eo_round_size(&rounds->list[i], (enum eo_bench_size)k)->count == 0)
                return eo_err_set(err, "round %d: expected samples %s, found none", rounds->list[i].number,
                                  size_text[k]);
        }
    }
    return 0;
}

int eo_figures_init(struct eo_figures *f, const struct eo_rounds *rounds, struct eo_err *err)
{
    size_t samples = count_samples(rounds), work = samples > rounds->count ? samples : rounds->count;

    *f = (struct eo_figures){0};
    if (check_rounds(rounds, err))
        return -1;
    f->list = eo_alloc(rounds->count, sizeof(*f->list), err);
    f->values = f->list ? eo_alloc(samples, sizeof(*f->values), err) : NULL;
    f->work = f->values ? eo_alloc(work, sizeof(*f->work), err) : NULL;
    f->medians = f->work ? eo_alloc(rounds->count, sizeof(*f->medians), err) : NULL;
    f->sizes = f->medians ? eo_alloc(rounds->count, sizeof(*f->sizes), err) : NULL;
    return f->sizes ? 0 : -1;
}

size_t eo_figures_collect(struct eo_figures *f, enum eo_bench_size size)
{
    size_t n = 0;

    for (size_t i = 0; i < f->count; i++) {
        const struct eo_round_samples *s = eo_round_size(f->list[i], size);

        f->sizes[i] = s->count;
        for (size_t k = 0; k < s->count; k++)
            f->values[n++] = eo_round_image_ms(s, k);
    }
    return n;
}

/* Each quantile has its own number of effective samples, so the interval of a higher one could end below. */
static void raise_end(struct eo_quantile *q, const struct eo_quantile *lower)
{
    if (q->high < lower->high) /* false if one is NAN */
        q->high = lower->high;
}

static int find_quantiles(const struct eo_figures *f, size_t n, struct eo_timing *t, struct eo_err *err)
{
    struct eo_clusters clusters = {f->values, f->sizes, f->count};

    if (eo_quantile95(&t->median_q, &clusters, 0.5, err))
        return -1;
    if (n >= EO_JUDGE_P95_SAMPLES && eo_quantile95(&t->p95, &clusters, 0.95, err))
        return -1;
    if (n >= EO_JUDGE_P99_SAMPLES && eo_quantile95(&t->p99, &clusters, 0.99, err))
        return -1;
    raise_end(&t->p95, &t->median_q);
    raise_end(&t->p99, &t->p95);
    return 0;
}

int eo_figures_timing(struct eo_figures *f, enum eo_bench_size size, struct eo_timing *t, struct eo_err *err)
{
    size_t n = eo_figures_collect(f, size);

    t->samples = n;
    t->p95 = t->p99 = (struct eo_quantile){NAN, NAN, NAN, NAN};
    if (find_quantiles(f, n, t, err))
        return -1;
    t->effective_samples = t->median_q.effective;
    t->mean = eo_stats_mean(f->values, n);
    t->std = eo_stats_std_sample(f->values, n);
    t->min = eo_stats_min(f->values, n);
    t->throughput_sps = t->mean > 0 ? 1000 / t->mean : 0;
    memcpy(f->work, f->values, n * sizeof(*f->work));
    t->median = eo_stats_median(f->work, n);
    t->mad = eo_stats_mad_sorted(f->work, n);
    return 0;
}

/* Median over the rounds in which it is known of the double at an offset of struct eo_round. */
static double median_at(struct eo_figures *f, size_t offset)
{
    size_t n = 0;

    for (size_t i = 0; i < f->count; i++) {
        double value = *(const double *)(const void *)((const char *)f->list[i] + offset);

        if (isfinite(value))
            f->work[n++] = value;
    }
    return eo_stats_median(f->work, n);
}

static double sum_at(const struct eo_figures *f, size_t offset)
{
    double sum = 0;

    for (size_t i = 0; i < f->count; i++)
        sum += *(const double *)(const void *)((const char *)f->list[i] + offset);
    return sum;
}

/* Over the rounds in which it is known. */
static double max_at(const struct eo_figures *f, size_t offset)
{
    double most = NAN;

    for (size_t i = 0; i < f->count; i++)
        most = fmax(most, *(const double *)(const void *)((const char *)f->list[i] + offset));
    return most;
}

#define CONDITION(f) offsetof(struct eo_round, conditions.f)

void eo_figures_conditions(struct eo_figures *f, struct eo_round_conditions *c)
{
    c->reference_ns = median_at(f, CONDITION(reference_ns));
    c->wall_s = sum_at(f, CONDITION(wall_s));
    c->cpu_s = sum_at(f, CONDITION(cpu_s));
    c->waited_s = sum_at(f, CONDITION(waited_s));
    c->involuntary_switches = sum_at(f, CONDITION(involuntary_switches));
    c->voluntary_switches = sum_at(f, CONDITION(voluntary_switches));
    c->migrations = sum_at(f, CONDITION(migrations));
    c->page_faults = sum_at(f, CONDITION(page_faults));
    c->steal_s = sum_at(f, CONDITION(steal_s));
    c->frequency_start_khz = median_at(f, CONDITION(frequency_start_khz));
    c->frequency_end_khz = median_at(f, CONDITION(frequency_end_khz));
    c->resident_bytes = max_at(f, CONDITION(resident_bytes));
}

/* struct eo_counts is made of doubles alone. */
void eo_figures_counts(struct eo_figures *f, enum eo_bench_size size, struct eo_counts *counts)
{
    double fields[sizeof(*counts) / sizeof(double)];
    size_t i, start = offsetof(struct eo_round, counts) + (size_t)size * sizeof(*counts);

    _Static_assert(sizeof(*counts) % sizeof(double) == 0,
                   "struct eo_counts holds something else than doubles");
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        fields[i] = median_at(f, start + i * sizeof(double));
    memcpy(counts, fields, sizeof(fields));
}
