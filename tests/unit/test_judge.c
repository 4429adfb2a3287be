/*
 * lib/stage/bench/judge: which rounds are disturbed, which figures come out of them, and how often the status is wrong.
 *
 * The rates come from a made-up machine (struct machine) with a fixed seed, which measures whole sessions as eo-bench
 * does: candidates in interleaved rounds, disturbed ones again, up to three times as many. It is unquiet in the ways in
 * which a quiet virtual machine is: a clock that wanders by 3 %, memory that lies elsewhere in every process, a timer
 * tick, short interruptions by host and kernel, heavy tails. To this each disturbance is added.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/stats.h"
#include "stage/bench/judge.h"
#include "tests/unit/check.h"

#define CANDIDATES 12
#define TRIALS 12
#define LIMIT (3 * TRIALS)
#define SAMPLES 26 /* of a size in a round */
#define REFERENCE_NS 20000.0
#define WANDER 0.03

enum disturbance {
    QUIET,
    PREEMPTED,    /* a spinning process on the same processor, in slices of 3 ms */
    THROTTLED,    /* the clock falls by a fifth halfway through */
    DRIFTING,     /* everything but the reference gets slower, to 15 % at the end */
    SLOW_MODE,    /* two processes in five are 20 % slower */
    SLOW_SAMPLES, /* a fifth of the calls takes 30 % longer */
    STOLEN,       /* the host takes a tenth of the time, 2 ms at once */
    COLD,         /* 12 % faster at the end of a round than at its beginning */
    DISTURBANCES
};

static const char *const disturbance_names[] = {
    "quiet",
    "preempted by a spinning process",
    "clock falls by 20 % halfway",
    "drift to 15 %",
    "two modes of rounds",
    "two modes of samples",
    "a tenth of the time is stolen",
    "warm-up too short",
};

struct machine {
    struct eo_rng rng;
    double now_s, session_s;
    double period_s[3], phase[3]; /* of the wandering clock */
    double stolen_s;              /* in all */
    enum disturbance disturbance;
};

static double uniform(struct machine *m)
{
    return (double)(eo_rng_u64(&m->rng) >> 11) / 9007199254740992.0;
}

static double normal(struct machine *m)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += uniform(m);
    return sum;
}

/* Of mean 1; and how often something happens that does so `mean` times on average. */
static double exponential(struct machine *m)
{
    return -log(1 - uniform(m));
}

static int happens(struct machine *m, double mean)
{
    double at = exponential(m);
    int n = 0;

    for (; at < mean; at += exponential(m))
        n++;
    return n;
}

static void machine_init(struct machine *m, uint64_t seed, enum disturbance disturbance)
{
    *m = (struct machine){.disturbance = disturbance, .session_s = CANDIDATES * TRIALS * 0.048};
    eo_rng_init(&m->rng, seed, EO_RNG_BENCH);
    for (int i = 0; i < 3; i++) {
        m->period_s[i] = 1 + 30 * uniform(m);
        m->phase[i] = uniform(m);
    }
}

/* How much longer everything takes at the moment. */
static double slowness(const struct machine *m)
{
    double wander = 0;

    for (int i = 0; i < 3; i++)
        wander += sin(6.283185307179586 * (m->now_s / m->period_s[i] + m->phase[i])) / 3;
    return (1 + WANDER * wander) * (m->disturbance == THROTTLED && m->now_s > m->session_s / 2 ? 1.25 : 1);
}

/* Lets `work_s` of undisturbed time pass, with everything that comes in between. Returns the wall time. */
static double spend(struct machine *m, struct eo_round_conditions *c, double work_s)
{
    double stolen = 1e-4 * exponential(m) * happens(m, 3 * work_s); /* 100 us, three times a second */
    double kernel = 0;
    int i, threads = happens(m, 4 * work_s);

    work_s += 4e-6 * happens(m, work_s / 4e-3); /* the timer's tick is our own time */
    if (m->disturbance == STOLEN)
        stolen += 2e-3 * happens(m, work_s / 18e-3);
    for (i = 0; i < threads; i++)
        kernel += 3e-5 * exponential(m);
    if (m->disturbance == PREEMPTED) {
        i = happens(m, work_s / 3e-3);
        kernel += 3e-3 * i;
        threads += i;
    }
    c->involuntary_switches += threads;
    m->stolen_s += stolen;
    c->wall_s += work_s + stolen + kernel;
    c->cpu_s += work_s + stolen; /* the guest does not know better */
    m->now_s += work_s + stolen + kernel;
    return work_s + stolen + kernel;
}

static double tail(struct machine *m)
{
    double t = 1 + 0.01 * fabs(normal(m));

    if (uniform(m) < 0.03)
        t += 0.05 * exponential(m);
    if (uniform(m) < 0.003)
        t += 0.5 * exponential(m);
    return t;
}

