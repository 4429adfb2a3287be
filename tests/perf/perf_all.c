/*
 * `make perf`: how fast everything is on this machine, beside what the machine can do at most and beside other
 * frameworks on the same network.
 *
 *     perf_all -b PROGRAMS -d DATA -o FOLDER [-t THREADS] [-r ROUNDS] [-s] [-n]
 *              [-O OPERATION] [-i ISA|PEER] [-p PRECISION] [-B BATCH] [-c C1xC2]
 *
 *     -s  also all numbers of channels (scan.h)
 *     -n  no peers
 *     -O -i -p -B  only the rows with that operation, instruction set, precision, batch
 *     -c  that shape in place of the four pruning levels
 *
 * Writes FOLDER/perf.csv, FOLDER/perf.md and with -s FOLDER/perf-scan.csv, and prints the report. Exit status 0
 * whatever the figures are; 1 when something failed or the machine was busy, unless FORCE=1 is in the environment.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/clock.h"
#include "base/io.h"
#include "stage/bench/lock.h"
#include "tests/perf/ours.h"
#include "tests/perf/peaks.h"
#include "tests/perf/peer.h"
#include "tests/perf/quiet.h"
#include "tests/perf/report.h"
#include "tests/perf/scan.h"

#define ROUNDS 7
#define ROWS_BETWEEN_PEAKS 24
#define PEERS 4

struct run {
    const char *programs, *data, *folder;
    int scan, peers_wanted, force;
    struct perf_choice choice;
    struct perf_peer peers[PEERS];
    int peer_count;
    struct perf_rows rows;
    struct perf_peaks peaks;
    struct perf_scan scans[2];
    struct perf_quiet quiet;
    struct eo_dataset dataset;
};

static int fail(const char *what)
{
    fprintf(stderr, "perf: %s\n", what);
    return 1;
}

/* ---- options ------------------------------------------------------------------------------------------------- */

static void set_defaults(struct run *run)
{
    static const double level[] = {0, 0.25, 0.5, 0.7};
    static const struct eo_shape shape[] = {{16, 32}, {12, 24}, {8, 16}, {5, 10}};
    const char *force = getenv("FORCE");

    memset(run, 0, sizeof(*run));
    memcpy(run->choice.level, level, sizeof(level));
    memcpy(run->choice.shape, shape, sizeof(shape));
    run->choice.levels = 4;
    run->choice.threads = eo_cpu_count();
    run->choice.rounds = ROUNDS;
    run->peers_wanted = 1;
    run->force = force && *force && strcmp(force, "0") != 0;
}

static int parse_shape(struct perf_choice *c, const char *text)
{
    c->levels = 1;
    return sscanf(text, "%dx%d", &c->shape[0].c1, &c->shape[0].c2) == 2 ? 0 : -1;
}

static int parse_option(struct run *run, int option, const char *value)
{
    struct perf_choice *c = &run->choice;

    switch (option) {
    case 'b':
        run->programs = value;
        return 0;
    case 'd':
        run->data = value;
        return 0;
    case 'o':
        run->folder = value;
        return 0;
    case 's':
        run->scan = 1;
        return 0;
    case 'n':
        run->peers_wanted = 0;
        return 0;
    case 'O':
        c->operation = value;
        return 0;
    case 'i':
        c->who = value;
        return 0;
    case 'p':
        c->precision = value;
        return 0;
    case 'B':
        c->batch = atoi(value);
        return 0;
    case 'c':
        return parse_shape(c, value);
    case 't':
        c->threads = atoi(value);
        return c->threads >= 1 && c->threads <= 64 ? 0 : -1;
    case 'r':
        c->rounds = atoi(value);
        return c->rounds >= 1 && c->rounds <= PERF_ROUNDS_MAX ? 0 : -1;
    default:
        return -1;
    }
}

