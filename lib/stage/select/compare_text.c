#include "stage/select/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/select/table.h"

const char *eo_compare_verdict_text(enum eo_compare_verdict verdict)
{
    static const char *const texts[] = {"-", "no", "yes", "same", "host", "bad"};

    return texts[verdict];
}

static const char *or_unknown(const char *text)
{
    return text && *text ? text : "unknown";
}

int eo_compare_is_same_data(const struct eo_run *a, const struct eo_run *b)
{
    const struct eo_manifest *x = &a->manifest, *y = &b->manifest;

    return strcmp(x->train.sha256, y->train.sha256) == 0 && strcmp(x->test.sha256, y->test.sha256) == 0;
}

static void put_data(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out)
{
    const struct eo_manifest *x = &a->manifest, *y = &b->manifest;

    if (eo_compare_is_same_data(a, b))
        eo_buf_printf(out, "data: %s, the same in both\n", or_unknown(x->dataset));
    else
        eo_buf_printf(out, "data: %s (%.12s, %.12s) -> %s (%.12s, %.12s): other images\n",
                      or_unknown(x->dataset), x->train.sha256, x->test.sha256, or_unknown(y->dataset),
                      y->train.sha256, y->test.sha256);
}

static const char *or_none(const char *kind)
{
    return *kind ? kind : "none";
}

static void put_host(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out)
{
    const struct eo_manifest_host *x = &a->manifest.host, *y = &b->manifest.host;

    if (eo_run_is_same_cpu(a, b))
        eo_buf_printf(out, "processor: %s, the same in both\n", or_unknown(x->cpu));
    else
        eo_buf_printf(out, "processor: %s -> %s: latencies are not comparable\n", or_unknown(x->cpu),
                      or_unknown(y->cpu));
    if (!eo_run_is_same_kind(a, b))
        eo_buf_printf(out, "kind of nodes: %s -> %s: latencies are not comparable\n", or_none(a->node_kind),
                      or_none(b->node_kind));
    if (strcmp(a->manifest.version, b->manifest.version) != 0)
        eo_buf_printf(out, "version: %s -> %s\n", a->manifest.version, b->manifest.version);
}

/* The value of a key in lines "key: value", *length bytes; NULL without such a line. */
static const char *find_value(const char *text, const char *key, size_t key_length, size_t *length)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        if (n > key_length + 2 && strncmp(text, key, key_length) == 0 &&
            strncmp(text + key_length, ": ", 2) == 0) {
            *length = n - key_length - 2;
            return text + key_length + 2;
        }
        text += n + (text[n] == '\n');
    }
    return NULL;
}

/* Visits the keys that differ between two texts. A key that several stages read has several lines. */
static void visit_keys(const char *these, const char *others, int is_first, eo_compare_key_fn *visit, void *ctx)
{
    const char *line = these;

    for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t key = strcspn(line, ":"), n = 0, m = 0;
        const char *first = find_value(these, line, key, &n), *other = find_value(others, line, key, &m);
        struct eo_compare_key k = {line, first, other, (int)key, (int)n, (int)m};

        if (!first || first != line + key + 2)
            continue; /* seen before */
        if (other && (!is_first || (n == m && memcmp(first, other, n) == 0)))
            continue;
        if (!is_first)
            k = (struct eo_compare_key){line, other, first, (int)key, (int)m, (int)n};
        visit(ctx, &k);
    }
}

void eo_compare_keys(const struct eo_run *a, const struct eo_run *b, eo_compare_key_fn *visit, void *ctx)
{
    visit_keys(a->config.data, b->config.data, 1, visit, ctx);
    visit_keys(b->config.data, a->config.data, 0, visit, ctx);
}

struct key_list {
    struct eo_buf text;
    size_t count;
};

static void put_key(void *ctx, const struct eo_compare_key *k)
{
    struct key_list *list = ctx;

    list->count++;
    eo_buf_printf(&list->text, "  %.*s: %.*s -> %.*s\n", k->key_length, k->key, k->a ? k->a_length : 5,
                  k->a ? k->a : "unset", k->b ? k->b_length : 5, k->b ? k->b : "unset");
}

static int put_config(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out, struct eo_err *err)
{
    struct key_list keys = {0};
    int rc;

    eo_compare_keys(a, b, put_key, &keys);
    rc = eo_buf_check(&keys.text, err);
    if (keys.count == 0)
        eo_buf_puts(out, "configuration: no key of a stage differs\n");
    else
        eo_buf_printf(out, "configuration: %zu key%s of the stages differ%s\n%s", keys.count,
                      keys.count == 1 ? "" : "s", keys.count == 1 ? "s" : "", keys.text.data ? keys.text.data : "");
    eo_buf_release(&keys.text);
    return rc;
}

