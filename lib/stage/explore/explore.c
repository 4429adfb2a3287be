#include "stage/explore/explore.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "machine/clock.h"
#include "stage/explore/halving.h"
#include "stage/explore/kept.h"
#include "stage/explore/rows.h"

#define BINDING "eo-explore 2" /* of the journals */

/* Trainings of the same length. */
struct rung {
    struct eo_explore e;
    struct eo_explore_entry *entries; /* [grid.count, precisions] */
    size_t *list;                     /* [list_count]: combinations that are trained so, rising */
    size_t list_count;
    double images; /* of a training */
};

struct task {
    size_t combination;
    double work;
};

struct run {
    const struct eo_explore *e;
    const struct eo_explore_how *how;
    struct rung *rungs; /* [rung_count] */
    int rung_count;
    int *stopped; /* [grid.count]: the last rung of each combination */
    double *work; /* [grid.count]: of one image */
    struct rung *now;
    struct task *tasks; /* [task_count]: combinations with something to do, the most expensive first */
    size_t task_count;
    double later_work; /* of the rungs after this one, about */
    double all_work, done_work;
    size_t points, kept, done; /* rows in all rungs, at most; those that the journal had; finished ones */
    double began;
    pthread_mutex_t lock; /* of what follows, of done and done_work, and of the journal */
    int failed;
    struct eo_err err;
};

static size_t precisions_of(const struct run *r)
{
    return (size_t)r->e->cfg.precision_count;
}

static size_t rows_of(const struct run *r)
{
    return r->e->grid.count * precisions_of(r);
}

/* ---- the order of work --------------------------------------------------------------------------------------- */

/* Multiply-accumulates of the network, about, as what its training costs. */
static double work_of(const struct eo_explore *e, const int *widths)
{
    double sum = 0;

    for (int l = 0; l < e->network.count; l++) {
        const struct eo_network_layer *layer = &e->network.layer[l];
        int makes = e->grid.spaces.of[l], reads = eo_spaces_read(&e->grid.spaces, &e->network, l);
        double out = makes == EO_SPACE_NONE ? layer->map.c : widths[makes];
        double in = reads == EO_SPACE_NONE || layer->operation == EO_DEPTHWISE
                        ? 1
                        : (double)widths[reads] / layer->in.c;

        sum += in * out / layer->map.c * (double)eo_network_layer_macs(layer) + 1000 * out;
    }
    return sum;
}

static int compare_tasks(const void *a, const void *b)
{
    const struct task *x = a, *y = b;

    if (x->work != y->work)
        return x->work < y->work ? 1 : -1;
    return x->combination < y->combination ? -1 : 1;
}

static int is_done(const struct run *r, size_t i)
{
    size_t n = precisions_of(r), p = 0;

    while (p < n && r->now->entries[i * n + p].text)
        p++;
    return p == n;
}

static int is_of_shard(const struct run *r, size_t i)
{
    return r->how->shards == 0 || i % (size_t)r->how->shards == (size_t)r->how->shard;
}

/* The trainings of this rung that the journal does not have. */
static void choose_tasks(struct run *r)
{
    size_t n = precisions_of(r), before = r->kept;

    r->task_count = 0;
    for (size_t k = 0; k < r->now->list_count; k++) {
        size_t i = r->now->list[k];

        for (size_t p = 0; p < n; p++)
            r->kept += r->now->entries[i * n + p].text != NULL;
        if (is_done(r, i) || !is_of_shard(r, i))
            continue;
        r->tasks[r->task_count++] = (struct task){i, r->work[i] * r->now->images};
        r->all_work += r->work[i] * r->now->images;
    }
    r->done += r->kept - before;
    qsort(r->tasks, r->task_count, sizeof(*r->tasks), compare_tasks);
}

/* How many trainings there are in rung k at most. */
static size_t quota_of(const struct run *r, int k)
{
    size_t n = r->e->grid.count, reduction = (size_t)r->e->cfg.explore_reduction;

    for (; k > 0; k--)
        n = n > reduction ? n / reduction : 1;
    return n;
}

/* ---- work ---------------------------------------------------------------------------------------------------- */

static void fail(struct run *r, const struct eo_err *err)
{
    pthread_mutex_lock(&r->lock);
    if (!r->failed)
        r->err = *err;
    r->failed = 1;
    pthread_mutex_unlock(&r->lock);
}

static void report(struct run *r)
{
    double all = r->all_work + r->later_work;
    const struct eo_explore_progress p = {r->points, r->done, r->kept, all > 0 ? r->done_work / all : 1,
                                          eo_clock_now() - r->began};

    if (r->how->progress)
        r->how->progress(r->how->progress_ctx, &p);
}

