/*
 * NumPy arrays: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 *     offset 0   \x93NUMPY, version: two bytes (1.0, 2.0, 3.0)
 *            8   length of the header, 2 bytes (version 1) or 4, little-endian
 *            ..  {'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }, padded with spaces
 *            ..  the elements, row-major
 */
#ifndef EO_FORMAT_NPY_H
#define EO_FORMAT_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define EO_NPY_MAX_DIMS 4

enum eo_npy_kind { EO_NPY_UNSIGNED, EO_NPY_SIGNED, EO_NPY_FLOAT, EO_NPY_BOOL };

struct eo_npy {
    enum eo_npy_kind kind;
    unsigned bytes;    /* of an element: 1, 2, 4 or 8; of floats 4 or 8 */
    int is_big_endian; /* how the elements lie in `data` */
    int dims;          /* 1..EO_NPY_MAX_DIMS */
    size_t dim[EO_NPY_MAX_DIMS];
    size_t count;        /* product of the dimensions, at least 1 */
    const uint8_t *data; /* points into the caller's bytes */
};

/*
 * Reads an array of numbers from the `size` bytes of a file, into which the array then points. Refuses objects, text,
 * complex and half-precision numbers, records, column-major ("Fortran") order, and sizes that do not fit the file.
 */
int eo_npy_parse(struct eo_npy *array, const void *bytes, size_t size, struct eo_err *err) EO_MUST_CHECK;

/* Element i of the array, i < count. Integers beyond 2^53 are rounded. */
double eo_npy_get(const struct eo_npy *array, size_t i);

/* "uint8 [60000, 28, 28]", for messages. */
void eo_npy_describe(const struct eo_npy *array, char *text, size_t size);

#endif
