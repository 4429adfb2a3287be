/* The frontiers: accuracy over each cost, as diagrams, and the table of all candidates. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/report/page.h"
#include "stage/report/plot.h"
#include "stage/select/certainty.h"
#include "stage/select/pareto.h"

#define POINTS_MAX 400 /* drawn in one diagram */
#define TABLE_MAX 600  /* rows of the table */

enum cost { COST_BATCH, COST_SINGLE, COST_BYTES, COST_FLASH, COST_RAM, COSTS };

static const struct {
    const char *title, *x_title;
} costs[COSTS] = {
    {"Accuracy over latency in batches", "time of one image in a batch, scaled to the device (us)"},
    {"Accuracy over latency of single images", "time of one image alone, scaled to the device (us)"},
    {"Accuracy over the size of the model", "bytes of the model (KiB, logarithmic)"},
    {"Accuracy over flash of the device", "flash (KiB, logarithmic)"},
    {"Accuracy over RAM of the device", "RAM (KiB, logarithmic)"},
};

static double cost_of(const struct eo_candidate *c, enum cost cost)
{
    switch (cost) {
    case COST_BATCH:
        return 1000 * c->ranked_latency_ms;
    case COST_SINGLE:
        return 1000 * eo_candidate_single_latency(c);
    case COST_BYTES:
        return c->model_bytes / 1024;
    case COST_FLASH:
        return c->flash_bytes / 1024;
    default:
        return c->ram_bytes / 1024;
    }
}

/* Whether no other accepted candidate of the first seed is at most as costly and at least as accurate, and better. */
static int is_best(const struct eo_page *page, size_t i, enum cost cost)
{
    const struct eo_candidate *rows = page->run.sweep.rows;
    double x = cost_of(&rows[i], cost);

    if (!rows[i].accepted || !isfinite(x))
        return 0;
    for (size_t k = 0; k < page->rows; k++) {
        double other = cost_of(&rows[k], cost);

        if (k != i && rows[k].accepted && other <= x && rows[k].accuracy >= rows[i].accuracy &&
            (other < x || rows[k].accuracy > rows[i].accuracy || k < i))
            return 0;
    }
    return 1;
}

static void put_point_title(struct eo_buf *out, const struct eo_candidate *c)
{
    char name[EO_CANDIDATE_NAME], a[EO_HTML_NUMBER], l[EO_HTML_NUMBER], h[EO_HTML_NUMBER], t[EO_HTML_NUMBER],
        s[EO_HTML_NUMBER], b[EO_HTML_NUMBER];

    eo_html_put(out, "<title>%s: accuracy %s %% (%s to %s), in a batch %s, alone %s, %s bytes%s%s</title>",
                eo_page_name(c, name), eo_html_percent(c->accuracy, a),
                eo_html_percent(c->accuracy_ci95_low, l), eo_html_percent(c->accuracy_ci95_high, h),
                eo_html_time(c->ranked_latency_ms, t), eo_html_time(eo_candidate_single_latency(c), s),
                eo_html_count(c->model_bytes, b), c->accepted ? "" : ", not accepted",
                c->recommendation == EO_RECOMMENDATION_RECOMMENDED ? ", recommended" : "");
}

