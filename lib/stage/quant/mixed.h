/*
 * Which layers of a mixed model have weights of 4 bits, and which of 8.
 *
 * The damage of a layer is what 4 bits in that layer alone do to the scores of the model: the mean square, over the
 * calibration images and the classes, of the difference between the logits of the model with 4 bits there and 8 in all
 * other layers, and those of the model with 8 bits everywhere. Both come from the fp32 model without training, with
 * weights rounded to nearest. It is not the rise of the loss: the square needs no labels, is never below 0, so that
 * damages can be added, and is not lost in the noise of some hundred images. But images that are right by a wide margin
 * count as much as others. That damages add is an assumption, good for errors that are small and independent.
 *
 * Of all ways to give each layer 4 or 8 bits whose tensors fit the budget, the one with the least sum of damages is
 * taken: exactly, not greedily. Of equal sums, the one with the fewest bytes; of those, the one that has 8 bits in the
 * first layer where they differ. Everything here is the same for every instruction set and number of threads.
 */
#ifndef EO_STAGE_QUANT_MIXED_H
#define EO_STAGE_QUANT_MIXED_H

#include "base/err.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/quant/calibrate.h"

struct eo_mixed {
    double damage[EO_NETWORK_LAYERS]; /* of 4 bits */
    int bits[EO_NETWORK_LAYERS];      /* chosen: 4 or 8 */
    size_t least, most;               /* bytes of all tensors with 4 bits in all layers, and with 8 */
    size_t budget, bytes;             /* that was to be kept, and that are taken */
};

/*
 * The choice alone. saved[l] is how many bytes 4 bits in layer l save; in all at least `wanted` have to be saved, which
 * is possible. Fails when memory runs out.
 */
int eo_mixed_fit(const double *damage, const size_t *saved, int count, size_t wanted, int *bits,
                 struct eo_err *err) EO_MUST_CHECK;

/*
 * Measures, and chooses. `m` is the fp32 model, `cal` its calibration under `opt`, whose weight_bits are not read; the
 * budget is `kib` KiB for all tensors, or with 0 the middle between least and most. Fails when the budget is below
 * least. Keeps two models and the scores of the images in memory for each thread.
 */
int eo_mixed_choose(struct eo_mixed *mixed, const struct eo_model *m, const struct eo_calibration *cal,
                    const struct eo_images *images, const struct eo_quant_options *opt, double kib,
                    struct eo_err *err) EO_MUST_CHECK;

#endif
