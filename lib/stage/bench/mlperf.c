#include "stage/bench/mlperf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/clock.h"
#include "base/mem.h"
#include "machine/pin.h"
#include "base/stats.h"
#include "format/csv.h"
#include "stage/bench/engine.h"
#include "stage/candidate.h"

#define SLICES 100 /* of a window, each a sample for the judge */

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
    const struct eo_bench_subject *subject;
    struct eo_clock clock;
    uint64_t *histograms; /* [EO_MLPERF_WINDOWS][EO_MLPERF_STEPS] */
    int window;           /* -1 while warming up, which fills the histogram of the first window */
    struct eo_bench_turns turns;
};

/* The inferences since the last sample for the judge. */
struct slice {
    uint64_t start_ns, least_ns, inferences;
};

static void add_to_slice(struct stream *s, struct slice *slice, uint64_t now)
{
    slice->inferences++;
    if (now - slice->start_ns < slice->least_ns)
        return;
    if (s->window >= 0)
        eo_bench_turn_add(&s->turns, EO_BENCH_BATCH,
                          (double)(now - slice->start_ns) / 1e9 / (double)slice->inferences);
    slice->start_ns = now;
    slice->inferences = 0;
}

/* Every reading of the clock ends one inference and starts the next. Returns the inferences, and how long they took. */
static uint64_t run_window(struct stream *s, double window_s, double *took_s)
{
    uint64_t wanted_ns = (uint64_t)ceil(window_s * 1e9), n = 0;
    uint64_t start = eo_clock_now_ns(), last = start;
    uint64_t *histogram = s->histograms + (s->window > 0 ? s->window : 0) * EO_MLPERF_STEPS;
    struct slice slice = {start, wanted_ns / SLICES, 0};

    do {
        uint64_t now;

        s->subject->call(s->subject->ctx, 1);
        now = eo_clock_now_ns();
        histogram[eo_mlperf_step(eo_clock_elapsed_ns(&s->clock, last, now))]++;
        add_to_slice(s, &slice, now);
        last = now;
        n++;
    } while (last - start < wanted_ns);
    *took_s = (double)(last - start) / 1e9;
    return n;
}

/* Latencies of all windows but those that were left out, into the first histogram. Returns how many there are. */
static uint64_t merge(struct stream *s)
{
    uint64_t total = 0, n;
    int i;

    for (int k = 0; k < EO_MLPERF_STEPS; k++) {
        for (n = 0, i = 0; i < EO_MLPERF_WINDOWS; i++)
            n += eo_bench_turn_is_left_out(&s->turns, i) ? 0 : s->histograms[i * EO_MLPERF_STEPS + k];
        s->histograms[k] = n;
        total += n;
    }
    return total;
}

static int judge_windows(struct eo_mlperf *r, struct stream *s, struct eo_err *err)
{
    struct eo_verdict verdict;
    uint64_t n;

    if (eo_bench_turns_judge(&s->turns, &verdict, err))
        return -1;
    r->status = verdict.status;
    snprintf(r->reason, sizeof(r->reason), "%s", verdict.reason);
    n = merge(s);
    r->latency_ms_p90 = n >= EO_MLPERF_P90_SAMPLES ? percentile_ms(s->histograms, n, 0.90) : NAN;
    r->latency_ms_p99 = n >= EO_MLPERF_P99_SAMPLES ? percentile_ms(s->histograms, n, 0.99) : NAN;
    return 0;
}

static void run_windows(struct eo_mlperf *r, struct stream *s, double window_s)
{
    double sorted[EO_MLPERF_WINDOWS], took_s;

    for (int i = 0; i < EO_MLPERF_WINDOWS; i++) {
        uint64_t n;

        s->window = i;
        eo_bench_turn_begin(&s->turns);
        n = run_window(s, window_s, &took_s);
        eo_bench_turn_end(&s->turns);
        r->inferences += n;
        r->throughput_sps[i] = sorted[i] = (double)n / took_s;
        r->window_s_min = took_s < r->window_s_min ? took_s : r->window_s_min;
    }
    r->throughput_sps_median = eo_stats_median(sorted, EO_MLPERF_WINDOWS);
    r->by_the_rule = r->window_s_min >= EO_MLPERF_WINDOW_S;
}

