#include "stage/bench_judge.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stats.h"

#define NORMAL_10_90 2.5631031310892007 /* distance of these percentiles in standard deviations */
#define LEAST_THIRD 2                   /* values in a third; the median of fewer is an outlier of its own */

/* Names. */

static const char *const status_names[] = {"ok", "noisy", "drift", "throttled", "short"};
#define STATUSES (sizeof(status_names) / sizeof(status_names[0]))

const char *eo_timing_status_name(enum eo_timing_status status)
{
    return status_names[status];
}

int eo_timing_status_parse(const char *text, enum eo_timing_status *status, struct eo_err *err)
{
    size_t i;

    for (i = 0; i < STATUSES; i++) {
        if (strcmp(text, status_names[i]) == 0) {
            *status = (enum eo_timing_status)i;
            return 0;
        }
    }
    return eo_err_set(err, "expected one of ok, noisy, drift, throttled, short, found '%.40s'", text);
}

/* Sorts in place. NAN for none. */
static double median_in_place(double *x, size_t n)
{
    eo_stats_sort(x, n);
    return n ? eo_stats_median_sorted(x, n) : NAN;
}

/* Of one round. */

const struct eo_round_samples *eo_round_size(const struct eo_round *round, enum eo_bench_size size)
{
    const struct eo_round_samples *batch = &round->size[EO_BENCH_BATCH];

    return size == EO_BENCH_SINGLE && round->size[size].count == 0 && batch->images == 1 ? batch
                                                                                         : &round->size[size];
}

static double image_ms(const struct eo_round_samples *s, size_t i)
{
    return s->seconds[i] * 1000 / s->images;
}

int eo_round_figures(const struct eo_round *round, enum eo_bench_size size, double *median_ms,
                     double *mean_ms, struct eo_err *err)
{
    const struct eo_round_samples *s = eo_round_size(round, size);
    double *ms = eo_alloc(s->count, sizeof(*ms), err);
    size_t i;

    if (!ms)
        return -1;
    for (i = 0; i < s->count; i++)
        ms[i] = image_ms(s, i);
    *mean_ms = s->count ? eo_stats_mean(ms, s->count) : NAN;
    *median_ms = median_in_place(ms, s->count);
    free(ms);
    return 0;
}

static double lost_share(const struct eo_round_conditions *c)
{
    /* Several threads have more processor time than there is wall time. */
    return fmax(0, fmax(1 - c->cpu_s / c->wall_s, c->waited_s / c->wall_s));
}

static double measure_lost(const struct eo_round_conditions *c, double reference_ns)
{
    (void)reference_ns;
    return lost_share(c);
}

static double rate(double events, double few, double wall_s)
{
    return events > few ? events / wall_s : 0;
}

static double measure_switches(const struct eo_round_conditions *c, double reference_ns)
{
    (void)reference_ns;
    return rate(c->involuntary_switches, EO_JUDGE_FEW_SWITCHES, c->wall_s);
}

static double measure_migrations(const struct eo_round_conditions *c, double reference_ns)
{
    (void)reference_ns;
    return rate(c->migrations, EO_JUDGE_FEW_MIGRATIONS, c->wall_s);
}

static double measure_steal(const struct eo_round_conditions *c, double reference_ns)
{
    (void)reference_ns;
    return c->steal_s > EO_JUDGE_STEAL_STEP_S * 1.5 ? c->steal_s / c->wall_s : 0;
}

static double measure_reference(const struct eo_round_conditions *c, double reference_ns)
{
    return c->reference_ns / reference_ns - 1;
}

static double measure_frequency(const struct eo_round_conditions *c, double reference_ns)
{
    (void)reference_ns;
    return 1 - c->frequency_end_khz / c->frequency_start_khz;
}

/* What disturbs a round: a figure above its limit, and how to say so. The first of several that hit as many rounds is
 * the cause that is named. */
struct cause {
    /* NULL: the sizes of which all samples were interrupted. NAN: not known */
    double (*measure)(const struct eo_round_conditions *c, double reference_ns);
    double limit;
    int is_slow;
    int is_of_samples; /* checked samples have no such thing any more */
    double scale;      /* of figure and limit in the text, */
    const char *before, *after, *unit;
};

