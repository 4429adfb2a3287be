/* The three precisions of a model, and their names in files, columns and options. */
#ifndef EO_FORMAT_PRECISION_H
#define EO_FORMAT_PRECISION_H

#include "base/err.h"

enum eo_precision {
    EO_FP32, /* binary32 weights, activations and arithmetic */
    EO_FP16, /* binary16 weights and activations, binary32 arithmetic */
    EO_INT8, /* s8 weights, u8 activations, s32 accumulators, integer requantisation */
    EO_PRECISION_COUNT
};

const char *eo_precision_name(enum eo_precision p); /* "fp32", "fp16", "int8" */
int eo_precision_parse(const char *name, enum eo_precision *p, struct eo_err *err) EO_MUST_CHECK;

/* Bytes of one activation: 4, 2, 1. */
int eo_precision_activation_bytes(enum eo_precision p);

#endif
