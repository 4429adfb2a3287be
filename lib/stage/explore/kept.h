/*
 * The finished points of an exploration, in memory and in its journal: each under the checksum of all that it depends
 * on, so a row is found again after an interruption, an edit, or by another way through the space.
 */
#ifndef EO_STAGE_EXPLORE_KEPT_H
#define EO_STAGE_EXPLORE_KEPT_H

#include "base/buf.h"
#include "base/journal.h"
#include "stage/explore/point.h"

/* A row of both tables. */
struct eo_explore_entry {
    char digest[EO_SHA256_TEXT];
    char *text; /* its two lines; NULL: not yet known */
};

/* [grid.count, precisions] entries of points trained as `e` says; base_sha256 NULL for scratch. */
struct eo_explore_entry *eo_explore_entries_new(const struct eo_explore *e, const char *base_sha256,
                                                struct eo_err *err) EO_MUST_CHECK;
void eo_explore_entries_free(struct eo_explore_entry *entries, size_t count); /* NULL is allowed */

/*
 * Takes over from the journal, which may be NULL, the texts of `count` lists of `rows` entries each. A text that is no
 * row of both tables is left out, so its point is computed.
 */
int eo_explore_entries_read(struct eo_explore_entry *const *lists, int count, size_t rows,
                            struct eo_journal *journal, struct eo_err *err) EO_MUST_CHECK;
void eo_explore_entry_keep(const struct eo_explore_entry *entry, struct eo_journal *journal);

#endif
