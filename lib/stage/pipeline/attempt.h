/*
 * Running one step of one candidate so that its failure is a result and not the end of the sweep.
 *
 * An error row says which candidate failed, where and why: pruning_level,precision,seed,stage,error,pruning_criterion.
 * A file of error rows has that header and at most one row; with the header alone, all went well.
 */
#ifndef EO_STAGE_PIPELINE_ATTEMPT_H
#define EO_STAGE_PIPELINE_ATTEMPT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/proc.h"
#include "stage/candidate.h"

struct eo_attempt_key {
    struct eo_candidate_name name; /* of a pruned model: a step that all precisions share */
    const char *stage;
};

/*
 * Runs argv[0] as eo_proc_run() does, with our standard input. Its standard error goes on to the descriptor `through`,
 * and the last line of it to `line`. Fails when the program cannot be run.
 *
 * SIGINT, SIGTERM, SIGHUP or SIGQUIT for this process are passed on to the program and all that it has started; *status
 * is then 128 + the signal, once none of them runs any more.
 */
int eo_attempt_run(char *const argv[], int through, int *status, char line[EO_PROC_LINE],
                   struct eo_err *err) EO_MUST_CHECK;

/* Appends a file of error rows: the header and, unless `error` is NULL, one row. */
void eo_attempt_put(const struct eo_attempt_key *key, const char *error, struct eo_buf *out);

/*
 * Reads the error rows of an earlier stage. If there is one, sets *failed and appends the same file to `out`,
 * with the stage and the message of then and the candidate of `key`.
 */
int eo_attempt_earlier(const char *path, const struct eo_attempt_key *key, int *failed, struct eo_buf *out,
                       struct eo_err *err) EO_MUST_CHECK;

#endif
