/*
 * Rounds of what is timed in this process, one turn after the other, so that they can be judged like those of a
 * session (bench/judge.h): what happens to the process is watched, and the reference kernel runs before and after. A
 * turn has no fresh process and no other models between it and the next.
 */
#ifndef EO_STAGE_BENCH_TURNS_H
#define EO_STAGE_BENCH_TURNS_H

#include "machine/clock.h"
#include "machine/reference.h"
#include "stage/bench/conditions.h"
#include "stage/bench/judge.h"

#define EO_BENCH_TURNS 5

/* Private, from eo_bench_turns_init() to eo_bench_turns_release(); the latter is harmless on a zeroed struct. */
struct eo_bench_turns {
    struct eo_round list[EO_BENCH_TURNS];
    size_t most;
    int sizes, taken, cpu, is_left_out[EO_BENCH_TURNS];
    double reference_ns; /* before the turn */
    struct eo_clock clock;
    struct eo_reference reference;
    struct eo_bench_watch watch;
};

/*
 * images: in a call, of each size. If a batch is one image, all samples are of that size.
 * Up to `most` samples of a size are kept in a turn. `cpu`: where this thread is pinned, -1: nowhere.
 */
int eo_bench_turns_init(struct eo_bench_turns *t, const int images[EO_BENCH_SIZES], size_t most, int cpu,
                        struct eo_err *err) EO_MUST_CHECK;
void eo_bench_turns_release(struct eo_bench_turns *t);

/*
 * EO_BENCH_TURNS times: begin, samples, end. `seconds` of one call. Warming up within a turn is watched too; what is
 * called between two turns is not.
 */
void eo_bench_turn_begin(struct eo_bench_turns *t);
void eo_bench_turn_add(struct eo_bench_turns *t, enum eo_bench_size size, double seconds);
void eo_bench_turn_end(struct eo_bench_turns *t);

/* By eo_judge_medians(). Fails without memory, and on a turn without samples. */
int eo_bench_turns_judge(struct eo_bench_turns *t, struct eo_verdict *verdict,
                         struct eo_err *err) EO_MUST_CHECK;

/* After judging: whether the verdict leaves out this turn, from 0, because it was disturbed and most were not. */
int eo_bench_turn_is_left_out(const struct eo_bench_turns *t, int turn);

#endif