static const struct cause causes[] = {
    {NULL, 0, 0, 0, 1, "interrupted: all samples of ", " of 2 sizes", ""},
    {measure_lost, EO_JUDGE_LOST, 0, 1, 100, "preempted: ", " % of the time went to other processes", " %"},
    {measure_switches, EO_JUDGE_SWITCHES, 0, 1, 1, "preempted: ", " involuntary context switches a second",
     ""},
    {measure_migrations, EO_JUDGE_SWITCHES, 0, 1, 1, "migrated: ", " moves to another processor a second",
     ""},
    {measure_steal, EO_JUDGE_LOST, 0, 0, 100, "steal: the host took ", " % of the time", " %"},
    {measure_reference, EO_JUDGE_SLOW, 1, 0, 100, "slow processor: the reference kernel took ",
     " % longer than usual", " %"},
    {measure_frequency, EO_JUDGE_SLOW, 1, 0, 100, "slow processor: its clock frequency fell by ", " %", " %"},
};
#define CAUSES (sizeof(causes) / sizeof(causes[0]))

static double figure_of(const struct cause *cause, const struct eo_round *round, double reference_ns)
{
    if (!cause->measure)
        return round->size[EO_BENCH_BATCH].stood_in + round->size[EO_BENCH_SINGLE].stood_in;
    return cause->is_of_samples && round->is_checked ? 0 : cause->measure(&round->conditions, reference_ns);
}

static int is_hit(const struct cause *cause, const struct eo_round *round, double reference_ns)
{
    return figure_of(cause, round, reference_ns) > cause->limit;
}

int eo_round_is_disturbed(const struct eo_round *round, double reference_ns)
{
    size_t i;

    for (i = 0; i < CAUSES; i++) {
        if (is_hit(&causes[i], round, reference_ns))
            return 1;
    }
    return 0;
}

static double steal_share(const struct eo_rounds *candidates, size_t count)
{
    struct eo_round_conditions sum = {0};
    size_t i, k;

    for (i = 0; i < count; i++) {
        for (k = 0; k < candidates[i].count; k++) {
            sum.steal_s += candidates[i].list[k].conditions.steal_s;
            sum.wall_s += candidates[i].list[k].conditions.wall_s;
        }
    }
    return measure_steal(&sum, NAN);
}

int eo_judge_session(const struct eo_rounds *candidates, size_t count, struct eo_judge_session *session,
                     struct eo_err *err)
{
    size_t i, k, n = 0;
    double *all;

    for (i = 0; i < count; i++)
        n += candidates[i].count;
    all = eo_alloc(n, sizeof(*all), err);
    if (!all)
        return -1;
    n = 0;
    for (i = 0; i < count; i++) {
        for (k = 0; k < candidates[i].count; k++) {
            if (candidates[i].list[k].conditions.reference_ns > 0)
                all[n++] = candidates[i].list[k].conditions.reference_ns;
        }
    }
    eo_stats_sort(all, n);
    session->reference_ns = n ? eo_stats_percentile_sorted(all, n, 10) : NAN;
    session->steal_share = steal_share(candidates, count);
    free(all);
    return 0;
}

static const char *const size_text[] = {"at batch_size", "of one image"};

/* Calls of one image have no other size beside them when that is the batch size. */
static const char *size_name(const struct eo_round *round, int size)
{
    return eo_round_size(round, (enum eo_bench_size)size)->images == 1 ? size_text[EO_BENCH_SINGLE]
                                                                       : size_text[size];
}

/* The rounds that are used, with room to work on their samples. */
struct pool {
    const struct eo_round **list; /* [count] */
    size_t count;
    double *values, *work; /* [samples of the larger size] */
    double *medians;       /* [count], ms */
    size_t *sizes;         /* [count] */
    int is_all;            /* too many rounds are disturbed to leave them out */
};

static void pool_release(struct pool *p)
{
    free(p->list);
    free(p->values);
    free(p->work);
    free(p->medians);
    free(p->sizes);
}

static size_t count_samples(const struct eo_rounds *rounds)
{
    size_t i, most = 0, n[EO_BENCH_SIZES] = {0};
    int k;

    for (k = 0; k < EO_BENCH_SIZES; k++) {
        for (i = 0; i < rounds->count; i++)
            n[k] += eo_round_size(&rounds->list[i], (enum eo_bench_size)k)->count;
        most = n[k] > most ? n[k] : most;
    }
    return most;
}

