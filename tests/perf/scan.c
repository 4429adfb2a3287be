#include "tests/perf/scan.h"

#include <string.h>

#include "machine/clock.h"
#include "base/stats.h"
#include "nn/infer.h"
#include "tests/perf/measure.h"
#include "tests/perf/ours.h"
#include "tests/unit/random_model.h"

#define TURNS 5
#define VISIT_NS 3000000 /* time spent on a shape in a turn */
#define DOUBTFUL 0.02    /* rises from here on are looked at again */
#define DOUBTS_MAX 48
#define AGAIN 150 /* samples of each side then */

static const uint8_t *scan_pixels(void)
{
    static uint8_t pixels[PERF_BATCH * EO_IMAGE_PIXELS];

    random_pixels(pixels, sizeof(pixels), 5);
    return pixels;
}

static struct eo_infer *engine_of(const struct perf_scan *s, int c1, int c2, struct eo_err *err)
{
    struct eo_infer *inf;
    struct eo_model m;

    random_model(&m, s->precision, c1, c2, 11);
    inf = eo_infer_new(&m, s->isa, PERF_BATCH, err);
    random_model_release(&m);
    return inf;
}

/* us per image of one sample, at least 100 us long. */
static double sample(struct eo_infer *inf, const uint8_t *pixels)
{
    static union eo_score scores[PERF_BATCH * EO_CLASSES];
    uint64_t start = eo_clock_now_ns(), ns;
    int calls = 0;

    do {
        eo_infer_run(inf, pixels, PERF_BATCH, scores);
        calls++;
        ns = eo_clock_now_ns() - start;
    } while (ns < 100000);
    return (double)ns / 1e3 / PERF_BATCH / calls;
}

static int visit(struct perf_scan *s, int c1, int c2, const uint8_t *pixels, struct eo_err *err)
{
    struct eo_infer *inf = engine_of(s, c1, c2, err);
    uint64_t start;

    if (!inf)
        return -1;
    sample(inf, pixels);
    start = eo_clock_now_ns();
    do {
        double us = sample(inf, pixels);

        if (s->us[c1][c2] == 0 || us < s->us[c1][c2])
            s->us[c1][c2] = us;
    } while (eo_clock_now_ns() - start < VISIT_NS);
    eo_infer_free(inf);
    return 0;
}

struct doubt {
    int c1, c2, less1;
    double rise;
};

/* Keeps the largest ones, in falling order. */
static void doubt_insert(struct doubt list[DOUBTS_MAX], int *count, struct doubt d)
{
    int i;

    if (*count == DOUBTS_MAX && list[DOUBTS_MAX - 1].rise >= d.rise)
        return;
    i = *count < DOUBTS_MAX ? (*count)++ : DOUBTS_MAX - 1;
    for (; i > 0 && list[i - 1].rise < d.rise; i--)
        list[i] = list[i - 1];
    list[i] = d;
}

static double us_of(const struct perf_scan *s, const struct doubt *d)
{
    return s->us[d->c1 - d->less1][d->c2 - !d->less1];
}

/* All steps; those that rise by DOUBTFUL go into the list, the largest of the others into the result. */
static int find_doubts(struct perf_scan *s, struct doubt list[DOUBTS_MAX])
{
    int count = 0;

    s->rise = -1;
    for (int i = 0; i < PERF_SCAN_C1 * PERF_SCAN_C2 * 2; i++) {
        struct doubt d = {i / 2 / PERF_SCAN_C2 + 1, i / 2 % PERF_SCAN_C2 + 1, i % 2, 0};

        if ((d.less1 ? d.c1 : d.c2) == 1)
            continue;
        d.rise = us_of(s, &d) / s->us[d.c1][d.c2] - 1;
        if (d.rise > DOUBTFUL) {
            doubt_insert(list, &count, d);
        } else if (d.rise > s->rise) {
            s->rise = d.rise;
            s->c1 = d.c1;
            s->c2 = d.c2;
            s->less1 = d.less1;
        }
    }
    return count;
}

/* Side by side: the ratio of the smallest times. */
static int settle(struct perf_scan *s, const struct doubt *d, const uint8_t *pixels, struct eo_err *err)
{
    struct eo_infer *more = engine_of(s, d->c1, d->c2, err);
    struct eo_infer *less = more ? engine_of(s, d->c1 - d->less1, d->c2 - !d->less1, err) : NULL;
    double a[AGAIN], b[AGAIN], rise;

    for (int i = 0; less && i < AGAIN; i++) {
        a[i] = sample(more, pixels);
        b[i] = sample(less, pixels);
    }
    eo_infer_free(more);
    eo_infer_free(less);
    if (!less)
        return -1;
    rise = eo_stats_min(b, AGAIN) / eo_stats_min(a, AGAIN) - 1;
    if (rise > s->rise) {
        s->rise = rise;
        s->c1 = d->c1;
        s->c2 = d->c2;
        s->less1 = d->less1;
    }
    return 0;
}

int perf_scan_run(struct perf_scan *s, enum eo_isa isa, enum eo_precision precision, struct eo_err *err)
{
    const uint8_t *pixels = scan_pixels();
    struct doubt list[DOUBTS_MAX];
    int rc = 0, doubts;

    memset(s, 0, sizeof(*s));
    s->isa = isa;
    s->precision = precision;
    perf_pin();
    for (int i = 0; !rc && i < TURNS * PERF_SCAN_C1 * PERF_SCAN_C2; i++)
        rc = visit(s, i / PERF_SCAN_C2 % PERF_SCAN_C1 + 1, i % PERF_SCAN_C2 + 1, pixels, err);
    doubts = rc ? 0 : find_doubts(s, list);
    for (int i = 0; !rc && i < doubts; i++)
        rc = settle(s, &list[i], pixels, err);
    perf_unpin();
    return rc;
}