static int parse(struct run *run, int argc, char **argv)
{
    int option;

    set_defaults(run);
    while ((option = getopt(argc, argv, "b:d:o:t:r:snO:i:p:B:c:")) != -1) {
        if (parse_option(run, option, optarg)) {
            fprintf(stderr, "perf: option -%c: see the top of tests/perf/perf_all.c\n", option);
            return -1;
        }
    }
    return run->programs && run->data && run->folder ? 0 : -1;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static int peer_take(struct perf_row *row, double us[PERF_SAMPLES])
{
    char question[64];
    double seconds;

    snprintf(question, sizeof(question), "%s %s %d\n", row->operation, eo_precision_name(row->precision),
             row->batch);
    seconds = perf_peer_ask(row->ctx, question, row->skipped, sizeof(row->skipped));
    us[0] = seconds * 1e6;
    return seconds > 0;
}

static int add_peer_row(struct run *run, struct perf_peer *peer, const char *operation,
                        enum eo_precision precision, int batch, struct eo_err *err)
{
    struct perf_row *row, labels = {
                              .operation = operation,
                              .who = peer->name,
                              .precision = precision,
                              .batch = batch,
                              .threads = peer->threads,
                              .level = run->choice.level[0],
                              .shape = {16, 32},
                              .peak = -1,
                              .take = peer_take,
                              .ctx = peer,
                          };

    labels.macs = strcmp(operation, "train") ? perf_macs(&labels.shape) : perf_train_macs(&labels.shape);
    snprintf(labels.kernel, sizeof(labels.kernel), "%s", peer->version);
    return perf_rows_add(&run->rows, &run->choice, &labels, &row, err);
}

/* Batches of each precision, and on one thread also single images. */
static int add_peer_infer(struct run *run, struct eo_err *err)
{
    for (int i = 0; i < run->peer_count; i++) {
        struct perf_peer *peer = &run->peers[i];

        for (int p = 0; peer->pid && p < EO_PRECISION_COUNT; p++) {
            if (p == EO_FP16 && strcmp(peer->name, "onnxruntime") == 0)
                continue; /* it would only convert and run fp32 */
            if (add_peer_row(run, peer, "infer", (enum eo_precision)p, PERF_BATCH, err) ||
                (peer->threads == 1 && add_peer_row(run, peer, "infer", (enum eo_precision)p, 1, err)))
                return -1;
        }
    }
    return 0;
}

static int add_peer_train(struct run *run, struct eo_err *err)
{
    for (int i = 0; i < run->peer_count; i++) {
        if (run->peers[i].pid && strcmp(run->peers[i].name, "torch") == 0 &&
            add_peer_row(run, &run->peers[i], "train", EO_FP32, PERF_BATCH, err))
            return -1;
    }
    return 0;
}

/* What is compared stands side by side. */
static int add_rows(struct run *run, struct eo_err *err)
{
    const struct eo_images *train = &run->dataset.train;
    enum eo_isa best = eo_isa_best();

    if (perf_add_infer(&run->rows, &run->choice, &run->peaks, best, train, err) || add_peer_infer(run, err) ||
        perf_add_train(&run->rows, &run->choice, &run->peaks, best, train, err) || add_peer_train(run, err) ||
        perf_add_evaluate(&run->rows, &run->choice, run->programs, run->folder, run->data,
                          run->dataset.test.count, err))
        return -1;
    for (int i = EO_ISA_COUNT - 1; i >= 0; i--) {
        enum eo_isa isa = (enum eo_isa)i;

        if (isa != best && eo_isa_available(isa) &&
            (perf_add_infer(&run->rows, &run->choice, &run->peaks, isa, train, err) ||
             perf_add_train(&run->rows, &run->choice, &run->peaks, isa, train, err)))
            return -1;
    }
    for (int i = EO_ISA_COUNT - 1; i > EO_ISA_GENERIC; i--) {
        if (eo_isa_available((enum eo_isa)i) &&
            perf_add_layers(&run->rows, &run->choice, &run->peaks, (enum eo_isa)i, train, err))
            return -1;
    }
    return 0;
}

static void start_peers(struct run *run)
{
    static const char *const kinds[][2] = {{"onnxruntime", "tests/perf/peer_ort.py"},
                                           {"torch", "tests/perf/peer_torch.py"}};

    for (int i = 0; run->peers_wanted && i < PEERS; i++) {
        struct perf_peer peer = {.name = kinds[i % 2][0], .script = kinds[i % 2][1]};

        peer.threads = i / 2 ? run->choice.threads : 1;
        if (i / 2 && run->choice.threads == 1)
            break;
        run->peers[i] = peer;
        run->peer_count++;
        perf_peer_start(&run->peers[i], run->data);
    }
}

static void stop_peers(struct run *run)
{
    for (int i = 0; i < run->peer_count; i++)
        perf_peer_stop(&run->peers[i]);
}

/* ---- the run ------------------------------------------------------------------------------------------------- */

static void show_progress(const char *what, int done, int all)
{
    if (isatty(2))
        fprintf(stderr, done < all ? "\rperf: %s %d of %d " : "\r\033[K", what, done + 1, all);
}

/* Every second round goes through the rows backwards, so that what comes slowly hits all alike. */
static int measure_round(struct run *run, int round, struct eo_err *err)
{
    for (int i = 0; i < run->rows.count; i++) {
        if (i % ROWS_BETWEEN_PEAKS == 0)
            perf_peaks_measure(&run->peaks, round);
        perf_quiet_look(&run->quiet, 1);
        if (perf_row_measure(&run->rows.list[round % 2 ? run->rows.count - 1 - i : i], round, err))
            return -1;
    }
    perf_peaks_measure(&run->peaks, round);
    return 0;
}

static int measure(struct run *run, struct eo_err *err)
{
    for (int i = 0; i < run->choice.rounds; i++) {
        show_progress("round", i, run->choice.rounds);
        if (measure_round(run, i, err))
            return -1;
    }
    show_progress("round", 1, 1);
    for (int i = 0; run->scan && i < 2; i++) {
        show_progress("scan", i, 2);
        if (perf_scan_run(&run->scans[i], eo_isa_best(), i ? EO_INT8 : EO_FP32, err))
            return -1;
    }
    if (run->scan)
        show_progress("scan", 1, 1);
    return 0;
}

static int write_file(const struct run *run, const char *name, const struct eo_buf *text, struct eo_err *err)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", run->folder, name);
    if (eo_buf_check(text, err) || eo_io_write(path, text->data, text->len, err))
        return eo_err_prefix(err, "%s", path);
    return 0;
}

