#include "stage/explore/frontier.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stats.h"
#include "format/csv.h"
#include "stage/learn/eval.h"

#define COSTS EO_FRONTIER_COSTS
#define LIMITS EO_FRONTIER_LIMITS
#define QUESTIONS ((size_t)LIMITS * LIMITS * LIMITS)

static const size_t stride[COSTS] = {(size_t)LIMITS * LIMITS, LIMITS, 1};

static void get_costs(const struct eo_explore_row *r, enum eo_core core, double cost[COSTS])
{
    cost[0] = r->cost[core].flash_bytes;
    cost[1] = r->cost[core].ram_bytes;
    cost[2] = r->cost[core].instructions;
}

/* ---- the points ------------------------------------------------------------------------------------------------ */

static int is_known(const struct eo_explore_row *r, enum eo_core core)
{
    double cost[COSTS];

    get_costs(r, core, cost);
    return !isnan(cost[0]) && !isnan(cost[1]) && !isnan(cost[2]);
}

/* Whether a beats b; of equal ones the first does. */
static int beats(const struct eo_explore_row *a, const struct eo_explore_row *b, enum eo_core core)
{
    double x[COSTS], y[COSTS];
    int is_less = a->chosen.correct > b->chosen.correct;

    get_costs(a, core, x);
    get_costs(b, core, y);
    if (a->chosen.correct < b->chosen.correct)
        return 0;
    for (int k = 0; k < COSTS; k++) {
        if (!(x[k] <= y[k]))
            return 0;
        is_less |= x[k] < y[k];
    }
    return is_less || a < b;
}

static int choose_rows(struct eo_frontier *f, const struct eo_explore_table *t, struct eo_err *err)
{
    f->rows = eo_alloc(t->count, sizeof(*f->rows), err);
    if (!f->rows)
        return -1;
    for (size_t i = 0; i < t->count; i++) {
        const struct eo_explore_row *r = &t->rows[i];
        size_t k = 0;

        if (!is_known(r, f->core))
            continue;
        f->known++;
        while (k < t->count && !(k != i && is_known(&t->rows[k], f->core) && beats(&t->rows[k], r, f->core)))
            k++;
        if (k == t->count)
            f->rows[f->count++] = r;
    }
    if (f->count)
        return 0;
    return eo_err_set(err, "expected flash, RAM and instructions of some point on %s, found none",
                      eo_core_name(f->core));
}

/* ---- the questions --------------------------------------------------------------------------------------------- */

/* By halving: square roots alone, which all machines round alike. */
static void fill_limits(double *limit, int low, int high)
{
    int middle = (low + high) / 2;

    if (middle == low)
        return;
    limit[middle] = sqrt(limit[low] * limit[high]);
    fill_limits(limit, low, middle);
    fill_limits(limit, middle, high);
}

void eo_frontier_limits(double least, double most, double *limit, int count)
{
    limit[0] = least;
    limit[count - 1] = most;
    fill_limits(limit, 0, count - 1);
}

/* The answer is the number of a row, and 1; 0 is none. */
static uint32_t better(const struct eo_frontier *f, uint32_t a, uint32_t b)
{
    size_t x, y;

    if (!a || !b)
        return a + b;
    x = f->rows[a - 1]->chosen.correct;
    y = f->rows[b - 1]->chosen.correct;
    return x != y ? (x > y ? a : b) : a < b ? a : b;
}

static void ask_all(const struct eo_frontier *f, uint32_t *answer)
{
    double limit[COSTS][LIMITS];

    for (int k = 0; k < COSTS; k++)
        eo_frontier_limits(f->least[k], f->most[k], limit[k], LIMITS);
    for (size_t i = 0; i < f->count; i++) {
        double cost[COSTS];
        size_t at = 0;

        get_costs(f->rows[i], f->core, cost);
        for (int k = 0; k < COSTS; k++) {
            size_t n = 0;

            while (n < LIMITS - 1 && limit[k][n] < cost[k])
                n++;
            at += n * stride[k];
        }
        answer[at] = better(f, answer[at], (uint32_t)i + 1);
    }
    /* What keeps a limit keeps the next one. */
    for (int k = 0; k < COSTS; k++) {
        for (size_t q = 0; q < QUESTIONS; q++) {
            if (q / stride[k] % LIMITS > 0)
                answer[q] = better(f, answer[q], answer[q - stride[k]]);
        }
    }
}

static int set_shares(struct eo_frontier *f, struct eo_err *err)
{
    uint32_t *answer = eo_alloc(QUESTIONS, sizeof(*answer), err);

    f->share = answer ? eo_alloc(f->count, sizeof(*f->share), err) : NULL;
    if (f->share) {
        ask_all(f, answer);
        for (size_t q = 0; q < QUESTIONS; q++) {
            if (answer[q])
                f->share[answer[q] - 1] += 1;
        }
        for (size_t i = 0; i < f->count; i++)
            f->share[i] /= (double)QUESTIONS;
    }
    free(answer);
    return f->share ? 0 : -1;
}

