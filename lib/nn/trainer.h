/*
 * One network in training: forward, cross-entropy, backward, AdamW.
 *
 * Results depend on the images and their order alone, not on the threads or the instruction set: a step's batch is
 * cut into blocks of EO_TRAIN_BLOCK images, gradients are summed in a fixed order inside a block, and blocks are added
 * in order. Definitions in kernels/train.h for SmallCNN, and in kernels/general_train.h and network_trainer.h for any
 * other network. Batch normalisation uses the statistics of the batch, and a step updates the running ones.
 */
#ifndef EO_NN_TRAINER_H
#define EO_NN_TRAINER_H

#include <stdint.h>

#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "nn/loss.h"
#include "nn/model.h"
#include "nn/view.h"

#define EO_TRAIN_BLOCK 16

struct eo_trainer;

struct eo_trainer_options {
    enum eo_isa isa;
    struct eo_pool *pool;   /* borrowed; NULL for one thread */
    int max_batch;          /* 1..65536 */
    double weight_decay;    /* of weights, not of biases */
    double label_smoothing; /* 0..1, see eo_cross_entropy(), loss.h */
    double temperature, teacher_weight; /* of batches with a teacher, see eo_loss() */
};

/*
 * The images of a step: pixels[index[0]], pixels[index[1]], ... (each the input's grey values), labels likewise.
 * Borrowed.
 */
struct eo_batch {
    const uint8_t *pixels, *labels;
    const uint32_t *index;       /* [n] */
    const struct eo_view *views; /* [n]; NULL: every image as it is */
    int n;                       /* 1..max_batch */
    const float *teacher;        /* [n, classes]: logits of a model that teaches; NULL: none */
};

/* What image i of a batch is compared with, loss.h. */
struct eo_target eo_batch_target(const struct eo_trainer_options *options, const struct eo_batch *batch, int i,
                                 int classes);

/* Copies the weights of an fp32 model, which may be released afterwards. */
struct eo_trainer *eo_trainer_new(const struct eo_model *m, const struct eo_trainer_options *options,
                                  struct eo_err *err) EO_MUST_CHECK;
void eo_trainer_free(struct eo_trainer *t); /* NULL is allowed */

/*
 * From now on the forward pass rounds as the int8 engine will, fake_quant.h, beginning with the scales of `q`:
 * the model that the weights become without training (same network, batch normalisation folded). Once per trainer;
 * after a failure it can only be freed.
 */
int eo_trainer_simulate_int8(struct eo_trainer *t, const struct eo_model *q, int is_per_tensor,
                             struct eo_err *err) EO_MUST_CHECK;

/*
 * One step of AdamW (Loshchilov, Hutter 2019) with the mean gradient g over the batch: beta 0.9 and 0.999, eps 1e-8;
 * w = (1 - learning_rate weight_decay) w - learning_rate m' / (sqrt(v') + eps), where m' and v' are the averages of g
 * and g g without their bias, and a bias has no weight decay. Adds the sum of the losses to *loss_sum and the number
 * of images classified rightly (before the update) to *correct.
 */
void eo_trainer_step(struct eo_trainer *t, const struct eo_batch *batch, double learning_rate,
                     double *loss_sum, uint64_t *correct);

/*
 * The same without the update: gradients of the mean loss, in the layout of the model, into `grad` (fp32), those of
 * batch normalisation into norm_scale and bias. With simulated quantisation the scales of eo_model_grid() are the
 * gradients by these scales, but for that of the input.
 */
void eo_trainer_gradients(struct eo_trainer *t, const struct eo_batch *batch, struct eo_model *grad,
                          double *loss_sum);

/* Forward alone, for one image; logits [classes]. Not for batch normalisation, which needs a batch. */
void eo_trainer_logits(struct eo_trainer *t, const uint8_t *pixels, float *logits);

/*
 * What each channel does to the loss. sums [n, channels of all layers but the last] receives, for each image, the sum
 * over the pixels of the channel of a g in raster order, in double: a is what the layer hands on, behind its tail, and
 * g the gradient of the image's own cross-entropy by a. The labels are not smoothed and nothing is learnt. The network
 * has no batch normalisation: fold it first, because it would mix the images of a batch.
 */
void eo_trainer_taylor(struct eo_trainer *t, const struct eo_batch *batch, double *sums);

/*
 * Copies the weights and running statistics back into an fp32 model of the same network, and with simulated
 * quantisation the learned grids, for eo_model_grid(); that of the input is not among them.
 */
void eo_trainer_export(const struct eo_trainer *t, struct eo_model *m);

#endif
