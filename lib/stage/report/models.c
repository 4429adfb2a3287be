/* The models one by one: layers, arena over time, and what was quantised how. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/arena.h"
#include "stage/report/page.h"
#include "stage/select/hwreport.h"

#define ARENA_WIDTH 720
#define ARENA_HEIGHT 190 /* of the block */
#define ARENA_LEFT 70
#define ARENA_TOP 12
#define NAMES_LEVEL 10 /* operations whose names stand side by side; more are turned */

static const char *operation_text(const struct eo_network_layer *l, char text[48])
{
    static const char *const names[] = {"conv", "depthwise", "linear"};

    if (l->operation == EO_LINEAR)
        return strcpy(text, names[EO_LINEAR]);
    snprintf(text, 48, "%s %dx%d", names[l->operation], l->kernel.h, l->kernel.w);
    return text;
}

static void put_share(struct eo_buf *out, double part, double whole)
{
    double percent = whole > 0 ? 100 * part / whole : 0;

    eo_html_put(out, "<td class=\"share\" style=\"--w:%.1f%%\">%.1f %%</td>", percent, percent);
}

static void put_layer(struct eo_buf *out, const struct eo_network_layer *l, const struct eo_hw_layer *hw,
                      double macs, double bytes)
{
    char text[48], a[EO_HTML_NUMBER], b[EO_HTML_NUMBER], c[EO_HTML_NUMBER], d[EO_HTML_NUMBER];

    eo_html_put(out, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%dx%dx%d</td><td>%dx%dx%d</td><td>%s</td>",
                l->name, operation_text(l, text), l->in.c, l->in.h, l->in.w, l->out.c, l->out.h, l->out.w,
                eo_html_count((double)hw->macs_per_image, a));
    put_share(out, (double)hw->macs_per_image, macs);
    eo_html_put(out, "<td>%s</td><td>%s</td>", eo_html_count((double)eo_network_weights(l) + l->map.c, b),
                eo_html_count((double)hw->parameter_bytes, c));
    put_share(out, (double)hw->parameter_bytes, bytes);
    eo_html_put(out, "<td>%s</td></tr>\n", eo_html_count((double)hw->fused_activation_bytes, d));
}

static void put_layers(struct eo_page *page, const struct eo_model *m, const struct eo_hw_model *hw,
                       const char *name)
{
    struct eo_buf *out = page->out;
    char a[EO_HTML_NUMBER], b[EO_HTML_NUMBER], c[EO_HTML_NUMBER];
    double macs = 0, bytes = 0;

    for (int l = 0; l < hw->count; l++) {
        macs += (double)hw->layer[l].macs_per_image;
        bytes += (double)hw->layer[l].parameter_bytes;
    }
    eo_html_put(
        out,
        "<div class=\"wide\"><table>\n<caption>Layers of %s, one image, from <a "
        "href=\"layerwise_breakdown.csv\">"
        "layerwise_breakdown.csv</a>. RAM: what the layer reads and hands on. The share of "
        "multiply-accumulates is not that of time, which <code>eo-layers MODEL</code> measures</caption>\n"
        "<thead><tr><th scope=\"col\">layer</th><th scope=\"col\">operation</th><th scope=\"col\">input</th>"
        "<th scope=\"col\">output</th><th scope=\"col\">MACs</th><th scope=\"col\">share</th>"
        "<th scope=\"col\">parameters</th><th scope=\"col\">flash bytes</th><th scope=\"col\">share</th>"
        "<th scope=\"col\">RAM bytes</th></tr></thead>\n<tbody>\n",
        name);
    for (int l = 0; l < hw->count; l++)
        put_layer(out, &m->network.layer[l], &hw->layer[l], macs, bytes);
    eo_html_put(out,
                "</tbody><tfoot><tr><th "
                "scope=\"row\">all</th><td></td><td></td><td></td><td>%s</td><td></td><td>%s</td>"
                "<td>%s</td><td></td><td></td></tr></tfoot></table></div>\n",
                eo_html_count(macs, a), eo_html_count((double)eo_network_parameters(&m->network), b),
                eo_html_count(bytes, c));
}

static void put_tensor(struct eo_buf *out, const struct eo_arena_graph *g, const struct eo_arena_plan *plan,
                       int t)
{
    double step = (double)(ARENA_WIDTH - ARENA_LEFT - 10) / g->op_count;
    double scale = (double)ARENA_HEIGHT / (double)plan->bytes;
    const struct eo_arena_tensor *tensor = &g->tensor[t];
    double x = ARENA_LEFT + step * tensor->first, w = step * (tensor->last - tensor->first + 1);
    double h = scale * (double)tensor->bytes;
    double y = ARENA_TOP + ARENA_HEIGHT - scale * (double)plan->offset[t] - h;

    eo_html_put(out,
                "<g class=\"tensor t%d\"><title>%s: %zu bytes at offset %zu, from %s to %s</title>"
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                t % 4, tensor->name, tensor->bytes, plan->offset[t], g->op[tensor->first].name,
                g->op[tensor->last].name, x + 1, y, w - 2, h);
    if (h > 13 && w > 7.2 * (double)strlen(tensor->name) + 6)
        eo_html_put(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", x + w / 2,
                    y + h / 2 + 4, tensor->name);
    eo_buf_puts(out, "</g>\n");
}