/* A call that takes `base_s` on a good day; `place` is what code and heap of the process make of it. */
static double call(struct machine *m, struct eo_round_conditions *c, double base_s, double place,
                   double position)
{
    double s = base_s * place * slowness(m) * tail(m);

    if (m->disturbance == DRIFTING)
        s *= 1 + 0.15 * m->now_s / m->session_s;
    if (m->disturbance == SLOW_SAMPLES && uniform(m) < 0.2)
        s *= 1.3;
    if (m->disturbance == COLD)
        s *= 1.12 - 0.12 * position;
    return spend(m, c, s);
}

/* Exec, loading and warm-up, of which nothing is kept. */
static void start_process(struct machine *m)
{
    struct eo_round_conditions thrown_away = {0};

    spend(m, &thrown_away, 0.03);
}

static double steps_of_steal(const struct machine *m)
{
    return floor(m->stolen_s / EO_JUDGE_STEAL_STEP_S) * EO_JUDGE_STEAL_STEP_S;
}

static void measure_round(struct machine *m, int candidate, int number, struct eo_round *r)
{
    double base[EO_BENCH_SIZES] = {1e-4 * (1 + candidate), 1.2e-6 * (1 + candidate)}, steal, reference = 0;
    double place = 1 + 0.01 * normal(m);

    if (m->disturbance == SLOW_MODE && uniform(m) < 0.4)
        place *= 1.2;
    start_process(m);
    r->number = number;
    /* Threads of the kernel tidy up after the process before: 2.5 switches in a round, on a quiet machine. */
    r->conditions = (struct eo_round_conditions){
        .frequency_start_khz = NAN, .frequency_end_khz = NAN, .involuntary_switches = happens(m, 2.5)};
    steal = steps_of_steal(m);
    for (int i = 0; i < SAMPLES; i++) {
        for (int k = 0; k < EO_BENCH_SIZES; k++)
            r->size[k].seconds[i] = call(m, &r->conditions, base[k], place, (double)i / SAMPLES);
        reference += REFERENCE_NS * slowness(m) * (1 + 0.005 * normal(m));
        spend(m, &r->conditions, 20e-6);
    }
    r->conditions.reference_ns = reference / SAMPLES;
    r->conditions.steal_s = steps_of_steal(m) - steal;
}

/* Sessions. */

struct session {
    struct eo_rounds candidates[CANDIDATES];
    struct eo_verdict verdicts[CANDIDATES];
    struct eo_judge_session all;
};

/* Rounds with room for `samples` of each size. */
static void rounds_init(struct eo_rounds *rounds, size_t count, size_t samples)
{
    rounds->list = calloc(count, sizeof(*rounds->list));
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < EO_BENCH_SIZES; k++) {
            rounds->list[i].size[k] =
                (struct eo_round_samples){k == EO_BENCH_BATCH ? 4 : 1, 1, samples, NULL, 0, 0};
            rounds->list[i].size[k].seconds = calloc(samples, sizeof(double));
        }
    }
}

static void rounds_free(struct eo_rounds *rounds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < EO_BENCH_SIZES; k++)
            free(rounds->list[i].size[k].seconds);
    }
    free(rounds->list);
}

/* How many rounds each candidate gets next. Returns their sum. */
static size_t plan_rounds(const struct session *s, size_t wanted[CANDIDATES])
{
    size_t sum = 0;

    for (size_t i = 0; i < CANDIDATES; i++) {
        size_t n = s->candidates[i].count;

        wanted[i] = n == 0 ? TRIALS : eo_judge_wanted(&s->verdicts[i], TRIALS);
        wanted[i] = wanted[i] < LIMIT - n ? wanted[i] : LIMIT - n;
        sum += wanted[i];
    }
    return sum;
}

static void judge_all(struct session *s)
{
    struct eo_err err;

    if (eo_judge_session(s->candidates, CANDIDATES, &s->all, &err))
        check_that(0, "%s", err.msg);
    for (int i = 0; i < CANDIDATES; i++) {
        if (eo_judge(&s->candidates[i], TRIALS, &s->all, &s->verdicts[i], &err))
            check_that(0, "%s", err.msg);
    }
}

/* As eo-bench takes it: rounds of all, then again of those that want more. */
static void session_take(struct session *s, struct machine *m)
{
    size_t wanted[CANDIDATES], left;
    int number = 0;

    for (int i = 0; i < CANDIDATES; i++)
        rounds_init(&s->candidates[i], LIMIT, SAMPLES);
    while ((left = plan_rounds(s, wanted)) > 0) {
        for (; left > 0; number++) {
            for (int i = 0; i < CANDIDATES; i++) {
                if (wanted[i] == 0)
                    continue;
                measure_round(m, i, number, &s->candidates[i].list[s->candidates[i].count++]);
                wanted[i]--;
                left--;
            }
        }
        judge_all(s);
    }
}

