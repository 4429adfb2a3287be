/* eo-eval: accuracy of a model on validation and test images. */
#include <string.h>

#include "stage/eval.h"
#include "tools/cli.h"

static const char *config, *data, *logits, *predictions, *confusion, *hits, *output, *split_text = "both";
static int64_t threads;
static enum eo_isa isa;
static struct eo_input input = CLI_INPUT_NONE;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "experiment or eval slice (required)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the data set's four files"},
    {0, "split", CLI_TEXT, &split_text, 0, 0, "NAME", "validation, test or both (default)"},
    {0, "logits", CLI_TEXT, &logits, 0, 0, "CSV", "write index,label,class0,...,class9 there"},
    {0, "predictions", CLI_TEXT, &predictions, 0, 0, "CSV", "write index,label,predicted there"},
    {0, "confusion", CLI_TEXT, &confusion, 0, 0, "CSV", "write the number of each pair of classes there"},
    {0, "hits", CLI_TEXT, &hits, 0, 0, "CSV", "write there which validation images it gets right"},
    CLI_INPUT_OPTIONS(input),
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N", "default: the config's, else all processors"},
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME", "instruction set (default: EO_ISA, else the best)"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "row to write; default: standard output"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-eval",
    .synopsis = "-c FILE [options] [MODEL]",
    .purpose = "Runs a model on images and prints one CSV row: accuracy on the validation split with a\n"
               "Wilson and a bootstrap 95 % interval, and on the whole official test set with a Wilson\n"
               "interval.",
    .options = options,
    .max_operands = 1,
    .footer = "What was not asked for by --split is empty in the row. Logits, predictions and confusion are\n"
              "about the validation split, with --split test about the test set; hits about the validation\n"
              "split alone: eo-pareto compares models by them, image by image. All figures depend on the\n"
              "model, the images and the seed alone, not on threads or instruction set.\n",
};

struct inputs {
    struct eo_config cfg;
    struct eo_model model;
    char sha256[EO_SHA256_TEXT];
    struct eo_dataset dataset;
    struct eo_split split;
    int validation, test; /* asked for */
};

static int load(struct inputs *in, const char *model)
{
    char dir[4096];
    struct eo_err err;

    if (eo_config_load(&in->cfg, config, &err))
        return cli_fail(&program, config, &err);
    if (eo_model_load(&in->model, model, in->sha256, &err))
        return cli_fail(&program, model, &err);
    if (cli_model_input(&program, model, &in->model, input))
        return 1;
    if (eo_dataset_find(&in->cfg, data, dir, sizeof(dir), &err) ||
        eo_dataset_load(&in->dataset, dir, eo_eval_parts(&in->cfg, in->validation, in->test), &err))
        return cli_fail(&program, NULL, &err);
    if (eo_split_make(&in->split, &in->dataset, &in->cfg, &err))
        return cli_fail(&program, config, &err);
    if (!eo_eval_is_own_data(&in->model, eo_dataset_name(&in->cfg, data, &in->dataset), &in->dataset, &err))
        cli_warn(&program, model, "%s", err.msg);
    return 0;
}

static int write_table(const char *path, const struct eo_eval *eval,
                       void (*put)(const struct eo_eval *eval, struct eo_buf *out))
{
    struct eo_buf text = {0};

    if (!path)
        return 0;
    put(eval, &text);
    return cli_write(&program, path, &text);
}

/* The model tells the row's key. */
static int write_hits(const struct eo_eval *eval, const struct eo_model *model)
{
    struct eo_buf text = {0};

    if (!hits)
        return 0;
    eo_eval_put_hits(eval, model, &text);
    return cli_write(&program, hits, &text);
}

/* Runs one split. `tables`: this is the one that the three tables are about. */
static int evaluate(const struct inputs *in, const struct eo_images *images, int tables,
                    struct eo_accuracy *accuracy)
{
    struct eo_eval eval = {0};
    struct eo_err err;
    int rc = 0;

    if (eo_eval_run(&eval, &in->model, images, isa, cli_threads(threads, &in->cfg), &err))
        return cli_fail(&program, NULL, &err);
    eval.model_sha256 = in->sha256;
    eo_accuracy_make(accuracy, images->count, eval.correct);
    eo_eval_images_sha256(images, accuracy->images_sha256);
    if (tables)
        rc = write_table(logits, &eval, eo_eval_put_logits) ||
             write_table(predictions, &eval, eo_eval_put_predictions) ||
             write_table(confusion, &eval, eo_eval_put_confusion) || write_hits(&eval, &in->model);
    eo_eval_release(&eval);
    return rc;
}

static int run(struct inputs *in)
{
    struct eo_accuracy validation, test;
    struct eo_buf row = {0};

    if (in->validation && evaluate(in, &in->split.validation, 1, &validation))
        return 1;
    if (in->validation)
        eo_accuracy_bootstrap(&validation, in->cfg.seeds[0]);
    if (in->test && evaluate(in, &in->split.test, !in->validation, &test))
        return 1;
    eo_eval_put_header(&row);
    eo_eval_put_row(&row, &in->model, in->sha256, in->validation ? &validation : NULL,
                    in->test ? &test : NULL);
    return cli_write(&program, output, &row);
}

static void check_streams(const char *model)
{
    const char *const outputs[] = {logits, predictions, confusion, hits, cli_path(output)};

    if (strcmp(config, "-") == 0 && strcmp(model, "-") == 0)
        cli_usage(&program, "the config and the model cannot both come from standard input");
    cli_check_outputs(&program, outputs, sizeof(outputs) / sizeof(*outputs));
}

int main(int argc, char **argv)
{
    static struct inputs in;
    int operands = cli_parse(&program, argc, argv);
    const char *model = cli_path(operands ? argv[argc - 1] : NULL);
    int rc;

    if (!config)
        cli_usage(&program, "option '-c' is required");
    in.validation = strcmp(split_text, "validation") == 0 || strcmp(split_text, "both") == 0;
    in.test = strcmp(split_text, "test") == 0 || strcmp(split_text, "both") == 0;
    if (!in.validation && !in.test)
        cli_usage(&program, "option '--split': expected validation, test or both, found '%s'", split_text);
    if (hits && !in.validation)
        cli_usage(&program, "option '--hits' needs the validation split, which '--split test' leaves out");
    check_streams(model);
    rc = load(&in, model) || run(&in);
    eo_dataset_release(&in.dataset);
    eo_model_release(&in.model);
    return rc;
}
