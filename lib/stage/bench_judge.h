/*
 * From the rounds of a candidate to the figures of its row, and how far they can be trusted.
 *
 * A pure function of the rounds: nothing is measured here, so tests feed it rounds that they made up.
 *
 * A round is disturbed, judged by what happened to the process and never by its samples, when
 *     - somebody else ran: more than EO_JUDGE_LOST of the wall time was not processor time, or more involuntary context
 *       switches than EO_JUDGE_SWITCHES a second (and more than two in all), or any migration of a pinned process, or
 *       steal time above EO_JUDGE_LOST;
 *     - the machine was slow: its reference kernel took more than 1 + EO_JUDGE_SLOW times the session's usual best, the
 *       10th percentile over all rounds of all candidates; or the clock frequency fell by more than EO_JUDGE_SLOW.
 * Figures are taken from the rounds that are not disturbed, when those are enough (plan.trials); else from all.
 *
 * Status, the first that applies:
 *     short      not all of p95 (59 samples) and p99 (299) can be given, or fewer than three rounds
 *     throttled  of the rounds used, more than a third were slow
 *     noisy      of the rounds used, more than a third were disturbed otherwise; or the dispersion within rounds (1.4826
 *                MAD / median) or between rounds (of their medians) is above its limit, at either size
 *     drift      the median of the last third of rounds is off that of the first by more than EO_JUDGE_DRIFT, and the
 *                two thirds do not overlap
 *     ok
 */
#ifndef EO_STAGE_BENCH_JUDGE_H
#define EO_STAGE_BENCH_JUDGE_H

#include "base/quantile.h"
#include "stage/bench_round.h"

#define EO_JUDGE_LOST 0.02
#define EO_JUDGE_SWITCHES 20
#define EO_JUDGE_SLOW 0.08
#define EO_JUDGE_WITHIN 0.10
#define EO_JUDGE_BETWEEN 0.05
#define EO_JUDGE_DRIFT 0.05
#define EO_JUDGE_P95_SAMPLES 59
#define EO_JUDGE_P99_SAMPLES 299

enum eo_timing_status {
    EO_TIMING_OK,
    EO_TIMING_NOISY,
    EO_TIMING_DRIFT,
    EO_TIMING_THROTTLED,
    EO_TIMING_SHORT
};

const char *eo_timing_status_name(enum eo_timing_status status); /* "ok", ... */
int eo_timing_status_parse(const char *text, enum eo_timing_status *status, struct eo_err *err) EO_MUST_CHECK;

/* Of the time of one image, in ms. What cannot be given is NAN; an interval's end that the samples do not carry, too. */
struct eo_timing {
    size_t samples;
    double effective_samples;              /* as many independent ones say as much about the median */
    double mean, median, min, std, mad;    /* mad: median absolute deviation, not scaled */
    struct eo_quantile median_q, p95, p99; /* value, low, high */
    double throughput_sps;                 /* 1000 / mean */
};

struct eo_verdict {
    enum eo_timing_status status;
    char reason[160];         /* "" for ok; else one clause: what, found, limit */
    size_t rounds, disturbed; /* taken; of them disturbed */
    struct eo_timing size[EO_BENCH_SIZES];
    struct eo_round_conditions conditions;   /* sums and medians over the rounds used */
    struct eo_counts counts[EO_BENCH_SIZES]; /* medians over the rounds used, per image */
};

/* 1 when the round is disturbed; `reference_ns` is the session's usual best, NAN without. */
int eo_round_is_disturbed(const struct eo_round *round, double reference_ns);

/* The session's usual best: 10th percentile of the reference times of all rounds. Fails without memory. */
int eo_judge_reference(const struct eo_rounds *candidates, size_t count, double *reference_ns,
                       struct eo_err *err) EO_MUST_CHECK;

/* `trials`: the undisturbed rounds that are enough. Fails without memory or rounds. */
int eo_judge(const struct eo_rounds *rounds, int trials, double reference_ns, struct eo_verdict *verdict,
             struct eo_err *err) EO_MUST_CHECK;

#endif
