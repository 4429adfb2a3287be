#include "format/board.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "format/core.h"
#include "format/csv.h"

/* The bytes of boards.csv and a NUL. The path is relative to the root of the source, where the build runs. */
__asm__(
    ".section .rodata\n.global eo_boards_csv\neo_boards_csv:\n.incbin \"lib/format/boards.csv\"\n.byte 0\n"
    ".previous\n");

/* A field without a range, min and max 0, is a text. */
static const struct field {
    const char *name;
    size_t offset;
    double min, max;
    int is_needed;
} fields[] = {
    {"name", offsetof(struct eo_board, name), 0, 0, 1},
    {"core", offsetof(struct eo_board, core), 0, 0, 0},
    {"code", offsetof(struct eo_board, code), 0, 0, 1},
    {"clock_mhz", offsetof(struct eo_board, clock_mhz), 0.001, 100000, 1},
    {"flash_kib", offsetof(struct eo_board, flash_kib), 0.001, 1e9, 1},
    {"ram_kib", offsetof(struct eo_board, ram_kib), 0.001, 1e9, 1},
    {"cycles_per_instruction", offsetof(struct eo_board, cycles_per_instruction), 0.01, 1000, 0},
    {"milliwatts", offsetof(struct eo_board, milliwatts), 1e-6, 1e6, 0},
};
#define FIELDS (sizeof(fields) / sizeof(*fields))

static char *text_of(struct eo_board *b, const struct field *f)
{
    return (char *)b + f->offset;
}

static double *number_of(struct eo_board *b, const struct field *f)
{
    return (double *)(void *)((char *)b + f->offset);
}

static int is_text(const struct field *f)
{
    return f->max == 0;
}

static int is_known(const struct eo_board *b, const struct field *f)
{
    struct eo_board copy = *b;

    return is_text(f) ? *text_of(&copy, f) != '\0' : *number_of(&copy, f) > 0;
}

int eo_board_is_name(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";

    return *text && text[strspn(text, allowed)] == '\0' && strlen(text) < EO_BOARD_NAME;
}

static const struct field *find_field(const char *name, struct eo_err *err)
{
    char list[200] = "";

    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "", fields[i].name);
    }
    eo_err_set(err, "expected one of %s, found '%.40s'", list, name);
    return NULL;
}

int eo_board_set(struct eo_board *b, const char *field, const char *text, struct eo_err *err)
{
    const struct field *f = find_field(field, err);
    enum eo_core core;

    if (!f)
        return -1;
    if (is_known(b, f))
        return eo_err_set(err, "expected one '%s', found it twice", field);
    if (!is_text(f))
        return eo_num_parse_double(text, f->min, f->max, number_of(b, f), err)
                   ? eo_err_prefix(err, "'%s'", field)
                   : 0;
    if (!eo_board_is_name(text))
        return eo_err_set(err, "'%s': expected at most %d letters, digits and any of ._+-, found '%.40s'",
                          field, EO_BOARD_NAME - 1, text);
    if (strcmp(field, "code") == 0 && eo_core_parse(text, &core, err))
        return eo_err_prefix(err, "'code'");
    snprintf(text_of(b, f), EO_BOARD_NAME, "%s", text);
    return 0;
}

/* Sets the unknown fields of `b` from row `row` of the table. */
static int take_row(struct eo_board *b, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    for (size_t i = 1; i < FIELDS; i++) {
        const char *cell = eo_csv_value(csv, row, fields[i].name);

        if (*cell && !is_known(b, &fields[i]) && eo_board_set(b, fields[i].name, cell, err))
            return -1;
    }
    return 0;
}

static int check_complete(const struct eo_board *b, const struct eo_csv *csv, struct eo_err *err)
{
    char list[300] = "";

    for (size_t i = 0; i < FIELDS; i++) {
        if (!fields[i].is_needed || is_known(b, &fields[i]))
            continue;
        for (size_t row = 0; row < csv->rows; row++)
            snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", row ? ", " : "",
                     eo_csv_value(csv, row, "board"));
        return eo_err_set(err, "board '%s': expected one of %s, or a mapping with '%s'", b->name, list,
                          fields[i].name);
    }
    return 0;
}

int eo_board_complete(const struct eo_board *given, struct eo_board *b, struct eo_err *err)
{
    struct eo_csv csv;
    int rc = 0;

    *b = *given;
    if (eo_csv_parse(&csv, eo_boards_csv, strlen(eo_boards_csv), err))
        return -1;
    for (size_t row = 0; rc == 0 && row < csv.rows; row++) {
        if (strcmp(eo_csv_value(&csv, row, "board"), b->name) == 0)
            rc = take_row(b, &csv, row, err);
    }
    if (rc == 0)
        rc = check_complete(b, &csv, err);
    eo_csv_release(&csv);
    return rc;
}

void eo_board_put(const struct eo_board *b, struct eo_buf *out)
{
    struct eo_board copy = *b;
    int known = 0;

    for (size_t i = 0; i < FIELDS; i++)
        known += is_known(b, &fields[i]);
    if (known == 1) {
        eo_buf_puts(out, b->name);
        return;
    }
    for (size_t i = 0, n = 0; i < FIELDS; i++) {
        char number[EO_NUM_TEXT];

        if (!is_known(b, &fields[i]))
            continue;
        if (!is_text(&fields[i]))
            eo_num_format_double(*number_of(&copy, &fields[i]), number);
        eo_buf_printf(out, "%s%s: %s", n++ ? ", " : "{", fields[i].name,
                      is_text(&fields[i]) ? text_of(&copy, &fields[i]) : number);
    }
    eo_buf_puts(out, "}");
}
