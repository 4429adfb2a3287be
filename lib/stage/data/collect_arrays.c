/* NumPy's arrays: .npz archives of pictures and labels, or two .npy files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "format/npy.h"
#include "format/zip.h"
#include "stage/data/collect_internal.h"

/* The names of pictures and labels in archives, and their part; 0: to be divided. */
static const struct pair {
    const char *images, *labels;
    int part;
} pairs[] = {
    {"x_train", "y_train", EO_DATASET_TRAIN},
    {"x_test", "y_test", EO_DATASET_TEST},
    {"train_images", "train_labels", EO_DATASET_TRAIN},
    {"test_images", "test_labels", EO_DATASET_TEST},
    {"val_images", "val_labels", EO_DATASET_TRAIN},
    {"images", "labels", 0},
    {"x", "y", 0},
    {"X", "y", 0},
    {"data", "target", 0},
};
#define PAIRS (sizeof(pairs) / sizeof(pairs[0]))

/* The shape of pictures in an array N x A x B x C, and whether C is the channels. */
static int shape_of_planes(struct eo_picture_shape *shape, int *channels_last,
                           const struct eo_collect_options *o, const struct eo_npy *a, struct eo_err *err)
{
    int first = a->dim[1] == 1 || a->dim[1] == 3, last = a->dim[3] == 1 || a->dim[3] == 3;
    int may_be_width = a->dim[3] == 1 && a->dim[1] != a->dim[2];
    char text[128];

    eo_npy_describe(a, text, sizeof(text));
    if (o->layout == EO_COLLECT_ANY && (first == last || may_be_width))
        return eo_err_set(err, "%s: say with --layout nchw or nhwc where the channels are", text);
    *channels_last = o->layout == EO_COLLECT_NHWC || (o->layout == EO_COLLECT_ANY && last);
    if (a->dim[1] > UINT32_MAX || a->dim[2] > UINT32_MAX || a->dim[3] > UINT32_MAX)
        return eo_err_set(err, "%s: the pictures are too large", text);
    *shape = (struct eo_picture_shape){(uint32_t)a->dim[1], (uint32_t)a->dim[2], (uint32_t)a->dim[3]};
    if (*channels_last)
        *shape = (struct eo_picture_shape){(uint32_t)a->dim[3], (uint32_t)a->dim[1], (uint32_t)a->dim[2]};
    return 0;
}

static int shape_of(struct eo_picture_shape *shape, int *channels_last, const struct eo_collect_options *o,
                    const struct eo_npy *a, struct eo_err *err)
{
    char text[128];

    *channels_last = 0;
    eo_npy_describe(a, text, sizeof(text));
    if (a->dims == 4 && o->shape.channels)
        return eo_err_set(
            err, "%s: expected 2 or 3 dimensions for --shape, found 4; say with --layout where the channels are",
            text);
    if ((a->dims == 2 || a->dims == 3) && o->layout != EO_COLLECT_ANY)
        return eo_err_set(err, "%s: expected 4 dimensions for --layout, found %d; say with --shape CxHxW what they are",
                          text, a->dims);
    if (a->dims == 2)
        return eo_collect_row_shape(shape, o, a->dim[1], err);
    if (a->dims == 4)
        return shape_of_planes(shape, channels_last, o, a, err);
    if (a->dims != 3 || a->dim[1] > UINT32_MAX || a->dim[2] > UINT32_MAX)
        return eo_err_set(err, "expected pictures as an array of 2 to 4 dimensions, found %s", text);
    if (o->shape.channels)
        return eo_collect_row_shape(shape, o, a->dim[1] * a->dim[2], err);
    *shape = (struct eo_picture_shape){1, (uint32_t)a->dim[1], (uint32_t)a->dim[2]};
    return 0;
}

/* Labels are a column of whole numbers. */
static int check_labels(const struct eo_npy *labels, const struct eo_npy *images, struct eo_err *err)
{
    char text[128];

    eo_npy_describe(labels, text, sizeof(text));
    if (labels->dims > 2 || (labels->dims == 2 && labels->dim[1] != 1))
        return eo_err_set(err, "expected labels as a column, found %s; of one-hot labels take argmax(axis=1)",
                          text);
    if (labels->count != images->dim[0])
        return eo_err_set(err, "expected a label for each of %zu pictures, found %zu", images->dim[0],
                          labels->count);
    for (size_t i = 0; i < labels->count; i++) {
        double value = eo_npy_get(labels, i);

        if (!(value >= 0 && value < EO_PICTURES_CLASSES && value == floor(value)))
            return eo_err_set(err, "label %zu: expected a whole number of 0 to %d, found %g", i,
                              EO_PICTURES_CLASSES - 1, value);
    }
    return 0;
}

static int find_range(struct eo_collect_range *range, const struct eo_collect_options *o,
                      const struct eo_npy *a, struct eo_err *err)
{
    struct eo_collect_seen seen = {0};

    if (a->bytes == 1 && a->kind == EO_NPY_UNSIGNED && o->low >= o->high) {
        *range = (struct eo_collect_range){0, 255};
        return 0;
    }
    for (size_t i = 0; i < a->count; i++)
        eo_collect_see(&seen, eo_npy_get(a, i));
    return eo_collect_range_find(range, o, &seen, a->count / a->dim[0], err);
}

