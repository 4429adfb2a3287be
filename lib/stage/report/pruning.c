/* Pruning: which channels each pruned model has lost, and the scores of the channels in the base model. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/network_fold.h"
#include "stage/prune/saliency.h"
#include "stage/prune/space.h"
#include "stage/report/page.h"

#define CELL 14
#define CHANNELS_MAX 64 /* of a space that is drawn */
#define SPACES_MAX 12
#define MODELS_MAX 200 /* rows of the table */
#define LEFT 150
#define BARS 60 /* height of the bars of the scores */

/* A pruned model: which channels of each space it has. */
struct pruned {
    char name[EO_CANDIDATE_NAME];
    int kept[EO_NETWORK_LAYERS]; /* how many */
    unsigned char *has;          /* [spaces, EO_NETWORK_CHANNELS] */
};

struct pruning {
    struct eo_model base;
    struct eo_spaces spaces;
    struct eo_saliency scores;
    int has_scores;
    const char *criterion, *used; /* of the scores that are shown; by which candidates were pruned */
    struct pruned *models;
    size_t count;
};

/* The criterion of the first pruned candidate, unless it needs images: then l1 stands in for it. */
static int score(const struct eo_page *page, struct pruning *p, struct eo_err *err)
{
    struct eo_saliency_options opt = {.criterion = EO_CRITERION_NONE};

    for (size_t i = 0; i < page->rows && opt.criterion == EO_CRITERION_NONE; i++) {
        opt.criterion = page->run.sweep.rows[i].key.criterion;
        opt.seed = page->run.sweep.rows[i].key.seed;
    }
    if (opt.criterion == EO_CRITERION_NONE)
        return 0;
    p->used = eo_criterion_name(opt.criterion);
    if (eo_saliency_needs_images(opt.criterion))
        opt.criterion = EO_CRITERION_L1;
    p->criterion = eo_criterion_name(opt.criterion);
    if (p->base.precision != EO_FP32)
        return 0;
    p->has_scores = 1;
    return eo_saliency_run(&p->scores, &p->base, &opt, err);
}

static int read_kept(const struct eo_model *m, const struct pruning *p, struct pruned *to, struct eo_err *err)
{
    int *index = eo_alloc(EO_NETWORK_CHANNELS, sizeof(*index), err);
    struct eo_spaces own;
    int rc = index ? 0 : -1;

    eo_spaces_make(&own, &m->network);
    for (int s = 0; rc == 0 && s < own.count && s < p->spaces.count; s++) {
        rc = eo_spaces_kept(m, s, index, err);
        to->kept[s] = own.channels[s];
        for (int k = 0; rc == 0 && k < own.channels[s]; k++) {
            if (index[k] < p->spaces.channels[s])
                to->has[s * EO_NETWORK_CHANNELS + index[k]] = 1;
        }
    }
    free(index);
    return rc;
}

/* The pruned model of a candidate, unless it is there already. */
static int add(const struct eo_page *page, struct pruning *p, const struct eo_candidate *c,
               struct eo_err *err)
{
    struct pruned *to = &p->models[p->count];
    struct eo_model m = {0};
    int there;

    eo_candidate_name(&(struct eo_candidate_name){c->key, 1}, c->key.seed, to->name);
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->models[i].name, to->name) == 0)
            return 0;
    }
    there = eo_page_model(page, to->name, &m, err);
    if (there > 0) {
        to->has = eo_alloc((size_t)p->spaces.count, EO_NETWORK_CHANNELS, err);
        there = to->has ? read_kept(&m, p, to, err) : -1;
        p->count++;
    }
    eo_model_release(&m);
    return there < 0 ? -1 : 0;
}

static int load(const struct eo_page *page, struct pruning *p, struct eo_err *err)
{
    int there = eo_page_model(page, "base", &p->base, err);

    if (there <= 0)
        return there;
    eo_model_fold(&p->base);
    eo_spaces_make(&p->spaces, &p->base.network);
    p->models = eo_alloc(page->rows + 1, sizeof(*p->models), err);
    if (!p->models || score(page, p, err))
        return -1;
    for (size_t i = 0; i < page->rows; i++) {
        if (page->run.sweep.rows[i].key.criterion != EO_CRITERION_NONE &&
            add(page, p, &page->run.sweep.rows[i], err))
            return -1;
    }
    return 1;
}

static void release(struct pruning *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->models[i].has);
    free(p->models);
    eo_model_release(&p->base);
}