static void session_free(struct session *s)
{
    for (int i = 0; i < CANDIDATES; i++)
        rounds_free(&s->candidates[i], LIMIT);
}

struct tally {
    int rows, status[5];
    double rounds;
    char reason[160]; /* of the last that was not ok */
};

static void take_sessions(enum disturbance disturbance, int sessions, struct tally *t)
{
    struct machine m;

    *t = (struct tally){0};
    for (int i = 0; i < sessions; i++) {
        struct session s = {0};

        machine_init(&m, (uint64_t)i + 1, disturbance);
        session_take(&s, &m);
        for (int k = 0; k < CANDIDATES; k++) {
            t->status[s.verdicts[k].status]++;
            t->rounds += (double)s.verdicts[k].rounds;
            t->rows++;
            if (s.verdicts[k].status != EO_TIMING_OK)
                strcpy(t->reason, s.verdicts[k].reason);
        }
        session_free(&s);
    }
}

static void test_rates(void)
{
    struct tally t;

    for (int d = QUIET; d < DISTURBANCES; d++) {
        double share;

        take_sessions((enum disturbance)d, d == QUIET ? 40 : 6, &t);
        share = 1 - (double)t.status[EO_TIMING_OK] / t.rows;
        printf("# %-32s %4d rows, %.1f rounds each: %5.1f %% not ok (noisy %d, drift %d, throttled %d, short "
               "%d) %s\n",
               disturbance_names[d], t.rows, t.rounds / t.rows, 100 * share, t.status[EO_TIMING_NOISY],
               t.status[EO_TIMING_DRIFT], t.status[EO_TIMING_THROTTLED], t.status[EO_TIMING_SHORT], t.reason);
        if (d == QUIET)
            check_that(share <= 0.05, "quiet: expected at most 5 %% not ok, found %.2f %%", 100 * share);
        else
            check_that(share >= 0.95, "%s: expected at least 95 %% not ok, found %.2f %%",
                       disturbance_names[d], 100 * share);
    }
}

/* Made-up rounds: calm ones, of which a case spoils some. */

static const struct eo_judge_session usual = {REFERENCE_NS, 0}, faster = {REFERENCE_NS / 1.02, 0};

#define CALM_ROUNDS 12
#define CALM_SAMPLES 30

/* Batches of 4 images: 1 ms an image and 0.5 % up and down; 2 ms for one alone. */
static void calm_rounds(struct eo_rounds *rounds, size_t count, size_t samples)
{
    rounds_init(rounds, count, samples);
    rounds->count = count;
    for (size_t i = 0; i < count; i++) {
        struct eo_round *r = &rounds->list[i];

        r->number = (int)i;
        for (size_t k = 0; k < samples; k++) {
            r->size[EO_BENCH_BATCH].seconds[k] = 4e-3 * (1 + 0.005 * ((double)(k % 3) - 1));
            r->size[EO_BENCH_SINGLE].seconds[k] = 2e-3 * (1 + 0.005 * ((double)(k % 3) - 1));
        }
        r->conditions = (struct eo_round_conditions){.reference_ns = REFERENCE_NS,
                                                     .wall_s = 0.1,
                                                     .cpu_s = 0.0999,
                                                     .involuntary_switches = 1,
                                                     .voluntary_switches = 3,
                                                     .page_faults = 2,
                                                     .frequency_start_khz = 3e6,
                                                     .frequency_end_khz = 2.9e6,
                                                     .resident_bytes = 1e6 + (double)i};
    }
}

static void scale_round(struct eo_round *r, enum eo_bench_size size, double by)
{
    for (size_t i = 0; i < r->size[size].count; i++)
        r->size[size].seconds[i] *= by;
}

struct condition_case {
    const char *name;
    size_t offset; /* in struct eo_round_conditions */
    double calm, disturbing;
};

#define CONDITION(f) offsetof(struct eo_round_conditions, f)

/* The last value that does not disturb a round of 0.1 s, and the first that does. */
static const struct condition_case condition_cases[] = {
    {"processor time", CONDITION(cpu_s), 0.0981, 0.0979},
    {"processor time of two threads", CONDITION(cpu_s), 0.2, 0},
    {"a thread that waits", CONDITION(waited_s), 0.0019, 0.0021},
    {"waiting unknown", CONDITION(waited_s), NAN, 0.1},
    {"involuntary switches", CONDITION(involuntary_switches), 10, 11},
    {"migrations", CONDITION(migrations), 2, 3},
    {"steal", CONDITION(steal_s), 0.01, 0.02},
    {"steal unknown", CONDITION(steal_s), NAN, 0.02},
    {"reference", CONDITION(reference_ns), 21599, 21601},
    {"reference unknown", CONDITION(reference_ns), NAN, 21601},
    {"frequency", CONDITION(frequency_end_khz), 2.761e6, 2.759e6},
    {"frequency unknown", CONDITION(frequency_start_khz), NAN, 3.2e6},
};

