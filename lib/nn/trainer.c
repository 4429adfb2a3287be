/* Which trainer a network has: SmallCNN one of its own, which is faster there, and all others the general one. */
#include "nn/trainer.h"

#include <stdlib.h>

#include "base/mem.h"
#include "nn/network_trainer.h"
#include "nn/smallcnn_trainer.h"

struct eo_trainer {
    struct eo_smallcnn_trainer *smallcnn; /* one of the two is NULL */
    struct eo_network_trainer *network;
};

struct eo_target eo_batch_target(const struct eo_trainer_options *options, const struct eo_batch *batch, int i,
                                 int classes)
{
    return (struct eo_target){.label = batch->labels[batch->index[i]],
                              .smoothing = options->label_smoothing,
                              .teacher = batch->teacher ? batch->teacher + (size_t)i * (size_t)classes : NULL,
                              .temperature = options->temperature,
                              .weight = options->teacher_weight};
}

struct eo_trainer *eo_trainer_new(const struct eo_model *m, const struct eo_trainer_options *options,
                                  struct eo_err *err)
{
    struct eo_trainer *t;

    if (m->precision != EO_FP32) {
        eo_err_set(err, "training: expected an fp32 model, found %s", eo_precision_name(m->precision));
        return NULL;
    }
    t = eo_alloc(1, sizeof(*t), err);
    if (!t)
        return NULL;
    if (eo_network_is_smallcnn(&m->network))
        t->smallcnn = eo_smallcnn_trainer_new(m, options, err);
    else
        t->network = eo_network_trainer_new(m, options, err);
    if (!t->smallcnn && !t->network) {
        free(t);
        return NULL;
    }
    return t;
}

void eo_trainer_free(struct eo_trainer *t)
{
    if (!t)
        return;
    eo_smallcnn_trainer_free(t->smallcnn);
    eo_network_trainer_free(t->network);
    free(t);
}

int eo_trainer_simulate_int8(struct eo_trainer *t, const struct eo_model *q, int is_per_tensor,
                             struct eo_err *err)
{
    return t->smallcnn ? eo_smallcnn_trainer_simulate_int8(t->smallcnn, q, is_per_tensor, err)
                       : eo_network_trainer_simulate_int8(t->network, q, is_per_tensor, err);
}

void eo_trainer_step(struct eo_trainer *t, const struct eo_batch *batch, double learning_rate,
                     double *loss_sum, uint64_t *correct)
{
    if (t->smallcnn)
        eo_smallcnn_trainer_step(t->smallcnn, batch, learning_rate, loss_sum, correct);
    else
        eo_network_trainer_step(t->network, batch, learning_rate, loss_sum, correct);
}

void eo_trainer_gradients(struct eo_trainer *t, const struct eo_batch *batch, struct eo_model *grad,
                          double *loss_sum)
{
    if (t->smallcnn)
        eo_smallcnn_trainer_gradients(t->smallcnn, batch, grad, loss_sum);
    else
        eo_network_trainer_gradients(t->network, batch, grad, loss_sum);
}

void eo_trainer_logits(struct eo_trainer *t, const uint8_t *pixels, float *logits)
{
    if (t->smallcnn)
        eo_smallcnn_trainer_logits(t->smallcnn, pixels, logits);
    else
        eo_network_trainer_logits(t->network, pixels, logits);
}

void eo_trainer_taylor(struct eo_trainer *t, const struct eo_batch *batch, double *sums)
{
    if (t->smallcnn)
        eo_smallcnn_trainer_taylor(t->smallcnn, batch, sums);
    else
        eo_network_trainer_taylor(t->network, batch, sums);
}

void eo_trainer_export(const struct eo_trainer *t, struct eo_model *m)
{
    if (t->smallcnn)
        eo_smallcnn_trainer_export(t->smallcnn, m);
    else
        eo_network_trainer_export(t->network, m);
}
