/* lib/format/onnx and lib/stage/export/onnx: the file's structure, by a small reader of protocol buffers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format/onnx.h"
#include "stage/export/onnx.h"
#include "tests/unit/check.h"

/* ---- a reader ---- */

struct bytes {
    const unsigned char *at, *end;
};

struct field {
    int number;
    int64_t value;      /* of a number */
    struct bytes bytes; /* of a text or message */
};

static uint64_t read_varint(struct bytes *in)
{
    uint64_t v = 0;

    for (int shift = 0; in->at < in->end; shift += 7) {
        v |= (uint64_t)(*in->at & 127) << shift;
        if (*in->at++ < 128)
            break;
    }
    return v;
}

static int read_field(struct bytes *in, struct field *f)
{
    uint64_t key, n;

    if (in->at >= in->end)
        return 0;
    key = read_varint(in);
    n = read_varint(in);
    *f = (struct field){.number = (int)(key >> 3), .value = (int64_t)n};
    if ((key & 7) == 0)
        return 1;
    check_that((key & 7) == 2 && n <= (uint64_t)(in->end - in->at), "wire type %d, length %" PRIu64,
               (int)(key & 7), n);
    f->bytes = (struct bytes){in->at, in->at + n};
    in->at += n;
    return 1;
}

static void put(struct eo_buf *out, const char *before, struct bytes text)
{
    eo_buf_printf(out, "%s%.*s", before, (int)(text.end - text.at), (const char *)text.at);
}

static void show_attribute(struct bytes in, struct eo_buf *out)
{
    struct field f;

    while (read_field(&in, &f)) {
        if (f.number == 1)
            put(out, ", ", f.bytes);
        else if (f.number != 20)
            eo_buf_printf(out, " %" PRId64, f.value);
    }
}

static void show_node(struct bytes in, struct eo_buf *out)
{
    struct field f;

    while (read_field(&in, &f)) {
        static const char *const before[] = {"", " ", " -> ", "", ": "};

        if (f.number == 5)
            show_attribute(f.bytes, out);
        else if (f.number != 3)
            put(out, before[f.number], f.bytes);
    }
    eo_buf_puts(out, "\n");
}

/* Name, type, shape and the bytes of the first element. */
static void show_tensor(struct bytes in, struct eo_buf *out)
{
    struct field f;

    while (read_field(&in, &f)) {
        if (f.number == 8)
            put(out, " ", f.bytes);
        else if (f.number == 9)
            for (int i = 0; i < 4 && f.bytes.at + i < f.bytes.end; i++)
                eo_buf_printf(out, "%s%02x", i ? "" : " ", f.bytes.at[i]);
        else
            eo_buf_printf(out, f.number == 1 ? "%" PRId64 "x" : ":%" PRId64, f.value);
    }
    eo_buf_puts(out, "\n");
}

/* TypeProto and what is in it: the fields of each message have other meanings, told apart by depth. */
static void show_type(struct bytes in, int depth, struct eo_buf *out)
{
    struct field f;

    while (read_field(&in, &f)) {
        if (depth == 3 && f.number == 2)
            put(out, ",", f.bytes);
        else if (f.bytes.at)
            show_type(f.bytes, depth + 1, out);
        else
            eo_buf_printf(out, "%c%" PRId64, depth == 1 ? ':' : ',', f.value);
    }
}

static void show_port(struct bytes in, struct eo_buf *out)
{
    struct field f;

    while (read_field(&in, &f)) {
        if (f.number == 1)
            put(out, "", f.bytes);
        else
            show_type(f.bytes, 0, out);
    }
    eo_buf_puts(out, "\n");
}

static void show_graph(struct bytes in, struct eo_buf *out)
{
    struct field f;

    while (read_field(&in, &f)) {
        if (f.number == 1)
            show_node(f.bytes, out);
        else if (f.number == 2)
            eo_buf_printf(out, "graph %.*s\n", (int)(f.bytes.end - f.bytes.at), (const char *)f.bytes.at);
        else if (f.number == 5)
            show_tensor(f.bytes, out);
        else if (f.number == 11 || f.number == 12)
            show_port(f.bytes, out);
    }
}

