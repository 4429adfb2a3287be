/*
 * All steps from a trained fp32 model to an int8, int4 or mixed one, in their order:
 *
 *     equalise the channels            equalize.h, if cross_layer_equalization
 *     calibrate the ranges             calibrate.h
 *     choose 4 or 8 bits by layer      mixed.h, if the precision is mixed
 *     train with simulated rounding    qat.h, if qat_epochs
 *     round weights, biases, inputs    quant.h
 *     round weights again              rounding.h, if rounding is adaptive and not qat_epochs: weights that were
 *                                      trained with rounding to nearest have learned to be rounded so
 *     correct the biases               bias_correction.h, if bias_correction and not qat_epochs: biases that were
 *                                      trained with rounded weights have learned to compensate for them
 *
 * Metadata of that model, besides what the fp32 model has: quantization_backend, quantization_observer,
 * weight_granularity ("channel" or "tensor"), bias_correction and cross_layer_equalization ("true" or "false"),
 * rounding ("adaptive"; nearest leaves it out), calibration_images, qat_epochs (those that were run), qat_best_epoch
 * (with early stopping), and quant_sha256 of the slice.
 */
#ifndef EO_STAGE_QUANT_CONVERT_H
#define EO_STAGE_QUANT_CONVERT_H

#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/quant/calibrate.h"
#include "stage/quant/mixed.h"
#include "stage/learn/train.h"

struct eo_conversion {
    struct eo_quant_options options;
    /* fp32: the model that was rounded; without training it computes the same as the given one */
    struct eo_model source;
    struct eo_calibration calibration; /* of `source` */
    struct eo_mixed mixed;             /* all 0 at other precisions */
    struct eo_train_result training;   /* all 0 without qat_epochs */
    struct eo_model model;             /* of integers */
};

/*
 * `m` must be fp32 without batch normalisation (eo_model_fold()) and is not changed. Calibrates on the head of
 * split->train, which must have an image. Of `how` isa, pool, progress and teacher are taken. The same bytes for every
 * instruction set and number of threads. Release *c also after failure.
 */
int eo_conversion_run(struct eo_conversion *c, const struct eo_model *m, enum eo_precision precision,
                      const struct eo_config *cfg, const struct eo_split *split,
                      const struct eo_train_options *how, struct eo_err *err) EO_MUST_CHECK;
void eo_conversion_release(struct eo_conversion *c); /* harmless on a zeroed struct */

#endif
