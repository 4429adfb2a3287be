#include "stage/bench/judge.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/stats.h"

#define NORMAL_10_90 2.5631031310892007 /* distance of these percentiles in standard deviations */
#define LEAST_THIRD 2                   /* values in a third; the median of fewer is an outlier of its own */

/* Too many rounds are disturbed to leave them out. */
static int uses_all(const struct eo_verdict *v)
{
    return v->disturbed > 0 && v->used == v->rounds;
}

static void choose_rounds(struct eo_figures *f, const struct eo_rounds *rounds, size_t trials,
                          double reference_ns, struct eo_verdict *v)
{
    size_t kept;
    int is_all;

    v->rounds = rounds->count;
    for (size_t i = 0; i < rounds->count; i++)
        v->disturbed += (size_t)eo_round_is_disturbed(&rounds->list[i], reference_ns);
    kept = v->rounds - v->disturbed;
    is_all = (kept < trials || v->disturbed > kept) && 3 * v->disturbed > v->rounds;
    for (size_t i = 0; i < rounds->count; i++) {
        if (is_all || !eo_round_is_disturbed(&rounds->list[i], reference_ns))
            f->list[f->count++] = &rounds->list[i];
    }
    v->used = f->count;
}

/* Times, counts and conditions of the rounds that are used. */
static int find_figures(struct eo_figures *f, double reference_ns, struct eo_verdict *v, struct eo_err *err)
{
    struct eo_round_conditions *c = &v->conditions;

    for (int k = 0; k < EO_BENCH_SIZES; k++) {
        if (eo_figures_timing(f, (enum eo_bench_size)k, &v->size[k], err))
            return -1;
        eo_figures_counts(f, (enum eo_bench_size)k, &v->counts[k]);
    }
    eo_figures_conditions(f, c);
    v->lost_share = eo_disturbance_lost(c);
    v->steal_share = c->steal_s / c->wall_s;
    v->reference_slowdown = c->reference_ns / reference_ns - 1;
    v->frequency_change = c->frequency_end_khz / c->frequency_start_khz - 1;
    return 0;
}

/* Each of the following returns 1 if its status applies, and has then set status and reason. */

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

static int is_short(const struct eo_figures *f, int needs_percentiles, struct eo_verdict *v)
{
    if (f->count < EO_JUDGE_ROUNDS)
        return accuse(v, EO_TIMING_SHORT, "%d rounds are needed and %zu could be used", EO_JUDGE_ROUNDS,
                      f->count);
    for (int k = 0; needs_percentiles && k < EO_BENCH_SIZES; k++) {
        size_t n = v->size[k].samples;

        if (n < EO_JUDGE_P99_SAMPLES)
            return accuse(v, EO_TIMING_SHORT, "%s takes %d samples %s and there are %zu",
                          n < EO_JUDGE_P95_SAMPLES ? "p95" : "p99",
                          n < EO_JUDGE_P95_SAMPLES ? EO_JUDGE_P95_SAMPLES : EO_JUDGE_P99_SAMPLES,
                          eo_figures_size_name(f->list[0], (enum eo_bench_size)k), n);
    }
    return 0;
}

static int are_disturbed(struct eo_figures *f, double reference_ns, struct eo_verdict *v)
{
    char text[EO_DISTURBANCE_TEXT];
    int is_slow;

    if (!uses_all(v))
        return 0;
    is_slow = eo_disturbance_worst(f->list, f->count, reference_ns, v->rounds, f->work, text);
    return accuse(v, is_slow ? EO_TIMING_THROTTLED : EO_TIMING_NOISY, "%s", text);
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
    a = eo_stats_median(x, third);
    b = eo_stats_median(last, third);
    change.share = b / a - 1;
    change.apart = eo_stats_percentile_sorted(x, third, 75) < eo_stats_percentile_sorted(last, third, 25) ||
                   eo_stats_percentile_sorted(last, third, 75) < eo_stats_percentile_sorted(x, third, 25);
    return change;
}

static void find_medians(struct eo_figures *f, enum eo_bench_size size)
{
    size_t first = 0;

    eo_figures_collect(f, size);
    for (size_t i = 0; i < f->count; i++) {
        memcpy(f->work, f->values + first, f->sizes[i] * sizeof(*f->work));
        f->medians[i] = eo_stats_median(f->work, f->sizes[i]);
        first += f->sizes[i];
    }
}

static const char *faster_or_slower(double change)
{
    return change < 0 ? "faster" : "slower";
}

