/* Tables: a row per picture, its label first, as in Kaggle's MNIST. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/io.h"
#include "base/num.h"
#include "format/text.h"
#include "stage/data/collect_internal.h"

struct table {
    double *values; /* [rows, columns], the label first */
    size_t rows, columns, capacity;
};

static int add_value(struct table *t, size_t count, double value, struct eo_err *err)
{
    if (count == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 4096;
        double *larger = capacity > EO_IO_MAX ? NULL : realloc(t->values, capacity * sizeof(*larger));

        if (!larger)
            return eo_err_set(err, "out of memory: %zu numbers", capacity);
        t->values = larger;
        t->capacity = capacity;
    }
    t->values[count] = value;
    return 0;
}

static char *trim(char *s)
{
    while (*s == ' ' || *s == '\t')
        s++;
    for (size_t n = strlen(s); n && strchr(" \t\r", s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

/* Splits a line in place and appends its numbers. */
static int add_line(struct table *t, char *line, struct eo_err *err)
{
    size_t columns = 0;

    for (char *cell = line, *next; cell; cell = next) {
        double value;

        next = strchr(cell, ',');
        if (next)
            *next++ = '\0';
        cell = trim(cell);
        if (eo_num_parse_double(cell, -1e300, 1e300, &value, NULL))
            return eo_err_set(err, "column %zu: expected a number, found '%.40s'", columns + 1, cell);
        if (add_value(t, t->rows * t->columns + columns++, value, err))
            return -1;
    }
    if (t->rows == 0)
        t->columns = columns;
    if (columns != t->columns)
        return eo_err_set(err, "expected %zu columns as in the rows before, found %zu", t->columns, columns);
    t->rows++;
    return 0;
}

static int has_letter(const char *s)
{
    while (*s && *s != ',' && !isalpha((unsigned char)*s))
        s++;
    return isalpha((unsigned char)*s);
}

static int is_label_name(const char *cell)
{
    static const char *const names[] = {"label", "labels", "class", "target"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcasecmp(cell, names[i]) == 0)
            return 1;
    return 0;
}

/* Takes quotes away, as some programs write them around names. */
static char *unquote(char *cell)
{
    size_t n = strlen(cell);

    if (n < 2 || *cell != '"' || cell[n - 1] != '"')
        return cell;
    cell[n - 1] = '\0';
    return cell + 1;
}

/* Splits the first row, of names, in place. The label elsewhere than in front would be taken for a value. */
static int check_names(char *line, struct eo_err *err)
{
    size_t column = 0;

    for (char *cell = line, *next; cell; cell = next) {
        next = strchr(cell, ',');
        if (next)
            *next++ = '\0';
        cell = unquote(trim(cell));
        column++;
        if (is_label_name(cell))
            return column == 1
                       ? 0
                       : eo_err_set(err,
                                    "line 1: column %zu is called '%s'; expected the label in column 1, and the values "
                                    "of a picture behind it; change the order of the columns",
                                    column, cell);
    }
    return 0;
}

static int read_table(struct table *t, char *text, size_t size, struct eo_err *err)
{
    size_t line = 0;

    for (char *at = text + eo_text_bom(text, size), *next; at; at = next) {
        next = strchr(at, '\n');
        if (next)
            *next++ = '\0';
        line++;
        if (line == 1 && has_letter(at)) {
            if (check_names(at, err))
                return -1;
            continue;
        }
        if (!*trim(at))
            continue;
        if (add_line(t, at, err))
            return eo_err_prefix(err, "line %zu", line);
    }
    if (t->rows == 0 || t->columns < 2)
        return eo_err_set(err, "expected rows of a label and the values of a picture, found none");
    return 0;
}

static int add_row(struct eo_pictures *p, const double *row, size_t values,
                   const struct eo_collect_range *range, const char *origin, struct eo_err *err)
{
    uint8_t *to;

    if (!(row[0] >= 0 && row[0] < EO_PICTURES_CLASSES && row[0] == floor(row[0])))
        return eo_err_set(err, "%s: expected a whole number of 0 to %d as label, found %g", origin,
                          EO_PICTURES_CLASSES - 1, row[0]);
    to = eo_pictures_add(p, (unsigned)row[0], 0, origin, err);
    for (size_t k = 0; to && k < values; k++)
        to[k] = eo_collect_step(range, row[1 + k]);
    return to ? 0 : -1;
}

static int add_table(struct eo_pictures *p, const struct eo_collect_options *o, const struct table *t,
                     struct eo_err *err)
{
    struct eo_collect_seen seen = {0};
    struct eo_picture_shape shape;
    struct eo_collect_range range;
    size_t values = t->columns - 1;

    for (size_t i = 0; i < t->rows; i++)
        for (size_t k = 0; k < values; k++)
            eo_collect_see(&seen, t->values[i * t->columns + 1 + k]);
    if (eo_collect_range_find(&range, o, &seen, values, err) || eo_collect_row_shape(&shape, o, values, err) ||
        eo_pictures_set_range(p, range.low, range.high, err) || eo_pictures_set_shape(p, shape, err))
        return -1;
    for (size_t i = 0; i < t->rows; i++) {
        char origin[64];

        snprintf(origin, sizeof(origin), "row %zu", i + 1);
        if (add_row(p, t->values + i * t->columns, values, &range, origin, err))
            return -1;
    }
    return 0;
}

int eo_collect_csv(struct eo_pictures *p, const struct eo_collect_options *o, struct eo_err *err)
{
    struct table t = {0};
    char *text;
    size_t size;
    int rc;

    if (eo_io_read(o->from, EO_IO_MAX, &text, &size, err))
        return eo_err_prefix(err, "%s", o->from);
    if (strlen(text) != size)
        rc = eo_err_set(err, "expected text, found a NUL byte");
    else
        rc = read_table(&t, text, size, err) || add_table(p, o, &t, err) || eo_collect_check_labels(p, err) ? -1 : 0;
    free(t.values);
    free(text);
    return rc ? eo_err_prefix(err, "%s", o->from) : 0;
}
