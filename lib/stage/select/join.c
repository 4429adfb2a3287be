#include "stage/select/join.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/mem.h"
#include "base/num.h"
#include "stage/select/columns.h"
#include "stage/select/derive.h"
#include "stage/select/evidence.h"

/* More than a configuration can ask for. */
#define MAX_ENTRIES (EO_CONFIG_LIST_MAX * EO_CONFIG_LIST_MAX * EO_CRITERION_COUNT * EO_PRECISION_COUNT)

/* What the rows so far say about one candidate. Latencies are those of the file until eo_join_finish(). */
struct entry {
    struct eo_candidate c;
    size_t seed_rank; /* 0 for the seed that appeared first, and so on */
    int has_accuracy, has_timing, has_error;
    char accuracy_sha256[EO_SHA256_TEXT], timing_sha256[EO_SHA256_TEXT];
    char session[EO_SWEEP_NAME]; /* of the timing row; "" if it has none */
    size_t rounds_file;          /* number of the file with the rounds, from 1; 0: none */
    struct eo_evidence evidence;
    char stage[EO_SWEEP_NAME];
    struct eo_err error;
};

struct eo_join {
    struct entry *entries;
    size_t count, cap, seeds;
    /* Of the accuracy rows; "" until a row has one. */
    char images_sha256[EO_SHA256_TEXT], test_images_sha256[EO_SHA256_TEXT];
    char node_kind[EO_SWEEP_NAME]; /* of the first timing row; "" if it has none */
    int has_node_kind;             /* there was such a row */
    struct eo_index by_key, by_seed; /* numbers of entries; by_seed has the first entry of each seed */
    size_t files;                    /* added so far */
};

/* What the rows of a file hold, or-ed. */
enum content {
    HAS_ACCURACY = 1,
    HAS_TIMING = 2,
    HAS_SWEEP = 4,
    HAS_ERROR = 8,
    HAS_ROUNDS = 16,
    HAS_HITS = 32
};

struct eo_join *eo_join_new(struct eo_err *err)
{
    return eo_alloc(1, sizeof(struct eo_join), err);
}

void eo_join_free(struct eo_join *join)
{
    for (size_t i = 0; join && i < join->count; i++)
        eo_evidence_release(&join->entries[i].evidence);
    if (join) {
        eo_index_release(&join->by_key);
        eo_index_release(&join->by_seed);
        free(join->entries);
    }
    free(join);
}

static int has(const struct eo_csv *csv, const char *name)
{
    return eo_csv_column(csv, name) >= 0;
}

static int find_content(const struct eo_csv *csv)
{
    int content = 0;

    if (has(csv, "accuracy") && has(csv, "latency_ms") && has(csv, "host_latency_ms"))
        return HAS_ACCURACY | HAS_TIMING | HAS_SWEEP;
    if (has(csv, "accuracy"))
        content |= HAS_ACCURACY;
    if (has(csv, "host_latency_ms"))
        content |= HAS_TIMING;
    if (content == 0 && eo_evidence_is_rounds(csv))
        content = HAS_ROUNDS;
    if (content == 0 && eo_evidence_is_hits(csv))
        content = HAS_HITS;
    if (content == 0 && has(csv, "stage") && has(csv, "error"))
        content = HAS_ERROR;
    return content;
}

static int read_column(struct eo_candidate *c, const struct eo_sweep_column *column, const char *name,
                       const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    if (eo_sweep_read_cell(c, column, eo_csv_value(csv, row, name), err))
        return eo_err_prefix(err, "row %zu: column '%s'", row + 1, name);
    return 0;
}

/* Reads the columns of one source, by their names in the sweep (own_names) or in the rows of that source. */
static int read_source(struct eo_candidate *c, enum eo_sweep_source source, int own_names,
                       const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    size_t count;
    const struct eo_sweep_column *columns = eo_sweep_columns(&count);

    for (size_t i = 0; i < count; i++) {
        const char *name = own_names ? columns[i].name : columns[i].row_name;

        if (columns[i].source == source && read_column(c, &columns[i], name, csv, row, err))
            return -1;
    }
    return 0;
}

static struct entry *find_entry(struct eo_join *join, const struct eo_candidate_key *key)
{
    struct eo_index_walk walk = eo_index_find(&join->by_key, eo_candidate_hash(key));
    size_t i;

