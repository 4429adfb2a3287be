/* eo-train: trains a new model, or trains an existing one further. */
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "format/dataset.h"
#include "stage/import/base.h"
#include "stage/learn/teacher.h"
#include "stage/learn/train.h"
#include "tools/cli.h"

struct options {
    const char *config, *init, *teacher, *output, *log, *data;
    int64_t threads, epochs;
    enum eo_isa isa;
    int fine_tune, quiet;
    struct cli_input input;
};

/* The model of a file; without --init it stays empty. */
static int load(const struct options *o, struct eo_model *m, struct eo_err *err)
{
    int64_t before;

    if (!o->init)
        return 0;
    if (eo_model_load_network(m, o->init, NULL, NULL, err))
        return eo_err_prefix(err, "%s", o->init);
    if (m->precision != EO_FP32)
        return eo_err_set(err, "%s: expected an fp32 model to train on, found %s", o->init,
                          eo_precision_name(m->precision));
    return eo_train_epochs_before(m, &before, err) ? eo_err_prefix(err, "%s", o->init) : 0;
}

/* The model of the key base_model. 0, 1 after printing, or -1 and err. */
static int load_base(const struct cli_program *p, const struct eo_config *cfg, const struct eo_dataset *ds,
                     struct eo_model *m, struct eo_err *err)
{
    struct eo_import_report report = {{0}, {0}};
    int rc = eo_import_base_model(m, cfg, ds->dims, ds->classes, &report, err);

    if (rc && report.misfits.len) {
        rc = cli_fail(p, NULL, err);
        fputs(report.misfits.data, stderr);
    }
    if (!rc)
        cli_warn_lines(p, cfg->base_model, &report.notes);
    eo_import_report_release(&report);
    return rc ? rc : cli_model_input(p, cfg->base_model, m, (struct cli_input){NULL, NULL});
}

/* A new model for the data. 0, 1 after printing, or -1 and err. */
static int begin(const struct cli_program *p, const struct options *o, const struct eo_config *cfg,
                 const struct eo_dataset *ds, struct eo_model *m, struct eo_err *err)
{
    struct eo_network net;

    if (*cfg->base_model)
        return load_base(p, cfg, ds, m, err);
    if (eo_train_network(cfg, ds->dims, ds->classes, &net, err))
        return eo_err_prefix(err, "%s", o->config);
    return eo_train_init_model(cfg, 0, &net, m, err);
}

/* The log first: the model is what Make waits for. */
static int write_results(const struct options *o, struct eo_model *m, const struct eo_buf *log,
                         struct eo_err *err)
{
    if (o->log && (eo_buf_check(log, err) || eo_io_write(o->log, log->data, log->len, err)))
        return eo_err_prefix(err, "%s", o->log);
    if (eo_model_save(m, cli_path(o->output), err))
        return eo_err_prefix(err, "%s", cli_path(o->output));
    return 0;
}

static void choose_run(const struct options *o, const struct eo_config *cfg, struct eo_train_options *to)
{
    to->epochs = o->epochs ? (int)o->epochs : o->fine_tune ? cfg->fine_tune_epochs : cfg->epochs;
    to->learning_rate =
        o->fine_tune && cfg->fine_tune_learning_rate > 0 ? cfg->fine_tune_learning_rate : cfg->learning_rate;
    to->progress = cli_progress(o->quiet);
}

