#include "stage/explore/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/mem.h"
#include "base/num.h"
#include "stage/select/certainty.h"

#define MAX_COUNT 1000000000000000 /* exact in a double */

static const char *const cost_names[] = {"flash_bytes", "ram_bytes", "instructions"};

enum { TABLE, HITS, FILES };

/* Columns without which nothing can be said; those of costs follow from the names of the cores. */
static const char *const table_columns[] = {"widths",      "precision",    "seed",   "base_widths",
                                            "macs",        "tensor_bytes", "images", "correct",
                                            "test_images", "test_correct", "error",  NULL};
static const char *const hits_columns[] = {"widths", "precision",          "seed",      "images_sha256",
                                           "hits",   "test_images_sha256", "test_hits", NULL};

static const struct file {
    const char *name, *const *columns;
} files[FILES] = {{"explore.csv", table_columns}, {"explore_hits.csv", hits_columns}};

struct reader {
    const char *folder;
    struct eo_csv csv[FILES];
    size_t rows; /* of the table, those with an error included */
};

/* The message with file, row and column in front; the row counts from 0. */
static int fail_at(const struct reader *in, int file, size_t row, const char *column, struct eo_err *err)
{
    return eo_err_prefix(err, "%s/%s: row %zu: column '%s'", in->folder, files[file].name, row + 1, column);
}

/* Counts alone are in the table. An empty cell is NAN. */
static int read_count(const struct reader *in, size_t row, const char *column, double *value,
                      struct eo_err *err)
{
    const char *cell = eo_csv_value(&in->csv[TABLE], row, column);
    int64_t count = 0;

    *value = NAN;
    if (!*cell)
        return 0;
    if (eo_num_parse_i64(cell, 0, MAX_COUNT, &count, err))
        return fail_at(in, TABLE, row, column, err);
    *value = (double)count;
    return 0;
}

