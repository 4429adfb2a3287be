/*
 * Fuzz target: whatever the bytes, eo_csv_parse() refuses them with a message or gives a table that, written
 * and read again, is the same table.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_table(const struct eo_csv *csv, struct eo_buf *out)
{
    size_t i, n = (csv->rows + 1) * csv->columns;

    eo_buf_puts(out, "\xef\xbb\xbf"); /* the reader drops one such mark, and a name may begin with another */
    for (i = 0; i < n; i++)
        eo_csv_put_text(out, csv->cells[i], (i + 1) % csv->columns ? ',' : '\n');
}

static void check_round_trip(const struct eo_csv *csv)
{
    struct eo_buf first = {0}, second = {0};
    struct eo_csv again;

    write_table(csv, &first);
    if (eo_buf_check(&first, NULL) || eo_csv_parse(&again, first.data, first.len, NULL))
        abort();
    write_table(&again, &second);
    if (again.rows != csv->rows || again.columns != csv->columns || first.len != second.len ||
        memcmp(first.data, second.data, first.len) != 0)
        abort();
    eo_csv_release(&again);
    eo_buf_release(&first);
    eo_buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_csv csv;
    struct eo_err err = {""};

    if (eo_csv_parse(&csv, (const char *)data, size, &err)) {
        if (err.msg[0] == '\0' || csv.cells || csv.text)
            abort();
        return 0;
    }
    check_round_trip(&csv);
    eo_csv_release(&csv);
    return 0;
}
