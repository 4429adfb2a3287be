#include "stage/bench/session.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/random.h>

#include "base/mem.h"
#include "machine/clock.h"
#include "machine/energy.h"
#include "stage/bench/arena.h"
#include "stage/bench/process.h"
#include "stage/bench/resume.h"

void eo_bench_draw_order(struct eo_rng *rng, uint32_t *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    eo_rng_shuffle(rng, order, count);
}

/* What a session works with. */
struct work {
    const struct eo_bench_plan *plan;
    struct eo_bench_candidate *list;
    size_t count;
    struct eo_bench_process process;
    struct eo_bench_start start;
    struct eo_rng rng;
    uint32_t *order;             /* [count] */
    struct eo_bench_task *tasks; /* [count], of a round: those of candidates that take part */
    size_t *part;                /* [count]: their candidates */
    size_t part_count;           /* of both */
    size_t *wanted;              /* [count]: rounds that are still to be taken */
    struct eo_rounds *rounds;    /* [count], for the judge; borrowed from the candidates */
    struct eo_buf kept;          /* the round that is being taken, for the journal */
    size_t done;                 /* processes */
    size_t again;                /* candidates that are given more rounds than planned */
    size_t taken_over;           /* rounds */
    double spent;                /* seconds, at the end of the latest round taken over */
    double began;                /* eo_clock_now(), less what earlier parts of the session spent */
    int is_cut;                  /* the time is over */
    int pinned;                  /* the latest process that answered */
};

/* The samples of one size, from the block. With a batch of one image there are none of single images. */
static int copy_samples(struct work *w, enum eo_bench_size size, struct eo_round_samples *s,
                        struct eo_err *err)
{
    const struct eo_bench_answer *o = &w->process.block->answer;
    size_t count = (size_t)o->kept[size];

    if (size == EO_BENCH_SINGLE && w->plan->batch == 1)
        return 0;
    s->seconds = eo_alloc(count, sizeof(*s->seconds), err);
    if (!s->seconds)
        return -1;
    memcpy(s->seconds, eo_bench_block_seconds(w->process.block, size), count * sizeof(*s->seconds));
    s->count = count;
    s->interrupted = (size_t)o->interrupted[size];
    s->stood_in = o->stood_in[size];
    s->images = size == EO_BENCH_BATCH ? w->plan->batch : 1;
    s->calls = o->calls[size];
    return 0;
}

static int add_round(struct work *w, struct eo_bench_candidate *c, int slot, struct eo_err *err)
{
    const struct eo_bench_answer *o = &w->process.block->answer;
    struct eo_round round = {.number = w->process.block->round,
                             .is_checked = 1,
                             .slot = slot,
                             .conditions = o->conditions,
                             .stack = o->stack,
                             .heap = o->heap,
                             .environment_bytes = o->environment_bytes,
                             .pixel_sum = o->pixel_sum};

    w->pinned = o->pinned;
    memcpy(round.counts, o->counts, sizeof(round.counts));
    if (w->process.block->weigh_energy)
        c->energy_j =
            eo_energy_per_image(o->energy.joules, o->energy.seconds, w->start.idle_power_w, o->energy.images);
    memcpy(c->kernel, o->kernel, sizeof(c->kernel));
    memcpy(c->counters_note, o->counters_note, sizeof(c->counters_note));
    c->workspace_bytes = (size_t)o->workspace_bytes;
    for (int k = 0; k < EO_BENCH_SIZES; k++) {
        if (copy_samples(w, (enum eo_bench_size)k, &round.size[k], err))
            goto failed;
    }
    if (eo_rounds_append(&c->rounds, &round, err) == 0)
        return 0;
failed:
    eo_round_release(&round);
    return -1;
}

/* A candidate that fails loses its rounds and is left out, or it ends the session. */
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
    for (size_t i = 0; i < w->count; i++) {
        struct eo_bench_candidate *c = &w->list[i];

        if (!c->failed && eo_bench_arena_check(&c->model, images, w->plan->isa, c->arena_bytes, err) &&
            drop(w, c, err))
            return -1;
    }
    return 0;
}

/* Rounds that are still wanted: the most of any candidate, and the sum. */
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
    struct eo_bench_progress p = {
        .taken_over = w->taken_over, .round = (size_t)round + 1, .again = w->again, .left_s = NAN};
    double spent = eo_clock_now() - w->began;
    size_t left;

    p.rounds = (size_t)round + most_wanted(w, &left);
    if (w->done > 0)
        p.left_s = spent / (double)w->done * (double)left;
    if (w->plan->seconds && p.left_s > w->plan->seconds - spent)
        p.left_s = fmax(0, w->plan->seconds - spent);
    if (w->plan->progress)
        w->plan->progress(w->plan->progress_ctx, &p);
}

/*
 * The time does not suffice for the next process, which may take twice as long as the others, and for the rows. Each
 * candidate gets one round in any case.
 */
