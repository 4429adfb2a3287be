/* eo-prune: removes whole channels of both convolutions. */
#include <string.h>

#include "stage/eval.h"
#include "stage/prune.h"
#include "stage/quant.h"
#include "stage/sensitivity.h"
#include "tools/cli.h"

static const char *level_text, *criterion_text, *step_text, *config, *data, *scores_path, *sensitivity, *output;
static int64_t threads;
static enum eo_isa isa;
static struct eo_input input = CLI_INPUT_NONE;

static const struct cli_option options[] = {
    {'l', "level", CLI_TEXT, &level_text, 0, 0, "LEVEL", "share of the channels to remove: 0.5, or 0.25x0.5 by layer"},
    {0, "criterion", CLI_TEXT, &criterion_text, 0, 0, "NAME",
     "which go: l1 (default), l2, fpgm, activation, taylor, random"},
    {0, "step", CLI_TEXT, &step_text, 0, 0, "K/N", "go K/N of the way to LEVEL, from before any pruning"},
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "experiment or prune slice (activation, taylor: required)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the data set's four files"},
    {0, "scores", CLI_TEXT, &scores_path, 0, 0, "CSV", "write the score of every channel there"},
    {0, "sensitivity", CLI_TEXT, &sensitivity, 0, 0, "CSV", "instead: accuracy against level, for each layer alone"},
    CLI_INPUT_OPTIONS(input),
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N", "default: the config's, else all processors"},
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME", "instruction set (default: EO_ISA, else the best)"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "where the pruned model goes; default: standard output"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-prune",
    .synopsis = "-l LEVEL [options] [MODEL] | eo-prune --sensitivity CSV -c FILE [options] [MODEL]",
    .purpose = "Removes the channels of least score from both convolutions of an fp32 model, and the weights\n"
               "that they fed.",
    .options = options,
    .max_operands = 1,
    .footer = "MODEL is a safetensors file, or standard input when missing or '-'. A convolution with C channels\n"
              "keeps max(1, round(C * (1 - LEVEL))), ties to even; a config may rank both layers together\n"
              "(pruning_scope) or ask for multiples (channel_multiple), and names the criterion and the seed.\n"
              "activation and taylor look at the first pruning_images training images.\n",
};

struct inputs {
    struct eo_config cfg;
    struct eo_model model;
    const char *name; /* of the model */
    struct eo_dataset dataset;
    struct eo_split split;
    struct eo_prune_options prune;
    struct eo_score_options score;
};

/* ---- options ------------------------------------------------------------------------------------------------ */

static void parse_step(struct eo_prune_options *prune)
{
    struct eo_err err;

    if (eo_prune_parse_step(step_text, &prune->step, &prune->steps, &err))
        cli_usage(&program, "option '--step': %s", err.msg);
}

/* What goes with --sensitivity, and what without. */
static void check_mode(void)
{
    if (!sensitivity && !level_text)
        cli_usage(&program, "option '--level' is required");
    if (sensitivity && !config)
        cli_usage(&program, "option '--sensitivity' needs a config: -c FILE");
    if (sensitivity && (level_text || step_text || scores_path || output))
        cli_usage(&program, "option '--sensitivity' prunes nothing: it excludes '-l', '--step', '--scores' and '-o'");
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

    if (config && eo_config_load(&in->cfg, config, &err))
        return cli_fail(&program, config, &err);
    in->prune.scope = in->cfg.pruning_scope;
    in->prune.multiple = in->cfg.channel_multiple;
    if (!criterion_text)
        in->score.criterion = in->cfg.pruning_criteria[0];
    return eo_prune_check(&in->prune, &err) ? cli_fail(&program, config, &err) : 0;
}

static int load_images(struct inputs *in)
{
    int judged = eo_score_needs_images(in->score.criterion);
    int parts = (judged ? EO_DATASET_TRAIN : 0) | (sensitivity ? eo_eval_parts(&in->cfg, 1, 0) : 0);
    char dir[4096];
    struct eo_err err;

    if (!parts)
        return 0;
    if (!config) {
        eo_err_set(&err, "criterion '%s' needs training images: name a config, -c FILE",
                   eo_criterion_name(in->score.criterion));
        return cli_fail(&program, NULL, &err);
    }
    if (eo_dataset_find(&in->cfg, data, dir, sizeof(dir), &err) || eo_dataset_load(&in->dataset, dir, parts, &err))
        return cli_fail(&program, NULL, &err);
    if (eo_split_make(&in->split, &in->dataset, &in->cfg, &err) ||
        (judged && eo_quant_check_dataset(&in->model, in->dataset.train_sha256, &err)))
        return cli_fail(&program, dir, &err);
    return 0;
}

static int load(struct inputs *in)
{
    struct eo_err err;

    if (load_config(in))
        return 1;
    if (eo_model_load(&in->model, in->name, NULL, &err))
        return cli_fail(&program, in->name, &err);
    if (cli_model_input(&program, in->name, &in->model, input))
        return 1;
    if (load_images(in))
        return 1;
    in->score.seed = config ? in->cfg.seeds[0] : eo_model_seed(&in->model);
    in->score.images = in->split.train;
    in->score.count = (size_t)in->cfg.pruning_images;
    in->score.isa = isa;
    return 0;
}

/* ---- work --------------------------------------------------------------------------------------------------- */

static int score(struct inputs *in, struct eo_scores *scores)
{
    struct eo_err err;
    int rc;

    in->score.pool = eo_pool_new(cli_threads(threads, &in->cfg), &err);
    if (!in->score.pool)
        return cli_fail(&program, NULL, &err);
    rc = eo_score_run(scores, &in->model, &in->score, &err);
    eo_pool_free(in->score.pool);
    return rc ? cli_fail(&program, in->name, &err) : 0;
}

static int write_scores(const struct inputs *in, const struct eo_scores *scores, const struct eo_prune_plan *plan)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (eo_prune_put_scores(&in->model, scores, plan, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, in->name, &err);
    }
    return cli_write(&program, scores_path, &text);
}

static int prune(struct inputs *in, const struct eo_scores *scores)
{
    char sha256[EO_SHA256_TEXT] = "";
    struct eo_model pruned = {0};
    struct eo_prune_plan plan;
    struct eo_err err;
    int rc = 1;

    if (eo_prune(&plan, &in->model, scores, &in->prune, &pruned, &err) ||
        (config && eo_config_slice_sha256(&in->cfg, EO_STAGE_PRUNE, 0, sha256, &err)) ||
        (config && eo_model_meta_set(&pruned, "prune_sha256", sha256, &err)))
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

static int sweep_layers(const struct inputs *in, const struct eo_scores *scores)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (eo_sensitivity_run(&in->model, scores, in->prune.multiple, &in->split.validation, isa,
                           cli_threads(threads, &in->cfg), &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, in->name, &err);
    }
    return cli_write(&program, sensitivity, &text);
}

int main(int argc, char **argv)
{
    static struct inputs in;
    struct eo_scores scores;
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
