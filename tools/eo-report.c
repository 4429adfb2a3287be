/* eo-report: writes the page of a finished run. */
#include "stage/report/report.h"
#include "tools/cli.h"

static const char *data, *command, *output;
static int64_t threads;
static enum eo_isa isa;

static const struct cli_option options[] = {
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR",
     "folder of the four IDX files of the data set, for pictures (default: no pictures)"},
    {0, "command", CLI_TEXT, &command, 0, 0, "TEXT", "the command that makes the run again, for the page"},
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME",
     "instruction set (default: $EO_ISA, else the best); the page does not depend on it"},
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N",
     "threads (default: all processors); the page does not depend on them"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "HTML", "the page to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-report",
    .synopsis = "[options] FOLDER",
    .purpose = "Writes one HTML page of a finished run: what is recommended and why, frontiers, all "
               "candidates, what\n"
               "int8 changed, classes, pictures, layers, training, pruning, devices, timing and origin.",
    .options = options,
    .max_operands = 1,
    .footer = "The page needs no network and no script. Its links name the tables beside it, so it belongs "
              "into FOLDER:\n"
              "eo-report -o FOLDER/report.html FOLDER. The same files give the same bytes.\n",
};

int main(int argc, char **argv)
{
    int count = cli_parse(&program, argc, argv);
    struct eo_report_request request = {.data = data, .command = command};
    struct eo_buf text = {0};
    struct eo_err err;

    if (count == 0)
        cli_usage(&program, "expected the folder of a run");
    cli_check_outputs(&program, &output, 1);
    request.folder = argv[argc - 1];
    request.isa = isa;
    request.threads = cli_threads(threads, NULL);
    if (eo_report_make(&request, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, NULL, &err);
    }
    return cli_write(&program, output, &text);
}
