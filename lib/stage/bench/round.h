/*
 * A round: what one fresh process found out about one candidate. The session (bench/session.h) collects rounds, and the
 * judge (bench/judge.h) makes a row of them.
 *
 * A sample is the time of `calls` calls in a row divided by their number, the clock's overhead subtracted; `calls` is
 * chosen so that a sample lasts at least 100 steps of the clock, and is 1 wherever one call lasts that long, so that
 * percentiles are those of single calls.
 *
 * Rounds with the same number are neighbours in time: each round number visits every candidate once, in random order.
 * So differences between two candidates are taken within a round number ("paired"), where slow changes of the machine
 * cancel.
 */
#ifndef EO_STAGE_BENCH_ROUND_H
#define EO_STAGE_BENCH_ROUND_H

#include <stddef.h>
#include <stdint.h>

#include "machine/counters.h"

/* Index of what is timed: calls of batch_size images, and of one. */
enum eo_bench_size { EO_BENCH_BATCH, EO_BENCH_SINGLE, EO_BENCH_SIZES };

struct eo_round_samples {
    int images;         /* in a call */
    uint64_t calls;     /* in a sample */
    size_t count;       /* of samples */
    double *seconds;    /* [count] of one call, in the order in which they were taken */
    size_t interrupted; /* samples that were thrown away (bench/interruption.h) */
    int stood_in;       /* 1: all were interrupted, and `seconds` are their processor times */
};

/*
 * What happened to the process while it warmed up and took the samples: twenty samples of a small model alone may be
 * over before a competitor has its turn. A figure that the system does not tell is NAN.
 */
struct eo_round_conditions {
    double
        reference_ns; /* median time of the reference kernel (machine/reference.h), run between the samples */
    double wall_s, cpu_s; /* their difference is time in which others ran, if there is one thread */
    double waited_s;      /* in which the thread that waited most was ready, and another process ran */
    double involuntary_switches, voluntary_switches, migrations;
    double page_faults;                            /* while it took the samples */
    double steal_s;                                /* of the processors it was pinned to, from /proc/stat */
    double frequency_start_khz, frequency_end_khz; /* scaling_cur_freq */
    double resident_bytes;                         /* largest resident set of the process */
};

struct eo_round {
    int number;     /* from 0 */
    int slot;       /* place in the order of this round number, from 0 */
    int is_checked; /* interrupted samples were thrown away one by one; else only the conditions tell */
    struct eo_round_samples size[EO_BENCH_SIZES];
    struct eo_counts counts[EO_BENCH_SIZES]; /* of the hardware, per image; those of the kernel are NAN */
    struct eo_round_conditions conditions;
    uint64_t stack, heap,
        environment_bytes; /* where things lay in the process: an address on either, and a size */
    uint64_t pixel_sum;    /* of the images that it timed */
};

/* All rounds of one candidate, in the order in which they were taken. */
struct eo_rounds {
    struct eo_round *list;
    size_t count;
};

/* Harmless on a zeroed struct. */
void eo_round_release(struct eo_round *round);
void eo_rounds_release(struct eo_rounds *rounds);

/* Takes over what the round owns, and zeroes it. */
int eo_rounds_append(struct eo_rounds *rounds, struct eo_round *round, struct eo_err *err) EO_MUST_CHECK;

/*
 * The samples of a size. With a batch size of 1 a round may leave those of single images out: both sizes have the same
 * samples then.
 */
const struct eo_round_samples *eo_round_size(const struct eo_round *round, enum eo_bench_size size);

/* The time of one image in sample i. */
double eo_round_image_ms(const struct eo_round_samples *s, size_t i);

/* Median and mean of the samples, ms for one image; NAN without samples. Fails without memory. */
int eo_round_figures(const struct eo_round *round, enum eo_bench_size size, double *median_ms,
                     double *mean_ms, struct eo_err *err) EO_MUST_CHECK;

#endif
