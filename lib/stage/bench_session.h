/*
 * Timing several models in one session: in rounds, each candidate once in every round, in an order that is drawn anew,
 * each time in a fresh process (bench_child.h) whose stack, heap and environment lie elsewhere.
 *
 *     eo_bench_plan_make(&plan, &cfg);
 *     eo_bench_lock(&lock, cfg.benchmark_wait, say_so, err);
 *     eo_proc_begin(&proc, err);
 *     eo_bench_session_run(&session, &plan, candidates, count, images, &proc, err);
 *     ... write the results ...
 *     eo_bench_candidate_release() of each
 *     eo_bench_unlock(&lock), eo_proc_end(&proc)
 *
 * The program has to begin with eo_bench_child(): the processes run this same program.
 */
#ifndef EO_STAGE_BENCH_SESSION_H
#define EO_STAGE_BENCH_SESSION_H

#include "base/cpu.h"
#include "base/pool.h"
#include "base/proc.h"
#include "base/rng.h"
#include "format/config.h"
#include "format/dataset.h"
#include "stage/bench_candidate.h"

#define EO_BENCH_ROUNDS 16   /* of a candidate, at least, and */
#define EO_BENCH_SAMPLES 640 /* samples of each size in all of them: the p99 needs 299 that are independent */
#define EO_BENCH_LIMIT 3     /* times as many rounds as planned, where they are disturbed */
#define EO_BENCH_MAX_ROUNDS 1000000

/* As far as is known. */
struct eo_bench_progress {
    size_t round, rounds; /* the one that is being taken, from 1, and how many there will be */
    size_t again;         /* candidates that are given more rounds than planned; 0 in the planned ones */
    double left_s;        /* about; NAN before the first process has ended */
};

/* Told before each process. */
typedef void eo_bench_progress_fn(void *ctx, const struct eo_bench_progress *p);

struct eo_bench_plan {
    int batch;   /* 1..EO_BENCH_MAX_BATCH; with 1, the single-image samples are these same ones */
    int rounds;  /* of each candidate */
    int samples; /* of each size in a round */
    int warmup;  /* thrown away, of each size in a round; at least */
    int exact;   /* just that, and no round again */
    int limit;   /* rounds of a candidate at the most */
    int seconds; /* in which the last process probably ends, once each candidate has a round; 0: no limit */
    int threads; /* that share a batch */
    int cpu; /* to be pinned to; -1: the highest. With more threads, also those below it, and then from the top */
    enum eo_isa isa;
    uint64_t seed;                  /* of the order, and of where things lie */
    eo_bench_progress_fn *progress; /* NULL: nobody wants to know */
    void *progress_ctx;
    int go_on; /* when a candidate fails, without it; else that fails the session */
};

/*
 * From an experiment's batch_size, seed, benchmark_repeats (samples), benchmark_trials (rounds), benchmark_warmup,
 * benchmark_seconds and benchmark_exact: unless that is set, raised to EO_BENCH_ROUNDS rounds and EO_BENCH_SAMPLES samples. One thread, any
 * processor, the best instruction set.
 */
void eo_bench_plan_make(struct eo_bench_plan *plan, const struct eo_config *cfg);

/* No candidate gets more rounds than this, not even at first. */
void eo_bench_plan_limit(struct eo_bench_plan *plan, int limit);

struct eo_bench_session {
    int is_cut;                /* plan->seconds were over before all rounds that were wanted had been taken */
    double reference_ns;       /* the usual best, see struct eo_judge_session */
    char id[17];               /* 16 hexadecimal digits, random */
    char energy_source[256];   /* eo_energy_source() */
    double idle_power_w;       /* before the first round; NAN where joules are not counted */
    char cpu[4 * EO_POOL_MAX]; /* "1", or "0-2 4"; "" where the kernel does not let us choose */
};

/*
 * The order of `count` candidates in the next round: order[slot] is a candidate's number. A function of the state of
 * *rng alone, which moves on.
 */
void eo_bench_order(struct eo_rng *rng, uint32_t *order, uint32_t count);

/*
 * Where joules are counted (base/energy.h), first sleeps to find the idle machine's power, and gives each candidate's
 * first round a window for its energy behind the samples.
 *
 * Runs one image of all candidates that have not failed before in their arenas (bench_arena.h), times them, on the first
 * plan->batch of the images (NULL: random pixels), and judges them. Unless plan->exact, candidates are given rounds
 * again as eo_judge_wanted() says, until that is content, or they have had plan->limit, or plan->seconds are over. Fails without memory, on a cpu
 * that is not ours, on a signal (proc->signal), and, unless plan->go_on, when a candidate fails.
 */
int eo_bench_session_run(struct eo_bench_session *s, const struct eo_bench_plan *plan,
                         struct eo_bench_candidate *list, size_t count, const struct eo_images *images,
                         struct eo_proc *proc, struct eo_err *err) EO_MUST_CHECK;

#endif
