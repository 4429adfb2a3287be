/*
 * A study: how well the pruning criteria do, at each level, without and with recovery, over several seeds.
 *
 *     study = eo_study_new(err);
 *     eo_study_add(study, "mnist", &csv, precision, err);   // once per table of accuracy rows (eo-pareto --accuracy)
 *     eo_study_put(study, &out, err);
 *     eo_study_free(study);
 *
 * A row of the result is a data set, a level and a number of fine-tuning epochs; its cells are the criteria. A cell is
 * the mean test accuracy over the seeds, in per cent, and half the width of its 95 % Student-t interval; where that
 * ends outside of 0..100, its ends, cut off there. Then it is said where random is not the worst of the criteria, and
 * where it is not even within the intervals.
 */
#ifndef EO_STAGE_STUDY_H
#define EO_STAGE_STUDY_H

#include "base/buf.h"
#include "base/err.h"
#include "format/csv.h"
#include "format/precision.h"

#define EO_STUDY_LABEL 40 /* bytes of a data set's label, its NUL included */

struct eo_study;

struct eo_study *eo_study_new(struct eo_err *err) EO_MUST_CHECK;
void eo_study_free(struct eo_study *study); /* NULL is allowed */

/*
 * Takes in the rows of that precision. The level 0 of one seed may come again, from the same model. Messages give row
 * and column, not the file. A label is of at most EO_STUDY_LABEL - 1 bytes, without '|' and control characters.
 */
int eo_study_add(struct eo_study *study, const char *label, const struct eo_csv *csv,
                 enum eo_precision precision, struct eo_err *err) EO_MUST_CHECK;

/* Appends a Markdown table and the sentence about random. Fails when there are no rows. */
int eo_study_put(const struct eo_study *study, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
