#include "stage/select/study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/stats.h"
#include "format/json.h"
#include "stage/candidate.h"

#define MAX_ENTRIES 100000
#define MAX_EPOCHS 1000000
#define CRITERIA EO_CRITERION_COUNT

/* One row of a table that was read. */
struct entry {
    char label[EO_STUDY_LABEL];
    size_t label_rank, number; /* the order in which labels, and entries, appeared */
    struct eo_candidate_key key;
    int64_t epochs; /* of recovery */
    double accuracy;
};

struct eo_study {
    struct entry *entries;
    size_t count, cap, labels;
    struct eo_index by_key; /* numbers of entries */
};

struct eo_study *eo_study_new(struct eo_err *err)
{
    return eo_alloc(1, sizeof(struct eo_study), err);
}

void eo_study_free(struct eo_study *study)
{
    if (study) {
        eo_index_release(&study->by_key);
        free(study->entries);
    }
    free(study);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int read_entry(struct entry *e, const struct eo_csv *csv, size_t row, struct eo_err *err)
{
    const char *epochs = eo_csv_value(csv, row, "fine_tune_epochs");

    e->epochs = 0;
    if (eo_level_parse(eo_csv_value(csv, row, "pruning_level"), &e->key.level, err))
        return eo_err_prefix(err, "column 'pruning_level'");
    if (eo_candidate_criterion(e->key.level, eo_csv_value(csv, row, "pruning_criterion"), &e->key.criterion,
                               err))
        return eo_err_prefix(err, "column 'pruning_criterion'");
    if (eo_precision_parse(eo_csv_value(csv, row, "precision"), &e->key.precision, err))
        return eo_err_prefix(err, "column 'precision'");
    if (eo_num_parse_u64(eo_csv_value(csv, row, "seed"), 0, UINT64_MAX, &e->key.seed, err))
        return eo_err_prefix(err, "column 'seed'");
    if (*epochs && eo_num_parse_i64(epochs, 0, MAX_EPOCHS, &e->epochs, err))
        return eo_err_prefix(err, "column 'fine_tune_epochs'");
    if (eo_num_parse_double(eo_csv_value(csv, row, "test_accuracy"), 0, 1, &e->accuracy, err))
        return eo_err_prefix(err, "column 'test_accuracy'");
    return 0;
}

/* By data set in the order given, level, epochs. 0: both belong to one row of the result. */
static int compare_rows(const struct entry *a, const struct entry *b)
{
    int level = eo_level_compare(a->key.level, b->key.level);

    if (a->label_rank != b->label_rank)
        return a->label_rank < b->label_rank ? -1 : 1;
    return level ? level : (a->epochs > b->epochs) - (a->epochs < b->epochs);
}

static uint64_t hash_of(const struct entry *e)
{
    uint64_t row[2] = {e->label_rank, (uint64_t)e->epochs};

    return eo_index_hash(row, sizeof(row), eo_candidate_hash(&e->key));
}

static const struct entry *find_entry(const struct eo_study *s, const struct entry *e)
{
    struct eo_index_walk walk = eo_index_find(&s->by_key, hash_of(e));
    size_t i;

    while (eo_index_next(&s->by_key, &walk, &i)) {
        if (compare_rows(&s->entries[i], e) == 0 && eo_candidate_equal(&s->entries[i].key, &e->key))
            return &s->entries[i];
    }
    return NULL;
}

static int grow(struct eo_study *s, struct eo_err *err)
{
    size_t cap = s->cap ? 2 * s->cap : 64;
    struct entry *grown;

    if (s->count < s->cap)
        return 0;
    grown = cap <= MAX_ENTRIES ? realloc(s->entries, cap * sizeof(*grown)) : NULL;
    if (!grown)
        return eo_err_set(err, "out of memory for %zu rows", cap);
    s->entries = grown;
    s->cap = cap;
    return 0;
}

static int append(struct eo_study *s, const struct entry *e, struct eo_err *err)
{
    const struct entry *old = find_entry(s, e);

    if (old && eo_level_is_zero(e->key.level) && old->accuracy == e->accuracy)
        return 0;
    if (old)
        return eo_err_set(err, "second row for the same candidate");
    if (grow(s, err) || eo_index_add(&s->by_key, hash_of(e), s->count, err))
        return -1;
    s->entries[s->count] = *e;
    s->entries[s->count].number = s->count;
    s->count++;
    return 0;
}

/* The rank of an earlier entry with this label, or a new one. */
static size_t find_label_rank(struct eo_study *s, const char *label)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->entries[i].label, label) == 0)
            return s->entries[i].label_rank;
    }
    return s->labels++;
}

/* A label must fit into a cell of a Markdown table and into a list. */
static int check_label(const char *label, struct eo_err *err)
{
    if (strlen(label) >= EO_STUDY_LABEL)
        return eo_err_set(err, "expected a label of at most %d bytes, found '%.40s...'", EO_STUDY_LABEL - 1,
                          label);
    for (const char *c = label; *c; c++) {
        if (*c == '|' || (unsigned char)*c < ' ' || *c == 0x7f)
            return eo_err_set(err, "expected a label without '|' and control characters, found '%s'", label);
    }
    return 0;
}

