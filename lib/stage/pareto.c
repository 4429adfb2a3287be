#include "stage/pareto.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/stats.h"

static double height(const struct eo_candidate *c, int use_ci)
{
    return use_ci ? c->accuracy_ci95_low : c->accuracy;
}

/* Whether a stands before b in the order of the frontier's definition. */
static int precedes(const struct eo_candidate *a, const struct eo_candidate *b,
                    const struct eo_sweep_column *x, int use_ci)
{
    double xa = eo_candidate_number(a, x), xb = eo_candidate_number(b, x);

    return xa < xb || (xa == xb && height(a, use_ci) > height(b, use_ci));
}

/* Inserts row i into the ordered index; rows that compare equal stay in the order of the sweep. */
static void insert(const struct eo_sweep *sweep, const struct eo_sweep_column *x, int use_ci, size_t *index,
                   size_t n, size_t i)
{
    while (n > 0 && precedes(&sweep->rows[i], &sweep->rows[index[n - 1]], x, use_ci)) {
        index[n] = index[n - 1];
        n--;
    }
    index[n] = i;
}

void eo_pareto_frontier(const struct eo_sweep *sweep, const struct eo_sweep_column *x, int use_ci,
                        size_t *index, size_t *count)
{
    size_t i, n = 0, kept = 0, rows = eo_sweep_first_seed_rows(sweep);
    double best = -INFINITY;

    for (i = 0; i < rows; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (c->accepted && isfinite(eo_candidate_number(c, x)) && isfinite(height(c, use_ci)))
            insert(sweep, x, use_ci, index, n++, i);
    }
    for (i = 0; i < n; i++) {
        double y = height(&sweep->rows[index[i]], use_ci);

        if (y > best) {
            best = y;
            index[kept++] = index[i];
        }
    }
    *count = kept;
}

static void put_table(const struct eo_sweep *sweep, const struct eo_config *cfg, unsigned sources, struct eo_buf *out)
{
    size_t i;

    eo_sweep_put_header(cfg, sources, out);
    for (i = 0; i < sweep->row_count; i++)
        eo_sweep_put_row(&sweep->rows[i], cfg, sources, out);
}

void eo_pareto_put_sweep(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out)
{
    put_table(sweep, cfg, EO_SWEEP_ALL, out);
}

void eo_pareto_put_accuracy(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out)
{
    put_table(sweep, cfg, EO_FROM_KEY | EO_FROM_ACCURACY, out);
}

int eo_pareto_put_frontier(const struct eo_sweep *sweep, const struct eo_config *cfg,
                           const struct eo_sweep_column *x, struct eo_buf *out, struct eo_err *err)
{
    size_t *index = eo_alloc(sweep->row_count, sizeof(*index), err);
    size_t i, count;

    if (!index)
        return -1;
    eo_pareto_frontier(sweep, x, cfg->pareto_use_ci, index, &count);
    eo_sweep_put_header(cfg, EO_SWEEP_ALL, out);
    for (i = 0; i < count; i++)
        eo_sweep_put_row(&sweep->rows[index[i]], cfg, EO_SWEEP_ALL, out);
    free(index);
    return 0;
}

void eo_pareto_put_errors(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out)
{
    size_t i;

    eo_buf_puts(out, "pruning_level,precision,error,active_budget_mb,seed,stage,pruning_criterion\n");
    for (i = 0; i < sweep->error_count; i++) {
        const struct eo_sweep_error *e = &sweep->errors[i];

        eo_candidate_put_level(e->key.level, out, ',');
        eo_csv_put_text(out, eo_precision_name(e->key.precision), ',');
        eo_csv_put_text(out, e->message, ',');
        eo_csv_put_double(out, cfg->active_memory_budget_mb, ',');
        eo_candidate_put_seed(e->key.seed, out, ',');
        eo_csv_put_text(out, e->stage, ',');
        eo_csv_put_text(out, eo_criterion_name(e->key.criterion), '\n');
    }
}

/* Four fields: mean, deviation and interval of n values; those that are not defined stay empty. */
static void put_spread(struct eo_buf *out, const double *values, size_t n, char end)
{
    double mean = eo_stats_mean(values, n); /* NAN when a value is */
    double std = n > 1 ? eo_stats_std_sample(values, n) : NAN;
    double half = n > 1 ? eo_stats_t95_half_width(std, n) : NAN;

    eo_csv_put_double(out, mean, ',');
    eo_csv_put_double(out, std, ',');
    eo_csv_put_double(out, mean - half, ',');
    eo_csv_put_double(out, mean + half, end);
}

/* One row: the candidate of rows[first] over all seeds. `values` has room for one figure per row. */
static void put_seeds_row(const struct eo_sweep *sweep, size_t first, double *values, struct eo_buf *out)
{
    static const char *const figures[] = {"accuracy", "test_accuracy", "latency_ms"};
    const struct eo_candidate_key *key = &sweep->rows[first].key;
    size_t f, i, n;

    eo_candidate_put_level(key->level, out, ',');
    eo_csv_put_text(out, eo_precision_name(key->precision), ',');
    for (f = 0; f < 3; f++) {
        const struct eo_sweep_column *column = eo_sweep_numeric_column(figures[f]);

        for (i = first, n = 0; i < sweep->row_count; i++) {
            if (eo_candidate_compare(&sweep->rows[i].key, key) == 0)
                values[n++] = eo_candidate_number(&sweep->rows[i], column);
        }
        if (f == 0)
            eo_csv_put_int(out, (long long)n, ',');
        put_spread(out, values, n, ',');
    }
    eo_csv_put_text(out, eo_criterion_name(key->criterion), '\n');
}

static int order(const struct eo_sweep *sweep, size_t a, size_t b)
{
    return eo_candidate_compare(&sweep->rows[a].key, &sweep->rows[b].key);
}

/* The first row of each candidate, in the order of the table. Returns how many. */
static size_t list_candidates(const struct eo_sweep *sweep, size_t *index)
{
    size_t i, k, n = 0;

    for (i = 0; i < sweep->row_count; i++) {
        for (k = 0; k < n && order(sweep, index[k], i) != 0; k++)
            ;
        if (k < n)
            continue;
        for (k = n++; k > 0 && order(sweep, index[k - 1], i) > 0; k--)
            index[k] = index[k - 1];
        index[k] = i;
    }
    return n;
}

int eo_pareto_put_seeds(const struct eo_sweep *sweep, struct eo_buf *out, struct eo_err *err)
{
    size_t *index = eo_alloc(sweep->row_count, sizeof(*index), err);
    double *values = eo_alloc(sweep->row_count, sizeof(*values), err);
    size_t i, n;
    int rc = -1;

    if (!index || !values)
        goto out;
    eo_buf_puts(out, "pruning_level,precision,seeds,"
                     "accuracy_mean,accuracy_std,accuracy_ci95_low,accuracy_ci95_high,"
                     "test_accuracy_mean,test_accuracy_std,test_accuracy_ci95_low,test_accuracy_ci95_high,"
                     "latency_ms_mean,latency_ms_std,latency_ms_ci95_low,latency_ms_ci95_high,"
                     "pruning_criterion\n");
    n = list_candidates(sweep, index);
    for (i = 0; i < n; i++)
        put_seeds_row(sweep, index[i], values, out);
    rc = 0;
out:
    free(index);
    free(values);
    return rc;
}
