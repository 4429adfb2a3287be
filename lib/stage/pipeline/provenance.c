#include "stage/pipeline/provenance.h"

#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/version.h"
#include "format/csv.h"
#include "stage/pipeline/record.h"

static const char programs[] = "config/programs/", dataset[] = "dataset.csv";

struct step {
    struct eo_record record;
    char *text;
};

struct collection {
    struct eo_manifest *m;
    const char *folder; /* with a slash, or "" */
    struct step *steps;
    size_t step_count;
    /* Of each file of the manifest: its step, and its line in the record. */
    const struct step **step_of;
    const struct eo_record_file **made_of;
    struct eo_index index; /* of the files by path */
};

static int begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- reading the records ----------------------------------------------------------------------------------------- */

static int read_step(struct step *s, const char *path, struct eo_err *err)
{
    size_t size;

    if (eo_io_read(path, EO_RECORD_MAX, &s->text, &size, err))
        return eo_err_prefix(err, "%s", path);
    if (strlen(s->text) != size)
        return eo_err_set(err, "%s: expected text, found a NUL byte", path);
    return eo_record_parse(&s->record, s->text, err) ? eo_err_prefix(err, "%s", path) : 0;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *path)
{
    return eo_index_hash(path, strlen(path), 0);
}

/* The number of a file in the manifest; file_count when it is not there. */
static size_t find_file(const struct collection *c, const char *path)
{
    struct eo_index_walk walk = eo_index_find(&c->index, hash_of(path));
    size_t i;

    while (eo_index_next(&c->index, &walk, &i))
        if (strcmp(c->m->files[i].path, path) == 0)
            return i;
    return c->m->file_count;
}

/* Checks that the file has the bytes that its step made. */
static int check_bytes(struct eo_manifest_file *f, const char *folder, const char *sha256, struct eo_err *err)
{
    char *data;
    size_t size;

    if (eo_io_read_below(folder, f->path, EO_IO_MAX, &data, &size, err))
        return eo_err_prefix(err, "'%.200s'", f->path);
    eo_hash_sha256(data, size, f->sha256);
    f->bytes = size;
    free(data);
    if (strcmp(f->sha256, sha256) == 0)
        return 0;
    return eo_err_set(err, "'%.200s' has other bytes than its step made: run make again", f->path);
}

/* The first program or script that a step read. */
static const char *tool_of(const struct eo_record *r)
{
    for (size_t i = r->made_count; i < r->file_count; i++)
        if (begins_with(r->files[i].path, programs))
            return r->files[i].path + strlen(programs);
    return "make";
}

static int add_file(struct collection *c, const struct step *s, const struct eo_record_file *made,
                    struct eo_err *err)
{
    struct eo_manifest *m = c->m;
    struct eo_manifest_file *f = &m->files[m->file_count];

    *f = (struct eo_manifest_file){
        .path = made->path, .stage = s->record.stage, .tool = tool_of(&s->record), .is_host = made->is_host};
    f->version = begins_with(f->tool, "eo-") ? EO_VERSION : NULL;
    if (check_bytes(f, c->folder, made->sha256, err) ||
        eo_index_add(&c->index, hash_of(f->path), m->file_count, err))
        return -1;
    c->step_of[m->file_count] = s;
    c->made_of[m->file_count++] = made;
    return 0;
}

static int add_files(struct collection *c, struct eo_err *err)
{
    size_t total = 0;

    for (size_t i = 0; i < c->step_count; i++)
        total += c->steps[i].record.made_count;
    c->m->files = eo_alloc(total, sizeof(*c->m->files), err);
    c->step_of = c->m->files ? eo_alloc(total, sizeof(*c->step_of), err) : NULL;
    c->made_of = c->step_of ? eo_alloc(total, sizeof(*c->made_of), err) : NULL;
    if (!c->made_of)
        return -1;
    for (int is_host = 0; is_host < 2; is_host++) {
        for (size_t i = 0; i < c->step_count; i++) {
            const struct eo_record *r = &c->steps[i].record;

            for (size_t k = 0; k < r->made_count; k++)
                if (r->files[k].is_host == is_host && add_file(c, &c->steps[i], &r->files[k], err))
                    return -1;
        }
    }
    return 0;
}

