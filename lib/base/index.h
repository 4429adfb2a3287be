/*
 * Finds the entries of an array by a key in constant time: a hash table (open addressing, linear probing) of hashes and
 * positions in the array. The array belongs to the caller, who also compares the keys:
 *
 *     walk = eo_index_find(&index, hash);
 *     while (eo_index_next(&index, &walk, &i))
 *         if (array[i] has the key) ...
 *     eo_index_add(&index, hash, i, err)        // not while walking
 *
 * A walk visits entries in no particular order, so no result may depend on the order.
 */
#ifndef EO_BASE_INDEX_H
#define EO_BASE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct eo_index_slot {
    uint64_t hash;
    size_t number; /* position of the entry, plus 1; 0: the slot is free */
};

struct eo_index { /* zeroed: empty */
    struct eo_index_slot *slots;
    size_t capacity; /* a power of two, at least twice count; or 0 */
    size_t count;
};

struct eo_index_walk {
    uint64_t hash;
    size_t at;
};

void eo_index_release(struct eo_index *index); /* harmless on a zeroed struct */

/* FNV-1a of `size` bytes, continued from `seed`. Not for structs with padding, which would be hashed too. */
uint64_t eo_index_hash(const void *bytes, size_t size, uint64_t seed);

/* Fails when memory runs out, and then leaves the index unchanged. */
int eo_index_add(struct eo_index *index, uint64_t hash, size_t number, struct eo_err *err) EO_MUST_CHECK;

/* Visits the entries with that hash one by one: eo_index_next() returns 1 and sets *number, or returns 0 at the end. */
struct eo_index_walk eo_index_find(const struct eo_index *index, uint64_t hash);
int eo_index_next(const struct eo_index *index, struct eo_index_walk *walk, size_t *number);

#endif
