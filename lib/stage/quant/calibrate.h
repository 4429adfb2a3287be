/*
 * Calibration: the ranges of what the layers hand on, on the calibration images.
 *
 * Calibration runs the fp32 model on the first `batches` x `batch_size` images, or on all if there are fewer, and
 * observes each tensor of network.h: the normalised pixels, the output of each layer, and the maps that are averaged.
 * Of SmallCNN these are the inputs of the three layers: the original observes after each ReLU, and the max-pool
 * inherits that range. Taking maxima commutes with rounding to a common scale, so only the choice of the range differs:
 * here it is made for the values that are stored.
 *
 * Everything here is the same for every instruction set and number of threads.
 */
#ifndef EO_STAGE_QUANT_CALIBRATE_H
#define EO_STAGE_QUANT_CALIBRATE_H

#include <stddef.h>

#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/quant/observer.h"

struct eo_quant_options {
    enum eo_precision precision;        /* of integers */
    int weight_bits[EO_NETWORK_LAYERS]; /* EO_MIXED: 4 or 8 */
    enum eo_backend backend;
    enum eo_observer_kind observer;
    double percentile; /* for that observer */
    enum eo_granularity granularity;
    int bias_correction, equalization;
    enum eo_rounding rounding;
    int batch_size, batches; /* both >= 1 */
    enum eo_isa isa;
    struct eo_pool *pool; /* borrowed; NULL for one thread */
};

/* The options of an experiment. */
struct eo_quant_options eo_quant_options_of(const struct eo_config *cfg, enum eo_precision precision,
                                            enum eo_isa isa, struct eo_pool *pool);

/* What calibration found for one tensor. */
struct eo_quant_range {
    size_t values;             /* how many were seen */
    double seen_min, seen_max; /* among them */
    double min, max;           /* chosen by the observer, widened to hold 0 */
};

struct eo_calibration {
    size_t images;
    struct eo_quant_range
        tensor[EO_NETWORK_TENSORS]; /* by its number; of SmallCNN, number l enters layer l */
};

/* Refuses a model that is not fp32: a quantised one cannot be quantised again. */
int eo_calibration_check_model(const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;

/*
 * `m` is an fp32 model. Fails without images and on activations that are not finite. Allocates the activations of
 * one batch.
 */
int eo_calibration_run(struct eo_calibration *cal, const struct eo_model *m, const struct eo_images *images,
                       const struct eo_quant_options *opt, struct eo_err *err) EO_MUST_CHECK;

/* Called with all n values of a batch of a tensor, image after image, each [C, H, W]. */
typedef int eo_calibration_visit(void *ctx, int tensor, const float *values, size_t n, struct eo_err *err);

/*
 * Calls `visit` with every tensor of an fp32 model on the calibration images, batch after batch, on the calling thread.
 * A result other than 0 ends the walk and is returned. Allocates all tensors of a batch.
 */
int eo_calibration_walk(const struct eo_model *m, const struct eo_images *images,
                        const struct eo_quant_options *opt, eo_calibration_visit *visit, void *ctx,
                        struct eo_err *err) EO_MUST_CHECK;

/* How many images are used for calibration. */
size_t eo_calibration_images(const struct eo_images *images, const struct eo_quant_options *opt);

/* "input"; of SmallCNN "pool1" and "pool2", of another network the name of the layer, and "NAME map" of its map. */
#define EO_CALIBRATION_NAME (EO_NETWORK_NAME + 8)
const char *eo_calibration_name(const struct eo_network *net, int tensor, char name[EO_CALIBRATION_NAME]);

#endif
