/* The frontier against its definition, on random sweeps with many ties; and what the join computes. */
#include "stage/pareto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stage/join.h"
#include "stage/recommend.h"
#include "tests/unit/check.h"

#define ROWS 12

#define SWEEPS 4000

static void check(int ok, const char *what)
{
    check_that(ok, "%s: expected to hold, found otherwise", what);
}

/* Few different values, so that ties of every kind occur. */
static void make_sweep(struct eo_candidate rows[ROWS], struct eo_sweep *sweep, uint64_t seed)
{
    struct eo_rng rng;
    size_t i;

    eo_rng_init(&rng, seed, EO_RNG_BENCH);
    for (i = 0; i < ROWS; i++) {
        eo_candidate_init(&rows[i]);
        rows[i].key.seed = i < 9 ? 1 : 2;
        rows[i].accepted = eo_rng_below(&rng, 4) > 0;
        rows[i].latency_ms = eo_rng_below(&rng, 8) ? 1 + eo_rng_below(&rng, 5) : NAN;
        rows[i].accuracy = eo_rng_below(&rng, 5) / 5.0;
        rows[i].accuracy_ci95_low = eo_rng_below(&rng, 6) ? eo_rng_below(&rng, 5) / 5.0 : NAN;
    }
    *sweep = (struct eo_sweep){.rows = rows, .row_count = ROWS};
}

static double height(const struct eo_candidate *c, int use_ci)
{
    return use_ci ? c->accuracy_ci95_low : c->accuracy;
}

static int competes(const struct eo_candidate *c, int use_ci)
{
    return c->key.seed == 1 && c->accepted && isfinite(c->latency_ms) && isfinite(height(c, use_ci));
}

/* Kept by definition: no competitor is at least as cheap and at least as accurate, bar equals that come
 * later. */
static int belongs(const struct eo_sweep *sweep, size_t i, int use_ci)
{
    const struct eo_candidate *c = &sweep->rows[i];
    size_t k;

    if (!competes(c, use_ci))
        return 0;
    for (k = 0; k < sweep->row_count; k++) {
        const struct eo_candidate *o = &sweep->rows[k];
        int equal = o->latency_ms == c->latency_ms && height(o, use_ci) == height(c, use_ci);

        if (k != i && competes(o, use_ci) && o->latency_ms <= c->latency_ms &&
            height(o, use_ci) >= height(c, use_ci) && !(equal && k > i))
            return 0;
    }
    return 1;
}

/* The frontier has the rows that belong to it, in the order of rising latency. */
static int frontier_holds(const struct eo_sweep *sweep, int use_ci)
{
    static struct eo_config cfg;
    size_t index[ROWS], count, i, expected = 0;
    int ok = 1;

    cfg.pareto_use_ci = use_ci;
    ok = eo_pareto_frontier(sweep, eo_sweep_numeric_column("latency_ms"), &cfg, index, &count, NULL) == 0;
    for (i = 0; i < ROWS; i++)
        expected += (size_t)belongs(sweep, i, use_ci);
    for (i = 0; i < count; i++) {
        ok = ok && belongs(sweep, index[i], use_ci);
        if (i > 0)
            ok = ok && sweep->rows[index[i]].latency_ms > sweep->rows[index[i - 1]].latency_ms;
    }
    return ok && count == expected;
}

static void test_frontier(int use_ci)
{
    struct eo_candidate rows[ROWS];
    struct eo_sweep sweep;
    int seed, wrong = 0, first = 0;

    for (seed = 0; seed < SWEEPS; seed++) {
        make_sweep(rows, &sweep, (uint64_t)seed);
        if (!frontier_holds(&sweep, use_ci) && wrong++ == 0)
            first = seed;
    }
    check_that(wrong == 0, "frontier%s: wrong for %d of %d sweeps, the first of seed %d",
               use_ci ? " of bounds" : "", wrong, SWEEPS, first);
}

static void test_join(void)
{
    static const char text[] =
        "pruning_level,precision,seed,accuracy,host_latency_ms,model_bytes,peak_activation_bytes\n"
        "0.5,int8,3,0.75,0.25,1048576,524288\n";
    struct eo_config cfg;
    struct eo_join *join = eo_join_new(NULL);
    const struct eo_candidate_key key = {{0.5, 0.5}, EO_CRITERION_L1, EO_INT8, 3};
    struct eo_candidate_key other = key;
    struct eo_sweep sweep = {0};
    struct eo_csv csv;
    const struct eo_candidate *c;

    eo_config_init(&cfg);
    cfg.cpu_frequency_scale = 0.5;
    cfg.power_watts = 4;
    cfg.active_memory_budget_mb = 1;
    if (!join || eo_csv_parse(&csv, text, sizeof(text) - 1, NULL) || eo_join_add(join, &csv, NULL) ||
        eo_join_finish(join, &cfg, 1, &sweep, NULL)) {
        check(0, "join");
        return;
    }
    eo_recommend(&sweep, EO_RECOMMEND_SMALLEST);
    c = eo_sweep_find(&sweep, &key);
    other.seed = 4;
    check(c != NULL && eo_sweep_find(&sweep, &other) == NULL, "find");
    other = key;
    other.criterion = EO_CRITERION_L2;
    check(eo_sweep_find(&sweep, &other) == NULL, "another criterion");
    check(c && c->latency_ms == 0.5 && c->host_latency_ms == 0.25 && c->throughput_sps == 2000, "latency");
    check(c && c->energy_proxy_j == 0.002, "energy");
    check(c && c->memory_mb == 1 && c->estimated_runtime_memory_mb == 1.5, "memory");
    check(c && c->accepted, "a budget that is met exactly accepts");
    check(c && isnan(c->latency_p95_ms) && isnan(c->test_accuracy), "missing figures");
    check(c == eo_sweep_baseline(&sweep) && c == eo_sweep_recommended(&sweep), "baseline, recommended");
    eo_sweep_release(&sweep);
    eo_csv_release(&csv);
    eo_join_free(join);
}

int main(void)
{
    test_frontier(0);
    test_frontier(1);
    test_join();
    return check_report("test_pareto");
}
