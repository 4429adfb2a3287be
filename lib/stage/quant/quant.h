/*
 * From an fp32 model to fp16, int8, int4 or mixed, after training.
 *
 * fp16  each weight and bias rounded to binary16, half to even; one that overflows (65520 and more) is an error.
 * int8  weights: q = clamp(round_half_even(w / scale), -128, 127), scale = max|w| / 127.5, at least FLT_EPSILON,
 *       of each output channel or of the whole tensor (the file then repeats it), as weight_granularity says;
 *       `backend` is per channel for fbgemm and per tensor for qnnpack.
 *       tensors (network.h): u8 with scale = (max - min) / qmax and zero point = clamp(-round_half_even(min / scale),
 *       0, qmax), where min..max is the calibrated range, which holds 0, and qmax is eo_backend_activation_max().
 *       A scale is at least FLT_EPSILON and at least twice the unit of the accumulators that are requantised to it: a
 *       finer one would hold no information, and requantisation only scales down. For the same reason it is at least a
 *       128th of the scale of a map that is added, and 2 / n of that of a map of which n values are averaged.
 *       biases: s32, round_half_even(b / (input scale * weight scale)), at most EO_QUANT_BIAS_MAX in magnitude. If a
 *       bias is so much larger than its weights (ten times their largest sum), their scale is raised.
 *
 * int4  the same with q = clamp(round_half_even(w / scale), -8, 7), scale = max|w| / 7.5.
 *
 * mixed each layer as int8 or int4, as the options say; mixed.h chooses.
 *
 * convert.h runs these steps in order.
 */
#ifndef EO_STAGE_QUANT_QUANT_H
#define EO_STAGE_QUANT_QUANT_H

#include <stdint.h>

#include "base/err.h"
#include "nn/model.h"
#include "stage/quant/calibrate.h"

/* With the largest layer's products (49 * 128 channels * 255 * 128) still within an int32. */
#define EO_QUANT_BIAS_MAX ((int32_t)1 << 30)

/* Refuses images that the model was not trained on: compares its dataset_sha256, if it has one, with the data set's. */
int eo_quant_check_dataset(const struct eo_model *m, const char *train_sha256,
                           struct eo_err *err) EO_MUST_CHECK;

/*
 * The conversions; eo_quant_copy() keeps fp32. They fail unless `m` is fp32 with finite weights and without batch
 * normalisation, which eo_model_fold() folds. `out` is initialised here, metadata included, and released by the caller
 * with eo_model_release(), also after failure. Integers use only precision, bits, backend and granularity of
 * the options.
 */
int eo_quant_copy(const struct eo_model *m, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;
int eo_quant_fp16(const struct eo_model *m, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;
int eo_quant_integers(const struct eo_model *m, const struct eo_calibration *cal,
                      const struct eo_quant_options *opt, struct eo_model *out,
                      struct eo_err *err) EO_MUST_CHECK;

/* Whether weights get one scale per tensor: the granularity, resolved for its backend. */
int eo_quant_is_per_tensor(const struct eo_quant_options *opt);

#endif
