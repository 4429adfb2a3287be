/* eo-compare: compares two runs. */
#include <string.h>

#include "stage/report/compare_page.h"
#include "stage/select/compare.h"
#include "tools/cli.h"

static const char *output, *html;
static int json;

static const struct cli_option options[] = {
    {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "print one JSON object instead of text"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the comparison to write (default: standard output)"},
    {0, "html", CLI_TEXT, &html, 0, 0, "HTML", "write the comparison as a page there, besides the text"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-compare",
    .synopsis = "[--json] [-o FILE] A B",
    .purpose = "Compares two finished runs, A and B, given by their folders: prints the keys that differ, "
               "the candidates\n"
               "of both side by side, and which differences of accuracy and latency are larger than chance, "
               "corrected\n"
               "for the number of candidates.",
    .options = options,
    .max_operands = 2,
    .footer = "The exit status is 0 whether they differ or not.\n",
};

/* Removes slashes at the end of the name. */
static int load(struct eo_run *run, char *folder)
{
    struct eo_err err;
    size_t n = strlen(folder);

    while (n > 1 && folder[n - 1] == '/')
        folder[--n] = '\0';
    return eo_run_load(run, folder, &err) ? cli_fail(&program, NULL, &err) : 0;
}

static int write_page(const struct eo_run *a, const struct eo_run *b)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (eo_compare_page_put(a, b, html, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, NULL, &err);
    }
    return cli_write(&program, html, &text);
}

int main(int argc, char **argv)
{
    static struct eo_run a, b;
    struct eo_buf text = {0};
    struct eo_err err;
    int rc;

    if (cli_parse(&program, argc, argv) != 2)
        cli_usage(&program, "expected two folders, A and B");
    cli_check_outputs(&program, (const char *const[]){cli_path(output), html}, 2);
    rc = load(&a, argv[argc - 2]) || load(&b, argv[argc - 1]);
    if (rc == 0 && html)
        rc = write_page(&a, &b);
    if (rc == 0 && (json ? eo_compare_put_json : eo_compare_put)(&a, &b, &text, &err)) {
        rc = cli_fail(&program, NULL, &err);
        eo_buf_release(&text);
    } else if (rc == 0) {
        rc = cli_write(&program, output, &text);
    }
    eo_run_release(&a);
    eo_run_release(&b);
    return rc;
}
