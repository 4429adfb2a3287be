/* eo-bench: how long models take on this machine. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pin.h"
#include "base/quota.h"
#include "stage/bench_child.h"
#include "stage/bench_lock.h"
#include "stage/bench_layers.h"
#include "stage/bench_report.h"
#include "stage/bench_session.h"
#include "stage/bench_sweep.h"
#include "stage/doctor.h"
#include "stage/mlperf.h"
#include "tools/cli.h"

static const char *config, *data, *rounds_path, *samples_path, *machine_path, *output, *from, *into;
static int64_t batch, repeats, trials, warmup = -1, threads = 1, cpu = -1, limit, seconds, wait_s = -1;
static int no_header, layers, exact, strict, doctor, mlperf, quiet;
static double window;
static enum eo_isa isa;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "experiment or bench slice; default: all keys at their defaults"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the data set's four files (with -c)"},
    {0, "batch", CLI_INT, &batch, 1, EO_BENCH_MAX_BATCH, "N", "images in a call (batch_size)"},
    {0, "trials", CLI_INT, &trials, 1, 1000, "N",
     "rounds at least, each in a fresh process (benchmark_trials)"},
    {0, "repeats", CLI_INT, &repeats, 1, 100000, "N",
     "samples of each size in a round at least (benchmark_repeats)"},
    {0, "warmup", CLI_INT, &warmup, 0, 100000, "N",
     "samples of each size thrown away in a round at least (benchmark_warmup)"},
    {0, "exact", CLI_FLAG, &exact, 0, 0, NULL, "just so many, and no round again (benchmark_exact)"},
    {0, "limit", CLI_INT, &limit, 1, EO_BENCH_MAX_ROUNDS, "N",
     "rounds of a model at most, those taken again included; default: 3 x"},
    {0, "seconds", CLI_INT, &seconds, 1, 1000000, "N",
     "end with the rounds that there are by then (benchmark_seconds)"},
    {0, "wait", CLI_INT, &wait_s, 0, 1000000, "N",
     "seconds to wait for another benchmark, at most (benchmark_wait)"},
    {0, "cpu", CLI_INT, &cpu, 0, 4095, "N", "processor to be pinned to; default: the highest"},
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N", "threads that share a batch; default: 1"},
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME", "instruction set (default: EO_ISA, else the best)"},
    {0, "strict", CLI_FLAG, &strict, 0, 0, NULL, "fail, and write nothing, when a row's status is not ok"},
    {0, "doctor", CLI_FLAG, &doctor, 0, 0, NULL,
     "say whether this machine is fit for timing, and time nothing"},
    {0, "machine", CLI_TEXT, &machine_path, 0, 0, "CSV", "look first, as --doctor, and write that there"},
    {0, "rounds", CLI_TEXT, &rounds_path, 0, 0, "CSV", "write a line for every round there"},
    {0, "samples", CLI_TEXT, &samples_path, 0, 0, "CSV", "write every sample there"},
    {0, "no-header", CLI_FLAG, &no_header, 0, 0, NULL, "leave the header row out"},
    {0, "layers", CLI_FLAG, &layers, 0, 0, NULL, "what each layer takes instead: bytes, time, counters"},
    {0, "mlperf", CLI_FLAG, &mlperf, 0, 0, NULL,
     "one image after the other instead, by the rule of MLPerf Tiny"},
    {0, "window", CLI_NUMBER, &window, 0.001, 3600, "SECONDS",
     "least length of its five windows; the rule: 10"},
    {0, "from", CLI_TEXT, &from, 0, 0, "DIR",
     "time candidates: each operand is a name, its model DIR/NAME.safetensors"},
    {0, "into", CLI_TEXT, &into, 0, 0, "DIR",
     "their DIR/NAME.timing.csv, .rounds.csv and .timing.err (with --from)"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "rows to write; default: standard output"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-bench",
    .synopsis = "[-c FILE] [options] [MODEL ...] | eo-bench --from DIR --into DIR [options] NAME ...",
    .purpose = "Times models on this machine and prints one CSV row of raw host figures for each:\n"
               "host_latency_* is the time of one image in a batch, host_single_* that of one image\n"
               "alone.",
    .options = options,
    .max_operands = INT_MAX,
    .quiet = &quiet,
    .footer =
        "All models are timed in rounds: each once in every round, in random order, each time in a\n"
        "fresh process that is pinned to a processor (with --threads: to one for each) and whose stack,\n"
        "heap and environment lie elsewhere. It warms up until the times are stable and takes samples at\n"
        "both sizes in turns.\n"
        "A sample is one call, or as many in a row as last 100 steps of the clock, less the clock's\n"
        "overhead. There are at least 16 rounds and 640 samples of each size, so that the 95th and\n"
        "the 99th percentile are not simply the largest; with --exact just what was asked for.\n"
        "A sample that was interrupted is thrown away, by what the kernel tells and never by its time.\n"
        "With --batch 1 both groups of columns come from the same samples.\n"
        "\n"
        "With --layers a row for each layer and their total is printed: bytes and operations, and the\n"
        "time and the processor's counters of one image in calls of the batch size and (single_*) of\n"
        "one image, medians over many calls in this process, in turns.\n"
        "\n"
        "With --mlperf each model takes one image after the other in five windows of 10 s, in this\n"
        "process; the row has the median of their throughputs, and p90 and p99 of single images.\n"
        "\n"
        "All rows have timing_status and timing_reason: ok, or why they cannot be trusted.\n"
        "\n"
        "With --from and --into a candidate that fails gets an error row and the others go on; one\n"
        "whose DIR/NAME.accuracy.err has an error row already is not timed and gets that row.\n"
        "\n"
        "The images are the first of the validation split; without -c they are random pixels.\n"
        "Only one eo-bench runs at a time on a machine: others wait for edge-opt-timing.lock in\n"
        "/run/lock, else /var/lock, $TMPDIR or /tmp, and in $EO_LOCK_DIR alone where that is set.\n"
        "\n"
        "--doctor looks for half a second at what disturbs timings and prints check,found,verdict,\n"
        "advice; the last row is the verdict on the machine. With --strict a bad one makes it exit 1.\n"
        "What the kernel tells is read below $EO_HOST_ROOT, where that is set.\n",
};

struct inputs {
    struct eo_config cfg;
    struct eo_dataset dataset;
    struct eo_split split;
    struct eo_bench_sweep sweep; /* with --from */
    struct eo_bench_candidate *list;
    size_t count;
};

