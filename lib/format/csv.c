#include "format/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"

/*
 * The parser unescapes in place: a field is never longer than its text, so the write position never overtakes
 * the read position, and the NUL that ends a field lands on its delimiter at the latest.
 */
struct parser {
    struct eo_csv *csv;
    char *in, *end; /* next byte to read; end of the text */
    size_t line;    /* of `in`, from 1 */
    size_t cells, cap;
};

/* What ended a field. */
enum ending {
    END_FIELD, /* a comma */
    END_ROW    /* a line break, or the end of the text */
};

static int add_cell(struct parser *p, char *cell, struct eo_err *err)
{
    if (p->cells == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        char **grown = realloc(p->csv->cells, cap * sizeof(*grown));

        if (!grown)
            return eo_err_set(err, "out of memory for %zu fields", cap);
        p->csv->cells = grown;
        p->cap = cap;
    }
    p->csv->cells[p->cells++] = cell;
    return 0;
}

/* Reads the quoted part of a field, after its opening quote, and moves *out behind what it wrote. */
static int read_quoted(struct parser *p, char **out, struct eo_err *err)
{
    size_t opened = p->line;

    while (p->in < p->end) {
        char c = *p->in++;

        if (c == '"') {
            if (p->in == p->end || *p->in != '"')
                return 0;
            p->in++;
        }
        p->line += c == '\n';
        *(*out)++ = c;
    }
    return eo_err_set(err, "line %zu: quoted field has no closing '\"'", opened);
}

/* Consumes the delimiter after a field. Fails on anything else. */
static int read_ending(struct parser *p, enum ending *ending, struct eo_err *err)
{
    *ending = END_ROW;
    if (p->in == p->end)
        return 0;
    if (*p->in == ',') {
        p->in++;
        *ending = END_FIELD;
        return 0;
    }
    if (*p->in == '\r' && p->in + 1 < p->end && p->in[1] == '\n')
        p->in++;
    if (*p->in == '\n') {
        p->in++;
        p->line++;
        return 0;
    }
    return eo_err_set(err, "line %zu: expected a comma or a line break after a closing quote", p->line);
}

static int read_field(struct parser *p, enum ending *ending, struct eo_err *err)
{
    char *cell = p->in, *out = p->in;

    if (p->in < p->end && *p->in == '"') {
        p->in++;
        if (read_quoted(p, &out, err))
            return -1;
    } else {
        while (p->in < p->end && *p->in != ',' && *p->in != '\n' &&
               !(*p->in == '\r' && p->in + 1 < p->end && p->in[1] == '\n')) {
            if (*p->in == '"')
                return eo_err_set(err, "line %zu: quote inside a field that does not begin with one",
                                  p->line);
            p->in++;
        }
        out = p->in;
    }
    if (read_ending(p, ending, err))
        return -1;
    *out = '\0';
    return add_cell(p, cell, err);
}

/* Reads one row; *fields counts them. */
static int read_row(struct parser *p, size_t *fields, struct eo_err *err)
{
    enum ending ending;
    size_t line = p->line;

    *fields = 0;
    do {
        if (*fields == EO_CSV_MAX_COLUMNS)
            return eo_err_set(err, "line %zu: expected at most %d fields", line, EO_CSV_MAX_COLUMNS);
        if (read_field(p, &ending, err))
            return -1;
        ++*fields;
    } while (ending == END_FIELD);
    return 0;
}

static int check_header(const struct eo_csv *csv, struct eo_err *err)
{
    for (size_t i = 0; i < csv->columns; i++) {
        if (csv->cells[i][0] == '\0')
            return eo_err_set(err, "line 1: column %zu has no name", i + 1);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(csv->cells[i], csv->cells[k]) == 0)
                return eo_err_set(err, "line 1: column '%.60s' is there twice", csv->cells[i]);
        }
    }
    return 0;
}

