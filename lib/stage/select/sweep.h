/*
 * The table of candidates: one row per (seed, pruning level, criterion, precision), as it stands in sweep_results.csv.
 *
 * The columns are listed in columns.def and described in columns.h; the members of struct eo_candidate come from that
 * list.
 *
 * A figure that is missing is NAN in memory and an empty field in the file.
 */
#ifndef EO_STAGE_SELECT_SWEEP_H
#define EO_STAGE_SELECT_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "format/config.h"
#include "format/csv.h"
#include "format/precision.h"
#include "stage/candidate.h"
#include "stage/select/certainty.h"

#define EO_SWEEP_NAME 48      /* bytes of the name of an instruction set, kernel or stage, NUL included */
#define EO_SWEEP_TEXT_MAX 256 /* bytes of a longer text: a reason, a source */
#define EO_MIB 1048576.0      /* what the original calls a MB */

/* A candidate's part in the recommendation. */
enum eo_recommendation {
    EO_RECOMMENDATION_NONE,
    EO_RECOMMENDATION_RIVAL, /* cannot be told from the most accurate one */
    EO_RECOMMENDATION_RECOMMENDED
};

const char *eo_recommendation_name(enum eo_recommendation r); /* "", "rival", "recommended" */
int eo_recommendation_parse(const char *text, enum eo_recommendation *r, struct eo_err *err) EO_MUST_CHECK;

/*
 * One member for each column, by its name; columns.def says what each one is. Accuracies are shares in 0..1, latencies
 * are of one image, and those without "host_" are scaled by 1 / cpu_frequency_scale.
 */
struct eo_candidate {
    struct eo_candidate_key key;
#define EO_COLUMN(member, function, ...) member
#include "stage/select/columns.def"
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
    /* [row_count], allocated apart (evidence.h); NULL for a table that was read from a file */
    struct eo_evidence *evidence;
};

/* A candidate without any figure. */
void eo_candidate_init(struct eo_candidate *c);

/* Whether the model alone is larger than a budget in MiB. */
int eo_candidate_violates(const struct eo_candidate *c, double budget_mb);

/* Reads sweep_results.csv, without errors and evidence. Messages give row and column. Use eo_sweep_release(). */
int eo_sweep_load(struct eo_sweep *sweep, const char *path, struct eo_err *err) EO_MUST_CHECK;
int eo_sweep_read(struct eo_sweep *sweep, const struct eo_csv *csv, struct eo_err *err) EO_MUST_CHECK;
void eo_sweep_release(struct eo_sweep *sweep); /* harmless on a zeroed struct */

/* The row with which others are compared: level 0 in fp32 of the first seed, else the first row; NULL without one. */
const struct eo_candidate *eo_sweep_baseline(const struct eo_sweep *sweep);

/* Sets ranked_latency_ms and latency_statistic. */
void eo_candidate_rank(struct eo_candidate *c, enum eo_latency_statistic statistic);

/* The same statistic in calls of one image: single_latency_median_ms where ranked_latency_ms is a median. */
double eo_candidate_single_latency(const struct eo_candidate *c);

/* The candidate of that key, or NULL. */
const struct eo_candidate *eo_sweep_find(const struct eo_sweep *sweep, const struct eo_candidate_key *key);

/* The row that eo_recommend() marked as recommended; NULL without one. */
const struct eo_candidate *eo_sweep_recommended(const struct eo_sweep *sweep);

/* The number of rows of the first seed; these rows come first. */
size_t eo_sweep_first_seed_rows(const struct eo_sweep *sweep);

#endif
