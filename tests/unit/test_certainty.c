/*
 * Labels of a frontier: small cases by hand, and simulations whose truth is known.
 *
 * The simulated world has true accuracies and true latencies. Images are shared: a model draws the difficulty of an
 * image anew with a small probability and otherwise finds it as hard as its group does, so errors are correlated and
 * the expected accuracy is exactly the true one. Rounds are shared: a drift that all candidates of a round see, an
 * effect of each process with heavy tails, or in some worlds one that depends on that of the round before, and what is
 * left of the noise within a process; symmetric on purpose, so that equal true latencies mean that either is the faster
 * in half of the rounds.
 */
#include "stage/select/certainty.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "base/stats.h"
#include "tests/unit/check.h"

#define MAX 12
#define ROUNDS 12
#define IMAGES 3000
#define WORDS (IMAGES / 64 + 1)
#define LIMIT 0.05

static const char images_name[] = "same";

struct world {
    const char *name;
    size_t count;
    double accuracy[MAX], latency[MAX];
    int group[MAX]; /* candidates of a group make nearly the same errors */
    int is_exact;   /* x is known without noise */
    int is_usual;   /* not made to be hard */
    int sweeps;
    double rho; /* correlation of a candidate's own level in a round with that in the round before */
};

struct sweep {
    struct eo_contender list[MAX];
    struct eo_round_value rounds[MAX][ROUNDS];
    uint64_t hits[MAX][WORDS];
};

/* The labels of many sweeps against the truth. */
struct score {
    size_t certain, wrong_certain, dominated, wrong_dominated;
    size_t on_frontier, off_frontier; /* candidates, by the truth */
    size_t sweeps_with_wrong;
};

static void judge_all(const struct eo_contender *list, size_t count, int is_exact, enum eo_certainty *labels)
{
    if (eo_certainty_judge(list, count, is_exact, labels, NULL))
        check_that(0, "labels: expected some, found an error");
}

static double uniform(struct eo_rng *rng)
{
    return ((double)(eo_rng_u64(rng) >> 11) + 0.5) / 9007199254740992.0;
}

/* Sum of twelve uniform numbers less 6: near enough to a normal one, and symmetric. */
static double normal(struct eo_rng *rng)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += uniform(rng);
    return sum;
}

/* Student's t with 2 degrees of freedom, by inversion: heavy tails, no variance. */
static double heavy(struct eo_rng *rng)
{
    double u = 2 * uniform(rng) - 1;

    return u * sqrt(2 / (1 - u * u));
}

static void draw_rounds(struct sweep *s, const struct world *w, struct eo_rng *rng)
{
    double drift = 0, sum[MAX] = {0}, level[MAX] = {0};

    for (size_t i = 0; i < w->count; i++)
        level[i] = w->rho > 0 ? normal(rng) : 0;
    for (int r = 0; r < ROUNDS; r++) {
        drift = 0.9 * drift + 0.02 * normal(rng);
        for (size_t i = 0; i < w->count; i++) {
            double own = w->rho > 0 ? 0.01 * level[i] : 0.004 * heavy(rng);
            double x = w->latency[i] * (1 + drift + own + 0.002 * normal(rng));

            if (w->rho > 0)
                level[i] = w->rho * level[i] + sqrt(1 - w->rho * w->rho) * normal(rng);
            s->rounds[i][r] =
                (struct eo_round_value){.session = 1, .round = r, .x = w->is_exact ? w->latency[i] : x};
            sum[i] += s->rounds[i][r].x;
        }
    }
    for (size_t i = 0; i < w->count; i++) {
        s->list[i].x = w->is_exact ? w->latency[i] : sum[i] / ROUNDS;
        s->list[i].rounds = s->rounds[i];
        s->list[i].round_count = ROUNDS;
    }
}

static void draw_hits(struct sweep *s, const struct world *w, struct eo_rng *rng)
{
    size_t correct[MAX] = {0};

    memset(s->hits, 0, sizeof(s->hits));
    for (int image = 0; image < IMAGES; image++) {
        double shared = uniform(rng), group[MAX];

        for (size_t i = 0; i < MAX; i++)
            group[i] = uniform(rng) < 0.9 ? shared : uniform(rng);
        for (size_t i = 0; i < w->count; i++) {
            double difficulty = uniform(rng) < 0.985 ? group[w->group[i]] : uniform(rng);
            int hit = difficulty < w->accuracy[i];

            s->hits[i][image / 64] |= (uint64_t)hit << (image % 64);
            correct[i] += (size_t)hit;
        }
    }
    for (size_t i = 0; i < w->count; i++) {
        s->list[i].accuracy = (double)correct[i] / IMAGES;
        eo_stats_wilson95(correct[i], IMAGES, &s->list[i].accuracy_low, &s->list[i].accuracy_high);
        s->list[i].hits = s->hits[i];
        s->list[i].images = IMAGES;
        s->list[i].images_sha256 = images_name;
    }
}

