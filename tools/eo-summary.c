/* eo-summary: writes summary.json and manifest.json of an experiment, and prints its table. */
#include <limits.h>
#include <string.h>

#include "base/version.h"
#include "stage/bench/doctor.h"
#include "stage/pipeline/provenance.h"
#include "stage/select/recommend.h"
#include "stage/select/summary.h"
#include "tools/cli.h"

static const char *config, *sweep_path, *errors_path, *hardware_path, *manifest_path, *output;
static const char *build, *revision, *plotter;
static int table, json, schema, is_modified;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "the experiment, or its summary slice (required)"},
    {0, "sweep", CLI_TEXT, &sweep_path, 0, 0, "CSV", "sweep_results.csv (required)"},
    {0, "errors", CLI_TEXT, &errors_path, 0, 0, "CSV", "sweep_errors.csv (required)"},
    {0, "hardware", CLI_TEXT, &hardware_path, 0, 0, "CSV", "hardware_summary.csv (required)"},
    {0, "manifest", CLI_TEXT, &manifest_path, 0, 0, "JSON",
     "write the manifest there: checksum and origin of each file of the records"},
    {0, "build", CLI_TEXT, &build, 0, 0, "TEXT", "for the manifest: compiler and flags of the programs"},
    {0, "revision", CLI_TEXT, &revision, 0, 0, "ID", "for the manifest: commit of the sources"},
    {0, "modified", CLI_FLAG, &is_modified, 0, 0, NULL,
     "for the manifest: the sources differ from that commit"},
    {0, "plotter", CLI_TEXT, &plotter, 0, 0, "TEXT", "for the manifest: program that drew the plots"},
    {0, "table", CLI_FLAG, &table, 0, 0, NULL, "print a table of the candidates"},
    {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "print the table as one JSON object (with --table)"},
    {0, "schema", CLI_FLAG, &schema, 0, 0, NULL, "print the JSON Schema of the summary, and end"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "JSON", "the summary to write"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-summary",
    .synopsis = "-c FILE --sweep CSV --errors CSV --hardware CSV [options] [RECORD ...]",
    .purpose = "Sums up an experiment: the baseline, the candidates within the budget, the best and the "
               "recommended one.",
    .options = options,
    .max_operands = INT_MAX,
    .footer = "Without -o, --table and --manifest the summary goes to standard output. The operands are the records\n"
              "of the steps (config/steps/*) whose files the manifest lists; these lie in its folder. The verdict of\n"
              "a machine.csv among them goes into the host part of the manifest.\n",
};

struct inputs {
    struct eo_config cfg;
    struct eo_sweep sweep;
    struct eo_csv errors, hardware;
};

static int load(struct inputs *in)
{
    struct eo_err err;

    if (eo_config_load(&in->cfg, config, &err))
        return cli_fail(&program, config, &err);
    if (eo_sweep_load(&in->sweep, sweep_path, &err))
        return cli_fail(&program, sweep_path, &err);
    if (eo_csv_load(&in->errors, errors_path, &err))
        return cli_fail(&program, errors_path, &err);
    if (eo_csv_load(&in->hardware, hardware_path, &err))
        return cli_fail(&program, hardware_path, &err);
    /* Tables of older versions have no column for the recommendation. */
    if (!eo_sweep_recommended(&in->sweep))
        eo_recommend(&in->sweep, in->cfg.recommend);
    return 0;
}

/* The folder of the file at path, with the slash; "" for the current one. */
static int set_folder(const char *path, struct eo_buf *folder)
{
    const char *slash = strrchr(path, '/');
    struct eo_err err;

    eo_buf_append(folder, path, slash ? (size_t)(slash - path) + 1 : 0);
    eo_buf_puts(folder, "");
    return eo_buf_check(folder, &err) ? cli_fail(&program, NULL, &err) : 0;
}

