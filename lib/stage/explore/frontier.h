/*
 * The frontier of an exploration over flash, RAM and instructions of one core.
 *
 *     frontier      the points that no other one beats. To beat a point is to cost no more in all three, to have as
 *                   many of the images that decide right, and to be better in one of the four. Of equal ones the first
 *                   stays.
 *     questions     EO_FRONTIER_LIMITS limits of each cost, in equal ratios from the least to the most of the frontier.
 *                   The answer to three limits is the most accurate of these points within them; ties go to the earlier
 *                   row.
 *     share         of the questions that a point answers
 *     hypervolume   the mean accuracy of the answers. This is the volume below the frontier over the logarithms of the
 *                   costs, as a share of the box from the reference point (the most of each cost, accuracy 0) to the
 *                   least of each cost and accuracy 1. Limits that no point keeps count as 0. Those of two tables can
 *                   be compared only if the limits are the same.
 *     interval      The hypervolume is the mean over images of the share of answers that have the image right, so its
 *                   interval is that of a mean: 1.96 standard errors. It is about other images, with the answers as
 *                   they are. On the images that decide, which have chosen them, it is too high; the unseen images have
 *                   chosen nothing.
 */
#ifndef EO_STAGE_EXPLORE_FRONTIER_H
#define EO_STAGE_EXPLORE_FRONTIER_H

#include "base/buf.h"
#include "stage/explore/table.h"

#define EO_FRONTIER_COSTS 3
#define EO_FRONTIER_LIMITS 65 /* 2^n + 1, because each is the geometric mean of its neighbours */

struct eo_hypervolume {
    double value, low, high; /* NAN without images */
};

struct eo_frontier {
    enum eo_core core;
    const struct eo_explore_row **rows; /* [count], in the order of the table */
    double *share;                      /* [count] */
    size_t count, known;                /* known: points of which all costs are */
    double least[EO_FRONTIER_COSTS], most[EO_FRONTIER_COSTS];
    struct eo_hypervolume chosen, unseen;
};

/* The rows stay those of the table. Fails where no point has all costs, and without memory. Release it also then. */
int eo_frontier_make(struct eo_frontier *f, const struct eo_explore_table *t, enum eo_core core,
                     struct eo_err *err) EO_MUST_CHECK;
void eo_frontier_release(struct eo_frontier *f);

/*
 * Append a table: widths, precision, core, flash_bytes, ram_bytes, instructions, images, correct, accuracy and its
 * interval, the same of test_images, share; and two lines in words.
 */
void eo_frontier_put_csv(const struct eo_frontier *f, struct eo_buf *out);
void eo_frontier_put(const struct eo_frontier *f, struct eo_buf *out);

/* The limits of a cost, rising in equal ratios; count is 2^n + 1, 0 <= least <= most. */
void eo_frontier_limits(double least, double most, double *limit, int count);

#endif