/* Takes over the lines of a finished point. */
static void finish(struct run *r, struct eo_explore_entry *entry, struct eo_buf *lines, int is_kept)
{
    struct eo_err err;

    if (eo_buf_check(lines, &err)) {
        fail(r, &err);
        eo_buf_release(lines);
        return;
    }
    pthread_mutex_lock(&r->lock);
    entry->text = lines->data;
    if (is_kept)
        eo_explore_entry_keep(entry, r->how->journal);
    r->done++;
    report(r);
    pthread_mutex_unlock(&r->lock);
}

/* A failure of the model, such as a weight that fp16 cannot hold, makes a row that says so and is not kept. */
static void run_precision(struct run *r, const struct eo_model *trained, const char *widths,
                          enum eo_precision precision, struct eo_explore_entry *entry)
{
    struct eo_explore_result x = {.sha256 = ""};
    struct eo_model m = {0};
    struct eo_buf lines = {0};
    struct eo_err err;
    int rc = eo_explore_convert(&r->now->e, trained, precision, &m, &err) ||
             eo_explore_measure(&r->now->e, &m, &x, &err);

    if (rc)
        eo_explore_put_error(&r->now->e, widths, precision, &err, &lines);
    else
        eo_explore_put_point(&r->now->e, widths, precision, &x, &lines);
    finish(r, entry, &lines, !rc);
    eo_explore_result_release(&x);
    eo_model_release(&m);
}

static int has_failed(struct run *r)
{
    int failed;

    pthread_mutex_lock(&r->lock);
    failed = r->failed;
    pthread_mutex_unlock(&r->lock);
    return failed;
}

static void run_widths(void *ctx, int task, int worker)
{
    struct run *r = ctx;
    size_t i = r->tasks[task].combination, n = precisions_of(r);
    int widths[EO_NETWORK_LAYERS];
    char text[EO_GRID_TEXT];
    struct eo_model trained;
    struct eo_err err;
    int rc;

    (void)worker;
    if (has_failed(r))
        return;
    eo_explore_grid_widths(&r->e->grid, i, widths);
    eo_explore_widths_text(widths, r->e->grid.spaces.count, text);
    rc = eo_explore_train(&r->now->e, widths, &trained, &err);
    for (size_t p = 0; p < n; p++) {
        struct eo_explore_entry *entry = &r->now->entries[i * n + p];
        struct eo_buf lines = {0};

        if (entry->text)
            continue;
        if (!rc) {
            run_precision(r, &trained, text, r->e->cfg.precisions[p], entry);
            continue;
        }
        eo_explore_put_error(&r->now->e, text, r->e->cfg.precisions[p], &err, &lines);
        finish(r, entry, &lines, 0);
    }
    eo_model_release(&trained);
    pthread_mutex_lock(&r->lock);
    r->done_work += r->work[i] * r->now->images;
    report(r);
    pthread_mutex_unlock(&r->lock);
}

static int run_trainings(struct run *r, struct eo_err *err)
{
    choose_tasks(r);
    eo_pool_run(r->how->pool, run_widths, r, (int)r->task_count);
    if (r->failed)
        *err = r->err;
    return r->failed ? -1 : 0;
}

/* ---- from rung to rung ---------------------------------------------------------------------------------------- */

static void put_rows(const struct run *r, int k, size_t i, struct eo_buf *table, struct eo_buf *hits)
{
    size_t n = precisions_of(r);
    struct eo_explore_found found = {.rung = k + 1, .origin = r->how->origin};

    for (int j = 0; j <= k; j++)
        found.images += (size_t)r->rungs[j].images;
    for (size_t p = 0; p < n; p++)
        eo_explore_put_found(r->rungs[k].entries[i * n + p].text, &found, table, hits);
}

/* Puts those that go on from rung k to the next into its list. */
static int promote(struct run *r, int k, struct eo_err *err)
{
    const struct rung *from = &r->rungs[k];
    struct rung *to = &r->rungs[k + 1];
    struct eo_buf text[2] = {{0}};
    struct eo_explore_table table = {0};
    unsigned char *goes_on = eo_alloc(from->list_count, 1, err);
    int rc = goes_on ? 0 : -1;

    eo_explore_put_headers(&text[0], &text[1]);
    for (size_t i = 0; i < from->list_count; i++)
        put_rows(r, k, from->list[i], &text[0], &text[1]);
    if (!rc)
        rc = eo_buf_check(&text[0], err) || eo_buf_check(&text[1], err) ||
             eo_explore_table_parse(&table, text, err) ||
             eo_halving_promote(&table, from->list_count, precisions_of(r), quota_of(r, k + 1), goes_on, err);
    for (size_t i = 0; !rc && i < from->list_count; i++) {
        if (goes_on[i]) {
            to->list[to->list_count++] = from->list[i];
            r->stopped[from->list[i]] = k + 1;
        }
    }
    eo_explore_table_release(&table);
    eo_buf_release(&text[0]);
    eo_buf_release(&text[1]);
    free(goes_on);
    return rc ? -1 : 0;
}