int eo_mlperf_run(struct eo_mlperf *r, const struct eo_bench_subject *subject, double window_s, int cpu,
                  struct eo_err *err)
{
    const int images[EO_BENCH_SIZES] = {1, 1};
    struct stream s = {.subject = subject, .window = -1};
    double took_s;
    int rc = -1;

    *r = (struct eo_mlperf){.window_s_min = INFINITY};
    s.histograms = eo_alloc(EO_MLPERF_WINDOWS * EO_MLPERF_STEPS, sizeof(*s.histograms), err);
    if (s.histograms && eo_bench_turns_init(&s.turns, images, SLICES, cpu, err) == 0) {
        eo_clock_init(&s.clock);
        run_window(&s, window_s / 10, &took_s);
        memset(s.histograms, 0, EO_MLPERF_STEPS * sizeof(*s.histograms));
        run_windows(r, &s, window_s);
        rc = judge_windows(r, &s, err);
    }
    eo_bench_turns_release(&s.turns);
    free(s.histograms);
    return rc;
}

int eo_mlperf_measure(struct eo_mlperf *r, const struct eo_model *m, const struct eo_images *images,
                      const struct eo_bench_plan *plan, double window_s, struct eo_err *err)
{
    struct eo_bench_subject subject;
    struct eo_bench_engine *engine;
    int cpu, rc;

    if (eo_pin_self(plan->cpu, &cpu, err))
        return -1;
    engine = eo_bench_engine_new(m, images, plan->isa, 1, plan->batch, err);
    if (!engine)
        return -1;
    subject = eo_bench_engine_subject(engine);
    rc = eo_mlperf_run(r, &subject, window_s, cpu, err);
    if (rc == 0)
        snprintf(r->kernel, sizeof(r->kernel), "%s", eo_bench_engine_kernel(engine));
    eo_bench_engine_free(engine);
    return rc;
}

void eo_mlperf_put_header(struct eo_buf *out)
{
    eo_buf_puts(out, "pruning_level,precision,seed,model_sha256,isa,kernel,windows,window_s_min,inferences,"
                     "throughput_sps_median,");
    for (int i = 0; i < EO_MLPERF_WINDOWS; i++)
        eo_buf_printf(out, "throughput_sps_%d,", i + 1);
    eo_buf_puts(out, "latency_ms_p90,latency_ms_p99,by_the_rule,pruning_criterion,timing_status,"
                     "timing_reason\n");
}

void eo_mlperf_put_row(struct eo_buf *out, const struct eo_model *model, const char *model_sha256,
                       const char *isa, const struct eo_mlperf *r)
{
    struct eo_candidate_key key = eo_candidate_key_of_model(model);

    eo_candidate_put_key(&key, out);
    eo_csv_put_text(out, model_sha256, ',');
    eo_csv_put_text(out, isa, ',');
    eo_csv_put_text(out, r->kernel, ',');
    eo_csv_put_int(out, EO_MLPERF_WINDOWS, ',');
    eo_csv_put_double(out, r->window_s_min, ',');
    eo_csv_put_int(out, (long long)r->inferences, ',');
    eo_csv_put_double(out, r->throughput_sps_median, ',');
    for (int i = 0; i < EO_MLPERF_WINDOWS; i++)
        eo_csv_put_double(out, r->throughput_sps[i], ',');
    eo_csv_put_double(out, r->latency_ms_p90, ',');
    eo_csv_put_double(out, r->latency_ms_p99, ',');
    eo_csv_put_text(out, r->by_the_rule ? "True" : "False", ',');
    eo_csv_put_text(out, eo_criterion_name(key.criterion), ',');
    eo_csv_put_text(out, eo_timing_status_name(r->status), ',');
    eo_csv_put_text(out, r->reason, '\n');
}
