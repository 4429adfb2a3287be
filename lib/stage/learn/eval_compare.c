#include "stage/learn/eval_compare.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "format/csv.h"

/* The file, and which of its columns are what; -1 where there is none. */
struct theirs {
    struct eo_csv csv;
    int index, label, logit[EO_CSV_MAX_COLUMNS];
};

static int find_columns(struct theirs *t, int classes, struct eo_err *err)
{
    int n = 0;

    t->index = eo_csv_column(&t->csv, "index");
    t->label = eo_csv_column(&t->csv, "label");
    for (int c = 0; c < (int)t->csv.columns; c++) {
        if (c != t->index && c != t->label)
            t->logit[n++] = c;
    }
    if (n != classes)
        return eo_err_set(err, "expected %d columns of logits beside index and label, found %d", classes, n);
    return t->csv.rows ? 0 : eo_err_set(err, "expected at least one row, found none");
}

/* Which image a row is of. */
static int find_image(const struct theirs *t, const struct eo_eval *eval, size_t row, size_t *image,
                      struct eo_err *err)
{
    int64_t n = (int64_t)row;

    if (t->index >= 0 && eo_num_parse_i64(eo_csv_cell(&t->csv, row, t->index), 0, INT64_MAX, &n, err))
        return eo_err_prefix(err, "row %zu: index", row + 1);
    if ((uint64_t)n >= eval->images.count)
        return eo_err_set(err, "row %zu: expected one of the %zu images, 0 to %zu, found %lld", row + 1,
                          eval->images.count, eval->images.count - 1, (long long)n);
    *image = (size_t)n;
    if (t->label < 0)
        return 0;
    if (eo_num_parse_i64(eo_csv_cell(&t->csv, row, t->label), 0, UINT8_MAX, &n, err))
        return eo_err_prefix(err, "row %zu: label", row + 1);
    if (n != eval->images.labels[*image])
        return eo_err_set(err, "row %zu: expected label %d, which image %zu has, found %lld: other images",
                          row + 1, eval->images.labels[*image], *image, (long long)n);
    return 0;
}

static int compare_row(const struct theirs *t, const struct eo_eval *eval, size_t row,
                       struct eo_comparison *to, struct eo_buf *out, struct eo_err *err)
{
    double largest = 0, best = -INFINITY;
    int theirs = 0;
    size_t image = 0;

    if (find_image(t, eval, row, &image, err))
        return -1;
    for (int c = 0; c < eval->classes; c++) {
        double z, off;

        if (eo_num_parse_double(eo_csv_cell(&t->csv, row, t->logit[c]), -DBL_MAX, DBL_MAX, &z, err))
            return eo_err_prefix(err, "row %zu: class %d", row + 1, c);
        off = fabs(z - eval->logits[image * (size_t)eval->classes + (size_t)c]);
        theirs = z > best ? c : theirs;
        best = z > best ? z : best;
        largest = off > largest ? off : largest;
        if (off > to->largest) {
            to->largest = off;
            to->at_image = image;
            to->at_class = c;
        }
    }
    to->images++;
    to->changed += theirs != eval->predicted[image];
    if (out) {
        eo_buf_printf(out, "%zu,%d,%d,%d,", image, eval->images.labels[image], eval->predicted[image],
                      theirs);
        eo_csv_put_double(out, largest, '\n');
    }
    return 0;
}

int eo_eval_compare(const struct eo_eval *eval, const char *path, struct eo_comparison *comparison,
                    struct eo_buf *out, struct eo_err *err)
{
    struct theirs t;
    int rc;

    memset(comparison, 0, sizeof(*comparison));
    if (eo_csv_load(&t.csv, path, err))
        return -1;
    if (out)
        eo_buf_puts(out, "index,label,predicted,theirs,largest_difference\n");
    rc = find_columns(&t, eval->classes, err);
    for (size_t row = 0; !rc && row < t.csv.rows; row++)
        rc = compare_row(&t, eval, row, comparison, out, err);
    eo_csv_release(&t.csv);
    return rc;
}
