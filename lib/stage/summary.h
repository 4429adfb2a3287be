/*
 * The end of an experiment: summary.json and the table that is printed.
 *
 * summary.json, with the original's keys:
 *     baseline                  all columns of that row of sweep_results.csv, typed, and
 *                               accepted_under_active_budget; null without rows
 *     memory_budgets_mb, active_memory_budget_mb, cpu_frequency_scale, power_watts   the config's
 *     latency_multiplier        1 / cpu_frequency_scale
 *     study_rows                rows of sweep_results.csv = accepted_rows + rejected_rows
 *     error_rows                rows of sweep_errors.csv
 *     best_accuracy_accepted, lowest_latency_ms_accepted    of the first seed; null when none is accepted
 *     deployment                the baseline in calls of batch_size images and one by one, and its row of
 *                               hardware_summary.csv
 *     recommended               eo_sweep_recommended(); null when none is accepted. Whatever the status of its
 *                               timing, as accuracy and size decide and time only between equals; the status stands
 *                               beside it
 */
#ifndef EO_STAGE_SUMMARY_H
#define EO_STAGE_SUMMARY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "format/csv.h"
#include "stage/sweep.h"

struct eo_summary_inputs {
    const struct eo_config *cfg;
    const struct eo_sweep *sweep;
    const struct eo_csv *errors;   /* sweep_errors.csv */
    const struct eo_csv *hardware; /* hardware_summary.csv */
};

/* Appends summary.json. Fails when the hardware table has no row for the baseline, or columns are missing. */
int eo_summary_put_json(const struct eo_summary_inputs *in, struct eo_buf *out,
                        struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends the table, at most 100 columns wide (a few more where a level has both two parts and a long criterion): the
 * candidates of the first seed, '*' where frontier_latency says certain, else '+' for those on the frontier by their
 * figures, else '?' where it says possible; '>' for the recommended one; then a line per failed candidate, one about
 * those that were left off for their timing, and the recommended one in words.
 */
int eo_summary_put_table(const struct eo_summary_inputs *in, struct eo_buf *out,
                         struct eo_err *err) EO_MUST_CHECK;

#endif
