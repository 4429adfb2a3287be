#include "stage/explore/explore.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/version.h"
#include "machine/clock.h"
#include "stage/explore/rows.h"

#define DIGEST (EO_SHA256_TEXT - 1)

/* A row of both tables. */
struct entry {
    char digest[EO_SHA256_TEXT];
    char *text; /* its two lines; NULL: not yet known */
};

struct run {
    const struct eo_explore *e;
    const struct eo_explore_how *how;
    struct entry *entries; /* [grid.count, precisions] */
    size_t *order;         /* [order_count]: combinations with something to do, the most expensive first */
    size_t order_count;
    double *work, all_work, done_work; /* [grid.count] */
    size_t kept, done;
    double began;
    struct eo_buf common, common_int8; /* what the digests of all points have in common */
    pthread_mutex_t lock;              /* of what follows, of done and done_work, and of the journal */
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

/* ---- what a point depends on --------------------------------------------------------------------------------- */

/* The slices name all keys; widths are the point's own, so those of the configuration do not count. */
static int put_common(struct run *r, struct eo_err *err)
{
    struct eo_config cfg = r->e->cfg;
    int is_slice = r->e->base != NULL;
    char costs[EO_SHA256_TEXT];

    eo_core_costs_sha256(costs);
    cfg.conv1_channels = cfg.conv2_channels = 1;
    eo_buf_printf(&r->common, "version %s\ncosts %s\nbase %s\ntrain %s\nimages %s\nunseen %s\n", EO_VERSION,
                  costs, is_slice ? r->how->base_sha256 : "none", r->e->dataset->train_sha256,
                  r->e->images_sha256, r->e->unseen_sha256);
    eo_config_slice(&cfg, is_slice ? EO_STAGE_FINETUNE : EO_STAGE_TRAIN, 0, &r->common);
    if (is_slice) {
        eo_config_slice(&cfg, EO_STAGE_PRUNE, 0, &r->common);
        eo_buf_printf(&r->common, "criterion %s\n", eo_criterion_name(cfg.pruning_criteria[0]));
    }
    eo_buf_append(&r->common_int8, r->common.data, r->common.len);
    eo_config_slice(&cfg, EO_STAGE_QUANT, 0, &r->common_int8);
    return eo_buf_check(&r->common, err) || eo_buf_check(&r->common_int8, err) ? -1 : 0;
}

static void digest(const struct run *r, const char *widths, enum eo_precision precision,
                   char sha256[EO_SHA256_TEXT])
{
    const struct eo_buf *common = precision == EO_INT8 ? &r->common_int8 : &r->common;
    const char *name = eo_precision_name(precision);
    const struct eo_hash_piece pieces[] = {
        {common->data, common->len}, {widths, strlen(widths)}, {" ", 1}, {name, strlen(name)}};

    eo_hash_sha256_pieces(pieces, sizeof(pieces) / sizeof(*pieces), sha256);
}

/* ---- the order of work --------------------------------------------------------------------------------------- */

static int compare_digests(const void *a, const void *b)
{
    return strcmp((*(const struct entry *const *)a)->digest, (*(const struct entry *const *)b)->digest);
}

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

static int make_entries(struct run *r, struct eo_err *err)
{
    size_t n = precisions_of(r);

    r->entries = eo_alloc(rows_of(r), sizeof(*r->entries), err);
    r->work = r->entries ? eo_alloc(r->e->grid.count, sizeof(*r->work), err) : NULL;
    r->order = r->work ? eo_alloc(r->e->grid.count, sizeof(*r->order), err) : NULL;
    if (!r->order)
        return -1;
    for (size_t i = 0; i < r->e->grid.count; i++) {
        int widths[EO_NETWORK_LAYERS];
        char text[EO_GRID_TEXT];

        eo_explore_grid_widths(&r->e->grid, i, widths);
        eo_explore_widths_text(widths, r->e->grid.spaces.count, text);
        r->work[i] = work_of(r->e, widths);
        for (size_t p = 0; p < n; p++)
            digest(r, text, r->e->cfg.precisions[p], r->entries[i * n + p].digest);
    }
    return 0;
}

/* ---- the journal --------------------------------------------------------------------------------------------- */

static int take_record(struct entry *entry, const struct eo_journal_record *record, struct eo_err *err)
{
    size_t n = record->size - DIGEST;
    char *text = eo_alloc(n + 1, 1, err);

    if (!text)
        return -1;
    memcpy(text, record->data + DIGEST, n);
    text[n] = '\0';
    free(entry->text);
    entry->text = text;
    return 0;
}

/* Takes over from the journal the points that this run wants. */
static int read_journal(struct run *r, struct eo_err *err)
{
    size_t rows = rows_of(r);
    struct entry **sorted = eo_alloc(rows, sizeof(struct entry *), err);
    struct eo_journal_record record;
    int rc = sorted ? 0 : -1;

    for (size_t i = 0; sorted && i < rows; i++)
        sorted[i] = &r->entries[i];
    if (sorted)
        qsort(sorted, rows, sizeof(*sorted), compare_digests);
    while (!rc && r->how->journal && eo_journal_next(r->how->journal, &record)) {
        struct entry wanted, *key = &wanted, **found;

        if (record.size <= DIGEST)
            continue;
        memcpy(wanted.digest, record.data, DIGEST);
        wanted.digest[DIGEST] = '\0';
        found = bsearch(&key, sorted, rows, sizeof(*sorted), compare_digests);
        rc = found ? take_record(*found, &record, err) : 0;
    }
    free(sorted);
    for (size_t i = 0; i < rows; i++)
        r->kept += r->entries[i].text != NULL;
    r->done = r->kept;
    return rc;
}

static void keep(struct run *r, const struct entry *entry)
{
    struct eo_buf record = {0};

    if (!r->how->journal)
        return;
    eo_buf_append(&record, entry->digest, DIGEST);
    eo_buf_puts(&record, entry->text);
    if (!eo_buf_check(&record, NULL))
        eo_journal_append(r->how->journal, record.data, record.len);
    eo_buf_release(&record);
}

static int is_done(const struct run *r, size_t i)
{
    size_t n = precisions_of(r), p = 0;

    while (p < n && r->entries[i * n + p].text)
        p++;
    return p == n;
}

static void choose_order(struct run *r)
{
    for (size_t i = 0; i < r->e->grid.count; i++) {
        size_t at = r->order_count;

        if (is_done(r, i))
            continue;
        for (; at > 0 && r->work[r->order[at - 1]] < r->work[i]; at--)
            r->order[at] = r->order[at - 1];
        r->order[at] = i;
        r->order_count++;
        r->all_work += r->work[i];
    }
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
    const struct eo_explore_progress p = {rows_of(r), r->done, r->kept,
                                          r->all_work > 0 ? r->done_work / r->all_work : 1,
                                          eo_clock_now() - r->began};

    if (r->how->progress)
        r->how->progress(r->how->progress_ctx, &p);
}

/* Takes over the lines of a finished point. */
static void finish(struct run *r, struct entry *entry, struct eo_buf *lines, int is_kept)
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
        keep(r, entry);
    r->done++;
    report(r);
    pthread_mutex_unlock(&r->lock);
}

