/*
 * Structured pruning: whole channels of both convolutions go, and what they fed goes with them.
 *
 *     conv1       loses filters
 *     conv2       loses filters, and the input planes of the channels that conv1 lost
 *     classifier  loses the 49 columns of each channel that conv2 lost
 *
 * A convolution with C channels keeps max(1, rint(C * (1 - level))) of them, half to even, with 1 - level in double
 * exactly as written. Kept are those of the largest score, of equal ones the first, in their original order. A
 * criterion only has to give scores; the selection is the same for all.
 */
#ifndef EO_STAGE_PRUNE_H
#define EO_STAGE_PRUNE_H

#include "base/err.h"
#include "nn/model.h"

/* Fills scores[outputs] for a convolution of an fp32 model: what has the larger score stays. */
typedef void eo_prune_score_fn(const struct eo_model *m, enum eo_layer layer, double *scores);

/* The L1 norm of each filter, its bias left out: a sum in double, in the order of the weights. */
eo_prune_score_fn eo_prune_score_l1;

/* How many of `channels` (at least 1) a level in [0, 1) leaves. */
int eo_prune_keep_count(int channels, double level);

/* kept[0..keep-1]: rising indices of the `keep` largest of n finite scores. 1 <= keep <= n. */
void eo_prune_select(const double *scores, int n, int keep, int *kept);

/*
 * A pruned copy of `base` by L1 norm, into *out (released with eo_model_release(); empty on failure). `base` must be
 * fp32 and level in [0, 1).
 *
 * Metadata are copied. conv1_kept and conv2_kept give the kept channels as indices in the model that was trained, so
 * they are composed when `base` was pruned before. pruning_level becomes the share taken from the trained model:
 * 1 - (1 - level of base) * (1 - level), or simply the other one where one of the two is 0.
 */
int eo_prune(const struct eo_model *base, double level, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;

#endif
