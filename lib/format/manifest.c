#include "format/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/csv.h"
#include "format/json.h"

int eo_manifest_path_is_good(const char *path)
{
    const unsigned char *p;
    const char *part = path;

    if (strlen(path) >= EO_MANIFEST_PATH_MAX)
        return 0;
    for (p = (const unsigned char *)path; *p; p++) {
        if (*p < ' ' || *p == 0x7f)
            return 0;
    }
    for (;;) {
        size_t n = strcspn(part, "/");

        if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
            return 0;
        if (part[n] == '\0')
            return 1;
        part += n + 1;
    }
}

static int compare_paths(const void *a, const void *b)
{
    const struct eo_manifest_file *x = *(const struct eo_manifest_file *const *)a;
    const struct eo_manifest_file *y = *(const struct eo_manifest_file *const *)b;

    return strcmp(x->path, y->path);
}

static int check_paths(const struct eo_manifest_file *const *sorted, size_t count, struct eo_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!eo_manifest_path_is_good(sorted[i]->path))
            return eo_err_set(err, "'%.80s': expected a path inside the manifest's folder", sorted[i]->path);
        if (i > 0 && strcmp(sorted[i]->path, sorted[i - 1]->path) == 0)
            return eo_err_set(err, "'%s' is listed twice", sorted[i]->path);
    }
    return 0;
}

/* seen[i] is the number, from 1, of the last file that named sorted[i] as its parent. */
static int check_parents(const struct eo_manifest_file *f, size_t number,
                         const struct eo_manifest_file *const *sorted, size_t count, size_t *seen,
                         struct eo_err *err)
{
    for (size_t i = 0; i < f->parent_count; i++) {
        const struct eo_manifest_parent *parent = &f->parents[i];
        struct eo_manifest_file key = {.path = parent->path};
        const struct eo_manifest_file *wanted = &key, *const * found;

        found = bsearch(&wanted, sorted, count, sizeof(*sorted), compare_paths);
        if (!found)
            return eo_err_set(err, "'%s': its parent '%.80s' is not listed", f->path, parent->path);
        if (*found == f)
            return eo_err_set(err, "'%s' is its own parent", f->path);
        if (seen[found - sorted] == number)
            return eo_err_set(err, "'%s': its parent '%s' is listed twice", f->path, parent->path);
        seen[found - sorted] = number;
        if (strcmp((*found)->sha256, parent->sha256) != 0)
            return eo_err_set(err, "'%s': its parent '%s' had sha256 %s, but is listed with %s", f->path,
                              parent->path, parent->sha256, (*found)->sha256);
        if ((*found)->is_host && !f->is_host)
            return eo_err_set(err, "'%s' is listed as reproducible, but its parent '%s' is not", f->path,
                              parent->path);
    }
    return 0;
}

/* The slice must be one of the parents, and the data set that of the manifest. */
static int check_origin(const struct eo_manifest *m, const struct eo_manifest_file *f, struct eo_err *err)
{
    size_t i = 0;

    if (f->dataset_sha256[0] && strcmp(f->dataset_sha256, m->train.sha256) != 0)
        return eo_err_set(err, "'%s' was made from the data set with sha256 %s, but the manifest names %s",
                          f->path, f->dataset_sha256, m->train.sha256[0] ? m->train.sha256 : "none");
    while (i < f->parent_count && strcmp(f->parents[i].sha256, f->slice_sha256) != 0)
        i++;
    if (f->slice_sha256[0] && i == f->parent_count)
        return eo_err_set(err, "'%s': expected its slice, sha256 %s, among its parents", f->path,
                          f->slice_sha256);
    return 0;
}

int eo_manifest_check(const struct eo_manifest *m, struct eo_err *err)
{
    const struct eo_manifest_file **sorted = eo_alloc(m->file_count, sizeof(*sorted), err);
    size_t *seen = sorted ? eo_alloc(m->file_count, sizeof(*seen), err) : NULL;
    int rc = -1;

    if (!seen)
        goto out;
    for (size_t i = 0; i < m->file_count; i++)
        sorted[i] = &m->files[i];
    if (m->file_count)
        qsort(sorted, m->file_count, sizeof(*sorted), compare_paths);
    if (check_paths(sorted, m->file_count, err))
        goto out;
    for (size_t i = 0; i < m->file_count; i++) {
        if (check_parents(&m->files[i], i + 1, sorted, m->file_count, seen, err) ||
            check_origin(m, &m->files[i], err))
            goto out;
    }
    rc = 0;
out:
    free(seen);
    free(sorted);
    return rc;
}

