/*
 * The figures of a row from the rounds that are used (bench/judge.h chooses them).
 *
 *     eo_figures_init(&f, &rounds, err);
 *     f.list[f.count++] = ...                    // the rounds to use, in their order
 *     eo_figures_timing(&f, EO_BENCH_BATCH, &timing, err);
 *     eo_figures_release(&f);                    // also after a failed _init()
 */
#ifndef EO_STAGE_BENCH_FIGURES_H
#define EO_STAGE_BENCH_FIGURES_H

#include "base/quantile.h"
#include "stage/bench/round.h"

#define EO_JUDGE_P95_SAMPLES 59 /* 0.95^n < 5 %: one sample above the percentile, at 95 % confidence */
#define EO_JUDGE_P99_SAMPLES 299

/*
 * Of the time of one image, in ms. What cannot be given is NAN, also the end of an interval for which there are too few
 * samples.
 */
struct eo_timing {
    size_t samples;                        /* good ones, from which all figures come */
    double effective_samples;              /* as many independent ones say as much about the median */
    double mean, median, min, std, mad;    /* mad: median absolute deviation, not scaled */
    struct eo_quantile median_q, p95, p99; /* value, low, high */
    double throughput_sps;                 /* 1000 / mean */
};

/* The rounds that are used, with room to work on their samples. */
struct eo_figures {
    const struct eo_round **list; /* [count] */
    size_t count;
    double *
        values; /* [samples of the larger size]: by eo_figures_collect(), ms for one image, round after round */
    size_t *sizes;   /* [count]: samples in each round, likewise */
    double *work;    /* [samples of the larger size, at least the number of rounds] */
    double *medians; /* [count], ms; the caller's */
};

/* Room for all of `rounds`, of which none is used yet. Fails without memory, rounds, or samples in a round. */
int eo_figures_init(struct eo_figures *f, const struct eo_rounds *rounds, struct eo_err *err) EO_MUST_CHECK;
void eo_figures_release(struct eo_figures *f);

/* "at batch_size" or "of one image"; the latter also of calls of the batch size when that is 1. */
const char *eo_figures_size_name(const struct eo_round *round, enum eo_bench_size size);

/* Fills values and sizes with the times of a size. Returns their number. */
size_t eo_figures_collect(struct eo_figures *f, enum eo_bench_size size);

int eo_figures_timing(struct eo_figures *f, enum eo_bench_size size, struct eo_timing *t,
                      struct eo_err *err) EO_MUST_CHECK;

/* Medians of reference and frequencies, the largest resident set, sums of the rest. */
void eo_figures_conditions(struct eo_figures *f, struct eo_round_conditions *c);

/* Medians, per image. */
void eo_figures_counts(struct eo_figures *f, enum eo_bench_size size, struct eo_counts *counts);

#endif
