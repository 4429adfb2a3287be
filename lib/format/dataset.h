/*
 * A data set: images of one size in classes, as four IDX files in one folder (dataset_find.h):
 *
 *     train-images-idx3-ubyte  train-labels-idx1-ubyte  t10k-images-idx3-ubyte  t10k-labels-idx1-ubyte
 *
 * (idx4 for images of several channels, idx2 for rows of values), and its division into the images that a stage may
 * use. A program needs one call:
 *
 *     struct eo_dataset ds = {0};
 *     if (eo_dataset_open(&ds, &cfg, &(struct eo_dataset_request){.folder = data, .parts = EO_DATASET_TRAIN}, err)) ...
 *     ... ds.split.train ...
 *     eo_dataset_release(&ds);                                    // harmless on a zeroed struct
 */
#ifndef EO_FORMAT_DATASET_H
#define EO_FORMAT_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"
#include "format/dataset_find.h"
#include "format/dims.h"
#include "format/idx.h"

#define EO_IMAGE_SIDE 28
#define EO_IMAGE_PIXELS (EO_IMAGE_SIDE * EO_IMAGE_SIDE)
#define EO_CLASSES 10
#define EO_DATASET_FOLDER_MAX 4096 /* bytes of a folder's path, its NUL included */

/* A view: nothing is owned. Pixels are grey values 0..255; nn/input.h says what a network sees. */
struct eo_images {
    /* [count, C, H, W] of the data set; 1 x 28 x 28 unless another size was asked for */
    const uint8_t *pixels;
    const uint8_t *labels; /* [count], 0..classes - 1 */
    size_t count;
};

enum eo_dataset_part { EO_DATASET_TRAIN = 1, EO_DATASET_TEST = 2 };

/* Views into a loaded data set. */
struct eo_split {
    struct eo_images train;      /* to train and calibrate on */
    struct eo_images validation; /* to decide by; never overlaps train */
    struct eo_images test;       /* the official test set, whole; for the record only */
};

struct eo_dataset {
    struct eo_dims dims; /* of one image */
    int classes, labels; /* labels: the highest label of the parts, and 1; at most classes */
    struct eo_images train, test; /* count 0 if the part was not asked for */
    /* There are no training images: split.train has test images instead, and train_sha256 is that of the test set. */
    int is_untrained;
    /* Of the uncompressed images file followed by the labels file; "" if the part was not asked for. */
    char train_sha256[EO_SHA256_TEXT], test_sha256[EO_SHA256_TEXT];
    struct eo_idx idx[4];
    /* What eo_dataset_open() adds; empty after eo_dataset_load(). */
    struct eo_split split;
    char folder[EO_DATASET_FOLDER_MAX]; /* where the files were found */
    /*
     * cfg->dataset if the folder is the one that eo_dataset_find() finds without --data, or if the contents are those
     * published or generated under that name; else "idx". Points into the configuration, or to a constant.
     */
    const char *name;
};

struct eo_dataset_request {
    const char *folder;  /* of --data; NULL: where eo_dataset_find() finds cfg->dataset */
    int parts;           /* enum eo_dataset_part, or-ed */
    struct eo_dims dims; /* of one image; all zeros: 1 x 28 x 28 */
    int classes;         /* 0: 10 */
    /* Take dims from the files ([N, F] is 1 x F x 1), and classes from the highest label. */
    int is_any;
    /* Test images may stand in for training images, if the folder has none and validation is test: eo_split_make(). */
    int may_be_untrained;
    int is_whole; /* do not divide: split stays empty, and train_subset and val_subset need not fit */
};

/*
 * Finds, loads, checks and divides the data set of a configuration.
 *
 * Images may have any size and at most 256 classes. The images file is [N, C, H, W], for one channel also [N, H, W], or
 * [N, F] with F = C H W values. Signed bytes become grey values by adding 128; the checksum is that of the file as it
 * is. Floats are refused: eo-data --from maps them onto 256 steps once (stage/data/collect.h).
 *
 * Fails like eo_dataset_find() and eo_split_make(), and if there are fewer class_names than labels or more than
 * classes. The message begins with the folder, file or key that is wrong. After a failure nothing needs to be
 * released.
 */
int eo_dataset_open(struct eo_dataset *ds, const struct eo_config *cfg,
                    const struct eo_dataset_request *request, struct eo_err *err) EO_MUST_CHECK;

/*
 * Loads and checks the parts asked for (enum eo_dataset_part, or-ed), whose images must be 1 x 28 x 28 in 10 classes.
 * The message names the file.
 */
int eo_dataset_load(struct eo_dataset *ds, const char *dir, int parts, struct eo_err *err) EO_MUST_CHECK;

void eo_dataset_release(struct eo_dataset *ds);

/*
 * Divides the images. With validation: holdout, the last val_subset training images (null: one sixth) are for
 * validation, and the first train_subset of the others (null: all) for training. With validation: test, the first
 * val_subset test images (null: all) are for validation, and the first train_subset training images for training. Views
 * of parts that were not loaded are empty.
 *
 * If the data set is_untrained, the last calibration_batches x batch_size test images stand in for training images: to
 * calibrate on, not to train on.
 *
 * Fails if the sizes do not fit the data set, and if the key dataset says MNIST or Fashion-MNIST but a part has the
 * checksum of another known data set. Any other content passes, because people trim and extend data sets.
 */
int eo_split_make(struct eo_split *split, const struct eo_dataset *ds, const struct eo_config *cfg,
                  struct eo_err *err) EO_MUST_CHECK;

/* The parts that validation needs: EO_DATASET_TRAIN for holdout, EO_DATASET_TEST for test. */
int eo_split_validation_part(const struct eo_config *cfg);

#endif
