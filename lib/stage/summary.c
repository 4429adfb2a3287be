#include "stage/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "format/json.h"
#include "stage/bench_judge.h"
#include "stage/pareto.h"

#define TABLE_WIDTH 100

static void put_count(struct eo_json *j, const char *key, double value)
{
    if (isfinite(value))
        eo_json_int(j, key, (long long)value);
    else
        eo_json_null(j, key);
}

/* A number; a list of two where the convolutions differ, as in the configuration. */
static void put_level(struct eo_json *j, const char *key, struct eo_level level)
{
    if (eo_level_is_uniform(level)) {
        eo_json_double(j, key, level.conv1);
        return;
    }
    eo_json_open(j, key, '[');
    eo_json_double(j, NULL, level.conv1);
    eo_json_double(j, NULL, level.conv2);
    eo_json_close(j);
}

static void put_violates(struct eo_json *j, const struct eo_candidate *c, const struct eo_config *cfg)
{
    char name[EO_SWEEP_NAME];
    int k;

    for (k = 0; k < cfg->memory_budget_count; k++) {
        eo_sweep_violates_name(cfg->memory_budgets_mb[k], name);
        eo_json_bool(j, name, eo_candidate_violates(c, cfg->memory_budgets_mb[k]));
    }
}

/* null where the candidate does not compete. */
static void put_label(struct eo_json *j, const char *key, enum eo_certainty label)
{
    eo_json_text(j, key, label == EO_CERTAINTY_NONE ? NULL : eo_certainty_name(label));
}

/* One column of the sweep as a typed value. */
static void put_column(struct eo_json *j, const struct eo_candidate *c, const struct eo_sweep_column *column,
                       const struct eo_config *cfg)
{
    const char *value = (const char *)c + column->offset;

    switch (column->kind) {
    case EO_SWEEP_LEVEL:
        put_level(j, column->name, c->key.level);
        break;
    case EO_SWEEP_NUMBER:
        eo_json_double(j, column->name, eo_candidate_number(c, column));
        break;
    case EO_SWEEP_COUNT:
        put_count(j, column->name, eo_candidate_number(c, column));
        break;
    case EO_SWEEP_PRECISION:
        eo_json_text(j, column->name, eo_precision_name(c->key.precision));
        break;
    case EO_SWEEP_CRITERION:
        eo_json_text(j, column->name, eo_criterion_name(c->key.criterion));
        break;
    case EO_SWEEP_SEED:
        eo_json_u64(j, column->name, c->key.seed);
        break;
    case EO_SWEEP_BOOL:
        eo_json_bool(j, column->name, c->accepted);
        break;
    case EO_SWEEP_TEXT:
    case EO_SWEEP_STATUS:
        eo_json_text(j, column->name, *value ? value : NULL);
        break;
    case EO_SWEEP_CERTAINTY:
        put_label(j, column->name, *(const enum eo_certainty *)(const void *)value);
        break;
    case EO_SWEEP_EMPTY:
        eo_json_null(j, column->name);
        break;
    case EO_SWEEP_NOTE:
        eo_json_text(j, column->name, eo_sweep_energy_note);
        break;
    case EO_SWEEP_VIOLATES:
        put_violates(j, c, cfg);
        break;
    }
}

static void put_candidate(struct eo_json *j, const char *key, const struct eo_candidate *c,
                          const struct eo_config *cfg)
{
    size_t i, count;
    const struct eo_sweep_column *columns = eo_sweep_columns(&count);

    if (!c) {
        eo_json_null(j, key);
        return;
    }
    eo_json_open(j, key, '{');
    for (i = 0; i < count; i++)
        put_column(j, c, &columns[i], cfg);
    eo_json_bool(j, "accepted_under_active_budget", !eo_candidate_violates(c, cfg->active_memory_budget_mb));
    eo_json_close(j);
}

static void put_budgets(struct eo_json *j, const struct eo_config *cfg)
{
    int k;

    eo_json_open(j, "memory_budgets_mb", '[');
    for (k = 0; k < cfg->memory_budget_count; k++)
        eo_json_double(j, NULL, cfg->memory_budgets_mb[k]);
    eo_json_close(j);
    eo_json_double(j, "active_memory_budget_mb", cfg->active_memory_budget_mb);
    eo_json_double(j, "cpu_frequency_scale", cfg->cpu_frequency_scale);
    eo_json_double(j, "latency_multiplier", 1 / cfg->cpu_frequency_scale);
    eo_json_double(j, "power_watts", cfg->power_watts);
}

