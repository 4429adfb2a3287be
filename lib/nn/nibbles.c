#include "nn/nibbles.h"

void eo_nibbles_pack(const int8_t *from, size_t n, uint8_t *to)
{
    for (size_t i = 0; i < n; i += 2) {
        unsigned low = (uint8_t)from[i] & 15u, high = i + 1 < n ? (uint8_t)from[i + 1] & 15u : 0;

        *to++ = (uint8_t)(low | high << 4);
    }
}

void eo_nibbles_unpack(const uint8_t *from, size_t n, int8_t *to)
{
    for (size_t i = 0; i < n; i++) {
        int half = from[i / 2] >> (i % 2 * 4) & 15;

        to[i] = (int8_t)((half ^ 8) - 8);
    }
}
