/* eo-attempt: runs a step of one candidate; its failure becomes an error row. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "format/precision.h"
#include "stage/attempt.h"
#include "stage/candidate.h"
#include "tools/cli.h"

static const char *row_path, *level_text, *criterion = "", *precision_text, *stage, *after;
static uint64_t seed;

static const struct cli_option options[] = {
    {0, "row", CLI_TEXT, &row_path, 0, 0, "FILE", "file of error rows to write (required)"},
    {'l', "level", CLI_TEXT, &level_text, 0, 0, "LEVEL", "pruning level of the candidate (required)"},
    {0, "criterion", CLI_TEXT, &criterion, 0, 0, "NAME",
     "its pruning criterion (default l1); level 0 has none"},
    {'p', "precision", CLI_TEXT, &precision_text, 0, 0, "NAME",
     "fp32, fp16, int8, or any: a step they share (required)"},
    {0, "seed", CLI_SEED, &seed, 0, 0, "N", "its seed (default 0)"},
    {0, "stage", CLI_TEXT, &stage, 0, 0, "NAME", "what is attempted, for the row (required)"},
    {0, "after", CLI_TEXT, &after, 0, 0, "FILE",
     "if this file of error rows has one, repeat it and run nothing"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-attempt",
    .synopsis = "--row FILE --level LEVEL --precision NAME --stage NAME [options] -- COMMAND [ARGUMENT ...]",
    .purpose =
        "Runs a command for one candidate of a sweep. When it exits with 1, FILE gets a row with the last\n"
        "line of its standard error, and the exit status is 0: a bad candidate does not stop the sweep.",
    .options = options,
    .max_operands = INT_MAX,
    .footer = "When the command succeeds, FILE has its header alone. Any other exit status, and death by a\n"
              "signal (128 + its number), is passed on, and FILE is left as it was: that is a mistake or an\n"
              "interruption and says nothing about the candidate. The same outcome again leaves FILE\n"
              "untouched, with its time.\n",
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
    enum eo_precision precision;
    struct eo_err err;

    if (!row_path || !level_text || !precision_text || !stage)
        cli_usage(&program, "option '--%s' is required",
                  !row_path         ? "row"
                  : !level_text     ? "level"
                  : !precision_text ? "precision"
                                    : "stage");
    if (strcmp(precision_text, EO_ATTEMPT_ANY) != 0 && eo_precision_parse(precision_text, &precision, &err))
        cli_usage(&program, "option '--precision': %s", err.msg);
    if (eo_level_parse(level_text, &key.level, &err))
        cli_usage(&program, "option '--level': %s", err.msg);
    if (eo_candidate_criterion(key.level, criterion, &key.criterion, &err))
        cli_usage(&program, "option '--criterion': %s", err.msg);
    if (count == 0)
        cli_usage(&program, "expected a command after '--'");
    key.precision = precision_text;
    key.seed = seed;
    key.stage = stage;
    return run(&key, argv + argc - count);
}
