#include "stage/explore/best.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/stats.h"
#include "stage/select/recommend.h"

static const char *const limit_names[EO_BEST_LIMITS] = {"flash", "RAM", "latency"};
static const char *const units[EO_BEST_LIMITS] = {"bytes", "bytes", "ms"};
static const int digits[EO_BEST_LIMITS] = {12, 12, 4}; /* bytes are whole */

double eo_best_cost(const struct eo_explore_row *r, const struct eo_best_question *q, int limit)
{
    const struct eo_core_cost *c = &r->cost[q->core];

    return limit == EO_BEST_FLASH ? c->flash_bytes
           : limit == EO_BEST_RAM ? c->ram_bytes
                                  : c->instructions * q->ms_per_instruction;
}

size_t eo_best_unknown(const struct eo_explore_table *t, const struct eo_best_question *q, int limit)
{
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++)
        n += isnan(eo_best_cost(&t->rows[i], q, limit));
    return n;
}

/* -1, 0 or 1: a is less, as much, or more; 0 where neither is known, 2 where only one is. */
static int compare(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b) ? 0 : 2;
    return (a > b) - (a < b);
}

/* The same by x, or by its stand-in unless x is known of both. */
static int compare_or(double x, double y, double instead_x, double instead_y)
{
    return isnan(x) || isnan(y) ? compare(instead_x, instead_y) : compare(x, y);
}

static int compare_flash(const struct eo_explore_row *a, const struct eo_explore_row *b, enum eo_core core)
{
    return compare_or(a->cost[core].flash_bytes, b->cost[core].flash_bytes, a->tensor_bytes, b->tensor_bytes);
}

/* A cost that is not known is within no limit. */
static int keeps(const struct eo_explore_row *r, const struct eo_best_question *q, int limit)
{
    return q->limit[limit] == 0 || eo_best_cost(r, q, limit) <= q->limit[limit];
}

/* Whether a row is within all limits but `except` (-1: all). */
static int is_within(const struct eo_explore_row *r, const struct eo_best_question *q, int except)
{
    int ok = 1;

    for (int i = 0; i < EO_BEST_LIMITS; i++)
        ok &= i == except || keeps(r, q, i);
    return ok;
}

static int is_better(const struct eo_explore_row *a, const struct eo_explore_row *b,
                     const struct eo_best_question *q)
{
    double x = eo_explore_accuracy(&a->chosen), y = eo_explore_accuracy(&b->chosen);
    int more = compare_flash(a, b, q->core), reaches = x >= q->accuracy, other = y >= q->accuracy;

    if (reaches != other)
        return reaches;
    if (q->accuracy > 0 && reaches && (more == -1 || more == 1))
        return more < 0;
    return x != y ? x > y : more < 0;
}

const struct eo_explore_row *eo_best_without(const struct eo_explore_table *t,
                                             const struct eo_best_question *q, int except)
{
    const struct eo_explore_row *best = NULL;

    for (size_t i = 0; i < t->count; i++) {
        if (is_within(&t->rows[i], q, except) && (!best || is_better(&t->rows[i], best, q)))
            best = &t->rows[i];
    }
    return best;
}

static int is_rival(const struct eo_explore_row *r, const struct eo_explore_row *answer,
                    const struct eo_best_question *q)
{
    return r != answer && is_within(r, q, -1) && eo_explore_mcnemar(r, answer) > EO_RECOMMEND_LEVEL;
}

/*
 * Whether a costs no more than b in anything, and less in something or is as cheap and more accurate. A cost that is
 * known of one alone says neither.
 */
static int is_cheaper(const struct eo_explore_row *a, const struct eo_explore_row *b,
                      const struct eo_best_question *q)
{
    const struct eo_core_cost *x = &a->cost[q->core], *y = &b->cost[q->core];
    const int costs[] = {compare_flash(a, b, q->core), compare(x->ram_bytes, y->ram_bytes),
                         compare_or(x->instructions, y->instructions, a->macs, b->macs)};
    int is_less = a->chosen.correct > b->chosen.correct;

    for (size_t i = 0; i < sizeof(costs) / sizeof(*costs); i++) {
        if (costs[i] > 0)
            return 0;
        is_less |= costs[i] < 0;
    }
    return is_less;
}

/* The finalists beside the answer, with the most accurate first. */
static void add_finalist(struct eo_best *best, const struct eo_explore_row *r)
{
    int at = best->count < EO_BEST_FINALISTS ? best->count++ : EO_BEST_FINALISTS;

    for (; at > 1 && best->finalist[at - 1]->chosen.correct < r->chosen.correct; at--) {
        if (at < EO_BEST_FINALISTS)
            best->finalist[at] = best->finalist[at - 1];
    }
    if (at < EO_BEST_FINALISTS)
        best->finalist[at] = r;
}

