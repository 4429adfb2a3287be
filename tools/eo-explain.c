/* eo-explain: says what Make would run and why, from the trace that Make prints. */
#include <stdlib.h>

#include "base/io.h"
#include "stage/pipeline/explain.h"
#include "tools/cli.h"

static struct {
    int dot, json, steps, plan;
    const char *folder, *now, *then, *output;
} opt;

static const struct cli_option options[] = {
    {0, "folder", CLI_TEXT, &opt.folder, 0, 0, "DIR", "the experiment's folder, as Make names it (required)"},
    {0, "now", CLI_TEXT, &opt.now, 0, 0, "DIR",
     "slices and candidates of the configuration as it is (default: DIR/config)"},
    {0, "then", CLI_TEXT, &opt.then, 0, 0, "DIR",
     "slices and candidates of the last complete run (default: DIR/config/made)"},
    {0, "dot", CLI_FLAG, &opt.dot, 0, 0, NULL, "print a graph for dot of graphviz instead of text"},
    {'j', "json", CLI_FLAG, &opt.json, 0, 0, NULL, "print every step and its reason as one JSON object"},
    {0, "steps", CLI_FLAG, &opt.steps, 0, 0, NULL, "print every step: what it makes <- what it reads"},
    {0, "plan", CLI_FLAG, &opt.plan, 0, 0, NULL, "print every step, and whether it would run (eo-progress)"},
    {'o', "output", CLI_TEXT, &opt.output, 0, 0, "FILE",
     "the text or graph to write (default: standard output)"},
    {0, NULL, CLI_FLAG, NULL, 0, 0, NULL, NULL},
};

static const struct cli_program program = {
    .name = "eo-explain",
    .synopsis = "--folder DIR [options] [TRACE]",
    .purpose = "Says which steps of an experiment Make would run and why: which key changed, from which "
               "value to which.\n"
               "TRACE is the output of `make -n -p --trace`; without it, or with -, standard input is read. `make "
               "explain` runs this.",
    .options = options,
    .max_operands = 1,
};

/* The folder that an option names, or a folder below the experiment's. */
static int set_folder(struct eo_buf *out, const char *option, const char *below)
{
    struct eo_err err;

    if (option)
        eo_buf_puts(out, option);
    else
        eo_buf_printf(out, "%s/%s", opt.folder, below);
    return eo_buf_check(out, &err) ? cli_fail(&program, NULL, &err) : 0;
}

static int explain(const char *file, const struct eo_changes *changes, struct eo_buf *out)
{
    struct eo_trace trace = {0};
    struct eo_err err;
    char *text = NULL;
    size_t size;
    int rc = 0;

    if (eo_io_read(file, EO_TRACE_MAX, &text, &size, &err) ||
        eo_trace_read(&trace, opt.folder, changes->now, text, &err))
        rc = cli_fail(&program, file, &err);
    else if (opt.steps ? eo_explain_steps(&trace, out, &err)
             : opt.plan ? eo_explain_plan(&trace, out, &err)
             : opt.json ? eo_explain_json(&trace, changes, out, &err)
             : opt.dot ? eo_explain_dot(&trace, changes, out, &err)
                       : eo_explain_words(&trace, changes, out, &err))
        rc = cli_fail(&program, NULL, &err);
    eo_trace_release(&trace);
    free(text);
    return rc;
}

int main(int argc, char **argv)
{
    struct eo_buf now = {0}, then = {0}, out = {0};
    struct eo_changes changes;
    const char *file;
    int operands = cli_parse(&program, argc, argv), rc;

    if (!opt.folder)
        cli_usage(&program, "option '--folder' is required");
    if (opt.dot + opt.json + opt.steps + opt.plan > 1)
        cli_usage(&program, "options '--dot', '--json', '--steps' and '--plan' exclude each other");
    file = operands ? argv[argc - 1] : "-";
    rc = set_folder(&now, opt.now, "config") || set_folder(&then, opt.then, "config/made");
    if (!rc) {
        changes = (struct eo_changes){.then = then.data, .now = now.data};
        rc = explain(file, &changes, &out);
    }
    if (!rc)
        rc = cli_write(&program, opt.output, &out);
    eo_buf_release(&out);
    eo_buf_release(&then);
    eo_buf_release(&now);
    return rc;
}
