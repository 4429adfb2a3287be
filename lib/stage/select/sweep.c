#include "stage/select/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "stage/select/columns.h"
#include "stage/select/evidence.h"

static const char *const recommendations[] = {"", "rival", "recommended", NULL};

int eo_candidate_violates(const struct eo_candidate *c, double budget_mb)
{
    return c->model_memory_mb > budget_mb;
}

/* Reads one row of sweep_results.csv. */
static int read_row(struct eo_candidate *c, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    size_t count;
    const struct eo_sweep_column *columns = eo_sweep_columns(&count);

    eo_candidate_init(c);
    for (size_t i = 0; i < count; i++) {
        const char *text = eo_csv_value(csv, row, columns[i].name);

        if (eo_sweep_read_cell(c, &columns[i], text, err))
            return eo_err_prefix(err, "row %zu: column '%s'", row + 1, columns[i].name);
    }
    if (!isfinite(c->ranked_latency_ms)) /* a table that is older than this column */
        eo_candidate_rank(c, EO_LATENCY_MEAN);
    return 0;
}

int eo_sweep_read(struct eo_sweep *sweep, const struct eo_csv *csv, struct eo_err *err)
{
    size_t count;
    const struct eo_sweep_column *columns = eo_sweep_columns(&count);

    *sweep = (struct eo_sweep){0};
    for (size_t i = 0; i < count; i++) {
        if (columns[i].required && eo_csv_column(csv, columns[i].name) < 0)
            return eo_err_set(err, "expected a column '%s', found none", columns[i].name);
    }
    sweep->rows = eo_alloc(csv->rows, sizeof(*sweep->rows), err);
    if (!sweep->rows)
        return -1;
    for (size_t i = 0; i < csv->rows; i++) {
        if (read_row(&sweep->rows[i], csv, i, err)) {
            eo_sweep_release(sweep);
            return -1;
        }
    }
    sweep->row_count = csv->rows;
    return 0;
}

int eo_sweep_load(struct eo_sweep *sweep, const char *path, struct eo_err *err)
{
    struct eo_csv csv;
    int rc;

    *sweep = (struct eo_sweep){0};
    if (eo_csv_load(&csv, path, err))
        return -1;
    rc = eo_sweep_read(sweep, &csv, err);
    eo_csv_release(&csv);
    return rc;
}

void eo_sweep_release(struct eo_sweep *sweep)
{
    for (size_t i = 0; sweep->evidence && i < sweep->row_count; i++)
        eo_evidence_release(&sweep->evidence[i]);
    free(sweep->evidence);
    free(sweep->rows);
    free(sweep->errors);
    *sweep = (struct eo_sweep){0};
}

size_t eo_sweep_first_seed_rows(const struct eo_sweep *sweep)
{
    size_t n = 0;

    while (n < sweep->row_count && sweep->rows[n].key.seed == sweep->rows[0].key.seed)
        n++;
    return n;
}

const struct eo_candidate *eo_sweep_baseline(const struct eo_sweep *sweep)
{
    size_t n = eo_sweep_first_seed_rows(sweep);

    for (size_t i = 0; i < n; i++) {
        if (eo_level_is_zero(sweep->rows[i].key.level) && sweep->rows[i].key.precision == EO_FP32)
            return &sweep->rows[i];
    }
    return n ? &sweep->rows[0] : NULL;
}

const struct eo_candidate *eo_sweep_find(const struct eo_sweep *sweep, const struct eo_candidate_key *key)
{
    for (size_t i = 0; i < sweep->row_count; i++) {
        if (eo_candidate_equal(&sweep->rows[i].key, key))
            return &sweep->rows[i];
    }
    return NULL;
}

const struct eo_candidate *eo_sweep_recommended(const struct eo_sweep *sweep)
{
    for (size_t i = 0; i < sweep->row_count; i++) {
        if (sweep->rows[i].recommendation == EO_RECOMMENDATION_RECOMMENDED)
            return &sweep->rows[i];
    }
    return NULL;
}

const char *eo_recommendation_name(enum eo_recommendation r)
{
    return recommendations[r];
}

int eo_recommendation_parse(const char *text, enum eo_recommendation *r, struct eo_err *err)
{
    int value;

    if (eo_names_parse(recommendations, text, &value, err))
        return -1;
    *r = (enum eo_recommendation)value;
    return 0;
}

void eo_candidate_rank(struct eo_candidate *c, enum eo_latency_statistic statistic)
{
    if (!isfinite(c->latency_median_ms))
        statistic = EO_LATENCY_MEAN;
    c->ranked_latency_ms = statistic == EO_LATENCY_MEAN ? c->latency_ms : c->latency_median_ms;
    strcpy(c->latency_statistic, eo_latency_statistic_name(statistic));
}

double eo_candidate_single_latency(const struct eo_candidate *c)
{
    int is_median = strcmp(c->latency_statistic, eo_latency_statistic_name(EO_LATENCY_MEDIAN)) == 0;

    return is_median && isfinite(c->single_latency_median_ms) ? c->single_latency_median_ms
                                                              : c->single_latency_ms;
}
