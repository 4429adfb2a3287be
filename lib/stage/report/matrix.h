/* Confusion matrices, from rows/NAME.confusion.csv, and what two of them say of each class. */
#ifndef EO_STAGE_REPORT_MATRIX_H
#define EO_STAGE_REPORT_MATRIX_H

#include <stddef.h>

#include "stage/report/page.h"

struct eo_matrix {
    int classes;
    size_t *count; /* [classes, classes]: of the true class, the images that were taken for the other */
};

/* 1, 0 where the file does not exist, or -1 and err. Release also after a failure. */
int eo_matrix_load(struct eo_matrix *m, const struct eo_page *page, const struct eo_candidate *c,
                   struct eo_err *err) EO_MUST_CHECK;
void eo_matrix_release(struct eo_matrix *m);

size_t eo_matrix_images(const struct eo_matrix *m, int label);
size_t eo_matrix_right(const struct eo_matrix *m, int label);
size_t eo_matrix_taken(const struct eo_matrix *m, int label); /* images that were taken for the class */

/* Of a class, the change of the share that is right from a to b; NAN without images. */
double eo_matrix_change(const struct eo_matrix *a, const struct eo_matrix *b, int label);

/* The class that loses most from a to b, the first of equals; -1 where none loses. */
int eo_matrix_worst(const struct eo_matrix *a, const struct eo_matrix *b);

#endif
