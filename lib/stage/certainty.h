/*
 * How sure it is that a candidate is on a Pareto frontier: small x is good, high accuracy is good.
 *
 * Truth: i is on the frontier unless some j has x_j <= x_i and accuracy_j >= accuracy_i, one of them strictly. It is
 * about the models that were measured: with several seeds, those of the first. Another seed's models are others, and
 * their frontier may be too.
 *
 *     certain    for every other j it is shown that x_j > x_i, or that accuracy_j < accuracy_i; each at a one-sided
 *                level of 2.5 %
 *     dominated  for some j both x_j < x_i (x_j <= x_i where x is exact) and accuracy_j > accuracy_i are shown, each at
 *                2.5 % divided by the number of others
 *     possible   otherwise
 *
 * Why this is enough. When i is not on the frontier, there is a j for which both statements behind `certain` are
 * false, so the label is wrong with a probability of at most 2 x 2.5 % = 5 %, however many others there are: all
 * comparisons have to succeed, so none has to be corrected for their number (an intersection-union test, Berger
 * 1982). When i is on the frontier, for every j one of the two statements behind `dominated` is false, so each j
 * brings at most 2.5 % / (n - 1), and all of them together 2.5 %. Where x is exact, an equal one does not speak against
 * j: the truth asks for one figure that is better, and that is the accuracy.
 *
 * What the 5 % are not. They are of each candidate that is off the frontier: of n such candidates 5 % of n can be
 * called `certain`. And they are not of the labels that are given: where hardly anything can be told apart, few labels
 * are given, and most of these may be wrong. Of two candidates that are equally fast and nearly as accurate, the worse
 * is called `certain` in 2.7 % of all sweeps and the better in 1.9 %, so that 58 % of these labels are wrong; no
 * correction for the number of candidates changes that. Among candidates as sweeps have them, 1 % or less of the
 * labels are.
 *
 * A statement is shown when the figures themselves say it and
 *     accuracy   where both have hits of the same images: McNemar's exact test, that is the sign test on the images of
 *                which one alone is right; else their 95 % intervals lie apart
 *     x          where both have rounds: two tests on the rounds in common, each at the level. The sign test on the
 *                differences, whose truth is which of the two is faster in more than half of all rounds. It takes
 *                rounds for independent, so a t test has to agree: of the mean lead (y - x) / (|x| + |y|), whose
 *                variance is multiplied by eo_series_dependence() of the leads, with an even number of degrees of
 *                freedom of at most one less than there are rounds. A lead that is large beside its changes passes, one that
 *                drifts does not. Too few rounds in common show nothing, as the intervals would have to speak of
 *                disturbed rounds or of two sessions. Else their 95 % intervals lie apart. Without rounds and
 *                intervals nothing is shown. An exact x (bytes) is compared as it is.
 *
 * What is assumed: that the leads of a session are of one stationary series, whose dependence shows in it. By
 * simulation (tests/unit/test_certainty.c, 12 rounds) `certain` is wrong for at most 4.9 % of those off the frontier
 * where leads have a correlation of 0.8 from round to round; by the sign test alone it was for 20 %. From 0.9 on it is
 * more than 5 % for candidates that are exactly as fast as the one that beats them.
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

/* Two-sided p of McNemar's exact test of the two accuracies; NAN where they are not compared image by image. */
double eo_contender_mcnemar(const struct eo_contender *a, const struct eo_contender *b);

/* Whether it is shown at that one-sided level that x of a is below that of b, accuracy of a below that of b. */
int eo_contender_is_cheaper(const struct eo_contender *a, const struct eo_contender *b, int is_exact,
                            double level);
int eo_contender_is_worse(const struct eo_contender *a, const struct eo_contender *b, double level);

/* Labels all of them; never NONE. */
void eo_certainty_judge(const struct eo_contender *list, size_t count, int is_exact,
                        enum eo_certainty *labels);

#endif
