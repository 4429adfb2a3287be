#include "stage/rebuild.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "format/config.h"
#include "format/dataset.h"
#include "stage/sweep.h"

#define MAX_ARGUMENTS 32

/* What stands for {name} in a command. */
struct name {
    const char *name;
    char value[4096];
};
enum { FOLDER, SLICES, SCRATCH, DATA, SEED, LABEL, LEVEL, CRITERION, PRECISION, STEP, FROM, TO, NAMES };

struct run {
    const struct eo_rebuild *r;
    struct eo_proc *proc;
    struct eo_candidate_key key;
    struct name names[NAMES];
};

/* The recipes of the Makefile, without the options that no result depends on. */
static const char generate_data[] = "eo-data --generate {scratch}/data";
static const char check_data[] =
    "eo-data --checksum -c {folder}config/data.yaml --data {data} -o {scratch}/dataset.csv";
static const char train[] = "eo-train -c {slices}/train.yaml --data {data} -o {scratch}/base.safetensors";
static const char copy_level_0[] = "eo-prune -l {level} -o {to} {from}";
static const char copy_level_0_step[] = "eo-prune -l {level} --step {step} -o {to} {from}";
static const char prune[] =
    "eo-prune -l {level} --criterion {criterion} -c {slices}/prune.yaml --data {data} -o {to} {from}";
static const char prune_step[] = "eo-prune -l {level} --criterion {criterion} -c {slices}/prune.yaml --data {data} "
                                 "--step {step} -o {to} {from}";
static const char fine_tune[] =
    "eo-train -c {slices}/finetune.yaml --data {data} --init {from} --fine-tune -o {to}";
static const char quantise[] = "eo-quant -p {precision} -c {slices}/quant.yaml --data {data} "
                               "-o {scratch}/model.safetensors {scratch}/pruned.safetensors";
static const char evaluate[] =
    "eo-eval -c {slices}/eval.yaml --data {data} -o {scratch}/accuracy.csv {scratch}/model.safetensors";
/* Alone and once: what a clock says is not compared. */
static const char measure[] =
    "eo-bench -c {slices}/bench.yaml --data {data} --exact --trials 1 --repeats 1 --warmup 0 "
    "-o {scratch}/timing.csv {scratch}/model.safetensors";
static const char select_row[] = "eo-pareto -c {folder}config/select.yaml --sweep {scratch}/sweep.csv "
                                 "--errors {scratch}/errors.csv {scratch}/accuracy.csv {scratch}/timing.csv";

static void init_names(struct run *run)
{
    static const char *const names[NAMES] = {"folder", "slices",    "scratch",   "data", "seed", "label",
                                             "level",  "criterion", "precision", "step", "from", "to"};
    int i;

    for (i = 0; i < NAMES; i++)
        run->names[i].name = names[i];
}

EO_PRINTF(3, 4)
static void set(struct run *run, int name, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(run->names[name].value, sizeof(run->names[name].value), fmt, ap);
    va_end(ap);
}

/* Appends what `n` bytes of a command mean. */
static void expand(const struct run *run, const char *text, size_t n, struct eo_buf *out)
{
    size_t i = 0;
    int k;

    while (i < n) {
        size_t length = 1;

        if (text[i] != '{') {
            eo_buf_append(out, text + i++, 1);
            continue;
        }
        while (text[i + length] != '}')
            length++;
        for (k = 0; k < NAMES; k++) {
            const struct name *name = &run->names[k];

            if (strlen(name->name) == length - 1 && strncmp(name->name, text + i + 1, length - 1) == 0)
                eo_buf_puts(out, name->value);
        }
        i += length + 1;
    }
}

/* Splits a command at its spaces, then expands each argument. Those that were made are released by the caller. */
static int make_arguments(const struct run *run, const char *command, struct eo_buf arguments[MAX_ARGUMENTS],
                          struct eo_err *err)
{
    int n = 0;

    eo_buf_puts(&arguments[0], run->r->programs);
    while (*command) {
        size_t length = strcspn(command, " ");

        expand(run, command, length, &arguments[n]);
        if (eo_buf_check(&arguments[n++], err))
            return -1;
        command += length;
        command += strspn(command, " ");
    }
    return n;
}

