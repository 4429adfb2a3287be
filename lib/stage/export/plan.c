#include "stage/export/plan.h"

#include <limits.h>

/* What is live while a layer runs, and the memory used so far, from `low` to `high`. */
struct memory {
    const struct eo_network *net;
    struct eo_export_plan *plan;
    int low, high;
};

struct place {
    int at, is_backward;
};

int eo_export_plan_place(const struct eo_export_plan *plan, int source)
{
    return source == EO_NETWORK_INPUT ? plan->input : plan->out[source];
}

static int size_of(const struct eo_network *net, int source)
{
    return (int)eo_dims_elements(source == EO_NETWORK_INPUT ? net->input : net->layer[source].out);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The first row of the input that output row `row` needs, and the one behind the last. */
static int first_row(const struct eo_network_layer *l, int row)
{
    int step = l->pooling == EO_NO_POOLING ? 1 : l->pooling == EO_MEAN ? 0 : l->step.h;

    if (l->operation == EO_LINEAR)
        return 0;
    return smaller(larger(row * step * l->stride.h - l->pad.top, 0), l->in.h);
}

static int end_row(const struct eo_network_layer *l, int row)
{
    int step = l->pooling == EO_NO_POOLING ? 1 : l->pooling == EO_MEAN ? 0 : l->step.h;
    int window = l->pooling == EO_NO_POOLING ? 1 : l->pooling == EO_MEAN ? l->map.h : l->window.h;

    if (l->operation == EO_LINEAR)
        return l->in.h;
    return smaller(larger((row * step + window - 1) * l->stride.h - l->pad.top + l->kernel.h, 0), l->in.h);
}

/* How far the output must begin before its input, so that forwards each row ends before what is still needed. */
static int gap_before(const struct eo_network_layer *l)
{
    int out = l->out.w * l->out.c, in = l->in.w * l->in.c, gap = INT_MIN;

    for (int r = 0; r < l->out.h; r++)
        gap = larger(gap, (r + 1) * out - first_row(l, r) * in);
    return gap;
}

/* How far behind, so that backwards each row begins behind what is still needed. */
static int gap_behind(const struct eo_network_layer *l)
{
    int out = l->out.w * l->out.c, in = l->in.w * l->in.c, gap = INT_MIN;

    for (int r = 0; r < l->out.h; r++)
        gap = larger(gap, end_row(l, r) * in - r * out);
    return gap;
}

/* Whether layer i may write at `at`; `spared` may be written over. */
static int is_free(const struct memory *m, int i, int at, int spared)
{
    int size = size_of(m->net, i);

    for (int source = EO_NETWORK_INPUT; source < i; source++) {
        int from = eo_export_plan_place(m->plan, source);

        if (source == spared || eo_network_last_reader(m->net, source) < i)
            continue;
        if (at < from + size_of(m->net, source) && from < at + size)
            return 0;
    }
    return 1;
}

/* Takes `place` where it is free and leads to less memory than `best`. */
static void offer(const struct memory *m, int i, struct place place, int spared, struct place *best,
                  int *least)
{
    int size = size_of(m->net, i), bytes = larger(m->high, place.at + size) - smaller(m->low, place.at);

    if (bytes < *least && is_free(m, i, place.at, spared)) {
        *best = place;
        *least = bytes;
    }
}

static struct place choose(const struct memory *m, int i)
{
    const struct eo_network_layer *l = &m->net->layer[i];
    int in = eo_export_plan_place(m->plan, l->from), least = INT_MAX, size = size_of(m->net, i);
    struct place best = {m->high, 0};

    offer(m, i, best, EO_NETWORK_NONE, &best, &least);
    for (int source = EO_NETWORK_INPUT; source < i; source++) {
        int from = eo_export_plan_place(m->plan, source);

        offer(m, i, (struct place){from + size_of(m->net, source), 0}, EO_NETWORK_NONE, &best, &least);
        offer(m, i, (struct place){from - size, 0}, EO_NETWORK_NONE, &best, &least);
        offer(m, i, (struct place){from, 0}, EO_NETWORK_NONE, &best, &least);
    }
    if (l->add != EO_NETWORK_NONE && l->add != l->from && l->pooling == EO_NO_POOLING &&
        eo_network_last_reader(m->net, l->add) == i)
        offer(m, i, (struct place){eo_export_plan_place(m->plan, l->add), 0}, l->add, &best, &least);
    if (l->add != l->from && eo_network_last_reader(m->net, l->from) == i) {
        offer(m, i, (struct place){in - gap_before(l), 0}, l->from, &best, &least);
        offer(m, i, (struct place){in + gap_behind(l), 1}, l->from, &best, &least);
    }
    return best;
}

void eo_export_plan_make(struct eo_export_plan *plan, const struct eo_network *net)
{
    struct memory m = {net, plan, 0, size_of(net, EO_NETWORK_INPUT)};

    *plan = (struct eo_export_plan){0};
    for (int i = 0; i + 1 < net->count; i++) {
        struct place place = choose(&m, i);

        plan->out[i] = place.at;
        plan->is_backward[i] = place.is_backward;
        m.low = smaller(m.low, place.at);
        m.high = larger(m.high, place.at + size_of(net, i));
    }
    plan->input -= m.low;
    for (int i = 0; i + 1 < net->count; i++)
        plan->out[i] -= m.low;
    plan->bytes = m.high - m.low;
}