/* Trainings of all rungs after k, as many as the quotas are. */
static void look_ahead(struct run *r, int k)
{
    double mean = 0;

    for (size_t i = 0; i < r->e->grid.count; i++)
        mean += r->work[i] / (double)r->e->grid.count;
    r->later_work = 0;
    r->points = r->done + r->now->list_count * precisions_of(r);
    for (int j = k + 1; j < r->rung_count; j++) {
        r->later_work += (double)quota_of(r, j) * mean * r->rungs[j].images;
        r->points += quota_of(r, j) * precisions_of(r);
    }
}

static int run_rungs(struct run *r, struct eo_err *err)
{
    for (int k = 0; k < r->rung_count; k++) {
        r->now = &r->rungs[k];
        look_ahead(r, k);
        if (run_trainings(r, err))
            return -1;
        if (r->how->shards)
            break;
        if (k + 1 < r->rung_count && promote(r, k, err))
            return -1;
    }
    return 0;
}

static int make_rungs(struct run *r, struct eo_err *err)
{
    r->rung_count = eo_explore_rungs(r->e);
    r->rungs = eo_alloc((size_t)r->rung_count, sizeof(*r->rungs), err);
    for (int k = 0; r->rungs && k < r->rung_count; k++) {
        struct rung *rung = &r->rungs[k];

        if (eo_explore_init_rung(&rung->e, r->e, k, r->how->pool, err))
            return -1;
        rung->images = (double)rung->e.split.train.count * rung->e.cfg.explore_epochs;
        rung->entries = eo_explore_entries_new(&rung->e, r->how->base_sha256, err);
        rung->list = rung->entries ? eo_alloc(r->e->grid.count, sizeof(*rung->list), err) : NULL;
        if (!rung->list)
            return -1;
    }
    return r->rungs ? 0 : -1;
}

/* Each journal is read to its end before anything is appended. A shard's results are taken from it in turn. */
static int read_journals(struct run *r, struct eo_explore_entry *const *lists, struct eo_err *err)
{
    size_t rows = rows_of(r), n = rows * (size_t)r->rung_count;
    char *had = eo_alloc(n, 1, err);
    int rc = !had || eo_explore_entries_read(lists, r->rung_count, rows, r->how->journal, err) ? -1 : 0;

    for (size_t i = 0; !rc && i < n; i++)
        had[i] = lists[i / rows][i % rows].text != NULL;
    for (int i = 0; !rc && i < r->how->other_count; i++) {
        eo_journal_bind(&r->how->others[i], BINDING);
        rc = eo_explore_entries_read(lists, r->rung_count, rows, &r->how->others[i], err);
    }
    for (size_t i = 0; !rc && r->how->shards == 0 && i < n; i++)
        if (!had[i] && lists[i / rows][i % rows].text)
            eo_explore_entry_keep(&lists[i / rows][i % rows], r->how->journal);
    free(had);
    return rc;
}

static int prepare(struct run *r, struct eo_err *err)
{
    struct eo_explore_entry *lists[EO_CONFIG_RUNGS_MAX];
    size_t n = r->e->grid.count;

    if (r->how->journal)
        eo_journal_bind(r->how->journal, BINDING);
    if (make_rungs(r, err))
        return -1;
    r->work = eo_alloc(n, sizeof(*r->work), err);
    r->tasks = r->work ? eo_alloc(n, sizeof(*r->tasks), err) : NULL;
    r->stopped = r->tasks ? eo_alloc(n, sizeof(*r->stopped), err) : NULL;
    if (!r->stopped)
        return -1;
    for (size_t i = 0; i < n; i++) {
        int widths[EO_NETWORK_LAYERS];

        eo_explore_grid_widths(&r->e->grid, i, widths);
        r->work[i] = work_of(r->e, widths);
        r->rungs[0].list[r->rungs[0].list_count++] = i;
    }
    for (int k = 0; k < r->rung_count; k++)
        lists[k] = r->rungs[k].entries;
    return read_journals(r, lists, err);
}

static void release(struct run *r)
{
    for (int k = 0; r->rungs && k < r->rung_count; k++) {
        eo_explore_entries_free(r->rungs[k].entries, rows_of(r));
        free(r->rungs[k].list);
    }
    free(r->rungs);
    free(r->work);
    free(r->tasks);
    free(r->stopped);
}

int eo_explore_run(const struct eo_explore *e, const struct eo_explore_how *how, struct eo_buf *table,
                   struct eo_buf *hits, struct eo_err *err)
{
    struct run r = {.e = e, .how = how, .lock = PTHREAD_MUTEX_INITIALIZER, .began = eo_clock_now()};
    int rc = prepare(&r, err) || run_rungs(&r, err) ? -1 : 0;

    if (!rc && how->shards == 0) {
        eo_explore_put_headers(table, hits);
        for (size_t i = 0; i < e->grid.count; i++)
            put_rows(&r, r.stopped[i], i, table, hits);
    }
    release(&r);
    return rc ? -1 : eo_buf_check(table, err) || eo_buf_check(hits, err) ? -1 : 0;
}
