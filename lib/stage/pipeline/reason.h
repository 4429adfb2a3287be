/*
 * Why each step of an experiment would run, in words: "learning_rate changed from 0.001 to 0.002; follows from quant".
 */
#ifndef EO_STAGE_PIPELINE_REASON_H
#define EO_STAGE_PIPELINE_REASON_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "stage/pipeline/changes.h"
#include "stage/pipeline/trace.h"

struct eo_reasons {
    const char **why; /* for each step of the trace; "" where it would not run */
    struct eo_buf texts;
};

/*
 * Make does not know of the step that reads the data, because it runs before Make starts. That step is marked stale in
 * the trace when the contents of the data changed. Fails on a file of the changes that cannot be read. Release with
 * eo_reasons_release(), harmless on a zeroed struct and after failure.
 */
int eo_reasons_find(struct eo_reasons *r, struct eo_trace *t, const struct eo_changes *c,
                    struct eo_err *err) EO_MUST_CHECK;
void eo_reasons_release(struct eo_reasons *r);

/* Whether a step with this reason runs only if an earlier step makes other bytes than before. */
int eo_reason_follows(const char *why);

/* Whether a prerequisite, `length` bytes, is no file but a reason to run: FORCE, asked, x.missing, ... */
int eo_reason_is_name(const char *name, size_t length);

#endif
