#include "nn/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

size_t eo_arena_live(const struct eo_arena_tensor *t, int count, int op)
{
    size_t live = 0;

    for (int k = 0; k < count; k++)
        live += t[k].first <= op && op <= t[k].last ? t[k].bytes : 0;
    return live;
}

size_t eo_arena_lower_bound(const struct eo_arena_tensor *t, int count)
{
    size_t most = 0;

    for (int i = 0; i < count; i++) { /* the sum rises only where a tensor begins */
        size_t live = eo_arena_live(t, count, t[i].first);

        most = live > most ? live : most;
    }
    return most;
}

static int lives_with(const struct eo_arena_tensor *a, const struct eo_arena_tensor *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The end of a placed tensor that t would overlap at this offset; 0: there is none. */
static size_t find_obstacle(const struct eo_arena_tensor *t, const size_t *offset, const int *placed,
                            int count, int which, size_t at)
{
    for (int i = 0; i < count; i++) {
        int k = placed[i];
        size_t end = offset[k] + t[k].bytes;

        if (lives_with(&t[k], &t[which]) && at < end && offset[k] < at + t[which].bytes)
            return end;
    }
    return 0;
}

/* Places `which` at the lowest offset that those already placed leave free; returns its end. */
static size_t place_lowest(const struct eo_arena_tensor *t, size_t *offset, const int *placed, int count,
                           int which)
{
    size_t at = 0, end;

    while ((end = find_obstacle(t, offset, placed, count, which, at)) != 0)
        at = eo_size_round_up(end, t[which].align);
    offset[which] = at;
    return at + t[which].bytes;
}

/* Places them one after the other; returns the bytes of the block. */
static size_t place_in_order(const struct eo_arena_tensor *t, const int *order, int count, size_t *offset)
{
    size_t bytes = 0;

    for (int i = 0; i < count; i++) {
        size_t end = place_lowest(t, offset, order, i, order[i]);

        bytes = end > bytes ? end : bytes;
    }
    return bytes;
}

/* Those of the largest key first; of equal ones the first. */
static void sort_by_key(const size_t *key, int count, int *order)
{
    int k;

    for (int i = 0; i < count; i++) {
        for (k = i; k > 0 && key[order[k - 1]] < key[i]; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
}

size_t eo_arena_place_greedy(const struct eo_arena_tensor *t, int count, size_t *offset)
{
    size_t key[EO_ARENA_MAX], other[EO_ARENA_MAX], bytes, by_area;
    int order[EO_ARENA_MAX];

    assert(count >= 1 && count <= EO_ARENA_MAX);
    for (int i = 0; i < count; i++)
        key[i] = t[i].bytes;
    sort_by_key(key, count, order);
    bytes = place_in_order(t, order, count, offset);
    for (int i = 0; i < count; i++)
        key[i] *= (size_t)(t[i].last - t[i].first + 1);
    sort_by_key(key, count, order);
    by_area = place_in_order(t, order, count, other);
    if (by_area >= bytes)
        return bytes;
    memcpy(offset, other, (size_t)count * sizeof(*offset));
    return by_area;
}

/* The tensor that reaches highest goes to the front of the order. */
static void move_highest(const struct eo_arena_tensor *t, const size_t *offset, int count, int *order)
{
    int at = 0, which;

    for (int i = 1; i < count; i++)
        at = offset[order[i]] + t[order[i]].bytes > offset[order[at]] + t[order[at]].bytes ? i : at;
    which = order[at];
    memmove(order + 1, order, (size_t)at * sizeof(*order));
    order[0] = which;
}

/* Improves a placement of `bytes`; returns the bytes then. */
static size_t improve(const struct eo_arena_tensor *t, int count, size_t bytes, size_t *offset)
{
    size_t key[EO_ARENA_MAX] = {0}, other[EO_ARENA_MAX], enough = eo_arena_lower_bound(t, count);
    int order[EO_ARENA_MAX];

    for (int i = 0; i < count; i++)
        key[i] = t[i].bytes;
    sort_by_key(key, count, order);
    for (int tries = 0; tries < 2 * count && bytes > enough; tries++) {
        size_t found = place_in_order(t, order, count, other);

        if (found < bytes)
            memcpy(offset, other, (size_t)count * sizeof(*offset));
        bytes = found < bytes ? found : bytes;
        move_highest(t, other, count, order);
    }
    return bytes;
}

struct search {
    const struct eo_arena_tensor *t;
    int count, order[EO_ARENA_EXACT];
    size_t offset[EO_ARENA_EXACT];
    size_t enough; /* no need to look for less */
    size_t best, best_offset[EO_ARENA_EXACT];
};

/* All orders that begin with the first `placed` of s->order, which need `bytes`. */
static void search_orders(struct search *s, int placed, size_t bytes)
{
    if (placed == s->count) { /* bytes < best: other branches were cut */
        s->best = bytes;
        memcpy(s->best_offset, s->offset, sizeof(s->offset));
        return;
    }
    for (int i = placed; i < s->count && s->best > s->enough; i++) {
        int which = s->order[i];
        size_t end;

        s->order[i] = s->order[placed];
        s->order[placed] = which;
        end = place_lowest(s->t, s->offset, s->order, placed, which);
        end = end > bytes ? end : bytes;
        if (end < s->best)
            search_orders(s, placed + 1, end);
        s->order[placed] = s->order[i];
        s->order[i] = which;
    }
}

size_t eo_arena_place_exact(const struct eo_arena_tensor *t, int count, size_t *offset)
{
    struct search s = {.t = t, .count = count, .best = SIZE_MAX, .enough = eo_arena_lower_bound(t, count)};

    assert(count >= 1 && count <= EO_ARENA_EXACT);
    for (int i = 0; i < count; i++)
        s.order[i] = i;
    search_orders(&s, 0, 0);
    memcpy(offset, s.best_offset, (size_t)count * sizeof(*offset));
    return s.best;
}

size_t eo_arena_place(const struct eo_arena_tensor *t, int count, size_t *offset)
{
    size_t bytes = eo_arena_place_greedy(t, count, offset);

    if (bytes == eo_arena_lower_bound(t, count))
        return bytes;
    return count <= EO_ARENA_EXACT ? eo_arena_place_exact(t, count, offset)
                                   : improve(t, count, bytes, offset);
}

/* ---- the network ----------------------------------------------------------------------------------------------- */

const char *eo_arena_form_name(enum eo_arena_form form)
{
    return form == EO_ARENA_FUSED ? "fused" : "unfused";
}

/* `ending`: what follows the name of the layer. */
static int add_tensor(struct eo_arena_graph *g, const char *name, const char *ending, size_t elements,
                      int element_bytes)
{
    struct eo_arena_tensor *t = &g->tensor[g->tensor_count];

    *t = (struct eo_arena_tensor){
        .bytes = elements * (size_t)element_bytes, .align = (size_t)element_bytes, .first = g->op_count};
    snprintf(t->name, sizeof(t->name), "%s%s", name, ending);
    return g->tensor_count++;
}

/* The tensors that an operation reads and writes live until then at least. */
static void add_op(struct eo_arena_graph *g, const char *name, const char *ending, struct eo_arena_op op)
{
    if (op.in >= 0)
        g->tensor[op.in].last = g->op_count;
    if (op.added >= 0)
        g->tensor[op.added].last = g->op_count;
    g->tensor[op.out].last = g->op_count;
    snprintf(op.name, sizeof(op.name), "%s%s", name, ending);
    g->op[g->op_count++] = op;
}

/* Layer i, which reads the tensors `in` and `added`; -1: none. Returns its output. */
static int add_layer(struct eo_arena_graph *g, const struct eo_network *net, enum eo_precision precision,
                     enum eo_arena_form form, int i, int in, int added)
{
    const struct eo_network_layer *l = &net->layer[i];
    int is_last = i + 1 == net->count, bytes = is_last ? 4 : eo_precision_activation_bytes(precision), map,
        out;

    if (form == EO_ARENA_FUSED || !l->pooling) {
        out = add_tensor(g, is_last ? "logits" : l->name, "", eo_dims_elements(l->out), bytes);
        add_op(g, l->name, "", (struct eo_arena_op){"", EO_ARENA_LAYER, i, in, added, out});
        return out;
    }
    map = add_tensor(g, l->name, " map", eo_dims_elements(l->map), bytes);
    add_op(g, l->name, "", (struct eo_arena_op){"", EO_ARENA_OPERATION, i, in, added, map});
    out = add_tensor(g, l->name, "", eo_dims_elements(l->out), bytes);
    add_op(g, l->name, " pool", (struct eo_arena_op){"", EO_ARENA_POOL, i, map, -1, out});
    return out;
}

void eo_arena_graph_make(struct eo_arena_graph *g, const struct eo_network *net, enum eo_precision precision,
                         enum eo_arena_form form)
{
    int output[EO_NETWORK_LAYERS + 1]; /* tensors: of the input, of each layer */

    memset(g, 0, sizeof(*g));
    output[0] =
        add_tensor(g, "input", "", eo_dims_elements(net->input), eo_precision_activation_bytes(precision));
    add_op(g, "input", "", (struct eo_arena_op){"", EO_ARENA_INPUT, 0, -1, -1, output[0]});
    for (int i = 0; i < net->count; i++) {
        int from = net->layer[i].from, add = net->layer[i].add;

        output[1 + i] = add_layer(g, net, precision, form, i, output[1 + from],
                                  add == EO_NETWORK_NONE ? -1 : output[1 + add]);
    }
}

void eo_arena_plan_make(struct eo_arena_plan *plan, const struct eo_arena_graph *g)
{
    memset(plan, 0, sizeof(*plan));
    plan->bytes = eo_arena_place(g->tensor, g->tensor_count, plan->offset);
}

size_t eo_arena_bytes(const struct eo_network *net, enum eo_precision precision, enum eo_arena_form form)
{
    struct eo_arena_graph g;
    struct eo_arena_plan plan;

    eo_arena_graph_make(&g, net, precision, form);
    eo_arena_plan_make(&plan, &g);
    return plan.bytes;
}
