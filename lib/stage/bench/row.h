/*
 * The tables that eo-bench writes: one row for each candidate, its rounds, its samples. Header and rows are appended
 * separately, so that a table may hold many candidates. Running out of memory is left to eo_buf_check().
 */
#ifndef EO_STAGE_BENCH_ROW_H
#define EO_STAGE_BENCH_ROW_H

#include <stddef.h>

#include "base/buf.h"
#include "nn/model.h"
#include "stage/bench/judge.h"
#include "stage/bench/round.h"

/* What a candidate's row says. Texts may be NULL, which is "". Figures that are missing are NAN. */
struct eo_bench_row {
    const struct eo_model *model;
    const char *model_sha256, *isa, *kernel;
    int threads, batch;
    size_t workspace_bytes;
    const struct eo_verdict *verdict;
    const char *session;       /* 16 hexadecimal digits */
    const char *cpu;           /* the processors to which it was pinned: "1", "0-1"; "" for none */
    const char *counters_note; /* eo_counters_note() */
    double energy_measured_j;  /* of one image in a batch, idle power subtracted */
    const char *energy_source;
    double idle_power_w;
    double arena_bytes, unfused_arena_bytes;
    const char *node, *node_kind; /* of the cluster that it was timed on */
};

/* A row without anything. */
void eo_bench_row_init(struct eo_bench_row *row);

void eo_bench_row_put_header(struct eo_buf *out);
void eo_bench_row_put(struct eo_buf *out, const struct eo_bench_row *row);

/*
 * One line for each round, in the order in which they were taken. `disturbed` is 1 or 0, as eo_round_is_disturbed()
 * says with this reference; times are of one image, in ms.
 */
void eo_bench_rounds_put_header(struct eo_buf *out);
void eo_bench_rounds_put(struct eo_buf *out, const struct eo_model *model, const char *session,
                         const struct eo_rounds *rounds, double reference_ns);

/*
 * trial,sample,batch,calls,seconds_per_call,disturbed,pruning_level,precision,seed,pruning_criterion: every sample.
 * `trial` is the number of the round, `sample` counts from 0 in the round and size, `batch` is the images in a call.
 */
void eo_bench_samples_put_header(struct eo_buf *out);
void eo_bench_samples_put(struct eo_buf *out, const struct eo_model *model, const struct eo_rounds *rounds,
                          double reference_ns);

#endif
