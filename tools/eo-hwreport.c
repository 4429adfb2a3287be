/* eo-hwreport: computes the costs of models layer by layer, and the roofline estimate for a device. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/select/hwreport.h"
#include "tools/cli.h"

static const char *config, *sweep_path, *layers_path, *tradeoffs_path, *summary_path;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "the experiment, or its hardware slice (required)"},
    {0, "sweep", CLI_TEXT, &sweep_path, 0, 0, "CSV",
     "sweep_results.csv (required for --tradeoffs and --summary)"},
    {0, "layers", CLI_TEXT, &layers_path, 0, 0, "CSV", "write the costs of each layer there"},
    {0, "tradeoffs", CLI_TEXT, &tradeoffs_path, 0, 0, "CSV", "write means for each precision there"},
    {0, "summary", CLI_TEXT, &summary_path, 0, 0, "CSV",
     "write the roofline estimate of each candidate there"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-hwreport",
    .synopsis = "-c FILE [options] [MODEL ...]",
    .purpose = "Counts parameters, activations and multiply-accumulates of models layer by layer, and\n"
               "relates measured latencies to a device's memory bandwidth and peak compute.",
    .options = options,
    .max_operands = INT_MAX,
    .footer =
        "Without an output option the layers go to standard output. Without an operand the model comes from\n"
        "standard input; with --sweep there is then no model, because all candidates may have failed. "
        "Layers\n"
        "are counted for one call of batch_size images, as if each operation wrote its full map before\n"
        "pooling; *_per_image, input_bytes, output_bytes and fused_activation_bytes are those of one image\n"
        "with each operation and its tail fused.\n",
};

struct inputs {
    struct eo_config cfg;
    struct eo_sweep sweep;
    struct eo_hw_model *models;
    size_t count;
};

static int load_model(struct inputs *in, const char *path)
{
    char sha256[EO_SHA256_TEXT];
    struct eo_model model = {0};
    struct eo_err err;

    if (eo_model_load_network(&model, path, NULL, sha256, &err)) {
        eo_model_release(&model);
        return cli_fail(&program, path, &err);
    }
    eo_hw_model_make(&in->models[in->count++], &model, sha256,
                     eo_hw_batch(&model, sweep_path ? &in->sweep : NULL, &in->cfg));
    eo_model_release(&model);
    return 0;
}

static int load(struct inputs *in, char **files, int count)
{
    struct eo_err err;
    int i;

    if (eo_config_load(&in->cfg, config, &err))
        return cli_fail(&program, config, &err);
    if (sweep_path && eo_sweep_load(&in->sweep, sweep_path, &err))
        return cli_fail(&program, sweep_path, &err);
    in->models = eo_alloc((size_t)count + 1, sizeof(*in->models), &err);
    if (!in->models)
        return cli_fail(&program, NULL, &err);
    for (i = 0; i < count; i++) {
        if (load_model(in, files[i]))
            return 1;
    }
    return 0;
}

static int write_layers(const struct inputs *in)
{
    struct eo_buf text = {0};

    if (!layers_path)
        return 0;
    eo_hw_put_layers(in->models, in->count, &text);
    return cli_write(&program, layers_path, &text);
}

static int write_tradeoffs(const struct inputs *in)
{
    struct eo_buf text = {0};

    if (!tradeoffs_path)
        return 0;
    eo_hw_put_tradeoffs(&in->sweep, &text);
    return cli_write(&program, tradeoffs_path, &text);
}

/* Only the summary can fail for its contents. It is written first, so that no file is written when it does. */
static int write_summary(const struct inputs *in)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (!summary_path)
        return 0;
    if (eo_hw_put_summary(&in->sweep, in->models, in->count, &in->cfg, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, sweep_path, &err);
    }
    return cli_write(&program, summary_path, &text);
}

static void check_usage(int count, char **files)
{
    const char *const outputs[] = {layers_path, tradeoffs_path, summary_path};
    const char *const inputs[] = {config, sweep_path};

    if (!sweep_path && (tradeoffs_path || summary_path))
        cli_usage(&program, "option '--%s' needs '--sweep'", tradeoffs_path ? "tradeoffs" : "summary");
    cli_check_inputs(&program, inputs, 2, files, count);
    cli_check_outputs(&program, outputs, 3);
}

int main(int argc, char **argv)
{
    static char standard_input[] = "-";
    static char *only[] = {standard_input};
    static struct inputs in;
    int count = cli_parse(&program, argc, argv), rc;
    char **files = argv + argc - count;

    if (!config)
        cli_usage(&program, "option '-c' is required");
    if (!layers_path && !tradeoffs_path && !summary_path)
        layers_path = "-";
    if (count == 0 && !sweep_path) {
        files = only;
        count = 1;
    }
    check_usage(count, files);
    rc = load(&in, files, count) || write_summary(&in) || write_layers(&in) || write_tradeoffs(&in);
    free(in.models);
    eo_sweep_release(&in.sweep);
    return rc;
}
