/*
 * One network in training: forward, cross-entropy, backward, AdamW.
 *
 * Results depend on the images and their order alone, not on the threads or the instruction set: a step's batch is
 * cut into blocks of EO_TRAIN_BLOCK images; inside a block every weight's gradient is one chain of fma in the order
 * of the images, and inside an image of the pooled pixels; blocks are added in order. Definitions in trainer.c.
 */
#ifndef EO_NN_TRAINER_H
#define EO_NN_TRAINER_H

#include <stdint.h>

#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "nn/model.h"

#define EO_TRAIN_BLOCK 16

struct eo_trainer;

struct eo_trainer_options {
    enum eo_isa isa;
    struct eo_pool *pool; /* borrowed; NULL for one thread */
    int max_batch;        /* 1..65536 */
    double weight_decay;  /* of weights, not of biases */
    double label_smoothing; /* 0..1, see eo_cross_entropy() */
};

/*
 * How an image is looked at: mirrored from left to right first, then moved dx to the right and dy down; what comes in
 * from outside has the grey value 0. All zero is the image as it is. dx and dy in -27..27.
 */
struct eo_view {
    int8_t dx, dy;
    uint8_t mirrored;
};

/* The images of a step: pixels[index[0]], pixels[index[1]], ... (each 784 grey values), labels likewise. Borrowed. */
struct eo_batch {
    const uint8_t *pixels, *labels;
    const uint32_t *index;       /* [n] */
    const struct eo_view *views; /* [n]; NULL: every image as it is */
    int n;                       /* 1..max_batch */
};

/* Copies the weights of an fp32 model, which may be released afterwards. */
struct eo_trainer *eo_trainer_new(const struct eo_model *m, const struct eo_trainer_options *options,
                                  struct eo_err *err) EO_MUST_CHECK;
void eo_trainer_free(struct eo_trainer *t); /* NULL is allowed */

/*
 * From now on the forward pass rounds as the int8 engine will, fake_quant.h, beginning with the input scales of `q`:
 * the model that the weights become without training (same shape). Once per trainer; after a failure it can only be
 * freed.
 */
int eo_trainer_simulate_int8(struct eo_trainer *t, const struct eo_model *q, int is_per_tensor, struct eo_err *err)
    EO_MUST_CHECK;

/*
 * One step of AdamW (Loshchilov, Hutter 2019) with the mean gradient g over the batch: beta 0.9 and 0.999, eps 1e-8;
 * w = (1 - learning_rate weight_decay) w - learning_rate m' / (sqrt(v') + eps), where m' and v' are the averages of g
 * and g g without their bias, and a bias has no weight decay. Adds the sum of the losses to *loss_sum and the number
 * of images classified rightly (before the update) to *correct.
 */
void eo_trainer_step(struct eo_trainer *t, const struct eo_batch *batch, double learning_rate, double *loss_sum,
                     uint64_t *correct);

/*
 * The same without the update: gradients of the mean loss, in the layout of the model, into `grad` (fp32). With
 * simulated quantisation its input_scale of conv2 and of the classifier are the gradients by these two scales.
 */
void eo_trainer_gradients(struct eo_trainer *t, const struct eo_batch *batch, struct eo_model *grad, double *loss_sum);

/* Forward alone, for one image [28, 28]. */
void eo_trainer_logits(struct eo_trainer *t, const uint8_t *pixels, float logits[10]);

/*
 * What each channel of both convolutions does to the loss: sums [n, c1 + c2] receives, for each image, the sum over the
 * channel's pooled pixels in raster order, in double, of activation (after ReLU) times gradient of the image's own
 * cross-entropy by it. The labels are not smoothed and nothing is learnt.
 */
void eo_trainer_taylor(struct eo_trainer *t, const struct eo_batch *batch, double *sums);

/*
 * Copies the weights back into an fp32 model of the same shape, and with simulated quantisation the learned scales of
 * the inputs of conv2 and of the classifier into their input_scale.
 */
void eo_trainer_export(const struct eo_trainer *t, struct eo_model *m);

/*
 * Cross-entropy of ten logits against the target (1 - smoothing) onehot(label) + smoothing / 10:
 *     log(sum exp(z - max)) - (z[label] - max) + smoothing (z[label] - mean(z)).
 * `gradient`, if not NULL, becomes softmax(z) - target.
 */
double eo_cross_entropy(const double z[10], int label, double smoothing, double gradient[10]);

#endif
