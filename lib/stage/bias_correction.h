/*
 * Bias correction: rounding weights and activations shifts the mean of a layer's outputs; the bias takes that out.
 *
 * For output o of a layer, before pooling and ReLU, with E the mean over the calibration images and (in a
 * convolution) over all output positions,
 *
 *     shift_o = E[sum w' x'] - E[sum w x],    bias_o = round_half_even((b_o - shift_o) / unit_o)
 *
 * where w, b, x are the fp32 model's, w' the int8 model's weights, and x' what really enters the layer of the int8
 * model. The layers are corrected one after the other, so x' has the errors of the corrected layers before it, those
 * of rounding and clipping included. Both sums are linear, so the means of each term's input are enough; a term
 * outside of the image counts as 0. Means are taken in double in the order of the images, those of the int8 model
 * exactly: the same bytes for every instruction set and number of threads.
 *
 * Source: Nagel, van Baalen, Blankevoort, Welling (2019), Data-Free Quantization Through Weight Equalization and Bias
 * Correction, section 4.2 and appendix; the variant that measures on data.
 */
#ifndef EO_STAGE_BIAS_CORRECTION_H
#define EO_STAGE_BIAS_CORRECTION_H

#include "base/err.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/calibrate.h"

/*
 * `q` is the int8 model, whose biases change, made by eo_quant_int8() from the fp32 model `m`. A bias stays within
 * EO_QUANT_BIAS_MAX. Runs the calibration images through `m` once and through `q` once for each layer.
 */
int eo_bias_correct(struct eo_model *q, const struct eo_model *m, const struct eo_images *images,
                    const struct eo_quant_options *opt, struct eo_err *err) EO_MUST_CHECK;

#endif
