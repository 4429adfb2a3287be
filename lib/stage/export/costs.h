/*
 * What an exported model takes on each core, without compiling it.
 *
 *     flash         constants, exactly as in the exported code, and code: the most that gcc 12.2 at -O2 made of it for
 *                   any of the models measured
 *     RAM           state, exactly, and stack (stack.h)
 *     instructions  of one inference, fitted to counted ones: of SmallCNN sums of its channels and their product, of
 *                   another network a sum over its layers (cost_terms.h)
 *
 * All without --fast. Flash and RAM are not below what the measured models take; costs.c and
 * tests/device/README.md say how far the fits are from what was counted.
 */
#ifndef EO_STAGE_EXPORT_COSTS_H
#define EO_STAGE_EXPORT_COSTS_H

#include "base/err.h"
#include "base/hash.h"
#include "format/core.h"
#include "nn/model.h"

struct eo_core_cost {
    double flash_bytes, ram_bytes, instructions; /* integers; NAN, an empty cell of a table: not known */
};

int eo_core_costs(const struct eo_model *m, struct eo_core_cost cost[EO_CORE_COUNT],
                  struct eo_err *err) EO_MUST_CHECK;

/* Of the figures above: what was computed with others has to be computed again. */
void eo_core_costs_sha256(char sha256[EO_SHA256_TEXT]);

#endif
