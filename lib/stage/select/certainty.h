/*
 * How sure it is that a candidate is on a Pareto frontier; low x and high accuracy are good.
 *
 * By definition i is on the frontier unless x_j <= x_i and accuracy_j >= accuracy_i for some j, one of them strictly.
 * Labels are about the models that were measured. With several seeds these are the models of the first seed; those of
 * another seed may have another frontier.
 *
 *     certain    for every other j it is shown that x_j > x_i, or that accuracy_j < accuracy_i; each at a one-sided
 *                level of 2.5 %
 *     dominated  for some j both x_j < x_i (x_j <= x_i if x is exact) and accuracy_j > accuracy_i are shown, each at
 *                2.5 % divided by the number of others
 *     possible   otherwise
 *
 * Why this is enough. If i is not on the frontier, there is a j for which both statements of `certain` are false, so
 * the label is wrong with a probability of at most 2 x 2.5 % = 5 %, however many others there are: all comparisons
 * must succeed, so none is corrected for their number (an intersection-union test, Berger 1982). If i is on the
 * frontier, one of the two statements of `dominated` is false for every j, so each j contributes at most 2.5 % / (n -
 * 1), and all of them together 2.5 %. If x is exact, equal x is no argument for i: one better figure is enough to
 * dominate, and that is the accuracy.
 *
 * What the 5 % do not cover. They are about each candidate off the frontier: of n such candidates, 5 % can be called
 * `certain`. They are not about the labels that are given: if few candidates can be told apart, few labels are given,
 * and most of these may be wrong. Example: of two candidates that are equally fast and nearly equally accurate, the
 * worse is called `certain` in 2.7 % of all sweeps and the better in 1.9 %, so 59 % of these labels are wrong. No
 * correction for the number of candidates changes that. Among candidates of usual sweeps, at most 1 % of the labels are
 * wrong.
 *
 * A statement is shown if the figures themselves say so and
 *     accuracy   if both have hits of the same images: McNemar's exact test, the sign test on the images that exactly
 *                one of them has right; else their 95 % intervals lie apart
 *     x          if both have rounds: two tests on the rounds in common agree, each at the level. The sign test asks
 *                which of the two is faster in more than half of all rounds. It assumes that rounds are independent, so
 *                a t test has to agree: it tests the mean lead (y - x) / (|x| + |y|), whose variance is multiplied by
 *                eo_series_dependence() of the leads, with an even number of degrees of freedom, at most the number of
 *                rounds less one. A lead that is large compared with its changes passes, one that drifts does not. Too
 *                few rounds in common show nothing, because intervals would then come from disturbed rounds or from two
 *                sessions. If one has no rounds: their 95 % intervals lie apart; without rounds and intervals nothing
 *                is shown. An exact x (bytes) is compared as it is.
 *
 * What is assumed: the leads of a session are one stationary series, from which their dependence can be estimated. A
 * simulation (tests/unit/test_certainty.c, 12 rounds) takes candidates off the frontier that are exactly as fast as the
 * one that beats them. `certain` is wrong for 1.5 % of them if times have a correlation of 0.8 from round to round, for
 * 2.0 % at 0.9 and for 3.7 % at 0.95; with the sign test alone it was 20 % at 0.8. The caution costs little: in a usual
 * sweep as many candidates are labelled as with independent rounds.
 *
 * Intervals have a fixed level: if each misses one end with 2.5 %, "they lie apart" is wrong with at most 5 %, and with
 * 0.3 % if they are equally wide. So statements that rest on intervals are not corrected for the number of others; the
 * probabilities above are those of the tests.
 */
#ifndef EO_STAGE_SELECT_CERTAINTY_H
#define EO_STAGE_SELECT_CERTAINTY_H

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

/* The value of x in a round. */
struct eo_round_value {
    uint64_t session;
    int round;
    double x;
};

struct eo_contender {
    double x, x_low, x_high; /* bounds are NAN without an interval, and ignored if x is exact */
    /* [round_count] by session, then round, each pair once; NULL: none */
    const struct eo_round_value *rounds;
    size_t round_count;
    double accuracy, accuracy_low, accuracy_high; /* bounds are NAN without an interval */
    const uint64_t *hits;                         /* as in struct eo_evidence; NULL: none */
    size_t images;
    const char *images_sha256; /* NULL or "": unknown, so hits are not compared */
};

struct eo_evidence;

/* Takes over the hits, which stay those of the evidence; none where it is NULL. */
void eo_contender_set_hits(struct eo_contender *c, const struct eo_evidence *evidence);

/* Whether both have hits of the same images, so that accuracies are compared image by image. */
int eo_contender_have_same_images(const struct eo_contender *a, const struct eo_contender *b);

/* Two-sided p of McNemar's exact test of the two accuracies; NAN if they are not compared image by image. */
double eo_contender_mcnemar(const struct eo_contender *a, const struct eo_contender *b);

/* Whether it is shown at that one-sided level that x of a is below that of b, accuracy of a below that of b. */
int eo_contender_is_cheaper(const struct eo_contender *a, const struct eo_contender *b, int is_exact,
                            double level);
int eo_contender_is_worse(const struct eo_contender *a, const struct eo_contender *b, double level);

/*
 * Labels all of them; no label is NONE. The timing status is not used here: the disturbed rounds are left out, and
 * eo_pareto_label_all() lowers the label of a candidate whose own timing is not ok. Fails without memory.
 */
int eo_certainty_judge(const struct eo_contender *list, size_t count, int is_exact, enum eo_certainty *labels,
                       struct eo_err *err) EO_MUST_CHECK;

#endif
