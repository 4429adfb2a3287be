/*
 * A contact sheet of a data set as a PNG: a title line, then one row for each class with its label and its first
 * examples.
 *
 * Images of three channels are drawn in colours, any others in grey: a signal C x length x 1 as C rows of its length,
 * and of several channels of a map their mean. Images are drawn by whole factors, so that the longer side has about 56
 * pixels (28 x 28: 56), and of images longer than 128 every second, third, ... pixel is drawn.
 */
#ifndef EO_STAGE_DATA_PREVIEW_H
#define EO_STAGE_DATA_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/dataset.h"

#define EO_PREVIEW_COLUMNS 16

struct eo_preview {
    const struct eo_config *cfg; /* for the title and the names of the classes */
    struct eo_dims dims;         /* of an image */
    int classes;
    const char *part; /* of which `images` are: "train", "validation", "test" */
    /* to draw from; a class with fewer than 16 images leaves the row unfilled */
    const struct eo_images *images;
    size_t train_count, test_count; /* of the whole data set, for the title */
};

/*
 * Writes the sheet ("-": standard output). Fails where it would have more than EO_PNG_SIDE_MAX rows of pixels. The
 * message does not name the file.
 */
int eo_preview_write(const char *path, const struct eo_preview *p, struct eo_err *err) EO_MUST_CHECK;

/* An image as it is drawn there, each pixel once: its size, 1 or 3 channels, and how many times larger it is shown. */
struct eo_preview_picture {
    uint32_t width, height;
    int channels;
    uint32_t zoom_x, zoom_y;
};

void eo_preview_picture_make(struct eo_preview_picture *picture, struct eo_dims dims);

/* Writes its pixels; a row of them begins `stride` bytes behind the one above. */
void eo_preview_picture_take(struct eo_dims dims, const uint8_t *image, uint8_t *pixels, size_t stride);

/* "7", or "7 Sneaker" if the classes have names: those of class_names, else those of a published data set. */
void eo_preview_class_label(const struct eo_config *cfg, int label, char *text, size_t size);

#endif
