/*
 * Whether a timing can be trusted: a word for the column timing_status, and a text for timing_reason. bench/judge.h
 * defines when each applies.
 */
#ifndef EO_STAGE_BENCH_STATUS_H
#define EO_STAGE_BENCH_STATUS_H

#include <stddef.h>

#include "base/err.h"

enum eo_timing_status {
    EO_TIMING_OK,
    EO_TIMING_NOISY,
    EO_TIMING_DRIFT,
    EO_TIMING_THROTTLED,
    EO_TIMING_SHORT
};

const char *eo_timing_status_name(enum eo_timing_status status); /* "ok", ... */
int eo_timing_status_parse(const char *text, enum eo_timing_status *status, struct eo_err *err) EO_MUST_CHECK;

/* Adds a clause without a comma to a reason in `size` bytes; also to the empty one of ok. */
void eo_timing_note(char *reason, size_t size, const char *note);

/* Fails, with status and reason in the message, unless the status is ok. */
int eo_timing_check(enum eo_timing_status status, const char *reason, struct eo_err *err) EO_MUST_CHECK;

#endif
