/*
 * From an fp32 model to fp16 or int8, after training.
 *
 * fp16  each weight and bias rounded to binary16, half to even; one that overflows (65520 and more) is an error.
 * int8  weights: q = clamp(round_half_even(w / scale), -128, 127), scale = max|w| / 127.5, at least FLT_EPSILON;
 *       fbgemm has one scale per output channel, qnnpack one per tensor (the file then repeats it).
 *       layer inputs: u8 with scale = (max - min) / qmax and zero point = clamp(-round_half_even(min / scale), 0,
 *       qmax), where min..max is the calibrated range widened to hold 0 and qmax is eo_backend_activation_max().
 *       A scale is at least FLT_EPSILON and at least twice the unit of the accumulators that are brought to it (a
 *       finer one would hold no information, and requantisation only scales down).
 *       biases: s32, round_half_even(b / (input scale * weight scale)), at most EO_QUANT_BIAS_MAX in magnitude: where
 *       a bias is larger beside its weights, by ten times what all of them can add up to, their scale is raised.
 *
 * Calibration runs the fp32 model on the first `batches` x `batch_size` images (fewer where there are no more) and
 * observes what enters each layer: the normalised pixels, and what the two fused conv + max-pool + ReLU hand on.
 * The original observes behind each ReLU and lets the max-pool inherit that range. Taking maxima commutes with
 * rounding to a common scale, so only the choice of the range differs: ours is made for the values that are
 * really stored.
 *
 * All of this gives the same bytes for every instruction set and number of threads.
 */
#ifndef EO_STAGE_QUANT_H
#define EO_STAGE_QUANT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/observer.h"

/* With the largest layer's products (49 * 128 channels * 255 * 128) still within an int32. */
#define EO_QUANT_BIAS_MAX ((int32_t)1 << 30)

struct eo_quant_options {
    enum eo_backend backend;
    enum eo_observer_kind observer;
    int batch_size, batches; /* both >= 1 */
    enum eo_isa isa;
    struct eo_pool *pool; /* borrowed; NULL for one thread */
};

/* What calibration found out about one layer's input. */
struct eo_quant_range {
    size_t values;             /* how many were seen */
    double seen_min, seen_max; /* among them */
    double min, max;           /* chosen by the observer, widened to hold 0 */
};

struct eo_calibration {
    size_t images;
    struct eo_quant_range input[EO_LAYERS];
};

/*
 * `m` is an fp32 model. Fails without images and on activations that are not finite. Allocates the activations of
 * one batch.
 */
int eo_calibration_run(struct eo_calibration *cal, const struct eo_model *m, const struct eo_images *images,
                       const struct eo_quant_options *opt, struct eo_err *err) EO_MUST_CHECK;

/* Refuses images that the model was not trained on: its dataset_sha256 (if it has one) against the data set's. */
int eo_quant_check_dataset(const struct eo_model *m, const char *train_sha256, struct eo_err *err) EO_MUST_CHECK;

/*
 * The conversions. `m` must be fp32 with finite weights, else they fail. `out` is initialised here, metadata
 * included, and released by the caller with eo_model_release(), also after failure.
 */
int eo_quant_fp32(const struct eo_model *m, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK; /* a copy */
int eo_quant_fp16(const struct eo_model *m, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;
int eo_quant_int8(const struct eo_model *m, const struct eo_calibration *cal, enum eo_backend backend,
                  struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;

/*
 * How many values of the calibration images lie outside of what `q`, converted from `m`, can hold, per layer input.
 * Runs the images a second time.
 */
int eo_quant_saturation(const struct eo_model *m, const struct eo_model *q, const struct eo_images *images,
                        const struct eo_quant_options *opt, uint64_t saturated[EO_LAYERS], struct eo_err *err)
    EO_MUST_CHECK;

/* Appends a JSON object: per layer the observed and the chosen range, scales, zero point and saturation rate. */
void eo_quant_report(const struct eo_model *q, const struct eo_calibration *cal, const uint64_t saturated[EO_LAYERS],
                     enum eo_observer_kind observer, struct eo_buf *out);

#endif
