/*
 * lib/machine/clock, machine/reference and lib/stage/bench: how samples are taken, by sessions of processes, and the
 * rows.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "machine/reference.h"
#include "stage/bench/child.h"
#include "stage/bench/lock.h"
#include "stage/bench/meter.h"
#include "stage/bench/session.h"
#include "tests/unit/check.h"
#include "tests/unit/random_model.h"

static void check(int ok, const char *what, double expected, double found)
{
    check_that(ok, "%s: expected %.17g, found %.17g", what, expected, found);
}

static void test_clock(void)
{
    struct eo_clock clock, fixed = {.overhead_ns = 30, .resolution_ns = 1};
    uint64_t last = eo_clock_now_ns();
    int backwards = 0;

    for (int i = 0; i < 10000; i++) {
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

/* A sample is as many calls as last long enough; calls at one size alone. */
static void test_meter(int batch, uint64_t least_ns, uint64_t calls_at_least)
{
    struct eo_clock clock = {.overhead_ns = 20, .resolution_ns = 1};
    struct waiter w = {.batch = batch == 1 ? 0 : batch};
    struct eo_bench_subject subject = {wait_call, &w};
    struct eo_bench_meter m = {&subject, &clock, batch, least_ns, 1};
    double least = 1e-6 + 3e-6 * batch, s;

    for (int i = 0; i < 5; i++) {
        s = eo_bench_meter_take(&m);
        check(s >= 0.98 * least, "seconds of a call", least, s);
        check(s * 1e9 * (double)m.calls >= (double)least_ns * 0.9999, "length of a sample", (double)least_ns,
              s * 1e9 * (double)m.calls);
    }
    check(m.calls >= calls_at_least, "calls in a sample", (double)calls_at_least, (double)m.calls);
    check(w.other_calls == 0 && (batch == 1 ? w.batch_calls : w.single_calls) == 0, "calls at another size",
          0, 1);
}

static void nothing(void *ctx, int batch)
{
    (void)ctx;
    (void)batch;
}

/* A call that takes no time at all must not hang the measurement. */
static void test_empty_call(void)
{
    struct eo_clock clock = {.overhead_ns = 1000000000, .resolution_ns = 1};
    struct eo_bench_subject subject = {nothing, NULL};
    struct eo_bench_meter m = {&subject, &clock, 1, 100, 1};

    check(eo_bench_meter_take(&m) == 0, "a call that does nothing", 0, 1);
}

/* The chains are what they are said to be, whatever the compiler made of them. */
static void test_reference(void)
{
    struct eo_reference r = {{1, 2, 3, 4, 5, 6, 7, 8}}, again = r;
    uint64_t x = 1;
    struct eo_clock clock;

    for (int i = 0; i < 20000; i++)
        x = x * 0x9e3779b97f4a7c15u + 1;
    eo_reference_work(&r);
    check(r.chain[0] == x, "reference: first chain", (double)x, (double)r.chain[0]);
    eo_clock_init(&clock);
    check(eo_reference_time_ns(&again, &clock) > 0, "reference: time", 1, 0);
    check(memcmp(&r, &again, sizeof(r)) == 0, "reference: the same work", 0, 1);
}

struct plan_case {
    const char *name;
    int repeats, trials, exact;
    int rounds, samples, limit; /* expected */
};

static const struct plan_case plan_cases[] = {
    {"both raised", 5, 3, 0, 16, 40, 48},
    {"samples as asked for", 50, 3, 0, 16, 50, 48},
    {"rounds as asked for", 5, 20, 0, 20, 32, 60},
    {"both as asked for", 14, 50, 0, 50, 14, 150},
    {"exact", 5, 3, 1, 3, 5, 3},
    {"one of each", 1, 1, 1, 1, 1, 1},
};

static void test_plan(const struct plan_case *c)
{
    struct eo_bench_plan p;
    struct eo_config cfg;

    eo_config_init(&cfg);
    cfg.benchmark_repeats = c->repeats;
    cfg.benchmark_trials = c->trials;
    cfg.benchmark_exact = c->exact;
    eo_bench_plan_make(&p, &cfg);
    check_that(p.rounds == c->rounds && p.samples == c->samples && p.limit == c->limit,
               "%s: expected %d rounds of %d samples, at most %d, found %d, %d, %d", c->name, c->rounds,
               c->samples, c->limit, p.rounds, p.samples, p.limit);
}

