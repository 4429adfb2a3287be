/*
 * Saliency: how much each channel matters. Pruning removes the channels of the lowest scores.
 *
 * Each criterion gives every channel of each space (space.h; of SmallCNN conv1 and conv2) a score of at least 0: the
 * sum over the layers that make the channel, with batch normalisation folded. F is the channel's filter (all weights of
 * that output, in the order of the file; without the bias), a its activations as the engine hands them on: pooled,
 * after ReLU; of SmallCNN's conv1 14 x 14, of conv2 7 x 7 for an image. All sums are in double.
 *
 *     l1          sum |F|. Li et al. 2017, "Pruning filters for efficient convnets"
 *     l2          sqrt(sum F^2)
 *     fpgm        sum over all filters G of the layer of sqrt(sum (F - G)^2): a filter close to all others is close to
 *                 their geometric median, so the others can replace it. He et al. 2019, "Filter pruning via
 *                 geometric median"
 *     activation  mean of |a| over pixels and images. Polyak and Wolf 2015; Molchanov et al. 2017
 *     taylor      mean over the images of |sum over pixels of g a|, where g is the gradient of the image's
 *                 cross-entropy (its true label, nothing smoothed) by a: how much the loss changes, to first order,
 *                 when the channel is zeroed. Molchanov et al. 2017, equation 8, whose mean over pixels is a sum here:
 *                 it is then the gate of Molchanov et al. 2019, with the magnitude in place of the square
 *     random      uniform in [0, 1) from the stream EO_RNG_PRUNE of the seed. The n-th channel of the model that was
 *                 trained has the same score in every model that was pruned from it
 *
 * activation and taylor use the first `count` images given: one value for each image, added up in their order. So the
 * scores are the same bits for every instruction set and number of threads.
 */
#ifndef EO_STAGE_PRUNE_SALIENCY_H
#define EO_STAGE_PRUNE_SALIENCY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"

struct eo_saliency_options {
    enum eo_criterion criterion;
    uint64_t seed; /* random */
    /* activation and taylor alone: */
    struct eo_images images;
    size_t count; /* how many of them are used, at most */
    enum eo_isa isa;
    struct eo_pool *pool; /* borrowed; NULL for one thread */
};

struct eo_saliency {
    enum eo_criterion criterion;
    double layer[EO_NETWORK_LAYERS]
                [EO_NETWORK_CHANNELS]; /* of each channel of each space; finite, at least 0 */
};

/* Whether a criterion uses images. */
int eo_saliency_needs_images(enum eo_criterion criterion);

/*
 * Scores the channels of an fp32 model. Fails on another precision, without images if the criterion needs them, and
 * when a score is not finite.
 */
int eo_saliency_run(struct eo_saliency *scores, const struct eo_model *m,
                    const struct eo_saliency_options *opt, struct eo_err *err) EO_MUST_CHECK;

#endif