/* The version, the graph and the operator set. */
static void show(const struct eo_buf *file, struct eo_buf *out)
{
    struct bytes in = {(const unsigned char *)file->data, (const unsigned char *)file->data + file->len};
    struct field f;

    while (read_field(&in, &f)) {
        if (f.number == 1)
            eo_buf_printf(out, "version %" PRId64 "\n", f.value);
        if (f.number == 7)
            show_graph(f.bytes, out);
        if (f.number == 8 && read_field(&f.bytes, &f))
            eo_buf_printf(out, "opset %" PRId64 "\n", f.value);
    }
}

/* ---- what is written ---- */

static void check_export(const struct eo_model *m, const char *want)
{
    struct eo_buf file = {0}, found = {0};
    struct eo_err err;

    if (eo_export_onnx(m, "0", NULL, &file, &err))
        check_that(0, "%s", err.msg);
    show(&file, &found);
    check_text("file", want, found.data ? found.data : "");
    eo_buf_release(&file);
    eo_buf_release(&found);
}

static void fill_floats(struct eo_model *m)
{
    for (int l = 0; l < m->network.count; l++) {
        for (size_t i = 0; i < eo_network_weights(&m->network.layer[l]); i++)
            m->layer[l].weight.f32[i] = 1;
        for (int o = 0; o < m->network.layer[l].map.c; o++)
            m->layer[l].bias.f32[o] = 2;
    }
}

/* Every kind of node. */
static void test_network(void)
{
    struct eo_network net;
    struct eo_model m;
    struct eo_err err;

    if (eo_network_parse(&net,
                         "input 2x9x7; fc0: linear 6 relu6; c: conv 6 1x1 add fc0 relu;"
                         "d: depthwise 3x2 stride 2x1 pad 1,0,1,1 from input max 3x3/2;"
                         "e: conv 6 1x1 from d mean; fc2: linear 6 from e add c; classifier: linear 3",
                         &err) ||
        eo_model_init_network(&m, EO_FP32, &net, &err)) {
        check_that(0, "%s", err.msg);
        return;
    }
    fill_floats(&m);
    check_export(
        &m, "version 7\n"
            " image -> image/float: Cast, to 1\n"
            " image/float image/half_range -> image/scaled: Div\n"
            " image/scaled image/one -> image/network: Sub\n"
            " image/network -> fc0/flat: Flatten, axis 1\n"
            " fc0/flat fc0.weight fc0.bias -> fc0/gemm: Gemm, transB 1\n"
            " fc0/gemm fc0/none fc0/six -> fc0/relu: Clip\n"
            " fc0/relu c/flat_axes -> c/flat: Unsqueeze\n"
            " c/flat c.weight c.bias -> c/conv: Conv, group 1, kernel_shape 1 1, pads 0 0 0 0, strides 1 1\n"
            " fc0/relu c/added_axes -> c/added: Unsqueeze\n"
            " c/conv c/added -> c/add: Add\n"
            " c/add -> c/relu: Relu\n"
            " image/network d.weight d.bias -> d/conv: Conv, group 2, kernel_shape 3 2, pads 1 0 1 1, "
            "strides 2 1\n"
            " d/conv -> d/pool: MaxPool, kernel_shape 3 3, strides 2 2\n"
            " d/pool e.weight e.bias -> e/conv: Conv, group 1, kernel_shape 1 1, pads 0 0 0 0, strides 1 1\n"
            " e/conv -> e/pool: GlobalAveragePool\n"
            " e/pool -> fc2/flat: Flatten, axis 1\n"
            " fc2/flat fc2.weight fc2.bias -> fc2/gemm: Gemm, transB 1\n"
            " c/relu -> fc2/added: Flatten, axis 1\n"
            " fc2/gemm fc2/added -> fc2/add: Add\n"
            " fc2/add classifier.weight classifier.bias -> logits: Gemm, transB 1\n"
            "graph p0.00-fp32\n"
            "6x126x:1 fc0.weight 0000803f\n"
            "6x:1 fc0.bias 00000040\n"
            "6x6x1x1x:1 c.weight 0000803f\n"
            "6x:1 c.bias 00000040\n"
            "2x1x3x2x:1 d.weight 0000803f\n"
            "2x:1 d.bias 00000040\n"
            "6x2x1x1x:1 e.weight 0000803f\n"
            "6x:1 e.bias 00000040\n"
            "6x6x:1 fc2.weight 0000803f\n"
            "6x:1 fc2.bias 00000040\n"
            "3x6x:1 classifier.weight 0000803f\n"
            "3x:1 classifier.bias 00000040\n"
            ":1 image/half_range 0000ff42\n"
            ":1 image/one 0000803f\n"
            ":1 fc0/none 00000000\n"
            ":1 fc0/six 0000c040\n"
            "2x:7 c/flat_axes 02000000\n"
            "2x:7 c/added_axes 02000000\n"
            "image:2,batch,2,9,7\n"
            "logits:1,batch,3\n"
            "opset 13\n");
    eo_model_release(&m);
}

