/*
 * A session that goes on where an earlier one was interrupted: what binds the two, and what each complete round leaves
 * in the journal (base/journal.h).
 *
 * The journal's first record tells about the session as a whole, and each of the others about one round number: for
 * each candidate that took part, in the order in which they did, its answer and its samples. All that a record says is
 * checked against what the session itself would do next, so that a wrong file cannot do more than end the taking over.
 */
#ifndef EO_STAGE_BENCH_RESUME_H
#define EO_STAGE_BENCH_RESUME_H

#include "base/buf.h"
#include "stage/bench/process.h"

/*
 * All that must be equal: this program's bytes, the plan, the processors, each model and whether it failed, the images,
 * the processor's name and the start of the machine. Fails if the program cannot be read, and without memory.
 */
int eo_bench_resume_bind(struct eo_journal *j, const struct eo_bench_plan *plan,
                         const struct eo_bench_block *block, const struct eo_bench_candidate *list,
                         size_t count, struct eo_err *err) EO_MUST_CHECK;

/* What the session found out before its first round. */
struct eo_bench_start {
    char id[17]; /* 16 hexadecimal digits */
    char energy_source[256];
    double idle_power_w; /* NAN: joules are not counted */
};

/* Whether there was one in the journal, as its first record. */
int eo_bench_resume_start(struct eo_journal *j, struct eo_bench_start *start);
void eo_bench_keep_start(struct eo_journal *j, const struct eo_bench_start *start);

/* Of one round number. */
struct eo_bench_round_head {
    uint64_t round;
    uint64_t processes; /* that took part */
    double spent_s;     /* by the session, and those that it went on with, at the end of the round */
};

/* The round that is being taken, to be kept when it is complete. */
void eo_bench_keep_begin(struct eo_buf *out, uint64_t round);
void eo_bench_keep_answer(struct eo_buf *out, size_t candidate, struct eo_bench_block *block);
void eo_bench_keep_end(struct eo_journal *j, struct eo_buf *out, uint64_t processes, double spent_s);

/*
 * Whether the journal has the round `head->round`, in which `candidates` [head->processes] took part in that order, and
 * which ended no earlier than head->spent_s. If so, sets head->spent_s, and *answers for eo_bench_resume_answer().
 */
int eo_bench_resume_round(struct eo_journal *j, const struct eo_bench_block *block,
                          const size_t *candidates, struct eo_bench_round_head *head, const char **answers);

/* Puts the next answer into the block, as if a process had done so. */
void eo_bench_resume_answer(const char **answers, struct eo_bench_block *block);

#endif
