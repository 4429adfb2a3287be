#include "stage/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/stats.h"
#include "stage/pareto.h"

/* Reading. */

/* "" for the working folder itself. */
static int put_path(struct eo_buf *path, const char *folder, const char *name, struct eo_err *err)
{
    path->len = 0;
    eo_buf_printf(path, "%s%s%s", folder, *folder ? "/" : "", name);
    return eo_buf_check(path, err);
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
    int stage, rc = cfg ? 0 : -1;

    for (stage = 0; rc == 0 && stage < EO_STAGE_COUNT; stage++)
        rc = add_slice(run, cfg, (enum eo_config_stage)stage, path, err);
    free(cfg);
    return rc;
}

/* rows/p0.50-int8.hits.csv; of all seeds but the first in a folder of their own. */
static int put_hits_path(struct eo_buf *path, const struct eo_run *run, const struct eo_candidate_key *key,
                         struct eo_err *err)
{
    char label[EO_CANDIDATE_LABEL], name[2 * EO_CANDIDATE_LABEL], seed[32] = "";

    eo_candidate_label(key, label);
    if (key->seed != run->sweep.rows[0].key.seed)
        snprintf(seed, sizeof(seed), "seed%" PRIu64 "/", key->seed);
    snprintf(name, sizeof(name), "rows/%sp%s-%s.hits.csv", seed, label, eo_precision_name(key->precision));
    return put_path(path, run->folder, name, err);
}

/* Hits of another model than the row's would answer another question. */
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

/* Older runs have no hits. */
static int add_hits(struct eo_run *run, struct eo_buf *path, struct eo_err *err)
{
    size_t i;

    run->sweep.evidence = eo_alloc(run->sweep.row_count, sizeof(*run->sweep.evidence), err);
    for (i = 0; run->sweep.evidence && i < run->sweep.row_count; i++) {
        const struct eo_candidate *c = &run->sweep.rows[i];
        int found = put_hits_path(path, run, &c->key, err) ? -1 : eo_io_exists(path->data, err);

        if (found < 0 || (found && read_hits(&run->sweep.evidence[i], c, path->data, err)))
            return -1;
    }
    return run->sweep.evidence ? 0 : -1;
}

int eo_run_load(struct eo_run *run, const char *folder, struct eo_err *err)
{
    struct eo_buf path = {0};
    int rc = -1;

    *run = (struct eo_run){.folder = folder};
    if (put_path(&path, folder, "manifest.json", err) || eo_manifest_load(&run->manifest, path.data, err) ||
        put_path(&path, folder, "sweep_results.csv", err) || eo_sweep_load(&run->sweep, path.data, err))
        goto out;
    rc = add_hits(run, &path, err) || add_slices(run, &path, err) ? -1 : 0;
out:
    if (rc && path.data)
        eo_err_prefix(err, "%s", path.data);
    eo_buf_release(&path);
    return rc;
}

void eo_run_release(struct eo_run *run)
{
    eo_sweep_release(&run->sweep);
    eo_manifest_release(&run->manifest);
    eo_buf_release(&run->config);
    *run = (struct eo_run){0};
}

/* Judging. */

static double norm(double x, double y)
{
    return sqrt(x * x + y * y);
}

static struct eo_comparison untested(enum eo_compare_verdict verdict)
{
    return (struct eo_comparison){verdict, NAN};
}

static struct eo_comparison tested(double p)
{
    return (struct eo_comparison){p <= EO_COMPARE_LEVEL ? EO_VERDICT_BEYOND : EO_VERDICT_WITHIN, p};
}

/* `half` is what a 95 % interval allows for. */
static struct eo_comparison test_difference(double difference, double half)
{
    return tested(half > 0 ? eo_stats_normal_beyond(EO_STATS_Z975 * fabs(difference) / half)
                           : difference == 0);
}

/* `e` may be NULL. */
static struct eo_contender contender(const struct eo_candidate *c, const struct eo_evidence *e)
{
    struct eo_contender x = {.accuracy = c->accuracy};

    if (e) {
        x.hits = e->hits;
        x.images = e->images;
        x.images_sha256 = e->images_sha256;
    }
    return x;
}

