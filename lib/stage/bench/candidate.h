/*
 * A model that is timed, and what a session found out about it.
 */
#ifndef EO_STAGE_BENCH_CANDIDATE_H
#define EO_STAGE_BENCH_CANDIDATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "nn/arena.h"
#include "nn/model.h"
#include "stage/bench/judge.h"
#include "stage/bench/round.h"

struct eo_bench_candidate {
    const char *name; /* for messages; borrowed */
    char *bytes;      /* of its file */
    size_t size;
    struct eo_model model;
    char sha256[EO_SHA256_TEXT];
    /* What a session (bench/session.h) found out. */
    struct eo_rounds rounds;
    struct eo_verdict verdict;
    char kernel[64];
    size_t workspace_bytes;
    size_t arena_bytes[EO_ARENA_FORMS]; /* in which one image ran */
    char counters_note[EO_COUNTERS_NOTE];
    double energy_j; /* of one image in a batch; NAN where not measured */
    int failed;      /* 1: err says why, and the fields above are empty */
    struct eo_err err;
};

/* Reads a model's file ("-": standard input). On failure *c is empty but for its name. */
int eo_bench_candidate_load(struct eo_bench_candidate *c, const char *path, struct eo_err *err) EO_MUST_CHECK;

/*
 * Whether its network takes images of this size, or of so many values where they are 1 x F x 1: all models of a session
 * are given the same images.
 */
int eo_bench_candidate_check_input(const struct eo_bench_candidate *c, struct eo_dims images,
                                   struct eo_err *err) EO_MUST_CHECK;

void eo_bench_candidate_release(struct eo_bench_candidate *c); /* harmless on a zeroed struct */

#endif
