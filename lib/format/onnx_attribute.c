/* Attributes of nodes. eo_onnx_read() has already checked their messages. */
#include <string.h>

#include "format/onnx_read_internal.h"

/* Finds the message of an attribute. */
static int find_attribute(const struct eo_onnx_node *n, const char *name, struct eo_pb_bytes *out)
{
    struct eo_pb_bytes node = n->message;
    struct eo_pb_field a, f;

    while (eo_pb_next(&node, &a) > 0) {
        struct eo_pb_bytes in = a.bytes;

        while (a.number == 5 && eo_pb_next(&in, &f) > 0) {
            if (f.number != 1 || !eo_onnx_is(eo_onnx_text_of(&f), name))
                continue;
            *out = a.bytes;
            return 1;
        }
    }
    return 0;
}

/* Finds the field with that number in an attribute. */
static int find_value(const struct eo_onnx_node *n, const char *name, int number, struct eo_pb_field *f)
{
    struct eo_pb_bytes in;

    if (!find_attribute(n, name, &in))
        return 0;
    while (eo_pb_next(&in, f) > 0) {
        if (f->number == number)
            return 1;
    }
    return 0;
}

int64_t eo_onnx_int(const struct eo_onnx_node *n, const char *name, int64_t otherwise)
{
    struct eo_pb_field f;

    return find_value(n, name, 3, &f) ? (int64_t)f.value : otherwise;
}

float eo_onnx_float(const struct eo_onnx_node *n, const char *name, float otherwise)
{
    struct eo_pb_field f;
    uint32_t bits;
    float x;

    if (!find_value(n, name, 2, &f) || f.wire != EO_PB_FIXED32)
        return otherwise;
    bits = (uint32_t)f.value;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

int eo_onnx_ints(const struct eo_onnx_node *n, const char *name, int64_t *out, int max)
{
    struct eo_pb_bytes in;
    struct eo_pb_field f;
    long count = 0;

    if (!find_attribute(n, name, &in))
        return -1;
    while (eo_pb_next(&in, &f) > 0 && count <= max) {
        if (f.number != 8)
            continue;
        if (f.wire == EO_PB_BYTES) {
            long more =
                eo_pb_varints(f.bytes, out + (count < max ? count : max), max > count ? max - count : 0);

            count = more < 0 ? max + 1 : count + more;
        } else {
            if (count < max)
                out[count] = (int64_t)f.value;
            count++;
        }
    }
    return count > max ? max + 1 : (int)count;
}

struct eo_onnx_text eo_onnx_string(const struct eo_onnx_node *n, const char *name)
{
    struct eo_pb_field f;

    return find_value(n, name, 4, &f) ? eo_onnx_text_of(&f) : (struct eo_onnx_text){"", 0};
}

int eo_onnx_tensor_of(const struct eo_onnx_node *n, const char *name, struct eo_onnx_constant *c)
{
    struct eo_onnx_file file = {n->message.at, NULL};
    struct eo_pb_field f;

    return find_value(n, name, 5, &f) && eo_onnx_read_constant(&file, f.bytes, c) == 0;
}
