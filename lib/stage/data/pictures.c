#include "stage/data/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/rng.h"
#include "format/config_classes.h"
#include "stage/data/idx_files.h"

void eo_pictures_release(struct eo_pictures *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->origins[i]);
    for (unsigned k = 0; k < EO_PICTURES_CLASSES; k++)
        free(p->names[k]);
    free(p->origins);
    free(p->pixels);
    free(p->labels);
    free(p->parts);
    memset(p, 0, sizeof(*p));
}

static size_t values_of(const struct eo_picture_shape *s)
{
    return (size_t)s->channels * s->height * s->width;
}

void eo_picture_shape_format(const struct eo_picture_shape *s, char text[48])
{
    snprintf(text, 48, "%u x %u x %u", s->channels, s->height, s->width);
}

int eo_pictures_set_shape(struct eo_pictures *p, struct eo_picture_shape shape, struct eo_err *err)
{
    char found[48], first[48];

    eo_picture_shape_format(&shape, found);
    if (shape.channels < 1 || shape.channels > EO_PICTURES_CHANNELS_MAX || shape.height < 1 ||
        shape.width < 1 || shape.height > EO_PICTURES_SIDE_MAX || shape.width > EO_PICTURES_SIDE_MAX)
        return eo_err_set(err, "expected 1 to %d channels and sides of 1 to %d, found %s",
                          EO_PICTURES_CHANNELS_MAX, EO_PICTURES_SIDE_MAX, found);
    eo_picture_shape_format(&p->shape, first);
    if (p->shape.channels && memcmp(&p->shape, &shape, sizeof(shape)) != 0)
        return eo_err_set(err, "expected pictures of one size, %s as the ones before, found %s", first,
                          found);
    p->shape = shape;
    return 0;
}

int eo_pictures_set_range(struct eo_pictures *p, double low, double high, struct eo_err *err)
{
    if (p->low < p->high && (p->low != low || p->high != high))
        return eo_err_set(
            err,
            "expected numbers of one scale, %g to %g as before, found %g to %g; say with --range "
            "LOW:HIGH which become 0 and 255",
            p->low, p->high, low, high);
    p->low = low;
    p->high = high;
    return 0;
}

/* Makes room for `capacity` elements of `size` bytes in *array. */
static int grow(void *array, size_t capacity, size_t size, struct eo_err *err)
{
    void **at = array, *larger = realloc(*at, capacity * size);

    if (!larger)
        return eo_err_set(err, "out of memory: %zu bytes", capacity * size);
    *at = larger;
    return 0;
}

static int make_room(struct eo_pictures *p, struct eo_err *err)
{
    size_t values = values_of(&p->shape), most = EO_IO_MAX / values,
           capacity = p->capacity ? 2 * p->capacity : 256;

    if (p->count < p->capacity)
        return 0;
    if (p->count == most)
        return eo_err_set(err, "expected at most %zu pictures of %zu bytes, found more", most, values);
    if (capacity > most)
        capacity = most;
    if (grow(&p->pixels, capacity, values, err) || grow(&p->labels, capacity, 1, err) ||
        grow(&p->parts, capacity, 1, err) || grow(&p->origins, capacity, sizeof(*p->origins), err))
        return -1;
    p->capacity = capacity;
    return 0;
}

uint8_t *eo_pictures_add(struct eo_pictures *p, unsigned label, int part, const char *origin,
                         struct eo_err *err)
{
    char *name;

    if (label >= EO_PICTURES_CLASSES) {
        eo_err_set(err, "expected labels of 0 to %d, found %u", EO_PICTURES_CLASSES - 1, label);
        return NULL;
    }
    name = make_room(p, err) ? NULL : eo_strdup(origin, err);
    if (!name)
        return NULL;
    p->origins[p->count] = name;
    p->labels[p->count] = (uint8_t)label;
    p->parts[p->count] = (uint8_t)part;
    if (label >= p->classes)
        p->classes = label + 1;
    return p->pixels + p->count++ * values_of(&p->shape);
}

int eo_pictures_name(struct eo_pictures *p, unsigned label, const char *name, struct eo_err *err)
{
    char *copy;

    if (label >= EO_PICTURES_CLASSES)
        return eo_err_set(err, "expected at most %d classes, found more", EO_PICTURES_CLASSES);
    copy = eo_strdup(name, err);
    if (!copy)
        return -1;
    free(p->names[label]);
    p->names[label] = copy;
    if (label >= p->classes)
        p->classes = label + 1;
    return 0;
}

static size_t count_part(const struct eo_pictures *p, int part)
{
    size_t count = 0;

    for (size_t i = 0; i < p->count; i++)
        count += p->parts[i] == part;
    return count;
}

/* The pictures of a class that go into the test set. */
static size_t share_of(size_t count, double share)
{
    size_t test = (size_t)(share * (double)count + 0.5);

    if (test == 0 && count > 1)
        return 1;
    return test >= count && count ? count - 1 : test;
}

static void divide_class(struct eo_pictures *p, unsigned label, double share, uint32_t *order,
                         struct eo_rng *rng)
{
    uint32_t count = 0;

    for (size_t i = 0; i < p->count; i++)
        if (p->labels[i] == label)
            order[count++] = (uint32_t)i;
    eo_rng_shuffle(rng, order, count);
    for (uint32_t k = 0; k < count; k++)
        p->parts[order[k]] = k < share_of(count, share) ? EO_DATASET_TEST : EO_DATASET_TRAIN;
}

