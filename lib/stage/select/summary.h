/*
 * The end of an experiment: summary.json and the table that is printed.
 *
 * summary.json, the original's keys after `recommended`:
 *     recommended               eo_sweep_recommended(): model (the path of its file below the folder of the summary),
 *                               rule, why in a sentence, rivals, and its figures; null when none is accepted.
 *                               The timing status is given, and decides nothing. accuracy_note says that the accuracy
 *                               is a little too good, because the same images chose the candidate; is_chance says
 *                               that it is no better than always naming the most frequent class (recommend.h)
 *     baseline                  all columns of that row of sweep_results.csv, typed, and
 *                               accepted_under_active_budget; null without rows
 *     memory_budgets_mb, active_memory_budget_mb, cpu_frequency_scale, power_watts   the config's
 *     latency_multiplier        1 / cpu_frequency_scale
 *     study_rows                rows of sweep_results.csv = accepted_rows + rejected_rows
 *     error_rows                rows of sweep_errors.csv
 *     best_accuracy_accepted, lowest_latency_ms_accepted    of the first seed, the latter of ranked_latency_ms; null
 *                               when none is accepted
 *     deployment                the baseline, named by `model`: its times in calls of batch_size images and of one
 *                               image, and its row of hardware_summary.csv; `recommended` has the same of that model.
 *                               Times by `latency_statistic`, stream_avg_latency_ms being the mean
 */
#ifndef EO_STAGE_SELECT_SUMMARY_H
#define EO_STAGE_SELECT_SUMMARY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "format/csv.h"
#include "stage/select/sweep.h"

struct eo_summary_inputs {
    const struct eo_config *cfg;
    const struct eo_sweep *sweep;
    const struct eo_csv *errors;   /* sweep_errors.csv */
    const struct eo_csv *hardware; /* hardware_summary.csv */
    const char *folder; /* of the artefacts, with its slash, or ""; the table prints it before paths */
};

/*
 * Appends summary.json. Fails when the hardware table lacks columns or a row for the baseline or the recommended one.
 */
int eo_summary_put_json(const struct eo_summary_inputs *in, struct eo_buf *out,
                        struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends the table, at most 100 columns wide (a few more where a level has both two parts and a long criterion): the
 * candidates of the first seed, '*' where frontier_latency says certain, else '+' for those on the frontier by their
 * figures, else '?' where it says possible; '>' for the recommended one; then a line per failed candidate, some about
 * timings that are not ok, and the recommended one in words with the rule, its rivals and what its accuracy is worth,
 * and a warning where that is no better than chance.
 */
int eo_summary_put_table(const struct eo_summary_inputs *in, struct eo_buf *out,
                         struct eo_err *err) EO_MUST_CHECK;

/* The same table as JSON, with the column that has a figure whole (eo-formats(5)). */
int eo_summary_put_table_json(const struct eo_summary_inputs *in, struct eo_buf *out,
                              struct eo_err *err) EO_MUST_CHECK;

#define EO_SUMMARY_MODEL (EO_CANDIDATE_NAME + 32) /* bytes of eo_summary_model(), its NUL included */

/*
 * "models/p0.50-int8.safetensors": where the file of a candidate of the first seed lies in the folder of the artefacts.
 */
void eo_summary_model(const struct eo_candidate *c, char path[EO_SUMMARY_MODEL]);

/* How independent of the choice accuracy and test accuracy of the recommended candidate are. */
const char *eo_summary_accuracy_note(const struct eo_config *cfg);

#endif
