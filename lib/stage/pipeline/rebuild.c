#include "stage/pipeline/rebuild.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/config.h"
#include "stage/select/columns.h"

struct run {
    const struct eo_rebuild *r;
    struct eo_proc *proc;
    struct eo_candidate_key key;
    uint64_t first_seed;
};

/* Sets a path as printf() would print it. */
EO_PRINTF(3, 4)
static int set_path(struct eo_buf *path, struct eo_err *err, const char *fmt, ...)
{
    char text[2 * 4096];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    eo_buf_release(path);
    eo_buf_puts(path, text);
    return eo_buf_check(path, err);
}

/* ---- the configuration: what the slices say, for this candidate alone, timed once -------------------------------- */

/* Keys that the configuration of one candidate sets itself, and keys that change no compared column. */
static int is_replaced(const char *key, size_t length)
{
    static const char *const keys[] = {"seed",
                                       "pruning_criterion",
                                       "benchmark_repeats",
                                       "benchmark_trials",
                                       "benchmark_warmup",
                                       "benchmark_exact",
                                       "benchmark_seconds",
                                       "data_dir"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strlen(keys[i]) == length && strncmp(keys[i], key, length) == 0)
            return 1;
    return 0;
}

/* The line of a key, `length` bytes with its colon; NULL where there is none. */
static const char *find_line(const struct eo_buf *text, const char *key, size_t length)
{
    const char *line = text->data;

    while (line && *line && strncmp(line, key, length) != 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return line && *line ? line : NULL;
}

/* Appends the lines of a slice whose keys are not there yet. Slices must agree on the keys that they share. */
static int put_lines(const char *slice, struct eo_buf *out, struct eo_err *err)
{
    for (const char *line = slice, *end; *line; line = end) {
        size_t key = strcspn(line, ":\n"), length = strcspn(line, "\n");
        const char *other;

        end = line + length + (line[length] == '\n');
        if (line[0] == '#' || line[key] != ':' || is_replaced(line, key))
            continue;
        other = find_line(out, line, key + 1);
        if (!other)
            eo_buf_printf(out, "%.*s\n", (int)length, line);
        else if (strcspn(other, "\n") != length || strncmp(other, line, length) != 0)
            return eo_err_set(err, "expected '%.*s' as in other slices, found '%.*s'",
                              (int)strcspn(other, "\n"), other, (int)length, line);
    }
    return 0;
}

/* The path of a stage's slice. Slices that depend on the seed are in a folder of their own for further seeds. */
static int find_slice(const struct run *run, const char *stage, struct eo_buf *path, struct eo_err *err)
{
    if (run->key.seed != run->first_seed) {
        int there =
            set_path(path, err, "%sconfig/seed%" PRIu64 "/%s.yaml", run->r->folder, run->key.seed, stage)
                ? -1
                : eo_io_exists(path->data, err);

        if (there)
            return there < 0 ? -1 : 0;
    }
    return set_path(path, err, "%sconfig/%s.yaml", run->r->folder, stage);
}

static int load_slice(struct eo_config *cfg, const char *path, struct eo_err *err)
{
    return eo_io_check_regular(path, err) || eo_config_load(cfg, path, err) ? -1 : 0;
}

/* Checks the slice by itself, so that errors name its file, and appends its lines. */
static int add_slice(const struct run *run, const char *stage, struct eo_config *cfg, struct eo_buf *out,
                     struct eo_err *err)
{
    struct eo_buf path = {0};
    char *text = NULL;
    size_t size;
    int rc = find_slice(run, stage, &path, err);

    if (rc == 0)
        rc = load_slice(cfg, path.data, err) || eo_io_read(path.data, EO_IO_MAX, &text, &size, err)
                 ? eo_err_prefix(err, "%s", path.data)
                 : 0;
    if (rc == 0 && put_lines(text, out, err))
        rc = eo_err_prefix(err, "%s", path.data);
    free(text);
    eo_buf_release(&path);
    return rc;
}

/* The seed of the slices in config/ itself, and whether there are slices of the row's seed. */
static int find_seed(struct run *run, struct eo_config *cfg, struct eo_err *err)
{
    struct eo_buf path = {0};
    int rc = set_path(&path, err, "%sconfig/train.yaml", run->r->folder);

    if (rc == 0)
        rc = load_slice(cfg, path.data, err);
    if (rc == 0 && (run->first_seed = cfg->seeds[0]) != run->key.seed) {
        rc = set_path(&path, err, "%sconfig/seed%" PRIu64 "/train.yaml", run->r->folder, run->key.seed);
        if (rc == 0)
            rc = load_slice(cfg, path.data, err);
        if (rc == 0 && cfg->seeds[0] != run->key.seed)
            rc = eo_err_set(err, "expected seed %" PRIu64 ", found %" PRIu64, run->key.seed, cfg->seeds[0]);
    }
    if (rc && path.data)
        eo_err_prefix(err, "%s", path.data);
    eo_buf_release(&path);
    return rc;
}

static void put_candidate(const struct run *run, struct eo_buf *out)
{
    eo_buf_printf(out, "seed: %" PRIu64 "\npruning_levels: [", run->key.seed);
    eo_level_put(&run->key.level, out);
    eo_buf_printf(out, "]\nprecisions: [%s]\n", eo_precision_name(run->key.precision));
    eo_buf_printf(out, "pruning_criterion: %s\n",
                  eo_level_is_zero(run->key.level) ? "l1" : eo_criterion_name(run->key.criterion));
    eo_buf_puts(out,
                "benchmark_repeats: 1\nbenchmark_trials: 1\nbenchmark_warmup: 0\nbenchmark_exact: true\n");
    eo_buf_printf(out, "output_dir: %s/run\n", run->r->scratch);
}

static int write_config(struct run *run, struct eo_config *cfg, struct eo_err *err)
{
    struct eo_buf text = {0}, path = {0};
    int rc = 0;

    /* A row has nothing from the stage explore. */
    for (int s = 0; rc == 0 && s < EO_STAGE_COUNT; s++) {
        if (s != EO_STAGE_EXPLORE)
            rc = add_slice(run, eo_config_stage_name((enum eo_config_stage)s), cfg, &text, err);
    }
    put_candidate(run, &text);
    /* Only the data set `idx` has a folder in its slice. */
    if (rc == 0)
        rc = add_slice(run, "data", cfg, &text, err);
    if (rc == 0 && strcmp(cfg->dataset, "idx") == 0 && (run->r->data || cfg->data_dir[0]))
        eo_buf_printf(&text, "data_dir: %s\n", run->r->data ? run->r->data : cfg->data_dir);
    if (rc == 0)
        rc = set_path(&path, err, "%s/row.yaml", run->r->scratch) || eo_buf_check(&text, err) ||
                     eo_io_write(path.data, text.data, text.len, err)
                 ? -1
                 : 0;
    eo_buf_release(&text);
    eo_buf_release(&path);
    return rc;
}

/* The data folder under the name that Make looks for: SCRATCH/data/DATASET. */
static int lend_data(const struct run *run, const struct eo_config *cfg, struct eo_err *err)
{
    struct eo_buf path = {0};
    int rc = set_path(&path, err, "%s/data", run->r->scratch) || eo_io_mkdirs(path.data, err) ||
                     set_path(&path, err, "%s/data/%s", run->r->scratch, cfg->dataset)
                 ? -1
                 : 0;

    if (rc == 0 && symlink(run->r->data, path.data))
        rc = eo_err_errno(err, path.data);
    eo_buf_release(&path);
    return rc;
}

/* ---- Make -------------------------------------------------------------------------------------------------------- */

/* Makes a file of the scratch folder. Options of a make above us do not reach this one, and it remembers nothing. */
static int make(struct run *run, const char *file, struct eo_err *err)
{
    struct eo_buf programs = {0}, config = {0}, data = {0}, target = {0};
    struct eo_proc_said said;
    int status = 0, rc = -1;

    if (set_path(&programs, err, "B=%s", run->r->build) ||
        set_path(&config, err, "CONFIG=%s/row.yaml", run->r->scratch) ||
        set_path(&data, err, "EO_DATA_DIR=%s/data", run->r->scratch) ||
        set_path(&target, err, "%s/run/%s", run->r->scratch, file))
        goto out;
    {
        char *argv[] = {"sh",
                        "-c",
                        "exec env -u MAKEFLAGS -u MAKELEVEL EO_SCRATCH=yes make -s -C \"$@\" >/dev/null",
                        "make",
                        (char *)(uintptr_t)run->r->project,
                        programs.data,
                        config.data,
                        target.data,
                        run->r->data ? data.data : NULL,
                        NULL};

        rc = eo_proc_run(run->proc, argv, -1, &status, &said, err);
    }
    if (rc == 0 && status)
        rc = eo_err_set(err, "make: %s", *said.first ? said.first : "failed without a message");
out:
    eo_buf_release(&programs);
    eo_buf_release(&config);
    eo_buf_release(&data);
    eo_buf_release(&target);
    return rc;
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

/* Reads both files whole. Returns 1 when they are the same, 0 when not, -1 when one cannot be read. */
static int is_same_file(const char *a, const char *b, struct eo_err *err)
{
    char *x = NULL, *y = NULL;
    size_t nx, ny;
    int rc = -1;

    if (eo_io_read(a, EO_IO_MAX, &x, &nx, err)) {
        eo_err_prefix(err, "%s", a);
        goto out;
    }
    if (eo_io_read(b, EO_IO_MAX, &y, &ny, err)) {
        eo_err_prefix(err, "%s", b);
        goto out;
    }
    rc = nx == ny && memcmp(x, y, nx) == 0;
out:
    free(y);
    free(x);
    return rc;
}

/* Whether a file of the experiment and one of the scratch folder are the same: 1, 0, or -1. */
static int is_same(const struct run *run, const char *theirs, const char *ours, struct eo_err *err)
{
    struct eo_buf a = {0}, b = {0};
    int rc = set_path(&a, err, "%s%s", run->r->folder, theirs) ||
                     set_path(&b, err, "%s/run/%s", run->r->scratch, ours)
                 ? -1
                 : is_same_file(a.data, b.data, err);

    eo_buf_release(&a);
    eo_buf_release(&b);
    return rc;
}

/* Checks that the data is that of dataset.csv. */
static int compare_data(struct run *run, struct eo_err *err)
{
    int same = is_same(run, "dataset.csv", "dataset.csv", err);

    if (same == 0)
        eo_err_set(err, "the data set is another one than %sdataset.csv tells of (stage data)",
                   run->r->folder);
    return same == 1 ? 0 : -1;
}

/* Adds to a message the first stage whose model file differs. */
static void tell_stage(const struct run *run, struct eo_err *err)
{
    static const char *const stages[] = {"train", "prune", "quant"};
    struct eo_candidate_name name = {run->key, 0};
    char theirs[3][EO_CANDIDATE_NAME + 32], ours[3][EO_CANDIDATE_NAME + 32], text[EO_CANDIDATE_NAME];
    size_t n = strlen(err->msg);

    for (int i = 2; i >= 0; i--) {
        name.is_pruned = i < 2;
        eo_candidate_name(&name, run->first_seed, text);
        snprintf(theirs[i], sizeof(theirs[i]), "models/%s.safetensors", text);
        eo_candidate_name(&name, run->key.seed, text);
        snprintf(ours[i], sizeof(ours[i]), "models/%s.safetensors", text);
    }
    snprintf(ours[0], sizeof(ours[0]), "models/base.safetensors");
    if (run->key.seed == run->first_seed)
        snprintf(theirs[0], sizeof(theirs[0]), "models/base.safetensors");
    else
        snprintf(theirs[0], sizeof(theirs[0]), "models/seed%" PRIu64 "/base.safetensors", run->key.seed);
    for (size_t i = 0; i < 3; i++) {
        if (is_same(run, theirs[i], ours[i], NULL) == 0) {
            snprintf(err->msg + n, sizeof(err->msg) - n, " (first in stage %s)", stages[i]);
            return;
        }
    }
}

/* A column by its name in the file, where each memory budget has a column. NULL for an unknown name. */
static const struct eo_sweep_column *find_column(const char *name)
{
    size_t i, count;
    const struct eo_sweep_column *columns = eo_sweep_columns(&count);

    for (i = 0; i < count; i++) {
        if (strcmp(columns[i].name, name) == 0 ||
            (columns[i].kind == EO_SWEEP_VIOLATES && strncmp(name, "violates_", 9) == 0))
            return &columns[i];
    }
    return NULL;
}

static int compare_cells(const struct run *run, const struct eo_csv *theirs, size_t row,
                         const struct eo_csv *ours, struct eo_rebuild_counts *counts, struct eo_err *err)
{
    size_t i;

    for (i = 0; i < theirs->columns; i++) {
        const char *name = theirs->cells[i], *cell = eo_csv_cell(theirs, row, (int)i);
        const struct eo_sweep_column *column = find_column(name);
        int other = eo_csv_column(ours, name);

        if (!column || other < 0)
            return eo_err_set(err, "column '%.40s': this version has no such column", name);
        if (column->is_measured || column->is_relative) {
            counts->left_out++;
            continue;
        }
        counts->same++;
        if (strcmp(cell, eo_csv_cell(ours, 0, other)) == 0)
            continue;
        eo_err_set(err, "column '%s': the file has '%.80s', made again it is '%.80s'", name, cell,
                   eo_csv_cell(ours, 0, other));
        tell_stage(run, err);
        return -1;
    }
    if (theirs->columns != ours->columns)
        return eo_err_set(err, "expected %zu columns, found %zu", ours->columns, theirs->columns);
    return 0;
}

static int compare_row(const struct run *run, const struct eo_csv *table, size_t row,
                       struct eo_rebuild_counts *counts, struct eo_err *err)
{
    struct eo_buf path = {0};
    struct eo_csv ours;
    int rc = -1;

    if (set_path(&path, err, "%s/run/sweep_results.csv", run->r->scratch) ||
        eo_csv_load(&ours, path.data, err))
        goto out;
    rc = ours.rows == 1 ? compare_cells(run, table, row, &ours, counts, err)
                        : eo_err_set(err, "expected one row from Make, found %zu", ours.rows);
    eo_csv_release(&ours);
out:
    eo_buf_release(&path);
    return rc;
}

static int read_key(struct run *run, const struct eo_csv *table, size_t row, struct eo_err *err)
{
    struct eo_sweep sweep;

    if (eo_sweep_read(&sweep, table, err))
        return -1;
    if (row < sweep.row_count)
        run->key = sweep.rows[row].key;
    eo_sweep_release(&sweep);
    return row < table->rows ? 0
                             : eo_err_set(err, "expected a row of 1..%zu, found %zu", table->rows, row + 1);
}

int eo_rebuild_row(const struct eo_rebuild *r, struct eo_proc *p, const struct eo_csv *table, size_t row,
                   struct eo_rebuild_counts *counts, struct eo_err *err)
{
    struct eo_config *cfg = eo_alloc(1, sizeof(*cfg), err);
    struct run run = {.r = r, .proc = p};
    int rc = -1;

    *counts = (struct eo_rebuild_counts){0};
    if (cfg && !read_key(&run, table, row, err) && !find_seed(&run, cfg, err) &&
        !write_config(&run, cfg, err) && (!r->data || !lend_data(&run, cfg, err)) &&
        !make(&run, "dataset.csv", err) && !compare_data(&run, err) && !make(&run, "sweep_results.csv", err))
        rc = compare_row(&run, table, row, counts, err);
    free(cfg);
    return rc;
}
