/*
 * Pictures from elsewhere, all of one size, each with a label, to become the IDX files of a data set
 * (format/dataset.h). collect.h reads them; this module divides and writes them.
 *
 *     struct eo_pictures p = {0};
 *     eo_collect(&p, &options, err);
 *     eo_pictures_divide(&p, 0.2, seed, err)     // draws a test set if the source has none
 *     eo_pictures_check_classes(&p, err);
 *     eo_pictures_write(&p, seed, folder, err);
 *     eo_pictures_release(&p);
 *
 * A picture is `channels` planes of `height` rows of grey values or steps 0..255. A signal, which has no second axis,
 * has a width of 1.
 */
#ifndef EO_STAGE_DATA_PICTURES_H
#define EO_STAGE_DATA_PICTURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/index.h"
#include "format/dataset.h"
#include "nn/network.h"

#define EO_PICTURES_CLASSES 256 /* labels are one byte in IDX */
#define EO_PICTURES_SIDE_MAX EO_NETWORK_SIDE
#define EO_PICTURES_CHANNELS_MAX 256

struct eo_picture_shape {
    uint32_t channels, height, width; /* zeros: not known yet */
};

struct eo_pictures {
    struct eo_picture_shape shape;
    double low, high; /* numbers that became 0 and 255; equal: the pictures were bytes */
    size_t count, capacity;
    uint8_t *pixels;  /* [count, channels, height, width] */
    uint8_t *labels;  /* [count] */
    uint8_t *parts;   /* [count], EO_DATASET_TRAIN or EO_DATASET_TEST; 0: not divided yet */
    char **origins;   /* [count], what messages call a picture: its file, or the array and its number */
    unsigned classes; /* labels are 0..classes-1 */
    char *names[EO_PICTURES_CLASSES]; /* of classes; NULL: the number */
};

void eo_pictures_release(struct eo_pictures *p); /* harmless on a zeroed struct */

/* "3 x 32 x 32", for messages. */
void eo_picture_shape_format(const struct eo_picture_shape *shape, char text[48]);

/* Sets the shape. Fails if it is another one already, or beyond the limits above. */
int eo_pictures_set_shape(struct eo_pictures *p, struct eo_picture_shape shape,
                          struct eo_err *err) EO_MUST_CHECK;

/*
 * Sets the numbers that become 0 and 255, low < high. Fails if they are others already: the parts of a data set need
 * one scale.
 */
int eo_pictures_set_range(struct eo_pictures *p, double low, double high, struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends a picture and returns the place for its channels * height * width values. NULL and err without memory, beyond
 * EO_IO_MAX bytes in all, and for a label beyond the limit. `origin` is copied.
 */
uint8_t *eo_pictures_add(struct eo_pictures *p, unsigned label, int part, const char *origin,
                         struct eo_err *err) EO_MUST_CHECK;

/* Names a class. Copied. */
int eo_pictures_name(struct eo_pictures *p, unsigned label, const char *name,
                     struct eo_err *err) EO_MUST_CHECK;

/*
 * If no picture belongs to a part yet, or all to the same one, moves the share `test` of each class into the test set:
 * rounded, and at least one of a class that has two. The seed decides which. Fails if some pictures have a part and
 * others do not, if a part would be empty, and if the test set has a higher label than the training set.
 */
int eo_pictures_divide(struct eo_pictures *p, double test, uint64_t seed, struct eo_err *err) EO_MUST_CHECK;

/* Fails if nothing could be trained on the pictures because they have fewer than two classes. */
int eo_pictures_check_classes(const struct eo_pictures *p, struct eo_err *err) EO_MUST_CHECK;

/*
 * Writes the four IDX files of a data set and classes.txt, a name per line, into `folder`, which is created. Grey
 * pictures become N x height x width, others N x channels x height x width. The order within a part is random by the
 * seed, because stages take validation images from the end of the training images.
 * Writes nothing if no configuration could have the names (config_classes.h).
 */
int eo_pictures_write(const struct eo_pictures *p, uint64_t seed, const char *folder,
                      struct eo_err *err) EO_MUST_CHECK;

#endif