static int add_arrays(struct eo_pictures *p, const struct eo_collect_options *o, const struct eo_npy *images,
                      const struct eo_npy *labels, int part, const char *name, struct eo_err *err)
{
    struct eo_picture_shape shape;
    struct eo_collect_range range;
    int channels_last, rc = 0;
    size_t values;
    uint8_t *row;

    if (check_labels(labels, images, err) || shape_of(&shape, &channels_last, o, images, err) ||
        find_range(&range, o, images, err) || eo_pictures_set_range(p, range.low, range.high, err) ||
        eo_pictures_set_shape(p, shape, err))
        return -1;
    values = images->count / images->dim[0];
    row = eo_alloc(values, 1, err);
    if (!row)
        return -1;
    for (size_t i = 0; !rc && i < images->dim[0]; i++) {
        char origin[512];
        uint8_t *to;

        snprintf(origin, sizeof(origin), "%s[%zu]", name, i);
        to = eo_pictures_add(p, (unsigned)eo_npy_get(labels, i), part, origin, err);
        for (size_t k = 0; to && k < values; k++)
            row[k] = eo_collect_step(&range, eo_npy_get(images, i * values + k));
        if (to && channels_last)
            eo_collect_to_planes(row, &shape, to);
        else if (to)
            memcpy(to, row, values);
        rc = to ? 0 : -1;
    }
    free(row);
    return rc;
}

/* ---- archives ------------------------------------------------------------------------------------------ */

static int read_member(const struct eo_zip *zip, const char *name, uint8_t **bytes, struct eo_npy *array,
                       struct eo_err *err)
{
    struct eo_zip_member m = {0};
    size_t n = strlen(name);
    int rc;

    *bytes = NULL;
    while ((rc = eo_zip_next(zip, &m, err)) > 0) {
        if (strncmp(m.name, name, n) != 0 || strcmp(m.name + n, ".npy") != 0)
            continue;
        if (eo_zip_extract(zip, &m, EO_IO_MAX, bytes, err))
            return -1;
        return eo_npy_parse(array, *bytes, m.size, err) ? eo_err_prefix(err, "'%s'", name) : 1;
    }
    return rc;
}

/* Adds a pair of arrays: 1, 0 when the archive has no such pictures, -1 and err. */
static int add_pair(struct eo_pictures *p, const struct eo_collect_options *o, const struct eo_zip *zip,
                    const struct pair *pair, struct eo_err *err)
{
    uint8_t *images = NULL, *labels = NULL;
    struct eo_npy x, y;
    int rc = read_member(zip, pair->images, &images, &x, err), found;

    if (rc == 1) {
        found = read_member(zip, pair->labels, &labels, &y, err);
        if (found == 0)
            rc = eo_err_set(err, "has '%s', but no '%s' with the labels", pair->images, pair->labels);
        else if (found < 0)
            rc = -1;
        else if (add_arrays(p, o, &x, &y, pair->part, pair->images, err))
            rc = eo_err_prefix(err, "'%s' and '%s'", pair->images, pair->labels);
    }
    free(images);
    free(labels);
    return rc;
}

static int list_members(const struct eo_zip *zip, struct eo_err *err)
{
    struct eo_zip_member m = {0};
    char found[256] = "";
    size_t at = 0;
    int rc = 1;

    while (m.number < 16 && at < sizeof(found) - 1 && (rc = eo_zip_next(zip, &m, err)) > 0)
        at += (size_t)snprintf(found + at, sizeof(found) - at, "%s%s", m.number > 1 ? ", " : "", m.name);
    if (rc < 0)
        return -1;
    return eo_err_set(
        err, "expected arrays x_train, y_train, x_test, y_test, or images, labels, or x, y, found %s",
        found[0] ? found : "none");
}

static int add_archive(struct eo_pictures *p, const struct eo_collect_options *o, const char *bytes,
                       size_t size, struct eo_err *err)
{
    struct eo_zip zip;

    if (eo_zip_open(&zip, bytes, size, err))
        return -1;
    for (size_t i = 0; i < PAIRS; i++) {
        int divided = p->count > 0 && pairs[i].part == 0;

        if (!divided && add_pair(p, o, &zip, &pairs[i], err) < 0)
            return -1;
    }
    return p->count ? 0 : list_members(&zip, err);
}

static int add_two_files(struct eo_pictures *p, const struct eo_collect_options *o, const char *bytes,
                         size_t size, struct eo_err *err)
{
    char *label_bytes = NULL;
    struct eo_npy x, y;
    size_t label_size;
    int rc;

    if (!o->labels)
        return eo_err_set(err, "expected --labels FILE.npy beside an array of pictures");
    if (eo_npy_parse(&x, bytes, size, err))
        return -1;
    rc = eo_io_read(o->labels, EO_IO_MAX, &label_bytes, &label_size, err) ||
                 eo_npy_parse(&y, label_bytes, label_size, err)
             ? eo_err_prefix(err, "%s", o->labels)
             : add_arrays(p, o, &x, &y, 0, o->from, err);
    free(label_bytes);
    return rc;
}

int eo_collect_arrays(struct eo_pictures *p, const struct eo_collect_options *o, struct eo_err *err)
{
    char *bytes;
    size_t size;
    int rc;

    if (eo_io_read(o->from, EO_IO_MAX, &bytes, &size, err))
        return eo_err_prefix(err, "%s", o->from);
    rc = o->from[strlen(o->from) - 1] == 'z' || o->from[strlen(o->from) - 1] == 'Z'
             ? add_archive(p, o, bytes, size, err)
             : add_two_files(p, o, bytes, size, err);
    free(bytes);
    if (!rc)
        rc = eo_collect_check_labels(p, err);
    return rc ? eo_err_prefix(err, "%s", o->from) : 0;
}
