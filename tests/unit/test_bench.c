/* lib/base/clock and lib/stage/bench: how samples are taken, what is made of them, and the rows. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "format/csv.h"
#include "stage/bench.h"
#include "tests/unit/check.h"

static void check(int ok, const char *what, double expected, double found)
{
    check_that(ok, "%s: expected %.17g, found %.17g", what, expected, found);
}

static void test_clock(void)
{
    struct eo_clock clock, fixed = {.overhead_ns = 30, .resolution_ns = 1};
    uint64_t last = eo_clock_now_ns();
    int i, backwards = 0;

    for (i = 0; i < 10000; i++) {
        uint64_t now = eo_clock_now_ns();

        backwards += now < last;
        last = now;
    }
    check(backwards == 0, "clock: steps backwards", 0, backwards);
    eo_clock_init(&clock);
    check(clock.resolution_ns >= 1 && clock.resolution_ns < 100000000, "clock: resolution", 1,
          (double)clock.resolution_ns);
    check(clock.overhead_ns < 1000000, "clock: overhead", 0, (double)clock.overhead_ns);
    check(eo_clock_elapsed_ns(&fixed, 1000, 1500) == 470, "clock: overhead is subtracted", 470,
          (double)eo_clock_elapsed_ns(&fixed, 1000, 1500));
    check(eo_clock_elapsed_ns(&fixed, 1000, 1020) == 0, "clock: never negative", 0,
          (double)eo_clock_elapsed_ns(&fixed, 1000, 1020));
}

/* A subject that waits: 1 us, and 3 us more for each image; it counts its calls. */
struct waiter {
    uint64_t batch_calls, single_calls, other_calls;
    int batch;
};

static void wait_call(void *ctx, int batch)
{
    struct waiter *w = ctx;
    uint64_t until = eo_clock_now_ns() + 1000 + 3000 * (uint64_t)batch;

    while (eo_clock_now_ns() < until)
        ;
    if (batch == w->batch)
        w->batch_calls++;
    else if (batch == 1)
        w->single_calls++;
    else
        w->other_calls++;
}

struct plan_case {
    const char *name;
    struct eo_bench_plan plan; /* batch, repeats, trials, warmup */
    int trials;                /* really run */
};

static const struct plan_case plan_cases[] = {
    {"raised to 20 samples", {4, 5, 1, 0}, 4}, {"whole trials", {4, 7, 2, 1}, 3},
    {"as asked for", {2, 4, 6, 2}, 6},         {"batch 1", {1, 20, 1, 1}, 1},
    {"one sample a trial", {3, 1, 1, 0}, 20},
};

/* Whether sample i stands where the plan puts it, and lasted long enough. */
static int sample_is_right(const struct eo_bench_sample *s, size_t i, const struct eo_bench_plan *p)
{
    size_t sizes = p->batch == 1 ? 1 : 2, per_trial = sizes * (size_t)p->repeats;
    int trial = (int)(i / per_trial), half = (int)(i % per_trial) / p->repeats;
    int batch = (half + trial) % 2 == 0 || sizes == 1 ? p->batch : 1;
    double least = 1e-6 + 3e-6 * s->batch;

    return s->trial == trial && s->sample == (int)i % p->repeats && s->batch == batch && s->calls > 0 &&
           s->seconds_per_call >= 0.99 * least && s->seconds_per_call * (double)s->calls >= 0.9999 * 2e-3;
}

