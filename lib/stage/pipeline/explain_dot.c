#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/pipeline/explain.h"
#include "stage/pipeline/reason.h"

#define LABEL_WIDTH 30 /* bytes of a line in a node, about */
#define LABEL_LINES 4  /* of a reason */

/* The steps of one stage, for one pruned model or for all models; they are neighbours in the trace. */
struct node {
    size_t first, count, stale;
};

static int is_same_model(const struct eo_trace_step *a, const struct eo_trace_step *b)
{
    struct eo_candidate_name x = a->name, y = b->name;

    x.key.precision = y.key.precision;
    return a->has_name == b->has_name && (!a->has_name || eo_candidate_equal(&x.key, &y.key));
}

static size_t count_models(const struct eo_trace *t)
{
    size_t i, count = 0;

    for (i = 0; i < t->step_count; i++)
        count += t->steps[i].has_name && t->steps[i].name.is_pruned;
    return count;
}

/* Fills `nodes` and, for each step, the number of its node. Returns the number of nodes. */
static size_t make_nodes(const struct eo_trace *t, struct node *nodes, size_t *node_of)
{
    int apart = count_models(t) <= EO_EXPLAIN_GROUPS;
    size_t i, count = 0;

    for (i = 0; i < t->step_count; i++) {
        const struct eo_trace_step *step = &t->steps[i];

        if (i == 0 || strcmp(step[-1].stage, step->stage) != 0 || (apart && !is_same_model(step - 1, step)))
            nodes[count++] = (struct node){.first = i};
        nodes[count - 1].count++;
        nodes[count - 1].stale += (size_t)step->is_stale;
        node_of[i] = count - 1;
    }
    return count;
}

/* Text for a label: breaks lines at spaces, and escapes quotes and backslashes. */
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
    struct eo_candidate_name pruned = step->name;
    char text[EO_CANDIDATE_NAME];

    eo_buf_puts(out, step->stage);
    if (!is_same_model(step, last)) {
        eo_buf_printf(out, "\\n%zu steps", node->count);
        return;
    }
    if (!step->has_name)
        return;
    pruned.is_pruned = 1;
    eo_candidate_name(&pruned, EO_TRACE_FIRST_SEED, text);
    eo_buf_printf(out, " %s", text);
    for (size_t i = 0; i < node->count && !step[i].name.is_pruned; i++)
        eo_buf_printf(out, "%s%s", i ? " " : "\\n", eo_precision_name(step[i].name.key.precision));
}

/* How many steps would run; for one pruned model, which precisions. */
static void put_stale(const struct eo_trace *t, const struct node *node, struct eo_buf *out)
{
    const struct eo_trace_step *step = &t->steps[node->first], *end = step + node->count;

    eo_buf_puts(out, "\\n");
    if (node->stale == node->count)
        eo_buf_puts(out, node->count > 1 ? "all " : "");
    else if (!is_same_model(step, end - 1) || !step->has_name)
        eo_buf_printf(out, "%zu ", node->stale);
    else
        for (; step < end; step++)
            eo_buf_printf(out, "%s%s", step->is_stale ? eo_precision_name(step->name.key.precision) : "",
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

/* reach[a * count + b]: there is a path from a to b. */
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

/* Leaves out an edge where a longer path connects the same nodes. */
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
    struct eo_reasons r;
    int rc = eo_reasons_find(&r, t, c, err);

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
    eo_reasons_release(&r);
    return rc ? rc : eo_buf_check(out, err);
}
