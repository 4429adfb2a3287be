#include "format/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/csv.h"
#include "format/json_read.h"

#define FORMAT 1
#define MAX_EXACT ((uint64_t)1 << 53) /* integers up to here survive every JSON reader */

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

/* `seen` has the number, from 1, of the last file that named each of the sorted ones as its parent. */
static int check_parents(const struct eo_manifest_file *f, size_t number, const struct eo_manifest_file *const *sorted,
                         size_t count, size_t *seen, struct eo_err *err)
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
        if (seen[found - sorted] == number)
            return eo_err_set(err, "'%s': its parent '%s' stands there twice", f->path, parent->path);
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
    size_t *seen = sorted ? eo_alloc(m->file_count, sizeof(*seen), err) : NULL;
    size_t i;
    int rc = -1;

    if (!seen)
        goto out;
    for (i = 0; i < m->file_count; i++)
        sorted[i] = &m->files[i];
    if (m->file_count)
        qsort(sorted, m->file_count, sizeof(*sorted), compare_paths);
    if (check_paths(sorted, m->file_count, err))
        goto out;
    for (i = 0; i < m->file_count; i++) {
        if (check_parents(&m->files[i], i + 1, sorted, m->file_count, seen, err) || check_origin(m, &m->files[i], err))
            goto out;
    }
    rc = 0;
out:
    free(seen);
    free(sorted);
    return rc;
}

/* Reading. */

/* The arrays grow while the files are read, so parents are numbered until all of them are there. */
struct reader {
    struct eo_json_reader json;
    struct eo_manifest *m;
    size_t parent_count, file_cap, parent_cap;
};

static int refuse(const struct reader *r, struct eo_err *err, const char *expected, const char *found)
{
    return eo_err_set(err, "byte offset %zu: expected %s, found '%.80s'", r->json.at, expected, found);
}

/* Goes to the value of the key that has to come next. */
static int expect_key(struct reader *r, const char *key, struct eo_err *err)
{
    int more = eo_json_more(&r->json, err);
    const char *found;

    if (more < 0)
        return -1;
    if (more == 0)
        return eo_err_set(err, "byte offset %zu: expected key '%s', found the end of the object", r->json.at, key);
    if (eo_json_read_key(&r->json, &found, err))
        return -1;
    if (strcmp(found, key) != 0)
        return eo_err_set(err, "byte offset %zu: expected key '%s', found '%.80s'", r->json.at, key, found);
    return 0;
}

static int expect_end(struct reader *r, struct eo_err *err)
{
    int more = eo_json_more(&r->json, err);
    const char *found;

    if (more <= 0)
        return more;
    return eo_json_read_key(&r->json, &found, err) ? -1 : refuse(r, err, "the end of the object", found);
}

static int read_value(struct reader *r, const char *key, int nullable, const char **out, struct eo_err *err)
{
    int kind = eo_json_peek(&r->json, err);

    *out = NULL;
    if (kind < 0)
        return -1;
    if (nullable && kind == 'n')
        return eo_json_read_word(&r->json, err) < 0 ? -1 : 0;
    if (kind != '"')
        return eo_err_set(err, "byte offset %zu: key '%s': expected a string%s", r->json.at, key,
                          nullable ? " or null" : "");
    return eo_json_read_text(&r->json, out, err);
}

static int read_text(struct reader *r, const char *key, const char **out, struct eo_err *err)
{
    return expect_key(r, key, err) ? -1 : read_value(r, key, 0, out, err);
}

static int read_text_or_null(struct reader *r, const char *key, const char **out, struct eo_err *err)
{
    return expect_key(r, key, err) ? -1 : read_value(r, key, 1, out, err);
}

