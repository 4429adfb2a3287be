/*
 * Training a model from a configuration: initial weights, epochs, log.
 */
#ifndef EO_STAGE_TRAIN_H
#define EO_STAGE_TRAIN_H

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"

/* How far a run is, for a progress line. Called after every batch, on the calling thread. */
struct eo_train_progress {
    int epoch, epochs;  /* 1-based */
    size_t done, total; /* images, over all epochs */
    double loss;        /* mean over this epoch so far */
    double seconds;     /* since the start of training */
};
typedef void eo_train_progress_fn(void *ctx, const struct eo_train_progress *progress);

struct eo_train_options {
    int epochs;       /* at least 1 */
    enum eo_isa isa;
    struct eo_pool *pool; /* borrowed; NULL for one thread */
    eo_train_progress_fn *progress; /* may be NULL */
    void *progress_ctx;
};

/*
 * An untrained fp32 model of cfg's channels: weights and biases uniform in +-1 / sqrt(terms of an output's sum), as
 * PyTorch draws them for convolution and linear layers. Seed number `seed_index`. Release with eo_model_release().
 */
int eo_train_init_model(const struct eo_config *cfg, int seed_index, struct eo_model *m, struct eo_err *err)
    EO_MUST_CHECK;

/*
 * Trains `m` in place: Adam at cfg->learning_rate on batches of cfg->batch_size, images in a new random order each
 * epoch (eo_config_dataloader_seed). Appends to `log` (may be NULL) a CSV with header: epoch, loss (mean
 * cross-entropy), accuracy (of the predictions made while training), seconds, images_per_s. Only the last two depend
 * on the machine. Fails on an empty training set, and when the loss or a weight stops being finite.
 */
int eo_train_run(const struct eo_config *cfg, int seed_index, const struct eo_images *images,
                 const struct eo_train_options *options, struct eo_model *m, struct eo_buf *log, struct eo_err *err)
    EO_MUST_CHECK;

#endif
