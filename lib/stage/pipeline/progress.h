/*
 * How far a run of Make is, and how long the rest will take.
 *
 * The plan has a line for each step of the experiment, as `eo-explain --plan` prints it:
 *
 *     run train models/base.safetensors
 *     keep eval rows/p0.00-fp32.accuracy.csv
 *
 * A step that runs is expected to take as long as in an earlier run (the log: "12.5 train models/base.safetensors"), or
 * else, by what this run has done so far: training takes the same time for each epoch, less for a model with fewer
 * channels; steps of another stage take the mean of those that have ended. Before any has ended, the figures in
 * progress.c stand for it. Steps that run at the same time are expected to go on doing so.
 */
#ifndef EO_STAGE_PIPELINE_PROGRESS_H
#define EO_STAGE_PIPELINE_PROGRESS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"

struct eo_progress_step {
    char *stage, *id; /* of the caller's text of the plan */
    int runs;         /* the plan says that it would run */
    double weight;    /* of training: epochs of the whole network; 0 for a step that does not train */
    double before;    /* seconds in an earlier run, or -1 */
    double began;     /* the caller's clock; -1 before */
    double took;      /* seconds, -1 before its end */
};

struct eo_progress {
    struct eo_progress_step *steps;
    size_t count;
};

/* Reads a plan, which it cuts up and points into. `cfg` says how many epochs there are. */
int eo_progress_plan(struct eo_progress *p, char *plan, const struct eo_config *cfg,
                     struct eo_err *err) EO_MUST_CHECK;
void eo_progress_release(struct eo_progress *p);

/* Takes the times of earlier runs; lines that mean nothing here are passed over. */
void eo_progress_read_log(struct eo_progress *p, char *log);
/* Appends the log of all steps, earlier times where a step did not run now. */
void eo_progress_put_log(const struct eo_progress *p, struct eo_buf *out);

struct eo_progress_step *eo_progress_find(const struct eo_progress *p, const char *id); /* NULL: none */

/* Seconds until the end at the time `now`. `share` is how much of its training a running step has done, or -1. */
double eo_progress_left(const struct eo_progress *p, double now, double share);

/* Steps of this run, and candidates of all whose accuracy is known. */
struct eo_progress_counts {
    size_t done, steps, candidates_done, candidates;
};
struct eo_progress_counts eo_progress_count(const struct eo_progress *p);

#endif
