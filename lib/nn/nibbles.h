/*
 * Weights of 4 bits, as files and flash hold them: two in a byte, the first one in the lower half, each in two's
 * complement, -8..7. Of an odd number the last byte has an upper half of 0.
 */
#ifndef EO_NN_NIBBLES_H
#define EO_NN_NIBBLES_H

#include <stddef.h>
#include <stdint.h>

/* n values of -8..7 to (n + 1) / 2 bytes, and back. */
void eo_nibbles_pack(const int8_t *from, size_t n, uint8_t *to);
void eo_nibbles_unpack(const uint8_t *from, size_t n, int8_t *to);

#endif
