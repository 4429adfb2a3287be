/* Devices, how far the timings can be trusted, and where everything came from. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "stage/report/page.h"

#define BOARD_ROWS 200
#define TIMING_ROWS 200

int eo_section_devices(struct eo_page *page, struct eo_err *err)
{
    struct eo_csv csv;
    int there = eo_page_csv(page, "board_fits.csv", &csv, err);

    if (there < 0)
        return -1;
    eo_page_section(page, "devices", "Devices: what fits where");
    if (there == 0)
        eo_page_absent(page, "Devices", "board_fits.csv",
                       "make device measures the candidates for the boards of the key devices.");
    else {
        eo_page_table(page, &csv, "Candidates on boards, from board_fits.csv", BOARD_ROWS);
        eo_page_source(page, "board_fits.csv", "make device");
    }
    eo_csv_release(&csv);
    eo_buf_puts(page->out, "</section>\n");
    return 0;
}

static void put_timing(struct eo_buf *out, const struct eo_candidate *c)
{
    char name[EO_CANDIDATE_NAME], t[EO_HTML_NUMBER], l[EO_HTML_NUMBER], h[EO_HTML_NUMBER], m[EO_HTML_NUMBER];
    double width = (c->latency_median_ci95_high_ms - c->latency_median_ci95_low_ms) / c->latency_median_ms;

    eo_page_name(c, name);
    eo_html_put(
        out,
        "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s to %s</td><td>%s</td><td>%s</td></tr>\n",
        name, c->timing_status[0] ? c->timing_status : "not judged", eo_html_time(c->latency_median_ms, t),
        eo_html_time(c->latency_median_ci95_low_ms, l), eo_html_time(c->latency_median_ci95_high_ms, h),
        eo_html_percent(width, m), c->timing_reason);
}

static void put_timings(struct eo_page *page)
{
    const struct eo_candidate *rows = page->run.sweep.rows;
    struct eo_buf *out = page->out;
    size_t good = 0;

    for (size_t i = 0; i < page->rows; i++)
        good += strcmp(rows[i].timing_status, "ok") == 0;
    eo_html_put(out, "<p><b>%zu of %zu</b> timings are <b>ok</b>. %s</p>\n", good, page->rows,
                good == page->rows
                    ? "Rankings by time hold for this machine."
                    : "The others say below why they cannot be trusted; make retime times all again.");
    eo_buf_puts(
        out,
        "<details><summary>Timing of each candidate</summary>\n<div class=\"wide\"><table "
        "class=\"sortable\">\n"
        "<caption>Median of one image in a batch, scaled to the device, from <a href=\"sweep_results.csv\">"
        "sweep_results.csv</a></caption>\n<thead><tr><th scope=\"col\">model</th><th "
        "scope=\"col\">status</th>"
        "<th scope=\"col\">median</th><th scope=\"col\">95 % interval</th><th scope=\"col\">its width %</th>"
        "<th scope=\"col\">reason</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < page->rows && i < TIMING_ROWS; i++)
        put_timing(out, &rows[i]);
    eo_buf_puts(out, "</tbody></table></div></details>\n");
}

int eo_section_timing(struct eo_page *page, struct eo_err *err)
{
    struct eo_csv csv;
    int there = eo_page_csv(page, "machine.csv", &csv, err);

    if (there < 0)
        return -1;
    eo_page_section(page, "timing", "How far the timings can be trusted");
    if (page->rows)
        put_timings(page);
    if (there == 0)
        eo_page_absent(page, "The machine", "machine.csv", "make retime writes it.");
    else {
        eo_buf_puts(
            page->out,
            "<details><summary>What was found of the machine when the candidates were timed</summary>\n");
        eo_page_table(page, &csv, "machine.csv", TIMING_ROWS);
        eo_buf_puts(page->out, "</details>\n");
        eo_page_source(page, "machine.csv", "make retime; eo-doctor");
    }
    eo_csv_release(&csv);
    eo_buf_puts(page->out, "</section>\n");
    return 0;
}

static void put_fact(struct eo_buf *out, const char *what, const char *value)
{
    if (value && *value)
        eo_html_put(out, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", what, value);
}

/* What the model of the recommended candidate, or of the first, says of its training. */
static int put_model_facts(struct eo_page *page, struct eo_err *err)
{
    const struct eo_candidate *c = page->recommended ? page->recommended : page->baseline;
    struct eo_buf network = {0};
    char name[EO_CANDIDATE_NAME];
    struct eo_model m = {0};
    int there = c ? eo_page_model(page, eo_page_name(c, name), &m, err) : 0;

    if (there > 0) {
        eo_network_print(&m.network, "; ", &network);
        put_fact(page->out, "Network", network.data);
        put_fact(page->out, "Training data, SHA-256", eo_model_meta_get(&m, "dataset_sha256"));
        if (eo_buf_check(&network, err))
            there = -1;
    }
    eo_buf_release(&network);
    eo_model_release(&m);
    return there < 0 ? -1 : 0;
}

