/*
 * Fuzz target: whatever the bytes, eo_st_parse() refuses them with a message or gives tensors that lie inside
 * the file; written and read again, they are the same, and the second writing gives the bytes of the first.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte of every tensor, so that a sanitizer sees one outside. */
static size_t touch(const struct eo_st *st)
{
    size_t sum = 0;

    for (size_t i = 0; i < st->tensor_count; i++) {
        for (size_t k = 0; k < st->tensors[i].bytes; k++)
            sum += ((const unsigned char *)st->tensors[i].data)[k];
    }
    for (size_t i = 0; i < st->meta_count; i++)
        sum += strlen(st->meta[i].key) + strlen(st->meta[i].value);
    return sum;
}

static void check_round_trip(const struct eo_st *st)
{
    struct eo_buf first = {0}, second = {0};
    struct eo_st again;

    if (eo_st_serialize(st, &first, NULL) || eo_st_parse(&again, first.data, first.len, NULL))
        abort();
    if (again.tensor_count != st->tensor_count || again.meta_count != st->meta_count ||
        touch(&again) != touch(st))
        abort();
    if (eo_st_serialize(&again, &second, NULL) || first.len != second.len ||
        memcmp(first.data, second.data, first.len) != 0)
        abort();
    eo_st_release(&again);
    eo_buf_release(&first);
    eo_buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_err err = {""};
    struct eo_st st;

    if (eo_st_parse(&st, data, size, &err)) {
        if (!err.msg[0])
            abort();
        return 0;
    }
    check_round_trip(&st);
    eo_st_release(&st);
    return 0;
}
