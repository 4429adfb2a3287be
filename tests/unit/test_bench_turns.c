/* stage/bench/turns: what happens in a turn, and what is kept of it. */
#include "stage/bench/turns.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "tests/unit/check.h"

static const int two_sizes[EO_BENCH_SIZES] = {8, 1}, one_size[EO_BENCH_SIZES] = {1, 1};

/* 3 ms, so that what reading the conditions takes is no share of a turn. */
static void spin(void)
{
    uint64_t start = eo_clock_now_ns();

    while (eo_clock_now_ns() - start < 3000000)
        ;
}

static void doze(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
}

/* Five samples of each size a turn: `seconds` of a batch, an eighth of that of one image. */
static int take(struct eo_bench_turns *t, const int images[EO_BENCH_SIZES], void (*pass)(void),
                double seconds)
{
    struct eo_err err = {""};

    if (!check_that(eo_bench_turns_init(t, images, 8, -1, &err) == 0, "init: %s", err.msg))
        return 0;
    for (int turn = 0; turn < EO_BENCH_TURNS; turn++) {
        eo_bench_turn_begin(t);
        for (int i = 0; i < 5; i++) {
            eo_bench_turn_add(t, EO_BENCH_BATCH, seconds);
            eo_bench_turn_add(t, EO_BENCH_SINGLE, seconds / 8);
        }
        pass();
        eo_bench_turn_end(t);
    }
    return 1;
}

static void test_samples(void)
{
    struct eo_verdict v;
    struct eo_bench_turns t;
    struct eo_err err;

    if (take(&t, two_sizes, spin, 0.008) && check_that(eo_bench_turns_judge(&t, &v, &err) == 0, "judge")) {
        check_that(v.rounds == 5 && v.size[EO_BENCH_BATCH].samples >= 15,
                   "rounds: found %zu with %zu samples", v.rounds, v.size[EO_BENCH_BATCH].samples);
        check_that(v.size[EO_BENCH_BATCH].median == 1 && v.size[EO_BENCH_SINGLE].median == 1,
                   "medians: expected 1 and 1 ms, found %g and %g", v.size[EO_BENCH_BATCH].median,
                   v.size[EO_BENCH_SINGLE].median);
        check_that(v.status != EO_TIMING_SHORT && v.status != EO_TIMING_DRIFT,
                   "25 samples that are all the same: found %s: %s", eo_timing_status_name(v.status),
                   v.reason);
        check_that(v.conditions.reference_ns > 0 && v.conditions.wall_s >= 0.003,
                   "conditions: found %g ns, %g s", v.conditions.reference_ns, v.conditions.wall_s);
    }
    eo_bench_turns_release(&t);
}

/* Where a batch is one image, both kinds of sample are of it, up to the most. */
static void test_one_size(void)
{
    struct eo_bench_turns t;

    if (take(&t, one_size, spin, 0.008))
        check_that(t.list[4].size[EO_BENCH_BATCH].count == 8 && t.list[4].size[EO_BENCH_SINGLE].count == 0,
                   "samples: expected 8 and 0, found %zu and %zu", t.list[4].size[EO_BENCH_BATCH].count,
                   t.list[4].size[EO_BENCH_SINGLE].count);
    eo_bench_turns_release(&t);
}

/* Time in which this process does not run is somebody else's. */
static void test_lost(void)
{
    struct eo_verdict v;
    struct eo_bench_turns t;
    struct eo_err err;

    if (take(&t, one_size, doze, 0.001) && check_that(eo_bench_turns_judge(&t, &v, &err) == 0, "judge"))
        check_that(v.status == EO_TIMING_NOISY && strncmp(v.reason, "preempted: ", 11) == 0,
                   "sleeping: expected noisy, preempted, found %s, %s", eo_timing_status_name(v.status),
                   v.reason);
    eo_bench_turns_release(&t);
}

/* Turns that nothing disturbed, and all samples of number i as long as `seconds` says. */
static int take_calm(struct eo_bench_turns *t, const double seconds[EO_BENCH_TURNS])
{
    if (!take(t, one_size, spin, 0.001))
        return 0;
    for (int turn = 0; turn < EO_BENCH_TURNS; turn++) {
        t->list[turn].conditions = (struct eo_round_conditions){.reference_ns = 20000,
                                                                .wall_s = 0.1,
                                                                .cpu_s = 0.1,
                                                                .waited_s = NAN,
                                                                .migrations = NAN,
                                                                .steal_s = NAN,
                                                                .frequency_start_khz = NAN,
                                                                .frequency_end_khz = NAN};
        for (int i = 0; i < 8; i++)
            t->list[turn].size[EO_BENCH_BATCH].seconds[i] = seconds[turn];
    }
    return 1;
}

/* Every turn is 3 % slower than the one before. */
static void test_drift(void)
{
    const double seconds[EO_BENCH_TURNS] = {0.001, 0.00103, 0.00106, 0.00109, 0.00112};
    struct eo_verdict v;
    struct eo_bench_turns t;
    struct eo_err err;

    if (take_calm(&t, seconds) && check_that(eo_bench_turns_judge(&t, &v, &err) == 0, "judge"))
        check_that(v.status == EO_TIMING_DRIFT && strstr(v.reason, "slower") &&
                       strstr(v.reason, "of one image"),
                   "each 3 %% slower than the last: expected drift, found %s, %s",
                   eo_timing_status_name(v.status), v.reason);
    eo_bench_turns_release(&t);
}

/* One that is disturbed among five is left out. */
static void test_left_out(void)
{
    const double seconds[EO_BENCH_TURNS] = {0.001, 0.001, 0.001, 0.001, 0.001};
    struct eo_verdict v;
    struct eo_bench_turns t;
    struct eo_err err;

    if (take_calm(&t, seconds)) {
        t.list[3].conditions.cpu_s = t.list[3].conditions.wall_s / 2;
        if (check_that(eo_bench_turns_judge(&t, &v, &err) == 0, "judge"))
            check_that(v.status == EO_TIMING_OK && v.used == 4 && eo_bench_turn_is_left_out(&t, 3) &&
                           !eo_bench_turn_is_left_out(&t, 2),
                       "expected ok without the fourth, found %s of %zu: %s", eo_timing_status_name(v.status),
                       v.used, v.reason);
    }
    eo_bench_turns_release(&t);
}

static void test_empty(void)
{
    struct eo_bench_turns t;
    struct eo_verdict v;
    struct eo_err err;

    if (!check_that(eo_bench_turns_init(&t, two_sizes, 8, -1, &err) == 0, "init"))
        return;
    check_that(eo_bench_turns_judge(&t, &v, &err) == -1, "no turn: expected a failure");
    eo_bench_turn_begin(&t);
    eo_bench_turn_end(&t);
    check_that(eo_bench_turns_judge(&t, &v, &err) == -1, "no sample: expected a failure");
    eo_bench_turns_release(&t);
    check_that(eo_bench_turns_init(&t, two_sizes, SIZE_MAX / 4, -1, &err) == -1,
               "too many: expected a failure");
}

int main(void)
{
    test_samples();
    test_one_size();
    test_lost();
    test_drift();
    test_left_out();
    test_empty();
    return check_report("test_bench_turns");
}
