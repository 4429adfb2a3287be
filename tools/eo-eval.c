/* eo-eval: accuracy of a model on validation and test images. */
#include <string.h>

#include "format/config_classes.h"
#include "stage/learn/eval.h"
#include "stage/learn/eval_compare.h"
#include "tools/cli.h"

static const char *config, *data, *network_name, *logits, *predictions, *confusion, *classes, *hits, *output,
    *compare, *differences, *split_text = "both";
static int64_t threads;
static enum eo_isa isa;
static struct cli_input input;
static struct eo_network network;
static struct eo_comparison comparison;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "the experiment, or its eval slice (required)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the four IDX files of the data set"},
    {0, "split", CLI_TEXT, &split_text, 0, 0, "NAME", "images to run on: validation, test or both (default)"},
    {0, "logits", CLI_TEXT, &logits, 0, 0, "CSV", "write index,label and the logit of each class there"},
    {0, "predictions", CLI_TEXT, &predictions, 0, 0, "CSV", "write index,label,predicted there"},
    {0, "confusion", CLI_TEXT, &confusion, 0, 0, "CSV",
     "write how often each class was taken for each other there"},
    {0, "classes", CLI_TEXT, &classes, 0, 0, "CSV", "write accuracy and precision of each class there"},
    {0, "hits", CLI_TEXT, &hits, 0, 0, "CSV", "write which validation images are classified correctly there"},
    {0, "compare", CLI_TEXT, &compare, 0, 0, "CSV",
     "say on standard error how far the logits are from those of another program, one row for each image"},
    {0, "differences", CLI_TEXT, &differences, 0, 0, "CSV",
     "with --compare: write class, their class and the largest difference of each image there"},
    CLI_NETWORK_OPTION(network_name),
    CLI_INPUT_OPTIONS(input),
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N",
     "threads (default: those of the configuration, else all processors)"},
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME", "instruction set (default: $EO_ISA, else the best)"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the row to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-eval",
    .synopsis = "-c FILE [options] [MODEL]",
    .purpose = "Runs a model on images and prints one CSV row: accuracy on the validation split with a "
               "Wilson and a\n"
               "bootstrap 95 % interval, and on the whole official test set with a Wilson interval.",
    .options = options,
    .max_operands = 1,
    .footer =
        "Columns of a split that --split leaves out are empty. The other tables are those of the validation split,\n"
        "with --split test those of the test set. Hits are always those of the validation split: eo-pareto compares\n"
        "models image by image with them. Classes have the names of class_names, else those of classes.txt beside the\n"
        "data, else numbers. All figures depend on the model, the images and the seed alone, not on threads or\n"
        "instruction set.\n",
};

struct inputs {
    struct eo_config cfg;
    struct eo_model model;
    char sha256[EO_SHA256_TEXT];
    struct eo_dataset dataset;
    int validation, test; /* asked for */
};

static int load(struct inputs *in, const char *model)
{
    struct eo_dataset_request wanted = {.folder = data};
    struct eo_err err;

    if (eo_config_load(&in->cfg, config, &err))
        return cli_fail(&program, config, &err);
    if (network_name && eo_network_load(&network, network_name, &err))
        return cli_fail(&program, network_name, &err);
    if (eo_model_load_network(&in->model, model, network_name ? &network : NULL, in->sha256, &err))
        return cli_fail(&program, model, &err);
    if (cli_model_input(&program, model, &in->model, input))
        return 1;
    wanted.parts = eo_eval_parts(&in->cfg, in->validation, in->test);
    wanted.dims = in->model.network.input;
    wanted.classes = eo_network_classes(&in->model.network);
    if (eo_dataset_open(&in->dataset, &in->cfg, &wanted, &err) ||
        eo_config_name_classes(&in->cfg, in->dataset.folder, in->dataset.labels, in->dataset.classes, &err))
        return cli_fail(&program, NULL, &err);
    if (!eo_eval_is_own_data(&in->model, &in->dataset, &err))
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

/* The key of the row is in the metadata of the model. */
static int write_hits(const struct eo_eval *eval, const struct eo_model *model)
{
    struct eo_buf text = {0};

    if (!hits)
        return 0;
    eo_eval_put_hits(eval, model, &text);
    return cli_write(&program, hits, &text);
}

static int compare_logits(const struct eo_eval *eval)
{
    struct eo_buf table = {0};
    struct eo_err err;

    if (!compare)
        return 0;
    if (eo_eval_compare(eval, compare, &comparison, differences ? &table : NULL, &err)) {
        eo_buf_release(&table);
        return cli_fail(&program, compare, &err);
    }
    return differences ? cli_write(&program, differences, &table) : 0;
}

/* Last, so that a failure is one line. */
static int tell_comparison(void)
{
    const struct eo_comparison *c = &comparison;

    if (compare)
        cli_warn(
            &program, compare,
            "%zu images: logits differ by at most %.3g (image %zu, class %d); the class of %zu images differs",
            c->images, c->largest, c->at_image, c->at_class, c->changed);
    return 0;
}

/* Runs one split. `tables`: write the tables for this split. */
static int evaluate(const struct inputs *in, const struct eo_images *images, int tables,
                    struct eo_accuracy *accuracy)
{
    struct eo_eval eval = {0};
    struct eo_err err;
    int rc = 0;

    if (eo_eval_run(&eval, &in->model, images, isa, cli_threads(threads, &in->cfg), &err))
        return cli_fail(&program, NULL, &err);
    eval.model_sha256 = in->sha256;
    eval.class_names = in->cfg.class_name_count ? in->cfg.class_names : NULL;
    eo_accuracy_make(accuracy, images->count, eval.correct);
    eo_eval_images_sha256(images, in->model.network.input, accuracy->images_sha256);
    accuracy->chance = eo_eval_chance(images);
    if (tables)
        rc = compare_logits(&eval) || write_table(logits, &eval, eo_eval_put_logits) ||
             write_table(predictions, &eval, eo_eval_put_predictions) ||
             write_table(confusion, &eval, eo_eval_put_confusion) ||
             write_table(classes, &eval, eo_eval_put_classes) || write_hits(&eval, &in->model);
    eo_eval_release(&eval);
    return rc;
}

static int run(struct inputs *in)
{
    struct eo_accuracy validation, test;
    struct eo_buf row = {0};

    if (in->validation && evaluate(in, &in->dataset.split.validation, 1, &validation))
        return 1;
    if (in->validation)
        eo_accuracy_bootstrap(&validation, in->cfg.seeds[0]);
    if (in->test && evaluate(in, &in->dataset.split.test, !in->validation, &test))
        return 1;
    eo_eval_put_header(&row);
    eo_eval_put_row(&row, &in->model, in->sha256, in->validation ? &validation : NULL,
                    in->test ? &test : NULL);
    return cli_write(&program, output, &row) || tell_comparison();
}

static void check_streams(const char *model)
{
    const char *const outputs[] = {logits, predictions, confusion,       classes,
                                   hits,   differences, cli_path(output)};

    if (strcmp(config, "-") == 0 && strcmp(model, "-") == 0)
        cli_usage(&program, "the config and the model cannot both come from standard input");
    if (compare && strcmp(compare, "-") == 0)
        cli_usage(&program,
                  "option '--compare' needs a file, as standard input is for the config or the model");
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
    if (differences && !compare)
        cli_usage(&program, "option '--differences' needs '--compare'");
    check_streams(model);
    rc = load(&in, model) || run(&in);
    eo_dataset_release(&in.dataset);
    eo_model_release(&in.model);
    return rc;
}
