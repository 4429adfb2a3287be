/* eo-quant: converts a model to another precision. */
#include <string.h>

#include "nn/network_fold.h"
#include "stage/learn/teacher.h"
#include "stage/quant/quant.h"
#include "stage/quant/report.h"
#include "tools/cli.h"

static const char *config, *data, *network_name, *report, *layers, *teacher, *output, *precision_text;
static struct eo_network network;
static int64_t threads;
static enum eo_isa isa;
static struct cli_input input;
static int quiet;

static const struct cli_option options[] = {
    {'p', "precision", CLI_TEXT, &precision_text, 0, 0, "NAME",
     "one of" EO_PRECISIONS(EO_TERM_WORD) " (required)"},
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "the experiment, or its quant slice (required for int8, int4 and mixed)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR",
     "folder of the four IDX files of the data set (int8, int4, mixed)"},
    {0, "teacher", CLI_TEXT, &teacher, 0, 0, "MODEL",
     "the file of the teacher, instead of that of the key; needed for teacher: base (int8, int4, mixed)"},
    {0, "report", CLI_TEXT, &report, 0, 0, "JSON",
     "write ranges, scales and noise there (int8, int4, mixed)"},
    {0, "layers", CLI_TEXT, &layers, 0, 0, "CSV", "write the same layer by layer there (int8, int4, mixed)"},
    CLI_NETWORK_OPTION(network_name),
    CLI_INPUT_OPTIONS(input),
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME",
     "instruction set (default: $EO_ISA, else the best); the result does not depend on it"},
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N",
     "threads (default: all processors); the result does not depend on them"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the model to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-quant",
    .synopsis = "-p PRECISION [-c FILE] [options] [MODEL]",
    .purpose =
        "Converts an fp32 model to fp16 (binary16 weights and activations), to int8, to int4 (int8 with\n"
        "weights of 4 bits), or to mixed (weights of 4 or 8 bits by layer). Integers are calibrated on the\n"
        "first calibration_batches x batch_size training images, after qat_epochs of quantisation-aware\n"
        "training. Batch normalisation is folded into weights and biases; -p fp32 does no more.",
    .options = options,
    .max_operands = 1,
    .footer = "The output depends on the model, the images and the configuration alone. A conversion that "
              "fails writes\n"
              "no file. Progress of training is shown on standard error when that is a terminal.\n",
    .quiet = &quiet,
};

struct calibration_data {
    struct eo_config cfg;
    struct eo_dataset dataset;
};

static int load_config(struct calibration_data *d)
{
    struct eo_err err;

    if (eo_config_load(&d->cfg, config, &err) || eo_config_seal_teacher(&d->cfg, &err))
        return cli_fail(&program, config, &err);
    if (teacher && !*d->cfg.teacher) {
        eo_err_set(&err, "option '--teacher': expected key 'teacher' in the configuration, found none");
        return cli_fail(&program, config, &err);
    }
    return 0;
}

static int load_images(struct calibration_data *d, const struct eo_model *m)
{
    const struct eo_dataset_request wanted = {.folder = data,
                                              .parts = EO_DATASET_TRAIN,
                                              .dims = m->network.input,
                                              .classes = eo_network_classes(&m->network),
                                              .may_be_untrained = d->cfg.qat_epochs == 0};
    struct eo_err err;

    if (eo_dataset_open(&d->dataset, &d->cfg, &wanted, &err))
        return cli_fail(&program, NULL, &err);
    if (eo_quant_check_dataset(m, d->dataset.train_sha256, &err))
        return cli_fail(&program, d->dataset.folder, &err);
    if (d->dataset.is_untrained)
        cli_warn(&program, d->dataset.folder,
                 "no training images: calibrated on the last %zu of %zu test images",
                 d->dataset.split.train.count, d->dataset.test.count);
    return 0;
}

