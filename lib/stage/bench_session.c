#include "stage/bench_session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/energy.h"
#include "base/mem.h"
#include "base/pin.h"
#include "stage/bench_arena.h"
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
                                   .seconds = cfg->benchmark_seconds,
                                   .threads = 1,
                                   .cpu = -1,
                                   .isa = eo_isa_best(),
                                   .seed = cfg->seeds[0]};
}

void eo_bench_plan_limit(struct eo_bench_plan *plan, int limit)
{
    plan->limit = limit;
    plan->rounds = plan->rounds < limit ? plan->rounds : limit;
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
    double idle_power_w; /* NAN: joules are not counted */
    struct eo_rng rng;
    uint32_t *order;          /* [count] */
    uint64_t *model_at;       /* [count], in the block */
    size_t *wanted;           /* [count]: rounds that are still to be taken */
    size_t done;              /* processes */
    size_t again;             /* candidates that are given more rounds than planned */
    double start;             /* eo_clock_now() */
    int is_cut;               /* the time is over */
    int pinned;               /* the latest of them that answered */
    struct eo_rounds *rounds; /* [count], for the judge; borrowed from the candidates */
    struct eo_bench_order *block;
    int fd;
    char **environment; /* ours and the padding */
    char padding[sizeof(PADDING_NAME) + PADDING_MOST];
};

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
        if (place(&end, w->list[i].size, &w->model_at[i], err))
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

    if (images && images->count == 0)
        return eo_err_set(err, "expected at least 1 image to time, found 0");
    if (eo_pin_choose(plan->cpu, plan->threads, o.cpus, &o.cpu_count, err) ||
        lay_out(w, &o, images ? images->count : 0, err) || share(w, &o, err))
        return -1;
    if (images)
        memcpy((char *)w->block + o.pixels, images->pixels, (size_t)o.images * EO_IMAGE_PIXELS);
    for (i = 0; i < w->count; i++) {
        if (!w->list[i].failed)
            memcpy((char *)w->block + w->model_at[i], w->list[i].bytes, w->list[i].size);
    }
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
    o->weigh_energy = !isnan(w->idle_power_w) && w->list[candidate].rounds.count == 0;
    o->model = w->model_at[candidate];
    o->model_bytes = w->list[candidate].size;
    strcpy(w->padding, PADDING_NAME);
    memset(w->padding + strlen(PADDING_NAME), '.', padding);
    w->padding[strlen(PADDING_NAME) + padding] = '\0';
}

/* Why a process has left no answer. What it said itself, like a sanitizer or the loader, is told too. */
static int explain(const struct work *w, int status, const char *said, struct eo_err *err)
{
    if (w->block->err.msg[0])
        return eo_err_set(err, "%.500s", w->block->err.msg);
    if (status > 128)
        return eo_err_set(err, "the process that timed it was ended by signal %d (%s)%s%s", status - 128,
                          strsignal(status - 128), *said ? ": " : "", said);
    return eo_err_set(err, "the process that timed it ended with status %d%s%s", status, *said ? ": " : "",
                      said);
}

/* Runs one process. Fails when that cannot be done, with *broken 0, or when it does not do its work, with 1. */
static int run_process(struct work *w, int *broken, struct eo_err *err)
{
    char descriptor[16];
    char *argv[] = {"/proc/self/exe", EO_BENCH_CHILD_ARGUMENT, descriptor, NULL};
    struct eo_proc_said said;
    int status, rc;

    snprintf(descriptor, sizeof(descriptor), "%d", w->fd);
    rc = eo_proc_run(w->proc, argv, -1, &status, &said, err);
    *broken = rc == 0 && (status != 0 || !w->block->done);
    if (*broken)
        rc = explain(w, status, said.first, err);
    return rc;
}

/* The samples of one size, from the block. With a batch of one image there are none of single images. */
static int copy_samples(const struct work *w, enum eo_bench_size size, struct eo_round_samples *s,
                        struct eo_err *err)
{
    const struct eo_bench_order *o = w->block;
    size_t count = (size_t)o->kept[size];

    if (size == EO_BENCH_SINGLE && w->plan->batch == 1)
        return 0;
    s->seconds = eo_alloc(count, sizeof(*s->seconds), err);
    if (!s->seconds)
        return -1;
    memcpy(s->seconds, (const char *)o + o->seconds[size], count * sizeof(*s->seconds));
    s->count = count;
    s->interrupted = (size_t)o->interrupted[size];
    s->stood_in = o->stood_in[size];
    s->images = size == EO_BENCH_BATCH ? w->plan->batch : 1;
    s->calls = o->calls[size];
    return 0;
}

