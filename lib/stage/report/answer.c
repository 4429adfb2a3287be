/* The answer: what is recommended, why, how sure that is, what is left of each limit, and how it is made again. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage/report/page.h"
#include "stage/select/pareto.h"
#include "stage/select/recommend.h"
#include "stage/select/summary.h"

#define RIVALS_MAX 12

#define SWEEP "<a href=\"sweep_results.csv\">"

/* What a name like p0.25-int8 means. */
static void put_meaning(struct eo_buf *out, const struct eo_candidate *c)
{
    static const char *const formats[EO_PRECISION_COUNT] = {
        [EO_FP32] = "floating-point numbers of 32 bits",
        [EO_FP16] = "floating-point numbers of 16 bits",
        [EO_INT8] = "integers of 8 bits",
        [EO_INT4] = "integers of 8 bits, with weights of 4 bits",
        [EO_MIXED] = "integers of 8 bits, with weights of 4 or 8 bits by layer",
    };
    char level[EO_LEVEL_TEXT];

    eo_level_text(c->key.level, level);
    if (c->key.criterion == EO_CRITERION_NONE)
        eo_html_put(out, "<p>The whole network, computed in %s.</p>\n", formats[c->key.precision]);
    else
        eo_html_put(
            out, "<p>The network without the share %s of its channels (chosen by %s), computed in %s.</p>\n",
            level, eo_criterion_name(c->key.criterion), formats[c->key.precision]);
}

static void put_card(struct eo_buf *out, const char *term, const char *value, const char *note)
{
    eo_html_put(out,
                "<div><p class=\"term\">%s</p><p class=\"figure\">" SWEEP
                "%s</a></p><p class=\"note\">%s</p></div>\n",
                term, value, note);
}

static void put_accuracy_card(struct eo_page *page, const struct eo_candidate *c)
{
    char value[EO_HTML_NUMBER], low[EO_HTML_NUMBER], high[EO_HTML_NUMBER], test[EO_HTML_NUMBER], note[256];

    snprintf(note, sizeof(note), "95 %% interval %s to %s; test set %s %%",
             eo_html_percent(c->accuracy_ci95_low, low), eo_html_percent(c->accuracy_ci95_high, high),
             eo_html_percent(c->test_accuracy, test));
    eo_html_percent(c->accuracy, value);
    strcat(value, " %");
    put_card(page->out, "Accuracy on validation images", value, note);
}

/*
 * Times are measured on this machine and scaled by a factor that the user chose. That is no time of a board, so with
 * one the card says so, and what was estimated for the board itself.
 */
static void put_time_card(struct eo_page *page, const struct eo_candidate *c)
{
    char value[EO_HTML_NUMBER], of[EO_HTML_NUMBER], board[EO_HTML_NUMBER], note[512];
    size_t n;

    n = (size_t)snprintf(note, sizeof(note), "in batches %s; timing %s",
                         eo_html_time(c->ranked_latency_ms, of),
                         c->timing_status[0] ? c->timing_status : "not judged");
    if (c->device[0])
        n +=
            (size_t)snprintf(note + n, sizeof(note) - n,
                             "; measured on this machine and divided by cpu_frequency_scale %g, not on %.48s",
                             page->cfg->cpu_frequency_scale, c->device);
    if (c->device[0] && isfinite(c->device_latency_ms))
        snprintf(note + n, sizeof(note) - n, ", for which the estimate is %s",
                 eo_html_time(c->device_latency_ms, board));
    put_card(page->out, "Time of one image", eo_html_time(eo_candidate_single_latency(c), value), note);
}