    while (eo_index_next(&join->by_key, &walk, &i)) {
        if (eo_candidate_equal(&join->entries[i].c.key, key))
            return &join->entries[i];
    }
    return NULL;
}

/* Sets seed_rank of the last entry, which is not in the index yet. */
static int find_seed_rank(struct eo_join *join, struct entry *e, struct eo_err *err)
{
    uint64_t seed = e->c.key.seed, hash = eo_index_hash(&seed, sizeof(seed), 0);
    struct eo_index_walk walk = eo_index_find(&join->by_seed, hash);
    size_t i;

    while (eo_index_next(&join->by_seed, &walk, &i)) {
        if (join->entries[i].c.key.seed == seed) {
            e->seed_rank = join->entries[i].seed_rank;
            return 0;
        }
    }
    e->seed_rank = join->seeds++;
    return eo_index_add(&join->by_seed, hash, join->count, err);
}

static struct entry *add_entry(struct eo_join *join, const struct eo_candidate_key *key, struct eo_err *err)
{
    struct entry *e;

    if (join->count == MAX_ENTRIES) {
        eo_err_set(err, "expected at most %d candidates", MAX_ENTRIES);
        return NULL;
    }
    if (join->count == join->cap) {
        size_t cap = join->cap ? 2 * join->cap : 32;

        e = realloc(join->entries, cap * sizeof(*e));
        if (!e) {
            eo_err_set(err, "out of memory for %zu candidates", cap);
            return NULL;
        }
        join->entries = e;
        join->cap = cap;
    }
    e = &join->entries[join->count];
    memset(e, 0, sizeof(*e));
    eo_candidate_init(&e->c);
    e->c.key = *key;
    if (find_seed_rank(join, e, err) || eo_index_add(&join->by_key, eo_candidate_hash(key), join->count, err))
        return NULL;
    join->count++;
    return e;
}

/* Keeps the first error of a candidate, because later ones follow from it. */
static void set_error(struct entry *e, const char *stage, const char *message)
{
    if (e->has_error)
        return;
    e->has_error = 1;
    snprintf(e->stage, sizeof(e->stage), "%s", stage);
    snprintf(e->error.msg, sizeof(e->error.msg), "%s", message);
}

static int refuse_second(const struct entry *e, const char *kind, size_t row, struct eo_err *err)
{
    char key[EO_CANDIDATE_TEXT];

    eo_candidate_key_text(&e->c.key, key);
    return eo_err_set(err, "row %zu: second %s row for %s", row + 1, kind, key);
}

/* Fails when the interval of a column of this source does not contain its figure. An end that is missing passes. */
static int check_intervals(const struct eo_candidate *c, enum eo_sweep_source source, struct eo_err *err)
{
    size_t count;
    const struct eo_sweep_column *end = eo_sweep_columns(&count);

    for (size_t i = 0; i < count; i++, end++) {
        const char *name = end->low_of ? end->low_of : end->high_of;
        double low, high;

        if (end->source != source || !name)
            continue;
        low = high = eo_candidate_number(c, eo_sweep_numeric_column(name));
        if (end->low_of)
            low = eo_candidate_number(c, end);
        else
            high = eo_candidate_number(c, end);
        if (low > high)
            return eo_err_set(err, "column '%s': expected at least the %.9g of '%s', found %.9g",
                              end->low_of ? name : end->name, low, end->low_of ? end->name : name, high);
    }
    return 0;
}

/* Rows can be compared only if all accuracies are of the same images. */
static int check_images(char known[EO_SHA256_TEXT], const char *found, const char *column, size_t row,
                        struct eo_err *err)
{
    if (!*found || strcmp(known, found) == 0)
        return 0;
    if (*known)
        return eo_err_set(
            err,
            "row %zu: column '%s': accuracies of two data sets, or of other images of one, cannot "
            "stand in one table: %.12s before, %.12s here; run make again",
            row + 1, column, known, found);
    strcpy(known, found);
    return 0;
}

static int add_accuracy(struct eo_join *join, struct entry *e, const struct eo_candidate *key, int content,
                        const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    struct eo_err cell;

    if (e->has_accuracy)
        return refuse_second(e, "accuracy", row, err);
    e->has_accuracy = 1;
    strcpy(e->accuracy_sha256, key->model_sha256);
    if (read_source(&e->c, EO_FROM_ACCURACY, content & HAS_SWEEP, csv, row, &cell) ||
        check_intervals(&e->c, EO_FROM_ACCURACY, &cell))
        set_error(e, "eval", cell.msg);
    if (check_images(join->images_sha256, e->c.images_sha256, "images_sha256", row, err))
        return -1;
    return check_images(join->test_images_sha256, e->c.test_images_sha256, "test_images_sha256", row, err);
}