/* A failure of the model, such as a weight that fp16 cannot hold, makes a row that says so and is not kept. */
static void run_precision(struct run *r, const struct eo_model *trained, const char *widths,
                          enum eo_precision precision, struct entry *entry)
{
    struct eo_explore_result x = {.sha256 = ""};
    struct eo_model m = {0};
    struct eo_buf lines = {0};
    struct eo_err err;
    int rc = eo_explore_convert(r->e, trained, precision, &m, &err) || eo_explore_measure(r->e, &m, &x, &err);

    if (rc)
        eo_explore_put_error(r->e, widths, precision, &err, &lines);
    else
        eo_explore_put_point(r->e, widths, precision, &x, &lines);
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
    size_t i = r->order[task], n = precisions_of(r);
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
    rc = eo_explore_train(r->e, widths, &trained, &err);
    for (size_t p = 0; p < n; p++) {
        struct entry *entry = &r->entries[i * n + p];
        struct eo_buf lines = {0};

        if (entry->text)
            continue;
        if (!rc) {
            run_precision(r, &trained, text, r->e->cfg.precisions[p], entry);
            continue;
        }
        eo_explore_put_error(r->e, text, r->e->cfg.precisions[p], &err, &lines);
        finish(r, entry, &lines, 0);
    }
    eo_model_release(&trained);
    pthread_mutex_lock(&r->lock);
    r->done_work += r->work[i];
    report(r);
    pthread_mutex_unlock(&r->lock);
}

/* The first line of each text goes into the table, the second into the hits. */
static void put_tables(const struct run *r, struct eo_buf *table, struct eo_buf *hits)
{
    eo_explore_put_headers(table, hits);
    for (size_t i = 0; i < rows_of(r); i++) {
        const char *text = r->entries[i].text, *second = strchr(text, '\n') + 1;

        eo_buf_append(table, text, (size_t)(second - text));
        eo_buf_puts(hits, second);
    }
}

static int prepare(struct run *r, struct eo_err *err)
{
    if (r->how->journal)
        eo_journal_bind(r->how->journal, "eo-explore 1");
    if (put_common(r, err) || make_entries(r, err) || read_journal(r, err))
        return -1;
    choose_order(r);
    return 0;
}

int eo_explore_run(const struct eo_explore *e, const struct eo_explore_how *how, struct eo_buf *table,
                   struct eo_buf *hits, struct eo_err *err)
{
    struct run r = {.e = e, .how = how, .lock = PTHREAD_MUTEX_INITIALIZER, .began = eo_clock_now()};
    int rc = prepare(&r, err);

    if (!rc)
        eo_pool_run(how->pool, run_widths, &r, (int)r.order_count);
    if (!rc && r.failed) {
        *err = r.err;
        rc = -1;
    }
    if (!rc)
        put_tables(&r, table, hits);
    for (size_t i = 0; r.entries && i < rows_of(&r); i++)
        free(r.entries[i].text);
    free(r.entries);
    free(r.work);
    free(r.order);
    eo_buf_release(&r.common);
    eo_buf_release(&r.common_int8);
    return rc ? -1 : eo_buf_check(table, err) || eo_buf_check(hits, err) ? -1 : 0;
}