/* Every round has samples of both sizes. */
static int check_rounds(const struct eo_rounds *rounds, struct eo_err *err)
{
    size_t i;
    int k;

    if (rounds->count == 0)
        return eo_err_set(err, "expected at least 1 round to judge, found 0");
    for (i = 0; i < rounds->count; i++) {
        for (k = 0; k < EO_BENCH_SIZES; k++) {
            if (eo_round_size(&rounds->list[i], (enum eo_bench_size)k)->count == 0)
                return eo_err_set(err, "round %d: expected samples %s, found none", rounds->list[i].number,
                                  size_text[k]);
        }
    }
    return 0;
}

static int pool_init(struct pool *p, const struct eo_rounds *rounds, struct eo_err *err)
{
    size_t samples = count_samples(rounds), work = samples > rounds->count ? samples : rounds->count;

    *p = (struct pool){0};
    p->list = eo_alloc(rounds->count, sizeof(*p->list), err);
    p->values = p->list ? eo_alloc(samples, sizeof(*p->values), err) : NULL;
    p->work = p->values ? eo_alloc(work, sizeof(*p->work), err) : NULL;
    p->medians = p->work ? eo_alloc(rounds->count, sizeof(*p->medians), err) : NULL;
    p->sizes = p->medians ? eo_alloc(rounds->count, sizeof(*p->sizes), err) : NULL;
    return p->sizes ? 0 : -1;
}

static void choose_rounds(struct pool *p, const struct eo_rounds *rounds, size_t trials, double reference_ns,
                          struct eo_verdict *v)
{
    size_t i, kept;

    v->rounds = rounds->count;
    for (i = 0; i < rounds->count; i++)
        v->disturbed += (size_t)eo_round_is_disturbed(&rounds->list[i], reference_ns);
    kept = v->rounds - v->disturbed;
    p->is_all = (kept < trials || v->disturbed > kept) && 3 * v->disturbed > v->rounds;
    for (i = 0; i < rounds->count; i++) {
        if (p->is_all || !eo_round_is_disturbed(&rounds->list[i], reference_ns))
            p->list[p->count++] = &rounds->list[i];
    }
    v->used = p->count;
}

/* Fills values, round after round, and sizes with the times of a size. Returns their number. */
static size_t collect(struct pool *p, enum eo_bench_size size)
{
    size_t i, k, n = 0;

    for (i = 0; i < p->count; i++) {
        const struct eo_round_samples *s = eo_round_size(p->list[i], size);

        p->sizes[i] = s->count;
        for (k = 0; k < s->count; k++)
            p->values[n++] = image_ms(s, k);
    }
    return n;
}

/* Figures. */

/* Each has its own number of effective samples, so a higher quantile's interval could end below a lower one's. */
static void raise_end(struct eo_quantile *q, const struct eo_quantile *lower)
{
    if (q->high < lower->high) /* no when one is NAN */
        q->high = lower->high;
}

