#include "stage/explore/table.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "stage/select/certainty.h"

/* An empty cell is NAN. */
static int read_number(const struct eo_csv *csv, size_t row, const char *column, double *value,
                       struct eo_err *err)
{
    const char *cell = eo_csv_value(csv, row, column);

    *value = NAN;
    if (eo_csv_column(csv, column) < 0)
        return eo_err_set(err, "expected a column '%s', found none", column);
    if (!*cell || !eo_num_parse_double(cell, 0, DBL_MAX, value, err))
        return 0;
    return eo_err_prefix(err, "row %zu: column '%s'", row + 1, column);
}

static int read_costs(const struct eo_csv *csv, size_t row, struct eo_explore_row *r, struct eo_err *err)
{
    for (int c = 0; c < EO_CORE_COUNT; c++) {
        const char *core = eo_core_name((enum eo_core)c);
        double *const to[] = {&r->cost[c].flash_bytes, &r->cost[c].ram_bytes, &r->cost[c].instructions};
        static const char *const names[] = {"flash_bytes", "ram_bytes", "instructions"};

        for (int k = 0; k < 3; k++) {
            char column[40];

            snprintf(column, sizeof(column), "%s_%s", core, names[k]);
            if (read_number(csv, row, column, to[k], err))
                return -1;
        }
    }
    return read_number(csv, row, "tensor_bytes", &r->tensor_bytes, err);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `images`: the column of their number in the table; hits and their checksum are in the other file. */
static int read_hits(const struct eo_csv *table, const struct eo_csv *hits, size_t row, const char *prefix,
                     struct eo_evidence *e, struct eo_err *err)
{
    char images_column[40], hits_column[40], sha_column[40];
    const char *text;
    double images;

    snprintf(images_column, sizeof(images_column), "%simages", prefix);
    snprintf(hits_column, sizeof(hits_column), "%shits", prefix);
    snprintf(sha_column, sizeof(sha_column), "%simages_sha256", prefix);
    if (read_number(table, row, images_column, &images, err))
        return -1;
    if (isnan(images))
        return 0;
    text = eo_csv_value(hits, row, hits_column);
    e->images = images < EO_EVIDENCE_IMAGES ? (size_t)images : 0;
    if (!e->images || strlen(text) != (e->images + 3) / 4)
        return eo_err_set(err, "row %zu: column '%s': expected the digits of %g images, found %zu", row + 1,
                          hits_column, images, strlen(text));
    snprintf(e->images_sha256, sizeof(e->images_sha256), "%s", eo_csv_value(hits, row, sha_column));
    e->hits = eo_alloc((e->images + 63) / 64, sizeof(*e->hits), err);
    for (size_t i = 0; e->hits && text[i]; i++) {
        int digit = digit_of(text[i]);

        if (digit < 0)
            return eo_err_set(err, "row %zu: column '%s': expected hexadecimal digits, found '%c'", row + 1,
                              hits_column, text[i]);
        e->hits[i / 16] |= (uint64_t)digit << (i % 16 * 4);
        e->correct += (size_t)((digit & 1) + (digit >> 1 & 1) + (digit >> 2 & 1) + (digit >> 3));
    }
    return e->hits ? 0 : -1;
}

static int read_row(const struct eo_csv *table, const struct eo_csv *hits, size_t row,
                    struct eo_explore_row *r, struct eo_err *err)
{
    const char *widths = eo_csv_value(table, row, "widths"),
               *precision = eo_csv_value(table, row, "precision");

    if (strcmp(widths, eo_csv_value(hits, row, "widths")) != 0 ||
        strcmp(precision, eo_csv_value(hits, row, "precision")) != 0)
        return eo_err_set(err, "row %zu: expected the point of explore_hits.csv, found '%.60s' at '%.20s'",
                          row + 1, widths, precision);
    r->spaces = eo_explore_widths_parse(widths, r->widths);
    if (r->spaces < 0)
        return eo_err_set(err, "row %zu: column 'widths': expected widths such as 8x16, found '%.60s'",
                          row + 1, widths);
    if (eo_precision_parse(precision, &r->precision, err))
        return eo_err_prefix(err, "row %zu: column 'precision'", row + 1);
    snprintf(r->name, sizeof(r->name), "%.*s-%s", EO_GRID_TEXT - 1, widths, precision);
    return read_costs(table, row, r, err) || read_hits(table, hits, row, "", &r->chosen, err) ||
                   read_hits(table, hits, row, "test_", &r->unseen, err)
               ? -1
               : 0;
}

static int read_rows(struct eo_explore_table *t, const struct eo_csv *table, const struct eo_csv *hits,
                     struct eo_err *err)
{
    if (table->rows != hits->rows)
        return eo_err_set(err, "expected as many rows as explore_hits.csv has, %zu, found %zu", hits->rows,
                          table->rows);
    t->rows = eo_alloc(table->rows, sizeof(*t->rows), err);
    for (size_t i = 0; t->rows && i < table->rows; i++) {
        if (*eo_csv_value(table, i, "error"))
            continue;
        if (read_row(table, hits, i, &t->rows[t->count++], err))
            return -1;
    }
    return t->rows ? 0 : -1;
}

int eo_explore_table_load(struct eo_explore_table *t, const char *folder, struct eo_err *err)
{
    static const char *const names[] = {"explore.csv", "explore_hits.csv"};
    struct eo_csv csv[2] = {{0}};
    char path[2][4200];
    int rc = 0;

    memset(t, 0, sizeof(*t));
    for (int i = 0; i < 2 && !rc; i++) {
        snprintf(path[i], sizeof(path[i]), "%.4000s/%s", folder, names[i]);
        rc = eo_csv_load(&csv[i], path[i], err) ? eo_err_prefix(err, "%s", path[i]) : 0;
    }
    if (!rc && read_rows(t, &csv[0], &csv[1], err))
        rc = eo_err_prefix(err, "%s", path[0]);
    eo_csv_release(&csv[0]);
    eo_csv_release(&csv[1]);
    return rc ? -1 : 0;
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
