#include "stage/data/report.h"

#include <string.h>

#include "format/csv.h"
#include "stage/data/preview.h"

#define COLUMNS_MAX 4

struct column {
    const char *name;
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

void eo_data_info(const struct eo_config *cfg, const struct eo_dataset *ds, const struct eo_split *split,
                  struct eo_buf *out)
{
    struct column c[COLUMNS_MAX] = {{.name = "train set", .images = &ds->train},
                                    {.name = "test set", .images = &ds->test}};
    int columns = 2;

    if (split) {
        c[columns++] = (struct column){.name = "to train on", .images = &split->train};
        c[columns++] = (struct column){.name = "validation", .images = &split->validation};
    }
    for (int i = 0; i < columns; i++)
        count_classes(&c[i]);
    eo_buf_printf(out, "dataset: %s\nfolder: %s\ntrain sha256: %s\ntest sha256: %s\n\n", cfg->dataset,
                  ds->folder, ds->train_sha256, ds->test_sha256);
    put_table(cfg, ds->classes, c, columns, out);
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
