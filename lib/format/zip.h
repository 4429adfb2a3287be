/*
 * Reads zip archives in memory, such as NumPy's .npz files: members stored or deflated, without encryption, of less
 * than 4 GiB. Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 *     offset of a local header        30 bytes, its name, its extra field, the data
 *     the central directory           46 bytes and a name for each member
 *     its end                         22 bytes and a comment
 */
#ifndef EO_FORMAT_ZIP_H
#define EO_FORMAT_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct eo_zip {
    const uint8_t *bytes; /* the caller's; must outlive the struct */
    size_t size;
    size_t directory; /* offset of the central directory */
    unsigned count;   /* of members */
};

struct eo_zip_member { /* zeroed: none yet */
    unsigned number;   /* in the directory, from 1 */
    size_t next;       /* offset of the entry after its own */
    char name[256];    /* cut off if it is longer */
    size_t packed, size;
    size_t offset; /* of its local header */
    unsigned method;
    uint32_t crc;
};

/* Finds the directory. The messages name byte offsets. */
int eo_zip_open(struct eo_zip *zip, const void *bytes, size_t size, struct eo_err *err) EO_MUST_CHECK;

/*
 * Moves *member on to the next one in the directory, and a zeroed struct to the first one. Returns 1, 0 at the end, or
 * -1 and err.
 *
 *     struct eo_zip_member m = {0};
 *     while ((rc = eo_zip_next(&zip, &m, err)) > 0)
 *         ...
 */
int eo_zip_next(const struct eo_zip *zip, struct eo_zip_member *member, struct eo_err *err) EO_MUST_CHECK;

/*
 * Unpacks a member of at most `limit` bytes and checks its CRC. *data has member->size bytes (at least one is
 * allocated) and is released with free().
 */
int eo_zip_extract(const struct eo_zip *zip, const struct eo_zip_member *member, size_t limit, uint8_t **data,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