static void put_counts(struct eo_json *j, const struct eo_summary_inputs *in)
{
    const struct eo_sweep *sweep = in->sweep;
    size_t i, accepted = 0;

    for (i = 0; i < sweep->row_count; i++)
        accepted += sweep->rows[i].accepted != 0;
    eo_json_int(j, "study_rows", (long long)sweep->row_count);
    eo_json_int(j, "accepted_rows", (long long)accepted);
    eo_json_int(j, "rejected_rows", (long long)(sweep->row_count - accepted));
    eo_json_int(j, "error_rows", (long long)in->errors->rows);
}

static void put_best(struct eo_json *j, const struct eo_sweep *sweep)
{
    size_t i, n = eo_sweep_first_seed_rows(sweep);
    double accuracy = NAN, latency = NAN;

    for (i = 0; i < n; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (!c->accepted)
            continue;
        if (!(accuracy >= c->accuracy))
            accuracy = c->accuracy;
        if (!(latency <= c->latency_ms))
            latency = c->latency_ms;
    }
    eo_json_double(j, "best_accuracy_accepted", accuracy);
    eo_json_double(j, "lowest_latency_ms_accepted", latency);
}

/* The cell of a column that may be missing: "" then. */
static const char *cell(const struct eo_csv *csv, size_t row, const char *column)
{
    return eo_csv_cell(csv, row, eo_csv_column(csv, column));
}

/* The row of the hardware table that describes the baseline. */
static int find_hardware_row(const struct eo_csv *csv, const struct eo_candidate_key *baseline, size_t *row,
                             struct eo_err *err)
{
    const char *criterion =
        eo_csv_column(csv, "pruning_criterion") < 0 ? "" : eo_criterion_name(baseline->criterion);
    char level[EO_LEVEL_TEXT], seed[32], key[EO_CANDIDATE_TEXT];

    if (eo_csv_column(csv, "pruning_level") < 0 || eo_csv_column(csv, "precision") < 0 ||
        eo_csv_column(csv, "seed") < 0)
        return eo_err_set(err, "expected columns 'pruning_level', 'precision' and 'seed'");
    eo_level_text(baseline->level, level);
    snprintf(seed, sizeof(seed), "%" PRIu64, baseline->seed);
    for (*row = 0; *row < csv->rows; ++*row) {
        if (strcmp(cell(csv, *row, "pruning_level"), level) == 0 &&
            strcmp(cell(csv, *row, "seed"), seed) == 0 &&
            strcmp(cell(csv, *row, "pruning_criterion"), criterion) == 0 &&
            strcmp(cell(csv, *row, "precision"), eo_precision_name(baseline->precision)) == 0)
            return 0;
    }
    eo_candidate_key_text(baseline, key);
    return eo_err_set(err, "expected a row for the baseline, %s, found none", key);
}

/* A cell as null, a number or text, by what stands there. */
static void put_cell(struct eo_json *j, const char *key, const char *text)
{
    int64_t integer;
    double number;

    if (*text == '\0')
        eo_json_null(j, key);
    else if (eo_num_parse_i64(text, INT64_MIN, INT64_MAX, &integer, NULL) == 0)
        eo_json_int(j, key, integer);
    else if (eo_num_parse_double(text, -1e300, 1e300, &number, NULL) == 0)
        eo_json_double(j, key, number);
    else
        eo_json_text(j, key, text);
}

/* The device in use: many images a call, or one after the other as they come; and the roofline figures. */
static int put_deployment(struct eo_json *j, const struct eo_summary_inputs *in,
                          const struct eo_candidate *baseline, struct eo_err *err)
{
    const struct eo_csv *csv = in->hardware;
    size_t row = 0, i;

    if (baseline && find_hardware_row(csv, &baseline->key, &row, err))
        return -1;
    eo_json_open(j, "deployment", '{');
    eo_json_double(j, "cpu_frequency_scale", in->cfg->cpu_frequency_scale);
    eo_json_double(j, "latency_multiplier", 1 / in->cfg->cpu_frequency_scale);
    eo_json_double(j, "batch_latency_ms", baseline ? baseline->latency_ms * baseline->batch_size : NAN);
    eo_json_double(j, "batch_throughput_sps", baseline ? baseline->throughput_sps : NAN);
    eo_json_double(j, "stream_avg_latency_ms", baseline ? baseline->single_latency_ms : NAN);
    eo_json_double(j, "stream_throughput_sps", baseline ? 1000 / baseline->single_latency_ms : NAN);
    for (i = 0; baseline && i < csv->columns && strcmp(csv->cells[i], "pruning_level") != 0; i++)
        put_cell(j, csv->cells[i], eo_csv_cell(csv, row, (int)i));
    eo_json_close(j);
    return 0;
}

