/* eo-config: checks an experiment and derives from it the slices of the stages and the variables of Make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "format/config_classes.h"
#include "stage/learn/check_network.h"
#include "stage/pipeline/leftover.h"
#include "tools/cli.h"

static struct {
    int check, print, make, keys, json;
    const char *stage, *slices, *leftover, *explain, *output, *data;
    int64_t seed_index;
} opt = {.seed_index = -1};

static const struct cli_option options[] = {
    {0, "check", CLI_FLAG, &opt.check, 0, 0, NULL,
     "print nothing, and fail with a message when something is wrong"},
    {0, "data", CLI_TEXT, &opt.data, 0, 0, "DIR", "with --check: folder of the four IDX files of the data set"},
    {0, "print", CLI_FLAG, &opt.print, 0, 0, NULL, "print the whole experiment in canonical form"},
    {0, "stage", CLI_TEXT, &opt.stage, 0, 0, "NAME", "print the slice of a stage: the keys that it reads"},
    {0, "seed-index", CLI_INT, &opt.seed_index, 0, EO_CONFIG_LIST_MAX - 1, "K",
     "with --stage: the slice for seed number K (default: 0)"},
    {0, "slices", CLI_TEXT, &opt.slices, 0, 0, "DIR",
     "write all slices: DIR/STAGE.yaml, and DIR/seedN/STAGE.yaml for each further seed N"},
    {0, "leftover", CLI_TEXT, &opt.leftover, 0, 0, "PATHS",
     "PATHS lists files of a run, one per line: print those of removed candidates"},
    {0, "make", CLI_FLAG, &opt.make, 0, 0, NULL, "print the variables that Make reads"},
    {0, "keys", CLI_FLAG, &opt.keys, 0, 0, NULL, "print all keys as a Markdown table"},
    {0, "explain", CLI_TEXT, &opt.explain, 0, 0, "KEY",
     "print what a key means, its default, what it may be, and which stages read it"},
    {'j', "json", CLI_FLAG, &opt.json, 0, 0, NULL, "with --keys or --explain: print one JSON object"},
    {'o', "output", CLI_TEXT, &opt.output, 0, 0, "FILE", "the text to write (default: standard output)"},
    {0, NULL, CLI_FLAG, NULL, 0, 0, NULL, NULL},
};

static struct cli_program program = {
    .name = "eo-config",
    .synopsis = "--check|--print|--stage NAME|--slices DIR|--leftover PATHS|--make|--keys|--explain KEY [options] "
                "[FILE]",
    .purpose = "Checks an experiment (YAML), and prints it, the part that one stage reads, or what Make "
               "needs of it. FILE\n"
               "can be - or missing, for standard input; PATHS can be - when FILE is not.",
    .options = options,
    .max_operands = 1,
};

static void check_usage(int operands)
{
    int modes = opt.check + opt.print + opt.make + opt.keys + (opt.stage != NULL) + (opt.slices != NULL) +
                (opt.leftover != NULL) + (opt.explain != NULL);

    if (modes != 1)
        cli_usage(&program,
                  "expected exactly one of --check, --print, --stage, --slices, --leftover, --make, --keys, "
                  "--explain, found %d",
                  modes);
    if (opt.seed_index >= 0 && !opt.stage)
        cli_usage(&program, "option '--seed-index' goes with --stage only");
    if (opt.data && !opt.check)
        cli_usage(&program, "option '--data' goes with --check only");
    if (opt.json && !opt.keys && !opt.explain)
        cli_usage(&program, "option '--json' goes with --keys and --explain only");
    if (opt.output && (opt.check || opt.slices))
        cli_usage(&program, "option '--output' does not go with %s", opt.check ? "--check" : "--slices");
    if ((opt.keys || opt.explain) && operands)
        cli_usage(&program, "option '--%s' takes no FILE", opt.keys ? "keys" : "explain");
}

static int write_slice(const struct eo_config *cfg, const char *dir, enum eo_config_stage stage,
                       int seed_index)
{
    struct eo_buf path = {0}, slice = {0};
    struct eo_err err;
    int rc = 0;

    eo_buf_printf(&path, "%s/%s.yaml", dir, eo_config_stage_name(stage));
    eo_config_slice(cfg, stage, seed_index, &slice);
    if (eo_buf_check(&path, &err) || eo_buf_check(&slice, &err))
        rc = cli_fail(&program, dir, &err);
    else if (eo_io_refresh(path.data, slice.data, slice.len, &err))
        rc = cli_fail(&program, path.data, &err);
    eo_buf_release(&path);
    eo_buf_release(&slice);
    return rc;
}

/* Seed number 0 has its slices in the folder itself, each further seed in a folder of its own. */
static int write_slices_of_seed(const struct eo_config *cfg, int seed_index)
{
    struct eo_buf dir = {0};
    struct eo_err err;
    int stage, rc = 0;

    eo_buf_puts(&dir, opt.slices);
    if (seed_index > 0)
        eo_buf_printf(&dir, "/seed%llu", (unsigned long long)cfg->seeds[seed_index]);
    if (eo_buf_check(&dir, &err) || eo_io_mkdirs(dir.data, &err))
        rc = cli_fail(&program, opt.slices, &err);
    for (stage = 0; !rc && stage < EO_STAGE_COUNT; stage++)
        rc = write_slice(cfg, dir.data, (enum eo_config_stage)stage, seed_index);
    eo_buf_release(&dir);
    return rc;
}