static void test_int8(void)
{
    struct eo_model m;
    struct eo_err err;

    if (eo_model_init(&m, EO_INT8, (struct eo_shape){1, 2}, &err)) {
        check_that(0, "%s", err.msg);
        return;
    }
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        m.layer[l].input_scale = 0.5f;
        m.layer[l].input_zero_point = l == 0 ? 64 : 0;
        for (int o = 0; o < eo_shape_outputs(&m.shape, (enum eo_smallcnn_layer)l); o++)
            m.layer[l].weight_scale[o] = 0.25f;
    }
    check_export(
        &m, "version 7\n"
            " image -> image/float: Cast, to 1\n"
            " image/float image/half_range -> image/scaled: Div\n"
            " image/scaled image/one -> image/network: Sub\n"
            " image/network  image/limit -> image/clip: Clip\n"
            " image/clip image/scale image/zero_point -> image/quantized: QuantizeLinear\n"
            " image/quantized image/scale image/zero_point -> image/real: DequantizeLinear\n"
            " conv1.weight conv1.weight_scale -> conv1/weight_real: DequantizeLinear, axis 0\n"
            " conv1.bias conv1/bias_scale -> conv1/bias_real: DequantizeLinear, axis 0\n"
            " image/real conv1/weight_real conv1/bias_real -> conv1/conv: Conv, group 1, kernel_shape 3 3, "
            "pads 1 1 1 1, strides 1 1\n"
            " conv1/conv -> conv1/relu: Relu\n"
            " conv1/relu -> conv1/pool: MaxPool, kernel_shape 2 2, strides 2 2\n"
            " conv1/pool  conv1/limit -> conv1/clip: Clip\n"
            " conv1/clip conv1/scale conv1/zero_point -> conv1/quantized: QuantizeLinear\n"
            " conv1/quantized conv1/scale conv1/zero_point -> conv1/real: DequantizeLinear\n"
            " conv2.weight conv2.weight_scale -> conv2/weight_real: DequantizeLinear, axis 0\n"
            " conv2.bias conv2/bias_scale -> conv2/bias_real: DequantizeLinear, axis 0\n"
            " conv1/real conv2/weight_real conv2/bias_real -> conv2/conv: Conv, group 1, kernel_shape 3 3, "
            "pads 1 1 1 1, strides 1 1\n"
            " conv2/conv -> conv2/relu: Relu\n"
            " conv2/relu -> conv2/pool: MaxPool, kernel_shape 2 2, strides 2 2\n"
            " conv2/pool  conv2/limit -> conv2/clip: Clip\n"
            " conv2/clip conv2/scale conv2/zero_point -> conv2/quantized: QuantizeLinear\n"
            " conv2/quantized conv2/scale conv2/zero_point -> conv2/real: DequantizeLinear\n"
            " conv2/real -> classifier/flat: Flatten, axis 1\n"
            " classifier.weight classifier.weight_scale -> classifier/weight_real: DequantizeLinear, axis 0\n"
            " classifier.bias classifier/bias_scale -> classifier/bias_real: DequantizeLinear, axis 0\n"
            " classifier/flat classifier/weight_real classifier/bias_real -> logits: Gemm, transB 1\n"
            "graph p0.00-int8\n"
            "1x1x3x3x:3 conv1.weight 00000000\n"
            "1x:6 conv1.bias 00000000\n"
            "1x:1 conv1.weight_scale 0000803e\n"
            "2x1x3x3x:3 conv2.weight 00000000\n"
            "2x:6 conv2.bias 00000000\n"
            "2x:1 conv2.weight_scale 0000803e\n"
            "10x98x:3 classifier.weight 00000000\n"
            "10x:6 classifier.bias 00000000\n"
            "10x:1 classifier.weight_scale 0000803e\n"
            ":1 image/half_range 0000ff42\n"
            ":1 image/one 0000803f\n"
            ":1 image/limit 0000fc41\n"
            ":1 image/scale 0000003f\n"
            ":2 image/zero_point 40\n"
            "1x:1 conv1/bias_scale 0000003e\n"
            ":1 conv1/limit 00007e42\n"
            ":1 conv1/scale 0000003f\n"
            ":2 conv1/zero_point 00\n"
            "2x:1 conv2/bias_scale 0000003e\n"
            ":1 conv2/limit 00007e42\n"
            ":1 conv2/scale 0000003f\n"
            ":2 conv2/zero_point 00\n"
            "10x:1 classifier/bias_scale 0000003e\n"
            "image:2,batch,1,28,28\n"
            "logits:1,batch,10\n"
            "opset 13\n");
    eo_model_release(&m);
}

