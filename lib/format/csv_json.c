#include "format/csv_json.h"

#include <string.h>

#include "base/num.h"

void eo_json_cell(struct eo_json *j, const char *key, const char *cell)
{
    int64_t integer;
    double number;

    if (*cell == '\0')
        eo_json_null(j, key);
    else if (strcmp(cell, "True") == 0 || strcmp(cell, "False") == 0)
        eo_json_bool(j, key, *cell == 'T');
    else if (eo_num_parse_i64(cell, INT64_MIN, INT64_MAX, &integer, NULL) == 0)
        eo_json_int(j, key, integer);
    else if (eo_num_parse_double(cell, -1e300, 1e300, &number, NULL) == 0)
        eo_json_double(j, key, number);
    else
        eo_json_text(j, key, cell);
}

static void put_row(struct eo_json *j, const struct eo_csv *csv, size_t row, int is_typed)
{
    eo_json_open(j, NULL, '{');
    for (size_t k = 0; k < csv->columns; k++) {
        const char *cell = eo_csv_cell(csv, row, (int)k);

        if (is_typed)
            eo_json_cell(j, csv->cells[k], cell);
        else
            eo_json_text(j, csv->cells[k], *cell ? cell : NULL);
    }
    eo_json_close(j);
}

int eo_json_of_csv(struct eo_buf *text, const char *key, int is_typed, struct eo_err *err)
{
    struct eo_buf out = {0};
    struct eo_json j = {.out = &out};
    struct eo_csv csv;

    if (eo_buf_check(text, err) || eo_csv_parse(&csv, text->data, text->len, err))
        return -1;
    eo_json_open(&j, NULL, '{');
    eo_json_open(&j, key, '[');
    for (size_t i = 0; i < csv.rows; i++)
        put_row(&j, &csv, i, is_typed);
    eo_json_close(&j);
    eo_json_close(&j);
    eo_csv_release(&csv);
    eo_buf_release(text);
    *text = out;
    return eo_buf_check(text, err);
}
