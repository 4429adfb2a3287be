#include "format/dataset_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_DATA "/usr/share/datasets"
#define MAKE_ONE "eo-data --from PICTURES --into FOLDER makes one of your pictures"
#define OR_NAME_IT "or say where the files are with EO_DATA_DIR or --data"

/* The data sets by name, with the folder that torchvision uses, and what to do when files are missing. */
static const struct source {
    const char *dataset, *torchvision, *advice;
} sources[] = {
    {"synthetic", NULL, "run 'make', which generates it, " OR_NAME_IT},
    {"mnist", "MNIST", "run 'make data', " OR_NAME_IT},
    {"fashion-mnist", "FashionMNIST", "run 'make data', " OR_NAME_IT},
    {"idx", NULL, "put the four IDX files there, or name their folder with 'data_dir' or --data"},
};

/*
 * The names that a file may have, beginning with the published one. Images of one channel have three dimensions, of
 * several channels four, and rows of values two. Some archives have a point where the published names have a dash, and
 * some say test for t10k.
 */
static const int dimensions[] = {3, 4, 2};

#define RANKS ((int)(sizeof(dimensions) / sizeof(*dimensions)))
#define NAMES (4 * RANKS)

/* Writes name `i` of NAMES into `name`. */
static void make_name(enum eo_dataset_file file, int i, char name[EO_DATASET_NAME_MAX])
{
    int is_test = file == EO_DATASET_TEST_IMAGES || file == EO_DATASET_TEST_LABELS;
    int is_images = file == EO_DATASET_TRAIN_IMAGES || file == EO_DATASET_TEST_IMAGES;
    const char *part = !is_test ? "train" : i >= 2 * RANKS ? "test" : "t10k";

    snprintf(name, EO_DATASET_NAME_MAX, "%s-%s%cidx%d-ubyte", part, is_images ? "images" : "labels",
             i & 1 ? '.' : '-', is_images ? dimensions[i / 2 % RANKS] : 1);
}

void eo_dataset_file_name(enum eo_dataset_file file, int dims, char name[EO_DATASET_NAME_MAX])
{
    int rank = RANKS - 1;

    while (rank > 0 && dimensions[rank] != dims)
        rank--;
    make_name(file, 2 * rank, name);
}

static int is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Makes a path of dir, a slash, name and suffix; of `dir` alone if `name` is "". `dir` and `path` may be the same. */
static int join(char *path, size_t size, const char *dir, const char *name, const char *suffix,
                struct eo_err *err)
{
    size_t n = strlen(dir), left;
    int k;

    if (n < size) {
        memmove(path, dir, n + 1);
        left = size - n;
        k = *name ? snprintf(path + n, left, "/%s%s", name, suffix) : 0;
        if ((size_t)k < left)
            return 0;
    }
    return eo_err_set(err, "expected a path of at most %zu bytes", size - 1);
}

/* Returns 1 and `path`, 0 if there is no such file, or -1. */
static int look_in(const char *dir, enum eo_dataset_file file, char *path, size_t size, struct eo_err *err)
{
    char name[EO_DATASET_NAME_MAX];

    for (int i = 0; i < NAMES; i++) {
        make_name(file, i, name);
        for (int packed = 0; packed < 2; packed++) {
            if (join(path, size, dir, name, packed ? ".gz" : "", err))
                return -1;
            if (is_file(path))
                return 1;
        }
    }
    return 0;
}

static int look_for(const char *dir, enum eo_dataset_file file, char *path, size_t size, struct eo_err *err)
{
    int found = look_in(dir, file, path, size, err);
    char unzipped[4096], name[EO_DATASET_NAME_MAX];

    for (int i = 0; !found && i < NAMES; i++) {
        make_name(file, i, name);
        if (join(unzipped, sizeof(unzipped), dir, name, "", err))
            return -1;
        if (is_folder(unzipped))
            found = look_in(unzipped, file, path, size, err);
    }
    return found;
}

static int not_there(const char *dir, enum eo_dataset_file file, struct eo_err *err)
{
    char name[EO_DATASET_NAME_MAX];

    make_name(file, 0, name);
    return eo_err_set(err, "'%s': expected '%s' or '%s.gz', found neither", dir, name, name);
}

int eo_dataset_file_find(const char *dir, enum eo_dataset_file file, char *path, size_t path_size,
                         struct eo_err *err)
{
    int found = look_for(dir, file, path, path_size, err);

    return found > 0 ? 0 : found < 0 ? -1 : not_there(dir, file, err);
}

static int has_file(const char *dir, enum eo_dataset_file file)
{
    char path[4096];

    return look_for(dir, file, path, sizeof(path), NULL) > 0;
}

int eo_dataset_has_training(const char *dir)
{
    return has_file(dir, EO_DATASET_TRAIN_IMAGES) || has_file(dir, EO_DATASET_TRAIN_LABELS);
}