static int take_answer(struct work *w, struct eo_bench_candidate *c, int slot, struct eo_err *err)
{
    const struct eo_bench_order *o = w->block;
    struct eo_round round = {.number = o->round,
                             .is_checked = 1,
                             .slot = slot,
                             .conditions = o->conditions,
                             .stack = o->stack,
                             .heap = o->heap,
                             .environment_bytes = o->environment_bytes,
                             .pixel_sum = o->pixel_sum};
    int k;

    w->pinned = o->pinned;
    memcpy(round.counts, o->counts, sizeof(round.counts));
    if (o->weigh_energy)
        c->energy_j =
            eo_energy_per_image(o->energy.joules, o->energy.seconds, w->idle_power_w, o->energy.images);
    memcpy(c->kernel, o->kernel, sizeof(c->kernel));
    memcpy(c->counters_note, o->counters_note, sizeof(c->counters_note));
    c->workspace_bytes = (size_t)o->workspace_bytes;
    for (k = 0; k < EO_BENCH_SIZES; k++) {
        if (copy_samples(w, (enum eo_bench_size)k, &round.size[k], err))
            goto failed;
    }
    if (eo_rounds_append(&c->rounds, &round, err) == 0)
        return 0;
failed:
    eo_round_release(&round);
    return -1;
}

/* A candidate that fails is out, and with it what was found out, or the session ends. */
static int drop(struct work *w, struct eo_bench_candidate *c, struct eo_err *err)
{
    eo_err_prefix(err, "%s", c->name);
    if (!w->plan->go_on)
        return -1;
    c->failed = 1;
    c->err = *err;
    eo_rounds_release(&c->rounds);
    return 0;
}

static int check_arenas(struct work *w, const struct eo_images *images, struct eo_err *err)
{
    size_t i;

    for (i = 0; i < w->count; i++) {
        struct eo_bench_candidate *c = &w->list[i];

        if (!c->failed && eo_bench_arena_check(&c->model, images, w->plan->isa, c->arena_bytes, err) &&
            drop(w, c, err))
            return -1;
    }
    return 0;
}

/* Rounds that are wanted still: the most of a candidate, and of all. */
static size_t most_wanted(const struct work *w, size_t *all)
{
    size_t most = 0, i;

    for (*all = i = 0; i < w->count; i++) {
        *all += w->wanted[i];
        most = w->wanted[i] > most ? w->wanted[i] : most;
    }
    return most;
}

static void tell_progress(struct work *w, int round)
{
    struct eo_bench_progress p = {.round = (size_t)round + 1, .again = w->again, .left_s = NAN};
    double spent = eo_clock_now() - w->start;
    size_t left;

    p.rounds = (size_t)round + most_wanted(w, &left);
    if (w->done > 0)
        p.left_s = spent / (double)w->done * (double)left;
    if (w->plan->seconds && p.left_s > w->plan->seconds - spent)
        p.left_s = fmax(0, w->plan->seconds - spent);
    if (w->plan->progress)
        w->plan->progress(w->plan->progress_ctx, &p);
    w->done++;
}

/* The next process would end after the time, or leave none to write the rows in; once there is something of each. */
static int is_over(const struct work *w)
{
    double spent = eo_clock_now() - w->start, process = w->done ? spent / (double)w->done : 0;
    size_t i;

    if (!w->plan->seconds || spent + 2 * process < w->plan->seconds)
        return 0;
    for (i = 0; i < w->count; i++) {
        if (!w->list[i].failed && w->list[i].rounds.count == 0)
            return 0;
    }
    return 1;
}

static int time_candidate(struct work *w, size_t candidate, int round, int slot, struct eo_err *err)
{
    struct eo_bench_candidate *c = &w->list[candidate];
    uint64_t heap_shift;
    uint32_t padding;
    int broken;

    draw_places(w, &heap_shift, &padding);
    if (w->wanted[candidate] == 0)
        return 0;
    if (is_over(w)) {
        w->is_cut = 1;
        return 0;
    }
    tell_progress(w, round);
    w->wanted[candidate]--;
    write_order(w, candidate, round, heap_shift, padding);
    if (run_process(w, &broken, err) == 0)
        return take_answer(w, c, slot, err);
    if (!broken)
        return -1;
    w->wanted[candidate] = 0;
    return drop(w, c, err);
}

/* One round of all that want one. */
static int take_round(struct work *w, int round, struct eo_err *err)
{
    uint32_t slot;

    eo_bench_order(&w->rng, w->order, (uint32_t)w->count);
    for (slot = 0; slot < w->count && !w->is_cut; slot++) {
        if (time_candidate(w, w->order[slot], round, (int)slot, err))
            return -1;
    }
    return 0;
}

static int any_wanted(const struct work *w)
{
    size_t i;

    for (i = 0; i < w->count; i++) {
        if (w->wanted[i] > 0)
            return 1;
    }
    return 0;
}