static int load_sweep(struct inputs *in, char **names, int count)
{
    struct eo_err err;
    int rc;

    in->sweep = (struct eo_bench_sweep){.from = from,
                                        .into = into,
                                        .machine = machine_path,
                                        .names = names,
                                        .count = (size_t)count,
                                        .seed = in->cfg.seeds[0]};
    rc = eo_bench_sweep_load(&in->sweep, &err);
    in->list = in->sweep.list;
    in->count = in->sweep.count;
    return rc ? cli_fail(&program, NULL, &err) : 0;
}

static int load_models(struct inputs *in, char **paths, int count)
{
    struct eo_err err;
    size_t i;

    in->count = count ? (size_t)count : 1;
    in->list = eo_alloc(in->count, sizeof(*in->list), &err);
    if (!in->list)
        return cli_fail(&program, NULL, &err);
    for (i = 0; i < in->count; i++) {
        const char *path = count ? paths[i] : "-";

        if (eo_bench_candidate_load(&in->list[i], path, &err))
            return cli_fail(&program, path, &err);
    }
    return 0;
}

static int load(struct inputs *in, char **operands, int count)
{
    char dir[4096];
    struct eo_err err;

    eo_config_init(&in->cfg);
    if (config && eo_config_load(&in->cfg, config, &err))
        return cli_fail(&program, config, &err);
    if (from ? load_sweep(in, operands, count) : load_models(in, operands, count))
        return 1;
    if (!config)
        return 0;
    if (eo_dataset_find(&in->cfg, data, dir, sizeof(dir), &err) ||
        eo_dataset_load(&in->dataset, dir, eo_split_validation_part(&in->cfg), &err))
        return cli_fail(&program, NULL, &err);
    if (eo_split_make(&in->split, &in->dataset, &in->cfg, &err))
        return cli_fail(&program, config, &err);
    return 0;
}

static void release(struct inputs *in)
{
    size_t i;

    for (i = 0; !from && in->list && i < in->count; i++)
        eo_bench_candidate_release(&in->list[i]);
    if (from)
        eo_bench_sweep_release(&in->sweep);
    else
        free(in->list);
    eo_dataset_release(&in->dataset);
}