/* j is as good in both and better in one. */
static int is_beaten(double xi, double yi, double xj, double yj)
{
    return xj <= xi && yj >= yi && (xj < xi || yj > yi);
}

static int is_on_frontier(const double *x, const double *y, size_t count, size_t i)
{
    for (size_t j = 0; j < count; j++) {
        if (is_beaten(x[i], y[i], x[j], y[j]))
            return 0;
    }
    return 1;
}

/* Labels that take the figures for the truth. */
static void judge_by_figures(const struct sweep *s, size_t count, enum eo_certainty *labels)
{
    double x[MAX], y[MAX];

    for (size_t i = 0; i < count; i++) {
        x[i] = s->list[i].x;
        y[i] = s->list[i].accuracy;
    }
    for (size_t i = 0; i < count; i++)
        labels[i] = is_on_frontier(x, y, count, i) ? EO_CERTAINTY_CERTAIN : EO_CERTAINTY_DOMINATED;
}

static void add_score(struct score *score, const struct world *w, const enum eo_certainty *labels)
{
    size_t wrong = score->wrong_certain;

    for (size_t i = 0; i < w->count; i++) {
        int truth = is_on_frontier(w->latency, w->accuracy, w->count, i);

        score->on_frontier += (size_t)truth;
        score->off_frontier += (size_t)!truth;
        score->certain += labels[i] == EO_CERTAINTY_CERTAIN;
        score->dominated += labels[i] == EO_CERTAINTY_DOMINATED;
        score->wrong_certain += labels[i] == EO_CERTAINTY_CERTAIN && !truth;
        score->wrong_dominated += labels[i] == EO_CERTAINTY_DOMINATED && truth;
    }
    score->sweeps_with_wrong += score->wrong_certain > wrong;
}

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* What is known without rounds and hits: x and accuracy with their intervals. Of 12 rounds the 3rd and the 10th bound
 * the median with 96 %. */
static void judge_by_intervals(const struct sweep *s, const struct world *w, enum eo_certainty *labels)
{
    struct eo_contender list[MAX];

    for (size_t i = 0; i < w->count; i++) {
        double x[ROUNDS];

        for (size_t r = 0; r < ROUNDS; r++)
            x[r] = s->rounds[i][r].x;
        eo_stats_sort(x, ROUNDS);
        list[i] = s->list[i];
        list[i].round_count = 0;
        list[i].hits = NULL;
        if (!w->is_exact)
            list[i].x = eo_stats_median_sorted(x, ROUNDS);
        list[i].x_low = x[2];
        list[i].x_high = x[9];
    }
    judge_all(list, w->count, w->is_exact, labels);
}

enum judge { BY_TESTS, BY_INTERVALS, BY_FIGURES, JUDGES };

static void print_score(const struct world *w, enum judge judge, const struct score *s)
{
    static const char *const by[] = {"tests", "intervals", "figures"};

    printf("# %-33s %-9s %6.2f %6.2f %6.2f %6.1f   %6.2f %6.1f\n", judge == BY_TESTS ? w->name : "",
           by[judge], 100 * share(s->wrong_certain, s->off_frontier),
           100 * share(s->wrong_certain, s->certain), 100 * share(s->sweeps_with_wrong, (size_t)w->sweeps),
           100 * share(s->certain - s->wrong_certain, s->on_frontier),
           100 * share(s->wrong_dominated, s->on_frontier),
           100 * share(s->dominated - s->wrong_dominated, s->off_frontier));
}

