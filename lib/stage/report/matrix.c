#include "stage/report/matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "stage/learn/eval.h"

/* All pairs stand in the file, in the order of the true class and then of the other. */
static int read_counts(struct eo_matrix *m, const struct eo_csv *csv, struct eo_err *err)
{
    int classes = 0;

    while ((size_t)classes * (size_t)classes < csv->rows)
        classes++;
    if (csv->rows == 0 || (size_t)classes * (size_t)classes != csv->rows || eo_csv_column(csv, "count") < 0)
        return eo_err_set(err, "expected a column 'count' and a row for each pair of classes, found %zu rows",
                          csv->rows);
    m->count = eo_alloc(csv->rows, sizeof(*m->count), err);
    if (!m->count)
        return -1;
    m->classes = classes;
    for (size_t i = 0; i < csv->rows; i++) {
        uint64_t value;

        if (eo_num_parse_u64(eo_csv_value(csv, i, "count"), 0, UINT32_MAX, &value, err))
            return eo_err_prefix(err, "row %zu: column 'count'", i + 1);
        m->count[i] = (size_t)value;
    }
    return 0;
}

int eo_matrix_load(struct eo_matrix *m, const struct eo_page *page, const struct eo_candidate *c,
                   struct eo_err *err)
{
    char name[EO_CANDIDATE_NAME], path[EO_PAGE_PATH];
    struct eo_csv csv;
    int there;

    *m = (struct eo_matrix){0};
    snprintf(path, sizeof(path), "rows/%s.confusion.csv", eo_page_name(c, name));
    there = eo_page_csv(page, path, &csv, err);
    if (there > 0 && read_counts(m, &csv, err)) {
        eo_err_prefix(err, "%s", path);
        there = -1;
    }
    eo_csv_release(&csv);
    return there;
}

void eo_matrix_release(struct eo_matrix *m)
{
    free(m->count);
    *m = (struct eo_matrix){0};
}

size_t eo_matrix_images(const struct eo_matrix *m, int label)
{
    size_t n = 0;

    for (int k = 0; k < m->classes; k++)
        n += m->count[label * m->classes + k];
    return n;
}

size_t eo_matrix_right(const struct eo_matrix *m, int label)
{
    return m->count[label * m->classes + label];
}

size_t eo_matrix_taken(const struct eo_matrix *m, int label)
{
    size_t n = 0;

    for (int k = 0; k < m->classes; k++)
        n += m->count[k * m->classes + label];
    return n;
}

double eo_matrix_change(const struct eo_matrix *a, const struct eo_matrix *b, int label)
{
    size_t images = eo_matrix_images(a, label);

    if (images == 0 || images != eo_matrix_images(b, label))
        return NAN;
    return ((double)eo_matrix_right(b, label) - (double)eo_matrix_right(a, label)) / (double)images;
}

int eo_matrix_worst(const struct eo_matrix *a, const struct eo_matrix *b)
{
    double least = 0;
    int worst = -1;

    for (int k = 0; a->classes == b->classes && k < a->classes; k++) {
        double change = eo_matrix_change(a, b, k);

        if (change < least) {
            least = change;
            worst = k;
        }
    }
    return worst;
}