/* The command line wins over the config. */
static void make_plan(struct eo_bench_plan *plan, struct eo_config cfg)
{
    cfg.batch_size = batch ? (int)batch : cfg.batch_size;
    cfg.benchmark_repeats = repeats ? (int)repeats : cfg.benchmark_repeats;
    cfg.benchmark_trials = trials ? (int)trials : cfg.benchmark_trials;
    cfg.benchmark_warmup = warmup >= 0 ? (int)warmup : cfg.benchmark_warmup;
    cfg.benchmark_exact = exact || cfg.benchmark_exact;
    cfg.benchmark_seconds = seconds ? (int)seconds : cfg.benchmark_seconds;
    eo_bench_plan_make(plan, &cfg);
    if (limit)
        eo_bench_plan_limit(plan, (int)limit);
    plan->threads = (int)threads;
    plan->cpu = (int)cpu;
    plan->isa = isa;
    plan->go_on = from != NULL;
}

static int write_sweep(const struct inputs *in, const struct eo_bench_report *report)
{
    struct eo_err err;
    size_t i;

    for (i = 0; i < in->count; i++) {
        if (eo_bench_sweep_is_news(&in->sweep, i))
            cli_fail(&program, NULL, &in->list[i].err);
    }
    return eo_bench_sweep_write(&in->sweep, report, &err) ? cli_fail(&program, NULL, &err) : 0;
}

/* The rows come last: who finds them finds the others too. */
static int write_tables(const struct eo_bench_report *report)
{
    struct eo_buf text = {0};

    if (samples_path) {
        eo_bench_report_put_samples(report, &text);
        if (cli_write(&program, samples_path, &text))
            return 1;
    }
    if (rounds_path) {
        eo_bench_report_put_rounds(report, &text);
        if (cli_write(&program, rounds_path, &text))
            return 1;
    }
    eo_bench_report_put_rows(report, !no_header, &text);
    return cli_write(&program, output, &text);
}

/* `machine` is the doctor's report. */
static int write_results(const struct inputs *in, const struct eo_bench_report *report,
                         struct eo_buf *machine)
{
    const char *name;
    struct eo_err err;

    if (strict && eo_bench_report_check(report, &name, &err))
        return cli_fail(&program, name, &err);
    if (machine_path && cli_write(&program, machine_path, machine))
        return 1;
    return from ? write_sweep(in, report) : write_tables(report);
}

static void say_waiting(const char *holder)
{
    fprintf(stderr, "%s: %s; waiting until it is done\n", program.name, holder);
}

/* What would fail after waiting fails before. Without a lock, it is said why. */
static int take_lock(const struct inputs *in, struct eo_bench_lock *lock)
{
    int cpus[EO_POOL_MAX], count;
    struct eo_err err;

    if (eo_pin_choose((int)cpu, EO_POOL_MAX, cpus, &count, &err))
        return cli_fail(&program, NULL, &err);
    if (count > 0 && threads > count)
        fprintf(stderr, "%s: %d threads share %d processors: the times are those of waiting for each other\n",
                program.name, (int)threads, count);
    if (eo_bench_lock(lock, wait_s >= 0 ? (int)wait_s : in->cfg.benchmark_wait, say_waiting, &err))
        return cli_fail(&program, NULL, &err);
    if (lock->note[0])
        fprintf(stderr, "%s: %s; another benchmark may run at the same time\n", program.name, lock->note);
    return 0;
}

/* On the terminal alone, a line that is written anew. */
static void show_progress(void *ctx, const struct eo_bench_progress *p)
{
    int *shown = ctx;

    fprintf(stderr, "\rtiming: round %zu of %zu", p->round, p->rounds);
    if (p->again)
        fprintf(stderr, ", %zu candidate%s again", p->again, p->again == 1 ? "" : "s");
    if (p->left_s >= 0)
        fprintf(stderr, ", about %.0f s left", p->left_s);
    fputs("\033[K", stderr);
    *shown = 1;
}

static void say_cut(const struct inputs *in, const struct eo_bench_plan *plan)
{
    size_t i, least = SIZE_MAX;

    for (i = 0; i < in->count; i++) {
        if (!in->list[i].failed && in->list[i].rounds.count < least)
            least = in->list[i].rounds.count;
    }
    fprintf(stderr,
            "%s: %d s (benchmark_seconds) were over after %zu rounds (planned: %d): the rows are of these\n",
            program.name, plan->seconds, least, plan->rounds);
}

static void end_progress(int shown)
{
    if (shown)
        fputs("\r\033[K", stderr);
}

/* What the rows should say besides. */
static void note_circumstances(struct inputs *in, const struct eo_host *host,
                               const struct eo_bench_lock *lock)
{
    double quota = eo_host_quota(host);
    char text[64];
    size_t i;

    snprintf(text, sizeof(text), "quota: the control group may use %.2f processors", quota);
    for (i = 0; i < in->count; i++) {
        if (quota < (double)threads)
            eo_verdict_note(&in->list[i].verdict, text);
        if (lock->note[0])
            eo_verdict_note(&in->list[i].verdict, lock->note);
    }
}

