/*
 * From the rounds of a candidate to the figures of its row, and how far they can be trusted.
 *
 * A pure function of the rounds: nothing is measured here, so tests feed it rounds that they made up.
 *
 * A sample that was interrupted is thrown away as it is taken, by the kernel's evidence (bench_evidence.h); what is left
 * is good, however busy the machine was, and mean, median and percentiles are of these. A round is disturbed, judged by
 * what happened to the process and never by its samples (to leave out what came out slow would make every candidate
 * fast), when
 *     - all samples of a size were interrupted, so that processor times stand in for them;
 *     - others ran, and the samples were not checked one by one (bench_turns.h): more than EO_JUDGE_LOST of the wall time
 *       was not processor time, or spent by a thread that stood ready; or there were more than EO_JUDGE_SWITCHES
 *       involuntary context switches or migrations a second;
 *     - the host stole more than EO_JUDGE_LOST;
 *     - the processor was slow: the reference kernel took EO_JUDGE_SLOW longer than is usual in this session, or the
 *       clock frequency fell by more than that.
 * What the system does not tell (NAN) never disturbs.
 *
 * Figures are taken from the rounds that are not disturbed when these are as many as were asked for and at least half
 * of all (others' work comes and goes), or when no more than a third are disturbed; else from all, and
 * the row says so. Status, the first that applies:
 *     short      fewer than EO_JUDGE_ROUNDS rounds, or p95 or p99 cannot be given
 *     throttled  too many rounds are disturbed, most of them by a slow processor
 *     noisy      too many rounds are disturbed otherwise, or the host stole more than EO_JUDGE_LOST of all rounds of all
 *                candidates together: those of one may be too short for the steps in which it is counted
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

#include "base/quantile.h"
#include "stage/bench_round.h"

/* A competitor at equal priority takes 15 to 50 %; a thread of the kernel now and then a tenth of a millisecond. */
#define EO_JUDGE_LOST 0.02

/*
 * A competitor makes 100 a second or more. Threads of the kernel tidy up after the process that ended before: up to 7
 * switches in a round of 13 to 60 ms on a quiet machine, together 0.1 % of its time; so a few in a round do not count.
 * A process on one processor cannot migrate; moves of several threads on as many processors are not counted.
 */
#define EO_JUDGE_SWITCHES 20
#define EO_JUDGE_FEW_SWITCHES 10
#define EO_JUDGE_FEW_MIGRATIONS 2

/* The step in which /proc/stat counts: so much steal may have gathered over a long time before. */
#define EO_JUDGE_STEAL_STEP_S 0.01

/* A virtual machine's clock wanders by 3 % to both sides of its usual speed, so from its best by 6 %. */
#define EO_JUDGE_SLOW 0.08

/* Of samples. In undisturbed rounds on a busy virtual machine it was 0.3 to 3.4 %, of one model 7. */
#define EO_JUDGE_WITHIN 0.10

/* Of medians of rounds. There it was 0.3 to 1.4 %, of 2 to 8 rounds; a clock that wanders by 3 % to both sides makes 2 %. */
#define EO_JUDGE_BETWEEN 0.05

/* Above what the clock's wandering alone can do between thirds: 5 %, when its period is that of the session. */
#define EO_JUDGE_DRIFT 0.05

#define EO_JUDGE_ROUNDS 3       /* a spread between rounds of fewer says nothing */
#define EO_JUDGE_P95_SAMPLES 59 /* 0.95^n < 5 %: one sample above the percentile, at 95 % confidence */
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
    size_t samples;                        /* good ones, from which all figures come */
    double effective_samples;              /* as many independent ones say as much about the median */
    double mean, median, min, std, mad;    /* mad: median absolute deviation, not scaled */
    struct eo_quantile median_q, p95, p99; /* value, low, high */
    double throughput_sps;                 /* 1000 / mean */
};

struct eo_verdict {
    enum eo_timing_status status;
    char reason[352]; /* "" for ok; else one clause without a comma: what, found, limit; and notes */
    size_t rounds, disturbed, used; /* taken; of them disturbed; of them in the figures */
    struct eo_timing size[EO_BENCH_SIZES];
    /* Over the rounds used: medians of reference and frequencies, the largest resident set, sums of the rest. */
    struct eo_round_conditions conditions;
    double lost_share, steal_share; /* of the wall time; lost: as for a round, of all together */
    double reference_slowdown;      /* of the median to the session's usual best: 0.05 is 5 % slower */
    double frequency_change;        /* from start to end of a round: -0.1 is a fall by 10 % */
    struct eo_counts counts[EO_BENCH_SIZES]; /* medians over the rounds used, per image */
};

/*
 * The samples of a size. With a batch size of 1 a round may leave those of single images out: both sizes have the same
 * samples then.
 */
const struct eo_round_samples *eo_round_size(const struct eo_round *round, enum eo_bench_size size);

/* Median and mean of a round's samples, ms for one image; NAN without samples. Fails without memory. */
int eo_round_figures(const struct eo_round *round, enum eo_bench_size size, double *median_ms,
                     double *mean_ms, struct eo_err *err) EO_MUST_CHECK;

/* 1 when the round is disturbed; `reference_ns` is the session's usual best, NAN without. */
int eo_round_is_disturbed(const struct eo_round *round, double reference_ns);

/* What only all rounds of all candidates together tell. */
struct eo_judge_session {
    double
        reference_ns; /* the usual best: the 10th percentile of the rounds' reference times; NAN where there is none */
    double steal_share; /* of their wall time; a single step of /proc/stat is none yet; NAN where not known */
};

/* The least of the reference times would be an outlier of its own. Fails without memory. */
int eo_judge_session(const struct eo_rounds *candidates, size_t count, struct eo_judge_session *session,
                     struct eo_err *err) EO_MUST_CHECK;

/* `trials`: the undisturbed rounds that are enough, 1 or more. Fails without memory, rounds, or samples in a round. */
int eo_judge(const struct eo_rounds *rounds, int trials, const struct eo_judge_session *session,
             struct eo_verdict *verdict, struct eo_err *err) EO_MUST_CHECK;

/* The same for who reports no percentiles of these samples: too few for them make nothing short. */
int eo_judge_medians(const struct eo_rounds *rounds, int trials, const struct eo_judge_session *session,
                     struct eo_verdict *verdict, struct eo_err *err) EO_MUST_CHECK;

/* Adds something to know besides, without a comma, to the reason; also to that of ok. */
void eo_verdict_note(struct eo_verdict *verdict, const char *note);
void eo_timing_note(char *reason, size_t size, const char *note); /* the same, of a reason in `size` bytes */

/*
 * The rounds that a candidate should be given before it is judged again: the undisturbed ones that are missing, or, where
 * it is not ok in spite of them, as many again as were asked for. These are added to the old ones, never put in their
 * place; and by the whole, for to look after every single round and stop at the first fair look would be a way to pass.
 * 0 when it is ok, and when it is short in spite of enough rounds.
 */
size_t eo_judge_wanted(const struct eo_verdict *verdict, int trials);

#endif