/* In sweep_results.csv latencies are scaled, apart from host_latency_ms, which tells the scale. */
static int read_host_latency(struct eo_candidate *c, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    const struct eo_sweep_column *host = eo_sweep_numeric_column("host_latency_ms");

    if (read_column(c, host, host->name, csv, row, err))
        return -1;
    if (!isfinite(c->host_latency_ms))
        return eo_err_set(err, "row %zu: column 'host_latency_ms': expected a value, found none", row + 1);
    return 0;
}

/* Latencies of two kinds of nodes cannot be compared. A table that was joined already does not say its kind. */
static int check_node_kind(struct eo_join *join, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    const char *kind = eo_csv_value(csv, row, "node_kind");

    if (!join->has_node_kind)
        snprintf(join->node_kind, sizeof(join->node_kind), "%s", kind);
    join->has_node_kind = 1;
    if (strncmp(join->node_kind, kind, sizeof(join->node_kind) - 1) == 0)
        return 0;
    return eo_err_set(err,
                      "row %zu: column 'node_kind': expected '%s' as in the rows before, found '%s': candidates are "
                      "ranked against others that were timed on nodes of one kind; time them together",
                      row + 1, join->node_kind, kind);
}

static int add_timing(struct entry *e, const struct eo_candidate *key, int content, const struct eo_csv *csv,
                      size_t row, struct eo_err *err)
{
    struct eo_err cell;

    if (e->has_timing)
        return refuse_second(e, "timing", row, err);
    e->has_timing = 1;
    strcpy(e->timing_sha256, key->model_sha256);
    snprintf(e->session, sizeof(e->session), "%s", eo_csv_value(csv, row, "session"));
    if (read_source(&e->c, EO_FROM_TIMING, content & HAS_SWEEP, csv, row, &cell) ||
        check_intervals(&e->c, EO_FROM_TIMING, &cell))
        set_error(e, "bench", cell.msg);
    else if ((content & HAS_SWEEP) && read_host_latency(&e->c, csv, row, &cell))
        set_error(e, "bench", cell.msg);
    return 0;
}

/* Rounds of a candidate must come from one file, its hits from one row. */
static int add_evidence(struct eo_join *join, struct entry *e, int content, const struct eo_csv *csv,
                        size_t row, struct eo_err *err)
{
    if (content & HAS_HITS)
        return e->evidence.hits ? refuse_second(e, "hits", row, err)
                                : eo_evidence_add_hits(&e->evidence, csv, row, err);
    if (e->rounds_file && e->rounds_file != join->files)
        return refuse_second(e, "rounds file's", row, err);
    e->rounds_file = join->files;
    return eo_evidence_add_round(&e->evidence, csv, row, err);
}

static int add_row(struct eo_join *join, int content, const struct eo_csv *csv, size_t row,
                   struct eo_err *err)
{
    struct eo_candidate key;
    struct entry *e;

    eo_candidate_init(&key);
    if (read_source(&key, EO_FROM_KEY, 1, csv, row, err))
        return -1;
    e = find_entry(join, &key.key);
    if (!e)
        e = add_entry(join, &key.key, err);
    if (!e)
        return -1;
    if (content & HAS_ERROR)
        set_error(e, eo_csv_value(csv, row, "stage"), eo_csv_value(csv, row, "error"));
    if (content & (HAS_ROUNDS | HAS_HITS))
        return add_evidence(join, e, content, csv, row, err);
    if ((content & HAS_ACCURACY) && add_accuracy(join, e, &key, content, csv, row, err))
        return -1;
    if ((content & HAS_TIMING) && !(content & HAS_SWEEP) && check_node_kind(join, csv, row, err))
        return -1;
    return content & HAS_TIMING ? add_timing(e, &key, content, csv, row, err) : 0;
}

