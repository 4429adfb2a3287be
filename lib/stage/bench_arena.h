/*
 * The activations of a candidate that is to be timed, in the memory that a device would need for them: nn/arena_run.h.
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
 * Runs the first of the images (NULL: a grey wedge) through the engine that is to be timed and in the arenas of both
 * forms; bytes[form]: what the arena takes. Fails without memory, when an operation does not keep to its own place, and
 * when the scores are not the engine's.
 */
int eo_bench_arena_check(const struct eo_model *m, const struct eo_images *images, enum eo_isa isa,
                         size_t bytes[EO_ARENA_FORMS], struct eo_err *err) EO_MUST_CHECK;

#endif
