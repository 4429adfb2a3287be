#include "nn/arena.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

size_t eo_arena_lower_bound(const struct eo_arena_tensor *t, int count)
{
    size_t most = 0;
    int i, k;

    for (i = 0; i < count; i++) { /* the sum rises only where a tensor begins */
        size_t live = 0;

        for (k = 0; k < count; k++)
            live += t[k].first <= t[i].first && t[i].first <= t[k].last ? t[k].bytes : 0;
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
    int i;

    for (i = 0; i < count; i++) {
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

/* Places them one after the other, those of the largest key first; returns the bytes of the block. */
static size_t place_by_key(const struct eo_arena_tensor *t, const size_t *key, int count, size_t *offset)
{
    int order[EO_ARENA_MAX], i, k;
    size_t bytes = 0;

    for (i = 0; i < count; i++) {
        for (k = i; k > 0 && key[order[k - 1]] < key[i]; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    for (i = 0; i < count; i++) {
        size_t end = place_lowest(t, offset, order, i, order[i]);

        bytes = end > bytes ? end : bytes;
    }
    return bytes;
}

size_t eo_arena_place_greedy(const struct eo_arena_tensor *t, int count, size_t *offset)
{
    size_t key[EO_ARENA_MAX], other[EO_ARENA_MAX], bytes, by_area;
    int i;

    assert(count >= 1 && count <= EO_ARENA_MAX);
    for (i = 0; i < count; i++)
        key[i] = t[i].bytes;
    bytes = place_by_key(t, key, count, offset);
    for (i = 0; i < count; i++)
        key[i] *= (size_t)(t[i].last - t[i].first + 1);
    by_area = place_by_key(t, key, count, other);
    if (by_area >= bytes)
        return bytes;
    memcpy(offset, other, (size_t)count * sizeof(*offset));
    return by_area;
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
    int i;

    if (placed == s->count) { /* bytes < best, or it would not have come this far */
        s->best = bytes;
        memcpy(s->best_offset, s->offset, sizeof(s->offset));
        return;
    }
    for (i = placed; i < s->count && s->best > s->enough; i++) {
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
    int i;

    assert(count >= 1 && count <= EO_ARENA_EXACT);
    for (i = 0; i < count; i++)
        s.order[i] = i;
    search_orders(&s, 0, 0);
    memcpy(offset, s.best_offset, (size_t)count * sizeof(*offset));
    return s.best;
}

size_t eo_arena_place(const struct eo_arena_tensor *t, int count, size_t *offset)
{
    size_t bytes = eo_arena_place_greedy(t, count, offset);

    if (bytes > eo_arena_lower_bound(t, count) && count <= EO_ARENA_EXACT)
        bytes = eo_arena_place_exact(t, count, offset);
    return bytes;
}

/* ---- the network ----------------------------------------------------------------------------------------------- */

const char *eo_arena_form_name(enum eo_arena_form form)
{
    return form == EO_ARENA_FUSED ? "fused" : "unfused";
}

static int add_tensor(struct eo_arena_graph *g, const char *name, size_t elements, int element_bytes)
{
    g->tensor[g->tensor_count] = (struct eo_arena_tensor){.name = name,
                                                          .bytes = elements * (size_t)element_bytes,
                                                          .align = (size_t)element_bytes,
                                                          .first = g->op_count};
    return g->tensor_count++;
}

/* Adds an operation; the tensors that it touches live until now at least. Returns what it writes. */
static int add_op(struct eo_arena_graph *g, const char *name, enum eo_arena_kind kind, enum eo_layer layer,
                  int in, int out)
{
    if (in >= 0)
        g->tensor[in].last = g->op_count;
    g->tensor[out].last = g->op_count;
    g->op[g->op_count++] = (struct eo_arena_op){name, kind, layer, in, out};
    return out;
}

/* From the convolution's input `in` to what the next layer takes. */
static int add_conv(struct eo_arena_graph *g, const struct eo_shape *s, enum eo_precision precision,
                    enum eo_arena_form form, enum eo_layer l, int in)
{
    int bytes = eo_precision_activation_bytes(precision), conv, pool;
    const char *pool_name = l == EO_CONV1 ? "pool1" : "pool2";

    if (form == EO_ARENA_FUSED) {
        pool = add_tensor(g, pool_name, eo_shape_output_elements(s, l), bytes);
        return add_op(g, eo_layer_name(l), EO_ARENA_CONV_POOL_RELU, l, in, pool);
    }
    conv = add_tensor(g, eo_layer_name(l), eo_shape_conv_elements(s, l), bytes);
    add_op(g, eo_layer_name(l), EO_ARENA_CONV, l, in, conv);
    pool = add_tensor(g, pool_name, eo_shape_output_elements(s, l), bytes);
    add_op(g, pool_name, EO_ARENA_POOL, l, conv, pool);
    return add_op(g, l == EO_CONV1 ? "relu1" : "relu2", EO_ARENA_RELU, l, pool, pool);
}

void eo_arena_graph_make(struct eo_arena_graph *g, const struct eo_shape *s, enum eo_precision precision,
                         enum eo_arena_form form)
{
    int at;

    memset(g, 0, sizeof(*g));
    at = add_tensor(g, "input", eo_shape_input_elements(s, EO_CONV1),
                    eo_precision_activation_bytes(precision));
    add_op(g, "input", EO_ARENA_INPUT, EO_CONV1, -1, at);
    at = add_conv(g, s, precision, form, EO_CONV1, at);
    at = add_conv(g, s, precision, form, EO_CONV2, at);
    add_tensor(g, "logits", eo_shape_output_elements(s, EO_CLASSIFIER), 4);
    add_op(g, eo_layer_name(EO_CLASSIFIER), EO_ARENA_CLASSIFIER, EO_CLASSIFIER, at, at + 1);
}

void eo_arena_plan_make(struct eo_arena_plan *plan, const struct eo_arena_graph *g)
{
    memset(plan, 0, sizeof(*plan));
    plan->bytes = eo_arena_place(g->tensor, g->tensor_count, plan->offset);
}
