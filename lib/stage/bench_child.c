#include "stage/bench_child.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/energy.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/pin.h"
#include "base/reference.h"
#include "base/stats.h"
#include "nn/model.h"
#include "stage/bench_conditions.h"
#include "stage/bench_evidence.h"
#include "stage/bench_meter.h"

#define WINDOW_LEAST 3
#define WINDOW_MOST 256
#define READINGS_MOST (2 * EO_BENCH_BLOCKS + 1)

struct child {
    struct eo_bench_order *order;
    struct eo_clock clock;
    struct eo_bench_subject subject;
    struct eo_bench_meter meter[EO_BENCH_SIZES];
    int sizes; /* 1 when a batch is one image */
    struct eo_counters *counters;
    struct eo_tally tally[EO_BENCH_SIZES], between;
    double images[EO_BENCH_SIZES]; /* that were counted */
    struct eo_bench_evidence evidence;
    size_t kept[EO_BENCH_SIZES], interrupted[EO_BENCH_SIZES]; /* samples so far */
    struct eo_reference reference;
    double readings[READINGS_MOST];
    size_t reading_count;
};

static double *seconds_of(struct eo_bench_order *o, int size)
{
    return (double *)((char *)o + o->seconds[size]);
}

static double median(double *x, size_t n)
{
    eo_stats_sort(x, n);
    return eo_stats_median_sorted(x, n);
}

/* The median of so many samples as fit in a window. */
static double window(struct eo_bench_meter *m)
{
    double x[WINDOW_MOST];
    uint64_t start = eo_clock_now_ns();
    size_t n = 0;

    while (n < WINDOW_LEAST || (n < WINDOW_MOST && eo_clock_now_ns() - start < EO_BENCH_WINDOW_NS))
        x[n++] = eo_bench_meter_take(m);
    return median(x, n);
}

static void warm_up_until_stable(struct child *c)
{
    double last[EO_BENCH_SIZES] = {0};
    uint64_t start = eo_clock_now_ns();
    int stable = 0, k;

    while (!stable && eo_clock_now_ns() - start < EO_BENCH_WARMUP_NS) {
        stable = 1;
        for (k = 0; k < c->sizes; k++) {
            double now = window(&c->meter[k]);

            stable = stable && fabs(now - last[k]) <= EO_BENCH_STABLE * now;
            last[k] = now;
        }
    }
}

static void warm_up(struct child *c)
{
    int k, i;

    for (k = 0; k < c->sizes; k++) {
        for (i = 0; i < c->order->warmup; i++)
            eo_bench_meter_take(&c->meter[k]);
    }
    if (!c->order->exact)
        warm_up_until_stable(c);
}

/* Once more where it was interrupted; the median of all forgives one that was so every time. */
static void read_reference(struct child *c)
{
    struct eo_bench_reading before, after;
    double ns = 0;
    int i, clean = 0;

    for (i = 0; i < EO_BENCH_TRIES && !clean; i++) {
        eo_bench_evidence_read(&c->evidence, &before);
        ns = eo_reference_time_ns(&c->reference, &c->clock);
        eo_bench_evidence_read(&c->evidence, &after);
        clean = eo_bench_evidence_is_clean(&c->evidence, &before, &after, ns / 1e9);
    }
    c->readings[c->reading_count % READINGS_MOST] = ns;
    c->reading_count++;
}

/* An interrupted one stands, with its processor time, where the next to be kept will, in case there is none. */
static void put_sample(struct child *c, int size, double seconds, const struct eo_bench_reading *before,
                       const struct eo_bench_reading *after)
{
    double *list = seconds_of(c->order, size);
    size_t samples = (size_t)c->order->samples;

    if (eo_bench_evidence_is_clean(&c->evidence, before, after, seconds * (double)c->meter[size].calls))
        list[c->kept[size]++] = seconds;
    else if (c->kept[size] == 0)
        list[c->interrupted[size]++ % samples] =
            eo_bench_evidence_cpu_s(before, after) / (double)c->meter[size].calls;
    else
        c->interrupted[size]++;
}

