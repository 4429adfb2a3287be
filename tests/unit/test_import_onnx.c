/* stage/import/onnx.h: what becomes of the operators of a graph, and which graphs are refused. */
#include "stage/import/onnx.h"

#include <stdio.h>
#include <string.h>

#include "format/onnx.h"
#include "tests/unit/check.h"

/* A constant whose numbers are 1, 2, 3, ..., or all `value` where that is not 0; integers are cut. */
struct constant {
    const char *name;
    enum eo_onnx_type type;
    int dims;
    size_t shape[4];
    float value;
};

struct node {
    const char *type, *name;
    const char *inputs[4];
    struct eo_onnx_attribute attributes[4];
    const char *text[2]; /* an attribute that is a text: its name and value */
    const char *domain;
};

/* A graph from input 'x' to the last of its nodes, behind which come Flatten and MatMul with `terms` x 2 ones. */
struct graph {
    const char *what;
    enum eo_onnx_type type;
    int dims;
    size_t shape[3];
    struct constant constants[4];
    struct node nodes[10];
    size_t terms;
    const char *expected; /* network, input and weight 1 of the first layer; or the message */
};

/* ---- files ----------------------------------------------------------------------------------------------------- */

static void put_text(struct eo_buf *out, int field, const char *text)
{
    unsigned char head[2] = {(unsigned char)(field << 3 | 2), (unsigned char)strlen(text)};

    eo_buf_append(out, head, 2);
    eo_buf_append(out, text, strlen(text));
}

/* eo_onnx_node(), with what it does not write: a text as attribute, and a domain. Messages stay below 128 bytes. */
static void put_node(struct eo_onnx *x, const struct node *n)
{
    struct eo_onnx one = {0};
    struct eo_buf attribute = {0};

    eo_onnx_node(&one, n->type, n->name, n->inputs, n->attributes);
    if (n->text[0]) {
        put_text(&attribute, 1, n->text[0]);
        put_text(&attribute, 4, n->text[1]);
        eo_buf_append(&attribute, "", 1);
        put_text(&one.nodes, 5, attribute.data);
    }
    if (n->domain)
        put_text(&one.nodes, 7, n->domain);
    check_that(one.nodes.len < 130, "%s: a node of %zu bytes", n->name, one.nodes.len);
    one.nodes.data[1] = (char)(one.nodes.len - 2);
    eo_buf_append(&x->nodes, one.nodes.data, one.nodes.len);
    eo_buf_release(&attribute);
    eo_onnx_release(&one);
}

static void put_constant(struct eo_onnx *x, const struct constant *c)
{
    static float real[4096];
    static int64_t wide[4096];
    static signed char small[4096];
    size_t count = 1;

    for (int d = 0; d < c->dims; d++)
        count *= c->shape[d];
    for (size_t i = 0; i < count; i++) {
        real[i] = c->value != 0 ? c->value : (float)i + 1;
        wide[i] = (int64_t)real[i];
        small[i] = (signed char)real[i];
    }
    eo_onnx_tensor(x, c->name, c->type, c->dims, c->shape,
                   c->type == EO_ONNX_F32   ? (const void *)real
                   : c->type == EO_ONNX_S64 ? (const void *)wide
                                            : small);
}

static int make_file(const struct graph *g, struct eo_buf *file, struct eo_err *err)
{
    const struct constant ones = {"w", EO_ONNX_F32, 2, {g->terms, 2}, 1};
    struct eo_onnx x = {0};
    const char *last = "x";
    int rc;

    eo_onnx_port(&x, EO_ONNX_INPUT, "x", g->type, g->dims, g->shape);
    for (int i = 0; i < 4 && g->constants[i].name; i++)
        put_constant(&x, &g->constants[i]);
    put_constant(&x, &ones);
    for (int i = 0; i < 10 && g->nodes[i].name; i++) {
        put_node(&x, &g->nodes[i]);
        last = g->nodes[i].name;
    }
    eo_onnx_node(&x, "Flatten", "flat", (const char *[]){last, NULL}, NULL);
    eo_onnx_node(&x, "MatMul", "y", (const char *[]){"flat", "w", NULL}, NULL);
    eo_onnx_port(&x, EO_ONNX_OUTPUT, "y", EO_ONNX_F32, 1, (const size_t[]){2});
    rc = eo_onnx_finish(&x, "graph", file, err);
    eo_onnx_release(&x);
    return rc;
}