/* What layers hand on has 16 bits. An average and an added map. */
static void test_half(void)
{
    struct eo_network net;
    struct eo_model m;
    struct eo_err err;

    if (eo_network_parse(&net, "input 1x2x2; a: conv 1 1x1 add input relu mean; z: linear 2", &err) ||
        eo_model_init_network(&m, EO_FP16, &net, &err)) {
        check_that(0, "%s", err.msg);
        return;
    }
    m.layer[0].weight.f16[0] = 0x3c00;
    check_export(&m, "version 7\n"
                     " image -> image/float: Cast, to 1\n"
                     " image/float image/half_range -> image/scaled: Div\n"
                     " image/scaled image/one -> image/network: Sub\n"
                     " image/network -> image/half: Cast, to 10\n"
                     " image/half -> image/real: Cast, to 1\n"
                     " a.weight -> a/weight_real: Cast, to 1\n"
                     " a.bias -> a/bias_real: Cast, to 1\n"
                     " image/real a/weight_real a/bias_real -> a/conv: Conv, group 1, kernel_shape 1 1, pads "
                     "0 0 0 0, strides 1 1\n"
                     " a/conv image/real -> a/add: Add\n"
                     " a/add -> a/relu: Relu\n"
                     " a/relu -> a/pool: GlobalAveragePool\n"
                     " a/pool -> a/half: Cast, to 10\n"
                     " a/half -> a/real: Cast, to 1\n"
                     " a/real -> z/flat: Flatten, axis 1\n"
                     " z.weight -> z/weight_real: Cast, to 1\n"
                     " z.bias -> z/bias_real: Cast, to 1\n"
                     " z/flat z/weight_real z/bias_real -> logits: Gemm, transB 1\n"
                     "graph p0.00-fp16\n"
                     "1x1x1x1x:10 a.weight 003c\n"
                     "1x:10 a.bias 0000\n"
                     "2x1x:10 z.weight 00000000\n"
                     "2x:10 z.bias 00000000\n"
                     ":1 image/half_range 0000ff42\n"
                     ":1 image/one 0000803f\n"
                     "image:2,batch,1,2,2\n"
                     "logits:1,batch,2\n"
                     "opset 13\n");
    eo_model_release(&m);
}

