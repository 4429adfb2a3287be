#include "stage/report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/num.h"
#include "stage/data/preview.h"
#include "stage/select/certainty.h"
#include "stage/select/evidence.h"

const char *eo_page_name(const struct eo_candidate *c, char name[EO_CANDIDATE_NAME])
{
    eo_candidate_name(&(struct eo_candidate_name){c->key, 0}, c->key.seed, name);
    return name;
}

const char *eo_page_dataset(const struct eo_page *page)
{
    return strcmp(page->eval->dataset, "idx") == 0 ? "your own data" : page->eval->dataset;
}

const char *eo_page_class(const struct eo_page *page, int label, char text[EO_PAGE_LABEL])
{
    if (page->eval->class_name_count && label >= page->eval->class_name_count)
        snprintf(text, EO_PAGE_LABEL, "%d", label);
    else
        eo_preview_class_label(page->eval, label, text, EO_PAGE_LABEL);
    return text;
}

int eo_page_file(const struct eo_page *page, const char *path, char **text, size_t *size, struct eo_err *err)
{
    char full[EO_DATASET_FOLDER_MAX + EO_PAGE_PATH];
    int there;

    *text = NULL;
    if ((size_t)snprintf(full, sizeof(full), "%s%s%s", page->run.folder, *page->run.folder ? "/" : "",
                         path) >= sizeof(full))
        return eo_err_set(err, "%s: the path is too long", path);
    there = eo_io_exists(full, err);
    if (there > 0 && (eo_io_check_regular(full, err) || eo_io_read(full, EO_IO_MAX, text, size, err)))
        there = -1;
    if (there < 0)
        eo_err_prefix(err, "%s", full);
    return there;
}

int eo_page_csv(const struct eo_page *page, const char *path, struct eo_csv *csv, struct eo_err *err)
{
    char *text;
    size_t size;
    int there = eo_page_file(page, path, &text, &size, err);

    *csv = (struct eo_csv){0};
    if (there > 0 && eo_csv_parse(csv, text, size, err)) {
        eo_err_prefix(err, "%s%s%s", page->run.folder, *page->run.folder ? "/" : "", path);
        there = -1;
    }
    free(text);
    return there;
}

int eo_page_check_numbers(const struct eo_page *page, const char *path, const struct eo_csv *csv,
                          const char *const *columns, struct eo_err *err)
{
    for (; *columns; columns++) {
        int column = eo_csv_column(csv, *columns);
        double value;

        for (size_t i = 0; i < csv->rows; i++) {
            const char *cell = eo_csv_cell(csv, i, column);

            if (*cell && eo_num_parse_double(cell, -1e300, 1e300, &value, err))
                return eo_err_prefix(err, "%s%s%s: row %zu: column '%s'", page->run.folder,
                                     *page->run.folder ? "/" : "", path, i + 1, *columns);
        }
    }
    return 0;
}

int eo_page_model(const struct eo_page *page, const char *name, struct eo_model *m, struct eo_err *err)
{
    char full[EO_DATASET_FOLDER_MAX + EO_PAGE_PATH];
    int there;

    *m = (struct eo_model){0};
    if ((size_t)snprintf(full, sizeof(full), "%s%smodels/%s.safetensors", page->run.folder,
                         *page->run.folder ? "/" : "", name) >= sizeof(full))
        return eo_err_set(err, "models/%s.safetensors: the path is too long", name);
    there = eo_io_exists(full, err);
    if (there > 0 && (eo_io_check_regular(full, err) || eo_model_load_network(m, full, NULL, NULL, err)))
        there = -1;
    if (there < 0)
        eo_err_prefix(err, "%s", full);
    return there;
}

const struct eo_candidate *eo_page_sibling(const struct eo_page *page, const struct eo_candidate *c,
                                           enum eo_precision precision)
{
    struct eo_candidate_key key = c->key;

    key.precision = precision;
    return eo_sweep_find(&page->run.sweep, &key);
}

int eo_page_has(const struct eo_page *page, enum eo_precision precision)
{
    size_t i = 0;

    while (i < page->rows && page->run.sweep.rows[i].key.precision != precision)
        i++;
    return i < page->rows;
}

