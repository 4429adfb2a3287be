#include "stage/pipeline/reason.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "stage/pipeline/provenance.h"

/* Prerequisites of Make that are no files, by their endings (tools/steps.mk, tools/experiment.mk). */
static const char untimed[] = ".untimed"; /* a candidate without a row of the last session */
static const char missing[] = ".missing"; /* a file that the step makes, and that is not there */
static const char changed[] =
    ".changed";                      /* a file that the step makes, whose bytes are not those of its record */
static const char force[] = "FORCE"; /* the step failed the last time */
static const char asked[] = "asked"; /* the user wants the step to run */

static const char follows_from[] = "follows from ";

/* The reasons of one step, as far as they are found. */
struct search {
    const struct eo_trace *t;
    const struct eo_changes *c;
    const struct eo_trace_step *step;
    struct eo_buf text;
    struct eo_buf newer; /* the first file that is newer without another reason */
    size_t newer_count;
};

static void put_separator(struct search *s)
{
    if (s->text.len > 0)
        eo_buf_puts(&s->text, "; ");
}

/* Adds the reasons, "; " between, that are not there yet. Cuts `reasons` up. */
static void put_once(struct search *s, char *reasons)
{
    while (reasons) {
        char *next = strstr(reasons, "; ");

        if (next) {
            *next = '\0';
            next += 2;
        }
        if (s->text.len == 0 || !strstr(s->text.data, reasons)) {
            put_separator(s);
            eo_buf_puts(&s->text, reasons);
        }
        reasons = next;
    }
}

/* Adds the reasons in `found`, if any, and releases it. */
static int put_found(struct search *s, struct eo_buf *found, struct eo_err *err)
{
    int rc = eo_buf_check(found, err);

    if (rc == 0 && found->len > 0)
        put_once(s, found->data);
    eo_buf_release(found);
    return rc;
}

static int ends_with(const char *text, size_t length, const char *end)
{
    size_t n = strlen(end);

    return length >= n && memcmp(text + length - n, end, n) == 0;
}

int eo_reason_is_name(const char *name, size_t length)
{
    return ends_with(name, length, untimed) || ends_with(name, length, missing) ||
           ends_with(name, length, changed) ||
           (length == strlen(force) && memcmp(name, force, length) == 0) ||
           (length == strlen(asked) && memcmp(name, asked, length) == 0);
}

int eo_reason_follows(const char *why)
{
    return strstr(why, follows_from) != NULL;
}

/* ---- prerequisites that no step makes anew ----------------------------------------------------------------------- */

/* A file of the configuration folder, whose name inside it is `file`. */
static int put_configured(struct search *s, const char *file, struct eo_err *err)
{
    static const char programs[] = "programs/"; /* checksums of programs, and of scripts of plots/ */
    struct eo_buf change = {0};

    if (strncmp(file, programs, strlen(programs)) == 0)
        eo_buf_printf(&change, "program %s changed", file + strlen(programs));
    else if (eo_changes_put(s->c, file, &change, err)) {
        eo_buf_release(&change);
        return -1;
    }
    if (change.len == 0)
        eo_buf_printf(&change, "%s is newer", file);
    return put_found(s, &change, err);
}

static int put_file(struct search *s, const char *path, struct eo_err *err)
{
    const struct eo_trace *t = s->t;
    size_t now = strlen(s->c->now), folder = strlen(t->folder);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *inside =
        strncmp(path, t->folder, folder) == 0 && path[folder] == '/' ? path + folder + 1 : path;
    struct eo_buf text = {0};

    if (strncmp(path, s->c->now, now) == 0 && path[now] == '/')
        return put_configured(s, path + now + 1, err);
    if (strcmp(name, "dataset.csv") == 0)
        return put_configured(s, name, err);
    if (strcmp(name, force) == 0)
        eo_buf_puts(&text, "failed the last time");
    else if (strcmp(name, asked) == 0)
        eo_buf_puts(&text, "is asked for");
    else if (ends_with(name, strlen(name), missing))
        eo_buf_printf(&text, "%.*s is missing", (int)(strlen(inside) - strlen(missing)), inside);
    else if (ends_with(name, strlen(name), changed))
        eo_buf_printf(&text, "%.*s was changed", (int)(strlen(inside) - strlen(changed)), inside);
    else if (strncmp(name, "eo-", 3) == 0)
        eo_buf_printf(&text, "program %s changed", name);
    else if (s->newer_count++ == 0)
        eo_buf_puts(&s->newer, inside);
    return put_found(s, &text, err);
}

