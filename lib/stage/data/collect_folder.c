/* Folders of class folders with PNG files, and CIFAR-10's batches. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "format/png.h"
#include "stage/data/collect_internal.h"

#define NAMES_MAX 10000000 /* in one folder */

/* ---- names in a folder, sorted ------------------------------------------------------------------------- */

struct names {
    char **name;
    size_t count, capacity;
};

static void names_release(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->name[i]);
    free(n->name);
    memset(n, 0, sizeof(*n));
}

static int is_number(const char *s)
{
    return s[0] && strlen(s) < 10 && s[strspn(s, "0123456789")] == '\0';
}

/* Numbers before other names and by their value, so that class 10 comes after class 9. */
static int compare_names(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;

    if (is_number(x) && is_number(y) && atol(x) != atol(y))
        return atol(x) < atol(y) ? -1 : 1;
    if (is_number(x) != is_number(y))
        return is_number(x) ? -1 : 1;
    return strcmp(x, y);
}

static int names_add(struct names *n, const char *name, struct eo_err *err)
{
    if (n->count == n->capacity) {
        size_t capacity = n->capacity ? 2 * n->capacity : 64;
        char **larger = capacity > NAMES_MAX ? NULL : realloc(n->name, capacity * sizeof(*larger));

        if (!larger)
            return eo_err_set(err, "out of memory: %zu names of files", capacity);
        n->name = larger;
        n->capacity = capacity;
    }
    n->name[n->count] = eo_strdup(name, err);
    if (!n->name[n->count])
        return -1;
    n->count++;
    return 0;
}