static void put_arena(struct eo_page *page, const struct eo_model *m, const char *name,
                      struct eo_arena_graph *g)
{
    struct eo_buf *out = page->out;
    struct eo_arena_plan plan;
    char bytes[EO_HTML_NUMBER];
    double step;

    eo_arena_graph_make(g, &m->network, m->precision, EO_ARENA_FUSED);
    eo_arena_plan_make(&plan, g);
    step = (double)(ARENA_WIDTH - ARENA_LEFT - 10) / g->op_count;
    eo_html_count((double)plan.bytes, bytes);
    eo_html_put(
        out,
        "<figure><figcaption>Arena over time: where each activation of one image lies in a block of %s "
        "bytes, "
        "and while which layers it is kept. Again: <code>eo-inspect --arena MODEL</code></figcaption>\n"
        "<svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"Arena of %s over time, %s bytes\">\n",
        bytes, ARENA_WIDTH, ARENA_TOP + ARENA_HEIGHT + (g->op_count > NAMES_LEVEL ? 100 : 30), name, bytes);
    for (int t = 0; t < g->tensor_count; t++)
        put_tensor(out, g, &plan, t);
    eo_html_put(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", ARENA_LEFT, ARENA_TOP,
                ARENA_TOP + ARENA_HEIGHT, ARENA_WIDTH - 10);
    eo_html_put(
        out,
        "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text><text class=\"tick\" x=\"%d\" "
        "y=\"%d\" text-anchor=\"end\">%s</text>\n",
        ARENA_LEFT - 6, ARENA_TOP + ARENA_HEIGHT + 4, ARENA_LEFT - 6, ARENA_TOP + 8, bytes);
    for (int i = 0; i < g->op_count; i++) {
        double x = ARENA_LEFT + step * (i + 0.5), y = ARENA_TOP + ARENA_HEIGHT + 16;

        if (g->op_count > NAMES_LEVEL)
            eo_html_put(out,
                        "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" "
                        "transform=\"rotate(-40 %.1f %.1f)\">%s</text>\n",
                        x, y, x, y, g->op[i].name);
        else
            eo_html_put(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                        x, y, g->op[i].name);
    }
    eo_buf_puts(out, "</svg></figure>\n");
}

static void put_range(struct eo_buf *out, const struct eo_csv *csv, size_t row, const char *low,
                      const char *high)
{
    eo_html_put(out, "<td>%.4g to %.4g</td>", strtod(eo_csv_value(csv, row, low), NULL),
                strtod(eo_csv_value(csv, row, high), NULL));
}

/* An empty cell stands for no noise at all. */
static void put_decibels(struct eo_buf *out, const char *cell)
{
    if (*cell)
        eo_html_put(out, "<td>%.1f</td>", strtod(cell, NULL));
    else
        eo_buf_puts(out, "<td>no noise</td>");
}

static void put_quantised(struct eo_buf *out, const struct eo_csv *csv, size_t i)
{
    double values = strtod(eo_csv_value(csv, i, "values"), NULL),
           cut = strtod(eo_csv_value(csv, i, "saturated"), NULL);

    eo_html_put(out, "<tr><th scope=\"row\">%s</th><td>%s</td>", eo_csv_value(csv, i, "layer"),
                eo_csv_value(csv, i, "input"));
    put_range(out, csv, i, "observed_min", "observed_max");
    put_range(out, csv, i, "chosen_min", "chosen_max");
    eo_html_put(out, "<td>%.4g</td><td>%s</td><td>%.3f</td>",
                strtod(eo_csv_value(csv, i, "input_scale"), NULL), eo_csv_value(csv, i, "input_zero_point"),
                values > 0 ? 100 * cut / values : 0);
    put_decibels(out, eo_csv_value(csv, i, "input_sqnr_db"));
    put_range(out, csv, i, "weight_scale_min", "weight_scale_max");
    put_decibels(out, eo_csv_value(csv, i, "weight_sqnr_db"));
    eo_buf_puts(out, "</tr>\n");
}

