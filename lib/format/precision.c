#include "format/precision.h"

static const int bytes[EO_PRECISION_COUNT] = {[EO_FP32] = 4, [EO_FP16] = 2, [EO_INT8] = 1};

int eo_precision_activation_bytes(enum eo_precision p)
{
    return bytes[p];
}
