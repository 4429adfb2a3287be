/*
 * The network in its arena: one image, every activation inside one block of exactly the planned bytes, and a proof at
 * every operation that it keeps to its own.
 *
 * The block lies between two red zones of EO_ARENA_RED_ZONE bytes. Each operation runs twice from the same state, and
 * before each time every byte that holds no living tensor (red zones, free bytes, dead tensors, and the place of what
 * the operation is to write) is changed, each time to something else. So, whatever the values are,
 *
 *     overlap       a byte of the operation's output is one of a living tensor as well: that changed, too
 *     stray         a byte outside the output has changed, or in the red zones: the arena is too small
 *     undefined     a byte of the output differs between the two: it was not written, or depends on memory that holds
 *                   no living tensor
 *
 * are found at the first operation that does it. The arithmetic is the reference's, ref.h.
 */
#ifndef EO_NN_ARENA_RUN_H
#define EO_NN_ARENA_RUN_H

#include <stdint.h>

#include "base/err.h"
#include "nn/arena.h"
#include "nn/infer.h"

#define EO_ARENA_RED_ZONE 64

enum eo_arena_fault { EO_ARENA_SOUND, EO_ARENA_OVERLAP, EO_ARENA_STRAY, EO_ARENA_UNDEFINED };

struct eo_arena_check {
    enum eo_arena_fault fault; /* the first one */
    const char *operation;     /* that did it; a name in the graph */
    const char *tensor;        /* whose byte it is, likewise; NULL: of no living tensor */
    /* Of the tensor; without one, of the arena: below 0 and from plan.bytes on, the red zones. */
    ptrdiff_t byte;
    size_t written;    /* bytes of the arena that some operation has written */
    size_t high_water; /* one more than the highest of them */
};

/*
 * Runs one image, `pixels` as many as the network's input has; `scores` [classes] as eo_infer_run() gives them. The
 * graph is one of the model's network. Fails without memory, for a plan whose tensors lie beyond the arena and its red
 * zone, and, with what is wrong in *check, when an operation does not keep to its own.
 */
int eo_arena_run(const struct eo_model *m, const struct eo_arena_graph *g, const struct eo_arena_plan *plan,
                 const uint8_t *pixels, union eo_score *scores, struct eo_arena_check *check,
                 struct eo_err *err) EO_MUST_CHECK;

/*
 * Runs one image in the arenas of both forms and compares with the scores of an engine, `expected` [classes], which
 * have to be the same bits; but not those of the unfused form at fp16 where a layer averages its map, because the map
 * is rounded there. bytes[form]: what the arena takes. Batch normalisation must have been folded.
 */
int eo_arena_verify(const struct eo_model *m, const uint8_t *pixels, const union eo_score *expected,
                    size_t bytes[EO_ARENA_FORMS], struct eo_err *err) EO_MUST_CHECK;

#endif
