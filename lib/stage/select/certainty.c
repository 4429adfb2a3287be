#include "stage/select/certainty.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "base/quantile.h"
#include "base/stats.h"
#include "stage/select/evidence.h"

static const char *const names[] = {"", "dominated", "possible", "certain", NULL};

const char *eo_certainty_name(enum eo_certainty label)
{
    return names[label];
}

int eo_certainty_parse(const char *text, enum eo_certainty *label, struct eo_err *err)
{
    int value;

    if (eo_names_parse(names, text, &value, err))
        return -1;
    *label = (enum eo_certainty)value;
    return 0;
}

static int order(const struct eo_round_value *a, const struct eo_round_value *b)
{
    return eo_evidence_compare_rounds(a->session, a->round, b->session, b->round);
}

/* A round that both have; {0, 0} is before the first one. */
struct place {
    size_t a, b; /* indices behind the round */
};

/* Moves on to the next round that both have; 0 at the end. */
static int find_common(const struct eo_contender *a, const struct eo_contender *b, struct place *at)
{
    while (at->a < a->round_count && at->b < b->round_count) {
        int o = order(&a->rounds[at->a], &b->rounds[at->b]);

        at->a += o <= 0;
        at->b += o >= 0;
        if (o == 0)
            return 1;
    }
    return 0;
}

/* The lead of a in a round as a share of both times, in -1..1, so that no round outweighs all others. */
static double lead(const struct eo_contender *a, const struct eo_contender *b, struct place at)
{
    double x = a->rounds[at.a - 1].x, y = b->rounds[at.b - 1].x, both = fabs(x) + fabs(y);

    return both > 0 ? (y - x) / both : 0;
}

struct leads {
    size_t count, wins, differ; /* common rounds, those in which a was faster, those without a tie */
    double mean;
};

static struct leads count_leads(const struct eo_contender *a, const struct eo_contender *b)
{
    struct leads leads = {0};
    struct place at = {0, 0};

    while (find_common(a, b, &at)) {
        double d = lead(a, b, at);

        leads.count++;
        leads.wins += d > 0;
        leads.differ += d != 0;
        leads.mean += d;
    }
    leads.mean /= leads.count ? (double)leads.count : 1;
    return leads;
}

/* The t test of the mean lead; the variance allows for leads that depend on those of the round before. */
static double test_mean(const struct eo_contender *a, const struct eo_contender *b, const struct leads *leads)
{
    double n = (double)leads->count, variance;
    struct eo_series series = {0};
    struct place at = {0, 0};

    if (leads->count < 3 || !(leads->mean > 0))
        return 1;
    while (find_common(a, b, &at))
        eo_series_add(&series, lead(a, b, at) - leads->mean);
    variance = series.squares / (n - 1) / n * eo_series_dependence(&series);
    return variance > 0 ? eo_stats_student_above(leads->mean / sqrt(variance), (leads->count - 1) / 2 * 2)
                        : 0;
}

static int is_faster(const struct eo_contender *a, const struct eo_contender *b, double level)
{
    struct leads leads = count_leads(a, b);

    return eo_sign_test(leads.wins, leads.differ) <= level && test_mean(a, b, &leads) <= level;
}

int eo_contender_is_cheaper(const struct eo_contender *a, const struct eo_contender *b, int is_exact,
                            double level)
{
    if (!(a->x < b->x) || is_exact)
        return a->x < b->x;
    if (!a->rounds || !b->rounds)
        return a->x_high < b->x_low; /* false if one is NAN */
    return is_faster(a, b, level);
}

void eo_contender_set_hits(struct eo_contender *c, const struct eo_evidence *evidence)
{
    c->hits = evidence ? evidence->hits : NULL;
    c->images = evidence ? evidence->images : 0;
    c->images_sha256 = evidence ? evidence->images_sha256 : NULL;
}

int eo_contender_have_same_images(const struct eo_contender *a, const struct eo_contender *b)
{
    return a->hits && b->hits && a->images == b->images && a->images_sha256 && b->images_sha256 &&
           *a->images_sha256 && strcmp(a->images_sha256, b->images_sha256) == 0;
}

double eo_contender_mcnemar(const struct eo_contender *a, const struct eo_contender *b)
{
    size_t more, differ;

    if (!eo_contender_have_same_images(a, b))
        return NAN;
    eo_evidence_count_discordant(a->hits, b->hits, a->images, &more, &differ);
    return fmin(1, 2 * eo_sign_test(more > differ - more ? more : differ - more, differ));
}

