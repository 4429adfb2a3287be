/*
 * What a process that a session (bench/session.h) starts does: one round of one candidate.
 *
 * Both share a block of memory that begins with a struct eo_bench_block: the session writes the task, and the model
 * and the images behind it; the process writes its answer. The process
 *
 *     - is pinned to the processors named, before it starts any thread; where the kernel refuses, it goes on unpinned;
 *     - allocates heap_shift bytes first, so that what it allocates later lies elsewhere each time. The kernel has
 *       placed its stack and mappings at random, and the session has padded its environment;
 *     - reads the model, makes an engine and warms up: at least `warmup` samples of each size and, unless `exact`,
 *       until the medians of two windows of about 4 ms differ by at most EO_BENCH_STABLE at both sizes, or 60 ms have
 *       passed;
 *     - takes samples of each size in blocks that take turns, the first size changing from round to round, until
 *       `samples` were not interrupted (bench/interruption.h) or EO_BENCH_TRIES times as many have been taken. The
 *       others are thrown away. If all samples of a size were interrupted they stand in, each with the processor time
 *       of the calling thread, and the round says so. After most_s seconds a size that has a sample gets no more, and
 *       after half of that the warm-up ends.
 *       Between blocks, one call that is not timed brings the caches to the new size, and the reference kernel
 *       (machine/reference.h) runs once, timed.
 */
#ifndef EO_STAGE_BENCH_CHILD_H
#define EO_STAGE_BENCH_CHILD_H

#include <sys/types.h>

#include "base/cpu.h"
#include "base/pool.h"
#include "stage/bench/engine.h"
#include "stage/bench/round.h"

#define EO_BENCH_BLOCKS 4           /* of each size in a round, unless there are fewer samples */
#define EO_BENCH_TRIES 4            /* samples taken for one that is kept, at most */
#define EO_BENCH_STABLE 0.02        /* share by which two windows of the warm-up may differ */
#define EO_BENCH_WINDOW_NS 4000000u /* about */
#define EO_BENCH_WARMUP_NS 60000000u

#define EO_BENCH_CHILD_ARGUMENT "--round-of-a-session"
#define EO_BENCH_MAGIC 0x31646e756f726f65u

/* What a window took, with the idle machine in it (machine/energy.h). Zeros unless the task asks for it. */
struct eo_bench_energy {
    double joules, seconds, images;
};

/* What a process found out. */
struct eo_bench_answer {
    int done;          /* 1 when all of it is there */
    struct eo_err err; /* why it is not; "" otherwise */
    int pinned;
    char kernel[64];
    uint64_t workspace_bytes;
    uint64_t calls[EO_BENCH_SIZES];
    uint64_t kept[EO_BENCH_SIZES];        /* samples that are there */
    uint64_t interrupted[EO_BENCH_SIZES]; /* samples that were thrown away */
    int stood_in[EO_BENCH_SIZES];
    struct eo_counts counts[EO_BENCH_SIZES];
    char counters_note[EO_COUNTERS_NOTE];
    struct eo_round_conditions conditions;
    struct eo_bench_energy energy;
    uint64_t pixel_sum;                      /* eo_bench_engine_pixel_sum() */
    uint64_t stack, heap, environment_bytes; /* where things lie: an address on either, and bytes */
};

/* Places are bytes from the beginning of the block. */
struct eo_bench_block {
    uint64_t magic;
    uint64_t bytes; /* of the whole block */
    /* The task. */
    pid_t session; /* the process ends when this one does */
    enum eo_isa isa;
    int threads, batch, warmup, samples, exact, round;
    double most_s;    /* INFINITY: none */
    int weigh_energy; /* 1: call batches for EO_ENERGY_WINDOW_S after the samples, and count joules */
    int cpu_count, cpus[EO_POOL_MAX]; /* 0: not pinned */
    uint64_t heap_shift;
    uint64_t model, model_bytes;
    uint64_t pixels, images;          /* images 0: random pixels */
    uint64_t image_bytes;             /* of one, as many as the input of every model has */
    uint64_t seconds[EO_BENCH_SIZES]; /* doubles; written by the process */
    struct eo_bench_answer answer;
};

/* The samples of one size: [samples] doubles, of which the answer's `kept` are filled. */
double *eo_bench_block_seconds(struct eo_bench_block *block, int size);

/*
 * The whole of such a process: argv is EO_BENCH_CHILD_ARGUMENT and the descriptor of the block. Returns the status to
 * exit with; -1, with nothing done, when argv is that of any other process.
 */
int eo_bench_child(int argc, char **argv);

#endif
