/*
 * Timing the candidates of an experiment, file by file, so that one that fails leaves an error row and the others go on.
 *
 * A candidate has a name, like "p0.50-int8" or "seed8/p0.50-taylor-fp16", of which its files are made:
 *
 *     FROM/NAME.safetensors    its model
 *     INTO/NAME.accuracy.err   error rows of the stage before, if that was; with one, the candidate is not timed
 *     INTO/NAME.timing.err     written: the header alone, an error row, or the same rows as the stage before had
 *     INTO/NAME.timing.csv     written: its row (bench_row.h), unless it failed
 *     INTO/NAME.rounds.csv     written: its rounds, unless it failed
 */
#ifndef EO_STAGE_BENCH_SWEEP_H
#define EO_STAGE_BENCH_SWEEP_H

#include "base/buf.h"
#include "stage/bench_report.h"

struct eo_bench_sweep {
    const char *from, *into; /* folders */
    const char *machine;     /* another file that the caller writes, or NULL */
    char *const *names;
    size_t count;
    uint64_t seed; /* of names without a folder */
    /* Filled by _load(); for eo_bench_session_run(). */
    struct eo_bench_candidate *list;
    /* Private. */
    struct eo_buf *models,
        *earlier; /* [count]: path of the model; error rows of the stage before, or nothing */
};

/*
 * Reads all models. One that cannot be read has failed, as have those of earlier errors. Fails without memory, when a
 * name is not that of a candidate, on error rows that cannot be read, and where one of the
 * files cannot be written, or is `machine`.
 */
int eo_bench_sweep_load(struct eo_bench_sweep *s, struct eo_err *err) EO_MUST_CHECK;
void eo_bench_sweep_release(struct eo_bench_sweep *s);

/* Whether a candidate failed for a reason of this stage, not of an earlier one: that is news. */
int eo_bench_sweep_is_news(const struct eo_bench_sweep *s, size_t candidate);

/*
 * Writes every candidate's files; of one that failed, removes what an earlier run has left. r->list is s->list. The
 * message names the file.
 */
int eo_bench_sweep_write(const struct eo_bench_sweep *s, const struct eo_bench_report *r,
                         struct eo_err *err) EO_MUST_CHECK;

#endif
