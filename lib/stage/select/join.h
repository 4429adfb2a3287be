/*
 * From the rows of single candidates to the table of all: joins accuracy and timing, turns failures into error rows,
 * and derives the other columns (derive.h).
 *
 *     join = eo_join_new(err);
 *     eo_join_add(join, &csv, err);                    // once per file, any order
 *     eo_join_finish(join, &cfg, 1, &sweep, err);
 *     eo_join_free(join);
 *
 * The columns of a file show what it is. Each file has pruning_level, precision and seed, and may have
 * pruning_criterion:
 *
 *     accuracy row   accuracy            (eo-eval)
 *     timing row     host_latency_ms, model_bytes (eo-bench)
 *     both           the columns of both: a table that was joined already
 *     sweep row      accuracy, latency_ms, host_latency_ms: sweep_results.csv, to select from it again
 *     error row      stage, error        (eo-attempt)
 *     round          round, host_median_ms (eo-bench --rounds), several rows for a candidate: evidence.h
 *     hits           hits                (eo-eval --hits)
 *
 * The last two are the evidence by which candidates are compared.
 *
 * A candidate becomes an error row when an error row is among the files, when its accuracy or timing row is missing or
 * holds an invalid figure, when the two rows are of different model files, or when its evidence is of another model
 * file, of other images or of another timing session. The whole call fails on a file of another kind, a row without a
 * valid key, a second row of one kind for a candidate (for rounds: a second file) and malformed evidence, because then
 * several answers would be possible; and on timing rows of different kinds of nodes (column node_kind), because their
 * latencies cannot be compared.
 */
#ifndef EO_STAGE_SELECT_JOIN_H
#define EO_STAGE_SELECT_JOIN_H

#include "base/err.h"
#include "format/config.h"
#include "format/csv.h"
#include "stage/select/sweep.h"

struct eo_join;

struct eo_join *eo_join_new(struct eo_err *err) EO_MUST_CHECK;
void eo_join_free(struct eo_join *join); /* NULL is allowed */

/* Adds all rows of a file, which may have only a header. The message gives row and column, not the file. */
int eo_join_add(struct eo_join *join, const struct eo_csv *csv, struct eo_err *err) EO_MUST_CHECK;

/*
 * The sorted table. With `timed` 0 it is made from accuracy rows alone: columns that follow from timing are missing,
 * and no candidate is accepted.
 *
 * Moves the evidence into the sweep, so call this once. Release the sweep with eo_sweep_release().
 */
int eo_join_finish(struct eo_join *join, const struct eo_config *cfg, int timed, struct eo_sweep *sweep,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
