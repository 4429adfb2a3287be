/*
 * Whether a round was disturbed, judged by what happened to the process and never by its samples: leaving out what came
 * out slow would make every candidate fast.
 *
 * A sample that was interrupted is thrown away as it is taken, by the kernel's evidence (bench/interruption.h); what is
 * left is good, however busy the machine was. A round is disturbed if
 *
 *     - all samples of a size were interrupted, so that processor times stand in for them;
 *     - other processes ran, and the samples were not checked one by one (bench/turns.h): more than EO_JUDGE_LOST of
 *       the wall time was not processor time or was spent by a thread that stood ready, or there were more than
 *       EO_JUDGE_SWITCHES involuntary context switches or migrations a second;
 *     - the host stole more than EO_JUDGE_LOST;
 *     - the processor was slow: the reference kernel took EO_JUDGE_SLOW longer than is usual in this session, or the
 *       clock frequency fell by more than that.
 *
 * What the system does not tell (NAN) never disturbs.
 */
#ifndef EO_STAGE_BENCH_DISTURBANCE_H
#define EO_STAGE_BENCH_DISTURBANCE_H

#include "stage/bench/round.h"

/*
 * Share of the wall time, 0..1. A competitor at equal priority takes 0.15 to 0.5; a kernel thread takes a tenth of a
 * millisecond now and then.
 */
#define EO_JUDGE_LOST 0.02

/*
 * Involuntary switches a second, and migrations a second. A competitor makes 100 switches a second or more. Threads of
 * the kernel tidy up after the process that ended before: up to 7 switches in a round of 13 to 60 ms on a quiet
 * machine, together 0.1 % of its time. So a few in a round never disturb it.
 * A process on one processor cannot migrate; moves of several threads on as many processors are not counted.
 */
#define EO_JUDGE_SWITCHES 20
#define EO_JUDGE_FEW_SWITCHES 10  /* in a round */
#define EO_JUDGE_FEW_MIGRATIONS 2 /* in a round */

/*
 * Seconds. /proc/stat counts in steps of this length, so one step may have gathered over a long time before the round:
 * up to one and a half of them count as nothing.
 */
#define EO_JUDGE_STEAL_STEP_S 0.01

/*
 * Share by which the reference kernel takes longer than usual, or the clock frequency falls. The clock of a virtual
 * machine wanders by 3 % around its usual speed, so it is up to 6 % below its best.
 */
#define EO_JUDGE_SLOW 0.08

/* Longest text of eo_disturbance_worst(), its NUL included. */
#define EO_DISTURBANCE_TEXT 160

/* 1 when the round is disturbed; `reference_ns` is the session's usual best, NAN without. */
int eo_round_is_disturbed(const struct eo_round *round, double reference_ns);

/* Share of the wall time that was not this process's, 0..1; 0 where the system does not tell. */
double eo_disturbance_lost(const struct eo_round_conditions *c);

/*
 * Names the cause that hit most of the rounds, the first of several, in one clause without a comma: "preempted: 12 % of
 * the time went to other processes (limit 2 %) in 5 of 9 rounds". The figure is the median over the rounds that it hit,
 * and `of` the number of all rounds. At least one round must be disturbed. Returns 1 if the cause is a slow processor.
 * `work` has room for `count` values.
 */
int eo_disturbance_worst(const struct eo_round *const *rounds, size_t count, double reference_ns, size_t of,
                         double *work, char text[EO_DISTURBANCE_TEXT]);

/* What only all rounds of all candidates together tell. */
struct eo_judge_session {
    double reference_ns; /* usual best: 10th percentile of the rounds' reference times; NAN where there is none */
    double steal_share; /* of their wall time; 0 for a single step of /proc/stat; NAN where not known */
};

/* Takes a percentile, because the least of the reference times would be an outlier. Fails without memory. */
int eo_judge_session(const struct eo_rounds *candidates, size_t count, struct eo_judge_session *session,
                     struct eo_err *err) EO_MUST_CHECK;

#endif