struct eo_comparison eo_compare_accuracy(const struct eo_candidate *a, const struct eo_candidate *b,
                                         const struct eo_evidence *of_a, const struct eo_evidence *of_b)
{
    double d = b->accuracy - a->accuracy;
    double below = norm(b->accuracy - b->accuracy_ci95_low, a->accuracy_ci95_high - a->accuracy);
    double above = norm(b->accuracy_ci95_high - b->accuracy, a->accuracy - a->accuracy_ci95_low);
    struct eo_contender x = contender(a, of_a), y = contender(b, of_b);

    if (a->model_sha256[0] && strcmp(a->model_sha256, b->model_sha256) == 0 && d == 0)
        return untested(EO_VERDICT_SAME);
    if (eo_contender_have_same_images(&x, &y))
        return tested(eo_contender_mcnemar(&x, &y));
    if (!isfinite(below) || !isfinite(above))
        return untested(EO_VERDICT_UNKNOWN);
    return test_difference(d, d > 0 ? below : above);
}

/* A missing count is equal to a missing one. */
static int is_equal(double x, double y)
{
    return x == y || (isnan(x) && isnan(y));
}

/* Where the latency lies, as measured: the median and its interval, or from the fastest to the 95th percentile. */
struct range {
    double low, middle, high;
};

static struct range find_range(const struct eo_candidate *c, int has_intervals)
{
    double scale = c->host_latency_ms / c->latency_ms;
    struct range range = {scale * (has_intervals ? c->latency_median_ci95_low_ms : c->latency_min_ms),
                          scale * c->latency_median_ms,
                          scale * (has_intervals ? c->latency_median_ci95_high_ms : c->latency_p95_ms)};

    if (!(range.middle >= range.low && range.middle <= range.high))
        range.middle = (range.low + range.high) / 2;
    return range;
}

/* The latency that decides, as measured. */
static double host_latency(const struct eo_candidate *c)
{
    return c->ranked_latency_ms * (c->host_latency_ms / c->latency_ms);
}

static int has_interval(const struct eo_candidate *c)
{
    return isfinite(c->latency_median_ci95_low_ms) && isfinite(c->latency_median_ci95_high_ms);
}

static struct eo_comparison compare_ranges(const struct range *a, const struct range *b, int has_intervals)
{
    const struct range *low = a->middle < b->middle ? a : b, *high = low == a ? b : a;

    if (!isfinite(low->middle) || !isfinite(high->middle))
        return untested(EO_VERDICT_UNKNOWN);
    if (has_intervals)
        return test_difference(high->middle - low->middle,
                               low->high - low->middle + high->middle - high->low);
    return untested(low->high < high->low ? EO_VERDICT_BEYOND : EO_VERDICT_WITHIN);
}

struct eo_comparison eo_compare_latency(const struct eo_candidate *a, const struct eo_candidate *b,
                                        int is_same_cpu)
{
    int has_intervals = has_interval(a) && has_interval(b);
    struct range range_a = find_range(a, has_intervals), range_b = find_range(b, has_intervals);

    if (!is_same_cpu || strcmp(a->isa, b->isa) != 0 || !is_equal(a->threads, b->threads) ||
        !is_equal(a->batch_size, b->batch_size))
        return untested(EO_VERDICT_OTHER_HOST);
    if (eo_pareto_bad_status(a) || eo_pareto_bad_status(b))
        return untested(EO_VERDICT_BAD_TIMING);
    return compare_ranges(&range_a, &range_b, has_intervals);
}

static int is_same_cpu(const struct eo_run *a, const struct eo_run *b)
{
    const char *x = a->manifest.host.cpu, *y = b->manifest.host.cpu;

    return x && y && strcmp(x, y) == 0;
}

/* A candidate of both runs. */
struct pair {
    const struct eo_candidate *a, *b;
    struct eo_comparison accuracy, latency;
    int is_paired; /* accuracies are compared image by image */
};

static const struct eo_evidence *evidence_of(const struct eo_run *run, const struct eo_candidate *c)
{
    return &run->sweep.evidence[c - run->sweep.rows];
}

static void make_pair(struct pair *p, const struct eo_run *a, const struct eo_run *b)
{
    const struct eo_evidence *of_a = evidence_of(a, p->a), *of_b = evidence_of(b, p->b);
    struct eo_contender x = contender(p->a, of_a), y = contender(p->b, of_b);

    p->accuracy = eo_compare_accuracy(p->a, p->b, of_a, of_b);
    p->latency = eo_compare_latency(p->a, p->b, is_same_cpu(a, b));
    p->is_paired = eo_contender_have_same_images(&x, &y);
}

/* By Holm's method. */
static void correct(struct eo_comparison *c, double limit)
{
    if (c->verdict == EO_VERDICT_BEYOND && c->p > limit) /* no when it is NAN */
        c->verdict = EO_VERDICT_WITHIN;
}

