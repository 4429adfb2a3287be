#include "format/idx.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "format/foreign.h"

#define MAGIC_SIZE 4
#define HEADER_MAX (MAGIC_SIZE + 4 * EO_IDX_MAX_DIMS)
#define TYPE_U8 0x08
#define TYPE_I8 0x09
#define TYPE_F32 0x0d
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, in a gzip wrapper */
#define DEFLATE_RATIO 1032    /* deflate cannot expand its input by more than this (zlib's technical notes) */
#define SAVE_LEVEL 5          /* noise compresses hardly better at 6 and takes half as long again */

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t x)
{
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
}

static int is_gzip(const uint8_t *p, size_t n)
{
    return n >= 2 && p[0] == 0x1f && p[1] == 0x8b;
}

static const char *type_name(uint8_t type)
{
    switch (type) {
    case 0x0b:
        return "16-bit integers";
    case 0x0c:
        return "32-bit integers";
    case 0x0e:
        return "64-bit floats";
    default:
        return "no known type";
    }
}

static size_t bytes_of(enum eo_idx_type type)
{
    return type == EO_IDX_F32 ? 4 : 1;
}

const char *eo_idx_type_name(enum eo_idx_type type)
{
    return type == EO_IDX_U8 ? "unsigned bytes" : type == EO_IDX_I8 ? "signed bytes" : "32-bit floats";
}

double eo_idx_get(const struct eo_idx *idx, size_t i)
{
    uint32_t bits;
    float value;

    if (idx->type != EO_IDX_F32)
        return idx->type == EO_IDX_U8 ? idx->data[i] : (int8_t)idx->data[i];
    bits = get_be32(idx->data + 4 * i);
    memcpy(&value, &bits, sizeof(value));
    return (double)value;
}

static int check_magic(const uint8_t *p, size_t n, struct eo_err *err)
{
    if (n < MAGIC_SIZE)
        return eo_err_set(err, "expected an IDX header of at least 8 bytes, found %zu bytes", n);
    if (is_gzip(p, n))
        return eo_err_set(err, "byte 0: expected IDX data, found gzip data that was compressed twice");
    if (p[0] || p[1]) {
        const char *foreign = eo_foreign_name(p, n);

        return eo_err_set(err, "byte 0: expected an IDX file (00 00 08), found %02x %02x %02x%s%s", p[0],
                          p[1], p[2], foreign ? ": " : "", foreign ? foreign : "");
    }
    if (p[2] != TYPE_U8 && p[2] != TYPE_I8 && p[2] != TYPE_F32)
        return eo_err_set(
            err,
            "byte 2: expected element type 0x08 or 0x09 (bytes) or 0x0d (32-bit floats), found 0x%02x "
            "(%s)",
            p[2], type_name(p[2]));
    if (p[3] < 1 || p[3] > EO_IDX_MAX_DIMS)
        return eo_err_set(err, "byte 3: expected 1 to %d dimensions, found %d", EO_IDX_MAX_DIMS, p[3]);
    return 0;
}

/*
 * Checks the header in the first n bytes, sets type, dims, dim and count, and says how long the whole file must be: at
 * most EO_IO_MAX.
 */
static int parse_header(struct eo_idx *idx, const uint8_t *p, size_t n, size_t *total, struct eo_err *err)
{
    size_t count = 1, header, most;

    if (check_magic(p, n, err))
        return -1;
    idx->type = p[2] == TYPE_U8 ? EO_IDX_U8 : p[2] == TYPE_I8 ? EO_IDX_I8 : EO_IDX_F32;
    most = (EO_IO_MAX - HEADER_MAX) / bytes_of(idx->type);
    idx->dims = p[3];
    header = MAGIC_SIZE + 4 * (size_t)idx->dims;
    if (n < header)
        return eo_err_set(err, "expected an IDX header of %zu bytes, found %zu bytes", header, n);
    for (int i = 0; i < idx->dims; i++) {
        size_t at = MAGIC_SIZE + 4 * (size_t)i;

        idx->dim[i] = get_be32(p + at);
        if (idx->dim[i] == 0)
            return eo_err_set(err, "byte %zu: expected a size of at least 1 for dimension %d, found 0", at,
                              i + 1);
        if (eo_size_mul(count, idx->dim[i], &count) || count > most)
            return eo_err_set(err, "byte %zu: expected at most %zu elements, found more (dimension %d is %u)",
                              at, most, i + 1, idx->dim[i]);
    }
    idx->count = count;
    *total = header + count * bytes_of(idx->type);
    return 0;
}