/* A part of the session for each process, but a second where that is less; no limit to an exact or endless one. */
static void test_process_seconds(void)
{
    static const struct {
        int seconds, rounds, exact;
        size_t count;
        double expected;
    } cases[] = {{60, 16, 0, 3, 1.25}, {60, 16, 0, 9, 1},        {600, 16, 0, 15, 2.5},
                 {60, 1, 0, 1, 60},    {60, 16, 1, 3, INFINITY}, {0, 16, 0, 3, INFINITY}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct eo_bench_plan plan = {
            .seconds = cases[i].seconds, .rounds = cases[i].rounds, .exact = cases[i].exact};
        double found = eo_bench_plan_process_s(&plan, cases[i].count);

        check(found == cases[i].expected, "seconds of a process", cases[i].expected, found);
    }
}

/* The order follows from the seed; every candidate is there once; rounds and seeds differ. */
static void test_order(void)
{
    uint32_t first[20], order[20];
    int same = 0, seen;
    struct eo_rng rng;
    uint32_t i;

    eo_rng_init(&rng, 7, EO_RNG_BENCH);
    eo_bench_draw_order(&rng, first, 20);
    for (int round = 1; round < 10; round++) {
        eo_bench_draw_order(&rng, order, 20);
        same += memcmp(first, order, sizeof(order)) == 0;
        for (seen = 0, i = 0; i < 20; i++)
            seen |= order[i] < 20 ? 1 << order[i] : 0;
        check(seen == (1 << 20) - 1, "order: each candidate once", (1 << 20) - 1, seen);
    }
    check(same == 0, "order: the rounds differ", 0, same);
    for (int seed = 7; seed < 10; seed++) {
        eo_rng_init(&rng, (uint64_t)seed, EO_RNG_BENCH);
        eo_bench_draw_order(&rng, order, 20);
        check((memcmp(first, order, sizeof(order)) == 0) == (seed == 7), "order: of the seed", 7, seed);
    }
}

/* A session in processes of this very program. */
struct tried {
    struct eo_buf model[3];
    struct eo_bench_candidate list[3];
    struct eo_bench_session session;
    struct eo_proc proc;
    struct eo_err err;
};

/* The file of candidate `broken` is spoilt after it was read; -1: of none. */
static int try_on(struct tried *t, const struct eo_bench_plan *plan, const struct eo_images *images,
                  int broken)
{
    struct eo_model m;
    int rc;

    memset(t, 0, sizeof(*t));
    for (int i = 0; i < 3; i++) {
        random_model(&m, i == 1 ? EO_INT8 : EO_FP32, 2, 3, 5);
        rc = eo_model_serialize(&m, &t->model[i], &t->err);
        while (m.meta_count > 0 && eo_model_meta_set(&m, m.meta[0].key, NULL, NULL) == 0)
            ;
        random_model_release(&m);
        if (rc)
            return -1;
        t->list[i] =
            (struct eo_bench_candidate){.name = "m", .bytes = t->model[i].data, .size = t->model[i].len};
        if (eo_model_parse(&t->list[i].model, t->model[i].data, t->model[i].len, &t->err))
            return -1;
        if (i == broken)
            memset(t->model[i].data, 0xff, 8);
    }
    if (eo_proc_begin(&t->proc, &t->err))
        return -1;
    rc = eo_bench_session_run(&t->session, plan, t->list, 3, images, &t->proc, &t->err);
    eo_proc_end(&t->proc);
    return rc;
}

static int try_session(struct tried *t, const struct eo_bench_plan *plan)
{
    return try_on(t, plan, NULL, -1);
}

static void release_tried(struct tried *t)
{
    for (int i = 0; i < 3; i++) {
        t->list[i].bytes = NULL;
        eo_bench_candidate_release(&t->list[i]);
        eo_buf_release(&t->model[i]);
    }
}

