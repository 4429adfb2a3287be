/* Tensors that are named as other people's programs do, given the names of SmallCNN. */
#ifndef EO_NN_STATE_DICT_H
#define EO_NN_STATE_DICT_H

#include "format/safetensors.h"

/*
 * Strips what stands before conv1.weight where it stands before every name (module., _orig_mod., model. of PyTorch's
 * wrappers), and calls fc. classifier. where no tensor is called that. Other names stay; nothing is copied.
 */
void eo_state_dict_rename(struct eo_st *st);

/* Whether a name is that of a batch normalisation, which SmallCNN does not have. */
int eo_state_dict_is_batch_norm(const char *name);

#endif
