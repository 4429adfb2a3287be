/* The row of a model that was timed. */
#ifndef EO_STAGE_BENCH_H
#define EO_STAGE_BENCH_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "nn/model.h"
#include "stage/bench_round.h"

/* Of the time of one image, over all samples of a size. */
struct eo_bench_figures {
    size_t samples;
    double mean_ms, median_ms, min_ms;
    double std_ms;         /* eo_stats_std_sample() */
    double p95_ms;         /* eo_stats_percentile_sorted() */
    double throughput_sps; /* images per second: 1000 / mean_ms */
};

/* Fails without memory. */
int eo_bench_summarise(struct eo_bench_figures *f, const struct eo_rounds *rounds, enum eo_bench_size size,
                       struct eo_err *err) EO_MUST_CHECK;

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

/* trial,sample,batch,calls,seconds_per_call: every sample. */
void eo_bench_put_samples_header(struct eo_buf *out);
void eo_bench_put_samples(struct eo_buf *out, const struct eo_rounds *rounds);

/* layer,input_bytes,output_bytes,total_bytes: what one image needs for activations while each layer runs. */
void eo_bench_put_layers(struct eo_buf *out, const struct eo_model *m);

#endif
