/*
 * What an exported model takes on each core of tests/device, without compiling it.
 *
 *     flash         constants, exactly as in the exported code, and code: the most that gcc 12.2 at -O2 made of it for
 *                   any of the models measured; of two models of SmallCNN the code differs by at most 100 bytes, with
 *                   one channel in a layer by 330
 *     RAM           state, exactly, and stack, the most that was measured
 *     instructions  of one inference, of SmallCNN alone: sums of the channels and their product, fitted to counted
 *                   instructions; costs.c gives the largest error
 *
 * All without --fast. Flash and RAM are never below what a compiled model takes; tests/costs.bats compares. Of other
 * networks than SmallCNN only the constants and the state are known, so flash and RAM are not.
 */
#ifndef EO_STAGE_EXPORT_COSTS_H
#define EO_STAGE_EXPORT_COSTS_H

#include "base/err.h"
#include "base/hash.h"
#include "nn/model.h"

/* The cores of tests/device/measure.sh, by their names there. */
#define EO_CORES(X) EO_FIRST_CORE(X) EO_OTHER_CORES(X)
#define EO_FIRST_CORE(X) X(m0)
#define EO_OTHER_CORES(X) X(m3) X(m4) X(m4dsp) X(m55) X(rv32imc)
#define EO_CORE_VALUE(name) EO_CORE_##name,
enum eo_core { EO_CORES(EO_CORE_VALUE) EO_CORE_COUNT };

/* "m0, m3, ..." */
#define EO_CORE_TEXT(name) #name
#define EO_CORE_NEXT(name) ", " #name
#define EO_CORE_LIST EO_FIRST_CORE(EO_CORE_TEXT) EO_OTHER_CORES(EO_CORE_NEXT)

const char *eo_core_name(enum eo_core core);

struct eo_core_cost {
    double flash_bytes, ram_bytes, instructions; /* integers; NAN: not known */
};

int eo_core_costs(const struct eo_model *m, struct eo_core_cost cost[EO_CORE_COUNT],
                  struct eo_err *err) EO_MUST_CHECK;

/* Of the figures above: what was computed with others has to be computed again. */
void eo_core_costs_sha256(char sha256[EO_SHA256_TEXT]);

#endif
