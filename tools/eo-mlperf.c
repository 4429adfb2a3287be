/* eo-mlperf: one image after the other, by the rule of MLPerf Tiny. */
#include <limits.h>

#include "stage/bench/inputs.h"
#include "stage/bench/lock.h"
#include "stage/bench/mlperf.h"
#include "tools/cli.h"

static const char *config, *data, *output;
static int64_t batch, cpu = -1, wait_s = -1;
static int strict, no_header;
static double window = EO_MLPERF_WINDOW_S;
static enum eo_isa isa;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "the experiment, or its bench slice (default: all keys at their defaults)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the four IDX files of the data set (with -c)"},
    {0, "batch", CLI_INT, &batch, 1, EO_BENCH_MAX_BATCH, "N",
     "number of images to take in turn (default: batch_size)"},
    {0, "window", CLI_NUMBER, &window, 0.001, 3600, "SECONDS",
     "least length of each of the five windows (default: 10, as the rule says)"},
    CLI_TIMING_OPTIONS(wait_s, cpu, isa),
    {0, "strict", CLI_FLAG, &strict, 0, 0, NULL,
     "fail, and write nothing, when the status of a row is not ok"},
    {0, "no-header", CLI_FLAG, &no_header, 0, 0, NULL, "leave out the header row"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the rows to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-mlperf",
    .synopsis = "[-c FILE] [options] [MODEL ...]",
    .purpose =
        "Gives each model one image after the other in five windows of 10 s, by the rule of MLPerf Tiny\n"
        "(single stream), and prints one CSV row for each: the median throughput, p90 and p99.",
    .options = options,
    .max_operands = INT_MAX,
    .footer =
        "The models are measured one after the other in this process. timing_status and timing_reason say\n"
        "whether a row can be trusted, as in the rows of eo-bench; by_the_rule is False for shorter "
        "windows.\n"
        "\n"
        "The images are the first of the validation split; without -c they are random pixels. MODEL is a\n"
        "safetensors file; without it, or with -, standard input is read.\n",
};

static void say(const char *line)
{
    cli_warn(&program, NULL, "%s", line);
}

/* Appends the row of a model. `note`: what its reason says besides, or "". */
static int measure(struct eo_bench_inputs *in, const struct eo_bench_candidate *c, const char *note,
                   struct eo_buf *text, struct eo_err *err)
{
    struct eo_mlperf result;
    struct eo_bench_plan plan;

    eo_bench_plan_make(&plan, &in->cfg);
    plan.batch = batch ? (int)batch : plan.batch;
    plan.cpu = (int)cpu;
    plan.isa = isa;
    if (eo_mlperf_measure(&result, &c->model, in->images, &plan, window, err))
        return -1;
    if (note[0])
        eo_timing_note(result.reason, sizeof(result.reason), note);
    eo_mlperf_put_row(text, &c->model, c->sha256, eo_isa_name(isa), &result);
    if (!strict)
        return 0;
    in->failed = c->name;
    return eo_timing_check(result.status, result.reason, err);
}

static int run(struct eo_bench_inputs *in, struct eo_buf *text, struct eo_err *err)
{
    struct eo_bench_lock lock;
    int rc = 0;

    if (eo_bench_lock_for(&lock, wait_s >= 0 ? (int)wait_s : in->cfg.benchmark_wait, (int)cpu, 1, say, err))
        return -1;
    if (!no_header)
        eo_mlperf_put_header(text);
    for (size_t i = 0; rc == 0 && i < in->count; i++)
        rc = measure(in, &in->list[i], lock.note, text, err);
    eo_bench_unlock(&lock);
    return rc;
}

int main(int argc, char **argv)
{
    struct eo_bench_inputs in = {0};
    int count = cli_parse(&program, argc, argv), rc;
    char **operands = argv + argc - count;
    struct eo_buf text = {0};
    struct eo_err err;

    if (data && !config)
        cli_usage(&program, "option '--data' needs '-c': without a config the images are random pixels");
    cli_check_inputs(&program, (const char *[]){config, count ? NULL : "-"}, 2, operands, count);
    cli_check_outputs(&program, (const char *[]){cli_path(output)}, 1);
    if (eo_bench_inputs_load(&in, config, data, &err) ||
        eo_bench_inputs_load_models(&in, operands, (size_t)count, &err) || run(&in, &text, &err))
        rc = cli_fail(&program, in.failed, &err);
    else
        rc = cli_write(&program, output, &text);
    eo_buf_release(&text);
    eo_bench_inputs_release(&in);
    return rc;
}
