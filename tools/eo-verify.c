/* eo-verify: whether the files of an experiment are what its manifest says, and whether a row can be made again. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "format/csv.h"
#include "format/manifest.h"
#include "stage/pipeline/rebuild.h"
#include "stage/pipeline/verify.h"
#include "tools/cli.h"

static int list;
static int64_t row;
static const char *data, *project = ".";

static const struct cli_option options[] = {
    {0, "list", CLI_FLAG, &list, 0, 0, NULL, "print the list of files as CSV, and read none of them"},
    {0, "row", CLI_INT, &row, 1, EO_CSV_MAX_ROWS, "K",
     "make row K of sweep_results.csv again (the first row is 1)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the four IDX files of the data set (with --row)"},
    {'C', "directory", CLI_TEXT, &project, 0, 0, "DIR",
     "folder of edge-opt's Makefile (with --row; default: here)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-verify",
    .synopsis = "[--list] MANIFEST | eo-verify --row K [-C DIR] [--data DIR] SWEEP_RESULTS.csv",
    .purpose =
        "Computes the checksum of every file in a manifest.json again, and names the first file that differs "
        "or\n"
        "is missing, and the stage that makes it. With --row, makes one row of sweep_results.csv again and\n"
        "compares the model and every column but those of timing, byte for byte.",
    .options = options,
    .max_operands = 1,
    .footer =
        "With --row, Make runs the candidate again in a folder below $TMPDIR, which is removed: with the\n"
        "configuration that the slices in config/ beside the table say, by the Makefile in DIR and the "
        "programs\n"
        "beside this one. The data come from where eo-data looks.\n",
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

/* The folder whose bin/ holds this program, which Make calls B. */
static int set_build(struct eo_buf *build, struct eo_err *err)
{
    static const char end[] = "/bin/";

    if (eo_proc_siblings(build, "eo-train", err))
        return -1;
    if (build->len < sizeof(end) || strcmp(build->data + build->len - strlen(end), end) != 0)
        return eo_err_set(err, "--row needs the programs of a build, in a folder bin: make programs");
    build->data[build->len - strlen(end)] = '\0';
    return 0;
}

/* Runs Make. `folder` is the experiment's. */
static int rebuild_in(const char *scratch, struct eo_proc *p, const struct eo_csv *table, const char *folder,
                      const char *path)
{
    struct eo_buf programs = {0}, text = {0};
    struct eo_rebuild r = {.folder = folder, .project = project, .scratch = scratch};
    char real[PATH_MAX];
    struct eo_rebuild_counts counts;
    struct eo_err err;
    int rc = 0;

    if (set_build(&programs, &err) ||
        (data && !(r.data = realpath(data, real)) && eo_err_errno(&err, data))) {
        rc = cli_fail(&program, NULL, &err);
        goto out;
    }
    r.build = programs.data;
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

/* The scratch folder is removed in any case; a signal is raised again afterwards. */
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
    if ((data || strcmp(project, ".") != 0) && !row)
        cli_usage(&program, "option '--%s' needs '--row'", data ? "data" : "directory");
    return row ? verify_row(argv[argc - 1]) : verify_manifest(argv[argc - 1]);
}
