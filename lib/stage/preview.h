/*
 * A contact sheet of a data set: a title line, then one row per class with its label and its first examples,
 * at twice their size, as a grey PNG.
 */
#ifndef EO_STAGE_PREVIEW_H
#define EO_STAGE_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/dataset.h"

#define EO_PREVIEW_COLUMNS 16

struct eo_preview {
    const char *dataset; /* its name, for the title and the names of the classes */
    const char *part;    /* what `images` are: "train", "validation", "test" */
    const struct eo_images
        *images; /* to draw from; a class with fewer than 16 images leaves the row unfilled */
    size_t train_count, test_count; /* of the whole data set, for the title */
};

/* Writes the sheet ("-": standard output). The message does not name the file. */
int eo_preview_write(const char *path, const struct eo_preview *p, struct eo_err *err) EO_MUST_CHECK;

/* "7", or "7 Sneaker" where the data set's classes have names. */
void eo_preview_class_label(const char *dataset, int label, char *text, size_t size);

#endif
