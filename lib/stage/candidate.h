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

#define EO_CANDIDATE_TEXT (EO_LEVEL_TEXT + 128)     /* bytes of eo_candidate_key_text(), its NUL included */
#define EO_CANDIDATE_LABEL (EO_LEVEL_TEXT + 16)     /* of eo_candidate_label() */
#define EO_CANDIDATE_NAME (EO_CANDIDATE_LABEL + 48) /* of eo_candidate_name() */

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

/*
 * The name of a candidate's files below models/ and rows/, "p0.50-int8", "seed8/p0.25x0.50-taylor-int8": the seed where
 * it is not the experiment's first one, "p" and the label, the precision. What all precisions have in common is called
 * by the name of the pruned model, without a precision.
 */
struct eo_candidate_name {
    struct eo_candidate_key key;
    int is_pruned; /* a pruned model's name: key.precision means nothing */
};
void eo_candidate_name(const struct eo_candidate_name *name, uint64_t first_seed,
                       char text[EO_CANDIDATE_NAME]);

/* Reads a name that eo_candidate_name() could have written; any other way of writing it is refused. */
int eo_candidate_parse_name(const char *text, uint64_t first_seed, struct eo_candidate_name *name,
                            struct eo_err *err) EO_MUST_CHECK;

/* The name that a path below models/ or rows/ has before its ending: "rows/seed8/p0.50-int8.accuracy.csv". */
int eo_candidate_parse_path(const char *path, uint64_t first_seed,
                            struct eo_candidate_name *name) EO_MUST_CHECK;

/* The column `precision` of what a name says: "any" for a pruned model. */
const char *eo_candidate_precision(const struct eo_candidate_name *name);

/* Appends pruning_level,precision,seed, with which every table of candidates begins or goes on. */
void eo_candidate_put_key(const struct eo_candidate_key *key, struct eo_buf *out);
void eo_candidate_put_level(struct eo_level level, struct eo_buf *out, char end);
void eo_candidate_put_seed(uint64_t seed, struct eo_buf *out, char end);

/*
 * The same as JSON: pruning_level as in the configuration, a number or a list of shares where the spaces differ;
 * pruning_criterion, precision, seed.
 */
struct eo_json;
void eo_candidate_json_level(struct eo_json *j, const char *key, struct eo_level level);
void eo_candidate_json_key(struct eo_json *j, const struct eo_candidate_key *key);

#endif