static int report(const struct run *run, const char *quiet, int busy, struct eo_err *err)
{
    struct perf_report r = {&run->rows, &run->peaks,       &run->choice, run->peers, run->peer_count,
                            run->scans, run->scan ? 2 : 0, run->data,    quiet,      busy};
    struct eo_buf text = {0}, csv = {0}, markdown = {0}, scan = {0};
    int rc;

    perf_report_text(&r, &text);
    perf_report_csv(&r, &csv);
    perf_report_markdown(&r, &markdown);
    perf_report_scan_csv(&r, &scan);
    rc = write_file(run, "perf.csv", &csv, err) || write_file(run, "perf.md", &markdown, err) ||
         (run->scan && write_file(run, "perf-scan.csv", &scan, err)) || eo_buf_check(&text, err) ||
         eo_io_write("-", text.data, text.len, err);
    eo_buf_release(&text);
    eo_buf_release(&csv);
    eo_buf_release(&markdown);
    eo_buf_release(&scan);
    return rc ? -1 : 0;
}

/* A second of arithmetic before anything is started; later, what the whole run saw. */
static int refuse(struct run *run, int judged_busy, const char *seen)
{
    if (!judged_busy || run->force)
        return 0;
    fprintf(stderr,
            "perf: the machine is busy, and no figure would mean anything: %s"
            "perf: FORCE=1 measures all the same\n",
            seen);
    return 1;
}

static int check_before(struct run *run)
{
    struct eo_buf seen = {0};
    double start = eo_clock_now();
    int rc, busy;

    perf_quiet_begin(&run->quiet);
    while (eo_clock_now() - start < 1)
        perf_quiet_look(&run->quiet, 10);
    busy = perf_quiet_judge(&run->quiet, &seen);
    rc = refuse(run, busy, seen.data);
    eo_buf_release(&seen);
    return rc;
}

static int run_all(struct run *run)
{
    struct eo_buf seen = {0};
    struct eo_err err;
    int rc = 1, busy;

    if (eo_io_mkdirs(run->folder, &err) ||
        eo_dataset_load(&run->dataset, run->data, EO_DATASET_TRAIN | EO_DATASET_TEST, &err) ||
        perf_peaks_init(&run->peaks, &err))
        return fail(err.msg);
    if (check_before(run))
        return 1;
    perf_quiet_begin(&run->quiet);
    start_peers(run);
    if (add_rows(run, &err) || measure(run, &err))
        goto out;
    stop_peers(run);
    busy = perf_quiet_judge(&run->quiet, &seen);
    if (refuse(run, busy, seen.data))
        goto quiet;
    if (report(run, seen.data, busy, &err))
        goto out;
    rc = 0;
out:
    if (rc)
        fail(err.msg);
quiet:
    stop_peers(run);
    eo_buf_release(&seen);
    return rc;
}

int main(int argc, char **argv)
{
    static struct run run;
    struct eo_bench_lock lock;
    struct eo_err err;
    int rc;

    if (parse(&run, argc, argv)) {
        fprintf(stderr, "usage: perf_all -b PROGRAMS -d DATA -o FOLDER [options]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a peer that died answers no more; that is all */
    perf_cpus_init();
    if (eo_bench_lock(&lock, EO_BENCH_WAIT_S, NULL, &err)) {
        fprintf(stderr, "perf_all: %s\n", err.msg);
        return 1;
    }
    rc = run_all(&run);
    eo_bench_unlock(&lock);
    perf_rows_release(&run.rows);
    perf_peaks_release(&run.peaks);
    eo_dataset_release(&run.dataset);
    return rc;
}
