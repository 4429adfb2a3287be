#include "stage/select/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/csv_json.h"
#include "format/json.h"
#include "stage/select/columns.h"
#include "stage/select/recommend.h"

static void put_violates(struct eo_json *j, const struct eo_candidate *c, const struct eo_config *cfg)
{
    char name[EO_SWEEP_NAME];

    for (int k = 0; k < cfg->memory_budget_count; k++) {
        eo_sweep_violates_name(cfg, k, name);
        eo_json_bool(j, name, eo_candidate_violates(c, cfg->memory_budgets_mb[k]));
    }
}

/* null if the candidate does not compete. */
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
        eo_candidate_json_level(j, column->name, c->key.level);
        break;
    case EO_SWEEP_NUMBER:
        eo_json_double(j, column->name, eo_candidate_number(c, column));
        break;
    case EO_SWEEP_COUNT:
        eo_json_count(j, column->name, eo_candidate_number(c, column));
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
    case EO_SWEEP_RECOMMENDATION:
        eo_json_text(j, column->name, c->recommendation ? eo_recommendation_name(c->recommendation) : NULL);
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
    size_t count;
    const struct eo_sweep_column *columns = eo_sweep_columns(&count);

    if (!c) {
        eo_json_null(j, key);
        return;
    }
    eo_json_open(j, key, '{');
    for (size_t i = 0; i < count; i++)
        put_column(j, c, &columns[i], cfg);
    eo_json_bool(j, "accepted_under_active_budget", !eo_candidate_violates(c, cfg->active_memory_budget_mb));
    eo_json_close(j);
}

static void put_budgets(struct eo_json *j, const struct eo_config *cfg)
{
    eo_json_open(j, "memory_budgets_mb", '[');
    for (int k = 0; k < cfg->memory_budget_count; k++) {
        if (cfg->memory_budget_is_integer[k])
            eo_json_int(j, NULL, (long long)cfg->memory_budgets_mb[k]);
        else
            eo_json_double(j, NULL, cfg->memory_budgets_mb[k]);
    }
    eo_json_close(j);
    eo_json_double(j, "active_memory_budget_mb", cfg->active_memory_budget_mb);
    eo_json_double(j, "cpu_frequency_scale", cfg->cpu_frequency_scale);
    eo_json_double(j, "latency_multiplier", 1 / cfg->cpu_frequency_scale);
    eo_json_double(j, "power_watts", cfg->power_watts);
}

static void put_counts(struct eo_json *j, const struct eo_summary_inputs *in)
{
    const struct eo_sweep *sweep = in->sweep;
    size_t accepted = 0;

    for (size_t i = 0; i < sweep->row_count; i++)
        accepted += sweep->rows[i].accepted != 0;
    eo_json_int(j, "study_rows", (long long)sweep->row_count);
    eo_json_int(j, "accepted_rows", (long long)accepted);
    eo_json_int(j, "rejected_rows", (long long)(sweep->row_count - accepted));
    eo_json_int(j, "error_rows", (long long)in->errors->rows);
}

static void put_best(struct eo_json *j, const struct eo_sweep *sweep)
{
    size_t n = eo_sweep_first_seed_rows(sweep);
    double accuracy = NAN, latency = NAN;

    for (size_t i = 0; i < n; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (!c->accepted)
            continue;
        if (!(accuracy >= c->accuracy))
            accuracy = c->accuracy;
        if (!(latency <= c->ranked_latency_ms))
            latency = c->ranked_latency_ms;
    }
    eo_json_double(j, "best_accuracy_accepted", accuracy);
    eo_json_double(j, "lowest_latency_ms_accepted", latency);
}

