#include "stage/select/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/json.h"

static void put_run(struct eo_json *j, const char *key, const struct eo_run *run)
{
    const struct eo_manifest *m = &run->manifest;

    eo_json_open(j, key, '{');
    eo_json_text(j, "folder", *run->folder ? run->folder : ".");
    eo_json_text(j, "dataset", m->dataset);
    eo_json_text(j, "train_sha256", *m->train.sha256 ? m->train.sha256 : NULL);
    eo_json_text(j, "test_sha256", *m->test.sha256 ? m->test.sha256 : NULL);
    eo_json_text(j, "cpu", m->host.cpu);
    eo_json_text(j, "node_kind", *run->node_kind ? run->node_kind : NULL);
    eo_json_text(j, "version", m->version);
    eo_json_close(j);
}

struct key_writer {
    struct eo_json *json;
    struct eo_buf text; /* the three texts of a key, each with its NUL */
    struct eo_err *err;
    int rc;
};

/* The text that begins at `from` of the buffer; NULL where there is none. */
static const char *or_null(const struct eo_buf *text, const char *of, size_t from)
{
    return of ? text->data + from : NULL;
}

static void put_key(void *ctx, const struct eo_compare_key *k)
{
    struct key_writer *w = ctx;
    size_t a, b;

    w->text.len = 0;
    eo_buf_append(&w->text, k->key, (size_t)k->key_length);
    eo_buf_append(&w->text, "", 1);
    a = w->text.len;
    eo_buf_append(&w->text, k->a ? k->a : "", (size_t)k->a_length);
    eo_buf_append(&w->text, "", 1);
    b = w->text.len;
    eo_buf_append(&w->text, k->b ? k->b : "", (size_t)k->b_length);
    if (w->rc || (w->rc = eo_buf_check(&w->text, w->err)) != 0)
        return;
    eo_json_open(w->json, NULL, '{');
    eo_json_text(w->json, "key", w->text.data);
    eo_json_text(w->json, "a", or_null(&w->text, k->a, a));
    eo_json_text(w->json, "b", or_null(&w->text, k->b, b));
    eo_json_close(w->json);
}

/* The verdicts of the text with names that need no legend. */
static const char *verdict_name(enum eo_compare_verdict verdict)
{
    static const char *const names[] = {NULL, "within", "beyond", "same", "other_host", "bad_timing"};

    return names[verdict];
}

static void put_pair(struct eo_json *j, const struct eo_pair *p)
{
    eo_json_open(j, NULL, '{');
    eo_candidate_json_key(j, &p->a->key);
    eo_json_double(j, "accuracy_a", p->a->accuracy);
    eo_json_double(j, "accuracy_b", p->b->accuracy);
    eo_json_text(j, "accuracy_verdict", verdict_name(p->accuracy.verdict));
    eo_json_double(j, "accuracy_p", p->accuracy.p);
    eo_json_bool(j, "image_by_image", p->is_paired);
    eo_json_double(j, "host_latency_ms_a", eo_compare_host_latency(p->a));
    eo_json_double(j, "host_latency_ms_b", eo_compare_host_latency(p->b));
    eo_json_text(j, "latency_verdict", verdict_name(p->latency.verdict));
    eo_json_double(j, "latency_p", p->latency.p);
    eo_json_close(j);
}

static void put_single(struct eo_json *j, const char *key, const struct eo_sweep *sweep, const struct eo_sweep *other)
{
    eo_json_open(j, key, '[');
    for (size_t i = 0; i < sweep->row_count; i++) {
        if (eo_sweep_find(other, &sweep->rows[i].key))
            continue;
        eo_json_open(j, NULL, '{');
        eo_candidate_json_key(j, &sweep->rows[i].key);
        eo_json_double(j, "accuracy", sweep->rows[i].accuracy);
        eo_json_close(j);
    }
    eo_json_close(j);
}

int eo_compare_put_json(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out, struct eo_err *err)
{
    struct eo_pair *pairs = eo_alloc(a->sweep.row_count, sizeof(*pairs), err);
    struct eo_json j = {.out = out};
    struct key_writer keys = {.json = &j, .err = err};
    size_t count;

    if (!pairs || eo_compare_pairs(a, b, pairs, &count, err)) {
        free(pairs);
        return -1;
    }
    eo_json_open(&j, NULL, '{');
    put_run(&j, "a", a);
    put_run(&j, "b", b);
    eo_json_bool(&j, "is_same_data", eo_compare_is_same_data(a, b));
    eo_json_bool(&j, "is_same_cpu", eo_run_is_same_cpu(a, b));
    eo_json_bool(&j, "is_same_node_kind", eo_run_is_same_kind(a, b));
    eo_json_open(&j, "keys", '[');
    eo_compare_keys(a, b, put_key, &keys);
    eo_json_close(&j);
    eo_json_open(&j, "candidates", '[');
    for (size_t i = 0; i < count; i++)
        put_pair(&j, &pairs[i]);
    eo_json_close(&j);
    put_single(&j, "only_in_a", &a->sweep, &b->sweep);
    put_single(&j, "only_in_b", &b->sweep, &a->sweep);
    eo_json_close(&j);
    eo_buf_release(&keys.text);
    free(pairs);
    return keys.rc;
}
