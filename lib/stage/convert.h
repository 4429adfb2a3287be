/*
 * The whole way from a trained fp32 model to an int8 one, in the order in which the steps build on each other:
 *
 *     equalise the channels            equalize.h, if cross_layer_equalization
 *     calibrate the ranges             calibrate.h
 *     round weights, biases, inputs    quant.h
 *     take mean errors out of biases   bias_correction.h, if bias_correction
 *
 * Metadata of the int8 model, besides what the fp32 model has: quantization_backend, quantization_observer,
 * weight_granularity ("channel" or "tensor"), bias_correction and cross_layer_equalization ("true" or "false"),
 * calibration_images, and quant_sha256 of the slice.
 */
#ifndef EO_STAGE_CONVERT_H
#define EO_STAGE_CONVERT_H

#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/calibrate.h"

struct eo_conversion {
    struct eo_quant_options options;
    struct eo_model source; /* fp32: what was rounded, after equalisation; computes what the given model does */
    struct eo_calibration calibration; /* of `source` */
    struct eo_model model;  /* int8 */
};

/*
 * `m` must be fp32 and is not changed. Calibrates on the head of split->train, which must have an image. The same bytes for every instruction
 * set and number of threads. Release *c also after failure.
 */
int eo_conversion_run(struct eo_conversion *c, const struct eo_model *m, const struct eo_config *cfg,
                      const struct eo_split *split, enum eo_isa isa, struct eo_pool *pool, struct eo_err *err)
    EO_MUST_CHECK;
void eo_conversion_release(struct eo_conversion *c); /* harmless on a zeroed struct */

#endif