void eo_best_find(struct eo_best *best, const struct eo_explore_table *t, const struct eo_best_question *q)
{
    const struct eo_explore_row *answer = eo_best_without(t, q, -1);

    memset(best, 0, sizeof(*best));
    if (!answer || eo_explore_accuracy(&answer->chosen) < q->accuracy)
        return;
    best->finalist[best->count++] = answer;
    for (size_t i = 0; i < t->count; i++) {
        int is_beaten = 0;

        best->within += (size_t)is_within(&t->rows[i], q, -1);
        if (!is_rival(&t->rows[i], answer, q))
            continue;
        best->rivals++;
        for (size_t k = 0; k < t->count && !is_beaten; k++)
            is_beaten = is_cheaper(&t->rows[k], &t->rows[i], q) && is_rival(&t->rows[k], answer, q);
        if (!is_beaten)
            add_finalist(best, &t->rows[i]);
    }
}

/* ---- in words ------------------------------------------------------------------------------------------------ */

static double per_cent(const struct eo_evidence *hits)
{
    return 100 * eo_explore_accuracy(hits);
}

/* "p 0.04", or "p < 0.01" where the digits would all be 0. */
static void put_p(double p, int places, struct eo_buf *out)
{
    double least = pow(10, -places);

    if (p < least / 2)
        eo_buf_printf(out, "p < %.*f", places, least);
    else
        eo_buf_printf(out, "p %.*f", places, p);
}

/* "-": not known. */
static void put_count(double count, int width, struct eo_buf *out)
{
    if (isnan(count))
        eo_buf_printf(out, " %*s", width, "-");
    else
        eo_buf_printf(out, " %*.0f", width, count);
}

static void put_finalist(const struct eo_explore_row *r, int width, const struct eo_explore_row *answer,
                         const struct eo_best_question *q, struct eo_buf *out)
{
    const struct eo_core_cost *c = &r->cost[q->core];
    double low, high;

    eo_buf_printf(out, "  %-*s %8.2f ", width, r->name, per_cent(&r->chosen));
    if (r->unseen.images) {
        eo_stats_wilson95(r->unseen.correct, r->unseen.images, &low, &high);
        eo_buf_printf(out, "%7.2f (%.2f to %.2f)", per_cent(&r->unseen), 100 * low, 100 * high);
    } else {
        eo_buf_printf(out, "%7s %17s", "", "");
    }
    put_count(c->flash_bytes, 8, out);
    put_count(c->ram_bytes, 8, out);
    put_count(c->instructions, 12, out);
    if (r == answer) {
        eo_buf_puts(out, "  the answer\n");
    } else {
        eo_buf_puts(out, "  ");
        put_p(eo_explore_mcnemar(r, answer), 2, out);
        eo_buf_puts(out, "\n");
    }
}

static int has_limits(const struct eo_best_question *q)
{
    return q->limit[EO_BEST_FLASH] > 0 || q->limit[EO_BEST_RAM] > 0 || q->limit[EO_BEST_LATENCY] > 0;
}

static void put_finalists(const struct eo_best *best, const struct eo_best_question *q, struct eo_buf *out)
{
    const struct eo_explore_row *answer = best->finalist[0];
    int width = 14;

    for (int i = 0; i < best->count; i++) {
        int length = (int)strlen(best->finalist[i]->name);

        width = length > width ? length : width;
    }
    eo_buf_printf(out, "%s, on %s: the %s of %zu point%s%s. %zu images cannot tell %zu other%s from it.\n\n",
                  answer->name, eo_core_name(q->core),
                  q->accuracy > 0 ? "smallest accurate enough" : "most accurate", best->within,
                  best->within == 1 ? "" : "s", has_limits(q) ? " within the limits" : "",
                  answer->chosen.images, best->rivals, best->rivals == 1 ? "" : "s");
    eo_buf_printf(out, "  %-*s %8s %7s %-17s %8s %8s %12s\n", width, "point", "chosen %", "unseen",
                  "% (95 %)", "flash", "RAM", "instructions");
    for (int i = 0; i < best->count; i++)
        put_finalist(best->finalist[i], width, answer, q, out);
    if (answer->unseen.images)
        eo_buf_printf(out,
                      "\nThe images that decide have chosen the answer from %zu points, so its accuracy on "
                      "them is partly "
                      "luck. The %zu unseen\nimages have chosen nothing; believe those.\n",
                      best->within, answer->unseen.images);
    else
        eo_buf_printf(out,
                      "\nThe accuracy is partly luck: the same images have chosen the answer from %zu "
                      "points, and there are "
                      "none that no choice\nhas seen (validation: test).\n",
                      best->within);
}