/* A circle for fp32, a square for fp16, a diamond for int8, triangles for int4 and mixed; hollow: not accepted. */
static void put_point(struct eo_buf *out, const struct eo_plot *plot, const struct eo_candidate *c,
                      double cost)
{
    double x = eo_plot_x(plot, cost), y = eo_plot_y(plot, 100 * c->accuracy);

    eo_html_put(out, "<g class=\"point %s%s\">", eo_precision_name(c->key.precision),
                c->accepted ? "" : " out");
    put_point_title(out, c);
    if (isfinite(c->accuracy_ci95_low) && isfinite(c->accuracy_ci95_high))
        eo_html_put(out, "<path class=\"bar\" d=\"M%.1f %.1fV%.1f\"/>", x,
                    eo_plot_y(plot, 100 * c->accuracy_ci95_low),
                    eo_plot_y(plot, 100 * c->accuracy_ci95_high));
    if (c->recommendation == EO_RECOMMENDATION_RECOMMENDED)
        eo_html_put(out, "<circle class=\"ring\" cx=\"%.1f\" cy=\"%.1f\" r=\"11\"/>", x, y);
    if (c->key.precision == EO_FP32)
        eo_html_put(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>", x, y);
    else if (c->key.precision == EO_FP16)
        eo_html_put(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"9\" height=\"9\"/>", x - 4.5, y - 4.5);
    else if (c->key.precision == EO_INT8)
        eo_html_put(out, "<path d=\"M%.1f %.1fl6 6l-6 6l-6 -6z\"/>", x, y - 6);
    else if (c->key.precision == EO_INT4)
        eo_html_put(out, "<path d=\"M%.1f %.1fl6 10h-12z\"/>", x, y - 6);
    else
        eo_html_put(out, "<path d=\"M%.1f %.1fl6 -10h-12z\"/>", x, y + 6);
    eo_buf_puts(out, "</g>\n");
}

struct spot {
    double x, y;
};

static int by_x(const void *a, const void *b)
{
    const struct spot *s = a, *t = b;

    return s->x != t->x ? (s->x > t->x) - (s->x < t->x) : (s->y > t->y) - (s->y < t->y);
}

/* The line through the best ones. */
static int put_line(const struct eo_page *page, const struct eo_plot *plot, enum cost cost, const char *best,
                    struct eo_err *err)
{
    struct spot *spots = eo_alloc(page->rows, sizeof(*spots), err);
    size_t n = 0;

    if (!spots)
        return -1;
    for (size_t i = 0; i < page->rows; i++) {
        const struct eo_candidate *c = &page->run.sweep.rows[i];

        if (best[i])
            spots[n++] = (struct spot){eo_plot_x(plot, cost_of(c, cost)), eo_plot_y(plot, 100 * c->accuracy)};
    }
    qsort(spots, n, sizeof(*spots), by_x);
    eo_buf_puts(page->out, n > 1 ? "<path class=\"frontier\" d=\"" : "");
    for (size_t i = 0; n > 1 && i < n; i++)
        eo_html_put(page->out, "%s%.1f %.1f", i ? "L" : "M", spots[i].x, spots[i].y);
    eo_buf_puts(page->out, n > 1 ? "\"/>\n" : "");
    free(spots);
    return 0;
}

static void put_budget(const struct eo_page *page, const struct eo_plot *plot)
{
    double budget = page->cfg->active_memory_budget_mb * 1024, x;

    if (budget < plot->x_min || budget > plot->x_max)
        return;
    x = eo_plot_x(plot, budget);
    eo_html_put(page->out,
                "<path class=\"budget\" d=\"M%.1f 14V372\"/><text class=\"label limit\" x=\"%.1f\" y=\"368\" "
                "text-anchor=\"end\">budget %.4g KiB</text>\n",
                x, x - 5, budget);
}

/* `best` has a place for each candidate. */
static int put_diagram(struct eo_page *page, enum cost cost, char *best, struct eo_err *err)
{
    struct eo_plot plot = {.title = costs[cost].title,
                           .x_title = costs[cost].x_title,
                           .y_title = "accuracy on validation images (%)",
                           .log_x = cost >= COST_BYTES};
    const struct eo_candidate *rows = page->run.sweep.rows;
    size_t n = page->rows < POINTS_MAX ? page->rows : POINTS_MAX;
    char name[EO_CANDIDATE_NAME];

    for (size_t i = 0; i < page->rows; i++) {
        best[i] = (char)is_best(page, i, cost);
        eo_plot_range(&plot, cost_of(&rows[i], cost), 100 * rows[i].accuracy);
        eo_plot_range(&plot, cost_of(&rows[i], cost), 100 * rows[i].accuracy_ci95_low);
        eo_plot_range(&plot, cost_of(&rows[i], cost), 100 * rows[i].accuracy_ci95_high);
    }
    if (!plot.has_range)
        return 0;
    eo_html_put(page->out, "<figure>\n<figcaption>%s</figcaption>\n", costs[cost].title);
    eo_plot_begin(&plot, page->out);
    if (cost == COST_BYTES)
        put_budget(page, &plot);
    if (put_line(page, &plot, cost, best, err))
        return -1;
    for (size_t i = 0; i < page->rows; i++) {
        double x = cost_of(&rows[i], cost);

        if (!isfinite(x) || (i >= n && !best[i]))
            continue;
        put_point(page->out, &plot, &rows[i], x);
        eo_plot_keep_free(&plot, x, 100 * rows[i].accuracy);
    }
    for (size_t i = 0; i < page->rows; i++) {
        if (best[i] || &rows[i] == page->recommended)
            eo_plot_label(&plot, cost_of(&rows[i], cost), 100 * rows[i].accuracy,
                          eo_page_name(&rows[i], name), page->out);
    }
    eo_plot_end(&plot, page->out);
    eo_buf_puts(page->out, "</figure>\n");
    return 0;
}

int eo_section_frontiers(struct eo_page *page, struct eo_err *err)
{
    const char *device = page->rows ? page->run.sweep.rows[0].device : "";
    char *best;
    int rc = 0;

    eo_page_section(page, "frontiers", "Frontiers: what accuracy costs");
    eo_buf_puts(page->out,
                "<p class=\"legend\">Marks: <span class=\"fp32\">&#9679; fp32</span> "
                "<span class=\"fp16\">&#9632; fp16</span> <span class=\"int8\">&#9670; int8</span>");
    if (eo_page_has(page, EO_INT4))
        eo_buf_puts(page->out, " <span class=\"int4\">&#9650; int4</span>");
    if (eo_page_has(page, EO_MIXED))
        eo_buf_puts(page->out, " <span class=\"mixed\">&#9660; mixed</span>");
    eo_buf_puts(page->out,
                "; hollow: over the budget or not accepted; in a ring: recommended; the line joins accepted "
                "candidates "
                "that no other beats; vertical bars: 95 % intervals. Hold the pointer over a mark for its "
                "figures.</p>\n<div class=\"plots\">\n");
    best = eo_alloc(page->rows, 1, err);
    for (int cost = 0; best && rc == 0 && cost < (*device ? COSTS : COST_FLASH); cost++)
        rc = put_diagram(page, (enum cost)cost, best, err);
    free(best);
    if (!best || rc)
        return -1;
    eo_buf_puts(page->out, "</div>\n");
    eo_page_source(page, "sweep_results.csv", "make all, plots/*.gp");
    eo_buf_puts(page->out, "</section>\n");
    return 0;
}

static int has_teacher(const struct eo_page *page)
{
    size_t i = 0;

    while (i < page->rows && !page->run.sweep.rows[i].teacher_sha256[0])
        i++;
    return i < page->rows;
}

static void put_row(struct eo_page *page, const struct eo_candidate *c)
{
    struct eo_buf *out = page->out;
    char name[EO_CANDIDATE_NAME], level[EO_CANDIDATE_LABEL], a[EO_HTML_NUMBER], b[EO_HTML_NUMBER],
        d[EO_HTML_NUMBER];

    eo_page_name(c, name);
    eo_candidate_label(&c->key, level);
    eo_html_put(
        out,
        "<tr class=\"%s\"><th scope=\"row\"><a href=\"#m-%s\">%s</a></th><td>%s</td><td>%s</td><td>%s</td>",
        c == page->recommended ? "chosen" : "plain", name, name,
        c->recommendation ? eo_recommendation_name(c->recommendation) : "", level,
        eo_precision_name(c->key.precision));
    eo_html_put(out, "<td>%s</td><td>%s to %s</td>", eo_html_percent(c->accuracy, a),
                eo_html_percent(c->accuracy_ci95_low, b), eo_html_percent(c->accuracy_ci95_high, d));
    eo_html_put(out, "<td>%s</td><td>%s</td>", eo_html_percent(c->test_accuracy, a),
                eo_html_number(1000 * c->ranked_latency_ms, b));
    eo_html_put(out, "<td>%s</td><td>%s</td><td>%s</td>",
                eo_html_number(1000 * eo_candidate_single_latency(c), a), eo_html_count(c->model_bytes, b),
                eo_html_count(c->peak_activation_bytes, d));
    eo_html_put(out, "<td>%s</td><td>%s</td><td>%s</td><td>%s</td>", c->accepted ? "yes" : "no",
                c->timing_status, eo_certainty_name(c->frontier_latency),
                eo_certainty_name(c->frontier_memory));
    if (has_teacher(page)) {
        memcpy(a, c->teacher_sha256, 8);
        a[8] = '\0';
        eo_html_put(out, "<td title=\"%s\">%s</td>", c->teacher_sha256, a);
    }
    eo_buf_puts(out, "</tr>\n");
}

static int put_failures(struct eo_page *page, struct eo_err *err)
{
    struct eo_csv csv;
    int there = eo_page_csv(page, "sweep_errors.csv", &csv, err);

    if (there > 0 && csv.rows > 0)
        eo_page_table(page, &csv, "Candidates that failed: sweep_errors.csv", 50);
    eo_csv_release(&csv);
    return there < 0 ? -1 : 0;
}

static int put_seeds(struct eo_page *page, struct eo_err *err)
{
    struct eo_csv csv;
    int there;

    if (page->rows == page->run.sweep.row_count)
        return 0;
    there = eo_page_csv(page, "seed_summary.csv", &csv, err);
    if (there > 0) {
        eo_buf_puts(page->out, "<p>This page shows the first seed. The spread over all seeds: "
                               "<a href=\"seed_summary.csv\">seed_summary.csv</a>.</p>\n");
        eo_page_table(page, &csv, "All seeds", 100);
    }
    eo_csv_release(&csv);
    return there < 0 ? -1 : 0;
}

int eo_section_table(struct eo_page *page, struct eo_err *err)
{
    static const char *const columns[] = {"model",         "choice", "level",    "precision",  "accuracy %",
                                          "95 % interval", "test %", "batch us", "single us",  "bytes",
                                          "RAM bytes",     "fits",   "timing",   "by latency", "by size"};
    size_t shown = page->rows < TABLE_MAX ? page->rows : TABLE_MAX;

    eo_page_section(page, "table", "All candidates");
    eo_html_put(
        page->out,
        "<div class=\"wide\"><table class=\"sortable\" id=\"candidates\">\n<caption>%zu candidate%s of the "
        "first seed, "
        "from <a href=\"sweep_results.csv\">sweep_results.csv</a>; the recommended one is marked. By "
        "latency, by size: how sure it is that it is on that frontier%s</caption>\n"
        "<thead><tr>",
        page->rows, page->rows == 1 ? "" : "s",
        has_teacher(page) ? ". Teacher: how the checksum of the model begins that it learned from" : "");
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
        eo_html_put(page->out, "<th scope=\"col\">%s</th>", columns[i]);
    if (has_teacher(page))
        eo_buf_puts(page->out, "<th scope=\"col\">teacher</th>");
    eo_buf_puts(page->out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < page->rows; i++) {
        if (i < shown || &page->run.sweep.rows[i] == page->recommended)
            put_row(page, &page->run.sweep.rows[i]);
    }
    eo_buf_puts(page->out, "</tbody></table></div>\n");
    if (shown < page->rows)
        eo_html_put(page->out, "<p>Shown: the first %zu; the file has all.</p>\n", shown);
    if (put_failures(page, err) || put_seeds(page, err))
        return -1;
    eo_page_source(page, "sweep_results.csv", "make all");
    eo_buf_puts(page->out, "</section>\n");
    return 0;
}
