/*
 * Runs a candidate in the memory that a device would need for its activations (nn/arena_run.h), before it is timed.
 */
#ifndef EO_STAGE_BENCH_ARENA_H
#define EO_STAGE_BENCH_ARENA_H

#include <stddef.h>

#include "base/cpu.h"
#include "base/err.h"
#include "format/dataset.h"
#include "nn/arena.h"
#include "nn/model.h"

/*
 * Runs the first of the images, which have the size of the model's input (NULL: a grey wedge), through the engine that
 * will be timed and in the arenas of both forms; bytes[form] is the size of the arena. Fails without memory, if an
 * operation writes outside its own place, and if the scores differ from those of the engine.
 */
int eo_bench_arena_check(const struct eo_model *m, const struct eo_images *images, enum eo_isa isa,
                         size_t bytes[EO_ARENA_FORMS], struct eo_err *err) EO_MUST_CHECK;

#endif