static int read_costs(const struct reader *in, size_t row, struct eo_explore_row *r, struct eo_err *err)
{
    for (int c = 0; c < EO_CORE_COUNT; c++) {
        const char *core = eo_core_name((enum eo_core)c);
        double *const to[] = {&r->cost[c].flash_bytes, &r->cost[c].ram_bytes, &r->cost[c].instructions};

        for (int k = 0; k < 3; k++) {
            char column[40];

            snprintf(column, sizeof(column), "%s_%s", core, cost_names[k]);
            if (read_count(in, row, column, to[k], err))
                return -1;
        }
    }
    return read_count(in, row, "tensor_bytes", &r->tensor_bytes, err) ||
                   read_count(in, row, "macs", &r->macs, err)
               ? -1
               : 0;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal digits of four images each; none of an image after the last. */
static int parse_hits(const char *text, struct eo_evidence *e, struct eo_err *err)
{
    size_t digits = (e->images + 3) / 4;

    if (strlen(text) != digits)
        return eo_err_set(err, "expected %zu digits, for %zu images, found %zu", digits, e->images,
                          strlen(text));
    e->hits = eo_alloc((e->images + 63) / 64, sizeof(*e->hits), err);
    for (size_t i = 0; e->hits && i < digits; i++) {
        size_t left = e->images - 4 * i;
        int digit = digit_of(text[i]);

        if (digit < 0)
            return eo_err_set(err, "expected hexadecimal digits, found '%c'", text[i]);
        if (left < 4 && digit >> left)
            return eo_err_set(err, "expected hits of %zu images, found one of an image after them",
                              e->images);
        e->hits[i / 16] |= (uint64_t)digit << (i % 16 * 4);
        e->correct += (size_t)((digit & 1) + (digit >> 1 & 1) + (digit >> 2 & 1) + (digit >> 3));
    }
    return e->hits ? 0 : -1;
}

/* `prefix`: "", or "test_" for the images that no choice has seen, of which there may be none. */
static int read_hits(const struct reader *in, size_t row, const char *prefix, struct eo_evidence *e,
                     struct eo_err *err)
{
    char images_column[40], correct_column[40], hits_column[40], sha_column[40];
    double images, correct;

    snprintf(images_column, sizeof(images_column), "%simages", prefix);
    snprintf(correct_column, sizeof(correct_column), "%scorrect", prefix);
    snprintf(hits_column, sizeof(hits_column), "%shits", prefix);
    snprintf(sha_column, sizeof(sha_column), "%simages_sha256", prefix);
    if (read_count(in, row, images_column, &images, err) ||
        read_count(in, row, correct_column, &correct, err))
        return -1;
    if (isnan(images) && *prefix)
        return 0;
    if (!(images >= 1 && images <= EO_EVIDENCE_IMAGES)) {
        eo_err_set(err, "expected a number of images in 1..%d, found '%.60s'", EO_EVIDENCE_IMAGES,
                   eo_csv_value(&in->csv[TABLE], row, images_column));
        return fail_at(in, TABLE, row, images_column, err);
    }
    e->images = (size_t)images;
    snprintf(e->images_sha256, sizeof(e->images_sha256), "%s", eo_csv_value(&in->csv[HITS], row, sha_column));
    if (parse_hits(eo_csv_value(&in->csv[HITS], row, hits_column), e, err))
        return fail_at(in, HITS, row, hits_column, err);
    if (correct == (double)e->correct)
        return 0;
    eo_err_set(err, "expected %zu, as the hits in %s say, found '%.60s'; make explore writes both again",
               e->correct, files[HITS].name, eo_csv_value(&in->csv[TABLE], row, correct_column));
    return fail_at(in, TABLE, row, correct_column, err);
}

/* The network's own widths: one for each, and none below. */
static int read_base_widths(const struct reader *in, size_t row, struct eo_explore_row *r, struct eo_err *err)
{
    const char *text = eo_csv_value(&in->csv[TABLE], row, "base_widths");
    int is_right = eo_explore_widths_parse(text, r->base_widths) == r->spaces;

    for (int i = 0; is_right && i < r->spaces; i++)
        is_right = r->widths[i] <= r->base_widths[i];
    if (is_right)
        return 0;
    eo_err_set(err, "expected %d widths, each at least that of the point, found '%.60s'", r->spaces, text);
    return fail_at(in, TABLE, row, "base_widths", err);
}

static int read_point(const struct reader *in, size_t row, struct eo_explore_row *r, struct eo_err *err)
{
    const char *widths = eo_csv_value(&in->csv[TABLE], row, "widths"),
               *precision = eo_csv_value(&in->csv[TABLE], row, "precision");

    for (int i = 0; i < 3; i++) {
        const char *column = hits_columns[i], *found = eo_csv_value(&in->csv[HITS], row, column),
                   *expected = eo_csv_value(&in->csv[TABLE], row, column);

        if (strcmp(found, expected) == 0)
            continue;
        eo_err_set(err, "expected '%.60s' as in %s, found '%.60s'", expected, files[TABLE].name, found);
        return fail_at(in, HITS, row, column, err);
    }
    r->spaces = eo_explore_widths_parse(widths, r->widths);
    if (r->spaces < 0) {
        eo_err_set(err, "expected widths such as 8x16, found '%.60s'", widths);
        return fail_at(in, TABLE, row, "widths", err);
    }
    if (read_base_widths(in, row, r, err))
        return -1;
    if (eo_precision_parse(precision, &r->precision, err))
        return fail_at(in, TABLE, row, "precision", err);
    snprintf(r->name, sizeof(r->name), "%.*s-%s", EO_GRID_TEXT - 1, widths, precision);
    return 0;
}

/* All rows have the same images; `prefix` as in read_hits(). Without images that no choice has seen, none has them. */
static int check_images_of(const struct reader *in, size_t row, const char *prefix,
                           const struct eo_evidence *first, const struct eo_evidence *e, struct eo_err *err)
{
    char column[40];

    if (e->images == first->images && (*e->images_sha256 || !e->images) &&
        strcmp(e->images_sha256, first->images_sha256) == 0)
        return 0;
    snprintf(column, sizeof(column), "%simages_sha256", prefix);
    if (e->images && !*e->images_sha256)
        eo_err_set(err, "expected the checksum of %zu images, found none", e->images);
    else
        eo_err_set(err,
                   "expected the same images as in the rows before, %zu with '%.60s', found %zu with '%.60s'",
                   first->images, first->images_sha256, e->images, e->images_sha256);
    return fail_at(in, HITS, row, column, err);
}

/* Points are compared image by image, so all need the same images, and widths of the same network. */
static int check_like(const struct reader *in, size_t row, const struct eo_explore_row *first,
                      const struct eo_explore_row *r, struct eo_err *err)
{
    if (r->spaces != first->spaces) {
        eo_err_set(err, "expected %d widths, as in the rows before, found %d", first->spaces, r->spaces);
        return fail_at(in, TABLE, row, "widths", err);
    }
    return check_images_of(in, row, "", &first->chosen, &r->chosen, err) ||
                   check_images_of(in, row, "test_", &first->unseen, &r->unseen, err)
               ? -1
               : 0;
}

/* A point that is there twice would be its own rival. `names` holds the rows so far. */
static int check_new(const struct reader *in, size_t row, const struct eo_explore_table *t,
                     struct eo_index *names, struct eo_err *err)
{
    const char *name = t->rows[t->count - 1].name;
    uint64_t hash = eo_index_hash(name, strlen(name), 0);
    struct eo_index_walk walk = eo_index_find(names, hash);
    size_t i;

    while (eo_index_next(names, &walk, &i)) {
        if (strcmp(t->rows[i].name, name) == 0) {
            eo_err_set(err, "expected each point once, found %s again, of row %zu", name,
                       t->rows[i].number + 1);
            return fail_at(in, TABLE, row, "widths", err);
        }
    }
    return eo_index_add(names, hash, t->count - 1, err);
}

static int read_row(const struct reader *in, size_t row, struct eo_explore_table *t, struct eo_index *names,
                    struct eo_err *err)
{
    struct eo_explore_row *r = &t->rows[t->count++];

    r->number = row;
    return read_point(in, row, r, err) || check_new(in, row, t, names, err) || read_costs(in, row, r, err) ||
                   read_hits(in, row, "", &r->chosen, err) || read_hits(in, row, "test_", &r->unseen, err) ||
                   check_like(in, row, &t->rows[0], r, err)
               ? -1
               : 0;
}

static int read_rows(struct reader *in, struct eo_explore_table *t, struct eo_err *err)
{
    size_t rows = in->csv[TABLE].rows;
    struct eo_index names = {0};
    int rc = 0;

    if (rows != in->csv[HITS].rows)
        return eo_err_set(err, "%s/%s: expected as many rows as %s has, %zu, found %zu", in->folder,
                          files[HITS].name, files[TABLE].name, rows, in->csv[HITS].rows);
    in->rows = rows;
    t->rows = rows ? eo_alloc(rows, sizeof(*t->rows), err) : NULL;
    if (rows && !t->rows)
        return -1;
    for (size_t i = 0; !rc && i < rows; i++) {
        if (!*eo_csv_value(&in->csv[TABLE], i, "error"))
            rc = read_row(in, i, t, &names, err);
    }
    eo_index_release(&names);
    return rc;
}

/* A column that earlier tables lack, and that is the same in all rows. */
static int read_origin_of(const struct reader *in, const char *column, char text[EO_EXPLORE_ORIGIN],
                          struct eo_err *err)
{
    const struct eo_csv *csv = &in->csv[TABLE];

    for (size_t i = 0; i < csv->rows && eo_csv_column(csv, column) >= 0; i++) {
        const char *cell = eo_csv_value(csv, i, column);

        if (i > 0 && strncmp(cell, text, EO_EXPLORE_ORIGIN - 1) != 0) {
            eo_err_set(err, "expected '%s' as in the rows before, found '%.60s'", text, cell);
            return fail_at(in, TABLE, i, column, err);
        }
        snprintf(text, EO_EXPLORE_ORIGIN, "%.*s", EO_EXPLORE_ORIGIN - 1, cell);
    }
    return 0;
}

static int read_origin(const struct reader *in, struct eo_explore_origin *o, struct eo_err *err)
{
    return read_origin_of(in, "experiment", o->experiment, err) ||
                   read_origin_of(in, "base_experiment", o->base_experiment, err)
               ? -1
               : 0;
}

static int check_column(const struct reader *in, int file, const char *column, struct eo_err *err)
{
    return eo_csv_column(&in->csv[file], column) >= 0
               ? 0
               : eo_err_set(err, "%s/%s: expected a column '%s', found none; make explore writes it",
                            in->folder, files[file].name, column);
}

static int check_columns(const struct reader *in, struct eo_err *err)
{
    for (int f = 0; f < FILES; f++) {
        for (int i = 0; files[f].columns[i]; i++) {
            if (check_column(in, f, files[f].columns[i], err))
                return -1;
        }
    }
    for (int i = 0; i < 3 * EO_CORE_COUNT; i++) {
        char column[40];

        snprintf(column, sizeof(column), "%s_%s", eo_core_name((enum eo_core)(i / 3)), cost_names[i % 3]);
        if (check_column(in, TABLE, column, err))
            return -1;
    }
    return 0;
}

/* Reads and releases both files; rc: 0 or -1, which is passed on. */
static int read_table(struct reader *in, struct eo_explore_table *t, int rc, struct eo_err *err)
{
    if (!rc)
        rc = check_columns(in, err) || read_origin(in, &t->origin, err) || read_rows(in, t, err);
    for (int i = 0; i < FILES; i++)
        eo_csv_release(&in->csv[i]);
    return rc ? -1 : 0;
}

int eo_explore_table_load(struct eo_explore_table *t, const char *folder, struct eo_err *err)
{
    struct reader in = {.folder = folder};
    char path[4096];
    int rc = 0;

    memset(t, 0, sizeof(*t));
    for (int i = 0; i < FILES && !rc; i++) {
        if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, files[i].name) >= sizeof(path))
            rc = eo_err_set(err, "%.60s...: expected a shorter name of a folder", folder);
        else if (eo_csv_load(&in.csv[i], path, err))
            rc = eo_err_prefix(err, "%s", path);
    }
    if (read_table(&in, t, rc, err))
        return -1;
    if (t->count)
        return 0;
    return eo_err_set(err, "%s/%s: expected a point that has figures, found none in %zu rows", folder,
                      files[TABLE].name, in.rows);
}