static void test_collect(const struct plan_case *c)
{
    struct waiter w = {.batch = c->plan.batch};
    struct eo_bench_subject subject = {wait_call, &w};
    struct eo_bench_samples s = {0};
    size_t sizes = c->plan.batch == 1 ? 1 : 2, i;
    size_t expected = (size_t)c->trials * sizes * (size_t)c->plan.repeats;
    uint64_t kept[2] = {0, 0};
    struct eo_err err;

    check(eo_bench_trials(&c->plan) == c->trials, c->name, c->trials, eo_bench_trials(&c->plan));
    if (eo_bench_collect(&s, &subject, &c->plan, &err)) {
        check(0, err.msg, 0, 0);
        return;
    }
    check(s.count == expected, c->name, (double)expected, (double)s.count);
    for (i = 0; i < s.count; i++) {
        if (!sample_is_right(&s.list[i], i, &c->plan))
            printf("%s: sample %zu: trial %d sample %d batch %d calls %llu seconds %.9g\n", c->name, i,
                   s.list[i].trial, s.list[i].sample, s.list[i].batch, (unsigned long long)s.list[i].calls,
                   s.list[i].seconds_per_call);
        check(sample_is_right(&s.list[i], i, &c->plan), c->name, (double)i, (double)i);
        kept[s.list[i].batch == c->plan.batch] += s.list[i].calls;
    }
    check(w.other_calls == 0, "calls at another batch size", 0, (double)w.other_calls);
    check(w.batch_calls >= kept[1] && w.single_calls >= kept[0], "calls that were counted",
          (double)(kept[0] + kept[1]), (double)(w.batch_calls + w.single_calls));
    eo_bench_samples_release(&s);
    check(s.list == NULL && s.count == 0, "released", 0, (double)s.count);
}

/* Warm-up samples must really be taken: with many of them there are many more calls than the samples show. */
static void test_warmup(void)
{
    struct eo_bench_plan plan = {2, 20, 1, 40};
    struct waiter w = {.batch = 2};
    struct eo_bench_subject subject = {wait_call, &w};
    struct eo_bench_samples s = {0};
    uint64_t kept[2] = {0, 0};
    struct eo_err err;
    size_t i;

    if (eo_bench_collect(&s, &subject, &plan, &err)) {
        check(0, err.msg, 0, 0);
        return;
    }
    for (i = 0; i < s.count; i++)
        kept[s.list[i].batch == 2] += s.list[i].calls;
    check(w.batch_calls > 2 * kept[1], "warm-up calls, batch", 2.0 * (double)kept[1], (double)w.batch_calls);
    check(w.single_calls > 2 * kept[0], "warm-up calls, single", 2.0 * (double)kept[0],
          (double)w.single_calls);
    eo_bench_samples_release(&s);
}

static void nothing(void *ctx, int batch)
{
    (void)ctx;
    (void)batch;
}

/* A call that takes no time at all must not hang the measurement. */
static void test_empty_call(void)
{
    struct eo_bench_plan plan = {1, 20, 1, 0};
    struct eo_bench_subject subject = {nothing, NULL};
    struct eo_bench_samples s = {0};
    struct eo_err err;
    int rc = eo_bench_collect(&s, &subject, &plan, &err);

    check(rc == 0 && s.count == 20, "a call that does nothing", 20, (double)s.count);
    eo_bench_samples_release(&s);
}

static void test_summarise(void)
{
    /* 4 images in 1, 2, 3, 4, 10 ms: 0.25, 0.5, 0.75, 1, 2.5 ms each; numpy: std 0.883883..., p95 2.2. */
    struct eo_bench_sample list[] = {{0, 0, 4, 2, 0.004}, {0, 1, 4, 2, 0.001}, {0, 0, 1, 9, 0.25},
                                     {1, 0, 4, 2, 0.010}, {1, 1, 4, 2, 0.002}, {1, 0, 1, 9, 0.75},
                                     {2, 0, 4, 2, 0.003}};
    struct eo_bench_samples s = {list, sizeof(list) / sizeof(*list)};
    struct eo_bench_figures f;
    struct eo_err err;

    check(eo_bench_summarise(&f, &s, 4, &err) == 0, "summarise", 0, -1);
    check(f.samples == 5, "samples", 5, (double)f.samples);
    check(f.mean_ms == 1.0, "mean", 1.0, f.mean_ms);
    check(f.median_ms == 0.75, "median", 0.75, f.median_ms);
    check(f.std_ms > 0.8838834764831 && f.std_ms < 0.8838834764833, "std", 0.8838834764832, f.std_ms);
    check(f.p95_ms > 2.1999999999 && f.p95_ms < 2.2000000001, "p95", 2.2, f.p95_ms);
    check(f.min_ms == 0.25, "min", 0.25, f.min_ms);
    check(f.throughput_sps == 1000.0, "throughput", 1000, f.throughput_sps);
    check(eo_bench_summarise(&f, &s, 1, &err) == 0 && f.mean_ms == 500.0 && f.samples == 2, "single", 500,
          f.mean_ms);
    check(eo_bench_summarise(&f, &s, 3, &err) == -1, "a batch size without samples fails", -1, 0);
    check_text("message", "expected samples at batch size 3, found none", err.msg);
}

