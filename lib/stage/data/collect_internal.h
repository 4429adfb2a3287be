/* The formats that collect.h reads, one file each, and what they share. */
#ifndef EO_STAGE_DATA_COLLECT_INTERNAL_H
#define EO_STAGE_DATA_COLLECT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "stage/data/collect.h"

#define EO_COLLECT_PATH 4096

int eo_collect_folder(struct eo_pictures *p, const struct eo_collect_options *o,
                      struct eo_err *err) EO_MUST_CHECK;
int eo_collect_cifar(struct eo_pictures *p, const struct eo_collect_options *o,
                     struct eo_err *err) EO_MUST_CHECK;
int eo_collect_arrays(struct eo_pictures *p, const struct eo_collect_options *o,
                      struct eo_err *err) EO_MUST_CHECK;
int eo_collect_csv(struct eo_pictures *p, const struct eo_collect_options *o,
                   struct eo_err *err) EO_MUST_CHECK;
int eo_collect_idx(struct eo_pictures *p, const struct eo_collect_options *o,
                   struct eo_err *err) EO_MUST_CHECK;

/* Whether the folder has the training images of a data set. */
int eo_collect_is_idx(const char *folder);

/* Whether the folder has CIFAR-10's batches. */
int eo_collect_is_cifar(const char *folder);

/* "FOLDER/NAME" into `path`; fails when it is too long. */
int eo_collect_join(char path[EO_COLLECT_PATH], const char *folder, const char *name,
                    struct eo_err *err) EO_MUST_CHECK;

/* Names the classes by the lines of FOLDER/NAME, if that file exists; fails when it has more than `most`. */
int eo_collect_class_names(struct eo_pictures *p, const char *folder, const char *name, unsigned most,
                           struct eo_err *err) EO_MUST_CHECK;

/*
 * Fails if a class below the largest has no picture. In arrays and tables it is rather a numbering that begins at 1, or
 * numbers with another meaning, and would become outputs of the network that no image trains.
 */
int eo_collect_check_labels(const struct eo_pictures *p, struct eo_err *err) EO_MUST_CHECK;

/* Puts bytes of [height, width, channels] in the order of planes. */
void eo_collect_to_planes(const uint8_t *from, const struct eo_picture_shape *shape, uint8_t *to);

/* The shape of a picture that is a row of `values` numbers: that of the options, else a square of grey values. */
int eo_collect_row_shape(struct eo_picture_shape *shape, const struct eo_collect_options *o, size_t values,
                         struct eo_err *err) EO_MUST_CHECK;

/*
 * How numbers become steps 0..255. _range_find() takes the range of the options, else the first of 0..255 for whole
 * numbers, 0..1 and -1..1 that holds all values; it fails when none does, or when a value is not finite, and says
 * which of all, if a picture has `values`. _step() rounds to the nearest.
 */
struct eo_collect_range {
    double low, high;
};
struct eo_collect_seen { /* the values so far; zeroed at first */
    double least, most;
    size_t count, bad; /* the place of the first that is not finite */
    int is_any, is_fraction, is_bad;
};
void eo_collect_see(struct eo_collect_seen *seen, double value);
int eo_collect_range_find(struct eo_collect_range *range, const struct eo_collect_options *o,
                          const struct eo_collect_seen *seen, size_t values, struct eo_err *err) EO_MUST_CHECK;
uint8_t eo_collect_step(const struct eo_collect_range *range, double value);

#endif