static void test_condition(const struct condition_case *c)
{
    struct eo_rounds rounds = {0};
    double *field;

    calm_rounds(&rounds, 1, 1);
    field = (double *)(void *)((char *)&rounds.list[0].conditions + c->offset);
    *field = c->calm;
    check_that(!eo_round_is_disturbed(rounds.list, REFERENCE_NS), "%s: %g: expected calm, found disturbed",
               c->name, c->calm);
    *field = c->disturbing;
    check_that(eo_round_is_disturbed(rounds.list, REFERENCE_NS), "%s: %g: expected disturbed, found calm",
               c->name, c->disturbing);
    rounds_free(&rounds, 1);
}

/* In a long round a few switches are many, and the rate is what counts. */
static void test_long_round(void)
{
    struct eo_rounds rounds = {0};
    struct eo_round_conditions *c;

    calm_rounds(&rounds, 1, 1);
    c = &rounds.list[0].conditions;
    c->wall_s = c->cpu_s = 2;
    c->involuntary_switches = c->migrations = 40;
    check_that(!eo_round_is_disturbed(rounds.list, REFERENCE_NS), "20 switches a second: expected calm");
    c->involuntary_switches = 41;
    check_that(eo_round_is_disturbed(rounds.list, REFERENCE_NS),
               "20.5 switches a second: expected disturbed");
    c->involuntary_switches = 40;
    c->steal_s = 0.04;
    check_that(!eo_round_is_disturbed(rounds.list, REFERENCE_NS), "2 %% steal: expected calm");
    check_that(!eo_round_is_disturbed(rounds.list, NAN), "no usual reference: expected calm");
    *c = (struct eo_round_conditions){.wall_s = 0.01, .cpu_s = 0.01, .involuntary_switches = 10};
    check_that(!eo_round_is_disturbed(rounds.list, NAN), "10 switches in a short round: expected calm");
    rounds_free(&rounds, 1);
}

/* Judges; a failure counts. */
static struct eo_verdict judged(const struct eo_rounds *rounds, int trials,
                                const struct eo_judge_session *session)
{
    struct eo_verdict v = {0};
    struct eo_err err;

    if (eo_judge(rounds, trials, session, &v, &err))
        check_that(0, "%s", err.msg);
    return v;
}

/* What a case does to 12 calm rounds with 30 samples of each size. */
static void spoil_nothing(struct eo_rounds *r)
{
    (void)r;
}

static void spoil_two_rounds(struct eo_rounds *r)
{
    r->count = 2;
}

static void cut_samples(struct eo_rounds *r, enum eo_bench_size size, size_t samples)
{
    for (size_t i = 0; i < r->count; i++)
        r->list[i].size[size].count = samples;
}

static void spoil_p95(struct eo_rounds *r)
{
    cut_samples(r, EO_BENCH_BATCH, 4);
}

static void spoil_p99(struct eo_rounds *r)
{
    cut_samples(r, EO_BENCH_SINGLE, 24);
}

static void preempt(struct eo_rounds *r, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        r->list[i].conditions.cpu_s = 0.05;
        r->list[i].conditions.involuntary_switches = 16;
        scale_round(&r->list[i], EO_BENCH_BATCH, 2);
    }
}

static void spoil_preempted(struct eo_rounds *r)
{
    preempt(r, 5);
}

static void spoil_few(struct eo_rounds *r)
{
    preempt(r, 1);
}

static void spoil_switches(struct eo_rounds *r)
{
    for (size_t i = 0; i < 6; i++)
        r->list[i].conditions.involuntary_switches = 12 + (double)i;
}

static void spoil_migrations(struct eo_rounds *r)
{
    for (size_t i = 0; i < 12; i++)
        r->list[i].conditions.migrations = 3;
}

static void spoil_steal(struct eo_rounds *r)
{
    for (size_t i = 0; i < 6; i++)
        r->list[i].conditions.steal_s = 0.03;
}

static void spoil_reference(struct eo_rounds *r)
{
    for (size_t i = 6; i < 12; i++)
        r->list[i].conditions.reference_ns = 1.25 * REFERENCE_NS;
}

static void spoil_frequency(struct eo_rounds *r)
{
    for (size_t i = 0; i < 12; i++)
        r->list[i].conditions.frequency_end_khz = 2.4e6;
}

static void spoil_drift(struct eo_rounds *r)
{
    for (size_t i = 0; i < 12; i++)
        scale_round(&r->list[i], EO_BENCH_SINGLE, 1 - 0.01 * (double)i);
}

