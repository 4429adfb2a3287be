#include "stage/pareto.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stats.h"
#include "stage/bench_judge.h"
#include "stage/evidence.h"

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

/* A point of the frontier's plane; `row` keeps points of equal figures in the order of the sweep. */
struct point {
    double x, height;
    size_t row;
};

/* The order of the frontier's definition. */
static int compare_points(const void *a, const void *b)
{
    const struct point *p = a, *q = b;

    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    if (p->height != q->height)
        return p->height > q->height ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

int eo_pareto_competes(const struct eo_candidate *c, const struct eo_sweep_column *x,
                       const struct eo_config *cfg)
{
    return c->accepted && isfinite(eo_candidate_number(c, x)) && isfinite(height(c, cfg->pareto_use_ci)) &&
           (!x->is_measured || cfg->pareto_any_status || !eo_pareto_bad_status(c));
}

int eo_pareto_frontier(const struct eo_sweep *sweep, const struct eo_sweep_column *x, const struct eo_config *cfg,
                       size_t *index, size_t *count, struct eo_err *err)
{
    size_t i, n = 0, rows = eo_sweep_first_seed_rows(sweep);
    struct point *points = eo_alloc(rows, sizeof(*points), err);
    double best = -INFINITY;

    *count = 0;
    if (!points)
        return -1;
    for (i = 0; i < rows; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (eo_pareto_competes(c, x, cfg))
            points[n++] = (struct point){eo_candidate_number(c, x), height(c, cfg->pareto_use_ci), i};
    }
    if (n)
        qsort(points, n, sizeof(*points), compare_points);
    for (i = 0; i < n; i++) {
        if (points[i].height > best) {
            best = points[i].height;
            index[(*count)++] = points[i].row;
        }
    }
    free(points);
    return 0;
}

/* What is known of a measured column besides its figure. */
struct timed {
    const char *column;
    const char *x; /* the figure that is compared; the columns follow from it without changing an order */
    const char *low, *high; /* of its interval */
    int has_rounds, is_single;
    int sign; /* -1: the column falls when x rises */
};

static const struct timed timed[] = {
    {"latency_ms", "latency_ms", "latency_median_ci95_low_ms", "latency_median_ci95_high_ms", 1, 0, 1},
    {"latency_median_ms", "latency_median_ms", "latency_median_ci95_low_ms", "latency_median_ci95_high_ms", 1,
     0, 1},
    {"ranked_latency_ms", "ranked_latency_ms", "latency_median_ci95_low_ms", "latency_median_ci95_high_ms", 1,
     0, 1},
    {"host_latency_ms", "latency_ms", "latency_median_ci95_low_ms", "latency_median_ci95_high_ms", 1, 0, 1},
    {"energy_proxy_j", "ranked_latency_ms", "latency_median_ci95_low_ms", "latency_median_ci95_high_ms", 1, 0, 1},
    {"throughput_sps", "latency_ms", "latency_median_ci95_low_ms", "latency_median_ci95_high_ms", 1, 0, -1},
    {"latency_p95_ms", "latency_p95_ms", "latency_p95_ci95_low_ms", "latency_p95_ci95_high_ms", 0, 0, 1},
    {"latency_p99_ms", "latency_p99_ms", "latency_p99_ci95_low_ms", "latency_p99_ci95_high_ms", 0, 0, 1},
    {"single_latency_ms", "single_latency_ms", "single_latency_median_ci95_low_ms",
     "single_latency_median_ci95_high_ms", 1, 1, 1},
    {"single_latency_median_ms", "single_latency_median_ms", "single_latency_median_ci95_low_ms",
     "single_latency_median_ci95_high_ms", 1, 1, 1},
    {"single_latency_p95_ms", "single_latency_p95_ms", "single_latency_p95_ci95_low_ms",
     "single_latency_p95_ci95_high_ms", 0, 1, 1},
    {"single_latency_p99_ms", "single_latency_p99_ms", "single_latency_p99_ci95_low_ms",
     "single_latency_p99_ci95_high_ms", 0, 1, 1},
};

static const struct timed *find_timed(const struct eo_sweep_column *x)
{
    size_t i;

    for (i = 0; i < sizeof(timed) / sizeof(timed[0]); i++) {
        if (strcmp(timed[i].column, x->name) == 0)
            return &timed[i];
    }
    return NULL;
}

/* Sizes and counts, though of this machine's instruction set, are no samples; the resident set is one. */
static int is_exact(const struct eo_sweep_column *x)
{
    return !x->is_measured || (x->kind == EO_SWEEP_COUNT && strcmp(x->name, "resident_bytes") != 0);
}

static double figure(const struct eo_candidate *c, const char *name)
{
    return eo_candidate_number(c, eo_sweep_numeric_column(name));
}

/* The undisturbed rounds of a candidate, which may be none of those it has; the caller frees them. NULL without memory. */
static struct eo_round_value *list_rounds(const struct eo_evidence *e, const struct timed *t, size_t *count,
                                          struct eo_err *err)
{
    struct eo_round_value *list = eo_alloc(e->round_count, sizeof(*list), err);
    size_t i;

    *count = 0;
    for (i = 0; list && i < e->round_count; i++) {
        const struct eo_round_time *r = &e->rounds[i];
        double ms = t->is_single ? r->single_ms : r->batch_ms;

        if (!r->disturbed && isfinite(ms))
            list[(*count)++] = (struct eo_round_value){r->session, r->round, t->sign * ms};
    }
    return list;
}

static void set_timed(struct eo_contender *out, const struct eo_candidate *c, const struct timed *t)
{
    double low = figure(c, t->low), high = figure(c, t->high);

    out->x = t->sign * figure(c, t->x);
    out->x_low = t->sign > 0 ? low : -high;
    out->x_high = t->sign > 0 ? high : -low;
}

/* Release by free(out->rounds). */
static int make_contender(struct eo_contender *out, const struct eo_sweep *sweep, size_t row,
                          const struct eo_sweep_column *x, struct eo_err *err)
{
    const struct eo_candidate *c = &sweep->rows[row];
    const struct eo_evidence *e = sweep->evidence ? &sweep->evidence[row] : NULL;
    const struct timed *t = find_timed(x);

    *out = (struct eo_contender){.x = eo_candidate_number(c, x),
                                 .x_low = NAN,
                                 .x_high = NAN,
                                 .accuracy = c->accuracy,
                                 .accuracy_low = c->accuracy_ci95_low,
                                 .accuracy_high = c->accuracy_ci95_high};
    if (e) {
        out->hits = e->hits;
        out->images = e->images;
        out->images_sha256 = e->images_sha256;
    }
    if (t)
        set_timed(out, c, t);
    if (!t || !t->has_rounds || !e || e->round_count == 0)
        return 0;
    out->rounds = list_rounds(e, t, &out->round_count, err);
    return out->rounds ? 0 : -1;
}

int eo_pareto_label(const struct eo_sweep *sweep, const struct eo_config *cfg,
                    const struct eo_sweep_column *x, enum eo_certainty *labels, struct eo_err *err)
{
    size_t i, n = 0, rows = eo_sweep_first_seed_rows(sweep);
    struct eo_contender *list = eo_alloc(rows, sizeof(*list), err);
    enum eo_certainty *found = eo_alloc(rows, sizeof(*found), err);
    int rc = -1;

    if (!list || !found)
        goto out;
    for (i = 0; i < rows; i++) {
        if (eo_pareto_competes(&sweep->rows[i], x, cfg) && make_contender(&list[n++], sweep, i, x, err))
            goto out;
    }
    eo_certainty_judge(list, n, is_exact(x), found);
    for (i = sweep->row_count; i-- > 0;) {
        int competes = i < rows && eo_pareto_competes(&sweep->rows[i], x, cfg);

        labels[i] = competes ? found[--n] : EO_CERTAINTY_NONE;
        if (labels[i] == EO_CERTAINTY_CERTAIN && x->is_measured && eo_pareto_bad_status(&sweep->rows[i]))
            labels[i] = EO_CERTAINTY_POSSIBLE;
    }
    rc = 0;
out:
    for (i = 0; list && i < rows; i++)
        free((void *)list[i].rounds);
    free(list);
    free(found);
    return rc;
}

int eo_pareto_label_all(struct eo_sweep *sweep, const struct eo_config *cfg, struct eo_err *err)
{
    static const struct {
        const char *column;
        size_t offset;
    } frontiers[] = {{EO_PARETO_LATENCY, offsetof(struct eo_candidate, frontier_latency)},
                     {"energy_proxy_j", offsetof(struct eo_candidate, frontier_energy)},
                     {"model_bytes", offsetof(struct eo_candidate, frontier_memory)}};
    enum eo_certainty *labels = eo_alloc(sweep->row_count, sizeof(*labels), err);
    size_t f, i;
    int rc = labels ? 0 : -1;

    for (f = 0; rc == 0 && f < 3; f++) {
        rc = eo_pareto_label(sweep, cfg, eo_sweep_numeric_column(frontiers[f].column), labels, err);
        for (i = 0; rc == 0 && i < sweep->row_count; i++)
            memcpy((char *)&sweep->rows[i] + frontiers[f].offset, &labels[i], sizeof(labels[i]));
    }
    free(labels);
    return rc;
}

/* Appends "2 noisy, 1 drift": the statuses of accepted rows that are not ok, in order of appearance. */
static void put_statuses(const struct eo_candidate *rows, size_t n, struct eo_buf *out)
{
    enum { MAX_STATUSES = 16 }; /* more than there are */
    const char *names[MAX_STATUSES];
    size_t counts[MAX_STATUSES], found = 0, i, k;

    for (i = 0; i < n; i++) {
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
    size_t i, bad = 0, accepted = 0, n = eo_sweep_first_seed_rows(sweep);

    for (i = 0; i < n; i++) {
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
    size_t i, count;
    int rc = -1;

    if (!index || !labels || eo_pareto_label(sweep, cfg, x, labels, err))
        goto out;
    if (eo_pareto_frontier(sweep, x, cfg, index, &count, err))
        goto out;
    eo_sweep_put_header(cfg, EO_SWEEP_ALL, out);
    if (own_label)
        add_cell(out, "frontier_x");
    for (i = 0; i < count; i++) {
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

/* Not fmax() and fmin(), which would make a number of NAN. */
static double clip(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

/* Four fields: mean, deviation and interval of n values of at least 0 and at most `most`; those that are not defined stay
 * empty. */
static void put_spread(struct eo_buf *out, const double *values, size_t n, double most, char end)
{
    double mean = eo_stats_mean(values, n); /* NAN when a value is */
    double std = n > 1 ? eo_stats_std_sample(values, n) : NAN;
    double half = n > 1 ? eo_stats_t95_half_width(std, n) : NAN;

    eo_csv_put_double(out, mean, ',');
    eo_csv_put_double(out, std, ',');
    eo_csv_put_double(out, clip(mean - half, 0, most), ',');
    eo_csv_put_double(out, clip(mean + half, 0, most), end);
}

/* A row of the sweep; those of one candidate, of all seeds, are ordered by where they stand. */
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

/* One line: a candidate over its n seeds. `values` has room for n figures. */
static void put_seeds_row(const struct seed_row *rows, size_t n, double *values, struct eo_buf *out)
{
    static const struct {
        const char *name;
        double most;
    } figures[] = {
        {"accuracy", 1}, {"test_accuracy", 1}, {"latency_ms", INFINITY}, {"ranked_latency_ms", INFINITY}};
    const struct eo_candidate_key *key = &rows[0].c->key;
    size_t f, i;

    eo_candidate_put_level(key->level, out, ',');
    eo_csv_put_text(out, eo_precision_name(key->precision), ',');
    eo_csv_put_int(out, (long long)n, ',');
    for (f = 0; f < 4; f++) {
        const struct eo_sweep_column *column = eo_sweep_numeric_column(figures[f].name);

        for (i = 0; i < n; i++)
            values[i] = eo_candidate_number(rows[i].c, column);
        if (f == 3)
            eo_csv_put_text(out, eo_criterion_name(key->criterion), ',');
        put_spread(out, values, n, figures[f].most, f == 3 ? '\n' : ',');
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
    eo_buf_puts(out, "pruning_level,precision,seeds,"
                     "accuracy_mean,accuracy_std,accuracy_ci95_low,accuracy_ci95_high,"
                     "test_accuracy_mean,test_accuracy_std,test_accuracy_ci95_low,test_accuracy_ci95_high,"
                     "latency_ms_mean,latency_ms_std,latency_ms_ci95_low,latency_ms_ci95_high,"
                     "pruning_criterion,ranked_latency_ms_mean,ranked_latency_ms_std,"
                     "ranked_latency_ms_ci95_low,ranked_latency_ms_ci95_high\n");
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