void eo_manifest_release(struct eo_manifest *m)
{
    free(m->files);
    free(m->parents);
    free(m->text);
    *m = (struct eo_manifest){0};
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static void put_file(struct eo_json *j, const struct eo_manifest_file *f)
{
    eo_json_open(j, NULL, '{');
    eo_json_text(j, "path", f->path);
    eo_json_u64(j, "bytes", f->bytes);
    eo_json_text(j, "sha256", f->sha256);
    eo_json_text(j, "stage", f->stage);
    eo_json_text(j, "tool", f->tool);
    eo_json_text(j, "version", f->version);
    eo_json_text(j, "slice_sha256", or_null(f->slice_sha256));
    eo_json_text(j, "dataset_sha256", or_null(f->dataset_sha256));
    eo_json_open(j, "parents", '{');
    for (size_t i = 0; i < f->parent_count; i++)
        eo_json_text(j, f->parents[i].path, f->parents[i].sha256);
    eo_json_close(j);
    eo_json_close(j);
}

static void put_files(struct eo_json *j, const struct eo_manifest *m, int is_host)
{
    eo_json_open(j, "files", '[');
    for (size_t i = 0; i < m->file_count; i++) {
        if (m->files[i].is_host == is_host)
            put_file(j, &m->files[i]);
    }
    eo_json_close(j);
}

static void put_reproducible(struct eo_json *j, const struct eo_manifest *m)
{
    eo_json_open(j, "reproducible", '{');
    eo_json_text(j, "version", m->version);
    eo_json_open(j, "seeds", '[');
    for (size_t i = 0; i < m->seed_count; i++) {
        char text[24];

        snprintf(text, sizeof(text), "%" PRIu64, m->seeds[i]);
        eo_json_text(j, NULL, text);
    }
    eo_json_close(j);
    eo_json_text(j, "dataset", or_null(m->dataset));
    eo_json_u64(j, "train_images", m->train.images);
    eo_json_text(j, "train_sha256", or_null(m->train.sha256));
    eo_json_u64(j, "test_images", m->test.images);
    eo_json_text(j, "test_sha256", or_null(m->test.sha256));
    put_files(j, m, 0);
    eo_json_close(j);
}

static void put_machine(struct eo_json *j, const struct eo_manifest_machine *m)
{
    if (!m->verdict)
        return;
    eo_json_open(j, "machine", '{');
    eo_json_text(j, "verdict", m->verdict);
    eo_json_open(j, "checks", '[');
    for (size_t i = 0; i < m->check_count; i++) {
        eo_json_open(j, NULL, '{');
        eo_json_text(j, "check", m->checks[i].name);
        eo_json_text(j, "found", m->checks[i].found);
        eo_json_text(j, "verdict", m->checks[i].verdict);
        eo_json_close(j);
    }
    eo_json_close(j);
    eo_json_close(j);
}

static void put_host(struct eo_json *j, const struct eo_manifest *m)
{
    const struct eo_manifest_host *h = &m->host;

    eo_json_open(j, "host", '{');
    eo_json_text(j, "cpu", h->cpu);
    eo_json_text(j, "isa", h->isa);
    eo_json_int(j, "processors", h->processors);
    eo_json_text(j, "kernel", h->kernel);
    eo_json_text(j, "compiler", h->compiler);
    eo_json_text(j, "build", h->build);
    eo_json_text(j, "revision", h->revision);
    eo_json_bool(j, "modified", h->is_modified);
    eo_json_text(j, "plotter", h->plotter);
    put_machine(j, &h->machine);
    put_files(j, m, 1);
    eo_json_close(j);
}

void eo_manifest_put(const struct eo_manifest *m, struct eo_buf *out)
{
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '{');
    eo_json_int(&j, "manifest", EO_MANIFEST_FORMAT);
    put_reproducible(&j, m);
    put_host(&j, m);
    eo_json_close(&j);
}

void eo_manifest_put_list(const struct eo_manifest *m, struct eo_buf *out)
{
    eo_buf_puts(out,
                "path,bytes,sha256,stage,tool,version,reproducible,slice_sha256,dataset_sha256,parents\n");
    for (size_t i = 0; i < m->file_count; i++) {
        const struct eo_manifest_file *f = &m->files[i];

        eo_csv_put_text(out, f->path, ',');
        eo_csv_put_int(out, (long long)f->bytes, ',');
        eo_csv_put_text(out, f->sha256, ',');
        eo_csv_put_text(out, f->stage, ',');
        eo_csv_put_text(out, f->tool, ',');
        eo_csv_put_text(out, f->version ? f->version : "", ',');
        eo_csv_put_text(out, f->is_host ? "no" : "yes", ',');
        eo_csv_put_text(out, f->slice_sha256, ',');
        eo_csv_put_text(out, f->dataset_sha256, ',');
        eo_csv_put_int(out, (long long)f->parent_count, '\n');
    }
}