static void print_model(const struct eo_model *m, struct eo_buf *out)
{
    const char *mean = eo_model_meta_get(m, "input_mean"), *std = eo_model_meta_get(m, "input_std");

    eo_network_print(&m->network, "; ", out);
    if (mean)
        eo_buf_printf(out, " mean %s std %s", mean, std);
    eo_buf_printf(out, " weight %g", (double)m->layer[0].weight.f32[1]);
}

static void check_graph(const struct graph *g)
{
    struct eo_buf file = {0}, notes = {0}, found = {0};
    struct eo_err err = {""};
    struct eo_model m = {0};

    if (make_file(g, &file, &err) || eo_import_onnx(&m, file.data, file.len, &notes, &err))
        eo_buf_puts(&found, err.msg);
    else
        print_model(&m, &found);
    check_text(g->what, g->expected, found.data);
    eo_model_release(&m);
    eo_buf_release(&file);
    eo_buf_release(&notes);
    eo_buf_release(&found);
}

/* ---- graphs ---------------------------------------------------------------------------------------------------- */

#define MAP(c, h, w)                                                                                         \
    EO_ONNX_F32, 3,                                                                                          \
    {                                                                                                        \
        c, h, w                                                                                              \
    }
#define BYTES(c, h, w)                                                                                       \
    EO_ONNX_U8, 3,                                                                                           \
    {                                                                                                        \
        c, h, w                                                                                              \
    }
#define SIGNAL(c, n)                                                                                         \
    EO_ONNX_F32, 2,                                                                                          \
    {                                                                                                        \
        c, n                                                                                                 \
    }
#define KERNEL(...)                                                                                          \
    {                                                                                                        \
        "k", EO_ONNX_F32, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}, 0                 \
    }
#define REAL(name, value)                                                                                    \
    {                                                                                                        \
        name, EO_ONNX_F32, 0, {0}, value                                                                     \
    }
#define CONV(from)                                                                                           \
    {                                                                                                        \
        "Conv", "c", {from, "k"}, {{0}}, {0}, NULL                                                           \
    }
#define NODE(type, name, ...)                                                                                \
    {                                                                                                        \
        type, name, {__VA_ARGS__}, {{0}}, {0}, NULL                                                          \
    }

