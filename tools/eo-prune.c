/* eo-prune: removes whole channels. */
#include <string.h>

#include "stage/learn/eval.h"
#include "stage/prune/prune.h"
#include "stage/quant/quant.h"
#include "stage/prune/sensitivity.h"
#include "tools/cli.h"

static const char *level_text, *criterion_text, *step_text, *config, *data, *network_name, *scores_path,
    *sensitivity, *output;
static struct eo_network network;
static int64_t threads;
static enum eo_isa isa;
static struct cli_input input;

static const struct cli_option options[] = {
    {'l', "level", CLI_TEXT, &level_text, 0, 0, "LEVEL",
     "share of the channels to remove: 0.5, or by layer as in 0.25x0.5"},
    {0, "criterion", CLI_TEXT, &criterion_text, 0, 0, "NAME",
     "what to remove first, one of" EO_CRITERIA(EO_TERM_WORD) " (default: that of -c, else the first)"},
    {0, "step", CLI_TEXT, &step_text, 0, 0, "K/N",
     "prune to K/N of LEVEL: step K of N, counted from the unpruned model"},
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "the experiment, or its prune slice (required when the criterion looks at images)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the four IDX files of the data set"},
    {0, "scores", CLI_TEXT, &scores_path, 0, 0, "CSV", "write the score of every channel there"},
    {0, "sensitivity", CLI_TEXT, &sensitivity, 0, 0, "CSV",
     "prune nothing: write the accuracy of each layer pruned alone, level by level"},
    CLI_NETWORK_OPTION(network_name),
    CLI_INPUT_OPTIONS(input),
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N",
     "threads (default: those of the configuration, else all processors)"},
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME", "instruction set (default: $EO_ISA, else the best)"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the model to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-prune",
    .synopsis = "-l LEVEL [options] [MODEL] | eo-prune --sensitivity CSV -c FILE [options] [MODEL]",
    .purpose =
        "Removes the channels with the lowest scores from an fp32 model, and the weights that read them.",
    .options = options,
    .max_operands = 1,
    .footer =
        "MODEL is a safetensors file; without it, or with -, standard input is read. A layer with C "
        "channels\n"
        "keeps max(1, round(C * (1 - LEVEL))) of them, ties to even. Layers that an addition or a depthwise\n"
        "convolution ties together lose the same channels: they are one space. A LEVEL with several shares "
        "has\n"
        "one for each space; --scores lists the spaces in their order. The configuration can rank the "
        "channels\n"
        "of all layers together (pruning_scope) and round to multiples (channel_multiple); it also names "
        "the\n"
        "criterion and the seed. A criterion that looks at images uses the first pruning_images training "
        "images.\n",
};

struct inputs {
    struct eo_config cfg;
    char slice_sha256[EO_SHA256_TEXT];
    struct eo_model model;
    const char *name; /* of the model */
    struct eo_dataset dataset;
    struct eo_prune_options prune;
    struct eo_saliency_options score;
};

/* ---- options ------------------------------------------------------------------------------------------------ */

static void parse_step(struct eo_prune_options *prune)
{
    struct eo_err err;

    if (eo_prune_parse_step(step_text, &prune->step, &prune->steps, &err))
        cli_usage(&program, "option '--step': %s", err.msg);
}

/* Which options are allowed with --sensitivity, and which without. */
static void check_mode(void)
{
    if (!sensitivity && !level_text)
        cli_usage(&program, "option '--level' is required");
    if (sensitivity && !config)
        cli_usage(&program, "option '--sensitivity' needs a config: -c FILE");
    if (sensitivity && (level_text || step_text || scores_path || output))
        cli_usage(&program,
                  "option '--sensitivity' prunes nothing: it excludes '-l', '--step', '--scores' and '-o'");
    if (data && !config)
        cli_usage(&program, "option '--data' needs a config: -c FILE");
}

static void check_options(struct inputs *in)
{
    const char *const outputs[] = {scores_path, cli_path(output)};
    struct eo_err err;

    check_mode();
    if (level_text && eo_level_parse(level_text, &in->prune.level, &err))
        cli_usage(&program, "option '--level': %s", err.msg);
    if (criterion_text && eo_criterion_parse(criterion_text, &in->score.criterion, &err))
        cli_usage(&program, "option '--criterion': %s", err.msg);
    if (step_text)
        parse_step(&in->prune);
    if (config && strcmp(config, "-") == 0 && strcmp(in->name, "-") == 0)
        cli_usage(&program, "the config and the model cannot both come from standard input");
    if (sensitivity)
        cli_check_outputs(&program, &sensitivity, 1);
    else
        cli_check_outputs(&program, outputs, 2);
}

/* ---- inputs ------------------------------------------------------------------------------------------------- */