static int drifts_between(struct eo_figures *f, enum eo_bench_size size, struct eo_verdict *v)
{
    struct change found, reference;
    size_t third = f->count / 3;

    /* Five rounds have thirds of two, as six have. */
    if (third < LEAST_THIRD && f->count >= 2 * LEAST_THIRD)
        third = LEAST_THIRD;
    memcpy(f->work, f->medians, f->count * sizeof(*f->work));
    found = find_change(f->work, f->count, third);
    if (!(fabs(found.share) > EO_JUDGE_DRIFT && found.apart))
        return 0;
    for (size_t i = 0; i < f->count; i++)
        f->work[i] = f->list[i]->conditions.reference_ns;
    reference = find_change(f->work, f->count, third);
    return accuse(
        v, EO_TIMING_DRIFT, "drift: the last rounds are %.3g %% %s than the first (limit %g %%) %s%s",
        100 * fabs(found.share), faster_or_slower(found.share), 100 * EO_JUDGE_DRIFT,
        eo_figures_size_name(f->list[0], size),
        found.share * reference.share > 0.5 * found.share * found.share ? " and so is the reference kernel"
                                                                        : "");
}

static int drifts_within(struct eo_figures *f, enum eo_bench_size size, struct eo_verdict *v)
{
    size_t first = 0;
    double share;

    for (size_t i = 0; i < f->count; i++) {
        /* find_change() sorts the thirds of the values, which were in the order in which they were taken. */
        f->work[i] = find_change(f->values + first, f->sizes[i], f->sizes[i] / 3).share;
        first += f->sizes[i];
    }
    share = eo_stats_median(f->work, f->count);
    if (!(fabs(share) > EO_JUDGE_DRIFT))
        return 0;
    return accuse(v, EO_TIMING_DRIFT, "drift: times get %.3g %% %s within a round (limit %g %%) %s",
                  100 * fabs(share), faster_or_slower(share), 100 * EO_JUDGE_DRIFT,
                  eo_figures_size_name(f->list[0], size));
}

/* Sorts in place. */
static double find_spread(double *x, size_t n)
{
    eo_stats_sort(x, n);
    return (eo_stats_percentile_sorted(x, n, 90) - eo_stats_percentile_sorted(x, n, 10)) / NORMAL_10_90 /
           eo_stats_median_sorted(x, n);
}

static int is_scattered(struct eo_figures *f, enum eo_bench_size size, struct eo_verdict *v)
{
    size_t n = 0;
    double spread;

    for (size_t i = 0; i < f->count; i++) {
        for (size_t k = 0; k < f->sizes[i]; k++, n++)
            f->work[n] = f->values[n] / f->medians[i];
    }
    spread = find_spread(f->work, n);
    if (spread > EO_JUDGE_WITHIN)
        return accuse(v, EO_TIMING_NOISY,
                      "scattered: times within a round spread by %.3g %% (limit %g %%) %s", 100 * spread,
                      100 * EO_JUDGE_WITHIN, eo_figures_size_name(f->list[0], size));
    memcpy(f->work, f->medians, f->count * sizeof(*f->work));
    spread = find_spread(f->work, f->count);
    if (spread > EO_JUDGE_BETWEEN)
        return accuse(v, EO_TIMING_NOISY, "scattered: medians of rounds spread by %.3g %% (limit %g %%) %s",
                      100 * spread, 100 * EO_JUDGE_BETWEEN, eo_figures_size_name(f->list[0], size));
    return 0;
}

static void judge_times(struct eo_figures *f, struct eo_verdict *v)
{
    int found = 0;

    for (int k = 0; k < EO_BENCH_SIZES && !found; k++) {
        find_medians(f, (enum eo_bench_size)k);
        found = drifts_between(f, (enum eo_bench_size)k, v) || drifts_within(f, (enum eo_bench_size)k, v);
    }
    for (int k = 0; k < EO_BENCH_SIZES && !found; k++) {
        find_medians(f, (enum eo_bench_size)k);
        found = is_scattered(f, (enum eo_bench_size)k, v);
    }
}

static int judge(const struct eo_rounds *rounds, int trials, const struct eo_judge_session *session,
                 int needs_percentiles, struct eo_verdict *v, struct eo_err *err)
{
    const double reference_ns = session->reference_ns;
    struct eo_figures f;
    int rc;

    *v = (struct eo_verdict){.status = EO_TIMING_OK};
    rc = eo_figures_init(&f, rounds, err);
    if (rc == 0) {
        choose_rounds(&f, rounds, (size_t)trials, reference_ns, v);
        rc = find_figures(&f, reference_ns, v, err);
    }
    if (rc == 0 && !is_short(&f, needs_percentiles, v) && !are_disturbed(&f, reference_ns, v) &&
        !is_stolen(session->steal_share, v))
        judge_times(&f, v);
    eo_figures_release(&f);
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
