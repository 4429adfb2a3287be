/*
 * The best of the explored points within a device's limits.
 *
 *     answer   of the points within all limits, the most accurate on the images that decide; with a wanted accuracy,
 *              the one with the least flash that reaches it. Ties go to less flash, then to the earlier row.
 *              Unless flash is known of both (export/costs.h), bytes of tensors are compared in its place.
 *     rivals   the points within the limits that these images cannot tell from it: McNemar's exact test, two-sided, p
 *              above 5 %. Finalists are the answer and those rivals for which no other rival is as cheap in flash, RAM
 *              and instructions and better in one of them. Multiply-accumulates are compared in the place of
 *              instructions as bytes of tensors are in that of flash. A cost that is known of neither does not count;
 *              where it is known of one alone, neither is the cheaper one.
 *     judged   The answer is partly lucky, because the images that decide have chosen it from many. So finalists are
 *              judged on images that no choice has seen, with Wilson's interval.
 *     limits   what is left below each, and the answer that there would be without it. A point whose cost is not known
 *              keeps no limit of it; how many there are is said.
 *     price    for each limit: the first point that is more accurate on the images that decide and needs more than
 *              the limit, and the first that they can tell from the answer
 *     nothing  If no point is within the limits: for each limit alone, the least that would do.
 */
#ifndef EO_STAGE_EXPLORE_BEST_H
#define EO_STAGE_EXPLORE_BEST_H

#include "base/buf.h"
#include "stage/explore/frontier.h"
#include "stage/explore/table.h"

#define EO_BEST_FINALISTS 8

enum eo_best_limit { EO_BEST_FLASH, EO_BEST_RAM, EO_BEST_LATENCY, EO_BEST_LIMITS };

struct eo_best_question {
    enum eo_core core;
    double limit[EO_BEST_LIMITS]; /* bytes, bytes, ms; 0: none */
    double ms_per_instruction;    /* 0: not known */
    double accuracy;              /* wanted, 0..1; 0: the most */
};

struct eo_best {
    const struct eo_explore_row *finalist[EO_BEST_FINALISTS]; /* the answer first */
    int count;                                                /* 0: nothing is within the limits */
    size_t within, rivals; /* points within the limits; rivals among them */
};

/* Of how many rows this cost is not known. They keep no limit of it. */
size_t eo_best_unknown(const struct eo_explore_table *t, const struct eo_best_question *q, int limit);

/*
 * What best.c finds and best_json.c writes as well. The cost of a row by one limit, NAN: not known; the best row within
 * all limits but `except` (-1: all), NULL: none; the row of least cost by one limit that needs more than the limit and
 * is more accurate than the answer, or certainly so, NULL: none; where nothing is within the limits, the row that needs
 * least of that limit and keeps the others, NULL: none.
 */
double eo_best_cost(const struct eo_explore_row *r, const struct eo_best_question *q, int limit);
const struct eo_explore_row *eo_best_without(const struct eo_explore_table *t,
                                             const struct eo_best_question *q, int except);
const struct eo_explore_row *eo_best_next(const struct eo_explore_table *t, const struct eo_best_question *q,
                                          const struct eo_explore_row *answer, int limit, int is_certain);
const struct eo_explore_row *eo_best_least(const struct eo_explore_table *t, const struct eo_best_question *q,
                                           int limit);

/* The rows stay those of the table. */
void eo_best_find(struct eo_best *best, const struct eo_explore_table *t, const struct eo_best_question *q);

/* Appends the answer in words; a cost that is not known is "-". */
void eo_best_put(const struct eo_best *best, const struct eo_explore_table *t,
                 const struct eo_best_question *q, struct eo_buf *out);

/* The same as JSON (eo-formats(5)), with the figures of a frontier; NULL: none. */
void eo_best_put_json(const struct eo_best *best, const struct eo_explore_table *t,
                      const struct eo_best_question *q, const struct eo_frontier *f, struct eo_buf *out);

/*
 * The experiment that trains the finalists in full: `cfg` with their widths as pruning_levels and their precisions.
 * Finalists of another table than the answer's are left out. Fails where a level cannot say the widths of as many
 * spaces, EO_LEVEL_SHARES. Recovery is at least as long as the training of the base model, and
 * active_memory_budget_mb is at least the tensors of the largest finalist.
 */
int eo_best_config(const struct eo_best *best, struct eo_config *cfg, struct eo_err *err) EO_MUST_CHECK;

#endif