/* How many more samples of a size there may be: of those to keep, and of all. */
static size_t wanted_of(const struct child *c, int size)
{
    size_t samples = (size_t)c->order->samples, taken = c->kept[size] + c->interrupted[size];
    size_t left = samples - c->kept[size], tries = EO_BENCH_TRIES * samples;

    return taken < tries ? left : 0;
}

/*
 * Takes samples until `most` more are kept, or EO_BENCH_TRIES times as many are taken. Where one turns out too short for
 * the clock, all samples of the size so far are as good as thrown away, and the block is at its end.
 */
static void take_block(struct child *c, int size, size_t most)
{
    struct eo_bench_meter *m = &c->meter[size];
    size_t end = c->kept[size] + (wanted_of(c, size) < most ? wanted_of(c, size) : most), tries;
    struct eo_bench_reading before, after;
    uint64_t calls = m->calls;

    c->subject.call(c->subject.ctx, m->batch);
    eo_counters_lap(c->counters, &c->between);
    eo_bench_evidence_read(&c->evidence, &before);
    for (tries = EO_BENCH_TRIES * most; tries > 0 && c->kept[size] < end && m->calls == calls; tries--) {
        double seconds = eo_bench_meter_take(m);

        eo_bench_evidence_read(&c->evidence, &after);
        c->images[size] += (double)m->calls * m->batch;
        if (m->calls != calls)
            c->kept[size] = c->interrupted[size] = 0;
        else
            put_sample(c, size, seconds, &before, &after);
        before = after;
    }
    eo_counters_lap(c->counters, &c->tally[size]);
}

static void take_samples(struct child *c)
{
    size_t samples = (size_t)c->order->samples, block = (samples + EO_BENCH_BLOCKS - 1) / EO_BENCH_BLOCKS;
    int k;

    read_reference(c);
    while (wanted_of(c, 0) > 0 || wanted_of(c, c->sizes - 1) > 0) {
        for (k = 0; k < c->sizes; k++) {
            int size = (k + c->order->round) % c->sizes;

            if (wanted_of(c, size) > 0)
                take_block(c, size, block);
            read_reference(c);
        }
    }
}

static void put_samples(struct child *c)
{
    struct eo_bench_order *o = c->order;
    size_t samples = (size_t)o->samples;
    int k;

    for (k = 0; k < c->sizes; k++) {
        o->calls[k] = c->meter[k].calls;
        o->stood_in[k] = c->kept[k] == 0;
        o->interrupted[k] = c->interrupted[k];
        o->kept[k] = o->stood_in[k] ? c->interrupted[k] : c->kept[k];
        o->kept[k] = o->kept[k] < samples ? o->kept[k] : samples;
    }
}

/* The hardware's counts, of one image. */
static void put_counts(struct child *c)
{
    int k;

    for (k = 0; k < c->sizes; k++) {
        struct eo_counts *n = &c->order->counts[k];

        eo_counters_sum(c->counters, &c->tally[k], n);
        n->cycles /= c->images[k];
        n->instructions /= c->images[k];
        n->l1d_misses /= c->images[k];
        n->llc_misses /= c->images[k];
        n->branch_misses /= c->images[k];
    }
    if (c->sizes == 1)
        c->order->counts[EO_BENCH_SINGLE] = c->order->counts[EO_BENCH_BATCH];
    snprintf(c->order->counters_note, sizeof(c->order->counters_note), "%s", eo_counters_note(c->counters));
}

/* Batches for as long as a window lasts. */
static void weigh_energy(struct child *c)
{
    struct eo_host host = eo_host_of_environment();
    struct eo_bench_energy *found = &c->order->energy;
    struct eo_energy e;
    double start;

    eo_energy_open(&e, &host);
    start = eo_clock_now();
    eo_energy_begin(&e, start);
    for (found->images = 0; eo_clock_now() - start < EO_ENERGY_WINDOW_S; found->images += c->order->batch)
        c->subject.call(c->subject.ctx, c->order->batch);
    found->seconds = eo_energy_end(&e, eo_clock_now(), &found->joules);
}

