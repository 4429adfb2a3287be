/*
 * From the rounds of a candidate to the figures of its row, and how far they can be trusted.
 *
 * A pure function of the rounds: nothing is measured here, so tests feed it rounds that they made up.
 *
 * Figures are taken from the rounds that are not disturbed (bench/disturbance.h) if these are as many as were asked for
 * and at least half of all, because the work of others comes and goes, or if no more than a third are disturbed; else
 * from all, and the row says so. Status, the first that applies:
 *     short      fewer than EO_JUDGE_ROUNDS rounds, or p95 or p99 cannot be given
 *     throttled  too many rounds are disturbed, most of them by a slow processor
 *     noisy      too many rounds are disturbed otherwise, or the host stole more than EO_JUDGE_LOST of all rounds of
 *                all candidates, as those of one may be too short for the steps in which it is counted
 *     drift      the last third of the rounds is off the first by more than EO_JUDGE_DRIFT and their middle halves do
 *                not overlap; or within the rounds, in the median of them, the last third of samples is off the first
 *     noisy      samples spread around their round's median, or the rounds' medians, by more than their limit
 *     ok
 * Dispersion and drift are judged at both sizes, on times as they were measured: these stand in the row, and a change
 * that the reference kernel shares moves them as much as any other. The reason of a drift tells how much it shared.
 *
 * Spread is the distance of the 10th and 90th percentile, as a normal distribution's standard deviation (divided by
 * 2.563) and a share of the median. It does not see single outliers, as the standard deviation would, and sees a
 * second mode that holds a tenth of the values, as the median absolute deviation would not.
 */
#ifndef EO_STAGE_BENCH_JUDGE_H
#define EO_STAGE_BENCH_JUDGE_H

#include "stage/bench/disturbance.h"
#include "stage/bench/figures.h"
#include "stage/bench/status.h"

/*
 * Limit of the spread of samples around their round's median, as a share of it. Undisturbed rounds on a busy virtual
 * machine had 0.003 to 0.034, those of one model 0.07.
 */
#define EO_JUDGE_WITHIN 0.10

/*
 * Limit of the spread of the rounds' medians. Medians of 2 to 8 rounds had 0.003 to 0.014 on that machine; a clock that
 * wanders by 3 % to both sides makes 0.02.
 */
#define EO_JUDGE_BETWEEN 0.05

/*
 * Limit of the change from the first third to the last. The clock's wandering alone makes up to 0.05 between thirds,
 * when its period is that of the session.
 */
#define EO_JUDGE_DRIFT 0.05

#define EO_JUDGE_ROUNDS 3 /* a spread between rounds of fewer says nothing */

struct eo_verdict {
    enum eo_timing_status status;
    char reason[352]; /* "" for ok; else one clause without a comma: what, found, limit; and notes */
    size_t rounds, disturbed, used; /* taken; disturbed ones; those in the figures */
    struct eo_timing size[EO_BENCH_SIZES];
    /* Over the rounds used: medians of reference and frequencies, the largest resident set, sums of the rest. */
    struct eo_round_conditions conditions;
    double lost_share, steal_share; /* of the wall time; lost: as for a round, of all together */
    double reference_slowdown;      /* of the median to the session's usual best: 0.05 is 5 % slower */
    double frequency_change;        /* from start to end of a round: -0.1 is a fall by 10 % */
    struct eo_counts counts[EO_BENCH_SIZES]; /* medians over the rounds used, per image */
};

/* `trials`: the undisturbed rounds that are enough, 1 or more. Fails without memory, rounds, or samples in a round. */
int eo_judge(const struct eo_rounds *rounds, int trials, const struct eo_judge_session *session,
             struct eo_verdict *verdict, struct eo_err *err) EO_MUST_CHECK;

/* The same for callers that report no percentiles: too few samples for these do not make a timing short. */
int eo_judge_medians(const struct eo_rounds *rounds, int trials, const struct eo_judge_session *session,
                     struct eo_verdict *verdict, struct eo_err *err) EO_MUST_CHECK;

/* Adds a clause without a comma to the reason, also to the empty one of ok. */
void eo_verdict_note(struct eo_verdict *verdict, const char *note);

/*
 * The rounds that a candidate should get before it is judged again: as many undisturbed ones as are missing, or, if it
 * has enough of them and still is not ok, as many again as were asked for. They are added to the old rounds and never
 * replace them, and they are judged all at once: checking after every round and stopping at the first good verdict
 * would bias the result. 0 if it is ok, and if it is short in spite of enough rounds.
 */
size_t eo_judge_wanted(const struct eo_verdict *verdict, int trials);

#endif
