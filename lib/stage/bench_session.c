#include "stage/bench_session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "stage/bench_child.h"

extern char **environ;

#define PADDING_NAME "EO_BENCH_PADDING="
#define PADDING_MOST 4096 /* a page: what differs in where things lie repeats after that */
#define HEAP_SHIFT_MOST 65536

static int at_least(int value, int least)
{
    return value > least ? value : least;
}

void eo_bench_plan_make(struct eo_bench_plan *plan, const struct eo_config *cfg)
{
    int exact = cfg->benchmark_exact;
    int rounds = exact ? cfg->benchmark_trials : at_least(cfg->benchmark_trials, EO_BENCH_ROUNDS);
    int needed = (EO_BENCH_SAMPLES + rounds - 1) / rounds;

    *plan = (struct eo_bench_plan){.batch = cfg->batch_size,
                                   .rounds = rounds,
                                   .samples = exact ? cfg->benchmark_repeats
                                                    : at_least(cfg->benchmark_repeats, needed),
                                   .warmup = cfg->benchmark_warmup,
                                   .exact = exact,
                                   .limit = exact ? rounds : EO_BENCH_LIMIT * rounds,
                                   .threads = 1,
                                   .cpu = -1,
                                   .isa = eo_isa_best(),
                                   .seed = cfg->seeds[0]};
}

void eo_rounds_release(struct eo_rounds *rounds)
{
    size_t i;
    int k;

    for (i = 0; i < rounds->count; i++) {
        for (k = 0; k < EO_BENCH_SIZES; k++)
            free(rounds->list[i].size[k].seconds);
    }
    free(rounds->list);
    *rounds = (struct eo_rounds){0};
}

void eo_bench_candidate_release(struct eo_bench_candidate *c)
{
    eo_rounds_release(&c->rounds);
}

void eo_bench_order(struct eo_rng *rng, uint32_t *order, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        order[i] = i;
    eo_rng_shuffle(rng, order, count);
}

/* What a session works with. */
struct work {
    const struct eo_bench_plan *plan;
    struct eo_bench_candidate *list;
    size_t count;
    struct eo_proc *proc;
    struct eo_rng rng;
    uint32_t *order;    /* [count] */
    uint64_t *model_at; /* [count], in the block */
    struct eo_bench_order *block;
    int fd;
    char **environment; /* ours and the padding */
    char padding[sizeof(PADDING_NAME) + PADDING_MOST];
};

/* The processors to be pinned to; none where we may run on all that are wanted anyway, or the kernel does not say. */
static int choose_cpus(struct eo_bench_order *o, const struct eo_bench_plan *plan, struct eo_err *err)
{
    int cpu = CPU_SETSIZE - 1, i;
    cpu_set_t allowed;

    o->cpu_count = 0;
    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return 0;
    if (plan->cpu >= 0) {
        if (plan->cpu >= CPU_SETSIZE || !CPU_ISSET(plan->cpu, &allowed))
            return eo_err_set(err, "expected a processor that this process may run on, found %d", plan->cpu);
        cpu = plan->cpu;
    }
    for (i = 0; i < CPU_SETSIZE && o->cpu_count < plan->threads; i++, cpu = cpu ? cpu - 1 : CPU_SETSIZE - 1) {
        if (CPU_ISSET(cpu, &allowed))
            o->cpus[o->cpu_count++] = cpu;
    }
    return 0;
}

/* A place of `bytes` at the end of the block so far. */
static int place(uint64_t *end, size_t bytes, uint64_t *at, struct eo_err *err)
{
    size_t next;

    *at = *end;
    if (eo_size_add((size_t)*end, eo_size_round_up(bytes, EO_ALIGN), &next) || next < *end ||
        next > SIZE_MAX / 2)
        return eo_err_set(err, "out of memory: %zu bytes", bytes);
    *end = next;
    return 0;
}

