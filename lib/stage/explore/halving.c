#include "stage/explore/halving.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/explore/frontier.h"
#include "stage/select/certainty.h"

#define AXES 3
#define LIMITS EO_HALVING_LIMITS
#define QUESTIONS (LIMITS * LIMITS * LIMITS)
#define CORE EO_CORE_m4dsp /* whose costs are the questions' */

struct row {
    size_t correct;
    int first[AXES]; /* the lowest limit of each cost that it keeps */
};

/* A training that can go on, and what it added to the worth when that was last computed; it never adds more later. */
struct rival {
    uint64_t gain;
    size_t training;
};

struct field {
    const struct eo_explore_table *t;
    struct row *rows;   /* [t->count], those of a training together */
    size_t *begin;      /* [trainings + 1]: its first row */
    struct rival *heap; /* [left], the greatest gain on top */
    size_t left;
    size_t best[QUESTIONS];  /* correct answers of those that go on */
    size_t trial[QUESTIONS]; /* the same with one more */
};

/* ---- certain losers -------------------------------------------------------------------------------------------- */

static int is_at_most(double a, double b)
{
    return a <= b || (isnan(a) && isnan(b));
}

static int costs_no_more(const struct eo_explore_row *a, const struct eo_explore_row *b)
{
    int ok = is_at_most(a->tensor_bytes, b->tensor_bytes) && is_at_most(a->macs, b->macs);

    for (int c = 0; ok && c < EO_CORE_COUNT; c++)
        ok = is_at_most(a->cost[c].flash_bytes, b->cost[c].flash_bytes) &&
             is_at_most(a->cost[c].ram_bytes, b->cost[c].ram_bytes) &&
             is_at_most(a->cost[c].instructions, b->cost[c].instructions);
    return ok;
}

/*
 * With d more images right, p is lowest where the other has none right that this one has wrong: 2 / 2^d. So few as
 * cannot be enough are not tested, which is most of them.
 */
static int is_certain_loser(const struct eo_explore_table *t, size_t i)
{
    const struct eo_explore_row *r = &t->rows[i];
    double level = 2 * EO_CERTAINTY_LEVEL / (double)(t->count > 1 ? t->count - 1 : 1);

    for (size_t k = 0; k < t->count; k++) {
        const struct eo_explore_row *other = &t->rows[k];

        if (other->chosen.correct > r->chosen.correct &&
            ldexp(2, -(int)(other->chosen.correct - r->chosen.correct)) <= level && costs_no_more(other, r) &&
            eo_explore_mcnemar(other, r) <= level)
            return 1;
    }
    return 0;
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

static double known_cost(const struct eo_explore_row *r, int axis)
{
    const struct eo_core_cost *c = &r->cost[CORE];
    const double cost[AXES] = {c->flash_bytes, c->ram_bytes, c->instructions};

    return cost[axis];
}

/* A cost that is not known of some row has another one in its place in all rows, or none. */
static double cost_of(const struct eo_explore_row *r, int axis, int is_known)
{
    const double instead[AXES] = {r->tensor_bytes, 0, r->macs};
    double x = is_known ? known_cost(r, axis) : instead[axis];

    return isnan(x) ? 0 : x;
}

static void set_limits(struct field *f, int axis)
{
    double limit[LIMITS], least = INFINITY, most = 0;
    int is_known = 1;

    for (size_t i = 0; i < f->t->count; i++)
        is_known &= !isnan(known_cost(&f->t->rows[i], axis));
    for (size_t i = 0; i < f->t->count; i++) {
        double cost = cost_of(&f->t->rows[i], axis, is_known);

        least = fmin(least, cost);
        most = fmax(most, cost);
    }
    eo_frontier_limits(least, most, limit, LIMITS);
    for (size_t i = 0; i < f->t->count; i++) {
        int k = 0;

        while (k < LIMITS - 1 && limit[k] < cost_of(&f->t->rows[i], axis, is_known))
            k++;
        f->rows[i].first[axis] = k;
    }
}

/* What a training would add; is_taken: it is added. */
static uint64_t add_training(struct field *f, size_t training, int is_taken)
{
    static const size_t stride[AXES] = {LIMITS * LIMITS, LIMITS, 1};
    uint64_t gain = 0;

    memcpy(f->trial, f->best, sizeof(f->best));
    for (size_t i = f->begin[training]; i < f->begin[training + 1]; i++) {
        const struct row *r = &f->rows[i];

        for (size_t a = (size_t)r->first[0]; a < LIMITS; a++) {
            for (size_t b = (size_t)r->first[1]; b < LIMITS; b++) {
                for (size_t c = (size_t)r->first[2]; c < LIMITS; c++) {
                    size_t *at = &f->trial[a * stride[0] + b * stride[1] + c * stride[2]];

                    if (r->correct > *at) {
                        gain += r->correct - *at;
                        *at = r->correct;
                    }
                }
            }
        }
    }
    if (is_taken)
        memcpy(f->best, f->trial, sizeof(f->best));
    return gain;
}

/* ---- the quota ------------------------------------------------------------------------------------------------- */

static int is_before(const struct rival *a, const struct rival *b)
{
    return a->gain != b->gain ? a->gain > b->gain : a->training < b->training;
}

static void sink(struct field *f, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        struct rival r = f->heap[at];

        if (child + 1 < f->left && is_before(&f->heap[child + 1], &f->heap[child]))
            child++;
        if (child >= f->left || !is_before(&f->heap[child], &r))
            return;
        f->heap[at] = f->heap[child];
        f->heap[child] = r;
        at = child;
    }
}

