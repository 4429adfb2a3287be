/*
 * Two runs side by side: which keys of the configuration differ, and which differences of accuracy and latency are
 * larger than chance.
 *
 * accuracy   The 95 % interval of the difference of two shares, Newcombe's method 10 (1998): from d = b - a and the
 *            Wilson intervals (la, ua), (lb, ub) of the rows
 *                d - sqrt((b - lb)^2 + (ua - a)^2)  ..  d + sqrt((ub - b)^2 + (a - la)^2)
 *            A difference counts when this interval does not hold 0. It takes the two for independent. Where both runs
 *            looked at the same images they are not, and the interval is too wide rather than too narrow: the rows do
 *            not say which images were right, so that the sharper paired test is not to be had.
 * latency    As measured, before it is scaled. A difference counts when the ranges from the fastest sample to the 95th
 *            percentile do not overlap: samples of one process are correlated, so an interval of the mean would
 *            promise too much. Only rows of one processor, instruction set, batch size and number of threads are
 *            compared.
 */
#ifndef EO_STAGE_COMPARE_H
#define EO_STAGE_COMPARE_H

#include "base/buf.h"
#include "base/err.h"
#include "format/manifest.h"
#include "stage/sweep.h"

struct eo_run {
    const char *folder; /* as given; borrowed */
    struct eo_sweep sweep;
    struct eo_manifest manifest;
    struct eo_buf config; /* all slices of the first seed, one behind the other */
};

/*
 * From manifest.json, sweep_results.csv and config/ of a folder. The message names the file. Release also after failure.
 */
int eo_run_load(struct eo_run *run, const char *folder, struct eo_err *err) EO_MUST_CHECK;
void eo_run_release(struct eo_run *run); /* harmless on a zeroed struct */

enum eo_verdict {
    EO_VERDICT_UNKNOWN, /* figures are missing */
    EO_VERDICT_WITHIN,  /* within the interval */
    EO_VERDICT_BEYOND,
    EO_VERDICT_SAME, /* one model */
    EO_VERDICT_OTHER_HOST
};

enum eo_verdict eo_compare_accuracy(const struct eo_candidate *a, const struct eo_candidate *b);
enum eo_verdict eo_compare_latency(const struct eo_candidate *a, const struct eo_candidate *b, int is_same_cpu);

/* Appends the comparison as text: data, host, keys, candidates of both, candidates of one, a legend. */
int eo_compare_put(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
