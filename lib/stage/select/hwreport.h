/*
 * What a model of any network costs layer by layer, and how it sits between a device's memory and its arithmetic.
 *
 * Costs are counted in two ways:
 *
 *     the original's  one call of batch_size images, each operation writing its full-size map before pooling:
 *                     output_elements, activation_bytes, macs
 *     fused           one image, each operation fused with its tail (network.h), as this engine runs SmallCNN:
 *                     input_bytes, all that the layer reads, including the map that it adds; output_bytes, all that it
 *                     hands on; macs_per_image; fused_activation_bytes = input_bytes + output_bytes
 *
 * For a network with an addition, the largest fused_activation_bytes is no bound for its memory, because a map that is
 * added later has to be kept during the layers in between.
 *
 * Bytes are those of the model's precision, 4, 2 or 1 per activation and weight, and 4 per class score in every
 * precision; parameter_bytes are the layer's tensors exactly as in the file, with biases and quantisation parameters.
 */
#ifndef EO_STAGE_SELECT_HWREPORT_H
#define EO_STAGE_SELECT_HWREPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"
#include "nn/model.h"
#include "stage/select/sweep.h"

struct eo_hw_layer {
    char name[EO_NETWORK_NAME];
    size_t output_elements, parameter_bytes, activation_bytes, macs;
    size_t input_bytes, output_bytes, weight_bytes, macs_per_image, fused_activation_bytes;
};

struct eo_hw_model {
    struct eo_candidate_key key;
    char sha256[EO_SHA256_TEXT];
    size_t batch;
    int count; /* of layers */
    struct eo_hw_layer layer[EO_NETWORK_LAYERS];
};

/* Counts a model's layers for calls of `batch` images, 1..65536. */
void eo_hw_model_make(struct eo_hw_model *hw, const struct eo_model *m, const char *sha256, size_t batch);

/* The batch size with which the model was timed; that of the configuration if the sweep is NULL or has no row of it. */
size_t eo_hw_batch(const struct eo_model *m, const struct eo_sweep *sweep, const struct eo_config *cfg);

/* layerwise_breakdown.csv: one row per layer of each model. */
void eo_hw_put_layers(const struct eo_hw_model *models, size_t count, struct eo_buf *out);

/*
 * precision_tradeoffs.csv: means over all rows of a precision, the fastest first; latency_ms_mean is of
 * ranked_latency_ms.
 */
void eo_hw_put_tradeoffs(const struct eo_sweep *sweep, struct eo_buf *out);

/*
 * hardware_summary.csv: one row per row of the sweep, the baseline first, with the original's roofline estimate for one
 * call of batch_size images, from ranked_latency_ms:
 *
 *     total_bytes = sum of parameter_bytes + activation_bytes;   total_macs = sum of macs
 *     bandwidth = total_bytes / seconds / 1e9;   utilisation = bandwidth / memory_bandwidth_gbps
 *     gmacs = total_macs / seconds / 1e9;   intensity = total_macs / total_bytes
 *     knee = peak_compute_gmacs / memory_bandwidth_gbps
 *     regime = memory-bound when intensity < knee, else compute-bound
 *
 * Without peak_compute_gmacs, the cells that need it are empty.
 * Source: Williams, Waterman, Patterson (2009), the roofline model.
 *
 * Fails when the model of a row is missing among the `count` given, or is another file than the one that was measured.
 */
int eo_hw_put_summary(const struct eo_sweep *sweep, const struct eo_hw_model *models, size_t count,
                      const struct eo_config *cfg, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