static void simulate(const struct world *w, struct score score[JUDGES])
{
    static struct sweep s;
    enum eo_certainty labels[MAX];
    struct eo_rng rng;

    memset(score, 0, JUDGES * sizeof(*score));
    eo_rng_init(&rng, 20, EO_RNG_BENCH);
    for (int k = 0; k < w->sweeps; k++) {
        draw_rounds(&s, w, &rng);
        draw_hits(&s, w, &rng);
        judge_all(s.list, w->count, w->is_exact, labels);
        add_score(&score[BY_TESTS], w, labels);
        judge_by_intervals(&s, w, labels);
        add_score(&score[BY_INTERVALS], w, labels);
        judge_by_figures(&s, w->count, labels);
        add_score(&score[BY_FIGURES], w, labels);
    }
    for (int k = 0; k < JUDGES; k++)
        print_score(w, (enum judge)k, &score[k]);
}

static void check_at_most(const char *world, const char *what, size_t part, size_t whole, double limit)
{
    check_that(share(part, whole) <= limit, "%s: %s: expected at most %g, found %zu of %zu", world, what,
               limit, part, whole);
}

/* What the labels promise; and that they say something where there is something to say. */
static void test_promise(const struct world *w)
{
    struct score score[JUDGES];

    simulate(w, score);
    for (int k = BY_TESTS; k <= BY_INTERVALS; k++) {
        const struct score *s = &score[k];

        check_at_most(w->name, "certain off the frontier", s->wrong_certain, s->off_frontier, LIMIT);
        check_at_most(w->name, "dominated on the frontier", s->wrong_dominated, s->on_frontier, LIMIT);
        if (!w->is_usual)
            continue;
        check_at_most(w->name, "wrong among the certain", s->wrong_certain, s->certain, LIMIT);
        check_at_most(w->name, "sweeps with a wrong certain", s->sweeps_with_wrong, (size_t)w->sweeps, LIMIT);
    }
    if (w->rho > 0)
        return;
    check_that(score[BY_FIGURES].wrong_dominated > 5 * LIMIT / 6 * (double)score[BY_FIGURES].on_frontier,
               "%s: expected figures alone to be wrong, found %zu of %zu", w->name,
               score[BY_FIGURES].wrong_dominated, score[BY_FIGURES].on_frontier);
    if (!w->is_usual)
        return;
    check_that(3 * score[BY_TESTS].certain >= score[BY_TESTS].on_frontier,
               "%s: expected a third found, found %zu of %zu", w->name, score[BY_TESTS].certain,
               score[BY_TESTS].on_frontier);
    check_that(4 * score[BY_TESTS].dominated >= score[BY_TESTS].off_frontier,
               "%s: expected a quarter dominated, found %zu of %zu", w->name, score[BY_TESTS].dominated,
               score[BY_TESTS].off_frontier);
    check_that(score[BY_FIGURES].wrong_certain > 2 * LIMIT * (double)score[BY_FIGURES].certain,
               "%s: expected figures alone to be wrong, found %zu of %zu", w->name,
               score[BY_FIGURES].wrong_certain, score[BY_FIGURES].certain);
}

#define ACCURACIES                                                                                           \
    {                                                                                                        \
        .9, .9, .897, .897, .897, .89, .8885, .8885, .885, .86, .86, .855                                    \
    }
#define GROUPS                                                                                               \
    {                                                                                                        \
        0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3                                                                   \
    }

static void test_promises(void)
{
    static const struct world worlds[] = {
        {"12 of four levels, fp32 as fp16",
         12,
         ACCURACIES,
         {90, 90, 30, 52, 52.2, 20, 28, 28.2, 11.5, 14, 14.1, 6},
         GROUPS,
         0,
         1,
         300,
         0},
        {"the same by size, which is exact",
         12,
         ACCURACIES,
         {82, 41, 21, 58, 29, 15, 36, 18, 9, 22, 11, 5.5},
         GROUPS,
         1,
         1,
         300,
         0},
        {"12 that are nearly equal",
         12,
         {.88, .8801, .8802, .8803, .8804, .8805, .8806, .8807, .8808, .8809, .881, .8811},
         {20, 20.01, 20.02, 20, 19.99, 20, 20.01, 20.02, 20, 19.99, 20, 20.01},
         GROUPS,
         0,
         0,
         300,
         0},
        {"2: as fast, a little worse", 2, {.88, .8801}, {20, 20}, {0, 1}, 0, 0, 1500, 0},
        {"2: a little faster, much worse", 2, {.86, .89}, {19.9999, 20}, {0, 1}, 0, 0, 1500, 0},
        {"12 of four levels, rho 0.8",
         12,
         ACCURACIES,
         {90, 90, 30, 52, 52.2, 20, 28, 28.2, 11.5, 14, 14.1, 6},
         GROUPS,
         0,
         1,
         300,
         0.8},
        {"2: as fast, much worse, rho 0.5", 2, {.86, .89}, {20, 20}, {0, 1}, 0, 0, 1500, 0.5},
        {"2: as fast, much worse, rho 0.8", 2, {.86, .89}, {20, 20}, {0, 1}, 0, 0, 1500, 0.8},
        {"2: as fast, a little worse, rho 0.5", 2, {.88, .8801}, {20, 20}, {0, 1}, 0, 0, 1500, 0.5},
        {"2: as fast, much worse, rho 0.9", 2, {.86, .89}, {20, 20}, {0, 1}, 0, 0, 1500, 0.9},
        {"2: as fast, much worse, rho 0.95", 2, {.86, .89}, {20, 20}, {0, 1}, 0, 0, 1500, 0.95},
    };

    printf("# %% of                               by        wrong certain of:    certain wrong  dominated\n"
           "#                                            off front  certain sweeps  of front domin.  of off "
           "front\n");
    for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
        test_promise(&worlds[i]);
}

