/* Logits of another program beside those of an evaluation. */
#ifndef EO_STAGE_LEARN_EVAL_COMPARE_H
#define EO_STAGE_LEARN_EVAL_COMPARE_H

#include "base/buf.h"
#include "stage/learn/eval.h"

struct eo_comparison {
    size_t images;   /* that were compared: the rows of the file */
    size_t changed;  /* of them, how many have another class */
    double largest;  /* difference of two logits */
    size_t at_image; /* where that is */
    int at_class;
};

/*
 * Compares with a CSV file ("-": standard input): a row for each image, with a column for each class in their order,
 * and columns index (which image; without it the rows are the images in their order) and label (checked), wherever they
 * stand. The class is that of the largest logit, the first one among equals. Appends to `out` (may be NULL) the table
 * index,label,predicted,theirs,largest_difference. Fails where a row is of no image or has another label, and where a
 * cell is no finite number.
 */
int eo_eval_compare(const struct eo_eval *eval, const char *path, struct eo_comparison *comparison,
                    struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
