/* A report on a set of pictures for people, to see before training whether it can be trained on. */
#ifndef EO_STAGE_DATA_PICTURES_REPORT_H
#define EO_STAGE_DATA_PICTURES_REPORT_H

#include "base/buf.h"
#include "stage/data/pictures.h"

/*
 * Appends the size, the pictures of each class and part, the imbalance, mean and deviation of each channel over the
 * training set, and pictures that occur more than once: within a part, or in both, which makes the test set too easy.
 * Every picture must belong to a part.
 */
int eo_pictures_report(const struct eo_pictures *p, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

/* The same as JSON (eo-formats(5)). */
int eo_pictures_report_json(const struct eo_pictures *p, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
