#include "stage/bench/plan.h"

#include <math.h>

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

double eo_bench_plan_process_s(const struct eo_bench_plan *plan, size_t count)
{
    if (plan->exact || !plan->seconds)
        return INFINITY;
    return fmax(EO_BENCH_PROCESS_S, plan->seconds / ((double)plan->rounds * (double)count));
}
