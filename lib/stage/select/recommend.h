/*
 * Which candidate is recommended, and which others it could have been.
 *
 * Only accepted candidates of the first seed compete, because the other seeds repeat the experiment. The most accurate
 * of them (ties: the smaller, then the faster, then the earlier row) is the reference. Its rivals are the candidates
 * that the images cannot tell from it at 5 %, two-sided:
 *
 *     both have hits of the same images   McNemar's exact test, that is the sign test on the images that exactly one
 *                                         of the two classifies correctly; its p is in recommendation_p
 *     otherwise                           their 95 % intervals of accuracy meet; recommendation_p is NAN
 *
 * So a lead of one image in 200 decides nothing. Among the reference and its rivals the rule chooses:
 *
 *     smallest   the least model_bytes, ties to the least ranked_latency_ms
 *     fastest    the least ranked_latency_ms, ties to the least model_bytes
 *     accuracy   the highest accuracy, ties to the least ranked_latency_ms: the reference, up to ties
 *
 * Further ties go to the more accurate, then to the earlier row. The timing status is ignored.
 *
 * A rival need not be as accurate as the reference: with few images there are many rivals. The tests are not corrected
 * for their number, and the reference is partly lucky: of many candidates that are as good as it, more than 5 % can be
 * missed as rivals.
 */
#ifndef EO_STAGE_SELECT_RECOMMEND_H
#define EO_STAGE_SELECT_RECOMMEND_H

#include "base/buf.h"
#include "format/config.h"
#include "stage/select/sweep.h"

#define EO_RECOMMEND_LEVEL 0.05 /* two-sided */

/* Sets recommendation and recommendation_p of each row. */
void eo_recommend(struct eo_sweep *sweep, enum eo_recommend_rule rule);

/* The most accurate of the recommended one and its rivals; NULL when nothing is recommended. */
const struct eo_candidate *eo_recommend_reference(const struct eo_sweep *sweep);

/*
 * Whether the images cannot tell a candidate from one that always names the most frequent class: its 95 % interval of
 * accuracy, or the accuracy where there is none, reaches chance_accuracy. 0 where that is not known.
 */
int eo_recommend_is_chance(const struct eo_candidate *c);

/* Appends a line with a warning when that is so for the recommended candidate. */
void eo_recommend_put_warning(const struct eo_sweep *sweep, struct eo_buf *out);

/* Appends the reason in words: "the smallest of 3 accepted candidates that 3000 images cannot tell from ...". */
void eo_recommend_put_why(const struct eo_sweep *sweep, enum eo_recommend_rule rule, struct eo_buf *out);

#endif
