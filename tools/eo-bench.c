/* eo-bench: how long models take on this machine. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "machine/clock.h"
#include "stage/bench/child.h"
#include "stage/bench/doctor.h"
#include "stage/bench/folders.h"
#include "stage/bench/inputs.h"
#include "stage/bench/lock.h"
#include "stage/bench/report.h"
#include "tools/cli.h"

static const char *config, *data, *rounds_path, *samples_path, *machine_path, *output, *from, *into, *node_kind;
static int64_t batch, repeats, trials, warmup = -1, threads = 1, cpu = -1, limit, seconds, wait_s = -1;
static int no_header, exact, strict, quiet;
static enum eo_isa isa;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "the experiment, or its bench slice (default: all keys at their defaults)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the four IDX files of the data set (with -c)"},
    {0, "batch", CLI_INT, &batch, 1, EO_BENCH_MAX_BATCH, "N", "images in a call (default: batch_size)"},
    {0, "trials", CLI_INT, &trials, 1, 1000, "N",
     "least number of rounds, each in a fresh process (default: benchmark_trials)"},
    {0, "repeats", CLI_INT, &repeats, 1, 100000, "N",
     "least number of samples of each size in a round (default: benchmark_repeats)"},
    {0, "warmup", CLI_INT, &warmup, 0, 100000, "N",
     "least number of samples thrown away first in a round (default: benchmark_warmup)"},
    {0, "exact", CLI_FLAG, &exact, 0, 0, NULL,
     "take exactly these numbers, and no round again (default: benchmark_exact)"},
    {0, "limit", CLI_INT, &limit, 1, EO_BENCH_MAX_ROUNDS, "N",
     "most rounds of a model, including those taken again (default: 3 times the rounds)"},
    {0, "seconds", CLI_INT, &seconds, 1, 1000000, "N",
     "end after N seconds with the rounds taken so far (default: benchmark_seconds)"},
    CLI_TIMING_OPTIONS(wait_s, cpu, isa),
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N",
     "threads that share a batch, each on a processor of its own (default: 1)"},
    {0, "strict", CLI_FLAG, &strict, 0, 0, NULL,
     "fail, and write nothing, when the status of a row is not ok"},
    {0, "machine", CLI_TEXT, &machine_path, 0, 0, "CSV",
     "write the report of eo-doctor there, taken before timing"},
    {0, "rounds", CLI_TEXT, &rounds_path, 0, 0, "CSV", "write a row for each round there"},
    {0, "samples", CLI_TEXT, &samples_path, 0, 0, "CSV", "write a row for each sample there"},
    {0, "no-header", CLI_FLAG, &no_header, 0, 0, NULL, "leave out the header row"},
    {0, "from", CLI_TEXT, &from, 0, 0, "DIR",
     "time candidates: the operands are names of models DIR/NAME.safetensors"},
    {0, "into", CLI_TEXT, &into, 0, 0, "DIR",
     "write DIR/NAME.timing.csv, .rounds.csv and .timing.err of each (with --from)"},
    {0, "node-kind", CLI_TEXT, &node_kind, 0, 0, "NAME",
     "kind of the cluster's nodes that this one is of; the rows name it, and the node (SLURMD_NODENAME)"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the rows to write (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-bench",
    .synopsis = "[-c FILE] [options] [MODEL ...] | eo-bench --from DIR --into DIR [options] NAME ...",
    .purpose = "Times models on this machine and prints one CSV row of raw host figures for each:\n"
               "host_latency_* is the time of one image in a batch, host_single_* that of one image alone.",
    .options = options,
    .max_operands = INT_MAX,
    .quiet = &quiet,
    .footer =
        "All models are timed in rounds: each once in every round, in random order, in a fresh process.\n"
        "A sample is one call, or as many in a row as last 100 steps of the clock, less the overhead of\n"
        "the clock. There are at least 16 rounds and 640 samples of each size, with --exact as many as\n"
        "given. An interrupted sample is thrown away, judged by what the kernel reports and never by its\n"
        "time. timing_status and timing_reason say whether a row can be trusted.\n"
        "\n"
        "With --from and --into a candidate that fails gets an error row and the others go on; one whose\n"
        "DIR/NAME.accuracy.err has an error row already is not timed and gets that row. A session that was\n"
        "interrupted goes on when the same command is given again.\n"
        "\n"
        "The images are the first of the validation split; without -c they are random pixels.\n"
        "Only one benchmark runs at a time on a machine: others wait for edge-opt-timing.lock in\n"
        "/run/lock, else /var/lock, $TMPDIR or /tmp, and in $EO_LOCK_DIR alone where that is set.\n"
        "\n"
        "eo-layers times the layers of a model, eo-mlperf one image after the other, and eo-doctor says\n"
        "whether the machine is fit for timing.\n",
};

/* Progress may be on the terminal's line. */
static void say(const char *line)
{
    if (cli_is_watched(quiet) && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    cli_warn(&program, NULL, "%s", line);
}

/* Options that became programs, which scripts of earlier versions may use. */
static void refuse_moved(int argc, char **argv)
{
    static const char *const moved[] = {"layers", "mlperf", "doctor"};

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        for (size_t k = 0; k < sizeof(moved) / sizeof(*moved); k++) {
            if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, moved[k]) == 0)
                cli_usage(&program, "there is no option '%s': use eo-%s", argv[i], moved[k]);
        }
    }
}

