/* lib/stage/bench/mlperf: the histogram's steps, what comes out of windows, and the row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "machine/clock.h"
#include "stage/bench/mlperf.h"
#include "tests/unit/check.h"

/* Steps rise with the time, lie within 0.1 % of it, and the last one is that of the longest. */
static void test_steps(void)
{
    uint32_t last = 0;
    int wrong = 0;

    for (uint64_t ns = 0; ns < (uint64_t)1 << 40; ns += 1 + ns / 3000) {
        uint32_t step = eo_mlperf_step(ns);

        wrong += step < last || step > last + 1 ||
                 fabs(eo_mlperf_step_ns(step) - (double)ns) > 0.0005 * (double)ns;
        last = step;
    }
    check_that(wrong == 0, "steps: %d are wrong", wrong);
    check_that(eo_mlperf_step(UINT64_MAX) == EO_MLPERF_STEPS - 1, "the longest: expected step %d, found %u",
               EO_MLPERF_STEPS - 1, eo_mlperf_step(UINT64_MAX));
    check_that(eo_mlperf_step_ns(EO_MLPERF_STEPS - 1) < 18446744073709551616.0, "the longest: its middle");
}

/* Waits for 200 us, and every 20th time for 600. */
struct waiter {
    int calls, others;
};

static void wait_call(void *ctx, int batch)
{
    struct waiter *w = ctx;
    uint64_t until = eo_clock_now_ns() + (w->calls % 20 == 19 ? 600000 : 200000);

    w->calls++;
    w->others += batch != 1;
    while (eo_clock_now_ns() < until)
        ;
}

/* A busy machine makes calls longer, never shorter. */
static void test_run(void)
{
    struct waiter w = {0};
    struct eo_bench_subject subject = {wait_call, &w};
    struct eo_mlperf r;
    struct eo_err err;
    int above = 0;

    if (!check_that(eo_mlperf_run(&r, &subject, 0.05, -1, &err) == 0, "run"))
        return;
    check_that(r.window_s_min >= 0.05 && !r.by_the_rule, "windows of 0.05 s: found %g s, by the rule %d",
               r.window_s_min, r.by_the_rule);
    check_that(w.others == 0 && r.inferences > 0 && (int)r.inferences < w.calls,
               "calls: expected some of %d, and a warm-up before, found %d", w.calls, (int)r.inferences);
    for (int i = 0; i < EO_MLPERF_WINDOWS; i++) {
        above += r.throughput_sps[i] > r.throughput_sps_median;
        check_that(r.throughput_sps[i] > 0 && r.throughput_sps[i] <= 4700, "throughput of window %d: %g", i,
                   r.throughput_sps[i]);
    }
    check_that(above <= 2, "median: %d of 5 windows are above", above);
    check_that(r.inferences <= 5 * 4700 * 0.0511 || r.window_s_min > 0.051, "inferences: %d",
               (int)r.inferences);
    check_that(isnan(r.latency_ms_p90) == (r.inferences < 64) && !(r.latency_ms_p90 < 0.199), "p90 of %d: %g",
               (int)r.inferences, r.latency_ms_p90);
    check_that(isnan(r.latency_ms_p99) == (r.inferences < 662) && !(r.latency_ms_p99 < 0.599),
               "p99 of %d: %g", (int)r.inferences, r.latency_ms_p99);
}

/* Percentiles stay away until LoadGen would give them. */
static void test_few(void)
{
    struct waiter w = {0};
    struct eo_bench_subject subject = {wait_call, &w};
    struct eo_mlperf r = {0};

    check_that(eo_mlperf_run(&r, &subject, 1e-9, -1, NULL) == 0, "five calls");
    check_that(r.inferences == 5 && isnan(r.latency_ms_p90) && isnan(r.latency_ms_p99),
               "five calls: found %d, p90 %g, p99 %g", (int)r.inferences, r.latency_ms_p90, r.latency_ms_p99);
}

static void test_row(void)
{
    struct eo_mlperf r = {10.5, 123456789012, {1, 2, 3, 4, 5}, 3, 0.25, NAN, 1, EO_TIMING_NOISY, "why", "k"};
    struct eo_shape shape = {1, 1};
    struct eo_model m = {0};
    struct eo_buf out = {0};

    if (!check_that(eo_model_init(&m, EO_FP16, shape, NULL) == 0, "model"))
        return;
    eo_mlperf_put_header(&out);
    eo_mlperf_put_row(&out, &m, "ab", "generic", &r);
    check_text(
        "row",
        "pruning_level,precision,seed,model_sha256,isa,kernel,windows,window_s_min,inferences,"
        "throughput_sps_median,throughput_sps_1,throughput_sps_2,throughput_sps_3,throughput_sps_4,"
        "throughput_sps_5,latency_ms_p90,latency_ms_p99,by_the_rule,pruning_criterion,timing_status,"
        "timing_reason\n"
        "0.00,fp16,0,ab,generic,k,5,10.5,123456789012,3.0,1.0,2.0,3.0,4.0,5.0,0.25,,True,none,noisy,why\n",
        out.data);
    eo_buf_release(&out);
    eo_model_release(&m);
}

int main(void)
{
    test_steps();
    test_run();
    test_few();
    test_row();
    return check_report("test_mlperf");
}
