#include "nn/arena_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/ref.h"

struct run {
    const struct eo_arena_graph *g;
    const struct eo_arena_plan *plan;
    const uint8_t *pixels;
    struct eo_ref *ref;
    int last_layer;
    size_t total; /* bytes of the block: red zone, arena, red zone */
    unsigned char *block;
    unsigned char *before;   /* the block before an operation */
    unsigned char *prepared; /* the block as the operation found it */
    unsigned char *first;    /* what the first of the two left */
    unsigned char *written;  /* 1: by some operation */
    struct eo_arena_check *check;
    struct eo_err *err;
};

/* Where a tensor lies in the block. */
static size_t place_of(const struct run *r, int tensor)
{
    return EO_ARENA_RED_ZONE + r->plan->offset[tensor];
}

/* A tensor's bytes that lie in the arena. */
static size_t inside(const struct run *r, int tensor)
{
    size_t offset = r->plan->offset[tensor], bytes = r->g->tensor[tensor].bytes;
    size_t room = offset < r->plan->bytes ? r->plan->bytes - offset : 0;

    return bytes < room ? bytes : room;
}

/* What the operation must not change: all that lives, except what it writes. */
static int is_kept(const struct run *r, int op, int tensor)
{
    const struct eo_arena_tensor *t = &r->g->tensor[tensor];

    return t->first <= op && op <= t->last && tensor != r->g->op[op].out;
}

static int report(const struct run *r, int op, enum eo_arena_fault fault, int tensor, ptrdiff_t byte)
{
    static const char *const what[] = {
        [EO_ARENA_OVERLAP] = "writes where a tensor lives",
        [EO_ARENA_STRAY] = "writes beyond its output",
        [EO_ARENA_UNDEFINED] = "leaves undefined",
    };
    const char *name = tensor < 0 ? NULL : r->g->tensor[tensor].name;

    r->check->fault = fault;
    r->check->operation = r->g->op[op].name;
    r->check->tensor = name;
    r->check->byte = byte;
    return eo_err_set(r->err, "operation '%s' %s: byte %td of %s%s%s", r->g->op[op].name, what[fault], byte,
                      name ? "'" : "the arena", name ? name : "", name ? "'" : "");
}

/* The first byte that differs, or n. */
static size_t find_difference(const unsigned char *a, const unsigned char *b, size_t n)
{
    size_t i = 0;

    while (i < n && a[i] == b[i])
        i++;
    return i;
}

/* Changes all bytes that the operation may not read. */
static void prepare(struct run *r, int op, unsigned char change)
{
    const struct eo_arena_op *o = &r->g->op[op];
    size_t at;

    for (size_t i = 0; i < r->total; i++)
        r->block[i] = r->before[i] ^ change;
    for (int t = 0; t < r->g->tensor_count; t++) {
        at = place_of(r, t);
        if (is_kept(r, op, t))
            memcpy(r->block + at, r->before + at, r->g->tensor[t].bytes);
    }
    at = place_of(r, o->out);
    for (size_t i = at; i < at + inside(r, o->out); i++)
        r->block[i] = r->before[i] ^ change;
    memcpy(r->prepared, r->block, r->total);
}

static int check_overlap(const struct run *r, int op)
{
    for (int t = 0; t < r->g->tensor_count; t++) {
        size_t at = place_of(r, t), n = r->g->tensor[t].bytes, i;

        if (!is_kept(r, op, t))
            continue;
        i = find_difference(r->prepared + at, r->before + at, n);
        if (i < n)
            return report(r, op, EO_ARENA_OVERLAP, t, (ptrdiff_t)i);
    }
    return 0;
}

/* A byte outside the output has changed: the tensor that it is part of, or none. */
static int report_stray(const struct run *r, int op, size_t at)
{
    for (int t = 0; t < r->g->tensor_count; t++) {
        if (is_kept(r, op, t) && at >= place_of(r, t) && at < place_of(r, t) + r->g->tensor[t].bytes)
            return report(r, op, EO_ARENA_STRAY, t, (ptrdiff_t)(at - place_of(r, t)));
    }
    return report(r, op, EO_ARENA_STRAY, -1, (ptrdiff_t)at - EO_ARENA_RED_ZONE);
}

static int check_stray(const struct run *r, int op)
{
    size_t begin = place_of(r, r->g->op[op].out), end = begin + inside(r, r->g->op[op].out), i;

    i = find_difference(r->block, r->prepared, begin);
    if (i < begin)
        return report_stray(r, op, i);
    i = end + find_difference(r->block + end, r->prepared + end, r->total - end);
    return i < r->total ? report_stray(r, op, i) : 0;
}

static void perform(const struct run *r, const struct eo_arena_op *op)
{
    unsigned char *y = r->block + place_of(r, op->out);
    const unsigned char *x = op->in < 0 ? NULL : r->block + place_of(r, op->in);
    const unsigned char *added = op->added < 0 ? NULL : r->block + place_of(r, op->added);

    switch (op->kind) {
    case EO_ARENA_INPUT:
        eo_ref_input(r->ref, r->pixels, y);
        break;
    case EO_ARENA_LAYER:
        if (op->layer == r->last_layer)
            eo_ref_scores(r->ref, x, y);
        else
            eo_ref_run_layer(r->ref, op->layer, x, added, y);
        break;
    case EO_ARENA_OPERATION:
        eo_ref_run_operation(r->ref, op->layer, x, added, y);
        break;
    case EO_ARENA_POOL:
        eo_ref_run_pool(r->ref, op->layer, x, y);
        break;
    }
}

