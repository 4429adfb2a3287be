/*
 * A trained model that teaches another one (distillation): the logits that it gives for the images of a batch, as they
 * are augmented. eo_loss() of nn/loss.h says what the other one makes of them.
 *
 * The teacher is what the key `teacher` names: a model file of any precision and network for the same images and
 * classes, or with `base` the base model of the run, which teaches after pruning and before int8.
 */
#ifndef EO_STAGE_LEARN_TEACHER_H
#define EO_STAGE_LEARN_TEACHER_H

#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "nn/model.h"
#include "nn/trainer.h"

/* Whether a stage of this configuration has a teacher: training has none where it is the base model. */
int eo_teacher_is_wanted(const struct eo_config *cfg, enum eo_config_stage stage);

struct eo_teacher_model {
    struct eo_model model;       /* folded */
    char sha256[EO_SHA256_TEXT]; /* of its file */
};

/*
 * Loads the teacher for a network of this input in so many classes. `path` is its file, NULL: that of the key. Fails
 * where the key needs a path, where the file is for other images or classes, and where it is not the one of
 * teacher_sha256. The message names file or key. Release the model.
 */
int eo_teacher_load(struct eo_teacher_model *t, const char *path, const struct eo_config *cfg,
                    const struct eo_network *taught, struct eo_err *err) EO_MUST_CHECK;

struct eo_teacher;

/* For batches of at most max_batch images. The model may be released afterwards; the pool is borrowed. */
struct eo_teacher *eo_teacher_new(const struct eo_model *m, int max_batch, enum eo_isa isa,
                                  struct eo_pool *pool, struct eo_err *err) EO_MUST_CHECK;
void eo_teacher_free(struct eo_teacher *t); /* NULL is allowed */

/* The logits [n, classes] for a batch; they are valid until the next call. Cannot fail. */
const float *eo_teacher_ask(struct eo_teacher *t, const struct eo_batch *batch);

#endif
