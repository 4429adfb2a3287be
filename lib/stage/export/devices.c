#include "stage/export/devices.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

/* What a row of core_costs.csv says. */
struct measured {
    int64_t flash, ram, instructions, is_equal;
};

static int read_count(const struct eo_csv *csv, size_t row, const char *column, int64_t *value,
                      struct eo_err *err)
{
    if (eo_csv_column(csv, column) < 0)
        return eo_err_set(err, "expected a column '%s', found none", column);
    if (eo_num_parse_i64(eo_csv_value(csv, row, column), 0, INT64_MAX / 1024, value, err))
        return eo_err_prefix(err, "row %zu: column '%s'", row + 1, column);
    return 0;
}

static int read_measured(const struct eo_csv *csv, size_t row, struct measured *m, struct eo_err *err)
{
    return read_count(csv, row, "flash_bytes", &m->flash, err) ||
                   read_count(csv, row, "ram_bytes", &m->ram, err) ||
                   read_count(csv, row, "instructions", &m->instructions, err) ||
                   read_count(csv, row, "scores_equal", &m->is_equal, err)
               ? -1
               : 0;
}

/* 0: not known, the empty field. */
static void put_known(struct eo_buf *out, double value, char end)
{
    eo_csv_put_double(out, value > 0 ? value : NAN, end);
}

static int put_row(const struct eo_csv *csv, size_t row, const struct eo_board *b, struct eo_buf *out,
                   struct eo_err *err)
{
    int64_t flash = (int64_t)(b->flash_kib * 1024), ram = (int64_t)(b->ram_kib * 1024);
    struct measured m;
    double latency_ms;

    if (read_measured(csv, row, &m, err))
        return -1;
    latency_ms = (double)m.instructions * b->cycles_per_instruction / (b->clock_mhz * 1000);
    eo_csv_put_text(out, eo_csv_value(csv, row, "candidate"), ',');
    eo_csv_put_text(out, eo_csv_value(csv, row, "build"), ',');
    eo_buf_printf(out, "%s,%s,", b->name, b->core);
    eo_csv_put_text(out, eo_csv_value(csv, row, "core"), ',');
    eo_buf_printf(out, "%s,", m.flash <= flash && m.ram <= ram ? "True" : "False");
    eo_csv_put_int(out, m.flash, ',');
    eo_csv_put_int(out, flash - m.flash, ',');
    eo_csv_put_int(out, m.ram, ',');
    eo_csv_put_int(out, ram - m.ram, ',');
    eo_csv_put_int(out, m.is_equal, ',');
    eo_csv_put_int(out, m.instructions, ',');
    put_known(out, b->cycles_per_instruction, ',');
    put_known(out, latency_ms, ',');
    put_known(out, latency_ms * b->milliwatts / 1000, '\n');
    return 0;
}

static int is_same(const struct eo_csv *csv, size_t row, size_t other, const char *column)
{
    return strcmp(eo_csv_value(csv, row, column), eo_csv_value(csv, other, column)) == 0;
}

/* Rows of one candidate and build stand together; returns the first one behind them. */
static size_t end_of_group(const struct eo_csv *csv, size_t first)
{
    size_t row = first + 1;

    while (row < csv->rows && is_same(csv, row, first, "candidate") && is_same(csv, row, first, "build"))
        row++;
    return row;
}

/* Where the pairs of products of m4dsp change nothing, as in floating point, there is the code of m4 alone. */
static int runs_on(const char *code, const char *core, int is_last_try)
{
    return strcmp(core, code) == 0 || (is_last_try && strcmp(code, "m4dsp") == 0 && strcmp(core, "m4") == 0);
}

static int put_group(const struct eo_csv *csv, size_t first, size_t end, const struct eo_board *b,
                     struct eo_buf *out, struct eo_err *err)
{
    for (int is_last_try = 0; is_last_try < 2; is_last_try++) {
        for (size_t row = first; row < end; row++) {
            if (runs_on(b->code, eo_csv_value(csv, row, "core"), is_last_try))
                return put_row(csv, row, b, out, err);
        }
    }
    return 0;
}

/* For the code of each board there has to be a row, as the user asked for the board. */
static int check_code(const struct eo_csv *csv, const struct eo_board *b, struct eo_err *err)
{
    for (size_t row = 0; row < csv->rows; row++) {
        if (strcmp(eo_csv_value(csv, row, "core"), b->code) == 0)
            return 0;
    }
    return csv->rows
               ? eo_err_set(err, "board '%s': expected rows of the core '%s', found none", b->name, b->code)
               : 0;
}

static int complete_boards(const struct eo_csv *csv, const struct eo_config *cfg, struct eo_board *b,
                           struct eo_err *err)
{
    for (int i = 0; i < cfg->device_count; i++) {
        if (eo_board_complete(&cfg->devices[i], &b[i], err) || check_code(csv, &b[i], err))
            return -1;
    }
    return 0;
}

int eo_devices_put(const struct eo_csv *csv, const struct eo_config *cfg, struct eo_buf *out,
                   struct eo_err *err)
{
    struct eo_board boards[EO_CONFIG_DEVICES_MAX];

    if (complete_boards(csv, cfg, boards, err))
        return -1;
    eo_buf_puts(out,
                "candidate,build,board,core,code,fits,flash_bytes,flash_free_bytes,ram_bytes,ram_free_bytes,"
                "scores_equal,instructions,cycles_per_instruction,latency_ms,energy_mj\n");
    for (size_t first = 0, end; first < csv->rows; first = end) {
        end = end_of_group(csv, first);
        for (int i = 0; i < cfg->device_count; i++) {
            if (put_group(csv, first, end, &boards[i], out, err))
                return -1;
        }
    }
    return eo_buf_check(out, err);
}
