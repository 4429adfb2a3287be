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
 *                   dx and dy uniform in -augment_shift..augment_shift, then mirrored or not with equal chances; an
 *                   option that is off draws nothing. struct eo_view of nn/view.h defines them.
 *   early stopping  the last tenth of the training images (eo_train_divide()) is not trained on and not counted in N.
 *                   It chooses the epoch, so that the held-out images, which decide later, have chosen nothing. After
 *                   each epoch these images are classified (infer.h). The best epoch has the most images right; among
 *                   equals, the lowest mean cross-entropy (without smoothing); among equals, it is the earliest. The
 *                   run ends `early_stopping` epochs after the best one, or after E, and keeps the weights of the best
 *                   epoch. The schedule is that of all E epochs.
 *   teacher         eo_loss() compares with its logits for the same views (teacher.h); the losses of the log are these.
 */
#ifndef EO_STAGE_LEARN_TRAIN_H
#define EO_STAGE_LEARN_TRAIN_H

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/rng.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/input.h"
#include "nn/model.h"
#include "nn/trainer.h"

/* How far a run is, for a progress line. Called after every batch, on the calling thread. */
struct eo_train_progress {
    int epoch, epochs;    /* 1-based */
    size_t done, total;   /* images, over all epochs */
    double loss;          /* mean over this epoch so far */
    double seconds;       /* since the start of training */
    int best_epoch;       /* 0 before the first evaluation, and without early stopping */
    double best_accuracy; /* on the images that choose the epoch, after best_epoch */
};
typedef void eo_train_progress_fn(void *ctx, const struct eo_train_progress *progress);

struct eo_teacher_model;

/* Training for int8 (qat.h). */
struct eo_train_simulation {
    const struct eo_model *start; /* int8: the model before training, see eo_trainer_simulate_int8() */
    int is_per_tensor;
    /* Makes the int8 model `q` from an epoch's weights and learned scales, for early stopping to evaluate. */
    int (*convert)(void *ctx, const struct eo_model *m, struct eo_model *q, struct eo_err *err);
    void *ctx;
};

struct eo_train_options {
    int epochs;           /* 0: the model stays as it is, and the log has its header alone */
    double learning_rate; /* the peak of the schedule */
    enum eo_isa isa;
    struct eo_pool *pool;           /* borrowed; NULL for one thread */
    eo_train_progress_fn *progress; /* may be NULL */
    void *progress_ctx;
    const struct eo_train_simulation *simulation; /* NULL: none */
    const struct eo_teacher_model *teacher;       /* NULL: none */
};

struct eo_train_result {
    int epochs;     /* that were run */
    int best_epoch; /* whose weights were kept; 0 without early stopping: the last one's */
};

/*
 * The network of the keys model, width and, for smallcnn, conv1_channels and conv2_channels, for images of this size in
 * so many classes (network_fit.h). SmallCNN on 1 x 28 x 28 has at least 10 classes, as ever. The message names the
 * layer.
 */
int eo_train_network(const struct eo_config *cfg, struct eo_dims input, int classes, struct eo_network *net,
                     struct eo_err *err) EO_MUST_CHECK;

/*
 * An untrained fp32 model: weights and biases uniform in +-1 / sqrt(terms of an output's sum), as PyTorch draws them
 * for convolution and linear layers; batch normalisation with scale 1 and bias 0; pruning_level is 0.00. Seed number
 * `seed_index`. `net` NULL: the configuration's for 28 x 28 images in 10 classes. Release with eo_model_release().
 */
int eo_train_init_model(const struct eo_config *cfg, int seed_index, const struct eo_network *net, struct eo_model *m,
                        struct eo_err *err) EO_MUST_CHECK;

/*
 * What the keys input_mean and input_std say the network is fed, or 0.5 and 0.5. Fails where they are not as many
 * numbers as the input has channels.
 */
int eo_train_input(const struct eo_config *cfg, int channels, struct eo_input *in, struct eo_err *err) EO_MUST_CHECK;

/* The same goes into the metadata, where all later stages find it. */
int eo_train_set_input(struct eo_model *m, const struct eo_config *cfg, struct eo_err *err) EO_MUST_CHECK;

/* The learning rate of step s, as above: schedule and warm-up of `cfg`, `steps` in an epoch. Finite and >= 0. */
double eo_train_learning_rate(const struct eo_config *cfg, double peak, size_t s, size_t steps, int epochs);

/* The view of the next image. */
struct eo_view eo_train_draw_view(const struct eo_config *cfg, struct eo_rng *rng);

/*
 * Divides the training images for early stopping: the last count / 10, at least one, choose the epoch; the others are
 * trained on.
 */
void eo_train_divide(const struct eo_images *all, struct eo_dims dims, struct eo_images *train, struct eo_images *stop);

/*
 * Trains `m` in place on split->train alone: AdamW on batches of cfg->batch_size with cfg's
 * schedule, weight decay, label smoothing, augmentation and early stopping. Appends to `log` (may be NULL) a CSV with
 * header: epoch, loss (mean cross-entropy against the smoothed targets), accuracy (of the predictions made while
 * training), learning_rate (of the epoch's last step), stop_accuracy and stop_loss (of the images that choose the
 * epoch; empty without early stopping), seconds and images_per_s (of the training alone). Only the last two depend on
 * the machine. Fails on an empty training set, with early stopping on one of a single image, and when the loss or a
 * weight stops being finite; `m` is then undefined.
 */
int eo_train_run(const struct eo_config *cfg, int seed_index, const struct eo_split *split,
                 const struct eo_train_options *options, struct eo_model *m, struct eo_train_result *result,
                 struct eo_buf *log, struct eo_err *err) EO_MUST_CHECK;

/* fine_tune_epochs of m's metadata; 0 if missing. Fails if it is not a count. */
int eo_train_epochs_before(const struct eo_model *m, int64_t *epochs, struct eo_err *err) EO_MUST_CHECK;

/*
 * Writes the result of training or fine-tuning into m's metadata: best_epoch (removed if it is 0, kept by a run of no
 * epochs) and, for fine-tuning, fine_tune_epochs: the epochs of this run added to those of earlier ones. Fails if
 * fine_tune_epochs is not a count, and when memory runs out.
 */
int eo_train_describe(struct eo_model *m, const struct eo_train_result *result, int fine_tuning,
                      struct eo_err *err) EO_MUST_CHECK;

/*
 * Writes into m's metadata what it was trained on and by: the first seed of `cfg`, dataset (the name that
 * eo_dataset_open() found), dataset_sha256 (of the training images), and train_sha256 or finetune_sha256 of the slice
 * of `cfg`.
 */
int eo_train_describe_inputs(struct eo_model *m, const struct eo_config *cfg, const struct eo_dataset *ds,
                             int fine_tuning, struct eo_err *err) EO_MUST_CHECK;

#endif