static double find_limit(double *p, size_t n)
{
    size_t i, tests = 0;

    for (i = 0; i < n; i++)
        if (!isnan(p[i]))
            p[tests++] = p[i];
    eo_stats_sort(p, tests);
    return eo_stats_holm_limit(p, tests, EO_COMPARE_LEVEL);
}

static int correct_pairs(struct pair *pairs, size_t n, struct eo_err *err)
{
    double *accuracy = eo_alloc(n, 2 * sizeof(*accuracy), err), *latency, limits[2];
    size_t i;

    if (!accuracy)
        return -1;
    latency = accuracy + n;
    for (i = 0; i < n; i++) {
        accuracy[i] = pairs[i].accuracy.p;
        latency[i] = pairs[i].latency.p;
    }
    limits[0] = find_limit(accuracy, n);
    limits[1] = find_limit(latency, n);
    for (i = 0; i < n; i++) {
        correct(&pairs[i].accuracy, limits[0]);
        correct(&pairs[i].latency, limits[1]);
    }
    free(accuracy);
    return 0;
}

/* Fills pairs, one for each row of a at most; their number goes to *count. */
static int find_pairs(const struct eo_run *a, const struct eo_run *b, struct pair *pairs, size_t *count,
                      struct eo_err *err)
{
    size_t i;

    *count = 0;
    for (i = 0; i < a->sweep.row_count; i++) {
        struct pair *p = &pairs[*count];

        p->a = &a->sweep.rows[i];
        p->b = eo_sweep_find(&b->sweep, &p->a->key);
        if (!p->b)
            continue;
        make_pair(p, a, b);
        ++*count;
    }
    return correct_pairs(pairs, *count, err);
}

/* Writing. */

static const char *verdict_text(enum eo_compare_verdict verdict)
{
    static const char *const texts[] = {"-", "no", "yes", "same", "host", "bad"};

    return texts[verdict];
}

static const char *or_unknown(const char *text)
{
    return text && *text ? text : "unknown";
}

static void put_data(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out)
{
    const struct eo_manifest *x = &a->manifest, *y = &b->manifest;

    if (strcmp(x->train.sha256, y->train.sha256) == 0 && strcmp(x->test.sha256, y->test.sha256) == 0)
        eo_buf_printf(out, "data: %s, the same in both\n", or_unknown(x->dataset));
    else
        eo_buf_printf(out, "data: %s (%.12s, %.12s) -> %s (%.12s, %.12s): other images\n",
                      or_unknown(x->dataset), x->train.sha256, x->test.sha256, or_unknown(y->dataset),
                      y->train.sha256, y->test.sha256);
}

static void put_host(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out)
{
    const struct eo_manifest_host *x = &a->manifest.host, *y = &b->manifest.host;

    if (is_same_cpu(a, b))
        eo_buf_printf(out, "processor: %s, the same in both\n", or_unknown(x->cpu));
    else
        eo_buf_printf(out, "processor: %s -> %s: latencies are not comparable\n", or_unknown(x->cpu),
                      or_unknown(y->cpu));
    if (strcmp(a->manifest.version, b->manifest.version) != 0)
        eo_buf_printf(out, "version: %s -> %s\n", a->manifest.version, b->manifest.version);
}

/* The value of a key in "key: value" lines, `length` bytes; NULL when it is not there. */
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

/* The keys of one text whose value in another differs. A key that several stages read stands there several times. */
static size_t put_keys(const char *these, const char *others, int is_first, struct eo_buf *out)
{
    const char *line = these;
    size_t found = 0;

    for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t key = strcspn(line, ":"), n, m = 0;
        const char *first = find_value(these, line, key, &n), *other = find_value(others, line, key, &m);

        if (!first || first != line + key + 2)
            continue; /* seen before */
        if (other && (!is_first || (n == m && memcmp(first, other, n) == 0)))
            continue;
        found++;
        if (other)
            eo_buf_printf(out, "  %.*s: %.*s -> %.*s\n", (int)key, line, (int)n, first, (int)m, other);
        else if (is_first)
            eo_buf_printf(out, "  %.*s: %.*s -> unset\n", (int)key, line, (int)n, first);
        else
            eo_buf_printf(out, "  %.*s: unset -> %.*s\n", (int)key, line, (int)n, first);
    }
    return found;
}