/* Plans the block: the order, samples, pixels, models. */
static int lay_out(struct work *w, struct eo_bench_order *o, size_t images, struct eo_err *err)
{
    uint64_t end = eo_size_round_up(sizeof(*o), EO_ALIGN);
    size_t i;
    int k;

    for (k = 0; k < EO_BENCH_SIZES; k++) {
        if (place(&end, (size_t)w->plan->samples * sizeof(double), &o->seconds[k], err))
            return -1;
    }
    o->images = images < (size_t)w->plan->batch ? images : (size_t)w->plan->batch;
    if (place(&end, (size_t)o->images * EO_IMAGE_PIXELS, &o->pixels, err))
        return -1;
    for (i = 0; i < w->count; i++) {
        if (place(&end, w->list[i].model_bytes, &w->model_at[i], err))
            return -1;
    }
    o->bytes = end;
    return 0;
}

/* Memory that the processes get by its descriptor, which they inherit. */
static int share(struct work *w, const struct eo_bench_order *o, struct eo_err *err)
{
    int code;
    void *p;

    w->fd = memfd_create("eo-bench", 0);
    if (w->fd < 0)
        return eo_err_errno(err, "cannot share memory");
    code = posix_fallocate(w->fd, 0, (off_t)o->bytes);
    p = code ? MAP_FAILED : mmap(NULL, (size_t)o->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
    if (p == MAP_FAILED) {
        errno = code ? code : errno;
        return eo_err_errno(err, "cannot share memory");
    }
    w->block = p;
    *w->block = *o;
    return 0;
}

static int make_block(struct work *w, const struct eo_images *images, struct eo_err *err)
{
    const struct eo_bench_plan *plan = w->plan;
    struct eo_bench_order o = {.magic = EO_BENCH_MAGIC,
                               .session = getpid(),
                               .isa = plan->isa,
                               .threads = plan->threads,
                               .batch = plan->batch,
                               .warmup = plan->warmup,
                               .samples = plan->samples,
                               .exact = plan->exact};
    size_t i;

    if (choose_cpus(&o, plan, err) || lay_out(w, &o, images ? images->count : 0, err) || share(w, &o, err))
        return -1;
    if (images)
        memcpy((char *)w->block + o.pixels, images->pixels, (size_t)o.images * EO_IMAGE_PIXELS);
    for (i = 0; i < w->count; i++)
        memcpy((char *)w->block + w->model_at[i], w->list[i].model, w->list[i].model_bytes);
    return 0;
}

static int make_environment(struct work *w, struct eo_err *err)
{
    size_t n = 0, kept = 0, i;

    while (environ[n])
        n++;
    w->environment = eo_alloc(n + 2, sizeof(*w->environment), err);
    if (!w->environment)
        return -1;
    for (i = 0; i < n; i++) {
        if (strncmp(environ[i], PADDING_NAME, strlen(PADDING_NAME)) != 0)
            w->environment[kept++] = environ[i];
    }
    w->environment[kept] = w->padding;
    return 0;
}

/* Where things lie in the next process. Drawn for every candidate in every round, whether it takes part or not. */
static void draw_places(struct work *w, uint64_t *heap_shift, uint32_t *padding)
{
    *padding = eo_rng_below(&w->rng, PADDING_MOST);
    *heap_shift = eo_rng_below(&w->rng, HEAP_SHIFT_MOST / 16) * 16 + 16;
}

static void write_order(struct work *w, size_t candidate, int round, uint64_t heap_shift, uint32_t padding)
{
    struct eo_bench_order *o = w->block;

    memset(&o->done, 0, sizeof(*o) - offsetof(struct eo_bench_order, done));
    o->round = round;
    o->heap_shift = heap_shift;
    o->model = w->model_at[candidate];
    o->model_bytes = w->list[candidate].model_bytes;
    strcpy(w->padding, PADDING_NAME);
    memset(w->padding + strlen(PADDING_NAME), '.', padding);
    w->padding[strlen(PADDING_NAME) + padding] = '\0';
}

/* Why a process has left no answer. What it said itself, like a sanitizer or the loader, is told too. */
static int explain(const struct work *w, int status, const struct eo_buf *messages, struct eo_err *err)
{
    int said = messages->len ? (int)strcspn(messages->data, "\n") : 0;

    if (w->block->err.msg[0])
        return eo_err_set(err, "%.500s", w->block->err.msg);
    if (status > 128)
        return eo_err_set(err, "the process that timed it was ended by signal %d (%s)%s%.*s", status - 128,
                          strsignal(status - 128), said ? ": " : "", said, said ? messages->data : "");
    return eo_err_set(err, "the process that timed it ended with status %d%s%.*s", status, said ? ": " : "",
                      said, said ? messages->data : "");
}

/* Runs one process. Fails when that cannot be done, with *broken 0, or when it does not do its work, with 1. */
static int run_process(struct work *w, int *broken, struct eo_err *err)
{
    char descriptor[16];
    char *argv[] = {"/proc/self/exe", EO_BENCH_CHILD_ARGUMENT, descriptor, NULL};
    struct eo_buf messages = {0};
    int status, rc;

    snprintf(descriptor, sizeof(descriptor), "%d", w->fd);
    rc = eo_proc_run(w->proc, argv, &messages, &status, err);
    *broken = rc == 0 && (status != 0 || !w->block->done);
    if (*broken)
        rc = explain(w, status, &messages, err);
    eo_buf_release(&messages);
    return rc;
}

/* The samples of one size, from the block. A batch of one image serves for both. */
static int copy_samples(const struct work *w, enum eo_bench_size size, struct eo_round_samples *s,
                        struct eo_err *err)
{
    const struct eo_bench_order *o = w->block;
    enum eo_bench_size from = w->plan->batch == 1 ? EO_BENCH_BATCH : size;
    size_t count = (size_t)w->plan->samples;

    s->seconds = eo_alloc(count, sizeof(*s->seconds), err);
    if (!s->seconds)
        return -1;
    memcpy(s->seconds, (const char *)o + o->seconds[from], count * sizeof(*s->seconds));
    s->count = count;
    s->images = size == EO_BENCH_BATCH ? w->plan->batch : 1;
    s->calls = o->calls[from];
    return 0;
}

static int append_round(struct eo_rounds *rounds, struct eo_round *round, struct eo_err *err)
{
    struct eo_round *list = realloc(rounds->list, (rounds->count + 1) * sizeof(*list));

    if (!list)
        return eo_err_set(err, "out of memory: %zu bytes", (rounds->count + 1) * sizeof(*list));
    rounds->list = list;
    list[rounds->count++] = *round;
    return 0;
}

static int take_answer(const struct work *w, struct eo_bench_candidate *c, int slot, struct eo_err *err)
{
    const struct eo_bench_order *o = w->block;
    struct eo_round round = {.number = o->round,
                             .slot = slot,
                             .conditions = o->conditions,
                             .stack = o->stack,
                             .heap = o->heap,
                             .environment_bytes = o->environment_bytes};
    int k;

    memcpy(round.counts, o->counts, sizeof(round.counts));
    memcpy(c->kernel, o->kernel, sizeof(c->kernel));
    memcpy(c->counters_note, o->counters_note, sizeof(c->counters_note));
    c->workspace_bytes = (size_t)o->workspace_bytes;
    for (k = 0; k < EO_BENCH_SIZES; k++) {
        if (copy_samples(w, (enum eo_bench_size)k, &round.size[k], err))
            goto failed;
    }
    if (append_round(&c->rounds, &round, err) == 0)
        return 0;
failed:
    for (k = 0; k < EO_BENCH_SIZES; k++)
        free(round.size[k].seconds);
    return -1;
}

static int time_candidate(struct work *w, size_t candidate, int round, int slot, struct eo_err *err)
{
    struct eo_bench_candidate *c = &w->list[candidate];
    uint64_t heap_shift;
    uint32_t padding;
    int broken;

    draw_places(w, &heap_shift, &padding);
    if (c->failed)
        return 0;
    write_order(w, candidate, round, heap_shift, padding);
    if (run_process(w, &broken, err) == 0)
        return take_answer(w, c, slot, err);
    if (!broken)
        return -1;
    if (!w->plan->go_on)
        return eo_err_prefix(err, "%s", c->name);
    c->failed = 1;
    c->err = *err;
    eo_rounds_release(&c->rounds);
    return 0;
}

static int take_round(struct work *w, int round, struct eo_err *err)
{
    uint32_t slot;

    eo_bench_order(&w->rng, w->order, (uint32_t)w->count);
    for (slot = 0; slot < w->count; slot++) {
        if (time_candidate(w, w->order[slot], round, (int)slot, err))
            return -1;
    }
    return 0;
}

/* In the notation of /proc: from the smallest to the largest. */
static void name_cpus(struct eo_bench_session *s, const struct eo_bench_order *o)
{
    struct eo_buf text = {0};
    int cpu, i;

    s->cpu[0] = '\0';
    for (cpu = 0; o->pinned && cpu < CPU_SETSIZE; cpu++) {
        for (i = 0; i < o->cpu_count; i++) {
            if (o->cpus[i] == cpu)
                eo_buf_printf(&text, "%s%d", text.len ? " " : "", cpu);
        }
    }
    if (text.data && text.len < sizeof(s->cpu))
        memcpy(s->cpu, text.data, text.len + 1);
    eo_buf_release(&text);
}

static int draw_id(struct eo_bench_session *s, struct eo_err *err)
{
    uint64_t id;

    if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
        return eo_err_errno(err, "cannot get random bytes");
    snprintf(s->id, sizeof(s->id), "%016" PRIx64, id);
    return 0;
}

static int set_up(struct work *w, const struct eo_images *images, struct eo_err *err)
{
    w->order = eo_alloc(w->count, sizeof(*w->order), err);
    w->model_at = w->order ? eo_alloc(w->count, sizeof(*w->model_at), err) : NULL;
    if (!w->model_at || make_environment(w, err) || make_block(w, images, err))
        return -1;
    eo_rng_init(&w->rng, w->plan->seed, EO_RNG_BENCH);
    w->proc->environment = w->environment;
    return 0;
}

static void tear_down(struct work *w)
{
    w->proc->environment = NULL;
    if (w->block)
        munmap(w->block, (size_t)w->block->bytes);
    if (w->fd >= 0)
        close(w->fd);
    free(w->environment);
    free(w->model_at);
    free(w->order);
}

int eo_bench_session_run(struct eo_bench_session *s, const struct eo_bench_plan *plan,
                         struct eo_bench_candidate *list, size_t count, const struct eo_images *images,
                         struct eo_proc *proc, struct eo_err *err)
{
    struct work w = {.plan = plan, .list = list, .count = count, .proc = proc, .fd = -1};
    int was = personality(0xffffffff);
    int round, rc;

    /* Somebody may have called us by `setarch -R`: our children shall lie at random places all the same. */
    if (was != -1 && (was & ADDR_NO_RANDOMIZE))
        personality((unsigned long)was & ~(unsigned long)ADDR_NO_RANDOMIZE);
    rc = draw_id(s, err) || set_up(&w, images, err) ? -1 : 0;
    for (round = 0; rc == 0 && round < plan->rounds; round++)
        rc = take_round(&w, round, err);
    if (rc == 0)
        name_cpus(s, w.block);
    tear_down(&w);
    if (was != -1 && (was & ADDR_NO_RANDOMIZE))
        personality((unsigned long)was);
    return rc;
}
