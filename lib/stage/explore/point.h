/*
 * One point of an exploration: a network of certain widths, trained, at one precision, with what it reaches and costs.
 *
 *     slice    The base model keeps in each space the channels with the highest scores of the first of
 *              pruning_criterion (prune/saliency.h), in their order.
 *     scratch  Random weights of the seed, for a network of these widths.
 *
 * It is then trained for explore_epochs with the keys of recovery (slice) or of training (scratch), and converted as by
 * eo-quant. All precisions of the same widths share one training, which uses one thread; results are the same bits for
 * every instruction set.
 */
#ifndef EO_STAGE_EXPLORE_POINT_H
#define EO_STAGE_EXPLORE_POINT_H

#include <stdint.h>

#include "base/cpu.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/explore/grid.h"
#include "stage/export/costs.h"
#include "stage/learn/eval.h"
#include "stage/learn/teacher.h"
#include "stage/prune/saliency.h"

/* What all points share. */
struct eo_explore {
    struct eo_config cfg; /* what eo_explore_config() made */
    const struct eo_dataset *dataset;
    struct eo_split split; /* by cfg */
    /* Images that no choice has seen: the test set, less what `validation: test` takes from it; count 0: none. */
    struct eo_images unseen;
    char images_sha256[EO_SHA256_TEXT]; /* of split.validation */
    char unseen_sha256[EO_SHA256_TEXT]; /* "" where there are none */
    const struct eo_model *base;        /* fp32; NULL for scratch */
    const struct eo_teacher_model *teacher; /* of the training, and of that for int8; NULL: none */
    const struct eo_teacher_model *int8_teacher;
    struct eo_network network;          /* with all its channels */
    struct eo_saliency scores;          /* of the base */
    struct eo_explore_grid grid;
    enum eo_isa isa;
};

/*
 * The keys of the stage explore alone, as in its slice; explore_epochs and explore_images have become the epochs and
 * the train_subset of the stage that trains. So the slices of *out say all that a point depends on.
 */
int eo_explore_config(const struct eo_config *cfg, struct eo_config *out, struct eo_err *err) EO_MUST_CHECK;

/*
 * `out` is `cfg` of eo_explore_config(). Teachers are set afterwards. They, base model and data set are borrowed; the
 * network of `scratch` is that of the keys for the images of the data set. Fails like eo_explore_grid_make(),
 * eo_split_make() and eo_saliency_run().
 */
int eo_explore_init(struct eo_explore *e, const struct eo_config *cfg, const struct eo_dataset *ds,
                    const struct eo_model *base, enum eo_isa isa, struct eo_pool *pool,
                    struct eo_err *err) EO_MUST_CHECK;

/*
 * The rungs of explore_way: halving, 1 of exhaustive. A training of rung k of 0..rungs - 1 has the images of the last
 * one, epochs by training images, divided by explore_growth to the power rungs - 1 - k: in as few epochs as hold
 * them, each of as many of the first training images, at least 2. Warm-up is shortened likewise.
 */
int eo_explore_rungs(const struct eo_explore *e);

/* `rung` is e with trainings of rung k; the last is *e itself. Fails like eo_explore_init(). */
int eo_explore_init_rung(struct eo_explore *rung, const struct eo_explore *e, int k, struct eo_pool *pool,
                         struct eo_err *err) EO_MUST_CHECK;

/* Release both models with eo_model_release(), also after failure. */
int eo_explore_train(const struct eo_explore *e, const int *widths, struct eo_model *trained,
                     struct eo_err *err) EO_MUST_CHECK;
int eo_explore_convert(const struct eo_explore *e, const struct eo_model *trained,
                       enum eo_precision precision, struct eo_model *out, struct eo_err *err) EO_MUST_CHECK;

/* What is known of a model; release with eo_eval_release() on both. */
struct eo_explore_result {
    struct eo_eval validation, unseen; /* the second is empty where there are no such images */
    struct eo_core_cost cost[EO_CORE_COUNT];
    size_t parameters, macs, tensor_bytes;
    char sha256[EO_SHA256_TEXT]; /* of the model's file */
};

int eo_explore_measure(const struct eo_explore *e, struct eo_model *m, struct eo_explore_result *r,
                       struct eo_err *err) EO_MUST_CHECK;
void eo_explore_result_release(struct eo_explore_result *r); /* harmless on a zeroed struct */

#endif
