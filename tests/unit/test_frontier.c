/*
 * lib/stage/explore/frontier: which points no other beats, and the hypervolume, by hand and against a search of all
 * points and all questions.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stage/explore/frontier.h"
#include "tests/unit/check.h"

#define IMAGES 200
#define WORDS ((IMAGES + 63) / 64)
#define MAX 60

/* A table whose points cost the same on all cores but m0, where nothing is known. */
struct made {
    struct eo_explore_table t;
    struct eo_explore_row rows[MAX];
    uint64_t hits[MAX][2][WORDS];
};

static void set_hits(struct eo_evidence *e, uint64_t *hits, size_t images, size_t first, size_t correct)
{
    e->images = images;
    e->correct = correct;
    e->hits = hits;
    memset(hits, 0, WORDS * sizeof(*hits));
    for (size_t i = first; i < first + correct; i++)
        hits[i % images / 64] |= (uint64_t)1 << (i % images % 64);
}

/* A point that has so many images from number `first` on right, and all but one of as many of the unseen ones. */
static void add(struct made *m, size_t first, size_t correct, double flash, double ram, double instructions)
{
    size_t at = m->t.count++;
    struct eo_explore_row *r = &m->rows[at];

    memset(r, 0, sizeof(*r));
    r->number = at;
    snprintf(r->name, sizeof(r->name), "%zux1-int8", at + 1);
    r->precision = EO_INT8;
    for (int c = 0; c < EO_CORE_COUNT; c++)
        r->cost[c] = c == EO_CORE_m0 ? (struct eo_core_cost){NAN, NAN, NAN}
                                     : (struct eo_core_cost){flash, ram, instructions};
    set_hits(&r->chosen, m->hits[at][0], IMAGES, first, correct);
    set_hits(&r->unseen, m->hits[at][1], IMAGES / 2, first, correct / 2);
    m->t.rows = m->rows;
}

static void near(const char *what, double expected, double found)
{
    check_that(fabs(expected - found) <= 1e-12 * fmax(1, fabs(expected)), "%s: expected %.17g, found %.17g",
               what, expected, found);
}

/* The numbers of its points, from 1. */
static void check_points(const char *what, const struct eo_frontier *f, const char *want)
{
    char found[400] = "";

    for (size_t i = 0; i < f->count; i++)
        snprintf(found + strlen(found), sizeof(found) - strlen(found), " %zu", f->rows[i]->number + 1);
    check_text(what, want, found);
}

static void make(struct eo_frontier *f, const struct made *m)
{
    struct eo_err err = {""};

    check_that(eo_frontier_make(f, &m->t, EO_CORE_m3, &err) == 0, "a frontier: expected one, found '%s'",
               err.msg);
}

/* ---- by hand ----------------------------------------------------------------------------------------------------- */

static void test_one(struct made *m)
{
    struct eo_frontier f;
    double p = 0.8, half = 1.959963984540054 * sqrt(p * (1 - p) * IMAGES / (IMAGES - 1) / IMAGES);

    add(m, 0, 160, 1000, 100, 5000);
    make(&f, m);
    check_points("one point", &f, " 1");
    near("share of one point", 1, f.share[0]);
    near("hypervolume of one point", p, f.chosen.value);
    near("lower end", p - half, f.chosen.low);
    near("upper end", p + half, f.chosen.high);
    near("on the unseen images", 0.8, f.unseen.value);
    eo_frontier_release(&f);
}