static int read_count(struct reader *r, const char *key, uint64_t max, uint64_t *out, struct eo_err *err)
{
    int kind, is_u64 = 0;

    if (expect_key(r, key, err) || (kind = eo_json_peek(&r->json, err)) < 0)
        return -1;
    if (kind == '0' && eo_json_read_number(&r->json, &is_u64, out, err))
        return -1;
    if (!is_u64 || *out > max)
        return eo_err_set(err, "byte offset %zu: key '%s': expected an integer in 0..%" PRIu64, r->json.at, key, max);
    return 0;
}

static int read_bool(struct reader *r, const char *key, int *out, struct eo_err *err)
{
    int kind;

    if (expect_key(r, key, err) || (kind = eo_json_peek(&r->json, err)) < 0)
        return -1;
    if (kind != 't' && kind != 'f')
        return eo_err_set(err, "byte offset %zu: key '%s': expected true or false", r->json.at, key);
    *out = kind == 't';
    return eo_json_read_word(&r->json, err) < 0 ? -1 : 0;
}

/* "" for NULL. */
static int store_sha256(struct reader *r, const char *text, char out[EO_SHA256_TEXT], struct eo_err *err)
{
    if (text && !is_sha256(text))
        return refuse(r, err, "64 hexadecimal digits", text);
    snprintf(out, EO_SHA256_TEXT, "%s", text ? text : "");
    return 0;
}

static int read_sha256(struct reader *r, const char *key, char out[EO_SHA256_TEXT], struct eo_err *err)
{
    const char *text;

    return read_text(r, key, &text, err) ? -1 : store_sha256(r, text, out, err);
}

static int read_sha256_or_null(struct reader *r, const char *key, char out[EO_SHA256_TEXT], struct eo_err *err)
{
    const char *text;

    return read_text_or_null(r, key, &text, err) ? -1 : store_sha256(r, text, out, err);
}

static int read_seeds(struct reader *r, struct eo_err *err)
{
    struct eo_manifest *m = r->m;
    const char *text;
    int more;

    if (expect_key(r, "seeds", err) || eo_json_enter(&r->json, '[', err))
        return -1;
    while ((more = eo_json_more(&r->json, err)) > 0) {
        if (m->seed_count == EO_CONFIG_LIST_MAX)
            return eo_err_set(err, "byte offset %zu: expected at most %d seeds", r->json.at, EO_CONFIG_LIST_MAX);
        if (read_value(r, "seeds", 0, &text, err))
            return -1;
        if (eo_num_parse_u64(text, 0, UINT64_MAX, &m->seeds[m->seed_count++], NULL))
            return refuse(r, err, "a seed", text);
    }
    return more;
}

/* One more element behind `count`; the array doubles. */
static void *grow(void *array, size_t count, size_t *cap, size_t size, struct eo_err *err)
{
    size_t more = *cap ? 2 * *cap : 64;
    void *bigger;

    if (count < *cap)
        return array;
    bigger = eo_alloc(more, size, err);
    if (!bigger)
        return NULL;
    if (count)
        memcpy(bigger, array, count * size);
    free(array);
    *cap = more;
    return bigger;
}

static int read_parents(struct reader *r, struct eo_manifest_file *f, struct eo_err *err)
{
    const char *text;
    int more;

    if (expect_key(r, "parents", err) || eo_json_enter(&r->json, '{', err))
        return -1;
    while ((more = eo_json_more(&r->json, err)) > 0) {
        struct eo_manifest_parent *all =
            grow(r->m->parents, r->parent_count, &r->parent_cap, sizeof(*all), err);

        if (!all)
            return -1;
        r->m->parents = all;
        if (eo_json_read_key(&r->json, &all[r->parent_count].path, err) ||
            read_value(r, all[r->parent_count].path, 0, &text, err) ||
            store_sha256(r, text, all[r->parent_count].sha256, err))
            return -1;
        r->parent_count++;
        f->parent_count++;
    }
    return more;
}