/* ---- parents ----------------------------------------------------------------------------------------------------- */

static int is_slice_of(const char *path, const char *stage)
{
    const char *name = strrchr(path, '/');
    size_t n = strlen(stage);

    return begins_with(path, "config/") && strncmp(name + 1, stage, n) == 0 &&
           strcmp(name + 1 + n, ".yaml") == 0;
}

/* Appends `path` to the parents of file `i`, if it is a parent. With `out` NULL it only counts. */
static size_t add_parent(const struct collection *c, size_t i, const char *path,
                         struct eo_manifest_parent *out)
{
    const struct eo_manifest_file *child = &c->m->files[i];
    size_t number = find_file(c, path);
    const struct eo_manifest_file *parent = &c->m->files[number];

    if (number == c->m->file_count || number == i || (parent->is_host && !child->is_host))
        return 0;
    if (out) {
        out->path = parent->path;
        strcpy(out->sha256, parent->sha256);
    }
    return 1;
}

static size_t find_parents(const struct collection *c, size_t i, struct eo_manifest_parent *out)
{
    const struct eo_record *r = &c->step_of[i]->record;
    int is_first = c->made_of[i] == r->files;
    size_t n = 0;

    if (!is_first)
        n += add_parent(c, i, r->files[0].path, out);
    for (size_t k = r->made_count; k < r->file_count; k++)
        if (is_first || is_slice_of(r->files[k].path, r->stage))
            n += add_parent(c, i, r->files[k].path, out ? out + n : NULL);
    return n;
}

/* Whether file `i` was made from the data, and from which slice. */
static void set_origin(struct collection *c, size_t i)
{
    const struct eo_record *r = &c->step_of[i]->record;
    struct eo_manifest_file *f = &c->m->files[i];

    for (size_t k = r->made_count; k < r->file_count; k++)
        if (strcmp(r->files[k].path, dataset) == 0)
            strcpy(f->dataset_sha256, c->m->train.sha256);
    for (size_t k = 0; k < f->parent_count; k++)
        if (is_slice_of(f->parents[k].path, f->stage))
            strcpy(f->slice_sha256, f->parents[k].sha256);
}

static int link_parents(struct collection *c, struct eo_err *err)
{
    struct eo_manifest *m = c->m;
    size_t total = 0;

    for (size_t i = 0; i < m->file_count; i++)
        total += find_parents(c, i, NULL);
    m->parents = eo_alloc(total, sizeof(*m->parents), err);
    if (!m->parents)
        return -1;
    total = 0;
    for (size_t i = 0; i < m->file_count; i++) {
        m->files[i].parents = m->parents + total;
        m->files[i].parent_count = find_parents(c, i, m->parents + total);
        total += m->files[i].parent_count;
        set_origin(c, i);
    }
    return 0;
}

/* ---- what the files say of the whole experiment ------------------------------------------------------------------ */

/* One row of dataset.csv. */
static int read_part(struct eo_manifest *m, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    const char *part = eo_csv_value(csv, row, "part");
    const char *sha256 = eo_csv_value(csv, row, "sha256");
    struct eo_manifest_part *out = strcmp(part, "train") == 0 ? &m->train : &m->test;

    if (out == &m->test && strcmp(part, "test") != 0)
        return eo_err_set(err, "column 'part': expected train or test, found '%.40s'", part);
    if (strlen(sha256) != EO_SHA256_TEXT - 1)
        return eo_err_set(err, "column 'sha256': expected 64 digits, found '%.80s'", sha256);
    strcpy(out->sha256, sha256);
    return eo_num_parse_u64(eo_csv_value(csv, row, "images"), 0, INT64_MAX, &out->images, err);
}

