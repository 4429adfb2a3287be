/* What a network needs at least, worked out apart from where lib/nn puts it. */
#ifndef EO_TESTS_PEAK_H
#define EO_TESTS_PEAK_H

#include "nn/network.h"

/* Elements of what layer `reader` or a later one reads, made before `layer`. */
static inline size_t alive(const struct eo_network *net, int layer, int reader)
{
    size_t n = eo_network_last_reader(net, EO_NETWORK_INPUT) >= reader ? eo_dims_elements(net->input) : 0;

    for (int i = 0; i < layer; i++)
        n += eo_network_last_reader(net, i) >= reader ? eo_dims_elements(net->layer[i].out) : 0;
    return n;
}

/*
 * The largest number of activations that exist at once for one input, where operation and pooling run one after the
 * other, each tensor lives until its last reader has run, and batch normalisation, add and ReLU work in place.
 */
static inline size_t peak_elements(const struct eo_network *net)
{
    size_t peak = 0;

    for (int i = 0; i < net->count; i++) {
        const struct eo_network_layer *l = &net->layer[i];
        size_t map = eo_dims_elements(l->map);
        size_t operation = alive(net, i, i) + map;
        size_t pooling = l->pooling ? alive(net, i, i + 1) + map + eo_dims_elements(l->out) : 0;

        peak = operation > peak ? operation : peak;
        peak = pooling > peak ? pooling : peak;
    }
    return peak;
}

#endif