static void measure(struct child *c)
{
    struct eo_bench_order *o = c->order;
    struct eo_counts whole;
    struct eo_bench_watch watch;
    size_t readings;
    int k;

    eo_clock_init(&c->clock);
    c->sizes = o->batch == 1 ? 1 : EO_BENCH_SIZES;
    for (k = 0; k < c->sizes; k++)
        c->meter[k] = (struct eo_bench_meter){.subject = &c->subject,
                                              .clock = &c->clock,
                                              .batch = k == EO_BENCH_BATCH ? o->batch : 1,
                                              .least_ns = EO_BENCH_CLOCK_STEPS * c->clock.resolution_ns,
                                              .calls = 1};
    eo_bench_evidence_open(&c->evidence, o->threads);
    eo_bench_watch_start(&watch, o->cpus, o->pinned ? o->cpu_count : 0);
    warm_up(c);
    eo_counters_start(c->counters);
    take_samples(c);
    eo_counters_stop(c->counters, &whole);
    eo_bench_watch_stop(&watch, &o->conditions);
    eo_bench_evidence_close(&c->evidence);
    o->conditions.page_faults = whole.page_faults;
    put_counts(c);
    readings = c->reading_count < READINGS_MOST ? c->reading_count : READINGS_MOST;
    o->conditions.reference_ns = median(c->readings, readings);
    put_samples(c);
    if (o->weigh_energy)
        weigh_energy(c);
}

static int make_round(struct child *c, struct eo_err *err)
{
    struct eo_bench_order *o = c->order;
    struct eo_images images = {.pixels = (const uint8_t *)o + o->pixels, .count = o->images};
    struct eo_bench_engine *engine = NULL;
    struct eo_model model = {0};
    int rc = -1;

    c->counters = eo_counters_open(err);
    if (!c->counters || eo_model_parse(&model, (const char *)o + o->model, o->model_bytes, err))
        goto out;
    engine = eo_bench_engine_new(&model, o->images ? &images : NULL, o->isa, o->threads, o->batch, err);
    if (!engine)
        goto out;
    /* Free to move, two threads now and then share one processor for a whole round, while another one is idle. */
    if (o->pinned && o->threads > 1 && o->threads <= o->cpu_count)
        eo_pin_each(o->cpus, o->cpu_count); /* where that fails, all stay pinned to all */
    c->subject = eo_bench_engine_subject(engine);
    strncpy(o->kernel, eo_bench_engine_kernel(engine), sizeof(o->kernel) - 1);
    o->workspace_bytes = eo_bench_engine_workspace_bytes(engine);
    o->pixel_sum = eo_bench_engine_pixel_sum(engine);
    measure(c);
    rc = 0;
out:
    eo_counters_close(c->counters);
    eo_bench_engine_free(engine);
    eo_model_release(&model);
    return rc;
}

static uint64_t environment_bytes(void)
{
    extern char **environ;
    uint64_t n = 0;
    size_t i;

    for (i = 0; environ[i]; i++)
        n += strlen(environ[i]) + 1;
    return n;
}

static int follow(struct eo_bench_order *o)
{
    struct child c = {.order = o};
    void *shift;

    prctl(PR_SET_NAME, "eo-bench");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != o->session)
        return 1;
    o->pinned = eo_pin_set(o->cpus, o->cpu_count);
    shift = malloc(o->heap_shift);
    o->stack = (uintptr_t)&c;
    o->heap = (uintptr_t)shift + o->heap_shift;
    o->environment_bytes = environment_bytes();
    o->done = make_round(&c, &o->err) == 0;
    free(shift);
    return !o->done;
}

/* The block behind a descriptor; NULL for anything else. */
static struct eo_bench_order *map(int fd)
{
    struct eo_bench_order *o;
    struct stat st;

    if (fstat(fd, &st) || (uint64_t)st.st_size < sizeof(*o))
        return NULL;
    o = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (o == MAP_FAILED)
        return NULL;
    return o->magic == EO_BENCH_MAGIC && o->bytes == (uint64_t)st.st_size ? o : NULL;
}

int eo_bench_child(int argc, char **argv)
{
    struct eo_bench_order *o;
    int64_t fd;

    if (argc < 2 || strcmp(argv[1], EO_BENCH_CHILD_ARGUMENT) != 0)
        return -1;
    if (argc != 3 || eo_num_parse_i64(argv[2], 3, 1 << 20, &fd, NULL))
        return 2;
    o = map((int)fd);
    return o ? follow(o) : 2;
}
