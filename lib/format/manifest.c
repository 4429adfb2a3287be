#include "format/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/csv.h"
#include "format/json.h"

#define FORMAT 1
#define MAX_EXACT ((json_int_t)1 << 53) /* integers up to here survive every JSON reader */

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

static int is_sha256(const char *text)
{
    return strlen(text) == EO_SHA256_TEXT - 1 && strspn(text, "0123456789abcdef") == EO_SHA256_TEXT - 1;
}

/* Checking. */

static int compare_paths(const void *a, const void *b)
{
    const struct eo_manifest_file *x = *(const struct eo_manifest_file *const *)a;
    const struct eo_manifest_file *y = *(const struct eo_manifest_file *const *)b;

    return strcmp(x->path, y->path);
}

static int check_paths(const struct eo_manifest_file *const *sorted, size_t count, struct eo_err *err)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (!eo_manifest_path_is_good(sorted[i]->path))
            return eo_err_set(err, "'%.80s': expected a path inside the manifest's folder", sorted[i]->path);
        if (i > 0 && strcmp(sorted[i]->path, sorted[i - 1]->path) == 0)
            return eo_err_set(err, "'%s' is listed twice", sorted[i]->path);
    }
    return 0;
}

static int check_parents(const struct eo_manifest_file *f, const struct eo_manifest_file *const *sorted, size_t count,
                         struct eo_err *err)
{
    size_t i;

    for (i = 0; i < f->parent_count; i++) {
        const struct eo_manifest_parent *parent = &f->parents[i];
        struct eo_manifest_file key = {.path = parent->path};
        const struct eo_manifest_file *wanted = &key, *const *found;

        found = bsearch(&wanted, sorted, count, sizeof(*sorted), compare_paths);
        if (!found)
            return eo_err_set(err, "'%s': its parent '%.80s' is not listed", f->path, parent->path);
        if (*found == f)
            return eo_err_set(err, "'%s' is its own parent", f->path);
        if (strcmp((*found)->sha256, parent->sha256) != 0)
            return eo_err_set(err, "'%s': its parent '%s' had sha256 %s, but is listed with %s", f->path,
                              parent->path, parent->sha256, (*found)->sha256);
        if ((*found)->is_host && !f->is_host)
            return eo_err_set(err, "'%s' is listed as reproducible, but its parent '%s' is not", f->path,
                              parent->path);
    }
    return 0;
}

/* The slice is one of the parents, the data set the manifest's. */
static int check_origin(const struct eo_manifest *m, const struct eo_manifest_file *f, struct eo_err *err)
{
    size_t i = 0;

    if (f->dataset_sha256[0] && strcmp(f->dataset_sha256, m->train.sha256) != 0)
        return eo_err_set(err, "'%s' is of the data set with sha256 %s, the manifest of %s", f->path,
                          f->dataset_sha256, m->train.sha256[0] ? m->train.sha256 : "none");
    while (i < f->parent_count && strcmp(f->parents[i].sha256, f->slice_sha256) != 0)
        i++;
    if (f->slice_sha256[0] && i == f->parent_count)
        return eo_err_set(err, "'%s': its slice, sha256 %s, is none of its parents", f->path, f->slice_sha256);
    return 0;
}

int eo_manifest_check(const struct eo_manifest *m, struct eo_err *err)
{
    const struct eo_manifest_file **sorted = eo_alloc(m->file_count, sizeof(*sorted), err);
    size_t i;
    int rc;

    if (!sorted)
        return -1;
    for (i = 0; i < m->file_count; i++)
        sorted[i] = &m->files[i];
    if (m->file_count)
        qsort(sorted, m->file_count, sizeof(*sorted), compare_paths);
    rc = check_paths(sorted, m->file_count, err);
    for (i = 0; rc == 0 && i < m->file_count; i++)
        rc = check_parents(&m->files[i], sorted, m->file_count, err) || check_origin(m, &m->files[i], err) ? -1 : 0;
    free(sorted);
    return rc;
}

/* Reading. */

static int check_object(const json_t *value, const char *what, size_t keys, struct eo_err *err)
{
    if (!json_is_object(value))
        return eo_err_set(err, "%s: expected an object", what);
    if (json_object_size(value) != keys)
        return eo_err_set(err, "%s: expected %zu keys, found %zu", what, keys, json_object_size(value));
    return 0;
}

static int read_text(const json_t *object, const char *what, const char *key, int nullable, const char **out,
                     struct eo_err *err)
{
    const json_t *value = json_object_get(object, key);

    *out = json_string_value(value);
    if (*out || (nullable && json_is_null(value)))
        return 0;
    return eo_err_set(err, "%s: key '%s': expected a string%s", what, key, nullable ? " or null" : "");
}

