/*
 * Single-stream performance by the rule of MLPerf Tiny (rules v1.2): one image after the other, the next when the last
 * is done, in five windows of at least 10 s each; the result is the median of the windows' throughputs.
 *
 * What is not by the rule even with windows of 10 s: the rule's runner is another computer that starts every window
 * over a serial line, and its models are four given ones, without pruning.
 *
 * Whether a row can be trusted is judged as that of any timing is (bench/judge.h): a window is a round, and a hundredth
 * of it a sample, the mean of its calls.
 *
 * Latencies are of single calls, less the clock's overhead, and are kept as a histogram with steps of 0.1 %: of all
 * windows but those that the verdict leaves out because they were disturbed. A percentile needs the
 * samples that MLPerf's LoadGen asks for: 64 for p90, 662 for p99.
 */
#ifndef EO_STAGE_BENCH_MLPERF_H
#define EO_STAGE_BENCH_MLPERF_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/dataset.h"
#include "nn/model.h"
#include "stage/bench/engine.h"
#include "stage/bench/session.h"
#include "stage/bench/turns.h"

#define EO_MLPERF_WINDOWS EO_BENCH_TURNS
#define EO_MLPERF_WINDOW_S 10.0
#define EO_MLPERF_P90_SAMPLES 64
#define EO_MLPERF_P99_SAMPLES 662

struct eo_mlperf {
    double window_s_min; /* the shortest window, as measured */
    uint64_t inferences; /* in all windows */
    double throughput_sps[EO_MLPERF_WINDOWS], throughput_sps_median;
    double latency_ms_p90, latency_ms_p99; /* NAN without the samples */
    int by_the_rule;                       /* all windows lasted EO_MLPERF_WINDOW_S */
    enum eo_timing_status status;
    char reason[352]; /* "" for ok; as in struct eo_verdict */
    char kernel[64];
};

/*
 * A model on the plan's first batch_size images (NULL: random pixels), one by one in a circle, by the plan's
 * processor and instruction set. Pins this thread to the processor, if the kernel allows it, and leaves it there.
 * Fails without memory, and on a processor that we may not use.
 */
int eo_mlperf_measure(struct eo_mlperf *result, const struct eo_model *m, const struct eo_images *images,
                      const struct eo_bench_plan *plan, double window_s, struct eo_err *err) EO_MUST_CHECK;

/*
 * Calls call(ctx, 1) in windows of at least window_s seconds, after a tenth of that for warming up. `cpu`: where this
 * thread is pinned, -1: nowhere. Fails without memory. `kernel` is left empty.
 */
int eo_mlperf_run(struct eo_mlperf *result, const struct eo_bench_subject *subject, double window_s, int cpu,
                  struct eo_err *err) EO_MUST_CHECK;

/* A row for each model; by_the_rule is True or False. */
void eo_mlperf_put_header(struct eo_buf *out);
void eo_mlperf_put_row(struct eo_buf *out, const struct eo_model *model, const char *model_sha256,
                       const char *isa, const struct eo_mlperf *result);

/* ---- for tests: the histogram ---------------------------------------------------------------------------------- */

/* Which of EO_MLPERF_STEPS steps a time falls into; rising. And the middle of a step. */
#define EO_MLPERF_STEPS 56320
uint32_t eo_mlperf_step(uint64_t ns);
double eo_mlperf_step_ns(uint32_t step);

#endif