/* The first picture of a part with its highest label; it has pictures. */
static size_t highest_label(const struct eo_pictures *p, int part)
{
    size_t highest = p->count;

    for (size_t i = 0; i < p->count; i++)
        if (p->parts[i] == part && (highest == p->count || p->labels[i] > p->labels[highest]))
            highest = i;
    return highest;
}

/* A network has as many outputs as the training set has labels. */
static int check_test_labels(const struct eo_pictures *p, struct eo_err *err)
{
    size_t train = highest_label(p, EO_DATASET_TRAIN), test = highest_label(p, EO_DATASET_TEST);

    if (p->labels[test] > p->labels[train])
        return eo_err_set(err, "%s: expected one of the classes 0 to %d of the training set, found class %d",
                          p->origins[test], p->labels[train], p->labels[test]);
    return 0;
}

int eo_pictures_divide(struct eo_pictures *p, double test, uint64_t seed, struct eo_err *err)
{
    size_t undivided = count_part(p, 0), train = count_part(p, EO_DATASET_TRAIN);
    struct eo_rng rng;
    uint32_t *order;

    if (undivided && undivided < p->count)
        return eo_err_set(
            err, "expected a test set beside the training set, or neither, found %zu pictures of none",
            undivided);
    if (undivided || train == 0 || train == p->count) {
        order = eo_alloc(p->count, sizeof(*order), err);
        if (!order)
            return -1;
        eo_rng_init(&rng, seed, EO_RNG_SHUFFLE);
        for (unsigned k = 0; k < p->classes; k++)
            divide_class(p, k, test, order, &rng);
        free(order);
    }
    if (!count_part(p, EO_DATASET_TRAIN) || !count_part(p, EO_DATASET_TEST))
        return eo_err_set(
            err,
            "expected pictures to train on and others to test on, found only %zu in all; a class needs two",
            p->count);
    return check_test_labels(p, err);
}

/* The indices of a part's pictures in random order, which `seed` and the part decide. Released with free(). */
static uint32_t *shuffled(const struct eo_pictures *p, int part, uint64_t seed, uint32_t *count,
                          struct eo_err *err)
{
    uint32_t *order = eo_alloc(p->count, sizeof(*order), err);
    struct eo_rng rng;

    *count = 0;
    for (size_t i = 0; order && i < p->count; i++)
        if (p->parts[i] == part)
            order[(*count)++] = (uint32_t)i;
    if (order) {
        eo_rng_init(&rng, seed + (uint64_t)part, EO_RNG_SHUFFLE);
        eo_rng_shuffle(&rng, order, *count);
    }
    return order;
}

static int write_part(const struct eo_pictures *p, enum eo_dataset_part part, uint64_t seed,
                      const char *folder, struct eo_err *err)
{
    const struct eo_picture_shape *s = &p->shape;
    int dims = s->channels > 1 ? 4 : 3, rc = -1;
    uint8_t *pixels = NULL, *labels = NULL;
    size_t values = values_of(s);
    uint32_t count, *order = shuffled(p, part, seed, &count, err);
    uint32_t grey[] = {count, s->height, s->width}, planes[] = {count, s->channels, s->height, s->width};

    pixels = order ? eo_alloc(count, values, err) : NULL;
    labels = pixels ? eo_alloc(count, 1, err) : NULL;
    if (!labels)
        goto out;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(pixels + i * values, p->pixels + order[i] * values, values);
        labels[i] = p->labels[order[i]];
    }
    rc = eo_idx_files_write(folder, part, dims, dims == 4 ? planes : grey, pixels, labels, err);
out:
    free(labels);
    free(pixels);
    free(order);
    return rc;
}

static int write_names(const struct eo_pictures *p, const char *folder, struct eo_err *err)
{
    struct eo_buf text = {0};
    char path[4096];
    int rc;

    for (unsigned k = 0; k < p->classes; k++) {
        if (p->names[k])
            eo_buf_printf(&text, "%s\n", p->names[k]);
        else
            eo_buf_printf(&text, "%u\n", k);
    }
    if ((size_t)snprintf(path, sizeof(path), "%s/" EO_CLASSES_FILE, folder) >= sizeof(path))
        rc = eo_err_set(err, "the path of '" EO_CLASSES_FILE "' is too long");
    else
        rc = eo_buf_check(&text, err) || eo_io_write(path, text.data, text.len, err) ? -1 : 0;
    eo_buf_release(&text);
    return rc;
}

int eo_pictures_check_classes(const struct eo_pictures *p, struct eo_err *err)
{
    return p->classes < 2 ? eo_err_set(err, "expected at least 2 classes, found %u", p->classes) : 0;
}

int eo_pictures_write(const struct eo_pictures *p, uint64_t seed, const char *folder, struct eo_err *err)
{
    if (eo_config_check_class_lines((const char *const *)p->names, p->classes, err))
        return eo_err_prefix(err, "'%s/" EO_CLASSES_FILE "'", folder);
    if (eo_io_mkdirs(folder, err))
        return eo_err_prefix(err, "'%s'", folder);
    return write_part(p, EO_DATASET_TRAIN, seed, folder, err) ||
                   write_part(p, EO_DATASET_TEST, seed, folder, err) || write_names(p, folder, err)
               ? -1
               : 0;
}