static int read_count(const json_t *object, const char *what, const char *key, uint64_t *out, struct eo_err *err)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > MAX_EXACT)
        return eo_err_set(err, "%s: key '%s': expected an unsigned integer", what, key);
    *out = (uint64_t)json_integer_value(value);
    return 0;
}

static int read_sha256(const json_t *object, const char *what, const char *key, int nullable,
                       char out[EO_SHA256_TEXT], struct eo_err *err)
{
    const char *text;

    if (read_text(object, what, key, nullable, &text, err))
        return -1;
    if (text && !is_sha256(text))
        return eo_err_set(err, "%s: key '%s': expected 64 hexadecimal digits, found '%.80s'", what, key, text);
    snprintf(out, EO_SHA256_TEXT, "%s", text ? text : "");
    return 0;
}

static int read_seeds(struct eo_manifest *m, const json_t *list, struct eo_err *err)
{
    size_t i, n = json_array_size(list);

    if (!json_is_array(list) || n > EO_CONFIG_LIST_MAX)
        return eo_err_set(err, "'reproducible': key 'seeds': expected a list of at most %d", EO_CONFIG_LIST_MAX);
    for (i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (!text || eo_num_parse_u64(text, 0, UINT64_MAX, &m->seeds[i], NULL))
            return eo_err_set(err, "'reproducible': key 'seeds': entry %zu: expected an integer as text", i + 1);
    }
    m->seed_count = n;
    return 0;
}

static int read_reproducible(struct eo_manifest *m, const json_t *object, struct eo_err *err)
{
    static const char what[] = "'reproducible'";
    const char *dataset = NULL;

    if (check_object(object, what, 8, err) || read_text(object, what, "version", 0, &m->version, err) ||
        read_seeds(m, json_object_get(object, "seeds"), err) ||
        read_text(object, what, "dataset", 1, &dataset, err) ||
        read_count(object, what, "train_images", &m->train.images, err) ||
        read_sha256(object, what, "train_sha256", 1, m->train.sha256, err) ||
        read_count(object, what, "test_images", &m->test.images, err))
        return -1;
    if (dataset && strlen(dataset) >= sizeof(m->dataset))
        return eo_err_set(err, "%s: key 'dataset': expected at most %zu bytes", what, sizeof(m->dataset) - 1);
    strcpy(m->dataset, dataset ? dataset : "");
    return read_sha256(object, what, "test_sha256", 1, m->test.sha256, err);
}

static int read_host(struct eo_manifest_host *h, const json_t *object, struct eo_err *err)
{
    static const char what[] = "'host'";
    const json_t *modified = json_object_get(object, "modified");
    uint64_t processors = 0;

    if (check_object(object, what, 10, err) || read_text(object, what, "cpu", 1, &h->cpu, err) ||
        read_text(object, what, "isa", 1, &h->isa, err) ||
        read_count(object, what, "processors", &processors, err) ||
        read_text(object, what, "kernel", 1, &h->kernel, err) ||
        read_text(object, what, "compiler", 1, &h->compiler, err) ||
        read_text(object, what, "build", 1, &h->build, err) ||
        read_text(object, what, "revision", 1, &h->revision, err) ||
        read_text(object, what, "plotter", 1, &h->plotter, err))
        return -1;
    if (!json_is_boolean(modified))
        return eo_err_set(err, "%s: key 'modified': expected true or false", what);
    if (processors > INT32_MAX)
        return eo_err_set(err, "%s: key 'processors': expected at most %d", what, INT32_MAX);
    h->processors = (int)processors;
    h->is_modified = json_is_true(modified);
    return 0;
}

/* Room for all files and parents of both lists. */
static int allocate(struct eo_manifest *m, const json_t *const lists[2], struct eo_err *err)
{
    size_t files = 0, parents = 0, i, k;

    for (k = 0; k < 2; k++) {
        if (!json_is_array(lists[k]))
            return eo_err_set(err, "key 'files': expected a list");
        for (i = 0; i < json_array_size(lists[k]); i++)
            parents += json_object_size(json_object_get(json_array_get(lists[k], i), "parents"));
        files += json_array_size(lists[k]);
    }
    m->files = eo_alloc(files, sizeof(*m->files), err);
    m->parents = eo_alloc(parents, sizeof(*m->parents), err);
    return m->files && m->parents ? 0 : -1;
}

static int read_parents(struct eo_manifest_file *f, json_t *object, const char *what, struct eo_manifest_parent *out,
                        struct eo_err *err)
{
    const char *path;
    json_t *value;

    if (!json_is_object(object))
        return eo_err_set(err, "%s: key 'parents': expected an object", what);
    f->parents = out;
    json_object_foreach(object, path, value)
    {
        if (read_sha256(object, what, path, 0, out[f->parent_count].sha256, err))
            return -1;
        out[f->parent_count++].path = path;
    }
    return 0;
}

static int read_file(struct eo_manifest_file *f, const json_t *object, size_t index, struct eo_manifest_parent *parents,
                     struct eo_err *err)
{
    char what[128];

