/*
 * Running the calibration images: which ranges the layers' inputs take.
 *
 * Calibration runs the fp32 model on the first `batches` x `batch_size` images (fewer where there are no more) and
 * observes what enters each layer: the normalised pixels, and what the two fused conv + max-pool + ReLU hand on.
 * The original observes behind each ReLU and lets the max-pool inherit that range. Taking maxima commutes with
 * rounding to a common scale, so only the choice of the range differs: ours is made for the values that are
 * really stored.
 *
 * Everything here is the same for every instruction set and number of threads.
 */
#ifndef EO_STAGE_CALIBRATE_H
#define EO_STAGE_CALIBRATE_H

#include <stddef.h>

#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/observer.h"

struct eo_quant_options {
    enum eo_backend backend;
    enum eo_observer_kind observer;
    double percentile; /* for that observer */
    enum eo_granularity granularity;
    int bias_correction, equalization;
    int batch_size, batches; /* both >= 1 */
    enum eo_isa isa;
    struct eo_pool *pool; /* borrowed; NULL for one thread */
};

/* What an experiment says. */
struct eo_quant_options eo_quant_options_of(const struct eo_config *cfg, enum eo_isa isa, struct eo_pool *pool);

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

/* Refuses a model that is not fp32: what is quantised already cannot be quantised again. */
int eo_calibration_check_model(const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;

/*
 * `m` is an fp32 model. Fails without images and on activations that are not finite. Allocates the activations of
 * one batch.
 */
int eo_calibration_run(struct eo_calibration *cal, const struct eo_model *m, const struct eo_images *images,
                       const struct eo_quant_options *opt, struct eo_err *err) EO_MUST_CHECK;

/* Called with all n values of a batch that enter `layer`, image after image, in the order of PyTorch. */
typedef int eo_calibration_visit(void *ctx, enum eo_layer layer, const float *values, size_t n, struct eo_err *err);

/*
 * Shows `visit` what enters every layer of an fp32 model on the calibration images, batch after batch, on the calling
 * thread; a result other than 0 ends the walk and is returned.
 */
int eo_calibration_walk(const struct eo_model *m, const struct eo_images *images, const struct eo_quant_options *opt,
                        eo_calibration_visit *visit, void *ctx, struct eo_err *err) EO_MUST_CHECK;

/* How many images that is. */
size_t eo_calibration_images(const struct eo_images *images, const struct eo_quant_options *opt);

const char *eo_calibration_input_name(enum eo_layer layer); /* "input", "pool1", "pool2" */

#endif
