/*
 * Training of SmallCNN by kernels of its own: what eo_trainer (trainer.h) is made of for that network. A step's batch
 * is cut into blocks of EO_TRAIN_BLOCK images; inside a block every weight's gradient is one chain of fma in the order
 * of the images, and inside an image of the pooled pixels; blocks are added in order.
 */
#ifndef EO_NN_SMALLCNN_TRAINER_H
#define EO_NN_SMALLCNN_TRAINER_H

#include "nn/trainer.h"

struct eo_smallcnn_trainer;

/* As the functions of trainer.h without `smallcnn_`. */
struct eo_smallcnn_trainer *eo_smallcnn_trainer_new(const struct eo_model *m,
                                                    const struct eo_trainer_options *options,
                                                    struct eo_err *err) EO_MUST_CHECK;
void eo_smallcnn_trainer_free(struct eo_smallcnn_trainer *t);
int eo_smallcnn_trainer_simulate_int8(struct eo_smallcnn_trainer *t, const struct eo_model *q,
                                      int is_per_tensor, struct eo_err *err) EO_MUST_CHECK;
void eo_smallcnn_trainer_step(struct eo_smallcnn_trainer *t, const struct eo_batch *batch,
                              double learning_rate, double *loss_sum, uint64_t *correct);
void eo_smallcnn_trainer_gradients(struct eo_smallcnn_trainer *t, const struct eo_batch *batch,
                                   struct eo_model *grad, double *loss_sum);
void eo_smallcnn_trainer_logits(struct eo_smallcnn_trainer *t, const uint8_t *pixels, float logits[10]);
void eo_smallcnn_trainer_taylor(struct eo_smallcnn_trainer *t, const struct eo_batch *batch, double *sums);
void eo_smallcnn_trainer_export(const struct eo_smallcnn_trainer *t, struct eo_model *m);

#endif
