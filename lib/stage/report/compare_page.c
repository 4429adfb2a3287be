#include "stage/report/compare_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/report/html.h"
#include "stage/report/plot.h"
#include "stage/select/compare.h"

static const char *shown(const struct eo_run *run)
{
    return *run->folder ? run->folder : ".";
}

/* The folder of a run as seen from the page: behind its own folder, or up from there. */
static void put_place(struct eo_buf *out, const char *path, const char *folder)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;

    if (n && strncmp(folder, path, n) == 0) {
        eo_html_path(out, folder + n);
        return;
    }
    for (size_t i = 0; *folder != '/' && i < n; i++)
        eo_buf_puts(out, path[i] == '/' ? "../" : "");
    eo_html_path(out, folder);
}

static void put_link(struct eo_buf *out, const char *path, const struct eo_run *run, const char *file)
{
    eo_buf_puts(out, "<a href=\"");
    put_place(out, path, shown(run));
    eo_html_put(out, "/%s\">%s</a>", file, file);
}

static void put_run(struct eo_buf *out, const char *path, const struct eo_run *run, const char *name)
{
    eo_html_put(out, "<li><b>%s</b> is <code>%s</code>: ", name, shown(run));
    put_link(out, path, run, "report.html");
    eo_buf_puts(out, ", ");
    put_link(out, path, run, "sweep_results.csv");
    eo_buf_puts(out, ", ");
    put_link(out, path, run, "manifest.json");
    eo_buf_puts(out, "</li>\n");
}

static void put_name(struct eo_buf *out, const struct eo_candidate *c, uint64_t first_seed)
{
    char name[EO_CANDIDATE_NAME];

    eo_candidate_name(&(struct eo_candidate_name){c->key, 0}, first_seed, name);
    eo_html_text(out, name);
}

static int is_judged(enum eo_compare_verdict verdict)
{
    return verdict == EO_VERDICT_WITHIN || verdict == EO_VERDICT_BEYOND || verdict == EO_VERDICT_SAME;
}

/* How many accuracies, and how many latencies, differ by more than chance, and how many nothing is known of. */
static void put_answer(struct eo_buf *out, const struct eo_pair *pairs, size_t count)
{
    size_t accuracy = 0, latency = 0, accuracies_left = 0, latencies_left = 0;

    for (size_t i = 0; i < count; i++) {
        accuracy += pairs[i].accuracy.verdict == EO_VERDICT_BEYOND;
        latency += pairs[i].latency.verdict == EO_VERDICT_BEYOND;
        accuracies_left += !is_judged(pairs[i].accuracy.verdict);
        latencies_left += !is_judged(pairs[i].latency.verdict);
    }
    eo_html_put(
        out,
        "<p class=\"answer\">Of %zu candidate%s in both runs, %zu differ in accuracy and %zu in latency by "
        "more "
        "than chance.</p>\n<p>Each of the two is tested at 5 %% for all candidates together (Holm): accuracy "
        "image by image (McNemar) where both have hits of the same images, else as of independent shares "
        "(Newcombe); latency by the 95 %% intervals of the medians.</p>\n",
        count, count == 1 ? "" : "s", accuracy, latency);
    if (accuracies_left || latencies_left)
        eo_html_put(
            out,
            "<p><b>Not judged</b>, so neither equal nor different: %zu of the accuracies and %zu of the "
            "latencies. "
            "A latency is judged where both timings are ok and come from one kind of processor, "
            "instruction set, batch and number of threads.</p>\n",
            accuracies_left, latencies_left);
}

static void put_recommended(struct eo_buf *out, const struct eo_run *run, const char *name)
{
    const struct eo_candidate *c = eo_sweep_recommended(&run->sweep);
    char a[EO_HTML_NUMBER], b[EO_HTML_NUMBER];

    eo_html_put(out, "<li><b>%s</b> recommends ", name);
    if (c) {
        put_name(out, c, c->key.seed);
        eo_html_put(out, ": %s %%, %s bytes</li>\n", eo_html_percent(c->accuracy, a),
                    eo_html_count(c->model_bytes, b));
    } else
        eo_buf_puts(out, "none</li>\n");
}

