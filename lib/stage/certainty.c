#include "stage/certainty.h"

#include <string.h>

#include "base/quantile.h"
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

/* Of the rounds that both have, those without a tie, and how many of them a won. */
static void count_rounds(const struct eo_contender *a, const struct eo_contender *b, size_t *wins,
                         size_t *differ)
{
    size_t i = 0, k = 0;

    *wins = *differ = 0;
    while (i < a->round_count && k < b->round_count) {
        int o = order(&a->rounds[i], &b->rounds[k]);

        if (o == 0) {
            *wins += a->rounds[i].x < b->rounds[k].x;
            *differ += a->rounds[i].x != b->rounds[k].x;
        }
        i += o <= 0;
        k += o >= 0;
    }
}

int eo_contender_is_cheaper(const struct eo_contender *a, const struct eo_contender *b, int is_exact,
                            double level)
{
    size_t wins, differ;

    if (!(a->x < b->x) || is_exact)
        return a->x < b->x;
    if (!a->rounds || !b->rounds)
        return a->x_high < b->x_low; /* no when one is NAN */
    count_rounds(a, b, &wins, &differ);
    return eo_sign_test(wins, differ) <= level;
}

int eo_contender_have_same_images(const struct eo_contender *a, const struct eo_contender *b)
{
    return a->hits && b->hits && a->images == b->images && a->images_sha256 && b->images_sha256 &&
           *a->images_sha256 && strcmp(a->images_sha256, b->images_sha256) == 0;
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
