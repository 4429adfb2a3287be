/*
 * Adaptive rounding: whether a weight is rounded down or up is chosen for the outputs of its layer, not for itself.
 *
 * With v = w / scale the weights of one output in steps, and q the integers that they become, the output is wrong by
 * sum d x, d = q - v, before pooling and ReLU. Among floor(v) and ceil(v) of each weight q is chosen to make
 *
 *     E[(sum d x)^2] = d' G d,    G = E[x x']
 *
 * small, with x the inputs of the fp32 model and E the mean over the calibration images and (in a convolution) output
 * positions; an input outside of the image counts as 0. Where the biases are corrected afterwards, the mean of the
 * error does not count: then G = E[x x'] - E[x] E[x]'. A weight for which the range of the bits leaves one integer
 * keeps it.
 *
 * The search is coordinate descent: it begins with the nearest integers and visits the weights in their order; each
 * takes its other integer where that makes d' G d smaller by more than 1e-9 G_tt. It ends when a visit of all weights
 * changes none, and after EO_ROUNDING_ROUNDS visits. So no output is worse than by nearest rounding on what was
 * sampled, and after fewer visits no single change makes it better.
 *
 * Limits, so that time and memory stay bounded:
 *
 *     terms      of an output that has more than EO_ROUNDING_TERMS, blocks of equal size (the last one smaller) are
 *                rounded each for itself. A depthwise output has a G of its own, any other one that of its layer.
 *     positions  of a map with more than EO_ROUNDING_POSITIONS, each image counts every k-th, k the least number that
 *                keeps within the limit; image i begins at position i mod k.
 *     memory     EO_ROUNDING_MEMORY elements of G at once, or one block; where more are needed, the images are run
 *                again.
 *
 * All sums are in double, in the order of images, positions and terms: the same bytes for every instruction set and
 * number of threads.
 *
 * Sources: Nagel, Amjad, van Baalen, Louizos, Blankevoort (2020), Up or Down? Adaptive Rounding for Post-Training
 * Quantization, section 3 (the quadratic form of a layer; they relax the choice and learn it by gradients);
 * Hubara et al. (2020), Improving Post Training Neural Quantization: Layer-wise Calibration and Integer Programming.
 */
#ifndef EO_STAGE_QUANT_ROUNDING_H
#define EO_STAGE_QUANT_ROUNDING_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/quant/calibrate.h"

#define EO_ROUNDING_TERMS 2048
#define EO_ROUNDING_POSITIONS 256
#define EO_ROUNDING_MEMORY ((size_t)1 << 23)
#define EO_ROUNDING_ROUNDS 100

/*
 * Chooses q[n], weights of `bits` bits that were rounded to nearest, for w[n] of one scale; `gram` is G [n, n] up to a
 * factor. `scratch` holds 2 n numbers. Returns how many weights have another integer than before.
 */
size_t eo_rounding_descend(const double *gram, size_t n, const float *w, float scale, int bits, int8_t *q,
                           double *scratch);

/*
 * Changes the weights of the integer model `q`, which eo_quant_integers() made from the fp32 model `m` with these
 * options. Runs the calibration images through `m`.
 */
int eo_rounding_adapt(struct eo_model *q, const struct eo_model *m, const struct eo_images *images,
                      const struct eo_quant_options *opt, struct eo_err *err) EO_MUST_CHECK;

#endif
