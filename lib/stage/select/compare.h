/*
 * Two runs side by side: which keys of the configuration differ, and which differences of accuracy and latency are
 * larger than chance.
 *
 * accuracy   Where both folders have the hits of a candidate on the same images (rows/NAME.hits.csv): McNemar's exact
 *            test, two-sided. Else the 95 % interval of the difference of two shares, Newcombe's method 10 (1998): from
 *            d = b - a and the Wilson intervals (la, ua), (lb, ub) of the rows
 *                d - sqrt((b - lb)^2 + (ua - a)^2)  ..  d + sqrt((ub - b)^2 + (a - la)^2)
 *            The half of it that faces 0 counts as 1.96 standard deviations of a normal distribution, so a single
 *            candidate differs if the interval does not contain 0. The interval assumes that the two are independent;
 *            on the same images it is too wide.
 * latency    As measured, before it is scaled. The halves of the medians' 95 % intervals that face each other are added
 *            and count as 1.96 standard deviations, so a single candidate differs if the intervals lie apart. The
 *            intervals do not cover the difference between two timing sessions, so a small difference may come from
 *            the sessions and not from the models. Timings whose status is not ok are not judged. Rows without
 *            intervals are judged by the ranges from the fastest sample to the 95th percentile; this is no test, and
 *            is not corrected.
 *            Only rows of one processor, kind of nodes, instruction set, batch size and number of threads are compared.
 *
 * Each of the two is tested for every candidate, and of many tests 5 % find a difference by chance. So the tests of
 * accuracy, and those of latency, are corrected for their number by Holm's method at 5 %: with a probability of 95 % no
 * difference of accuracy is reported by chance, and likewise no difference of latency.
 */
#ifndef EO_STAGE_SELECT_COMPARE_H
#define EO_STAGE_SELECT_COMPARE_H

#include "base/buf.h"
#include "base/err.h"
#include "stage/select/evidence.h"
#include "stage/select/run.h"
#include "stage/select/sweep.h"

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
    enum eo_compare_verdict verdict;
    double p; /* probability of such a difference by chance, two-sided; NAN where there was no test */
};

/* A candidate of both runs. */
struct eo_pair {
    const struct eo_candidate *a, *b;
    struct eo_comparison accuracy, latency; /* corrected for the number of tests */
    int is_paired;                          /* accuracies are compared image by image */
};

/* Finds and compares the candidates of both, in the order of a: *count of them into pairs[a->sweep.row_count]. */
int eo_compare_pairs(const struct eo_run *a, const struct eo_run *b, struct eo_pair *pairs, size_t *count,
                     struct eo_err *err) EO_MUST_CHECK;

/* The latency that decides, as measured; ms of one image. */
double eo_compare_host_latency(const struct eo_candidate *c);

/* "no", "yes", "same", "host", "bad"; "-" where it is not known. */
const char *eo_compare_verdict_text(enum eo_compare_verdict verdict);

/* Whether both runs have the same images. */
int eo_compare_is_same_data(const struct eo_run *a, const struct eo_run *b);

/* A key of the configuration that differs; texts that do not end with a NUL. A value is NULL where it is unset. */
struct eo_compare_key {
    const char *key, *a, *b;
    int key_length, a_length, b_length;
};
typedef void eo_compare_key_fn(void *ctx, const struct eo_compare_key *key);
void eo_compare_keys(const struct eo_run *a, const struct eo_run *b, eo_compare_key_fn *visit, void *ctx);

/* Appends as text what of data, host and keys differs. */
int eo_compare_put_settings(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out,
                            struct eo_err *err) EO_MUST_CHECK;

/*
 * Appends the comparison as text: data, host, keys, candidates of both, candidates of one, a legend; or all but the
 * legend as JSON (eo-formats(5)).
 */
int eo_compare_put(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;
int eo_compare_put_json(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out,
                        struct eo_err *err) EO_MUST_CHECK;

#endif
