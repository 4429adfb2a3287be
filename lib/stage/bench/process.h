/*
 * The processes of a session: the memory that they share with it (bench/child.h), and running one after the other.
 *
 *     eo_bench_process_init(&p, plan, candidates, count, images, proc, err);
 *     eo_bench_process_prepare(&p, task);            // what the next one is to do
 *     eo_bench_process_run(&p, err);                 // fills p.block->answer and the samples
 *     eo_bench_process_release(&p);                  // harmless on a zeroed struct
 *
 * Each runs this same program, which has to begin with eo_bench_child().
 */
#ifndef EO_STAGE_BENCH_PROCESS_H
#define EO_STAGE_BENCH_PROCESS_H

#include "base/proc.h"
#include "format/dataset.h"
#include "stage/bench/candidate.h"
#include "stage/bench/child.h"
#include "stage/bench/plan.h"

#define EO_BENCH_PADDING_NAME "EO_BENCH_PADDING="
#define EO_BENCH_PADDING_MOST 4096     /* a page: effects of an address repeat after that */
#define EO_BENCH_HEAP_SHIFT_MOST 65536 /* bytes */

struct eo_bench_process {
    struct eo_proc *proc;
    struct eo_bench_block *block;
    int fd;             /* of the block */
    uint64_t *model_at; /* [count]: places in the block */
    char **environment; /* ours and the padding */
    char padding[sizeof(EO_BENCH_PADDING_NAME) + EO_BENCH_PADDING_MOST];
};

struct eo_bench_task {
    size_t candidate;
    int round, slot; /* slot: place in the order of this round */
    int weigh_energy;
    double most_s;       /* INFINITY: none */
    uint64_t heap_shift; /* 1..EO_BENCH_HEAP_SHIFT_MOST */
    uint32_t padding;    /* bytes in the environment, below EO_BENCH_PADDING_MOST */
};

/* Copies the images (NULL: random pixels) and the models of candidates that have not failed. */
int eo_bench_process_init(struct eo_bench_process *p, const struct eo_bench_plan *plan,
                          const struct eo_bench_candidate *list, size_t count, const struct eo_images *images,
                          struct eo_proc *proc, struct eo_err *err) EO_MUST_CHECK;
void eo_bench_process_release(struct eo_bench_process *p);

void eo_bench_process_prepare(struct eo_bench_process *p, const struct eo_bench_candidate *c,
                              const struct eo_bench_task *task);

/*
 * A process that does not do its work is no failure here: its answer is not `done`, and answer.err says why. Fails if
 * no process can be run, and on a signal.
 */
int eo_bench_process_run(struct eo_bench_process *p, struct eo_err *err) EO_MUST_CHECK;

#endif
