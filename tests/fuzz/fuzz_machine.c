/*
 * Fuzz target: whatever the bytes of machine.csv, eo_doctor_load() refuses them with a message or gives a verdict and
 * checks that each have a name and are not good.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stage/bench/doctor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct eo_manifest_machine *machine)
{
    if (!machine->verdict || machine->check_count > EO_MANIFEST_CHECKS)
        abort();
    for (size_t i = 0; i < machine->check_count; i++) {
        if (!*machine->checks[i].name || strcmp(machine->checks[i].verdict, "good") == 0)
            abort();
    }
}

/* The reader takes a path. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("machine.csv", MFD_CLOEXEC);
    struct eo_manifest_machine machine;
    struct eo_err err = {""};
    struct eo_csv csv = {0};
    char path[64];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (eo_doctor_load(path, &csv, &machine, &err)) {
        if (!err.msg[0])
            abort();
    } else {
        check(&machine);
    }
    eo_csv_release(&csv);
    close(fd);
    return 0;
}
