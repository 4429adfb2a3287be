/* Tensors of other programs as floats, and what that loses. */
#ifndef EO_STAGE_IMPORT_VALUES_H
#define EO_STAGE_IMPORT_VALUES_H

#include "base/err.h"
#include "format/safetensors.h"

/* What rounding to float has changed so far; begins as zeros. */
struct eo_import_loss {
    size_t values;   /* that were F64 */
    size_t changed;  /* of these */
    double relative; /* the largest change, as a share of the value */
};

/*
 * The values of a tensor in its order, out[elements]. F32, F16 and BF16 are exact, F64 is rounded to nearest. Fails on
 * integers, and on a number beyond the range of float; the message names the tensor.
 */
int eo_import_values(const struct eo_st_tensor *t, float *out, struct eo_import_loss *loss,
                     struct eo_err *err) EO_MUST_CHECK;

/* One number, rounded and counted in the same way. Infinite where it is beyond the range of float. */
float eo_import_round(double x, struct eo_import_loss *loss);

#endif
