/*
 * Two runs side by side: which keys of the configuration differ, and which differences of accuracy and latency are
 * larger than chance.
 *
 * accuracy   Where both folders have the hits of a candidate on the same images (rows/NAME.hits.csv): McNemar's exact
 *            test, two-sided. Else the 95 % interval of the difference of two shares, Newcombe's method 10 (1998): from
 *            d = b - a and the Wilson intervals (la, ua), (lb, ub) of the rows
 *                d - sqrt((b - lb)^2 + (ua - a)^2)  ..  d + sqrt((ub - b)^2 + (a - la)^2)
 *            Its half towards 0 is taken for 1.96 standard deviations of a normal distribution, so that a single
 *            candidate differs where the interval does not hold 0. It takes the two for independent; on the same images
 *            they are not, and it is too wide rather than too narrow.
 * latency    As measured, before it is scaled. The halves of the medians' 95 % intervals that face each other, added,
 *            are taken for 1.96 standard deviations, so that a single candidate differs where the intervals lie apart.
 *            What two sessions of timing have not in common is not in these intervals, so a small difference that
 *            counts is still one of two sessions and not of two models. A timing whose status is not ok is not
 *            judged. Rows without intervals are judged by the ranges from the fastest sample to the 95th percentile,
 *            which is no test and is not corrected.
 *            Only rows of one processor, instruction set, batch size and number of threads are compared.
 *
 * Each of the two is tested once for every candidate, and where nothing differs but chance, 5 % of many tests would say
 * something. So the tests of accuracy, and those of latency, are corrected for their number by Holm's method at 5 %:
 * with a probability of 95 % none of the differences of accuracy that count is by chance, and none of those of latency.
 */
#ifndef EO_STAGE_COMPARE_H
#define EO_STAGE_COMPARE_H

#include "base/buf.h"
#include "base/err.h"
#include "format/manifest.h"
#include "stage/evidence.h"
#include "stage/sweep.h"

struct eo_run {
    const char *folder;    /* as given; borrowed */
    struct eo_sweep sweep; /* its evidence: the hits that are there */
    struct eo_manifest manifest;
    struct eo_buf config; /* all slices of the first seed, one behind the other */
};

/*
 * From manifest.json, sweep_results.csv, config/ and the hits in rows/, where there are any, of a folder. The message
 * names the file. Release also after failure.
 */
int eo_run_load(struct eo_run *run, const char *folder, struct eo_err *err) EO_MUST_CHECK;
void eo_run_release(struct eo_run *run); /* harmless on a zeroed struct */

#define EO_COMPARE_LEVEL 0.05

enum eo_compare_verdict {
    EO_VERDICT_UNKNOWN, /* figures are missing */
    EO_VERDICT_WITHIN,  /* within the interval */
    EO_VERDICT_BEYOND,
    EO_VERDICT_SAME, /* one model */
    EO_VERDICT_OTHER_HOST,
    EO_VERDICT_BAD_TIMING
};

struct eo_comparison {
    enum eo_compare_verdict verdict; /* of this candidate alone */
    double p; /* probability of such a difference by chance, two-sided; NAN where there was no test */
};

struct eo_comparison eo_compare_accuracy(const struct eo_candidate *a, const struct eo_candidate *b,
                                         const struct eo_evidence *of_a, const struct eo_evidence *of_b);
struct eo_comparison eo_compare_latency(const struct eo_candidate *a, const struct eo_candidate *b,
                                        int is_same_cpu);

/* Appends the comparison as text: data, host, keys, candidates of both, candidates of one, a legend. */
int eo_compare_put(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