int eo_join_add(struct eo_join *join, const struct eo_csv *csv, struct eo_err *err)
{
    static const char *const key[] = {"pruning_level", "precision", "seed"};
    int content = find_content(csv);

    if (content == 0)
        return eo_err_set(err,
                          "expected a column 'accuracy', 'host_latency_ms', 'host_median_ms' beside 'round', "
                          "'hits', or 'stage' and 'error', found none");
    join->files++;
    for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
        if (!has(csv, key[i]))
            return eo_err_set(err, "expected a column '%s', found none", key[i]);
    }
    for (size_t i = 0; i < csv->rows; i++) {
        if (add_row(join, content, csv, i, err))
            return -1;
    }
    return 0;
}

static void check_rows(struct entry *e, int timed)
{
    struct eo_err err;

    if (!e->has_accuracy)
        set_error(e, "select", "no accuracy row");
    if (timed && !e->has_timing)
        set_error(e, "select", "no timing row");
    if (e->accuracy_sha256[0] && e->timing_sha256[0] && strcmp(e->accuracy_sha256, e->timing_sha256) != 0) {
        eo_err_set(&err, "stale: accuracy is of model %.12s, timing of model %.12s", e->accuracy_sha256,
                   e->timing_sha256);
        set_error(e, "select", err.msg);
    }
}

/* Evidence from another run would give confident, wrong labels. */
static void check_evidence(struct entry *e)
{
    const struct eo_evidence *v = &e->evidence;
    char text[EO_NUM_TEXT] = "";
    struct eo_err err = {""};

    if (v->hits && e->accuracy_sha256[0] && strcmp(e->accuracy_sha256, v->model_sha256) != 0) {
        eo_err_set(&err, "stale: accuracy is of model %.12s, hits of model %.12s", e->accuracy_sha256,
                   v->model_sha256);
    } else if (v->hits && e->has_accuracy && (double)v->correct / (double)v->images != e->c.accuracy) {
        if (isfinite(e->c.accuracy))
            eo_num_format_double(e->c.accuracy, text);
        eo_err_set(&err, "stale: accuracy is %s, hits are %zu of %zu images", text, v->correct, v->images);
    } else if (v->round_count && !eo_evidence_has_session(v, e->session)) {
        eo_err_set(&err, "stale: timing is of session %.16s, rounds of others", e->session);
    }
    if (err.msg[0])
        set_error(e, "select", err.msg);
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;

    if (x->seed_rank != y->seed_rank)
        return x->seed_rank < y->seed_rank ? -1 : 1;
    return eo_candidate_compare(&x->c.key, &y->c.key);
}

/* A complete candidate has both rows, of one model file; with `timed` 0 the accuracy row is enough. */
static void store(struct entry *e, const struct eo_config *cfg, int timed, struct eo_sweep *sweep)
{
    struct eo_err err;

    check_rows(e, timed);
    check_evidence(e);
    if (timed && !e->has_error && eo_candidate_derive(&e->c, cfg, &err))
        set_error(e, "select", err.msg);
    if (e->has_error) {
        struct eo_sweep_error *out = &sweep->errors[sweep->error_count++];

        out->key = e->c.key;
        strcpy(out->stage, e->stage);
        strcpy(out->message, e->error.msg);
        return;
    }
    strcpy(e->c.model_sha256, e->accuracy_sha256[0] ? e->accuracy_sha256 : e->timing_sha256);
    sweep->evidence[sweep->row_count] = e->evidence;
    e->evidence = (struct eo_evidence){0};
    sweep->rows[sweep->row_count++] = e->c;
}

int eo_join_finish(struct eo_join *join, const struct eo_config *cfg, int timed, struct eo_sweep *sweep,
                   struct eo_err *err)
{
    struct entry **order = NULL;

    *sweep = (struct eo_sweep){0};
    order = eo_alloc(join->count, sizeof(*order), err);
    sweep->rows = eo_alloc(join->count, sizeof(*sweep->rows), err);
    sweep->errors = eo_alloc(join->count, sizeof(*sweep->errors), err);
    sweep->evidence = eo_alloc(join->count, sizeof(*sweep->evidence), err);
    if (!order || !sweep->rows || !sweep->errors || !sweep->evidence) {
        free(order);
        eo_sweep_release(sweep);
        return -1;
    }
    for (size_t i = 0; i < join->count; i++)
        order[i] = &join->entries[i];
    if (join->count)
        qsort(order, join->count, sizeof(*order), compare);
    for (size_t i = 0; i < join->count; i++)
        store(order[i], cfg, timed, sweep);
    free(order);
    return 0;
}