static void put_cards(struct eo_page *page, const struct eo_candidate *c)
{
    double budget = floor(page->cfg->active_memory_budget_mb * EO_MIB);
    char value[EO_HTML_NUMBER], of[EO_HTML_NUMBER], left[EO_HTML_NUMBER], note[256];

    eo_buf_puts(page->out, "<div class=\"cards\">\n");
    put_accuracy_card(page, c);
    snprintf(note, sizeof(note), "of %s allowed: %.0f %%, %s left", eo_html_count(budget, of),
             100 * c->model_bytes / budget, eo_html_count(budget - c->model_bytes, left));
    put_card(page->out, "Bytes of the model", eo_html_count(c->model_bytes, value), note);
    put_time_card(page, c);
    put_card(page->out, "Bytes of activations at most", eo_html_count(c->peak_activation_bytes, value),
             "RAM that the layers need for one image");
    eo_buf_puts(page->out, "</div>\n");
}

static int put_why(struct eo_page *page, struct eo_err *err)
{
    struct eo_buf why = {0};

    eo_recommend_put_why(&page->run.sweep, page->cfg->recommend, &why);
    if (eo_buf_check(&why, err)) {
        eo_buf_release(&why);
        return -1;
    }
    eo_html_put(page->out, "<h3>Why this one</h3>\n<p>It is %s.</p>\n", why.data);
    eo_buf_release(&why);
    return 0;
}

/* "Against p0.00-int8, the most accurate, it has 31 images wrong that ... and 22 right" */
static void put_lead(struct eo_page *page, const struct eo_candidate *c)
{
    const struct eo_candidate *best = eo_recommend_reference(&page->run.sweep);
    struct eo_page_pair pair;

    if (!best || best == c) {
        eo_buf_puts(page->out, "<li>No accepted candidate is more accurate.</li>\n");
        return;
    }
    eo_buf_puts(page->out, "<li>The most accurate candidate is ");
    eo_page_link(page, best);
    eo_html_put(page->out, ", by %.2f points", 100 * (best->accuracy - c->accuracy));
    if (eo_page_pair(page, c, best, &pair))
        eo_html_put(
            page->out,
            ": it has %zu images right that the recommended one has wrong, and %zu the other way round. "
            "Between two equally good models, a difference of this size or more has a probability of %.2g.",
            pair.gained, pair.lost, pair.p);
    eo_buf_puts(page->out, "</li>\n");
}

static void put_sure(struct eo_page *page, const struct eo_candidate *c)
{
    struct eo_buf *out = page->out;
    char low[EO_HTML_NUMBER], high[EO_HTML_NUMBER], n[EO_HTML_NUMBER];

    eo_buf_puts(out, "<h3>How sure is this</h3>\n<ul>\n");
    if (eo_recommend_is_chance(c))
        eo_buf_puts(
            out,
            "<li class=\"warn\"><b>Warning:</b> the images cannot tell it from a model that always names "
            "the most frequent class.</li>\n");
    eo_html_put(out,
                "<li>Its accuracy is between " SWEEP
                "%s and %s %%</a> with a confidence of 95 %%, from %s images; %s.</li>\n",
                eo_html_percent(c->accuracy_ci95_low, low), eo_html_percent(c->accuracy_ci95_high, high),
                eo_html_count(c->images, n), eo_summary_accuracy_note(page->cfg));
    put_lead(page, c);
    eo_html_put(out,
                "<li>On the frontier of accuracy over latency: <b>%s</b>; over model size: <b>%s</b>.</li>\n",
                eo_certainty_name(c->frontier_latency), eo_certainty_name(c->frontier_memory));
    eo_html_put(
        out,
        "<li>Its timing is <b>%s</b>%s%s; <a href=\"#timing\">how far the timings can be trusted</a>.</li>\n",
        c->timing_status[0] ? c->timing_status : "not judged", c->timing_reason[0] ? ": " : "",
        c->timing_reason);
    eo_buf_puts(out, "</ul>\n");
}

static void put_limit(struct eo_buf *out, const char *limit, const char *unit, double allowed, double used)
{
    char a[EO_HTML_NUMBER], b[EO_HTML_NUMBER], c[EO_HTML_NUMBER];

    eo_html_put(out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                limit, eo_html_count(allowed, a), eo_html_count(used, b),
                used <= allowed ? eo_html_count(allowed - used, c) : "too large", unit);
}

