#include "stage/pipeline/explain.h"

#include <string.h>

#include "format/json.h"
#include "stage/pipeline/reason.h"

/* ---- words ------------------------------------------------------------------------------------------------------- */

static int is_of_stage(const struct eo_trace *t, size_t i, const char *stage)
{
    return i < t->step_count && strcmp(t->steps[i].stage, stage) == 0;
}

/*
 * One line for all steps of a stage with the same reason as step `i`, unless one before it had it. `first` is the first
 * step of the stage, whose steps stand together.
 */
static void put_group(const struct eo_trace *t, const char *const *why, size_t first, size_t i,
                      struct eo_buf *out)
{
    const struct eo_trace_step *step = &t->steps[i];
    size_t more = 0;

    for (size_t k = first; is_of_stage(t, k, step->stage); k++) {
        if (!t->steps[k].is_stale || strcmp(why[k], why[i]) != 0)
            continue;
        if (k < i)
            return;
        more += t->steps[k].target_count;
    }
    eo_buf_printf(out, "  %-9s %s", step->stage, step->target);
    if (more > 1)
        eo_buf_printf(out, " and %zu more", more - 1);
    eo_buf_printf(out, ": %s\n", why[i]);
}

int eo_explain_words(struct eo_trace *t, const struct eo_changes *c, struct eo_buf *out, struct eo_err *err)
{
    struct eo_reasons r;
    int follows = 0, rc = eo_reasons_find(&r, t, c, err);
    size_t first = 0;

    if (rc == 0 && t->stale_count == 0)
        eo_buf_printf(out, "%s: nothing to do, all %zu steps are up to date\n", t->folder, t->step_count);
    else if (rc == 0)
        eo_buf_printf(out, "%s: %zu of %zu steps would run\n", t->folder, t->stale_count, t->step_count);
    for (size_t i = 0; rc == 0 && i < t->step_count; i++) {
        if (!is_of_stage(t, first, t->steps[i].stage))
            first = i;
        if (t->steps[i].is_stale)
            put_group(t, r.why, first, i, out);
        follows |= eo_reason_follows(r.why[i]);
    }
    if (follows)
        eo_buf_puts(out, "  what follows from a step runs only if that step makes other bytes than before\n");
    eo_reasons_release(&r);
    return rc ? rc : eo_buf_check(out, err);
}

static void put_step(struct eo_json *j, const struct eo_trace *t, const struct eo_trace_step *step, const char *why)
{
    const char *name;

    eo_json_open(j, NULL, '{');
    eo_json_text(j, "stage", step->stage);
    eo_json_bool(j, "would_run", step->is_stale);
    eo_json_text(j, "why", step->is_stale ? why : NULL);
    eo_json_open(j, "makes", '[');
    eo_json_text(j, NULL, step->id);
    for (size_t at = 0; (name = eo_trace_made(t, step, &at)) != NULL;)
        if (strcmp(name, step->id) != 0)
            eo_json_text(j, NULL, name);
    eo_json_close(j);
    eo_json_close(j);
}

int eo_explain_json(struct eo_trace *t, const struct eo_changes *c, struct eo_buf *out, struct eo_err *err)
{
    struct eo_json j = {.out = out};
    struct eo_reasons r;
    int rc = eo_reasons_find(&r, t, c, err);

    if (rc == 0) {
        eo_json_open(&j, NULL, '{');
        eo_json_text(&j, "folder", t->folder);
        eo_json_int(&j, "steps_to_run", (long long)t->stale_count);
        eo_json_open(&j, "steps", '[');
        for (size_t i = 0; i < t->step_count; i++)
            put_step(&j, t, &t->steps[i], r.why[i]);
        eo_json_close(&j);
        eo_json_close(&j);
    }
    eo_reasons_release(&r);
    return rc ? rc : eo_buf_check(out, err);
}

/* ---- all steps --------------------------------------------------------------------------------------------------- */

/* Appends a name without the experiment's folder, or as "config/..." for the configuration that is looked at. */
static void put_inside(const struct eo_trace *t, const char *name, size_t length, struct eo_buf *out)
{
    size_t config = strlen(t->config), folder = strlen(t->folder);

    if (length > config && strncmp(name, t->config, config) == 0 && name[config] == '/') {
        int is_data = length - config == strlen("/dataset.csv") &&
                      memcmp(name + config, "/dataset.csv", length - config) == 0;

        eo_buf_printf(out, " %s%.*s", is_data ? "" : "config/", (int)(length - config - 1),
                      name + config + 1);
    } else if (length > folder && strncmp(name, t->folder, folder) == 0 && name[folder] == '/') {
        eo_buf_printf(out, " %.*s", (int)(length - folder - 1), name + folder + 1);
    } else {
        eo_buf_printf(out, " %.*s", (int)length, name);
    }
}

int eo_explain_plan(const struct eo_trace *t, struct eo_buf *out, struct eo_err *err)
{
    for (size_t i = 0; i < t->step_count; i++)
        eo_buf_printf(out, "%s %s %s\n", t->steps[i].is_stale ? "run" : "keep", t->steps[i].stage,
                      t->steps[i].id);
    return eo_buf_check(out, err);
}

int eo_explain_steps(const struct eo_trace *t, struct eo_buf *out, struct eo_err *err)
{
    for (size_t i = 0; i < t->step_count; i++) {
        const struct eo_trace_step *step = &t->steps[i];
        const char *name;
        size_t n;

        eo_buf_printf(out, "%s: %s", step->stage, step->id);
        for (size_t at = 0; (name = eo_trace_made(t, step, &at)) != NULL;)
            if (strcmp(name, step->id) != 0)
                eo_buf_printf(out, " %s", name);
        eo_buf_puts(out, " <-");
        for (name = step->needs; (name = eo_trace_next(name, &n)) != NULL; name += n)
            if (!eo_reason_is_name(name, n))
                put_inside(t, name, n, out);
        eo_buf_puts(out, "\n");
    }
    return eo_buf_check(out, err);
}
