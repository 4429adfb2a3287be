/* Reads a manifest. Its keys must be in order, and each value is checked when it is read. */
#include "format/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/version.h"
#include "format/json_read.h"

#define MAX_EXACT ((uint64_t)1 << 53) /* integers up to here survive every JSON reader */

static int is_sha256(const char *text)
{
    return strlen(text) == EO_SHA256_TEXT - 1 && strspn(text, "0123456789abcdef") == EO_SHA256_TEXT - 1;
}

/* The arrays grow while files are read, so the pointers to parents are set after the last file. */
struct reader {
    struct eo_json_reader json;
    struct eo_manifest *m;
    size_t parent_count, file_cap, parent_cap;
};

static int refuse(const struct reader *r, struct eo_err *err, const char *expected, const char *found)
{
    return eo_err_set(err, "byte offset %zu: expected %s, found '%.80s'", r->json.at, expected, found);
}

/* Reads the key that must come next; its value follows. */
static int expect_key(struct reader *r, const char *key, struct eo_err *err)
{
    int more = eo_json_more(&r->json, err);
    const char *found;

    if (more < 0)
        return -1;
    if (more == 0)
        return eo_err_set(err, "byte offset %zu: expected key '%s', found the end of the object", r->json.at,
                          key);
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
        return eo_err_set(err, "byte offset %zu: key '%s': expected an integer in 0..%" PRIu64, r->json.at,
                          key, max);
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

/* Copies a checksum; NULL becomes "". */
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

static int read_sha256_or_null(struct reader *r, const char *key, char out[EO_SHA256_TEXT],
                               struct eo_err *err)
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
            return eo_err_set(err, "byte offset %zu: expected at most %d seeds", r->json.at,
                              EO_CONFIG_LIST_MAX);
        if (read_value(r, "seeds", 0, &text, err))
            return -1;
        if (eo_num_parse_u64(text, 0, UINT64_MAX, &m->seeds[m->seed_count++], NULL))
            return refuse(r, err, "a seed", text);
    }
    return more;
}

/* Makes room for one more element after `count`. A full array is replaced by one of twice the size. */
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

/* Reads the list after the key "files". */
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
            return eo_err_set(err, "byte offset %zu: expected at most %d checks", r->json.at,
                              EO_MANIFEST_CHECKS);
        if (read_check(r, &m->checks[m->check_count++], err))
            return -1;
    }
    return more < 0 ? -1 : expect_end(r, err);
}

/* Reads the host's files, and before them the machine if it is there. */
static int read_machine_and_files(struct reader *r, struct eo_err *err)
{
    int more = eo_json_more(&r->json, err);
    const char *found;

    if (more < 0)
        return -1;
    if (more == 0)
        return eo_err_set(err, "byte offset %zu: expected key 'files', found the end of the object",
                          r->json.at);
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
        read_text_or_null(r, "kernel", &h->kernel, err) ||
        read_text_or_null(r, "compiler", &h->compiler, err) ||
        read_text_or_null(r, "build", &h->build, err) ||
        read_text_or_null(r, "revision", &h->revision, err) ||
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
    size_t parents = 0;

    if (eo_json_enter(&r->json, '{', err) || read_count(r, "manifest", MAX_EXACT, &format, err))
        return -1;
    if (format != EO_MANIFEST_FORMAT)
        return eo_err_set(err, "key 'manifest': expected %d, found %" PRIu64 "%s", EO_MANIFEST_FORMAT, format,
                          format > EO_MANIFEST_FORMAT
                              ? ": the file is of a newer edge-opt than this one, " EO_VERSION "; read it with that"
                              : "");
    if (read_reproducible(r, err) || read_host(r, err) || expect_end(r, err) || eo_json_finish(&r->json, err))
        return -1;
    for (size_t i = 0; i < m->file_count; i++) {
        m->files[i].parents = m->parents ? m->parents + parents : NULL;
        parents += m->files[i].parent_count;
    }
    return eo_manifest_check(m, err);
}

/* Owns `text` from now on, even if it fails. */
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