/* The row of board_fits.csv says what is left of the active device. */
static int put_device_limits(struct eo_page *page, const struct eo_candidate *c, struct eo_err *err)
{
    static const char *const numbers[] = {"flash_free_bytes", "ram_free_bytes", NULL};
    const char *build = strcmp(c->device_build, "plain") == 0 ? "" : c->device_build;
    char name[EO_CANDIDATE_NAME];
    struct eo_csv csv;
    int there;

    if (!c->device[0])
        return 0;
    eo_page_name(c, name);
    there = eo_page_csv(page, "board_fits.csv", &csv, err);
    if (there > 0 && eo_page_check_numbers(page, "board_fits.csv", &csv, numbers, err))
        there = -1;
    for (size_t i = 0; there > 0 && i < csv.rows; i++) {
        if (strcmp(eo_csv_value(&csv, i, "board"), c->device) != 0 ||
            strcmp(eo_csv_value(&csv, i, "candidate"), name) != 0 ||
            strcmp(eo_csv_value(&csv, i, "build"), build) != 0)
            continue;
        put_limit(page->out, "flash of the device", "bytes",
                  c->flash_bytes + strtod(eo_csv_value(&csv, i, "flash_free_bytes"), NULL), c->flash_bytes);
        put_limit(page->out, "RAM of the device", "bytes",
                  c->ram_bytes + strtod(eo_csv_value(&csv, i, "ram_free_bytes"), NULL), c->ram_bytes);
        break;
    }
    eo_csv_release(&csv);
    return there < 0 ? -1 : 0;
}

static int put_limits(struct eo_page *page, const struct eo_candidate *c, struct eo_err *err)
{
    const struct eo_config *cfg = page->cfg;
    struct eo_buf *out = page->out;
    char text[64];
    int rc;

    eo_buf_puts(out, "<h3>Head-room of each limit</h3>\n<div class=\"wide\"><table>\n<caption>What the "
                     "recommended model takes "
                     "of each limit, from " SWEEP "sweep_results.csv</a></caption>\n<thead><tr>"
                     "<th scope=\"col\">limit</th><th scope=\"col\">allowed</th><th scope=\"col\">taken</th>"
                     "<th scope=\"col\">left</th><th scope=\"col\">unit</th></tr></thead>\n<tbody>\n");
    put_limit(out, "active memory budget (decides)", "bytes", floor(cfg->active_memory_budget_mb * EO_MIB),
              c->model_bytes);
    for (int k = 0; k < cfg->memory_budget_count; k++) {
        if (cfg->memory_budgets_mb[k] == cfg->active_memory_budget_mb)
            continue;
        snprintf(text, sizeof(text), "memory budget of %g MiB", cfg->memory_budgets_mb[k]);
        put_limit(out, text, "bytes", floor(cfg->memory_budgets_mb[k] * EO_MIB), c->model_bytes);
    }
    rc = put_device_limits(page, c, err);
    eo_buf_puts(out, "</tbody></table></div>\n");
    return rc;
}

static void put_rival(struct eo_page *page, const struct eo_candidate *c, const struct eo_candidate *than)
{
    struct eo_buf *out = page->out;
    char a[EO_HTML_NUMBER], b[EO_HTML_NUMBER], t[EO_HTML_NUMBER], p[EO_HTML_NUMBER];
    struct eo_page_pair pair;

    eo_buf_puts(out, "<tr><th scope=\"row\">");
    eo_page_link(page, c);
    eo_html_put(out, "</th><td>%s</td>", eo_html_percent(c->accuracy, a));
    if (eo_page_pair(page, than, c, &pair))
        eo_html_put(out, "<td>+%zu -%zu</td><td>%s</td>", pair.gained, pair.lost, eo_html_figure(pair.p, p));
    else
        eo_buf_puts(out, "<td>-</td><td>-</td>");
    eo_html_put(out, "<td>%s</td><td>%s</td></tr>\n", eo_html_count(c->model_bytes, b),
                eo_html_time(c->ranked_latency_ms, t));
}

