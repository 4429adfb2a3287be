/*
 * Writes an ONNX file: a graph of operators and the constants that it needs.
 *
 *     struct eo_onnx x = {0};
 *     eo_onnx_port(&x, EO_ONNX_INPUT, "image", EO_ONNX_U8, 3, (const size_t[]){1, 28, 28});
 *     eo_onnx_tensor(&x, "weight", EO_ONNX_F32, 2, shape, weights);
 *     eo_onnx_node(&x, "Gemm", "logits", (const char *[]){"image", "weight", NULL}, attributes);
 *     eo_onnx_port(&x, EO_ONNX_OUTPUT, "logits", EO_ONNX_F32, 1, (const size_t[]){10});
 *     if (eo_onnx_finish(&x, "digits", &out, err)) ...
 *     eo_onnx_release(&x);
 *
 * Nodes keep the order in which they are added, which must be one in which they can run. Text is UTF-8. An append
 * reports no failure; eo_onnx_finish() tells whether memory ran out. Equal calls give equal bytes.
 *
 * The file is a protocol buffer, https://protobuf.dev/programming-guides/encoding/. The dozen messages that are
 * written here have few fields, so they are encoded by hand: that is shorter than a schema and needs no library. Field
 * numbers are those of onnx/onnx.proto.
 */
#ifndef EO_FORMAT_ONNX_H
#define EO_FORMAT_ONNX_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define EO_ONNX_OPSET 13 /* the first one with scales per channel */

/* TensorProto.DataType: the types that are read. Only F32, U8, S8, S32 and S64 are written. */
enum eo_onnx_type {
    EO_ONNX_F32 = 1,
    EO_ONNX_U8 = 2,
    EO_ONNX_S8 = 3,
    EO_ONNX_U16 = 4,
    EO_ONNX_S16 = 5,
    EO_ONNX_S32 = 6,
    EO_ONNX_S64 = 7,
    EO_ONNX_BOOLEAN = 9,
    EO_ONNX_F16 = 10,
    EO_ONNX_F64 = 11,
    EO_ONNX_BF16 = 16
};
size_t eo_onnx_type_bytes(int type); /* of an element, for each of these; 0 for another number */

/* What a named value is for the graph. Viewers show its type and shape. */
enum eo_onnx_role { EO_ONNX_INPUT, EO_ONNX_OUTPUT, EO_ONNX_INNER, EO_ONNX_ROLES };

struct eo_onnx_attribute {
    const char *name; /* NULL ends a list */
    int count;        /* numbers of a list; 0: one number, not a list */
    int64_t value[4];
};

struct eo_onnx { /* zeroed at first; encoded parts of the file */
    struct eo_buf nodes, tensors, ports[EO_ONNX_ROLES], meta;
};

/* A constant in row-major order; dims 0: one number, without a shape. */
void eo_onnx_tensor(struct eo_onnx *x, const char *name, enum eo_onnx_type type, int dims,
                    const size_t *shape, const void *data);

/* A value [batch, shape[0], ...], where the size of a batch is open. */
void eo_onnx_port(struct eo_onnx *x, enum eo_onnx_role role, const char *name, enum eo_onnx_type type,
                  int dims, const size_t *shape);

/*
 * A node and its one output, both called `name`. `inputs` are names, "" for one that is left out; NULL ends the list.
 * attributes may be NULL.
 */
void eo_onnx_node(struct eo_onnx *x, const char *operator_type, const char *name, const char *const *inputs,
                  const struct eo_onnx_attribute *attributes);

void eo_onnx_meta(struct eo_onnx *x, const char *key, const char *value);

/* Appends the file to `out`. `graph` is the name of the graph. */
int eo_onnx_finish(struct eo_onnx *x, const char *graph, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;
void eo_onnx_release(struct eo_onnx *x);

#endif