static int put_config(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out, struct eo_err *err)
{
    struct eo_buf keys = {0};
    size_t n = put_keys(a->config.data, b->config.data, 1, &keys) +
               put_keys(b->config.data, a->config.data, 0, &keys);
    int rc = eo_buf_check(&keys, err);

    if (n == 0)
        eo_buf_puts(out, "configuration: no key of a stage differs\n");
    else
        eo_buf_printf(out, "configuration: %zu key%s of the stages differ%s\n%s", n, n == 1 ? "" : "s",
                      n == 1 ? "s" : "", keys.data ? keys.data : "");
    eo_buf_release(&keys);
    return rc;
}

static void put_figure(struct eo_buf *out, int width, int decimals, double value)
{
    if (isfinite(value))
        eo_buf_printf(out, "%*.*f", width, decimals, value);
    else
        eo_buf_printf(out, "%*s", width, "-");
}

static void put_pair(const struct pair *p, int width, struct eo_buf *out)
{
    const struct eo_candidate *a = p->a, *b = p->b;
    char label[EO_CANDIDATE_LABEL], seed[24];

    eo_candidate_label(&a->key, label);
    snprintf(seed, sizeof(seed), "%" PRIu64, a->key.seed);
    eo_buf_printf(out, "  %-*s %-9s %-6s", width, label, eo_precision_name(a->key.precision), seed);
    put_figure(out, 11, 2, 100 * a->accuracy);
    put_figure(out, 9, 2, 100 * b->accuracy);
    eo_buf_printf(out, "%+9.2f  %-6s", 100 * (b->accuracy - a->accuracy), verdict_text(p->accuracy.verdict));
    put_figure(out, 12, 2, 1000 * host_latency(a));
    put_figure(out, 10, 2, 1000 * host_latency(b));
    put_figure(out, 8, 3,
               p->latency.verdict == EO_VERDICT_OTHER_HOST ? NAN : host_latency(b) / host_latency(a));
    eo_buf_printf(out, "  %s\n", verdict_text(p->latency.verdict));
}

/* Width of the first column. */
static int label_width(const struct eo_sweep *sweep)
{
    char label[EO_CANDIDATE_LABEL];
    size_t i, width = strlen("level");

    for (i = 0; i < sweep->row_count; i++) {
        eo_candidate_label(&sweep->rows[i].key, label);
        if (strlen(label) > width)
            width = strlen(label);
    }
    return (int)width;
}

static void put_table(const struct pair *pairs, size_t count, int width, struct eo_buf *out)
{
    size_t i, paired = 0;

    if (count == 0) {
        eo_buf_puts(out, "candidates: none is in both\n");
        return;
    }
    eo_buf_printf(out, "candidates:\n  %-*s %-9s %-6s%11s%9s%9s  %-6s%12s%10s%8s  %s\n", width, "level",
                  "precision", "seed", "accuracy %", "B", "B - A", "beyond", "us/image", "B", "B / A",
                  "beyond");
    for (i = 0; i < count; i++) {
        put_pair(&pairs[i], width, out);
        paired += (size_t)pairs[i].is_paired;
    }
    eo_buf_printf(out, "image by image: the accuracies of %zu of %zu\n", paired, count);
}

static int put_pairs(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out, struct eo_err *err)
{
    struct pair *pairs = eo_alloc(a->sweep.row_count, sizeof(*pairs), err);
    size_t count;
    int rc = pairs ? find_pairs(a, b, pairs, &count, err) : -1;

    if (rc == 0)
        put_table(pairs, count, label_width(&a->sweep), out);
    free(pairs);
    return rc;
}

static void put_single(const struct eo_sweep *sweep, const struct eo_sweep *other, char name,
                       struct eo_buf *out)
{
    size_t i;

    for (i = 0; i < sweep->row_count; i++) {
        char key[EO_CANDIDATE_TEXT];

        if (eo_sweep_find(other, &sweep->rows[i].key))
            continue;
        eo_candidate_key_text(&sweep->rows[i].key, key);
        eo_buf_printf(out, "only in %c: %s, accuracy %.2f %%\n", name, key, 100 * sweep->rows[i].accuracy);
    }
}

int eo_compare_put(const struct eo_run *a, const struct eo_run *b, struct eo_buf *out, struct eo_err *err)
{
    eo_buf_printf(out, "A: %s\nB: %s\n", *a->folder ? a->folder : ".", *b->folder ? b->folder : ".");
    put_data(a, b, out);
    put_host(a, b, out);
    if (put_config(a, b, out, err) || put_pairs(a, b, out, err))
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
