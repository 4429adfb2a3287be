/*
 * Fuzz target: whatever the bytes, eo_import_onnx() refuses them with a message or gives a model, which can be written
 * and read again unless one of its numbers is beyond what a model may have.
 */
#include <stdint.h>
#include <stdlib.h>

#include "stage/import/onnx.h"
#include "tests/fuzz/round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_buf notes = {0};
    struct eo_model m;
    struct eo_err err = {""};

    if (eo_import_onnx(&m, data, size, &notes, &err)) {
        if (!err.msg[0])
            abort();
    } else {
        (void)round_trip(&m);
    }
    eo_model_release(&m);
    eo_buf_release(&notes);
    return 0;
}
