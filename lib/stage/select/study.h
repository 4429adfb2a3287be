/*
 * A study: how well the pruning criteria do, at each level, without and with recovery, over several seeds.
 *
 *     study = eo_study_new(err);
 *     eo_study_add(study, "mnist", &csv, precision, err);   // once per table of accuracy rows (eo-pareto --accuracy)
 *     eo_study_put(study, &out, err);
 *     eo_study_free(study);
 *
 * The result has a row for each data set, level and number of fine-tuning epochs, and a column for each criterion. A
 * cell is the mean test accuracy over the seeds, in per cent, and half the width of its 95 % Student-t interval, or the
 * ends of the interval, cut off at 0 and 100. Below the table are listed the rows in which random is not the worst one,
 * and whether the intervals meet there.
 */
#ifndef EO_STAGE_SELECT_STUDY_H
#define EO_STAGE_SELECT_STUDY_H

#include "base/buf.h"
#include "base/err.h"
#include "format/csv.h"
#include "format/precision.h"

#define EO_STUDY_LABEL 40 /* bytes of a data set's label, its NUL included */

struct eo_study;

struct eo_study *eo_study_new(struct eo_err *err) EO_MUST_CHECK;
void eo_study_free(struct eo_study *study); /* NULL is allowed */

/*
 * Adds the rows of that precision. Level 0 of a seed may come again with the same accuracy. Messages give row and
 * column, not the file. A label has at most EO_STUDY_LABEL - 1 bytes, without '|' and control characters.
 */
int eo_study_add(struct eo_study *study, const char *label, const struct eo_csv *csv,
                 enum eo_precision precision, struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends a Markdown table and the sentence about random; or both as JSON, with shares of 1 in the place of per cents
 * (eo-formats(5)). Fail when there are no rows.
 */
int eo_study_put(const struct eo_study *study, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;
int eo_study_put_json(const struct eo_study *study, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