static void check_usage(char **operands, int count)
{
    if (!from != !into)
        cli_usage(&program, "options '--from' and '--into' need each other");
    if (from && count == 0)
        cli_usage(&program, "expected the names of candidates");
    if (from && (samples_path || rounds_path || output || no_header))
        cli_usage(&program,
                  "option '--from' writes a file for each candidate and cannot be combined with '--%s'",
                  samples_path  ? "samples"
                  : rounds_path ? "rounds"
                  : output      ? "output"
                                : "no-header");
    if (data && !config)
        cli_usage(&program, "option '--data' needs '-c': without a config the images are random pixels");
    if (!from)
        cli_check_inputs(&program, (const char *[]){config, count ? NULL : "-"}, 2, operands, count);
    cli_check_outputs(
        &program, (const char *[]){samples_path, rounds_path, machine_path, from ? NULL : cli_path(output)},
        4);
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

/* Progress is a line that is written anew, on a terminal alone. */
static void show_progress(void *ctx, const struct eo_bench_progress *p)
{
    int *shown = ctx;

    struct eo_buf text = {0};
    struct eo_err err;

    if (p->taken_over && !*shown)
        fprintf(stderr, "timing: an interrupted session goes on, %zu rounds are taken over\n", p->taken_over);
    eo_buf_printf(&text, "timing: round %zu of %zu", p->round, p->rounds);
    if (p->again)
        eo_buf_printf(&text, ", %zu candidate%s again", p->again, p->again == 1 ? "" : "s");
    if (p->left_s >= 0)
        eo_buf_printf(&text, ", about %.0f s left", p->left_s);
    if (eo_buf_check(&text, &err) == 0)
        cli_show((double)p->round - 1, (double)p->rounds, text.data);
    eo_buf_release(&text);
    *shown = 1;
}

/* `machine` is the doctor's report. */
static int write_results(const struct eo_bench_folders *folders, const struct eo_bench_report *report,
                         struct eo_buf *machine)
{
    const struct eo_bench_tables tables = {cli_path(output), rounds_path, samples_path, !no_header};
    const char *name;
    struct eo_err err;

    if (strict && eo_bench_report_check(report, &name, &err))
        return cli_fail(&program, name, &err);
    if (machine_path && cli_write(&program, machine_path, machine))
        return 1;
    for (size_t i = 0; i < folders->count; i++) {
        if (eo_bench_folders_is_news(folders, i))
            cli_fail(&program, NULL, &folders->list[i].err);
    }
    name = NULL;
    if (from ? eo_bench_folders_write(folders, report, &err)
             : eo_bench_report_write(report, &tables, &name, &err))
        return cli_fail(&program, name, &err);
    return 0;
}

/* The session itself, while no other benchmark runs. */
static int take_session(struct eo_bench_inputs *in, struct eo_bench_plan *plan,
                        struct eo_bench_session *session, struct eo_buf *machine, struct eo_proc *proc,
                        struct eo_err *err)
{
    struct eo_host host = eo_host_of_environment();
    struct eo_bench_lock lock;
    enum eo_fitness fitness;
    double asked = eo_clock_now();
    int shown = 0, rc;

    plan->progress = cli_is_watched(quiet) ? show_progress : NULL;
    plan->progress_ctx = &shown;
    if (eo_bench_lock_for(&lock, wait_s >= 0 ? (int)wait_s : in->cfg.benchmark_wait, plan->cpu, plan->threads,
                          say, err))
        return -1;
    plan->began += eo_clock_now() - asked; /* waiting for another session is not timing */
    if (plan->journal)
        eo_journal_open(plan->journal, into, EO_BENCH_JOURNAL, say);
    rc = eo_proc_begin(proc, err);
    if (rc == 0 && machine_path)
        rc = eo_doctor_report(&host, plan->cpu, machine, &fitness, err);
    if (rc == 0)
        rc = eo_bench_session_run(session, plan, in->list, in->count, in->images, proc, err);
    if (shown)
        cli_show_end(0);
    eo_bench_unlock(&lock);
    if (rc == 0)
        eo_bench_note_circumstances(in->list, in->count, plan->threads, lock.note);
    return rc;
}

/* A signal ends what is being timed, and then this program. */
static int run(struct eo_bench_inputs *in, const struct eo_bench_folders *folders, double began)
{
    struct eo_bench_session session;
    struct eo_bench_plan plan;
    struct eo_bench_report report = {&plan, &session, in->list, in->count};
    struct eo_journal journal = {.fd = -1};
    struct eo_buf machine = {0};
    struct eo_proc proc = {.fd = -1};
    struct eo_err err;
    char line[256];
    int sig, rc;

    make_plan(&plan, in->cfg);
    plan.began = began;
    plan.journal = into ? &journal : NULL;
    plan.node_kind = node_kind;
    plan.node = node_kind ? getenv("SLURMD_NODENAME") : NULL;
    rc = take_session(in, &plan, &session, &machine, &proc, &err);
    if (rc == 0 && session.is_cut) {
        eo_bench_report_cut(&report, line, sizeof(line));
        say(line);
    }
    if (rc && !proc.signal)
        cli_fail(&program, NULL, &err);
    if (rc == 0) {
        rc = write_results(folders, &report, &machine);
        if (rc == 0 || strict)
            eo_journal_remove(&journal);
    }
    eo_journal_close(&journal);
    eo_buf_release(&machine);
    sig = proc.fd >= 0 ? eo_proc_end(&proc) : 0;
    if (sig)
        raise(sig);
    return rc ? 1 : 0;
}

static int load(struct eo_bench_inputs *in, struct eo_bench_folders *folders, char **operands, int count,
                struct eo_err *err)
{
    if (eo_bench_inputs_load(in, config, data, err))
        return -1;
    if (!from)
        return eo_bench_inputs_load_models(in, operands, (size_t)count, err);
    *folders = (struct eo_bench_folders){.from = from,
                                         .into = into,
                                         .machine = machine_path,
                                         .names = operands,
                                         .count = (size_t)count,
                                         .seed = in->cfg.seeds[0]};
    return eo_bench_folders_load(folders, in, err);
}

int main(int argc, char **argv)
{
    struct eo_bench_folders folders = {0};
    struct eo_bench_inputs in = {0};
    double began = eo_clock_now();
    int child = eo_bench_child(argc, argv);
    char **operands;
    struct eo_err err;
    int count, rc;

    if (child >= 0)
        return child;
    refuse_moved(argc, argv);
    count = cli_parse(&program, argc, argv);
    operands = argv + argc - count;
    check_usage(operands, count);
    /* Rows of candidates are for the Make that asked for them: if that is killed, this session ends too. */
    if (from)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    rc = load(&in, &folders, operands, count, &err) ? cli_fail(&program, in.failed, &err)
                                                    : run(&in, &folders, began);
    eo_bench_folders_release(&folders);
    eo_bench_inputs_release(&in);
    return rc;
}
