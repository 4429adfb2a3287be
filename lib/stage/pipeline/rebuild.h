/*
 * Makes a row of sweep_results.csv again: writes a configuration of that candidate alone, from the slices of the
 * experiment, and has Make run it in a scratch folder. Which stages there are is known to Make alone.
 *
 * What is compared, byte for byte: the model by its checksum, and every column that is not `is_measured` (columns.h)
 * and not `is_relative` (its place on the frontiers, its part in the recommendation).
 */
#ifndef EO_STAGE_PIPELINE_REBUILD_H
#define EO_STAGE_PIPELINE_REBUILD_H

#include <stddef.h>

#include "base/err.h"
#include "base/proc.h"
#include "format/csv.h"

struct eo_rebuild {
    const char *folder;  /* of the experiment, with a slash at the end; "" is the working folder */
    const char *project; /* of the Makefile */
    /* Absolute paths without a slash at the end: */
    const char *build; /* the folder whose bin/ holds the programs */
    const char
        *data; /* folder of the data set's files; NULL: where eo_dataset_find() finds them, or generated */
    const char *scratch; /* an empty folder */
};

struct eo_rebuild_counts {
    size_t same, left_out; /* columns that were compared, and that were left out */
};

/*
 * `table` is sweep_results.csv, `row` counts from 0. Fails when the row differs, naming the column, what the file has,
 * and what came out (for the model also the first stage whose file differs); when the data are not those of
 * dataset.csv; and when Make fails, with its first message. Call it between eo_proc_begin() and eo_proc_end() of `p`.
 */
int eo_rebuild_row(const struct eo_rebuild *r, struct eo_proc *p, const struct eo_csv *table, size_t row,
                   struct eo_rebuild_counts *counts, struct eo_err *err) EO_MUST_CHECK;

#endif
