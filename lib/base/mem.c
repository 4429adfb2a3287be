#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int eo_size_mul(size_t a, size_t b, size_t *out)
{
    size_t result;

    if (__builtin_mul_overflow(a, b, &result))
        return -1;
    *out = result;
    return 0;
}

int eo_size_add(size_t a, size_t b, size_t *out)
{
    size_t result;

    if (__builtin_add_overflow(a, b, &result))
        return -1;
    *out = result;
    return 0;
}

size_t eo_size_round_up(size_t n, size_t to)
{
    return (n + to - 1) & ~(to - 1);
}

void *eo_alloc(size_t count, size_t size, struct eo_err *err)
{
    size_t bytes, padded;
    void *p;

    if (eo_size_mul(count, size, &bytes) || eo_size_add(bytes, EO_ALIGN, &padded)) {
        eo_err_set(err, "out of memory: %zu x %zu bytes do not fit the address space", count, size);
        return NULL;
    }
    padded = eo_size_round_up(bytes ? bytes : 1, EO_ALIGN);
    p = aligned_alloc(EO_ALIGN, padded);
    if (!p) {
        eo_err_set(err, "out of memory: %zu bytes", bytes);
        return NULL;
    }
    memset(p, 0, padded);
    return p;
}

char *eo_strdup(const char *s, struct eo_err *err)
{
    size_t n = strlen(s) + 1;
    char *p = eo_alloc(n, 1, err);

    if (p)
        memcpy(p, s, n);
    return p;
}

void eo_copy_little_endian(void *dst, const void *src, size_t count, size_t size)
{
    const uint16_t probe = 1;
    unsigned char *d = dst;
    const unsigned char *s = src;

    if (*(const unsigned char *)&probe == 1) {
        memcpy(dst, src, count * size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < size; k++)
            d[i * size + k] = s[i * size + size - 1 - k];
    }
}
