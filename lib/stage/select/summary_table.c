#include "stage/select/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/csv_json.h"
#include "stage/bench/status.h"
#include "stage/select/pareto.h"
#include "stage/select/recommend.h"
#include "stage/select/table.h"

#define TABLE_WIDTH 100
#define USUAL_LABEL 24 /* the longest label of a table of that width */
#define RIVALS_SHOWN 5

/* The same as eo_candidate_label(), for a row of sweep_errors.csv. */
static void error_label(const struct eo_csv *errors, size_t row, char text[EO_CANDIDATE_LABEL])
{
    struct eo_candidate_key key;

    if (eo_level_read(eo_csv_value(errors, row, "pruning_level"), &key.level, NULL) == 0 &&
        eo_candidate_criterion(key.level, eo_csv_value(errors, row, "pruning_criterion"), &key.criterion,
                               NULL) == 0)
        eo_candidate_label(&key, text);
    else
        snprintf(text, EO_CANDIDATE_LABEL, "%s", eo_csv_value(errors, row, "pruning_level"));
}

/* Width of the labels of candidates and failures. */
static int label_width(const struct eo_summary_inputs *in)
{
    int width = eo_table_label_width(in->sweep, eo_sweep_first_seed_rows(in->sweep), 6);
    char label[EO_CANDIDATE_LABEL];

    for (size_t i = 0; i < in->errors->rows; i++) {
        error_label(in->errors, i, label);
        width = (int)strlen(label) > width ? (int)strlen(label) : width;
    }
    return width;
}

/* The mark for the frontier over latency: certain, else by the figures, else possible. */
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
    eo_table_put_figure(out, 11, 2, 100 * c->accuracy);
    eo_table_put_figure(out, 8, 2, 100 * c->test_accuracy);
    eo_table_put_figure(out, 17, 2, 1000 * c->ranked_latency_ms);
    eo_table_put_figure(out, 18, 2, 1000 * eo_candidate_single_latency(c));
    eo_table_put_figure(out, 13, 0, c->model_bytes);
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

/* "batch median us": names the statistic. */
static void put_heading(struct eo_buf *out, int width, const char *size, const struct eo_sweep *sweep)
{
    char text[EO_SWEEP_NAME + 32];

    snprintf(text, sizeof(text), "%s %s us", size, sweep->row_count ? sweep->rows[0].latency_statistic : "");
    eo_buf_printf(out, "%*s", width, text);
}

static int put_candidates(const struct eo_summary_inputs *in, int width, struct eo_buf *out,
                          struct eo_err *err)
{
    const struct eo_sweep *sweep = in->sweep;
    const struct eo_candidate *recommended = eo_sweep_recommended(sweep);
    size_t *index = eo_alloc(sweep->row_count, sizeof(*index), err);
    size_t count, n = eo_sweep_first_seed_rows(sweep);

    if (!index ||
        eo_pareto_frontier(sweep, eo_sweep_numeric_column(EO_PARETO_LATENCY), in->cfg, index, &count, err)) {
        free(index);
        return -1;
    }
    eo_buf_printf(out, "   %-*s precision accuracy %%  test %%", width, "level");
    put_heading(out, 17, "batch", sweep);
    put_heading(out, 18, "single", sweep);
    eo_buf_puts(out, "  model bytes  fits  timing\n");
    for (size_t i = 0; i < n; i++)
        put_table_row(out, &sweep->rows[i], width, &sweep->rows[i] == recommended, is_among(i, index, count));
    free(index);
    return 0;
}

/* Cuts messages to the width of the table, which long labels widen; sweep_errors.csv has them whole. */
static void put_failures(const struct eo_csv *errors, int width, struct eo_buf *out)
{
    char line[TABLE_WIDTH + EO_CANDIDATE_LABEL], label[EO_CANDIDATE_LABEL];

    for (size_t i = 0; i < errors->rows; i++) {
        error_label(errors, i, label);
        snprintf(line, sizeof(line), "!  %-*s %-9s failed in %s: %s", width, label,
                 eo_csv_value(errors, i, "precision"), eo_csv_value(errors, i, "stage"),
                 eo_csv_value(errors, i, "error"));
        line[TABLE_WIDTH + (width > USUAL_LABEL ? width - USUAL_LABEL : 0)] = '\0';
        line[strcspn(line, "\r\n")] = '\0';
        eo_buf_printf(out, "%s\n", line);
    }
}

