#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Makes room for n bytes and a NUL; returns where to write them, or NULL. */
static char *reserve(struct eo_buf *b, size_t n)
{
    size_t need = SIZE_MAX, cap;
    char *p;

    if (b->missing)
        return NULL;
    if (eo_size_add(b->len, n, &need) || eo_size_add(need, 1, &need))
        goto fail;
    if (need > b->cap) {
        cap = b->cap ? b->cap : 256;
        while (cap < need) {
            if (eo_size_mul(cap, 2, &cap))
                goto fail;
        }
        p = realloc(b->data, cap);
        if (!p)
            goto fail;
        b->data = p;
        b->cap = cap;
    }
    return b->data + b->len;
fail:
    b->missing = need;
    return NULL;
}

void eo_buf_append(struct eo_buf *b, const void *bytes, size_t n)
{
    char *p = reserve(b, n);

    if (!p)
        return;
    if (n)
        memcpy(p, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void eo_buf_append_little_endian(struct eo_buf *b, const void *elements, size_t count, size_t size)
{
    size_t n = SIZE_MAX;
    char *p = reserve(b, eo_size_mul(count, size, &n) ? SIZE_MAX : n);

    if (!p)
        return;
    eo_copy_little_endian(p, elements, count, size);
    b->len += n;
    b->data[b->len] = '\0';
}

void eo_buf_puts(struct eo_buf *b, const char *s)
{
    eo_buf_append(b, s, strlen(s));
}

void eo_buf_printf(struct eo_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    char *p;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    p = reserve(b, n < 0 ? SIZE_MAX : (size_t)n); /* below 0: longer than INT_MAX */
    if (p) {
        vsnprintf(p, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

int eo_buf_check(const struct eo_buf *b, struct eo_err *err)
{
    return b->missing ? eo_err_set(err, "out of memory: %zu bytes", b->missing) : 0;
}

void eo_buf_release(struct eo_buf *b)
{
    free(b->data);
    memset(b, 0, sizeof(*b));
}