static const struct graph graphs[] = {
    {"one scale has no axis, low",
     MAP(1, 2, 2),
     {{"q", EO_ONNX_S8, 4, {2, 1, 1, 1}, 0}, REAL("s", 0.5f)},
     {{"DequantizeLinear", "k", {"q", "s"}, {{"axis", 0, {-2147483000}}}, {0}, NULL}, CONV("x")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 1"},
    {"one scale has no axis, high",
     MAP(1, 2, 2),
     {{"q", EO_ONNX_S8, 4, {2, 1, 1, 1}, 0}, REAL("s", 0.5f)},
     {{"DequantizeLinear", "k", {"q", "s"}, {{"axis", 0, {INT32_MAX}}}, {0}, NULL}, CONV("x")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 1"},
    {"an axis beyond 32 bits",
     MAP(1, 2, 2),
     {{"q", EO_ONNX_S8, 4, {2, 1, 1, 1}, 0}, {"s", EO_ONNX_F32, 1, {2}, 0}},
     {{"DequantizeLinear", "k", {"q", "s"}, {{"axis", 0, {(int64_t)1 << 32}}}, {0}, NULL}, CONV("x")},
     8,
     "operator 'DequantizeLinear', node 'k': expected one scale and zero point, or one of each along the "
     "axis"},
    {"a scale for each channel",
     MAP(1, 2, 2),
     {{"q", EO_ONNX_S8, 4, {2, 1, 1, 1}, 0}, {"s", EO_ONNX_F32, 1, {2}, 0}},
     {{"DequantizeLinear", "k", {"q", "s"}, {{"axis", 0, {0}}}, {0}, NULL}, CONV("x")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 4"},
    {"dequantised twice",
     MAP(1, 2, 2),
     {{"q", EO_ONNX_S8, 4, {2, 1, 1, 1}, 0}, REAL("s", 0.5f)},
     {NODE("DequantizeLinear", "r", "q", "s"), NODE("QuantizeLinear", "t", "r", "s"),
      NODE("DequantizeLinear", "k", "t", "s"), CONV("x")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 1"},
    {"dequantised input",
     BYTES(1, 2, 2),
     {KERNEL(2, 1, 1, 1), REAL("s", 0.5f)},
     {NODE("DequantizeLinear", "d", "x", "s"), CONV("d")},
     8,
     "operator 'DequantizeLinear', node 'd': expected QuantizeLinear in front of it"},
    {"quantised and dequantised input",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), REAL("s", 0.5f)},
     {NODE("QuantizeLinear", "q", "x", "s"), NODE("DequantizeLinear", "d", "q", "s"), CONV("d")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 2"},
    {"reshape to nothing",
     EO_ONNX_F32,
     1,
     {1},
     {{"to", EO_ONNX_S64, 1, {3}, 0.25f}},
     {NODE("Reshape", "r", "x", "to")},
     1,
     "operator 'Reshape', node 'r': expected the shape of the input, or N x 1"},
    {"same pooling that pads",
     MAP(1, 15, 15),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"),
      {"MaxPool",
       "p",
       {"c"},
       {{"kernel_shape", 2, {3, 3}}, {"strides", 2, {2, 2}}},
       {"auto_pad", "SAME_UPPER"},
       NULL}},
     64,
     "operator 'MaxPool', node 'p': expected windows that fit the map of 15 x 15 without padding"},
    {"same pooling that pads one size",
     MAP(1, 4, 5),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"),
      {"AveragePool",
       "p",
       {"c"},
       {{"kernel_shape", 2, {2, 2}}, {"strides", 2, {2, 2}}},
       {"auto_pad", "SAME_LOWER"},
       NULL}},
     6,
     "operator 'AveragePool', node 'p': expected windows that fit the map of 4 x 5 without padding"},
    {"same pooling that fits",
     MAP(1, 4, 4),
     {KERNEL(2, 1, 1, 1)},
     {CONV("x"),
      {"MaxPool",
       "p",
       {"c"},
       {{"kernel_shape", 2, {2, 2}}, {"strides", 2, {2, 2}}},
       {"auto_pad", "SAME_UPPER"},
       NULL}},
     8,
     "input 1x4x4; conv1: conv 2 1x1 max 2x2; fc1: linear 2 weight 2"},
    {"pooling with ceil_mode",
     MAP(1, 5, 5),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"),
      {"MaxPool",
       "p",
       {"c"},
       {{"kernel_shape", 2, {2, 2}}, {"strides", 2, {2, 2}}, {"ceil_mode", 0, {1}}},
       {0},
       NULL}},
     9,
     "operator 'MaxPool', node 'p': expected windows that fit the map of 5 x 5 without padding"},
    {"input of p / 255",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), REAL("mean", 0.125f), REAL("std", 0.25f)},
     {NODE("Sub", "s", "x", "mean"), NODE("Div", "d", "s", "std"), CONV("d")},
     8,
     "input: expected arithmetic on grey values of 0..255, found a factor of 4, as for p / 255: export "
     "without it and "
     "give --input-mean and --input-std"},
    {"input of grey values",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), REAL("mean", 51), REAL("std", 510)},
     {NODE("Sub", "s", "x", "mean"), NODE("Div", "d", "s", "std"), CONV("d")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 mean 0.2 std 2.0 weight 2"},
    {"bytes with a factor",
     BYTES(1, 2, 2),
     {KERNEL(2, 1, 1, 1), REAL("std", 0.51f)},
     {NODE("Div", "d", "x", "std"), CONV("d")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 mean 0.0 std 0.002 weight 2"},
    {"input of large numbers",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), REAL("std", 5e6f)},
     {NODE("Div", "d", "x", "std"), CONV("d")},
     8,
     "input: expected (p / 255 - mean) / std of a grey value p, with a mean in -10..10 and a std in "
     "0.001..1000, found "
     "0 and 19607.8: export without it and give --input-mean and --input-std"},
    {"shared input",
     MAP(1, 2, 2),
     {KERNEL(1, 1, 1, 1), REAL("mean", 51)},
     {NODE("Sub", "s", "x", "mean"), CONV("s"), NODE("Add", "a", "c", "x")},
     4,
     "operator 'Sub', node 's': expected that no other node reads the input before it"},
    {"numbers along the width",
     MAP(1, 8, 8),
     {KERNEL(8, 1, 1, 1), {"b", EO_ONNX_F32, 1, {8}, 0}},
     {CONV("x"), NODE("Add", "a", "c", "b")},
     512,
     "operator 'Add', node 'a': expected one number, or one for each of 8 channels: expected the shape C x 1 "
     "x 1"},
    {"numbers of the input along the width",
     MAP(3, 3, 3),
     {KERNEL(1, 3, 1, 1), {"b", EO_ONNX_F32, 1, {3}, 0}},
     {NODE("Sub", "s", "x", "b"), CONV("s")},
     9,
     "operator 'Sub', node 's': expected one number, or one for each of 3 channels: expected the shape C x 1 "
     "x 1"},
    {"numbers for each channel",
     MAP(1, 8, 8),
     {KERNEL(8, 1, 1, 1), {"b", EO_ONNX_F32, 4, {1, 8, 1, 1}, 0}},
     {CONV("x"), NODE("Add", "a", "c", "b")},
     512,
     "input 1x8x8; conv1: conv 8 1x1; fc1: linear 2 weight 2"},
    {"mean over channels and length",
     SIGNAL(2, 4),
     {KERNEL(2, 2, 1)},
     {CONV("x"), {"ReduceMean", "m", {"c"}, {{"axes", 2, {-2, -1}}}, {0}, NULL}},
     1,
     "operator 'ReduceMean', node 'm': axes: expected that of the length, 2"},
    {"mean over the length",
     SIGNAL(2, 4),
     {KERNEL(2, 2, 1)},
     {CONV("x"), {"ReduceMean", "m", {"c"}, {{"axes", 1, {-1}}, {"keepdims", 0, {0}}}, {0}, NULL}},
     2,
     "input 2x4x1; conv1: conv 2 1x1 mean; fc1: linear 2 weight 2"},
    {"mean over the width",
     MAP(1, 4, 1),
     {KERNEL(2, 1, 1, 1)},
     {CONV("x"), {"ReduceMean", "m", {"c"}, {{"axes", 1, {-1}}}, {0}, NULL}},
     8,
     "operator 'ReduceMean', node 'm': axes: expected those of height and width, 2 and 3"},
    {"mean over the map",
     MAP(1, 4, 4),
     {KERNEL(2, 1, 1, 1)},
     {CONV("x"), {"ReduceMean", "m", {"c"}, {{"axes", 2, {2, -1}}}, {0}, NULL}},
     2,
     "input 1x4x4; conv1: conv 2 1x1 mean; fc1: linear 2 weight 2"},
    {"flatten from the channels, of three sizes",
     SIGNAL(2, 4),
     {KERNEL(2, 2, 1)},
     {CONV("x"), {"Flatten", "f", {"c"}, {{"axis", 0, {-2}}}, {0}, NULL}},
     8,
     "input 2x4x1; conv1: conv 2 1x1; fc1: linear 2 weight 2"},
    {"flatten from the batch",
     SIGNAL(2, 4),
     {KERNEL(2, 2, 1)},
     {CONV("x"), {"Flatten", "f", {"c"}, {{"axis", 0, {-3}}}, {0}, NULL}},
     8,
     "operator 'Flatten', node 'f': axis: expected 1, found -3"},
    {"a domain of another maker",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1)},
     {{"Conv", "c", {"x", "k"}, {{0}}, {0}, "com.acme"}},
     8,
     "operator 'Conv', node 'c': expected an operator of ONNX, found one of domain 'com.acme'"},
    {"the domain of ONNX",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1)},
     {{"Conv", "c", {"x", "k"}, {{0}}, {0}, "ai.onnx"}},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 2"},
    /* ---- what else is refused */
    {"unknown input",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1)},
     {CONV("z")},
     8,
     "operator 'Conv', node 'c': expected an input 1 that is an input of the graph, a constant or made by an "
     "earlier "
     "node"},
    {"weights that are computed",
     MAP(1, 2, 2),
     {REAL("s", 1)},
     {NODE("Conv", "c", "x", "x")},
     8,
     "operator 'Conv', node 'c': expected a constant as input 2, found an activation"},
    {"dilated",
     MAP(1, 4, 4),
     {KERNEL(1, 1, 2, 2)},
     {{"Conv", "c", {"x", "k"}, {{"dilations", 2, {2, 2}}}, {0}, NULL}},
     4,
     "input 1x4x4; conv1: conv 1 3x3; fc1: linear 2 weight 0"},
    {"dilated along one size",
     MAP(1, 4, 4),
     {KERNEL(1, 1, 2, 2)},
     {{"Conv", "c", {"x", "k"}, {{"dilations", 2, {3, 1}}}, {0}, NULL}},
     3,
     "input 1x4x4; conv1: conv 1 4x2; fc1: linear 2 weight 2"},
    {"dilated beyond the limit",
     MAP(1, 4, 4),
     {KERNEL(1, 1, 3, 1)},
     {{"Conv", "c", {"x", "k"}, {{"dilations", 2, {1000, 1}}}, {0}, NULL}},
     4,
     "operator 'Conv', node 'c': dilations: expected a kernel of at most 1024 with them, found 2001 x 1"},
    {"group",
     MAP(4, 2, 2),
     {KERNEL(4, 2, 1, 1)},
     {{"Conv", "c", {"x", "k"}, {{"group", 0, {2}}}, {0}, NULL}},
     16,
     "operator 'Conv', node 'c': expected group 1 or, with one output for each channel, as many as the input "
     "has "
     "channels (4), found group 2"},
    {"stride 0",
     MAP(1, 4, 4),
     {KERNEL(1, 1, 2, 2)},
     {{"Conv", "c", {"x", "k"}, {{"strides", 2, {0, 1}}}, {0}, NULL}},
     4,
     "operator 'Conv', node 'c': strides and dilations: expected numbers from 1"},
    {"negative pads",
     MAP(1, 4, 4),
     {KERNEL(1, 1, 2, 2)},
     {{"Conv", "c", {"x", "k"}, {{"pads", 4, {0, 0, -1, 0}}}, {0}, NULL}},
     4,
     "operator 'Conv', node 'c': pads: expected 4 numbers in 0..1024"},
    {"bias of another size",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"b", EO_ONNX_F32, 1, {3}, 0}},
     {NODE("Conv", "c", "x", "k", "b")},
     8,
     "operator 'Conv', node 'c': expected a bias for each of 2 outputs, found 3"},
    {"pooling of the input",
     MAP(1, 4, 4),
     {REAL("s", 1)},
     {{"MaxPool", "p", {"x"}, {{"kernel_shape", 2, {2, 2}}, {"strides", 2, {2, 2}}}, {0}, NULL}},
     4,
     "operator 'MaxPool', node 'p': expected it behind a layer that has gone no further than Relu and whose "
     "value no "
     "other node reads"},
    {"pooling with pads",
     MAP(1, 4, 4),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"),
      {"MaxPool", "p", {"c"}, {{"kernel_shape", 2, {2, 2}}, {"pads", 4, {1, 1, 1, 1}}}, {0}, NULL}},
     25,
     "operator 'MaxPool', node 'p': expected no pads and dilations; the nearest that is supported: Conv with "
     "pads"},
    {"window of 0",
     MAP(1, 4, 4),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"), {"MaxPool", "p", {"c"}, {{"kernel_shape", 2, {0, 2}}}, {0}, NULL}},
     1,
     "operator 'MaxPool', node 'p': kernel_shape: expected 1 or 2 numbers in 1..1024"},
    {"relu of the input",
     MAP(1, 2, 2),
     {REAL("s", 1)},
     {NODE("Relu", "r", "x")},
     4,
     "operator 'Relu', node 'r': expected it behind a layer that has gone no further than Add and whose "
     "value no other "
     "node reads"},
    {"clip to other limits",
     MAP(1, 2, 2),
     {KERNEL(1, 1, 1, 1), REAL("low", -1), REAL("high", 1)},
     {CONV("x"), NODE("Clip", "r", "c", "low", "high")},
     4,
     "operator 'Clip', node 'r': expected limits of 0 and 6, or 0 alone, found -1 and 1"},
    {"arithmetic behind a layer",
     MAP(1, 2, 2),
     {KERNEL(1, 1, 1, 1), REAL("s", 2)},
     {CONV("x"), NODE("Mul", "m", "c", "s")},
     4,
     "operator 'Mul', node 'm': expected it in front of the first layer, with a constant; the nearest that "
     "is "
     "supported elsewhere: Add, BatchNormalization"},
    {"a layer added to itself",
     MAP(1, 2, 2),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"), NODE("Add", "a", "c", "c")},
     4,
     "operator 'Add', node 'a': expected the sum of two layers, the later one without Relu and pooling and "
     "read by no "
     "other node"},
    {"softmax inside",
     MAP(1, 2, 2),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"), NODE("Softmax", "s", "c")},
     4,
     "operator 'Softmax', node 's': expected it at the end of the network, where it is left out"},
    {"squeeze of a map",
     MAP(1, 2, 2),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"), NODE("Squeeze", "s", "c")},
     4,
     "operator 'Squeeze', node 's': expected C x 1 x 1, C features, or a size of 1 behind C x length"},
    {"a pooling between unsqueeze and squeeze",
     SIGNAL(1, 4),
     {KERNEL(2, 1, 1)},
     {CONV("x"),
      {"Unsqueeze", "u", {"c"}, {{"axes", 1, {3}}}, {0}, NULL},
      {"MaxPool", "p", {"u"}, {{"kernel_shape", 2, {2, 1}}, {"strides", 2, {2, 1}}}, {0}, NULL},
      {"Squeeze", "s", {"p"}, {{"axes", 1, {-1}}}, {0}, NULL}},
     4,
     "input 1x4x1; conv1: conv 2 1x1 max 2x1; fc1: linear 2 weight 2"},
    {"one bias for all",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"b", EO_ONNX_F32, 1, {1}, 0}},
     {NODE("Conv", "c", "x", "k", "b")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 2"},
    {"dropout in training",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), REAL("ratio", 0.5f), {"mode", EO_ONNX_S64, 0, {0}, 1}},
     {CONV("x"), NODE("Dropout", "d", "c", "ratio", "mode")},
     8,
     "operator 'Dropout', node 'd': training_mode: expected a constant that is false"},
    {"cast to integers",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1)},
     {CONV("x"), {"Cast", "t", {"c"}, {{"to", 0, {EO_ONNX_S32}}}, {0}, NULL}},
     8,
     "operator 'Cast', node 't': to: expected a type of real numbers, found type 6"},
    /* ---- whole numbers that nodes compute */
    {"pads as TorchScript computes them",
     MAP(1, 4, 4),
     {KERNEL(2, 1, 5, 4), {"p", EO_ONNX_S64, 1, {4}, 0}, {"four", EO_ONNX_S64, 1, {1}, 4}},
     {NODE("ConstantOfShape", "z", "four"),
      NODE("Concat", "l", "p", "z"),
      {"Reshape", "m", {"l"}, {{"shape", 2, {-1, 2}}}, {0}, NULL},
      {"Slice",
       "s",
       {"m"},
       {{"starts", 1, {-1}}, {"ends", 1, {-2147483000}}, {"axes", 1, {0}}, {"steps", 1, {-1}}},
       {0},
       NULL},
      NODE("Transpose", "t", "s"),
      {"Reshape", "f", {"t"}, {{"shape", 1, {-1}}}, {0}, NULL},
      {"Cast", "i", {"f"}, {{"to", 0, {EO_ONNX_S64}}}, {0}, NULL},
      NODE("Pad", "d", "x", "i"),
      CONV("d")},
     56,
     "input 1x4x4; conv1: conv 2 5x4 pad 3,1,4,2; fc1: linear 2 weight 2"},
    {"a reshape by the size of the batch",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"first", EO_ONNX_S64, 0, {0}, 0}, {"rest", EO_ONNX_S64, 1, {1}, -1}},
     {CONV("x"),
      NODE("Shape", "s", "c"),
      {"Slice", "g", {"s"}, {{"starts", 1, {0}}, {"ends", 1, {1}}}, {0}, NULL},
      {"Squeeze", "n", {"g"}, {{0}}, {0}, NULL},
      {"Unsqueeze", "u", {"n"}, {{"axes", 1, {0}}}, {0}, NULL},
      NODE("Concat", "to", "u", "rest"),
      NODE("Reshape", "r", "c", "to")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 2"},
    {"a reshape by sizes of the map",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"one", EO_ONNX_S64, 1, {2}, 1}},
     {CONV("x"), NODE("Shape", "s", "c"), NODE("Gather", "to", "s", "one"), NODE("Reshape", "r", "c", "to")},
     8,
     "operator 'Reshape', node 'r': expected the batch as its first size, 0, -1 or 1, found 2"},
    {"a reshape by a number that is worked out",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"two", EO_ONNX_S64, 1, {1}, 2}, {"rest", EO_ONNX_S64, 1, {1}, -1}},
     {CONV("x"), NODE("Add", "m", "two", "rest"), NODE("Mul", "o", "m", "m"),
      NODE("Concat", "to", "o", "rest"), NODE("Reshape", "r", "c", "to")},
     8,
     "input 1x2x2; conv1: conv 2 1x1; fc1: linear 2 weight 2"},
    {"a product beyond the limit",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"many", EO_ONNX_S64, 1, {1}, 100000}},
     {CONV("x"), NODE("Mul", "m", "many", "many")},
     8,
     "operator 'Mul', node 'm': of whole numbers: expected a result within 10^9"},
    {"a division by 0",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"l", EO_ONNX_S64, 1, {1}, 2}},
     {CONV("x"), NODE("Sub", "z", "l", "l"), NODE("Div", "d", "l", "z")},
     8,
     "operator 'Div', node 'd': of whole numbers: expected another divisor than 0"},
    {"a place beyond the list",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"five", EO_ONNX_S64, 1, {1}, 5}},
     {CONV("x"), NODE("Shape", "s", "c"), NODE("Gather", "to", "s", "five")},
     8,
     "operator 'Gather', node 'to': of whole numbers: expected places within the list"},
    {"more numbers than are folded",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"n", EO_ONNX_S64, 1, {1}, 17}},
     {NODE("ConstantOfShape", "z", "n"), CONV("x")},
     8,
     "operator 'ConstantOfShape', node 'z': of whole numbers: expected a list of few numbers"},
    {"a reshape of another number",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"l", EO_ONNX_S64, 1, {4}, 0}},
     {{"Reshape", "r", {"l"}, {{"shape", 1, {3}}}, {0}, NULL}, CONV("x")},
     8,
     "operator 'Reshape', node 'r': of whole numbers: expected a shape of as many numbers"},
    {"a slice along another size",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"l", EO_ONNX_S64, 1, {4}, 0}},
     {{"Slice", "s", {"l"}, {{"starts", 1, {0}}, {"ends", 1, {1}}, {"axes", 1, {1}}}, {0}, NULL}, CONV("x")},
     8,
     "operator 'Slice', node 's': of whole numbers: expected one start, end and step, along the first size"},
    {"a list whose sizes change places",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"l", EO_ONNX_S64, 1, {4}, 0}},
     {NODE("Transpose", "t", "l"), CONV("x")},
     8,
     "operator 'Transpose', node 't': of whole numbers: expected a matrix, whose two sizes change places"},
    {"unsqueeze of a list",
     MAP(1, 2, 2),
     {KERNEL(2, 1, 1, 1), {"l", EO_ONNX_S64, 1, {4}, 0}},
     {{"Unsqueeze", "u", {"l"}, {{"axes", 1, {0}}}, {0}, NULL}, CONV("x")},
     8,
     "operator 'Unsqueeze', node 'u': of whole numbers: expected one number"},
    {"unsqueeze to five sizes",
     MAP(1, 1, 1),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"), {"Unsqueeze", "s", {"c"}, {{"axes", 1, {4}}}, {0}, NULL}},
     1,
     "operator 'Unsqueeze', node 's': axes: expected a result of 2 to 4 sizes, with the batch"},
    {"pads in front of a pooling",
     MAP(1, 4, 4),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x"), {"Pad", "z", {"c"}, {{"pads", 4, {0, 0, 1, 1}}}, {0}, NULL}},
     4,
     "operator 'Pad', node 'z': expected zeros around height and width, in front of Conv"},
    {"matrix of another size",
     MAP(1, 2, 2),
     {KERNEL(1, 1, 1, 1)},
     {CONV("x")},
     5,
     "operator 'MatMul', node 'y': expected a constant matrix of 4 x outputs as input 2"},
    {"unknown operator",
     MAP(1, 2, 2),
     {REAL("s", 1)},
     {NODE("Concat", "o", "x", "x")},
     4,
     "operator 'Concat', node 'o': not supported; the nearest that is: Add"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof(graphs) / sizeof(*graphs); i++)
        check_graph(&graphs[i]);
    return check_report("test_import_onnx");
}
