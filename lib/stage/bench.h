/*
 * Timing: how long a model takes on this machine.
 *
 * Four parts that know nothing of each other's insides:
 *     subject     what is called: eo_bench_subject, usually made from a model by eo_bench_engine_new()
 *     collection  eo_bench_collect() calls it and writes down every sample
 *     figures     eo_bench_summarise() makes mean, median, ... of any list of samples
 *     text        eo_bench_put_row() writes the figures, eo_bench_put_samples() the samples
 *
 * A sample is the time of many calls in a row, divided by their number: as many as last at least
 * EO_BENCH_SAMPLE_NS, or 100 steps of the clock where that is more, after subtracting the clock's own
 * overhead. A sample that falls short is thrown away and taken again with more calls.
 *
 * A trial is `repeats` samples of one batch size followed by as many of batch 1; every second trial has them
 * the other way round, so that a machine that slows down steadily hits both alike. Before the first trial,
 * `warmup` samples of each size are taken and thrown away. There are at least EO_BENCH_MIN_SAMPLES samples of
 * each size, because the 95th percentile of five values would just be their largest: the number of trials is
 * raised as needed.
 */
#ifndef EO_STAGE_BENCH_H
#define EO_STAGE_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "format/config.h"
#include "format/dataset.h"
#include "nn/model.h"

#define EO_BENCH_SAMPLE_NS 2000000u
#define EO_BENCH_MIN_SAMPLES 20
#define EO_BENCH_MAX_BATCH 65536
#define EO_BENCH_MAX_COUNT 1000 /* of repeats, of trials and of warm-up samples */

/* One call handles `batch` images, or 1. It must not fail. */
struct eo_bench_subject {
    void (*call)(void *ctx, int batch);
    void *ctx;
};

struct eo_bench_plan {
    int batch;   /* 1..EO_BENCH_MAX_BATCH; with 1, the single-image samples are these same ones */
    int repeats; /* samples in a trial, 1..EO_BENCH_MAX_COUNT */
    int trials;  /* 1..EO_BENCH_MAX_COUNT */
    int warmup;  /* samples thrown away at each batch size, 0..EO_BENCH_MAX_COUNT */
};

struct eo_bench_sample {
    int trial, sample; /* from 0; sample counts within the trial */
    int batch;         /* images in a call */
    uint64_t calls;
    double seconds_per_call;
};

struct eo_bench_samples {
    struct eo_bench_sample *list; /* in the order in which they were taken */
    size_t count;
};

/* The batch size, repeats, trials and warm-up samples of an experiment. */
void eo_bench_plan_make(struct eo_bench_plan *plan, const struct eo_config *cfg);

/* The trials that are really run, see above. */
int eo_bench_trials(const struct eo_bench_plan *plan);

/* Takes all samples. Fails without memory. Release is harmless on a zeroed struct. */
int eo_bench_collect(struct eo_bench_samples *samples, const struct eo_bench_subject *subject,
                     const struct eo_bench_plan *plan, struct eo_err *err) EO_MUST_CHECK;
void eo_bench_samples_release(struct eo_bench_samples *samples);

/* Of the time of one image in a call of `batch`, over the samples of that batch size. */
struct eo_bench_figures {
    size_t samples;
    double mean_ms, median_ms, min_ms;
    double std_ms;         /* eo_stats_std_sample() */
    double p95_ms;         /* eo_stats_percentile_sorted() */
    double throughput_sps; /* images per second: 1000 / mean_ms */
};

/* Fails without memory, and when no sample has this batch size. */
int eo_bench_summarise(struct eo_bench_figures *f, const struct eo_bench_samples *samples, int batch,
                       struct eo_err *err) EO_MUST_CHECK;

/*
 * A model as a subject. A batch is cut into one piece for each thread, in whole groups of EO_BENCH_GROUP
 * images; a single image runs on the calling thread. `images` gives the first `batch` images, and begins
 * again where it has fewer; NULL means images of random pixels. Single calls walk through the same images one
 * by one. Copies what it needs from the model and the images. NULL and err on failure.
 */
#define EO_BENCH_GROUP 16
struct eo_bench_engine;
struct eo_bench_engine *eo_bench_engine_new(const struct eo_model *m, const struct eo_images *images,
                                            enum eo_isa isa, int threads, int batch,
                                            struct eo_err *err) EO_MUST_CHECK;
void eo_bench_engine_free(struct eo_bench_engine *e); /* NULL is allowed */
struct eo_bench_subject eo_bench_engine_subject(struct eo_bench_engine *e);
size_t eo_bench_engine_workspace_bytes(const struct eo_bench_engine *e); /* for batches, all threads */
const char *eo_bench_engine_kernel(const struct eo_bench_engine *e);

/*
 * One benchmark at a time on the whole machine, also of other checkouts: an exclusive flock on
 * ${TMPDIR:-/tmp}/edge-opt-timing.lock, which is created where missing. Returns the descriptor for
 * eo_bench_unlock(), or -1 where the file cannot be used; timing then goes on without. Waits for others.
 */
int eo_bench_lock(void);
void eo_bench_unlock(int fd); /* -1 is allowed */

/* What stands in a row beside the times. */
struct eo_bench_old_row {
    const struct eo_model *model;
    const char *model_sha256, *isa, *kernel;
    int threads, batch;
    size_t workspace_bytes;
    struct eo_bench_figures at_batch, single;
};

void eo_bench_put_header(struct eo_buf *out);
void eo_bench_put_row(struct eo_buf *out, const struct eo_bench_old_row *row);

/* trial,sample,batch,calls,seconds_per_call: header and every sample. */
void eo_bench_put_samples(struct eo_buf *out, const struct eo_bench_samples *samples);

/* layer,input_bytes,output_bytes,total_bytes: what one image needs for activations while each layer runs. */
void eo_bench_put_layers(struct eo_buf *out, const struct eo_model *m);

#endif