/* By hand. */

#define FEW 64

struct pair {
    struct eo_contender a, b;
    struct eo_round_value rounds[2][FEW];
    uint64_t hits[2][2];
};

/* Ten rounds in common, of which a is faster in `wins`, the others in the middle; figures and intervals that say
 * nothing. */
static void make_pair(struct pair *p, int wins)
{
    *p = (struct pair){.a = {.x = 1,
                             .x_low = NAN,
                             .x_high = NAN,
                             .accuracy = 0.5,
                             .accuracy_low = NAN,
                             .accuracy_high = NAN,
                             .images = 64,
                             .images_sha256 = images_name}};
    p->b = p->a;
    p->b.x = 2;
    p->b.accuracy = 0.6;
    for (int r = 0; r < 10; r++) {
        p->rounds[0][r] = (struct eo_round_value){7, r, 3};
        p->rounds[1][r] = (struct eo_round_value){7, r, (r + 5) % 10 < 10 - wins ? 2.99 : 4};
    }
    p->a.rounds = p->rounds[0];
    p->b.rounds = p->rounds[1];
    p->a.round_count = p->b.round_count = 10;
}

static void test_rounds(void)
{
    struct pair p;

    make_pair(&p, 9); /* 11 / 1024 */
    check_that(eo_contender_is_cheaper(&p.a, &p.b, 0, 0.011), "9 of 10 rounds: expected shown at 1.1 %%");
    check_that(!eo_contender_is_cheaper(&p.a, &p.b, 0, 0.0107),
               "9 of 10 rounds: expected not shown at 1.07 %%");
    check_that(!eo_contender_is_cheaper(&p.b, &p.a, 0, 0.5), "the dearer: expected not shown");
    p.a.x = 2;
    check_that(!eo_contender_is_cheaper(&p.a, &p.b, 0, 0.025), "equal figures: expected not shown");
    make_pair(&p, 9);
    p.rounds[1][5].x = 3; /* a tie is no throw: 9 of 9 */
    check_that(eo_contender_is_cheaper(&p.a, &p.b, 0, 0.00196), "9 of 9 rounds and a tie: expected shown");
    make_pair(&p, 10);
    p.rounds[1][0].session = 6; /* nine in common */
    check_that(!eo_contender_is_cheaper(&p.a, &p.b, 0, 0.001),
               "a round of another session: expected not to pair");
    make_pair(&p, 10);
    p.a.rounds++; /* rounds 1 to 9 beside 0 to 9 */
    p.a.round_count--;
    check_that(eo_contender_is_cheaper(&p.a, &p.b, 0, 0.00196), "nine in common: expected shown");
    check_that(!eo_contender_is_cheaper(&p.a, &p.b, 0, 0.00195),
               "nine in common: expected not shown at 0.195 %%");
    p.b.round_count = 0;
    p.a.x_high = 1.4;
    p.b.x_low = 1.5;
    check_that(!eo_contender_is_cheaper(&p.a, &p.b, 0, 0.025), "all rounds disturbed: expected not shown");
    p.b.rounds = NULL;
    p.a.x_high = p.b.x_low = NAN;
    check_that(!eo_contender_is_cheaper(&p.a, &p.b, 0, 0.025), "no rounds, no intervals: expected not shown");
    p.a.x_high = 1.4;
    p.b.x_low = 1.5;
    check_that(eo_contender_is_cheaper(&p.a, &p.b, 0, 0.025), "intervals apart: expected shown");
    p.b.x_low = 1.4;
    check_that(!eo_contender_is_cheaper(&p.a, &p.b, 0, 0.025), "intervals that touch: expected not shown");
    check_that(eo_contender_is_cheaper(&p.a, &p.b, 1, 0), "exact: expected shown");
}