static void put_recommended(struct eo_json *j, const struct eo_candidate *c)
{
    if (!c) {
        eo_json_null(j, "recommended");
        return;
    }
    eo_json_open(j, "recommended", '{');
    put_level(j, "pruning_level", c->key.level);
    eo_json_text(j, "pruning_criterion", eo_criterion_name(c->key.criterion));
    eo_json_text(j, "precision", eo_precision_name(c->key.precision));
    eo_json_u64(j, "seed", c->key.seed);
    eo_json_double(j, "accuracy", c->accuracy);
    eo_json_double(j, "test_accuracy", c->test_accuracy);
    eo_json_double(j, "latency_ms", c->latency_ms);
    eo_json_double(j, "single_latency_ms", c->single_latency_ms);
    eo_json_double(j, "energy_proxy_j", c->energy_proxy_j);
    put_count(j, "model_bytes", c->model_bytes);
    put_count(j, "peak_activation_bytes", c->peak_activation_bytes);
    eo_json_text(j, "model_sha256", c->model_sha256[0] ? c->model_sha256 : NULL);
    eo_json_text(j, "timing_status", c->timing_status[0] ? c->timing_status : NULL);
    eo_json_text(j, "timing_reason", c->timing_reason[0] ? c->timing_reason : NULL);
    put_label(j, "frontier_latency", c->frontier_latency);
    put_label(j, "frontier_energy", c->frontier_energy);
    eo_json_close(j);
}

int eo_summary_put_json(const struct eo_summary_inputs *in, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_candidate *baseline = eo_sweep_baseline(in->sweep);
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '{');
    put_candidate(&j, "baseline", baseline, in->cfg);
    put_budgets(&j, in->cfg);
    put_counts(&j, in);
    put_best(&j, in->sweep);
    if (put_deployment(&j, in, baseline, err))
        return -1;
    put_recommended(&j, eo_sweep_recommended(in->sweep));
    eo_json_close(&j);
    return 0;
}

/* A share as per cent, a time in microseconds, a count: right-aligned, "-" where the figure is missing. */
static void put_figure(struct eo_buf *out, int width, int decimals, double value)
{
    if (isfinite(value))
        eo_buf_printf(out, "%*.*f", width, decimals, value);
    else
        eo_buf_printf(out, "%*s", width, "-");
}

/* As eo_candidate_label(), of a row of sweep_errors.csv. */
static void error_label(const struct eo_csv *errors, size_t row, char text[EO_CANDIDATE_LABEL])
{
    struct eo_candidate_key key;

    if (eo_level_read(cell(errors, row, "pruning_level"), &key.level, NULL) == 0 &&
        eo_candidate_criterion(key.level, cell(errors, row, "pruning_criterion"), &key.criterion, NULL) == 0)
        eo_candidate_label(&key, text);
    else
        snprintf(text, EO_CANDIDATE_LABEL, "%s", cell(errors, row, "pruning_level"));
}

/* Characters of the longest label: six at least. */
static int label_width(const struct eo_summary_inputs *in)
{
    char label[EO_CANDIDATE_LABEL];
    size_t i, width = 6;

    for (i = 0; i < eo_sweep_first_seed_rows(in->sweep); i++) {
        eo_candidate_label(&in->sweep->rows[i].key, label);
        width = strlen(label) > width ? strlen(label) : width;
    }
    for (i = 0; i < in->errors->rows; i++) {
        error_label(in->errors, i, label);
        width = strlen(label) > width ? strlen(label) : width;
    }
    return (int)width;
}

/* Of the frontier over latency: what is certain, else what the figures say, else what may be. */
static char frontier_mark(const struct eo_candidate *c, int on_frontier)
{
    if (c->frontier_latency == EO_CERTAINTY_CERTAIN)
        return '*';
    if (on_frontier)
        return '+';
    return c->frontier_latency == EO_CERTAINTY_POSSIBLE ? '?' : ' ';
}

static void put_table_row(struct eo_buf *out, const struct eo_candidate *c, int width, int recommended,
                          int on_frontier)
{
    char label[EO_CANDIDATE_LABEL];

    eo_candidate_label(&c->key, label);
    eo_buf_printf(out, "%c%c %-*s %-9s", recommended ? '>' : ' ', frontier_mark(c, on_frontier), width, label,
                  eo_precision_name(c->key.precision));
    put_figure(out, 11, 2, 100 * c->accuracy);
    put_figure(out, 9, 2, 100 * c->test_accuracy);
    put_figure(out, 15, 2, 1000 * c->latency_ms);
    put_figure(out, 17, 2, 1000 * c->single_latency_ms);
    put_figure(out, 13, 0, c->model_bytes);
    if (c->timing_status[0])
        eo_buf_printf(out, "  %-4s  %s\n", c->accepted ? "yes" : "no", c->timing_status);
    else
        eo_buf_printf(out, "  %s\n", c->accepted ? "yes" : "no");
}

