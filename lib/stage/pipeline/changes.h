/*
 * What differs between two configuration folders: that of the last complete run, which Make keeps in
 * out/<name>/config/made, and that of now.
 *
 * Such a folder holds the slices ("train.yaml", "seed8/train.yaml": lines "key: value"), "candidates" (lines
 * "EO_LEVELS := 0.00 0.50") and "dataset.csv".
 */
#ifndef EO_STAGE_PIPELINE_CHANGES_H
#define EO_STAGE_PIPELINE_CHANGES_H

#include "base/buf.h"
#include "base/err.h"
#include "stage/candidate.h"

struct eo_changes {
    const char *then, *now; /* folders */
};

/*
 * Appends what changed in one of the files, in words, "; " between: "learning_rate changed from 0.001 to 0.002",
 * "level 0.25 was added", "the training data changed". Appends nothing when nothing changed, and when the file was not
 * there then. Fails on a file that cannot be read.
 */
int eo_changes_put(const struct eo_changes *c, const char *file, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends why the last complete run did not have the artefacts of a candidate: "level 0.25 was added", or "was never
 * made" when there was no complete run. Appends nothing when that run had them. A name without a seed has `first_seed`;
 * NULL stands for an artefact of all candidates.
 */
int eo_changes_put_new(const struct eo_changes *c, const struct eo_candidate_name *name, uint64_t first_seed,
                       struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
