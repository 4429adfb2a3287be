#include "format/onnx_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/onnx_read_internal.h"

/* ---- texts ----------------------------------------------------------------------------------------------------- */

int eo_onnx_is(struct eo_onnx_text a, const char *b)
{
    return a.length == (int)strlen(b) && memcmp(a.at, b, (size_t)a.length) == 0;
}

int eo_onnx_is_same(struct eo_onnx_text a, struct eo_onnx_text b)
{
    return a.length == b.length && memcmp(a.at, b.at, (size_t)a.length) == 0;
}

struct eo_onnx_text eo_onnx_text_of(const struct eo_pb_field *f)
{
    ptrdiff_t n = f->bytes.end - f->bytes.at;

    return (struct eo_onnx_text){n ? (const char *)f->bytes.at : "", (int)n};
}

/* ---- messages of ONNX ------------------------------------------------------------------------------------------ */

EO_PRINTF(3, 4)
static int fail_at(const struct eo_onnx_file *file, const unsigned char *at, const char *fmt, ...)
{
    char what[160];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return eo_err_set(file->err, "byte offset %zu: expected %s", (size_t)(at - file->bytes), what);
}

/* Like eo_pb_next(), with an error that names the field's offset and `name`, the ONNX message that it is part of. */
static int next(const struct eo_onnx_file *file, struct eo_pb_bytes *in, struct eo_pb_field *f,
                const char *name)
{
    const unsigned char *at = in->at;
    int more = eo_pb_next(in, f);

    return more < 0
               ? eo_err_set(file->err, "byte offset %zu: expected a field of an ONNX %s, found other bytes",
                            (size_t)(at - file->bytes), name)
               : more;
}

static int is_bytes(const struct eo_onnx_file *file, const struct eo_pb_field *f, const unsigned char *at)
{
    return f->wire == EO_PB_BYTES ? 0 : fail_at(file, at, "a text or message, found a number");
}

static int add_size(const struct eo_onnx_file *file, struct eo_onnx_constant *c, uint64_t size,
                    const unsigned char *at)
{
    if (c->dims == EO_ONNX_MAX_DIMS || size > SIZE_MAX / 2)
        return fail_at(file, at, "a constant of at most %d sizes, each at least 0", EO_ONNX_MAX_DIMS);
    c->shape[c->dims++] = (size_t)size;
    return 0;
}

/* Adds one size, or a packed list of them. */
static int add_sizes(const struct eo_onnx_file *file, struct eo_onnx_constant *c, const struct eo_pb_field *f,
                     const unsigned char *at)
{
    int64_t size[EO_ONNX_MAX_DIMS];
    long count;

    if (f->wire != EO_PB_BYTES)
        return add_size(file, c, f->value, at);
    count = eo_pb_varints(f->bytes, size, EO_ONNX_MAX_DIMS);
    if (count < 0 || count > EO_ONNX_MAX_DIMS)
        return fail_at(file, at, "at most %d sizes of a constant", EO_ONNX_MAX_DIMS);
    for (long i = 0; i < count; i++) {
        if (add_size(file, c, (uint64_t)size[i], at))
            return -1;
    }
    return 0;
}

static int finish_constant(const struct eo_onnx_file *file, struct eo_onnx_constant *c,
                           const unsigned char *at)
{
    c->count = 1;
    for (int i = 0; i < c->dims; i++) {
        if (eo_size_mul(c->count, c->shape[i], &c->count))
            return fail_at(file, at, "a constant whose size does not overflow");
    }
    return 0;
}

static int keep_list(const struct eo_onnx_file *file, struct eo_onnx_constant *c, const struct eo_pb_field *f,
                     const unsigned char *at)
{
    if (f->wire != EO_PB_BYTES || c->list.at)
        return fail_at(file, at, "the numbers of a constant in one packed list");
    c->list = f->bytes;
    return 0;
}

/* TensorProto */
int eo_onnx_read_constant(const struct eo_onnx_file *file, struct eo_pb_bytes in, struct eo_onnx_constant *c)
{
    const unsigned char *start = in.at, *at = in.at;
    struct eo_pb_field f;
    int more;

    memset(c, 0, sizeof(*c));
    c->name.at = "";
    for (; (more = next(file, &in, &f, "constant")) > 0; at = in.at) {
        if (f.number == 1 && add_sizes(file, c, &f, at))
            return -1;
        if (f.number == 2)
            c->type = f.value < 100 ? (int)f.value : 0;
        if ((f.number == 4 || f.number == 5 || f.number == 7 || f.number == 10) && keep_list(file, c, &f, at))
            return -1;
        if ((f.number == 8 || f.number == 9) && is_bytes(file, &f, at))
            return -1;
        if (f.number == 8)
            c->name = eo_onnx_text_of(&f);
        if (f.number == 9)
            c->raw = f.bytes;
        if (f.number == 13 || (f.number == 14 && f.value == 1))
            return fail_at(file, at,
                           "the numbers of a constant in this file, found external_data: save the model "
                           "without it");
    }
    return more < 0 ? -1 : finish_constant(file, c, start);
}