static void put_mark(struct eo_buf *out, const struct eo_plot *plot, const struct eo_candidate *c, int is_b,
                     uint64_t first_seed)
{
    double x = eo_plot_x(plot, 1000 * eo_compare_host_latency(c)), y = eo_plot_y(plot, 100 * c->accuracy);
    char a[EO_HTML_NUMBER], t[EO_HTML_NUMBER];

    eo_html_put(out, "<g class=\"point %s\"><title>%s ", is_b ? "int8" : "fp32 out", is_b ? "B" : "A");
    put_name(out, c, first_seed);
    eo_html_put(out, ": %s %%, %s</title>", eo_html_percent(c->accuracy, a),
                eo_html_time(eo_compare_host_latency(c), t));
    if (is_b)
        eo_html_put(out, "<path d=\"M%.1f %.1fl6 6l-6 6l-6 -6z\"/></g>\n", x, y - 6);
    else
        eo_html_put(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/></g>\n", x, y);
}

/* Each candidate in both runs, joined by a line. */
static void put_diagram(struct eo_buf *out, const struct eo_pair *pairs, size_t count)
{
    struct eo_plot plot = {.title = "Accuracy over latency in both runs",
                           .x_title = "time of one image in a batch, as measured (us)",
                           .y_title = "accuracy on validation images (%)"};

    for (size_t i = 0; i < count; i++) {
        eo_plot_range(&plot, 1000 * eo_compare_host_latency(pairs[i].a), 100 * pairs[i].a->accuracy);
        eo_plot_range(&plot, 1000 * eo_compare_host_latency(pairs[i].b), 100 * pairs[i].b->accuracy);
    }
    eo_buf_puts(
        out,
        "<figure>\n<figcaption>Accuracy over latency: circles are A, diamonds are B; a line joins the two of "
        "one candidate</figcaption>\n");
    eo_plot_begin(&plot, out);
    for (size_t i = 0; i < count; i++) {
        const struct eo_candidate *a = pairs[i].a, *b = pairs[i].b;

        if (!isfinite(eo_compare_host_latency(a)) || !isfinite(eo_compare_host_latency(b)))
            continue;
        eo_html_put(out, "<path class=\"frontier\" d=\"M%.1f %.1fL%.1f %.1f\"/>",
                    eo_plot_x(&plot, 1000 * eo_compare_host_latency(a)), eo_plot_y(&plot, 100 * a->accuracy),
                    eo_plot_x(&plot, 1000 * eo_compare_host_latency(b)), eo_plot_y(&plot, 100 * b->accuracy));
        put_mark(out, &plot, a, 0, pairs[0].a->key.seed);
        put_mark(out, &plot, b, 1, pairs[0].b->key.seed);
    }
    eo_plot_end(&plot, out);
    eo_buf_puts(out, "</figure>\n");
}

static void put_pair(struct eo_buf *out, const struct eo_pair *p, uint64_t first_seed)
{
    double before = eo_compare_host_latency(p->a), after = eo_compare_host_latency(p->b);
    int is_beyond = p->accuracy.verdict == EO_VERDICT_BEYOND || p->latency.verdict == EO_VERDICT_BEYOND;
    char a[EO_HTML_NUMBER], b[EO_HTML_NUMBER], c[EO_HTML_NUMBER];

    eo_html_put(out, "<tr class=\"%s\"><th scope=\"row\">", is_beyond ? "chosen" : "plain");
    put_name(out, p->a, first_seed);
    eo_html_put(out, "</th><td>%s</td><td>%s</td><td>%+.2f</td>", eo_html_percent(p->a->accuracy, a),
                eo_html_percent(p->b->accuracy, b), 100 * (p->b->accuracy - p->a->accuracy));
    eo_html_put(out, "<td>%s</td><td>%s</td>", eo_compare_verdict_text(p->accuracy.verdict),
                eo_html_figure(p->accuracy.p, a));
    eo_html_put(out, "<td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                eo_html_number(1000 * before, a), eo_html_number(1000 * after, b),
                eo_html_number(p->latency.verdict == EO_VERDICT_OTHER_HOST ? NAN : after / before, c),
                eo_compare_verdict_text(p->latency.verdict), p->is_paired ? "image by image" : "as shares");
}

static void put_pairs(struct eo_buf *out, const struct eo_pair *pairs, size_t count)
{
    static const char *const columns[] = {"model",
                                          "accuracy % A",
                                          "B",
                                          "B - A, points",
                                          "beyond chance",
                                          "p",
                                          "us/image A",
                                          "B",
                                          "B / A",
                                          "beyond chance",
                                          "accuracies compared"};

    eo_buf_puts(out, "<section id=\"pairs\">\n<h2>Candidates of both</h2>\n");
    if (count == 0) {
        eo_buf_puts(out, "<p class=\"absent\">No candidate is in both.</p>\n</section>\n");
        return;
    }
    put_diagram(out, pairs, count);
    eo_buf_puts(
        out,
        "<div class=\"wide\"><table class=\"sortable\" id=\"candidates\">\n<caption>Marked: differs by more "
        "than chance. "
        "Beyond chance: same, "
        "one model. Not judged: bad, a timing that is not ok; host, other processor, instruction set, "
        "threads or batch. "
        "Latencies as measured, from sweep_results.csv of both</caption>\n<thead><tr>");
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
        eo_html_put(out, "<th scope=\"col\">%s</th>", columns[i]);
    eo_buf_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count; i++)
        put_pair(out, &pairs[i], pairs[0].a->key.seed);
    eo_buf_puts(out, "</tbody></table></div>\n</section>\n");
}

