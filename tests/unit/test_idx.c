/* eo_idx: what is read, what is refused and with which message, plain and compressed, and that saving agrees.
 */
#include "format/idx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/io.h"
#include "tests/unit/check.h"

/* gzip-compresses into `out`, as gzip -9 would; returns the size. */
static size_t compress_bytes(const void *bytes, size_t size, uint8_t *out, size_t out_size)
{
    z_stream z = {0};

    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)out_size;
    if (deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        exit(1);
    deflateEnd(&z);
    return out_size - z.avail_out;
}

/* "dims: sizes: first and last element", or "error: " and the message. */
static void describe(const void *bytes, size_t size, char *out, size_t out_size)
{
    struct eo_idx idx;
    struct eo_err err;
    int n = 0;

    if (eo_idx_parse(&idx, bytes, size, &err)) {
        snprintf(out, out_size, "error: %s", err.msg);
        if (idx.file || idx.data)
            snprintf(out, out_size, "memory is left after: %s", err.msg);
        return;
    }
    for (int i = 0; i < idx.dims; i++)
        n += snprintf(out + n, out_size - (size_t)n, "%s%u", i ? "x" : "", idx.dim[i]);
    snprintf(out + n, out_size - (size_t)n, ": %g..%g", eo_idx_get(&idx, 0), eo_idx_get(&idx, idx.count - 1));
    eo_idx_release(&idx);
    eo_idx_release(&idx); /* harmless the second time */
}

struct parse_case {
    const char *bytes;
    size_t size;
    const char *plain;
    const char *gzip; /* NULL: as `plain` */
};

#define CASE(bytes, plain, gzip)                                                                             \
    {                                                                                                        \
        bytes, sizeof(bytes) - 1, plain, gzip                                                                \
    }
#define HEAD1 "\0\0\x08\x01"

static const struct parse_case parse_cases[] = {
    CASE(HEAD1 "\0\0\0\3\7\x08\x09", "3: 7..9", NULL),
    CASE("\0\0\x08\x02\0\0\0\2\0\0\0\1\7\x08", "2x1: 7..8", NULL),
    CASE("\0\0\x08\x04\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\xff", "1x1x1x1: 255..255", NULL),
    CASE(HEAD1 "\0\0\0\3\7\x08",
         "error: byte 10: expected 11 bytes in all by the header, found the end of the data", NULL),
    CASE(HEAD1 "\0\0\0\3\7\x08\x09\x0a",
         "error: byte 11: expected the end of the data by the header, found more", NULL),
    /* longer than the 20 bytes in which the header of a compressed file is looked for */
    CASE(HEAD1 "\0\0\0\x10"
               "0123456789abcdef"
               "g",
         "error: byte 24: expected the end of the data by the header, found more", NULL),
    CASE(HEAD1 "\0\0\0\x10"
               "0123456789abcde",
         "error: byte 23: expected 24 bytes in all by the header, found the end of the "
         "data",
         NULL),
    CASE("", "error: expected an IDX header of at least 8 bytes, found 0 bytes", NULL),
    CASE("\0\0\x08", "error: expected an IDX header of at least 8 bytes, found 3 bytes", NULL),
    CASE(HEAD1 "\0\0\0", "error: expected an IDX header of 8 bytes, found 7 bytes", NULL),
    CASE("PK\3\4....",
         "error: byte 0: expected an IDX file (00 00 08), found 50 4b 03: a zip archive; unpack it", NULL),
    CASE("\0\0\x09\x01\0\0\0\2\x80\x7f", "2: -128..127", NULL),
    CASE("\0\0\x0d\x02\0\0\0\1\0\0\0\2\xbf\x80\0\0\x3f\0\0\0", "1x2: -1..0.5", NULL),
    CASE("\0\0\x0d\x01\0\0\0\2\x3f\x80\0\0\x3f",
         "error: byte 13: expected 16 bytes in all by the header, found the end of the data", NULL),
    CASE("\0\0\x0d\x02\x0f\xff\xff\xff\0\0\0\1",
         "error: byte 4: expected at most 268435451 elements, found more (dimension 1 is 268435455)", NULL),
    CASE("\0\0\x0b\x01\0\0\0\1..",
         "error: byte 2: expected element type 0x08 or 0x09 (bytes) or 0x0d (32-bit floats), found 0x0b "
         "(16-bit integers)",
         NULL),
    CASE("\0\0\x0c\x01\0\0\0\1....",
         "error: byte 2: expected element type 0x08 or 0x09 (bytes) or 0x0d (32-bit floats), found 0x0c "
         "(32-bit "
         "integers)",
         NULL),
    CASE("\0\0\x0e\x01\0\0\0\1........",
         "error: byte 2: expected element type 0x08 or 0x09 (bytes) or 0x0d (32-bit floats), found 0x0e "
         "(64-bit "
         "floats)",
         NULL),
    CASE("\0\0\x0a\x01\0\0\0\1.",
         "error: byte 2: expected element type 0x08 or 0x09 (bytes) or 0x0d (32-bit floats), found 0x0a (no "
         "known type)",
         NULL),
    CASE("\0\0\x08\0", "error: byte 3: expected 1 to 4 dimensions, found 0", NULL),
    CASE("\0\0\x08\5", "error: byte 3: expected 1 to 4 dimensions, found 5", NULL),
    CASE("\0\0\x08\x02\0\0\0\1\0\0\0\0",
         "error: byte 8: expected a size of at least 1 for dimension 2, found 0", NULL),
    CASE("\0\0\x08\x01\xff\xff\xff\xff",
         "error: byte 4: expected at most 1073741804 elements, found more (dimension 1 is "
         "4294967295)",
         NULL),
    CASE("\0\0\x08\x04\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0",
         "error: byte 8: expected at most 1073741804 elements, found more "
         "(dimension 2 is 65536)",
         NULL),
    CASE("\0\0\x08\x01\x3f\xff\xff\0.",
         "error: byte 9: expected 1073741576 bytes in all by the header, found the end of the "
         "data",
         "error: byte 4: the header promises 1073741576 bytes, more than 29 compressed bytes can hold"),
};

