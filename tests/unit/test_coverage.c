/*
 * Do 95 % intervals of eo_quantile95() cover in 95 % of cases? A simulation with a fixed seed: many times, processes
 * and their samples are drawn from a distribution whose quantiles are known, and it is counted how often the interval
 * holds the true one. The truth is solved from the formula of the pooled distribution; no sample has a part in it.
 *
 * Printed by `make check`, for each distribution, number of processes and quantile:
 *     covered   share of intervals that hold the true quantile; an end that is missing counts as infinitely far away
 *     no end    share of intervals without one of their ends
 *     width     of those with both ends, on average, over that of the plain binomial interval for as many independent
 *               samples of the pooled distribution
 *     ignored   what the plain binomial interval covers, which takes all samples for independent
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fmath.h"
#include "base/quantile.h"
#include "base/rng.h"
#include "base/stats.h"
#include "tests/unit/check.h"

#define REPETITIONS 1600      /* a share of 94 % is then known to 0.59 points, one standard deviation */
#define WIDTH_REPETITIONS 300 /* of the plain interval */
#define LEAST_COVERED 0.94    /* for a nominal 95 % */
#define LEAST_DEPENDENT 0.93  /* where processes depend on each other */
#define MOST_IGNORED 0.93     /* a simulation where ignoring the processes does not hurt shows nothing */
#define SELDOM 0.05           /* see check_coverage() */
/* Location of all distributions but the logarithmic ones, because a time is far from 0 beside its noise. */
#define LOCATION 100.0
#define MAX_SAMPLES 1024

/* A sample is noise plus the process's own shift, plus `slow` with a probability of slow_share. */
struct distribution {
    const char *name;
    double noise, process; /* standard deviations */
    double rho;            /* of a sample with the one before it in its process */
    double between;        /* correlation of a process's shift with that of the one before it */
    double least;          /* share to be covered, where it is not LEAST_COVERED; see the dependent worlds */
    double least_tail;     /* the same for quantiles other than the median, where it is not `least` */
    double slow, slow_share;
    int process_is_slow; /* all of its samples or none, rather than each sample for itself */
    int is_log;          /* e to the power of all that */
};

static const struct distribution distributions[] = {
    {.name = "independent", .noise = 1},
    {.name = "normal", .noise = 1, .process = 0.6},
    {.name = "log-normal", .noise = 0.5, .process = 0.3, .is_log = 1},
    {.name = "bimodal", .noise = 0.2, .process = 0.15, .slow = 2, .slow_share = 0.3},
    {.name = "slow processes",
     .noise = 1,
     .process = 0.3,
     .slow = 6,
     .slow_share = 0.2,
     .process_is_slow = 1},
    {.name = "autocorrelated", .noise = 1, .process = 0.3, .rho = 0.9},
};
#define DISTRIBUTIONS (sizeof(distributions) / sizeof(distributions[0]))

/*
 * Worlds that drift, and worlds with few slow processes, with 16 processes of 40 samples. b is the standard deviation
 * of processes over that of the samples in one, rho the correlation of successive processes. Intervals that take
 * processes for independent of each other cover, for the median:
 *     rho         .5      .8      .9     .95
 *     b 3       91.9 %  67.1 %  44.8 %  35.4 %    (12 processes of 26: 93.1, 70.4, 51.1, 33.1)
 *     b 1       84.6    56.4    39.8    29.7
 *     b 0.3     84.9    61.3    47.9    40.5
 * The limits below LEAST_DEPENDENT say what is not claimed: too little of a long correlation shows.
 */
