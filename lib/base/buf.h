/*
 * A growing text or byte buffer, for building CSV, JSON and YAML before one checked write.
 *
 *     struct eo_buf b = {0};
 *     eo_buf_printf(&b, "%s,%d\n", name, n);
 *     if (eo_buf_check(&b, err) || eo_io_write(path, b.data, b.len, err)) ...
 *     eo_buf_release(&b);
 *
 * An append reports no failure: the buffer remembers that memory ran out, and eo_buf_check() reports it, in a message
 * that suits reading and writing.
 * A NUL that `len` does not count follows `data`, which is NULL until something is appended.
 */
#ifndef EO_BASE_BUF_H
#define EO_BASE_BUF_H

#include <stddef.h>

#include "base/err.h"

struct eo_buf {
    char *data;
    size_t len;
    size_t cap;
    size_t missing; /* bytes that the first failed allocation asked for; 0 while none failed */
};

void eo_buf_append(struct eo_buf *b, const void *bytes, size_t n);
/* Appends `count` elements of `size` bytes each, in the little-endian order of files. */
void eo_buf_append_little_endian(struct eo_buf *b, const void *elements, size_t count, size_t size);
void eo_buf_puts(struct eo_buf *b, const char *s);
void eo_buf_printf(struct eo_buf *b, const char *fmt, ...) EO_PRINTF(2, 3);
int eo_buf_check(const struct eo_buf *b, struct eo_err *err) EO_MUST_CHECK;
void eo_buf_release(struct eo_buf *b);

#endif