/* AttributeProto */
static int check_attribute(const struct eo_onnx_file *file, struct eo_pb_bytes in)
{
    struct eo_onnx_constant c;
    const unsigned char *at = in.at;
    struct eo_pb_field f;
    int more;

    for (; (more = next(file, &in, &f, "attribute")) > 0; at = in.at) {
        int is_message = f.number == 1 || f.number == 4 || f.number == 5 || f.number == 6;

        if (is_message && is_bytes(file, &f, at))
            return -1;
        if (f.number == 5 && eo_onnx_read_constant(file, f.bytes, &c))
            return -1;
        if (f.number == 6 || f.number == 11)
            return fail_at(file, at, "nodes without a graph of their own (If, Loop, Scan)");
    }
    return more;
}

static int add_port(const struct eo_onnx_file *file, const struct eo_pb_field *f, const unsigned char *at,
                    struct eo_onnx_text *ports, int *count)
{
    if (*count == EO_ONNX_MAX_PORTS)
        return fail_at(file, at, "at most %d inputs and as many outputs of a node, found more",
                       EO_ONNX_MAX_PORTS);
    ports[(*count)++] = eo_onnx_text_of(f);
    return 0;
}

/* NodeProto */
static int read_node(const struct eo_onnx_file *file, struct eo_pb_bytes in, struct eo_onnx_node *n)
{
    const unsigned char *at = in.at;
    struct eo_pb_field f;
    int more;

    n->message = in;
    n->type.at = n->name.at = n->domain.at = "";
    for (; (more = next(file, &in, &f, "node")) > 0; at = in.at) {
        if ((f.number <= 5 || f.number == 7) && is_bytes(file, &f, at))
            return -1;
        if ((f.number == 1 && add_port(file, &f, at, n->input, &n->inputs)) ||
            (f.number == 2 && add_port(file, &f, at, n->output, &n->outputs)) ||
            (f.number == 5 && check_attribute(file, f.bytes)))
            return -1;
        if (f.number == 3)
            n->name = eo_onnx_text_of(&f);
        if (f.number == 4)
            n->type = eo_onnx_text_of(&f);
        if (f.number == 7)
            n->domain = eo_onnx_text_of(&f);
    }
    return more;
}

/* TensorShapeProto.Dimension: its size */
static int read_size(const struct eo_onnx_file *file, struct eo_pb_bytes in, int64_t *size)
{
    struct eo_pb_field f;
    int more;

    *size = EO_ONNX_OPEN;
    while ((more = next(file, &in, &f, "size")) > 0) {
        if (f.number == 1 && f.wire == EO_PB_VARINT && f.value <= INT32_MAX)
            *size = (int64_t)f.value;
    }
    return more;
}

/*
 * ValueInfoProto holds TypeProto, that TypeProto.Tensor, and that TensorShapeProto. `depth` says which of them is being
 * read, and inner[depth] is the number of the field that holds the next one (the last one holds the sizes).
 */
static int read_shape(const struct eo_onnx_file *file, struct eo_pb_bytes message, struct eo_onnx_input *v)
{
    static const int inner[] = {2, 1, 2, 1};
    struct eo_pb_bytes level[4] = {message};
    const unsigned char *at;
    struct eo_pb_field f;
    int depth = 0, more;

    while (depth >= 0) {
        at = level[depth].at;
        more = next(file, &level[depth], &f, "value");
        if (more < 0)
            return -1;
        if (more == 0)
            depth--;
        else if (depth == 0 && f.number == 1)
            v->name = eo_onnx_text_of(&f);
        else if (depth == 2 && f.number == 1)
            v->type = f.value < 100 ? (int)f.value : 0;
        else if (f.number != inner[depth])
            continue;
        else if (is_bytes(file, &f, at))
            return -1;
        else if (depth < 3)
            level[++depth] = f.bytes;
        else if (v->dims == EO_ONNX_MAX_DIMS)
            return fail_at(file, at, "an input of at most %d sizes", EO_ONNX_MAX_DIMS);
        else if (read_size(file, f.bytes, &v->shape[v->dims++]))
            return -1;
    }
    return 0;
}

static int is_constant(const struct eo_onnx_graph *g, struct eo_onnx_text name)
{
    for (int i = 0; i < g->constant_count; i++) {
        if (eo_onnx_is_same(g->constant[i].name, name))
            return 1;
    }
    return 0;
}

static int read_port(const struct eo_onnx_file *file, const struct eo_pb_field *f, const unsigned char *at,
                     struct eo_onnx_graph *g)
{
    struct eo_onnx_input v = {.name = {"", 0}};

