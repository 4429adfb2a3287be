/*
 * The file in which a session keeps its complete rounds, so that the next session can go on where it was interrupted.
 *
 *     eo_bench_journal_open(&j, "out/default/rows", say);
 *     eo_bench_journal_bind(&j, binding);
 *     while (eo_bench_journal_next(&j, &record)) ...    // what an earlier session with the same binding left
 *     eo_bench_journal_append(&j, data, size);          // from then on; replaces what was not read
 *     eo_bench_journal_remove(&j);                      // the rows are written
 *     eo_bench_journal_close(&j);                       // always; without _remove(), the file stays, unless empty
 *
 * The file is FOLDER/.session, a sequence of records:
 *
 *     8 bytes    size of the data, of this machine's byte order
 *     data
 *     64 bytes   SHA-256, in hexadecimal, of binding, number of the record (8 bytes, from 0), size, data
 *
 * The binding is whatever text must be equal for the records to be of use. A record is read only if it is complete, its
 * checksum fits and all records before it were read. A process that is killed while it appends leaves an incomplete
 * record, which is ignored.
 *
 * Only a regular file of this user with one name is used, links are not followed, and anything else of that name is
 * replaced. A session does not depend on the file: if it cannot be made, locked or written, for example because the
 * disk is full, `say` is called once with a line that gives the reason and the consequence. From then on nothing is
 * read, and appending does nothing.
 */
#ifndef EO_STAGE_BENCH_JOURNAL_H
#define EO_STAGE_BENCH_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define EO_BENCH_JOURNAL_NAME ".session"
#define EO_BENCH_JOURNAL_MAX ((size_t)1 << 30) /* bytes of a file; a session appends no more */

struct eo_bench_record {
    const char *data; /* not aligned; valid until the journal is closed */
    size_t size;
};

/* Private but for `note`. */
struct eo_bench_journal {
    int fd; /* -1: none */
    char path[4096];
    char binding[EO_SHA256_TEXT]; /* the hash of it */
    char *old;                    /* [old_size]: the file as it was found */
    size_t old_size;
    size_t end;       /* bytes read or appended so far */
    uint64_t records; /* likewise */
    char note[160];   /* why no file is kept, one clause; "" while one is */
    void (*say)(const char *line);
};

/* `say` may be NULL; its line has no newline. */
void eo_bench_journal_open(struct eo_bench_journal *j, const char *folder, void (*say)(const char *line));
void eo_bench_journal_bind(struct eo_bench_journal *j, const char *binding);

/* Whether there is another record; the order is that in which they were appended. */
int eo_bench_journal_next(struct eo_bench_journal *j, struct eo_bench_record *record);

/* Rejects the latest record for its content: it and all that follow are replaced by the next append. */
void eo_bench_journal_reject(struct eo_bench_journal *j, const struct eo_bench_record *record);

void eo_bench_journal_append(struct eo_bench_journal *j, const void *data, size_t size);

/* Both are harmless after each other. */
void eo_bench_journal_remove(struct eo_bench_journal *j);
void eo_bench_journal_close(struct eo_bench_journal *j);

#endif