/* Times everything while no other benchmark runs. A signal ends what is being timed, and then this program. */
static int run(struct inputs *in)
{
    struct eo_bench_session session;
    struct eo_bench_plan plan;
    struct eo_bench_report report = {&plan, &session, in->list, in->count};
    struct eo_host host = eo_host_of_environment();
    struct eo_buf machine = {0};
    enum eo_fitness fitness;
    struct eo_proc proc;
    struct eo_err err;
    struct eo_bench_lock lock;
    int shown = 0, sig, rc;

    make_plan(&plan, in->cfg);
    plan.progress = !quiet && isatty(STDERR_FILENO) ? show_progress : NULL;
    plan.progress_ctx = &shown;
    if (take_lock(in, &lock))
        return 1;
    rc = eo_proc_begin(&proc, &err);
    if (rc) {
        eo_bench_unlock(&lock);
        return cli_fail(&program, NULL, &err);
    }
    if (machine_path)
        rc = eo_doctor_report(&host, (int)cpu, &machine, &fitness, &err);
    if (!rc)
        rc = eo_bench_session_run(&session, &plan, in->list, in->count, config ? &in->split.validation : NULL,
                                  &proc, &err);
    end_progress(shown);
    eo_bench_unlock(&lock);
    if (!rc && session.is_cut)
        say_cut(in, &plan);
    if (!rc)
        note_circumstances(in, &host, &lock);
    if (rc && !proc.signal)
        cli_fail(&program, NULL, &err);
    if (!rc)
        rc = write_results(in, &report, &machine);
    eo_buf_release(&machine);
    sig = eo_proc_end(&proc);
    if (sig)
        raise(sig);
    return rc ? 1 : 0;
}

/* With --strict, 1 after saying why not. */
static int check_status(const char *name, enum eo_timing_status status, const char *reason)
{
    struct eo_err err;

    if (!strict || status == EO_TIMING_OK)
        return 0;
    eo_err_set(&err, "expected timing status ok, found %s: %s", eo_timing_status_name(status), reason);
    return cli_fail(&program, name, &err);
}

/* One model, in this process. */
static int run_layers(const struct inputs *in)
{
    const struct eo_model *m = &in->list[0].model;
    struct eo_layer_costs costs;
    struct eo_bench_plan plan;
    struct eo_buf text = {0};
    struct eo_bench_lock lock;
    struct eo_err err;
    int rc;

    make_plan(&plan, in->cfg);
    if (take_lock(in, &lock))
        return 1;
    rc = eo_bench_layers(&costs, m, config ? &in->split.validation : NULL, &plan, &err);
    eo_bench_unlock(&lock);
    if (rc)
        return cli_fail(&program, NULL, &err);
    if (lock.note[0])
        eo_verdict_note(&costs.verdict, lock.note);
    if (check_status(in->list[0].name, costs.verdict.status, costs.verdict.reason))
        return 1;
    eo_bench_put_layers(&text, m, &costs);
    rc = cli_write(&program, output, &text);
    if (!rc && costs.counters_note[0])
        fprintf(stderr, "%s: %s\n", program.name, costs.counters_note);
    return rc;
}

/* Appends the row of a model. `note`: what its reason says besides, or "". */
static int measure_stream(const struct inputs *in, const struct eo_bench_candidate *c,
                          const struct eo_bench_plan *plan, const char *note, struct eo_buf *text)
{
    struct eo_mlperf result;
    struct eo_err err;

    if (eo_mlperf_measure(&result, &c->model, config ? &in->split.validation : NULL, plan,
                          window > 0 ? window : EO_MLPERF_WINDOW_S, &err))
        return cli_fail(&program, NULL, &err);
    if (note[0])
        eo_timing_note(result.reason, sizeof(result.reason), note);
    eo_mlperf_put_row(text, &c->model, c->sha256, eo_isa_name(isa), &result);
    return check_status(c->name, result.status, result.reason);
}

/* One model after the other, in this process. */
static int run_mlperf(const struct inputs *in)
{
    struct eo_bench_plan plan;
    struct eo_buf text = {0};
    struct eo_bench_lock lock;
    size_t i;
    int rc = 0;

    if (take_lock(in, &lock))
        return 1;

    make_plan(&plan, in->cfg);
    if (!no_header)
        eo_mlperf_put_header(&text);
    for (i = 0; rc == 0 && i < in->count; i++)
        rc = measure_stream(in, &in->list[i], &plan, lock.note, &text);
    eo_bench_unlock(&lock);
    if (rc == 0)
        return cli_write(&program, output, &text);
    eo_buf_release(&text);
    return rc;
}