static const struct distribution dependent[] = {
    {.name = "b 3, rho .5", .noise = 1, .process = 3, .between = 0.5, .least = LEAST_DEPENDENT},
    {.name = "b 3, rho .8", .noise = 1, .process = 3, .between = 0.8, .least = LEAST_DEPENDENT},
    {.name = "b 3, rho .9", .noise = 1, .process = 3, .between = 0.9, .least = LEAST_DEPENDENT},
    {.name = "b 3, rho .95", .noise = 1, .process = 3, .between = 0.95, .least = LEAST_DEPENDENT},
    {.name = "b 1, rho .5", .noise = 1, .process = 1, .between = 0.5, .least = LEAST_DEPENDENT},
    {.name = "b 1, rho .8", .noise = 1, .process = 1, .between = 0.8, .least = LEAST_DEPENDENT},
    {.name = "b 1, rho .9", .noise = 1, .process = 1, .between = 0.9, .least = LEAST_DEPENDENT},
    {.name = "b 1, rho .95", .noise = 1, .process = 1, .between = 0.95, .least = 0.925, .least_tail = 0.88},
    {.name = "b 0.3, rho .5", .noise = 1, .process = 0.3, .between = 0.5, .least = LEAST_DEPENDENT},
    {.name = "b 0.3, rho .8", .noise = 1, .process = 0.3, .between = 0.8, .least = LEAST_DEPENDENT},
    {.name = "b 0.3, rho .9", .noise = 1, .process = 0.3, .between = 0.9, .least = 0.91},
    {.name = "b 0.3, rho .95", .noise = 1, .process = 0.3, .between = 0.95, .least = 0.85},
    {.name = "b 3", .noise = 1, .process = 3},
    {.name = "5 % slow", .noise = 1, .process = 0.3, .slow = 20, .slow_share = 0.05, .process_is_slow = 1},
    {.name = "20 % slow", .noise = 1, .process = 0.3, .slow = 20, .slow_share = 0.2, .process_is_slow = 1},
};
#define DEPENDENT (sizeof(dependent) / sizeof(dependent[0]))

static const struct size {
    size_t processes, samples;
    int is_uneven; /* `samples` on average: of four processes one has none, the others a half, one and a half and two */
} sizes[] = {{6, 10, 0}, {12, 26, 0}, {16, 40, 0}, {24, 26, 0}};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const struct size usual = {16, 40, 0}, uneven = {16, 40, 1};

static const double quantiles[] = {0.5, 0.95, 0.99};
#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

/* ---- truth ----------------------------------------------------------------------------------------------- */

