/* eo-bench: how long a model takes on this machine. */
#include <string.h>

#include "stage/bench.h"
#include "tools/cli.h"

static const char *config, *data, *samples_path, *output;
static int64_t batch, repeats, trials, warmup = -1, threads = 1;
static int no_header, layers;
static enum eo_isa isa;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "experiment or bench slice; default: all keys at their defaults"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the data set's four files (with -c)"},
    {0, "batch", CLI_INT, &batch, 1, EO_BENCH_MAX_BATCH, "N", "images in a call (batch_size)"},
    {0, "repeats", CLI_INT, &repeats, 1, EO_BENCH_MAX_COUNT, "N", "samples in a trial (benchmark_repeats)"},
    {0, "trials", CLI_INT, &trials, 1, EO_BENCH_MAX_COUNT, "N", "trials (benchmark_trials)"},
    {0, "warmup", CLI_INT, &warmup, 0, EO_BENCH_MAX_COUNT, "N",
     "samples thrown away first (benchmark_warmup)"},
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N", "threads that share a batch; default: 1"},
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME", "instruction set (default: EO_ISA, else the best)"},
    {0, "samples", CLI_TEXT, &samples_path, 0, 0, "CSV",
     "write trial,sample,batch,calls,seconds_per_call there"},
    {0, "no-header", CLI_FLAG, &no_header, 0, 0, NULL, "leave the header row out"},
    {0, "layers", CLI_FLAG, &layers, 0, 0, NULL, "print activation bytes by layer and time nothing"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "row to write; default: standard output"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-bench",
    .synopsis = "[-c FILE] [options] [MODEL]",
    .purpose = "Times a model on this machine and prints one CSV row of raw host figures:\n"
               "host_latency_* is the time of one image in a batch, host_single_* that of one image\n"
               "alone.",
    .options = options,
    .max_operands = 1,
    .footer = "A sample is as many calls in a row as last at least 2 ms (or 100 steps of the clock),\n"
              "less the clock's overhead, divided by the number of calls. A trial is `repeats`\n"
              "samples at the batch size and as many with one image, in turns. `warmup` samples of\n"
              "each kind are thrown away first. At least 20 samples of each are taken, in whole\n"
              "trials, so that the 95th percentile is not simply the largest: `trials` is raised to\n"
              "that. With --batch 1 both groups of columns come from the same samples.\n"
              "\n"
              "The images are the first of the validation split; without -c they are random pixels.\n"
              "Only one eo-bench runs at a time on a machine: others wait for\n"
              "${TMPDIR:-/tmp}/edge-opt-timing.lock.\n",
};

struct inputs {
    struct eo_config cfg;
    struct eo_model model;
    char sha256[EO_SHA256_TEXT];
    struct eo_dataset dataset;
    struct eo_split split;
};

static int load(struct inputs *in, const char *model)
{
    char dir[4096];
    struct eo_err err;

    eo_config_init(&in->cfg);
    if (config && eo_config_load(&in->cfg, config, &err))
        return cli_fail(&program, config, &err);
    if (eo_model_load(&in->model, model, in->sha256, &err))
        return cli_fail(&program, model, &err);
    if (!config || layers)
        return 0;
    if (eo_dataset_find(&in->cfg, data, dir, sizeof(dir), &err) ||
        eo_dataset_load(&in->dataset, dir, eo_split_validation_part(&in->cfg), &err))
        return cli_fail(&program, NULL, &err);
    if (eo_split_make(&in->split, &in->dataset, &in->cfg, &err))
        return cli_fail(&program, config, &err);
    return 0;
}

/* The command line wins over the config. */
static void make_plan(struct eo_bench_plan *plan, const struct eo_config *cfg)
{
    eo_bench_plan_make(plan, cfg);
    if (batch)
        plan->batch = (int)batch;
    if (repeats)
        plan->repeats = (int)repeats;
    if (trials)
        plan->trials = (int)trials;
    if (warmup >= 0)
        plan->warmup = (int)warmup;
}

/* Takes the samples while no other benchmark runs. */
static int collect(struct eo_bench_engine *engine, const struct eo_bench_plan *plan,
                   struct eo_bench_samples *samples, struct eo_err *err)
{
    struct eo_bench_subject subject = eo_bench_engine_subject(engine);
    int lock = eo_bench_lock();
    int rc = eo_bench_collect(samples, &subject, plan, err);

    eo_bench_unlock(lock);
    return rc;
}

static int write_results(const struct eo_bench_old_row *row, const struct eo_bench_samples *samples)
{
    struct eo_buf text = {0}, raw = {0};

    if (samples_path) {
        eo_bench_put_samples(&raw, samples);
        if (cli_write(&program, samples_path, &raw))
            return 1;
    }
    if (!no_header)
        eo_bench_put_header(&text);
    eo_bench_put_row(&text, row);
    return cli_write(&program, output, &text);
}

static int run(const struct inputs *in)
{
    struct eo_bench_old_row row = {.model = &in->model, .model_sha256 = in->sha256, .isa = eo_isa_name(isa)};
    struct eo_bench_samples samples = {0};
    struct eo_bench_engine *engine;
    struct eo_bench_plan plan;
    struct eo_err err;
    int rc = 1;

    make_plan(&plan, &in->cfg);
    engine = eo_bench_engine_new(&in->model, config ? &in->split.validation : NULL, isa, (int)threads,
                                 plan.batch, &err);
    if (!engine || collect(engine, &plan, &samples, &err) ||
        eo_bench_summarise(&row.at_batch, &samples, plan.batch, &err) ||
        eo_bench_summarise(&row.single, &samples, 1, &err)) {
        cli_fail(&program, NULL, &err);
        goto out;
    }
    row.kernel = eo_bench_engine_kernel(engine);
    row.threads = (int)threads;
    row.batch = plan.batch;
    row.workspace_bytes = eo_bench_engine_workspace_bytes(engine);
    rc = write_results(&row, &samples);
out:
    eo_bench_samples_release(&samples);
    eo_bench_engine_free(engine);
    return rc;
}

static int run_layers(const struct eo_model *m)
{
    struct eo_buf text = {0};

    eo_bench_put_layers(&text, m);
    return cli_write(&program, output, &text);
}

int main(int argc, char **argv)
{
    static struct inputs in;
    int operands = cli_parse(&program, argc, argv);
    const char *model = cli_path(operands ? argv[argc - 1] : NULL);
    int rc;

    if (samples_path && strcmp(samples_path, "-") == 0 && strcmp(cli_path(output), "-") == 0)
        cli_usage(&program, "only one output can go to standard output; give the other a file");
    if (config && strcmp(config, "-") == 0 && strcmp(model, "-") == 0)
        cli_usage(&program, "the config and the model cannot both come from standard input");
    if (layers && (samples_path || no_header))
        cli_usage(&program, "option '--layers' times nothing and cannot be combined with '--%s'",
                  samples_path ? "samples" : "no-header");
    if (data && !config)
        cli_usage(&program, "option '--data' needs '-c': without a config the images are random pixels");
    rc = load(&in, model) || (layers ? run_layers(&in.model) : run(&in));
    eo_dataset_release(&in.dataset);
    eo_model_release(&in.model);
    return rc;
}
