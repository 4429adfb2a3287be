/*
 * How much accuracy pruning each layer alone costs, to choose per-layer pruning levels by.
 *
 * One space (space.h; of SmallCNN a convolution) at a time is pruned to the levels 0, 1/16, ... 15/16 of the model at
 * hand; the others stay whole, and nothing is trained afterwards. A level that keeps as many channels as the one before
 * is skipped.
 */
#ifndef EO_STAGE_PRUNE_SENSITIVITY_H
#define EO_STAGE_PRUNE_SENSITIVITY_H

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/prune/saliency.h"

#define EO_SENSITIVITY_LEVELS 16

/*
 * Appends a CSV with header row: layer, pruning_level (of that layer), channels (that it keeps), parameters (of the
 * whole network), accuracy on `images` and its Wilson 95 % interval accuracy_ci95_low and accuracy_ci95_high.
 * `multiple` as in prune.h; `m` is an fp32 model with these scores. Fails as eo_eval_run().
 */
int eo_sensitivity_run(const struct eo_model *m, const struct eo_saliency *scores, int multiple,
                       const struct eo_images *images, enum eo_isa isa, int threads, struct eo_buf *out,
                       struct eo_err *err) EO_MUST_CHECK;

#endif
