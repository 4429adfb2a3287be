/* eo-layers: what each layer of a model costs on this machine. */
#include <stdio.h>

#include "stage/bench/inputs.h"
#include "stage/bench/layers.h"
#include "stage/bench/lock.h"
#include "tools/cli.h"

static const char *config, *data, *output;
static int64_t batch, cpu = -1, wait_s = -1;
static int strict;
static enum eo_isa isa;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "the experiment, or its bench slice (default: all keys at their defaults)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the four IDX files of the data set (with -c)"},
    {0, "batch", CLI_INT, &batch, 1, EO_BENCH_MAX_BATCH, "N", "images in a call (default: batch_size)"},
    CLI_TIMING_OPTIONS(wait_s, cpu, isa),
    {0, "strict", CLI_FLAG, &strict, 0, 0, NULL, "fail, and write nothing, when the status is not ok"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the table to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-layers",
    .synopsis = "[-c FILE] [options] [MODEL]",
    .purpose = "Prints what each layer of a model costs on this machine, and the total: bytes, operations,\n"
               "time and the processor's counters.",
    .options = options,
    .max_operands = 1,
    .footer =
        "Times and counters are those of one image in calls of the batch size and (single_*) of one image,\n"
        "medians over many calls in this process, in turns. timing_status and timing_reason say whether\n"
        "they can be trusted, as in the rows of eo-bench.\n"
        "\n"
        "The images are the first of the validation split; without -c they are random pixels. MODEL is a\n"
        "safetensors file; without it, or with -, standard input is read.\n",
};

static void say(const char *line)
{
    cli_warn(&program, NULL, "%s", line);
}

static int measure(const struct eo_bench_inputs *in, struct eo_layer_costs *costs, struct eo_err *err)
{
    struct eo_bench_plan plan;
    struct eo_bench_lock lock;
    int rc;

    eo_bench_plan_make(&plan, &in->cfg);
    plan.batch = batch ? (int)batch : plan.batch;
    plan.cpu = (int)cpu;
    plan.isa = isa;
    if (eo_bench_lock_for(&lock, wait_s >= 0 ? (int)wait_s : in->cfg.benchmark_wait, plan.cpu, 1, say, err))
        return -1;
    rc = eo_bench_layers(costs, &in->list[0].model, in->images, &plan, err);
    eo_bench_unlock(&lock);
    if (rc == 0 && lock.note[0])
        eo_verdict_note(&costs->verdict, lock.note);
    return rc;
}

static int run(const struct eo_bench_inputs *in)
{
    struct eo_layer_costs costs;
    struct eo_buf text = {0};
    struct eo_err err;

    if (measure(in, &costs, &err))
        return cli_fail(&program, NULL, &err);
    if (strict && eo_timing_check(costs.verdict.status, costs.verdict.reason, &err))
        return cli_fail(&program, in->list[0].name, &err);
    eo_bench_put_layers(&text, &in->list[0].model, &costs);
    if (cli_write(&program, output, &text))
        return 1;
    if (costs.counters_note[0])
        say(costs.counters_note);
    return 0;
}

int main(int argc, char **argv)
{
    struct eo_bench_inputs in = {0};
    int count = cli_parse(&program, argc, argv), rc;
    char **operands = argv + argc - count;
    struct eo_err err;

    if (data && !config)
        cli_usage(&program, "option '--data' needs '-c': without a config the images are random pixels");
    cli_check_inputs(&program, (const char *[]){config, count ? NULL : "-"}, 2, operands, count);
    cli_check_outputs(&program, (const char *[]){cli_path(output)}, 1);
    if (eo_bench_inputs_load(&in, config, data, &err) ||
        eo_bench_inputs_load_models(&in, operands, (size_t)count, &err))
        rc = cli_fail(&program, in.failed, &err);
    else
        rc = run(&in);
    eo_bench_inputs_release(&in);
    return rc;
}
