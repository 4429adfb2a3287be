/*
 * What a model costs layer by layer, and how it sits between a device's memory and its arithmetic.
 *
 * Two ways of counting stand side by side:
 *
 *     the original's  one call of batch_size images, convolutions writing their full-size output before pooling:
 *                     output_elements, activation_bytes, macs
 *     this engine's   one image, convolution, pooling and ReLU fused: input_bytes, output_bytes, macs_per_image,
 *                     fused_activation_bytes = input_bytes + output_bytes
 *
 * Bytes are those of the model's precision, 4, 2 or 1 per activation and weight, and 4 per class score in every precision;
 * parameter_bytes are the layer's tensors exactly as in the file, with biases and quantisation parameters.
 */
#ifndef EO_STAGE_HWREPORT_H
#define EO_STAGE_HWREPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"
#include "nn/model.h"
#include "stage/sweep.h"

struct eo_hw_layer {
    size_t output_elements, parameter_bytes, activation_bytes, macs;
    size_t input_bytes, output_bytes, weight_bytes, macs_per_image, fused_activation_bytes;
};

struct eo_hw_model {
    struct eo_candidate_key key;
    char sha256[EO_SHA256_TEXT];
    size_t batch;
    struct eo_hw_layer layer[EO_LAYERS];
};

/* Counts a model's layers for calls of `batch` images, 1..65536. */
void eo_hw_model_make(struct eo_hw_model *hw, const struct eo_model *m, const char *sha256, size_t batch);

/* The batch size that a model of this key was timed at; the config's where the sweep, or NULL, has none. */
size_t eo_hw_batch(const struct eo_model *m, const struct eo_sweep *sweep, const struct eo_config *cfg);

/* layerwise_breakdown.csv: one row per layer of each model. */
void eo_hw_put_layers(const struct eo_hw_model *models, size_t count, struct eo_buf *out);

/* precision_tradeoffs.csv: means over all rows of a precision, the fastest first; latency_ms_mean is of ranked_latency_ms. */
void eo_hw_put_tradeoffs(const struct eo_sweep *sweep, struct eo_buf *out);

/*
 * The original's roofline estimate for one call of batch_size images, with ranked_latency_ms:
 *
 *     total_bytes = sum of parameter_bytes + activation_bytes;   total_macs = sum of macs
 *     bandwidth = total_bytes / seconds / 1e9;   utilisation = bandwidth / memory_bandwidth_gbps
 *     gmacs = total_macs / seconds / 1e9;   intensity = total_macs / total_bytes
 *     knee = peak_compute_gmacs / memory_bandwidth_gbps
 *     regime = memory-bound when intensity < knee, else compute-bound
 *
 * NAN and "" stand for what needs a peak_compute_gmacs that was not given.
 * Source: Williams, Waterman, Patterson (2009), the roofline model.
 */
struct eo_hw_summary {
    double total_bytes, total_macs;
    double bandwidth_gbps, configured_bandwidth_gbps, utilization;
    double gmacs, intensity, configured_peak_gmacs, knee;
    const char *regime;
    double batch_latency_ms;
};

void eo_hw_summary_make(struct eo_hw_summary *s, const struct eo_hw_model *hw, const struct eo_candidate *c,
                        const struct eo_config *cfg);

/*
 * hardware_summary.csv: one row per row of the sweep, the baseline first. Fails when a row's model is not
 * among the `count` given, or is another file than the one that was measured.
 */
int eo_hw_put_summary(const struct eo_sweep *sweep, const struct eo_hw_model *models, size_t count,
                      const struct eo_config *cfg, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