static void test_parse(void)
{
    char found[1024], what[64];
    uint8_t gz[512];
    size_t n;

    for (size_t i = 0; i < sizeof(parse_cases) / sizeof(*parse_cases); i++) {
        const struct parse_case *c = &parse_cases[i];

        describe(c->bytes, c->size, found, sizeof(found));
        snprintf(what, sizeof(what), "case %zu, plain", i);
        check_text(what, c->plain, found);
        n = compress_bytes(c->bytes, c->size, gz, sizeof(gz));
        describe(gz, n, found, sizeof(found));
        snprintf(what, sizeof(what), "case %zu, gzip", i);
        check_text(what, c->gzip ? c->gzip : c->plain, found);
    }
}

/* What can be wrong with the compression itself. */
static void test_gzip(void)
{
    static const char plain[] = HEAD1 "\0\0\0\x10"
                                      "0123456789abcdef";
    uint8_t gz[256], twice[256], bad[256];
    char found[1024], what[64], expected[256];
    size_t n = compress_bytes(plain, sizeof(plain) - 1, gz, sizeof(gz)), k;

    for (k = 2; k < n; k++) {
        snprintf(what, sizeof(what), "gzip stream cut to %zu bytes", k);
        snprintf(expected, sizeof(expected),
                 "error: byte %zu: expected the rest of the gzip stream, found the end of the file", k);
        describe(gz, k, found, sizeof(found));
        check_text(what, expected, found);
    }
    memcpy(twice, gz, n);
    memcpy(twice + n, gz, n);
    describe(twice, 2 * n, found, sizeof(found));
    check_text("the file twice", "error: byte 24: expected the end of the data by the header, found more",
               found);
    memcpy(twice + n, "xyz", 3);
    describe(twice, n + 3, found, sizeof(found));
    snprintf(expected, sizeof(expected),
             "error: byte %zu: expected the end of the file behind the gzip stream, found 3 more bytes", n);
    check_text("bytes behind the stream", expected, found);
    memcpy(bad, gz, n);
    bad[n - 8] ^= 1;
    describe(bad, n, found, sizeof(found));
    snprintf(expected, sizeof(expected), "error: byte %zu: damaged gzip stream (incorrect data check)",
             n - 4);
    check_text("wrong CRC", expected, found);
    memcpy(bad, gz, n);
    bad[2] = 7;
    describe(bad, n, found, sizeof(found));
    check_text("unknown method", "error: byte 4: damaged gzip stream (unknown compression method)", found);
    k = compress_bytes(gz, n, twice, sizeof(twice));
    describe(twice, k, found, sizeof(found));
    check_text("compressed twice",
               "error: byte 0: expected IDX data, found gzip data that was compressed twice", found);
}

