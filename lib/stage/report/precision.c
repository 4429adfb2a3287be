/* What int8 changed against fp32: in all, and class by class. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/report/matrix.h"
#include "stage/report/page.h"
#include "stage/select/certainty.h"

/* An int8 candidate beside the fp32 one of the same pruning. */
struct change {
    const struct eo_candidate *before, *after;
    struct eo_matrix a, b;
    struct eo_page_pair pair;
    int is_paired, worst;
};

static void release(struct change *c)
{
    eo_matrix_release(&c->a);
    eo_matrix_release(&c->b);
}

/* 1, 0 where one of the two, or a matrix, does not exist, or -1 and err. */
static int load(struct change *c, const struct eo_page *page, const struct eo_candidate *after,
                struct eo_err *err)
{
    int there;

    *c = (struct change){.after = after, .worst = -1};
    c->before = after ? eo_page_sibling(page, after, EO_FP32) : NULL;
    if (!c->before)
        return 0;
    there = eo_matrix_load(&c->a, page, c->before, err);
    if (there > 0)
        there = eo_matrix_load(&c->b, page, c->after, err);
    if (there > 0) {
        c->worst = eo_matrix_worst(&c->a, &c->b);
        c->is_paired = eo_page_pair(page, c->before, c->after, &c->pair);
    }
    return there;
}

/* The images of a class alone: hits of others are cleared. */
static int mask_hits(const struct eo_page *page, const struct eo_candidate *c, int label, uint64_t *masked)
{
    const struct eo_evidence *e = eo_run_evidence(&page->run, c);
    const struct eo_images *images = &page->dataset.split.validation;

    if (!e->hits || e->images != images->count)
        return 0;
    memset(masked, 0, (e->images / 64 + 1) * sizeof(*masked));
    for (size_t i = 0; i < e->images; i++) {
        if (images->labels[i] == label)
            masked[i / 64] |= e->hits[i / 64] & (uint64_t)1 << i % 64;
    }
    return 1;
}

/* Image by image within a class, where the labels of the images are known. */
static int pair_class(const struct eo_page *page, const struct change *c, int label,
                      struct eo_page_pair *pair, struct eo_err *err)
{
    size_t images = page->dataset.split.validation.count, words = images / 64 + 1;
    uint64_t *masked = eo_alloc(2 * words, sizeof(*masked), err);
    int known;

    if (!masked)
        return -1;
    known = images && mask_hits(page, c->before, label, masked) &&
            mask_hits(page, c->after, label, masked + words);
    if (known) {
        struct eo_contender a = {.hits = masked, .images = images, .images_sha256 = "of one class"};
        struct eo_contender b = {.hits = masked + words, .images = images, .images_sha256 = "of one class"};

        eo_evidence_count_discordant(a.hits, b.hits, images, &pair->gained, &pair->lost);
        pair->lost -= pair->gained;
        pair->p = eo_contender_mcnemar(&a, &b);
    }
    free(masked);
    return known;
}

static int put_worst(struct eo_page *page, const struct change *c, struct eo_err *err)
{
    struct eo_buf *out = page->out;
    char label[EO_PAGE_LABEL], a[EO_HTML_NUMBER], b[EO_HTML_NUMBER];
    size_t images;
    struct eo_page_pair pair;
    int known;

    if (c->worst < 0) {
        eo_buf_puts(out, "No class loses by it.");
        return 0;
    }
    images = eo_matrix_images(&c->a, c->worst);
    eo_html_put(out,
                "The class that suffers most is <b>%s</b>: %s %% right before, %s %% after, %.2f points of "
                "%zu images",
                eo_page_class(page, c->worst, label),
                eo_html_percent((double)eo_matrix_right(&c->a, c->worst) / (double)images, a),
                eo_html_percent((double)eo_matrix_right(&c->b, c->worst) / (double)images, b),
                100 * eo_matrix_change(&c->a, &c->b, c->worst), images);
    known = pair_class(page, c, c->worst, &pair, err);
    if (known < 0)
        return -1;
    if (known)
        eo_html_put(out, " (%zu lost, %zu gained, p %.2g%s)", pair.lost, pair.gained, pair.p,
                    pair.p > 0.05 ? ": so few images cannot show it" : "");
    eo_buf_puts(out, ".");
    return 0;
}

