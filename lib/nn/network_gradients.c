/* Gradients by the weights and biases of a layer. */
#include <string.h>

#include "nn/network_trainer_internal.h"

/* How many of a layer's weights have their gradients by lanes; those of a linear layer are summed at once. */
static size_t weights_by_lanes(const struct eo_network_layer *l)
{
    return l->operation == EO_LINEAR ? 0 : eo_network_weights(l);
}

size_t eo_network_gradients_floats(const struct eo_network_trainer *t)
{
    size_t most = 0;

    for (int i = 0; i < t->net.count; i++) {
        size_t n = weights_by_lanes(&t->net.layer[i]) + (size_t)t->net.layer[i].map.c;

        most = n > most ? n : most;
    }
    return most * EO_TRAIN_LANES;
}

/* The sums of n numbers over the 16 images of a block. */
static void sum_lanes(const struct eo_network_trainer *t, const float *from, size_t n, float *out)
{
    size_t lanes = (size_t)t->ops->lanes;

    for (size_t k = 0; k < n; k++) {
        float lane[EO_TRAIN_LANES];

        for (size_t g = 0; g < (size_t)t->groups; g++)
            memcpy(lane + g * lanes, from + (g * n + k) * lanes, lanes * sizeof(float));
        out[k] = eo_lanes_sum(lane);
    }
}

/* Of group k of a block. */
static void gradients_by_lanes(const struct eo_network_trainer *t, struct eo_train_group g, int k, int i, float *dw)
{
    const struct eo_network_layer *l = &t->net.layer[i];
    size_t lanes = (size_t)t->ops->lanes, weights = weights_by_lanes(l), outputs = (size_t)l->map.c;
    float *db = dw + weights * EO_TRAIN_LANES + (size_t)k * outputs * lanes, *d = g.at + t->places[i].d;

    dw += (size_t)k * weights * lanes;
    if (!g.n) {
        memset(db, 0, outputs * lanes * sizeof(*db));
        memset(dw, 0, weights * lanes * sizeof(*dw));
        return;
    }
    if (!l->batch_norm)
        t->ops->sums(l, d, db);
    if (weights)
        t->ops->back_w(l, eo_network_source(t, g, l->from), d, dw);
}

static void gradients_of_linear(const struct eo_network_trainer *t, int block, int i, float *to)
{
    const struct eo_network_layer *l = &t->net.layer[i];
    const float *x[EO_TRAIN_LANES], *d[EO_TRAIN_LANES];

    for (int k = 0; k < t->groups; k++) {
        struct eo_train_group g = eo_network_group(t, block, k);

        x[k] = g.n ? eo_network_source(t, g, l->from) : NULL;
        d[k] = g.n ? g.at + t->places[i].d : NULL;
    }
    t->ops->linear_w(l, x, d, to);
}

void eo_network_gradients(const struct eo_network_trainer *t, int block, int i, float *dw)
{
    const struct eo_network_layer *l = &t->net.layer[i];
    float *grad = t->grads + (size_t)block * t->total;
    size_t weights = weights_by_lanes(l);

    for (int k = 0; k < t->groups; k++)
        gradients_by_lanes(t, eo_network_group(t, block, k), k, i, dw);
    if (weights)
        sum_lanes(t, dw, weights, grad + t->parts[i].weight);
    else
        gradients_of_linear(t, block, i, grad + t->parts[i].weight);
    if (!l->batch_norm)
        sum_lanes(t, dw + weights * EO_TRAIN_LANES, (size_t)l->map.c, grad + t->parts[i].bias);
}