static int run_doctor(void)
{
    struct eo_host host = eo_host_of_environment();
    enum eo_fitness machine;
    struct eo_buf text = {0};
    struct eo_err err;

    if (eo_doctor_report(&host, (int)cpu, &text, &machine, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, NULL, &err);
    }
    if (cli_write(&program, output, &text))
        return 1;
    if (!strict || machine != EO_FITNESS_BAD)
        return 0;
    eo_err_set(&err, "this machine is not fit for timing: the report says why");
    return cli_fail(&program, NULL, &err);
}

/* Ways of working that are not the usual one. */
enum mode { LAYERS = 1, DOCTOR = 2, SWEEP = 4, MLPERF = 8, ALL = LAYERS | DOCTOR | SWEEP | MLPERF };

/* Options that could not do anything there. */
static void check_mode(enum mode mode, const char *option, const char *why)
{
    const struct {
        const char *name;
        int is_given, excluded;
    } others[] = {{"config", config != NULL, DOCTOR},
                  {"from", from != NULL, DOCTOR | LAYERS | MLPERF},
                  {"into", into != NULL, DOCTOR | LAYERS | MLPERF},
                  {"trials", trials != 0, LAYERS | MLPERF},
                  {"repeats", repeats != 0, LAYERS | MLPERF},
                  {"warmup", warmup >= 0, LAYERS | MLPERF},
                  {"exact", exact, LAYERS | MLPERF},
                  {"limit", limit != 0, LAYERS | MLPERF},
                  {"seconds", seconds != 0, DOCTOR | LAYERS | MLPERF},
                  {"wait", wait_s >= 0, DOCTOR},
                  {"threads", threads != 1, LAYERS | MLPERF},
                  {"samples", samples_path != NULL, ALL},
                  {"rounds", rounds_path != NULL, ALL},
                  {"machine", machine_path != NULL, DOCTOR | LAYERS | MLPERF},
                  {"output", output != NULL, SWEEP},
                  {"layers", layers, DOCTOR},
                  {"mlperf", mlperf, LAYERS | DOCTOR},
                  {"window", window > 0, LAYERS | DOCTOR | SWEEP},
                  {"no-header", no_header, LAYERS | DOCTOR | SWEEP}};
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (others[i].is_given && others[i].excluded & mode)
            cli_usage(&program, "option '--%s' %s and cannot be combined with '--%s'", option, why,
                      others[i].name);
    }
}

static void check_usage(char **operands, int count)
{
    if (doctor && count > 0)
        cli_usage(&program, "unexpected operand '%s': option '--doctor' times nothing", operands[0]);
    if (doctor)
        check_mode(DOCTOR, "doctor", "times nothing");
    if (layers)
        check_mode(LAYERS, "layers", "takes no samples");
    if (layers && count > 1)
        cli_usage(&program, "option '--layers' takes one model");
    if (mlperf)
        check_mode(MLPERF, "mlperf", "takes no samples");
    if (window > 0 && !mlperf)
        cli_usage(&program, "option '--window' needs '--mlperf'");
    if (from)
        check_mode(SWEEP, "from", "writes a file for each candidate");
    if (!from != !into)
        cli_usage(&program, "options '--from' and '--into' need each other");
    if (from && count == 0)
        cli_usage(&program, "expected the names of candidates");
    if (data && !config)
        cli_usage(&program, "option '--data' needs '-c': without a config the images are random pixels");
    if (!from)
        cli_check_inputs(&program, (const char *[]){config, count ? NULL : "-"}, 2, operands, count);
    cli_check_outputs(
        &program, (const char *[]){samples_path, rounds_path, machine_path, from ? NULL : cli_path(output)},
        4);
}

int main(int argc, char **argv)
{
    static struct inputs in;
    int child = eo_bench_child(argc, argv);
    char **operands;
    int count, rc;

    if (child >= 0)
        return child;
    count = cli_parse(&program, argc, argv);
    operands = argv + argc - count;
    check_usage(operands, count);
    if (doctor)
        return run_doctor();
    /* The rows of a sweep are for the Make that asked for them: where that was killed, nobody waits for them any more. */
    if (from)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    rc = load(&in, operands, count) || (layers ? run_layers(&in) : mlperf ? run_mlperf(&in) : run(&in));
    release(&in);
    return rc;
}