int eo_section_int8_line(struct eo_page *page, struct eo_err *err)
{
    struct eo_buf *out = page->out;
    char name[EO_CANDIDATE_NAME];
    struct change c;
    int there = load(&c, page, eo_page_int8(page), err);

    if (there > 0) {
        eo_html_put(
            out,
            "<h3>What int8 changes, and which class suffers most</h3>\n<p>%s against the same network in "
            "fp32: %+.2f points",
            eo_page_name(c.after, name), 100 * (c.after->accuracy - c.before->accuracy));
        if (c.is_paired)
            eo_html_put(out, " (%zu images lost, %zu gained, p %.2g)", c.pair.lost, c.pair.gained, c.pair.p);
        eo_buf_puts(out, ". ");
        if (put_worst(page, &c, err))
            there = -1;
        eo_buf_puts(out, " <a href=\"#int8\">Class by class</a>.</p>\n");
    }
    release(&c);
    return there < 0 ? -1 : 0;
}

static int put_class(struct eo_page *page, const struct change *c, int k, struct eo_err *err)
{
    struct eo_buf *out = page->out;
    double images = (double)eo_matrix_images(&c->a, k), change = eo_matrix_change(&c->a, &c->b, k);
    char label[EO_PAGE_LABEL], a[EO_HTML_NUMBER], b[EO_HTML_NUMBER], p[EO_HTML_NUMBER];
    struct eo_page_pair pair = {.p = NAN};
    int known = pair_class(page, c, k, &pair, err);

    if (known < 0)
        return -1;
    eo_html_put(
        out, "<tr class=\"%s\"><th scope=\"row\">%s</th><td>%.0f</td><td>%s</td><td>%s</td><td>%s</td>",
        k == c->worst ? "chosen" : "plain", eo_page_class(page, k, label), images,
        eo_html_percent((double)eo_matrix_right(&c->a, k) / images, a),
        eo_html_percent((double)eo_matrix_right(&c->b, k) / images, b), eo_html_change(100 * change, p));
    if (known)
        eo_html_put(out, "<td>%zu</td><td>%zu</td><td>%s</td></tr>\n", pair.lost, pair.gained,
                    eo_html_figure(pair.p, p));
    else
        eo_buf_puts(out, "<td>-</td><td>-</td><td>-</td></tr>\n");
    return 0;
}

static int put_by_class(struct eo_page *page, const struct change *c, struct eo_err *err)
{
    char name[EO_CANDIDATE_NAME];
    int rc = 0;

    eo_page_name(c->after, name);
    eo_html_put(page->out, "<p>");
    if (put_worst(page, c, err))
        return -1;
    eo_html_put(
        page->out,
        "</p>\n<div class=\"wide\"><table class=\"sortable\">\n<caption>%s beside fp32, class by class, from "
        "<a href=\"rows/%s.confusion.csv\">rows/%s.confusion.csv</a> and that of fp32. p is McNemar's, for "
        "one "
        "class: among many classes some have a small p by chance</caption>\n<thead><tr><th "
        "scope=\"col\">class</th>"
        "<th scope=\"col\">images</th><th scope=\"col\">fp32 right %%</th><th scope=\"col\">int8 right "
        "%%</th>"
        "<th scope=\"col\">change, points</th><th scope=\"col\">lost</th><th scope=\"col\">gained</th>"
        "<th scope=\"col\">p</th></tr></thead>\n<tbody>\n",
        name, name, name);
    for (int k = 0; rc == 0 && k < c->a.classes; k++)
        rc = put_class(page, c, k, err);
    eo_buf_puts(page->out, "</tbody></table></div>\n");
    return rc;
}

