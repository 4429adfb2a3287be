/*
 * Training of any network: what eo_trainer (trainer.h) is made of for all but SmallCNN.
 *
 * A batch goes through the network layer by layer, because batch normalisation needs a whole batch: in training it uses
 * the mean and the variance of the batch, over images and pixels. Blocks of 16 images (kernels/general_train.h) are
 * tasks of the pool. The statistics are sums in double over the images in order, of what each image adds up in float:
 *
 *     mean      sum of the images' sums / count
 *     variance  sum of (squares of the image + pixels (its mean - mean)^2) / count
 *     running   0.9 running + 0.1 of the batch, the variance as squares / (count - 1); by eo_network_trainer_step()
 *
 * Simulated quantisation (fake_quant.h) is for networks without batch normalisation: fold it first. Each tensor of the
 * int8 model is rounded where the engine rounds it: the output of each layer but the last, and a map before it is
 * averaged.
 *
 * Memory: about (maps + outputs) x 8 bytes for each image of a batch, x 12 with simulated quantisation.
 */
#ifndef EO_NN_NETWORK_TRAINER_H
#define EO_NN_NETWORK_TRAINER_H

#include "nn/trainer.h"

struct eo_network_trainer;

/* As the functions of trainer.h without `network_`. */
struct eo_network_trainer *eo_network_trainer_new(const struct eo_model *m,
                                                  const struct eo_trainer_options *options,
                                                  struct eo_err *err) EO_MUST_CHECK;
void eo_network_trainer_free(struct eo_network_trainer *t);
int eo_network_trainer_simulate_int8(struct eo_network_trainer *t, const struct eo_model *q,
                                     int is_per_tensor, struct eo_err *err) EO_MUST_CHECK;
void eo_network_trainer_step(struct eo_network_trainer *t, const struct eo_batch *batch, double learning_rate,
                             double *loss_sum, uint64_t *correct);
void eo_network_trainer_gradients(struct eo_network_trainer *t, const struct eo_batch *batch,
                                  struct eo_model *grad, double *loss_sum);
void eo_network_trainer_logits(struct eo_network_trainer *t, const uint8_t *pixels, float *logits);
void eo_network_trainer_taylor(struct eo_network_trainer *t, const struct eo_batch *batch, double *sums);
void eo_network_trainer_export(const struct eo_network_trainer *t, struct eo_model *m);

#endif
