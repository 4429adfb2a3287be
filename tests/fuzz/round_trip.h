/* What the fuzz targets of models have in common. */
#ifndef EO_TESTS_ROUND_TRIP_H
#define EO_TESTS_ROUND_TRIP_H

#include <stdlib.h>
#include <string.h>

#include "nn/model.h"

/* Writes the model, reads that and writes it again: aborts unless the bytes are equal. 0 if it cannot be written. */
static inline int round_trip(struct eo_model *m)
{
    struct eo_buf first = {0}, second = {0};
    struct eo_model again = {0};
    int is_written = eo_model_serialize(m, &first, NULL) == 0;

    if (is_written && (eo_model_parse_network(&again, first.data, first.len, NULL, NULL) ||
                       eo_model_serialize(&again, &second, NULL) || first.len != second.len ||
                       memcmp(first.data, second.data, first.len) != 0))
        abort();
    eo_model_release(&again);
    eo_buf_release(&first);
    eo_buf_release(&second);
    return is_written;
}

#endif