static int judge_all(struct work *w, struct eo_bench_session *s, struct eo_err *err)
{
    struct eo_judge_session all;
    size_t i;

    for (i = 0; i < w->count; i++)
        w->rounds[i] = w->list[i].rounds;
    if (eo_judge_session(w->rounds, w->count, &all, err))
        return -1;
    s->reference_ns = all.reference_ns;
    for (i = 0; i < w->count; i++) {
        struct eo_bench_candidate *c = &w->list[i];

        if (!c->failed && eo_judge(&c->rounds, w->plan->rounds, &all, &c->verdict, err))
            return -1;
    }
    return 0;
}

/* What each is to be given again, as far as the limit allows. */
static void want_again(struct work *w)
{
    size_t i, left;

    w->again = 0;
    for (i = 0; !w->plan->exact && i < w->count; i++) {
        const struct eo_bench_candidate *c = &w->list[i];
        size_t limit = (size_t)w->plan->limit;

        left = limit > c->rounds.count ? limit - c->rounds.count : 0;
        w->wanted[i] = c->failed ? 0 : eo_judge_wanted(&c->verdict, w->plan->rounds);
        w->wanted[i] = w->wanted[i] < left ? w->wanted[i] : left;
        w->again += w->wanted[i] > 0;
    }
}

static int take_rounds(struct work *w, struct eo_bench_session *s, struct eo_err *err)
{
    int round = 0;
    size_t i;

    for (i = 0; i < w->count; i++)
        w->wanted[i] = w->list[i].failed ? 0 : (size_t)w->plan->rounds;
    while (any_wanted(w) && !w->is_cut) {
        while (any_wanted(w) && !w->is_cut) {
            if (take_round(w, round++, err))
                return -1;
        }
        if (judge_all(w, s, err))
            return -1;
        if (!w->is_cut)
            want_again(w);
    }
    s->is_cut = w->is_cut;
    return 0;
}

static int is_among(const struct eo_bench_order *o, int cpu)
{
    int i;

    for (i = 0; i < o->cpu_count; i++) {
        if (o->cpus[i] == cpu)
            return 1;
    }
    return 0;
}

/* "0-3 6": ranges, rising. */
static int name_cpus(struct eo_bench_session *s, const struct work *w, struct eo_err *err)
{
    struct eo_buf text = {0};
    int cpu, last, rc;

    eo_buf_puts(&text, "");
    for (cpu = 0; w->pinned && cpu < CPU_SETSIZE; cpu = last + 1) {
        for (last = cpu; is_among(w->block, last); last++)
            ;
        if (last > cpu)
            eo_buf_printf(&text, last > cpu + 1 ? "%s%d-%d" : "%s%d", text.len ? " " : "", cpu, last - 1);
    }
    rc = eo_buf_check(&text, err);
    if (rc == 0)
        snprintf(s->cpu, sizeof(s->cpu), "%s", text.data);
    eo_buf_release(&text);
    return rc;
}

/* Costs no time where joules are not counted. */
static void weigh_idle(struct work *w, struct eo_bench_session *s)
{
    struct eo_host host = eo_host_of_environment();
    struct eo_energy e;
    size_t i;

    eo_energy_open(&e, &host);
    s->idle_power_w = w->idle_power_w = eo_energy_idle_w(&e);
    snprintf(s->energy_source, sizeof(s->energy_source), "%s", eo_energy_source(&e));
    for (i = 0; i < w->count; i++)
        w->list[i].energy_j = NAN;
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
    w->wanted = w->model_at ? eo_alloc(w->count, sizeof(*w->wanted), err) : NULL;
    w->rounds = w->wanted ? eo_alloc(w->count, sizeof(*w->rounds), err) : NULL;
    if (!w->rounds || make_environment(w, err) || make_block(w, images, err))
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
    free(w->rounds);
    free(w->wanted);
    free(w->model_at);
    free(w->order);
}

int eo_bench_session_run(struct eo_bench_session *s, const struct eo_bench_plan *plan,
                         struct eo_bench_candidate *list, size_t count, const struct eo_images *images,
                         struct eo_proc *proc, struct eo_err *err)
{
    struct work w = {
        .plan = plan, .list = list, .count = count, .proc = proc, .fd = -1, .start = eo_clock_now()};
    int was = personality(0xffffffff);
    int rc;

    *s = (struct eo_bench_session){.reference_ns = NAN};
    /* Somebody may have called us by `setarch -R`: our children shall lie at random places all the same. */
    if (was != -1 && (was & ADDR_NO_RANDOMIZE))
        personality((unsigned long)was & ~(unsigned long)ADDR_NO_RANDOMIZE);
    rc = draw_id(s, err) || set_up(&w, images, err) || check_arenas(&w, images, err) ? -1 : 0;
    if (rc == 0)
        weigh_idle(&w, s);
    if (rc == 0)
        rc = take_rounds(&w, s, err) || name_cpus(s, &w, err) ? -1 : 0;
    tear_down(&w);
    if (was != -1 && (was & ADDR_NO_RANDOMIZE))
        personality((unsigned long)was);
    return rc;
}