/* The folders or files in a folder, without names that begin with a point. */
static int list(struct names *n, const char *folder, int folders, struct eo_err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int rc = 0;

    memset(n, 0, sizeof(*n));
    if (!dir)
        return eo_err_errno(err, folder);
    while (!rc && (entry = readdir(dir))) {
        char path[EO_COLLECT_PATH];
        struct stat st;

        if (entry->d_name[0] == '.')
            continue;
        rc = eo_collect_join(path, folder, entry->d_name, err);
        if (!rc && stat(path, &st))
            rc = eo_err_errno(err, path);
        if (!rc && !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
            rc = eo_err_set(err, "%s: expected a file or a folder, found a device or a pipe", path);
        if (!rc && (S_ISDIR(st.st_mode) ? 1 : 0) == folders)
            rc = names_add(n, entry->d_name, err);
    }
    closedir(dir);
    if (n->count)
        qsort(n->name, n->count, sizeof(*n->name), compare_names);
    return rc;
}

/* ---- PNG files ----------------------------------------------------------------------------------------- */

/*
 * Each output pixel is the mean of the area that it covers, in 1/65536 of a pixel; enlarged pictures repeat pixels. In
 * integers, so the result is the same on all machines.
 */
static uint8_t area_mean(const struct eo_png *image, uint32_t channel, const uint64_t y[2],
                         const uint64_t x[2])
{
    uint64_t sum = 0, area = 0;

    for (uint64_t i = y[0] >> 16; i << 16 < y[1]; i++) {
        uint64_t top = i << 16 > y[0] ? i << 16 : y[0], bottom = (i + 1) << 16 < y[1] ? (i + 1) << 16 : y[1];

        for (uint64_t k = x[0] >> 16; k << 16 < x[1]; k++) {
            uint64_t left = k << 16 > x[0] ? k << 16 : x[0],
                     right = (k + 1) << 16 < x[1] ? (k + 1) << 16 : x[1];
            uint64_t weight = ((bottom - top) * (right - left)) >> 16;

            sum += weight * image->pixels[(i * image->width + k) * image->channels + channel];
            area += weight;
        }
    }
    return area ? (uint8_t)((sum + area / 2) / area)
                : image->pixels[((y[0] >> 16) * image->width + (x[0] >> 16)) * image->channels + channel];
}

static void resize(const struct eo_png *image, const struct eo_picture_shape *to, uint8_t *planes)
{
    for (uint32_t c = 0; c < to->channels; c++) {
        for (uint64_t i = 0; i < to->height; i++) {
            uint64_t y[] = {(i * image->height << 16) / to->height,
                            ((i + 1) * image->height << 16) / to->height};

            for (uint64_t k = 0; k < to->width; k++) {
                uint64_t x[] = {(k * image->width << 16) / to->width,
                                ((k + 1) * image->width << 16) / to->width};

                *planes++ = area_mean(image, c, y, x);
            }
        }
    }
}

/* What makes pictures alike. */
static const char *remedy(const struct eo_picture_shape *first, const struct eo_picture_shape *s)
{
    int is_first = !first->channels, colours = !is_first && first->channels != s->channels;
    int sides = s->height > EO_PICTURES_SIDE_MAX || s->width > EO_PICTURES_SIDE_MAX ||
                (!is_first && (first->height != s->height || first->width != s->width));

    return sides && colours ? "; --resize HxW scales all to one size, and --grey makes all grey"
           : sides          ? "; --resize HxW scales all to one size"
                            : "; --grey makes all grey";
}

static int add_image(struct eo_pictures *p, const struct eo_collect_options *o, const struct eo_png *image,
                     unsigned label, int part, const char *path, struct eo_err *err)
{
    struct eo_picture_shape shape = {image->channels, image->height, image->width};
    struct eo_err why;
    uint8_t *to;

    if (o->resize.height) {
        shape.height = o->resize.height;
        shape.width = o->resize.width;
    }
    if (eo_pictures_set_shape(p, shape, &why))
        return eo_err_set(err, "%s: %s%s", path, why.msg, remedy(&p->shape, &shape));
    to = eo_pictures_add(p, label, part, path, err);
    if (!to)
        return -1;
    if (o->resize.height)
        resize(image, &shape, to);
    else
        eo_collect_to_planes(image->pixels, &shape, to);
    return 0;
}

static int add_file(struct eo_pictures *p, const struct eo_collect_options *o, const char *path,
                    unsigned label, int part, struct eo_err *err)
{
    struct eo_png image;
    int rc;

    if (eo_png_read(&image, path, o->grey, err))
        return eo_err_prefix(err, "%s", path);
    rc = add_image(p, o, &image, label, part, path, err);
    free(image.pixels);
    return rc;
}

/* How the test set beside "train" can be called. */
static const char *const test_names[] = {"test", "val", "valid", "validation"};
#define TEST_NAMES (sizeof(test_names) / sizeof(*test_names))

/* Whether a folder that is taken for a class looks like a part, such as Train. */
static int is_part_name(const char *folder)
{
    const char *slash = strrchr(folder, '/'), *name = slash ? slash + 1 : folder;

    for (size_t i = 0; i < TEST_NAMES; i++)
        if (strcasecmp(name, test_names[i]) == 0)
            return 1;
    return strcasecmp(name, "train") == 0 || strcasecmp(name, "training") == 0 || strcasecmp(name, "testing") == 0;
}

static int add_class(struct eo_pictures *p, const struct eo_collect_options *o, const char *folder,
                     unsigned label, int part, struct eo_err *err)
{
    struct names files;
    int rc = list(&files, folder, 0, err);

    if (!rc && files.count == 0)
        rc = eo_err_set(
            err, "%s: expected PNG files of one class, found none; %s", folder,
            is_part_name(folder) ? "the folders of the two parts are called 'train' and 'test' (or 'val', 'valid' or "
                                   "'validation'), with no other folder beside them"
                                 : "put its pictures there, or remove the folder");
    for (size_t i = 0; !rc && i < files.count; i++) {
        char path[EO_COLLECT_PATH];

        rc = eo_collect_join(path, folder, files.name[i], err) || add_file(p, o, path, label, part, err) ? -1
                                                                                                         : 0;
    }
    names_release(&files);
    return rc;
}

/* The label of a class. The first folder of classes defines them. */
static int find_label(struct eo_pictures *p, const char *name, int is_first, unsigned *label,
                      struct eo_err *err)
{
    if (is_first) {
        *label = p->classes;
        return eo_pictures_name(p, p->classes, name, err);
    }
    for (*label = 0; *label < p->classes; (*label)++)
        if (strcmp(p->names[*label], name) == 0)
            return 0;
    return eo_err_set(err, "expected the classes of the training set, found '%s', which that does not have",
                      name);
}

static int add_classes(struct eo_pictures *p, const struct eo_collect_options *o, const char *folder,
                       int part, struct eo_err *err)
{
    int is_first = p->classes == 0, rc;
    struct names classes;

    rc = list(&classes, folder, 1, err);
    if (!rc && classes.count == 0)
        rc = eo_err_set(err, "%s: expected a folder for each class, with its PNG files in it, found none",
                        folder);
    for (size_t i = 0; !rc && i < classes.count; i++) {
        char path[EO_COLLECT_PATH];
        unsigned label = 0;

        rc = eo_collect_join(path, folder, classes.name[i], err);
        if (!rc && find_label(p, classes.name[i], is_first, &label, err))
            rc = eo_err_prefix(err, "%s", folder);
        if (!rc)
            rc = add_class(p, o, path, label, part, err);
    }
    names_release(&classes);
    return rc;
}

/* The name of the test set beside "train"; NULL when the folders are classes. */
static const char *test_name(const struct names *n)
{
    if (n->count == 2)
        for (size_t i = 0; i < TEST_NAMES; i++)
            if ((strcmp(n->name[0], "train") == 0 && strcmp(n->name[1], test_names[i]) == 0) ||
                (strcmp(n->name[1], "train") == 0 && strcmp(n->name[0], test_names[i]) == 0))
                return test_names[i];
    return NULL;
}

int eo_collect_folder(struct eo_pictures *p, const struct eo_collect_options *o, struct eo_err *err)
{
    char path[EO_COLLECT_PATH];
    const char *test = NULL;
    struct names folders;
    int rc = list(&folders, o->from, 1, err);

    if (!rc)
        test = test_name(&folders);
    if (!rc && !test)
        rc = add_classes(p, o, o->from, 0, err);
    if (!rc && test)
        rc = eo_collect_join(path, o->from, "train", err) || add_classes(p, o, path, EO_DATASET_TRAIN, err) ||
                     eo_collect_join(path, o->from, test, err) ||
                     add_classes(p, o, path, EO_DATASET_TEST, err)
                 ? -1
                 : 0;
    names_release(&folders);
    return rc;
}

/* ---- CIFAR-10's binary batches: a label and 3 planes of 32 x 32 for each image ------------------------- */

#define CIFAR_RECORD (1 + 3 * 32 * 32)
#define CIFAR_CLASSES 10

int eo_collect_is_cifar(const char *folder)
{
    char path[EO_COLLECT_PATH];

    return !eo_collect_join(path, folder, "data_batch_1.bin", NULL) && eo_io_exists(path, NULL) == 1;
}

static int add_record(struct eo_pictures *p, const uint8_t *record, int part, const char *origin,
                      struct eo_err *err)
{
    uint8_t *to;

    if (record[0] >= CIFAR_CLASSES)
        return eo_err_set(err, "%s: expected a label of 0 to 9, found %d", origin, record[0]);
    to = eo_pictures_add(p, record[0], part, origin, err);
    if (!to)
        return -1;
    memcpy(to, record + 1, CIFAR_RECORD - 1);
    return 0;
}

static int add_batch(struct eo_pictures *p, const char *folder, const char *name, int part,
                     struct eo_err *err)
{
    char path[EO_COLLECT_PATH], origin[EO_COLLECT_PATH + 32], *bytes;
    size_t size;
    int rc = 0;

    if (eo_collect_join(path, folder, name, err))
        return -1;
    if (eo_io_read(path, EO_IO_MAX, &bytes, &size, err))
        return eo_err_prefix(err, "%s", path);
    if (size == 0 || size % CIFAR_RECORD)
        rc = eo_err_set(err, "%s: expected a multiple of %d bytes, found %zu", path, CIFAR_RECORD, size);
    for (size_t i = 0; !rc && i < size / CIFAR_RECORD; i++) {
        snprintf(origin, sizeof(origin), "%s, image %zu", path, i);
        rc = add_record(p, (const uint8_t *)bytes + i * CIFAR_RECORD, part, origin, err);
    }
    free(bytes);
    return rc;
}

int eo_collect_cifar(struct eo_pictures *p, const struct eo_collect_options *o, struct eo_err *err)
{
    struct names files;
    int rc;

    if (eo_pictures_set_shape(p, (struct eo_picture_shape){3, 32, 32}, err))
        return -1;
    rc = list(&files, o->from, 0, err);
    for (size_t i = 0; !rc && i < files.count; i++)
        if (strncmp(files.name[i], "data_batch_", 11) == 0)
            rc = add_batch(p, o->from, files.name[i], EO_DATASET_TRAIN, err);
    names_release(&files);
    if (!rc)
        rc = add_batch(p, o->from, "test_batch.bin", EO_DATASET_TEST, err);
    return rc ? rc : eo_collect_class_names(p, o->from, "batches.meta.txt", CIFAR_CLASSES, err);
}
