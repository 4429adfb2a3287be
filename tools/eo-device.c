/* eo-device: which candidates fit on which boards. */
#include <stdio.h>
#include <string.h>

#include "format/csv_json.h"
#include "stage/export/devices.h"
#include "tools/cli.h"

static const char *config, *output;
static int list_boards, json;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "the experiment, or its select slice: its devices (required)"},
    {0, "boards", CLI_FLAG, &list_boards, 0, 0, NULL, "print the table of known boards as CSV, and end"},
    {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "print one JSON object instead of CSV"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the table to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-device",
    .synopsis = "-c FILE [-o FILE] [COSTS.csv]",
    .purpose =
        "Says which candidates fit on the boards of a configuration (key devices), with the flash and RAM\n"
        "that `make device` has measured, and estimates latency and energy where the board's figures are "
        "known.",
    .options = options,
    .max_operands = 1,
    .footer = "COSTS.csv is the core_costs.csv of `make device`; without it, or with -, standard input is read.\n",
};

static int write_devices(const struct eo_config *cfg, const char *path)
{
    struct eo_buf text = {0};
    struct eo_csv csv;
    struct eo_err err;
    int rc;

    if (eo_csv_load(&csv, path, &err))
        return cli_fail(&program, path, &err);
    if (eo_devices_put(&csv, cfg, &text, &err) || (json && eo_json_of_csv(&text, "fits", 1, &err))) {
        eo_buf_release(&text);
        rc = cli_fail(&program, path, &err);
    } else {
        rc = cli_write(&program, output, &text);
    }
    eo_csv_release(&csv);
    return rc;
}

static int print_boards(void)
{
    struct eo_buf text = {0};
    struct eo_err err;

    eo_buf_puts(&text, eo_boards_csv);
    if (json && eo_json_of_csv(&text, "boards", 1, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, NULL, &err);
    }
    return cli_write(&program, output, &text);
}

int main(int argc, char **argv)
{
    static struct eo_config cfg;
    const char *path = cli_path(cli_parse(&program, argc, argv) ? argv[argc - 1] : NULL);
    const char *const inputs[] = {config, path}, *const outputs[] = {output};
    struct eo_err err;

    if (list_boards)
        return print_boards();
    if (!config)
        cli_usage(&program, "option '-c' is required");
    cli_check_inputs(&program, inputs, 2, NULL, 0);
    cli_check_outputs(&program, outputs, 1);
    if (eo_config_load(&cfg, config, &err))
        return cli_fail(&program, config, &err);
    return write_devices(&cfg, path);
}
