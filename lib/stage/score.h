/*
 * Scores of channels: what pruning removes is what has the least.
 *
 * Each criterion gives every output channel of both convolutions a score of at least 0. F is the channel's filter (all
 * weights of that output, in the order of the file; the bias has no say), a its activations as the engine hands them
 * on: pooled, after ReLU, of conv1 14 x 14, of conv2 7 x 7 for an image. All sums are in double.
 *
 *     l1          sum |F|. Li et al. 2017, "Pruning filters for efficient convnets"
 *     l2          sqrt(sum F^2)
 *     fpgm        sum over all filters G of the layer of sqrt(sum (F - G)^2): a filter near to all others is near to
 *                 their geometric median, and the others can stand in for it. He et al. 2019, "Filter pruning via
 *                 geometric median"
 *     activation  mean of |a| over pixels and images. Polyak and Wolf 2015; Molchanov et al. 2017
 *     taylor      mean over the images of |sum over pixels of g a|, where g is the gradient of the image's
 *                 cross-entropy (its true label, nothing smoothed) by a: how much the loss changes, to first order,
 *                 when the channel is zeroed. Molchanov et al. 2017, equation 8, whose mean over pixels is a sum here:
 *                 it is then the gate of Molchanov et al. 2019, with the magnitude in place of the square
 *     random      uniform in [0, 1) from the stream EO_RNG_PRUNE of the seed. The n-th channel of the model that was
 *                 trained has the same score in every model that was pruned from it
 *
 * activation and taylor look at the first `count` images given, in order: each image's value for itself, then added
 * up image by image. So the scores are the same bits for every instruction set and number of threads.
 */
#ifndef EO_STAGE_SCORE_H
#define EO_STAGE_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"

#define EO_SCORE_LAYERS 2 /* EO_CONV1, EO_CONV2 */

struct eo_score_options {
    enum eo_criterion criterion;
    uint64_t seed; /* random */
    /* activation and taylor alone: */
    struct eo_images images;
    size_t count; /* at most so many of them; fewer where there are no more */
    enum eo_isa isa;
    struct eo_pool *pool; /* borrowed; NULL for one thread */
};

struct eo_scores {
    enum eo_criterion criterion;
    double layer[EO_SCORE_LAYERS][EO_MAX_C2]; /* the first eo_shape_outputs() of each; finite, at least 0 */
};

/* Whether a criterion looks at images. */
int eo_score_needs_images(enum eo_criterion criterion);

/*
 * Scores the channels of an fp32 model. Fails on another precision, without images where they are needed, and where a
 * score is not a finite number.
 */
int eo_score_run(struct eo_scores *scores, const struct eo_model *m, const struct eo_score_options *opt,
                 struct eo_err *err) EO_MUST_CHECK;

#endif