static int is_over(const struct work *w)
{
    double spent = eo_clock_now() - w->began, process = w->done ? spent / (double)w->done : 0;

    if (!w->plan->seconds || spent + 3 * process < w->plan->seconds)
        return 0;
    for (size_t i = 0; i < w->count; i++) {
        if (!w->list[i].failed && w->list[i].rounds.count == 0)
            return 0;
    }
    return 1;
}

/* Draws places for all candidates, so that later draws do not depend on which take part. */
static void draw_round(struct work *w, int round)
{
    eo_bench_draw_order(&w->rng, w->order, (uint32_t)w->count);
    w->part_count = 0;
    for (size_t slot = 0; slot < w->count; slot++) {
        struct eo_bench_task task = {.candidate = w->order[slot], .round = round, .slot = (int)slot};
        const struct eo_bench_candidate *c = &w->list[task.candidate];

        task.padding = eo_rng_below(&w->rng, EO_BENCH_PADDING_MOST);
        task.heap_shift = eo_rng_below(&w->rng, EO_BENCH_HEAP_SHIFT_MOST / 16) * 16 + 16;
        task.weigh_energy = !isnan(w->start.idle_power_w) && c->rounds.count == 0;
        if (w->wanted[task.candidate] == 0)
            continue;
        w->part[w->part_count] = task.candidate;
        w->tasks[w->part_count++] = task;
    }
}

/* The answer that is in the block. */
static int take_answer(struct work *w, const struct eo_bench_task *task, struct eo_err *err)
{
    struct eo_bench_candidate *c = &w->list[task->candidate];
    const struct eo_bench_answer *answer = &w->process.block->answer;

    w->done++;
    w->wanted[task->candidate]--;
    if (answer->done)
        return add_round(w, c, task->slot, err);
    w->wanted[task->candidate] = 0;
    eo_err_set(err, "%s", answer->err.msg);
    return drop(w, c, err);
}

/* The next round from the journal. 1 when it had one, 0 when this and all later ones are to be taken. */
static int take_over(struct work *w, uint64_t round, struct eo_err *err)
{
    struct eo_bench_round_head head = {.round = round, .processes = w->part_count, .spent_s = w->spent};
    struct eo_bench_block *block = w->process.block;
    const char *answers;

    if (!w->plan->journal || !eo_bench_resume_round(w->plan->journal, block, w->part, &head, &answers))
        return 0;
    for (size_t i = 0; i < w->part_count; i++) {
        eo_bench_process_prepare(&w->process, &w->list[w->part[i]], &w->tasks[i]);
        eo_bench_resume_answer(&answers, block);
        if (take_answer(w, &w->tasks[i], err))
            return -1;
    }
    w->taken_over++;
    w->spent = head.spent_s;
    w->began = eo_clock_now() - w->spent;
    return 1;
}

/* In the first round, which every candidate gets, the processes that are left share the time. */
static double time_for(const struct work *w, int round, size_t left)
{
    double most = eo_bench_plan_process_s(w->plan, w->count), spent = eo_clock_now() - w->began;

    return round > 0 || isinf(most) ? most : fmin(most, fmax(0, w->plan->seconds - spent) / (double)left);
}

static int time_round(struct work *w, int round, struct eo_err *err)
{
    eo_bench_keep_begin(&w->kept, (uint64_t)round);
    for (size_t i = 0; i < w->part_count; i++) {
        struct eo_bench_task *task = &w->tasks[i];

        task->most_s = time_for(w, round, w->part_count - i);
        if (is_over(w)) {
            w->is_cut = 1;
            return 0;
        }
        tell_progress(w, round);
        eo_bench_process_prepare(&w->process, &w->list[task->candidate], task);
        if (eo_bench_process_run(&w->process, err))
            return -1;
        if (w->plan->journal)
            eo_bench_keep_answer(&w->kept, task->candidate, w->process.block);
        if (take_answer(w, task, err))
            return -1;
    }
    if (w->plan->journal)
        eo_bench_keep_end(w->plan->journal, &w->kept, w->part_count, eo_clock_now() - w->began);
    return 0;
}

/* One round of all that want one. */
static int take_round(struct work *w, int round, struct eo_err *err)
{
    int rc;

    draw_round(w, round);
    rc = take_over(w, (uint64_t)round, err);
    return rc == 0 ? time_round(w, round, err) : rc < 0 ? -1 : 0;
}

static int any_wanted(const struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->wanted[i] > 0)
            return 1;
    }
    return 0;
}

static int judge_all(struct work *w, struct eo_bench_session *s, struct eo_err *err)
{
    struct eo_judge_session all;

    for (size_t i = 0; i < w->count; i++)
        w->rounds[i] = w->list[i].rounds;
    if (eo_judge_session(w->rounds, w->count, &all, err))
        return -1;
    s->reference_ns = all.reference_ns;
    for (size_t i = 0; i < w->count; i++) {
        struct eo_bench_candidate *c = &w->list[i];

        if (!c->failed && eo_judge(&c->rounds, w->plan->rounds, &all, &c->verdict, err))
            return -1;
    }
    return 0;
}

