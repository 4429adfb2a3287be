#include "stage/data/collect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/num.h"
#include "format/config_classes.h"
#include "stage/data/collect_internal.h"

int eo_collect_join(char path[EO_COLLECT_PATH], const char *folder, const char *name, struct eo_err *err)
{
    if ((size_t)snprintf(path, EO_COLLECT_PATH, "%s/%s", folder, name) >= EO_COLLECT_PATH)
        return eo_err_set(err, "%s/...: the path is too long", folder);
    return 0;
}

void eo_collect_to_planes(const uint8_t *from, const struct eo_picture_shape *s, uint8_t *to)
{
    size_t plane = (size_t)s->height * s->width;

    for (size_t i = 0; i < plane; i++)
        for (uint32_t c = 0; c < s->channels; c++)
            to[c * plane + i] = *from++;
}

void eo_collect_see(struct eo_collect_seen *seen, double value)
{
    size_t place = seen->count++;

    if (!isfinite(value)) {
        seen->bad = seen->is_bad ? seen->bad : place;
        seen->is_bad = 1;
        return;
    }
    seen->least = seen->is_any && seen->least < value ? seen->least : value;
    seen->most = seen->is_any && seen->most > value ? seen->most : value;
    seen->is_any = 1;
    seen->is_fraction |= value != floor(value);
}

int eo_collect_range_find(struct eo_collect_range *range, const struct eo_collect_options *o,
                          const struct eo_collect_seen *seen, size_t values, struct eo_err *err)
{
    static const struct eo_collect_range usual[] = {{0, 1}, {-1, 1}};

    if (seen->is_bad)
        return eo_err_set(err, "picture %zu: value %zu: expected a finite number, found a NaN or an infinity",
                          seen->bad / values, seen->bad % values);
    if (o->low < o->high) {
        *range = (struct eo_collect_range){o->low, o->high};
        if (seen->least < o->low || seen->most > o->high)
            return eo_err_set(err, "expected values of %g to %g (--range), found %g to %g", o->low, o->high,
                              seen->least, seen->most);
        return 0;
    }
    if (!seen->is_fraction && seen->least >= 0 && seen->most > 1 && seen->most <= 255) {
        *range = (struct eo_collect_range){0, 255};
        return 0;
    }
    for (size_t i = 0; i < 2; i++) {
        *range = usual[i];
        if (seen->least >= range->low && seen->most <= range->high)
            return 0;
    }
    return eo_err_set(err, "found values of %g to %g: say with --range LOW:HIGH which become 0 and 255",
                      seen->least, seen->most);
}

uint8_t eo_collect_step(const struct eo_collect_range *range, double value)
{
    return (uint8_t)(floor((value - range->low) * 255 / (range->high - range->low) + 0.5));
}

struct named {
    struct eo_pictures *pictures;
    const char *path;
    unsigned most;
};

static int name_class(void *to, unsigned label, const char *name, struct eo_err *err)
{
    const struct named *n = to;

    return label < n->most
               ? eo_pictures_name(n->pictures, label, name, err)
               : eo_err_set(err, "%s: expected at most %u classes, found more lines", n->path, n->most);
}

int eo_collect_class_names(struct eo_pictures *p, const char *folder, const char *name, unsigned most,
                           struct eo_err *err)
{
    char path[EO_COLLECT_PATH];
    struct named named = {p, path, most};

    return eo_collect_join(path, folder, name, err) || eo_class_lines_read(path, name_class, &named, err) ? -1 : 0;
}

int eo_collect_check_labels(const struct eo_pictures *p, struct eo_err *err)
{
    char is_used[EO_PICTURES_CLASSES] = {0};

    for (size_t i = 0; i < p->count; i++)
        is_used[p->labels[i]] = 1;
    for (unsigned k = 0; k < p->classes; k++)
        if (!is_used[k])
            return eo_err_set(err,
                              "expected labels that begin at 0 and leave out no number, found no picture of class %u "
                              "and the largest label %u; number the classes 0, 1, 2 and so on",
                              k, p->classes - 1);
    return 0;
}

int eo_collect_row_shape(struct eo_picture_shape *shape, const struct eo_collect_options *o, size_t values,
                         struct eo_err *err)
{
    uint32_t side = (uint32_t)(sqrt((double)values) + 0.5);
    char found[48];

    *shape = o->shape;
    if (!shape->channels && (size_t)side * side == values)
        *shape = (struct eo_picture_shape){1, side, side};
    if ((size_t)shape->channels * shape->height * shape->width == values)
        return 0;
    if (!o->shape.channels)
        return eo_err_set(err, "pictures of %zu values: say with --shape CxHxW what they are", values);
    eo_picture_shape_format(&o->shape, found);
    return eo_err_set(err, "expected --shape CxHxW with the %zu values of a picture, found %s, which has %zu", values,
                      found, (size_t)o->shape.channels * o->shape.height * o->shape.width);
}

