/*
 * Fuzz target: NumPy arrays and zip archives of them. What is read lies within the bytes; what is refused has a
 * message.
 */
#include <stdint.h>
#include <stdlib.h>

#include "format/npy.h"
#include "format/zip.h"

#define MEMBERS 4
#define LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const uint8_t *data, size_t size)
{
    struct eo_err err = {""};
    volatile double last;
    struct eo_npy a;
    char text[16];

    if (eo_npy_parse(&a, data, size, &err)) {
        if (err.msg[0] == '\0')
            abort();
        return;
    }
    if (a.dims < 1 || a.dims > EO_NPY_MAX_DIMS || a.count < 1 || a.data + a.count * a.bytes != data + size)
        abort();
    last = eo_npy_get(&a, 0) + eo_npy_get(&a, a.count - 1);
    (void)last;
    eo_npy_describe(&a, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eo_zip_member m = {0};
    struct eo_zip zip;
    struct eo_err err = {""};

    parse(data, size);
    if (eo_zip_open(&zip, data, size, &err)) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    while (m.number < MEMBERS && eo_zip_next(&zip, &m, &err) > 0) {
        uint8_t *bytes;

        if (eo_zip_extract(&zip, &m, LIMIT, &bytes, &err))
            continue;
        parse(bytes, m.size);
        free(bytes);
    }
    return 0;
}