static int too_short(size_t total, size_t found, struct eo_err *err)
{
    return eo_err_set(err, "byte %zu: expected %zu bytes in all by the header, found the end of the data",
                      found, total);
}

static int too_long(size_t total, struct eo_err *err)
{
    return eo_err_set(err, "byte %zu: expected the end of the data by the header, found more", total);
}

static void set_file(struct eo_idx *idx, uint8_t *file, size_t size)
{
    idx->file = file;
    idx->file_size = size;
    idx->data = file + (size - idx->count * bytes_of(idx->type));
}

/*
 * After a gzip member: begins the next one, as gunzip does, or sets *ended at the end of the file. Zeros may follow,
 * because tapes and blocks of a disk are filled up with them.
 */
static int next_member(z_stream *z, size_t size, int *ended, struct eo_err *err)
{
    size_t at = size - z->avail_in, zeros = 0;

    if (is_gzip(z->next_in, z->avail_in))
        return inflateReset(z) == Z_OK ? 0 : eo_err_set(err, "byte %zu: cannot read another gzip member", at);
    while (zeros < z->avail_in && z->next_in[zeros] == 0)
        zeros++;
    if (zeros < z->avail_in)
        return eo_err_set(
            err, "byte %zu: expected the end of the file behind the gzip stream, found %u more bytes", at,
            z->avail_in);
    *ended = 1;
    return 0;
}

/* Inflates until the output is full or the file has ended. */
static int inflate_step(z_stream *z, size_t size, int *ended, struct eo_err *err)
{
    int rc;

    *ended = 0;
    do {
        rc = inflate(z, Z_FINISH);
        if (rc == Z_STREAM_END && next_member(z, size, ended, err))
            return -1;
    } while (rc == Z_STREAM_END && !*ended);
    if (rc == Z_MEM_ERROR)
        return eo_err_set(err, "out of memory while decompressing");
    /* With Z_FINISH, Z_BUF_ERROR says that room or input ran out. */
    if (*ended || (rc == Z_BUF_ERROR && z->avail_out == 0 && z->avail_in > 0))
        return 0;
    if (rc == Z_BUF_ERROR)
        return eo_err_set(err, "byte %zu: expected the rest of the gzip stream, found the end of the file",
                          size);
    return eo_err_set(err, "byte %zu: damaged gzip stream (%s)", size - z->avail_in,
                      z->msg ? z->msg : "unexpected content");
}

/*
 * Inflates the header first, so that the buffer is allocated once, in the size that the header gives. A header that
 * promises more than deflate can pack into the input is refused before that.
 */
static int inflate_file(struct eo_idx *idx, z_stream *z, size_t size, struct eo_err *err)
{
    uint8_t head[HEADER_MAX], *file;
    size_t total, got;
    int ended;

    z->next_out = head;
    z->avail_out = sizeof(head);
    if (inflate_step(z, size, &ended, err))
        return -1;
    got = sizeof(head) - z->avail_out;
    if (parse_header(idx, head, got, &total, err))
        return -1;
    if (got > total)
        return too_long(total, err);
    if (total / DEFLATE_RATIO > size)
        return eo_err_set(err,
                          "byte 4: the header promises %zu bytes, more than %zu compressed bytes can hold",
                          total, size);
    file = malloc(total);
    if (!file)
        return eo_err_set(err, "out of memory: %zu bytes", total);
    memcpy(file, head, got);
    set_file(idx, file, total);
    z->next_out = file + got;
    z->avail_out = (uInt)(total - got);
    if (!ended && inflate_step(z, size, &ended, err))
        return -1;
    if (z->avail_out > 0)
        return too_short(total, total - z->avail_out, err);
    return ended ? 0 : too_long(total, err);
}

static int parse_gzip(struct eo_idx *idx, const uint8_t *bytes, size_t size, struct eo_err *err)
{
    z_stream z = {0};
    int rc;

    z.next_in = (Bytef *)(uintptr_t)bytes; /* zlib's pointer is not const, but it only reads */
    z.avail_in = (uInt)size;
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return eo_err_set(err, "out of memory while decompressing");
    rc = inflate_file(idx, &z, size, err);
    inflateEnd(&z);
    return rc;
}