static void put_singles(struct eo_buf *out, const struct eo_run *run, const struct eo_run *other,
                        const char *name)
{
    const struct eo_sweep *sweep = &run->sweep;
    char a[EO_HTML_NUMBER];
    size_t n = 0;

    for (size_t i = 0; i < sweep->row_count; i++) {
        if (eo_sweep_find(&other->sweep, &sweep->rows[i].key))
            continue;
        if (n++ == 0)
            eo_html_put(out, "<h3>Only in %s</h3>\n<ul>\n", name);
        eo_buf_puts(out, "<li>");
        put_name(out, &sweep->rows[i], sweep->rows[0].key.seed);
        eo_html_put(out, ": %s %%</li>\n", eo_html_percent(sweep->rows[i].accuracy, a));
    }
    eo_buf_puts(out, n ? "</ul>\n" : "");
}

static int put_settings(struct eo_buf *out, const struct eo_run *a, const struct eo_run *b,
                        struct eo_err *err)
{
    struct eo_buf text = {0};
    int rc = eo_compare_put_settings(a, b, &text, err) || eo_buf_check(&text, err) ? -1 : 0;

    if (rc == 0)
        eo_html_put(
            out,
            "<section id=\"settings\">\n<h2>What was done differently</h2>\n<pre><code>%s</code></pre>\n",
            text.data);
    eo_buf_release(&text);
    put_singles(out, a, b, "A");
    put_singles(out, b, a, "B");
    eo_html_put(
        out, "<p class=\"source\">Again: <code>eo-compare --html compare.html %s %s</code></p>\n</section>\n",
        shown(a), shown(b));
    return rc;
}

int eo_compare_page_put(const struct eo_run *a, const struct eo_run *b, const char *path, struct eo_buf *out,
                        struct eo_err *err)
{
    struct eo_pair *pairs = eo_alloc(a->sweep.row_count, sizeof(*pairs), err);
    size_t count;
    int rc = pairs ? eo_compare_pairs(a, b, pairs, &count, err) : -1;

    if (rc == 0) {
        eo_html_begin(out, "edge-opt: two runs");
        eo_buf_puts(out, "<header>\n<h1>Two runs side by side</h1>\n<ul>\n");
        put_run(out, path, a, "A");
        put_run(out, path, b, "B");
        eo_buf_puts(out, "</ul>\n</header>\n<main>\n<section id=\"answer\">\n<h2>The answer</h2>\n");
        put_answer(out, pairs, count);
        eo_buf_puts(out, "<ul>\n");
        put_recommended(out, a, "A");
        put_recommended(out, b, "B");
        eo_buf_puts(out, "</ul>\n</section>\n");
        put_pairs(out, pairs, count);
        rc = put_settings(out, a, b, err);
        eo_buf_puts(out, "</main>\n");
        eo_html_end(out);
    }
    free(pairs);
    return rc;
}
