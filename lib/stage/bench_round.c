#include "stage/bench_round.h"

#include <stdlib.h>

void eo_round_release(struct eo_round *round)
{
    int k;

    for (k = 0; k < EO_BENCH_SIZES; k++)
        free(round->size[k].seconds);
    *round = (struct eo_round){0};
}

void eo_rounds_release(struct eo_rounds *rounds)
{
    size_t i;

    for (i = 0; i < rounds->count; i++)
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