static int read_file(struct reader *r, struct eo_manifest_file *f, struct eo_err *err)
{
    if (eo_json_enter(&r->json, '{', err) || read_text(r, "path", &f->path, err) ||
        read_count(r, "bytes", MAX_EXACT, &f->bytes, err) || read_sha256(r, "sha256", f->sha256, err) ||
        read_text(r, "stage", &f->stage, err) || read_text(r, "tool", &f->tool, err) ||
        read_text_or_null(r, "version", &f->version, err) ||
        read_sha256_or_null(r, "slice_sha256", f->slice_sha256, err) ||
        read_sha256_or_null(r, "dataset_sha256", f->dataset_sha256, err) || read_parents(r, f, err))
        return -1;
    return expect_end(r, err);
}

/* Behind the key "files". */
static int read_file_list(struct reader *r, int is_host, struct eo_err *err)
{
    struct eo_manifest *m = r->m;
    int more;

    if (eo_json_enter(&r->json, '[', err))
        return -1;
    while ((more = eo_json_more(&r->json, err)) > 0) {
        struct eo_manifest_file *all = grow(m->files, m->file_count, &r->file_cap, sizeof(*all), err);

        if (!all)
            return -1;
        m->files = all;
        all[m->file_count].is_host = is_host;
        if (read_file(r, &all[m->file_count], err))
            return -1;
        m->file_count++;
    }
    return more;
}

static int read_files(struct reader *r, int is_host, struct eo_err *err)
{
    return expect_key(r, "files", err) ? -1 : read_file_list(r, is_host, err);
}

static int read_check(struct reader *r, struct eo_manifest_check *c, struct eo_err *err)
{
    if (eo_json_enter(&r->json, '{', err) || read_text(r, "check", &c->name, err) ||
        read_text(r, "found", &c->found, err) || read_text(r, "verdict", &c->verdict, err))
        return -1;
    return expect_end(r, err);
}

static int read_machine(struct reader *r, struct eo_err *err)
{
    struct eo_manifest_machine *m = &r->m->host.machine;
    int more;

    if (eo_json_enter(&r->json, '{', err) || read_text(r, "verdict", &m->verdict, err) ||
        expect_key(r, "checks", err) || eo_json_enter(&r->json, '[', err))
        return -1;
    while ((more = eo_json_more(&r->json, err)) > 0) {
        if (m->check_count == EO_MANIFEST_CHECKS)
            return eo_err_set(err, "byte offset %zu: expected at most %d checks", r->json.at, EO_MANIFEST_CHECKS);
        if (read_check(r, &m->checks[m->check_count++], err))
            return -1;
    }
    return more < 0 ? -1 : expect_end(r, err);
}

/* The files of the host, and before them the machine where it is known. */
static int read_machine_and_files(struct reader *r, struct eo_err *err)
{
    int more = eo_json_more(&r->json, err);
    const char *found;

    if (more < 0)
        return -1;
    if (more == 0)
        return eo_err_set(err, "byte offset %zu: expected key 'files', found the end of the object", r->json.at);
    if (eo_json_read_key(&r->json, &found, err))
        return -1;
    if (strcmp(found, "machine") == 0)
        return read_machine(r, err) ? -1 : read_files(r, 1, err);
    if (strcmp(found, "files") != 0)
        return refuse(r, err, "key 'machine' or 'files'", found);
    return read_file_list(r, 1, err);
}

static int read_reproducible(struct reader *r, struct eo_err *err)
{
    struct eo_manifest *m = r->m;
    const char *dataset;

    if (expect_key(r, "reproducible", err) || eo_json_enter(&r->json, '{', err) ||
        read_text(r, "version", &m->version, err) || read_seeds(r, err) ||
        read_text_or_null(r, "dataset", &dataset, err))
        return -1;
    if (dataset && strlen(dataset) >= sizeof(m->dataset))
        return eo_err_set(err, "byte offset %zu: key 'dataset': expected at most %zu bytes", r->json.at,
                          sizeof(m->dataset) - 1);
    strcpy(m->dataset, dataset ? dataset : "");
    if (read_count(r, "train_images", MAX_EXACT, &m->train.images, err) ||
        read_sha256_or_null(r, "train_sha256", m->train.sha256, err) ||
        read_count(r, "test_images", MAX_EXACT, &m->test.images, err) ||
        read_sha256_or_null(r, "test_sha256", m->test.sha256, err) || read_files(r, 0, err))
        return -1;
    return expect_end(r, err);
}

