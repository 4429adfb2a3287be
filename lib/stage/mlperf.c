#include "stage/mlperf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pin.h"
#include "base/stats.h"
#include "format/csv.h"
#include "stage/bench_engine.h"
#include "stage/candidate.h"

/* Histogram: times below 2048 ns have a step each, longer ones 1024 steps for each doubling. */

#define MANTISSA_BITS 10
#define FINE ((uint64_t)2 << MANTISSA_BITS)
#define PER_DOUBLING ((uint64_t)1 << MANTISSA_BITS)

_Static_assert(EO_MLPERF_STEPS ==
                   ((uint64_t)2 << MANTISSA_BITS) + (63 - MANTISSA_BITS) * ((uint64_t)1 << MANTISSA_BITS),
               "the steps of the histogram");

uint32_t eo_mlperf_step(uint64_t ns)
{
    int shift;

    if (ns < FINE)
        return (uint32_t)ns;
    shift = 63 - __builtin_clzll(ns) - MANTISSA_BITS;
    return (uint32_t)((uint64_t)shift * PER_DOUBLING + (ns >> shift));
}

double eo_mlperf_step_ns(uint32_t step)
{
    uint64_t shift, low;

    if (step < FINE)
        return step;
    shift = step / PER_DOUBLING - 1;
    low = (step % PER_DOUBLING + PER_DOUBLING) << shift;
    return (double)low + (double)(((uint64_t)1 << shift) - 1) / 2;
}

/* The smallest time that at least the share p of `total` does not exceed, in ms. */
static double percentile_ms(const uint64_t *histogram, uint64_t total, double p)
{
    uint64_t wanted = (uint64_t)ceil((double)total * p), seen = 0;
    uint32_t step = 0;

    while (step < EO_MLPERF_STEPS - 1 && (seen += histogram[step]) < wanted)
        step++;
    return eo_mlperf_step_ns(step) / 1e6;
}

struct stream {
    void (*call)(void *ctx, int batch);
    void *ctx;
    struct eo_clock clock;
    uint64_t *histogram;
};

/* Every reading of the clock ends one inference and starts the next. Returns the inferences, and how long they took. */
static uint64_t run_window(struct stream *s, double window_s, double *took_s)
{
    uint64_t wanted_ns = (uint64_t)ceil(window_s * 1e9), n = 0;
    uint64_t start = eo_clock_now_ns(), last = start;

    do {
        uint64_t now;

        s->call(s->ctx, 1);
        now = eo_clock_now_ns();
        s->histogram[eo_mlperf_step(eo_clock_elapsed_ns(&s->clock, last, now))]++;
        last = now;
        n++;
    } while (last - start < wanted_ns);
    *took_s = (double)(last - start) / 1e9;
    return n;
}

int eo_mlperf_run(struct eo_mlperf *r, void (*call)(void *ctx, int batch), void *ctx, double window_s,
                  struct eo_err *err)
{
    struct stream s = {call, ctx, {0}, eo_alloc(EO_MLPERF_STEPS, sizeof(uint64_t), err)};
    double sorted[EO_MLPERF_WINDOWS], took_s;
    int i;

    if (!s.histogram)
        return -1;
    *r = (struct eo_mlperf){.window_s_min = INFINITY};
    eo_clock_init(&s.clock);
    run_window(&s, window_s / 10, &took_s);
    memset(s.histogram, 0, EO_MLPERF_STEPS * sizeof(*s.histogram));
    for (i = 0; i < EO_MLPERF_WINDOWS; i++) {
        uint64_t n = run_window(&s, window_s, &took_s);

        r->inferences += n;
        r->throughput_sps[i] = sorted[i] = (double)n / took_s;
        r->window_s_min = took_s < r->window_s_min ? took_s : r->window_s_min;
    }
    eo_stats_sort(sorted, EO_MLPERF_WINDOWS);
    r->throughput_sps_median = eo_stats_median_sorted(sorted, EO_MLPERF_WINDOWS);
    r->latency_ms_p90 =
        r->inferences >= EO_MLPERF_P90_SAMPLES ? percentile_ms(s.histogram, r->inferences, 0.90) : NAN;
    r->latency_ms_p99 =
        r->inferences >= EO_MLPERF_P99_SAMPLES ? percentile_ms(s.histogram, r->inferences, 0.99) : NAN;
    r->by_the_rule = r->window_s_min >= EO_MLPERF_WINDOW_S;
    free(s.histogram);
    return 0;
}

int eo_mlperf_measure(struct eo_mlperf *r, const struct eo_model *m, const struct eo_images *images,
                      const struct eo_bench_plan *plan, double window_s, struct eo_err *err)
{
    struct eo_bench_subject subject;
    struct eo_bench_engine *engine;
    int cpu, chosen, rc;

    if (eo_pin_choose(plan->cpu, 1, &cpu, &chosen, err))
        return -1;
    eo_pin_set(&cpu, chosen);
    engine = eo_bench_engine_new(m, images, plan->isa, 1, plan->batch, err);
    if (!engine)
        return -1;
    subject = eo_bench_engine_subject(engine);
    rc = eo_mlperf_run(r, subject.call, subject.ctx, window_s, err);
    if (rc == 0)
        snprintf(r->kernel, sizeof(r->kernel), "%s", eo_bench_engine_kernel(engine));
    eo_bench_engine_free(engine);
    return rc;
}

void eo_mlperf_put_header(struct eo_buf *out)
{
    int i;

    eo_buf_puts(out, "pruning_level,precision,seed,model_sha256,isa,kernel,windows,window_s_min,inferences,"
                     "throughput_sps_median,");
    for (i = 0; i < EO_MLPERF_WINDOWS; i++)
        eo_buf_printf(out, "throughput_sps_%d,", i + 1);
    eo_buf_puts(out, "latency_ms_p90,latency_ms_p99,by_the_rule,pruning_criterion\n");
}

void eo_mlperf_put_row(struct eo_buf *out, const struct eo_model *model, const char *model_sha256,
                       const char *isa, const struct eo_mlperf *r)
{
    struct eo_candidate_key key = eo_candidate_key_of_model(model);
    int i;

    eo_candidate_put_key(&key, out);
    eo_csv_put_text(out, model_sha256, ',');
    eo_csv_put_text(out, isa, ',');
    eo_csv_put_text(out, r->kernel, ',');
    eo_csv_put_int(out, EO_MLPERF_WINDOWS, ',');
    eo_csv_put_double(out, r->window_s_min, ',');
    eo_csv_put_int(out, (long long)r->inferences, ',');
    eo_csv_put_double(out, r->throughput_sps_median, ',');
    for (i = 0; i < EO_MLPERF_WINDOWS; i++)
        eo_csv_put_double(out, r->throughput_sps[i], ',');
    eo_csv_put_double(out, r->latency_ms_p90, ',');
    eo_csv_put_double(out, r->latency_ms_p99, ',');
    eo_csv_put_text(out, r->by_the_rule ? "True" : "False", ',');
    eo_csv_put_text(out, eo_criterion_name(key.criterion), '\n');
}