static int put_quantisation(struct eo_page *page, const char *name, struct eo_err *err)
{
    static const char *const numbers[] = {"observed_min",
                                          "observed_max",
                                          "chosen_min",
                                          "chosen_max",
                                          "input_scale",
                                          "values",
                                          "saturated",
                                          "input_sqnr_db",
                                          "weight_sqnr_db",
                                          "weight_scale_min",
                                          "weight_scale_max",
                                          "logit_sqnr_db",
                                          NULL};
    struct eo_buf *out = page->out;
    char path[EO_PAGE_PATH];
    struct eo_csv csv;
    int there;

    snprintf(path, sizeof(path), "rows/%s.quant.csv", name);
    there = eo_page_csv(page, path, &csv, err);
    if (there > 0 && eo_page_check_numbers(page, path, &csv, numbers, err))
        there = -1;
    if (there == 0)
        eo_page_absent(page, "Quantisation", path, "eo-quant --layers writes it.");
    if (there > 0 && csv.rows > 0) {
        eo_html_put(
            out,
            "<div class=\"wide\"><table>\n<caption>Quantisation of %s on %s calibration images, from "
            "<a href=\"%s\">%s</a>: the class is that of fp32 for %s of them; signal to noise of the logits "
            "%.1f dB</caption>\n<thead><tr><th scope=\"col\">layer</th><th scope=\"col\">input</th>"
            "<th scope=\"col\">range seen</th><th scope=\"col\">range held</th><th scope=\"col\">scale</th>"
            "<th scope=\"col\">zero point</th><th scope=\"col\">saturated %%</th>"
            "<th scope=\"col\">input SQNR dB</th><th scope=\"col\">scales of weights</th>"
            "<th scope=\"col\">weight SQNR dB</th></tr></thead>\n<tbody>\n",
            name, eo_csv_value(&csv, 0, "calibration_images"), path, path,
            eo_csv_value(&csv, 0, "agreements"), strtod(eo_csv_value(&csv, 0, "logit_sqnr_db"), NULL));
        for (size_t i = 0; i < csv.rows; i++)
            put_quantised(out, &csv, i);
        eo_buf_puts(out, "</tbody></table></div>\n");
    }
    eo_csv_release(&csv);
    return there < 0 ? -1 : 0;
}

static int put_details(struct eo_page *page, const struct eo_candidate *c, const char *name,
                       struct eo_arena_graph *g, struct eo_err *err)
{
    struct eo_model m = {0};
    struct eo_hw_model *hw = NULL;
    int there = eo_page_model(page, name, &m, err);

    if (there == 0)
        eo_page_absent(page, "Layers", "the file of the model", "make all makes it.");
    if (there > 0) {
        hw = malloc(sizeof(*hw));
        if (!hw)
            there = eo_err_set(err, "out of memory: %zu bytes", sizeof(*hw));
    }
    if (there > 0) {
        eo_html_put(page->out,
                    "<p>File: <a href=\"models/%s.safetensors\">models/%s.safetensors</a>, SHA-256 "
                    "<code class=\"sum\">%s</code></p>\n",
                    name, name, c->model_sha256);
        eo_hw_model_make(hw, &m, c->model_sha256, 1);
        put_layers(page, &m, hw, name);
        put_arena(page, &m, name, g);
        if (eo_precision_is_integer(c->key.precision) && put_quantisation(page, name, err))
            there = -1;
    }
    free(hw);
    eo_model_release(&m);
    return there < 0 ? -1 : 0;
}

static int put_model(struct eo_page *page, const struct eo_candidate *c, struct eo_arena_graph *g,
                     struct eo_err *err)
{
    char name[EO_CANDIDATE_NAME], a[EO_HTML_NUMBER], b[EO_HTML_NUMBER], t[EO_HTML_NUMBER];
    int rc = 0;

    eo_page_name(c, name);
    eo_html_put(page->out,
                "<details id=\"m-%s\"><summary><b>%s</b>: %s %%, %s bytes, %s in a batch%s</summary>\n", name,
                name, eo_html_percent(c->accuracy, a), eo_html_count(c->model_bytes, b),
                eo_html_time(c->ranked_latency_ms, t), c == page->recommended ? ", recommended" : "");
    if (eo_page_has_room(page))
        rc = put_details(page, c, name, g, err);
    else
        eo_html_put(page->out,
                    "<p>Left out, because the page would be too large: <code>eo-inspect "
                    "models/%s.safetensors</code></p>\n",
                    name);
    eo_buf_puts(page->out, "</details>\n");
    return rc;
}

int eo_section_models(struct eo_page *page, struct eo_err *err)
{
    struct eo_arena_graph *g = malloc(sizeof(*g));
    int rc = 0;

    if (!g)
        return eo_err_set(err, "out of memory: %zu bytes", sizeof(*g));
    eo_page_section(page, "models", "Each model: layers, memory over time, quantisation");
    if (page->recommended)
        rc = put_model(page, page->recommended, g, err);
    for (size_t i = 0; rc == 0 && i < page->rows; i++) {
        if (&page->run.sweep.rows[i] != page->recommended && i < EO_PAGE_DETAILS_MAX)
            rc = put_model(page, &page->run.sweep.rows[i], g, err);
    }
    if (page->rows > EO_PAGE_DETAILS_MAX)
        eo_html_put(page->out, "<p>The first %d of %zu; <code>eo-inspect MODEL</code> shows any.</p>\n",
                    EO_PAGE_DETAILS_MAX, page->rows);
    eo_page_source(page, "layerwise_breakdown.csv", "eo-inspect MODEL; eo-quant --layers CSV");
    eo_buf_puts(page->out, "</section>\n");
    free(g);
    return rc;
}
