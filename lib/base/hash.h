/* SHA-256 as lower-case hexadecimal text, by libmd. */
#ifndef EO_BASE_HASH_H
#define EO_BASE_HASH_H

#include <stddef.h>

#define EO_SHA256_TEXT 65 /* 64 digits and a NUL */

void eo_hash_sha256(const void *data, size_t size, char text[EO_SHA256_TEXT]);

/* The hash of several pieces as if they were joined. */
struct eo_hash_piece {
    const void *data;
    size_t size;
};
void eo_hash_sha256_pieces(const struct eo_hash_piece *pieces, size_t count, char text[EO_SHA256_TEXT]);

#endif
