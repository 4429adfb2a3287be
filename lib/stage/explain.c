#include "stage/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"

/* ---- why one step would run */

static void put_separator(struct eo_buf *out, size_t start)
{
    if (out->len > start)
        eo_buf_puts(out, "; ");
}

/* Appends those of the reasons, "; " between, that are not there yet. Cuts the text up. */
static void put_once(struct eo_buf *out, size_t start, char *reasons)
{
    while (reasons) {
        char *next = strstr(reasons, "; ");

        if (next) {
            *next = '\0';
            next += 2;
        }
        if (out->len == start || !strstr(out->data + start, reasons)) {
            put_separator(out, start);
            eo_buf_puts(out, reasons);
        }
        reasons = next;
    }
}

/* What the Makefile calls a candidate whose row is not of the last session, or not there: "rows/p0.50-int8.untimed". */
static const char untimed[] = ".untimed";
/* What it calls a file that its step has to bring back. */
static const char missing[] = ".missing";

static int ends_with(const char *text, size_t length, const char *end)
{
    size_t n = strlen(end);

    return length >= n && memcmp(text + length - n, end, n) == 0;
}

/* A file of the configuration folder, whose name inside it is `file`. */
static int put_configured(const struct eo_changes *c, const char *file, struct eo_buf *out, size_t start,
                          struct eo_err *err)
{
    static const char programs[] = "programs/";
    struct eo_buf change = {0};
    int rc = 0;

    /* It holds the checksum of a program, or of a script of plots/. */
    if (strncmp(file, programs, strlen(programs)) == 0)
        eo_buf_printf(&change, "program %s changed", file + strlen(programs));
    else
        rc = eo_changes_put(c, file, &change, err);
    if (rc == 0 && change.len == 0)
        eo_buf_printf(&change, "%s is newer", file);
    if (rc == 0 && (rc = eo_buf_check(&change, err)) == 0)
        put_once(out, start, change.data);
    eo_buf_release(&change);
    return rc;
}

/* A prerequisite that no step makes anew. */
static int put_file(const struct eo_trace *t, const struct eo_changes *c, const char *path,
                    struct eo_buf *out, size_t start, struct eo_err *err)
{
    size_t now = strlen(c->now), folder = strlen(t->folder);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *inside =
        strncmp(path, t->folder, folder) == 0 && path[folder] == '/' ? path + folder + 1 : path;
    struct eo_buf text = {0};
    int rc;

    if (strncmp(path, c->now, now) == 0 && path[now] == '/')
        return put_configured(c, path + now + 1, out, start, err);
    if (strcmp(name, "dataset.csv") == 0)
        return put_configured(c, name, out, start, err);
    if (strcmp(name, "FORCE") == 0)
        eo_buf_puts(&text, "failed the last time");
    else if (ends_with(name, strlen(name), missing))
        eo_buf_printf(&text, "%.*s is missing", (int)(strlen(inside) - strlen(missing)), inside);
    else if (strncmp(name, "eo-", 3) == 0)
        eo_buf_printf(&text, "program %s changed", name);
    else
        eo_buf_printf(&text, "%s is newer", inside);
    rc = eo_buf_check(&text, err);
    if (rc == 0)
        put_once(out, start, text.data);
    eo_buf_release(&text);
    return rc;
}

/* What is no work of another step that would run. */
static int put_files(const struct eo_trace *t, const struct eo_changes *c, const struct eo_trace_step *step,
                     struct eo_buf *out, size_t start, struct eo_err *err)
{
    const char *name = step->newer;
    size_t n;
    int rc = 0;

    for (; rc == 0 && (name = eo_trace_next(name, &n)) != NULL; name += n) {
        const struct eo_trace_step *from = eo_trace_find(t, name, n);
        struct eo_buf path = {0};

        if ((from && from->is_stale) || ends_with(name, n, untimed))
            continue;
        eo_buf_append(&path, name, n);
        rc = eo_buf_check(&path, err);
        if (rc == 0)
            rc = put_file(t, c, path.data, out, start, err);
        eo_buf_release(&path);
    }
    return rc;
}

static const char follows_from[] = "follows from ";

