/*
 * Which tensors of a state_dict belong to which layer of a network.
 *
 * A state_dict has modules: tensors with one name in front of .weight and .bias, and for batch normalisation also of
 * .running_mean and .running_var. Counters (num_batches_tracked) are left out. Each layer takes a module by the first
 * of these rules that finds one:
 *
 *     map     what the caller says
 *     name    the layer's own name; of its batch normalisation, NAME.batch_norm
 *     kind    only for batch normalisation, by the name of the layer's module: bn1 of conv1, features.1 of features.0,
 *             dw1_bn or dw1.bn of dw1
 *     shape   the only module of the shape that only this layer has
 *     order   as many modules as layers have the shape, and the names of these modules differ only in numbers: in the
 *             order of the numbers
 *
 * Shapes are those of the model file (nn/model.h). Sizes of 1 at the end may be missing, so the [O, I, K] of a 1-D
 * convolution is [O, I, K, 1].
 */
#ifndef EO_STAGE_IMPORT_MATCH_H
#define EO_STAGE_IMPORT_MATCH_H

#include "format/safetensors.h"
#include "nn/network.h"

#define EO_IMPORT_MAPS 64

struct eo_module {
    const char *name; /* not ended by NUL */
    int length;
    const struct eo_st_tensor *weight, *bias, *mean, *variance; /* NULL where there is none */
    const struct eo_st_tensor *odd; /* a tensor that no layer has; then it is the only one */
};

struct eo_modules {
    int count;
    struct eo_module module[EO_ST_MAX_TENSORS];
};

/* Groups the tensors of `st`, whose names it points into. */
void eo_modules_make(struct eo_modules *modules, const struct eo_st *st);

enum eo_match_how {
    EO_MATCH_NONE,
    EO_MATCH_MAP,
    EO_MATCH_NAME,
    EO_MATCH_KIND,
    EO_MATCH_SHAPE,
    EO_MATCH_ORDER
};

struct eo_match {
    /* For each layer the number of its module and of its batch normalisation's; -1: none. */
    int layer[EO_NETWORK_LAYERS], norm[EO_NETWORK_LAYERS];
    enum eo_match_how layer_how[EO_NETWORK_LAYERS], norm_how[EO_NETWORK_LAYERS];
};

/*
 * `maps` are texts THEIRS=OURS: a module and a layer, or LAYER.batch_norm. Fails where one of them is no such text or
 * names what is not there. Whether all shapes fit is not checked.
 */
int eo_match_make(struct eo_match *match, const struct eo_modules *modules, const struct eo_network *net,
                  const char *const *maps, int map_count, struct eo_err *err) EO_MUST_CHECK;

/* Whether some layer has taken that module. */
int eo_match_takes(const struct eo_match *match, const struct eo_network *net, int module);

/* The shape of a layer's weights, as the model file has it; returns how many sizes. */
int eo_match_shape(const struct eo_network_layer *l, size_t shape[EO_ST_MAX_DIMS]);

/* Whether a tensor has that shape. */
int eo_match_fits(const struct eo_st_tensor *t, int dims, const size_t *shape);

#endif