static int write_summary(const struct eo_summary_inputs *in)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (!output)
        return 0;
    if (eo_summary_put_json(in, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, hardware_path, &err);
    }
    return cli_write(&program, output, &text);
}

static int write_table(const struct eo_summary_inputs *in)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (!table)
        return 0;
    if ((json ? eo_summary_put_table_json : eo_summary_put_table)(in, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, NULL, &err);
    }
    return cli_write(&program, "-", &text);
}

static int write_manifest(char **files, int count)
{
    struct eo_buf folder = {0}, text = {0};
    struct eo_csv machine = {0};
    struct eo_manifest m = {0};
    char cpu[128], kernel[256];
    struct eo_err err;
    int rc;

    if (!manifest_path)
        return 0;
    rc = set_folder(manifest_path, &folder);
    if (rc == 0 && eo_provenance_collect(&m, folder.data, files, (size_t)count, &err))
        rc = cli_fail(&program, NULL, &err);
    eo_cpu_model(cpu, sizeof(cpu));
    eo_cpu_system(kernel, sizeof(kernel));
    m.version = EO_VERSION;
    m.host = (struct eo_manifest_host){.cpu = cpu,
                                       .isa = eo_isa_name(cli_default_isa(&program)),
                                       .processors = eo_cpu_count(),
                                       .kernel = kernel,
                                       .compiler = EO_COMPILER,
                                       .build = build,
                                       .revision = revision,
                                       .is_modified = is_modified,
                                       .plotter = plotter && *plotter ? plotter : NULL};
    if (rc == 0 && eo_doctor_note(&m, folder.data, &machine, &err))
        rc = cli_fail(&program, NULL, &err);
    eo_manifest_put(&m, &text);
    if (rc == 0)
        rc = cli_write(&program, manifest_path, &text);
    eo_csv_release(&machine);
    eo_manifest_release(&m);
    eo_buf_release(&text);
    eo_buf_release(&folder);
    return rc;
}

static void check_usage(int count, char **files)
{
    const char *const inputs[] = {config, sweep_path, errors_path, hardware_path};
    const char *const names[] = {"-c", "--sweep", "--errors", "--hardware"};
    const char *const outputs[] = {table ? "-" : NULL, output, manifest_path};
    int i;

    for (i = 0; i < 4; i++) {
        if (!inputs[i])
            cli_usage(&program, "option '%s' is required", names[i]);
    }
    cli_check_inputs(&program, inputs, 4, files, count);
    if (count > 0 && !manifest_path)
        cli_usage(&program, "unexpected operand '%s' without '--manifest'", files[0]);
    if ((build || revision || is_modified || plotter) && !manifest_path)
        cli_usage(&program,
                  "options '--build', '--revision', '--modified' and '--plotter' need '--manifest'");
    if (json && !table)
        cli_usage(&program, "option '--json' needs '--table'; the summary is JSON in any case");
    cli_check_outputs(&program, outputs, 3);
}

static int print_schema(void)
{
    struct eo_buf text = {0};

    eo_summary_put_schema(&text);
    return cli_write(&program, output, &text);
}

int main(int argc, char **argv)
{
    static struct inputs in;
    struct eo_buf folder = {0};
    int count = cli_parse(&program, argc, argv), rc;
    char **files = argv + argc - count;

    if (schema)
        return print_schema();
    check_usage(count, files);
    if (!output && !table && !manifest_path)
        output = "-";
    rc = load(&in);
    if (rc == 0)
        rc = set_folder(sweep_path, &folder);
    if (rc == 0) {
        struct eo_summary_inputs inputs = {&in.cfg, &in.sweep, &in.errors, &in.hardware, folder.data};

        rc = write_summary(&inputs) || write_manifest(files, count) || write_table(&inputs);
    }
    eo_buf_release(&folder);
    eo_csv_release(&in.hardware);
    eo_csv_release(&in.errors);
    eo_sweep_release(&in.sweep);
    return rc;
}
