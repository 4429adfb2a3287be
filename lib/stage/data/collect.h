/*
 * Collects pictures and labels from other formats (eo-data --from):
 *
 *     a folder           of class folders with PNG files, or of train and test (val, valid, validation) with such
 *                        folders
 *     a folder           with CIFAR-10's data_batch_1.bin .. test_batch.bin
 *     a folder           with the four IDX files of a data set (format/dataset_find.h), of any size, of bytes or floats
 *     X.npz              arrays under names of collect_arrays.c: x_train, y_train, x_test, y_test, ...
 *     X.npy              pictures, with `labels` for their labels
 *     X.csv              a row per picture: its label, then its values; a first row of names is skipped
 *
 * The result does not depend on the order in which the system lists a folder (names are sorted), the locale or the
 * time.
 */
#ifndef EO_STAGE_DATA_COLLECT_H
#define EO_STAGE_DATA_COLLECT_H

#include "base/err.h"
#include "stage/data/pictures.h"

enum eo_collect_layout {
    /* channels are the axis of length 1 or 3; fails if it is not clear: a last axis of 1 may be a width, unless the two
     * before it are equal */
    EO_COLLECT_ANY,
    EO_COLLECT_NCHW, /* channels first, as PyTorch */
    EO_COLLECT_NHWC  /* channels last, as TensorFlow */
};

struct eo_collect_options {
    const char *from;   /* file or folder */
    const char *labels; /* .npy; NULL: none */
    enum eo_collect_layout layout;
    /* of pictures that are rows of numbers or have two dimensions; zeros: a square of grey values, or these two */
    struct eo_picture_shape shape;
    struct eo_picture_shape resize; /* height and width of pictures from PNG files; zeros: as they are */
    int grey;                       /* colours of PNG files become grey */
    /* numbers that are no bytes: low becomes 0, high 255. Equal: 0..1, -1..1 or 0..255 where they fit */
    double low, high;
};

/*
 * Fills `p`, which the caller has zeroed and releases also after failure. Parts are set if the source has a test set.
 * An option that is given and does not apply to the source is refused.
 * The message names the file, the place in it, what was expected and what was found.
 */
int eo_collect(struct eo_pictures *p, const struct eo_collect_options *options,
               struct eo_err *err) EO_MUST_CHECK;

/* Whether `text` is "CxHxW", "HxW" (one channel) or "H" (one channel, width 1), into *shape. */
int eo_collect_parse_shape(const char *text, struct eo_picture_shape *shape,
                           struct eo_err *err) EO_MUST_CHECK;

/* Whether `text` is "HxW" or "H", which stands for both, into *size. */
int eo_collect_parse_size(const char *text, struct eo_picture_shape *size, struct eo_err *err) EO_MUST_CHECK;

/* Whether `text` is "LOW:HIGH" with LOW < HIGH. */
int eo_collect_parse_range(const char *text, double *low, double *high, struct eo_err *err) EO_MUST_CHECK;

#endif