static int run_command(struct run *run, const char *command, struct eo_err *err)
{
    struct eo_buf arguments[MAX_ARGUMENTS] = {{0}};
    char *argv[MAX_ARGUMENTS + 1] = {NULL}, program[32];
    struct eo_proc_said said;
    int i, n, status, rc = -1;

    snprintf(program, sizeof(program), "%.*s", (int)strcspn(command, " "), command);
    n = make_arguments(run, command, arguments, err);
    if (n < 0)
        goto out;
    for (i = 0; i < n; i++)
        argv[i] = arguments[i].data;
    if (eo_proc_run(run->proc, argv, -1, &status, &said, err))
        goto out;
    if (status)
        eo_err_set(err, "%s failed with status %d: %s", program, status, *said.last ? said.last : "no message");
    rc = status ? -1 : 0;
out:
    for (i = 0; i < MAX_ARGUMENTS; i++)
        eo_buf_release(&arguments[i]);
    return rc;
}

static int load_slice(const char *folder, const char *stage, struct eo_config *cfg, struct eo_err *err)
{
    char path[2 * 4096];

    snprintf(path, sizeof(path), "%s/%s.yaml", folder, stage);
    return eo_config_load(cfg, path, err) ? eo_err_prefix(err, "%s", path) : 0;
}

/* The slices of the row's seed: those of the first seed lie in config/ itself. */
static int find_slices(struct run *run, struct eo_config *cfg, struct eo_err *err)
{
    set(run, SLICES, "%sconfig", run->r->folder);
    if (load_slice(run->names[SLICES].value, "train", cfg, err))
        return -1;
    if (cfg->seeds[0] == run->key.seed)
        return 0;
    set(run, SEED, "seed%" PRIu64 "/", run->key.seed);
    set(run, SLICES, "%sconfig/seed%" PRIu64, run->r->folder, run->key.seed);
    if (load_slice(run->names[SLICES].value, "train", cfg, err))
        return -1;
    if (cfg->seeds[0] != run->key.seed)
        return eo_err_set(err, "%s/train.yaml: expected seed %" PRIu64 ", found %" PRIu64, run->names[SLICES].value,
                          run->key.seed, cfg->seeds[0]);
    return 0;
}

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

/* As above, of patterns like those of the commands. */
static int is_same(const struct run *run, const char *a, const char *b, struct eo_err *err)
{
    struct eo_buf x = {0}, y = {0};
    int rc = -1;

    expand(run, a, strlen(a), &x);
    expand(run, b, strlen(b), &y);
    if (!eo_buf_check(&x, err) && !eo_buf_check(&y, err))
        rc = is_same_file(x.data, y.data, err);
    eo_buf_release(&y);
    eo_buf_release(&x);
    return rc;
}

/* The generated data set can be generated again; any other has to be there. */
static int find_data(struct run *run, struct eo_config *cfg, struct eo_err *err)
{
    char folder[4096];

    snprintf(folder, sizeof(folder), "%sconfig", run->r->folder);
    if (load_slice(folder, "data", cfg, err))
        return -1;
    if (eo_dataset_find(cfg, run->r->data, run->names[DATA].value, sizeof(run->names[DATA].value), err) == 0)
        return 0;
    if (run->r->data || strcmp(cfg->dataset, "synthetic") != 0)
        return -1;
    set(run, DATA, "%s/data", run->r->scratch);
    return run_command(run, generate_data, err);
}

/* They are those that dataset.csv is about. */
static int compare_data(struct run *run, struct eo_err *err)
{
    int same;

    if (run_command(run, check_data, err))
        return -1;
    same = is_same(run, "{folder}dataset.csv", "{scratch}/dataset.csv", err);
    if (same == 0)
        eo_err_set(err, "%s holds other data than %sdataset.csv tells of (stage data)", run->names[DATA].value,
                   run->r->folder);
    return same == 1 ? 0 : -1;
}

static const char *prune_command(const struct run *run, int steps)
{
    if (eo_level_is_zero(run->key.level))
        return steps > 1 ? copy_level_0_step : copy_level_0;
    return steps > 1 ? prune_step : prune;
}

/* Goes the whole way in `steps`, with fine-tuning after each. */
static int prune_and_tune(struct run *run, int steps, struct eo_err *err)
{
    int k;

    set(run, FROM, "%s/base.safetensors", run->r->scratch);
    for (k = 1; k <= steps; k++) {
        set(run, STEP, "%d/%d", k, steps);
        set(run, TO, "%s/step.safetensors", run->r->scratch);
        if (run_command(run, prune_command(run, steps), err))
            return -1;
        set(run, FROM, "%s/step.safetensors", run->r->scratch);
        set(run, TO, "%s/pruned.safetensors", run->r->scratch);
        if (run_command(run, fine_tune, err))
            return -1;
        set(run, FROM, "%s/pruned.safetensors", run->r->scratch);
    }
    return 0;
}

