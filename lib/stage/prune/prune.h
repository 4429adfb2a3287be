/*
 * Structured pruning: removes whole channels and the weights that read them.
 *
 * A space (space.h) loses channels: of the layers that make them the filters, of those that read them the input planes,
 * of a linear layer that reads a map the columns of each channel. Of SmallCNN
 *     conv1       loses filters
 *     conv2       loses filters, and the input planes of the channels that conv1 lost
 *     classifier  loses the 49 columns of each channel that conv2 lost
 *
 * How many are kept
 *   layer    a space with C channels keeps max(1, rint(C * (1 - level))) of them, half to even, with 1 - level in
 *            double exactly as written; the level is one share for all spaces, or one for each.
 *   global   of C channels in all spaces rint(level * C) are removed, half to even: those of the least score, after the
 *            scores of each space were divided by their root mean square (all channels of the model at hand). The last
 *            channel of a space is kept; with a multiple m, its last m.
 *   multiple m: a space that loses channels keeps the nearest multiple of m instead, the larger of two that are
 *            equally near; at least m, at most all its channels. In the scope global this comes after the ranking.
 * Which are kept   those of the largest score (saliency.h), of equal ones the first, in their original order; an
 *            earlier space counts as before a later one.
 * Steps        step k of n prunes to the level * k / n, counted from the channels that the model had before any
 *            pruning; so after step n there are as many as pruning at once would leave (global: in all; a multiple may
 *            then move them). Without steps a level counts from the channels of the model at hand.
 *
 * The pruned network has the class scores of the whole one with the removed filters and biases set to zero, bit for
 * bit, at each precision, in batches and alone; only the sign of a score that is exactly zero may differ. For int8
 * this needs equal ranges of the activations, and zeros also for the weights that read a removed channel, because
 * they take part in the scales.
 */
#ifndef EO_STAGE_PRUNE_PRUNE_H
#define EO_STAGE_PRUNE_PRUNE_H

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "format/level.h"
#include "nn/model.h"
#include "stage/prune/saliency.h"
#include "stage/prune/space.h"

#define EO_PRUNE_STEPS_MAX 100

struct eo_prune_options {
    struct eo_level level; /* shares in [0, 1); one for EO_SCOPE_GLOBAL */
    enum eo_scope scope;
    int multiple;  /* at least 1, which allows any count */
    int one_space; /* 0, or n to prune space n - 1 alone, by layer */
    /* 1 <= step <= steps; 0 and 0: the level counts from the channels of the model at hand */
    int step, steps;
    const char *slice_sha256; /* of the configuration's prune slice, for the metadata; NULL or "": none */
};

/* The channels of a model that are kept. Large: about 200 KiB. */
struct eo_prune_plan {
    struct eo_spaces spaces;                          /* of the model */
    int count[EO_NETWORK_LAYERS];                     /* of each space, at least 1 */
    int kept[EO_NETWORK_LAYERS][EO_NETWORK_CHANNELS]; /* [count]: rising indices */
};

/* "2/4". The message says what was expected and found, not where. */
int eo_prune_parse_step(const char *text, int *step, int *steps, struct eo_err *err) EO_MUST_CHECK;

/* Refuses levels out of range, several shares under the scope global, and steps out of range. */
int eo_prune_check(const struct eo_prune_options *opt, struct eo_err *err) EO_MUST_CHECK;

/*
 * Whether a level suits a network: one share, or one for each of its spaces; where channels cannot be removed, 0, which
 * changes no network. The message begins with the level.
 */
int eo_prune_check_level(struct eo_level level, const struct eo_network *net, struct eo_err *err) EO_MUST_CHECK;

/* How many of `channels` (at least 1) a level in [0, 1) leaves, before and after rounding to a multiple. */
int eo_prune_keep_count(int channels, double level);
int eo_prune_round_count(int keep, int channels, int multiple);

/* kept[0..keep-1]: rising indices of the `keep` largest of n finite scores. 1 <= keep <= n. */
void eo_prune_select(const double *scores, int n, int keep, int *kept);

/*
 * Chooses the channels of `m` to keep. Fails as eo_prune_check() and eo_prune_check_level(), the latter also on the
 * level that `m` was pruned to; with steps, on a pruned model without base_channels, and on one that has fewer channels
 * than the step would leave.
 */
int eo_prune_plan(struct eo_prune_plan *plan, const struct eo_model *m, const struct eo_saliency *scores,
                  const struct eo_prune_options *opt, struct eo_err *err) EO_MUST_CHECK;

/*
 * The channels of the plan, of the fp32 model that it was made for, into *out (released with eo_model_release(); empty
 * on failure). Metadata are copied; conv1_kept and conv2_kept, of another network channels_kept (space.h), give the
 * channels as indices in the model that was trained, so they are composed when `m` was pruned before; base_channels
 * says how many that had, if it is known.
 */
int eo_prune_apply(const struct eo_prune_plan *plan, const struct eo_model *m, struct eo_model *out,
                   struct eo_err *err) EO_MUST_CHECK;

/* Makes `net`, for which the plan was made, the network with as many channels as the plan keeps. */
void eo_prune_network(const struct eo_prune_plan *plan, struct eo_network *net);

/*
 * Writes into the metadata of the pruned model `out` how it was made. pruning_level becomes the share of the trained
 * model's channels that was removed: level * step / steps; without steps, for each share, 1 - (1 - earlier level) *
 * (1 - level), or the other one if one of the two is 0. pruning_criterion and pruning_scope are those of the last
 * pruning at a level above 0; without one, the criterion is "none".
 */
int eo_prune_describe(struct eo_model *out, enum eo_criterion criterion, const struct eo_prune_options *opt,
                      struct eo_err *err) EO_MUST_CHECK;

/* All three, one after the other; also sets prune_sha256. *out is empty on failure. */
int eo_prune(struct eo_prune_plan *plan, const struct eo_model *m, const struct eo_saliency *scores,
             const struct eo_prune_options *opt, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends, with its header row, layer,channel,base_channel,criterion,score,kept for every channel of `m`: channel is
 * its index there, base_channel that in the model that was trained, kept 1 or 0.
 */
int eo_prune_put_scores(const struct eo_model *m, const struct eo_saliency *scores,
                        const struct eo_prune_plan *plan, struct eo_buf *out,
                        struct eo_err *err) EO_MUST_CHECK;

#endif