int eo_collect_parse_shape(const char *text, struct eo_picture_shape *shape, struct eo_err *err)
{
    char copy[64], *part = copy, *next;
    int64_t size[3];
    int count = 0;
    int is_bad = (size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy);

    do {
        next = strchr(part, 'x');
        if (next)
            *next++ = '\0';
        if (is_bad || count == 3 || eo_num_parse_i64(part, 1, EO_PICTURES_SIDE_MAX, &size[count++], NULL))
            return eo_err_set(err, "expected CxHxW, HxW or H with sides of 1 to %d, found '%s'",
                              EO_PICTURES_SIDE_MAX, text);
        part = next;
    } while (part);
    *shape = (struct eo_picture_shape){1, 1, 1};
    if (count == 3)
        shape->channels = (uint32_t)size[0];
    shape->height = (uint32_t)size[count == 3 ? 1 : 0];
    if (count > 1)
        shape->width = (uint32_t)size[count - 1];
    return 0;
}

int eo_collect_parse_size(const char *text, struct eo_picture_shape *size, struct eo_err *err)
{
    const char *first = strchr(text, 'x');
    struct eo_err none;

    if ((first && strchr(first + 1, 'x')) || eo_collect_parse_shape(text, size, &none))
        return eo_err_set(err, "expected HxW or H, for both, with sides of 1 to %d, found '%s'", EO_PICTURES_SIDE_MAX,
                          text);
    if (!first)
        size->width = size->height;
    return 0;
}

int eo_collect_parse_range(const char *text, double *low, double *high, struct eo_err *err)
{
    const char *colon = strchr(text, ':');
    char first[64] = "";

    if (colon && (size_t)(colon - text) < sizeof(first))
        memcpy(first, text, (size_t)(colon - text));
    if (!colon || eo_num_parse_double(first, -1e30, 1e30, low, NULL) ||
        eo_num_parse_double(colon + 1, -1e30, 1e30, high, NULL) || *low >= *high)
        return eo_err_set(err, "expected LOW:HIGH, as -1:1, found '%s'", text);
    return 0;
}

static int ends_with(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);

    return n > m && strcasecmp(path + n - m, end) == 0;
}

/* ---- sources ----------------------------------------------------------------------------------------------------- */

enum source { ARCHIVE = 1, ARRAY = 2, TABLE = 4, PNG_FILES = 8, CIFAR = 16, IDX_FILES = 32 };

/* 0 and err: none of these. */
static enum source source_of(const char *from, struct eo_err *err)
{
    struct stat st;

    if (stat(from, &st)) {
        eo_err_errno(err, from);
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        return eo_collect_is_idx(from) ? IDX_FILES : eo_collect_is_cifar(from) ? CIFAR : PNG_FILES;
    if (ends_with(from, ".npz"))
        return ARCHIVE;
    if (ends_with(from, ".npy"))
        return ARRAY;
    if (ends_with(from, ".csv"))
        return TABLE;
    eo_err_set(err, "%s: expected a folder, or a file that ends with .npz, .npy or .csv", from);
    return 0;
}

/* An option without effect may have been meant to have one. */
static int check_options(const struct eo_collect_options *o, enum source source, struct eo_err *err)
{
    const struct {
        const char *name;
        int is_given, sources;
        const char *meant;
    } options[] = {
        {"labels", o->labels != NULL, ARRAY, "a .npy file of pictures"},
        {"resize", o->resize.height > 0, PNG_FILES, "PNG files"},
        {"grey", o->grey, PNG_FILES, "PNG files"},
        {"shape", o->shape.channels > 0, ARCHIVE | ARRAY | TABLE, ".npz, .npy and .csv files"},
        {"layout", o->layout != EO_COLLECT_ANY, ARCHIVE | ARRAY, ".npz and .npy files"},
        {"range", o->low < o->high, ARCHIVE | ARRAY | TABLE | IDX_FILES, ".npz, .npy, .csv and IDX files"},
    };
    const char *found = source == PNG_FILES   ? ", a folder of PNG files"
                        : source == CIFAR     ? ", a folder of CIFAR-10's batches"
                        : source == IDX_FILES ? ", a folder of IDX files"
                                              : "";

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
        if (options[i].is_given && !(options[i].sources & source))
            return eo_err_set(err, "option '--%s': is for %s, found '%s'%s", options[i].name, options[i].meant,
                              o->from, found);
    return 0;
}

int eo_collect(struct eo_pictures *p, const struct eo_collect_options *o, struct eo_err *err)
{
    enum source source = source_of(o->from, err);

    memset(p, 0, sizeof(*p));
    if (!source || check_options(o, source, err))
        return -1;
    switch (source) {
    case IDX_FILES:
        return eo_collect_idx(p, o, err);
    case CIFAR:
        return eo_collect_cifar(p, o, err);
    case PNG_FILES:
        return eo_collect_folder(p, o, err);
    case TABLE:
        return eo_collect_csv(p, o, err);
    default:
        return eo_collect_arrays(p, o, err);
    }
}
