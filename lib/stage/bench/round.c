#include "stage/bench/round.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/stats.h"

void eo_round_release(struct eo_round *round)
{
    for (int k = 0; k < EO_BENCH_SIZES; k++)
        free(round->size[k].seconds);
    *round = (struct eo_round){0};
}

void eo_rounds_release(struct eo_rounds *rounds)
{
    for (size_t i = 0; i < rounds->count; i++)
        eo_round_release(&rounds->list[i]);
    free(rounds->list);
    *rounds = (struct eo_rounds){0};
}

int eo_rounds_append(struct eo_rounds *rounds, struct eo_round *round, struct eo_err *err)
{
    size_t bytes = (rounds->count + 1) * sizeof(*rounds->list);
    struct eo_round *list = realloc(rounds->list, bytes);

    if (!list)
        return eo_err_set(err, "out of memory: %zu bytes", bytes);
    rounds->list = list;
    list[rounds->count++] = *round;
    *round = (struct eo_round){0};
    return 0;
}

const struct eo_round_samples *eo_round_size(const struct eo_round *round, enum eo_bench_size size)
{
    const struct eo_round_samples *batch = &round->size[EO_BENCH_BATCH];

    return size == EO_BENCH_SINGLE && round->size[size].count == 0 && batch->images == 1 ? batch
                                                                                         : &round->size[size];
}

double eo_round_image_ms(const struct eo_round_samples *s, size_t i)
{
    return s->seconds[i] * 1000 / s->images;
}

int eo_round_figures(const struct eo_round *round, enum eo_bench_size size, double *median_ms,
                     double *mean_ms, struct eo_err *err)
{
    const struct eo_round_samples *s = eo_round_size(round, size);
    double *ms = eo_alloc(s->count, sizeof(*ms), err);

    if (!ms)
        return -1;
    for (size_t i = 0; i < s->count; i++)
        ms[i] = eo_round_image_ms(s, i);
    *mean_ms = s->count ? eo_stats_mean(ms, s->count) : NAN;
    *median_ms = eo_stats_median(ms, s->count);
    free(ms);
    return 0;
}
