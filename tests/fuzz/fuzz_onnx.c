/*
 * Fuzz target: whatever the bytes, eo_import_onnx() refuses them with a message or gives a model, which can be written
 * and read again unless one of its numbers is beyond what a model may have.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stage/import/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_buf notes = {0}, first = {0}, second = {0};
    struct eo_model m, again = {0};
    struct eo_err err = {""};

    if (eo_import_onnx(&m, data, size, &notes, &err)) {
        if (!err.msg[0])
            abort();
    } else if (eo_model_serialize(&m, &first, &err) == 0 &&
               (eo_model_parse_network(&again, first.data, first.len, NULL, NULL) ||
                eo_model_serialize(&again, &second, NULL) || first.len != second.len ||
                memcmp(first.data, second.data, first.len) != 0)) {
        abort();
    }
    eo_model_release(&again);
    eo_model_release(&m);
    eo_buf_release(&notes);
    eo_buf_release(&first);
    eo_buf_release(&second);
    return 0;
}
