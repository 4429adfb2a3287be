#include "format/dataset.h"

#include <string.h>
#include <sys/stat.h>

#include "format/config_classes.h"
#include "format/dataset_find.h"

#define LABELS_HEADER 8
#define LABELS 256 /* values that a label, one byte, can have */

/* Loads one of the four files. The message names the file that was read. */
static int load_file(struct eo_idx *idx, const char *dir, enum eo_dataset_file file, char *path,
                     size_t path_size, struct eo_err *err)
{
    if (eo_dataset_file_find(dir, file, path, path_size, err))
        return -1;
    return eo_idx_load(idx, path, err) ? eo_err_prefix(err, "'%s'", path) : 0;
}

/* Accepts [N, H, W], [N, C, H, W], and [N, F] with the F values of an image in the same order. */
static int check_size(const struct eo_idx *idx, struct eo_dims d, struct eo_err *err)
{
    size_t n = idx->count / idx->dim[0];

    if (idx->dims == 2 && n != eo_dims_elements(d))
        return eo_err_set(err, "byte 8: expected images of %zu values, found %zu", eo_dims_elements(d), n);
    if (idx->dims == 3 && d.c == 1 && (idx->dim[1] != (uint32_t)d.h || idx->dim[2] != (uint32_t)d.w))
        return eo_err_set(err, "byte 8: expected images of %d x %d pixels, found %u x %u", d.h, d.w,
                          idx->dim[1], idx->dim[2]);
    if (idx->dims == 3 && d.c != 1)
        return eo_err_set(err, "byte 8: expected images of %d x %d x %d, found %u x %u", d.c, d.h, d.w,
                          idx->dim[1], idx->dim[2]);
    if (idx->dims == 4 &&
        (idx->dim[1] != (uint32_t)d.c || idx->dim[2] != (uint32_t)d.h || idx->dim[3] != (uint32_t)d.w))
        return eo_err_set(err, "byte 8: expected images of %d x %d x %d, found %u x %u x %u", d.c, d.h, d.w,
                          idx->dim[1], idx->dim[2], idx->dim[3]);
    return 0;
}

/* The size of an image according to its file: [N, H, W] has one channel, and [N, F] is a signal of length F. */
static struct eo_dims dims_of(const struct eo_idx *idx)
{
    int a = (int)idx->dim[1], b = (int)idx->dim[2], c = (int)idx->dim[3];

    return idx->dims == 4 ? (struct eo_dims){a, b, c} : (struct eo_dims){1, a, idx->dims == 3 ? b : 1};
}

static int check_images(const struct eo_idx *idx, struct eo_dims d, struct eo_err *err)
{
    if (idx->dims == 1)
        return eo_err_set(err,
                          "byte 3: expected images (3 dimensions), found 1 dimension: this is a labels file");
    if (idx->type == EO_IDX_F32)
        return eo_err_set(err, "byte 2: expected images of bytes (0x08 or 0x09), found 32-bit floats; "
                               "'eo-data --from FOLDER --into FOLDER' maps them onto 256 steps");
    return check_size(idx, d, err);
}

static int check_labels(const struct eo_idx *idx, uint32_t images, int classes, struct eo_err *err)
{
    if (idx->dims == 3)
        return eo_err_set(
            err, "byte 3: expected labels (1 dimension), found 3 dimensions: this is an images file");
    if (idx->dims != 1)
        return eo_err_set(err, "byte 3: expected labels (1 dimension), found %d dimensions", idx->dims);
    if (idx->type != EO_IDX_U8)
        return eo_err_set(err, "byte 2: expected labels of unsigned bytes (0x08), found %s",
                          eo_idx_type_name(idx->type));
    if (idx->dim[0] != images)
        return eo_err_set(err, "byte 4: expected %u labels, as many as there are images, found %u", images,
                          idx->dim[0]);
    for (size_t i = 0; i < idx->count; i++) {
        if (idx->data[i] >= classes)
            return eo_err_set(err, "byte %zu: expected a label in 0..%d, found %d", LABELS_HEADER + i,
                              classes - 1, idx->data[i]);
    }
    return 0;
}

/* Makes grey values of signed bytes, by adding 128. */
static void shift_signed(struct eo_idx *idx)
{
    uint8_t *data = idx->file + (idx->file_size - idx->count);

    for (size_t i = 0; idx->type == EO_IDX_I8 && i < idx->count; i++)
        data[i] ^= 0x80;
}

/* Loads one part: its images file and its labels file, idx[0] and idx[1]. */
static int load_part(struct eo_idx idx[2], enum eo_dataset_file first, const char *dir, struct eo_dataset *ds,
                     struct eo_images *images, char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    struct eo_hash_piece pieces[2];
    char path[4096];

    if (load_file(&idx[0], dir, first, path, sizeof(path), err))
        return -1;
    if (ds->dims.c == 0 && idx[0].dims > 1)
        ds->dims = dims_of(&idx[0]);
    if (check_images(&idx[0], ds->dims, err))
        return eo_err_prefix(err, "'%s'", path);
    if (load_file(&idx[1], dir, first + 1, path, sizeof(path), err))
        return -1;
    if (check_labels(&idx[1], idx[0].dim[0], ds->classes ? ds->classes : LABELS, err))
        return eo_err_prefix(err, "'%s'", path);
    pieces[0] = (struct eo_hash_piece){idx[0].file, idx[0].file_size};
    pieces[1] = (struct eo_hash_piece){idx[1].file, idx[1].file_size};
    eo_hash_sha256_pieces(pieces, 2, sha256);
    shift_signed(&idx[0]);
    *images = (struct eo_images){idx[0].data, idx[1].data, idx[0].dim[0]};
    return 0;
}

