/*
 * How sure it is that a candidate is on a Pareto frontier: small x is good, high accuracy is good.
 *
 * Truth: i is on the frontier unless some j has x_j <= x_i and accuracy_j >= accuracy_i, one of them strictly.
 *
 *     certain    for every other j it is shown that x_j > x_i, or that accuracy_j < accuracy_i; each at a one-sided
 *                level of 2.5 %
 *     dominated  for some j both x_j < x_i and accuracy_j > accuracy_i are shown, each at 2.5 % divided by the number
 *                of others
 *     possible   otherwise
 *
 * Why this is enough. When i is not on the frontier, there is a j for which both statements behind `certain` are
 * false, so the label is wrong with a probability of at most 2 x 2.5 % = 5 %, however many others there are: all
 * comparisons have to succeed, so none has to be corrected for their number (an intersection-union test, Berger
 * 1982). When i is on the frontier, for every j one of the two statements behind `dominated` is false, so each j
 * brings at most 2.5 % / (n - 1), and all of them together 2.5 %.
 *
 * A statement is shown when the figures themselves say it and
 *     accuracy   where both have hits of the same images: McNemar's exact test, that is the sign test on the images of
 *                which one alone is right; else their 95 % intervals lie apart
 *     x          where both have rounds: the sign test on the differences within those in common, whose truth is which of
 *                the two is faster in more than half of all rounds; too few in common show nothing, as the intervals
 *                would have to speak of disturbed rounds or of two sessions. Else their 95 % intervals lie apart. Without
 *                rounds and intervals nothing is shown. An exact x (bytes) is compared as it is.
 *
 * Intervals know one level: that they lie apart is wrong with 5 % at the most, when each misses one end with 2.5 % and
 * nothing else is known; with equal widths it is 0.3 %. So what is shown by intervals alone is not corrected for the
 * number of others, and the sums above are those of the tests.
 */
#ifndef EO_STAGE_CERTAINTY_H
#define EO_STAGE_CERTAINTY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define EO_CERTAINTY_LEVEL 0.025 /* one-sided */

enum eo_certainty {
    EO_CERTAINTY_NONE, /* does not compete */
    EO_CERTAINTY_DOMINATED,
    EO_CERTAINTY_POSSIBLE,
    EO_CERTAINTY_CERTAIN
};

const char *eo_certainty_name(enum eo_certainty label); /* "", "dominated", "possible", "certain" */
int eo_certainty_parse(const char *text, enum eo_certainty *label, struct eo_err *err) EO_MUST_CHECK;

/* What x was in a round. */
struct eo_round_value {
    uint64_t session;
    int round;
    double x;
};

struct eo_contender {
    double x, x_low, x_high; /* the bounds NAN where there is no interval; not looked at when x is exact */
    const struct eo_round_value
        *rounds; /* [round_count] by session, then round, each pair once; NULL: there are none */
    size_t round_count;
    double accuracy, accuracy_low, accuracy_high; /* the bounds NAN where there is no interval */
    const uint64_t *hits;                         /* as in struct eo_evidence; NULL: none */
    size_t images;
    const char *images_sha256; /* NULL or "": not known, and no pair with others */
};

/* Whether accuracies are compared image by image: both have hits, of the same images. Else by intervals. */
int eo_contender_have_same_images(const struct eo_contender *a, const struct eo_contender *b);

/* Whether it is shown at that one-sided level that x of a is below that of b, accuracy of a below that of b. */
int eo_contender_is_cheaper(const struct eo_contender *a, const struct eo_contender *b, int is_exact,
                            double level);
int eo_contender_is_worse(const struct eo_contender *a, const struct eo_contender *b, double level);

/* Labels all of them; never NONE. */
void eo_certainty_judge(const struct eo_contender *list, size_t count, int is_exact,
                        enum eo_certainty *labels);

#endif
