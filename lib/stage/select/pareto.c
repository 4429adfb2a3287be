#include "stage/select/pareto.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stats.h"
#include "stage/bench/status.h"
#include "stage/select/evidence.h"

const char *eo_pareto_bad_status(const struct eo_candidate *c)
{
    return *c->timing_status && strcmp(c->timing_status, eo_timing_status_name(EO_TIMING_OK)) != 0
               ? c->timing_status
               : NULL;
}

static double height(const struct eo_candidate *c, int use_ci)
{
    return use_ci ? c->accuracy_ci95_low : c->accuracy;
}

/* One candidate as the frontier sees it; `row` keeps the order of the sweep among equal figures. */
struct point {
    double x, height;
    size_t row;
};

/* By rising x, then by falling height. */
static int compare_points(const void *a, const void *b)
{
    const struct point *p = a, *q = b;

    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    if (p->height != q->height)
        return p->height > q->height ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

/* Whether a candidate of the first seed competes for the frontier over x. */
static int competes(const struct eo_candidate *c, const struct eo_sweep_column *x,
                    const struct eo_config *cfg)
{
    return c->accepted && isfinite(eo_candidate_number(c, x)) && isfinite(height(c, cfg->pareto_use_ci)) &&
           (!x->is_measured || cfg->pareto_any_status || !eo_pareto_bad_status(c));
}

int eo_pareto_frontier(const struct eo_sweep *sweep, const struct eo_sweep_column *x,
                       const struct eo_config *cfg, size_t *index, size_t *count, struct eo_err *err)
{
    size_t n = 0, rows = eo_sweep_first_seed_rows(sweep);
    struct point *points = eo_alloc(rows, sizeof(*points), err);
    double best = -INFINITY;

    *count = 0;
    if (!points)
        return -1;
    for (size_t i = 0; i < rows; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (competes(c, x, cfg))
            points[n++] = (struct point){eo_candidate_number(c, x), height(c, cfg->pareto_use_ci), i};
    }
    if (n)
        qsort(points, n, sizeof(*points), compare_points);
    for (size_t i = 0; i < n; i++) {
        if (points[i].height > best) {
            best = points[i].height;
            index[(*count)++] = points[i].row;
        }
    }
    free(points);
    return 0;
}

/* The undisturbed rounds of a candidate, perhaps none; the caller frees the list. NULL without memory. */
static struct eo_round_value *list_rounds(const struct eo_evidence *e, const struct eo_sweep_order *order,
                                          size_t *count, struct eo_err *err)
{
    struct eo_round_value *list = eo_alloc(e->round_count, sizeof(*list), err);

    *count = 0;
    for (size_t i = 0; list && i < e->round_count; i++) {
        const struct eo_round_time *r = &e->rounds[i];
        double ms = order->rounds == EO_ROUNDS_SINGLE ? r->single_ms : r->batch_ms;

        if (!r->disturbed && isfinite(ms))
            list[(*count)++] = (struct eo_round_value){r->session, r->round, order->sign * ms};
    }
    return list;
}

/* Changes the sign of the time if the column falls when the time rises. */
static void set_figure(struct eo_contender *out, const struct eo_candidate *c,
                       const struct eo_sweep_order *order)
{
    double low, high;

    eo_candidate_interval(c, order->interval, &low, &high);
    out->x = order->sign * eo_candidate_number(c, eo_sweep_numeric_column(order->figure));
    out->x_low = order->sign > 0 ? low : -high;
    out->x_high = order->sign > 0 ? high : -low;
}

/* Release by free(out->rounds). */
static int make_contender(struct eo_contender *out, const struct eo_sweep *sweep, size_t row,
                          const struct eo_sweep_column *x, struct eo_err *err)
{
    const struct eo_candidate *c = &sweep->rows[row];
    const struct eo_evidence *e = sweep->evidence ? &sweep->evidence[row] : NULL;

    *out = (struct eo_contender){.x = eo_candidate_number(c, x),
                                 .x_low = NAN,
                                 .x_high = NAN,
                                 .accuracy = c->accuracy,
                                 .accuracy_low = c->accuracy_ci95_low,
                                 .accuracy_high = c->accuracy_ci95_high};
    eo_contender_set_hits(out, e);
    if (x->order.figure)
        set_figure(out, c, &x->order);
    if (x->order.rounds == EO_ROUNDS_NONE || !e || e->round_count == 0)
        return 0;
    out->rounds = list_rounds(e, &x->order, &out->round_count, err);
    return out->rounds ? 0 : -1;
}

/* The label of each row for the frontier over x, into labels[row_count]; NONE for a row that does not compete. */
static int label_rows(const struct eo_sweep *sweep, const struct eo_config *cfg,
                      const struct eo_sweep_column *x, enum eo_certainty *labels, struct eo_err *err)
{
    size_t n = 0, rows = eo_sweep_first_seed_rows(sweep);
    struct eo_contender *list = eo_alloc(rows, sizeof(*list), err);
    enum eo_certainty *found = eo_alloc(rows, sizeof(*found), err);
    int rc = -1;

    if (!list || !found)
        goto out;
    for (size_t i = 0; i < rows; i++) {
        if (competes(&sweep->rows[i], x, cfg) && make_contender(&list[n++], sweep, i, x, err))
            goto out;
    }
    if (eo_certainty_judge(list, n, !x->is_measured || x->is_exact, found, err))
        goto out;
    for (size_t i = sweep->row_count; i-- > 0;) {
        int is_competing = i < rows && competes(&sweep->rows[i], x, cfg);

        labels[i] = is_competing ? found[--n] : EO_CERTAINTY_NONE;
        if (labels[i] == EO_CERTAINTY_CERTAIN && x->is_measured && eo_pareto_bad_status(&sweep->rows[i]))
            labels[i] = EO_CERTAINTY_POSSIBLE;
    }
    rc = 0;
out:
    for (size_t i = 0; list && i < rows; i++)
        free((void *)list[i].rounds);
    free(list);
    free(found);
    return rc;
}

int eo_pareto_label_all(struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_err *err)
{
    size_t count;
    const struct eo_sweep_column *column = eo_sweep_columns(&count);
    enum eo_certainty *labels = eo_alloc(sweep->row_count, sizeof(*labels), err);
    int rc = labels ? 0 : -1;

    for (const struct eo_sweep_column *end = column + count; rc == 0 && column < end; column++) {
        if (!column->frontier_of)
            continue;
        rc = label_rows(sweep, cfg, eo_sweep_numeric_column(column->frontier_of), labels, err);
        for (size_t i = 0; rc == 0 && i < sweep->row_count; i++)
            memcpy((char *)&sweep->rows[i] + column->offset, &labels[i], sizeof(labels[i]));
    }
    free(labels);
    return rc;
}

/* Appends "2 noisy, 1 drift": the statuses of accepted rows that are not ok, in order of appearance. */
static void put_statuses(const struct eo_candidate *rows, size_t n, struct eo_buf *out)
{
    enum { MAX_STATUSES = 16 }; /* more than the timings have */
    const char *names[MAX_STATUSES];
    size_t counts[MAX_STATUSES], found = 0, k;

    for (size_t i = 0; i < n; i++) {
        const char *status = rows[i].accepted ? eo_pareto_bad_status(&rows[i]) : NULL;

        if (!status)
            continue;
        for (k = 0; k < found && strcmp(names[k], status) != 0; k++)
            ;
        if (k == MAX_STATUSES)
            continue;
        if (k == found) {
            names[found] = status;
            counts[found++] = 0;
        }
        counts[k]++;
    }
    for (k = 0; k < found; k++)
        eo_buf_printf(out, "%s%zu %s", k ? ", " : "", counts[k], names[k]);
}

void eo_pareto_put_weak(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out)
{
    size_t bad = 0, accepted = 0, n = eo_sweep_first_seed_rows(sweep);

    for (size_t i = 0; i < n; i++) {
        accepted += sweep->rows[i].accepted != 0;
        bad += sweep->rows[i].accepted && eo_pareto_bad_status(&sweep->rows[i]);
    }
    if (bad == 0)
        return;
    eo_buf_printf(out, "the timing of %zu of %zu accepted candidates is not ok (", bad, accepted);
    put_statuses(sweep->rows, n, out);
    eo_buf_puts(out, cfg->pareto_any_status
                         ? "): on the frontiers of latency and energy they are at most 'possible'\n"
                         : "): they are left off the frontiers of latency and energy\n");
}

static void put_table(const struct eo_sweep *sweep, const struct eo_config *cfg, unsigned sources,
                      struct eo_buf *out)
{
    eo_sweep_put_header(cfg, sources, out);
    for (size_t i = 0; i < sweep->row_count; i++)
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

/* Appends a cell to the row that was appended last. */
static void add_cell(struct eo_buf *out, const char *text)
{
    if (out->len > 0)
        out->len--;
    eo_buf_printf(out, ",%s\n", text);
}

int eo_pareto_put_frontier(const struct eo_sweep *sweep, const struct eo_config *cfg,
                           const struct eo_sweep_column *x, int own_label, struct eo_buf *out,
                           struct eo_err *err)
{
    size_t *index = eo_alloc(sweep->row_count, sizeof(*index), err);
    enum eo_certainty *labels = eo_alloc(sweep->row_count, sizeof(*labels), err);
    size_t count;
    int rc = -1;

    if (!index || !labels || label_rows(sweep, cfg, x, labels, err))
        goto out;
    if (eo_pareto_frontier(sweep, x, cfg, index, &count, err))
        goto out;
    eo_sweep_put_header(cfg, EO_SWEEP_ALL, out);
    if (own_label)
        add_cell(out, "frontier_x");
    for (size_t i = 0; i < count; i++) {
        eo_sweep_put_row(&sweep->rows[index[i]], cfg, EO_SWEEP_ALL, out);
        if (own_label)
            add_cell(out, eo_certainty_name(labels[index[i]]));
    }
    rc = 0;
out:
    free(index);
    free(labels);
    return rc;
}

void eo_pareto_put_errors(const struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_buf *out)
{
    eo_buf_puts(out, "pruning_level,precision,error,active_budget_mb,seed,stage,pruning_criterion\n");
    for (size_t i = 0; i < sweep->error_count; i++) {
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

/* Unlike fmax() and fmin(), keeps NAN. */
static double clip(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

/* Four fields: mean, deviation and interval of n values in 0..most; undefined ones stay empty. */
static void put_spread(struct eo_buf *out, const double *values, size_t n, double most, char end)
{
    double mean = eo_stats_mean(values, n); /* NAN if a value is NAN */
    double std = n > 1 ? eo_stats_std_sample(values, n) : NAN;
    double half = n > 1 ? eo_stats_t95_half_width(std, n) : NAN;

    eo_csv_put_double(out, mean, ',');
    eo_csv_put_double(out, std, ',');
    eo_csv_put_double(out, clip(mean - half, 0, most), ',');
    eo_csv_put_double(out, clip(mean + half, 0, most), end);
}

/* A row of the sweep, sorted by candidate and then by its place. */
struct seed_row {
    const struct eo_candidate *c;
    size_t at;
};

static int compare_seed_rows(const void *a, const void *b)
{
    const struct seed_row *x = a, *y = b;
    int by_key = eo_candidate_compare(&x->c->key, &y->c->key);

    return by_key ? by_key : x->at < y->at ? -1 : x->at > y->at;
}

/* The columns whose spread over seeds is written. The criterion stands before the last one, which was added later. */
static const char *const spread_of[] = {"accuracy", "test_accuracy", "latency_ms", "ranked_latency_ms"};
#define SPREADS (sizeof(spread_of) / sizeof(spread_of[0]))

static void put_seeds_header(struct eo_buf *out)
{
    eo_buf_puts(out, "pruning_level,precision,seeds");
    for (size_t f = 0; f < SPREADS; f++) {
        const char *x = spread_of[f];

        eo_buf_puts(out, f == SPREADS - 1 ? ",pruning_criterion" : "");
        eo_buf_printf(out, ",%s_mean,%s_std,%s_ci95_low,%s_ci95_high", x, x, x, x);
    }
    eo_buf_puts(out, "\n");
}

/* One line: a candidate with its n seeds. `values` has room for n figures. */
static void put_seeds_row(const struct seed_row *rows, size_t n, double *values, struct eo_buf *out)
{
    const struct eo_candidate_key *key = &rows[0].c->key;

    eo_candidate_put_level(key->level, out, ',');
    eo_csv_put_text(out, eo_precision_name(key->precision), ',');
    eo_csv_put_int(out, (long long)n, ',');
    for (size_t f = 0; f < SPREADS; f++) {
        const struct eo_sweep_column *column = eo_sweep_numeric_column(spread_of[f]);
        int is_last = f == SPREADS - 1;

        for (size_t i = 0; i < n; i++)
            values[i] = eo_candidate_number(rows[i].c, column);
        if (is_last)
            eo_csv_put_text(out, eo_criterion_name(key->criterion), ',');
        put_spread(out, values, n, column->max, is_last ? '\n' : ',');
    }
}

int eo_pareto_put_seeds(const struct eo_sweep *sweep, struct eo_buf *out, struct eo_err *err)
{
    struct seed_row *rows = eo_alloc(sweep->row_count, sizeof(*rows), err);
    double *values = eo_alloc(sweep->row_count, sizeof(*values), err);
    size_t i, first;
    int rc = -1;

    if (!rows || !values)
        goto out;
    for (i = 0; i < sweep->row_count; i++)
        rows[i] = (struct seed_row){&sweep->rows[i], i};
    if (i)
        qsort(rows, i, sizeof(*rows), compare_seed_rows);
    put_seeds_header(out);
    for (first = 0; first < sweep->row_count; first = i) {
        for (i = first + 1; i < sweep->row_count; i++) {
            if (eo_candidate_compare(&rows[i].c->key, &rows[first].c->key) != 0)
                break;
        }
        put_seeds_row(&rows[first], i - first, values, out);
    }
    rc = 0;
out:
    free(rows);
    free(values);
    return rc;
}
