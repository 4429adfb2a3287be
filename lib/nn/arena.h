/*
 * One block of memory for all activations: what lives when, and where it lies.
 *
 *     struct eo_arena_graph g;
 *     struct eo_arena_plan plan;
 *     eo_arena_graph_make(&g, &model.shape, model.precision, EO_ARENA_FUSED);
 *     eo_arena_plan_make(&plan, &g);              // plan.bytes, plan.offset[0..g.tensor_count - 1]
 *
 * A device that runs the network needs `plan.bytes` of memory for one image, beside the weights; arena_run.h proves it
 * by running it there. The graphs, operation by operation (-> what it writes):
 *
 *     fused      input -> input; conv1 -> pool1; conv2 -> pool2; classifier -> logits
 *                where conv1 and conv2 are convolution, max-pool and ReLU in one, without a full-size feature map
 *     unfused    input -> input; conv1 -> conv1; pool1 -> pool1; relu1, in place; conv2 -> conv2; pool2 -> pool2;
 *                relu2, in place; classifier -> logits
 *
 * `input` makes activations out of grey values, which are no part of the arena. A tensor lives from the first to the
 * last operation that touches it; its bytes are those of the precision's activations (4, 2 or 1 each), 40 for the
 * logits, and it lies at a multiple of the size of its elements.
 */
#ifndef EO_NN_ARENA_H
#define EO_NN_ARENA_H

#include <stddef.h>

#include "nn/shape.h"

struct eo_arena_tensor {
    const char *name;
    size_t bytes;
    size_t align; /* its offset is a multiple of this power of two */
    int first,
        last; /* operations, by number: the tensors of [first, last] ranges that meet may not overlap */
};

/* ---- planning, for tensors of any kind ------------------------------------------------------------------------- */

#define EO_ARENA_MAX 64  /* tensors */
#define EO_ARENA_EXACT 8 /* up to so many, eo_arena_place() finds an optimum */

/* The largest sum of bytes that live at one operation. No arena is smaller. */
size_t eo_arena_lower_bound(const struct eo_arena_tensor *t, int count);

/*
 * Offsets in one block for 1..EO_ARENA_MAX tensors; returns the bytes of the block. The sum of all bytes has to fit in
 * size_t. _greedy places the largest first, each at the lowest offset where it fits, then those of the most bytes times
 * operations first, and takes the better. _exact, for up to EO_ARENA_EXACT,
 * tries every order of placing each at the lowest offset where it fits; one of the orders gives an optimum:
 *
 *     Take any arrangement and place its tensors again, in the order of their offsets in it. None comes to lie higher
 *     than it did: those that were placed before, and may not overlap it, ended below its old offset, and end no higher
 *     now, so its old offset, which is aligned, is still free, and the lowest free one is not above that.
 *
 * eo_arena_place() is greedy, and exact where that does not reach the lower bound and the tensors are few enough.
 */
size_t eo_arena_place(const struct eo_arena_tensor *t, int count, size_t *offset);
size_t eo_arena_place_greedy(const struct eo_arena_tensor *t, int count, size_t *offset);
size_t eo_arena_place_exact(const struct eo_arena_tensor *t, int count, size_t *offset);

/* ---- the network ----------------------------------------------------------------------------------------------- */

#define EO_ARENA_TENSORS 6
#define EO_ARENA_OPS 8

enum eo_arena_form { EO_ARENA_FUSED, EO_ARENA_UNFUSED, EO_ARENA_FORMS };

enum eo_arena_kind {
    EO_ARENA_INPUT,
    EO_ARENA_CONV_POOL_RELU,
    EO_ARENA_CONV,
    EO_ARENA_POOL,
    EO_ARENA_RELU,
    EO_ARENA_CLASSIFIER
};

struct eo_arena_op {
    const char *name;
    enum eo_arena_kind kind;
    enum eo_layer layer;
    int in, out; /* tensors; the same where it works in place, in = -1 for EO_ARENA_INPUT */
};

struct eo_arena_graph {
    struct eo_arena_op op[EO_ARENA_OPS];
    struct eo_arena_tensor tensor[EO_ARENA_TENSORS]; /* in the order in which they are first written */
    int op_count, tensor_count;
};

struct eo_arena_plan {
    size_t bytes;
    size_t offset[EO_ARENA_TENSORS];
};

const char *eo_arena_form_name(enum eo_arena_form form); /* "fused", "unfused" */

void eo_arena_graph_make(struct eo_arena_graph *g, const struct eo_shape *s, enum eo_precision precision,
                         enum eo_arena_form form);

/* The smallest arena, which for these graphs is as large as the lower bound. */
void eo_arena_plan_make(struct eo_arena_plan *plan, const struct eo_arena_graph *g);

#endif
