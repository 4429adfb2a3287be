/* The state of a general trainer, for its modules: network_trainer.c, network_passes.c, network_gradients.c and
 * network_quant.c. */
#ifndef EO_NN_NETWORK_TRAINER_INTERNAL_H
#define EO_NN_NETWORK_TRAINER_INTERNAL_H

#include "nn/fake_quant.h"
#include "nn/input.h"
#include "nn/kernels/general_train.h"
#include "nn/kernels/train.h"
#include "nn/network_trainer.h"

/*
 * A layer's tensors in the memory of a group, in floats: kernels/general_train.h; equal where one stands for two.
 * handed_on is what later layers read, and averaged the map of which averages are taken: with simulated quantisation
 * out and y on their grids.
 */
struct eo_layer_places {
    size_t z, y, averaged, out, handed_on, d, g;
};

/* A layer's parts of a block of parameters, of the statistics, and of the channels of all layers. */
struct eo_layer_parts {
    size_t weight, bias, scale, norm, channel;
};

struct eo_block_result {
    double loss;
    uint64_t correct;
};

/* Simulated quantisation of a tensor (its number is that of network.h); the input's is in the tables. */
struct eo_network_quant_tensor {
    int is_used;
    int32_t zero_point;
    struct eo_learned_scale learned;
    struct eo_train_grid grid;
};

struct eo_network_quant {
    int is_per_tensor; /* one scale for all weights of a layer, else one per output */
    int weight_bits[EO_NETWORK_LAYERS];
    struct eo_network_quant_tensor tensor[EO_NETWORK_TENSORS];
    float *rounded; /* [decayed]: the weights as int8 holds them */
    double *slopes; /* [EO_NETWORK_TENSORS][images]: of the loss by the scale, of the batch in progress */
    size_t images;
};

struct eo_network_trainer {
    struct eo_network net; /* as eo_network_turn() leaves it */
    struct eo_dims seen;   /* an image as it is seen: the views move it */
    const struct eo_general_train_ops *ops;
    const struct eo_train_ops *flat; /* the optimiser */
    struct eo_trainer_options options;
    int tables;                          /* of the input: 1, or one for each channel */
    float input[EO_INPUT_CHANNELS][256]; /* grey value to network input */
    int groups;                          /* of a block */
    struct eo_layer_places places[EO_NETWORK_LAYERS];
    struct eo_layer_parts parts[EO_NETWORK_LAYERS];
    size_t total, decayed, group_floats; /* weights, which decay, come first in a block of parameters */
    size_t outputs;                      /* the most of a layer */
    float *params, *m, *v, *sum;         /* blocks of parameters */
    float *packed, *packed_back;         /* [decayed]: weights as the kernels read them */
    float *mean, *factor, *mean_d, *slope, *running_mean, *running_variance; /* [norms] */
    double *inverse; /* [norms]: 1 / sqrt(variance + eps) of the batch */
    size_t norms;
    float *zeros;           /* [outputs] */
    float *grads;           /* a block of parameters for each block of images */
    float *memory;          /* of all groups of a batch */
    float *sums, *products; /* [groups of a batch, outputs, lanes] */
    float *dw;              /* for each thread eo_network_gradients_floats() */
    uint8_t *viewed;        /* for each thread an image */
    void *storage[4];
    struct eo_block_result *results;
    struct eo_network_quant *quant; /* NULL: none */
    double beta_powers[2];
    /* the step in progress, for the tasks: layers begin to end - 1 forward; begin down to end backward */
    const struct eo_batch *batch;
    int share;      /* by which the gradient of each image's loss is divided */
    double *taylor; /* NULL: gradients of the weights are wanted, else eo_network_trainer_taylor()'s sums */
    struct eo_adam_step step;
    int begin, end;
};

struct eo_train_group {
    int index; /* in the batch */
    int n;     /* images in it; lanes behind them repeat the last image */
    float *at;
};

/* Group g of a block; n is 0 where the batch ends before it. */
static inline struct eo_train_group eo_network_group(const struct eo_network_trainer *t, int block, int g)
{
    int index = block * t->groups + g, rest = t->batch->n - index * t->ops->lanes;

    rest = rest < t->ops->lanes ? rest : t->ops->lanes;
    return (struct eo_train_group){index, rest > 0 ? rest : 0, t->memory + (size_t)index * t->group_floats};
}

/* What a layer hands on; NULL for EO_NETWORK_NONE. */
static inline const float *eo_network_source(const struct eo_network_trainer *t, struct eo_train_group g, int layer)
{
    return layer == EO_NETWORK_NONE    ? NULL
           : layer == EO_NETWORK_INPUT ? g.at
                                       : g.at + t->places[layer].handed_on;
}

/* From the operation's output, d of layer i, to its weights and bias in t->grads. `dw` has room for
 * eo_network_gradients_floats(). */
void eo_network_gradients(const struct eo_network_trainer *t, int block, int i, float *dw);
size_t eo_network_gradients_floats(const struct eo_network_trainer *t);

/*
 * Forward and backward over a batch: adds up the losses, and leaves the gradients of each block in t->grads. `is_kept`:
 * the running statistics move.
 */
void eo_network_passes_run(struct eo_network_trainer *t, const struct eo_batch *batch, int is_kept,
                           double *loss_sum, uint64_t *correct);

/* The same for eo_network_trainer_taylor(), which leaves no gradients of weights. */
void eo_network_passes_taylor(struct eo_network_trainer *t, const struct eo_batch *batch, double *sums);

/* Forward alone. */
void eo_network_passes_forward(struct eo_network_trainer *t, const struct eo_batch *batch);

/* Blocks of the batch in progress. */
int eo_network_passes_blocks(const struct eo_network_trainer *t);

/* Makes t->quant, for eo_network_trainer_simulate_int8(), and the tables of the input. */
int eo_network_quant_begin(struct eo_network_trainer *t, const struct eo_model *q, int is_per_tensor,
                           struct eo_err *err) EO_MUST_CHECK;
void eo_network_quant_free(struct eo_network_quant *quant); /* NULL is allowed */

/* Rounds the weights of a layer. */
void eo_network_quant_weights(const struct eo_network_trainer *t, int layer);

/* The slopes of a tensor from an image of the batch on. */
double *eo_network_quant_slopes(const struct eo_network_trainer *t, int tensor, int image);

/* After the passes of a step: the next scales. */
void eo_network_quant_learn(struct eo_network_trainer *t, double learning_rate);

/* The grids into a model, with the gradients by their scales in place of these where `is_gradient`. */
void eo_network_quant_export(const struct eo_network_trainer *t, struct eo_model *m, int is_gradient);

#endif
