/*
 * Fuzz target: whatever the bytes, eo_idx_parse() refuses them with a message and holds no memory, or gives
 * sizes that match the data, all of which can be read.
 */
#include <stdint.h>
#include <stdlib.h>

#include "format/idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_err err = {""};
    struct eo_idx idx;
    size_t product = 1, bytes;
    volatile double sum = 0;

    if (eo_idx_parse(&idx, data, size, &err)) {
        if (err.msg[0] == '\0' || idx.file || idx.data)
            abort();
        return 0;
    }
    if (idx.dims < 1 || idx.dims > EO_IDX_MAX_DIMS)
        abort();
    for (int k = 0; k < idx.dims; k++)
        product *= idx.dim[k];
    bytes = idx.type == EO_IDX_F32 ? 4 * idx.count : idx.count;
    if (product != idx.count || idx.file_size != bytes + 4 + 4 * (size_t)idx.dims ||
        idx.data != idx.file + 4 + 4 * idx.dims)
        abort();
    for (size_t i = 0; i < idx.count; i++)
        sum += eo_idx_get(&idx, i);
    (void)sum;
    eo_idx_release(&idx);
    return 0;
}