/* a wins ten rounds, and its lead grows from 0.5 to 5 %, so it may have been behind before. */
static void test_drift(void)
{
    struct pair p;

    make_pair(&p, 10);
    for (int r = 0; r < 10; r++)
        p.rounds[1][r].x = 3 * (1 + 0.005 * (r + 1));
    check_that(!eo_contender_is_cheaper(&p.a, &p.b, 0, 0.025), "a lead that drifts: expected not shown");
    for (int r = 0; r < 10; r++)
        p.rounds[1][r].x = 3 * (1 + 0.005 * (1 + r * 7 % 10)); /* the same leads in no order */
    check_that(eo_contender_is_cheaper(&p.a, &p.b, 0, 0.025), "the same leads without order: expected shown");
    for (int r = 0; r < 10; r++)
        p.rounds[1][r].x = 6 * (1 + 0.005 * (r + 1));
    check_that(eo_contender_is_cheaper(&p.a, &p.b, 0, 0.025),
               "a small drift of a large lead: expected shown");
}

static void test_hits(void)
{
    struct pair p;

    make_pair(&p, 0);
    p.hits[0][0] = 0x00f;
    p.hits[1][0] = 0x7fe; /* a alone: bit 0; b alone: bits 4 to 10 */
    p.a.hits = p.hits[0];
    p.b.hits = p.hits[1];
    check_that(eo_contender_is_worse(&p.a, &p.b, 0.0352), "7 of 8 images: expected shown at 3.52 %%");
    check_that(!eo_contender_is_worse(&p.a, &p.b, 0.035), "7 of 8 images: expected not shown at 3.5 %%");
    check_that(!eo_contender_is_worse(&p.b, &p.a, 1), "the better: expected not shown");
    p.b.images_sha256 = "other";
    check_that(!eo_contender_is_worse(&p.a, &p.b, 1), "other images, no intervals: expected not shown");
    p.a.accuracy_high = 0.54;
    p.b.accuracy_low = 0.55;
    check_that(eo_contender_is_worse(&p.a, &p.b, 0.025), "other images, intervals apart: expected shown");
    p.a.images_sha256 = p.b.images_sha256 = "";
    check_that(eo_contender_is_worse(&p.a, &p.b, 0), "unknown images: expected intervals to decide");
    p.a.images_sha256 = p.b.images_sha256 = "one";
    check_that(!eo_contender_is_worse(&p.a, &p.b, 0.025), "the same images: expected the test to decide");
    p.a.images = 65;
    check_that(eo_contender_is_worse(&p.a, &p.b, 0.025),
               "another number of images: expected intervals to decide");
}

/* The definition, pair by pair. */
static enum eo_certainty judge_by_definition(const struct eo_contender *list, size_t count, size_t i,
                                             int is_exact)
{
    enum eo_certainty label = EO_CERTAINTY_CERTAIN;
    double level = EO_CERTAINTY_LEVEL / (double)(count - 1);

    for (size_t j = 0; j < count; j++) {
        const struct eo_contender *self = &list[i], *other = &list[j];
        int is_cheap =
            (is_exact && other->x == self->x) || eo_contender_is_cheaper(other, self, is_exact, level);

        if (j == i)
            continue;
        if (is_cheap && eo_contender_is_worse(self, other, level))
            return EO_CERTAINTY_DOMINATED;
        if (!eo_contender_is_cheaper(self, other, is_exact, EO_CERTAINTY_LEVEL) &&
            !eo_contender_is_worse(other, self, EO_CERTAINTY_LEVEL))
            label = EO_CERTAINTY_POSSIBLE;
    }
    return label;
}

/* Figures on a grid, so that many are equal, with intervals of all widths or none. */
static void draw_contender(struct eo_rng *rng, struct eo_contender *c)
{
    double half = uniform(rng) < 0.1 ? NAN : 2 * uniform(rng), accuracy = floor(20 * uniform(rng)) / 20;

    *c = (struct eo_contender){.x = floor(12 * uniform(rng)), .accuracy = accuracy};
    c->x_low = c->x - half;
    c->x_high = c->x + half;
    c->accuracy_low = accuracy - half / 20;
    c->accuracy_high = accuracy + half / 20;
}

