/*
 * What a session is to do: rounds, samples, limits.
 */
#ifndef EO_STAGE_BENCH_PLAN_H
#define EO_STAGE_BENCH_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/journal.h"
#include "format/config.h"

#define EO_BENCH_JOURNAL ".session" /* in the folder of the rows: complete rounds, for the next session */
#define EO_BENCH_ROUNDS 16          /* of each candidate, at least */
#define EO_BENCH_SAMPLES 640 /* of each size in all rounds, at least: the p99 needs 299 independent ones */
#define EO_BENCH_LIMIT 3     /* times the planned rounds, when rounds are disturbed */
#define EO_BENCH_MAX_ROUNDS 1000000

/* Counts and the time left are estimates. */
struct eo_bench_progress {
    size_t taken_over; /* rounds that an interrupted session had left */
    size_t round;      /* the one that is being taken, from 1 */
    size_t rounds;     /* that there will be */
    size_t again;      /* candidates that get more rounds than planned; 0 during the planned ones */
    double left_s;     /* NAN before the first process has ended */
};

/* Called before each process. */
typedef void eo_bench_progress_fn(void *ctx, const struct eo_bench_progress *p);

struct eo_bench_plan {
    int batch;   /* 1..EO_BENCH_MAX_BATCH; with 1, the single-image samples are these same ones */
    int rounds;  /* of each candidate */
    int samples; /* of each size in a round */
    int warmup;  /* samples of each size thrown away in a round, at least */
    int exact;   /* exactly these rounds, and none is repeated */
    int limit;   /* rounds of a candidate at most */
    /*
     * The last process should end within these; 0: no limit. Each candidate has one round in any case. Unless `exact`,
     * processes of slow networks take fewer samples, so that there is time for more rounds: eo_bench_plan_process_s().
     */
    int seconds;
    double began; /* eo_clock_now() from which `seconds` counts; 0: from the session's first step */
    int threads;  /* that share a batch */
    int cpu; /* first processor to use, -1: the highest. More threads take those below it, then from the top */
    enum eo_isa isa;
    uint64_t seed;                  /* of the order of candidates and of the places in memory */
    int go_on;                      /* 1: a candidate that fails is left out; 0: it fails the session */
    eo_bench_progress_fn *progress; /* NULL: none */
    void *progress_ctx;
    const char *node, *node_kind; /* of a cluster, for the rows; NULL: none */
    struct eo_journal *journal; /* open; keeps complete rounds for the next session. NULL: none */
};

/*
 * From an experiment's batch_size, seed, benchmark_repeats (samples), benchmark_trials (rounds), benchmark_warmup,
 * benchmark_seconds and benchmark_exact. Unless that one is set, rounds and samples are raised to EO_BENCH_ROUNDS and
 * EO_BENCH_SAMPLES. One thread, any processor, the best instruction set.
 */
void eo_bench_plan_make(struct eo_bench_plan *plan, const struct eo_config *cfg);

/*
 * Seconds after which a process ends as soon as it has a sample of each size: its part of the session's time where
 * `count` candidates have all their rounds, but at least EO_BENCH_PROCESS_S. INFINITY if `exact` or without a limit.
 */
#define EO_BENCH_PROCESS_S 1.0
double eo_bench_plan_process_s(const struct eo_bench_plan *plan, size_t count);

/* No candidate gets more rounds than this, not even planned ones. */
void eo_bench_plan_limit(struct eo_bench_plan *plan, int limit);

#endif
