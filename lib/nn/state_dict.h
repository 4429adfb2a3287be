/* The names that other programs give to tensors: what is in front of them, and what they mean. */
#ifndef EO_NN_STATE_DICT_H
#define EO_NN_STATE_DICT_H

#include "format/safetensors.h"

/*
 * Removes what PyTorch's wrappers put in front of all names: module. (DataParallel), _orig_mod. (torch.compile) and
 * model., in any order and number. Nothing is copied.
 */
void eo_state_dict_strip(struct eo_st *st);

/*
 * For a network with SmallCNN's names: removes any prefix that all names have in front of conv1., and turns fc. into
 * classifier. if no tensor has that name. Other names stay; nothing is copied.
 */
void eo_state_dict_rename(struct eo_st *st);

/* Whether a name is that of a tensor of batch normalisation, which SmallCNN does not have. */
int eo_state_dict_is_batch_norm(const char *name);

/* Whether a name is that of a counter, which no network needs: num_batches_tracked. */
int eo_state_dict_is_counter(const char *name);

#endif
