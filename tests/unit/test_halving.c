/* lib/stage/explore/halving: which trainings go on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/explore/halving.h"
#include "tests/unit/check.h"

#define IMAGES 1000
#define MAX 64

/* A table of one precision; the cheapest core stands for all. */
struct made {
    struct eo_explore_table t;
    struct eo_explore_row rows[MAX];
};

/* A point that has the first `correct` images right. */
static void add(struct made *m, size_t number, size_t correct, double flash, double ram, double instructions)
{
    struct eo_explore_row *r = &m->rows[m->t.count++];
    struct eo_evidence *e = &r->chosen;

    memset(r, 0, sizeof(*r));
    r->number = number;
    r->tensor_bytes = flash;
    r->macs = instructions;
    for (int c = 0; c < EO_CORE_COUNT; c++)
        r->cost[c] = (struct eo_core_cost){flash, ram, instructions};
    e->images = IMAGES;
    e->correct = correct;
    strcpy(e->images_sha256, "same");
    e->hits = eo_alloc((IMAGES + 63) / 64, sizeof(*e->hits), NULL);
    for (size_t i = 0; e->hits && i < correct; i++)
        e->hits[i / 64] |= (uint64_t)1 << (i % 64);
    m->t.rows = m->rows;
}

/* The numbers of the trainings that go on. */
static void check_promoted(const char *what, struct made *m, size_t trainings, size_t precisions,
                           size_t quota, const char *want)
{
    unsigned char goes_on[MAX];
    char found[200] = "";

    check_that(eo_halving_promote(&m->t, trainings, precisions, quota, goes_on, NULL) == 0, "%s: done", what);
    for (size_t i = 0; i < trainings; i++) {
        if (goes_on[i])
            snprintf(found + strlen(found), sizeof(found) - strlen(found), " %zu", i);
    }
    check_text(what, want, found);
    for (size_t i = 0; i < m->t.count; i++)
        free(m->rows[i].chosen.hits);
    memset(m, 0, sizeof(*m));
}

int main(void)
{
    struct made m = {.t = {0}};

    /* The most accurate one is not all: the cheap one goes on as well. */
    add(&m, 0, 400, 100, 10, 1000);
    add(&m, 1, 880, 900, 90, 9000);
    add(&m, 2, 900, 1000, 100, 10000);
    check_promoted("a frontier", &m, 3, 1, 2, " 0 2");

    /* Certain losers do not go on, though there is room: 50 of 1,000 images more, none lost. */
    add(&m, 0, 800, 100, 10, 1000);
    add(&m, 1, 750, 100, 10, 1000);
    add(&m, 2, 797, 100, 10, 1000);
    check_promoted("a certain loser", &m, 3, 1, 3, " 0 2");

    /* ... unless they are cheaper in anything. */
    add(&m, 0, 800, 100, 10, 1000);
    add(&m, 1, 750, 100, 9, 1000);
    check_promoted("a cheaper one", &m, 2, 1, 2, " 0 1");

    /* A training goes on for any of its points, here two of each; the second training has one. */
    add(&m, 0, 500, 4000, 100, 9000);
    add(&m, 1, 700, 1000, 30, 3000);
    add(&m, 2, 900, 4400, 100, 9000);
    check_promoted("precisions", &m, 3, 2, 3, " 0 1");

    /* A point whose costs are not known is not the cheapest for that: then the stand-ins of all are compared. */
    add(&m, 0, 500, 1200, NAN, 3000);
    add(&m, 1, 510, 1100, 700, 3000);
    m.rows[0].cost[EO_CORE_m4dsp] = (struct eo_core_cost){NAN, NAN, NAN};
    m.rows[1].cost[EO_CORE_m4dsp] = (struct eo_core_cost){3500, 700, 90000};
    check_promoted("a cost that is not known", &m, 2, 1, 1, " 1");

    /* When the frontier goes on and there is room, the next layer does; ties go to the earlier. */
    add(&m, 0, 900, 1000, 100, 10000);
    add(&m, 1, 899, 1000, 100, 10000);
    add(&m, 2, 899, 1000, 100, 10000);
    add(&m, 3, 898, 1000, 100, 10000);
    check_promoted("layers", &m, 4, 1, 2, " 0 1");

    /* Equal costs and no image right; no point that has figures. */
    add(&m, 0, 0, 5, 5, 5);
    add(&m, 1, 0, 5, 5, 5);
    check_promoted("nothing right", &m, 2, 1, 2, "");
    check_promoted("no figures", &m, 2, 1, 2, "");
    return check_report("test_halving");
}