static void test_definition(void)
{
    struct eo_contender list[MAX];
    enum eo_certainty labels[MAX];
    size_t seen[EO_CERTAINTY_CERTAIN + 1] = {0}, count;
    struct eo_rng rng;

    eo_rng_init(&rng, 3, EO_RNG_BENCH);
    for (int k = 0; k < 2000; k++) {
        count = 2 + (size_t)k % (MAX - 1);
        for (size_t i = 0; i < count; i++)
            draw_contender(&rng, &list[i]);
        judge_all(list, count, k % 2, labels);
        for (size_t i = 0; i < count; i++) {
            enum eo_certainty expected = judge_by_definition(list, count, i, k % 2);

            seen[expected]++;
            if (labels[i] != expected)
                check_that(0, "case %d, candidate %zu: expected %s, found %s", k, i,
                           eo_certainty_name(expected), eo_certainty_name(labels[i]));
        }
    }
    for (size_t i = EO_CERTAINTY_DOMINATED; i <= EO_CERTAINTY_CERTAIN; i++)
        check_that(seen[i] > 500, "label %zu: expected more than 500, found %zu", i, seen[i]);
}

/* The first letters of the labels, from intervals alone: x +- 0.1, accuracy +- 0.01 unless exact. */
static void test_labels(const char *what, int is_exact, size_t count, const double *x, const double *accuracy,
                        const char *expected)
{
    struct eo_contender list[MAX] = {{0}};
    enum eo_certainty labels[MAX];
    char found[8 * MAX] = "";

    for (size_t i = 0; i < count; i++)
        list[i] = (struct eo_contender){.x = x[i],
                                        .x_low = x[i] - 0.1,
                                        .x_high = x[i] + 0.1,
                                        .accuracy = accuracy[i],
                                        .accuracy_low = accuracy[i] - 0.01,
                                        .accuracy_high = accuracy[i] + 0.01};
    judge_all(list, count, is_exact, labels);
    for (size_t i = 0; i < count; i++)
        strncat(found, eo_certainty_name(labels[i]), 1);
    check_text(what, expected, found);
}

static void test_parse(void)
{
    enum eo_certainty label = EO_CERTAINTY_NONE;
    struct eo_err err;

    for (int i = EO_CERTAINTY_NONE; i <= EO_CERTAINTY_CERTAIN; i++)
        check_that(eo_certainty_parse(eo_certainty_name((enum eo_certainty)i), &label, &err) == 0 &&
                       (int)label == i,
                   "label %d: expected to be read back, found %d", i, (int)label);
    if (check_that(eo_certainty_parse("sure", &label, &err) == -1, "'sure': expected no label"))
        check_text("message", "expected one of dominated, possible, certain, found 'sure'", err.msg);
}

int main(void)
{
    test_parse();
    test_rounds();
    test_drift();
    test_hits();
    test_definition();
    test_labels("one alone", 0, 1, (double[]){1}, (double[]){.5}, "c");
    test_labels("twins", 0, 2, (double[]){1, 1}, (double[]){.5, .5}, "pp");
    test_labels("exact twins", 1, 2, (double[]){1, 1}, (double[]){.5, .5}, "pp");
    test_labels("faster and better", 0, 2, (double[]){1, 2}, (double[]){.6, .5}, "cd");
    test_labels("faster, hardly better", 0, 2, (double[]){1, 2}, (double[]){.51, .5}, "cp");
    test_labels("hardly faster, better", 0, 2, (double[]){1, 1.1}, (double[]){.6, .5}, "cp");
    test_labels("as large, better", 1, 2, (double[]){1, 1}, (double[]){.6, .5}, "cd");
    test_labels("as fast, better", 0, 2, (double[]){1, 1}, (double[]){.6, .5}, "cp");
    test_labels("dearer and better", 0, 2, (double[]){1, 2}, (double[]){.5, .6}, "cc");
    test_labels("hardly dearer and hardly better", 0, 2, (double[]){1, 1.1}, (double[]){.5, .51}, "pp");
    test_labels("three, the middle one beaten", 0, 3, (double[]){1, 2, 3}, (double[]){.6, .5, .7}, "cdc");
    test_promises();
    return check_report("test_certainty");
}