static int check_columns(const struct eo_csv *csv, struct eo_err *err)
{
    static const char *const names[] = {"pruning_level", "pruning_criterion", "precision",
                                        "seed",          "fine_tune_epochs",  "test_accuracy"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (eo_csv_column(csv, names[i]) < 0)
            return eo_err_set(err, "expected a column '%s', found none", names[i]);
    }
    return 0;
}

int eo_study_add(struct eo_study *study, const char *label, const struct eo_csv *csv,
                 enum eo_precision precision, struct eo_err *err)
{
    size_t row, rank;

    if (check_label(label, err) || check_columns(csv, err))
        return -1;
    rank = find_label_rank(study, label);
    for (row = 0; row < csv->rows; row++) {
        struct entry e;

        memset(&e, 0, sizeof(e));
        strcpy(e.label, label);
        e.label_rank = rank;
        if (read_entry(&e, csv, row, err))
            return eo_err_prefix(err, "row %zu", row + 1);
        if (e.key.precision == precision && append(study, &e, err))
            return eo_err_prefix(err, "row %zu", row + 1);
    }
    return 0;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Mean and half width in per cent, of n seeds. */
struct cell {
    size_t n;
    double mean, half;
};

/* The cell of a criterion, from the n entries of one row of the result. */
static struct cell make_cell(const struct entry *row, size_t n, enum eo_criterion criterion, double *values)
{
    struct cell c = {0, 0, 0};

    for (size_t i = 0; i < n; i++) {
        if (row[i].key.criterion == criterion)
            values[c.n++] = 100 * row[i].accuracy;
    }
    c.mean = eo_stats_mean(values, c.n);
    c.half = eo_stats_t95_half_width(eo_stats_std_sample(values, c.n), c.n);
    return c;
}

static void put_cell(const struct cell *c, struct eo_buf *out)
{
    if (c->n == 0)
        eo_buf_puts(out, " |");
    else if (c->n == 1)
        eo_buf_printf(out, " %.2f |", c->mean);
    else if (c->mean - c->half < 0 || c->mean + c->half > 100)
        eo_buf_printf(out, " %.2f (%.2f to %.2f) |", c->mean, fmax(c->mean - c->half, 0),
                      fmin(c->mean + c->half, 100));
    else
        eo_buf_printf(out, " %.2f ± %.2f |", c->mean, c->half);
}

/* The rows in which random can be compared with other criteria. */
struct verdict {
    int compared, worst;
    struct eo_buf others; /* the rows where another criterion has a lower mean */
};

/* The criterion other than random with the lowest mean; -1 without one. */
static int lowest(const struct cell *cells)
{
    int low = -1;

    for (int i = 0; i < CRITERIA; i++) {
        if (i != EO_CRITERION_RANDOM && cells[i].n && (low < 0 || cells[i].mean < cells[low].mean))
            low = i;
    }
    return low;
}

static void judge(struct verdict *v, const struct entry *row, const struct cell *cells)
{
    const struct cell *random = &cells[EO_CRITERION_RANDOM];
    int low = lowest(cells);
    char level[EO_LEVEL_TEXT];

    if (!random->n || low < 0)
        return;
    v->compared++;
    if (random->mean < cells[low].mean) {
        v->worst++;
        return;
    }
    eo_level_text(row->key.level, level);
    eo_buf_printf(&v->others, "- %s, level %s, %s recovery: %s %.2f, random %.2f (%s)\n", row->label, level,
                  row->epochs ? "with" : "without", eo_criterion_name((enum eo_criterion)low),
                  cells[low].mean, random->mean,
                  random->mean - random->half <= cells[low].mean + cells[low].half
                      ? "the intervals meet"
                      : "the intervals are apart");
}

static void put_row(const struct entry *row, size_t n, double *values, struct verdict *v, struct eo_buf *out)
{
    struct cell cells[CRITERIA], none = make_cell(row, n, EO_CRITERION_NONE, values);
    char level[EO_LEVEL_TEXT];

    eo_level_text(row->key.level, level);
    eo_buf_printf(out, "| %s | %s | ", row->label, level);
    if (row->epochs)
        eo_buf_printf(out, "%lld epochs |", (long long)row->epochs);
    else
        eo_buf_puts(out, "none |");
    for (int i = 0; i < CRITERIA; i++) {
        cells[i] = make_cell(row, n, (enum eo_criterion)i, values);
        put_cell(none.n && i == 0 ? &none : &cells[i], out);
    }
    eo_buf_puts(out, "\n");
    judge(v, row, cells);
}

/* Among the entries of one row of the result, in order of appearance. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int row = compare_rows(x, y);

    return row ? row : (x->number > y->number) - (x->number < y->number);
}

static void put_head(struct eo_buf *out)
{
    eo_buf_puts(out, "| data | level | recovery |");
    for (int c = 0; c < CRITERIA; c++)
        eo_buf_printf(out, " %s |", eo_criterion_name((enum eo_criterion)c));
    eo_buf_puts(out, "\n| --- | --- | --- |");
    for (int c = 0; c < CRITERIA; c++)
        eo_buf_puts(out, " --- |");
    eo_buf_puts(out, "\n");
}

/* How many entries from `i` on belong to one row of the result. */
static size_t rows_together(const struct entry *list, size_t i, size_t count)
{
    size_t n = 1;

    while (i + n < count && compare_rows(&list[i], &list[i + n]) == 0)
        n++;
    return n;
}

/* `list`: all entries, sorted; `values`: room for as many numbers. */
static void put_rows(const struct entry *list, size_t count, double *values, struct verdict *v,
                     struct eo_buf *out)
{
    size_t n;