static void test_samples_text(void)
{
    struct eo_bench_sample list[] = {{0, 1, 128, 12, 0.00025}, {3, 0, 1, 700, 0.5}};
    struct eo_bench_samples s = {list, 2};
    struct eo_buf out = {0};

    eo_bench_put_samples(&out, &s);
    check_text("samples", "trial,sample,batch,calls,seconds_per_call\n0,1,128,12,0.00025\n3,0,1,700,0.5\n",
               out.data);
    eo_buf_release(&out);
}

struct row_case {
    enum eo_precision precision;
    struct eo_shape shape;
    const char *bytes;  /* model_bytes, peak_activation_bytes, workspace_bytes, macs, parameters */
    const char *layers; /* without the header */
};

/* Sizes worked out by hand; class scores take 4 bytes at every precision. */
static const struct row_case row_cases[] = {
    {EO_FP32,
     {16, 32},
     "81960,18816,77,1031744,20490",
     "conv1,3136,12544,15680\nconv2,12544,6272,18816\nclassifier,6272,40,6312\n"},
    {EO_FP16,
     {8, 16},
     "18196,4704,77,290080,9098",
     "conv1,1568,3136,4704\nconv2,3136,1568,4704\nclassifier,1568,40,1608\n"},
    {EO_FP32,
     {5, 10},
     "21680,7056,77,128380,5420",
     "conv1,3136,3920,7056\nconv2,3920,1960,5880\nclassifier,1960,40,2000\n"},
};

static void test_row(const struct row_case *c)
{
    struct eo_model m = {0};
    struct eo_bench_old_row row = {.model = &m,
                               .model_sha256 = "ab",
                               .isa = "generic",
                               .kernel = "k",
                               .threads = 3,
                               .batch = 4,
                               .workspace_bytes = 77};
    struct eo_bench_figures f = {20, 0.5, 0.25, 0.0625, 0.125, 0.75, 2000};
    struct eo_buf out = {0}, layers = {0};
    struct eo_err err;
    struct eo_csv csv;
    char expected[1024];

    row.at_batch = f;
    row.single = (struct eo_bench_figures){20, 2, 1.5, 1.25, 0.5, 3.5, 500};
    if (eo_model_init(&m, c->precision, c->shape, &err) ||
        eo_model_meta_set(&m, "pruning_level", "0.5", &err) ||
        eo_model_meta_set(&m, "seed", "18446744073709551615", &err)) {
        check(0, err.msg, 0, 0);
        return;
    }
    eo_bench_put_row(&out, &row);
    snprintf(expected, sizeof(expected),
             "0.50,%s,18446744073709551615,ab,generic,k,3,4,20,0.5,0.25,0.125,0.75,0.0625,2000.0,2.0,"
             "2.0,1.5,0.5,3.5,1.25,500.0,%s,l1\n",
             eo_precision_name(c->precision), c->bytes);
    check_text("row", expected, out.data);
    eo_buf_release(&out);
    out = (struct eo_buf){0};
    eo_bench_put_header(&out);
    eo_bench_put_row(&out, &row);
    if (eo_csv_parse(&csv, out.data, out.len, &err)) {
        check(0, err.msg, 0, 0);
    } else {
        check(csv.columns == 28 && csv.rows == 1, "columns", 28, (double)csv.columns);
        check_text("a column", "3.5",
                   eo_csv_cell(&csv, 0, eo_csv_column(&csv, "host_single_latency_p95_ms")));
        check_text("a column", "2.0", eo_csv_cell(&csv, 0, eo_csv_column(&csv, "host_batch_latency_ms")));
        eo_csv_release(&csv);
    }
    eo_bench_put_layers(&layers, &m);
    snprintf(expected, sizeof(expected), "layer,input_bytes,output_bytes,total_bytes\n%s", c->layers);
    check_text("layers", expected, layers.data);
    eo_buf_release(&layers);
    eo_buf_release(&out);
    eo_model_release(&m);
}

