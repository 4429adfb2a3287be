/* The classes: confusion as a heat map, and the accuracy of each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/stats.h"
#include "stage/report/matrix.h"
#include "stage/report/page.h"

#define CONFUSIONS 12 /* listed where the matrix is too large */
#define SHADES 6

/* From no image to all of the class; the steps are narrow where most errors are. */
static int shade(size_t count, size_t images)
{
    static const double limits[SHADES - 1] = {0, 0.01, 0.04, 0.12, 0.5};
    int k = 0;

    while (k < SHADES - 1 && images && (double)count / (double)images > limits[k])
        k++;
    return k;
}

static void put_matrix(struct eo_page *page, const struct eo_matrix *m)
{
    struct eo_buf *out = page->out;
    char a[EO_PAGE_LABEL], b[EO_PAGE_LABEL];

    eo_buf_puts(out, "<div class=\"wide\"><table class=\"heat\">\n<caption>Rows: what the images are. "
                     "Columns: what they were "
                     "taken for. Darker: a larger share of the class</caption>\n<thead><tr><th "
                     "scope=\"col\">true class</th>");
    for (int k = 0; k < m->classes; k++)
        eo_html_put(out, "<th scope=\"col\">%s</th>", eo_page_class(page, k, a));
    eo_buf_puts(out, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < m->classes; i++) {
        size_t images = eo_matrix_images(m, i);

        eo_html_put(out, "<tr><th scope=\"row\">%s</th>", eo_page_class(page, i, a));
        for (int k = 0; k < m->classes; k++) {
            size_t n = m->count[i * m->classes + k];

            eo_html_put(out, "<td class=\"%s%d\" title=\"%s taken for %s: %zu of %zu\">%zu</td>",
                        i == k ? "r" : "h", shade(n, images), a, eo_page_class(page, k, b), n, images, n);
        }
        eo_buf_puts(out, "</tr>\n");
    }
    eo_buf_puts(out, "</tbody></table></div>\n");
}

struct error {
    size_t count;
    int label, taken;
};

static int more_first(const void *a, const void *b)
{
    const struct error *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return x->label != y->label ? x->label - y->label : x->taken - y->taken;
}

/* The most frequent confusions. */
static int put_confusions(struct eo_page *page, const struct eo_matrix *m, struct eo_err *err)
{
    size_t all = (size_t)m->classes * (size_t)m->classes, n = 0;
    struct error *errors = eo_alloc(all, sizeof(*errors), err);
    char a[EO_PAGE_LABEL], b[EO_PAGE_LABEL];

    if (!errors)
        return -1;
    for (size_t i = 0; i < all; i++) {
        struct error e = {m->count[i], (int)(i / (size_t)m->classes), (int)(i % (size_t)m->classes)};

        if (e.label != e.taken && e.count)
            errors[n++] = e;
    }
    qsort(errors, n, sizeof(*errors), more_first);
    eo_html_put(
        page->out,
        "<div class=\"wide\"><table class=\"sortable\">\n<caption>The most frequent of %zu "
        "confusions</caption>\n"
        "<thead><tr><th scope=\"col\">true class</th><th scope=\"col\">taken for</th>"
        "<th scope=\"col\">images</th><th scope=\"col\">of its images %%</th></tr></thead>\n<tbody>\n",
        n);
    for (size_t i = 0; i < n && i < CONFUSIONS; i++)
        eo_html_put(page->out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%zu</td><td>%.2f</td></tr>\n",
                    eo_page_class(page, errors[i].label, a), eo_page_class(page, errors[i].taken, b),
                    errors[i].count,
                    100 * (double)errors[i].count / (double)eo_matrix_images(m, errors[i].label));
    eo_buf_puts(page->out, "</tbody></table></div>\n");
    free(errors);
    return 0;
}

static void put_shares(struct eo_page *page, const struct eo_matrix *m)
{
    struct eo_buf *out = page->out;
    char a[EO_PAGE_LABEL], p[EO_HTML_NUMBER];

    eo_buf_puts(
        out,
        "<div class=\"wide\"><table class=\"sortable\">\n<caption>Accuracy of each class: the share of its "
        "images "
        "that is classified correctly, and of what was taken for it, the share that is of it</caption>\n"
        "<thead><tr><th scope=\"col\">class</th><th scope=\"col\">images</th><th scope=\"col\">right %</th>"
        "<th scope=\"col\">95 % interval</th><th scope=\"col\">precision %</th></tr></thead>\n<tbody>\n");
    for (int k = 0; k < m->classes; k++) {
        size_t images = eo_matrix_images(m, k), right = eo_matrix_right(m, k), taken = eo_matrix_taken(m, k);
        double low, high, share = images ? (double)right / (double)images : 0;

        eo_html_put(out, "<tr><th scope=\"row\">%s</th><td>%zu</td>", eo_page_class(page, k, a), images);
        eo_stats_wilson95(right, images, &low, &high);
        if (images)
            eo_html_put(out, "<td class=\"share\" style=\"--w:%.1f%%\">%.2f</td><td>%.2f to %.2f</td>",
                        100 * share, 100 * share, 100 * low, 100 * high);
        else
            eo_buf_puts(out, "<td>-</td><td>-</td>");
        eo_html_put(out, "<td>%s</td>", taken ? eo_html_percent((double)right / (double)taken, p) : "-");
        eo_buf_puts(out, "</tr>\n");
    }
    eo_buf_puts(out, "</tbody></table></div>\n");
}

int eo_section_classes(struct eo_page *page, struct eo_err *err)
{
    const struct eo_candidate *c = page->recommended ? page->recommended : page->baseline;
    char name[EO_CANDIDATE_NAME], path[EO_PAGE_PATH];
    struct eo_matrix m = {0};
    int there = c ? eo_matrix_load(&m, page, c, err) : 0;

    eo_page_section(page, "classes", "Classes: what is taken for what");
    if (there == 0)
        eo_page_absent(page, "Confusion", "rows/NAME.confusion.csv", "eo-eval --confusion writes it.");
    if (there > 0) {
        snprintf(path, sizeof(path), "rows/%s.confusion.csv", eo_page_name(c, name));
        eo_html_put(page->out, "<p>Of %s on the validation images.</p>\n", name);
        put_shares(page, &m);
        if (m.classes <= EO_PAGE_MATRIX_MAX)
            put_matrix(page, &m);
        if (put_confusions(page, &m, err))
            there = -1;
        eo_page_source(page, path, "eo-eval -c CONFIG --confusion CSV MODEL");
    }
    eo_buf_puts(page->out, "</section>\n");
    eo_matrix_release(&m);
    return there < 0 ? -1 : 0;
}
