/*
 * The table of candidates: one row per (seed, pruning level, criterion, precision), as it stands in sweep_results.csv.
 *
 * One table in sweep.c lists every column with its place in the struct, its type and where it comes from.
 * Reading the rows of eo-eval and eo-bench, reading and writing sweep_results.csv and writing JSON all go by
 * that table.
 *
 * A figure that is missing is NAN in memory and an empty field in the file.
 */
#ifndef EO_STAGE_SWEEP_H
#define EO_STAGE_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"
#include "format/csv.h"
#include "format/precision.h"
#include "stage/candidate.h"
#include "stage/certainty.h"

#define EO_SWEEP_NAME 48 /* bytes of an instruction set's, kernel's or stage's name, its NUL included */
#define EO_SWEEP_TEXT_MAX 256 /* bytes of a longer text: a reason, a source */
#define EO_MIB 1048576.0 /* what the original calls a MB */

/* A candidate's part in the recommendation. */
enum eo_recommendation {
    EO_RECOMMENDATION_NONE,
    EO_RECOMMENDATION_RIVAL, /* cannot be told from the most accurate one */
    EO_RECOMMENDATION_RECOMMENDED
};

const char *eo_recommendation_name(enum eo_recommendation r); /* "", "rival", "recommended" */

struct eo_candidate {
    struct eo_candidate_key key;
    int accepted;

    /* Accuracies are shares of images in 0..1. */
    double accuracy, accuracy_ci95_low, accuracy_ci95_high;
    double accuracy_bootstrap95_low, accuracy_bootstrap95_high;
    double test_accuracy, test_accuracy_ci95_low, test_accuracy_ci95_high;
    double images;

    /* Per image, scaled by 1 / cpu_frequency_scale; the first six at batch_size images a call, single_* at
     * one. */
    double latency_ms, latency_median_ms, latency_std_ms, latency_p95_ms, latency_min_ms, throughput_sps;
    double single_latency_ms, single_latency_median_ms, single_latency_p95_ms;
    double host_latency_ms; /* as measured */
    double batch_size, threads;
    char isa[EO_SWEEP_NAME], kernel[EO_SWEEP_NAME];

    double macs, parameters, model_bytes, peak_activation_bytes, workspace_bytes;
    double active_budget_mb, model_memory_mb, memory_mb, estimated_runtime_memory_mb, energy_proxy_j;
    char model_sha256[EO_SHA256_TEXT]; /* "" where unknown */
    char images_sha256[EO_SHA256_TEXT], test_images_sha256[EO_SHA256_TEXT]; /* "" in rows of before */

    /* How the model came about, from its metadata; "" where it does not say. */
    char pruning_scope[EO_SWEEP_NAME];
    double conv1_channels, conv2_channels, fine_tune_epochs, qat_epochs;
    char quantization_backend[EO_SWEEP_NAME], quantization_observer[EO_SWEEP_NAME];
    char weight_granularity[EO_SWEEP_NAME], bias_correction[EO_SWEEP_NAME], cross_layer_equalization[EO_SWEEP_NAME];

    /* How far the timing can be trusted: of enum eo_timing_status, or "" in rows of before. */
    char timing_status[EO_SWEEP_NAME], timing_reason[EO_SWEEP_TEXT_MAX];

    /* Scaled as the latencies above. The intervals are 95 % ones. */
    double latency_mad_ms, latency_p99_ms, latency_median_ci95_low_ms, latency_median_ci95_high_ms;
    double latency_p95_ci95_low_ms, latency_p95_ci95_high_ms, latency_p99_ci95_low_ms, latency_p99_ci95_high_ms;
    double single_latency_mad_ms, single_latency_p99_ms;
    double single_latency_median_ci95_low_ms, single_latency_median_ci95_high_ms;
    double single_latency_p95_ci95_low_ms, single_latency_p95_ci95_high_ms;
    double single_latency_p99_ci95_low_ms, single_latency_p99_ci95_high_ms;

    /* Of this machine, per image at batch_size; not scaled. */
    double cycles, instructions, ipc, l1d_misses, llc_misses, branch_misses;
    char counters_note[EO_SWEEP_TEXT_MAX];
    double energy_measured_j;
    char energy_source[EO_SWEEP_TEXT_MAX];
    double idle_power_w;
    double arena_bytes, unfused_arena_bytes, resident_bytes;

    enum eo_certainty frontier_latency, frontier_energy, frontier_memory;

    /*
     * Standard error of `accuracy`, sqrt(a (1 - a) / images), in 0..0.5.
     * The latency that decides (latency_statistic): latency_median_ms, or latency_ms with `mean` and in rows that have
     * no median. energy_proxy_j, frontiers, labels, plots, tables and the recommendation follow it; throughput_sps does
     * not: images per second are the inverse of the mean.
     */
    double accuracy_std, ranked_latency_ms;
    char latency_statistic[EO_SWEEP_NAME]; /* which of the two it is: "median", "mean" */

    /* recommend.h: its part in the recommendation, and McNemar's p against the most accurate; NAN without hits. */
    enum eo_recommendation recommendation;
    double recommendation_p;
};

struct eo_evidence;

struct eo_sweep_error {
    struct eo_candidate_key key;
    char stage[EO_SWEEP_NAME];
    char message[512];
};