static int run_once(struct run *r, int op, unsigned char change)
{
    prepare(r, op, change);
    if (check_overlap(r, op))
        return -1;
    perform(r, &r->g->op[op]);
    return check_stray(r, op);
}

static int run_op(struct run *r, int op)
{
    int out = r->g->op[op].out;
    size_t at = place_of(r, out), n = inside(r, out), i;

    memcpy(r->before, r->block, r->total);
    if (run_once(r, op, 0xff))
        return -1;
    memcpy(r->first, r->block + at, n);
    if (run_once(r, op, 0x55))
        return -1;
    i = find_difference(r->first, r->block + at, n);
    if (i < n)
        return report(r, op, EO_ARENA_UNDEFINED, out, (ptrdiff_t)i);
    memset(r->written + r->plan->offset[out], 1, n);
    return 0;
}

static int check_plan(const struct eo_arena_graph *g, const struct eo_arena_plan *plan, struct eo_err *err)
{
    size_t end, most;

    if (eo_size_add(plan->bytes, EO_ARENA_RED_ZONE, &most))
        most = 0;
    for (int t = 0; t < g->tensor_count; t++) {
        if (eo_size_add(plan->offset[t], g->tensor[t].bytes, &end) || end > most)
            return eo_err_set(err, "tensor '%s': expected a place within %zu bytes, found %zu bytes at %zu",
                              g->tensor[t].name, plan->bytes, g->tensor[t].bytes, plan->offset[t]);
    }
    return 0;
}

static int allocate(struct run *r, struct eo_err *err)
{
    r->total = r->plan->bytes + (size_t)2 * EO_ARENA_RED_ZONE;
    r->block = eo_alloc(5, r->total, err);
    if (!r->block)
        return -1;
    r->before = r->block + r->total;
    r->prepared = r->before + r->total;
    r->first = r->prepared + r->total;
    r->written = r->first + r->total;
    return 0;
}

static void measure(const struct run *r)
{
    for (size_t i = 0; i < r->plan->bytes; i++) {
        r->check->written += r->written[i];
        r->check->high_water = r->written[i] ? i + 1 : r->check->high_water;
    }
}

int eo_arena_run(const struct eo_model *m, const struct eo_arena_graph *g, const struct eo_arena_plan *plan,
                 const uint8_t *pixels, union eo_score *scores, struct eo_arena_check *check,
                 struct eo_err *err)
{
    struct run r = {.g = g,
                    .plan = plan,
                    .pixels = pixels,
                    .last_layer = m->network.count - 1,
                    .check = check,
                    .err = err};
    size_t classes = (size_t)eo_network_classes(&m->network);
    int rc = -1;

    memset(check, 0, sizeof(*check));
    if (check_plan(g, plan, err) || allocate(&r, err))
        return -1;
    r.ref = eo_ref_new(m, err);
    if (!r.ref)
        goto out;
    for (int op = 0; op < g->op_count; op++) {
        if (run_op(&r, op))
            goto out;
    }
    memcpy(scores, r.block + place_of(&r, g->op[g->op_count - 1].out), classes * sizeof(*scores));
    measure(&r);
    rc = 0;
out:
    eo_ref_free(r.ref);
    free(r.block);
    return rc;
}

/* At fp16 a map has been rounded before it is averaged, unless both are one operation. */
static int has_same_scores(const struct eo_model *m, enum eo_arena_form form)
{
    int averaged = 0;

    for (int l = 0; l < m->network.count; l++)
        averaged |= eo_network_averaged(&m->network.layer[l]) > 0;
    return form == EO_ARENA_FUSED || m->precision != EO_FP16 || !averaged;
}

int eo_arena_verify(const struct eo_model *m, const uint8_t *pixels, const union eo_score *expected,
                    size_t bytes[EO_ARENA_FORMS], struct eo_err *err)
{
    union eo_score scores[EO_NETWORK_CLASSES];
    size_t size = (size_t)eo_network_classes(&m->network) * sizeof(*scores);
    struct eo_arena_check check;
    struct eo_arena_graph g;
    struct eo_arena_plan plan;

    for (int f = 0; f < EO_ARENA_FORMS; f++) {
        const char *name = eo_arena_form_name((enum eo_arena_form)f);

        eo_arena_graph_make(&g, &m->network, m->precision, (enum eo_arena_form)f);
        eo_arena_plan_make(&plan, &g);
        if (eo_arena_run(m, &g, &plan, pixels, scores, &check, err))
            return eo_err_prefix(err, "%s graph", name);
        if (has_same_scores(m, (enum eo_arena_form)f) && memcmp(scores, expected, size) != 0)
            return eo_err_set(err,
                              "%s graph: expected the engine's scores in an arena of %zu bytes, found others",
                              name, plan.bytes);
        bytes[f] = plan.bytes;
    }
    return 0;
}
