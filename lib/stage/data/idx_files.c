#include "stage/data/idx_files.h"

#include <stdio.h>
#include <string.h>

#include "format/dataset_find.h"
#include "format/idx.h"

/* Where a file of images of `dims` dimensions, or of labels, is written: under its published name, compressed. */
static int path_of(const char *folder, enum eo_dataset_file file, int dims, char *path, size_t size,
                   struct eo_err *err)
{
    char name[EO_DATASET_NAME_MAX];
    int n;

    eo_dataset_file_name(file, dims, name);
    n = snprintf(path, size, "%s/%s.gz", folder, name);
    return n < 0 || (size_t)n >= size ? eo_err_set(err, "expected a path of at most %zu bytes", size - 1) : 0;
}

/* What is found under another name, such as an earlier conversion's, would be read in place of what is written. */
static int check_others(const char *folder, int dims, struct eo_err *err)
{
    for (int file = 0; file < EO_DATASET_FILES; file++) {
        char path[4096], found[4096];
        struct eo_err none;

        if (path_of(folder, (enum eo_dataset_file)file, dims, path, sizeof(path), err))
            return -1;
        if (eo_dataset_file_find(folder, (enum eo_dataset_file)file, found, sizeof(found), &none) == 0 &&
            strcmp(found, path) != 0)
            return eo_err_set(err,
                              "'%s': expected no other data set in the folder that '%s' is written to, found this "
                              "file; remove it, or name another folder",
                              found, path);
    }
    return 0;
}

static int save(const char *folder, enum eo_dataset_file file, int dims, const uint32_t *dim, const uint8_t *data,
                struct eo_err *err)
{
    char path[4096];

    if (path_of(folder, file, dims, path, sizeof(path), err))
        return -1;
    return eo_idx_save_gz(path, dims, dim, data, err) ? eo_err_prefix(err, "'%s'", path) : 0;
}

int eo_idx_files_write(const char *folder, enum eo_dataset_part part, int dims, const uint32_t *dim,
                       const uint8_t *pixels, const uint8_t *labels, struct eo_err *err)
{
    int is_train = part == EO_DATASET_TRAIN;

    if (check_others(folder, dims, err) ||
        save(folder, is_train ? EO_DATASET_TRAIN_LABELS : EO_DATASET_TEST_LABELS, 1, dim, labels, err))
        return -1;
    return save(folder, is_train ? EO_DATASET_TRAIN_IMAGES : EO_DATASET_TEST_IMAGES, dims, dim, pixels, err);
}