int eo_contender_is_worse(const struct eo_contender *a, const struct eo_contender *b, double level)
{
    size_t more, differ;

    if (!(a->accuracy < b->accuracy))
        return 0;
    if (!eo_contender_have_same_images(a, b))
        return a->accuracy_high < b->accuracy_low;
    eo_evidence_count_discordant(a->hits, b->hits, a->images, &more, &differ);
    return eo_sign_test(more, differ) <= level;
}

/* Whether j is shown not to beat i. */
static int is_no_threat(const struct eo_contender *i, const struct eo_contender *j, int is_exact)
{
    return eo_contender_is_cheaper(i, j, is_exact, EO_CERTAINTY_LEVEL) ||
           eo_contender_is_worse(j, i, EO_CERTAINTY_LEVEL);
}

/* Whether j is shown to beat i. An exact x may be equal, because then the higher accuracy is enough. */
static int beats(const struct eo_contender *j, const struct eo_contender *i, int is_exact, double level)
{
    int is_cheap = (is_exact && j->x == i->x) || eo_contender_is_cheaper(j, i, is_exact, level);

    return is_cheap && eo_contender_is_worse(i, j, level);
}

/* Candidates by rising x, then by falling accuracy; the accuracies once more, side by side for speed. */
struct field {
    const struct eo_contender *list;
    size_t count;
    int is_exact;
    const struct eo_contender **sorted;
    double *accuracy;
};

static int compare_contenders(const void *a, const void *b)
{
    const struct eo_contender *p = *(const struct eo_contender *const *)a,
                              *q = *(const struct eo_contender *const *)b;

    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    if (p->accuracy != q->accuracy)
        return p->accuracy > q->accuracy ? -1 : 1;
    return p < q ? -1 : p > q;
}

/* Whether a candidate before `place` is shown to beat the one there; later ones have a higher x. */
static int is_beaten(const struct field *f, size_t place)
{
    const struct eo_contender *self = f->sorted[place];
    double level = EO_CERTAINTY_LEVEL / (double)(f->count - 1);

    for (size_t k = 0; k < place; k++) {
        if (f->accuracy[k] > self->accuracy && beats(f->sorted[k], self, f->is_exact, level))
            return 1;
    }
    return 0;
}

static int is_above_all(const struct field *f, size_t place)
{
    for (size_t k = 0; k < f->count; k++) {
        if (k != place && !is_no_threat(f->sorted[place], f->sorted[k], f->is_exact))
            return 0;
    }
    return 1;
}

/*
 * A candidate that is on the frontier by its figures cannot be beaten, and another one cannot be certain, so most pairs
 * need no test. With 20,000 candidates the rest takes 0.6 to 1 s.
 */
static void judge(const struct field *f, enum eo_certainty *labels)
{
    double best = -INFINITY;

    for (size_t k = 0; k < f->count; k++) {
        enum eo_certainty *label = &labels[f->sorted[k] - f->list];

        *label = EO_CERTAINTY_POSSIBLE;
        if (f->accuracy[k] > best)
            *label = is_above_all(f, k) ? EO_CERTAINTY_CERTAIN : EO_CERTAINTY_POSSIBLE;
        else if (is_beaten(f, k))
            *label = EO_CERTAINTY_DOMINATED;
        best = fmax(best, f->accuracy[k]);
    }
}

int eo_certainty_judge(const struct eo_contender *list, size_t count, int is_exact, enum eo_certainty *labels,
                       struct eo_err *err)
{
    struct field f = {.list = list, .count = count, .is_exact = is_exact};
    int rc;

    f.sorted = eo_alloc(count, sizeof(*f.sorted), err);
    f.accuracy = f.sorted ? eo_alloc(count, sizeof(*f.accuracy), err) : NULL;
    rc = f.accuracy ? 0 : -1;
    if (rc == 0) {
        for (size_t k = 0; k < count; k++)
            f.sorted[k] = &list[k];
        if (count > 0)
            qsort(f.sorted, count, sizeof(*f.sorted), compare_contenders);
        for (size_t k = 0; k < count; k++)
            f.accuracy[k] = f.sorted[k]->accuracy;
        judge(&f, labels);
    }
    free(f.sorted);
    free(f.accuracy);
    return rc;
}
