#include "stage/select/fit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

/* A row of board_fits.csv. */
struct fit {
    const char *build;
    int fits;
    double flash, ram, is_equal, instructions, latency_ms, energy_mj; /* NAN: empty */
};

static int read_number(const struct eo_csv *csv, size_t row, const char *column, double *value,
                       struct eo_err *err)
{
    const char *cell = eo_csv_value(csv, row, column);

    *value = NAN;
    if (!*cell || eo_num_parse_double(cell, 0, DBL_MAX, value, err) == 0)
        return 0;
    return eo_err_prefix(err, "row %zu: column '%s'", row + 1, column);
}

static int read_fit(const struct eo_csv *csv, size_t row, struct fit *f, struct eo_err *err)
{
    const struct {
        const char *column;
        double *value;
    } numbers[] = {{"flash_bytes", &f->flash},     {"ram_bytes", &f->ram},
                   {"scores_equal", &f->is_equal}, {"instructions", &f->instructions},
                   {"latency_ms", &f->latency_ms}, {"energy_mj", &f->energy_mj}};

    f->build = eo_csv_value(csv, row, "build");
    f->fits = strcmp(eo_csv_value(csv, row, "fits"), "True") == 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        if (read_number(csv, row, numbers[i].column, numbers[i].value, err))
            return -1;
    }
    return 0;
}

static int is_better(const struct fit *a, const struct fit *b)
{
    if (a->fits != b->fits)
        return a->fits;
    return a->fits ? a->instructions < b->instructions : a->flash < b->flash;
}

/* Returns 1 where there is a row, 0 or -1. The files of the first seed are called without it. */
static int find_fit(const struct eo_csv *csv, const struct eo_candidate *c, uint64_t first_seed,
                    const char *device, struct fit *best, struct eo_err *err)
{
    int board = eo_csv_column(csv, "board"), candidate = eo_csv_column(csv, "candidate"), found = 0;
    char name[EO_CANDIDATE_NAME];

    eo_candidate_name(&(struct eo_candidate_name){c->key, 0}, first_seed, name);
    for (size_t row = 0; row < csv->rows; row++) {
        struct fit f;

        if (strcmp(eo_csv_cell(csv, row, board), device) != 0 ||
            strcmp(eo_csv_cell(csv, row, candidate), name) != 0)
            continue;
        if (read_fit(csv, row, &f, err))
            return -1;
        if (!found || is_better(&f, best))
            *best = f;
        found = 1;
    }
    return found;
}

static void set_columns(struct eo_candidate *c, const struct fit *f, const char *device)
{
    snprintf(c->device, sizeof(c->device), "%.*s", EO_BOARD_NAME - 1, device);
    snprintf(c->device_build, sizeof(c->device_build), "%s", *f->build ? f->build : "plain");
    snprintf(c->device_fits, sizeof(c->device_fits), "%s", f->fits ? "True" : "False");
    c->flash_bytes = f->flash;
    c->ram_bytes = f->ram;
    c->device_instructions = f->instructions;
    c->device_latency_ms = f->latency_ms;
    c->device_energy_mj = f->energy_mj;
}

/* A figure that is not known is NaN, which is within no limit. */
static int keeps(double figure, double limit)
{
    return limit == 0 || figure <= limit;
}

int eo_fit_apply(struct eo_sweep *sweep, const struct eo_config *cfg, const struct eo_csv *devices,
                 struct eo_err *err)
{
    for (size_t i = 0; *cfg->active_device && i < sweep->row_count; i++) {
        struct eo_candidate *c = &sweep->rows[i];
        struct fit f = {0};
        int found = find_fit(devices, c, sweep->rows[0].key.seed, cfg->active_device, &f, err);

        if (found < 0)
            return -1;
        if (found)
            set_columns(c, &f, cfg->active_device);
        c->accepted = c->accepted && found && f.fits && f.is_equal == 1 &&
                      keeps(f.latency_ms, cfg->max_latency_ms) && keeps(f.energy_mj, cfg->max_energy_mj);
    }
    return 0;
}