static int write_slices(const struct eo_config *cfg)
{
    int i, rc = 0;

    for (i = 0; !rc && i < cfg->seed_count; i++)
        rc = write_slices_of_seed(cfg, i);
    return rc;
}

/* A line that contains NUL cannot be a file name. */
static int put_leftover(const struct eo_config *cfg, struct eo_buf *text)
{
    struct eo_err err;
    char *paths, *line, *end;
    size_t size;

    if (eo_io_read(opt.leftover, EO_IO_MAX, &paths, &size, &err))
        return cli_fail(&program, opt.leftover, &err);
    for (line = paths; line < paths + size; line = end + 1) {
        end = memchr(line, '\n', (size_t)(paths + size - line));
        if (!end)
            end = paths + size;
        *end = '\0';
        if (strlen(line) == (size_t)(end - line) && eo_leftover(line, cfg))
            eo_buf_printf(text, "%s\n", line);
    }
    free(paths);
    return eo_buf_check(text, &err) ? cli_fail(&program, opt.leftover, &err) : 0;
}

/* Appends the text that the options ask for; the configuration is valid. */
static int derive(const struct eo_config *cfg, const char *file, enum eo_config_stage stage,
                  struct eo_buf *text, struct eo_err *err)
{
    int k = opt.seed_index > 0 ? (int)opt.seed_index : 0;

    if (opt.make)
        return eo_config_make(cfg, file, text, err);
    if (opt.print) {
        eo_config_print(cfg, text);
        return 0;
    }
    if (k >= cfg->seed_count)
        return eo_err_set(err, "option '--seed-index': expected 0..%d, found %d", cfg->seed_count - 1, k);
    eo_config_slice(cfg, stage, k, text);
    return 0;
}

int main(int argc, char **argv)
{
    enum eo_config_stage stage = EO_STAGE_DATA;
    struct eo_buf reference = {0}, text = {0};
    struct eo_config cfg;
    struct eo_err err;
    const char *file;
    int operands, rc = 0;

    eo_config_help(&reference);
    program.footer = reference.data;
    operands = cli_parse(&program, argc, argv);
    check_usage(operands);
    if (opt.stage && eo_config_stage_parse(opt.stage, &stage, &err))
        cli_usage(&program, "option '--stage': %s", err.msg);
    file = operands ? argv[argc - 1] : "-";
    if (opt.make && strcmp(file, "-") == 0)
        cli_usage(&program, "option '--make' needs a FILE: the artefacts' folder is named after it");
    if (opt.leftover && strcmp(file, opt.leftover) == 0 && strcmp(file, "-") == 0)
        cli_usage(&program, "option '--leftover -' needs a FILE, as standard input has the paths");
    if (opt.json)
        rc = eo_config_keys_json(opt.explain, &text, &err) ? cli_fail(&program, NULL, &err) : 0;
    else if (opt.keys)
        eo_config_markdown(&text);
    else if (opt.explain)
        rc = eo_config_explain(opt.explain, &text, &err) ? cli_fail(&program, NULL, &err) : 0;
    else if (eo_config_load(&cfg, file, &err))
        rc = cli_fail(&program, file, &err);
    else if ((opt.slices || opt.stage) && eo_config_name_classes(&cfg, NULL, 0, 0, &err))
        rc = cli_fail(&program, file, &err);
    else if ((opt.slices || opt.stage) && eo_config_seal(&cfg, &err))
        rc = cli_fail(&program, file, &err);
    else if (opt.check && eo_check_network(&cfg, opt.data, &err))
        rc = cli_fail(&program, file, &err);
    else if (opt.slices)
        rc = write_slices(&cfg);
    else if (opt.leftover)
        rc = put_leftover(&cfg, &text);
    else if (!opt.check && derive(&cfg, file, stage, &text, &err))
        rc = cli_fail(&program, file, &err);
    if (!rc && !opt.check && !opt.slices)
        rc = cli_write(&program, opt.output, &text);
    eo_buf_release(&reference);
    eo_buf_release(&text);
    return rc;
}
