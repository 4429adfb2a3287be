/*
 * Accuracy of a model on a set of images.
 *
 * Everything here is a pure function of the model, the images and a seed: the same bits for every instruction
 * set and number of threads. Scores are kept by image, so that the tables can be written afterwards.
 *
 *     struct eo_eval eval;
 *     if (eo_eval_run(&eval, &model, &split.validation, isa, threads, err)) ...
 *     eo_accuracy_make(&accuracy, eval.images.count, eval.correct);
 *     eo_eval_put_confusion(&eval, &buf);
 *     eo_eval_release(&eval);
 */
#ifndef EO_STAGE_LEARN_EVAL_H
#define EO_STAGE_LEARN_EVAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "format/dataset.h"
#include "nn/infer.h"
#include "nn/model.h"

#define EO_EVAL_CHUNK 256      /* images per task of the pool */
#define EO_EVAL_RESAMPLES 1000 /* of the bootstrap */

struct eo_eval {
    struct eo_images images; /* that were classified; borrowed */
    /* For the tables; set by the caller after the run, borrowed. NULL: unknown, or numbers for names. */
    const char *model_sha256;
    const char (*class_names)[EO_CONFIG_NAME_MAX]; /* [classes] */
    size_t correct;
    double *logits;      /* [count, classes] real numbers; int8: score times eo_infer_score_scale() */
    uint16_t *predicted; /* [count], 0..classes - 1 */
    int classes;
};

/*
 * Runs the model on every image, on 1..EO_POOL_MAX threads (fewer where there are fewer chunks). Fails on an
 * empty set of images and when memory or threads run out; eo_eval_release() is harmless then.
 */
int eo_eval_run(struct eo_eval *eval, const struct eo_model *m, const struct eo_images *images,
                enum eo_isa isa, int threads, struct eo_err *err) EO_MUST_CHECK;
void eo_eval_release(struct eo_eval *eval); /* harmless on a zeroed struct */

/* A share of images classified rightly, and two 95 % intervals for it, all in 0..1. */
struct eo_accuracy {
    size_t images, correct;
    double value;
    double ci_low, ci_high;               /* Wilson's score interval */
    double bootstrap_low, bootstrap_high; /* 0 until eo_accuracy_bootstrap() */
    char images_sha256[EO_SHA256_TEXT];   /* eo_eval_images_sha256(), set by the caller; "": not given */
    double chance;                        /* eo_eval_chance(), set by the caller; NAN: not given */
};

/* The checksum of all pixels, then all labels. */
void eo_eval_images_sha256(const struct eo_images *images, struct eo_dims dims, char sha256[EO_SHA256_TEXT]);

/* The share of the most frequent class: the accuracy of a model that always names it. */
double eo_eval_chance(const struct eo_images *images);

/* All but the bootstrap, the checksum and the chance. correct <= images; images of 1..2^31 - 1. */
void eo_accuracy_make(struct eo_accuracy *a, size_t images, size_t correct);

/*
 * Percentile interval of EO_EVAL_RESAMPLES bootstrap resamples (Efron 1979): percentiles 2.5 and 97.5 of
 * their accuracies, by eo_stats_percentile_sorted(). A resample draws `images` indices with replacement and
 * counts the hits. The count does not depend on which images were right, so index i is a hit where i <
 * correct. The draws come from the stream EO_RNG_BOOTSTRAP of the seed. Takes about 2 ns per image and
 * resample.
 */
void eo_accuracy_bootstrap(struct eo_accuracy *a, uint64_t seed);

/* The parts of the data set (enum eo_dataset_part) that are needed for validation, test or both. */
int eo_eval_parts(const struct eo_config *cfg, int validation, int test);

/*
 * Whether the model was trained on this data set, as far as its metadata tell: compares the name that
 * eo_dataset_open() found and, if the training images are loaded, their checksum. 0 and `why`, to be shown as a
 * warning, when they differ.
 */
int eo_eval_is_own_data(const struct eo_model *m, const struct eo_dataset *ds, struct eo_err *why);

/*
 * The row of a model: pruning_level, precision and seed (from its metadata), model_sha256; then `validation`
 * as images, correct, accuracy and both intervals; then `test` as test_images, test_correct, test_accuracy
 * and Wilson's interval; then from the metadata what was done to the model; then images_sha256 and
 * test_images_sha256, which tell rows of different images apart; chance_accuracy, of `validation`; last
 * teacher_sha256 and rounding, from the metadata too.
 * Where `validation` or `test` is NULL its fields are empty.
 */
void eo_eval_put_header(struct eo_buf *out);
void eo_eval_put_row(struct eo_buf *out, const struct eo_model *m, const char *model_sha256,
                     const struct eo_accuracy *validation, const struct eo_accuracy *test);

/*
 * Tables with their header rows; images and classes in rising order. A class is its name if it has one, else its
 * number; label and predicted are numbers. Logits are written as %.9g.
 *
 *     logits       index,label, then a column for each class: its name, or class0,class1,...
 *     predictions  index,label,predicted
 *     confusion    true_class,predicted_class,count,model_sha256: all pairs
 *     classes      class,images,correct,accuracy,accuracy_ci95_low,accuracy_ci95_high,predicted,precision,model_sha256:
 *                  accuracy is the share of the class's images that are classified correctly, with Wilson's interval;
 *                  precision the share of those that were taken for it and are of it; empty where there are none
 */
void eo_eval_put_logits(const struct eo_eval *eval, struct eo_buf *out);
void eo_eval_put_predictions(const struct eo_eval *eval, struct eo_buf *out);
void eo_eval_put_confusion(const struct eo_eval *eval, struct eo_buf *out);
void eo_eval_put_classes(const struct eo_eval *eval, struct eo_buf *out);

/*
 * pruning_level,precision,seed,model_sha256,images_sha256,images,correct,hits,pruning_criterion: one row. `hits` has
 * one character per image in their order, '1' where the model is right, else '0'; images_sha256 is
 * eo_eval_images_sha256(). So two models whose images_sha256 is the same can be compared image by image.
 */
void eo_eval_put_hits(const struct eo_eval *eval, const struct eo_model *m, struct eo_buf *out);

#endif