/* "follows from quant, eval" */
static void put_steps(const struct eo_trace *t, const struct eo_trace_step *step, struct eo_buf *out,
                      size_t start)
{
    const char *name = step->newer;
    size_t n, first = 0;

    for (; (name = eo_trace_next(name, &n)) != NULL; name += n) {
        const struct eo_trace_step *from = eo_trace_find(t, name, n);

        if (!from || !from->is_stale || from == step ||
            (first && strstr(out->data + first, from->place.stage)))
            continue;
        if (first) {
            eo_buf_puts(out, ", ");
        } else {
            put_separator(out, start);
            eo_buf_puts(out, follows_from);
            first = out->len;
        }
        eo_buf_puts(out, from->place.stage);
    }
}

/* 1, 0, or -1 and err. */
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

/*
 * The data is looked at before Make knows what would run, so it says nothing of it. It counts as a step that would run
 * when its contents are new.
 */
static int mark_data(struct eo_trace *t, const struct eo_changes *c, struct eo_err *err)
{
    struct eo_buf change = {0};
    size_t i;
    int rc = eo_changes_put(c, "dataset.csv", &change, err) || eo_buf_check(&change, err) ? -1 : 0, there;

    for (i = 0; rc == 0 && i < t->step_count; i++) {
        struct eo_trace_step *step = &t->steps[i];

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

/* Why a candidate is to be timed that was not in the last session, if because it is new. */
static int put_untimed(const struct eo_trace *t, const struct eo_changes *c, const char *name, size_t length,
                       struct eo_buf *out, size_t start, struct eo_err *err)
{
    size_t folder = strlen(t->folder) + 1;
    struct eo_graph_place place;
    struct eo_buf path = {0}, why = {0};
    int rc = -1;

    eo_buf_printf(&path, "%.*s.timing.csv", (int)(length - folder - strlen(untimed)), name + folder);
    if (eo_buf_check(&path, err))
        goto out;
    if (eo_graph_place(path.data, &place) == 0 &&
        (eo_changes_put_new(c, &place, &why, err) || eo_buf_check(&why, err)))
        goto out;
    if (why.len > 0)
        put_once(out, start, why.data);
    rc = why.len > 0;
out:
    eo_buf_release(&why);
    eo_buf_release(&path);
    return rc;
}

/* Of a step for all candidates: which of them it has to run for. Says that the others are with them. */
static int put_candidates(const struct eo_trace *t, const struct eo_changes *c,
                          const struct eo_trace_step *step, struct eo_buf *out, size_t start,
                          struct eo_err *err)
{
    const char *name = step->newer;
    size_t n, others = 0, folder = strlen(t->folder);

    for (; (name = eo_trace_next(name, &n)) != NULL; name += n) {
        int is_new;

        if (!ends_with(name, n, untimed) || strncmp(name, t->folder, folder) != 0 || name[folder] != '/')
            continue;
        is_new = put_untimed(t, c, name, n, out, start, err);
        if (is_new < 0)
            return -1;
        others += !is_new;
    }
    if (others) {
        put_separator(out, start);
        eo_buf_printf(out,
                      others == 1 ? "%zu candidate has no row of the last session"
                                  : "%zu candidates have no rows of the last session",
                      others);
    }
    if (out->len > start)
        eo_buf_puts(out, "; all are timed together");
    return 0;
}

/* What is not there has every prerequisite as a reason, so none of them counts. */
static int put_why_missing(const struct eo_trace *t, const struct eo_changes *c,
                           const struct eo_trace_step *step, struct eo_buf *out, struct eo_err *err)
{
    size_t start = out->len;

    if (eo_changes_put_new(c, &step->place, out, err))
        return -1;
    if (out->len == start && step->place.together && put_candidates(t, c, step, out, start, err))
        return -1;
    if (out->len == start && step->place.together)
        eo_buf_printf(out, "%s is missing", step->target);
    else if (out->len == start)
        eo_buf_puts(out, "is missing");
    return 0;
}

static int put_why(const struct eo_trace *t, const struct eo_changes *c, const struct eo_trace_step *step,
                   struct eo_buf *out, struct eo_err *err)
{
    int there = is_there(t, step, err);
    size_t start = out->len;

    if (there < 0)
        return -1;
    if (!there)
        return put_why_missing(t, c, step, out, err);
    if (strcmp(step->target, "dataset.csv") == 0)
        return put_configured(c, step->target, out, start, err);
    /* The manifest is of everything, so what its parents follow from says enough. */
    if (strcmp(step->target, EO_GRAPH_MANIFEST) == 0)
        put_steps(t, step, out, start);
    if (step->place.together && put_candidates(t, c, step, out, start, err))
        return -1;
    if ((out->len == start || step->place.together) && put_files(t, c, step, out, start, err))
        return -1;
    if (strcmp(step->target, EO_GRAPH_MANIFEST) != 0)
        put_steps(t, step, out, start);
    if (out->len == start)
        eo_buf_puts(out, "has to run first");
    return 0;
}

/* The reasons of all steps, one NUL-terminated text each; "" for those that would not run. */
static int find_reasons(const struct eo_trace *t, const struct eo_changes *c, struct eo_buf *texts,
                        size_t *offsets, struct eo_err *err)
{
    size_t i;

    for (i = 0; i < t->step_count; i++) {
        struct eo_buf why = {0};
        int rc = t->steps[i].is_stale ? put_why(t, c, &t->steps[i], &why, err) : 0;

        offsets[i] = texts->len;
        if (rc == 0 && (rc = eo_buf_check(&why, err)) == 0)
            eo_buf_append(texts, why.data ? why.data : "", why.len + 1);
        eo_buf_release(&why);
        if (rc)
            return -1;
    }
    return eo_buf_check(texts, err);
}

/* ---- words */

/* One line for all steps of a stage with the same reason as step `i`, unless one before it had it. */
static void put_group(const struct eo_trace *t, const char *const *why, size_t i, struct eo_buf *out)
{
    const struct eo_trace_step *step = &t->steps[i];
    const char *together = step->place.together;
    size_t k, more = 0;

    for (k = 0; k < t->step_count; k++) {
        if (!t->steps[k].is_stale || t->steps[k].place.rank != step->place.rank ||
            strcmp(why[k], why[i]) != 0)
            continue;
        if (k < i)
            return;
        more += (size_t)t->steps[k].target_count;
    }
    eo_buf_printf(out, "  %-9s %s", step->place.stage, together ? together : step->target);
    if (more > 1 && !together)
        eo_buf_printf(out, " and %zu more", more - 1);
    eo_buf_printf(out, ": %s\n", why[i]);
}

struct reasons {
    struct eo_buf texts;
    const char **why;
};

static void release(struct reasons *r)
{
    eo_buf_release(&r->texts);
    free(r->why);
}

static int prepare(struct eo_trace *t, const struct eo_changes *c, struct reasons *r, struct eo_err *err)
{
    size_t *offsets = eo_alloc(t->step_count, sizeof(*offsets), err), i;
    int rc = -1;

    *r = (struct reasons){0};
    if (mark_data(t, c, err))
        goto out;
    r->why = offsets ? eo_alloc(t->step_count, sizeof(*r->why), err) : NULL;
    if (!r->why || find_reasons(t, c, &r->texts, offsets, err))
        goto out;
    for (i = 0; i < t->step_count; i++)
        r->why[i] = r->texts.data + offsets[i];
    rc = 0;
out:
    free(offsets);
    return rc;
}

int eo_explain_words(struct eo_trace *t, const struct eo_changes *c, struct eo_buf *out, struct eo_err *err)
{
    struct reasons r;
    size_t i;
    int follows = 0;
    int rc = prepare(t, c, &r, err);

    if (rc == 0 && t->stale_count == 0)
        eo_buf_printf(out, "%s: nothing to do, all %zu steps are up to date\n", t->folder, t->step_count);
    else if (rc == 0)
        eo_buf_printf(out, "%s: %zu of %zu steps would run\n", t->folder, t->stale_count, t->step_count);
    for (i = 0; rc == 0 && i < t->step_count; i++) {
        if (t->steps[i].is_stale)
            put_group(t, r.why, i, out);
        follows |= strstr(r.why[i], follows_from) != NULL;
    }
    if (follows)
        eo_buf_puts(out, "  what follows from a step runs only if that step makes other bytes than before\n");
    release(&r);
    return rc ? rc : eo_buf_check(out, err);
}

/* ---- the graph */

#define LABEL_WIDTH 30 /* bytes of a line in a node, about */
#define LABEL_LINES 4  /* of a reason */

/* Steps of one stage, and of one pruned model or of all; they stand together in the trace. */
struct node {
    size_t first, count, stale;
};

static int is_same_model(const struct eo_trace_step *a, const struct eo_trace_step *b)
{
    return strcmp(a->place.seed, b->place.seed) == 0 && strcmp(a->place.stem, b->place.stem) == 0;
}

static size_t count_models(const struct eo_trace *t)
{
    size_t i, count = 0;

    for (i = 0; i < t->step_count; i++)
        count += strcmp(t->steps[i].place.stage, "prune") == 0;
    return count;
}

/* Fills `nodes` and, for each step, the number of its node. Returns the number of nodes. */
static size_t make_nodes(const struct eo_trace *t, struct node *nodes, size_t *node_of)
{
    int apart = count_models(t) <= EO_EXPLAIN_GROUPS;
    size_t i, count = 0;

    for (i = 0; i < t->step_count; i++) {
        const struct eo_trace_step *step = &t->steps[i];

        if (i == 0 || step[-1].place.rank != step->place.rank || (apart && !is_same_model(step - 1, step)))
            nodes[count++] = (struct node){.first = i};
        nodes[count - 1].count++;
        nodes[count - 1].stale += (size_t)step->is_stale;
        node_of[i] = count - 1;
    }
    return count;
}

/* Text for a label: lines are broken at a space, and quotes and backslashes are marked. */
static void put_label(struct eo_buf *out, const char *text, size_t lines)
{
    size_t column = 0;

    for (; *text; text++) {
        if (*text == ' ' && column + strcspn(text + 1, " ") >= LABEL_WIDTH) {
            if (--lines == 0) {
                eo_buf_puts(out, " ...");
                return;
            }
            eo_buf_puts(out, "\\n");
            column = 0;
            continue;
        }
        if (*text == '"' || *text == '\\')
            eo_buf_puts(out, "\\");
        eo_buf_append(out, text, 1);
        column++;
    }
}

/* The stage, the pruned model, the precisions. */
static void put_title(const struct eo_trace *t, const struct node *node, struct eo_buf *out)
{
    const struct eo_trace_step *step = &t->steps[node->first], *last = step + node->count - 1;
    size_t i;

    eo_buf_puts(out, step->place.stage);
    if (is_same_model(step, last)) {
        if (*step->place.seed || *step->place.stem)
            eo_buf_printf(out, " %s%s", step->place.seed, step->place.stem);
        for (i = 0; i < node->count && *step[i].place.precision; i++)
            eo_buf_printf(out, "%s%s", i ? " " : "\\n", step[i].place.precision);
    } else {
        eo_buf_printf(out, "\\n%zu steps", node->count);
    }
}

/* How many would run; of one pruned model, which precisions. */
static void put_stale(const struct eo_trace *t, const struct node *node, struct eo_buf *out)
{
    const struct eo_trace_step *step = &t->steps[node->first], *end = step + node->count;

    eo_buf_puts(out, "\\n");
    if (node->stale == node->count)
        eo_buf_puts(out, node->count > 1 ? "all " : "");
    else if (!is_same_model(step, end - 1))
        eo_buf_printf(out, "%zu ", node->stale);
    else
        for (; step < end; step++)
            eo_buf_printf(out, "%s%s", step->is_stale ? step->place.precision : "",
                          step->is_stale ? " " : "");
    eo_buf_puts(out, "would run\\n");
}

static void put_node(const struct eo_trace *t, const struct node *node, size_t number, const char *const *why,
                     struct eo_buf *out)
{
    const char *reason = NULL;
    size_t i;

    for (i = node->first; i < node->first + node->count && !reason; i++)
        reason = t->steps[i].is_stale ? why[i] : NULL;
    eo_buf_printf(out, "  n%zu [label=\"", number);
    put_title(t, node, out);
    if (!reason) {
        eo_buf_puts(out, "\\nup to date\", fillcolor=\"#e3f1df\", color=\"#4a8a3c\"];\n");
        return;
    }
    put_stale(t, node, out);
    put_label(out, reason, LABEL_LINES);
    eo_buf_puts(out, "\", fillcolor=\"#fbe0bf\", color=\"#c05a00\", penwidth=2];\n");
}

/* edge[a * count + b]: a step of b needs a step of a. Nodes come in the order of the stages, so a < b. */
static void find_edges(const struct eo_trace *t, const size_t *node_of, size_t count, char *edge)
{
    size_t i, n;

    for (i = 0; i < t->step_count; i++) {
        const char *name = t->steps[i].needs;

        for (; (name = eo_trace_next(name, &n)) != NULL; name += n) {
            const struct eo_trace_step *from = eo_trace_find(t, name, n);

            if (from && node_of[from - t->steps] < node_of[i])
                edge[node_of[from - t->steps] * count + node_of[i]] = 1;
        }
    }
}

/* reach[a * count + b]: there is a way from a to b. */
static void find_ways(const char *edge, size_t count, char *reach)
{
    size_t a, b, c;

    for (a = count; a-- > 0;) {
        for (b = a + 1; b < count; b++) {
            if (!edge[a * count + b])
                continue;
            reach[a * count + b] = 1;
            for (c = b + 1; c < count; c++)
                reach[a * count + c] |= reach[b * count + c];
        }
    }
}

/* Only edges that no longer way stands for: what is trained from the data need not point at the data again. */
static void put_edges(const struct node *nodes, size_t count, const char *edge, const char *reach,
                      struct eo_buf *out)
{
    size_t a, b, c;

    for (a = 0; a < count; a++) {
        for (b = a + 1; b < count; b++) {
            int is_needed = edge[a * count + b];

            for (c = a + 1; is_needed && c < b; c++)
                is_needed = !(reach[a * count + c] && reach[c * count + b]);
            if (is_needed)
                eo_buf_printf(out, "  n%zu -> n%zu [color=\"%s\"];\n", a, b,
                              nodes[a].stale ? "#c05a00" : "#808080");
        }
    }
}

static int put_graph(const struct eo_trace *t, const char *const *why, struct eo_buf *out, struct eo_err *err)
{
    struct node *nodes = eo_alloc(t->step_count, sizeof(*nodes), err);
    size_t *node_of = nodes ? eo_alloc(t->step_count, sizeof(*node_of), err) : NULL, count, i;
    char *edge = NULL, *reach = NULL;
    int rc = -1;

    if (!node_of)
        goto out;
    count = make_nodes(t, nodes, node_of);
    edge = eo_alloc(count, count, err);
    reach = edge ? eo_alloc(count, count, err) : NULL;
    if (!reach)
        goto out;
    for (i = 0; i < count; i++)
        put_node(t, &nodes[i], i, why, out);
    find_edges(t, node_of, count, edge);
    find_ways(edge, count, reach);
    put_edges(nodes, count, edge, reach, out);
    rc = 0;
out:
    free(reach);
    free(edge);
    free(node_of);
    free(nodes);
    return rc;
}

int eo_explain_dot(struct eo_trace *t, const struct eo_changes *c, struct eo_buf *out, struct eo_err *err)
{
    struct reasons r;
    int rc = prepare(t, c, &r, err);

    if (rc == 0) {
        eo_buf_puts(out, "digraph stages {\n  rankdir=LR;\n  nodesep=0.15;\n  labelloc=t;\n");
        eo_buf_puts(out, "  fontname=\"sans-serif\";\n  label=\"");
        put_label(out, t->folder, 1);
        eo_buf_printf(out, ": %zu of %zu steps would run\";\n", t->stale_count, t->step_count);
        eo_buf_puts(out,
                    "  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", fontsize=11];\n");
        rc = put_graph(t, r.why, out, err);
        eo_buf_puts(out, "}\n");
    }
    release(&r);
    return rc ? rc : eo_buf_check(out, err);
}
