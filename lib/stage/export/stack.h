/* How much stack exported code needs, as measured on emulated cores (tests/device); tests/device.bats compares. */
#ifndef EO_STAGE_EXPORT_STACK_H
#define EO_STAGE_EXPORT_STACK_H

#include "base/buf.h"
#include "format/core.h"

enum eo_stack_kind {
    EO_STACK_INT8,
    EO_STACK_INT8_FAST,
    EO_STACK_FP32,
    EO_STACK_FP16,
    EO_STACK_NETWORK,
    EO_STACK_NETWORK_FP32,
    EO_STACK_NETWORK_FP16,
    EO_STACK_INT4,
    EO_STACK_MIXED, /* of SmallCNN */
    EO_STACK_NETWORK_MIXED,
    EO_STACK_KINDS
};

/* What exported code needs: the stack of its kind, and `more` bytes. */
struct eo_stack_need {
    enum eo_stack_kind kind;
    size_t more;
};

/* Bytes of stack on a core; 0 where it was not measured. */
size_t eo_stack_bytes(enum eo_core core, struct eo_stack_need need);

/* Appends NET_STACK_BYTES of the header, for each core that was measured. */
void eo_stack_put(struct eo_stack_need need, struct eo_buf *out);

#endif
