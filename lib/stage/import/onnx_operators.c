/* Which operators there are. */
#include <string.h>

#include "stage/import/onnx_internal.h"

static const struct {
    const char *type;
    int (*take)(struct onnx *x, onnx_node n);
} operators[] = {
    {"Conv", onnx_take_conv},
    {"Gemm", onnx_take_linear},
    {"MatMul", onnx_take_linear},
    {"BatchNormalization", onnx_take_batch_norm},
    {"Add", onnx_take_add},
    {"Sub", onnx_take_arithmetic},
    {"Mul", onnx_take_arithmetic},
    {"Div", onnx_take_arithmetic},
    {"Relu", onnx_take_relu},
    {"Clip", onnx_take_clip},
    {"MaxPool", onnx_take_pool},
    {"AveragePool", onnx_take_pool},
    {"GlobalMaxPool", onnx_take_mean},
    {"GlobalAveragePool", onnx_take_mean},
    {"ReduceMean", onnx_take_mean},
    {"Flatten", onnx_take_flatten},
    {"Reshape", onnx_take_reshape},
    {"Squeeze", onnx_take_squeeze},
    {"Unsqueeze", onnx_take_squeeze},
    {"Pad", onnx_take_pad},
    {"Identity", onnx_take_alias},
    {"Dropout", onnx_take_dropout},
    {"Cast", onnx_take_cast},
    {"Constant", onnx_take_constant},
    {"QuantizeLinear", onnx_take_dequantise},
    {"DequantizeLinear", onnx_take_dequantise},
    {"Softmax", onnx_take_softmax},
    {"LogSoftmax", onnx_take_softmax},
};

/* Beginnings of the names of operators that are not supported, and what is. */
static const struct {
    const char *type, *near;
} nearest[] = {
    {"LSTM", "Conv over N x C x length"},
    {"GRU", "Conv over N x C x length"},
    {"RNN", "Conv over N x C x length"},
    {"Attention", "Conv over N x C x length"},
    {"MultiHead", "Conv over N x C x length"},
    {"ConvTranspose", "Conv"},
    {"Resize", "Conv with strides"},
    {"Upsample", "Conv with strides"},
    {"ConvInteger", "Conv between QuantizeLinear and DequantizeLinear"},
    {"QLinear", "Conv and Gemm between QuantizeLinear and DequantizeLinear"},
    {"MatMulInteger", "MatMul between QuantizeLinear and DequantizeLinear"},
    {"DynamicQuantize", "QuantizeLinear"},
    {"Concat", "Add"},
    {"Transpose", "a model in the order N, C, H, W"},
    {"LayerNorm", "BatchNormalization"},
    {"GroupNorm", "BatchNormalization"},
    {"InstanceNorm", "BatchNormalization"},
    {"LRN", "BatchNormalization"},
    {"LpPool", "AveragePool"},
    {"Reduce", "ReduceMean over height and width"},
    {"Gather", "fixed sizes: export without dynamic axes"},
    {"Slice", "strides of Conv"},
};

static int refuse_operator(struct onnx *x, onnx_node n)
{
    for (size_t i = 0; i < sizeof(nearest) / sizeof(*nearest); i++) {
        size_t length = strlen(nearest[i].type);

        if ((size_t)n->type.length >= length && memcmp(n->type.at, nearest[i].type, length) == 0)
            return onnx_refuse(x, n, "not supported; the nearest that is: %s", nearest[i].near);
    }
    return onnx_refuse(x, n,
                       "not supported; as activations Relu and Clip to 0..6 are; eo-import(1) lists all");
}

/* A Conv alone can make the zeros of a Pad its own. */
static int check_padded(struct onnx *x, onnx_node n)
{
    for (int i = 0; i < n->inputs && !eo_onnx_is(n->type, "Conv"); i++) {
        const struct onnx_value *v = onnx_has_input(n, i) ? onnx_find(x, n->input[i]) : NULL;

        if (v && (v->pad.top || v->pad.left || v->pad.bottom || v->pad.right))
            return onnx_refuse(x, n, "expected Conv behind a Pad");
    }
    return 0;
}

int onnx_take(struct onnx *x, onnx_node n)
{
    int is_folded, rc;

    if (n->domain.length && !eo_onnx_is(n->domain, "ai.onnx"))
        return onnx_refuse(x, n, "expected an operator of ONNX, found one of domain '%.*s'",
                           EO_ONNX_SHOW(n->domain));
    if (check_padded(x, n))
        return -1;
    rc = onnx_fold(x, n, &is_folded);
    if (is_folded)
        return rc;
    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
        if (eo_onnx_is(n->type, operators[i].type))
            return operators[i].take(x, n);
    }
    return refuse_operator(x, n);
}
