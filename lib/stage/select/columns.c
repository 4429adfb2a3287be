#include "stage/select/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "format/csv.h"
#include "stage/bench/status.h"

#define EO_SWEEP_COUNT_MAX 9007199254740992.0 /* 2^53: every integer up to here is a double */
#define EO_SWEEP_LATENCY_MIN_MS 1e-9
#define EO_SWEEP_LATENCY_MAX_MS 1e12
#define EO_SWEEP_NUMBER_MAX 1e300
#define EO_SWEEP_EVENTS_MAX 1e15 /* for one image */
#define EO_SWEEP_POWER_MAX 1e6   /* joule or watt */

const char eo_sweep_energy_note[] = "ranked_latency_ms / 1000 x power_watts: a proxy and not a measurement";

#define EO_COLUMN(member, function, ...) function
#include "stage/select/columns.def"

static const struct eo_sweep_column columns[] = {
#define EO_COLUMN(member, function, ...) {__VA_ARGS__},
#include "stage/select/columns.def"
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
    memset(c, 0, sizeof(*c));
    for (size_t i = 0; i < COLUMNS; i++) {
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
        return eo_recommendation_parse(text, out, err);
    case EO_SWEEP_EMPTY:
    case EO_SWEEP_NOTE:
    case EO_SWEEP_VIOLATES:
        break;
    }
    return 0;
}

const struct eo_sweep_column *eo_sweep_numeric_column(const char *name)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if ((is_figure(columns[i].kind) || columns[i].kind == EO_SWEEP_LEVEL) &&
            strcmp(columns[i].name, name) == 0)
            return &columns[i];
    }
    return NULL;
}

double eo_candidate_number(const struct eo_candidate *c, const struct eo_sweep_column *column)
{
    if (column->kind == EO_SWEEP_LEVEL)
        return eo_level_mean(&c->key.level);
    return *(const double *)const_field(c, column);
}

void eo_candidate_interval(const struct eo_candidate *c, const char *name, double *low, double *high)
{
    *low = *high = NAN;
    for (size_t i = 0; i < COLUMNS; i++) {
        if (columns[i].low_of && strcmp(columns[i].low_of, name) == 0)
            *low = eo_candidate_number(c, &columns[i]);
        if (columns[i].high_of && strcmp(columns[i].high_of, name) == 0)
            *high = eo_candidate_number(c, &columns[i]);
    }
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

/* The end of a cell of column i: a comma, or a new line after the last column of these sources. */
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

    for (int k = 0; k < cfg->memory_budget_count; k++) {
        eo_sweep_violates_name(cfg, k, name);
        eo_csv_put_text(out, name, ',');
    }
}

void eo_sweep_put_header(const struct eo_config *cfg, unsigned sources, struct eo_buf *out)
{
    for (size_t i = 0; i < COLUMNS; i++) {
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
    for (int k = 0; k < cfg->memory_budget_count; k++)
        eo_csv_put_text(out, bool_text(eo_candidate_violates(c, cfg->memory_budgets_mb[k])), ',');
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
        eo_csv_put_count(out, *(const double *)value, end);
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

void eo_sweep_put_row(const struct eo_candidate *c, const struct eo_config *cfg, unsigned sources,
                      struct eo_buf *out)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (columns[i].source & sources)
            put_cell(c, &columns[i], cfg, out, end_of(i, sources));
    }
}

/* The program that computes the column. */
static const char *source_name(enum eo_sweep_source source)
{
    return source == EO_FROM_ACCURACY ? "eo-eval" : source == EO_FROM_TIMING ? "eo-bench" : "eo-pareto";
}

void eo_sweep_put_columns(struct eo_buf *out)
{
    eo_buf_puts(out, "column,source,measured,text\n");
    for (size_t i = 0; i < COLUMNS; i++) {
        eo_csv_put_text(out, columns[i].name, ',');
        eo_csv_put_text(out, columns[i].source == EO_FROM_KEY ? "candidate" : source_name(columns[i].source),
                        ',');
        eo_csv_put_text(out, columns[i].is_measured ? "yes" : "", ',');
        eo_csv_put_text(out, columns[i].help, '\n');
    }
}
