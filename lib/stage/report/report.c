#include "stage/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/report/page.h"
#include "stage/select/recommend.h"

static int load_slice(struct eo_page *page, const char *path, struct eo_config *cfg, struct eo_err *err)
{
    char *text;
    size_t size;
    int there = eo_page_file(page, path, &text, &size, err);

    if (there == 0)
        return eo_err_set(err, "%s%s%s: expected the folder of a finished run, found no such file",
                          page->run.folder, *page->run.folder ? "/" : "", path);
    if (there > 0 && eo_config_parse(cfg, text, size, err)) {
        eo_err_prefix(err, "%s%s%s", page->run.folder, *page->run.folder ? "/" : "", path);
        there = -1;
    }
    free(text);
    return there < 0 ? -1 : 0;
}

/* The size of the images and the number of classes are those of the network. */
static int load_data(struct eo_page *page, struct eo_err *err)
{
    const struct eo_candidate *c = page->recommended ? page->recommended : page->baseline;
    struct eo_dataset_request wanted = {.folder = page->request->data,
                                        .parts = eo_split_validation_part(page->eval)};
    char name[EO_CANDIDATE_NAME];
    struct eo_model m;
    int there;

    if (!page->request->data || !c)
        return 0;
    there = eo_page_model(page, eo_page_name(c, name), &m, err);
    if (there > 0) {
        wanted.dims = m.network.input;
        wanted.classes = eo_network_classes(&m.network);
        if (eo_dataset_open(&page->dataset, page->eval, &wanted, err))
            there = -1;
    }
    eo_model_release(&m);
    return there < 0 ? -1 : 0;
}

static int load(struct eo_page *page, struct eo_err *err)
{
    if (eo_run_load_sweep(&page->run, page->request->folder, err))
        return -1;
    page->cfg = eo_alloc(1, sizeof(*page->cfg), err);
    page->eval = page->cfg ? eo_alloc(1, sizeof(*page->eval), err) : NULL;
    if (!page->eval || load_slice(page, "config/summary.yaml", page->cfg, err) ||
        load_slice(page, "config/eval.yaml", page->eval, err))
        return -1;
    page->rows = eo_sweep_first_seed_rows(&page->run.sweep);
    /* Tables of older versions have no column for the recommendation. */
    if (!eo_sweep_recommended(&page->run.sweep))
        eo_recommend(&page->run.sweep, page->cfg->recommend);
    page->recommended = eo_sweep_recommended(&page->run.sweep);
    page->baseline = eo_sweep_baseline(&page->run.sweep);
    return load_data(page, err);
}

static void put_contents(struct eo_page *page)
{
    static const char *const parts[][2] = {
        {"answer", "Answer"},   {"frontiers", "Frontiers"}, {"table", "Candidates"}, {"int8", "int8"},
        {"classes", "Classes"}, {"pictures", "Pictures"},   {"models", "Models"},    {"training", "Training"},
        {"pruning", "Pruning"}, {"devices", "Devices"},     {"timing", "Timing"},    {"origin", "Origin"},
    };

    eo_html_put(page->out,
                "<header>\n<h1>Models for %s</h1>\n<p>%zu candidate%s: each is one network, pruned to a "
                "level, in one "
                "number format. Accuracy is measured on validation images, which training never saw.</p>\n"
                "<nav aria-label=\"Contents\"><ul>\n",
                eo_page_dataset(page), page->rows, page->rows == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        eo_html_put(page->out, "<li><a href=\"#%s\">%s</a></li>\n", parts[i][0], parts[i][1]);
    eo_buf_puts(page->out, "</ul></nav>\n</header>\n<main>\n");
}

typedef int section(struct eo_page *page, struct eo_err *err);

static int put_sections(struct eo_page *page, struct eo_err *err)
{
    static section *const sections[] = {
        eo_section_answer,  eo_section_frontiers, eo_section_table,  eo_section_precision,
        eo_section_classes, eo_section_pictures,  eo_section_models, eo_section_curves,
        eo_section_pruning, eo_section_devices,   eo_section_timing, eo_section_origin,
    };

    for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
        if (sections[i](page, err))
            return -1;
    }
    return 0;
}

static void release(struct eo_page *page)
{
    eo_dataset_release(&page->dataset);
    eo_run_release(&page->run);
    free(page->cfg);
    free(page->eval);
    free(page);
}

int eo_report_make(const struct eo_report_request *request, struct eo_buf *out, struct eo_err *err)
{
    struct eo_page *page = eo_alloc(1, sizeof(*page), err);
    char title[300];
    int rc;

    if (!page)
        return -1;
    page->request = request;
    page->out = out;
    rc = load(page, err);
    if (rc == 0) {
        snprintf(title, sizeof(title), "edge-opt: models for %s", eo_page_dataset(page));
        eo_html_begin(out, title);
        put_contents(page);
        rc = put_sections(page, err);
        eo_buf_puts(out, "</main>\n");
        eo_html_end(out);
    }
    release(page);
    return rc;
}