static void check_round(const struct eo_round *r, int number, int batch, const char *name)
{
    const struct eo_round_conditions *c = &r->conditions;

    check(r->number == number && r->slot >= 0 && r->slot < 3, name, number, r->number);
    for (size_t k = 0; k < EO_BENCH_SIZES; k++) {
        const struct eo_round_samples *s = &r->size[k];

        /* On a busy machine the tries may be used up before five samples were not interrupted. */
        if (batch == 1 && k == EO_BENCH_SINGLE)
            check(s->count == 0, name, 0, (double)s->count);
        else
            check(s->count == 5 || (s->count >= 1 && s->count < 5 && s->interrupted > 0), name, 5,
                  (double)s->count);
        check(!s->count || (s->images == (k == EO_BENCH_BATCH ? batch : 1) && s->calls > 0), name, batch,
              s->images);
        for (size_t i = 0; i < s->count; i++)
            check(s->seconds[i] > 0 && s->seconds[i] < 10, "a sample", 1, s->seconds[i]);
    }
    check(c->reference_ns > 0 && c->wall_s > 0 && c->cpu_s > 0, "conditions", 1, c->wall_s);
    check(c->involuntary_switches >= 0 && c->page_faults >= 0 && c->resident_bytes > 100000, "conditions", 1,
          0);
}

/* Each candidate once in a round, each time in a process whose stack, heap and environment lie elsewhere. */
static void test_session(int batch)
{
    struct eo_bench_plan plan = {.batch = batch,
                                 .rounds = 3,
                                 .samples = 5,
                                 .warmup = 1,
                                 .exact = 1,
                                 .limit = 3,
                                 .threads = 1,
                                 .cpu = -1,
                                 .seed = 7};
    uint64_t stack[9], heap[9], environment[9];
    int n = 0, i, slots, same;
    struct tried t;

    if (try_session(&t, &plan)) {
        check_that(0, "session: %s", t.err.msg);
        release_tried(&t);
        return;
    }
    check(strlen(t.session.id) == 16 && strspn(t.session.id, "0123456789abcdef") == 16, "session: id", 16, 0);
    check_text("kernel", "int8-generic", t.list[1].kernel);
    check(t.list[0].workspace_bytes > 0, "session: workspace", 1, 0);
    check(t.list[0].arena_bytes[EO_ARENA_FUSED] == 4704 && t.list[0].arena_bytes[EO_ARENA_UNFUSED] == 9408,
          "session: arenas", 4704, (double)t.list[0].arena_bytes[EO_ARENA_FUSED]);
    for (int r = 0; r < 3; r++) {
        for (slots = 0, i = 0; i < 3; i++, n++) {
            const struct eo_round *round = &t.list[i].rounds.list[r];

            check(t.list[i].rounds.count == 3, "session: rounds", 3, (double)t.list[i].rounds.count);
            check_round(round, r, batch, "session: round");
            slots |= 1 << round->slot;
            stack[n] = round->stack;
            heap[n] = round->heap;
            environment[n] = round->environment_bytes;
        }
        check(slots == 7, "session: each place of the order", 7, slots);
    }
    for (same = 0, i = 0; i < 9; i++) {
        for (int r = 0; r < i; r++)
            same += (stack[i] == stack[r]) + (heap[i] == heap[r]) + (environment[i] == environment[r]);
    }
    check(same == 0, "session: places that are the same", 0, same);
    release_tried(&t);
}

static void test_session_errors(void)
{
    struct eo_bench_plan plan = {
        .batch = 2, .rounds = 1, .samples = 2, .exact = 1, .limit = 1, .threads = 1, .cpu = 100000};
    struct tried t;

    check(try_session(&t, &plan) == -1, "a processor that is not there", -1, 0);
    check_text("message", "expected a processor that this process may run on, found 100000", t.err.msg);
    release_tried(&t);
}

/* The first images are handed over, and begin again where there are not enough. */
static void test_session_images(size_t count, uint64_t sum)
{
    struct eo_bench_plan plan = {
        .batch = 5, .rounds = 1, .samples = 1, .exact = 1, .limit = 1, .threads = 1, .cpu = -1};
    uint8_t *pixels = calloc(8, EO_IMAGE_PIXELS);
    struct eo_images images = {.pixels = pixels, .count = count};
    struct tried t;

    for (int i = 0; pixels && i < 8; i++)
        pixels[i * EO_IMAGE_PIXELS + i] = (uint8_t)(1 << i);
    check(pixels && try_on(&t, &plan, &images, -1) == 0, "a session on images", 0, -1);
    check(t.list[2].rounds.list[0].pixel_sum == sum, "grey values", (double)sum,
          (double)t.list[2].rounds.list[0].pixel_sum);
    release_tried(&t);
    free(pixels);
}