int eo_explore_table_parse(struct eo_explore_table *t, const struct eo_buf text[2], struct eo_err *err)
{
    struct reader in = {.folder = "."};
    int rc = 0;

    memset(t, 0, sizeof(*t));
    for (int i = 0; i < FILES && !rc; i++)
        rc = eo_csv_parse(&in.csv[i], text[i].data, text[i].len, err);
    return read_table(&in, t, rc, err);
}

static void call(struct eo_explore_row *r, const char *experiment)
{
    char name[EO_EXPLORE_NAME];

    snprintf(name, sizeof(name), "%.*s/%.*s", EO_CONFIG_EXPERIMENT_MAX - 1, experiment, EO_GRID_TEXT + 6,
             r->name);
    memcpy(r->name, name, sizeof(r->name));
}

/* Both tables have rows, each with the same images in all of them. */
static int check_images(const struct eo_evidence *a, const struct eo_evidence *b, const char *what,
                        struct eo_err *err)
{
    if (a->images == b->images && strcmp(a->images_sha256, b->images_sha256) == 0)
        return 0;
    return eo_err_set(
        err, "expected the same images%s as in the first table, %zu with '%.12s', found %zu with '%.12s'",
        what, a->images, a->images_sha256, b->images, b->images_sha256);
}

int eo_explore_table_join(struct eo_explore_table *t, const char *first, struct eo_explore_table *other,
                          const char *name, struct eo_err *err)
{
    struct eo_explore_row *rows;

    if (check_images(&t->rows[0].chosen, &other->rows[0].chosen, "", err) ||
        check_images(&t->rows[0].unseen, &other->rows[0].unseen, " that judge", err))
        return -1;
    rows = eo_alloc(t->count + other->count, sizeof(*rows), err);
    if (!rows)
        return -1;
    for (size_t i = 0; i < t->count; i++) {
        rows[i] = t->rows[i];
        if (!t->joined)
            call(&rows[i], first);
    }
    t->joined++;
    for (size_t i = 0; i < other->count; i++) {
        struct eo_explore_row *r = &rows[t->count + i];

        *r = other->rows[i];
        r->table = t->joined;
        call(r, name);
    }
    free(t->rows);
    free(other->rows);
    t->rows = rows;
    t->count += other->count;
    memset(other, 0, sizeof(*other));
    return 0;
}

void eo_explore_table_release(struct eo_explore_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        eo_evidence_release(&t->rows[i].chosen);
        eo_evidence_release(&t->rows[i].unseen);
    }
    free(t->rows);
    memset(t, 0, sizeof(*t));
}

double eo_explore_accuracy(const struct eo_evidence *hits)
{
    return hits->images ? (double)hits->correct / (double)hits->images : NAN;
}

double eo_explore_mcnemar(const struct eo_explore_row *a, const struct eo_explore_row *b)
{
    struct eo_contender x = {0}, y = {0};

    eo_contender_set_hits(&x, &a->chosen);
    eo_contender_set_hits(&y, &b->chosen);
    return eo_contender_mcnemar(&x, &y);
}
