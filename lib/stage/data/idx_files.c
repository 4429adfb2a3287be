#include "stage/data/idx_files.h"

#include <stdio.h>

#include "format/idx.h"

static int save(const char *folder, enum eo_dataset_part part, const char *what, int dims,
                const uint32_t *dim, const uint8_t *data, struct eo_err *err)
{
    const char *prefix = part == EO_DATASET_TRAIN ? "train" : "t10k";
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s-%s-idx%d-ubyte.gz", folder, prefix, what, dims);

    if (n < 0 || (size_t)n >= sizeof(path))
        return eo_err_set(err, "expected a path of at most %zu bytes", sizeof(path) - 1);
    return eo_idx_save_gz(path, dims, dim, data, err) ? eo_err_prefix(err, "'%s'", path) : 0;
}

int eo_idx_files_write(const char *folder, enum eo_dataset_part part, int dims, const uint32_t *dim,
                       const uint8_t *pixels, const uint8_t *labels, struct eo_err *err)
{
    if (save(folder, part, "labels", 1, dim, labels, err))
        return -1;
    return save(folder, part, "images", dims, dim, pixels, err);
}
