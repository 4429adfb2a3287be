/*
 * Fuzz target: the tensors of other programs (stage/import/import.h). The first byte says for which network and how;
 * the rest is the file. It is refused with a message, or gives a model that can be written and read again unless one
 * of its numbers is beyond what a model may have.
 */
#include <stdint.h>
#include <stdlib.h>

#include "stage/import/import.h"
#include "tests/fuzz/round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] = "input 1x6x6; a: conv 2 3x3 relu; b: depthwise 3x3 pad 1 batch_norm relu; "
                               "classifier: linear 3";
    const char *const maps[] = {"their=a"};
    struct eo_import_options how = {.maps = maps};
    struct eo_import_report report = {{0}, {0}};
    struct eo_model m;
    struct eo_err err = {""};
    struct eo_network net;

    if (!size)
        return 0;
    if (eo_network_parse(&net, text, &err))
        abort();
    how.network = data[0] & 1 ? &net : NULL;
    how.map_count = data[0] >> 1 & 1;
    how.fold = data[0] >> 2 & 1;
    if (eo_import_state_dict(&m, data + 1, size - 1, &how, &report, &err)) {
        if (!err.msg[0])
            abort();
    } else {
        (void)round_trip(&m);
    }
    eo_import_report_release(&report);
    eo_model_release(&m);
    return 0;
}
