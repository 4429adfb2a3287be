/*
 * What Make itself says about an experiment: which steps there are, which would run, and why.
 *
 * The text is what `make -n -p --trace` prints: first, among the commands that would run, lines like
 *
 *     tools/experiment.mk:75: update target 'out/x/models/base.safetensors' due to: out/x/config/train.yaml
 *
 * and then Make's database, where a rule is a line of its own:
 *
 *     out/x/models/p0.50.safetensors: out/x/models/base.safetensors ... | step/prune/models/p0.50.safetensors
 *
 * A rule of a step has `| step/STAGE/FILE` after its prerequisites: the stage, and the first file that the step makes,
 * which stands for the step. In the database the variable STAGES has the stages in their order, and WANTED the goals
 * ("all" without it). Only the steps that the goals need count, or all steps when the database has none of the goals.
 * This module knows nothing else of what Make does, so the graph is Make's own. A step that never ran has every
 * prerequisite as a reason.
 */
#ifndef EO_STAGE_PIPELINE_TRACE_H
#define EO_STAGE_PIPELINE_TRACE_H

#include <stddef.h>

#include "base/err.h"
#include "stage/candidate.h"

#define EO_TRACE_MAX ((size_t)512 << 20) /* bytes of such a text */

/* The seed of names without one: Make's text does not have its number. */
#define EO_TRACE_FIRST_SEED UINT64_MAX

struct eo_trace_step {
    const char *stage;
    size_t rank;    /* of the stage, in the order in which they run */
    const char *id; /* the first of the files that it makes; inside the folder */
    int has_name;   /* it is of one candidate or pruned model */
    struct eo_candidate_name name;
    const char *target;  /* the first file that it makes anew, else `id` */
    size_t target_count; /* files that it makes anew, but for those of error rows */
    int is_stale;
    /* The prerequisites that are its reasons to run, and all of them: as Make names them, with spaces between. */
    const char *newer, *needs;
};

struct eo_trace_rule; /* of one file: private */

struct eo_trace {
    struct eo_trace_step *steps; /* in the order of the stages; within one, first seed first, then by `id` */
    size_t step_count;
    size_t stale_count;
    const char *folder, *config;
    struct eo_trace_rule *rules; /* by file */
    size_t rule_count;
};

/*
 * Finds the steps of the experiment in `folder` (as Make names it, without a slash at the end), whose slices and
 * dataset.csv are in `config`. The text is cut up and the steps point into it; all stay the caller's. Lines that mean
 * nothing here are passed over, so no text is wrong.
 */
int eo_trace_read(struct eo_trace *t, const char *folder, const char *config, char *text,
                  struct eo_err *err) EO_MUST_CHECK;
void eo_trace_release(struct eo_trace *t);

/* The step that makes a file, by the first `length` bytes of `path`, as Make names it; NULL where none does. */
const struct eo_trace_step *eo_trace_find(const struct eo_trace *t, const char *path, size_t length);

/*
 * The files that a step makes, inside the folder, one at each call and sorted by name; NULL behind the last. *at is 0
 * before the first call, and belongs to the walk.
 */
const char *eo_trace_made(const struct eo_trace *t, const struct eo_trace_step *step, size_t *at);

/* The first name at or behind `list`, its length in *length; NULL at the end. The next begins behind it. */
const char *eo_trace_next(const char *list, size_t *length);

#endif
