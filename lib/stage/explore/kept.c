#include "stage/explore/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/version.h"
#include "stage/explore/rows.h"
#include "stage/explore/table.h"

#define DIGEST (EO_SHA256_TEXT - 1)

/* ---- what a point depends on --------------------------------------------------------------------------------- */

/* What the digests of all points have in common, and those that are calibrated. */
struct common {
    struct eo_buf all, integer;
};

/* The slices name all keys; widths are the point's own, so those of the configuration do not count. */
static int put_common(struct common *c, const struct eo_explore *e, const char *base_sha256,
                      struct eo_err *err)
{
    struct eo_config cfg = e->cfg;
    int is_slice = e->base != NULL;
    char costs[EO_SHA256_TEXT];

    eo_core_costs_sha256(costs);
    cfg.conv1_channels = cfg.conv2_channels = 1;
    eo_buf_printf(&c->all, "version %s\ncosts %s\nbase %s\ntrain %s\nimages %s\nunseen %s\n", EO_VERSION,
                  costs, is_slice ? base_sha256 : "none", e->dataset->train_sha256, e->images_sha256,
                  e->unseen_sha256);
    eo_config_slice(&cfg, is_slice ? EO_STAGE_FINETUNE : EO_STAGE_TRAIN, 0, &c->all);
    if (is_slice) {
        eo_config_slice(&cfg, EO_STAGE_PRUNE, 0, &c->all);
        eo_buf_printf(&c->all, "criterion %s\n", eo_criterion_name(cfg.pruning_criteria[0]));
    }
    eo_buf_append(&c->integer, c->all.data, c->all.len);
    eo_config_slice(&cfg, EO_STAGE_QUANT, 0, &c->integer);
    return eo_buf_check(&c->all, err) || eo_buf_check(&c->integer, err) ? -1 : 0;
}

static void digest(const struct common *c, const char *widths, enum eo_precision precision,
                   char sha256[EO_SHA256_TEXT])
{
    const struct eo_buf *common = eo_precision_is_integer(precision) ? &c->integer : &c->all;
    const char *name = eo_precision_name(precision);
    const struct eo_hash_piece pieces[] = {
        {common->data, common->len}, {widths, strlen(widths)}, {" ", 1}, {name, strlen(name)}};

    eo_hash_sha256_pieces(pieces, sizeof(pieces) / sizeof(*pieces), sha256);
}

struct eo_explore_entry *eo_explore_entries_new(const struct eo_explore *e, const char *base_sha256,
                                                struct eo_err *err)
{
    size_t n = (size_t)e->cfg.precision_count;
    struct common common = {.all = {0}};
    struct eo_explore_entry *entries =
        put_common(&common, e, base_sha256, err) ? NULL : eo_alloc(e->grid.count * n, sizeof(*entries), err);

    for (size_t i = 0; entries && i < e->grid.count; i++) {
        int widths[EO_NETWORK_LAYERS];
        char text[EO_GRID_TEXT];

        eo_explore_grid_widths(&e->grid, i, widths);
        eo_explore_widths_text(widths, e->grid.spaces.count, text);
        for (size_t p = 0; p < n; p++)
            digest(&common, text, e->cfg.precisions[p], entries[i * n + p].digest);
    }
    eo_buf_release(&common.all);
    eo_buf_release(&common.integer);
    return entries;
}

void eo_explore_entries_free(struct eo_explore_entry *entries, size_t count)
{
    for (size_t i = 0; entries && i < count; i++)
        free(entries[i].text);
    free(entries);
}

/* ---- the journal --------------------------------------------------------------------------------------------- */

static int compare_digests(const void *a, const void *b)
{
    return strcmp((*(const struct eo_explore_entry *const *)a)->digest,
                  (*(const struct eo_explore_entry *const *)b)->digest);
}

static int take_record(struct eo_explore_entry *entry, const struct eo_journal_record *record,
                       struct eo_err *err)
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

/* Whether a text is a row of both tables. Anybody can write a file whose checksums are right. */
static int is_row(const char *text, size_t size)
{
    const struct eo_explore_found found = {.rung = 1};
    struct eo_explore_table table = {0};
    struct eo_buf lines = {0}, files[2] = {{0}};
    struct eo_err err;
    int is_right = 0;

    eo_buf_append(&lines, text, size);
    eo_explore_put_headers(&files[0], &files[1]);
    if (!eo_buf_check(&lines, &err) && !memchr(text, 0, size) && strchr(lines.data, '\n')) {
        eo_explore_put_found(lines.data, &found, &files[0], &files[1]);
        is_right = !eo_buf_check(&files[0], &err) && !eo_buf_check(&files[1], &err) &&
                   !eo_explore_table_parse(&table, files, &err) && table.count == 1;
    }
    eo_explore_table_release(&table);
    eo_buf_release(&lines);
    eo_buf_release(&files[0]);
    eo_buf_release(&files[1]);
    return is_right;
}

/* Two rungs of so few images that they are trained alike have the same digests; each takes the record. */
static int take_records(struct eo_explore_entry **sorted, size_t n, const struct eo_journal_record *record,
                        struct eo_err *err)
{
    struct eo_explore_entry wanted, *key = &wanted, **found;
    size_t at;

    memcpy(wanted.digest, record->data, DIGEST);
    wanted.digest[DIGEST] = '\0';
    found = bsearch(&key, sorted, n, sizeof(*sorted), compare_digests);
    if (!found || !is_row(record->data + DIGEST, record->size - DIGEST))
        return 0;
    for (at = (size_t)(found - sorted); at > 0 && compare_digests(&key, &sorted[at - 1]) == 0;)
        at--;
    for (; at < n && compare_digests(&key, &sorted[at]) == 0; at++) {
        if (take_record(sorted[at], record, err))
            return -1;
    }
    return 0;
}

int eo_explore_entries_read(struct eo_explore_entry *const *lists, int count, size_t rows,
                            struct eo_journal *journal, struct eo_err *err)
{
    size_t n = rows * (size_t)count;
    struct eo_explore_entry **sorted = eo_alloc(n, sizeof(*sorted), err);
    struct eo_journal_record record;
    int rc = sorted ? 0 : -1;

    for (size_t i = 0; sorted && i < n; i++)
        sorted[i] = &lists[i / rows][i % rows];
    if (sorted)
        qsort(sorted, n, sizeof(*sorted), compare_digests);
    while (!rc && journal && eo_journal_next(journal, &record)) {
        if (record.size > DIGEST)
            rc = take_records(sorted, n, &record, err);
    }
    free(sorted);
    return rc;
}

void eo_explore_entry_keep(const struct eo_explore_entry *entry, struct eo_journal *journal)
{
    struct eo_buf record = {0};

    if (!journal)
        return;
    eo_buf_append(&record, entry->digest, DIGEST);
    eo_buf_puts(&record, entry->text);
    if (!eo_buf_check(&record, NULL))
        eo_journal_append(journal, record.data, record.len);
    eo_buf_release(&record);
}