static int load_config(struct inputs *in)
{
    struct eo_err err;

    if (config && (eo_config_load(&in->cfg, config, &err) ||
                   eo_config_slice_sha256(&in->cfg, EO_STAGE_PRUNE, 0, in->slice_sha256, &err)))
        return cli_fail(&program, config, &err);
    in->prune.slice_sha256 = in->slice_sha256;
    in->prune.scope = in->cfg.pruning_scope;
    in->prune.multiple = in->cfg.channel_multiple;
    if (!criterion_text)
        in->score.criterion = in->cfg.pruning_criteria[0];
    return eo_prune_check(&in->prune, &err) ? cli_fail(&program, config, &err) : 0;
}

static int load_images(struct inputs *in)
{
    int judged = eo_saliency_needs_images(in->score.criterion);
    int parts = (judged ? EO_DATASET_TRAIN : 0) | (sensitivity ? eo_eval_parts(&in->cfg, 1, 0) : 0);
    struct eo_dataset_request wanted = {.folder = data, .parts = parts};
    struct eo_err err;

    if (!parts)
        return 0;
    if (!config) {
        eo_err_set(&err, "criterion '%s' needs training images: name a config, -c FILE",
                   eo_criterion_name(in->score.criterion));
        return cli_fail(&program, NULL, &err);
    }
    wanted.dims = in->model.network.input;
    wanted.classes = eo_network_classes(&in->model.network);
    if (eo_dataset_open(&in->dataset, &in->cfg, &wanted, &err))
        return cli_fail(&program, NULL, &err);
    if (judged && eo_quant_check_dataset(&in->model, in->dataset.train_sha256, &err))
        return cli_fail(&program, in->dataset.folder, &err);
    return 0;
}

static int load(struct inputs *in)
{
    struct eo_err err;

    if (load_config(in))
        return 1;
    if (network_name && eo_network_load(&network, network_name, &err))
        return cli_fail(&program, network_name, &err);
    if (eo_model_load_network(&in->model, in->name, network_name ? &network : NULL, NULL, &err))
        return cli_fail(&program, in->name, &err);
    if (cli_model_input(&program, in->name, &in->model, input))
        return 1;
    if (load_images(in))
        return 1;
    in->score.seed = config ? in->cfg.seeds[0] : eo_model_seed(&in->model);
    in->score.images = in->dataset.split.train;
    in->score.count = (size_t)in->cfg.pruning_images;
    in->score.isa = isa;
    return 0;
}

/* ---- work --------------------------------------------------------------------------------------------------- */

static int score(struct inputs *in, struct eo_saliency *scores)
{
    struct eo_err err;
    int rc;

    in->score.pool = eo_pool_new(cli_threads(threads, &in->cfg), &err);
    if (!in->score.pool)
        return cli_fail(&program, NULL, &err);
    rc = eo_saliency_run(scores, &in->model, &in->score, &err);
    eo_pool_free(in->score.pool);
    return rc ? cli_fail(&program, in->name, &err) : 0;
}

static int write_scores(const struct inputs *in, const struct eo_saliency *scores,
                        const struct eo_prune_plan *plan)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (eo_prune_put_scores(&in->model, scores, plan, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, in->name, &err);
    }
    return cli_write(&program, scores_path, &text);
}

static int prune(struct inputs *in, const struct eo_saliency *scores)
{
    struct eo_model pruned = {0};
    struct eo_prune_plan plan;
    struct eo_err err;
    int rc = 1;

    if (eo_prune(&plan, &in->model, scores, &in->prune, &pruned, &err))
        cli_fail(&program, in->name, &err);
    else if (scores_path && write_scores(in, scores, &plan))
        rc = 1;
    else if (eo_model_save(&pruned, cli_path(output), &err))
        cli_fail(&program, cli_path(output), &err);
    else
        rc = 0;
    eo_model_release(&pruned);
    return rc;
}

static int sweep_layers(const struct inputs *in, const struct eo_saliency *scores)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (eo_sensitivity_run(&in->model, scores, in->prune.multiple, &in->dataset.split.validation, isa,
                           cli_threads(threads, &in->cfg), &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, in->name, &err);
    }
    return cli_write(&program, sensitivity, &text);
}

int main(int argc, char **argv)
{
    static struct inputs in;
    static struct eo_saliency scores;
    int rc;

    eo_config_init(&in.cfg);
    in.name = cli_path(cli_parse(&program, argc, argv) ? argv[argc - 1] : NULL);
    check_options(&in);
    if (!sensitivity && cli_check_binary_output(&program, output))
        return 1;
    rc = load(&in) || score(&in, &scores) || (sensitivity ? sweep_layers(&in, &scores) : prune(&in, &scores));
    eo_dataset_release(&in.dataset);
    eo_model_release(&in.model);
    return rc;
}
