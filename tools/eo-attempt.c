/* eo-attempt: runs a step of one candidate; its failure becomes an error row. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "stage/pipeline/attempt.h"
#include "tools/cli.h"

static const char *row_path, *candidate, *stage, *after;
static uint64_t seed;

static const struct cli_option options[] = {
    {0, "row", CLI_TEXT, &row_path, 0, 0, "FILE", "file of error rows to write (required)"},
    {0, "candidate", CLI_TEXT, &candidate, 0, 0, "NAME",
     "the candidate, such as seed8/p0.50-int8, or p0.50 for all precisions (required)"},
    {0, "seed", CLI_SEED, &seed, 0, 0, "N",
     "first seed of the experiment, which names leave out (default: 0)"},
    {0, "stage", CLI_TEXT, &stage, 0, 0, "NAME", "the stage that the row names (required)"},
    {0, "after", CLI_TEXT, &after, 0, 0, "FILE",
     "if this file of an earlier step has an error row, copy it and run nothing"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-attempt",
    .synopsis = "--row FILE --candidate NAME --stage NAME [options] -- COMMAND [ARGUMENT ...]",
    .purpose =
        "Runs a command for one candidate of a sweep. When it exits with 1, FILE gets a row with the last\n"
        "line of its standard error, and the exit status is 0: a bad candidate does not stop the sweep.",
    .options = options,
    .max_operands = INT_MAX,
    .footer =
        "When the command succeeds, FILE gets its header alone. Any other exit status, and death by a "
        "signal\n"
        "(128 + its number), is passed on, and FILE stays as it was, because wrong usage or an interruption\n"
        "says nothing about the candidate. A file that would not change keeps its time.\n",
};

static int run(const struct eo_attempt_key *key, char **command)
{
    char line[EO_PROC_LINE];
    struct eo_buf text = {0};
    struct eo_err err;
    int status, failed = 0;

    if (after && eo_attempt_earlier(after, key, &failed, &text, &err))
        return cli_fail(&program, after, &err);
    if (failed)
        return cli_write(&program, row_path, &text);
    if (eo_attempt_run(command, STDERR_FILENO, &status, line, &err))
        return cli_fail(&program, NULL, &err);
    if (status > 1)
        return status;
    if (status == 1 && line[0] == '\0')
        strcpy(line, "exit status 1 without a message");
    eo_attempt_put(key, status ? line : NULL, &text);
    return cli_write(&program, row_path, &text);
}

int main(int argc, char **argv)
{
    int count = cli_parse(&program, argc, argv);
    struct eo_attempt_key key;
    struct eo_err err;

    if (!row_path || !candidate || !stage)
        cli_usage(&program, "option '--%s' is required",
                  !row_path    ? "row"
                  : !candidate ? "candidate"
                               : "stage");
    if (eo_candidate_parse_name(candidate, seed, &key.name, &err))
        cli_usage(&program, "option '--candidate': %s", err.msg);
    if (count == 0)
        cli_usage(&program, "expected a command after '--'");
    key.stage = stage;
    return run(&key, argv + argc - count);
}