static void spoil_drift_of_clock(struct eo_rounds *r)
{
    for (size_t i = 0; i < 12; i++) {
        scale_round(&r->list[i], EO_BENCH_BATCH, 1 + 0.007 * (double)i);
        r->list[i].conditions.reference_ns *= 1 + 0.007 * (double)i;
    }
}

/* Jumps that are not a drift: slow rounds at both ends of the session. */
static void spoil_both_ends(struct eo_rounds *r)
{
    for (size_t i = 0; i < 12; i++)
        scale_round(&r->list[i], EO_BENCH_BATCH, i % 4 == 0 ? 1.3 : 1);
}

/* The thirds' medians are 5.6 % apart, but what is in the last one is in the first one too. */
static void spoil_nearly(struct eo_rounds *r)
{
    static const double by[] = {1, 1, 1.06, 1.06, 1.05, 1.05, 1.05, 1.05, 1, 1.075, 1.1, 1.1};

    for (size_t i = 0; i < 12; i++)
        scale_round(&r->list[i], EO_BENCH_BATCH, by[i]);
}

static void spoil_cold(struct eo_rounds *r)
{
    for (size_t i = 0; i < 12; i++) {
        for (size_t k = 0; k < 10; k++)
            r->list[i].size[EO_BENCH_BATCH].seconds[k] *= 1.1;
    }
}

static void spoil_samples(struct eo_rounds *r)
{
    for (size_t i = 0; i < 12; i++) {
        for (size_t k = 0; k < CALM_SAMPLES; k += 4)
            r->list[i].size[EO_BENCH_SINGLE].seconds[k] *= 1.4;
    }
}

/* A busy machine whose interrupted samples were thrown away one by one. */
static void spoil_checked(struct eo_rounds *r)
{
    for (size_t i = 0; i < 12; i++) {
        r->list[i].is_checked = 1;
        r->list[i].conditions.cpu_s = 0.05;
        r->list[i].conditions.waited_s = 0.05;
        r->list[i].conditions.involuntary_switches = r->list[i].conditions.migrations = 40;
    }
}

/* What checking samples does not see. */
static void spoil_checked_and_slow(struct eo_rounds *r)
{
    spoil_checked(r);
    spoil_reference(r);
}

/* Of the first rounds no sample of batches was left: processor times of other than the usual length stand in. */
static void stand_in(struct eo_rounds *r, size_t count)
{
    spoil_checked(r);
    for (size_t i = 0; i < count; i++) {
        r->list[i].size[EO_BENCH_BATCH].stood_in = 1;
        scale_round(&r->list[i], EO_BENCH_BATCH, 2);
    }
}

static void spoil_stood_in(struct eo_rounds *r)
{
    stand_in(r, 5);
}

static void spoil_stood_in_once(struct eo_rounds *r)
{
    stand_in(r, 1);
}

static void spoil_stood_in_at_both(struct eo_rounds *r)
{
    stand_in(r, 12);
    for (size_t i = 0; i < 12; i++) {
        r->list[i].size[EO_BENCH_SINGLE].stood_in = 1;
        scale_round(&r->list[i], EO_BENCH_BATCH, 0.5);
    }
}

struct verdict_case {
    const char *name;
    void (*spoil)(struct eo_rounds *rounds);
    enum eo_timing_status status;
    const char *reason;
    size_t disturbed, used, wanted;
    double median; /* ms, of an image in a batch */
};

