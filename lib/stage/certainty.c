#include "stage/certainty.h"

#include <math.h>
#include <string.h>

#include "base/quantile.h"
#include "base/stats.h"
#include "stage/evidence.h"

static const char *const names[] = {"", "dominated", "possible", "certain"};

const char *eo_certainty_name(enum eo_certainty label)
{
    return names[label];
}

int eo_certainty_parse(const char *text, enum eo_certainty *label, struct eo_err *err)
{
    int i;

    for (i = 0; i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            *label = (enum eo_certainty)i;
            return 0;
        }
    }
    return eo_err_set(err, "expected certain, possible or dominated, found '%.40s'", text);
}

/* Negative, 0 or positive. */
static int order(const struct eo_round_value *a, const struct eo_round_value *b)
{
    if (a->session != b->session)
        return a->session < b->session ? -1 : 1;
    return (a->round > b->round) - (a->round < b->round);
}

/* Goes on to the next round that both have. {0, 0} is before the first. */
struct place {
    size_t a, b; /* behind the round */
};

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

/* By how much a was faster in a round, as a share of both: within -1..1, so that no round outweighs all others. */
static double lead(const struct eo_contender *a, const struct eo_contender *b, struct place at)
{
    double x = a->rounds[at.a - 1].x, y = b->rounds[at.b - 1].x, both = fabs(x) + fabs(y);

    return both > 0 ? (y - x) / both : 0;
}

struct leads {
    size_t count, wins, differ; /* rounds in common, those that a won, those without a tie */
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

/* The t test of the mean lead, with the variance that leads have when they depend on those of the round before. */
static double test_mean(const struct eo_contender *a, const struct eo_contender *b, const struct leads *leads)
{
    double squares = 0, products = 0, before = 0, n = (double)leads->count, variance;
    struct place at = {0, 0};

    if (leads->count < 3 || !(leads->mean > 0))
        return 1;
    while (find_common(a, b, &at)) {
        double d = lead(a, b, at) - leads->mean;

        squares += d * d;
        products += d * before;
        before = d;
    }
    variance = squares / (n - 1) / n * eo_series_dependence(squares, products, leads->count);
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
        return a->x_high < b->x_low; /* no when one is NAN */
    return is_faster(a, b, level);
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

/* Whether it is shown that j does not beat i. */
static int is_no_threat(const struct eo_contender *i, const struct eo_contender *j, int is_exact)
{
    return eo_contender_is_cheaper(i, j, is_exact, EO_CERTAINTY_LEVEL) ||
           eo_contender_is_worse(j, i, EO_CERTAINTY_LEVEL);
}

/* Whether it is shown that j beats i. Where x is exact it may be equal: a higher accuracy then is enough. */
static int beats(const struct eo_contender *j, const struct eo_contender *i, int is_exact, double level)
{
    int is_cheap = (is_exact && j->x == i->x) || eo_contender_is_cheaper(j, i, is_exact, level);

    return is_cheap && eo_contender_is_worse(i, j, level);
}

static enum eo_certainty judge(const struct eo_contender *list, size_t count, size_t i, int is_exact)
{
    enum eo_certainty label = EO_CERTAINTY_CERTAIN;
    size_t j;

    for (j = 0; j < count; j++) {
        if (j == i)
            continue;
        if (beats(&list[j], &list[i], is_exact, EO_CERTAINTY_LEVEL / (double)(count - 1)))
            return EO_CERTAINTY_DOMINATED;
        if (label == EO_CERTAINTY_CERTAIN && !is_no_threat(&list[i], &list[j], is_exact))
            label = EO_CERTAINTY_POSSIBLE;
    }
    return label;
}

void eo_certainty_judge(const struct eo_contender *list, size_t count, int is_exact,
                        enum eo_certainty *labels)
{
    size_t i;

    for (i = 0; i < count; i++)
        labels[i] = judge(list, count, i, is_exact);
}