static int put_facts(struct eo_page *page, struct eo_err *err)
{
    const struct eo_candidate *c = page->baseline;
    struct eo_buf *out = page->out;
    char text[64];

    eo_buf_puts(out,
                "<div class=\"wide\"><table class=\"facts\">\n<caption>What was used</caption>\n<tbody>\n");
    put_fact(out, "edge-opt", EO_VERSION);
    put_fact(out, "Data set", eo_page_dataset(page));
    if (c) {
        snprintf(text, sizeof(text), "%" PRIu64, c->key.seed);
        put_fact(out, "Seed", text);
        put_fact(out, "Validation images, SHA-256", c->images_sha256);
        put_fact(out, "Test images, SHA-256", c->test_images_sha256);
        put_fact(out, "Instruction set of the timings", c->isa);
    }
    if (put_model_facts(page, err))
        return -1;
    eo_buf_puts(out, "</tbody></table></div>\n");
    return 0;
}

/* The tables beside the page, and the program that writes each; manifest.json has their checksums. */
static int put_files(struct eo_page *page, struct eo_err *err)
{
    static const struct {
        const char *path, *how;
    } files[] = {
        {"sweep_results.csv", "eo-pareto"},
        {"sweep_errors.csv", "eo-pareto"},
        {"pareto_frontier_latency.csv", "eo-pareto"},
        {"pareto_frontier_energy.csv", "eo-pareto"},
        {"seed_summary.csv", "eo-pareto"},
        {"layerwise_breakdown.csv", "eo-hwreport"},
        {"hardware_summary.csv", "eo-hwreport"},
        {"precision_tradeoffs.csv", "eo-hwreport"},
        {"machine.csv", "eo-bench"},
        {"training_log.csv", "eo-train"},
        {"board_fits.csv", "eo-device"},
        {"summary.json", "eo-summary"},
    };
    struct eo_buf *out = page->out;

    eo_buf_puts(
        out,
        "<div class=\"wide\"><table>\n<caption>Tables of this run, beside this page</caption>\n<thead><tr>"
        "<th scope=\"col\">file</th><th scope=\"col\">program</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        char *text;
        size_t size;
        int there = eo_page_file(page, files[i].path, &text, &size, err);

        free(text);
        if (there < 0)
            return -1;
        if (there > 0)
            eo_html_put(out, "<tr><th scope=\"row\"><a href=\"%s\">%s</a></th><td>%s</td></tr>\n",
                        files[i].path, files[i].path, files[i].how);
    }
    eo_buf_puts(out, "</tbody></table></div>\n");
    return 0;
}

int eo_section_origin(struct eo_page *page, struct eo_err *err)
{
    eo_page_section(page, "origin", "Where it came from");
    if (put_facts(page, err) || put_files(page, err))
        return -1;
    eo_buf_puts(page->out,
                "<p>All files with their parents: <a href=\"manifest.json\">manifest.json</a>, which "
                "<code>eo-verify</code> checks. A summary for programs: <a href=\"summary.json\">summary.json"
                "</a>.</p>\n</section>\n");
    return 0;
}