static int highest_label(const struct eo_dataset *ds)
{
    int highest = 0;

    for (size_t i = 0; i < ds->train.count; i++)
        highest = ds->train.labels[i] > highest ? ds->train.labels[i] : highest;
    for (size_t i = 0; i < ds->test.count; i++)
        highest = ds->test.labels[i] > highest ? ds->test.labels[i] : highest;
    return highest;
}

/* Loads parts as eo_dataset_open() does. dims of zeros come from the files, classes 0 from the highest label loaded. */
static int load_as(struct eo_dataset *ds, const char *dir, int parts, struct eo_dims dims, int classes,
                   struct eo_err *err)
{
    memset(ds, 0, sizeof(*ds));
    ds->dims = dims;
    ds->classes = classes;
    if (((parts & EO_DATASET_TRAIN) &&
         load_part(ds->idx, EO_DATASET_TRAIN_IMAGES, dir, ds, &ds->train, ds->train_sha256, err)) ||
        ((parts & EO_DATASET_TEST) &&
         load_part(ds->idx + 2, EO_DATASET_TEST_IMAGES, dir, ds, &ds->test, ds->test_sha256, err))) {
        eo_dataset_release(ds);
        return -1;
    }
    ds->labels = highest_label(ds) + 1;
    if (classes == 0)
        ds->classes = ds->labels;
    return 0;
}

int eo_dataset_load(struct eo_dataset *ds, const char *dir, int parts, struct eo_err *err)
{
    return load_as(ds, dir, parts, (struct eo_dims){1, EO_IMAGE_SIDE, EO_IMAGE_SIDE}, EO_CLASSES, err);
}

void eo_dataset_release(struct eo_dataset *ds)
{
    for (int i = 0; i < 4; i++)
        eo_idx_release(&ds->idx[i]);
    memset(ds, 0, sizeof(*ds));
}

static struct eo_images slice(const struct eo_images *all, struct eo_dims dims, size_t first, size_t count)
{
    return (struct eo_images){all->pixels + first * eo_dims_elements(dims), all->labels + first, count};
}

static int split_holdout(struct eo_split *split, const struct eo_dataset *ds, const struct eo_config *cfg,
                         struct eo_err *err)
{
    const struct eo_images *all = &ds->train;
    size_t validation = cfg->val_subset == EO_CONFIG_ALL ? all->count / 6 : (size_t)cfg->val_subset;
    size_t rest, train;

    if (validation > all->count)
        return eo_err_set(err, "'val_subset': expected at most the %zu training images, found %zu",
                          all->count, validation);
    rest = all->count - validation;
    train = cfg->train_subset == EO_CONFIG_ALL ? rest : (size_t)cfg->train_subset;
    if (train > rest)
        return eo_err_set(
            err, "'train_subset' + 'val_subset': expected at most the %zu training images, found %zu + %zu",
            all->count, train, validation);
    if (train == 0)
        return eo_err_set(
            err,
            "'val_subset': expected fewer than the %zu training images, found %zu: none is left "
            "to train on",
            all->count, validation);
    split->train = slice(all, ds->dims, 0, train);
    split->validation = slice(all, ds->dims, rest, validation);
    return 0;
}

/* Checksums of known data sets, computed like train_sha256 and test_sha256. */
static const struct known {
    const char *name, *train, *test;
    int is_published;
} known[] = {
    {"mnist", "c5097fdd51cfdbe7695fd9df3612695696864b5c424f58d843ffdc5d335e9914",
     "18489308deedfe2f7bd3a11e599a597126f161d991b1ffcffb71642aa76f7f62", 1},
    {"fashion-mnist", "d9ef4273af5c2e360155dad0c06bd939447bf37a6620db007d69fc79e4732045",
     "30214f3fe91405cb8ea60b11ecf0914a65dd6a6ca8e13c13a62eb434f2d9fe56", 1},
    {"synthetic", "7e5ca7c41e8bc101aa7b3ca3b186b893d4190dea607513a7d999b4dcd50fd8bb",
     "08ca41eea1cb565ac452bdbf9f46c87ebe747b1559be82a864664c47c1371b79", 0},
};

/*
 * MNIST and Fashion-MNIST have files of the same names and sizes; only their checksums tell them apart. Fails if `name`
 * is one of the two and a loaded part is that of another known data set. Any other content passes, because people trim
 * and extend data sets.
 */