/* What a process says of its failure is told; the others go on if they shall. */
static void test_session_broken(void)
{
    struct eo_bench_plan plan = {
        .batch = 2, .rounds = 2, .samples = 2, .exact = 1, .limit = 2, .threads = 1, .cpu = -1, .seed = 1};
    const char *message = "m: byte offset 0: expected a header of at most ";
    struct tried t;

    check(try_on(&t, &plan, NULL, 1) == -1, "a broken candidate", -1, 0);
    check_that(strncmp(t.err.msg, message, strlen(message)) == 0, "message: '%s'", t.err.msg);
    release_tried(&t);
    plan.go_on = 1;
    check(try_on(&t, &plan, NULL, 1) == 0, "a broken candidate, going on", 0, -1);
    check(t.list[1].failed && t.list[1].rounds.count == 0, "it has failed", 1, t.list[1].failed);
    check_that(strncmp(t.list[1].err.msg, message, strlen(message)) == 0, "message: '%s'", t.list[1].err.msg);
    check(t.list[0].rounds.count == 2 && t.list[2].rounds.count == 2, "the others' rounds", 2,
          (double)t.list[0].rounds.count);
    release_tried(&t);
}

static int put_file(const char *root, const char *folder, const char *name, const char *text)
{
    struct eo_err err;
    char path[512];

    snprintf(path, sizeof(path), "%s%s", root, folder);
    if (eo_io_mkdirs(path, &err))
        return -1;
    snprintf(path, sizeof(path), "%s%s/%s", root, folder, name);
    return eo_io_write(path, text, strlen(text), &err);
}

/* Where the kernel tells of clock and steal, the conditions have it. */
static void test_conditions(void)
{
    struct eo_bench_plan plan = {
        .batch = 2, .rounds = 1, .samples = 2, .exact = 1, .limit = 1, .threads = 1, .cpu = -1};
    char root[] = "/tmp/test_bench.XXXXXX", folder[128];
    struct eo_round_conditions *c;
    cpu_set_t allowed;
    struct tried t;

    if (!mkdtemp(root) || put_file(root, "/proc", "stat", "cpu  9 9 9 9 9 9 9 9 0 0\n")) {
        check(0, "a made-up machine", 0, 0);
        return;
    }
    sched_getaffinity(0, sizeof(allowed), &allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed))
            continue;
        snprintf(folder, sizeof(folder), "/sys/devices/system/cpu/cpu%d/cpufreq", cpu);
        check(put_file(root, folder, "scaling_cur_freq", "2000000\n") == 0, "a made-up processor", 0, cpu);
    }
    setenv("EO_HOST_ROOT", root, 1);
    check(try_session(&t, &plan) == 0, "session", 0, -1);
    c = &t.list[0].rounds.list[0].conditions;
    check(c->frequency_start_khz == 2000000 && c->frequency_end_khz == 2000000, "frequency", 2000000,
          c->frequency_end_khz);
    check(isnan(c->steal_s), "steal of a processor that is not there", NAN, c->steal_s);
    unsetenv("EO_HOST_ROOT");
    release_tried(&t);
    check(eo_proc_scratch_remove(root, NULL) == 0, "removed", 0, -1);
}

