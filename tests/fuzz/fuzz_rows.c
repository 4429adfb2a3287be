/*
 * Fuzz target: what eo-pareto reads. The bytes are tables (rows of accuracy and timing, rounds, hits, errors, a sweep),
 * each behind a line of its own with a group separator (0x1d) but the first. Whatever they say, joining them fails with
 * a message or gives a sweep whose good rows, written, are read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage/select/columns.h"
#include "stage/select/join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEPARATOR "\x1d\n"

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_sweep(const struct eo_sweep *sweep, const struct eo_config *cfg)
{
    struct eo_buf text = {0};
    struct eo_sweep again = {0};
    struct eo_csv csv;

    eo_sweep_put_header(cfg, EO_SWEEP_ALL, &text);
    for (size_t i = 0; i < sweep->row_count; i++)
        eo_sweep_put_row(&sweep->rows[i], cfg, EO_SWEEP_ALL, &text);
    require(eo_buf_check(&text, NULL) == 0 && eo_csv_parse(&csv, text.data, text.len, NULL) == 0);
    require(eo_sweep_read(&again, &csv, NULL) == 0 && again.row_count == sweep->row_count);
    eo_sweep_release(&again);
    eo_csv_release(&csv);
    eo_buf_release(&text);
}

/* 0 when the table was taken in. */
static int add(struct eo_join *join, const char *text, size_t size)
{
    struct eo_err err = {""};
    struct eo_csv csv;
    int rc;

    if (eo_csv_parse(&csv, text, size, &err)) {
        require(err.msg[0] != '\0');
        return -1;
    }
    rc = eo_join_add(join, &csv, &err);
    require(rc == 0 || err.msg[0] != '\0');
    eo_csv_release(&csv);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_join *join = eo_join_new(NULL);
    struct eo_sweep sweep = {0};
    struct eo_err err = {""};
    struct eo_config cfg;
    const char *text = (const char *)data;
    int bad = !join;

    eo_config_init(&cfg);
    while (!bad) {
        const char *end = memmem(text, size, SEPARATOR, strlen(SEPARATOR));

        bad = add(join, text, end ? (size_t)(end - text) : size);
        if (!end)
            break;
        size -= (size_t)(end - text) + strlen(SEPARATOR);
        text = end + strlen(SEPARATOR);
    }
    if (!bad) {
        if (eo_join_finish(join, &cfg, 1, &sweep, &err))
            require(err.msg[0] != '\0');
        else
            check_sweep(&sweep, &cfg);
        eo_sweep_release(&sweep);
    }
    eo_join_free(join);
    return 0;
}
