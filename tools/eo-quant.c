/* eo-quant: a model at another precision. */
#include <string.h>

#include "stage/quant.h"
#include "stage/quant_report.h"
#include "tools/cli.h"

static const char *config, *data, *report, *output, *precision_text;
static int64_t threads;
static enum eo_isa isa;
static struct eo_input input = CLI_INPUT_NONE;
static int quiet;

static const struct cli_option options[] = {
    {'p', "precision", CLI_TEXT, &precision_text, 0, 0, "NAME", "fp32, fp16 or int8 (required)"},
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "experiment or quant slice (int8: required)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the calibration images (int8)"},
    {0, "report", CLI_TEXT, &report, 0, 0, "JSON", "write ranges, scales and noise there (int8)"},
    CLI_INPUT_OPTIONS(input),
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME", "instruction set; the result is the same"},
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N", "default: all processors; the result is the same"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "model to write; default: standard output"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-quant",
    .synopsis = "-p PRECISION [-c FILE] [options] [MODEL]",
    .purpose = "Converts an fp32 model to fp16 (binary16 weights and activations) or to int8, calibrated on the first\n"
               "calibration_batches x batch_size training images and, with qat_epochs, trained on. With -p fp32 it is\n"
               "copied.",
    .options = options,
    .max_operands = 1,
    .footer = "The bytes written depend on the model, the images and the config alone. A conversion that fails is an\n"
              "error and leaves no file. Progress of training goes to standard error, and only to a terminal.\n",
    .quiet = &quiet,
};

struct calibration_data {
    struct eo_config cfg;
    struct eo_dataset dataset;
    struct eo_split split;
    char dir[1024];
};

static int load_config(struct calibration_data *d)
{
    struct eo_err err;

    return eo_config_load(&d->cfg, config, &err) ? cli_fail(&program, config, &err) : 0;
}

static int load_images(struct calibration_data *d, const struct eo_model *m)
{
    struct eo_err err;

    if (eo_dataset_find(&d->cfg, data, d->dir, sizeof(d->dir), &err) ||
        eo_dataset_load(&d->dataset, d->dir, EO_DATASET_TRAIN, &err))
        return cli_fail(&program, NULL, &err);
    if (eo_split_make(&d->split, &d->dataset, &d->cfg, &err) ||
        eo_quant_check_dataset(m, d->dataset.train_sha256, &err))
        return cli_fail(&program, d->dir, &err);
    return 0;
}

static int write_report(const struct eo_conversion *c, const struct eo_images *images)
{
    struct eo_quant_quality quality;
    struct eo_buf text = {0};
    struct eo_err err;

    if (eo_quant_measure(&quality, c, images, &err))
        return cli_fail(&program, report, &err);
    eo_quant_report(c, &quality, &text);
    return cli_write(&program, report, &text);
}

static int to_int8(const struct eo_model *m, const char *name, struct calibration_data *d, struct eo_conversion *c)
{
    struct cli_progress line = {0};
    struct eo_conversion_runtime runtime = {.isa = isa, .progress = cli_progress(quiet), .progress_ctx = &line};
    struct eo_err err;
    int rc;

    if (load_images(d, m))
        return 1;
    runtime.pool = eo_pool_new(cli_threads(threads, &d->cfg), &err);
    if (!runtime.pool)
        return cli_fail(&program, NULL, &err);
    rc = eo_conversion_run(c, m, &d->cfg, &d->split, &runtime, &err);
    cli_progress_end(&line);
    if (rc)
        cli_fail(&program, name, &err);
    else if (report)
        rc = write_report(c, &d->split.train);
    eo_pool_free(runtime.pool);
    return rc ? 1 : 0;
}

static int convert(const char *name, enum eo_precision precision, struct calibration_data *d)
{
    struct eo_model m = {0};
    struct eo_conversion c = {0};
    struct eo_err err;
    int rc = 1;

    if (eo_model_load(&m, name, NULL, &err))
        cli_fail(&program, name, &err);
    else if (cli_model_input(&program, name, &m, input))
        rc = 1;
    else if (precision == EO_INT8)
        rc = to_int8(&m, name, d, &c);
    else if (precision == EO_FP16 ? eo_quant_fp16(&m, &c.model, &err) : eo_quant_fp32(&m, &c.model, &err))
        cli_fail(&program, name, &err);
    else
        rc = 0;
    if (!rc && eo_model_save(&c.model, cli_path(output), &err))
        rc = cli_fail(&program, cli_path(output), &err);
    eo_model_release(&m);
    eo_conversion_release(&c);
    return rc;
}

int main(int argc, char **argv)
{
    static struct calibration_data d;
    enum eo_precision precision;
    struct eo_err err;
    int operands, rc;

    operands = cli_parse(&program, argc, argv);
    if (!precision_text)
        cli_usage(&program, "option '-p' is required");
    if (eo_precision_parse(precision_text, &precision, &err))
        cli_usage(&program, "option '-p': %s", err.msg);
    if (precision == EO_INT8 && !config)
        cli_usage(&program, "option '-c' is required for int8");
    if (precision != EO_INT8 && report)
        cli_usage(&program, "option '--report' is for int8 alone");
    if (config && strcmp(config, "-") == 0 && strcmp(cli_path(operands ? argv[argc - 1] : NULL), "-") == 0)
        cli_usage(&program, "the config and the model cannot both come from standard input");
    cli_check_outputs(&program, (const char *const[]){report, cli_path(output)}, 2);
    if (cli_check_binary_output(&program, output) || (precision == EO_INT8 && load_config(&d)))
        return 1;
    rc = convert(cli_path(operands ? argv[argc - 1] : NULL), precision, &d);
    eo_dataset_release(&d.dataset);
    return rc;
}
