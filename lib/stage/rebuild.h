/*
 * Making a row of sweep_results.csv again, from the data and the slices of the configuration, by the programs
 * themselves: the steps of the Makefile for one candidate, in a scratch folder.
 *
 * What is compared, byte for byte: the model by its checksum, and every column that is not `is_measured` (sweep.h)
 * and not `is_relative` (its place on the frontiers, its part in the recommendation).
 */
#ifndef EO_STAGE_REBUILD_H
#define EO_STAGE_REBUILD_H

#include <stddef.h>

#include "base/err.h"
#include "base/proc.h"
#include "format/csv.h"

struct eo_rebuild {
    const char *folder;   /* of the experiment, with a slash at the end; "" is the working folder */
    const char *programs; /* folder of the programs, likewise; "" looks along PATH */
    const char *data;     /* folder of the data set's files; NULL: where eo_dataset_find() finds them, or generated */
    const char *scratch;  /* an empty folder, without a slash */
};

struct eo_rebuild_counts {
    size_t same, left_out; /* columns that were compared, and that were left out */
};

/*
 * `table` is sweep_results.csv, `row` counts from 0. Fails when the row differs, naming the column, what the file has,
 * and what came out (for the model also the first stage whose file differs); when the data are not those of
 * dataset.csv; and when a program fails, with its message. `p` has begun.
 */
int eo_rebuild_row(const struct eo_rebuild *r, struct eo_proc *p, const struct eo_csv *table, size_t row,
                   struct eo_rebuild_counts *counts, struct eo_err *err) EO_MUST_CHECK;

#endif