static void begin_layer(struct field *f)
{
    memset(f->best, 0, sizeof(f->best));
    for (size_t i = 0; i < f->left; i++)
        f->heap[i].gain = add_training(f, f->heap[i].training, 0);
    for (size_t i = f->left; i-- > 0;)
        sink(f, i);
}

/*
 * A gain only falls as others go on, so the top of the heap is the best one if its gain, computed again, leaves it
 * there (lazy greedy, Minoux 1978).
 */
static void fill_quota(struct field *f, size_t quota, unsigned char *goes_on)
{
    begin_layer(f);
    while (quota > 0 && f->left > 0) {
        struct rival top = f->heap[0];

        f->heap[0].gain = add_training(f, top.training, 0);
        if (f->heap[0].gain < top.gain) {
            sink(f, 0);
            continue;
        }
        if (top.gain == 0) {
            begin_layer(f);
            if (f->heap[0].gain == 0)
                return; /* none has an image right */
            continue;
        }
        add_training(f, top.training, 1);
        goes_on[top.training] = 1;
        quota--;
        f->heap[0] = f->heap[--f->left];
        sink(f, 0);
    }
}

static void set_rivals(struct field *f, size_t trainings, size_t precisions)
{
    size_t row = 0;

    for (size_t k = 0; k < trainings; k++) {
        int is_rival = 0;

        f->begin[k] = row;
        for (; row < f->t->count && f->t->rows[row].number / precisions == k; row++) {
            f->rows[row].correct = f->t->rows[row].chosen.correct;
            is_rival |= !is_certain_loser(f->t, row);
        }
        if (is_rival)
            f->heap[f->left++].training = k;
    }
    f->begin[trainings] = row;
}

int eo_halving_promote(const struct eo_explore_table *t, size_t trainings, size_t precisions, size_t quota,
                       unsigned char *goes_on, struct eo_err *err)
{
    struct field *f = eo_alloc(1, sizeof(*f), err);
    int rc = -1;

    memset(goes_on, 0, trainings);
    if (!f)
        return -1;
    f->t = t;
    f->rows = eo_alloc(t->count, sizeof(*f->rows), err);
    f->begin = f->rows ? eo_alloc(trainings + 1, sizeof(*f->begin), err) : NULL;
    f->heap = f->begin ? eo_alloc(trainings, sizeof(*f->heap), err) : NULL;
    if (f->heap) {
        for (int axis = 0; axis < AXES; axis++)
            set_limits(f, axis);
        set_rivals(f, trainings, precisions);
        fill_quota(f, quota, goes_on);
        rc = 0;
    }
    free(f->rows);
    free(f->begin);
    free(f->heap);
    free(f);
    return rc;
}