static const struct verdict_case verdict_cases[] = {
    {"calm", spoil_nothing, EO_TIMING_OK, "", 0, 12, 0, 1},
    {"two rounds", spoil_two_rounds, EO_TIMING_SHORT, "3 rounds are needed and 2 could be used", 0, 2, 10, 1},
    {"48 samples", spoil_p95, EO_TIMING_SHORT, "p95 takes 59 samples at batch_size and there are 48", 0, 12,
     0, 0.9975},
    {"288 samples", spoil_p99, EO_TIMING_SHORT, "p99 takes 299 samples of one image and there are 288", 0, 12,
     0, 1},
    {"preempted", spoil_preempted, EO_TIMING_NOISY,
     "preempted: 50 % of the time went to other processes (limit 2 %) in 5 of 12 rounds", 5, 12, 5, 1.005},
    {"one round preempted, and left out", spoil_few, EO_TIMING_OK, "", 1, 11, 1, 1},
    {"switches", spoil_switches, EO_TIMING_NOISY,
     "preempted: 145 involuntary context switches a second (limit 20) in 6 of 12 rounds", 6, 12, 6, 1},
    {"migrations", spoil_migrations, EO_TIMING_NOISY,
     "migrated: 30 moves to another processor a second (limit 20) in 12 of 12 rounds", 12, 12, 12, 1},
    {"steal", spoil_steal, EO_TIMING_NOISY,
     "steal: the host took 30 % of the time (limit 2 %) in 6 of 12 rounds", 6, 12, 6, 1},
    {"reference", spoil_reference, EO_TIMING_THROTTLED,
     "slow processor: the reference kernel took 25 % longer than usual (limit 8 %) in 6 of 12 rounds", 6, 12,
     6, 1},
    {"frequency", spoil_frequency, EO_TIMING_THROTTLED,
     "slow processor: its clock frequency fell by 20 % (limit 8 %) in 12 of 12 rounds", 12, 12, 12, 1},
    {"drift", spoil_drift, EO_TIMING_DRIFT,
     "drift: the last rounds are 8.12 % faster than the first (limit 5 %) of one image", 0, 12, 12, 1},
    {"drift of the clock", spoil_drift_of_clock, EO_TIMING_DRIFT,
     "drift: the last rounds are 5.54 % slower than the first (limit 5 %) at batch_size and so is the "
     "reference kernel",
     0, 12, 12, 1.0384825},
    {"slow rounds everywhere", spoil_both_ends, EO_TIMING_NOISY,
     "scattered: medians of rounds spread by 11.7 % (limit 5 %) at batch_size", 0, 12, 12, 1.0025},
    {"nearly a drift", spoil_nearly, EO_TIMING_OK, "", 0, 12, 0, 1.0547},
    {"cold", spoil_cold, EO_TIMING_DRIFT,
     "drift: times get 9.09 % faster within a round (limit 5 %) at batch_size", 0, 12, 12, 1.005},
    {"two modes of samples", spoil_samples, EO_TIMING_NOISY,
     "scattered: times within a round spread by 15.7 % (limit 10 %) of one image", 0, 12, 12, 1},
    {"busy and checked", spoil_checked, EO_TIMING_OK, "", 0, 12, 0, 1},
    {"checked on a slow processor", spoil_checked_and_slow, EO_TIMING_THROTTLED,
     "slow processor: the reference kernel took 25 % longer than usual (limit 8 %) in 6 of 12 rounds", 6, 12,
     6, 1},
    {"stood in, and left out", spoil_stood_in_once, EO_TIMING_OK, "", 1, 11, 1, 1},
    {"stood in", spoil_stood_in, EO_TIMING_NOISY,
     "interrupted: all samples of 1 of 2 sizes (limit 0) in 5 of 12 rounds", 5, 12, 5, 1.005},
    {"stood in at both sizes", spoil_stood_in_at_both, EO_TIMING_NOISY,
     "interrupted: all samples of 2 of 2 sizes (limit 0) in 12 of 12 rounds", 12, 12, 12, 1},
};

static void test_verdict(const struct verdict_case *c)
{
    struct eo_rounds rounds = {0};
    struct eo_verdict v;

    calm_rounds(&rounds, CALM_ROUNDS, CALM_SAMPLES);
    c->spoil(&rounds);
    v = judged(&rounds, CALM_ROUNDS, &usual);
    check_text(c->name, eo_timing_status_name(c->status), eo_timing_status_name(v.status));
    check_text(c->name, c->reason, v.reason);
    check_that(v.rounds == rounds.count && v.disturbed == c->disturbed && v.used == c->used,
               "%s: expected %zu disturbed and %zu used, found %zu and %zu of %zu", c->name, c->disturbed,
               c->used, v.disturbed, v.used, v.rounds);
    check_that(eo_judge_wanted(&v, CALM_ROUNDS) == c->wanted, "%s: expected %zu wanted, found %zu", c->name,
               c->wanted, eo_judge_wanted(&v, CALM_ROUNDS));
    check_that(fabs(v.size[EO_BENCH_BATCH].median - c->median) < 1e-9,
               "%s: expected a median of %.9g, found %.9g", c->name, c->median,
               v.size[EO_BENCH_BATCH].median);
    rounds_free(&rounds, CALM_ROUNDS);
}