/* "rivals: 0.25 int8 96.07 % (p 1), ..." */
static void put_rivals(const struct eo_sweep *sweep, struct eo_buf *out)
{
    const struct eo_candidate *reference = eo_recommend_reference(sweep);
    char label[EO_CANDIDATE_LABEL];
    size_t n = 0;

    for (size_t i = 0; i < sweep->row_count; i++) {
        const struct eo_candidate *c = &sweep->rows[i];

        if (c->recommendation != EO_RECOMMENDATION_RIVAL || n++ >= RIVALS_SHOWN)
            continue;
        eo_candidate_label(&c->key, label);
        eo_buf_printf(out, "%s%s %s %.2f %%", n == 1 ? "rivals: " : ", ", label,
                      eo_precision_name(c->key.precision), 100 * c->accuracy);
        if (c == reference)
            eo_buf_puts(out, " (most accurate)");
        else if (isfinite(c->recommendation_p))
            eo_buf_printf(out, " (p %.2g)", c->recommendation_p);
    }
    if (n > RIVALS_SHOWN)
        eo_buf_printf(out, " and %zu more: column recommendation of sweep_results.csv", n - RIVALS_SHOWN);
    if (n > 0)
        eo_buf_puts(out, "\n");
}

static void put_choice(const struct eo_summary_inputs *in, const struct eo_candidate *c, double budget,
                       struct eo_buf *out)
{
    char label[EO_CANDIDATE_LABEL], path[EO_SUMMARY_MODEL];

    eo_candidate_label(&c->key, label);
    eo_summary_model(c, path);
    eo_buf_printf(out, "recommended: level %s in %s, accuracy %.2f %%", label,
                  eo_precision_name(c->key.precision), 100 * c->accuracy);
    if (isfinite(c->test_accuracy))
        eo_buf_printf(out, " (test %.2f %%)", 100 * c->test_accuracy);
    eo_buf_printf(out, ", %.2f us/image, %.0f of %.0f bytes: %s%s\n", 1000 * c->ranked_latency_ms,
                  c->model_bytes, budget, in->folder, path);
    eo_buf_printf(out, "rule %s: ", eo_recommend_name(in->cfg->recommend));
    eo_recommend_put_why(in->sweep, in->cfg->recommend, out);
    eo_buf_puts(out, "\n");
    put_rivals(in->sweep, out);
    eo_buf_printf(out, "%s\n", eo_summary_accuracy_note(in->cfg));
    if (eo_pareto_bad_status(c))
        eo_buf_printf(out, "the timing of the recommended one is not ok: %s\n", eo_pareto_bad_status(c));
    eo_recommend_put_warning(in->sweep, out);
}

/* " and on STM32L4R5" where candidates were measured for an active device. */
static void put_device(const struct eo_sweep *sweep, struct eo_buf *out)
{
    for (size_t i = 0; i < sweep->row_count; i++) {
        if (sweep->rows[i].device[0]) {
            eo_buf_printf(out, " and on %s", sweep->rows[i].device);
            return;
        }
    }
}

static void put_verdict(const struct eo_summary_inputs *in, struct eo_buf *out)
{
    const struct eo_candidate *c = eo_sweep_recommended(in->sweep);
    double budget = floor(in->cfg->active_memory_budget_mb * EO_MIB);

    if (c) {
        put_choice(in, c, budget, out);
        return;
    }
    eo_buf_printf(out, "recommended: none; no candidate fits in %.0f bytes", budget);
    put_device(in->sweep, out);
    eo_buf_puts(out, "\n");
}

/* What helps against timings of a status. */
static const char *advice(const char *status)
{
    return strcmp(status, eo_timing_status_name(EO_TIMING_SHORT)) == 0
               ? "short: more samples help (benchmark_trials, benchmark_repeats, benchmark_seconds, without "
                 "benchmark_exact), a quiet machine does not; make retime times all again"
               : "machine.csv says what else runs here and what helps; make retime times all again";
}

/* Whether an earlier accepted row has that status. */
static int is_said(const struct eo_candidate *rows, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (rows[k].accepted && strcmp(rows[k].timing_status, rows[i].timing_status) == 0)
            return 1;
    }
    return 0;
}

