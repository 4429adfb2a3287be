/*
 * One network in training: forward, cross-entropy, backward, Adam.
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

/* Copies the weights of an fp32 model. `pool` is borrowed, NULL for one thread. max_batch in 1..65536. */
struct eo_trainer *eo_trainer_new(const struct eo_model *m, enum eo_isa isa, struct eo_pool *pool, int max_batch,
                                  struct eo_err *err) EO_MUST_CHECK;
void eo_trainer_free(struct eo_trainer *t); /* NULL is allowed */

/*
 * One step on the n images pixels[index[0]], pixels[index[1]], ... (each 784 grey values), labels likewise.
 * Adds the sum of the losses to *loss_sum and the number of images classified rightly (before the update) to
 * *correct. Adam: beta 0.9 and 0.999, eps 1e-8, mean gradient over the n images.
 */
void eo_trainer_step(struct eo_trainer *t, const uint8_t *pixels, const uint8_t *labels, const uint32_t *index,
                     int n, double learning_rate, double *loss_sum, uint64_t *correct);

/* The same without the update: gradients of the mean loss, in the layout of the model, into `grad` (fp32). */
void eo_trainer_gradients(struct eo_trainer *t, const uint8_t *pixels, const uint8_t *labels,
                          const uint32_t *index, int n, struct eo_model *grad, double *loss_sum);

/* Copies the weights back into an fp32 model of the same shape. */
void eo_trainer_export(const struct eo_trainer *t, struct eo_model *m);

#endif
