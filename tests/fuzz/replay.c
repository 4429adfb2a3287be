/*
 * Runs one fuzz target on the files given, without a fuzzer: the corpus and every past crash belong to the
 * tests.
 *
 *     replay FILE...        exit 0 when all ran (a crash is the failure), 1 when a file cannot be read
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On a copy of exactly its size: io.h puts a NUL behind the bytes, which would hide a read past the end. */
static int run(const char *path, struct eo_err *err)
{
    char *data = NULL, *exact;
    size_t size = 0;

    if (eo_io_read(path, EO_IO_MAX, &data, &size, err))
        return -1;
    exact = malloc(size ? size : 1);
    if (exact) {
        memcpy(exact, data, size);
        LLVMFuzzerTestOneInput((const uint8_t *)exact, size);
    }
    free(exact);
    free(data);
    return exact ? 0 : eo_err_set(err, "out of memory: %zu bytes", size);
}

int main(int argc, char **argv)
{
    struct eo_err err;

    for (int i = 1; i < argc; i++) {
        if (run(argv[i], &err)) {
            fprintf(stderr, "%s: %s: %s\n", argv[0], argv[i], err.msg);
            return 1;
        }
    }
    printf("%s: %d inputs\n", argv[0], argc - 1);
    return 0;
}
