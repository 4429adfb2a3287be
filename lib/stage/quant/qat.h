/*
 * Quantisation-aware training: more training with the rounding of the integer model in the forward pass
 * (nn/fake_quant.h), between calibration and conversion.
 *
 * Begins with the calibrated ranges and runs cfg->qat_epochs at cfg->qat_learning_rate. Everything else is as in
 * eo_train_run() with `cfg`: order of the images, schedule, augmentation, weight decay, smoothing, early stopping.
 * Early stopping evaluates the integer model, converted after each epoch, on its engine. The range of the pixels
 * stays the calibrated one; those of all other tensors become what the learned scales and the calibrated zero points
 * span. Batch normalisation is folded before, because that model has none: its running statistics move no more.
 */
#ifndef EO_STAGE_QUANT_QAT_H
#define EO_STAGE_QUANT_QAT_H

#include "base/err.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/quant/calibrate.h"
#include "stage/learn/train.h"

/*
 * Trains the fp32 model `m`, without batch normalisation, in place. `cal` is its calibration under `opt` and becomes
 * that of the trained model. Of `how` isa, pool, progress and teacher are taken. Fails as eo_train_run() does, and if
 * no valid int8 model follows from the calibrated ranges; `m` and `cal` are then undefined.
 */
int eo_qat_run(struct eo_model *m, struct eo_calibration *cal, const struct eo_config *cfg,
               const struct eo_quant_options *opt, const struct eo_split *split,
               const struct eo_train_options *how, struct eo_train_result *result,
               struct eo_err *err) EO_MUST_CHECK;

#endif