static void test_by_hand(struct made *m)
{
    struct eo_frontier f;

    /* One limit alone differs: the larger point answers the last of 65. */
    add(m, 0, 100, 1000, 100, 5000);
    add(m, 0, 180, 8000, 100, 5000);
    add(m, 0, 180, 9000, 100, 5000); /* more flash for no more */
    add(m, 9, 100, 1000, 100, 5000); /* equal to the first */
    add(m, 0, 180, 8000, 100, NAN);  /* not known */
    make(&f, m);
    check_points("two of five points", &f, " 1 2");
    check_that(f.known == 4, "points with costs: expected 4, found %zu", f.known);
    near("least", 1000, f.least[0]);
    near("most", 8000, f.most[0]);
    near("share of the first", 64.0 / 65, f.share[0]);
    near("hypervolume", (64 * 0.5 + 0.9) / 65, f.chosen.value);
    eo_frontier_release(&f);
    m->t.count = 0;
    /* The middle one answers from the half way of the logarithms on: 1000, 2000, 4000 are limits 0, 32 and 64. */
    add(m, 0, 100, 1000, 100, 5000);
    add(m, 0, 150, 2000, 100, 5000);
    add(m, 0, 180, 4000, 100, 5000);
    make(&f, m);
    near("three points", (32 * 0.5 + 32 * 0.75 + 0.9) / 65, f.chosen.value);
    eo_frontier_release(&f);
    m->t.count = 0;
    /* Limits that no point keeps count as 0: of flash and RAM, each point answers where its own limit is the most. */
    add(m, 0, 100, 1000, 200, 5000);
    add(m, 0, 150, 4000, 100, 5000);
    make(&f, m);
    near("two that trade", (64 * 0.5 + 65 * 0.75) / (65 * 65), f.chosen.value);
    eo_frontier_release(&f);
}

/* No images, or not as many of all. */
static void test_images(struct made *m)
{
    struct eo_frontier f;

    add(m, 0, 100, 1000, 100, 5000);
    add(m, 0, 180, 8000, 100, 5000);
    m->rows[1].unseen.images--;
    make(&f, m);
    check_that(isnan(f.unseen.value) && isnan(f.unseen.low) && !isnan(f.chosen.value),
               "other numbers of images: expected no hypervolume, found %g", f.unseen.value);
    eo_frontier_release(&f);
    m->rows[0].unseen.images = m->rows[1].unseen.images = 0;
    make(&f, m);
    check_that(isnan(f.unseen.value), "no images: expected no hypervolume, found %g", f.unseen.value);
    eo_frontier_release(&f);
}

static void test_unknown(struct made *m)
{
    struct eo_frontier f;
    struct eo_err err = {""};

    add(m, 0, 100, 1000, 100, 5000);
    check_that(eo_frontier_make(&f, &m->t, EO_CORE_m0, &err) == -1,
               "no costs: expected an error, found none");
    check_text("no costs",
               "expected flash, RAM and instructions of some point on m0, found none",
               err.msg);
    eo_frontier_release(&f);
}

static void test_limits(void)
{
    double limit[65];
    int wrong = 0;

    eo_frontier_limits(3, 3000, limit, 65);
    for (int i = 0; i < 65; i++)
        wrong += !(fabs(limit[i] / (3 * pow(1000, i / 64.0)) - 1) < 1e-13);
    check_that(!wrong, "limits in equal ratios: %d of 65 are not", wrong);
}

/* ---- by a search of everything ----------------------------------------------------------------------------------- */

static void costs_of(const struct eo_explore_row *r, double cost[3])
{
    cost[0] = r->cost[EO_CORE_m3].flash_bytes;
    cost[1] = r->cost[EO_CORE_m3].ram_bytes;
    cost[2] = r->cost[EO_CORE_m3].instructions;
}

/* Whether b is nowhere better than a, and one of them is somewhere or a stands before it. */
static int is_no_better(const struct eo_explore_row *b, const struct eo_explore_row *a)
{
    double x[3], y[3];
    int equal = a->chosen.correct == b->chosen.correct;

    costs_of(a, x);
    costs_of(b, y);
    for (int k = 0; k < 3; k++) {
        if (y[k] < x[k])
            return 0;
        equal &= y[k] <= x[k];
    }
    return b->chosen.correct <= a->chosen.correct && (!equal || a->number < b->number);
}

static void search_points(const struct made *m, char *text, size_t size)
{
    *text = '\0';
    for (size_t i = 0; i < m->t.count; i++) {
        int is_beaten = 0;

        for (size_t k = 0; k < m->t.count; k++)
            is_beaten |= k != i && is_no_better(&m->rows[i], &m->rows[k]);
        if (!is_beaten)
            snprintf(text + strlen(text), size - strlen(text), " %zu", i + 1);
    }
}

