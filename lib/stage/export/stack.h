/* How much stack exported code needs, as measured on emulated cores (tests/device); tests/device.bats compares. */
#ifndef EO_STAGE_EXPORT_STACK_H
#define EO_STAGE_EXPORT_STACK_H

#include "base/buf.h"

enum eo_stack_kind {
    EO_STACK_INT8,
    EO_STACK_INT8_FAST,
    EO_STACK_FP32,
    EO_STACK_FP16,
    EO_STACK_NETWORK,
    EO_STACK_NETWORK_FP32,
    EO_STACK_NETWORK_FP16,
    EO_STACK_INT4,
    EO_STACK_KINDS
};

/* Appends NET_STACK_BYTES of the header, for each core that was measured: that of its kind and `more` bytes. */
void eo_export_put_stack(enum eo_stack_kind kind, size_t more, struct eo_buf *out);

#endif