static int read_dataset(struct eo_manifest *m, const char *path, struct eo_err *err)
{
    struct eo_csv csv;
    int rc = 0;

    if (eo_csv_load(&csv, path, err))
        return -1;
    for (size_t row = 0; rc == 0 && row < csv.rows; row++)
        rc = read_part(m, &csv, row, err);
    eo_csv_release(&csv);
    return rc;
}

/* Reads the name of the data set and the seed from the training slice of one seed. */
static int read_slice(struct eo_manifest *m, const char *path, struct eo_err *err)
{
    struct eo_config *cfg = eo_alloc(1, sizeof(*cfg), err);
    int rc = cfg ? eo_config_load(cfg, path, err) : -1;

    if (rc == 0 && m->seed_count < EO_CONFIG_LIST_MAX)
        m->seeds[m->seed_count++] = cfg->seeds[0];
    if (rc == 0)
        strcpy(m->dataset, cfg->dataset);
    free(cfg);
    return rc;
}

static int read_facts(struct collection *c, struct eo_err *err)
{
    struct eo_manifest *m = c->m;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < m->file_count; i++) {
        struct eo_buf path = {0};

        eo_buf_printf(&path, "%s%s", c->folder, m->files[i].path);
        rc = eo_buf_check(&path, err);
        if (rc == 0 && strcmp(m->files[i].path, dataset) == 0)
            rc = read_dataset(m, path.data, err);
        else if (rc == 0 && is_slice_of(m->files[i].path, "train"))
            rc = read_slice(m, path.data, err);
        if (rc)
            eo_err_prefix(err, "'%s'", m->files[i].path);
        eo_buf_release(&path);
    }
    return rc;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

/* Paths, stages and tools point into the records, which are released, so the manifest gets a copy. */
static int keep_texts(struct collection *c, struct eo_err *err)
{
    struct eo_manifest *m = c->m;
    struct eo_buf all = {0};

    for (size_t i = 0; i < m->file_count; i++) {
        eo_buf_append(&all, m->files[i].path, strlen(m->files[i].path) + 1);
        eo_buf_append(&all, m->files[i].stage, strlen(m->files[i].stage) + 1);
        eo_buf_append(&all, m->files[i].tool, strlen(m->files[i].tool) + 1);
    }
    if (eo_buf_check(&all, err))
        return -1;
    m->text = all.data;
    for (size_t i = 0, k = 0; i < m->file_count; i++) {
        const char **texts[] = {&m->files[i].path, &m->files[i].stage, &m->files[i].tool};

        for (size_t t = 0; t < 3; t++) {
            *texts[t] = m->text + k;
            k += strlen(m->text + k) + 1;
        }
    }
    return 0;
}

static int collect(struct collection *c, char *const records[], struct eo_err *err)
{
    for (size_t i = 0; i < c->step_count; i++)
        if (read_step(&c->steps[i], records[i], err))
            return -1;
    if (add_files(c, err) || keep_texts(c, err) || read_facts(c, err) || link_parents(c, err))
        return -1;
    return eo_manifest_check(c->m, err);
}

int eo_provenance_collect(struct eo_manifest *m, const char *folder, char *const records[], size_t count,
                          struct eo_err *err)
{
    struct collection c = {.m = m, .folder = folder, .step_count = count};
    int rc = -1;

    *m = (struct eo_manifest){0};
    c.steps = eo_alloc(count, sizeof(*c.steps), err);
    if (c.steps)
        rc = collect(&c, records, err);
    for (size_t i = 0; c.steps && i < count; i++) {
        eo_record_release(&c.steps[i].record);
        free(c.steps[i].text);
    }
    free(c.steps);
    free(c.step_of);
    free(c.made_of);
    eo_index_release(&c.index);
    if (rc)
        eo_manifest_release(m);
    return rc;
}
