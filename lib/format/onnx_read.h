/*
 * Reads an ONNX file: its graph of operators, and its constants in place.
 *
 *     if (eo_onnx_read(&g, bytes, size, err)) ...
 *     for (int i = 0; i < g.node_count; i++)
 *         if (eo_onnx_is(g.node[i].type, "Conv")) n = eo_onnx_ints(&g.node[i], "strides", strides, 2);
 *     eo_onnx_graph_release(&g);
 *
 * Nothing is copied: texts and numbers point into `bytes`, which must outlive the graph. The whole file is checked when
 * it is read: every message, field and length, down to attributes. Error messages name the byte offset. The caller
 * knows what the operators mean. Data in other files (external_data), sparse constants, functions and subgraphs are
 * refused.
 */
#ifndef EO_FORMAT_ONNX_READ_H
#define EO_FORMAT_ONNX_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/protobuf.h"

/* Limits. A file beyond them is refused. */
#define EO_ONNX_MAX_NODES 2048
#define EO_ONNX_MAX_CONSTANTS 2048
#define EO_ONNX_MAX_PORTS 8 /* inputs or outputs of a node, and of the graph */
#define EO_ONNX_MAX_DIMS 8
#define EO_ONNX_OPEN (-1) /* a size that the file leaves open */

struct eo_onnx_text { /* not ended by NUL; for printf: "%.*s", EO_ONNX_SHOW(text) */
    const char *at;
    int length;
};

#define EO_ONNX_SHOW(text) ((text).length < 60 ? (text).length : 60), (text).at

int eo_onnx_is(struct eo_onnx_text a, const char *b);
int eo_onnx_is_same(struct eo_onnx_text a, struct eo_onnx_text b);

/* A constant. Its numbers are in `raw`, or if that is empty in `list`. */
struct eo_onnx_constant {
    struct eo_onnx_text name;
    int type; /* TensorProto.DataType: 1 float, 6 int32, 7 int64, ... */
    int dims; /* 0: one number */
    size_t shape[EO_ONNX_MAX_DIMS], count;
    struct eo_pb_bytes raw;  /* little-endian, row-major */
    struct eo_pb_bytes list; /* float_data and double_data: little-endian; int32_data, int64_data: varints */
};

struct eo_onnx_input {
    struct eo_onnx_text name;
    int type, dims;
    int64_t shape[EO_ONNX_MAX_DIMS]; /* EO_ONNX_OPEN, or at least 0 */
};

struct eo_onnx_node {
    struct eo_onnx_text type, name, domain; /* domain: of the operator; empty for those of ONNX */
    int inputs, outputs;
    struct eo_onnx_text input[EO_ONNX_MAX_PORTS], output[EO_ONNX_MAX_PORTS]; /* empty: left out */
    struct eo_pb_bytes message;                                              /* with the attributes */
};

struct eo_onnx_graph {
    int node_count, constant_count, input_count, output_count;
    struct eo_onnx_node *node; /* in the order of the file, in which they can run */
    struct eo_onnx_constant *constant;
    struct eo_onnx_input input[EO_ONNX_MAX_PORTS]; /* without the constants */
    struct eo_onnx_text output[EO_ONNX_MAX_PORTS];
};

/* On failure nothing needs to be released. */
int eo_onnx_read(struct eo_onnx_graph *g, const void *bytes, size_t size, struct eo_err *err) EO_MUST_CHECK;
void eo_onnx_graph_release(struct eo_onnx_graph *g); /* harmless on a zeroed struct */

/*
 * Attributes by their name. eo_onnx_int() and eo_onnx_float() return `otherwise` if there is none. eo_onnx_ints()
 * returns the length of a list of at most `max` integers, more than `max` if it is longer, and -1 if there is none. The
 * text is empty if there is none. eo_onnx_tensor_of() returns 1 and a constant, or 0 if there is none.
 */
int64_t eo_onnx_int(const struct eo_onnx_node *n, const char *name, int64_t otherwise);
float eo_onnx_float(const struct eo_onnx_node *n, const char *name, float otherwise);
int eo_onnx_ints(const struct eo_onnx_node *n, const char *name, int64_t *out, int max);
struct eo_onnx_text eo_onnx_string(const struct eo_onnx_node *n, const char *name);
int eo_onnx_tensor_of(const struct eo_onnx_node *n, const char *name, struct eo_onnx_constant *c);

#endif