/* ---- hypervolume ----------------------------------------------------------------------------------------------- */

static const struct eo_evidence *hits_of(const struct eo_explore_row *r, int is_unseen)
{
    return is_unseen ? &r->unseen : &r->chosen;
}

static int measure(const struct eo_frontier *f, int is_unseen, struct eo_hypervolume *v, struct eo_err *err)
{
    size_t n = hits_of(f->rows[0], is_unseen)->images;
    double *right, half;

    *v = (struct eo_hypervolume){NAN, NAN, NAN};
    for (size_t i = 0; i < f->count; i++) {
        if (hits_of(f->rows[i], is_unseen)->images != n)
            return 0;
    }
    right = n ? eo_alloc(n, sizeof(*right), err) : NULL;
    if (!right)
        return n ? -1 : 0;
    for (size_t i = 0; i < f->count; i++) {
        const uint64_t *hits = hits_of(f->rows[i], is_unseen)->hits;

        for (size_t k = 0; f->share[i] > 0 && k < n; k++)
            right[k] += hits[k / 64] >> (k % 64) & 1 ? f->share[i] : 0;
    }
    half = EO_STATS_Z975 * eo_stats_std_sample(right, n) / sqrt((double)n);
    v->value = eo_stats_mean(right, n);
    v->low = fmax(v->value - half, 0);
    v->high = fmin(v->value + half, 1);
    free(right);
    return 0;
}

int eo_frontier_make(struct eo_frontier *f, const struct eo_explore_table *t, enum eo_core core,
                     struct eo_err *err)
{
    memset(f, 0, sizeof(*f));
    f->core = core;
    if (choose_rows(f, t, err))
        return -1;
    for (size_t i = 0; i < f->count; i++) {
        double cost[COSTS];

        get_costs(f->rows[i], core, cost);
        for (int k = 0; k < COSTS; k++) {
            f->least[k] = i ? fmin(f->least[k], cost[k]) : cost[k];
            f->most[k] = fmax(f->most[k], cost[k]);
        }
    }
    return set_shares(f, err) || measure(f, 0, &f->chosen, err) || measure(f, 1, &f->unseen, err) ? -1 : 0;
}

void eo_frontier_release(struct eo_frontier *f)
{
    free(f->rows);
    free(f->share);
    memset(f, 0, sizeof(*f));
}

/* ---- as text --------------------------------------------------------------------------------------------------- */

static void put_accuracy(const struct eo_evidence *hits, struct eo_buf *out)
{
    struct eo_accuracy a;

    if (!hits->images) {
        eo_buf_puts(out, ",,,,,");
        return;
    }
    eo_accuracy_make(&a, hits->images, hits->correct);
    eo_csv_put_int(out, (long long)a.images, ',');
    eo_csv_put_int(out, (long long)a.correct, ',');
    eo_csv_put_double(out, a.value, ',');
    eo_csv_put_double(out, a.ci_low, ',');
    eo_csv_put_double(out, a.ci_high, ',');
}

void eo_frontier_put_csv(const struct eo_frontier *f, struct eo_buf *out)
{
    eo_buf_puts(
        out,
        "widths,precision,core,flash_bytes,ram_bytes,instructions,images,correct,accuracy,accuracy_ci95_low,"
        "accuracy_ci95_high,test_images,test_correct,test_accuracy,test_accuracy_ci95_low,"
        "test_accuracy_ci95_high,share\n");
    for (size_t i = 0; i < f->count; i++) {
        const struct eo_explore_row *r = f->rows[i];
        double cost[COSTS];

        get_costs(r, f->core, cost);
        eo_buf_printf(out, "%.*s,%s,%s,%.0f,%.0f,%.0f,", (int)(strrchr(r->name, '-') - r->name), r->name,
                      eo_precision_name(r->precision), eo_core_name(f->core), cost[0], cost[1], cost[2]);
        put_accuracy(&r->chosen, out);
        put_accuracy(&r->unseen, out);
        eo_csv_put_double(out, f->share[i], '\n');
    }
}

void eo_frontier_put(const struct eo_frontier *f, struct eo_buf *out)
{
    const struct eo_hypervolume *v = isnan(f->unseen.value) ? &f->chosen : &f->unseen;

    eo_buf_printf(
        out,
        "\nfrontier on %s: %zu of %zu points, none of which another beats in accuracy, flash, RAM and "
        "instructions\n",
        eo_core_name(f->core), f->count, f->known);
    eo_buf_printf(
        out,
        "hypervolume: %.4f (%.4f to %.4f) on %s, the mean accuracy of the answers to limits of %.0f to %.0f "
        "bytes of flash,\n%.0f to %.0f of RAM and %.0f to %.0f instructions; reference point: the most of "
        "each, and accuracy 0\n",
        v->value, v->low, v->high, v == &f->unseen ? "the unseen images" : "the images that decide",
        f->least[0], f->most[0], f->least[1], f->most[1], f->least[2], f->most[2]);
}