/* Every figure of calm rounds, one of which is disturbed and must not count. */
static void test_figures(void)
{
    struct eo_rounds rounds = {0};
    struct eo_verdict v;
    struct eo_timing *t = &v.size[EO_BENCH_SINGLE];
    struct eo_round_conditions *c = &v.conditions;

    calm_rounds(&rounds, 13, CALM_SAMPLES);
    preempt(&rounds, 1);
    for (size_t i = 0; i < 13; i++) {
        rounds.list[i].counts[EO_BENCH_SINGLE].cycles = i == 2 ? NAN : (double)i;
        rounds.list[i].counts[EO_BENCH_BATCH].branch_misses = NAN;
    }
    rounds.list[5].conditions.resident_bytes = 2e6;
    rounds.list[6].conditions.resident_bytes = NAN;
    v = judged(&rounds, 12, &faster);
    check_that(v.status == EO_TIMING_OK, "figures: expected ok");
    check_that(t->samples == 360 && t->median == 2 && fabs(t->mean - 2) < 1e-12 &&
                   fabs(t->min - 1.99) < 1e-12 && fabs(t->mad - 0.01) < 1e-12 &&
                   fabs(t->std - 0.01 * sqrt(240.0 / 359)) < 1e-12 && fabs(t->throughput_sps - 500) < 1e-9,
               "figures: samples %zu median %.17g mean %.17g min %.17g mad %.17g std %.17g throughput %.17g",
               t->samples, t->median, t->mean, t->min, t->mad, t->std, t->throughput_sps);
    check_that(t->median_q.value == 2 && fabs(t->p95.value - 2.01) < 1e-12 &&
                   fabs(t->p99.value - 2.01) < 1e-12 && t->effective_samples == t->median_q.effective,
               "figures: quantiles %.17g %.17g %.17g", t->median_q.value, t->p95.value, t->p99.value);
    check_that(c->reference_ns == REFERENCE_NS && fabs(v.reference_slowdown - 0.02) < 1e-12,
               "figures: reference %g %g", c->reference_ns, v.reference_slowdown);
    check_that(
        fabs(c->wall_s - 1.2) < 1e-9 && fabs(v.lost_share - 0.001) < 1e-9 && c->involuntary_switches == 12 &&
            c->voluntary_switches == 36 && c->migrations == 0 && c->page_faults == 24 && v.steal_share == 0,
        "figures: wall %g lost %g switches %g %g migrations %g faults %g steal %g", c->wall_s, v.lost_share,
        c->involuntary_switches, c->voluntary_switches, c->migrations, c->page_faults, v.steal_share);
    check_that(fabs(v.frequency_change + 1.0 / 30) < 1e-12 && c->resident_bytes == 2e6,
               "figures: frequency %g resident %g", v.frequency_change, c->resident_bytes);
    check_that(v.counts[EO_BENCH_SINGLE].cycles == 7 && isnan(v.counts[EO_BENCH_BATCH].branch_misses),
               "figures: counts %g %g", v.counts[EO_BENCH_SINGLE].cycles,
               v.counts[EO_BENCH_BATCH].branch_misses);
    rounds_free(&rounds, 13);
}

/* Enough undisturbed rounds are enough, however many others there were. Two threads have more than the wall time. */
static void test_enough(void)
{
    struct eo_rounds rounds = {0};
    struct eo_verdict v;

    calm_rounds(&rounds, 20, CALM_SAMPLES);
    preempt(&rounds, 8);
    for (size_t i = 8; i < 20; i++)
        rounds.list[i].conditions.cpu_s = 0.2;
    v = judged(&rounds, 12, &usual);
    check_that(v.status == EO_TIMING_OK && v.used == 12 && v.disturbed == 8, "12 of 20 rounds: %s, %zu used",
               eo_timing_status_name(v.status), v.used);
    check_that(v.lost_share == 0, "two threads: expected no lost share, found %g", v.lost_share);
    v = judged(&rounds, 9, &usual);
    check_that(v.status == EO_TIMING_OK, "9 wanted of 20: %s", eo_timing_status_name(v.status));
    rounds.count = 15;
    v = judged(&rounds, 7, &usual);
    check_that(v.status == EO_TIMING_NOISY && v.used == 15, "7 of 15 rounds, less than half: %s, %zu used",
               eo_timing_status_name(v.status), v.used);
    rounds.count = 20;
    v = judged(&rounds, 13, &usual);
    check_that(v.status == EO_TIMING_NOISY && v.used == 20, "12 of 20 rounds and 13 asked for: %s, %zu used",
               eo_timing_status_name(v.status), v.used);
    rounds_free(&rounds, 20);
}

/* Rounds too short to show it are taken while the host takes time. */
static void test_stolen_session(void)
{
    static const struct eo_judge_session stolen = {REFERENCE_NS, 0.05};
    struct eo_rounds rounds = {0};
    struct eo_verdict v;

    calm_rounds(&rounds, CALM_ROUNDS, CALM_SAMPLES);
    v = judged(&rounds, CALM_ROUNDS, &stolen);
    check_that(v.status == EO_TIMING_NOISY, "stolen session: %s", eo_timing_status_name(v.status));
    check_text("stolen session", "steal: the host took 5 % of the session (limit 2 %)", v.reason);
    rounds_free(&rounds, CALM_ROUNDS);
}

