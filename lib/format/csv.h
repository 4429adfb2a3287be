/*
 * CSV, RFC 4180 with LF: a header row of unique names, then rows with as many fields.
 *
 * A field with a comma, a quote or a line break is quoted, and quotes inside are doubled. A missing value is the empty
 * field; "nan" and "inf" are never written.
 */
#ifndef EO_FORMAT_CSV_H
#define EO_FORMAT_CSV_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define EO_CSV_MAX_COLUMNS 256
#define EO_CSV_MAX_ROWS 100000

struct eo_csv {
    size_t columns, rows;
    char **cells; /* [(rows + 1) * columns]: the header, then the rows; never NULL */
    char *text;   /* what the cells point into */
};

/* Reads a file ("-": standard input) or a text. The messages give the line. Release with eo_csv_release(). */
int eo_csv_load(struct eo_csv *csv, const char *path, struct eo_err *err) EO_MUST_CHECK;
int eo_csv_parse(struct eo_csv *csv, const char *text, size_t size, struct eo_err *err) EO_MUST_CHECK;
void eo_csv_release(struct eo_csv *csv);

/* Column number of `name`, or -1. */
int eo_csv_column(const struct eo_csv *csv, const char *name);

/* The cell of a column by its number or name; "" if the number is -1 or no column has that name. */
const char *eo_csv_cell(const struct eo_csv *csv, size_t row, int column);
const char *eo_csv_value(const struct eo_csv *csv, size_t row, const char *name);

/* Appends one field, quoted where needed, followed by `end` (',' or '\n'). */
void eo_csv_put_text(struct eo_buf *out, const char *field, char end);
/* The text of eo_num_format_double(); a value that is not finite becomes the empty field. */
void eo_csv_put_double(struct eo_buf *out, double value, char end);
void eo_csv_put_int(struct eo_buf *out, long long value, char end);
/* An integer that is held in a double; a value that is not finite becomes the empty field. */
void eo_csv_put_count(struct eo_buf *out, double value, char end);

#endif
