/*
 * One block of memory for all activations: what lives when, and where it lies.
 *
 *     struct eo_arena_graph g;
 *     struct eo_arena_plan plan;
 *     eo_arena_graph_make(&g, &model.network, model.precision, EO_ARENA_FUSED);
 *     eo_arena_plan_make(&plan, &g);              // plan.bytes, plan.offset[0..g.tensor_count - 1]
 *
 * A device that runs the network needs `plan.bytes` of memory for one image, beside the weights; arena_run.h proves it
 * by running it there. The operations of the two forms, in their order (-> what each writes):
 *
 *     fused      input -> input; each layer -> its output, without a full-size map where it has a pooling
 *     unfused    the same, but a layer L that has a pooling is two operations: L -> "L map"; "L pool" -> its output.
 *                What is added belongs to the first, the activation to the second, or to both.
 *
 * `input` makes activations out of grey values, which are no part of the arena. A tensor lives from the operation that
 * writes it to the last one that reads it, so an output that is added later lives until then. Its bytes are those of
 * the precision's activations (4, 2 or 1 each), 4 for each class in `logits`, the last layer's output; it lies at a
 * multiple of the size of its elements.
 */
#ifndef EO_NN_ARENA_H
#define EO_NN_ARENA_H

#include <stddef.h>

#include "nn/network.h"

#define EO_ARENA_NAME (EO_NETWORK_NAME + 8)

struct eo_arena_tensor {
    char name[EO_ARENA_NAME];
    size_t bytes;
    size_t align; /* its offset is a multiple of this power of two */
    /* Operations, by number: tensors may not overlap if their ranges [first, last] meet. */
    int first, last;
};

/* ---- planning, for tensors of any kind ------------------------------------------------------------------------- */

#define EO_ARENA_MAX EO_NETWORK_TENSORS
#define EO_ARENA_EXACT 8 /* up to so many, eo_arena_place() finds an optimum */

/* The sum of bytes that live at an operation, and the largest such sum. No arena is smaller. */
size_t eo_arena_live(const struct eo_arena_tensor *t, int count, int op);
size_t eo_arena_lower_bound(const struct eo_arena_tensor *t, int count);

/*
 * Offsets in one block for 1..EO_ARENA_MAX tensors; returns the bytes of the block. The sum of all bytes has to fit in
 * size_t. _greedy places the largest first, each at the lowest offset where it fits, then those of the most bytes times
 * operations first, and takes the better. _exact, for up to EO_ARENA_EXACT, tries every order of placing each at the
 * lowest offset where it fits; one of the orders gives an optimum:
 *
 *     Take any arrangement and place its tensors again, in the order of their offsets in it. None comes to lie higher
 *     than it did: those that were placed before, and may not overlap it, ended below its old offset, and end no higher
 *     now, so its old offset, which is aligned, is still free, and the lowest free one is not above that.
 *
 * eo_arena_place() is greedy where that reaches the lower bound, else exact where the tensors are few enough. Otherwise
 * it tries orders: by size at first, and then again and again with the tensor that reached highest as the first.
 */
size_t eo_arena_place(const struct eo_arena_tensor *t, int count, size_t *offset);
size_t eo_arena_place_greedy(const struct eo_arena_tensor *t, int count, size_t *offset);
size_t eo_arena_place_exact(const struct eo_arena_tensor *t, int count, size_t *offset);

/* ---- the network ----------------------------------------------------------------------------------------------- */

#define EO_ARENA_OPS EO_ARENA_MAX /* each writes one tensor */

enum eo_arena_form { EO_ARENA_FUSED, EO_ARENA_UNFUSED, EO_ARENA_FORMS };

enum eo_arena_kind {
    EO_ARENA_INPUT,
    EO_ARENA_LAYER,     /* all of a layer */
    EO_ARENA_OPERATION, /* a layer up to its map */
    EO_ARENA_POOL       /* the rest */
};

struct eo_arena_op {
    char name[EO_ARENA_NAME];
    enum eo_arena_kind kind;
    int layer;          /* 0 for the input */
    int in, added, out; /* tensors; -1: none */
};

/* Large: some 10 KiB. */
struct eo_arena_graph {
    struct eo_arena_op op[EO_ARENA_OPS];
    struct eo_arena_tensor tensor[EO_ARENA_MAX]; /* in the order in which they are written */
    int op_count, tensor_count;
};

struct eo_arena_plan {
    size_t bytes;
    size_t offset[EO_ARENA_MAX];
};

const char *eo_arena_form_name(enum eo_arena_form form); /* "fused", "unfused" */

void eo_arena_graph_make(struct eo_arena_graph *g, const struct eo_network *net, enum eo_precision precision,
                         enum eo_arena_form form);

/* By eo_arena_place(). For SmallCNN of any channels, and all known networks, it is as large as the lower bound. */
void eo_arena_plan_make(struct eo_arena_plan *plan, const struct eo_arena_graph *g);

/* The bytes alone. */
size_t eo_arena_bytes(const struct eo_network *net, enum eo_precision precision, enum eo_arena_form form);

#endif