    if (read_shape(file, f->bytes, &v))
        return -1;
    if (f->number == 11 && is_constant(g, v.name))
        return 0; /* old files list constants as inputs with a default */
    if ((f->number == 11 ? g->input_count : g->output_count) == EO_ONNX_MAX_PORTS)
        return fail_at(file, at, "at most %d inputs and as many outputs of the graph, found more",
                       EO_ONNX_MAX_PORTS);
    if (f->number == 11)
        g->input[g->input_count++] = v;
    else
        g->output[g->output_count++] = v.name;
    return 0;
}

/* Counts the fields with that number in a graph. Each must be bytes. */
static int count_fields(const struct eo_onnx_file *file, struct eo_pb_bytes in, int number, int max,
                        int *count)
{
    const unsigned char *at = in.at;
    struct eo_pb_field f;
    int more;

    *count = 0;
    for (; (more = next(file, &in, &f, "graph")) > 0; at = in.at) {
        if (f.number != number)
            continue;
        if (is_bytes(file, &f, at))
            return -1;
        if (++*count > max)
            return eo_err_set(file->err, "expected at most %d %s, found more", max,
                              number == 1   ? "nodes"
                              : number == 5 ? "constants"
                                            : "inputs");
    }
    return more;
}

static int allocate(const struct eo_onnx_file *file, struct eo_pb_bytes in, struct eo_onnx_graph *g)
{
    int nodes, constants, inputs;

    if (count_fields(file, in, 1, EO_ONNX_MAX_NODES, &nodes) ||
        count_fields(file, in, 5, EO_ONNX_MAX_CONSTANTS, &constants) ||
        count_fields(file, in, 11, EO_ONNX_MAX_CONSTANTS + EO_ONNX_MAX_PORTS, &inputs))
        return -1;
    g->node = eo_alloc((size_t)nodes, sizeof(*g->node), file->err);
    g->constant = g->node ? eo_alloc((size_t)constants, sizeof(*g->constant), file->err) : NULL;
    return g->constant ? 0 : -1;
}

/* GraphProto. Reads constants first, because an input with the name of a constant is left out. */
static int read_graph(const struct eo_onnx_file *file, struct eo_pb_bytes in, struct eo_onnx_graph *g)
{
    if (allocate(file, in, g))
        return -1;
    for (int pass = 0; pass < 2; pass++) {
        struct eo_pb_bytes rest = in;
        const unsigned char *at = rest.at;
        struct eo_pb_field f;
        int more;

        for (; (more = next(file, &rest, &f, "graph")) > 0; at = rest.at) {
            if (f.number == 15)
                return fail_at(file, at, "no sparse constants");
            if (pass == 0 && f.number == 5 &&
                eo_onnx_read_constant(file, f.bytes, &g->constant[g->constant_count++]))
                return -1;
            if (pass == 0)
                continue;
            if (f.number == 1 && read_node(file, f.bytes, &g->node[g->node_count++]))
                return -1;
            if ((f.number == 11 || f.number == 12) && (is_bytes(file, &f, at) || read_port(file, &f, at, g)))
                return -1;
        }
        if (more < 0)
            return -1;
    }
    return 0;
}

/* OperatorSetIdProto */
static int check_opset(const struct eo_onnx_file *file, struct eo_pb_bytes in)
{
    struct eo_pb_field f;
    int more;

    while ((more = next(file, &in, &f, "operator set")) > 0)
        continue;
    return more;
}

/* ModelProto */
static int read_model(const struct eo_onnx_file *file, struct eo_pb_bytes in, struct eo_onnx_graph *g)
{
    const unsigned char *at = in.at;
    int more, has_graph = 0;
    struct eo_pb_field f;

    for (; (more = next(file, &in, &f, "file")) > 0; at = in.at) {
        if ((f.number == 7 || f.number == 8 || f.number == 25) && is_bytes(file, &f, at))
            return -1;
        if (f.number == 25)
            return fail_at(file, at, "no functions of the file's own");
        if (f.number == 7 && has_graph++)
            return fail_at(file, at, "one graph, found another");
        if ((f.number == 7 && read_graph(file, f.bytes, g)) || (f.number == 8 && check_opset(file, f.bytes)))
            return -1;
    }
    return more < 0     ? -1
           : !has_graph ? eo_err_set(file->err, "expected an ONNX file, found one without a graph")
                        : 0;
}

int eo_onnx_read(struct eo_onnx_graph *g, const void *bytes, size_t size, struct eo_err *err)
{
    const struct eo_onnx_file file = {bytes, err};

    memset(g, 0, sizeof(*g));
    if (size == 0 || size > INT32_MAX)
        return eo_err_set(err, "expected an ONNX file of 1 to %d bytes, found %zu", INT32_MAX, size);
    if (read_model(&file, (struct eo_pb_bytes){file.bytes, file.bytes + size}, g)) {
        eo_onnx_graph_release(g);
        return -1;
    }
    return 0;
}

void eo_onnx_graph_release(struct eo_onnx_graph *g)
{
    free(g->node);
    free(g->constant);
    memset(g, 0, sizeof(*g));
}
