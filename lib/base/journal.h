/*
 * The file in which a program keeps what it has finished, so that the next run can go on where it was interrupted.
 *
 *     eo_journal_open(&j, "out/default/rows", ".session", say);
 *     eo_journal_bind(&j, binding);
 *     while (eo_journal_next(&j, &record)) ...    // what an earlier run with the same binding left
 *     eo_journal_append(&j, data, size);          // from then on; replaces what was not read
 *     eo_journal_remove(&j);                      // the results are written
 *     eo_journal_close(&j);                       // always; without _remove(), the file stays, unless empty
 *
 * The file is FOLDER/NAME, a sequence of records:
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
 * replaced. A run does not depend on the file: if it cannot be made, locked or written, for example because the
 * disk is full, `say` is called once with a line that gives the reason and the consequence. From then on nothing is
 * read, and appending does nothing.
 */
#ifndef EO_BASE_JOURNAL_H
#define EO_BASE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define EO_JOURNAL_MAX ((size_t)1 << 30) /* bytes of a file; no more is appended */

struct eo_journal_record {
    const char *data; /* not aligned; valid until the journal is closed */
    size_t size;
};

/* Private but for `note`. */
struct eo_journal {
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
void eo_journal_open(struct eo_journal *j, const char *folder, const char *name,
                     void (*say)(const char *line));
/* Only to read what another process has finished, perhaps at this moment: appending does nothing. A file that cannot be
 * used has no records. */
void eo_journal_open_to_read(struct eo_journal *j, const char *folder, const char *name);
void eo_journal_bind(struct eo_journal *j, const char *binding);

/* Whether there is another record; the order is that in which they were appended. */
int eo_journal_next(struct eo_journal *j, struct eo_journal_record *record);

/* Rejects the latest record for its content: it and all that follow are replaced by the next append. */
void eo_journal_reject(struct eo_journal *j, const struct eo_journal_record *record);

void eo_journal_append(struct eo_journal *j, const void *data, size_t size);

/* Both are harmless after each other. */
void eo_journal_remove(struct eo_journal *j);
void eo_journal_close(struct eo_journal *j);

#endif
