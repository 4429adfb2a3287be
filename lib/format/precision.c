#include "format/precision.h"

static const struct {
    int activation_bytes, weight_bits;
} formats[EO_PRECISION_COUNT] = {
    [EO_FP32] = {4, 32}, [EO_FP16] = {2, 16}, [EO_INT8] = {1, 8}, [EO_INT4] = {1, 4}, [EO_MIXED] = {1, 8},
};

int eo_precision_is_integer(enum eo_precision p)
{
    return p == EO_INT8 || p == EO_INT4 || p == EO_MIXED;
}

int eo_precision_activation_bytes(enum eo_precision p)
{
    return formats[p].activation_bytes;
}

int eo_precision_weight_bits(enum eo_precision p)
{
    return formats[p].weight_bits;
}

size_t eo_precision_row_bytes(int weight_bits, size_t terms)
{
    return weight_bits == 4 ? terms / 2 + terms % 2 : terms * (size_t)weight_bits / 8;
}
