/*
 * The candidates of an experiment in folders: one that fails gets an error row, and the others are timed.
 *
 * A candidate has a name, like "p0.50-int8" or "seed8/p0.50-taylor-fp16", of which its files are made:
 *
 *     FROM/NAME.safetensors    its model
 *     INTO/NAME.accuracy.err   error rows of the stage before, if it ran; with a row, the candidate is not timed
 *     INTO/NAME.timing.err     written: the header alone, an error row, or the same rows as the stage before had
 *     INTO/NAME.timing.csv     written: its row (bench/row.h), unless it failed
 *     INTO/NAME.rounds.csv     written: its rounds, unless it failed
 */
#ifndef EO_STAGE_BENCH_FOLDERS_H
#define EO_STAGE_BENCH_FOLDERS_H

#include "base/buf.h"
#include "stage/bench/inputs.h"
#include "stage/bench/report.h"

struct eo_bench_folders {
    const char *from, *into; /* folders */
    const char *machine;     /* another file that the caller writes, or NULL */
    char *const *names;
    size_t count;
    uint64_t seed; /* of names without a folder */
    /* Filled by _load(). */
    struct eo_bench_candidate *list; /* [count]; borrowed from the inputs */
    struct eo_buf *models;           /* [count]: paths */
    struct eo_buf *earlier;          /* [count]: error rows of the stage before, or nothing */
};

/*
 * Reads all models into the inputs, which must not have any yet and own them. A candidate has failed if its model
 * cannot be read or takes images of another size than the data set's, or if it has earlier errors. Fails without
 * memory, if a name is not that of a candidate, on error rows that cannot be read, and if one of the files cannot be
 * written or is `machine`.
 */
int eo_bench_folders_load(struct eo_bench_folders *s, struct eo_bench_inputs *in,
                          struct eo_err *err) EO_MUST_CHECK;
void eo_bench_folders_release(struct eo_bench_folders *s); /* harmless on a zeroed struct */

/* Whether a candidate failed in this stage, so that the user has not been told yet. */
int eo_bench_folders_is_news(const struct eo_bench_folders *s, size_t candidate);

/*
 * Writes every candidate's files; of one that failed, removes what an earlier run has left. r->list is s->list. The
 * message names the file.
 */
int eo_bench_folders_write(const struct eo_bench_folders *s, const struct eo_bench_report *r,
                           struct eo_err *err) EO_MUST_CHECK;

#endif
