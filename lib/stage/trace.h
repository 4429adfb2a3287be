/*
 * What Make itself says about an experiment: which steps there are, which would run, and why.
 *
 * The text is what `make -n -p --trace` prints: first, among the commands that would run, lines like
 *
 *     Makefile:267: update target 'out/x/models/base.safetensors' due to: out/x/config/train.yaml
 *
 * and then Make's database, where a rule is a line of its own:
 *
 *     out/x/models/p0.50.safetensors: out/x/models/base.safetensors out/bin/eo-prune | out/x/config
 *
 * A Make that starts over, because a file that it includes was made, prints the database each time; the last one counts,
 * as the earlier ones know no candidates.
 *
 * So the graph is Make's own and cannot differ from it. A step is all that one command makes, of one candidate or of all;
 * a file's path tells which (graph.h). Where there is a rule for `all`, only what that needs counts. What was never run has
 * every prerequisite as a reason.
 */
#ifndef EO_STAGE_TRACE_H
#define EO_STAGE_TRACE_H

#include <stddef.h>

#include "base/err.h"
#include "stage/graph.h"

#define EO_TRACE_MAX ((size_t)256 << 20) /* bytes of such a text */

struct eo_trace_step {
    struct eo_graph_place place; /* without the names of a candidate where the command is for all */
    const char
        *target; /* the first of the files that it makes anew, else the first of all; inside the folder */
    int target_count; /* files that it makes anew, but for those of error rows */
    int is_stale;
    const char
        *newer; /* prerequisites for which it would run, as Make names them, separated by spaces; or "" */
    const char *needs; /* all prerequisites but those of order alone, likewise */
};

struct eo_trace {
    struct eo_trace_step *steps; /* in the order of the stages; within one, by seed, candidate, precision */
    size_t step_count;
    size_t stale_count;
    const char *folder, *config;
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

/* The first name at or behind `list`, its length in *length; NULL at the end. The next begins behind it. */
const char *eo_trace_next(const char *list, size_t *length);

#endif