struct eo_sweep {
    struct eo_candidate *rows; /* by seed in order of first appearance, then by eo_candidate_compare() */
    size_t row_count;
    struct eo_sweep_error *errors; /* likewise */
    size_t error_count;
    struct eo_evidence *evidence; /* [row_count] in memory of its own (evidence.h), or NULL: of tables read from a file */
};

enum eo_sweep_kind {
    EO_SWEEP_LEVEL,     /* struct eo_level */
    EO_SWEEP_PRECISION, /* enum eo_precision */
    EO_SWEEP_CRITERION, /* enum eo_criterion */
    EO_SWEEP_SEED,      /* uint64_t */
    EO_SWEEP_BOOL,      /* int; True or False, as pandas writes them */
    EO_SWEEP_NUMBER,    /* double */
    EO_SWEEP_COUNT,     /* double that holds an integer */
    EO_SWEEP_TEXT,      /* char[] */
    EO_SWEEP_STATUS,    /* char[], a name of enum eo_timing_status */
    EO_SWEEP_CERTAINTY, /* enum eo_certainty */
    EO_SWEEP_RECOMMENDATION, /* enum eo_recommendation */
    EO_SWEEP_EMPTY,     /* always empty: `error` of a row that has none */
    EO_SWEEP_NOTE,      /* a fixed sentence */
    EO_SWEEP_VIOLATES   /* stands for one column per memory budget */
};

/* Which file a column comes from; several are or-ed. */
enum eo_sweep_source {
    EO_FROM_KEY = 1,      /* every row */
    EO_FROM_ACCURACY = 2, /* eo-eval */
    EO_FROM_TIMING = 4,   /* eo-bench */
    EO_DERIVED = 8        /* computed in selection */
};
#define EO_SWEEP_ALL (EO_FROM_KEY | EO_FROM_ACCURACY | EO_FROM_TIMING | EO_DERIVED)

struct eo_sweep_column {
    const char *name;
    const char *row_name; /* its name in the source's rows */
    enum eo_sweep_kind kind;
    enum eo_sweep_source source;
    size_t offset, size; /* in struct eo_candidate */
    double min, max;     /* numbers and counts */
    int required;        /* a row of its source without it is an error */
    int is_measured;     /* taken by a clock, follows from that, or depends on the machine's instruction set */
    int is_relative;     /* says how the candidate compares with the others of the sweep */
};

/* The columns in the order of the file, EO_SWEEP_VIOLATES being one entry. */
const struct eo_sweep_column *eo_sweep_columns(size_t *count);

/* A candidate without any figure. */
void eo_candidate_init(struct eo_candidate *c);

/* Stores the text of a cell; an empty one leaves a missing figure. The message does not name the column. */
int eo_sweep_read_cell(struct eo_candidate *c, const struct eo_sweep_column *column, const char *text,
                       struct eo_err *err) EO_MUST_CHECK;

/* The value of a column by which rows can be ordered, that is a NUMBER, COUNT or LEVEL (the mean of its parts); NULL
 * for another name. */
const struct eo_sweep_column *eo_sweep_numeric_column(const char *name);
double eo_candidate_number(const struct eo_candidate *c, const struct eo_sweep_column *column);

/* Whether the model alone is larger than a budget in MiB. */
int eo_candidate_violates(const struct eo_candidate *c, double budget_mb);

/* The column of budget k: "violates_1.0mb", or "violates_1mb" where the configuration says 1, as Python prints them. */
void eo_sweep_violates_name(const struct eo_config *cfg, int k, char name[EO_SWEEP_NAME]);

extern const char eo_sweep_energy_note[];

/* Reads sweep_results.csv (not the errors). Messages give the line and column. Release with
 * eo_sweep_release(). */
int eo_sweep_load(struct eo_sweep *sweep, const char *path, struct eo_err *err) EO_MUST_CHECK;
int eo_sweep_read(struct eo_sweep *sweep, const struct eo_csv *csv, struct eo_err *err) EO_MUST_CHECK;
void eo_sweep_release(struct eo_sweep *sweep); /* harmless on a zeroed struct */

/* Appends header or row, with the columns of these sources. The budgets are the config's. */
void eo_sweep_put_header(const struct eo_config *cfg, unsigned sources, struct eo_buf *out);
void eo_sweep_put_row(const struct eo_candidate *c, const struct eo_config *cfg, unsigned sources, struct eo_buf *out);

void eo_sweep_put_count(struct eo_buf *out, double value, char end); /* NAN: the empty field */

/* The row that others are compared with: level 0 in fp32 with the first seed, else the first. NULL without
 * rows. */
const struct eo_candidate *eo_sweep_baseline(const struct eo_sweep *sweep);

/* Sets ranked_latency_ms and latency_statistic. */
void eo_candidate_rank(struct eo_candidate *c, enum eo_latency_statistic statistic);

/* The same figure of one image at a time: single_latency_median_ms where ranked_latency_ms is a median. */
double eo_candidate_single_latency(const struct eo_candidate *c);

/* The candidate of that key, or NULL. */
const struct eo_candidate *eo_sweep_find(const struct eo_sweep *sweep, const struct eo_candidate_key *key);

/* The row that is marked as recommended; NULL without one. eo_recommend() marks it. */
const struct eo_candidate *eo_sweep_recommended(const struct eo_sweep *sweep);

/* Rows of the first seed, which come first. */
size_t eo_sweep_first_seed_rows(const struct eo_sweep *sweep);

#endif
