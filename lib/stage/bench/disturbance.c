#include "stage/bench/disturbance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/stats.h"

double eo_disturbance_lost(const struct eo_round_conditions *c)
{
    /* Several threads have more processor time than there is wall time. */
    return fmax(0, fmax(1 - c->cpu_s / c->wall_s, c->waited_s / c->wall_s));
}

static double measure_lost(const struct eo_round_conditions *c, double reference_ns)
{
    (void)reference_ns;
    return eo_disturbance_lost(c);
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

/*
 * What disturbs a round: a figure above its limit, and how to say so. Of causes that hit equally many rounds the first
 * is named.
 */
struct cause {
    /* NULL: counts the sizes of which all samples were interrupted. Returns NAN if not known */
    double (*measure)(const struct eo_round_conditions *c, double reference_ns);
    double limit;
    int is_slow;
    int is_of_samples; /* does not apply to samples that were checked one by one */
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
    for (size_t i = 0; i < CAUSES; i++) {
        if (is_hit(&causes[i], round, reference_ns))
            return 1;
    }
    return 0;
}

static size_t count_hits(const struct cause *cause, const struct eo_round *const *rounds, size_t count,
                         double reference_ns)
{
    size_t hits = 0;

    for (size_t i = 0; i < count; i++)
        hits += (size_t)is_hit(cause, rounds[i], reference_ns);
    return hits;
}

int eo_disturbance_worst(const struct eo_round *const *rounds, size_t count, double reference_ns, size_t of,
                         double *work, char text[EO_DISTURBANCE_TEXT])
{
    const struct cause *worst = &causes[0];
    size_t n = 0, most = 0;
    char figure[32];
    double found;

    for (size_t i = 0; i < CAUSES; i++) {
        size_t hits = count_hits(&causes[i], rounds, count, reference_ns);

        worst = hits > most ? &causes[i] : worst;
        most = hits > most ? hits : most;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_hit(worst, rounds[i], reference_ns))
            work[n++] = figure_of(worst, rounds[i], reference_ns);
    }
    found = eo_stats_median(work, n) * worst->scale;
    snprintf(figure, sizeof(figure), found < 1000 ? "%.3g" : "%.0f", found);
    snprintf(text, EO_DISTURBANCE_TEXT, "%s%s%s (limit %g%s) in %zu of %zu rounds", worst->before, figure,
             worst->after, worst->limit * worst->scale, worst->unit, most, of);
    return worst->is_slow;
}

static double steal_share(const struct eo_rounds *candidates, size_t count)
{
    struct eo_round_conditions sum = {0};

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < candidates[i].count; k++) {
            sum.steal_s += candidates[i].list[k].conditions.steal_s;
            sum.wall_s += candidates[i].list[k].conditions.wall_s;
        }
    }
    return measure_steal(&sum, NAN);
}

int eo_judge_session(const struct eo_rounds *candidates, size_t count, struct eo_judge_session *session,
                     struct eo_err *err)
{
    size_t n = 0;
    double *all;

    for (size_t i = 0; i < count; i++)
        n += candidates[i].count;
    all = eo_alloc(n, sizeof(*all), err);
    if (!all)
        return -1;
    n = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < candidates[i].count; k++) {
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
