/* The frontier against its definition, on random sweeps with many ties; and what the join computes. */
#include "stage/select/columns.h"
#include "stage/select/pareto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stage/select/join.h"
#include "stage/select/recommend.h"
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

    eo_rng_init(&rng, seed, EO_RNG_BENCH);
    for (size_t i = 0; i < ROWS; i++) {
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

    if (!competes(c, use_ci))
        return 0;
    for (size_t k = 0; k < sweep->row_count; k++) {
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
    size_t index[ROWS], count, expected = 0;
    int ok = 1;

    cfg.pareto_use_ci = use_ci;
    ok = eo_pareto_frontier(sweep, eo_sweep_numeric_column("latency_ms"), &cfg, index, &count, NULL) == 0;
    for (size_t i = 0; i < ROWS; i++)
        expected += (size_t)belongs(sweep, i, use_ci);
    for (size_t i = 0; i < count; i++) {
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
    int wrong = 0, first = 0;

    for (int seed = 0; seed < SWEEPS; seed++) {
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
    const struct eo_candidate_key key = {{1, {0.5}}, EO_CRITERION_L1, EO_INT8, 3};
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

static void test_words(void)
{
    enum eo_recommendation found;
    struct eo_candidate c;
    struct eo_err err = {""};

    check(eo_recommendation_parse("rival", &found, &err) == 0 && found == EO_RECOMMENDATION_RIVAL, "rival");
    check(eo_recommendation_parse("best", &found, &err) == -1, "best");
    eo_candidate_init(&c);
    c.latency_median_ms = 1;
    c.single_latency_ms = 3;
    eo_candidate_rank(&c, EO_LATENCY_MEDIAN);
    check(eo_candidate_single_latency(&c) == 3, "the mean where there is no median of one image");
    c.single_latency_median_ms = 2;
    check(eo_candidate_single_latency(&c) == 2, "the median of one image");
}

/* What the list of columns refers to by name is there. */
static void test_columns(void)
{
    size_t count;
    const struct eo_sweep_column *column = eo_sweep_columns(&count);
    struct eo_candidate c;
    double low, high;

    eo_candidate_init(&c);
    for (size_t i = 0; i < count; i++, column++) {
        const char *const names[] = {column->low_of, column->high_of, column->frontier_of,
                                     column->order.figure, column->order.interval};

        check_that(column->help && *column->help, "column '%s': expected a help text", column->name);
        for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
            if (names[k])
                check_that(eo_sweep_numeric_column(names[k]) != NULL, "column '%s': no column '%s'",
                           column->name, names[k]);
        }
        if (column->low_of)
            *(double *)(void *)((char *)&c + column->offset) = 1;
        if (column->high_of)
            *(double *)(void *)((char *)&c + column->offset) = 2;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = eo_sweep_columns(&count)[i].order.interval;

        if (!name)
            continue;
        eo_candidate_interval(&c, name, &low, &high);
        check_that(low == 1 && high == 2, "interval of '%s': expected 1..2, found %g..%g", name, low, high);
    }
    eo_candidate_interval(&c, "images", &low, &high);
    check(isnan(low) && isnan(high), "no interval");
}

int main(void)
{
    test_columns();
    test_frontier(0);
    test_frontier(1);
    test_join();
    test_words();
    return check_report("test_pareto");
}
