/*
 * Timing several models in one session: in rounds, each candidate once in every round, in an order that is drawn anew,
 * each time in a fresh process (bench/child.h) whose stack, heap and environment lie elsewhere.
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
 *
 * With plan.journal, each complete round is kept in a file, and a session that was interrupted goes on: it has the same
 * id, takes over the complete rounds as if it had just timed them, and so draws the same order and places as a session
 * that was not interrupted. plan.seconds limits the time of all parts together, without that in between. The program
 * removes the file (eo_journal_remove()) when it has written the rows.
 */
#ifndef EO_STAGE_BENCH_SESSION_H
#define EO_STAGE_BENCH_SESSION_H

#include "base/pool.h"
#include "base/proc.h"
#include "base/rng.h"
#include "format/dataset.h"
#include "stage/bench/candidate.h"
#include "stage/bench/plan.h"

struct eo_bench_session {
    int is_cut;                /* plan->seconds were over before all wanted rounds had been taken */
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
void eo_bench_draw_order(struct eo_rng *rng, uint32_t *order, uint32_t count);

/*
 * Runs one image of each candidate that has not failed yet in its arenas (bench/arena.h), times the candidates on the
 * first plan->batch of the images (NULL: random pixels), and judges them. Unless plan->exact, candidates are given more
 * rounds as eo_judge_wanted() says, until it wants none, they have had plan->limit, or plan->seconds are over. Fails
 * without memory, on a processor that we may not use, on a signal (proc->signal), and, unless plan->go_on, if a
 * candidate fails.
 *
 * Where joules are counted (machine/energy.h), sleeps first to find the power of the idle machine, and gives the first
 * round of each candidate a window for its energy behind the samples.
 */
int eo_bench_session_run(struct eo_bench_session *s, const struct eo_bench_plan *plan,
                         struct eo_bench_candidate *list, size_t count, const struct eo_images *images,
                         struct eo_proc *proc, struct eo_err *err) EO_MUST_CHECK;

#endif