static int is_among(size_t i, const size_t *index, size_t count)
{
    while (count > 0) {
        if (index[--count] == i)
            return 1;
    }
    return 0;
}

static int put_candidates(const struct eo_summary_inputs *in, int width, struct eo_buf *out,
                          struct eo_err *err)
{
    const struct eo_sweep *sweep = in->sweep;
    const struct eo_candidate *recommended = eo_sweep_recommended(sweep);
    size_t *index = eo_alloc(sweep->row_count, sizeof(*index), err);
    size_t i, count, n = eo_sweep_first_seed_rows(sweep);

    if (!index)
        return -1;
    eo_pareto_frontier(sweep, eo_sweep_numeric_column("latency_ms"), in->cfg, index, &count);
    eo_buf_printf(out,
                  "   %-*s precision accuracy %%   test %%  batch us/image  single us/image  model bytes  "
                  "fits  timing\n",
                  width, "level");
    for (i = 0; i < n; i++)
        put_table_row(out, &sweep->rows[i], width, &sweep->rows[i] == recommended, is_among(i, index, count));
    free(index);
    return 0;
}

/* Cut to the width of the table: the whole message is in sweep_errors.csv. */
static void put_failures(const struct eo_csv *errors, int width, struct eo_buf *out)
{
    char line[TABLE_WIDTH + 1], label[EO_CANDIDATE_LABEL];
    size_t i;

    for (i = 0; i < errors->rows; i++) {
        error_label(errors, i, label);
        snprintf(line, sizeof(line), "!  %-*s %-9s failed in %s: %s", width, label,
                 cell(errors, i, "precision"), cell(errors, i, "stage"), cell(errors, i, "error"));
        line[strcspn(line, "\r\n")] = '\0';
        eo_buf_printf(out, "%s\n", line);
    }
}

static void put_verdict(const struct eo_summary_inputs *in, struct eo_buf *out)
{
    const struct eo_candidate *c = eo_sweep_recommended(in->sweep);
    double budget = floor(in->cfg->active_memory_budget_mb * EO_MIB);
    char label[EO_CANDIDATE_LABEL];

    if (!c) {
        eo_buf_printf(out, "recommended: none; no candidate fits in %.0f bytes\n", budget);
        return;
    }
    eo_candidate_label(&c->key, label);
    eo_buf_printf(out, "recommended: level %s in %s, accuracy %.2f %%, %.2f us/image, %.0f of %.0f bytes",
                  label, eo_precision_name(c->key.precision), 100 * c->accuracy, 1000 * c->latency_ms,
                  c->model_bytes, budget);
    if (eo_pareto_bad_status(c))
        eo_buf_printf(out, "; its timing is not ok: %s", eo_pareto_bad_status(c));
    eo_buf_puts(out, "\n");
}

/* Few samples have nothing to do with a busy machine. */
static const char *advice_for(const char *status)
{
    if (strcmp(status, eo_timing_status_name(EO_TIMING_SHORT)) == 0)
        return "more of benchmark_repeats, benchmark_trials or benchmark_seconds, or without "
               "benchmark_exact, gives "
               "enough; make retime times all again";
    return "machine.csv says what else runs here and what helps; make retime times all again";
}

/* Who was left off, the reason of the first, and what can be done. */
static void put_why_left_off(const struct eo_summary_inputs *in, struct eo_buf *out)
{
    const struct eo_sweep *sweep = in->sweep;
    size_t i, rows = eo_sweep_first_seed_rows(sweep);
    char label[EO_CANDIDATE_LABEL];

    eo_pareto_put_left_off(sweep, in->cfg, out);
    for (i = 0; i < rows; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (!eo_pareto_bad_status(c) || !c->timing_reason[0])
            continue;
        eo_candidate_label(&c->key, label);
        eo_buf_printf(out, "level %s in %s is %s: %s\n%s\n", label, eo_precision_name(c->key.precision),
                      eo_pareto_bad_status(c), c->timing_reason, advice_for(eo_pareto_bad_status(c)));
        return;
    }
}

int eo_summary_put_table(const struct eo_summary_inputs *in, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_sweep *sweep = in->sweep;
    int width = label_width(in);

    if (put_candidates(in, width, out, err))
        return -1;
    put_failures(in->errors, width, out);
    eo_buf_puts(out, "on the frontier of accuracy over latency: * certainly, + by its figures, ? possibly   "
                     "> recommended\nus: scaled by 1 / cpu_frequency_scale\n");
    put_why_left_off(in, out);
    if (eo_sweep_first_seed_rows(sweep) < sweep->row_count)
        eo_buf_printf(out, "shown: seed %" PRIu64 "; the spread over seeds is in seed_summary.csv\n",
                      sweep->rows[0].key.seed);
    put_verdict(in, out);
    return 0;
}
