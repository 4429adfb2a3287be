/* What the files of the ONNX reader share. */
#ifndef EO_FORMAT_ONNX_READ_INTERNAL_H
#define EO_FORMAT_ONNX_READ_INTERNAL_H

#include "format/onnx_read.h"

/* The file, for messages. */
struct eo_onnx_file {
    const unsigned char *bytes;
    struct eo_err *err;
};

struct eo_onnx_text eo_onnx_text_of(const struct eo_pb_field *f);

/* Reads a TensorProto. */
int eo_onnx_read_constant(const struct eo_onnx_file *file, struct eo_pb_bytes in, struct eo_onnx_constant *c);

#endif