static int check_plain(struct eo_idx *idx, const uint8_t *bytes, size_t size, struct eo_err *err)
{
    size_t total;

    if (parse_header(idx, bytes, size, &total, err))
        return -1;
    if (size < total)
        return too_short(total, size, err);
    return size > total ? too_long(total, err) : 0;
}

int eo_idx_load(struct eo_idx *idx, const char *path, struct eo_err *err)
{
    char *bytes = NULL;
    size_t size = 0;
    int rc;

    memset(idx, 0, sizeof(*idx));
    if (eo_io_read(path, EO_IO_MAX, &bytes, &size, err))
        return -1;
    if (is_gzip((const uint8_t *)bytes, size)) {
        rc = parse_gzip(idx, (const uint8_t *)bytes, size, err);
    } else {
        rc = check_plain(idx, (const uint8_t *)bytes, size, err);
        if (!rc) {
            set_file(idx, (uint8_t *)bytes, size);
            bytes = NULL;
        }
    }
    free(bytes);
    if (rc)
        eo_idx_release(idx);
    return rc;
}

int eo_idx_parse(struct eo_idx *idx, const void *bytes, size_t size, struct eo_err *err)
{
    uint8_t *copy;
    int rc;

    memset(idx, 0, sizeof(*idx));
    if (size > EO_IO_MAX)
        return eo_err_set(err, "expected at most %zu bytes, found %zu", EO_IO_MAX, size);
    if (is_gzip(bytes, size)) {
        rc = parse_gzip(idx, bytes, size, err);
    } else {
        rc = check_plain(idx, bytes, size, err);
        copy = rc ? NULL : malloc(size);
        if (copy)
            set_file(idx, memcpy(copy, bytes, size), size);
        else if (!rc)
            rc = eo_err_set(err, "out of memory: %zu bytes", size);
    }
    if (rc)
        eo_idx_release(idx);
    return rc;
}

void eo_idx_release(struct eo_idx *idx)
{
    free(idx->file);
    memset(idx, 0, sizeof(*idx));
}

static int deflate_piece(z_stream *z, const uint8_t *p, size_t n, int flush)
{
    z->next_in = (Bytef *)(uintptr_t)p;
    z->avail_in = (uInt)n;
    return deflate(z, flush);
}

int eo_idx_save_gz(const char *path, int dims, const uint32_t *dim, const uint8_t *data, struct eo_err *err)
{
    gz_header gz = {.os = 255}; /* no time, no name, no operating system */
    uint8_t head[HEADER_MAX] = {0, 0, TYPE_U8, (uint8_t)dims}, *out = NULL;
    size_t count = 1, bound;
    z_stream z = {0};
    int rc = -1;

    assert(dims >= 1 && dims <= EO_IDX_MAX_DIMS);
    for (int i = 0; i < dims; i++) {
        put_be32(head + MAGIC_SIZE + 4 * i, dim[i]);
        if (eo_size_mul(count, dim[i], &count) || count == 0 || count > EO_IO_MAX - HEADER_MAX)
            return eo_err_set(err, "cannot write IDX data: expected 1 to %zu elements",
                              EO_IO_MAX - HEADER_MAX);
    }
    if (deflateInit2(&z, SAVE_LEVEL, Z_DEFLATED, GZIP_WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return eo_err_set(err, "out of memory while compressing");
    deflateSetHeader(&z, &gz);
    bound = deflateBound(&z, HEADER_MAX + count);
    out = malloc(bound);
    if (!out) {
        eo_err_set(err, "out of memory: %zu bytes", bound);
        goto out;
    }
    z.next_out = out;
    z.avail_out = (uInt)bound;
    if (deflate_piece(&z, head, MAGIC_SIZE + 4 * (size_t)dims, Z_NO_FLUSH) != Z_OK ||
        deflate_piece(&z, data, count, Z_FINISH) != Z_STREAM_END) {
        eo_err_set(err, "cannot compress %zu bytes", count);
        goto out;
    }
    rc = eo_io_write(path, out, bound - z.avail_out, err);
out:
    deflateEnd(&z);
    free(out);
    return rc;
}
