/*
 * One figure of the performance run: what was called, and how long it took, sample by sample and round by round.
 *
 * The run goes through all rows several times. In each round a row takes a few samples (stage/bench.h says what one
 * is); the median of the round is what ratios are made of, so that both sides of a ratio were measured within seconds
 * of each other. All times are us per image.
 */
#ifndef EO_TESTS_PERF_MEASURE_H
#define EO_TESTS_PERF_MEASURE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "format/precision.h"
#include "nn/shape.h"

#define PERF_ROUNDS_MAX 50
#define PERF_SAMPLES 20         /* of a row in a round */
#define PERF_SAMPLE_NS 2000000u /* that a sample lasts, at least */

struct perf_row;

/*
 * Takes samples, us per image, into us[0..PERF_SAMPLES - 1]; returns how many, 0 when it failed (and why in `skipped`).
 */
typedef int perf_take_fn(struct perf_row *row, double us[PERF_SAMPLES]);

struct perf_row {
    const char *operation; /* "infer", "train", "evaluate", "conv1", ... */
    const char *who;       /* instruction set, or a peer's name */
    char kernel[64];       /* "int8-avx512", "onnxruntime 1.20.0" */
    enum eo_precision precision;
    int batch, threads;
    double level;
    struct eo_shape shape;
    double macs; /* of one image; 0: not counted */
    int peak;    /* index of a perf_peak, or -1 */
    int rounds;  /* measured in this many rounds at most */

    perf_take_fn *take;
    void (*call)(void *ctx,
                 int batch); /* for perf_take_calls() and perf_take_slow(): one call, `batch` images */
    void *ctx;
    void (*release)(void *ctx); /* NULL is allowed */

    double *us; /* all samples */
    size_t count;
    double round_us[PERF_ROUNDS_MAX]; /* medians; NAN where it was not measured */
    char skipped[160];                /* why there is no figure; "" */
};

/* Median, interquartile range and minimum of all samples. Zeros where there are none. */
struct perf_figures {
    double median_us, iqr_us, min_us;
    double gmac_s, images_s;
};
void perf_row_figures(const struct perf_row *row, struct perf_figures *f);

/* Runs row->take for one round. Fails without memory alone. */
int perf_row_measure(struct perf_row *row, int round, struct eo_err *err) EO_MUST_CHECK;

/* A round of many calls each; a round of a single one, where a call takes long. */
perf_take_fn perf_take_calls, perf_take_slow;

/*
 * A ratio of two rows, a / b, from the rounds in which both were measured: its median, smallest and largest. `rounds`
 * is 0 where there were none; a row may be NULL.
 */
struct perf_ratio {
    double median, low, high;
    int rounds;
};
struct perf_ratio perf_ratio_make(const struct perf_row *a, const struct perf_row *b);

/* Median, smallest and largest of x[0..n-1], leaving out NANs; `rounds` says how many there were. */
struct perf_ratio perf_spread(const double *x, size_t n);

/*
 * Where this thread (and what it starts from now on) runs: on one processor, or on all that the process had at
 * first. perf_cpus_init() comes before both.
 */
void perf_cpus_init(void);
void perf_pin(void);
void perf_unpin(void);
int perf_pinned_cpu(void); /* which one it is */
int perf_cpu_allowed(int cpu);

#endif