/* The row of the hardware table that describes a candidate; `name` is its part in the summary. */
static int find_hardware_row(const struct eo_csv *csv, const struct eo_candidate_key *wanted,
                             const char *name, size_t *row, struct eo_err *err)
{
    const char *criterion =
        eo_csv_column(csv, "pruning_criterion") < 0 ? "" : eo_criterion_name(wanted->criterion);
    char level[EO_LEVEL_TEXT], seed[32], key[EO_CANDIDATE_TEXT];

    if (eo_csv_column(csv, "pruning_level") < 0 || eo_csv_column(csv, "precision") < 0 ||
        eo_csv_column(csv, "seed") < 0)
        return eo_err_set(err, "expected columns 'pruning_level', 'precision' and 'seed'");
    eo_level_text(wanted->level, level);
    snprintf(seed, sizeof(seed), "%" PRIu64, wanted->seed);
    for (*row = 0; *row < csv->rows; ++*row) {
        if (strcmp(eo_csv_value(csv, *row, "pruning_level"), level) == 0 &&
            strcmp(eo_csv_value(csv, *row, "seed"), seed) == 0 &&
            strcmp(eo_csv_value(csv, *row, "pruning_criterion"), criterion) == 0 &&
            strcmp(eo_csv_value(csv, *row, "precision"), eo_precision_name(wanted->precision)) == 0)
            return 0;
    }
    eo_candidate_key_text(wanted, key);
    return eo_err_set(err, "expected a row for the %s, %s, found none", name, key);
}

static void put_model(struct eo_json *j, const struct eo_candidate *c)
{
    char path[EO_SUMMARY_MODEL];

    eo_summary_model(c, path);
    eo_json_text(j, "model", path);
}

/* A deployed model: times in batches and image by image, and its roofline figures. */
static int put_use(struct eo_json *j, const struct eo_summary_inputs *in, const struct eo_candidate *c,
                   const char *name, struct eo_err *err)
{
    const struct eo_csv *csv = in->hardware;
    double batch = c->ranked_latency_ms, single = eo_candidate_single_latency(c);
    size_t row = 0;

    if (find_hardware_row(csv, &c->key, name, &row, err))
        return -1;
    put_model(j, c);
    eo_json_text(j, "latency_statistic", c->latency_statistic);
    eo_json_double(j, "batch_latency_ms", batch * c->batch_size);
    eo_json_double(j, "batch_throughput_sps", 1000 / batch);
    eo_json_double(j, "stream_avg_latency_ms", c->single_latency_ms);
    eo_json_double(j, "stream_latency_ms", single);
    eo_json_double(j, "stream_throughput_sps", 1000 / single);
    for (size_t i = 0; i < csv->columns && strcmp(csv->cells[i], "pruning_level") != 0; i++)
        eo_json_cell(j, csv->cells[i], eo_csv_cell(csv, row, (int)i));
    return 0;
}

static int put_deployment(struct eo_json *j, const struct eo_summary_inputs *in,
                          const struct eo_candidate *baseline, struct eo_err *err)
{
    const struct eo_candidate *recommended = eo_sweep_recommended(in->sweep);

    eo_json_open(j, "deployment", '{');
    eo_json_double(j, "cpu_frequency_scale", in->cfg->cpu_frequency_scale);
    eo_json_double(j, "latency_multiplier", 1 / in->cfg->cpu_frequency_scale);
    if (!baseline)
        eo_json_null(j, "model");
    else if (put_use(j, in, baseline, "baseline", err))
        return -1;
    if (recommended) {
        eo_json_open(j, "recommended", '{');
        if (put_use(j, in, recommended, "recommended one", err))
            return -1;
        eo_json_close(j);
    } else
        eo_json_null(j, "recommended");
    eo_json_close(j);
    return 0;
}

static void put_rivals(struct eo_json *j, const struct eo_sweep *sweep)
{
    eo_json_open(j, "rivals", '[');
    for (size_t i = 0; i < sweep->row_count; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (c->recommendation != EO_RECOMMENDATION_RIVAL)
            continue;
        eo_json_open(j, NULL, '{');
        put_model(j, c);
        eo_json_double(j, "accuracy", c->accuracy);
        eo_json_double(j, "recommendation_p", c->recommendation_p);
        eo_json_double(j, "test_accuracy", c->test_accuracy);
        eo_json_double(j, "ranked_latency_ms", c->ranked_latency_ms);
        eo_json_count(j, "model_bytes", c->model_bytes);
        eo_json_close(j);
    }
    eo_json_close(j);
}