const struct eo_explore_row *eo_best_next(const struct eo_explore_table *t, const struct eo_best_question *q,
                                          const struct eo_explore_row *answer, int limit, int is_certain)
{
    const struct eo_explore_row *next = NULL;

    for (size_t i = 0; i < t->count; i++) {
        const struct eo_explore_row *r = &t->rows[i];

        if (isnan(eo_best_cost(r, q, limit)) || keeps(r, q, limit) || !is_within(r, q, limit) ||
            r->chosen.correct <= answer->chosen.correct ||
            (next && eo_best_cost(r, q, limit) >= eo_best_cost(next, q, limit)))
            continue;
        if (!is_certain || eo_explore_mcnemar(r, answer) <= EO_RECOMMEND_LEVEL)
            next = r;
    }
    return next;
}

/* "    512 bytes more: 6x8-int8, +0.25 points" */
static void put_more(const struct eo_explore_row *r, const struct eo_best_question *q,
                     const struct eo_explore_row *answer, int limit, struct eo_buf *out)
{
    eo_buf_printf(out, "    %.*g %s more: %s, %+.2f points", digits[limit],
                  eo_best_cost(r, q, limit) - q->limit[limit], units[limit], r->name,
                  per_cent(&r->chosen) - per_cent(&answer->chosen));
}

static void put_price(const struct eo_explore_table *t, const struct eo_best_question *q,
                      const struct eo_explore_row *answer, int limit, struct eo_buf *out)
{
    const struct eo_explore_row *next = eo_best_next(t, q, answer, limit, 0),
                                *certain = eo_best_next(t, q, answer, limit, 1);

    if (!next) {
        eo_buf_printf(out, "    no point with more of it is more accurate\n");
        return;
    }
    put_more(next, q, answer, limit, out);
    eo_buf_puts(out, " (");
    put_p(eo_explore_mcnemar(next, answer), 2, out);
    eo_buf_puts(out, ")\n");
    if (certain && certain != next) {
        put_more(certain, q, answer, limit, out);
        eo_buf_puts(out, ", the first that the images tell from it (");
        put_p(eo_explore_mcnemar(certain, answer), 3, out);
        eo_buf_puts(out, ")\n");
    }
    if (!certain)
        eo_buf_puts(out, "    no point that needs more of it can be told from the answer\n");
}

/* Such a point may be better than the answer, and may keep the limit. */
static void put_unknown(const struct eo_explore_table *t, const struct eo_best_question *q, int limit,
                        struct eo_buf *out)
{
    size_t n = q->limit[limit] > 0 ? eo_best_unknown(t, q, limit) : 0;

    if (n)
        eo_buf_printf(out, "    it is not known of %zu point%s, which the limit leaves out\n", n,
                      n == 1 ? "" : "s");
}

static void put_limits(const struct eo_explore_table *t, const struct eo_best_question *q,
                       const struct eo_explore_row *answer, struct eo_buf *out)
{
    for (int i = 0; i < EO_BEST_LIMITS; i++) {
        const struct eo_explore_row *without = eo_best_without(t, q, i);
        double used = eo_best_cost(answer, q, i);

        if (q->limit[i] == 0)
            continue;
        eo_buf_printf(out, "\n%s: %.*g of %.*g %s, %.*g left", limit_names[i], digits[i], used, digits[i],
                      q->limit[i], units[i], digits[i], q->limit[i] - used);
        if (without == answer) {
            eo_buf_puts(out, "; without this limit the answer is the same\n");
        } else {
            eo_buf_printf(out, "; without this limit %s, %+.2f points (", without->name,
                          per_cent(&without->chosen) - per_cent(&answer->chosen));
            put_p(eo_explore_mcnemar(without, answer), 3, out);
            eo_buf_puts(out, ")\n");
        }
        if (q->accuracy == 0)
            put_price(t, q, answer, i, out);
        put_unknown(t, q, i, out);
    }
}

const struct eo_explore_row *eo_best_least(const struct eo_explore_table *t, const struct eo_best_question *q,
                                           int limit)
{
    const struct eo_explore_row *least = NULL;

    for (size_t k = 0; q->limit[limit] > 0 && k < t->count; k++) {
        const struct eo_explore_row *r = &t->rows[k];

        if (is_within(r, q, limit) && !isnan(eo_best_cost(r, q, limit)) &&
            eo_explore_accuracy(&r->chosen) >= q->accuracy &&
            (!least || eo_best_cost(r, q, limit) < eo_best_cost(least, q, limit)))
            least = r;
    }
    return least;
}

