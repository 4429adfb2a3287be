/* eo-study: compares pruning criteria over levels, recovery and seeds, in one table. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "stage/select/study.h"
#include "tools/cli.h"

static const char *precision_text, *output;
static int json;

static const struct cli_option options[] = {
    {'p', "precision", CLI_TEXT, &precision_text, 0, 0, "NAME",
     "precision whose rows are used, one of" EO_PRECISIONS(EO_TERM_WORD) " (default: the first)"},
    {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "print one JSON object instead of Markdown"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE",
     "the table to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-study",
    .synopsis = "[-p NAME] [--json] [-o FILE] LABEL=ROWS.csv ...",
    .purpose = "Compares pruning criteria: prints the mean test accuracy over the seeds with its 95 % "
               "interval, for each\n"
               "data set (LABEL), level and recovery. ROWS.csv are tables of `make accuracy`.",
    .options = options,
    .max_operands = INT_MAX,
    .footer = "Give the tables of one data set without and with recovery the same LABEL.\n",
};

/* LABEL=FILE for each operand, and one file from standard input at most. */
static void check_operands(char **operands, int count)
{
    int streams = 0;

    for (int i = 0; i < count; i++) {
        char *file = strchr(operands[i], '=');

        if (!file || file == operands[i] || !file[1])
            cli_usage(&program, "expected LABEL=ROWS.csv, found '%s'", operands[i]);
        streams += strcmp(file, "=-") == 0;
    }
    if (count == 0)
        cli_usage(&program, "expected at least one LABEL=ROWS.csv");
    if (streams > 1)
        cli_usage(&program, "only one input can come from standard input");
}

static int add(struct eo_study *study, char *operand, enum eo_precision precision)
{
    char *file = strchr(operand, '=');
    struct eo_csv csv;
    struct eo_err err;
    int rc;

    *file++ = '\0';
    if (eo_csv_load(&csv, file, &err))
        return cli_fail(&program, file, &err);
    rc = eo_study_add(study, operand, &csv, precision, &err);
    eo_csv_release(&csv);
    return rc ? cli_fail(&program, file, &err) : 0;
}

int main(int argc, char **argv)
{
    int count = cli_parse(&program, argc, argv), i, rc = 0;
    struct eo_study *study;
    enum eo_precision precision = EO_FP32;
    struct eo_buf out = {0};
    struct eo_err err;

    if (precision_text && eo_precision_parse(precision_text, &precision, &err))
        cli_usage(&program, "option '--precision': %s", err.msg);
    check_operands(argv + argc - count, count);
    study = eo_study_new(&err);
    if (!study)
        return cli_fail(&program, NULL, &err);
    for (i = argc - count; i < argc && !rc; i++)
        rc = add(study, argv[i], precision);
    if (!rc && (json ? eo_study_put_json : eo_study_put)(study, &out, &err))
        rc = cli_fail(&program, NULL, &err);
    if (!rc)
        rc = cli_write(&program, output, &out);
    eo_study_free(study);
    eo_buf_release(&out);
    return rc;
}
