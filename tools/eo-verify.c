/* eo-verify: whether the files of an experiment are what its manifest says, and whether a row can be made again. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/proc.h"
#include "format/csv.h"
#include "format/manifest.h"
#include "stage/rebuild.h"
#include "stage/verify.h"
#include "tools/cli.h"

static int list;
static int64_t row;
static const char *data;

static const struct cli_option options[] = {
    {0, "list", CLI_FLAG, &list, 0, 0, NULL, "print the manifest's files as CSV and read none of them"},
    {0, "row", CLI_INT, &row, 1, EO_CSV_MAX_ROWS, "K", "make row K (the first is 1) of sweep_results.csv again"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "with --row: folder of the data set's four files"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-verify",
    .synopsis = "[--list] MANIFEST | eo-verify --row K [--data DIR] SWEEP_RESULTS.csv",
    .purpose = "Computes the checksum of every file in a manifest.json again, and names the first file that\n"
               "differs or is missing, and the stage that makes it. Or makes a row of sweep_results.csv again\n"
               "and compares the model and all columns but those of timing, byte for byte.",
    .options = options,
    .max_operands = 1,
    .footer = "With --row, the slices of the configuration are those in config/ beside the table, the programs\n"
              "those beside this one, else those of PATH; the data are looked for as by eo-data. All work is\n"
              "done in a folder of its own below $TMPDIR, which is removed.\n",
};

/* The folder that paths in the manifest begin at, with the slash. */
static int set_folder(struct eo_buf *folder, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct eo_err err;

    eo_buf_append(folder, path, slash ? (size_t)(slash - path) + 1 : 0);
    eo_buf_puts(folder, "");
    return eo_buf_check(folder, &err) ? cli_fail(&program, NULL, &err) : 0;
}

static int verify(const struct eo_manifest *m, const char *path)
{
    struct eo_buf folder = {0}, text = {0};
    struct eo_err err;
    int rc = set_folder(&folder, path);

    if (rc == 0 && eo_verify_all(m, folder.data, &err))
        rc = cli_fail(&program, NULL, &err);
    if (rc == 0) {
        eo_buf_printf(&text, "%s: %zu files are as they were made\n", path, m->file_count);
        rc = cli_write(&program, "-", &text);
    }
    eo_buf_release(&folder);
    return rc;
}

static int print_list(const struct eo_manifest *m)
{
    struct eo_buf text = {0};

    eo_manifest_put_list(m, &text);
    return cli_write(&program, "-", &text);
}

/* Runs the programs. `folder` is the experiment's. */
static int rebuild_in(const char *scratch, struct eo_proc *p, const struct eo_csv *table, const char *folder,
                      const char *path)
{
    struct eo_buf programs = {0}, text = {0};
    struct eo_rebuild r = {.folder = folder, .data = data, .scratch = scratch};
    struct eo_rebuild_counts counts;
    struct eo_err err;
    int rc = 0;

    if (eo_proc_siblings(&programs, "eo-train", &err)) {
        rc = cli_fail(&program, NULL, &err);
        goto out;
    }
    r.programs = programs.data;
    if (eo_rebuild_row(&r, p, table, (size_t)row - 1, &counts, &err)) {
        eo_err_prefix(&err, "row %d", (int)row);
        rc = cli_fail(&program, path, &err);
        goto out;
    }
    eo_buf_printf(
        &text,
        "%s: row %d made again: the same model and %zu columns; %zu of timing or comparison left out\n", path,
        (int)row, counts.same, counts.left_out);
    rc = cli_write(&program, "-", &text);
out:
    eo_buf_release(&programs);
    return rc;
}

/* The scratch folder goes whatever happens, and a signal takes effect afterwards. */
static int rebuild(const struct eo_csv *table, const char *folder, const char *path)
{
    struct eo_buf scratch = {0};
    struct eo_proc p;
    struct eo_err err;
    int rc, sig;

    if (eo_proc_begin(&p, &err))
        return cli_fail(&program, NULL, &err);
    if (eo_proc_scratch(&scratch, "eo-verify", &err)) {
        rc = cli_fail(&program, NULL, &err);
    } else {
        rc = rebuild_in(scratch.data, &p, table, folder, path);
        if (eo_proc_scratch_remove(scratch.data, &err))
            rc = cli_fail(&program, NULL, &err);
    }
    eo_buf_release(&scratch);
    sig = eo_proc_end(&p);
    if (sig)
        raise(sig);
    return rc;
}

static int verify_row(const char *path)
{
    struct eo_buf folder = {0};
    struct eo_csv table;
    struct eo_err err;
    int rc;

    if (eo_csv_load(&table, path, &err))
        return cli_fail(&program, path, &err);
    rc = set_folder(&folder, path) || rebuild(&table, folder.data, path);
    eo_buf_release(&folder);
    eo_csv_release(&table);
    return rc;
}

static int verify_manifest(const char *path)
{
    struct eo_manifest m;
    struct eo_err err;
    int rc;

    if (eo_manifest_load(&m, path, &err))
        return cli_fail(&program, path, &err);
    rc = list ? print_list(&m) : verify(&m, path);
    eo_manifest_release(&m);
    return rc;
}

int main(int argc, char **argv)
{
    int count = cli_parse(&program, argc, argv);

    if (count == 0)
        cli_usage(&program, "expected a MANIFEST, or with '--row' a table");
    if (list && row)
        cli_usage(&program, "options '--list' and '--row' exclude each other");
    if (data && !row)
        cli_usage(&program, "option '--data' needs '--row'");
    return row ? verify_row(argv[argc - 1]) : verify_manifest(argv[argc - 1]);
}