static int refuse_affinity(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* In a container that does not let us choose the processor, timing goes on and says that it was not pinned. */
static void test_refused(void)
{
    struct eo_bench_plan plan = {
        .batch = 2, .rounds = 1, .samples = 2, .exact = 1, .limit = 1, .threads = 1, .cpu = -1};
    int status = 1;
    struct tried t;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(refuse_affinity() || try_session(&t, &plan) || t.session.cpu[0] || t.list[2].rounds.count != 1);
    check(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "without a choice of processor", 0,
          status);
}

static void test_child_arguments(void)
{
    char *none[] = {"x", NULL}, *other[] = {"x", "-c", NULL};
    char *missing[] = {"x", EO_BENCH_CHILD_ARGUMENT, NULL},
         *bad[] = {"x", EO_BENCH_CHILD_ARGUMENT, "1x", NULL};
    char *closed[] = {"x", EO_BENCH_CHILD_ARGUMENT, "1000", NULL};

    check(eo_bench_child(1, none) == -1, "no child", -1, 0);
    check(eo_bench_child(2, other) == -1, "no child", -1, 0);
    check(eo_bench_child(2, missing) == 2, "a child without a block", 2, 0);
    check(eo_bench_child(3, bad) == 2, "a child with a bad descriptor", 2, 0);
    check(eo_bench_child(3, closed) == 2, "a child with a closed descriptor", 2, 0);
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

    if (!images.pixels || eo_model_init(&m, EO_FP32, shape, &err)) {
        check(0, "set-up", 0, 0);
        goto out;
    }
    e = eo_bench_engine_new(&m, c->images ? &images : NULL, EO_ISA_GENERIC, c->threads, c->batch, &err);
    check(e != NULL, "engine", c->batch, c->threads);
    if (!e)
        goto out;
    subject = eo_bench_engine_subject(e);
    for (int i = 0; i < c->batch + 2; i++)
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

/* What is not our lock is neither followed nor written, and it is said why timing goes on without. */
static void test_bad_lock(const char *path, const char *why)
{
    struct eo_bench_lock lock;
    int rc = eo_bench_lock(&lock, 0, NULL, NULL);

    check(rc == 0 && lock.fd == -1, why, 0, rc);
    check_that(strncmp(lock.note, "not locked: /", 13) == 0 && strstr(lock.note, why) &&
                   !strchr(lock.note, ','),
               "%s: expected '%s', found '%s'", path, why, lock.note);
    unlink(path);
}

/* The lock keeps a second holder out until it is given back; without a usable folder timing goes on. */
static void test_lock(void)
{
    char dir[] = "/tmp/test_bench.XXXXXX", path[128], target[128], expected[64];
    struct eo_bench_lock lock, second;
    struct eo_err err = {""};
    struct stat st;
    mode_t mask;
    int other, file;

    if (!mkdtemp(dir)) {
        check(0, "mkdtemp", 0, 0);
        return;
    }
    snprintf(path, sizeof(path), "%s/edge-opt-timing.lock", dir);
    snprintf(target, sizeof(target), "%s/other", dir);
    setenv("EO_LOCK_DIR", dir, 1);
    mask = umask(077);
    other = eo_bench_lock(&lock, 0, NULL, &err);
    check(other == 0 && lock.fd >= 0 && !lock.note[0], "lock", 0, other);
    umask(mask);
    check(stat(path, &st) == 0 && (st.st_mode & 0777) == 0666, "whatever the umask", 0666, st.st_mode & 0777);
    other = eo_bench_lock(&second, 0, NULL, &err);
    check(other == -1 && second.fd == -1, "no time to wait", -1, other);
    snprintf(expected, sizeof(expected), "is held by process %ld of user ", (long)getpid());
    check_that(strstr(err.msg, expected) && strstr(err.msg, " since 20") && strstr(err.msg, "benchmark_wait"),
               "message: '%s'", err.msg);
    other = try_lock(path);
    check(other == -1, "second holder", -1, other);
    eo_bench_unlock(&lock);
    other = try_lock(path);
    check(other >= 0, "after it was given back", 3, other);
    close(other);
    unlink(path);
    file = creat(target, 0644);
    check(symlink(target, path) == 0, "a link", 0, -1);
    test_bad_lock(path, "it is a link");
    check(link(target, path) == 0, "a second name", 0, -1);
    test_bad_lock(path, "no empty file with one name");
    check(write(file, "x", 1) == 1 && rename(target, path) == 0, "somebody's file", 0, -1);
    test_bad_lock(path, "no empty file with one name");
    check(mkfifo(path, 0600) == 0, "a pipe", 0, -1);
    test_bad_lock(path, "no empty file with one name");
    close(file);
    rmdir(dir);
    test_bad_lock(path, "No such file");
    eo_bench_unlock(&lock);
    unsetenv("EO_LOCK_DIR");
}

int main(int argc, char **argv)
{
    int child = eo_bench_child(argc, argv);

    if (child >= 0)
        return child;
    test_clock();
    test_meter(4, 2000, 1);
    test_meter(1, 100000, 20);
    test_empty_call();
    test_reference();
    for (size_t i = 0; i < sizeof(plan_cases) / sizeof(*plan_cases); i++)
        test_plan(&plan_cases[i]);
    test_order();
    test_process_seconds();
    test_session(3);
    test_session(1);
    test_session_images(8, 1 + 2 + 4 + 8 + 16);
    test_session_images(3, 1 + 2 + 4 + 1 + 2);
    test_session_errors();
    test_session_broken();
    test_conditions();
    test_refused();
    test_child_arguments();
    for (size_t i = 0; i < sizeof(engine_cases) / sizeof(*engine_cases); i++)
        test_engine(&engine_cases[i]);
    test_engine_errors();
    test_lock();
    return check_report("test_bench");
}