static int check_name(const char *name, const struct eo_dataset *ds, struct eo_err *err)
{
    size_t i, n = sizeof(known) / sizeof(known[0]);

    for (i = 0; i < n && strcmp(name, known[i].name) != 0; i++)
        continue;
    if (i == n || !known[i].is_published)
        return 0; /* a name that says nothing about the contents */
    for (i = 0; i < n; i++) {
        int train = strcmp(ds->train_sha256, known[i].train) == 0;

        if (strcmp(name, known[i].name) != 0 && (train || strcmp(ds->test_sha256, known[i].test) == 0))
            return eo_err_set(err, "dataset '%s': expected its files, found the %s files of '%s'", name,
                              train ? "training" : "test", known[i].name);
    }
    return 0;
}

int eo_split_make(struct eo_split *split, const struct eo_dataset *ds, const struct eo_config *cfg,
                  struct eo_err *err)
{
    size_t n;

    memset(split, 0, sizeof(*split));
    if (check_name(cfg->dataset, ds, err))
        return -1;
    split->test = ds->test;
    if (cfg->validation == EO_VALIDATION_HOLDOUT)
        return ds->train.count ? split_holdout(split, ds, cfg, err) : 0;
    if (ds->train.count) {
        /* If train_subset asks for more than there is, take all, like the original. */
        n = ds->train.count;
        if (cfg->train_subset != EO_CONFIG_ALL && (uint64_t)cfg->train_subset < n)
            n = (size_t)cfg->train_subset;
        split->train = slice(&ds->train, ds->dims, 0, n);
    }
    if (ds->test.count) {
        n = cfg->val_subset == EO_CONFIG_ALL ? ds->test.count : (size_t)cfg->val_subset;
        if (n > ds->test.count)
            return eo_err_set(err, "'val_subset': expected at most the %zu test images, found %zu",
                              ds->test.count, n);
        split->validation = slice(&ds->test, ds->dims, 0, n);
    }
    if (ds->is_untrained) {
        n = (size_t)cfg->calibration_batches * (size_t)cfg->batch_size;
        n = n < ds->test.count ? n : ds->test.count;
        split->train = slice(&ds->test, ds->dims, ds->test.count - n, n);
    }
    return 0;
}

int eo_split_validation_part(const struct eo_config *cfg)
{
    return cfg->validation == EO_VALIDATION_HOLDOUT ? EO_DATASET_TRAIN : EO_DATASET_TEST;
}

static int is_known_as(const char *name, const struct eo_dataset *ds)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (strcmp(known[i].name, name) == 0)
            return (!ds->train.count || strcmp(ds->train_sha256, known[i].train) == 0) &&
                   (!ds->test.count || strcmp(ds->test_sha256, known[i].test) == 0);
    }
    return 0;
}

static int is_usual_folder(const struct eo_config *cfg, const char *option)
{
    char given[4096], usual[4096];
    struct stat a, b;

    return !eo_dataset_find(cfg, option, given, sizeof(given), NULL) &&
           !eo_dataset_find(cfg, NULL, usual, sizeof(usual), NULL) && stat(given, &a) == 0 &&
           stat(usual, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* See struct eo_dataset. `option`: the folder of --data, or NULL. */
static const char *name_of(const struct eo_config *cfg, const char *option, const struct eo_dataset *ds)
{
    return !option || is_known_as(cfg->dataset, ds) || is_usual_folder(cfg, option) ? cfg->dataset : "idx";
}

static int divide(struct eo_dataset *ds, const struct eo_config *cfg, int is_whole, struct eo_err *err)
{
    if (is_whole ? check_name(cfg->dataset, ds, err) : eo_split_make(&ds->split, ds, cfg, err))
        return eo_err_prefix(err, "%s", ds->folder);
    return 0;
}

int eo_dataset_open(struct eo_dataset *ds, const struct eo_config *cfg,
                    const struct eo_dataset_request *request, struct eo_err *err)
{
    struct eo_dims dims = request->dims.c ? request->dims : (struct eo_dims){1, EO_IMAGE_SIDE, EO_IMAGE_SIDE};
    int classes = request->classes ? request->classes : EO_CLASSES;
    char folder[EO_DATASET_FOLDER_MAX];
    int parts = request->parts, is_untrained;

    memset(ds, 0, sizeof(*ds));
    if (request->is_any) {
        dims = (struct eo_dims){0, 0, 0};
        classes = 0;
    }
    if (eo_dataset_find(cfg, request->folder, folder, sizeof(folder), err))
        return -1;
    is_untrained = request->may_be_untrained && (parts & EO_DATASET_TRAIN) &&
                   cfg->validation == EO_VALIDATION_TEST && !eo_dataset_has_training(folder);
    if (load_as(ds, folder, is_untrained ? EO_DATASET_TEST : parts, dims, classes, err))
        return -1;
    if (is_untrained) {
        ds->is_untrained = 1;
        memcpy(ds->train_sha256, ds->test_sha256, sizeof(ds->train_sha256));
    }
    memcpy(ds->folder, folder, sizeof(folder));
    ds->name = name_of(cfg, request->folder, ds);
    if (eo_config_check_class_names(cfg, ds->labels, ds->classes, err) || divide(ds, cfg, request->is_whole, err)) {
        eo_dataset_release(ds);
        return -1;
    }
    return 0;
}
