/*
 * Which range of a tensor's values its quantised form should cover.
 *
 *     struct eo_observer *o = ...;                        // 16 KiB, storage of the caller
 *     eo_observer_init(o, EO_OBSERVER_HISTOGRAM);
 *     for each batch: eo_observer_add(o, values, n, err)
 *     eo_observer_range(o, &min, &max);
 *
 * MINMAX is the range of all values seen. HISTOGRAM cuts off tails that cost more resolution than they are worth, as
 * PyTorch's observer of that name does: a histogram of EO_OBSERVER_BINS bins over all batches; then, as long as
 * the estimated L2 error of quantising it to 256 levels falls, the tail that loses more bins for the next 1e-5
 * of the mass is trimmed by that much.
 *
 * When a batch widens the range, the old bins move into the new ones by the middles of their sixteenths, so the
 * result depends on how the values are cut into batches and on their order (as the original's does). Everything is
 * computed in double with + - * / and floor alone: equal values in equal batches give equal ranges everywhere.
 */
#ifndef EO_STAGE_OBSERVER_H
#define EO_STAGE_OBSERVER_H

#include <stddef.h>

#include "base/err.h"
#include "format/config.h"

#define EO_OBSERVER_BINS 2048

struct eo_observer {
    enum eo_observer_kind kind;
    size_t seen;     /* values so far */
    double min, max; /* of them; 0 while there are none */
    double mass[EO_OBSERVER_BINS]; /* HISTOGRAM: over min..max, bins of equal width */
};

void eo_observer_init(struct eo_observer *o, enum eo_observer_kind kind);

/* One batch of n >= 1 values. Fails on a value that is not finite, naming its index; the observer is then unusable. */
int eo_observer_add(struct eo_observer *o, const float *values, size_t n, struct eo_err *err) EO_MUST_CHECK;

/* The chosen range, min <= max, inside what was seen. 0, 0 when nothing was. */
void eo_observer_range(const struct eo_observer *o, double *min, double *max);

#endif
