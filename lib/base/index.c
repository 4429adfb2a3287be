#include "base/index.h"

#include <stdlib.h>

#include "base/mem.h"

void eo_index_release(struct eo_index *index)
{
    free(index->slots);
    *index = (struct eo_index){0};
}

uint64_t eo_index_hash(const void *bytes, size_t size, uint64_t seed)
{
    const unsigned char *b = bytes;
    uint64_t h = seed ^ 0xcbf29ce484222325u;

    for (size_t i = 0; i < size; i++)
        h = (h ^ b[i]) * 0x100000001b3u;
    return h ^ h >> 32; /* the low bits choose the slot */
}

static void put(struct eo_index_slot *slots, size_t capacity, struct eo_index_slot slot)
{
    size_t at = slot.hash & (capacity - 1);

    while (slots[at].number)
        at = (at + 1) & (capacity - 1);
    slots[at] = slot;
}

static int grow(struct eo_index *index, struct eo_err *err)
{
    size_t capacity = index->capacity ? 2 * index->capacity : 64;
    struct eo_index_slot *slots = eo_alloc(capacity, sizeof(*slots), err);

    if (!slots)
        return -1;
    for (size_t i = 0; i < index->capacity; i++) {
        if (index->slots[i].number)
            put(slots, capacity, index->slots[i]);
    }
    free(index->slots);
    index->slots = slots;
    index->capacity = capacity;
    return 0;
}

int eo_index_add(struct eo_index *index, uint64_t hash, size_t number, struct eo_err *err)
{
    if (2 * (index->count + 1) > index->capacity && grow(index, err))
        return -1;
    put(index->slots, index->capacity, (struct eo_index_slot){hash, number + 1});
    index->count++;
    return 0;
}

struct eo_index_walk eo_index_find(const struct eo_index *index, uint64_t hash)
{
    return (struct eo_index_walk){hash, index->capacity ? hash & (index->capacity - 1) : 0};
}

int eo_index_next(const struct eo_index *index, struct eo_index_walk *walk, size_t *number)
{
    while (index->capacity && index->slots[walk->at].number) {
        const struct eo_index_slot *slot = &index->slots[walk->at];

        walk->at = (walk->at + 1) & (index->capacity - 1);
        if (slot->hash == walk->hash) {
            *number = slot->number - 1;
            return 1;
        }
    }
    return 0;
}
