/*
 * What tells the candidates of a sweep apart: how much was pruned, by which criterion, the number format, the seed.
 *
 * Level 0 removes nothing, so there is one candidate of it, with the criterion EO_CRITERION_NONE. Tables that were
 * written before there were criteria have no column for them: what is pruned there was pruned by L1 norm.
 */
#ifndef EO_STAGE_CANDIDATE_H
#define EO_STAGE_CANDIDATE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "format/level.h"
#include "format/precision.h"
#include "nn/model.h"

#define EO_CANDIDATE_TEXT 160 /* bytes of eo_candidate_key_text(), its NUL included */
#define EO_CANDIDATE_LABEL 48 /* of eo_candidate_label() */

struct eo_candidate_key {
    struct eo_level level;
    enum eo_criterion criterion; /* NONE at level 0, and only there */
    enum eo_precision precision;
    uint64_t seed;
};

struct eo_candidate_key eo_candidate_key_of_model(const struct eo_model *m);

/* The criterion of a level by its name; "" is l1; at level 0 any text gives NONE. */
int eo_candidate_criterion(struct eo_level level, const char *name, enum eo_criterion *criterion,
                           struct eo_err *err) EO_MUST_CHECK;

/* Order of the tables among rows of one seed: level, criterion, precision. Negative, 0 or positive. */
int eo_candidate_compare(const struct eo_candidate_key *a, const struct eo_candidate_key *b);
int eo_candidate_equal(const struct eo_candidate_key *a, const struct eo_candidate_key *b); /* the seed too */
uint64_t eo_candidate_hash(const struct eo_candidate_key *key); /* for an eo_index: the same for equal keys */

/* "pruning_level 0.50, pruning_criterion taylor, precision int8, seed 7", for messages; without the criterion l1. */
void eo_candidate_key_text(const struct eo_candidate_key *key, char text[EO_CANDIDATE_TEXT]);

/* "0.50" or, by another criterion than l1, "0.50-taylor": as in the names of the artefacts. */
void eo_candidate_label(const struct eo_candidate_key *key, char text[EO_CANDIDATE_LABEL]);
/* Reads such a label, "0.5" and "0.50-l1" too. */
int eo_candidate_parse_label(const char *text, struct eo_level *level, enum eo_criterion *criterion,
                             struct eo_err *err) EO_MUST_CHECK;

/* Appends pruning_level,precision,seed, with which every table of candidates begins or goes on. */
void eo_candidate_put_key(const struct eo_candidate_key *key, struct eo_buf *out);
void eo_candidate_put_level(struct eo_level level, struct eo_buf *out, char end);
void eo_candidate_put_seed(uint64_t seed, struct eo_buf *out, char end);

#endif
