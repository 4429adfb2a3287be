#include "stage/bench/turns.h"

#include "base/mem.h"
#include "base/stats.h"

#define READINGS 9

static double read_reference(struct eo_bench_turns *t)
{
    double ns[READINGS];

    for (int i = 0; i < READINGS; i++)
        ns[i] = eo_reference_time_ns(&t->reference, &t->clock);
    return eo_stats_median(ns, READINGS);
}

int eo_bench_turns_init(struct eo_bench_turns *t, const int images[EO_BENCH_SIZES], size_t most, int cpu,
                        struct eo_err *err)
{
    *t = (struct eo_bench_turns){.most = most, .cpu = cpu};
    t->sizes = images[EO_BENCH_BATCH] == 1 ? 1 : EO_BENCH_SIZES;
    eo_clock_init(&t->clock);
    for (int i = 0; i < EO_BENCH_TURNS; i++) {
        t->list[i].number = i;
        for (int k = 0; k < t->sizes; k++) {
            double *seconds = eo_alloc(most, sizeof(*seconds), err);

            if (!seconds) {
                eo_bench_turns_release(t);
                return -1;
            }
            t->list[i].size[k] =
                (struct eo_round_samples){.images = images[k], .calls = 1, .seconds = seconds};
        }
    }
    return 0;
}

void eo_bench_turns_release(struct eo_bench_turns *t)
{
    for (int i = 0; i < EO_BENCH_TURNS; i++)
        eo_round_release(&t->list[i]);
}

void eo_bench_turn_begin(struct eo_bench_turns *t)
{
    t->reference_ns = read_reference(t);
    eo_bench_watch_start(&t->watch, &t->cpu, t->cpu >= 0);
}

void eo_bench_turn_add(struct eo_bench_turns *t, enum eo_bench_size size, double seconds)
{
    struct eo_round_samples *s = &t->list[t->taken].size[(int)size < t->sizes ? size : EO_BENCH_BATCH];

    if (s->count < t->most)
        s->seconds[s->count++] = seconds;
}

void eo_bench_turn_end(struct eo_bench_turns *t)
{
    struct eo_round_conditions *c = &t->list[t->taken].conditions;

    eo_bench_watch_stop(&t->watch, c);
    c->reference_ns = (t->reference_ns + read_reference(t)) / 2;
    t->taken++;
}

int eo_bench_turns_judge(struct eo_bench_turns *t, struct eo_verdict *v, struct eo_err *err)
{
    const struct eo_rounds rounds = {t->list, (size_t)t->taken};
    struct eo_judge_session session;

    if (eo_judge_session(&rounds, 1, &session, err) ||
        eo_judge_medians(&rounds, EO_BENCH_TURNS, &session, v, err))
        return -1;
    for (int i = 0; i < t->taken; i++)
        t->is_left_out[i] = v->used < v->rounds && eo_round_is_disturbed(&t->list[i], session.reference_ns);
    return 0;
}

int eo_bench_turn_is_left_out(const struct eo_bench_turns *t, int turn)
{
    return t->is_left_out[turn];
}
