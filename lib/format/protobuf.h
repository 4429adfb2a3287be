/*
 * Reads the wire form of protocol buffers, https://protobuf.dev/programming-guides/encoding/, in place: a message is a
 * sequence of fields, each a number and a value, whose meaning only the caller knows. Groups are refused.
 */
#ifndef EO_FORMAT_PROTOBUF_H
#define EO_FORMAT_PROTOBUF_H

#include <stdint.h>

enum eo_pb_wire { EO_PB_VARINT, EO_PB_FIXED64, EO_PB_BYTES, EO_PB_FIXED32 = 5 };

struct eo_pb_bytes {
    const unsigned char *at, *end;
};

struct eo_pb_field {
    int number, wire;         /* enum eo_pb_wire */
    uint64_t value;           /* 0 for EO_PB_BYTES */
    struct eo_pb_bytes bytes; /* for EO_PB_BYTES: a text, a message or a packed list; else NULL and NULL */
};

/* Reads the next field of a message and moves `in` behind it: 1, 0 at the end, -1 if the bytes are no field. */
int eo_pb_next(struct eo_pb_bytes *in, struct eo_pb_field *f);

/*
 * The integers of a packed list: the first `max` of them go into `out`. Returns how many there are, or -1 if the bytes
 * are no such list.
 */
long eo_pb_varints(struct eo_pb_bytes list, int64_t *out, long max);

#endif