static void put_counts(struct eo_page *page, const struct pruning *p)
{
    struct eo_buf *out = page->out;

    eo_buf_puts(out, "<div class=\"wide\"><table>\n<caption>Channels that are left. Layers whose channels "
                     "have to be removed "
                     "together stand under the name of the first</caption>\n<thead><tr><th "
                     "scope=\"col\">pruned model</th>");
    for (int s = 0; s < p->spaces.count; s++)
        eo_html_put(out, "<th scope=\"col\">%s, of %d</th>", p->base.network.layer[p->spaces.first[s]].name,
                    p->spaces.channels[s]);
    eo_buf_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < p->count && i < MODELS_MAX; i++) {
        eo_html_put(out, "<tr><th scope=\"row\">%s</th>", p->models[i].name);
        for (int s = 0; s < p->spaces.count; s++)
            eo_html_put(out, "<td>%d</td>", p->models[i].kept[s]);
        eo_buf_puts(out, "</tr>\n");
    }
    eo_buf_puts(out, "</tbody></table></div>\n");
    if (p->count > MODELS_MAX)
        eo_html_put(out, "<p>The first %d of %zu.</p>\n", MODELS_MAX, p->count);
}

/* Bars of the scores, and below them a row for each model: full cells are kept, crosses are gone. */
static void put_space(struct eo_page *page, const struct pruning *p, int s)
{
    struct eo_buf *out = page->out;
    int n = p->spaces.channels[s], width = LEFT + n * CELL + 10;
    int height = BARS + 10 + (int)p->count * (CELL + 4) + 24;
    const char *name = p->base.network.layer[p->spaces.first[s]].name;
    double most = 0;

    for (int k = 0; k < n; k++)
        most = fmax(most, p->scores.layer[s][k]);
    eo_html_put(
        out,
        "<figure><figcaption>Channels of %s: score by %s in the base model, and what each pruned model keeps"
        "</figcaption>\n<svg class=\"channels\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "aria-label=\"Channels of %s that pruning removed\">\n",
        name, p->criterion, width, height, width, name);
    eo_html_put(out, "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">score</text>\n", LEFT - 8,
                BARS);
    for (int k = 0; k < n; k++) {
        double h = most > 0 ? BARS * p->scores.layer[s][k] / most : 0;

        eo_html_put(
            out,
            "<g><title>channel %d: score %.4g</title><rect class=\"score\" x=\"%d\" y=\"%.1f\" width=\"%d\" "
            "height=\"%.1f\"/></g>\n",
            k, p->scores.layer[s][k], LEFT + k * CELL, BARS + 2 - h, CELL - 2, h);
    }
    for (size_t i = 0; i < p->count; i++) {
        int y = BARS + 10 + (int)i * (CELL + 4);

        eo_html_put(
            out,
            "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><path class=\"kept\" d=\"",
            LEFT - 8, y + 11, p->models[i].name);
        for (int k = 0; k < n; k++) {
            if (p->models[i].has[s * EO_NETWORK_CHANNELS + k])
                eo_html_put(out, "M%d %dh%dv%dh-%dz", LEFT + k * CELL, y, CELL - 2, CELL - 2, CELL - 2);
        }
        eo_buf_puts(out, "M0 0\"/><path class=\"gone\" d=\"");
        for (int k = 0; k < n; k++) {
            if (!p->models[i].has[s * EO_NETWORK_CHANNELS + k])
                eo_html_put(out, "M%d %dl%d %dm0 -%dl-%d %d", LEFT + k * CELL + 2, y + 2, CELL - 6, CELL - 6,
                            CELL - 6, CELL - 6, CELL - 6);
        }
        eo_buf_puts(out, "M0 0\"/>\n");
    }
    eo_html_put(out,
                "<text class=\"tick\" x=\"%d\" y=\"%d\">channels 0 to %d; full: kept, cross: "
                "gone</text></svg></figure>\n",
                LEFT, height - 6, n - 1);
}

int eo_section_pruning(struct eo_page *page, struct eo_err *err)
{
    struct pruning *p = eo_alloc(1, sizeof(*p), err);
    int there = p ? load(page, p, err) : -1, left = 0;

    eo_page_section(page, "pruning", "Pruning: which channels went, by what score");
    if (there == 0)
        eo_page_absent(page, "Pruning", "models/base.safetensors", "make all makes it.");
    else if (there > 0 && p->count == 0)
        eo_buf_puts(page->out, "<p class=\"absent\">No candidate is pruned.</p>\n");
    else if (there > 0) {
        put_counts(page, p);
        if (p->has_scores && p->used != p->criterion)
            eo_html_put(
                page->out,
                "<p>The candidates were pruned by %s, whose scores depend on images and are listed by "
                "<code>eo-prune --scores</code>. The bars show %s instead.</p>\n",
                p->used, p->criterion);
        for (int s = 0; p->has_scores && s < p->spaces.count; s++) {
            if (p->spaces.channels[s] <= CHANNELS_MAX && s < SPACES_MAX && p->count <= 40 &&
                eo_page_has_room(page))
                put_space(page, p, s);
            else
                left++;
        }
        if (left)
            eo_html_put(page->out,
                        "<p>%d more without a picture: <code>eo-prune --scores</code> lists them.</p>\n",
                        left);
        eo_page_source(page, "sweep_results.csv",
                       "eo-prune -l LEVEL -c CONFIG --scores CSV models/base.safetensors");
    }
    eo_buf_puts(page->out, "</section>\n");
    if (p)
        release(p);
    free(p);
    return there < 0 ? -1 : 0;
}