    for (size_t i = 0; i < count; i += n) {
        n = rows_together(list, i, count);
        put_row(&list[i], n, values, v, out);
    }
}

static void put_verdict(const struct verdict *v, struct eo_buf *out)
{
    if (v->compared == 0)
        return;
    eo_buf_printf(out, "\nRandom is the worst criterion in %d of %d rows.", v->worst, v->compared);
    if (v->worst < v->compared)
        eo_buf_printf(out, " It is not in:\n\n%s", v->others.data);
    else
        eo_buf_puts(out, "\n");
}

/* ---- as JSON ----------------------------------------------------------------------------------------------------- */

static void put_json_cell(struct eo_json *j, const struct cell *c, enum eo_criterion criterion)
{
    if (c->n == 0)
        return;
    eo_json_open(j, NULL, '{');
    eo_json_text(j, "criterion", eo_criterion_name(criterion));
    eo_json_int(j, "seeds", (long long)c->n);
    eo_json_double(j, "test_accuracy", c->mean / 100);
    eo_json_double(j, "test_accuracy_ci95_low", c->n > 1 ? fmax(c->mean - c->half, 0) / 100 : NAN);
    eo_json_double(j, "test_accuracy_ci95_high", c->n > 1 ? fmin(c->mean + c->half, 100) / 100 : NAN);
    eo_json_close(j);
}

static void put_json_row(struct eo_json *j, const struct entry *row, size_t n, double *values, struct verdict *v)
{
    struct cell cells[CRITERIA], none = make_cell(row, n, EO_CRITERION_NONE, values);

    eo_json_open(j, NULL, '{');
    eo_json_text(j, "data", row->label);
    eo_candidate_json_level(j, "pruning_level", row->key.level);
    eo_json_int(j, "fine_tune_epochs", row->epochs);
    eo_json_open(j, "criteria", '[');
    put_json_cell(j, &none, EO_CRITERION_NONE);
    for (int i = 0; i < CRITERIA; i++) {
        cells[i] = make_cell(row, n, (enum eo_criterion)i, values);
        put_json_cell(j, &cells[i], (enum eo_criterion)i);
    }
    eo_json_close(j);
    eo_json_close(j);
    judge(v, row, cells);
}

static void put_json(const struct entry *list, size_t count, double *values, struct verdict *v, struct eo_buf *out)
{
    struct eo_json j = {.out = out};
    size_t n;

    eo_json_open(&j, NULL, '{');
    eo_json_open(&j, "rows", '[');
    for (size_t i = 0; i < count; i += n) {
        n = rows_together(list, i, count);
        put_json_row(&j, &list[i], n, values, v);
    }
    eo_json_close(&j);
    eo_json_int(&j, "rows_with_random", v->compared);
    eo_json_int(&j, "random_is_worst", v->worst);
    eo_json_close(&j);
}

static int put_study(const struct eo_study *study, int is_json, struct eo_buf *out, struct eo_err *err)
{
    struct verdict v = {0, 0, {0}};
    struct entry *list;
    double *values;
    int rc = -1;

    if (study->count == 0)
        return eo_err_set(err, "expected at least one accuracy row of that precision, found none");
    list = eo_alloc(study->count, sizeof(*list), err);
    values = list ? eo_alloc(study->count, sizeof(*values), err) : NULL;
    if (values) {
        memcpy(list, study->entries, study->count * sizeof(*list));
        qsort(list, study->count, sizeof(*list), compare_entries);
        if (is_json) {
            put_json(list, study->count, values, &v, out);
        } else {
            put_head(out);
            put_rows(list, study->count, values, &v, out);
        }
        rc = eo_buf_check(&v.others, err);
    }
    if (rc == 0 && !is_json)
        put_verdict(&v, out);
    eo_buf_release(&v.others);
    free(values);
    free(list);
    return rc;
}

int eo_study_put(const struct eo_study *study, struct eo_buf *out, struct eo_err *err)
{
    return put_study(study, 0, out, err);
}

int eo_study_put_json(const struct eo_study *study, struct eo_buf *out, struct eo_err *err)
{
    return put_study(study, 1, out, err);
}
