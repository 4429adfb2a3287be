#include "stage/select/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"

/* The path of a file to read. The folder "" is the working folder. */
static int put_path(struct eo_buf *path, const char *folder, const char *name, struct eo_err *err)
{
    path->len = 0;
    eo_buf_printf(path, "%s%s%s", folder, *folder ? "/" : "", name);
    return eo_buf_check(path, err) || eo_io_check_regular(path->data, err) ? -1 : 0;
}

static int add_slice(struct eo_run *run, struct eo_config *cfg, enum eo_config_stage stage,
                     struct eo_buf *path, struct eo_err *err)
{
    char name[64];

    snprintf(name, sizeof(name), "config/%s.yaml", eo_config_stage_name(stage));
    if (put_path(path, run->folder, name, err) || eo_config_load(cfg, path->data, err))
        return -1;
    eo_config_slice(cfg, stage, 0, &run->config);
    return eo_buf_check(&run->config, err);
}

static int add_slices(struct eo_run *run, struct eo_buf *path, struct eo_err *err)
{
    struct eo_config *cfg = eo_alloc(1, sizeof(*cfg), err);
    int rc = cfg ? 0 : -1;

    for (int stage = 0; rc == 0 && stage < EO_STAGE_COUNT; stage++)
        rc = add_slice(run, cfg, (enum eo_config_stage)stage, path, err);
    free(cfg);
    return rc;
}

/* rows/p0.50-int8.hits.csv; the other seeds have folders below rows/. */
static int put_row_path(struct eo_buf *path, const struct eo_run *run, const struct eo_candidate_key *key,
                        const char *ending, struct eo_err *err)
{
    char name[EO_CANDIDATE_NAME], row[EO_CANDIDATE_NAME + 32];

    eo_candidate_name(&(struct eo_candidate_name){*key, 0}, run->sweep.rows[0].key.seed, name);
    snprintf(row, sizeof(row), "rows/%s.%s.csv", name, ending);
    return put_path(path, run->folder, row, err);
}

/* The hits must be of the model of the row, because the accuracies are compared by them. */
static int read_hits(struct eo_evidence *e, const struct eo_candidate *c, const char *path,
                     struct eo_err *err)
{
    struct eo_csv csv;
    int rc;

    if (eo_csv_load(&csv, path, err))
        return -1;
    if (csv.rows != 1)
        rc = eo_err_set(err, "expected one row, found %zu", csv.rows);
    else
        rc = eo_evidence_add_hits(e, &csv, 0, err);
    if (rc == 0 && c->model_sha256[0] && strcmp(c->model_sha256, e->model_sha256) != 0)
        rc = eo_err_set(err, "expected the hits of model %.12s, found those of %.12s", c->model_sha256,
                        e->model_sha256);
    eo_csv_release(&csv);
    return rc;
}

/* Runs of older versions have no hits. */
static int add_hits(struct eo_run *run, struct eo_buf *path, struct eo_err *err)
{
    run->sweep.evidence = eo_alloc(run->sweep.row_count, sizeof(*run->sweep.evidence), err);
    for (size_t i = 0; run->sweep.evidence && i < run->sweep.row_count; i++) {
        const struct eo_candidate *c = &run->sweep.rows[i];
        int found = put_row_path(path, run, &c->key, "hits", err) ? -1 : eo_io_exists(path->data, err);

        if (found < 0 || (found && read_hits(&run->sweep.evidence[i], c, path->data, err)))
            return -1;
    }
    return run->sweep.evidence ? 0 : -1;
}

/* eo-pareto has seen to it that all rows of a run are of one kind, so the first timing row says it. */
static int add_node_kind(struct eo_run *run, struct eo_buf *path, struct eo_err *err)
{
    for (size_t i = 0; i < run->sweep.row_count; i++) {
        struct eo_csv csv;
        int found = put_row_path(path, run, &run->sweep.rows[i].key, "timing", err)
                        ? -1
                        : eo_io_exists(path->data, err);

        if (found == 0)
            continue;
        if (found < 0 || eo_csv_load(&csv, path->data, err))
            return -1;
        if (csv.rows)
            snprintf(run->node_kind, sizeof(run->node_kind), "%s", eo_csv_value(&csv, 0, "node_kind"));
        eo_csv_release(&csv);
        break;
    }
    return 0;
}

static int add_manifest(struct eo_run *run, struct eo_buf *path, struct eo_err *err)
{
    return put_path(path, run->folder, "manifest.json", err) ||
                   eo_manifest_load(&run->manifest, path->data, err)
               ? -1
               : 0;
}

static int add_sweep(struct eo_run *run, struct eo_buf *path, struct eo_err *err)
{
    return put_path(path, run->folder, "sweep_results.csv", err) ||
                   eo_sweep_load(&run->sweep, path->data, err) || add_hits(run, path, err)
               ? -1
               : 0;
}

/* The message gets the file that was looked at last. */
static int end_load(struct eo_buf *path, int rc, struct eo_err *err)
{
    if (rc && path->data)
        eo_err_prefix(err, "%s", path->data);
    eo_buf_release(path);
    return rc;
}

int eo_run_load(struct eo_run *run, const char *folder, struct eo_err *err)
{
    struct eo_buf path = {0};
    int rc;

    *run = (struct eo_run){.folder = folder};
    rc = add_manifest(run, &path, err) || add_sweep(run, &path, err) || add_node_kind(run, &path, err) ||
                 add_slices(run, &path, err)
             ? -1
             : 0;
    return end_load(&path, rc, err);
}

int eo_run_load_sweep(struct eo_run *run, const char *folder, struct eo_err *err)
{
    struct eo_buf path = {0};

    *run = (struct eo_run){.folder = folder};
    return end_load(&path, add_sweep(run, &path, err), err);
}

void eo_run_release(struct eo_run *run)
{
    eo_sweep_release(&run->sweep);
    eo_manifest_release(&run->manifest);
    eo_buf_release(&run->config);
    *run = (struct eo_run){0};
}

const struct eo_evidence *eo_run_evidence(const struct eo_run *run, const struct eo_candidate *c)
{
    return &run->sweep.evidence[c - run->sweep.rows];
}

int eo_run_is_same_cpu(const struct eo_run *a, const struct eo_run *b)
{
    const char *x = a->manifest.host.cpu, *y = b->manifest.host.cpu;

    return x && y && strcmp(x, y) == 0;
}

int eo_run_is_same_kind(const struct eo_run *a, const struct eo_run *b)
{
    return strcmp(a->node_kind, b->node_kind) == 0;
}
