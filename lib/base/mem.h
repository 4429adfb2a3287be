/*
 * Memory: overflow-checked sizes and one allocator.
 *
 * Sizes that come from a file go through eo_size_mul() and eo_size_add() before they reach malloc. Memory from
 * eo_alloc() is zeroed, 64-byte aligned (a cache line, an AVX-512 register) and released with free().
 */
#ifndef EO_BASE_MEM_H
#define EO_BASE_MEM_H

#include <stddef.h>

#include "base/err.h"

#define EO_ALIGN 64

/* *out = a * b or a + b. Returns 0, or -1 when the result does not fit in size_t; then *out is unchanged. */
int eo_size_mul(size_t a, size_t b, size_t *out) EO_MUST_CHECK;
int eo_size_add(size_t a, size_t b, size_t *out) EO_MUST_CHECK;

/* n rounded up to a multiple of `to`, a power of two. */
size_t eo_size_round_up(size_t n, size_t to);

/* count * size zeroed bytes, 64-byte aligned; not NULL for 0 bytes either. NULL and err on failure. */
void *eo_alloc(size_t count, size_t size, struct eo_err *err) EO_MUST_CHECK;

/* A copy of `s`, released with free(). NULL and err on failure. */
char *eo_strdup(const char *s, struct eo_err *err) EO_MUST_CHECK;

/*
 * Copies `count` elements of `size` bytes between memory and the little-endian order of a file, in either direction.
 * Neither side needs to be aligned.
 */
void eo_copy_little_endian(void *dst, const void *src, size_t count, size_t size);

#endif
