#include "base/hash.h"

#include <stdint.h>
#include <stdio.h>

#include <sys/types.h>
#include <sha2.h>

void eo_hash_sha256_pieces(const struct eo_hash_piece *pieces, size_t count, char text[EO_SHA256_TEXT])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA2_CTX ctx;

    SHA256Init(&ctx);
    for (size_t i = 0; i < count; i++)
        SHA256Update(&ctx, pieces[i].data, pieces[i].size);
    SHA256Final(digest, &ctx);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

void eo_hash_sha256(const void *data, size_t size, char text[EO_SHA256_TEXT])
{
    struct eo_hash_piece piece = {data, size};

    eo_hash_sha256_pieces(&piece, 1, text);
}
