/*
 * The end of an experiment: summary.json and the table that is printed.
 *
 * summary.json has the original's keys after schema_version and `recommended`. The JSON Schema that
 * eo_summary_put_schema() writes (tools/summary.schema.json) describes its keys and their types; those of `baseline`
 * are the columns of columns.def.
 */
#ifndef EO_STAGE_SELECT_SUMMARY_H
#define EO_STAGE_SELECT_SUMMARY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "format/csv.h"
#include "stage/select/sweep.h"

#define EO_SUMMARY_SCHEMA 1 /* schema_version: raised when a key is taken out or changes its meaning */

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

/* Appends the JSON Schema (draft 2020-12) of summary.json. */
void eo_summary_put_schema(struct eo_buf *out);

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
