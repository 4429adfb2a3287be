/*
 * Bias correction: rounding a layer's weights shifts the mean of its outputs, and the bias compensates for that.
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
 * Each layer is corrected for itself, with x of the fp32 model and not of the int8 one. Compensating for the rounding
 * of x too made the logits of MNIST noisier by 1 to 3 dB: that error differs between the plain background and the
 * strokes, and the mean over all positions moves the error of the background to the strokes.
 *
 * Source: Nagel, van Baalen, Blankevoort, Welling (2019), Data-Free Quantization Through Weight Equalization and Bias
 * Correction, section 4.2; E[x] is measured.
 */
#ifndef EO_STAGE_QUANT_BIAS_CORRECTION_H
#define EO_STAGE_QUANT_BIAS_CORRECTION_H

#include "base/err.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/quant/calibrate.h"

/*
 * Changes the biases of the int8 model `q`, which eo_quant_integers() made from the fp32 model `m`; they stay within
 * EO_QUANT_BIAS_MAX. Runs the calibration images through `m`.
 */
int eo_bias_correct(struct eo_model *q, const struct eo_model *m, const struct eo_images *images,
                    const struct eo_quant_options *opt, struct eo_err *err) EO_MUST_CHECK;

#endif