/* Percentiles stay away until there are samples for them. */
static void test_percentiles(void)
{
    static const size_t samples[] = {19, 20, 99, 100};
    struct eo_rounds rounds = {0};
    struct eo_verdict v;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        size_t n = 3 * samples[i];

        calm_rounds(&rounds, 3, samples[i]);
        v = judged(&rounds, 3, &usual);
        check_that(isnan(v.size[EO_BENCH_BATCH].p95.value) == (n < 59) &&
                       isnan(v.size[EO_BENCH_BATCH].p99.value) == (n < 299) &&
                       (v.status == EO_TIMING_SHORT) == (n < 299),
                   "%zu samples: p95 %g, p99 %g, %s", n, v.size[EO_BENCH_BATCH].p95.value,
                   v.size[EO_BENCH_BATCH].p99.value, eo_timing_status_name(v.status));
        rounds_free(&rounds, 3);
    }
}

/* With a batch of 1 the samples of single images may be left out. */
static void test_batch_of_one(void)
{
    struct eo_rounds rounds = {0};
    struct eo_verdict v;
    struct eo_err err;
    double median, mean;

    calm_rounds(&rounds, 4, 100);
    for (size_t i = 0; i < 4; i++)
        rounds.list[i].size[EO_BENCH_SINGLE].count = 0;
    check_that(eo_judge(&rounds, 4, &usual, &v, &err) == -1, "no single images: expected a failure");
    check_text("message", "round 0: expected samples of one image, found none", err.msg);
    check_that(eo_round_figures(&rounds.list[0], EO_BENCH_SINGLE, &median, &mean, &err) == 0 &&
                   isnan(median) && isnan(mean),
               "no samples: expected no figures");
    for (size_t i = 0; i < 4; i++)
        rounds.list[i].size[EO_BENCH_BATCH].images = 1;
    v = judged(&rounds, 4, &usual);
    check_that(v.size[EO_BENCH_SINGLE].samples == 400 && v.size[EO_BENCH_SINGLE].median == 4,
               "batch of 1: found %zu samples, median %g", v.size[EO_BENCH_SINGLE].samples,
               v.size[EO_BENCH_SINGLE].median);
    rounds.count = 0;
    check_that(eo_judge(&rounds, 4, &usual, &v, &err) == -1, "no rounds: expected a failure");
    check_text("message", "expected at least 1 round to judge, found 0", err.msg);
    rounds_free(&rounds, 4);
}

static void test_session(void)
{
    struct eo_rounds rounds[2] = {0};
    struct eo_judge_session found;

    calm_rounds(&rounds[0], 5, 1);
    calm_rounds(&rounds[1], 6, 1);
    for (size_t i = 0; i < 11; i++)
        rounds[i >= 5].list[i >= 5 ? i - 5 : i].conditions.reference_ns = 100 + (double)i;
    check_that(eo_judge_session(rounds, 2, &found, NULL) == 0, "session");
    check_that(found.reference_ns == 101 && found.steal_share == 0, "usual best: expected 101, found %g",
               found.reference_ns);
    for (size_t i = 0; i < 6; i++)
        rounds[1].list[i].conditions.reference_ns = NAN;
    check_that(eo_judge_session(rounds + 1, 1, &found, NULL) == 0, "session");
    check_that(isnan(found.reference_ns), "no readings: expected none");
    check_that(eo_judge_session(NULL, 0, &found, NULL) == 0, "session");
    check_that(isnan(found.reference_ns), "no candidates: expected none");
    /* A step of steal may be of before; two are 2 in 110. */
    rounds[0].list[0].conditions.steal_s = 0.01;
    check_that(eo_judge_session(rounds, 2, &found, NULL) == 0, "session");
    check_that(found.steal_share == 0, "a step of steal: found %g", found.steal_share);
    rounds[1].list[0].conditions.steal_s = 0.01;
    check_that(eo_judge_session(rounds, 2, &found, NULL) == 0, "session");
    check_that(fabs(found.steal_share - 2.0 / 110) < 1e-12, "two steps of steal: found %g",
               found.steal_share);
    rounds_free(&rounds[0], 5);
    rounds_free(&rounds[1], 6);
}

static void test_names(void)
{
    enum eo_timing_status status;
    struct eo_err err;

    for (int i = EO_TIMING_OK; i <= EO_TIMING_SHORT; i++)
        check_that(eo_timing_status_parse(eo_timing_status_name((enum eo_timing_status)i), &status, &err) ==
                           0 &&
                       (int)status == i,
                   "status %d", i);
    check_that(eo_timing_status_parse("fine", &status, &err) == -1, "status 'fine': expected a failure");
    check_text("message", "expected one of ok, noisy, drift, throttled, short, found 'fine'", err.msg);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(condition_cases) / sizeof(condition_cases[0]); i++)
        test_condition(&condition_cases[i]);
    test_long_round();
    for (size_t i = 0; i < sizeof(verdict_cases) / sizeof(verdict_cases[0]); i++)
        test_verdict(&verdict_cases[i]);
    test_figures();
    test_enough();
    test_stolen_session();
    test_percentiles();
    test_batch_of_one();
    test_session();
    test_names();
    test_rates();
    return check_report("test_judge");
}
