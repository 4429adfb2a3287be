#include "stage/bench/child.h"

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

#include "machine/clock.h"
#include "machine/energy.h"
#include "base/mem.h"
#include "base/num.h"
#include "machine/pin.h"
#include "machine/reference.h"
#include "base/stats.h"
#include "nn/model.h"
#include "stage/bench/conditions.h"
#include "stage/bench/interruption.h"
#include "stage/bench/meter.h"

#define WINDOW_LEAST 3
#define WINDOW_MOST 256
#define READINGS_MOST (2 * EO_BENCH_BLOCKS + 1)

struct child {
    struct eo_bench_block *block;
    struct eo_clock clock;
    struct eo_bench_subject subject;
    struct eo_bench_meter meter[EO_BENCH_SIZES];
    int sizes; /* 1 when a batch is one image */
    struct eo_counters *counters;
    struct eo_tally tally[EO_BENCH_SIZES], between;
    double images[EO_BENCH_SIZES]; /* that were counted */
    struct eo_bench_interruption interruption;
    size_t kept[EO_BENCH_SIZES], interrupted[EO_BENCH_SIZES]; /* samples so far */
    struct eo_reference reference;
    double readings[READINGS_MOST];
    size_t reading_count;
    double began; /* eo_clock_now() */
};

double *eo_bench_block_seconds(struct eo_bench_block *block, int size)
{
    return (double *)((char *)block + block->seconds[size]);
}

/* The median of as many samples as fit in a window. */
static double window(struct eo_bench_meter *m)
{
    double x[WINDOW_MOST];
    uint64_t start = eo_clock_now_ns();
    size_t n = 0;

    while (n < WINDOW_LEAST || (n < WINDOW_MOST && eo_clock_now_ns() - start < EO_BENCH_WINDOW_NS))
        x[n++] = eo_bench_meter_take(m);
    return eo_stats_median(x, n);
}

/* Whether a share of the process's time is over. */
static int is_late(const struct child *c, double share)
{
    return isfinite(c->block->most_s) && eo_clock_now() - c->began > share * c->block->most_s;
}

static void warm_up_until_stable(struct child *c)
{
    double last[EO_BENCH_SIZES] = {0};
    uint64_t start = eo_clock_now_ns();
    int stable = 0;

    while (!stable && eo_clock_now_ns() - start < EO_BENCH_WARMUP_NS && !is_late(c, 0.5)) {
        stable = 1;
        for (int k = 0; k < c->sizes; k++) {
            double now = window(&c->meter[k]);

            stable = stable && fabs(now - last[k]) <= EO_BENCH_STABLE * now;
            last[k] = now;
        }
    }
}

static void warm_up(struct child *c)
{
    for (int k = 0; k < c->sizes; k++) {
        for (int i = 0; i < c->block->warmup && !is_late(c, 0.5); i++)
            eo_bench_meter_take(&c->meter[k]);
    }
    if (!c->block->exact)
        warm_up_until_stable(c);
}

/* An interrupted reading is repeated. If all tries are interrupted the last one stays, as the median bears a few. */
static void read_reference(struct child *c)
{
    struct eo_bench_reading before, after;
    double ns = 0;
    int clean = 0;

    for (int i = 0; i < EO_BENCH_TRIES && !clean; i++) {
        eo_bench_interruption_read(&c->interruption, &before);
        ns = eo_reference_time_ns(&c->reference, &c->clock);
        eo_bench_interruption_read(&c->interruption, &after);
        clean = eo_bench_interruption_is_clean(&c->interruption, &before, &after, ns / 1e9);
    }
    c->readings[c->reading_count % READINGS_MOST] = ns;
    c->reading_count++;
}

/* Until a sample is kept, the interrupted ones stand in its place with their processor times, as stand-ins. */
static void put_sample(struct child *c, int size, double seconds, const struct eo_bench_reading *before,
                       const struct eo_bench_reading *after)
{
    double *list = eo_bench_block_seconds(c->block, size);
    size_t samples = (size_t)c->block->samples;

    if (eo_bench_interruption_is_clean(&c->interruption, before, after,
                                       seconds * (double)c->meter[size].calls))
        list[c->kept[size]++] = seconds;
    else if (c->kept[size] == 0)
        list[c->interrupted[size]++ % samples] =
            eo_bench_interruption_cpu_s(before, after) / (double)c->meter[size].calls;
    else
        c->interrupted[size]++;
}

