/*
 * Training a model from a configuration: initial weights, epochs, log.
 *
 * A run of E epochs over N images has E * S steps, S = ceil(N / batch_size), numbered s = 0, 1, ... Images come in a
 * new random order each epoch (stream EO_RNG_SHUFFLE of eo_config_dataloader_seed()).
 *
 *   learning rate   with W = warmup_epochs * S and `peak` the configured rate:
 *                   s < W              peak * min(1, (s + 1) / W)
 *                   else, constant     peak
 *                   else, cosine       peak * (1 + cos(pi (s - W) / (E S - W))) / 2: 0 at the end of the last step
 *   augmentation    drawn image by image in the order of training, from the stream EO_RNG_AUGMENT of the same seed:
 *                   dx and dy uniform in -augment_shift..augment_shift, then mirrored or not with equal chances; what
 *                   is switched off draws nothing. struct eo_view of trainer.h says what they mean.
 *   early stopping  the last tenth of the training images (eo_train_divide()) is not trained on, and N is without it:
 *                   it chooses the epoch, so that the held-out images, which decide later, have chosen nothing yet.
 *                   After each epoch these images are classified (infer.h). Of two epochs the one with more
 *                   images right is better, of equals the one of lower mean cross-entropy (without smoothing), of
 *                   equals the earlier one. The run ends `early_stopping` epochs after the best one, or after E, and
 *                   the best epoch's weights are kept. The schedule is that of all E epochs.
 */
#ifndef EO_STAGE_TRAIN_H
#define EO_STAGE_TRAIN_H

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/rng.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "nn/trainer.h"

/* How far a run is, for a progress line. Called after every batch, on the calling thread. */
struct eo_train_progress {
    int epoch, epochs;  /* 1-based */
    size_t done, total; /* images, over all epochs */
    double loss;        /* mean over this epoch so far */
    double seconds;     /* since the start of training */
    int best_epoch;       /* 0 before the first evaluation, and without early stopping */
    double best_accuracy; /* on the images that choose the epoch, after best_epoch */
};
typedef void eo_train_progress_fn(void *ctx, const struct eo_train_progress *progress);

/* Training for int8, which qat.h does. */
struct eo_train_simulation {
    const struct eo_model *start; /* int8: the model as it is, see eo_trainer_simulate_int8() */
    int is_per_tensor;
    /* Makes the int8 model `q` of an epoch's weights and learned scales: early stopping looks at that one. */
    int (*convert)(void *ctx, const struct eo_model *m, struct eo_model *q, struct eo_err *err);
    void *ctx;
};

struct eo_train_options {
    int epochs;           /* at least 1 */
    double learning_rate; /* the peak of the schedule */
    enum eo_isa isa;
    struct eo_pool *pool; /* borrowed; NULL for one thread */
    eo_train_progress_fn *progress; /* may be NULL */
    void *progress_ctx;
    const struct eo_train_simulation *simulation; /* NULL: none */
};

struct eo_train_result {
    int epochs;     /* that were run */
    int best_epoch; /* whose weights were kept; 0 without early stopping: those of the last */
};

/*
 * An untrained fp32 model of cfg's channels: weights and biases uniform in +-1 / sqrt(terms of an output's sum), as
 * PyTorch draws them for convolution and linear layers. Seed number `seed_index`. Release with eo_model_release().
 */
int eo_train_init_model(const struct eo_config *cfg, int seed_index, struct eo_model *m, struct eo_err *err)
    EO_MUST_CHECK;

/* The learning rate of step s, as above: schedule and warm-up of `cfg`, `steps` in an epoch. Finite and >= 0. */
double eo_train_learning_rate(const struct eo_config *cfg, double peak, size_t s, size_t steps, int epochs);

/* The view of the next image. */
struct eo_view eo_train_draw_view(const struct eo_config *cfg, struct eo_rng *rng);

/*
 * Divides the training images for early stopping: into those that are trained on, and the last count / 10 of them, at
 * least one, that choose the epoch.
 */
void eo_train_divide(const struct eo_images *all, struct eo_images *train, struct eo_images *stop);

/*
 * Trains `m` in place on split->train and looks at nothing else: AdamW on batches of cfg->batch_size with cfg's
 * schedule, weight decay, label smoothing, augmentation and early stopping. Appends to `log` (may be NULL) a CSV with
 * header: epoch, loss (mean cross-entropy against the smoothed targets), accuracy (of the predictions made while
 * training), learning_rate (of the epoch's last step), stop_accuracy and stop_loss (of the images that choose the
 * epoch; empty without early stopping), seconds and images_per_s (of the training alone). Only the last two depend on
 * the machine. Fails on an empty training set, with early stopping on one of a single image, and when the loss or a
 * weight stops being finite; `m` is of no use then.
 */
int eo_train_run(const struct eo_config *cfg, int seed_index, const struct eo_split *split,
                 const struct eo_train_options *options, struct eo_model *m, struct eo_train_result *result,
                 struct eo_buf *log, struct eo_err *err) EO_MUST_CHECK;

/* The epochs of fine-tuning that m's metadata count; 0 without. Fails where they are no count. */
int eo_train_epochs_before(const struct eo_model *m, int64_t *epochs, struct eo_err *err) EO_MUST_CHECK;

/*
 * Writes what a run of training or fine-tuning was into m's metadata: best_epoch (removed where it is 0, left as it
 * is by a run of no epochs) and, for fine-tuning, fine_tune_epochs: the epochs run, added to those that stand there
 * already. Fails where those are no count, and when memory runs out.
 */
int eo_train_describe(struct eo_model *m, const struct eo_train_result *result, int fine_tuning, struct eo_err *err)
    EO_MUST_CHECK;

#endif
