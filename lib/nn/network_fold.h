/*
 * Folding: batch normalisation becomes part of the weights and the bias of its layer.
 *
 * Trained, a layer with batch normalisation gives norm_scale (z - norm_mean) / sqrt(norm_variance + eps) + bias, where
 * z is its operation without a bias. For each output o that is the operation with
 *
 *     s = norm_scale[o] / sqrt(norm_variance[o] + eps)      weight' = weight s      bias' = bias - norm_mean[o] s
 *
 * computed in double from the floats and rounded to float once each. Division and square root are correctly rounded,
 * so the result has the same bits everywhere.
 */
#ifndef EO_NN_NETWORK_FOLD_H
#define EO_NN_NETWORK_FOLD_H

#include "nn/model.h"

#define EO_NORM_EPS 1e-5 /* as PyTorch's BatchNorm2d */

/* Whether any layer has batch normalisation. */
int eo_network_is_normalised(const struct eo_network *net);

/* What is left of a network when batch normalisation has been folded. */
void eo_network_fold(struct eo_network *net);

/*
 * Folds an fp32 model in place; one without batch normalisation stays as it is. A weight that overflows becomes
 * infinite, which eo_model_save() refuses.
 */
void eo_model_fold(struct eo_model *m);

/* *out = a folded copy of an fp32 model, with its metadata. Release it with eo_model_release(), also after failure. */
int eo_model_folded(const struct eo_model *m, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;

#endif