/* The recommendation: the file, the reason, and the rivals. */
static int put_choice(struct eo_json *j, const struct eo_summary_inputs *in, const struct eo_candidate *c,
                      struct eo_err *err)
{
    struct eo_buf why = {0};
    int rc;

    eo_recommend_put_why(in->sweep, in->cfg->recommend, &why);
    rc = eo_buf_check(&why, err);
    if (rc == 0) {
        put_model(j, c);
        eo_json_text(j, "rule", eo_recommend_name(in->cfg->recommend));
        eo_json_text(j, "why", why.data);
        put_rivals(j, in->sweep);
    }
    eo_buf_release(&why);
    return rc;
}

static int put_recommended(struct eo_json *j, const struct eo_summary_inputs *in, struct eo_err *err)
{
    const struct eo_candidate *c = eo_sweep_recommended(in->sweep);

    if (!c) {
        eo_json_null(j, "recommended");
        return 0;
    }
    eo_json_open(j, "recommended", '{');
    if (put_choice(j, in, c, err))
        return -1;
    eo_candidate_json_key(j, &c->key);
    eo_json_double(j, "accuracy", c->accuracy);
    eo_json_double(j, "recommendation_p", c->recommendation_p);
    eo_json_double(j, "test_accuracy", c->test_accuracy);
    eo_json_text(j, "accuracy_note", eo_summary_accuracy_note(in->cfg));
    eo_json_double(j, "chance_accuracy", c->chance_accuracy);
    eo_json_bool(j, "is_chance", eo_recommend_is_chance(c));
    eo_json_text(j, "latency_statistic", c->latency_statistic);
    eo_json_double(j, "ranked_latency_ms", c->ranked_latency_ms);
    eo_json_double(j, "latency_ms", c->latency_ms);
    eo_json_double(j, "single_latency_ms", c->single_latency_ms);
    eo_json_double(j, "energy_proxy_j", c->energy_proxy_j);
    eo_json_count(j, "model_bytes", c->model_bytes);
    eo_json_count(j, "peak_activation_bytes", c->peak_activation_bytes);
    eo_json_text(j, "model_sha256", c->model_sha256[0] ? c->model_sha256 : NULL);
    eo_json_text(j, "timing_status", c->timing_status[0] ? c->timing_status : NULL);
    eo_json_text(j, "timing_reason", c->timing_reason[0] ? c->timing_reason : NULL);
    put_label(j, "frontier_latency", c->frontier_latency);
    put_label(j, "frontier_energy", c->frontier_energy);
    eo_json_close(j);
    return 0;
}

int eo_summary_put_json(const struct eo_summary_inputs *in, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_candidate *baseline = eo_sweep_baseline(in->sweep);
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '{');
    eo_json_int(&j, "schema_version", EO_SUMMARY_SCHEMA);
    if (put_recommended(&j, in, err))
        return -1;
    put_candidate(&j, "baseline", baseline, in->cfg);
    put_budgets(&j, in->cfg);
    put_counts(&j, in);
    put_best(&j, in->sweep);
    if (put_deployment(&j, in, baseline, err))
        return -1;
    eo_json_close(&j);
    return 0;
}

void eo_summary_model(const struct eo_candidate *c, char path[EO_SUMMARY_MODEL])
{
    char name[EO_CANDIDATE_NAME];

    /* Only candidates of the first seed are recommended. */
    eo_candidate_name(&(struct eo_candidate_name){c->key, 0}, c->key.seed, name);
    snprintf(path, EO_SUMMARY_MODEL, "models/%s.safetensors", name);
}

const char *eo_summary_accuracy_note(const struct eo_config *cfg)
{
    return cfg->validation == EO_VALIDATION_TEST
               ? "accuracy is of test images that also chose, so it is a little too good; test_accuracy "
                 "includes "
                 "them: no figure here is independent of the choice (validation: test)"
               : "accuracy is of the images that chose, so it is a little too good; test_accuracy chose "
                 "nothing";
}
