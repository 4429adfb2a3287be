/* eo-verify: whether the files of an experiment are what its manifest says. */
#include <stdio.h>
#include <string.h>

#include "format/manifest.h"
#include "stage/verify.h"
#include "tools/cli.h"

static int list;

static const struct cli_option options[] = {
    {0, "list", CLI_FLAG, &list, 0, 0, NULL, "print the manifest's files as CSV and read none of them"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-verify",
    .synopsis = "[--list] MANIFEST",
    .purpose = "Computes the checksum of every file in a manifest.json again, and names the first file that\n"
               "differs or is missing, and the stage that makes it.",
    .options = options,
    .max_operands = 1,
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

int main(int argc, char **argv)
{
    struct eo_manifest m;
    struct eo_err err;
    const char *path;
    int rc;

    if (cli_parse(&program, argc, argv) == 0)
        cli_usage(&program, "expected a MANIFEST");
    path = argv[argc - 1];
    if (eo_manifest_load(&m, path, &err))
        return cli_fail(&program, path, &err);
    rc = list ? print_list(&m) : verify(&m, path);
    eo_manifest_release(&m);
    return rc;
}
