/*
 * Bias correction: rounding a layer's weights shifts the mean of its outputs; the bias takes that out.
 *
 * For output o of a layer, before pooling and ReLU, with E the mean over the calibration images and (in a
 * convolution) over all output positions,
 *
 *     shift_o = E[sum w' x] - E[sum w x],    bias_o = round_half_even((b_o - shift_o) / unit_o)
 *
 * where w, b and x are the fp32 model's weights, biases and layer inputs, w' the weights that the int8 model has, and
 * unit_o the step of its accumulators. The sums are linear, so the means of each term's input are enough; a term
 * outside of the image counts as 0. Means are taken in double in the order of the images: the same bytes for every
 * instruction set and number of threads.
 *
 * The layers are corrected apart, for x of the fp32 model and not of the int8 one. To take out what rounding x does
 * as well was tried: it made the logits of MNIST noisier by 1 to 3 dB, because that error is not alike everywhere.
 * The plain background has one of its own, which the mean over all positions then puts on the strokes.
 *
 * Source: Nagel, van Baalen, Blankevoort, Welling (2019), Data-Free Quantization Through Weight Equalization and Bias
 * Correction, section 4.2; E[x] is measured.
 */
#ifndef EO_STAGE_BIAS_CORRECTION_H
#define EO_STAGE_BIAS_CORRECTION_H

#include "base/err.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/calibrate.h"

/*
 * `q` is the int8 model, whose biases change, made by eo_quant_int8() from the fp32 model `m`. A bias stays within
 * EO_QUANT_BIAS_MAX. Runs the calibration images through `m`.
 */
int eo_bias_correct(struct eo_model *q, const struct eo_model *m, const struct eo_images *images,
                    const struct eo_quant_options *opt, struct eo_err *err) EO_MUST_CHECK;

#endif
