/* eo-import: a model that another program has trained becomes a model of this project. */
#include <stdio.h>

#include "format/dataset.h"
#include "nn/network_fold.h"
#include "stage/import/import.h"
#include "stage/learn/train.h"
#include "tools/cli.h"

static const char *config, *data, *network_name, *output, *yaml;
static struct cli_list maps;
static struct cli_input input;
static struct eo_network network;
static double eps;
static int fold;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "take the network from this experiment: model, width, and size and classes of its images"},
    {'n', "network", CLI_TEXT, &network_name, 0, 0, "NAME",
     "take this network: a known one, or a file (eo-inspect --network)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "with -c: folder of the IDX files of the data set"},
    {0, "map", CLI_LIST, &maps, 0, 0, "THEIRS=OURS",
     "the tensors THEIRS.* are those of layer OURS, or of its OURS.batch_norm; once for each"},
    {0, "fold", CLI_FLAG, &fold, 0, 0, NULL, "make batch normalisation part of the weights"},
    {0, "eps", CLI_NUMBER, &eps, EO_NORM_EPS, 1, "E",
     "eps of batch normalisation (default: 1e-5, as PyTorch)"},
    CLI_INPUT_OPTIONS(input),
    {0, "yaml", CLI_TEXT, &yaml, 0, 0, "FILE",
     "write a configuration that begins with the model, with its layers, there"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the model to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-import",
    .synopsis = "[options] [FILE]",
    .purpose =
        "Turns a model that another program has trained into a model file: a state_dict of PyTorch saved as\n"
        "safetensors, or an ONNX file, which has its network. Without -c and -n the network of a state_dict\n"
        "is SmallCNN.",
    .options = options,
    .max_operands = 1,
    .footer =
        "Prefixes of wrappers (module., _orig_mod., model.) and counters (num_batches_tracked) are ignored.\n"
        "F64, F16 and BF16 become F32. Layers find their tensors by name, else by shape and order where "
        "that\n"
        "is unambiguous; standard error says what was taken for what. When something does not fit, a table\n"
        "of tensor, expected and found follows the message.\n"
        "Of ONNX, eo-import(1) lists the operators; -c, -n, --map and --eps are for tensors alone. "
        "Arithmetic in\n"
        "front of its first layer is taken as on grey values of 0..255.\n",
};

/* The network of the experiment, for the images that its data set has. */
static int find_network(struct eo_config *cfg)
{
    struct eo_dataset_request wanted = {
        .folder = data, .parts = EO_DATASET_TRAIN, .is_any = 1, .may_be_untrained = 1};
    struct eo_dataset ds = {0};
    struct eo_err err;
    int rc;

    if (network_name)
        return eo_network_load(&network, network_name, &err) ? cli_fail(&program, network_name, &err) : 0;
    if (!config)
        return 0;
    if (eo_config_load(cfg, config, &err))
        return cli_fail(&program, config, &err);
    if (eo_dataset_open(&ds, cfg, &wanted, &err))
        return cli_fail(&program, NULL, &err);
    rc = eo_train_network(cfg, ds.dims, ds.classes, &network, &err) ? cli_fail(&program, config, &err) : 0;
    eo_dataset_release(&ds);
    return rc;
}

static int load(const char *file, struct eo_model *m)
{
    const struct eo_import_options how = {.network = config || network_name ? &network : NULL,
                                          .maps = maps.text,
                                          .map_count = maps.count,
                                          .fold = fold,
                                          .norm_eps = eps};
    struct eo_import_report report = {{0}, {0}};
    char sha256[EO_SHA256_TEXT];
    struct eo_err err;
    int rc = eo_import_load(m, file, &how, &report, sha256, &err);

    if (rc) {
        cli_fail(&program, file, &err);
        fputs(report.misfits.data ? report.misfits.data : "", stderr);
    } else {
        cli_warn_lines(&program, file, &report.notes);
    }
    eo_import_report_release(&report);
    return rc ? 1 : 0;
}

/* What the network is fed: by the options, else by the experiment. */
static int set_input(const char *file, const struct eo_config *cfg, struct eo_model *m)
{
    struct eo_err err;

    if (config && !input.mean && !input.std && (cfg->input_mean_count || cfg->input_std_count))
        return eo_train_set_input(m, cfg, &err) ? cli_fail(&program, config, &err) : 0;
    return cli_model_input(&program, file, m, input);
}

int main(int argc, char **argv)
{
    static struct eo_config cfg;
    struct eo_model m = {0};
    struct eo_buf text = {0};
    struct eo_err err;
    int operands = cli_parse(&program, argc, argv), rc;
    const char *file = cli_path(operands ? argv[argc - 1] : NULL);

    if (config && network_name)
        cli_usage(&program, "options '--config' and '--network' exclude each other");
    if (data && !config)
        cli_usage(&program, "option '--data' needs '--config'");
    cli_check_inputs(&program, (const char *const[]){config, network_name, file}, 3, NULL, 0);
    if (yaml && !output)
        cli_usage(&program, "option '--yaml' needs '--output', the file that it names");
    if (yaml && eo_import_check_base_model(output, &err))
        return cli_fail(&program, "options '--yaml' and '--output'", &err);
    cli_check_outputs(&program, (const char *const[]){cli_path(output), yaml}, 2);
    if (cli_check_binary_output(&program, output))
        return 1;
    rc = find_network(&cfg) || load(file, &m) || set_input(file, &cfg, &m);
    if (!rc && eo_model_save(&m, cli_path(output), &err))
        rc = cli_fail(&program, cli_path(output), &err);
    if (!rc && yaml) {
        eo_import_put_yaml(&m.network, output, &text);
        rc = cli_write(&program, yaml, &text);
    }
    eo_model_release(&m);
    return rc;
}
