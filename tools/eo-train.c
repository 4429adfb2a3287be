/* eo-train: trains a model, or trains one on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "format/dataset.h"
#include "stage/train.h"
#include "tools/cli.h"

struct options {
    const char *config, *init, *output, *log, *data;
    int64_t threads, epochs;
    enum eo_isa isa;
    int fine_tune, quiet;
    struct eo_input input;
};

/* The model to begin with: drawn from the seed, or read. */
static int begin(const struct options *o, const struct eo_config *cfg, struct eo_model *m, struct eo_err *err)
{
    int64_t before;

    if (!o->init)
        return eo_train_init_model(cfg, 0, m, err);
    if (eo_model_load(m, o->init, NULL, err))
        return eo_err_prefix(err, "%s", o->init);
    if (m->precision != EO_FP32)
        return eo_err_set(err, "%s: expected an fp32 model to train on, found %s", o->init,
                          eo_precision_name(m->precision));
    return eo_train_epochs_before(m, &before, err) ? eo_err_prefix(err, "%s", o->init) : 0;
}

static int describe(const struct options *o, const struct eo_config *cfg, const struct eo_dataset *ds,
                    const struct eo_train_result *result, struct eo_model *m, struct eo_err *err)
{
    enum eo_config_stage stage = o->fine_tune ? EO_STAGE_FINETUNE : EO_STAGE_TRAIN;
    char slice[EO_SHA256_TEXT], seed[24];

    snprintf(seed, sizeof(seed), "%" PRIu64, cfg->seeds[0]);
    if (eo_config_slice_sha256(cfg, stage, 0, slice, err) || eo_model_meta_set(m, "seed", seed, err) ||
        eo_model_meta_set(m, "dataset", eo_dataset_name(cfg, o->data, ds), err) ||
        eo_model_meta_set(m, "dataset_sha256", ds->train_sha256, err) ||
        eo_model_meta_set(m, o->fine_tune ? "finetune_sha256" : "train_sha256", slice, err) ||
        eo_train_describe(m, result, o->fine_tune, err))
        return -1;
    return o->init ? 0 : eo_model_meta_set(m, "pruning_level", "0.00", err);
}

/* The log first: the model is what Make waits for. */
static int write_results(const struct options *o, struct eo_model *m, const struct eo_buf *log, struct eo_err *err)
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
    struct eo_dataset ds = {0};
    struct eo_model m = {0};
    struct eo_buf log = {0};
    struct eo_train_result result = {0, 0};
    struct eo_config cfg;
    struct eo_split split;
    char dir[4096];
    int rc = -1;

    if (eo_config_load(&cfg, o->config, err))
        return eo_err_prefix(err, "%s", o->config);
    if (begin(o, &cfg, &m, err))
        goto out;
    if (o->init && cli_model_input(p, o->init, &m, o->input)) {
        rc = 1;
        goto out;
    }
    if (eo_dataset_find(&cfg, o->data, dir, sizeof(dir), err) ||
        eo_dataset_load(&ds, dir, EO_DATASET_TRAIN, err))
        goto out;
    if (eo_split_make(&split, &ds, &cfg, err)) {
        eo_err_prefix(err, "%s", dir);
        goto out;
    }
    choose_run(o, &cfg, &to);
    to.pool = eo_pool_new(cli_threads(o->threads, &cfg), err);
    if (!to.pool)
        goto out;
    if (to.epochs > 0 && eo_train_run(&cfg, 0, &split, &to, &m, &result, &log, err))
        goto out;
    rc = describe(o, &cfg, &ds, &result, &m, err) ? -1 : write_results(o, &m, &log, err);
out:
    cli_progress_end(&line);
    eo_pool_free(to.pool);
    eo_buf_release(&log);
    eo_model_release(&m);
    eo_dataset_release(&ds);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = {.input = CLI_INPUT_NONE};
    const struct cli_option options[] = {
        {'c', "config", CLI_TEXT, &o.config, 0, 0, "FILE", "experiment or train slice (required)"},
        {0, "init", CLI_TEXT, &o.init, 0, 0, "MODEL", "train this model on, instead of new weights; - is standard input"},
        {0, "fine-tune", CLI_FLAG, &o.fine_tune, 0, 0, NULL, "for fine_tune_epochs instead of epochs; needs --init"},
        {0, "epochs", CLI_INT, &o.epochs, 1, 10000, "N", "instead of the configured number"},
        {'o', "output", CLI_TEXT, &o.output, 0, 0, "FILE", "the model; standard output by default"},
        {0, "log", CLI_TEXT, &o.log, 0, 0, "CSV", "loss, accuracy, learning rate and speed of each epoch"},
        {0, "data", CLI_TEXT, &o.data, 0, 0, "DIR", "where the data set's IDX files are"},
        CLI_INPUT_OPTIONS(o.input),
        {0, "threads", CLI_INT, &o.threads, 1, EO_POOL_MAX, "N", "default: all processors; the result is the same"},
        {0, "isa", CLI_ISA, &o.isa, 0, 0, "NAME", "instruction set; the result is the same"},
        {0}};
    const struct cli_program program = {
        "eo-train", "-c FILE [options]",
        "Trains SmallCNN by AdamW and writes it as a safetensors file. Equal configurations and data give equal\n"
        "bytes on every machine.",
        options, 0,
        "Progress goes to standard error, and only to a terminal.\n", &o.quiet};
    struct eo_err err = {""};
    int rc;

    cli_parse(&program, argc, argv);
    if (!o.config)
        cli_usage(&program, "option '--config' is required");
    if (!o.init && !(isnan(o.input.mean) && isnan(o.input.std)))
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