static int has_files(const char *dir)
{
    for (int f = 0; f < EO_DATASET_FILES; f++) {
        if (has_file(dir, (enum eo_dataset_file)f))
            return 1;
    }
    return 0;
}

/*
 * Changes `dir` to the folder that has the files: itself, or one of torchvision's folders in it. For idx all of these
 * are tried, and MNIST and FashionMNIST must not both have files. Returns 0 if no folder fits.
 */
static int go_to_files(char *dir, size_t size, const struct source *source)
{
    char below[4096], found[4096] = "";
    int n = 0;

    if (has_files(dir))
        return 1;
    if (!join(below, sizeof(below), dir, "raw", "", NULL) && has_files(below))
        return !join(dir, size, dir, "raw", "", NULL);
    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
        const char *name = sources[i].torchvision;

        if (!name || (&sources[i] != source && strcmp(source->dataset, "idx") != 0))
            continue;
        if (!join(below, sizeof(below), dir, name, "/raw", NULL) && has_files(below) && ++n == 1)
            memcpy(found, below, sizeof(found));
    }
    return n == 1 && !join(dir, size, found, "", "", NULL);
}

static int no_files(const char *dir, const struct source *source, struct eo_err *err)
{
    char name[EO_DATASET_NAME_MAX];

    make_name(EO_DATASET_TRAIN_IMAGES, 0, name);
    return eo_err_set(err, "'%s': expected '%s' or '%s.gz', found neither; %s", dir, name, name,
                      source->advice);
}

/* Finds the first folder that has files. If none has, the message names the first folder that exists. */
static int find_named(const struct source *source, char *dir, size_t size, struct eo_err *err)
{
    const char *own = getenv("EO_DATA_DIR"), *name = source->dataset;
    const char *const roots[] = {own && *own ? own : NULL, "data", SYSTEM_DATA};
    char empty[4096] = "";

    for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
        if (!roots[i])
            continue;
        if (join(dir, size, roots[i], name, "", err))
            return -1;
        if (go_to_files(dir, size, source))
            return 0;
        if (!*empty && is_folder(dir))
            snprintf(empty, sizeof(empty), "%s", dir);
        if (!source->torchvision || roots[i] == roots[2])
            continue;
        if (join(dir, size, roots[i], source->torchvision, "", err))
            return -1;
        if (go_to_files(dir, size, source))
            return 0;
    }
    if (*empty)
        return no_files(empty, source, err);
    if (roots[0])
        return eo_err_set(err, "dataset '%s': expected a folder '%s/%s' or 'data/%s', found neither; %s",
                          name, own, name, name, source->advice);
    return eo_err_set(err, "dataset '%s': expected a folder 'data/%s', found none; %s", name, name,
                      source->advice);
}

/* The folder of the key data_dir; the message says where it was looked for. */
static int find_own(const char *name, char *dir, size_t size, struct eo_err *err)
{
    const char *own = getenv("EO_DATA_DIR"), *roots[] = {"", own && *own ? own : NULL, "data"};

    if (!*name)
        return eo_err_set(err, "dataset 'idx': expected the folder of its files in 'data_dir' or --data");
    for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
        if (!roots[i] || (i && *name == '/'))
            continue;
        if (join(dir, size, i ? roots[i] : name, i ? name : "", "", err))
            return -1;
        if (is_folder(dir))
            return 0;
    }
    if (*name == '/')
        return eo_err_set(err, "dataset 'idx': expected a folder '%s' (data_dir), found none; " MAKE_ONE,
                          name);
    return eo_err_set(err,
                      "dataset 'idx': expected a folder '%s' (data_dir), here, in EO_DATA_DIR or in data, "
                      "found none; " MAKE_ONE,
                      name);
}

int eo_dataset_find(const struct eo_config *cfg, const char *option, char *dir, size_t dir_size,
                    struct eo_err *err)
{
    const struct source *source = sources, *end = sources + sizeof(sources) / sizeof(*sources);

    while (source < end && strcmp(source->dataset, cfg->dataset) != 0)
        source++;
    if (source == end)
        return eo_err_set(err, "dataset '%s': expected synthetic, mnist, fashion-mnist or idx", cfg->dataset);
    if (!option && strcmp(cfg->dataset, "idx") != 0)
        return find_named(source, dir, dir_size, err);
    if (option ? join(dir, dir_size, option, "", "", err) : find_own(cfg->data_dir, dir, dir_size, err))
        return -1;
    if (!is_folder(dir))
        return eo_err_set(err, "dataset '%s': expected a folder '%s' (--data), found none", cfg->dataset,
                          dir);
    return go_to_files(dir, dir_size, source) ? 0 : no_files(dir, source, err);
}
