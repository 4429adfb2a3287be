/*
 * IDX, the file format of MNIST: https://yann.lecun.com/exdb/mnist/
 *
 *     offset 0   0, 0
 *            2   element type: 0x08 unsigned bytes, 0x09 signed bytes, 0x0d big-endian 32-bit floats (others are
 *                refused)
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

enum eo_idx_type { EO_IDX_U8, EO_IDX_I8, EO_IDX_F32 };

struct eo_idx {
    enum eo_idx_type type;
    int dims;
    uint32_t dim[EO_IDX_MAX_DIMS];
    size_t count;        /* of elements: the product of the dimensions */
    const uint8_t *data; /* count bytes, or 4 count of floats; points into file */
    uint8_t *file;       /* the whole uncompressed file; owned */
    size_t file_size;
};

/*
 * Reads a file. Everything is checked before it is used; the messages give the byte offset. Release with
 * eo_idx_release().
 */
int eo_idx_load(struct eo_idx *idx, const char *path, struct eo_err *err) EO_MUST_CHECK;

/* The same from memory, uncompressed or gzip; `bytes` is copied. For tests and fuzzing. */
int eo_idx_parse(struct eo_idx *idx, const void *bytes, size_t size, struct eo_err *err) EO_MUST_CHECK;
void eo_idx_release(struct eo_idx *idx);

/* Element i as a number. */
double eo_idx_get(const struct eo_idx *idx, size_t i);

/* "unsigned bytes", "signed bytes", "32-bit floats", for messages. */
const char *eo_idx_type_name(enum eo_idx_type type);

/*
 * Writes unsigned bytes as a gzip-compressed file. Equal contents give equal bytes: the gzip header has no time and no
 * name.
 */
int eo_idx_save_gz(const char *path, int dims, const uint32_t *dim, const uint8_t *data,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