static int make_pruned(struct run *run, struct eo_config *cfg, struct eo_err *err)
{
    if (load_slice(run->names[SLICES].value, "finetune", cfg, err))
        return -1;
    if (cfg->fine_tune_epochs > 0 && (cfg->fine_tune_unpruned || !eo_level_is_zero(run->key.level)))
        return prune_and_tune(run, cfg->prune_steps, err);
    set(run, FROM, "%s/base.safetensors", run->r->scratch);
    set(run, TO, "%s/pruned.safetensors", run->r->scratch);
    return run_command(run, prune_command(run, 1), err);
}

static int make_row(struct run *run, struct eo_config *cfg, struct eo_err *err)
{
    static const char *const rest[] = {quantise, evaluate, measure, select_row};
    size_t i;

    if (find_slices(run, cfg, err) || find_data(run, cfg, err) || compare_data(run, err) ||
        run_command(run, train, err) || make_pruned(run, cfg, err))
        return -1;
    for (i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        if (run_command(run, rest[i], err))
            return -1;
    }
    return 0;
}

/* Appends to a message about the model the first file that is another one than that of the experiment. */
static void tell_stage(const struct run *run, struct eo_err *err)
{
    static const struct {
        const char *theirs, *ours, *stage;
    } files[] = {
        {"{folder}models/{seed}base.safetensors", "{scratch}/base.safetensors", "train"},
        {"{folder}models/{seed}p{label}.safetensors", "{scratch}/pruned.safetensors", "prune"},
        {"{folder}models/{seed}p{label}-{precision}.safetensors", "{scratch}/model.safetensors", "quant"},
    };
    size_t i, n = strlen(err->msg);

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (is_same(run, files[i].theirs, files[i].ours, NULL) == 0) {
            snprintf(err->msg + n, sizeof(err->msg) - n, " (first in stage %s)", files[i].stage);
            return;
        }
    }
}

/* A column by its name in the file; those of memory budgets are made. NULL for one that has no place there. */
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

static int compare_cells(const struct run *run, const struct eo_csv *theirs, size_t row, const struct eo_csv *ours,
                         struct eo_rebuild_counts *counts, struct eo_err *err)
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

static int compare_row(const struct run *run, const struct eo_csv *table, size_t row, struct eo_rebuild_counts *counts,
                       struct eo_err *err)
{
    struct eo_buf path = {0};
    struct eo_csv ours;
    int rc = -1;

    eo_buf_printf(&path, "%s/sweep.csv", run->r->scratch);
    if (eo_buf_check(&path, err) || eo_csv_load(&ours, path.data, err))
        goto out;
    rc = ours.rows == 1 ? compare_cells(run, table, row, &ours, counts, err)
                        : eo_err_set(err, "expected one row from eo-pareto, found %zu", ours.rows);
    eo_csv_release(&ours);
out:
    eo_buf_release(&path);
    return rc;
}

static int read_key(struct run *run, const struct eo_csv *table, size_t row, struct eo_err *err)
{
    struct eo_sweep sweep;
    char text[EO_CANDIDATE_LABEL];

    if (eo_sweep_read(&sweep, table, err))
        return -1;
    if (row < sweep.row_count)
        run->key = sweep.rows[row].key;
    eo_sweep_release(&sweep);
    if (row >= table->rows)
        return eo_err_set(err, "expected a row of 1..%zu, found %zu", table->rows, row + 1);
    eo_candidate_label(&run->key, text);
    set(run, LABEL, "%s", text);
    eo_level_text(run->key.level, text);
    set(run, LEVEL, "%s", text);
    set(run, CRITERION, "%s", eo_criterion_name(run->key.criterion));
    set(run, PRECISION, "%s", eo_precision_name(run->key.precision));
    set(run, FOLDER, "%s", run->r->folder);
    set(run, SCRATCH, "%s", run->r->scratch);
    return 0;
}

int eo_rebuild_row(const struct eo_rebuild *r, struct eo_proc *p, const struct eo_csv *table, size_t row,
                   struct eo_rebuild_counts *counts, struct eo_err *err)
{
    struct run *run = eo_alloc(1, sizeof(*run), err);
    struct eo_config *cfg = eo_alloc(1, sizeof(*cfg), err);
    int rc = -1;

    *counts = (struct eo_rebuild_counts){0};
    if (!run || !cfg)
        goto out;
    init_names(run);
    run->r = r;
    run->proc = p;
    if (read_key(run, table, row, err) || make_row(run, cfg, err))
        goto out;
    rc = compare_row(run, table, row, counts, err);
out:
    free(cfg);
    free(run);
    return rc;
}