/* What would have to be given up. */
static void put_nothing(const struct eo_explore_table *t, const struct eo_best_question *q,
                        struct eo_buf *out)
{
    const struct eo_explore_row *most = eo_best_without(t, q, -1);

    if (has_limits(q))
        eo_buf_printf(out,
                      "No point of %zu is within the limits on %s. One of these would have to be given up:\n",
                      t->count, eo_core_name(q->core));
    else
        eo_buf_printf(out, "No point of %zu is accurate enough. The most that there is:\n", t->count);
    if (most)
        eo_buf_printf(out, "  accuracy: %.2f %% instead of %.2f %%, by %s\n", per_cent(&most->chosen),
                      100 * q->accuracy, most->name);
    for (int i = 0; i < EO_BEST_LIMITS; i++) {
        const struct eo_explore_row *least = eo_best_least(t, q, i);

        if (least)
            eo_buf_printf(out, "  %s: %.*g %s instead of %.*g, for %s with %.2f %%\n", limit_names[i],
                          digits[i], eo_best_cost(least, q, i), units[i], digits[i], q->limit[i], least->name,
                          per_cent(&least->chosen));
        else if (q->limit[i] > 0)
            eo_buf_printf(out, "  %s: no amount of it alone is enough\n", limit_names[i]);
        put_unknown(t, q, i, out);
    }
}

void eo_best_put(const struct eo_best *best, const struct eo_explore_table *t,
                 const struct eo_best_question *q, struct eo_buf *out)
{
    if (!best->count) {
        put_nothing(t, q, out);
        return;
    }
    put_finalists(best, q, out);
    put_limits(t, q, best->finalist[0], out);
}

/* ---- the experiment of the finalists ------------------------------------------------------------------------- */

static struct eo_level level_of(const struct eo_explore_row *r)
{
    double share[EO_LEVEL_SHARES];

    for (int i = 0; i < r->spaces; i++)
        share[i] = rint((1 - (double)r->widths[i] / r->base_widths[i]) * 1e6) / 1e6;
    return eo_level_of(share, r->spaces);
}

/* Whether a finalist is of the same experiment as the answer. */
static int is_of_answer(const struct eo_best *best, int i)
{
    return best->finalist[i]->table == best->finalist[0]->table;
}

/* MiB, as the budgets are, in which all finalists are; rounded up to six decimals. */
static double budget_of(const struct eo_best *best)
{
    double most = 0;

    for (int i = 0; i < best->count; i++) {
        if (is_of_answer(best, i))
            most = fmax(most, best->finalist[i]->tensor_bytes);
    }
    return ceil(most / 1048576 * 1e6) / 1e6;
}

int eo_best_config(const struct eo_best *best, struct eo_config *cfg, struct eo_err *err)
{
    int precisions[EO_PRECISION_COUNT] = {0};

    if (best->finalist[0]->spaces > EO_LEVEL_SHARES)
        return eo_err_set(err,
                          "expected a network of at most %d spaces of channels, as a level has, found %d",
                          EO_LEVEL_SHARES, best->finalist[0]->spaces);
    cfg->pruning_level_count = cfg->precision_count = 0;
    for (int i = 0; i < best->count; i++) {
        struct eo_level level;
        int k = 0;

        if (!is_of_answer(best, i))
            continue;
        level = level_of(best->finalist[i]);
        precisions[best->finalist[i]->precision] = 1;
        while (k < cfg->pruning_level_count && eo_level_compare(cfg->pruning_levels[k], level) != 0)
            k++;
        cfg->pruning_levels[k] = level;
        cfg->pruning_level_count += k == cfg->pruning_level_count;
    }
    for (int p = 0; p < EO_PRECISION_COUNT; p++) {
        if (precisions[p])
            cfg->precisions[cfg->precision_count++] = (enum eo_precision)p;
    }
    cfg->active_memory_budget_mb = fmax(cfg->active_memory_budget_mb, budget_of(best));
    cfg->pruning_criterion_count = 1;
    cfg->pruning_scope = EO_SCOPE_LAYER;
    cfg->prune_steps = cfg->channel_multiple = 1;
    if (cfg->fine_tune_epochs < cfg->epochs)
        cfg->fine_tune_epochs = cfg->epochs;
    *cfg->output_dir = '\0';
    return 0;
}
