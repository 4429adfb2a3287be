/*
 * Spaces: channels of several layers that are kept or removed together.
 *
 * A convolution and a linear layer make the channels of their outputs; a depthwise layer hands on those of its input,
 * and an addition ties the two that it adds. What is tied is one space, which is called after its first layer. Tied to
 * the input of the network, or the classes, channels cannot be removed and are no space. SmallCNN has two: conv1 and
 * conv2.
 *
 * Metadata of a pruned model of another network than SmallCNN: `channels_kept` has, for each space and with `;` between
 * them, which channels of the model that was trained it still has, "0,2,5;1,3"; `base_channels` how many that had.
 */
#ifndef EO_STAGE_PRUNE_SPACE_H
#define EO_STAGE_PRUNE_SPACE_H

#include "nn/model.h"

#define EO_SPACE_NONE (-1)

struct eo_spaces {
    int count;
    int of[EO_NETWORK_LAYERS];       /* of what a layer hands on; EO_SPACE_NONE */
    int first[EO_NETWORK_LAYERS];    /* the first layer of a space */
    int channels[EO_NETWORK_LAYERS]; /* of a space */
};

void eo_spaces_make(struct eo_spaces *s, const struct eo_network *net);

/* The space that layer `layer` reads. */
int eo_spaces_read(const struct eo_spaces *s, const struct eo_network *net, int layer);

/* Whether a layer makes the channels of a space. */
int eo_spaces_makes(const struct eo_spaces *s, const struct eo_network *net, int layer, int space);

/*
 * The channels of each space before any pruning, and index[0..channels - 1] of those a space still has among them, by
 * the metadata; without, those that are there. 0 in base[0] where the model was pruned and does not say from what. Both
 * fail on metadata that do not fit.
 */
int eo_spaces_base(const struct eo_model *m, int base[EO_NETWORK_LAYERS], struct eo_err *err) EO_MUST_CHECK;
int eo_spaces_kept(const struct eo_model *m, int space, int index[EO_NETWORK_CHANNELS],
                   struct eo_err *err) EO_MUST_CHECK;

#endif
