#include "format/precision.h"

#include <string.h>

static const char *const names[EO_PRECISION_COUNT] = {"fp32", "fp16", "int8"};
static const int bytes[EO_PRECISION_COUNT] = {4, 2, 1};

const char *eo_precision_name(enum eo_precision p)
{
    return names[p];
}

int eo_precision_parse(const char *name, enum eo_precision *p, struct eo_err *err)
{
    int i;

    for (i = 0; i < EO_PRECISION_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *p = (enum eo_precision)i;
            return 0;
        }
    }
    return eo_err_set(err, "expected one of fp32, fp16, int8, found '%.40s'", name);
}

int eo_precision_activation_bytes(enum eo_precision p)
{
    return bytes[p];
}