static int read_all(struct parser *p, struct eo_err *err)
{
    struct eo_csv *csv = p->csv;
    size_t fields, line;

    if (p->in == p->end)
        return eo_err_set(err, "line 1: expected a header row, found an empty file");
    if (read_row(p, &csv->columns, err) || check_header(csv, err))
        return -1;
    while (p->in < p->end) {
        line = p->line;
        if (csv->rows == EO_CSV_MAX_ROWS)
            return eo_err_set(err, "line %zu: expected at most %d rows", line, EO_CSV_MAX_ROWS);
        if (read_row(p, &fields, err))
            return -1;
        if (fields != csv->columns)
            return eo_err_set(err, "line %zu: expected %zu fields, found %zu", line, csv->columns, fields);
        csv->rows++;
    }
    return 0;
}

/* Owns `text` from now on, even if it fails. A NUL follows its `size` bytes. */
static int parse_owned(struct eo_csv *csv, char *text, size_t size, struct eo_err *err)
{
    struct parser p = {csv, text, text + size, 1, 0, 0};
    const char *nul = memchr(text, '\0', size);

    *csv = (struct eo_csv){0};
    csv->text = text;
    if (nul) {
        eo_err_set(err, "byte %zu: expected text, found a NUL", (size_t)(nul - text));
        goto fail;
    }
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        p.in += 3; /* the byte order mark that spreadsheets put first */
    if (read_all(&p, err) == 0)
        return 0;
fail:
    eo_csv_release(csv);
    return -1;
}

int eo_csv_load(struct eo_csv *csv, const char *path, struct eo_err *err)
{
    char *text;
    size_t size;

    *csv = (struct eo_csv){0};
    if (eo_io_read(path, EO_IO_MAX, &text, &size, err))
        return -1;
    return parse_owned(csv, text, size, err);
}

int eo_csv_parse(struct eo_csv *csv, const char *text, size_t size, struct eo_err *err)
{
    char *copy;

    *csv = (struct eo_csv){0};
    if (size > EO_IO_MAX)
        return eo_err_set(err, "expected at most %zu bytes, found %zu", EO_IO_MAX, size);
    copy = eo_alloc(size + 1, 1, err);
    if (!copy)
        return -1;
    if (size)
        memcpy(copy, text, size);
    return parse_owned(csv, copy, size, err);
}

void eo_csv_release(struct eo_csv *csv)
{
    free(csv->cells);
    free(csv->text);
    *csv = (struct eo_csv){0};
}

int eo_csv_column(const struct eo_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->columns; i++) {
        if (strcmp(csv->cells[i], name) == 0)
            return (int)i;
    }
    return -1;
}

const char *eo_csv_cell(const struct eo_csv *csv, size_t row, int column)
{
    return column < 0 ? "" : csv->cells[(row + 1) * csv->columns + (size_t)column];
}

const char *eo_csv_value(const struct eo_csv *csv, size_t row, const char *name)
{
    return eo_csv_cell(csv, row, eo_csv_column(csv, name));
}

void eo_csv_put_text(struct eo_buf *out, const char *field, char end)
{
    const char *quote;

    if (field[strcspn(field, ",\"\r\n")] == '\0') {
        eo_buf_puts(out, field);
    } else {
        eo_buf_puts(out, "\"");
        while ((quote = strchr(field, '"'))) {
            eo_buf_append(out, field, (size_t)(quote - field) + 1);
            eo_buf_puts(out, "\"");
            field = quote + 1;
        }
        eo_buf_puts(out, field);
        eo_buf_puts(out, "\"");
    }
    eo_buf_append(out, &end, 1);
}

void eo_csv_put_double(struct eo_buf *out, double value, char end)
{
    char text[EO_NUM_TEXT];

    if (isfinite(value)) {
        eo_num_format_double(value, text);
        eo_buf_puts(out, text);
    }
    eo_buf_append(out, &end, 1);
}

void eo_csv_put_int(struct eo_buf *out, long long value, char end)
{
    eo_buf_printf(out, "%lld", value);
    eo_buf_append(out, &end, 1);
}

void eo_csv_put_count(struct eo_buf *out, double value, char end)
{
    if (isfinite(value))
        eo_csv_put_int(out, (long long)value, end);
    else
        eo_csv_put_text(out, "", end);
}