/* Samples of a size that are still to be kept; 0 when the tries or the time are used up. */
static size_t wanted_of(const struct child *c, int size)
{
    size_t samples = (size_t)c->block->samples, taken = c->kept[size] + c->interrupted[size];
    size_t left = samples - c->kept[size], tries = EO_BENCH_TRIES * samples;
    int has_enough = taken >= tries || (taken > 0 && is_late(c, 1));

    return has_enough ? 0 : left;
}

/*
 * Takes samples until `most` more are kept, or EO_BENCH_TRIES times as many are taken. If a sample turns
 * out too short for the clock, the samples of this size so far are thrown away and the block ends.
 */
static void take_block(struct child *c, int size, size_t most)
{
    struct eo_bench_meter *m = &c->meter[size];
    size_t end = c->kept[size] + (wanted_of(c, size) < most ? wanted_of(c, size) : most), tries;
    struct eo_bench_reading before, after;
    uint64_t calls = m->calls;

    c->subject.call(c->subject.ctx, m->batch);
    eo_counters_lap(c->counters, &c->between);
    eo_bench_interruption_read(&c->interruption, &before);
    for (tries = EO_BENCH_TRIES * most;
         tries > 0 && c->kept[size] < end && m->calls == calls && wanted_of(c, size) > 0; tries--) {
        double seconds = eo_bench_meter_take(m);

        eo_bench_interruption_read(&c->interruption, &after);
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
    size_t samples = (size_t)c->block->samples, most = (samples + EO_BENCH_BLOCKS - 1) / EO_BENCH_BLOCKS;

    read_reference(c);
    while (wanted_of(c, 0) > 0 || wanted_of(c, c->sizes - 1) > 0) {
        for (int k = 0; k < c->sizes; k++) {
            int size = (k + c->block->round) % c->sizes;

            if (wanted_of(c, size) > 0)
                take_block(c, size, most);
            read_reference(c);
        }
    }
}

static void put_samples(struct child *c)
{
    struct eo_bench_block *block = c->block;
    size_t samples = (size_t)block->samples;

    for (int k = 0; k < c->sizes; k++) {
        block->answer.calls[k] = c->meter[k].calls;
        block->answer.stood_in[k] = c->kept[k] == 0;
        block->answer.interrupted[k] = c->interrupted[k];
        block->answer.kept[k] = block->answer.stood_in[k] ? c->interrupted[k] : c->kept[k];
        block->answer.kept[k] = block->answer.kept[k] < samples ? block->answer.kept[k] : samples;
    }
}

/* The hardware's counts, of one image. */
static void put_counts(struct child *c)
{
    for (int k = 0; k < c->sizes; k++) {
        struct eo_counts *n = &c->block->answer.counts[k];

        eo_counters_sum(c->counters, &c->tally[k], n);
        n->cycles /= c->images[k];
        n->instructions /= c->images[k];
        n->l1d_misses /= c->images[k];
        n->llc_misses /= c->images[k];
        n->branch_misses /= c->images[k];
    }
    if (c->sizes == 1)
        c->block->answer.counts[EO_BENCH_SINGLE] = c->block->answer.counts[EO_BENCH_BATCH];
    snprintf(c->block->answer.counters_note, sizeof(c->block->answer.counters_note), "%s",
             eo_counters_note(c->counters));
}

/* Batches for as long as a window lasts. */
static void weigh_energy(struct child *c)
{
    struct eo_host host = eo_host_of_environment();
    struct eo_bench_energy *found = &c->block->answer.energy;
    struct eo_energy e;
    double start;

    eo_energy_open(&e, &host);
    start = eo_clock_now();
    eo_energy_begin(&e, start);
    for (found->images = 0; eo_clock_now() - start < EO_ENERGY_WINDOW_S; found->images += c->block->batch)
        c->subject.call(c->subject.ctx, c->block->batch);
    found->seconds = eo_energy_end(&e, eo_clock_now(), &found->joules);
}

static void measure(struct child *c)
{
    struct eo_bench_block *block = c->block;
    struct eo_counts whole;
    struct eo_bench_watch watch;
    size_t readings;

    eo_clock_init(&c->clock);
    c->sizes = block->batch == 1 ? 1 : EO_BENCH_SIZES;
    for (int k = 0; k < c->sizes; k++)
        c->meter[k] = (struct eo_bench_meter){.subject = &c->subject,
                                              .clock = &c->clock,
                                              .batch = k == EO_BENCH_BATCH ? block->batch : 1,
                                              .least_ns = EO_BENCH_CLOCK_STEPS * c->clock.resolution_ns,
                                              .calls = 1};
    eo_bench_interruption_open(&c->interruption, block->threads);
    eo_bench_watch_start(&watch, block->cpus, block->answer.pinned ? block->cpu_count : 0);
    warm_up(c);
    eo_counters_start(c->counters);
    take_samples(c);
    eo_counters_stop(c->counters, &whole);
    eo_bench_watch_stop(&watch, &block->answer.conditions);
    eo_bench_interruption_close(&c->interruption);
    block->answer.conditions.page_faults = whole.page_faults;
    put_counts(c);
    readings = c->reading_count < READINGS_MOST ? c->reading_count : READINGS_MOST;
    block->answer.conditions.reference_ns = eo_stats_median(c->readings, readings);
    put_samples(c);
    if (block->weigh_energy)
        weigh_energy(c);
}

static int make_round(struct child *c, struct eo_err *err)
{
    struct eo_bench_block *block = c->block;
    struct eo_images images = {.pixels = (const uint8_t *)block + block->pixels, .count = block->images};
    struct eo_bench_engine *engine = NULL;
    struct eo_model model = {0};
    int rc = -1;

    c->counters = eo_counters_open(err);
    if (!c->counters ||
        eo_model_parse_network(&model, (const char *)block + block->model, block->model_bytes, NULL, err))
        goto out;
    engine = eo_bench_engine_new(&model, block->images ? &images : NULL, block->isa, block->threads,
                                 block->batch, err);
    if (!engine)
        goto out;
    /* Threads that may move sometimes share one processor for a whole round while another processor is idle. */
    if (block->answer.pinned && block->threads > 1 && block->threads <= block->cpu_count)
        eo_pin_each(block->cpus, block->cpu_count); /* if that fails, all stay pinned to all */
    c->subject = eo_bench_engine_subject(engine);
    strncpy(block->answer.kernel, eo_bench_engine_kernel(engine), sizeof(block->answer.kernel) - 1);
    block->answer.workspace_bytes = eo_bench_engine_workspace_bytes(engine);
    block->answer.pixel_sum = eo_bench_engine_pixel_sum(engine);
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

    for (size_t i = 0; environ[i]; i++)
        n += strlen(environ[i]) + 1;
    return n;
}

static int follow(struct eo_bench_block *block)
{
    struct child c = {.block = block, .began = eo_clock_now()};
    void *shift;

    prctl(PR_SET_NAME, "eo-bench");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != block->session)
        return 1;
    block->answer.pinned = eo_pin_set(block->cpus, block->cpu_count);
    shift = malloc(block->heap_shift);
    block->answer.stack = (uintptr_t)&c;
    block->answer.heap = (uintptr_t)shift + block->heap_shift;
    block->answer.environment_bytes = environment_bytes();
    block->answer.done = make_round(&c, &block->answer.err) == 0;
    free(shift);
    return !block->answer.done;
}

/* The block behind a descriptor; NULL for anything else. */
static struct eo_bench_block *map(int fd)
{
    struct eo_bench_block *block;
    struct stat st;

    if (fstat(fd, &st) || (uint64_t)st.st_size < sizeof(*block))
        return NULL;
    block = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (block == MAP_FAILED)
        return NULL;
    return block->magic == EO_BENCH_MAGIC && block->bytes == (uint64_t)st.st_size ? block : NULL;
}

int eo_bench_child(int argc, char **argv)
{
    struct eo_bench_block *block;
    int64_t fd;

    if (argc < 2 || strcmp(argv[1], EO_BENCH_CHILD_ARGUMENT) != 0)
        return -1;
    if (argc != 3 || eo_num_parse_i64(argv[2], 3, 1 << 20, &fd, NULL))
        return 2;
    block = map((int)fd);
    return block ? follow(block) : 2;
}