/* The number of accepted candidates with weak timing; for each status, the reason of the first, and what helps. */
static void put_weak(const struct eo_summary_inputs *in, struct eo_buf *out)
{
    const struct eo_candidate *rows = in->sweep->rows;
    size_t n = eo_sweep_first_seed_rows(in->sweep);
    const char *last = "";
    char label[EO_CANDIDATE_LABEL];

    eo_pareto_put_weak(in->sweep, in->cfg, out);
    for (size_t i = 0; i < n; i++) {
        const char *status = eo_pareto_bad_status(&rows[i]);

        if (!rows[i].accepted || !status || !rows[i].timing_reason[0] || is_said(rows, i))
            continue;
        eo_candidate_label(&rows[i].key, label);
        eo_buf_printf(out, "level %s in %s is %s: %s\n", label, eo_precision_name(rows[i].key.precision),
                      status, rows[i].timing_reason);
        if (strcmp(last, advice(status)) != 0)
            eo_buf_printf(out, "%s\n", advice(status));
        last = advice(status);
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
    put_weak(in, out);
    if (eo_sweep_first_seed_rows(sweep) < sweep->row_count)
        eo_buf_printf(out, "shown: seed %" PRIu64 "; the spread over seeds is in seed_summary.csv\n",
                      sweep->rows[0].key.seed);
    put_verdict(in, out);
    return 0;
}

/* ---- as JSON ----------------------------------------------------------------------------------------------------- */

/* The mark of the text in a word. */
static const char *frontier_word(const struct eo_candidate *c, int on_frontier)
{
    switch (frontier_mark(c, on_frontier)) {
    case '*':
        return "certain";
    case '+':
        return "by_figures";
    case '?':
        return "possible";
    default:
        return NULL;
    }
}

static void put_json_row(struct eo_json *j, const struct eo_candidate *c, int recommended, int on_frontier)
{
    char path[EO_SUMMARY_MODEL];

    eo_summary_model(c, path);
    eo_json_open(j, NULL, '{');
    eo_json_text(j, "model", path);
    eo_candidate_json_key(j, &c->key);
    eo_json_double(j, "accuracy", c->accuracy);
    eo_json_double(j, "test_accuracy", c->test_accuracy);
    eo_json_double(j, "batch_latency_ms", c->ranked_latency_ms);
    eo_json_double(j, "single_latency_ms", eo_candidate_single_latency(c));
    eo_json_count(j, "model_bytes", c->model_bytes);
    eo_json_bool(j, "fits", c->accepted);
    eo_json_text(j, "timing_status", c->timing_status[0] ? c->timing_status : NULL);
    eo_json_text(j, "frontier", frontier_word(c, on_frontier));
    eo_json_bool(j, "is_recommended", recommended);
    eo_json_bool(j, "is_rival", c->recommendation == EO_RECOMMENDATION_RIVAL);
    eo_json_close(j);
}

static void put_json_failures(struct eo_json *j, const struct eo_csv *errors)
{
    static const char *const columns[] = {"pruning_level", "pruning_criterion", "precision", "seed", "stage", "error"};

    eo_json_open(j, "failures", '[');
    for (size_t i = 0; i < errors->rows; i++) {
        eo_json_open(j, NULL, '{');
        for (size_t k = 0; k < sizeof(columns) / sizeof(*columns); k++)
            eo_json_cell(j, columns[k], eo_csv_value(errors, i, columns[k]));
        eo_json_close(j);
    }
    eo_json_close(j);
}

int eo_summary_put_table_json(const struct eo_summary_inputs *in, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_sweep *sweep = in->sweep;
    const struct eo_candidate *recommended = eo_sweep_recommended(sweep);
    size_t *index = eo_alloc(sweep->row_count, sizeof(*index), err);
    size_t count, n = eo_sweep_first_seed_rows(sweep);
    struct eo_json j = {.out = out};
    struct eo_buf why = {0};
    int rc = -1;

    if (!index ||
        eo_pareto_frontier(sweep, eo_sweep_numeric_column(EO_PARETO_LATENCY), in->cfg, index, &count, err))
        goto out;
    if (recommended)
        eo_recommend_put_why(sweep, in->cfg->recommend, &why);
    rc = eo_buf_check(&why, err);
    if (rc)
        goto out;
    eo_json_open(&j, NULL, '{');
    eo_json_text(&j, "latency_statistic", sweep->row_count ? sweep->rows[0].latency_statistic : NULL);
    eo_json_count(&j, "budget_bytes", floor(in->cfg->active_memory_budget_mb * EO_MIB));
    eo_json_text(&j, "rule", eo_recommend_name(in->cfg->recommend));
    eo_json_text(&j, "why", recommended ? why.data : NULL);
    eo_json_open(&j, "candidates", '[');
    for (size_t i = 0; i < n; i++)
        put_json_row(&j, &sweep->rows[i], &sweep->rows[i] == recommended, is_among(i, index, count));
    eo_json_close(&j);
    put_json_failures(&j, in->errors);
    eo_json_close(&j);
out:
    eo_buf_release(&why);
    free(index);
    return rc;
}
