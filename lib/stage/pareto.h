/*
 * The Pareto frontier through a sweep, and the tables that eo-pareto writes.
 *
 * The frontier, as the original defines it: the accepted candidates in order of rising x, those of equal x by
 * falling accuracy; a candidate is kept when its accuracy is strictly higher than that of all kept before. So
 * every kept one is beaten in accuracy only by dearer ones. x is any number of the sweep that should be
 * small. With pareto_use_ci the lower bound accuracy_ci95_low takes the place of accuracy. With several
 * seeds, the first one's candidates.
 */
#ifndef EO_STAGE_PARETO_H
#define EO_STAGE_PARETO_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "stage/sweep.h"

/*
 * Indices into sweep->rows, in the order of the frontier, into index[sweep->row_count]; *count of them. A
 * candidate without a figure for x (or without the bound) is left out.
 */
void eo_pareto_frontier(const struct eo_sweep *sweep, const struct eo_sweep_column *x, int use_ci,
                        size_t *index, size_t *count);

/*
 * sweep_results.csv; accuracy.csv, which has its columns of key and accuracy; a frontier's file, with all of its columns;
 * sweep_errors.csv. Each with its header row.
 */
void eo_pareto_put_sweep(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);
void eo_pareto_put_accuracy(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);
int eo_pareto_put_frontier(const struct eo_sweep *sweep, const struct eo_config *cfg,
                           const struct eo_sweep_column *x, struct eo_buf *out,
                           struct eo_err *err) EO_MUST_CHECK;
void eo_pareto_put_errors(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);

/*
 * seed_summary.csv: per pruning level, criterion and precision, over the seeds that gave a good row: their number, and
 * for accuracy, test_accuracy and latency_ms the mean, the sample standard deviation and the 95 % Student-t
 * interval for the mean. The last two are empty with one seed, all of a figure where a seed lacks it.
 */
int eo_pareto_put_seeds(const struct eo_sweep *sweep, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
