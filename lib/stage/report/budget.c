/* What another budget would bring: the recommendation is made again among the candidates that would fit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/report/page.h"
#include "stage/select/recommend.h"

#define MORE_BYTES 5120 /* the next step of a budget that people ask about */

#define SWEEP "<a href=\"sweep_results.csv\">"

/* What would be recommended with another budget, and how many candidates fit; the rows are a copy. */
struct what_if {
    struct eo_sweep sweep;
    size_t fit;
    const struct eo_candidate *choice, *best;
};

static void try_budget(const struct eo_page *page, double bytes, struct what_if *w)
{
    w->fit = 0;
    w->best = NULL;
    for (size_t i = 0; i < w->sweep.row_count; i++) {
        struct eo_candidate *c = &w->sweep.rows[i];

        c->accepted = c->model_bytes <= bytes;
        if (i >= page->rows || !c->accepted)
            continue;
        w->fit++;
        if (!w->best || c->accuracy > w->best->accuracy)
            w->best = c;
    }
    eo_recommend(&w->sweep, page->cfg->recommend);
    w->choice = eo_sweep_recommended(&w->sweep);
}

static void put_try(struct eo_page *page, const char *what, double bytes, struct what_if *w)
{
    const struct eo_candidate *now = page->recommended;
    struct eo_buf *out = page->out;
    char a[EO_HTML_NUMBER], b[EO_HTML_NUMBER];
    struct eo_page_pair pair;

    try_budget(page, bytes, w);
    eo_html_put(out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%zu</td>", what, eo_html_count(bytes, a),
                w->fit);
    if (!w->best || !w->choice) {
        eo_buf_puts(out, "<td>none</td><td>-</td><td>-</td><td>none</td></tr>\n");
        return;
    }
    eo_buf_puts(out, "<td>");
    eo_page_link(page, w->best);
    eo_html_put(out, "</td><td>%s</td><td>", eo_html_percent(w->best->accuracy, b));
    if (now) {
        /* Evidence is found by the place of a row in the sweep of the page. */
        const struct eo_candidate *best = &page->run.sweep.rows[w->best - w->sweep.rows];

        eo_html_put(out, "%+.2f", 100 * (best->accuracy - now->accuracy));
        if (best != now && eo_page_pair(page, now, best, &pair))
            eo_html_put(out, " (p %.2g)", pair.p);
    }
    eo_buf_puts(out, "</td><td>");
    eo_page_link(page, w->choice);
    eo_buf_puts(out, now && eo_candidate_equal(&now->key, &w->choice->key) ? " (the same)</td></tr>\n"
                                                                           : "</td></tr>\n");
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void put_tries(struct eo_page *page, struct what_if *w)
{
    const struct eo_config *cfg = page->cfg;
    double budget = floor(cfg->active_memory_budget_mb * EO_MIB), sorted[EO_CONFIG_LIST_MAX];
    int count = cfg->memory_budget_count;
    char text[64];

    put_try(page, "the budget as it is", budget, w);
    put_try(page, "5 KiB more", budget + MORE_BYTES, w);
    memcpy(sorted, cfg->memory_budgets_mb, (size_t)count * sizeof(*sorted));
    qsort(sorted, (size_t)count, sizeof(*sorted), compare_doubles);
    for (int k = 0; k < count; k++) {
        if (sorted[k] <= cfg->active_memory_budget_mb)
            continue;
        snprintf(text, sizeof(text), "the budget of %g MiB", sorted[k]);
        put_try(page, text, floor(sorted[k] * EO_MIB), w);
    }
    put_try(page, "no limit", INFINITY, w);
    if (page->recommended)
        put_try(page, "5 KiB more than the recommended model takes",
                page->recommended->model_bytes + MORE_BYTES, w);
}

/* In words: what the next 5 KiB would change. */
static void put_next(struct eo_page *page, struct what_if *w)
{
    const struct eo_candidate *now = page->recommended;
    double budget = floor(page->cfg->active_memory_budget_mb * EO_MIB);
    size_t fit;

    try_budget(page, budget, w);
    fit = w->fit;
    try_budget(page, budget + MORE_BYTES, w);
    eo_html_put(page->out, "<p>With a budget of 5 KiB more, %zu more candidate%s, and ", w->fit - fit,
                w->fit - fit == 1 ? " fits" : "s fit");
    if (!w->choice)
        eo_buf_puts(page->out, "still none is recommended.");
    else if (now && eo_candidate_equal(&now->key, &w->choice->key))
        eo_buf_puts(page->out, "the same model is recommended: <b>it would bring nothing</b>.");
    else {
        eo_buf_puts(page->out, "the recommended one becomes ");
        eo_page_link(page, w->choice);
        eo_html_put(page->out, ", with %.2f %% accuracy.", 100 * w->choice->accuracy);
    }
    eo_buf_puts(page->out, "</p>\n");
}

int eo_section_budgets(struct eo_page *page, struct eo_err *err)
{
    const struct eo_sweep *sweep = &page->run.sweep;
    struct what_if w = {0};

    eo_buf_puts(page->out, "<h3>What 5 KiB more, or a larger budget, would bring</h3>\n");
    if (page->rows && sweep->rows[0].device[0]) {
        eo_html_put(page->out,
                    "<p>The device %s decides here, not a budget alone: <a href=\"#devices\">the table of "
                    "devices</a> shows what fits on larger ones.</p>\n",
                    sweep->rows[0].device);
        return 0;
    }
    w.sweep = *sweep;
    w.sweep.rows = eo_alloc(sweep->row_count, sizeof(*sweep->rows), err);
    if (!w.sweep.rows)
        return -1;
    memcpy(w.sweep.rows, sweep->rows, sweep->row_count * sizeof(*sweep->rows));
    put_next(page, &w);
    eo_buf_puts(page->out,
                "<div class=\"wide\"><table>\n<caption>The same candidates under other budgets. p: the "
                "probability of such a gain, or a larger one, between equally good models; from " SWEEP
                "sweep_results.csv</a>"
                "</caption>\n<thead><tr><th scope=\"col\">budget</th><th scope=\"col\">bytes</th>"
                "<th scope=\"col\">candidates that fit</th><th scope=\"col\">most accurate of them</th>"
                "<th scope=\"col\">accuracy %</th><th scope=\"col\">gain, points</th>"
                "<th scope=\"col\">recommended then</th></tr></thead>\n<tbody>\n");
    put_tries(page, &w);
    eo_buf_puts(page->out, "</tbody></table></div>\n");
    free(w.sweep.rows);
    return 0;
}
