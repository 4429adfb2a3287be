/* The four IDX files of a data set, of any size, to report on it or to divide it again. */
#include <stdio.h>

#include "base/io.h"
#include "format/config_classes.h"
#include "format/dataset_find.h"
#include "format/idx.h"
#include "stage/data/collect_internal.h"

int eo_collect_is_idx(const char *folder)
{
    char path[EO_COLLECT_PATH];

    return !eo_dataset_file_find(folder, EO_DATASET_TRAIN_IMAGES, path, sizeof(path), NULL);
}

static int load(struct eo_idx *idx, const char *folder, enum eo_dataset_file file, char path[EO_COLLECT_PATH],
                struct eo_err *err)
{
    if (eo_dataset_file_find(folder, file, path, EO_COLLECT_PATH, err))
        return -1;
    return eo_idx_load(idx, path, err) ? eo_err_prefix(err, "%s", path) : 0;
}

static int check_part(const struct eo_idx *images, const struct eo_idx *labels, struct eo_err *err)
{
    if (labels->type != EO_IDX_U8)
        return eo_err_set(err, "expected labels of unsigned bytes (type 0x08), found %s",
                          eo_idx_type_name(labels->type));
    if (images->dims == 1)
        return eo_err_set(err, "expected pictures of 2 to 4 dimensions, found 1");
    if (labels->dims != 1 || labels->count != images->dim[0])
        return eo_err_set(err, "expected a label for each of %u pictures, found %zu", images->dim[0],
                          labels->count);
    return 0;
}

/* Bytes are steps already, signed ones shifted by 128 as eo_dataset_open() does it. */
static int find_range(struct eo_pictures *p, struct eo_collect_range *range, const struct eo_idx *images,
                      const struct eo_collect_options *o, struct eo_err *err)
{
    struct eo_collect_seen seen = {0};

    if (images->type != EO_IDX_F32 && o->low < o->high)
        return eo_err_set(err, "option '--range': is for IDX files of floats, found %s",
                          eo_idx_type_name(images->type));
    if (images->type != EO_IDX_F32) {
        *range = images->type == EO_IDX_U8 ? (struct eo_collect_range){0, 255}
                                           : (struct eo_collect_range){-128, 127};
        return 0;
    }
    for (size_t i = 0; i < images->count; i++)
        eo_collect_see(&seen, eo_idx_get(images, i));
    return eo_collect_range_find(range, o, &seen, images->count / images->dim[0], err) ||
                   eo_pictures_set_range(p, range->low, range->high, err)
               ? -1
               : 0;
}

static int add_images(struct eo_pictures *p, const struct eo_idx *images, const struct eo_idx *labels,
                      int part, const char *path, const struct eo_collect_options *o, struct eo_err *err)
{
    struct eo_picture_shape shape = {1, images->dim[images->dims - 2], images->dim[images->dims - 1]};
    size_t values = images->count / images->dim[0];
    struct eo_collect_range range;

    if (images->dims == 4)
        shape.channels = images->dim[1];
    if (images->dims == 2)
        shape = (struct eo_picture_shape){1, images->dim[1], 1};
    if (find_range(p, &range, images, o, err) || eo_pictures_set_shape(p, shape, err))
        return eo_err_prefix(err, "%s", path);
    for (size_t i = 0; i < images->dim[0]; i++) {
        char origin[EO_COLLECT_PATH + 32];
        uint8_t *to;

        snprintf(origin, sizeof(origin), "%s, image %zu", path, i);
        to = eo_pictures_add(p, labels->data[i], part, origin, err);
        if (!to)
            return -1;
        for (size_t k = 0; k < values; k++)
            to[k] = eo_collect_step(&range, eo_idx_get(images, i * values + k));
    }
    return 0;
}

static int add_part(struct eo_pictures *p, const struct eo_collect_options *o, int part, struct eo_err *err)
{
    int is_test = part == EO_DATASET_TEST;
    struct eo_idx images, labels = {0};
    char path[EO_COLLECT_PATH], label_path[EO_COLLECT_PATH];
    int rc;

    if (load(&images, o->from, is_test ? EO_DATASET_TEST_IMAGES : EO_DATASET_TRAIN_IMAGES, path, err))
        return -1;
    rc = load(&labels, o->from, is_test ? EO_DATASET_TEST_LABELS : EO_DATASET_TRAIN_LABELS, label_path, err);
    if (!rc)
        rc = check_part(&images, &labels, err) ? eo_err_prefix(err, "%s", label_path)
                                               : add_images(p, &images, &labels, part, path, o, err);
    eo_idx_release(&images);
    eo_idx_release(&labels);
    return rc;
}

int eo_collect_idx(struct eo_pictures *p, const struct eo_collect_options *o, struct eo_err *err)
{
    if (add_part(p, o, EO_DATASET_TRAIN, err) || add_part(p, o, EO_DATASET_TEST, err))
        return -1;
    return eo_collect_class_names(p, o->from, EO_CLASSES_FILE, EO_PICTURES_CLASSES, err);
}
