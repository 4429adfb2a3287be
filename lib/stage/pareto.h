/*
 * The Pareto frontier through a sweep, and the tables that eo-pareto writes.
 *
 * The frontier, as the original defines it: the accepted candidates in order of rising x, those of equal x by
 * falling accuracy; a candidate is kept when its accuracy is strictly higher than that of all kept before. So
 * every kept one is beaten in accuracy only by dearer ones. x is any number of the sweep that should be
 * small. With pareto_use_ci the lower bound accuracy_ci95_low takes the place of accuracy. With several
 * seeds, the first one's candidates.
 *
 * All accepted candidates of the first seed that have both figures compete, so that there is an answer on any machine.
 * Where x was taken by a clock or follows from that, a row whose timing_status is neither ok nor missing (old rows have
 * none) is never labelled `certain`, and with pareto_any_status false it is left off. Sizes do not depend on the
 * status.
 *
 * The frontier takes the figures as they are. How sure it is that a candidate belongs there is said by its labels
 * (certainty.h). They come from the sweep's evidence: latency_ms, latency_median_ms, ranked_latency_ms,
 * host_latency_ms, throughput_sps and energy_proxy_j by the rounds' medians at batch_size, those of single images by
 * theirs, accuracies by the hits. Without evidence the intervals of the rows take their place: that of the median for
 * these times, their own for the 95th and 99th percentiles. Other measured columns carry no evidence, so that nothing
 * is shown by them; all else is exact. Labels are about the accuracy itself, with pareto_use_ci too.
 */
#ifndef EO_STAGE_PARETO_H
#define EO_STAGE_PARETO_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "stage/certainty.h"
#include "stage/sweep.h"

/* Why the candidate does not compete in frontiers over measured columns: its timing_status; NULL when that is fine. */
const char *eo_pareto_bad_status(const struct eo_candidate *c);

/* Whether the candidate may be on the frontier over x; of the first seed it has to be besides. */
int eo_pareto_competes(const struct eo_candidate *c, const struct eo_sweep_column *x,
                       const struct eo_config *cfg);

/*
 * Appends a line about accepted candidates whose timing is not ok, and what follows for the frontiers over latency and
 * energy; nothing where there are none:
 *     the timing of 2 of 10 accepted candidates is not ok (1 noisy, 1 drift): on the frontiers ...
 */
void eo_pareto_put_weak(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);

/* The label of each row for the frontier over x into labels[row_count]; NONE where a row does not compete. */
int eo_pareto_label(const struct eo_sweep *sweep, const struct eo_config *cfg,
                    const struct eo_sweep_column *x, enum eo_certainty *labels,
                    struct eo_err *err) EO_MUST_CHECK;

/* The column whose frontier is pareto_frontier_latency.csv. */
#define EO_PARETO_LATENCY "ranked_latency_ms"

/*
 * Sets frontier_latency (over ranked_latency_ms), frontier_energy (energy_proxy_j) and frontier_memory (model_bytes).
 * The first two are equal, as energy is latency times power_watts.
 */
int eo_pareto_label_all(struct eo_sweep *sweep, const struct eo_config *cfg,
                        struct eo_err *err) EO_MUST_CHECK;

/*
 * Indices into sweep->rows, in the order of the frontier, into index[sweep->row_count]; *count of them. A
 * candidate that does not compete is left out. Fails without memory.
 */
int eo_pareto_frontier(const struct eo_sweep *sweep, const struct eo_sweep_column *x, const struct eo_config *cfg,
                       size_t *index, size_t *count, struct eo_err *err) EO_MUST_CHECK;

/*
 * sweep_results.csv; accuracy.csv, which has its columns of key and accuracy; a frontier's file, with all of its
 * columns (and with `own_label` a last one, frontier_x, the label for this x); sweep_errors.csv. Each with its header
 * row.
 */
void eo_pareto_put_sweep(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);
void eo_pareto_put_accuracy(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);
int eo_pareto_put_frontier(const struct eo_sweep *sweep, const struct eo_config *cfg,
                           const struct eo_sweep_column *x, int own_label, struct eo_buf *out,
                           struct eo_err *err) EO_MUST_CHECK;
void eo_pareto_put_errors(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out);

/*
 * seed_summary.csv: per pruning level, criterion and precision, over the seeds that gave a good row: their number, and
 * for accuracy, test_accuracy, latency_ms and ranked_latency_ms the mean, the sample standard deviation and the 95 %
 * Student-t interval for the mean, cut off where no value is possible: below 0, and for accuracies above 1. The last
 * two are empty with one seed, all of a figure where a seed lacks it.
 */
int eo_pareto_put_seeds(const struct eo_sweep *sweep, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
