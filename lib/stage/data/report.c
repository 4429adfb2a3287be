#include "stage/data/report.h"

#include <string.h>

#include "format/csv.h"
#include "format/json.h"
#include "stage/data/preview.h"

#define COLUMNS_MAX 4

struct column {
    const char *name, *key; /* in words, and for JSON */
    const struct eo_images *images;
    size_t per_class[EO_CONFIG_CLASSES_MAX];
};

static void count_classes(struct column *c)
{
    memset(c->per_class, 0, sizeof(c->per_class));
    for (size_t i = 0; i < c->images->count; i++)
        c->per_class[c->images->labels[i]]++;
}

/* The width of the first column. */
static int label_width(const struct eo_config *cfg, int classes)
{
    size_t width = 14;
    char label[64];

    for (int k = 0; k < classes; k++) {
        eo_preview_class_label(cfg, k, label, sizeof(label));
        width = strlen(label) > width ? strlen(label) : width;
    }
    return (int)width;
}

static void put_table(const struct eo_config *cfg, int classes, const struct column *c, int columns,
                      struct eo_buf *out)
{
    int width = label_width(cfg, classes);
    char label[64];

    eo_buf_printf(out, "%-*s", width, "");
    for (int i = 0; i < columns; i++)
        eo_buf_printf(out, " %12s", c[i].name);
    eo_buf_printf(out, "\n%-*s", width, "images");
    for (int i = 0; i < columns; i++)
        eo_buf_printf(out, " %12zu", c[i].images->count);
    eo_buf_puts(out, "\n");
    for (int k = 0; k < classes; k++) {
        eo_preview_class_label(cfg, k, label, sizeof(label));
        eo_buf_printf(out, "%-*s", width, label);
        for (int i = 0; i < columns; i++)
            eo_buf_printf(out, " %12zu", c[i].per_class[k]);
        eo_buf_puts(out, "\n");
    }
}

/* The parts of a data set that are described, counted: how many. */
static int find_columns(const struct eo_dataset *ds, const struct eo_split *split, struct column *c)
{
    int columns = 2;

    c[0] = (struct column){.name = "train set", .key = "train_set", .images = &ds->train};
    c[1] = (struct column){.name = "test set", .key = "test_set", .images = &ds->test};
    if (split) {
        c[columns++] = (struct column){.name = "to train on", .key = "to_train_on", .images = &split->train};
        c[columns++] = (struct column){.name = "validation", .key = "validation", .images = &split->validation};
    }
    for (int i = 0; i < columns; i++)
        count_classes(&c[i]);
    return columns;
}

void eo_data_info(const struct eo_config *cfg, const struct eo_dataset *ds, const struct eo_split *split,
                  struct eo_buf *out)
{
    struct column c[COLUMNS_MAX];
    int columns = find_columns(ds, split, c);

    eo_buf_printf(out, "dataset: %s\nfolder: %s\ntrain sha256: %s\ntest sha256: %s\n\n", cfg->dataset,
                  ds->folder, ds->train_sha256, ds->test_sha256);
    put_table(cfg, ds->classes, c, columns, out);
}

static void put_part(struct eo_json *j, const struct column *c, int classes)
{
    eo_json_open(j, NULL, '{');
    eo_json_text(j, "part", c->key);
    eo_json_int(j, "images", (long long)c->images->count);
    eo_json_open(j, "images_per_class", '[');
    for (int k = 0; k < classes; k++)
        eo_json_int(j, NULL, (long long)c->per_class[k]);
    eo_json_close(j);
    eo_json_close(j);
}

void eo_data_info_json(const struct eo_config *cfg, const struct eo_dataset *ds, const struct eo_split *split,
                       struct eo_buf *out)
{
    struct column c[COLUMNS_MAX];
    int columns = find_columns(ds, split, c);
    struct eo_json j = {.out = out};
    char label[64];

    eo_json_open(&j, NULL, '{');
    eo_json_text(&j, "dataset", cfg->dataset);
    eo_json_text(&j, "folder", ds->folder);
    eo_json_text(&j, "train_sha256", *ds->train_sha256 ? ds->train_sha256 : NULL);
    eo_json_text(&j, "test_sha256", *ds->test_sha256 ? ds->test_sha256 : NULL);
    eo_json_open(&j, "classes", '[');
    for (int k = 0; k < ds->classes; k++) {
        eo_preview_class_label(cfg, k, label, sizeof(label));
        eo_json_text(&j, NULL, label);
    }
    eo_json_close(&j);
    eo_json_open(&j, "parts", '[');
    for (int i = 0; i < columns; i++)
        put_part(&j, &c[i], ds->classes);
    eo_json_close(&j);
    eo_json_close(&j);
}

static void doubt_classes(const char *part, const struct eo_images *images, int classes, struct eo_buf *out)
{
    struct column c = {.images = images};
    int missing = 0;

    count_classes(&c);
    for (int k = 0; k < classes; k++) {
        if (c.per_class[k])
            continue;
        if (missing++)
            eo_buf_printf(out, ", %d", k);
        else
            eo_buf_printf(out, "the %s set has no image of class %d", part, k);
    }
    if (missing)
        eo_buf_puts(out, "\n");
}

static void doubt_pixels(const char *part, const struct eo_images *images, struct eo_dims dims,
                         struct eo_buf *out)
{
    size_t n = images->count * eo_dims_elements(dims), i;

    for (i = 0; i < n && images->pixels[i] <= 1; i++)
        continue;
    if (n && i == n)
        eo_buf_printf(
            out,
            "the %s set has pixels of 0 and 1 alone, and grey values go up to 255; multiply them by 255\n",
            part);
}

void eo_data_doubts(const struct eo_dataset *ds, struct eo_buf *out)
{
    if (!ds->is_untrained)
        doubt_classes("training", &ds->train, ds->classes, out);
    doubt_classes("test", &ds->test, ds->classes, out);
    doubt_pixels("training", &ds->train, ds->dims, out);
    doubt_pixels("test", &ds->test, ds->dims, out);
}

static void put_row(const char *name, const char *part, size_t images, const char *sha256, struct eo_buf *out)
{
    eo_csv_put_text(out, name, ',');
    eo_csv_put_text(out, part, ',');
    eo_csv_put_int(out, (long long)images, ',');
    eo_csv_put_text(out, sha256, '\n');
}

void eo_data_checksums(const char *name, const struct eo_dataset *ds, struct eo_buf *out)
{
    eo_buf_puts(out, "dataset,part,images,sha256\n");
    if (!ds->is_untrained)
        put_row(name, "train", ds->train.count, ds->train_sha256, out);
    put_row(name, "test", ds->test.count, ds->test_sha256, out);
}