/* Both maps of an average have a scale of their own, and so has an added one. */
static void test_int8_network(void)
{
    struct eo_network net;
    struct eo_model m;
    struct eo_err err;

    if (eo_network_parse(&net, "input 1x2x2; a: conv 1 1x1 add input relu mean; z: linear 2", &err) ||
        eo_model_init_network(&m, EO_INT8, &net, &err)) {
        check_that(0, "%s", err.msg);
        return;
    }
    m.backend = EO_BACKEND_QNNPACK;
    for (int l = 0; l < 2; l++) {
        for (int o = 0; o < net.layer[l].map.c; o++)
            m.layer[l].weight_scale[o] = 0.25f;
    }
    eo_model_set_grid(&m, eo_network_output_tensor(EO_NETWORK_INPUT), (struct eo_model_grid){0.5f, 128});
    eo_model_set_grid(&m, eo_network_map_tensor(&net, 0), (struct eo_model_grid){1, 0});
    eo_model_set_grid(&m, eo_network_output_tensor(0), (struct eo_model_grid){2, 3});
    check_export(&m, "version 7\n"
                     " image -> image/float: Cast, to 1\n"
                     " image/float image/half_range -> image/scaled: Div\n"
                     " image/scaled image/one -> image/network: Sub\n"
                     " image/network image/scale image/zero_point -> image/quantized: QuantizeLinear\n"
                     " image/quantized image/scale image/zero_point -> image/real: DequantizeLinear\n"
                     " a.weight a.weight_scale -> a/weight_real: DequantizeLinear, axis 0\n"
                     " a.bias a/bias_scale -> a/bias_real: DequantizeLinear, axis 0\n"
                     " image/real a/weight_real a/bias_real -> a/conv: Conv, group 1, kernel_shape 1 1, pads "
                     "0 0 0 0, strides 1 1\n"
                     " a/conv a/step -> a/sum_steps: Div\n"
                     " a/sum_steps a/half -> a/sum_raised: Add\n"
                     " a/sum_raised -> a/sum_whole: Floor\n"
                     " a/sum_whole a/step -> a/sum_rounded: Mul\n"
                     " image/real a/step -> a/other_steps: Div\n"
                     " a/other_steps a/half -> a/other_raised: Add\n"
                     " a/other_raised -> a/other_whole: Floor\n"
                     " a/other_whole a/step -> a/other_rounded: Mul\n"
                     " a/sum_rounded a/other_rounded -> a/add: Add\n"
                     " a/add -> a/relu: Relu\n"
                     " a/relu a/map/scale a/map/zero_point -> a/map/quantized: QuantizeLinear\n"
                     " a/map/quantized a/map/scale a/map/zero_point -> a/map/real: DequantizeLinear\n"
                     " a/map/real -> a/pool: GlobalAveragePool\n"
                     " a/pool a/scale a/zero_point -> a/quantized: QuantizeLinear\n"
                     " a/quantized a/scale a/zero_point -> a/real: DequantizeLinear\n"
                     " a/real -> z/flat: Flatten, axis 1\n"
                     " z.weight z.weight_scale -> z/weight_real: DequantizeLinear, axis 0\n"
                     " z.bias z/bias_scale -> z/bias_real: DequantizeLinear, axis 0\n"
                     " z/flat z/weight_real z/bias_real -> logits: Gemm, transB 1\n"
                     "graph p0.00-int8\n"
                     "1x1x1x1x:3 a.weight 00\n"
                     "1x:6 a.bias 00000000\n"
                     "1x:1 a.weight_scale 0000803e\n"
                     "2x1x:3 z.weight 0000\n"
                     "2x:6 z.bias 00000000\n"
                     "2x:1 z.weight_scale 0000803e\n"
                     ":1 image/half_range 0000ff42\n"
                     ":1 image/one 0000803f\n"
                     ":1 image/scale 0000003f\n"
                     ":2 image/zero_point 80\n"
                     "1x:1 a/bias_scale 0000003e\n"
                     ":1 a/step 0000803f\n"
                     ":1 a/half 0000003f\n"
                     ":1 a/map/scale 0000803f\n"
                     ":2 a/map/zero_point 00\n"
                     ":1 a/scale 00000040\n"
                     ":2 a/zero_point 03\n"
                     "2x:1 z/bias_scale 0000003f\n"
                     "image:2,batch,1,2,2\n"
                     "logits:1,batch,2\n"
                     "opset 13\n");
    eo_model_release(&m);
}

int main(void)
{
    test_network();
    test_int8();
    test_half();
    test_int8_network();
    return check_report("test_onnx");
}