static int put_files(struct search *s, struct eo_err *err)
{
    const char *name = s->step->newer;
    size_t n;
    int rc = 0;

    for (; rc == 0 && (name = eo_trace_next(name, &n)) != NULL; name += n) {
        const struct eo_trace_step *from = eo_trace_find(s->t, name, n);
        struct eo_buf path = {0};

        if ((from && from->is_stale) || ends_with(name, n, untimed))
            continue;
        eo_buf_append(&path, name, n);
        rc = eo_buf_check(&path, err);
        if (rc == 0)
            rc = put_file(s, path.data, err);
        eo_buf_release(&path);
    }
    return rc;
}

/* One reason for all newer files: there may be thousands, such as after a folder was copied. */
static int put_newer(struct search *s, struct eo_err *err)
{
    struct eo_buf text = {0};

    if (s->newer_count == 0)
        return 0;
    if (eo_buf_check(&s->newer, err))
        return -1;
    if (s->newer_count == 1)
        eo_buf_printf(&text, "%s is newer", s->newer.data);
    else
        eo_buf_printf(&text, "%s and %zu more are newer", s->newer.data, s->newer_count - 1);
    return put_found(s, &text, err);
}

/* ---- earlier steps ----------------------------------------------------------------------------------------------- */

/* "follows from quant, eval" */
static void put_steps(struct search *s)
{
    const char *name = s->step->newer;
    size_t n, first = 0;

    for (; (name = eo_trace_next(name, &n)) != NULL; name += n) {
        const struct eo_trace_step *from = eo_trace_find(s->t, name, n);

        if (!from || !from->is_stale || from == s->step ||
            (first && strstr(s->text.data + first, from->stage)))
            continue;
        if (first) {
            eo_buf_puts(&s->text, ", ");
        } else {
            put_separator(s);
            eo_buf_puts(&s->text, follows_from);
            first = s->text.len;
        }
        eo_buf_puts(&s->text, from->stage);
    }
}

/* ---- candidates of the session, which is one step for all of them ------------------------------------------------ */

/* Sets *is_new when the candidate of a file x.untimed was not in the last session because it is new; says why. */
static int put_untimed(struct search *s, const char *path, size_t length, int *is_new, struct eo_err *err)
{
    size_t folder = strlen(s->t->folder) + 1;
    struct eo_candidate_name name;
    struct eo_buf inside = {0}, why = {0};
    int rc;

    *is_new = 0;
    eo_buf_append(&inside, path + folder, length - folder);
    rc = eo_buf_check(&inside, err);
    if (rc == 0 && eo_candidate_parse_path(inside.data, EO_TRACE_FIRST_SEED, &name) == 0)
        rc = eo_changes_put_new(s->c, &name, EO_TRACE_FIRST_SEED, &why, err);
    *is_new = why.len > 0;
    if (rc == 0)
        rc = put_found(s, &why, err);
    eo_buf_release(&why);
    eo_buf_release(&inside);
    return rc;
}

/* The candidates that need timing. All candidates are timed together, so these cause the others to be timed again. */
static int put_candidates(struct search *s, struct eo_err *err)
{
    const char *name = s->step->newer;
    size_t n, others = 0, folder = strlen(s->t->folder), before = s->text.len;

    for (; (name = eo_trace_next(name, &n)) != NULL; name += n) {
        int is_new;

        if (!ends_with(name, n, untimed) || strncmp(name, s->t->folder, folder) != 0 || name[folder] != '/')
            continue;
        if (put_untimed(s, name, n, &is_new, err))
            return -1;
        others += !is_new;
    }
    if (others) {
        put_separator(s);
        eo_buf_printf(&s->text,
                      others == 1 ? "%zu candidate has no row of the last session"
                                  : "%zu candidates have no rows of the last session",
                      others);
    }
    if (s->text.len > before)
        eo_buf_puts(&s->text, "; all are timed together");
    return 0;
}

/* ---- a step ------------------------------------------------------------------------------------------------------ */