/* What gunzip reads as one file: members that share the contents, in two places, and zeros behind the last. */
static void test_members(void)
{
    static const char plain[] = HEAD1 "\0\0\0\x10"
                                      "0123456789abcdef";
    size_t size = sizeof(plain) - 1;
    uint8_t gz[512];
    char found[1024], what[64];

    for (size_t i = 0; i <= size; i++)
        for (size_t k = i; k <= size; k += 3) {
            size_t n = compress_bytes(plain, i, gz, sizeof(gz));

            n += compress_bytes(plain + i, k - i, gz + n, sizeof(gz) - n);
            n += compress_bytes(plain + k, size - k, gz + n, sizeof(gz) - n);
            snprintf(what, sizeof(what), "members of %zu, %zu and %zu bytes", i, k - i, size - k);
            describe(gz, n, found, sizeof(found));
            check_text(what, "16: 48..102", found);
            memset(gz + n, 0, 100);
            describe(gz, n + 100, found, sizeof(found));
            check_text(what, "16: 48..102", found);
        }
    size = compress_bytes(plain, size, gz, sizeof(gz));
    memcpy(gz + size, "\0\0x", 3);
    describe(gz, size + 3, found, sizeof(found));
    snprintf(what, sizeof(what), "error: byte %zu: expected the end of the file behind", size);
    found[strlen(what)] = '\0';
    check_text("zeros and more", what, found);
}

/* Saved, loaded, saved again. */
static void test_save(void)
{
    const uint32_t dim[3] = {3, 5, 7};
    char dir[] = "/tmp/test_idx.XXXXXX", path[64], *first = NULL, *second = NULL;
    size_t first_size = 0, second_size = 0;
    uint8_t data[105];
    struct eo_idx idx;
    struct eo_err err = {""};

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * i);
    if (!mkdtemp(dir))
        exit(1);
    snprintf(path, sizeof(path), "%s/x.gz", dir);
    if (eo_idx_save_gz(path, 3, dim, data, &err) || eo_io_read(path, 4096, &first, &first_size, &err) ||
        eo_idx_load(&idx, path, &err)) {
        check_text("save and load", "", err.msg);
        return;
    }
    check_text("loaded data", "same",
               memcmp(idx.data, data, sizeof(data)) == 0 && idx.count == sizeof(data) ? "same" : "other");
    check_text("loaded sizes", "same",
               memcmp(idx.dim, dim, sizeof(dim)) == 0 && idx.dims == 3 ? "same" : "other");
    if (eo_idx_save_gz(path, 3, dim, idx.data, &err) || eo_io_read(path, 4096, &second, &second_size, &err))
        check_text("save again", "", err.msg);
    check_text("saved again", "same",
               first_size == second_size && memcmp(first, second, first_size) == 0 ? "same" : "other");
    /* No time (bytes 4 to 7), no name (flag 8 in byte 3), no operating system (255 in byte 9). */
    check_text("gzip header", "bare",
               memcmp(first + 3, "\0\0\0\0\0", 5) == 0 && (uint8_t)first[9] == 255 ? "bare" : "other");
    eo_idx_release(&idx);
    check_text("missing file", "cannot open: No such file or directory",
               eo_idx_load(&idx, "/nonexistent/x", &err) ? err.msg : "loaded");
    check_text("unwritable", "cannot create: No such file or directory",
               eo_idx_save_gz("/nonexistent/x", 3, dim, data, &err) ? err.msg : "saved");
    check_text("full disk", "cannot write: No space left on device",
               eo_idx_save_gz("/dev/full", 3, dim, data, &err) ? err.msg : "saved");
    unlink(path);
    rmdir(dir);
    free(first);
    free(second);
}

int main(void)
{
    test_parse();
    test_gzip();
    test_members();
    test_save();
    check_text("U8", "unsigned bytes", eo_idx_type_name(EO_IDX_U8));
    check_text("I8", "signed bytes", eo_idx_type_name(EO_IDX_I8));
    check_text("F32", "32-bit floats", eo_idx_type_name(EO_IDX_F32));
    return check_report("test_idx");
}
