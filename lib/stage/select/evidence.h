/*
 * The single observations by which two candidates are compared: the time of each round, and the images that a model
 * classifies correctly.
 *
 * Rounds file (eo-bench --rounds), a row per round: these columns are read, and the candidate's key:
 *     session               16 hexadecimal digits; rounds of two candidates pair where session and round are the same
 *     round                 from 0
 *     disturbed             0 or 1; disturbed rounds are no evidence
 *     host_median_ms        of one image in a call of batch_size, as measured
 *     host_single_median_ms the same for calls of one image; may be empty
 * Hits file (eo-eval --hits), a row per model: model_sha256, images_sha256, images, correct, hits (a '0' or '1' per
 * image).
 *
 * Messages give row and column, not the file.
 */
#ifndef EO_STAGE_SELECT_EVIDENCE_H
#define EO_STAGE_SELECT_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "format/csv.h"

#define EO_EVIDENCE_ROUNDS 20000 /* of one candidate, at most */
#define EO_EVIDENCE_IMAGES 16777216

struct eo_round_time {
    uint64_t session;
    int round;
    int disturbed;
    double batch_ms, single_ms; /* the second NAN where it is missing */
};

struct eo_evidence {
    struct eo_round_time *rounds; /* by session, then round, each pair once */
    size_t round_count;           /* 0: no rounds */
    uint64_t *hits;               /* image i is bit i % 64 of word i / 64; NULL: no hits */
    size_t images, correct;
    char model_sha256[EO_SHA256_TEXT], images_sha256[EO_SHA256_TEXT]; /* of the hits */
};

void eo_evidence_release(struct eo_evidence *e); /* harmless on a zeroed struct */

/* Whether a table has the columns of rounds, or of hits. */
int eo_evidence_is_rounds(const struct eo_csv *csv);
int eo_evidence_is_hits(const struct eo_csv *csv);

/* Adds one row. Fails on a round that was added before, and on second hits. */
int eo_evidence_add_round(struct eo_evidence *e, const struct eo_csv *csv, size_t row,
                          struct eo_err *err) EO_MUST_CHECK;
int eo_evidence_add_hits(struct eo_evidence *e, const struct eo_csv *csv, size_t row,
                         struct eo_err *err) EO_MUST_CHECK;

/* The order of rounds: by session, then by number. Negative, 0 or positive. */
int eo_evidence_compare_rounds(uint64_t session_a, int round_a, uint64_t session_b, int round_b);

/* Whether one of the rounds is of this session ("": any). A timing row belongs to the rounds of its own session. */
int eo_evidence_has_session(const struct eo_evidence *e, const char *session);

/* Counts the images that exactly one of two models classifies correctly: *differ in all, *more by b alone. */
void eo_evidence_count_discordant(const uint64_t *a, const uint64_t *b, size_t images, size_t *more,
                                  size_t *differ);

#endif
