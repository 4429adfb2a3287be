#include "stage/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "stage/bench_judge.h"
#include "stage/evidence.h"

#define MAX_COUNT 9007199254740992.0 /* 2^53: every integer up to here is a double */
#define MIN_LATENCY_MS 1e-9
#define MAX_LATENCY_MS 1e12
#define MAX_NUMBER 1e300
#define MAX_EVENTS 1e15 /* for one image */
#define MAX_POWER 1e6   /* joule or watt */

const char eo_sweep_energy_note[] = "ranked_latency_ms / 1000 x power_watts: a proxy and not a measurement";

#define FIELD(f) offsetof(struct eo_candidate, f), sizeof(((struct eo_candidate *)0)->f)
/* clang-format off */
#define NUMBER(f, row_name, source, min, max, required, measured) \
    {#f, row_name, EO_SWEEP_NUMBER, source, FIELD(f), min, max, required, measured, 0}
#define SHARE(f, required) NUMBER(f, #f, EO_FROM_ACCURACY, 0, 1, required, 0)
#define TIME(f, row_name, required) NUMBER(f, row_name, EO_FROM_TIMING, MIN_LATENCY_MS, MAX_LATENCY_MS, required, 1)
#define SPREAD(f, row_name) NUMBER(f, row_name, EO_FROM_TIMING, 0, MAX_LATENCY_MS, 0, 1)
#define LABEL(f, measured) {#f, #f, EO_SWEEP_CERTAINTY, EO_DERIVED, FIELD(f), 0, 0, 0, measured, 1}
#define DERIVED(f) NUMBER(f, #f, EO_DERIVED, 0, MAX_NUMBER, 0, 0)
#define DERIVED_FROM_TIME(f) NUMBER(f, #f, EO_DERIVED, 0, MAX_NUMBER, 0, 1)
#define COUNT(f, source, required) {#f, #f, EO_SWEEP_COUNT, source, FIELD(f), 0, MAX_COUNT, required, 0, 0}
#define COUNT_OF_HOST(f) {#f, #f, EO_SWEEP_COUNT, EO_FROM_TIMING, FIELD(f), 0, MAX_COUNT, 0, 1, 0}
#define EVENTS(f) NUMBER(f, #f, EO_FROM_TIMING, 0, MAX_EVENTS, 0, 1)
#define POWER(f) NUMBER(f, #f, EO_FROM_TIMING, 0, MAX_POWER, 0, 1)
#define TEXT(f, source) {#f, #f, EO_SWEEP_TEXT, source, FIELD(f), 0, 0, 0, (source) == EO_FROM_TIMING, 0}
/* clang-format on */

static const struct eo_sweep_column columns[] = {
    {"pruning_level", "pruning_level", EO_SWEEP_LEVEL, EO_FROM_KEY, FIELD(key.level), 0, 0, 1, 0, 0},
    {"precision", "precision", EO_SWEEP_PRECISION, EO_FROM_KEY, FIELD(key.precision), 0, 0, 1, 0, 0},
    {"accepted", "accepted", EO_SWEEP_BOOL, EO_DERIVED, FIELD(accepted), 0, 0, 0, 0, 0},
    {"error", "error", EO_SWEEP_EMPTY, EO_DERIVED, 0, 0, 0, 0, 0, 0, 0},
    DERIVED(active_budget_mb),
    SHARE(accuracy, 1),
    SHARE(accuracy_ci95_low, 0),
    SHARE(accuracy_ci95_high, 0),
    TIME(latency_ms, "host_latency_ms", 1),
    TIME(latency_median_ms, "host_latency_median_ms", 0),
    SPREAD(latency_std_ms, "host_latency_std_ms"),
    TIME(latency_p95_ms, "host_latency_p95_ms", 0),
    DERIVED_FROM_TIME(throughput_sps),
    DERIVED(model_memory_mb),
    DERIVED(memory_mb),
    DERIVED(estimated_runtime_memory_mb),
    DERIVED_FROM_TIME(energy_proxy_j),
    {"energy_proxy_note", "energy_proxy_note", EO_SWEEP_NOTE, EO_DERIVED, 0, 0, 0, 0, 0, 0, 0},
    {"violates_*", "violates_*", EO_SWEEP_VIOLATES, EO_DERIVED, 0, 0, 0, 0, 0, 0, 0},
    {"seed", "seed", EO_SWEEP_SEED, EO_FROM_KEY, FIELD(key.seed), 0, 0, 1, 0, 0},
    TIME(single_latency_ms, "host_single_latency_ms", 0),
    TIME(single_latency_median_ms, "host_single_latency_median_ms", 0),
    TIME(single_latency_p95_ms, "host_single_latency_p95_ms", 0),
    TIME(latency_min_ms, "host_latency_min_ms", 0),
    NUMBER(host_latency_ms, "host_latency_ms", EO_DERIVED, MIN_LATENCY_MS, MAX_LATENCY_MS, 0, 1),
    COUNT(batch_size, EO_FROM_TIMING, 0),
    COUNT_OF_HOST(threads),
    TEXT(isa, EO_FROM_TIMING),
    TEXT(kernel, EO_FROM_TIMING),
    SHARE(test_accuracy, 0),
    SHARE(test_accuracy_ci95_low, 0),
    SHARE(test_accuracy_ci95_high, 0),
    SHARE(accuracy_bootstrap95_low, 0),
    SHARE(accuracy_bootstrap95_high, 0),
    COUNT(images, EO_FROM_ACCURACY, 0),
    COUNT(macs, EO_FROM_TIMING, 0),
    COUNT(parameters, EO_FROM_TIMING, 0),
    COUNT(model_bytes, EO_FROM_TIMING, 1),
    COUNT(peak_activation_bytes, EO_FROM_TIMING, 0),
    COUNT_OF_HOST(workspace_bytes),
    TEXT(model_sha256, EO_FROM_KEY),
    /* after the level, by which it is read */
    {"pruning_criterion", "pruning_criterion", EO_SWEEP_CRITERION, EO_FROM_KEY, FIELD(key.criterion), 0, 0, 0, 0, 0},
    TEXT(pruning_scope, EO_FROM_ACCURACY),
    COUNT(conv1_channels, EO_FROM_ACCURACY, 0),
    COUNT(conv2_channels, EO_FROM_ACCURACY, 0),
    COUNT(fine_tune_epochs, EO_FROM_ACCURACY, 0),
    COUNT(qat_epochs, EO_FROM_ACCURACY, 0),
    TEXT(quantization_backend, EO_FROM_ACCURACY),
    TEXT(quantization_observer, EO_FROM_ACCURACY),
    TEXT(weight_granularity, EO_FROM_ACCURACY),
    TEXT(bias_correction, EO_FROM_ACCURACY),
    TEXT(cross_layer_equalization, EO_FROM_ACCURACY),
    {"timing_status", "timing_status", EO_SWEEP_STATUS, EO_FROM_TIMING, FIELD(timing_status), 0, 0, 0, 1, 0},
    TEXT(timing_reason, EO_FROM_TIMING),
    SPREAD(latency_mad_ms, "host_latency_mad_ms"),
    TIME(latency_p99_ms, "host_latency_p99_ms", 0),
    TIME(latency_median_ci95_low_ms, "host_latency_median_ci95_low_ms", 0),
    TIME(latency_median_ci95_high_ms, "host_latency_median_ci95_high_ms", 0),
    TIME(latency_p95_ci95_low_ms, "host_latency_p95_ci95_low_ms", 0),
    TIME(latency_p95_ci95_high_ms, "host_latency_p95_ci95_high_ms", 0),
    TIME(latency_p99_ci95_low_ms, "host_latency_p99_ci95_low_ms", 0),
    TIME(latency_p99_ci95_high_ms, "host_latency_p99_ci95_high_ms", 0),
    SPREAD(single_latency_mad_ms, "host_single_latency_mad_ms"),
    TIME(single_latency_p99_ms, "host_single_latency_p99_ms", 0),
    TIME(single_latency_median_ci95_low_ms, "host_single_latency_median_ci95_low_ms", 0),
    TIME(single_latency_median_ci95_high_ms, "host_single_latency_median_ci95_high_ms", 0),
    TIME(single_latency_p95_ci95_low_ms, "host_single_latency_p95_ci95_low_ms", 0),
    TIME(single_latency_p95_ci95_high_ms, "host_single_latency_p95_ci95_high_ms", 0),
    TIME(single_latency_p99_ci95_low_ms, "host_single_latency_p99_ci95_low_ms", 0),
    TIME(single_latency_p99_ci95_high_ms, "host_single_latency_p99_ci95_high_ms", 0),
    EVENTS(cycles),
    EVENTS(instructions),
    EVENTS(ipc),
    EVENTS(l1d_misses),
    EVENTS(llc_misses),
    EVENTS(branch_misses),
    TEXT(counters_note, EO_FROM_TIMING),
    POWER(energy_measured_j),
    TEXT(energy_source, EO_FROM_TIMING),
    POWER(idle_power_w),
    COUNT(arena_bytes, EO_FROM_TIMING, 0),
    COUNT(unfused_arena_bytes, EO_FROM_TIMING, 0),
    COUNT_OF_HOST(resident_bytes),
    LABEL(frontier_latency, 1),
    LABEL(frontier_energy, 1),
    LABEL(frontier_memory, 0),
    TEXT(images_sha256, EO_FROM_ACCURACY),
    TEXT(test_images_sha256, EO_FROM_ACCURACY),
    DERIVED(accuracy_std),
    DERIVED_FROM_TIME(ranked_latency_ms),
    TEXT(latency_statistic, EO_DERIVED),
    {"recommendation", "recommendation", EO_SWEEP_RECOMMENDATION, EO_DERIVED, FIELD(recommendation), 0, 0, 0, 1, 1},
    {"recommendation_p", "recommendation_p", EO_SWEEP_NUMBER, EO_DERIVED, FIELD(recommendation_p), 0, 1, 0, 0, 1},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

const struct eo_sweep_column *eo_sweep_columns(size_t *count)
{
    *count = COLUMNS;
    return columns;
}

static int is_figure(enum eo_sweep_kind kind)
{
    return kind == EO_SWEEP_NUMBER || kind == EO_SWEEP_COUNT;
}

static void *field(struct eo_candidate *c, const struct eo_sweep_column *column)
{
    return (char *)c + column->offset;
}

static const void *const_field(const struct eo_candidate *c, const struct eo_sweep_column *column)
{
    return (const char *)c + column->offset;
}

void eo_candidate_init(struct eo_candidate *c)
{
    size_t i;

    memset(c, 0, sizeof(*c));
    for (i = 0; i < COLUMNS; i++) {
        if (is_figure(columns[i].kind))
            *(double *)field(c, &columns[i]) = NAN;
    }
}

static int read_count(const char *text, double min, double max, double *out, struct eo_err *err)
{
    int64_t value;

    if (eo_num_parse_i64(text, (int64_t)min, (int64_t)max, &value, err))
        return -1;
    *out = (double)value;
    return 0;
}

static int read_bool(const char *text, int *out, struct eo_err *err)
{
    *out = strcmp(text, "True") == 0;
    if (!*out && strcmp(text, "False") != 0)
        return eo_err_set(err, "expected True or False, found '%.40s'", text);
    return 0;
}

static int read_text(const char *text, char *out, size_t size, struct eo_err *err)
{
    if (strlen(text) >= size)
        return eo_err_set(err, "expected at most %zu characters, found '%.60s...'", size - 1, text);
    strcpy(out, text);
    return 0;
}

static int read_status(const char *text, char *out, size_t size, struct eo_err *err)
{
    enum eo_timing_status status;

    return eo_timing_status_parse(text, &status, err) ? -1 : read_text(text, out, size, err);
}

static int read_recommendation(const char *text, enum eo_recommendation *out, struct eo_err *err)
{
    for (*out = EO_RECOMMENDATION_RIVAL; *out <= EO_RECOMMENDATION_RECOMMENDED; ++*out) {
        if (strcmp(text, eo_recommendation_name(*out)) == 0)
            return 0;
    }
    return eo_err_set(err, "expected recommended or rival, found '%.40s'", text);
}

int eo_sweep_read_cell(struct eo_candidate *c, const struct eo_sweep_column *column, const char *text,
                       struct eo_err *err)
{
    void *out = field(c, column);

    if (*text == '\0' && column->kind != EO_SWEEP_CRITERION)
        return column->required ? eo_err_set(err, "expected a value, found none") : 0;
    switch (column->kind) {
    case EO_SWEEP_LEVEL:
        return eo_level_read(text, out, err);
    case EO_SWEEP_NUMBER:
        return eo_num_parse_double(text, column->min, column->max, out, err);
    case EO_SWEEP_COUNT:
        return read_count(text, column->min, column->max, out, err);
    case EO_SWEEP_PRECISION:
        return eo_precision_parse(text, out, err);
    case EO_SWEEP_CRITERION:
        return eo_candidate_criterion(c->key.level, text, out, err);
    case EO_SWEEP_SEED:
        return eo_num_parse_u64(text, 0, UINT64_MAX, out, err);
    case EO_SWEEP_BOOL:
        return read_bool(text, out, err);
    case EO_SWEEP_TEXT:
        return read_text(text, out, column->size, err);
    case EO_SWEEP_STATUS:
        return read_status(text, out, column->size, err);
    case EO_SWEEP_CERTAINTY:
        return eo_certainty_parse(text, out, err);
    case EO_SWEEP_RECOMMENDATION:
        return read_recommendation(text, out, err);
    case EO_SWEEP_EMPTY:
    case EO_SWEEP_NOTE:
    case EO_SWEEP_VIOLATES:
        break;
    }
    return 0;
}

const struct eo_sweep_column *eo_sweep_numeric_column(const char *name)
{
    size_t i;

    for (i = 0; i < COLUMNS; i++) {
        if ((is_figure(columns[i].kind) || columns[i].kind == EO_SWEEP_LEVEL) && strcmp(columns[i].name, name) == 0)
            return &columns[i];
    }
    return NULL;
}

double eo_candidate_number(const struct eo_candidate *c, const struct eo_sweep_column *column)
{
    if (column->kind == EO_SWEEP_LEVEL)
        return (c->key.level.conv1 + c->key.level.conv2) / 2;
    return *(const double *)const_field(c, column);
}

int eo_candidate_violates(const struct eo_candidate *c, double budget_mb)
{
    return c->model_memory_mb > budget_mb;
}

void eo_sweep_violates_name(const struct eo_config *cfg, int k, char name[EO_SWEEP_NAME])
{
    double budget_mb = cfg->memory_budgets_mb[k];
    char text[EO_NUM_TEXT];

    if (cfg->memory_budget_is_integer[k])
        snprintf(text, sizeof(text), "%.0f", budget_mb);
    else
        eo_num_format_double(budget_mb, text);
    snprintf(name, EO_SWEEP_NAME, "violates_%smb", text);
}

/* Reads one row of sweep_results.csv. */
static int read_row(struct eo_candidate *c, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    size_t i;

    eo_candidate_init(c);
    for (i = 0; i < COLUMNS; i++) {
        const char *text = eo_csv_cell(csv, row, eo_csv_column(csv, columns[i].name));

        if (eo_sweep_read_cell(c, &columns[i], text, err))
            return eo_err_prefix(err, "row %zu: column '%s'", row + 1, columns[i].name);
    }
    if (!isfinite(c->ranked_latency_ms)) /* a table from before that column */
        eo_candidate_rank(c, EO_LATENCY_MEAN);
    return 0;
}

int eo_sweep_read(struct eo_sweep *sweep, const struct eo_csv *csv, struct eo_err *err)
{
    size_t i;

    *sweep = (struct eo_sweep){0};
    for (i = 0; i < COLUMNS; i++) {
        if (columns[i].required && eo_csv_column(csv, columns[i].name) < 0)
            return eo_err_set(err, "expected a column '%s', found none", columns[i].name);
    }
    sweep->rows = eo_alloc(csv->rows, sizeof(*sweep->rows), err);
    if (!sweep->rows)
        return -1;
    for (i = 0; i < csv->rows; i++) {
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
    size_t i;

    for (i = 0; sweep->evidence && i < sweep->row_count; i++)
        eo_evidence_release(&sweep->evidence[i]);
    free(sweep->evidence);
    free(sweep->rows);
    free(sweep->errors);
    *sweep = (struct eo_sweep){0};
}

/* What ends a cell of column i: a comma, or a new line behind the last column of the sources. */
static char end_of(size_t i, unsigned sources)
{
    while (++i < COLUMNS) {
        if (columns[i].source & sources)
            return ',';
    }
    return '\n';
}

static void put_violates_names(const struct eo_config *cfg, struct eo_buf *out)
{
    char name[EO_SWEEP_NAME];
    int k;

    for (k = 0; k < cfg->memory_budget_count; k++) {
        eo_sweep_violates_name(cfg, k, name);
        eo_csv_put_text(out, name, ',');
    }
}

void eo_sweep_put_header(const struct eo_config *cfg, unsigned sources, struct eo_buf *out)
{
    size_t i;

    for (i = 0; i < COLUMNS; i++) {
        if (!(columns[i].source & sources))
            continue;
        if (columns[i].kind == EO_SWEEP_VIOLATES)
            put_violates_names(cfg, out);
        else
            eo_csv_put_text(out, columns[i].name, end_of(i, sources));
    }
}

static const char *bool_text(int value)
{
    return value ? "True" : "False";
}

static void put_violates(const struct eo_candidate *c, const struct eo_config *cfg, struct eo_buf *out)
{
    int k;

    for (k = 0; k < cfg->memory_budget_count; k++)
        eo_csv_put_text(out, bool_text(eo_candidate_violates(c, cfg->memory_budgets_mb[k])), ',');
}

void eo_sweep_put_count(struct eo_buf *out, double value, char end)
{
    if (isfinite(value))
        eo_csv_put_int(out, (long long)value, end);
    else
        eo_csv_put_text(out, "", end);
}

static void put_cell(const struct eo_candidate *c, const struct eo_sweep_column *column,
                     const struct eo_config *cfg, struct eo_buf *out, char end)
{
    const void *value = const_field(c, column);

    switch (column->kind) {
    case EO_SWEEP_LEVEL:
        eo_candidate_put_level(*(const struct eo_level *)value, out, end);
        break;
    case EO_SWEEP_NUMBER:
        eo_csv_put_double(out, *(const double *)value, end);
        break;
    case EO_SWEEP_COUNT:
        eo_sweep_put_count(out, *(const double *)value, end);
        break;
    case EO_SWEEP_PRECISION:
        eo_csv_put_text(out, eo_precision_name(*(const enum eo_precision *)value), end);
        break;
    case EO_SWEEP_CRITERION:
        eo_csv_put_text(out, eo_criterion_name(*(const enum eo_criterion *)value), end);
        break;
    case EO_SWEEP_SEED:
        eo_candidate_put_seed(*(const uint64_t *)value, out, end);
        break;
    case EO_SWEEP_BOOL:
        eo_csv_put_text(out, bool_text(*(const int *)value), end);
        break;
    case EO_SWEEP_TEXT:
    case EO_SWEEP_STATUS:
        eo_csv_put_text(out, value, end);
        break;
    case EO_SWEEP_CERTAINTY:
        eo_csv_put_text(out, eo_certainty_name(*(const enum eo_certainty *)value), end);
        break;
    case EO_SWEEP_RECOMMENDATION:
        eo_csv_put_text(out, eo_recommendation_name(*(const enum eo_recommendation *)value), end);
        break;
    case EO_SWEEP_EMPTY:
        eo_csv_put_text(out, "", end);
        break;
    case EO_SWEEP_NOTE:
        eo_csv_put_text(out, eo_sweep_energy_note, end);
        break;
    case EO_SWEEP_VIOLATES:
        put_violates(c, cfg, out);
        break;
    }
}

void eo_sweep_put_row(const struct eo_candidate *c, const struct eo_config *cfg, unsigned sources, struct eo_buf *out)
{
    size_t i;

    for (i = 0; i < COLUMNS; i++) {
        if (columns[i].source & sources)
            put_cell(c, &columns[i], cfg, out, end_of(i, sources));
    }
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
    size_t i, n = eo_sweep_first_seed_rows(sweep);

    for (i = 0; i < n; i++) {
        if (eo_level_is_zero(sweep->rows[i].key.level) && sweep->rows[i].key.precision == EO_FP32)
            return &sweep->rows[i];
    }
    return n ? &sweep->rows[0] : NULL;
}

const struct eo_candidate *eo_sweep_find(const struct eo_sweep *sweep, const struct eo_candidate_key *key)
{
    size_t i;

    for (i = 0; i < sweep->row_count; i++) {
        if (eo_candidate_equal(&sweep->rows[i].key, key))
            return &sweep->rows[i];
    }
    return NULL;
}

const struct eo_candidate *eo_sweep_recommended(const struct eo_sweep *sweep)
{
    size_t i;

    for (i = 0; i < sweep->row_count; i++) {
        if (sweep->rows[i].recommendation == EO_RECOMMENDATION_RECOMMENDED)
            return &sweep->rows[i];
    }
    return NULL;
}

const char *eo_recommendation_name(enum eo_recommendation r)
{
    static const char *const names[] = {"", "rival", "recommended"};

    return names[r];
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

    return is_median && isfinite(c->single_latency_median_ms) ? c->single_latency_median_ms : c->single_latency_ms;
}
