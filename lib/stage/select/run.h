/*
 * A finished run, read from the folder of its artefacts.
 */
#ifndef EO_STAGE_SELECT_RUN_H
#define EO_STAGE_SELECT_RUN_H

#include "base/buf.h"
#include "base/err.h"
#include "format/manifest.h"
#include "stage/select/evidence.h"
#include "stage/select/sweep.h"

struct eo_run {
    const char *folder;    /* as given, "" for the working folder; borrowed */
    struct eo_sweep sweep; /* its evidence: the hits that are there */
    struct eo_manifest manifest;
    struct eo_buf config;          /* all slices of the first seed, one after the other */
    char node_kind[EO_SWEEP_NAME]; /* of the cluster's nodes that timed it; "" where it was none */
};

/*
 * Reads manifest.json, sweep_results.csv, config/, and of rows/ the hits and the kind of nodes, where there are any.
 * The message names the file. Release also after failure.
 */
int eo_run_load(struct eo_run *run, const char *folder, struct eo_err *err) EO_MUST_CHECK;

/* The sweep and the hits alone: what there is before the manifest is written. */
int eo_run_load_sweep(struct eo_run *run, const char *folder, struct eo_err *err) EO_MUST_CHECK;
void eo_run_release(struct eo_run *run); /* harmless on a zeroed struct */

/* The evidence of one of its candidates. */
const struct eo_evidence *eo_run_evidence(const struct eo_run *run, const struct eo_candidate *c);

/* Whether both ran on the same model of processor; 0 where one does not say. */
int eo_run_is_same_cpu(const struct eo_run *a, const struct eo_run *b);
/* Whether both were timed on the same kind of nodes, or both on none. */
int eo_run_is_same_kind(const struct eo_run *a, const struct eo_run *b);

#endif
