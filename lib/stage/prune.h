/*
 * Structured pruning: whole channels of both convolutions go, and what they fed goes with them.
 *
 *     conv1       loses filters
 *     conv2       loses filters, and the input planes of the channels that conv1 lost
 *     classifier  loses the 49 columns of each channel that conv2 lost
 *
 * How many stay
 *   layer    a convolution with C channels keeps max(1, rint(C * (1 - level))) of them, half to even, with 1 - level in
 *            double exactly as written; the level may differ between the two.
 *   global   of C1 + C2 channels rint(level * (C1 + C2)) go, half to even: those of the least score, after each
 *            layer's scores were divided by their root mean square (all channels of the model at hand). The last
 *            channel of a layer stays; with a multiple m, its last m.
 *   multiple m: a layer that loses channels keeps the nearest multiple of m instead, the larger one of two that are as
 *            near; at least m, at most what it has. In the scope global this comes after the ranking.
 * Which stay   those of the largest score (score.h), of equal ones the first, in their original order. Where the layers
 *            compete, conv1 counts as before conv2.
 * Steps        step k of n prunes to the level * k / n, counted from the channels that the model had before any
 *            pruning; so after step n there are as many as pruning at once would leave (global: in all; a multiple may
 *            then move them). Without steps a level counts from the channels of the model at hand.
 *
 * What a removed channel fed was zero times its weights. So the pruned network has the scores of the whole one with
 * these filters and biases set to zero, bit for bit, at each precision, in batches and alone; only the sign of a score
 * that is exactly zero may differ. For int8 two things have to be equal before the weights are rounded: the ranges of
 * the activations, and the weights that read a removed channel have to be zero too, for they have a say in the scales.
 */
#ifndef EO_STAGE_PRUNE_H
#define EO_STAGE_PRUNE_H

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "format/level.h"
#include "nn/model.h"
#include "stage/score.h"

#define EO_PRUNE_STEPS_MAX 100

struct eo_prune_options {
    struct eo_level level; /* parts in [0, 1); equal for EO_SCOPE_GLOBAL */
    enum eo_scope scope;
    int multiple;    /* at least 1, which allows any count */
    int step, steps; /* 1 <= step <= steps; 0 and 0: the level counts from the channels of the model at hand */
};

/* The channels of a model that stay. */
struct eo_prune_plan {
    int count[EO_SCORE_LAYERS];            /* at least 1 */
    int kept[EO_SCORE_LAYERS][EO_MAX_C2]; /* [count]: rising indices */
};

/* "2/4". The message says what was expected and found, not where. */
int eo_prune_parse_step(const char *text, int *step, int *steps, struct eo_err *err) EO_MUST_CHECK;

/* Refuses levels out of range, two levels under the scope global, and steps that are none. */
int eo_prune_check(const struct eo_prune_options *opt, struct eo_err *err) EO_MUST_CHECK;

/* How many of `channels` (at least 1) a level in [0, 1) leaves, before and after rounding to a multiple. */
int eo_prune_keep_count(int channels, double level);
int eo_prune_round_count(int keep, int channels, int multiple);

/* kept[0..keep-1]: rising indices of the `keep` largest of n finite scores. 1 <= keep <= n. */
void eo_prune_select(const double *scores, int n, int keep, int *kept);

/*
 * What stays of `m`. Fails as eo_prune_check(); with steps, on a pruned model that does not tell its base_channels, and
 * on one that has fewer channels than the step would leave.
 */
int eo_prune_plan(struct eo_prune_plan *plan, const struct eo_model *m, const struct eo_scores *scores,
                  const struct eo_prune_options *opt, struct eo_err *err) EO_MUST_CHECK;

/*
 * The channels of the plan, of the fp32 model that it was made for, into *out (released with eo_model_release(); empty
 * on failure). Metadata are copied; conv1_kept and conv2_kept give the channels as indices in the model that was
 * trained, so they are composed when `m` was pruned before; base_channels says how many that had, if it is known.
 */
int eo_prune_apply(const struct eo_prune_plan *plan, const struct eo_model *m, struct eo_model *out,
                   struct eo_err *err) EO_MUST_CHECK;

/*
 * Says in the metadata of the pruned model `out` how it came about. pruning_level becomes the share taken from the
 * trained model: level * step / steps; without steps, by part, 1 - (1 - level of before) * (1 - level), or simply the
 * other one where one of the two is 0. pruning_criterion and pruning_scope are those of the last pruning at a level
 * above 0; without one, the criterion is "none".
 */
int eo_prune_describe(struct eo_model *out, enum eo_criterion criterion, const struct eo_prune_options *opt,
                      struct eo_err *err) EO_MUST_CHECK;

/* All three, one after the other. *out is empty on failure. */
int eo_prune(struct eo_prune_plan *plan, const struct eo_model *m, const struct eo_scores *scores,
             const struct eo_prune_options *opt, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends, with its header row, layer,channel,base_channel,criterion,score,kept for every channel of `m`: channel is
 * its index there, base_channel that in the model that was trained, kept 1 or 0.
 */
int eo_prune_put_scores(const struct eo_model *m, const struct eo_scores *scores, const struct eo_prune_plan *plan,
                        struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
