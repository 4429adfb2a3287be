/*
 * What int8 costs a model, measured on its calibration images.
 *
 * saturated   values of a layer's input (of the fp32 model) that its quantised form cannot hold
 * sqnr        signal-to-quantisation-noise ratio, 10 log10(sum x^2 / sum (x - x')^2) in dB, where x' is what stands
 *             for x: a layer's input rounded to its own u8 grid (errors of the layers before not counted, so that
 *             observers can be compared layer by layer), a weight from its s8 and scale, and for the logits what the
 *             whole int8 model makes of the image. No noise at all is infinite, which JSON can only say as null;
 *             no signal is 0.
 */
#ifndef EO_STAGE_QUANT_REPORT_H
#define EO_STAGE_QUANT_REPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "stage/convert.h"

struct eo_quant_quality {
    uint64_t saturated[EO_LAYERS];
    double input_sqnr_db[EO_LAYERS], weight_sqnr_db[EO_LAYERS];
    double logit_sqnr_db;
    uint64_t agreements; /* images that both models put into the same class */
};

/* Runs the calibration images through both models of a conversion. */
int eo_quant_measure(struct eo_quant_quality *quality, const struct eo_conversion *c, const struct eo_images *images,
                     struct eo_err *err) EO_MUST_CHECK;

/* Appends a JSON object with that, and per layer ranges, scales and zero point. */
void eo_quant_report(const struct eo_conversion *c, const struct eo_quant_quality *quality, struct eo_buf *out);

#endif