static void put_rivals(struct eo_page *page, const struct eo_candidate *c)
{
    struct eo_buf *out = page->out;
    size_t n = 0;

    eo_buf_puts(out, "<h3>Its rivals</h3>\n");
    for (size_t i = 0; i < page->rows; i++)
        n += page->run.sweep.rows[i].recommendation == EO_RECOMMENDATION_RIVAL;
    if (n == 0) {
        eo_buf_puts(
            out, "<p>None: the images tell every other accepted candidate from the most accurate one.</p>\n");
        return;
    }
    eo_buf_puts(
        out, "<div class=\"wide\"><table>\n<caption>Candidates that the images cannot tell from the most "
             "accurate one: "
             "it could have been these. From " SWEEP "sweep_results.csv</a> and rows/*.hits.csv</caption>\n"
             "<thead><tr><th scope=\"col\">model</th><th scope=\"col\">accuracy %</th>"
             "<th scope=\"col\">images won, lost</th><th scope=\"col\">p against the recommended</th>"
             "<th scope=\"col\">bytes</th><th scope=\"col\">time in a batch</th></tr></thead>\n<tbody>\n");
    n = 0;
    for (size_t i = 0; i < page->rows; i++) {
        if (page->run.sweep.rows[i].recommendation == EO_RECOMMENDATION_RIVAL && n++ < RIVALS_MAX)
            put_rival(page, &page->run.sweep.rows[i], c);
    }
    eo_buf_puts(out, "</tbody></table></div>\n");
    if (n > RIVALS_MAX)
        eo_html_put(out, "<p>And %zu more: column <code>recommendation</code>.</p>\n", n - RIVALS_MAX);
}

static void put_again(struct eo_page *page, const struct eo_candidate *c)
{
    const char *folder = *page->run.folder ? page->run.folder : ".";
    char path[EO_SUMMARY_MODEL];

    eo_buf_puts(page->out, "<h3>Make it again, check it, use it</h3>\n<pre><code>");
    if (page->request->command)
        eo_html_put(page->out, "%s   # the same run: models and accuracies come out byte for byte\n",
                    page->request->command);
    eo_html_put(page->out, "eo-verify %s/manifest.json   # whether every file is what manifest.json says\n",
                folder);
    if (c) {
        eo_summary_model(c, path);
        eo_html_put(page->out, "eo-export%s -o net %s/%s   # the model as C for %s\n",
                    strcmp(c->device_build, "fast") == 0 ? " --fast" : "", folder, path,
                    c->device[0] ? c->device : "a device");
    }
    eo_buf_puts(page->out, "</code></pre>\n");
}

int eo_section_answer(struct eo_page *page, struct eo_err *err)
{
    const struct eo_candidate *c = page->recommended;
    char path[EO_SUMMARY_MODEL], budget[EO_HTML_NUMBER];

    eo_page_section(page, "answer", "The answer");
    if (!c) {
        eo_html_put(
            page->out,
            "<p class=\"answer\">No model is recommended: no candidate, of %zu, fits in %s bytes.</p>\n",
            page->rows, eo_html_count(floor(page->cfg->active_memory_budget_mb * EO_MIB), budget));
        if (page->rows && eo_section_budgets(page, err))
            return -1;
        put_again(page, NULL);
        eo_buf_puts(page->out, "</section>\n");
        return 0;
    }
    eo_summary_model(c, path);
    eo_buf_puts(page->out, "<p class=\"answer\">Take ");
    eo_page_link(page, c);
    eo_html_put(page->out, ": <a href=\"%s\">%s</a></p>\n", path, path);
    put_meaning(page->out, c);
    put_cards(page, c);
    if (put_why(page, err))
        return -1;
    put_sure(page, c);
    if (put_limits(page, c, err))
        return -1;
    if (eo_section_int8_line(page, err))
        return -1;
    put_rivals(page, c);
    if (eo_section_budgets(page, err))
        return -1;
    put_again(page, c);
    eo_buf_puts(page->out, "</section>\n");
    return 0;
}
