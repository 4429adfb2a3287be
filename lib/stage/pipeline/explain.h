/*
 * What Make would run and why, in words and as a graph.
 *
 * Words, grouped by stage:
 *
 *     out/default: 27 of 44 steps would run
 *       train     models/base.safetensors: learning_rate changed from 0.001 to 0.002
 *       prune     models/p0.00.safetensors and 3 more: follows from train
 *       what follows from a step runs only if that step makes other bytes than before
 *
 * or "out/default: nothing to do, all 44 steps are up to date". The graph is text for graphviz' dot: a node for each
 * stage of each pruned model, or only for each stage if these would be too many to read. Colour and words show its
 * state and, if it would run, the reason. An edge shows that one node follows from the other.
 */
#ifndef EO_STAGE_PIPELINE_EXPLAIN_H
#define EO_STAGE_PIPELINE_EXPLAIN_H

#include "base/buf.h"
#include "base/err.h"
#include "stage/pipeline/changes.h"
#include "stage/pipeline/trace.h"

#define EO_EXPLAIN_GROUPS 12 /* pruned models that have nodes of their own */

/*
 * One line for each step, whether it would run or not: what it makes, then what it reads, without prerequisites that
 * are only reasons to run (eo_reason_is_name()).
 *
 *     train: models/base.safetensors training_log.csv <- config/train.yaml dataset.csv config/programs/eo-train
 */
int eo_explain_steps(const struct eo_trace *t, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

/* "run train models/base.safetensors", or "keep ..." for a step that is up to date: a line for each (progress.h). */
int eo_explain_plan(const struct eo_trace *t, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

/* All mark the step of the data as stale when the data changed, because Make does not know of that step. */
int eo_explain_words(struct eo_trace *t, const struct eo_changes *c, struct eo_buf *out,
                     struct eo_err *err) EO_MUST_CHECK;
int eo_explain_json(struct eo_trace *t, const struct eo_changes *c, struct eo_buf *out,
                    struct eo_err *err) EO_MUST_CHECK; /* all steps and their reasons (eo-formats(5)) */
int eo_explain_dot(struct eo_trace *t, const struct eo_changes *c, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