static int find_quantiles(const struct pool *p, size_t n, struct eo_timing *t, struct eo_err *err)
{
    struct eo_clusters clusters = {p->values, p->sizes, p->count};

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

static int find_timing(struct pool *p, enum eo_bench_size size, struct eo_timing *t, struct eo_err *err)
{
    size_t n = collect(p, size);

    t->samples = n;
    t->p95 = t->p99 = (struct eo_quantile){NAN, NAN, NAN, NAN};
    if (find_quantiles(p, n, t, err))
        return -1;
    t->effective_samples = t->median_q.effective;
    t->mean = eo_stats_mean(p->values, n);
    t->std = eo_stats_std_sample(p->values, n);
    t->min = eo_stats_min(p->values, n);
    t->throughput_sps = t->mean > 0 ? 1000 / t->mean : 0;
    memcpy(p->work, p->values, n * sizeof(*p->work));
    t->median = median_in_place(p->work, n);
    t->mad = eo_stats_mad_sorted(p->work, n);
    return 0;
}

/* Conditions. */

/* Median over the rounds used of a double at an offset of struct eo_round, of those where it is known. */
static double median_at(struct pool *p, size_t offset)
{
    size_t i, n = 0;

    for (i = 0; i < p->count; i++) {
        double value = *(const double *)(const void *)((const char *)p->list[i] + offset);

        if (isfinite(value))
            p->work[n++] = value;
    }
    return median_in_place(p->work, n);
}

static double sum_at(const struct pool *p, size_t offset)
{
    double sum = 0;
    size_t i;

    for (i = 0; i < p->count; i++)
        sum += *(const double *)(const void *)((const char *)p->list[i] + offset);
    return sum;
}

/* Of those where it is known. */
static double max_at(const struct pool *p, size_t offset)
{
    double most = NAN;
    size_t i;

    for (i = 0; i < p->count; i++)
        most = fmax(most, *(const double *)(const void *)((const char *)p->list[i] + offset));
    return most;
}

#define CONDITION(f) offsetof(struct eo_round, conditions.f)

static void find_conditions(struct pool *p, double reference_ns, struct eo_verdict *v)
{
    struct eo_round_conditions *c = &v->conditions;

    c->reference_ns = median_at(p, CONDITION(reference_ns));
    c->wall_s = sum_at(p, CONDITION(wall_s));
    c->cpu_s = sum_at(p, CONDITION(cpu_s));
    c->waited_s = sum_at(p, CONDITION(waited_s));
    c->involuntary_switches = sum_at(p, CONDITION(involuntary_switches));
    c->voluntary_switches = sum_at(p, CONDITION(voluntary_switches));
    c->migrations = sum_at(p, CONDITION(migrations));
    c->page_faults = sum_at(p, CONDITION(page_faults));
    c->steal_s = sum_at(p, CONDITION(steal_s));
    c->frequency_start_khz = median_at(p, CONDITION(frequency_start_khz));
    c->frequency_end_khz = median_at(p, CONDITION(frequency_end_khz));
    c->resident_bytes = max_at(p, CONDITION(resident_bytes));
    v->lost_share = lost_share(c);
    v->steal_share = c->steal_s / c->wall_s;
    v->reference_slowdown = measure_reference(c, reference_ns);
    v->frequency_change = c->frequency_end_khz / c->frequency_start_khz - 1;
}

/* struct eo_counts is made of doubles alone. */
static void find_counts(struct pool *p, enum eo_bench_size size, struct eo_counts *counts)
{
    double fields[sizeof(*counts) / sizeof(double)];
    size_t i, start = offsetof(struct eo_round, counts) + (size_t)size * sizeof(*counts);

    _Static_assert(sizeof(*counts) % sizeof(double) == 0,
                   "struct eo_counts holds something else than doubles");
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        fields[i] = median_at(p, start + i * sizeof(double));
    memcpy(counts, fields, sizeof(fields));
}

/* Judgement. Each of these returns 1 when it has found something, and then has set status and reason. */

EO_PRINTF(3, 4)
static int accuse(struct eo_verdict *v, enum eo_timing_status status, const char *fmt, ...)
{
    va_list ap;

    v->status = status;
    va_start(ap, fmt);
    vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
    va_end(ap);
    return 1;
}

static int is_short(const struct pool *p, int needs_percentiles, struct eo_verdict *v)
{
    int k;

    if (p->count < EO_JUDGE_ROUNDS)
        return accuse(v, EO_TIMING_SHORT, "%d rounds are needed and %zu could be used", EO_JUDGE_ROUNDS,
                      p->count);
    for (k = 0; needs_percentiles && k < EO_BENCH_SIZES; k++) {
        size_t n = v->size[k].samples;

        if (n < EO_JUDGE_P99_SAMPLES)
            return accuse(v, EO_TIMING_SHORT, "%s takes %d samples %s and there are %zu",
                          n < EO_JUDGE_P95_SAMPLES ? "p95" : "p99",
                          n < EO_JUDGE_P95_SAMPLES ? EO_JUDGE_P95_SAMPLES : EO_JUDGE_P99_SAMPLES,
                          size_name(p->list[0], k), n);
    }
    return 0;
}

static size_t count_hits(const struct pool *p, const struct cause *cause, double reference_ns)
{
    size_t i, hits = 0;

    for (i = 0; i < p->count; i++)
        hits += (size_t)is_hit(cause, p->list[i], reference_ns);
    return hits;
}

/* Names the cause that hit most rounds, with the median of what it did to them. */
static int are_disturbed(struct pool *p, double reference_ns, struct eo_verdict *v)
{
    const struct cause *worst = NULL;
    size_t i, n = 0, most = 0;
    char text[32];
    double found;

    if (!p->is_all)
        return 0;
    for (i = 0; i < CAUSES; i++) {
        size_t hits = count_hits(p, &causes[i], reference_ns);

        worst = hits > most ? &causes[i] : worst;
        most = hits > most ? hits : most;
    }
    for (i = 0; i < p->count; i++) {
        if (is_hit(worst, p->list[i], reference_ns))
            p->work[n++] = figure_of(worst, p->list[i], reference_ns);
    }
    found = median_in_place(p->work, n) * worst->scale;
    snprintf(text, sizeof(text), found < 1000 ? "%.3g" : "%.0f", found);
    return accuse(v, worst->is_slow ? EO_TIMING_THROTTLED : EO_TIMING_NOISY,
                  "%s%s%s (limit %g%s) in %zu of %zu rounds", worst->before, text, worst->after,
                  worst->limit * worst->scale, worst->unit, most, v->rounds);
}

static int is_stolen(double share, struct eo_verdict *v)
{
    if (!(share > EO_JUDGE_LOST))
        return 0;
    return accuse(v, EO_TIMING_NOISY, "steal: the host took %.3g %% of the session (limit %g %%)",
                  100 * share, 100 * EO_JUDGE_LOST);
}

/* Relative change from the first third of n values to the last, of `third` values; values change order. */
struct change {
    double share;
    int apart; /* the middle halves of the thirds do not overlap */
};

static struct change find_change(double *x, size_t n, size_t third)
{
    double *last = x + n - third, a, b;
    struct change change = {0, 0};

    if (third < LEAST_THIRD)
        return change;
    a = median_in_place(x, third);
    b = median_in_place(last, third);
    change.share = b / a - 1;
    change.apart = eo_stats_percentile_sorted(x, third, 75) < eo_stats_percentile_sorted(last, third, 25) ||
                   eo_stats_percentile_sorted(last, third, 75) < eo_stats_percentile_sorted(x, third, 25);
    return change;
}

static void find_medians(struct pool *p, enum eo_bench_size size)
{
    size_t i, first = 0;

    collect(p, size);
    for (i = 0; i < p->count; i++) {
        memcpy(p->work, p->values + first, p->sizes[i] * sizeof(*p->work));
        p->medians[i] = median_in_place(p->work, p->sizes[i]);
        first += p->sizes[i];
    }
}

static const char *faster_or_slower(double change)
{
    return change < 0 ? "faster" : "slower";
}

static int drifts_between(struct pool *p, enum eo_bench_size size, struct eo_verdict *v)
{
    struct change found, reference;
    size_t third = p->count / 3, i;

    /* Of five rounds the first two and the last two, as of six. */
    if (third < LEAST_THIRD && p->count >= 2 * LEAST_THIRD)
        third = LEAST_THIRD;
    memcpy(p->work, p->medians, p->count * sizeof(*p->work));
    found = find_change(p->work, p->count, third);
    if (!(fabs(found.share) > EO_JUDGE_DRIFT && found.apart))
        return 0;
    for (i = 0; i < p->count; i++)
        p->work[i] = p->list[i]->conditions.reference_ns;
    reference = find_change(p->work, p->count, third);
    return accuse(
        v, EO_TIMING_DRIFT, "drift: the last rounds are %.3g %% %s than the first (limit %g %%) %s%s",
        100 * fabs(found.share), faster_or_slower(found.share), 100 * EO_JUDGE_DRIFT,
        size_name(p->list[0], size),
        found.share * reference.share > 0.5 * found.share * found.share ? " and so is the reference kernel"
                                                                        : "");
}

static int drifts_within(struct pool *p, enum eo_bench_size size, struct eo_verdict *v)
{
    size_t i, first = 0;
    double share;

    for (i = 0; i < p->count; i++) {
        /* The sizes' values are in the order in which they were taken; find_change() sorts its thirds. */
        p->work[i] = find_change(p->values + first, p->sizes[i], p->sizes[i] / 3).share;
        first += p->sizes[i];
    }
    share = median_in_place(p->work, p->count);
    if (!(fabs(share) > EO_JUDGE_DRIFT))
        return 0;
    return accuse(v, EO_TIMING_DRIFT, "drift: times get %.3g %% %s within a round (limit %g %%) %s",
                  100 * fabs(share), faster_or_slower(share), 100 * EO_JUDGE_DRIFT,
                  size_name(p->list[0], size));
}

/* Sorts in place. */
static double find_spread(double *x, size_t n)
{
    eo_stats_sort(x, n);
    return (eo_stats_percentile_sorted(x, n, 90) - eo_stats_percentile_sorted(x, n, 10)) / NORMAL_10_90 /
           eo_stats_median_sorted(x, n);
}

static int is_scattered(struct pool *p, enum eo_bench_size size, struct eo_verdict *v)
{
    size_t i, k, n = 0;
    double spread;

    for (i = 0; i < p->count; i++) {
        for (k = 0; k < p->sizes[i]; k++, n++)
            p->work[n] = p->values[n] / p->medians[i];
    }
    spread = find_spread(p->work, n);
    if (spread > EO_JUDGE_WITHIN)
        return accuse(v, EO_TIMING_NOISY,
                      "scattered: times within a round spread by %.3g %% (limit %g %%) %s", 100 * spread,
                      100 * EO_JUDGE_WITHIN, size_name(p->list[0], size));
    memcpy(p->work, p->medians, p->count * sizeof(*p->work));
    spread = find_spread(p->work, p->count);
    if (spread > EO_JUDGE_BETWEEN)
        return accuse(v, EO_TIMING_NOISY, "scattered: medians of rounds spread by %.3g %% (limit %g %%) %s",
                      100 * spread, 100 * EO_JUDGE_BETWEEN, size_name(p->list[0], size));
    return 0;
}

static void judge_times(struct pool *p, struct eo_verdict *v)
{
    int k, found = 0;

    for (k = 0; k < EO_BENCH_SIZES && !found; k++) {
        find_medians(p, (enum eo_bench_size)k);
        found = drifts_between(p, (enum eo_bench_size)k, v) || drifts_within(p, (enum eo_bench_size)k, v);
    }
    for (k = 0; k < EO_BENCH_SIZES && !found; k++) {
        find_medians(p, (enum eo_bench_size)k);
        found = is_scattered(p, (enum eo_bench_size)k, v);
    }
}

static int judge(const struct eo_rounds *rounds, int trials, const struct eo_judge_session *session,
                 int needs_percentiles, struct eo_verdict *v, struct eo_err *err)
{
    struct pool p;
    int k, rc = -1;

    *v = (struct eo_verdict){.status = EO_TIMING_OK};
    if (check_rounds(rounds, err))
        return -1;
    if (pool_init(&p, rounds, err))
        goto out;
    choose_rounds(&p, rounds, (size_t)trials, session->reference_ns, v);
    for (k = 0; k < EO_BENCH_SIZES; k++) {
        if (find_timing(&p, (enum eo_bench_size)k, &v->size[k], err))
            goto out;
        find_counts(&p, (enum eo_bench_size)k, &v->counts[k]);
    }
    find_conditions(&p, session->reference_ns, v);
    if (!is_short(&p, needs_percentiles, v) && !are_disturbed(&p, session->reference_ns, v) &&
        !is_stolen(session->steal_share, v))
        judge_times(&p, v);
    rc = 0;
out:
    pool_release(&p);
    return rc;
}

int eo_judge(const struct eo_rounds *rounds, int trials, const struct eo_judge_session *session,
             struct eo_verdict *v, struct eo_err *err)
{
    return judge(rounds, trials, session, 1, v, err);
}

int eo_judge_medians(const struct eo_rounds *rounds, int trials, const struct eo_judge_session *session,
                     struct eo_verdict *v, struct eo_err *err)
{
    return judge(rounds, trials, session, 0, v, err);
}

void eo_timing_note(char *reason, size_t size, const char *note)
{
    size_t n = strlen(reason);

    snprintf(reason + n, size - n, "%s%s", n ? "; " : "", note);
}

void eo_verdict_note(struct eo_verdict *v, const char *note)
{
    eo_timing_note(v->reason, sizeof(v->reason), note);
}

size_t eo_judge_wanted(const struct eo_verdict *v, int trials)
{
    size_t wanted = (size_t)trials, kept = v->rounds - v->disturbed;

    if (kept < wanted)
        return wanted - kept;
    return v->status == EO_TIMING_OK || v->status == EO_TIMING_SHORT ? 0 : wanted;
}