/* The most accurate of its points within three limits; the first of equal ones. NULL: none. */
static const struct eo_explore_row *search_answer(const struct eo_frontier *f, const double limit[3])
{
    const struct eo_explore_row *best = NULL;

    for (size_t i = 0; i < f->count; i++) {
        double cost[3];

        costs_of(f->rows[i], cost);
        if (cost[0] <= limit[0] && cost[1] <= limit[1] && cost[2] <= limit[2] &&
            (!best || f->rows[i]->chosen.correct > best->chosen.correct))
            best = f->rows[i];
    }
    return best;
}

/* Adds the hits of the answer to every question, image by image. */
static void search_volume(const struct eo_frontier *f, double right[IMAGES])
{
    double limits[3][65];

    memset(right, 0, IMAGES * sizeof(*right));
    for (int k = 0; k < 3; k++)
        eo_frontier_limits(f->least[k], f->most[k], limits[k], 65);
    for (int q = 0; q < 65 * 65 * 65; q++) {
        const double limit[3] = {limits[0][q / 65 / 65], limits[1][q / 65 % 65], limits[2][q % 65]};
        const struct eo_explore_row *r = search_answer(f, limit);

        for (size_t i = 0; r && i < IMAGES; i++)
            right[i] += (r->chosen.hits[i / 64] >> (i % 64) & 1) / (65.0 * 65 * 65);
    }
}

static void check_volume(const struct eo_frontier *f)
{
    double right[IMAGES], mean = 0, square = 0, error;

    search_volume(f, right);
    for (int i = 0; i < IMAGES; i++)
        mean += right[i] / IMAGES;
    for (int i = 0; i < IMAGES; i++)
        square += (right[i] - mean) * (right[i] - mean);
    error = sqrt(square / (IMAGES - 1) / IMAGES);
    check_that(fabs(mean - f->chosen.value) < 1e-9, "hypervolume: expected %.12f, found %.12f", mean,
               f->chosen.value);
    check_that(fabs(mean - 1.959964 * error - f->chosen.low) < 1e-6 &&
                   fabs(mean + 1.959964 * error - f->chosen.high) < 1e-6,
               "interval: expected %.9f and so much on both sides of it, found %.9f to %.9f", mean,
               f->chosen.low, f->chosen.high);
}

static void test_random(struct made *m, uint64_t seed, size_t points, uint32_t steps)
{
    struct eo_frontier f;
    struct eo_rng rng;
    char want[400];

    eo_rng_init(&rng, seed, EO_RNG_SYNTHETIC);
    /* Few values, so that many are equal; more accuracy for more flash, so that the frontier is no single point. */
    for (size_t i = 0; i < points; i++) {
        uint32_t size = eo_rng_below(&rng, steps);

        add(m, eo_rng_below(&rng, IMAGES), 60 + size * 80 / steps + eo_rng_below(&rng, 40), 1000 + 300 * size,
            100 + 7 * eo_rng_below(&rng, steps), 5000 + 900 * eo_rng_below(&rng, steps));
    }
    make(&f, m);
    search_points(m, want, sizeof(want));
    check_points("points that no other beats", &f, want);
    check_that(f.count > 2, "seed %d: the test has lost its point: %zu points", (int)seed, f.count);
    check_volume(&f);
    eo_frontier_release(&f);
}

int main(void)
{
    static struct made m;
    static void (*const by_hand[])(struct made *) = {test_one, test_by_hand, test_images, test_unknown};

    for (size_t i = 0; i < sizeof(by_hand) / sizeof(*by_hand); i++) {
        m.t.count = 0;
        by_hand[i](&m);
    }
    test_limits();
    for (uint64_t seed = 1; seed <= 6; seed++) {
        m.t.count = 0;
        test_random(&m, seed, seed % 2 ? MAX : 12, seed % 3 ? 50 : 4);
    }
    return check_report("test_frontier");
}
