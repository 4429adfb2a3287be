/*
 * Observers choose the range of a tensor's values that its quantised form covers.
 *
 *     struct eo_observer *o = ...;                        // 150 KiB, storage of the caller
 *     eo_observer_init(o, EO_OBSERVER_MSE, eo_backend_activation_max(backend), 0);
 *     for each batch: eo_observer_add(o, values, n, err)
 *     eo_observer_range(o, &min, &max);
 *
 * MINMAX      the range of all values seen.
 * PERCENTILE  leaves out the lowest and the highest (100 - percentile) / 2 per cent of the values: from the first bin
 *             that ends above that many of them to the last one that begins below that many. So at least `percentile`
 *             per cent lie inside, and an end that many values share, such as 0 after a ReLU, is kept.
 * MSE         the range of least squared error when each bin's values are rounded to the levels 0..activation_max
 *             that grid.h lays over it.
 * HISTOGRAM   cuts off tails that cost more resolution than they are worth, as PyTorch's observer of that name: takes a
 *             histogram of EO_OBSERVER_BINS bins over all batches and, as long as the estimated L2 error of quantising
 *             it to 256 levels (also for activations up to 127, as PyTorch) falls, trims the next 1e-5 of the mass
 *             from the tail that loses more bins by it.
 * ENTROPY     the range with the least KL(P || Q) in nats, where P is the distribution of the values inside, by bins
 *             (1024 to 2048 over all values), with those outside added to the end bins, and Q that of the values inside
 *             alone, each level's share spread evenly over its bins that are not empty. At most one value in 1000 may
 *             be left out. Without that limit, when many activations are equal, as on a plain background, KL falls with
 *             every halving of the range, and a quarter of the values is cut off: KL ignores how far a value is moved.
 *             Source, but for the limit: Migacz (2017), 8-bit Inference with TensorRT.
 *
 * MSE and ENTROPY choose among min * (1 - i / 100) .. max * (1 - k / 100), i and k in 0..99, with min and max first
 * widened to hold 0: the best k for i = 0, then the best i for that k, and so on until neither changes; of equals
 * the widest. An end at 0 is kept.
 *
 * PERCENTILE, MSE and ENTROPY use the bins of histogram.h and so depend on the values alone. When a batch widens the
 * range, HISTOGRAM moves its old bins into the new ones by the middles of their sixteenths, so it depends on the
 * batches and on their order, as the original's does. Everything is computed in double with + - * /, floor, rint and
 * eo_log() in a fixed order: equal values in equal batches give equal ranges everywhere.
 */
#ifndef EO_STAGE_QUANT_OBSERVER_H
#define EO_STAGE_QUANT_OBSERVER_H

#include <stddef.h>

#include "base/err.h"
#include "format/config.h"
#include "stage/quant/histogram.h"

#define EO_OBSERVER_BINS 2048
#define EO_OBSERVER_STEPS 100 /* of the searches, at each end */

struct eo_observer {
    enum eo_observer_kind kind;
    int activation_max;            /* the largest level, 2 to 255 */
    double percentile;             /* PERCENTILE alone: 50..100 */
    size_t seen;                   /* values so far */
    double min, max;               /* of them; 0 while there are none */
    double mass[EO_OBSERVER_BINS]; /* HISTOGRAM alone: over min..max, bins of equal width */
    struct eo_histogram histogram; /* all others but MINMAX */
};

void eo_observer_init(struct eo_observer *o, enum eo_observer_kind kind, int activation_max,
                      double percentile);

/* One batch of n >= 1 values. Fails on a value that is not finite, naming its index; the observer is then unusable. */
int eo_observer_add(struct eo_observer *o, const float *values, size_t n, struct eo_err *err) EO_MUST_CHECK;

/* The chosen range, min <= max, within the values and 0. 0, 0 without values. */
void eo_observer_range(const struct eo_observer *o, double *min, double *max);

#endif