static int read_host(struct reader *r, struct eo_err *err)
{
    struct eo_manifest_host *h = &r->m->host;
    uint64_t processors = 0;

    if (expect_key(r, "host", err) || eo_json_enter(&r->json, '{', err) ||
        read_text_or_null(r, "cpu", &h->cpu, err) || read_text_or_null(r, "isa", &h->isa, err) ||
        read_count(r, "processors", INT32_MAX, &processors, err) ||
        read_text_or_null(r, "kernel", &h->kernel, err) || read_text_or_null(r, "compiler", &h->compiler, err) ||
        read_text_or_null(r, "build", &h->build, err) || read_text_or_null(r, "revision", &h->revision, err) ||
        read_bool(r, "modified", &h->is_modified, err) || read_text_or_null(r, "plotter", &h->plotter, err) ||
        read_machine_and_files(r, err))
        return -1;
    h->processors = (int)processors;
    return expect_end(r, err);
}

static int read_all(struct reader *r, struct eo_err *err)
{
    struct eo_manifest *m = r->m;
    uint64_t format = 0;
    size_t i, parents = 0;

    if (eo_json_enter(&r->json, '{', err) || read_count(r, "manifest", MAX_EXACT, &format, err))
        return -1;
    if (format != FORMAT)
        return eo_err_set(err, "key 'manifest': expected %d, found %" PRIu64, FORMAT, format);
    if (read_reproducible(r, err) || read_host(r, err) || expect_end(r, err) || eo_json_finish(&r->json, err))
        return -1;
    for (i = 0; i < m->file_count; i++) {
        m->files[i].parents = m->parents ? m->parents + parents : NULL;
        parents += m->files[i].parent_count;
    }
    return eo_manifest_check(m, err);
}

/* `text` becomes the manifest's, also after failure. */
static int parse(struct eo_manifest *m, char *text, size_t size, struct eo_err *err)
{
    struct reader r = {.json = {.text = text, .size = size, .what = "the manifest"}, .m = m};

    *m = (struct eo_manifest){.text = text};
    if (read_all(&r, err) == 0)
        return 0;
    eo_manifest_release(m);
    return -1;
}

int eo_manifest_parse(struct eo_manifest *m, const char *text, size_t size, struct eo_err *err)
{
    char *copy;

    *m = (struct eo_manifest){0};
    if (size > EO_MANIFEST_MAX)
        return eo_err_set(err, "expected at most %zu bytes, found %zu", EO_MANIFEST_MAX, size);
    copy = eo_alloc(size, 1, err);
    if (!copy)
        return -1;
    memcpy(copy, text, size);
    return parse(m, copy, size, err);
}

int eo_manifest_load(struct eo_manifest *m, const char *path, struct eo_err *err)
{
    char *text;
    size_t size;

    *m = (struct eo_manifest){0};
    return eo_io_read(path, EO_MANIFEST_MAX, &text, &size, err) ? -1 : parse(m, text, size, err);
}

void eo_manifest_release(struct eo_manifest *m)
{
    free(m->files);
    free(m->parents);
    free(m->text);
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

static void put_machine(struct eo_json *j, const struct eo_manifest_machine *m)
{
    size_t i;

    if (!m->verdict)
        return;
    eo_json_open(j, "machine", '{');
    eo_json_text(j, "verdict", m->verdict);
    eo_json_open(j, "checks", '[');
    for (i = 0; i < m->check_count; i++) {
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