static void put_pair(const struct eo_pair *p, int width, struct eo_buf *out)
{
    const struct eo_candidate *a = p->a, *b = p->b;
    char label[EO_CANDIDATE_LABEL], seed[24];

    eo_candidate_label(&a->key, label);
    snprintf(seed, sizeof(seed), "%" PRIu64, a->key.seed);
    eo_buf_printf(out, "  %-*s %-9s %-6s", width, label, eo_precision_name(a->key.precision), seed);
    eo_table_put_figure(out, 11, 2, 100 * a->accuracy);
    eo_table_put_figure(out, 9, 2, 100 * b->accuracy);
    eo_buf_printf(out, "%+9.2f  %-6s", 100 * (b->accuracy - a->accuracy),
                  eo_compare_verdict_text(p->accuracy.verdict));
    eo_table_put_figure(out, 12, 2, 1000 * eo_compare_host_latency(a));
    eo_table_put_figure(out, 10, 2, 1000 * eo_compare_host_latency(b));
    eo_table_put_figure(out, 8, 3,
                        p->latency.verdict == EO_VERDICT_OTHER_HOST
                            ? NAN
                            : eo_compare_host_latency(b) / eo_compare_host_latency(a));
    eo_buf_printf(out, "  %s\n", eo_compare_verdict_text(p->latency.verdict));
}

static void put_table(const struct eo_pair *pairs, size_t count, int width, struct eo_buf *out)
{
    size_t paired = 0;

    if (count == 0) {
        eo_buf_puts(out, "candidates: none is in both\n");
        return;
    }
    eo_buf_printf(out, "candidates:\n  %-*s %-9s %-6s%11s%9s%9s  %-6s%12s%10s%8s  %s\n", width, "level",
                  "precision", "seed", "accuracy %", "B", "B - A", "beyond", "us/image", "B", "B / A",
                  "beyond");
    for (size_t i = 0; i < count; i++) {
        put_pair(&pairs[i], width, out);
        paired += (size_t)pairs[i].is_paired;
    }
    eo_buf_printf(out, "image by image: the accuracies of %zu of %zu\n", paired, count);
}

static int put_pairs(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out, struct eo_err *err)
{
    struct eo_pair *pairs = eo_alloc(a->sweep.row_count, sizeof(*pairs), err);
    size_t count;
    int rc = pairs ? eo_compare_pairs(a, b, pairs, &count, err) : -1;

    if (rc == 0)
        put_table(pairs, count, eo_table_label_width(&a->sweep, a->sweep.row_count, strlen("level")), out);
    free(pairs);
    return rc;
}

static void put_single(const struct eo_sweep *sweep, const struct eo_sweep *other, char name,
                       struct eo_buf *out)
{
    for (size_t i = 0; i < sweep->row_count; i++) {
        char key[EO_CANDIDATE_TEXT];

        if (eo_sweep_find(other, &sweep->rows[i].key))
            continue;
        eo_candidate_key_text(&sweep->rows[i].key, key);
        eo_buf_printf(out, "only in %c: %s, accuracy %.2f %%\n", name, key, 100 * sweep->rows[i].accuracy);
    }
}

int eo_compare_put_settings(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out,
                            struct eo_err *err)
{
    put_data(a, b, out);
    put_host(a, b, out);
    return put_config(a, b, out, err);
}

int eo_compare_put(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out, struct eo_err *err)
{
    eo_buf_printf(out, "A: %s\nB: %s\n", *a->folder ? a->folder : ".", *b->folder ? b->folder : ".");
    if (eo_compare_put_settings(a, b, out, err) || put_pairs(a, b, out, err))
        return -1;
    put_single(&a->sweep, &b->sweep, 'A', out);
    put_single(&b->sweep, &a->sweep, 'B', out);
    eo_buf_puts(out, "beyond: yes where accuracy or median latency differs by more than chance, "
                     "each at 5 % for all candidates together (Holm):\n"
                     "accuracy image by image (McNemar) where both have hits of the same images, "
                     "else as of independent shares (Newcombe);\n"
                     "latency by the 95 % intervals of the medians, "
                     "without intervals by the ranges from the fastest sample to the 95th\n"
                     "percentile; same: one model; bad: a timing that is not ok; "
                     "host: other processor, instruction set, threads or batch\n"
                     "size; us/image as measured\n");
    return 0;
}
