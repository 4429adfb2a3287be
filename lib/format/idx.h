/*
 * IDX, the file format of MNIST: https://yann.lecun.com/exdb/mnist/
 *
 *     offset 0   0, 0
 *            2   element type, 0x08 = unsigned byte (the only one read here)
 *            3   number of dimensions, 1..4
 *            4   one big-endian 32-bit size per dimension, outermost first
 *            ..  the elements, row-major, up to exactly the end of the file
 *
 * A file may be gzip-compressed as a whole; it is recognised by its first bytes, not by its name. As with gunzip,
 * several gzip members are one file, and zeros may follow the last.
 */
#ifndef EO_FORMAT_IDX_H
#define EO_FORMAT_IDX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define EO_IDX_MAX_DIMS 4

struct eo_idx {
    int dims;
    uint32_t dim[EO_IDX_MAX_DIMS];
    size_t count;        /* product of the dimensions = bytes of data */
    const uint8_t *data; /* points into file */
    uint8_t *file;       /* the whole uncompressed file; owned */
    size_t file_size;
};

/*
 * Reads a file of unsigned bytes. Everything is checked before it is used; the messages tell a labels file from an
 * images file, a short from a long one, and give the byte offset. Release with eo_idx_release().
 */
int eo_idx_load(struct eo_idx *idx, const char *path, struct eo_err *err) EO_MUST_CHECK;

/* The same from memory, uncompressed or gzip; `bytes` is copied. For tests and fuzzing. */
int eo_idx_parse(struct eo_idx *idx, const void *bytes, size_t size, struct eo_err *err) EO_MUST_CHECK;
void eo_idx_release(struct eo_idx *idx);

/* Writes a gzip-compressed file; equal contents give equal bytes (no time, no name in the gzip header). */
int eo_idx_save_gz(const char *path, int dims, const uint32_t *dim, const uint8_t *data, struct eo_err *err)
    EO_MUST_CHECK;

#endif
