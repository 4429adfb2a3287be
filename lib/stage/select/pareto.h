/*
 * The Pareto frontier through a sweep, and the tables that eo-pareto writes.
 *
 * The frontier, as the original defines it: take the accepted candidates in order of rising x, those of equal x by
 * falling accuracy, and keep a candidate if its accuracy is strictly higher than that of all kept before. So only
 * candidates with a higher x are more accurate than a kept one. x is any number of the sweep that should be small.
 * pareto_use_ci replaces accuracy by its lower bound accuracy_ci95_low. With several seeds, the candidates of the first
 * one compete.
 *
 * All accepted candidates of the first seed that have both figures compete, so every machine gets an answer. If x was
 * taken by a clock or follows from that, a row whose timing_status is neither ok nor missing (old rows have none) is
 * never labelled `certain`, and with pareto_any_status false it is left off. Sizes do not depend on the status.
 *
 * The frontier takes the figures as they are. Labels (certainty.h) say how sure it is that a candidate belongs there.
 * They come from the sweep's evidence: times of a batch, and what follows from them, are compared by the medians of the
 * rounds at batch_size, times of single images by their medians, accuracies by the hits (columns.def has the column,
 * the interval and the rounds of each). So with latency_statistic `mean` the order of the means and that of the rounds'
 * medians must agree. Without evidence the 95 % intervals of the rows are used. Other measured columns have neither, so
 * they show nothing; columns that are not measured are exact. Labels are about the accuracy itself, with pareto_use_ci
 * too. `certain` depends on the candidate's own timing_status alone: undisturbed rounds of another candidate are
 * evidence whatever its status.
 */
#ifndef EO_STAGE_SELECT_PARETO_H
#define EO_STAGE_SELECT_PARETO_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "stage/select/certainty.h"
#include "stage/select/columns.h"
#include "stage/select/sweep.h"

/* The timing_status if it is not ok (the label is `possible` at most then); NULL if it is ok or missing. */
const char *eo_pareto_bad_status(const struct eo_candidate *c);

/*
 * If the timing of accepted candidates is not ok, appends a line that says so, with the consequence for the frontiers
 * over latency and energy:
 *     the timing of 2 of 10 accepted candidates is not ok (1 noisy, 1 drift): on the frontiers ...
 */
void eo_pareto_put_weak(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);

/* The column whose frontier is pareto_frontier_latency.csv. */
#define EO_PARETO_LATENCY "ranked_latency_ms"

/* Sets the labels frontier_latency, frontier_energy and frontier_memory; columns.def has the column of each. */
int eo_pareto_label_all(struct eo_sweep *sweep, const struct eo_config *cfg,
                        struct eo_err *err) EO_MUST_CHECK;

/*
 * Indices into sweep->rows, in the order of the frontier, into index[sweep->row_count]; *count of them. A
 * candidate that does not compete is left out. Fails without memory.
 */
int eo_pareto_frontier(const struct eo_sweep *sweep, const struct eo_sweep_column *x,
                       const struct eo_config *cfg, size_t *index, size_t *count,
                       struct eo_err *err) EO_MUST_CHECK;

/*
 * Each appends one table with its header: sweep_results.csv; accuracy.csv, which has the columns of key and accuracy; a
 * frontier, which has all columns, and with `own_label` also frontier_x, the label for this x; sweep_errors.csv.
 */
void eo_pareto_put_sweep(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);
void eo_pareto_put_accuracy(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);
int eo_pareto_put_frontier(const struct eo_sweep *sweep, const struct eo_config *cfg,
                           const struct eo_sweep_column *x, int own_label, struct eo_buf *out,
                           struct eo_err *err) EO_MUST_CHECK;
void eo_pareto_put_errors(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);

/*
 * seed_summary.csv: for each pruning level, criterion and precision, the number of seeds with a row, and of accuracy,
 * test_accuracy, latency_ms and ranked_latency_ms the mean, the sample standard deviation and the 95 % Student-t
 * interval of the mean, cut off where no value is possible: below 0, and for accuracies above 1. With one seed
 * deviation and interval are empty; if a seed lacks the figure, all four are.
 */
int eo_pareto_put_seeds(const struct eo_sweep *sweep, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
