/*
 * Fuzz target: whatever the bytes, eo_manifest_parse() refuses them with a message or gives a manifest that passes its
 * own check; written and read again it is the same, and the second writing gives the bytes of the first.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct eo_manifest *m)
{
    struct eo_buf first = {0}, second = {0};
    struct eo_manifest again;

    eo_manifest_put(m, &first);
    if (eo_buf_check(&first, NULL) || eo_manifest_parse(&again, first.data, first.len, NULL))
        abort();
    eo_manifest_put(&again, &second);
    if (eo_buf_check(&second, NULL) || first.len != second.len ||
        memcmp(first.data, second.data, first.len) != 0)
        abort();
    eo_manifest_release(&again);
    eo_buf_release(&first);
    eo_buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_err err = {""};
    struct eo_manifest m;

    if (eo_manifest_parse(&m, (const char *)data, size, &err)) {
        if (!err.msg[0] || m.files || m.parents || m.text)
            abort();
        return 0;
    }
    for (size_t i = 0; i < m.file_count; i++) {
        if (!eo_manifest_path_is_good(m.files[i].path))
            abort();
    }
    check_round_trip(&m);
    eo_manifest_release(&m);
    return 0;
}