/* 0, 1 after printing, or -1 and err. */
static int train(const struct cli_program *p, const struct options *o, struct eo_err *err)
{
    struct cli_progress line = {0};
    struct eo_train_options to = {.isa = o->isa, .progress_ctx = &line};
    struct eo_dataset_request wanted = {.folder = o->data, .parts = EO_DATASET_TRAIN};
    struct eo_dataset ds = {0};
    struct eo_teacher_model teacher = {{0}, ""};
    struct eo_model m = {0};
    struct eo_buf log = {0};
    struct eo_train_result result = {0, 0};
    struct eo_config cfg;
    int rc = -1;

    if (eo_config_load(&cfg, o->config, err) || (o->init ? eo_config_seal_teacher : eo_config_seal)(&cfg, err))
        return eo_err_prefix(err, "%s", o->config);
    if (load(o, &m, err))
        goto out;
    if (o->init && cli_model_input(p, o->init, &m, o->input)) {
        rc = 1;
        goto out;
    }
    wanted.dims = m.network.input;
    wanted.classes = o->init ? eo_network_classes(&m.network) : 0;
    wanted.is_any = !o->init;
    wanted.may_be_untrained = !o->init && *cfg.base_model && !cfg.epochs && !o->epochs;
    if (eo_dataset_open(&ds, &cfg, &wanted, err))
        goto out;
    rc = o->init ? 0 : begin(p, o, &cfg, &ds, &m, err);
    if (rc)
        goto out;
    rc = -1;
    choose_run(o, &cfg, &to);
    if (o->teacher && !*cfg.teacher) {
        eo_err_set(err, "%s: option '--teacher': expected key 'teacher' in the configuration, found none", o->config);
        goto out;
    }
    if (to.epochs && eo_teacher_is_wanted(&cfg, o->fine_tune ? EO_STAGE_FINETUNE : EO_STAGE_TRAIN)) {
        if (eo_teacher_load(&teacher, o->teacher, &cfg, &m.network, err))
            goto out;
        to.teacher = &teacher;
    }
    to.pool = eo_pool_new(cli_threads(o->threads, &cfg), err);
    if (!to.pool)
        goto out;
    if (eo_train_run(&cfg, 0, &ds.split, &to, &m, &result, &log, err))
        goto out;
    rc = eo_train_describe(&m, &result, o->fine_tune, err) ||
                 eo_train_describe_inputs(&m, &cfg, &ds, o->fine_tune, err)
             ? -1
             : write_results(o, &m, &log, err);
out:
    cli_progress_end(&line);
    eo_pool_free(to.pool);
    eo_buf_release(&log);
    eo_model_release(&teacher.model);
    eo_model_release(&m);
    eo_dataset_release(&ds);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    const struct cli_option options[] = {
        {'c', "config", CLI_TEXT, &o.config, 0, 0, "FILE",
         "the experiment, or its train or finetune slice (required)"},
        {0, "init", CLI_TEXT, &o.init, 0, 0, "MODEL",
         "begin with this model instead of random weights (-: standard input)"},
        {0, "fine-tune", CLI_FLAG, &o.fine_tune, 0, 0, NULL,
         "train for fine_tune_epochs instead of epochs; needs --init"},
        {0, "teacher", CLI_TEXT, &o.teacher, 0, 0, "MODEL",
         "the file of the teacher, instead of that of the key; needed for teacher: base"},
        {0, "epochs", CLI_INT, &o.epochs, 1, 10000, "N", "number of epochs, whatever the configuration says"},
        {'o', "output", CLI_TEXT, &o.output, 0, 0, "FILE", "the model to write (default: standard output)"},
        {0, "log", CLI_TEXT, &o.log, 0, 0, "CSV",
         "write loss, accuracy, learning rate and speed of each epoch there"},
        {0, "data", CLI_TEXT, &o.data, 0, 0, "DIR", "folder of the four IDX files of the data set"},
        CLI_INPUT_OPTIONS(o.input),
        {0, "threads", CLI_INT, &o.threads, 1, EO_POOL_MAX, "N",
         "threads (default: all processors); the result does not depend on them"},
        {0, "isa", CLI_ISA, &o.isa, 0, 0, "NAME",
         "instruction set (default: $EO_ISA, else the best); the result does not depend on it"},
        {0}};
    const struct cli_program program = {"eo-train",
                                        "-c FILE [options]",
                                        "Trains a network by AdamW and writes it as a safetensors file. The "
                                        "same configuration and data give the\n"
                                        "same bytes on every machine.",
                                        options,
                                        0,
                                        "Progress is shown on standard error when that is a terminal.\n",
                                        &o.quiet};
    struct eo_err err = {""};
    int rc;

    cli_parse(&program, argc, argv);
    if (!o.config)
        cli_usage(&program, "option '--config' is required");
    if (!o.init && (o.input.mean || o.input.std))
        cli_usage(&program, "options '--input-mean' and '--input-std' need '--init'");
    if (o.fine_tune && !o.init)
        cli_usage(&program, "option '--fine-tune' needs '--init'");
    if (strcmp(o.config, "-") == 0 && o.init && strcmp(o.init, "-") == 0)
        cli_usage(&program, "the config and the model cannot both come from standard input");
    cli_check_outputs(&program, (const char *const[]){o.log, cli_path(o.output)}, 2);
    if (cli_check_binary_output(&program, o.output))
        return 1;
    rc = train(&program, &o, &err);
    return rc < 0 ? cli_fail(&program, NULL, &err) : rc;
}
