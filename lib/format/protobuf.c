#include "format/protobuf.h"

#include <string.h>

/* Returns 0, or -1 if the number does not end within the bytes, or within ten of them. */
static int read_varint(struct eo_pb_bytes *in, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; shift < 70 && in->at < in->end; shift += 7) {
        *v |= (uint64_t)(*in->at & 127) << shift;
        if (*in->at++ < 128)
            return 0;
    }
    return -1;
}

static int read_fixed(struct eo_pb_bytes *in, int size, uint64_t *v)
{
    if (in->end - in->at < size)
        return -1;
    *v = 0;
    for (int i = size - 1; i >= 0; i--)
        *v = *v << 8 | in->at[i];
    in->at += size;
    return 0;
}

/* Reads the value after a field's key. */
static int read_value(struct eo_pb_bytes *in, struct eo_pb_field *f)
{
    uint64_t n;

    switch (f->wire) {
    case EO_PB_VARINT:
        return read_varint(in, &f->value);
    case EO_PB_FIXED64:
        return read_fixed(in, 8, &f->value);
    case EO_PB_FIXED32:
        return read_fixed(in, 4, &f->value);
    case EO_PB_BYTES:
        if (read_varint(in, &n) || n > (uint64_t)(in->end - in->at))
            return -1;
        f->bytes = (struct eo_pb_bytes){in->at, in->at + n};
        in->at += n;
        return 0;
    default:
        return -1;
    }
}

int eo_pb_next(struct eo_pb_bytes *in, struct eo_pb_field *f)
{
    uint64_t key;

    memset(f, 0, sizeof(*f));
    if (in->at == in->end)
        return 0;
    if (read_varint(in, &key) || key >> 3 < 1 || key >> 3 > INT32_MAX)
        return -1;
    f->number = (int)(key >> 3);
    f->wire = (int)(key & 7);
    return read_value(in, f) ? -1 : 1;
}

long eo_pb_varints(struct eo_pb_bytes list, int64_t *out, long max)
{
    long count = 0;
    uint64_t v;

    for (; list.at < list.end; count++) {
        if (read_varint(&list, &v))
            return -1;
        if (count < max)
            out[count] = (int64_t)v;
    }
    return count;
}