const struct eo_candidate *eo_page_int8(const struct eo_page *page)
{
    const struct eo_candidate *best = NULL;

    if (page->recommended && page->recommended->key.precision == EO_INT8)
        return page->recommended;
    for (size_t i = 0; i < page->rows; i++) {
        const struct eo_candidate *c = &page->run.sweep.rows[i];

        if (c->key.precision == EO_INT8 && (!best || c->accuracy > best->accuracy))
            best = c;
    }
    return best;
}

int eo_page_pair(const struct eo_page *page, const struct eo_candidate *a, const struct eo_candidate *b,
                 struct eo_page_pair *pair)
{
    struct eo_contender x = {0}, y = {0};

    *pair = (struct eo_page_pair){.p = NAN};
    eo_contender_set_hits(&x, eo_run_evidence(&page->run, a));
    eo_contender_set_hits(&y, eo_run_evidence(&page->run, b));
    if (!eo_contender_have_same_images(&x, &y))
        return 0;
    eo_evidence_count_discordant(x.hits, y.hits, x.images, &pair->gained, &pair->lost);
    pair->lost -= pair->gained;
    pair->p = eo_contender_mcnemar(&x, &y);
    return 1;
}

int eo_page_has_details(const struct eo_page *page, const struct eo_candidate *c)
{
    const struct eo_candidate *row = eo_sweep_find(&page->run.sweep, &c->key);

    return row && (row == page->recommended || row - page->run.sweep.rows < EO_PAGE_DETAILS_MAX);
}

void eo_page_link(struct eo_page *page, const struct eo_candidate *c)
{
    char name[EO_CANDIDATE_NAME];

    eo_page_name(c, name);
    if (eo_page_has_details(page, c))
        eo_html_put(page->out, "<a href=\"#m-%s\"><b>%s</b></a>", name, name);
    else
        eo_html_put(page->out, "<b>%s</b>", name);
}

int eo_page_has_room(const struct eo_page *page)
{
    return page->out->len < EO_PAGE_MAX;
}

void eo_page_section(struct eo_page *page, const char *id, const char *heading)
{
    eo_html_put(page->out, "<section id=\"%s\">\n<h2>%s</h2>\n", id, heading);
}

void eo_page_source(struct eo_page *page, const char *file, const char *command)
{
    eo_html_put(page->out, "<p class=\"source\">Figures: <a href=\"%s\">%s</a>. Again: <code>%s</code></p>\n",
                file, file, command);
}

void eo_page_absent(struct eo_page *page, const char *what, const char *file, const char *how)
{
    eo_html_put(page->out, "<p class=\"absent\">%s: <code>%s</code> is not there. %s</p>\n", what, file, how);
}

static int is_empty_column(const struct eo_csv *csv, size_t rows, size_t column)
{
    for (size_t i = 0; i < rows; i++) {
        if (*eo_csv_cell(csv, i, (int)column))
            return 0;
    }
    return rows > 0;
}

/* Checksums are of use to programs, and too wide for a page. */
static int is_shown(const struct eo_csv *csv, size_t rows, size_t column)
{
    return !strstr(csv->cells[column], "sha256") && !is_empty_column(csv, rows, column);
}

void eo_page_table(struct eo_page *page, const struct eo_csv *csv, const char *caption, size_t rows)
{
    struct eo_buf *out = page->out;
    size_t shown = csv->rows < rows ? csv->rows : rows;

    eo_html_put(out, "<div class=\"wide\"><table>\n<caption>%s", caption);
    if (shown < csv->rows)
        eo_html_put(out, ", the first %zu of %zu rows", shown, csv->rows);
    eo_buf_puts(out, "</caption>\n<thead><tr>");
    for (size_t c = 0; c < csv->columns; c++) {
        if (is_shown(csv, shown, c))
            eo_html_put(out, "<th scope=\"col\">%s</th>", csv->cells[c]);
    }
    eo_buf_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < shown; i++) {
        eo_buf_puts(out, "<tr>");
        for (size_t c = 0; c < csv->columns; c++) {
            if (is_shown(csv, shown, c))
                eo_html_put(out, "<td>%s</td>", eo_csv_cell(csv, i, (int)c));
        }
        eo_buf_puts(out, "</tr>\n");
    }
    eo_buf_puts(out, "</tbody></table></div>\n");
}
