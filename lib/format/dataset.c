#include "format/dataset.h"

#include <string.h>
#include <sys/stat.h>

#include "format/dataset_find.h"

#define LABELS_HEADER 8

/* Loads one of the four files. The message names the file that was read. */
static int load_file(struct eo_idx *idx, const char *dir, enum eo_dataset_file file, char *path, size_t path_size,
                     struct eo_err *err)
{
    if (eo_dataset_file_find(dir, file, path, path_size, err))
        return -1;
    return eo_idx_load(idx, path, err) ? eo_err_prefix(err, "'%s'", path) : 0;
}

static int check_images(const struct eo_idx *idx, struct eo_err *err)
{
    if (idx->dims == 1)
        return eo_err_set(err,
                          "byte 3: expected images (3 dimensions), found 1 dimension: this is a labels file");
    if (idx->dims != 3)
        return eo_err_set(err, "byte 3: expected images (3 dimensions), found %d dimensions", idx->dims);
    if (idx->dim[1] != EO_IMAGE_SIDE || idx->dim[2] != EO_IMAGE_SIDE)
        return eo_err_set(err, "byte 8: expected images of %d x %d pixels, found %u x %u", EO_IMAGE_SIDE,
                          EO_IMAGE_SIDE, idx->dim[1], idx->dim[2]);
    return 0;
}

static int check_labels(const struct eo_idx *idx, uint32_t images, struct eo_err *err)
{
    size_t i;

    if (idx->dims == 3)
        return eo_err_set(
            err, "byte 3: expected labels (1 dimension), found 3 dimensions: this is an images file");
    if (idx->dims != 1)
        return eo_err_set(err, "byte 3: expected labels (1 dimension), found %d dimensions", idx->dims);
    if (idx->dim[0] != images)
        return eo_err_set(err, "byte 4: expected %u labels, as many as there are images, found %u", images,
                          idx->dim[0]);
    for (i = 0; i < idx->count; i++) {
        if (idx->data[i] >= EO_CLASSES)
            return eo_err_set(err, "byte %zu: expected a label in 0..%d, found %d", LABELS_HEADER + i,
                              EO_CLASSES - 1, idx->data[i]);
    }
    return 0;
}

/* Loads one part: its images file and its labels file, idx[0] and idx[1]. */
static int load_part(struct eo_idx idx[2], enum eo_dataset_file first, const char *dir, struct eo_images *images,
                     char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    struct eo_hash_piece pieces[2];
    char path[4096];

    if (load_file(&idx[0], dir, first, path, sizeof(path), err))
        return -1;
    if (check_images(&idx[0], err))
        return eo_err_prefix(err, "'%s'", path);
    if (load_file(&idx[1], dir, first + 1, path, sizeof(path), err))
        return -1;
    if (check_labels(&idx[1], idx[0].dim[0], err))
        return eo_err_prefix(err, "'%s'", path);
    pieces[0] = (struct eo_hash_piece){idx[0].file, idx[0].file_size};
    pieces[1] = (struct eo_hash_piece){idx[1].file, idx[1].file_size};
    eo_hash_sha256_pieces(pieces, 2, sha256);
    *images = (struct eo_images){idx[0].data, idx[1].data, idx[0].dim[0]};
    return 0;
}

int eo_dataset_load(struct eo_dataset *ds, const char *dir, int parts, struct eo_err *err)
{
    memset(ds, 0, sizeof(*ds));
    if (((parts & EO_DATASET_TRAIN) &&
         load_part(ds->idx, EO_DATASET_TRAIN_IMAGES, dir, &ds->train, ds->train_sha256, err)) ||
        ((parts & EO_DATASET_TEST) &&
         load_part(ds->idx + 2, EO_DATASET_TEST_IMAGES, dir, &ds->test, ds->test_sha256, err))) {
        eo_dataset_release(ds);
        return -1;
    }
    return 0;
}

void eo_dataset_release(struct eo_dataset *ds)
{
    int i;

    for (i = 0; i < 4; i++)
        eo_idx_release(&ds->idx[i]);
    memset(ds, 0, sizeof(*ds));
}

static struct eo_images slice(const struct eo_images *all, size_t first, size_t count)
{
    return (struct eo_images){all->pixels + first * EO_IMAGE_PIXELS, all->labels + first, count};
}

static int split_holdout(struct eo_split *split, const struct eo_images *all, const struct eo_config *cfg,
                         struct eo_err *err)
{
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
    split->train = slice(all, 0, train);
    split->validation = slice(all, rest, validation);
    return 0;
}

int eo_split_make(struct eo_split *split, const struct eo_dataset *ds, const struct eo_config *cfg,
                  struct eo_err *err)
{
    size_t n;

    memset(split, 0, sizeof(*split));
    if (eo_dataset_check_name(cfg->dataset, ds, err))
        return -1;
    split->test = ds->test;
    if (cfg->validation == EO_VALIDATION_HOLDOUT)
        return ds->train.count ? split_holdout(split, &ds->train, cfg, err) : 0;
    if (ds->train.count) {
        /* The original takes what there is when train_subset asks for more. */
        n = ds->train.count;
        if (cfg->train_subset != EO_CONFIG_ALL && (uint64_t)cfg->train_subset < n)
            n = (size_t)cfg->train_subset;
        split->train = slice(&ds->train, 0, n);
    }
    if (ds->test.count) {
        n = cfg->val_subset == EO_CONFIG_ALL ? ds->test.count : (size_t)cfg->val_subset;
        if (n > ds->test.count)
            return eo_err_set(err, "'val_subset': expected at most the %zu test images, found %zu",
                              ds->test.count, n);
        split->validation = slice(&ds->test, 0, n);
    }
    return 0;
}

int eo_split_validation_part(const struct eo_config *cfg)
{
    return cfg->validation == EO_VALIDATION_HOLDOUT ? EO_DATASET_TRAIN : EO_DATASET_TEST;
}

/* Checksums of known contents, as train_sha256 and test_sha256 are taken. */
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
           !eo_dataset_find(cfg, NULL, usual, sizeof(usual), NULL) && stat(given, &a) == 0 && stat(usual, &b) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

const char *eo_dataset_name(const struct eo_config *cfg, const char *option, const struct eo_dataset *ds)
{
    return !option || is_known_as(cfg->dataset, ds) || is_usual_folder(cfg, option) ? cfg->dataset : "idx";
}

int eo_dataset_check_name(const char *name, const struct eo_dataset *ds, struct eo_err *err)
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