static double normal_below(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static double share_below(const struct distribution *d, double x)
{
    double deviation = sqrt(d->noise * d->noise + d->process * d->process);

    return (1 - d->slow_share) * normal_below(x / deviation) +
           d->slow_share * normal_below((x - d->slow) / deviation);
}

static double solve_quantile(const struct distribution *d, double p)
{
    double low = -40, high = 40;

    for (int i = 0; i < 80; i++) {
        double middle = (low + high) / 2;

        *(share_below(d, middle) < p ? &low : &high) = middle;
    }
    return d->is_log ? exp(low) : LOCATION + low;
}

/* ---- samples --------------------------------------------------------------------------------------------- */

static double draw_uniform(struct eo_rng *rng)
{
    return ((double)(eo_rng_u64(rng) >> 11) + 0.5) * 0x1p-53;
}

/* Box and Muller (1958). */
static double draw_normal(struct eo_rng *rng)
{
    double radius = sqrt(-2 * eo_log(draw_uniform(rng)));

    return radius * eo_cospi(2 * draw_uniform(rng));
}

/*
 * `level`: of the process before, in standard deviations, and then of this one. Returns whether any sample was slow.
 * Sorted, which changes no interval and saves eo_quantile95(), which sorts all, most of its time.
 */
static int draw_process(struct eo_rng *rng, const struct distribution *d, double *level, double *values,
                        size_t n)
{
    double fresh = draw_normal(rng), noise = draw_normal(rng), shift;
    int slow = draw_uniform(rng) < d->slow_share, any = slow;

    *level = d->between * *level + sqrt(1 - d->between * d->between) * fresh;
    shift = d->process * *level;
    for (size_t i = 0; i < n; i++) {
        double x = shift + d->noise * noise + (slow ? d->slow : 0);

        values[i] = d->is_log ? eo_exp(x) : LOCATION + x;
        noise = d->rho * noise + sqrt(1 - d->rho * d->rho) * draw_normal(rng);
        if (!d->process_is_slow && d->slow_share > 0)
            slow = draw_uniform(rng) < d->slow_share;
        any |= slow;
    }
    eo_stats_sort(values, n);
    return any;
}

static int draw_samples(struct eo_rng *rng, const struct distribution *d, double *values,
                        const size_t *counts, size_t processes)
{
    double level = d->between > 0 ? draw_normal(rng) : 0;
    int any = 0;

    for (size_t i = 0; i < processes; i++) {
        any |= draw_process(rng, d, &level, values, counts[i]);
        values += counts[i];
    }
    return any;
}

/* ---- one cell of the table ------------------------------------------------------------------------------- */

struct tally {
    size_t all, covered, complete, ignored;
    size_t seen, seen_covered; /* of those with a slow sample among theirs */
    double truth, width;       /* width: sum over the complete ones */
};

static int covers(const struct eo_quantile *q, double truth)
{
    return !(q->low > truth) && !(q->high < truth);
}

static struct eo_quantile find_interval(const double *values, const size_t *counts, size_t clusters, double p)
{
    struct eo_clusters samples = {values, counts, clusters};
    struct eo_quantile q = {0};

    if (eo_quantile95(&q, &samples, p, NULL))
        check_that(0, "an interval failed");
    return q;
}

static void count_interval(struct tally *t, const struct eo_quantile *q, int seen)
{
    t->all++;
    t->covered += (size_t)covers(q, t->truth);
    t->seen += (size_t)seen;
    t->seen_covered += (size_t)(seen && covers(q, t->truth));
    if (isnan(q->low) || isnan(q->high))
        return;
    t->complete++;
    t->width += q->high - q->low;
}

/* The plain interval of sorted samples. ranks: that of 0, 1, 2, ... as samples. */
static struct eo_quantile pick(const double *sorted, const struct eo_quantile *ranks)
{
    struct eo_quantile q = {.low = NAN, .high = NAN};

    if (!isnan(ranks->low))
        q.low = sorted[(size_t)ranks->low];
    if (!isnan(ranks->high))
        q.high = sorted[(size_t)ranks->high];
    return q;
}

static void find_plain_ranks(size_t n, struct eo_quantile ranks[QUANTILES])
{
    static double values[MAX_SAMPLES];

    for (size_t i = 0; i < n; i++)
        values[i] = (double)i;
    for (size_t i = 0; i < QUANTILES; i++)
        ranks[i] = find_interval(values, &n, 1, quantiles[i]);
}

static void simulate(struct eo_rng *rng, const struct distribution *d, const struct size *size,
                     struct tally tally[QUANTILES])
{
    static const size_t parts[] = {1, 3, 0, 4};
    static double values[MAX_SAMPLES], sorted[MAX_SAMPLES];
    size_t counts[MAX_SAMPLES], total = size->processes * size->samples;
    struct eo_quantile ranks[QUANTILES];

    find_plain_ranks(total, ranks);
    for (size_t i = 0; i < size->processes; i++)
        counts[i] = size->is_uneven ? size->samples * parts[i % 4] / 2 : size->samples;
    for (size_t i = 0; i < REPETITIONS; i++) {
        int seen = draw_samples(rng, d, values, counts, size->processes);

        memcpy(sorted, values, total * sizeof(*values));
        eo_stats_sort(sorted, total);
        for (size_t j = 0; j < QUANTILES; j++) {
            struct eo_quantile plain = pick(sorted, &ranks[j]);
            struct eo_quantile q = find_interval(values, counts, size->processes, quantiles[j]);

            count_interval(&tally[j], &q, seen);
            tally[j].ignored += (size_t)covers(&plain, tally[j].truth);
        }
    }
}

/* Mean widths of plain intervals where every sample is a process of its own. */
static void find_plain_widths(struct eo_rng *rng, const struct distribution *d, size_t n,
                              double width[QUANTILES])
{
    static double values[MAX_SAMPLES];
    size_t counts[MAX_SAMPLES];
    struct eo_quantile ranks[QUANTILES];

    find_plain_ranks(n, ranks);
    for (size_t i = 0; i < n; i++)
        counts[i] = 1;
    for (size_t j = 0; j < QUANTILES; j++)
        width[j] = 0;
    for (size_t i = 0; i < WIDTH_REPETITIONS; i++) {
        draw_samples(rng, d, values, counts, n);
        eo_stats_sort(values, n);
        for (size_t j = 0; j < QUANTILES; j++) {
            struct eo_quantile q = pick(values, &ranks[j]);

            width[j] += (q.high - q.low) / WIDTH_REPETITIONS;
        }
    }
}

static double share(size_t part, size_t all)
{
    return (double)part / (double)all;
}

static double find_least(const struct distribution *d, double p)
{
    if (p > 0.5 && d->least_tail > 0)
        return d->least_tail;
    return d->least > 0 ? d->least : LEAST_COVERED;
}

/*
 * Where so few processes run that more than 5 % of all sessions meet no slow one, an interval with both ends cannot
 * hold quantiles that lie among the slow ones; then those sessions count that met one.
 */
static void check_coverage(const struct distribution *d, const struct size *size, double p,
                           const struct tally *t)
{
    int seldom = share(t->all - t->seen, t->all) > SELDOM && d->slow_share > 0;
    double covered = share(t->covered, t->all), found = covered, least = find_least(d, p);

    if (covered < least && seldom) {
        found = share(t->seen_covered, t->seen);
        printf("# %34s %.1f %% of these met no slow process; the others: %.1f %% covered\n", "",
               100 * share(t->all - t->seen, t->all), 100 * found);
    }
    check_that(found >= least, "%s, %zu processes, p %g: expected %g covered, found %.4f", d->name,
               size->processes, p, least, found);
    if (size->processes < 12)
        return;
    if (d->process > 0)
        check_that(share(t->ignored, t->all) <= MOST_IGNORED,
                   "%s, %zu processes, p %g: expected at most %g covered by plain intervals, found %.4f",
                   d->name, size->processes, p, MOST_IGNORED, share(t->ignored, t->all));
    else
        check_that(share(t->ignored, t->all) >= LEAST_COVERED, "%s, p %g: plain intervals cover %.4f",
                   d->name, p, share(t->ignored, t->all));
}

static void print_row(const struct distribution *d, const struct size *size, double p, const struct tally *t,
                      double plain_width)
{
    char width[20] = "-";

    if (t->complete * 100 >= t->all && plain_width > 0)
        snprintf(width, sizeof(width), "%.2f", t->width / (double)t->complete / plain_width);
    printf("# %-15s %2zu x %2zu%s p%g  %8.1f %%  %5.1f %%  %6s  %6.1f %%\n", d->name, size->processes,
           size->samples, size->is_uneven ? "+-" : "  ", 100 * p, 100 * share(t->covered, t->all),
           100 * share(t->all - t->complete, t->all), width, 100 * share(t->ignored, t->all));
}

static void test_distribution(struct eo_rng *rng, const struct distribution *d, const struct size *size)
{
    struct tally tally[QUANTILES] = {{0}};
    double width[QUANTILES];

    for (size_t i = 0; i < QUANTILES; i++)
        tally[i].truth = solve_quantile(d, quantiles[i]);
    simulate(rng, d, size, tally);
    find_plain_widths(rng, d, size->processes * size->samples, width);
    for (size_t i = 0; i < QUANTILES; i++) {
        print_row(d, size, quantiles[i], &tally[i], width[i]);
        check_coverage(d, size, quantiles[i], &tally[i]);
    }
}

int main(void)
{
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_SYNTHETIC);
    printf("# %-15s processes       covered   no end   width  ignored\n", "distribution");
    for (size_t i = 0; i < SIZES; i++)
        for (size_t j = 0; j < DISTRIBUTIONS; j++)
            test_distribution(&rng, &distributions[j], &sizes[i]);
    for (size_t j = 0; j < DISTRIBUTIONS; j++)
        test_distribution(&rng, &distributions[j], &uneven);
    for (size_t j = 0; j < DEPENDENT; j++)
        test_distribution(&rng, &dependent[j], &usual);
    return check_report("test_coverage");
}