struct engine_case {
    int threads, batch;
    size_t images; /* 0: random pixels */
};

static const struct engine_case engine_cases[] = {{1, 1, 3}, {1, 40, 3}, {2, 40, 100}, {3, 33, 0}, {3, 5, 7}};

/* Engines of several shapes run both kinds of calls; under sanitizers this finds any step out of bounds. */
static void test_engine(const struct engine_case *c)
{
    struct eo_images images = {calloc(100, EO_IMAGE_PIXELS), NULL, c->images};
    struct eo_shape shape = {3, 5};
    struct eo_bench_engine *e = NULL;
    struct eo_bench_subject subject;
    struct eo_model m = {0};
    struct eo_err err;
    int i;

    if (!images.pixels || eo_model_init(&m, EO_FP32, shape, &err)) {
        check(0, "set-up", 0, 0);
        goto out;
    }
    e = eo_bench_engine_new(&m, c->images ? &images : NULL, EO_ISA_GENERIC, c->threads, c->batch, &err);
    check(e != NULL, "engine", c->batch, c->threads);
    if (!e)
        goto out;
    subject = eo_bench_engine_subject(e);
    for (i = 0; i < c->batch + 2; i++)
        subject.call(subject.ctx, 1);
    subject.call(subject.ctx, c->batch);
    check(eo_bench_engine_workspace_bytes(e) > 0, "workspace", 1, 0);
    check(strstr(eo_bench_engine_kernel(e), "fp32") != NULL, "kernel's name", 1, 0);
out:
    eo_bench_engine_free(e);
    eo_model_release(&m);
    free((void *)images.pixels);
}

static void test_engine_errors(void)
{
    struct eo_images none = {0};
    struct eo_shape shape = {1, 1};
    struct eo_model m = {0};
    struct eo_err err;

    if (eo_model_init(&m, EO_FP32, shape, &err)) {
        check(0, err.msg, 0, 0);
        return;
    }
    check(eo_bench_engine_new(&m, NULL, EO_ISA_GENERIC, 1, 0, &err) == NULL, "batch 0", 0, 0);
    check_text("message", "expected a batch of 1..65536 images, found 0", err.msg);
    check(eo_bench_engine_new(&m, &none, EO_ISA_GENERIC, 1, 4, &err) == NULL, "no images", 0, 0);
    check_text("message", "expected at least 1 image to time, found 0", err.msg);
    eo_model_release(&m);
}

/* As another process would: -1 where somebody holds the lock. */
static int try_lock(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The lock keeps a second holder out until it is given back; without a usable folder timing goes on. */
static void test_lock(void)
{
    char dir[] = "/tmp/test_bench.XXXXXX", path[128];
    int fd, other;

    if (!mkdtemp(dir)) {
        check(0, "mkdtemp", 0, 0);
        return;
    }
    snprintf(path, sizeof(path), "%s/edge-opt-timing.lock", dir);
    setenv("TMPDIR", dir, 1);
    fd = eo_bench_lock();
    check(fd >= 0 && access(path, F_OK) == 0, "lock file", 3, fd);
    other = try_lock(path);
    check(other == -1, "second holder", -1, other);
    eo_bench_unlock(fd);
    other = try_lock(path);
    check(other >= 0, "after it was given back", 3, other);
    eo_bench_unlock(other);
    unlink(path);
    rmdir(dir);
    check(eo_bench_lock() == -1, "no folder", -1, 0);
    eo_bench_unlock(-1);
}

int main(void)
{
    size_t i;

    test_clock();
    for (i = 0; i < sizeof(plan_cases) / sizeof(*plan_cases); i++)
        test_collect(&plan_cases[i]);
    test_warmup();
    test_empty_call();
    test_summarise();
    test_samples_text();
    for (i = 0; i < sizeof(row_cases) / sizeof(*row_cases); i++)
        test_row(&row_cases[i]);
    for (i = 0; i < sizeof(engine_cases) / sizeof(*engine_cases); i++)
        test_engine(&engine_cases[i]);
    test_engine_errors();
    test_lock();
    return check_report("test_bench");
}