static int write_report(const struct eo_conversion *c, const struct eo_images *images)
{
    struct eo_quant_quality quality;
    struct eo_buf text = {0};
    struct eo_err err;

    if (eo_quant_measure(&quality, c, images, &err))
        return cli_fail(&program, report ? report : layers, &err);
    if (report) {
        eo_quant_report(c, &quality, &text);
        if (cli_write(&program, report, &text))
            return 1;
    }
    if (!layers)
        return 0;
    text = (struct eo_buf){0};
    eo_quant_put_layers(c, &quality, &text);
    return cli_write(&program, layers, &text);
}

static int to_integers(const struct eo_model *m, const char *name, enum eo_precision precision,
                       struct calibration_data *d, struct eo_conversion *c)
{
    struct cli_progress line = {0};
    struct eo_train_options how = {.isa = isa, .progress = cli_progress(quiet), .progress_ctx = &line};
    struct eo_teacher_model taught_by = {{0}, ""};
    struct eo_err err;
    int rc = 1;

    if (load_images(d, m))
        return 1;
    if (d->cfg.qat_epochs && eo_teacher_is_wanted(&d->cfg, EO_STAGE_QUANT)) {
        if (eo_teacher_load(&taught_by, teacher, &d->cfg, &m->network, &err))
            return cli_fail(&program, NULL, &err);
        how.teacher = &taught_by;
    }
    how.pool = eo_pool_new(cli_threads(threads, &d->cfg), &err);
    if (!how.pool) {
        cli_fail(&program, NULL, &err);
        goto out;
    }
    rc = eo_conversion_run(c, m, precision, &d->cfg, &d->dataset.split, &how, &err);
    cli_progress_end(&line);
    if (rc)
        cli_fail(&program, name, &err);
    else if (report || layers)
        rc = write_report(c, &d->dataset.split.train);
out:
    eo_pool_free(how.pool);
    eo_model_release(&taught_by.model);
    return rc ? 1 : 0;
}

/* Into c->model. */
static int convert_model(struct eo_model *m, const char *name, enum eo_precision precision,
                         struct calibration_data *d, struct eo_conversion *c)
{
    struct eo_err err;

    eo_model_fold(m);
    if (eo_precision_is_integer(precision))
        return to_integers(m, name, precision, d, c);
    if (precision == EO_FP16 ? eo_quant_fp16(m, &c->model, &err) : eo_quant_copy(m, &c->model, &err))
        return cli_fail(&program, name, &err);
    return 0;
}

static int convert(const char *name, enum eo_precision precision, struct calibration_data *d)
{
    struct eo_model m = {0};
    struct eo_conversion c = {0};
    struct eo_err err;
    int rc = 1;

    if (network_name && eo_network_load(&network, network_name, &err))
        return cli_fail(&program, network_name, &err);
    if (eo_model_load_network(&m, name, network_name ? &network : NULL, NULL, &err))
        cli_fail(&program, name, &err);
    else if (cli_model_input(&program, name, &m, input))
        rc = 1;
    else
        rc = convert_model(&m, name, precision, d, &c);
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
    if (eo_precision_is_integer(precision) && !config)
        cli_usage(&program, "option '-c' is required for %s", eo_precision_name(precision));
    if (!eo_precision_is_integer(precision) && (report || layers || teacher))
        cli_usage(&program, "option '--%s' is for int8, int4 and mixed alone",
                  report   ? "report"
                  : layers ? "layers"
                           : "teacher");
    if (config && strcmp(config, "-") == 0 && strcmp(cli_path(operands ? argv[argc - 1] : NULL), "-") == 0)
        cli_usage(&program, "the config and the model cannot both come from standard input");
    cli_check_outputs(&program, (const char *const[]){report, layers, cli_path(output)}, 3);
    if (cli_check_binary_output(&program, output) || (eo_precision_is_integer(precision) && load_config(&d)))
        return 1;
    rc = convert(cli_path(operands ? argv[argc - 1] : NULL), precision, &d);
    eo_dataset_release(&d.dataset);
    return rc;
}