/* More rounds for each candidate, as far as the limit allows. */
static void want_again(struct work *w)
{
    size_t left;

    w->again = 0;
    for (size_t i = 0; !w->plan->exact && i < w->count; i++) {
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

    for (size_t i = 0; i < w->count; i++)
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

static int is_among(const struct eo_bench_block *o, int cpu)
{
    for (int i = 0; i < o->cpu_count; i++) {
        if (o->cpus[i] == cpu)
            return 1;
    }
    return 0;
}

/* "0-3 6": ranges, rising. */
static int name_cpus(struct eo_bench_session *s, const struct work *w, struct eo_err *err)
{
    struct eo_buf text = {0};
    int last, rc;

    eo_buf_puts(&text, "");
    for (int cpu = 0; w->pinned && cpu < CPU_SETSIZE; cpu = last + 1) {
        for (last = cpu; is_among(w->process.block, last); last++)
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
static void weigh_idle(struct eo_bench_start *start)
{
    struct eo_host host = eo_host_of_environment();
    struct eo_energy e;

    eo_energy_open(&e, &host);
    start->idle_power_w = eo_energy_idle_w(&e);
    snprintf(start->energy_source, sizeof(start->energy_source), "%s", eo_energy_source(&e));
}

static int draw_id(struct eo_bench_start *start, struct eo_err *err)
{
    uint64_t id;

    if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
        return eo_err_errno(err, "cannot get random bytes");
    snprintf(start->id, sizeof(start->id), "%016" PRIx64, id);
    return 0;
}

/* Goes on with the session in the journal, or begins a new one. */
static int begin(struct work *w, struct eo_err *err)
{
    struct eo_journal *j = w->plan->journal;

    if (j && eo_bench_resume_bind(j, w->plan, w->process.block, w->list, w->count, err))
        return -1;
    if (j && eo_bench_resume_start(j, &w->start))
        return 0;
    if (draw_id(&w->start, err))
        return -1;
    weigh_idle(&w->start);
    if (j)
        eo_bench_keep_start(j, &w->start);
    return 0;
}

static int set_up(struct work *w, const struct eo_images *images, struct eo_proc *proc, struct eo_err *err)
{
    w->order = eo_alloc(w->count, sizeof(*w->order), err);
    w->tasks = w->order ? eo_alloc(w->count, sizeof(*w->tasks), err) : NULL;
    w->part = w->tasks ? eo_alloc(w->count, sizeof(*w->part), err) : NULL;
    w->wanted = w->part ? eo_alloc(w->count, sizeof(*w->wanted), err) : NULL;
    w->rounds = w->wanted ? eo_alloc(w->count, sizeof(*w->rounds), err) : NULL;
    eo_rng_init(&w->rng, w->plan->seed, EO_RNG_BENCH);
    for (size_t i = 0; i < w->count; i++)
        w->list[i].energy_j = NAN;
    return w->rounds ? eo_bench_process_init(&w->process, w->plan, w->list, w->count, images, proc, err) : -1;
}

static void tear_down(struct work *w)
{
    eo_bench_process_release(&w->process);
    eo_buf_release(&w->kept);
    free(w->rounds);
    free(w->wanted);
    free(w->part);
    free(w->tasks);
    free(w->order);
}

int eo_bench_session_run(struct eo_bench_session *s, const struct eo_bench_plan *plan,
                         struct eo_bench_candidate *list, size_t count, const struct eo_images *images,
                         struct eo_proc *proc, struct eo_err *err)
{
    struct work w = {.plan = plan, .list = list, .count = count, .began = plan->began};
    int was = personality(0xffffffff);
    int rc;

    *s = (struct eo_bench_session){.reference_ns = NAN};
    if (!plan->began)
        w.began = eo_clock_now();
    /* Places are random even if `setarch -R` started this program. */
    if (was != -1 && (was & ADDR_NO_RANDOMIZE))
        personality((unsigned long)was & ~(unsigned long)ADDR_NO_RANDOMIZE);
    rc = set_up(&w, images, proc, err) || check_arenas(&w, images, err) || begin(&w, err) ? -1 : 0;
    if (rc == 0)
        rc = take_rounds(&w, s, err) || name_cpus(s, &w, err) ? -1 : 0;
    memcpy(s->id, w.start.id, sizeof(s->id));
    memcpy(s->energy_source, w.start.energy_source, sizeof(s->energy_source));
    s->idle_power_w = w.start.idle_power_w;
    tear_down(&w);
    if (was != -1 && (was & ADDR_NO_RANDOMIZE))
        personality((unsigned long)was);
    return rc;
}
