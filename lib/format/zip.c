#include "format/zip.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define LOCAL_SIZE 30
#define ENTRY_SIZE 46
#define END_SIZE 22
#define COMMENT_MAX 65535
#define STORED 0
#define DEFLATED 8
#define ENCRYPTED 1
#define IN_ZIP64 0xffffffffu

static unsigned get16(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static int has_mark(const uint8_t *p, const char *mark)
{
    return memcmp(p, mark, 4) == 0;
}

/* Finds the end of the directory: the last place with its mark whose comment reaches exactly to the end of the file. */
static int find_end(const uint8_t *bytes, size_t size, size_t *end)
{
    for (size_t back = END_SIZE; back <= size && back <= END_SIZE + COMMENT_MAX; back++) {
        const uint8_t *p = bytes + (size - back);

        if (has_mark(p, "PK\5\6") && get16(p + 20) == back - END_SIZE) {
            *end = size - back;
            return 0;
        }
    }
    return -1;
}

int eo_zip_open(struct eo_zip *zip, const void *bytes, size_t size, struct eo_err *err)
{
    size_t end;

    *zip = (struct eo_zip){.bytes = bytes, .size = size};
    if (find_end(bytes, size, &end))
        return eo_err_set(err, "expected a zip archive, found no end of its directory; is the file cut off?");
    zip->count = get16(zip->bytes + end + 10);
    zip->directory = get32(zip->bytes + end + 16);
    if (zip->directory > end || get32(zip->bytes + end + 12) > end - zip->directory)
        return eo_err_set(err, "byte %zu: expected the zip directory within %zu bytes, found offset %zu",
                          end + 16, end, zip->directory);
    return 0;
}

static size_t entry_size(const uint8_t *p)
{
    return ENTRY_SIZE + (size_t)get16(p + 28) + get16(p + 30) + get16(p + 32);
}

static int check_entry(const struct eo_zip *zip, size_t at, struct eo_err *err)
{
    if (zip->size - at < ENTRY_SIZE || !has_mark(zip->bytes + at, "PK\1\2"))
        return eo_err_set(err, "byte %zu: expected an entry of the zip directory", at);
    if (entry_size(zip->bytes + at) > zip->size - at)
        return eo_err_set(err, "byte %zu: expected a whole entry of the zip directory, found the end of the file",
                           at);
    return 0;
}

int eo_zip_next(const struct eo_zip *zip, struct eo_zip_member *m, struct eo_err *err)
{
    size_t at = m->number ? m->next : zip->directory, length;
    const uint8_t *p;

    if (m->number == zip->count)
        return 0;
    if (check_entry(zip, at, err))
        return -1;
    p = zip->bytes + at;
    length = get16(p + 28);
    *m = (struct eo_zip_member){.number = m->number + 1,
                                .next = at + entry_size(p),
                                .method = get16(p + 10),
                                .crc = get32(p + 16),
                                .packed = get32(p + 20),
                                .size = get32(p + 24),
                                .offset = get32(p + 42)};
    if (length > sizeof(m->name) - 1)
        length = sizeof(m->name) - 1;
    memcpy(m->name, p + ENTRY_SIZE, length);
    eo_err_make_printable(m->name);
    if (get16(p + 8) & ENCRYPTED)
        return eo_err_set(err, "'%s': expected a zip member without a password", m->name);
    if (m->packed == IN_ZIP64 || m->size == IN_ZIP64 || m->offset == IN_ZIP64)
        return eo_err_set(err, "'%s': expected a zip member of less than 4 GiB", m->name);
    return 1;
}

/* Where the data of a member begins. The lengths in its local header count; they may differ from the directory's. */
static int find_data(const struct eo_zip *zip, const struct eo_zip_member *m, size_t *begin,
                     struct eo_err *err)
{
    const uint8_t *p = zip->bytes + m->offset;

    if (m->offset > zip->size || zip->size - m->offset < LOCAL_SIZE || !has_mark(p, "PK\3\4"))
        return eo_err_set(err, "'%s': expected a zip member at byte %zu", m->name, m->offset);
    *begin = m->offset + LOCAL_SIZE + get16(p + 26) + get16(p + 28);
    if (*begin > zip->size || m->packed > zip->size - *begin)
        return eo_err_set(err, "'%s': expected a whole zip member, found the end of the file", m->name);
    return 0;
}

static int inflate_member(const uint8_t *packed, const struct eo_zip_member *m, uint8_t *data,
                          struct eo_err *err)
{
    z_stream z = {0};
    int rc;

    z.next_in = (Bytef *)(uintptr_t)packed; /* zlib's pointer is not const, but it only reads */
    z.avail_in = (uInt)m->packed;
    z.next_out = data;
    z.avail_out = (uInt)m->size;
    if (inflateInit2(&z, -15) != Z_OK)
        return eo_err_set(err, "out of memory while decompressing");
    rc = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    if (rc != Z_STREAM_END || z.avail_out != 0)
        return eo_err_set(err, "'%s': damaged zip member", m->name);
    return 0;
}

int eo_zip_extract(const struct eo_zip *zip, const struct eo_zip_member *m, size_t limit, uint8_t **data,
                   struct eo_err *err)
{
    size_t begin = 0;
    uint8_t *out;
    int rc = 0;

    *data = NULL;
    if (m->method != STORED && m->method != DEFLATED)
        return eo_err_set(err, "'%s': expected a zip member stored or deflated, found method %u", m->name,
                          m->method);
    if (m->size > limit)
        return eo_err_set(err, "'%s': expected at most %zu bytes, found %zu", m->name, limit, m->size);
    if (find_data(zip, m, &begin, err))
        return -1;
    if (m->method == STORED && m->packed != m->size)
        return eo_err_set(err, "'%s': damaged zip member: a stored one has two sizes", m->name);
    out = malloc(m->size + 1);
    if (!out)
        return eo_err_set(err, "out of memory: %zu bytes", m->size + 1);
    if (m->method == STORED)
        memcpy(out, zip->bytes + begin, m->size);
    else
        rc = inflate_member(zip->bytes + begin, m, out, err);
    if (!rc && crc32(crc32(0, NULL, 0), out, (uInt)m->size) != m->crc)
        rc = eo_err_set(err, "'%s': damaged zip member: wrong checksum", m->name);
    if (rc)
        free(out);
    else
        *data = out;
    return rc;
}
