#include "format/onnx.h"

#include <string.h>

#include "base/mem.h"
#include "base/version.h"

#define IR_VERSION 7 /* of ONNX 1.8, which brought operator set 13 */

/* ---- protocol buffers ------------------------------------------------------------------------------------------ */

enum wire { VARINT, BYTES = 2 };

static void put_varint(struct eo_buf *out, uint64_t v)
{
    unsigned char bytes[10];
    size_t n = 0;

    for (; v >= 128; v >>= 7)
        bytes[n++] = (unsigned char)(v | 128);
    bytes[n++] = (unsigned char)v;
    eo_buf_append(out, bytes, n);
}

static void put_number(struct eo_buf *out, int field, int64_t v)
{
    put_varint(out, (uint64_t)field << 3 | VARINT);
    put_varint(out, (uint64_t)v);
}

static void put_bytes(struct eo_buf *out, int field, const void *bytes, size_t n)
{
    put_varint(out, (uint64_t)field << 3 | BYTES);
    put_varint(out, n);
    eo_buf_append(out, bytes, n);
}

static void put_text(struct eo_buf *out, int field, const char *text)
{
    put_bytes(out, field, text, strlen(text));
}

/* Appends `part` as a whole message and releases it. */
static void put_message(struct eo_buf *out, int field, struct eo_buf *part)
{
    if (part->missing && !out->missing)
        out->missing = part->missing;
    put_bytes(out, field, part->data, part->len);
    eo_buf_release(part);
}

/* ---- messages of ONNX ------------------------------------------------------------------------------------------ */

size_t eo_onnx_type_bytes(int type)
{
    switch (type) {
    case EO_ONNX_U8:
    case EO_ONNX_S8:
    case EO_ONNX_BOOLEAN:
        return 1;
    case EO_ONNX_U16:
    case EO_ONNX_S16:
    case EO_ONNX_F16:
    case EO_ONNX_BF16:
        return 2;
    case EO_ONNX_F32:
    case EO_ONNX_S32:
        return 4;
    case EO_ONNX_S64:
    case EO_ONNX_F64:
        return 8;
    default:
        return 0;
    }
}

/* TensorProto */
void eo_onnx_tensor(struct eo_onnx *x, const char *name, enum eo_onnx_type type, int dims,
                    const size_t *shape, const void *data)
{
    struct eo_buf tensor = {0}, raw = {0};
    size_t count = 1;

    for (int i = 0; i < dims; i++) {
        put_number(&tensor, 1, (int64_t)shape[i]);
        count *= shape[i];
    }
    put_number(&tensor, 2, type);
    put_text(&tensor, 8, name);
    eo_buf_append_little_endian(&raw, data, count, eo_onnx_type_bytes(type));
    put_message(&tensor, 9, &raw);
    put_message(&x->tensors, 5, &tensor);
}

/* ValueInfoProto, with TypeProto, TypeProto.Tensor, TensorShapeProto and its Dimension in it */
void eo_onnx_port(struct eo_onnx *x, enum eo_onnx_role role, const char *name, enum eo_onnx_type type,
                  int dims, const size_t *shape)
{
    static const int field[EO_ONNX_ROLES] = {11, 12, 13};
    struct eo_buf value = {0}, any = {0}, tensor = {0}, sizes = {0}, dim = {0};

    put_text(&dim, 2, "batch");
    put_message(&sizes, 1, &dim);
    for (int i = 0; i < dims; i++) {
        put_number(&dim, 1, (int64_t)shape[i]);
        put_message(&sizes, 1, &dim);
    }
    put_number(&tensor, 1, type);
    put_message(&tensor, 2, &sizes);
    put_message(&any, 1, &tensor);
    put_text(&value, 1, name);
    put_message(&value, 2, &any);
    put_message(&x->ports[role], field[role], &value);
}

/* AttributeProto */
static void put_attribute(struct eo_buf *node, const struct eo_onnx_attribute *a)
{
    enum { INT = 2, INTS = 7 };
    struct eo_buf attribute = {0};

    put_text(&attribute, 1, a->name);
    if (a->count == 0)
        put_number(&attribute, 3, a->value[0]);
    for (int i = 0; i < a->count; i++)
        put_number(&attribute, 8, a->value[i]);
    put_number(&attribute, 20, a->count ? INTS : INT);
    put_message(node, 5, &attribute);
}

/* NodeProto */
void eo_onnx_node(struct eo_onnx *x, const char *operator_type, const char *name, const char *const *inputs,
                  const struct eo_onnx_attribute *attributes)
{
    struct eo_buf node = {0};

    for (; *inputs; inputs++)
        put_text(&node, 1, *inputs);
    put_text(&node, 2, name);
    put_text(&node, 3, name);
    put_text(&node, 4, operator_type);
    for (; attributes && attributes->name; attributes++)
        put_attribute(&node, attributes);
    put_message(&x->nodes, 1, &node);
}

/* StringStringEntryProto */
void eo_onnx_meta(struct eo_onnx *x, const char *key, const char *value)
{
    struct eo_buf entry = {0};

    put_text(&entry, 1, key);
    put_text(&entry, 2, value);
    put_message(&x->meta, 14, &entry);
}

static void put_part(struct eo_buf *out, struct eo_buf *part)
{
    if (part->missing && !out->missing)
        out->missing = part->missing;
    eo_buf_append(out, part->data, part->len);
    eo_buf_release(part);
}

/* ModelProto, with OperatorSetIdProto and GraphProto in it */
int eo_onnx_finish(struct eo_onnx *x, const char *graph_name, struct eo_buf *out, struct eo_err *err)
{
    struct eo_buf graph = {0}, opset = {0};

    put_part(&graph, &x->nodes);
    put_text(&graph, 2, graph_name);
    put_part(&graph, &x->tensors);
    for (int role = 0; role < EO_ONNX_ROLES; role++)
        put_part(&graph, &x->ports[role]);
    put_number(&opset, 2, EO_ONNX_OPSET);
    put_number(out, 1, IR_VERSION);
    put_text(out, 2, "edge-opt");
    put_text(out, 3, EO_VERSION);
    put_message(out, 7, &graph);
    put_message(out, 8, &opset);
    put_part(out, &x->meta);
    return eo_buf_check(out, err);
}

void eo_onnx_release(struct eo_onnx *x)
{
    eo_buf_release(&x->nodes);
    eo_buf_release(&x->tensors);
    for (int role = 0; role < EO_ONNX_ROLES; role++)
        eo_buf_release(&x->ports[role]);
    eo_buf_release(&x->meta);
}
