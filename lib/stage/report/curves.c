/* Training of the base model, and recovery of each pruned one, epoch by epoch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/report/page.h"
#include "stage/report/plot.h"

#define CURVES_MAX 9 /* one for the base model, and as many as there are colours */

struct curve {
    char name[EO_CANDIDATE_NAME];
    struct eo_csv csv;
    double begin; /* epochs before */
};

struct curves {
    struct curve curve[CURVES_MAX];
    int count;
};

static double cell(const struct curve *c, size_t row, const char *column)
{
    const char *text = eo_csv_value(&c->csv, row, column);

    return *text ? strtod(text, NULL) : NAN;
}

/* The point of a row; 0 where there is none to draw. */
static int find_point(const struct eo_plot *plot, const struct curve *c, size_t row, const char *column,
                      double factor, double *x, double *y)
{
    *x = c->begin + cell(c, row, "epoch");
    *y = factor * cell(c, row, column);
    return isfinite(*x) && isfinite(*y) && (!plot->log_y || *y > 0);
}

static int add(struct eo_page *page, struct curves *all, const char *path, const char *name, double begin,
               struct eo_err *err)
{
    static const char *const numbers[] = {"epoch", "loss", "accuracy", NULL};
    struct curve *c = &all->curve[all->count];
    int there;

    snprintf(c->name, sizeof(c->name), "%s", name);
    c->begin = begin;
    there = eo_page_csv(page, path, &c->csv, err);
    if (there > 0 && eo_page_check_numbers(page, path, &c->csv, numbers, err)) {
        eo_csv_release(&c->csv);
        there = -1;
    }
    if (there > 0)
        all->count++;
    return there;
}

/* The pruned models of the first seed, once each. */
static int add_recoveries(struct eo_page *page, struct curves *all, double begin, struct eo_err *err)
{
    for (size_t i = 0; i < page->rows && all->count < CURVES_MAX; i++) {
        const struct eo_candidate *c = &page->run.sweep.rows[i];
        char name[EO_CANDIDATE_NAME], path[EO_PAGE_PATH];
        int known = 0;

        eo_candidate_name(&(struct eo_candidate_name){c->key, 1}, c->key.seed, name);
        for (int k = 0; k < all->count; k++)
            known |= strcmp(all->curve[k].name, name) == 0;
        snprintf(path, sizeof(path), "models/%s-finetune_log.csv", name);
        if (!known && add(page, all, path, name, begin, err) < 0)
            return -1;
    }
    return 0;
}

static void put_curve(struct eo_plot *plot, const struct curve *c, int number, const char *column,
                      double factor, struct eo_buf *out)
{
    double x, y;
    int drawn = 0;

    eo_html_put(out, "<g class=\"curve k%d\"><title>%s</title><path d=\"", number % 8, c->name);
    for (size_t i = 0; i < c->csv.rows; i++) {
        if (find_point(plot, c, i, column, factor, &x, &y))
            eo_html_put(out, "%s%.1f %.1f", drawn++ ? "L" : "M", eo_plot_x(plot, x), eo_plot_y(plot, y));
    }
    eo_html_put(out, "%s\"/>", drawn ? "" : "M0 0");
    for (size_t i = 0; i < c->csv.rows && c->csv.rows <= 60; i++) {
        if (find_point(plot, c, i, column, factor, &x, &y))
            eo_html_put(
                out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"><title>%s, epoch %.0f: %.4g</title></circle>",
                eo_plot_x(plot, x), eo_plot_y(plot, y), c->name, cell(c, i, "epoch"), y);
    }
    eo_buf_puts(out, "</g>\n");
    if (find_point(plot, c, c->csv.rows - 1, column, factor, &x, &y))
        eo_plot_keep_free(plot, x, y);
}

static void put_diagram(struct eo_page *page, const struct curves *all, const char *title,
                        const char *y_title, const char *column, double factor)
{
    struct eo_plot plot = {
        .title = title, .x_title = "epochs, of training and then of recovery", .y_title = y_title};

    for (int k = 0; k < all->count; k++) {
        const struct curve *c = &all->curve[k];

        for (size_t i = 0; i < c->csv.rows; i++)
            eo_plot_range(&plot, c->begin + cell(c, i, "epoch"), factor * cell(c, i, column));
    }
    if (!plot.has_range)
        return;
    eo_html_put(page->out, "<figure>\n<figcaption>%s</figcaption>\n", title);
    eo_plot_begin(&plot, page->out);
    for (int k = 0; k < all->count; k++)
        put_curve(&plot, &all->curve[k], k, column, factor, page->out);
    for (int k = 0; k < all->count; k++) {
        const struct curve *c = &all->curve[k];
        double x, y;

        if (find_point(&plot, c, c->csv.rows - 1, column, factor, &x, &y))
            eo_plot_label(&plot, x, y, c->name, page->out);
    }
    eo_plot_end(&plot, page->out);
    eo_buf_puts(page->out, "</figure>\n");
}

static void drop_empty(struct curves *all)
{
    int n = 0;

    for (int k = 0; k < all->count; k++) {
        if (all->curve[k].csv.rows == 0)
            eo_csv_release(&all->curve[k].csv);
        else
            all->curve[n++] = all->curve[k];
    }
    all->count = n;
}

static void put_all(struct eo_page *page, const struct curves *all)
{
    eo_buf_puts(page->out, "<div class=\"plots\">\n");
    put_diagram(page, all, "Loss on training images", "mean loss of an epoch", "loss", 1);
    put_diagram(page, all, "Accuracy on training images", "accuracy in training (%)", "accuracy", 100);
    eo_buf_puts(page->out, "</div>\n<ul class=\"source\">\n");
    for (int k = 0; k < all->count; k++) {
        if (k == 0)
            eo_html_put(page->out, "<li><a href=\"training_log.csv\">training_log.csv</a>: %s</li>\n",
                        all->curve[k].name);
        else
            eo_html_put(page->out,
                        "<li><a href=\"models/%s-finetune_log.csv\">models/%s-finetune_log.csv</a></li>\n",
                        all->curve[k].name, all->curve[k].name);
    }
    eo_buf_puts(page->out, "</ul>\n");
}

int eo_section_curves(struct eo_page *page, struct eo_err *err)
{
    struct curves *all = eo_alloc(1, sizeof(*all), err);
    int there;

    if (!all)
        return -1;
    eo_page_section(page, "training", "Training and recovery");
    there = add(page, all, "training_log.csv", "base", 0, err);
    if (there > 0 && add_recoveries(page, all, (double)all->curve[0].csv.rows, err))
        there = -1;
    drop_empty(all);
    if (there == 0)
        eo_page_absent(page, "Curves", "training_log.csv", "A model that was imported has none.");
    else if (there > 0 && all->count)
        put_all(page, all);
    if (there > 0)
        eo_page_source(page, "training_log.csv", "eo-train -c CONFIG --log CSV; eo-train --fine-tune");
    eo_buf_puts(page->out, "</section>\n");
    for (int k = 0; k < all->count; k++)
        eo_csv_release(&all->curve[k].csv);
    free(all);
    return there < 0 ? -1 : 0;
}