static int put_candidate(struct eo_page *page, const struct eo_candidate *after, struct eo_err *err)
{
    struct eo_buf *out = page->out;
    char name[EO_CANDIDATE_NAME], a[EO_HTML_NUMBER], b[EO_HTML_NUMBER], p[EO_HTML_NUMBER],
        label[EO_PAGE_LABEL];
    struct change c;
    int there = load(&c, page, after, err);

    if (there > 0) {
        eo_page_name(after, name);
        eo_html_put(out,
                    "<tr><th scope=\"row\"><a href=\"#m-%s\">%s</a></th><td>%s</td><td>%s</td><td>%+.2f</td>",
                    name, name, eo_html_percent(c.before->accuracy, a), eo_html_percent(after->accuracy, b),
                    100 * (after->accuracy - c.before->accuracy));
        if (c.is_paired)
            eo_html_put(out, "<td>%zu</td><td>%zu</td><td>%s</td>", c.pair.lost, c.pair.gained,
                        eo_html_figure(c.pair.p, p));
        else
            eo_buf_puts(out, "<td>-</td><td>-</td><td>-</td>");
        if (c.worst >= 0)
            eo_html_put(out, "<td>%s (%+.2f)</td></tr>\n", eo_page_class(page, c.worst, label),
                        100 * eo_matrix_change(&c.a, &c.b, c.worst));
        else
            eo_buf_puts(out, "<td>none</td></tr>\n");
    }
    release(&c);
    return there < 0 ? -1 : 0;
}

static int put_candidates(struct eo_page *page, struct eo_err *err)
{
    const struct eo_candidate *rows = page->run.sweep.rows;
    const char *integers = eo_page_has(page, EO_MIXED)  ? "int8, int4 or mixed"
                           : eo_page_has(page, EO_INT4) ? "int8 or int4"
                                                        : "int8";

    eo_html_put(
        page->out,
        "<div class=\"wide\"><table class=\"sortable\">\n<caption>Every %s candidate beside the fp32 one "
        "of "
        "the same pruning, from <a href=\"sweep_results.csv\">sweep_results.csv</a> and rows/*.hits.csv"
        "</caption>\n<thead><tr><th scope=\"col\">model</th><th scope=\"col\">fp32 %%</th>"
        "<th scope=\"col\">%s %%</th><th scope=\"col\">change, points</th><th scope=\"col\">images lost</th>"
        "<th scope=\"col\">gained</th><th scope=\"col\">p</th><th scope=\"col\">worst class (points)</th>"
        "</tr></thead>\n<tbody>\n",
        integers, integers);
    for (size_t i = 0; i < page->rows && i < EO_PAGE_DETAILS_MAX; i++) {
        if (eo_precision_is_integer(rows[i].key.precision) && put_candidate(page, &rows[i], err))
            return -1;
    }
    eo_buf_puts(page->out, "</tbody></table></div>\n");
    return 0;
}

int eo_section_precision(struct eo_page *page, struct eo_err *err)
{
    struct change c;
    int there = load(&c, page, eo_page_int8(page), err);

    eo_page_section(page, "int8", "What int8 changed against fp32");
    if (there == 0)
        eo_buf_puts(
            page->out,
            "<p class=\"absent\">There is no int8 candidate with an fp32 one of the same pruning, or "
            "rows/NAME.confusion.csv is not there: <code>eo-eval --confusion</code> writes it.</p>\n");
    else if (there > 0 && (put_by_class(page, &c, err) || put_candidates(page, err)))
        there = -1;
    if (there > 0)
        eo_page_source(page, "sweep_results.csv", "eo-eval --confusion CSV --hits CSV MODEL");
    eo_buf_puts(page->out, "</section>\n");
    release(&c);
    return there < 0 ? -1 : 0;
}
