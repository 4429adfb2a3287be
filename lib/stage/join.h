/*
 * From the rows of single candidates to the table of all: joins accuracy and timing, turns failures into
 * error rows, and computes what follows from the config by arithmetic.
 *
 *     join = eo_join_new(err);
 *     eo_join_add(join, &csv, err);                    // once per file, any order
 *     eo_join_finish(join, &cfg, 1, &sweep, err);
 *     eo_join_free(join);
 *
 * Files are told apart by their columns; each has pruning_level, precision and seed, and may have
 * pruning_criterion:
 *
 *     accuracy row   accuracy            (eo-eval)
 *     timing row     host_latency_ms, model_bytes (eo-bench)
 *     both           all of these: a table that was joined already
 *     sweep row      accuracy, latency_ms, host_latency_ms: sweep_results.csv itself, to select from it again
 *     error row      stage, error        (eo-attempt)
 *     round          round, host_median_ms (eo-bench --rounds), any number for a candidate: evidence.h
 *     hits           hits                (eo-eval --hits)
 *
 * The last two are the evidence by which candidates are compared; a candidate of which there is nothing else is an
 * error.
 *
 * A candidate becomes an error row when it has one, when its accuracy or timing row is missing or holds a
 * figure that is none, when the two rows are of different model files, or when its evidence is of another model file,
 * of other images or of another session of timing. A file that is not of these kinds, a row without a valid key, a
 * second row of one kind for a candidate (rounds from a second file) and malformed evidence fail as a whole: the
 * question would have no one answer.
 */
#ifndef EO_STAGE_JOIN_H
#define EO_STAGE_JOIN_H

#include "base/err.h"
#include "format/config.h"
#include "format/csv.h"
#include "stage/sweep.h"

struct eo_join;

struct eo_join *eo_join_new(struct eo_err *err) EO_MUST_CHECK;
void eo_join_free(struct eo_join *join); /* NULL is allowed */

/* Takes in all rows of a file; a header alone adds nothing. The message gives row and column, not the file.
 */
int eo_join_add(struct eo_join *join, const struct eo_csv *csv, struct eo_err *err) EO_MUST_CHECK;

/*
 * The sorted table. `timed` 0: of accuracy rows alone, which then are enough; what follows from timing is missing, and
 * no candidate is accepted. Derived, with the config's cpu_frequency_scale, power_watts and active_memory_budget_mb:
 *
 *     every latency                host latency / cpu_frequency_scale
 *     throughput_sps               1000 / latency_ms
 *     ranked_latency_ms            by latency_statistic: eo_candidate_rank()
 *     energy_proxy_j               ranked_latency_ms / 1000 * power_watts
 *     accuracy_std                 sqrt(accuracy * (1 - accuracy) / images)
 *     model_memory_mb, memory_mb   model_bytes / 2^20
 *     estimated_runtime_memory_mb  (model_bytes + peak_activation_bytes) / 2^20
 *     accepted                     model_memory_mb <= active_memory_budget_mb
 *
 * The evidence moves into the sweep, so this is called once. Release with eo_sweep_release().
 */
int eo_join_finish(struct eo_join *join, const struct eo_config *cfg, int timed, struct eo_sweep *sweep,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