/* Whether its target is there: 1, 0, or -1 and err. */
static int is_there(const struct eo_trace *t, const struct eo_trace_step *step, struct eo_err *err)
{
    struct eo_buf path = {0};
    int found;

    eo_buf_printf(&path, "%s/%s", t->folder, step->target);
    found = eo_buf_check(&path, err) ? -1 : eo_io_exists(path.data, err);
    if (found < 0)
        eo_err_prefix(err, "'%.200s'", step->target);
    eo_buf_release(&path);
    return found;
}

/* Make names every prerequisite as a reason for a target that is not there, so prerequisites explain nothing here. */
static int put_why_missing(struct search *s, struct eo_err *err)
{
    const struct eo_candidate_name *name = s->step->has_name ? &s->step->name : NULL;

    if (eo_changes_put_new(s->c, name, EO_TRACE_FIRST_SEED, &s->text, err))
        return -1;
    if (s->text.len == 0 && put_candidates(s, err))
        return -1;
    if (s->text.len == 0)
        eo_buf_puts(&s->text, "is missing");
    return 0;
}

static int put_why(struct search *s, struct eo_err *err)
{
    int there = is_there(s->t, s->step, err);
    /* The manifest is about every file, so the steps that its parents follow from say enough. */
    int is_manifest = strcmp(s->step->target, EO_PROVENANCE_MANIFEST) == 0;

    if (there < 0)
        return -1;
    if (!there)
        return put_why_missing(s, err);
    if (strcmp(s->step->target, "dataset.csv") == 0)
        return put_configured(s, s->step->target, err);
    if (is_manifest)
        put_steps(s);
    if (put_candidates(s, err) || put_files(s, err) || put_newer(s, err))
        return -1;
    if (!is_manifest)
        put_steps(s);
    if (s->text.len == 0)
        eo_buf_puts(&s->text, "has to run first");
    return 0;
}

/* ---- all steps --------------------------------------------------------------------------------------------------- */

static int mark_data(struct eo_trace *t, const struct eo_changes *c, struct eo_err *err)
{
    struct eo_buf change = {0};
    int rc = eo_changes_put(c, "dataset.csv", &change, err) || eo_buf_check(&change, err) ? -1 : 0;

    for (size_t i = 0; rc == 0 && i < t->step_count; i++) {
        struct eo_trace_step *step = &t->steps[i];
        int there;

        if (step->is_stale || strcmp(step->target, "dataset.csv") != 0)
            continue;
        there = is_there(t, step, err);
        if (there < 0)
            rc = -1;
        if (there < 0 || (there && change.len == 0))
            continue;
        step->is_stale = step->target_count = 1;
        step->newer = step->needs;
        t->stale_count++;
    }
    eo_buf_release(&change);
    return rc;
}

/* Appends the reasons of one step, NUL-terminated. */
static int add_reasons(struct eo_buf *texts, const struct eo_trace *t, const struct eo_changes *c,
                       const struct eo_trace_step *step, struct eo_err *err)
{
    struct search s = {.t = t, .c = c, .step = step};
    int rc = step->is_stale ? put_why(&s, err) : 0;

    if (rc == 0)
        rc = eo_buf_check(&s.text, err);
    if (rc == 0)
        eo_buf_append(texts, s.text.data ? s.text.data : "", s.text.len + 1);
    eo_buf_release(&s.newer);
    eo_buf_release(&s.text);
    return rc;
}

int eo_reasons_find(struct eo_reasons *r, struct eo_trace *t, const struct eo_changes *c, struct eo_err *err)
{
    size_t *offsets = eo_alloc(t->step_count, sizeof(*offsets), err), i;
    int rc = -1;

    *r = (struct eo_reasons){0};
    r->why = offsets ? eo_alloc(t->step_count, sizeof(*r->why), err) : NULL;
    if (!r->why || mark_data(t, c, err))
        goto out;
    for (i = 0; i < t->step_count; i++) {
        offsets[i] = r->texts.len;
        if (add_reasons(&r->texts, t, c, &t->steps[i], err))
            goto out;
    }
    rc = eo_buf_check(&r->texts, err);
    /* The text moves while it grows, so the pointers are set when it is complete. */
    for (i = 0; rc == 0 && i < t->step_count; i++)
        r->why[i] = r->texts.data + offsets[i];
out:
    free(offsets);
    return rc;
}

void eo_reasons_release(struct eo_reasons *r)
{
    eo_buf_release(&r->texts);
    free(r->why);
    *r = (struct eo_reasons){0};
}
