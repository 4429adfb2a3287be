/*
 * Quantisation-aware training: training on with the rounding of int8 in the forward pass (nn/fake_quant.h), between
 * calibration and conversion.
 *
 * Begins with the calibrated ranges and runs cfg->qat_epochs at cfg->qat_learning_rate, apart from that as
 * eo_train_run() does with the rest of `cfg`: order of the images, schedule, augmentation, weight decay, smoothing,
 * early stopping. Early stopping looks at the int8 model itself, converted after each epoch, as the int8 engine runs
 * it. The range of the pixels stays the calibrated one; those of the two pooled maps become 0..qmax times the scale
 * that was learned.
 */
#ifndef EO_STAGE_QAT_H
#define EO_STAGE_QAT_H

#include "base/err.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/calibrate.h"
#include "stage/train.h"

/*
 * Trains the fp32 model `m` in place. `cal` is its calibration under `opt`; what was seen becomes that of the trained
 * model. The isa and the pool are those of `opt`. `progress` may be NULL. Fails as eo_train_run() does, and where the
 * calibrated ranges give no int8 model that runs; `m` and `cal` are of no use then.
 */
int eo_qat_run(struct eo_model *m, struct eo_calibration *cal, const struct eo_config *cfg,
               const struct eo_quant_options *opt, const struct eo_split *split, eo_train_progress_fn *progress,
               void *progress_ctx, struct eo_train_result *result, struct eo_err *err) EO_MUST_CHECK;

#endif
