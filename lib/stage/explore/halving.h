/*
 * Which trainings of an exploration go on to the next rung (explore_way: halving).
 *
 * Successive halving (Jamieson and Talwalkar 2016) trains all with little and the better part with more, rung by rung.
 * Here the better part is not the most accurate one, but what makes the frontier of accuracy over cost. A training is
 * that of one combination of widths; its points are the precisions.
 *
 *     losers     A point is a certain loser if another one costs no more in anything (bytes of the tensors,
 *                multiply-accumulates, and flash, RAM and instructions of every core) and McNemar's exact test on the
 *                images that decide shows that it is more accurate, at a one-sided level of 2.5 % divided by the number
 *                of other points. A training whose points are all losers or failures does not go on, even if there is
 *                room. Certain is what is said of the models as trained so far; that training them longer does not turn
 *                it is an assumption.
 *     questions  Limits of flash, RAM and instructions on one core, EO_HALVING_LIMITS of each, in equal ratios from the
 *                least to the most that a point takes. The answer to a question is the most accurate point within its
 *                limits. Where flash or instructions are not known of some point (export/costs.h), bytes of tensors or
 *                multiply-accumulates of all points take their place, and RAM does not count. What a set of trainings
 *                is worth is the sum of its answers' accuracies: the hypervolume below the frontier over the
 *                logarithms of the costs.
 *     quota      Of the trainings that are left, the one that adds most to the worth of those that go on goes on next,
 *                until the quota is full (greedy, which is within 1 - 1/e of the best set, Nemhauser 1978). When none
 *                adds anything, because all that is left is dominated, the same begins anew among these: the second
 *                layer of the frontier, and so on. Ties go to the earlier row.
 *
 * Counts of images are compared, so the choice depends on neither rounding nor threads.
 */
#ifndef EO_STAGE_EXPLORE_HALVING_H
#define EO_STAGE_EXPLORE_HALVING_H

#include <stddef.h>

#include "base/err.h"
#include "stage/explore/table.h"

#define EO_HALVING_LIMITS 17 /* of each cost; 2^n + 1, because each is the geometric mean of its neighbours */

/*
 * `t` has the rows of `trainings` trainings, `precisions` each, as eo_explore_table_parse() reads them. Sets
 * goes_on[trainings] to 1 for at most `quota`, to 0 for the others. Fails without memory.
 */
int eo_halving_promote(const struct eo_explore_table *t, size_t trainings, size_t precisions, size_t quota,
                       unsigned char *goes_on, struct eo_err *err) EO_MUST_CHECK;

#endif
