/* lib/stage/explore/best: finalists and prices of points of which not all costs are known. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stage/explore/best.h"
#include "tests/unit/check.h"

#define IMAGES 62 /* below 64: one word of hits */
#define MAX 4

struct made {
    struct eo_explore_table t;
    struct eo_explore_row rows[MAX];
    uint64_t hits[MAX];
};

struct costs {
    double flash, ram, instructions, bytes, macs;
};

/* A point that has the first `correct` images right. */
static void add(struct made *m, const char *name, size_t correct, struct costs c)
{
    struct eo_explore_row *r = &m->rows[m->t.count];

    memset(r, 0, sizeof(*r));
    r->number = m->t.count;
    snprintf(r->name, sizeof(r->name), "%s", name);
    r->tensor_bytes = c.bytes;
    r->macs = c.macs;
    for (int core = 0; core < EO_CORE_COUNT; core++)
        r->cost[core] = (struct eo_core_cost){c.flash, c.ram, c.instructions};
    m->hits[m->t.count] = ((uint64_t)1 << correct) - 1;
    r->chosen.hits = &m->hits[m->t.count++];
    strcpy(r->chosen.images_sha256, "same");
    r->chosen.images = IMAGES;
    r->chosen.correct = correct;
    m->t.rows = m->rows;
}

/* The answer is `a`; of its rivals b and c those are finalists that no other rival is cheaper than. */
static void check_finalists(const char *what, struct costs b, struct costs c, const char *want)
{
    const struct eo_best_question q = {.core = EO_CORE_m3};
    struct made m = {.t = {0}};
    struct eo_best best;
    char found[1000] = "";

    add(&m, "a", 60, (struct costs){900, 900, 900, 900, 900});
    add(&m, "b", 59, b);
    add(&m, "c", 58, c);
    eo_best_find(&best, &m.t, &q);
    for (int i = 0; i < best.count; i++)
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s", best.finalist[i]->name);
    check_text(what, want, found);
    check_that(best.rivals == 2, "%s: expected 2 rivals, found %zu", what, best.rivals);
}

static void test_finalists(void)
{
    const double no = NAN;

    check_finalists("cheaper in all", (struct costs){1, 1, 1, 1, 1}, (struct costs){2, 2, 2, 2, 2}, "ab");
    check_finalists("cheaper in one", (struct costs){2, 1, 1, 1, 1}, (struct costs){2, 2, 1, 1, 1}, "ab");
    check_finalists("as cheap, and less accurate", (struct costs){2, 2, 2, 2, 2},
                    (struct costs){2, 2, 2, 2, 2}, "ab");
    check_finalists("dearer in one", (struct costs){1, 1, 9, 1, 1}, (struct costs){2, 2, 2, 2, 2}, "abc");
    check_finalists("RAM known of b", (struct costs){1, 1, 1, 1, 1}, (struct costs){2, no, 2, 2, 2}, "abc");
    check_finalists("RAM known of c", (struct costs){1, no, 1, 1, 1}, (struct costs){2, 2, 2, 2, 2}, "abc");
    check_finalists("RAM of neither", (struct costs){1, no, 1, 1, 1}, (struct costs){2, no, 2, 2, 2}, "ab");
    check_finalists("bytes of tensors for flash", (struct costs){no, 1, 1, 1, 1},
                    (struct costs){2, 2, 2, 2, 2}, "ab");
    check_finalists("fewer bytes of tensors", (struct costs){1, 1, 1, 4, 1}, (struct costs){no, 2, 2, 2, 2},
                    "abc");
    check_finalists("for instructions", (struct costs){1, 1, no, 1, 1}, (struct costs){2, 2, 2, 2, 2}, "ab");
    check_finalists("fewer of them", (struct costs){1, 1, no, 1, 5}, (struct costs){2, 2, 2, 2, 2}, "abc");
    check_finalists("sizes alone", (struct costs){no, no, no, 1, 3}, (struct costs){no, no, no, 2, 3}, "ab");
    check_finalists("sizes that trade", (struct costs){no, no, no, 1, 3}, (struct costs){no, no, no, 2, 2},
                    "abc");
    check_finalists("nothing", (struct costs){no, no, no, no, no}, (struct costs){no, no, no, no, no}, "ab");
}

/* The smallest that is accurate enough: by flash where it is known of both, else by tensors. */
static void check_smallest(const char *what, struct costs a, struct costs b, const char *want)
{
    const struct eo_best_question q = {.core = EO_CORE_m3, .accuracy = 0.5};
    struct made m = {.t = {0}};

    add(&m, "a", 50, a);
    add(&m, "b", 60, b);
    check_text(what, want, eo_best_without(&m.t, &q, -1)->name);
}

static void test_smallest(void)
{
    check_smallest("by flash", (struct costs){.flash = 5, .bytes = 9}, (struct costs){.flash = 6, .bytes = 1},
                   "a");
    check_smallest("by tensors", (struct costs){.flash = 5, .bytes = 9},
                   (struct costs){.flash = NAN, .bytes = 8}, "b");
    check_smallest("by accuracy", (struct costs){.flash = 5, .bytes = NAN},
                   (struct costs){.flash = NAN, .bytes = 8}, "b");
}

/* What a little more would buy is said in an amount, so it is a point whose cost is known. */
static void test_price(void)
{
    const struct eo_best_question q = {.core = EO_CORE_m3, .limit = {10}};
    struct made m = {.t = {0}};
    const struct eo_explore_row *next;

    add(&m, "a", 30, (struct costs){.flash = 5});
    add(&m, "b", 60, (struct costs){.flash = NAN});
    check_that(!eo_best_next(&m.t, &q, &m.rows[0], EO_BEST_FLASH, 0),
               "next: expected none, found one without a cost");
    add(&m, "c", 40, (struct costs){.flash = 20});
    add(&m, "d", 50, (struct costs){.flash = NAN});
    next = eo_best_next(&m.t, &q, &m.rows[0], EO_BEST_FLASH, 0);
    check_text("next", "c", next ? next->name : NULL);
}

int main(void)
{
    test_finalists();
    test_smallest();
    test_price();
    return check_report("test_best");
}
