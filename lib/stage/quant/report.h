/*
 * What int8 costs a model, measured on its calibration images.
 *
 * saturated   values of a layer's input (of the fp32 model) that its quantised form cannot hold
 * sqnr        signal-to-quantisation-noise ratio, 10 log10(sum x^2 / sum (x - x')^2) in dB, where x' is the quantised
 *             x: a layer's input rounded to its own u8 grid (without the errors of the layers before, so that observers
 *             can be compared layer by layer), a weight from its s8 and scale, and for logits those of the whole int8
 *             model. Without noise it is infinite, which is null in JSON; without signal it is 0.
 * damage      of a mixed model: what 4 bits in a layer do to the logits, by which its bits were chosen (mixed.h)
 */
#ifndef EO_STAGE_QUANT_REPORT_H
#define EO_STAGE_QUANT_REPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "stage/quant/convert.h"

struct eo_quant_quality {
    uint64_t saturated[EO_NETWORK_TENSORS];
    double sqnr_db[EO_NETWORK_TENSORS], weight_sqnr_db[EO_NETWORK_LAYERS];
    double logit_sqnr_db;
    uint64_t agreements; /* images that both models put into the same class */
};

/* Runs the calibration images through both models of a conversion. */
int eo_quant_measure(struct eo_quant_quality *quality, const struct eo_conversion *c,
                     const struct eo_images *images, struct eo_err *err) EO_MUST_CHECK;

/* Appends a JSON object with these figures and, for each layer, ranges, scales and zero point. */
void eo_quant_report(const struct eo_conversion *c, const struct eo_quant_quality *quality,
                     struct eo_buf *out);

/* Appends the same as CSV with a header row: a row for each layer; the figures of the whole model are in each row. */
void eo_quant_put_layers(const struct eo_conversion *c, const struct eo_quant_quality *quality,
                         struct eo_buf *out);

#endif
