#include "stage/bench/folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "stage/pipeline/attempt.h"

#define STAGE "timing"
#define ROUNDS ".rounds.csv"
#define ROW ".timing.csv"
#define ERRORS ".timing.err"

static int put_path(struct eo_buf *path, const char *folder, const char *name, const char *ending,
                    struct eo_err *err)
{
    eo_buf_release(path);
    eo_buf_printf(path, "%s/%s%s", folder, name, ending);
    return eo_buf_check(path, err);
}

/* What a candidate's name says, so that an error row does not depend on a model that cannot be read. */
static int find_key(const struct eo_bench_folders *s, const char *name, struct eo_attempt_key *key,
                    struct eo_err *err)
{
    key->stage = STAGE;
    if (eo_candidate_parse_name(name, s->seed, &key->name, err))
        return -1;
    return key->name.is_pruned ? eo_err_set(err, "'%s': expected a candidate's name with a precision", name)
                               : 0;
}

/* A candidate that is named twice would be timed twice, and its first files replaced. */
static int refuse_twice(const struct eo_bench_folders *s, size_t i, struct eo_err *err)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(s->names[k], s->names[i]) == 0)
            return eo_err_set(err, "expected each candidate once, found '%s' twice", s->names[i]);
    }
    return 0;
}

/* The error rows of the stage before, if that ran and left any. */
static int load_earlier(const struct eo_bench_folders *s, size_t i, const struct eo_attempt_key *key,
                        struct eo_err *err)
{
    struct eo_buf path = {0};
    int rc = put_path(&path, s->into, s->names[i], ".accuracy.err", err), there, failed;

    there = rc == 0 ? eo_io_exists(path.data, err) : -1;
    rc = there < 0 ? -1 : 0;
    if (there > 0)
        rc = eo_attempt_earlier(path.data, key, &failed, &s->earlier[i], err) ||
                     eo_buf_check(&s->earlier[i], err)
                 ? -1
                 : 0;
    if (rc && path.data)
        eo_err_prefix(err, "%s", path.data);
    eo_buf_release(&path);
    return rc;
}

static int check_output(const struct eo_bench_folders *s, size_t i, const char *ending, struct eo_err *err)
{
    struct eo_buf path = {0};
    int rc = put_path(&path, s->into, s->names[i], ending, err);

    if (rc == 0 && s->machine && eo_io_is_same_output(path.data, s->machine))
        rc = eo_err_set(err, "two outputs cannot go to one file");
    else if (rc == 0)
        rc = eo_io_check_output(path.data, err);
    if (rc && path.data)
        eo_err_prefix(err, "%s", path.data);
    eo_buf_release(&path);
    return rc;
}

static int check_outputs(const struct eo_bench_folders *s, size_t i, struct eo_err *err)
{
    static const char *const endings[] = {ROW, ROUNDS, ERRORS};

    for (size_t k = 0; k < sizeof(endings) / sizeof(*endings); k++) {
        if (check_output(s, i, endings[k], err))
            return -1;
    }
    return 0;
}

static int load_candidate(struct eo_bench_folders *s, const struct eo_bench_inputs *in, size_t i,
                          struct eo_err *err)
{
    struct eo_bench_candidate *c = &s->list[i];
    struct eo_attempt_key key;

    if (refuse_twice(s, i, err) || find_key(s, s->names[i], &key, err) || check_outputs(s, i, err) ||
        load_earlier(s, i, &key, err) || put_path(&s->models[i], s->from, s->names[i], ".safetensors", err))
        return -1;
    c->name = s->models[i].data;
    c->failed = s->earlier[i].len > 0;
    if (!c->failed && eo_bench_inputs_load_model(in, c, s->models[i].data, &c->err)) {
        eo_err_prefix(&c->err, "%s", s->models[i].data);
        c->failed = 1;
    }
    return 0;
}

int eo_bench_folders_load(struct eo_bench_folders *s, struct eo_bench_inputs *in, struct eo_err *err)
{
    s->list = in->list = eo_alloc(s->count, sizeof(*s->list), err);
    in->count = s->list ? s->count : 0;
    s->models = s->list ? eo_alloc(s->count, sizeof(*s->models), err) : NULL;
    s->earlier = s->models ? eo_alloc(s->count, sizeof(*s->earlier), err) : NULL;
    for (size_t i = 0; s->earlier && i < s->count; i++) {
        if (load_candidate(s, in, i, err))
            return -1;
    }
    return s->earlier ? 0 : -1;
}

void eo_bench_folders_release(struct eo_bench_folders *s)
{
    for (size_t i = 0; s->earlier && i < s->count; i++) {
        eo_buf_release(&s->models[i]);
        eo_buf_release(&s->earlier[i]);
    }
    free(s->earlier);
    free(s->models);
    *s = (struct eo_bench_folders){0};
}

int eo_bench_folders_is_news(const struct eo_bench_folders *s, size_t candidate)
{
    return s->list[candidate].failed && s->earlier[candidate].len == 0;
}

/* Writes `text`, and empties it; or, where it is empty, removes the file. */
static int write_file(const struct eo_bench_folders *s, size_t i, const char *ending, struct eo_buf *text,
                      struct eo_err *err)
{
    struct eo_buf path = {0};
    int rc = eo_buf_check(text, err) || put_path(&path, s->into, s->names[i], ending, err) ? -1 : 0;

    if (rc == 0 && text->len > 0)
        rc = eo_io_write(path.data, text->data, text->len, err);
    else if (rc == 0 && unlink(path.data) && errno != ENOENT)
        rc = eo_err_errno(err, "cannot remove");
    if (rc && path.data)
        eo_err_prefix(err, "%s", path.data);
    eo_buf_release(&path);
    eo_buf_release(text);
    return rc;
}

static int put_errors(const struct eo_bench_folders *s, size_t i, struct eo_buf *text, struct eo_err *err)
{
    const struct eo_bench_candidate *c = &s->list[i];
    struct eo_attempt_key key;

    if (s->earlier[i].len > 0) {
        eo_buf_append(text, s->earlier[i].data, s->earlier[i].len);
        return 0;
    }
    if (find_key(s, s->names[i], &key, err))
        return -1;
    eo_attempt_put(&key, c->failed ? c->err.msg : NULL, text);
    return 0;
}

/* The error rows come last: they say that the others are what they should be. */
static int write_candidate(const struct eo_bench_folders *s, const struct eo_bench_report *r, size_t i,
                           struct eo_err *err)
{
    struct eo_bench_report one = {r->plan, r->session, &s->list[i], 1};
    struct eo_buf text = {0};

    if (!s->list[i].failed)
        eo_bench_report_put_rounds(&one, &text);
    if (write_file(s, i, ROUNDS, &text, err))
        return -1;
    if (!s->list[i].failed)
        eo_bench_report_put_rows(&one, 1, &text);
    if (write_file(s, i, ROW, &text, err) || put_errors(s, i, &text, err))
        return -1;
    return write_file(s, i, ERRORS, &text, err);
}

int eo_bench_folders_write(const struct eo_bench_folders *s, const struct eo_bench_report *r,
                           struct eo_err *err)
{
    for (size_t i = 0; i < s->count; i++) {
        if (write_candidate(s, r, i, err))
            return -1;
    }
    return 0;
}