    snprintf(what, sizeof(what), "file %zu", index + 1);
    if (check_object(object, what, 9, err) || read_text(object, what, "path", 0, &f->path, err))
        return -1;
    snprintf(what, sizeof(what), "'%.100s'", f->path);
    if (read_count(object, what, "bytes", &f->bytes, err) ||
        read_sha256(object, what, "sha256", 0, f->sha256, err) ||
        read_text(object, what, "stage", 0, &f->stage, err) || read_text(object, what, "tool", 0, &f->tool, err) ||
        read_text(object, what, "version", 1, &f->version, err) ||
        read_sha256(object, what, "slice_sha256", 1, f->slice_sha256, err) ||
        read_sha256(object, what, "dataset_sha256", 1, f->dataset_sha256, err))
        return -1;
    return read_parents(f, json_object_get(object, "parents"), what, parents, err);
}

static int read_root(struct eo_manifest *m, const json_t *root, struct eo_err *err)
{
    const json_t *format = json_object_get(root, "manifest");
    const json_t *sections[2] = {json_object_get(root, "reproducible"), json_object_get(root, "host")};
    const json_t *lists[2] = {json_object_get(sections[0], "files"), json_object_get(sections[1], "files")};
    size_t i, k, parents = 0;

    if (check_object(root, "the manifest", 3, err))
        return -1;
    if (!json_is_integer(format) || json_integer_value(format) != FORMAT)
        return eo_err_set(err, "key 'manifest': expected %d", FORMAT);
    if (read_reproducible(m, sections[0], err) || read_host(&m->host, sections[1], err) ||
        allocate(m, lists, err))
        return -1;
    for (k = 0; k < 2; k++) {
        for (i = 0; i < json_array_size(lists[k]); i++) {
            struct eo_manifest_file *f = &m->files[m->file_count];

            if (read_file(f, json_array_get(lists[k], i), m->file_count, m->parents + parents, err))
                return -1;
            f->is_host = k == 1;
            parents += f->parent_count;
            m->file_count++;
        }
    }
    return eo_manifest_check(m, err);
}

int eo_manifest_parse(struct eo_manifest *m, const char *text, size_t size, struct eo_err *err)
{
    json_error_t error;

    *m = (struct eo_manifest){0};
    if (size > EO_MANIFEST_MAX)
        return eo_err_set(err, "expected at most %zu bytes, found %zu", EO_MANIFEST_MAX, size);
    m->json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!m->json)
        return eo_err_set(err, "line %d, column %d: %s", error.line, error.column, error.text);
    if (read_root(m, m->json, err)) {
        eo_manifest_release(m);
        return -1;
    }
    return 0;
}

int eo_manifest_load(struct eo_manifest *m, const char *path, struct eo_err *err)
{
    char *text;
    size_t size;
    int rc;

    *m = (struct eo_manifest){0};
    if (eo_io_read(path, EO_MANIFEST_MAX, &text, &size, err))
        return -1;
    rc = eo_manifest_parse(m, text, size, err);
    free(text);
    return rc;
}

void eo_manifest_release(struct eo_manifest *m)
{
    free(m->files);
    free(m->parents);
    json_decref(m->json);
    *m = (struct eo_manifest){0};
}

/* Writing. */

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static void put_file(struct eo_json *j, const struct eo_manifest_file *f)
{
    size_t i;

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
    for (i = 0; i < f->parent_count; i++)
        eo_json_text(j, f->parents[i].path, f->parents[i].sha256);
    eo_json_close(j);
    eo_json_close(j);
}

static void put_files(struct eo_json *j, const struct eo_manifest *m, int is_host)
{
    size_t i;

    eo_json_open(j, "files", '[');
    for (i = 0; i < m->file_count; i++) {
        if (m->files[i].is_host == is_host)
            put_file(j, &m->files[i]);
    }
    eo_json_close(j);
}

static void put_reproducible(struct eo_json *j, const struct eo_manifest *m)
{
    size_t i;

    eo_json_open(j, "reproducible", '{');
    eo_json_text(j, "version", m->version);
    eo_json_open(j, "seeds", '[');
    for (i = 0; i < m->seed_count; i++) {
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
    put_files(j, m, 1);
    eo_json_close(j);
}

void eo_manifest_put(const struct eo_manifest *m, struct eo_buf *out)
{
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '{');
    eo_json_int(&j, "manifest", FORMAT);
    put_reproducible(&j, m);
    put_host(&j, m);
    eo_json_close(&j);
}

void eo_manifest_put_list(const struct eo_manifest *m, struct eo_buf *out)
{
    size_t i;

    eo_buf_puts(out, "path,bytes,sha256,stage,tool,version,reproducible,slice_sha256,dataset_sha256,parents\n");
    for (i = 0; i < m->file_count; i++) {
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
