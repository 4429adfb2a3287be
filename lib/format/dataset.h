/*
 * A data set of 28 x 28 images in 10 classes, as four IDX files in one folder (dataset_find.h):
 *
 *     train-images-idx3-ubyte  train-labels-idx1-ubyte  t10k-images-idx3-ubyte  t10k-labels-idx1-ubyte
 *
 * and its division into the images a stage may look at.
 */
#ifndef EO_FORMAT_DATASET_H
#define EO_FORMAT_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"
#include "format/dataset_find.h"
#include "format/idx.h"

#define EO_IMAGE_SIDE 28
#define EO_IMAGE_PIXELS (EO_IMAGE_SIDE * EO_IMAGE_SIDE)
#define EO_CLASSES 10

/* A view: nothing is owned. Pixel p is the grey value 0..255; nn/input.h says what a network sees. */
struct eo_images {
    const uint8_t *pixels; /* [count, 28, 28] */
    const uint8_t *labels; /* [count], 0..9 */
    size_t count;
};

enum eo_dataset_part {
    EO_DATASET_TRAIN = 1,
    EO_DATASET_TEST = 2
};

struct eo_dataset {
    struct eo_images train, test; /* count 0 where the part was not asked for */
    char train_sha256[EO_SHA256_TEXT]; /* of the uncompressed images file, then the labels file; "" as above */
    char test_sha256[EO_SHA256_TEXT];
    struct eo_idx idx[4];
};

/* Loads and checks the parts asked for (enum eo_dataset_part, or-ed). The message names the file. */
int eo_dataset_load(struct eo_dataset *ds, const char *dir, int parts, struct eo_err *err) EO_MUST_CHECK;
void eo_dataset_release(struct eo_dataset *ds);

/*
 * MNIST and Fashion-MNIST have the same names and sizes; only their checksums tell them apart. Fails when `name` is one
 * of the two and a loaded part is the other's. Any other content passes: people trim and extend data sets.
 */
int eo_dataset_check_name(const char *name, const struct eo_dataset *ds, struct eo_err *err) EO_MUST_CHECK;

/*
 * The name under which what was loaded may be known: cfg->dataset where the folder is that which eo_dataset_find()
 * finds without `option` (--data), or the contents are those published or generated under that name; else "idx".
 */
const char *eo_dataset_name(const struct eo_config *cfg, const char *option, const struct eo_dataset *ds);

/* Views into a loaded data set. */
struct eo_split {
    struct eo_images train;      /* to train and calibrate on */
    struct eo_images validation; /* to decide by; never overlaps train */
    struct eo_images test;       /* the official test set, whole; for the record only */
};

/*
 * validation holdout: the last val_subset training images (null: one sixth) are for validation, the first
 * train_subset (null: all) of the others for training. validation test: the first val_subset test images (null:
 * all) are for validation, the first train_subset training images for training. Views of parts that were not
 * loaded are empty. Fails where the sizes do not fit the data set, and as eo_dataset_check_name().
 */
int eo_split_make(struct eo_split *split, const struct eo_dataset *ds, const struct eo_config *cfg,
                  struct eo_err *err) EO_MUST_CHECK;

/* The parts that validation needs: EO_DATASET_TRAIN for holdout, EO_DATASET_TEST for test. */
int eo_split_validation_part(const struct eo_config *cfg);

#endif
