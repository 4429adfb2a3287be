/* Operators that change no value, and constants. */
#include <stdlib.h>

#include "base/mem.h"
#include "format/onnx.h"
#include "stage/import/onnx_internal.h"

int onnx_take_alias(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);

    return v ? onnx_alias(x, n, v) : -1;
}

/* In training it changes values, at random. */
int onnx_take_dropout(struct onnx *x, onnx_node n)
{
    const struct onnx_value *training = onnx_has_input(n, 2) ? onnx_constant(x, n, 2) : NULL;
    float *is_on = training && training->constant.count == 1 ? onnx_floats(x, n, training) : NULL;
    int is_off = is_on && *is_on <= 0 && *is_on >= 0;

    free(is_on);
    if (onnx_has_input(n, 2) && !is_off)
        return onnx_refuse(x, n, "training_mode: expected a constant that is false");
    return onnx_take_alias(x, n);
}

static int is_shape(int64_t type)
{
    return type == EO_ONNX_S32 || type == EO_ONNX_S64;
}

/* To real numbers. Whole numbers would be others, but for those of a constant that is whole already, as a shape is. */
int onnx_take_cast(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    int64_t to = eo_onnx_int(n, "to", 0);

    if (!v)
        return -1;
    if (to == EO_ONNX_F32 || to == EO_ONNX_F16 || to == EO_ONNX_F64 || to == EO_ONNX_BF16)
        return onnx_alias(x, n, v);
    if (v->is_constant && !v->real && is_shape(v->constant.type) && is_shape(to))
        return onnx_alias(x, n, v);
    return onnx_refuse(x, n, "to: expected a type of real numbers, found type %lld", (long long)to);
}

/* The same values in another number of sizes. */
static int take_rank(struct onnx *x, onnx_node n, int rank)
{
    const struct onnx_value *v = onnx_input(x, n, 0);

    if (!v)
        return -1;
    if (v->is_constant)
        return onnx_refuse(x, n, "expected an activation as input, found a constant");
    if (onnx_alias(x, n, v))
        return -1;
    x->value[x->value_count - 1].rank = rank;
    return 0;
}

int onnx_take_flatten(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    int64_t axis = eo_onnx_int(n, "axis", 1);

    if (!v)
        return -1;
    return axis == 1 || axis == 1 - v->rank
               ? take_rank(x, n, 2)
               : onnx_refuse(x, n, "axis: expected 1, found %lld", (long long)axis);
}

/* Zeros around height and width, for the Conv behind it. */
int onnx_take_pad(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0),
                            *with = onnx_has_input(n, 2) ? onnx_constant(x, n, 2) : NULL;
    struct eo_onnx_text mode = eo_onnx_string(n, "mode");
    int64_t p[8] = {0};
    int count = v ? onnx_list(x, n, "pads", 1, p, 8) : -2, axes = count / 2;
    float *value = with && with->constant.count == 1 ? onnx_floats(x, n, with) : NULL;
    int is_zero = onnx_has_input(n, 2) ? value && value[0] <= 0 && value[0] >= 0 : 1;

    free(value);
    if (count < -1)
        return -1;
    for (int i = 0; i < 8; i++)
        is_zero &= p[i] >= 0 && p[i] <= EO_NETWORK_SIDE;
    if (v->is_constant || onnx_is_flat(v) || (axes != 3 && axes != 4) || count % 2 || p[0] || p[1] ||
        p[axes] || p[axes + 1] || !is_zero || (mode.length && !eo_onnx_is(mode, "constant")) ||
        onnx_has_input(n, 3) || eo_onnx_float(n, "value", 0) != 0)
        return onnx_refuse(x, n, "expected zeros around height and width, in front of Conv");
    if (onnx_alias(x, n, v))
        return -1;
    x->value[x->value_count - 1].pad = (struct eo_padding){
        (int)p[2], axes == 4 ? (int)p[3] : 0, (int)p[axes + 2], axes == 4 ? (int)p[axes + 3] : 0};
    return 0;
}

/* Squeeze and Unsqueeze between C x length and C x length x 1, and between C x 1 x 1 and C features. */
int onnx_take_squeeze(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    int is_squeeze = eo_onnx_is(n->type, "Squeeze"), count, rank;
    int64_t axes[4] = {0};
    struct eo_dims d;

    if (!v || v->is_constant)
        return onnx_refuse(x, n, "expected an activation as input");
    count = onnx_list(x, n, "axes", 1, axes, 4);
    if (count < -1)
        return -1;
    d = onnx_dims(x, v);
    if (v->rank == 4 - !is_squeeze && count == 1 && (axes[0] == 3 || axes[0] == -1) && d.w == 1)
        return take_rank(x, n, is_squeeze ? 3 : 4);
    if (eo_dims_elements(d) != (size_t)d.c)
        return onnx_refuse(x, n, "expected C x 1 x 1, C features, or a size of 1 behind C x length");
    rank = !is_squeeze ? v->rank + count : count < 0 ? 2 : v->rank - count;
    if ((!is_squeeze && count < 0) || rank < 2 || rank > 4)
        return onnx_refuse(x, n, "axes: expected a result of 2 to 4 sizes, with the batch");
    return take_rank(x, n, rank);
}

/* The batch and all the rest as features; or, of the input of the network, as a map. */
int onnx_take_reshape(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    int64_t to[4] = {0, 0, 0, 0}, rest = 1;
    int dims, open = 0;
    struct eo_dims d;
    size_t elements;

    if (!v || v->is_constant)
        return onnx_refuse(x, n, "expected an activation as input");
    dims = onnx_list(x, n, "shape", 1, to, 4);
    if (dims < -1)
        return -1;
    if (dims > 0 && to[0] != 0 && to[0] != -1 && to[0] != onnx_batch(x))
        return onnx_refuse(x, n, "expected the batch as its first size, 0, -1 or %lld, found %lld",
                           (long long)onnx_batch(x), (long long)to[0]);
    d = onnx_dims(x, v);
    elements = eo_dims_elements(d);
    for (int i = 1; i < dims; i++) {
        if (to[i] == 0 && !onnx_is_flat(v))
            to[i] = i == 1 ? d.c : i == 2 ? d.h : d.w;
        open += to[i] <= 0;
        rest *= to[i] > 0 && to[i] <= EO_NETWORK_SIDE * EO_NETWORK_SIDE ? to[i] : 1;
    }
    if (dims == 2 && (to[1] < 0 || (size_t)to[1] == elements))
        return take_rank(x, n, 2);
    if (dims >= 3 && !open && (size_t)rest == elements && to[1] == d.c && to[2] == d.h &&
        (dims == 3 || to[3] == d.w))
        return take_rank(x, n, dims);
    if (dims >= 3 && !open && (size_t)rest == elements && v->source == EO_NETWORK_INPUT &&
        x->net.count == 0 && to[1] <= EO_NETWORK_SIDE && to[2] <= EO_NETWORK_SIDE &&
        to[3] <= EO_NETWORK_SIDE) {
        x->net.input = (struct eo_dims){(int)to[1], (int)to[2], dims == 3 ? 1 : (int)to[3]};
        return take_rank(x, n, dims);
    }
    return onnx_refuse(x, n, "expected the shape of the input, or N x %zu", elements);
}

/* ---- constants ------------------------------------------------------------------------------------------------- */

int onnx_take_constant(struct onnx *x, onnx_node n)
{
    struct onnx_value *v = onnx_add_value(x, n->outputs ? n->output[0] : (struct eo_onnx_text){"", 0});

    if (!v)
        return -1;
    v->is_constant = 1;
    if (eo_onnx_tensor_of(n, "value", &v->constant))
        return 0;
    v->constant.count = 1;
    v->real = eo_alloc(1, sizeof(float), x->err);
    if (!v->real)
        return -1;
    v->real[0] = eo_onnx_float(n, "value_float", (float)eo_onnx_int(n, "value_int", INT32_MIN));
    return v->real[0] > (float)INT32_MIN ? 0 : onnx_refuse(x, n, "expected value, value_float or value_int");
}

int onnx_take_dequantise(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    int is_quantize = eo_onnx_is(n->type, "QuantizeLinear");

    if (!v)
        return -1;
    x->dequantised++;
    if (!is_quantize && !v->is_quantised) {
        if (v->is_constant && !v->real)
            return onnx_dequantise(x, n, v);
        return onnx_refuse(x, n, "expected QuantizeLinear in front of it");
    }
    if (onnx_alias(x, n, v))
        return -1;
    x->value[x->value_count - 1].is_quantised = is_quantize;
    return 0;
}

int onnx_take_softmax(struct onnx *x, onnx_node n)
{
    for (int i = 0; i < x->graph.output_count; i++) {
        if (n->outputs && eo_onnx_is_same(x->graph.output[i], n->output[0])) {
            const struct onnx_value *v = onnx_input(x, n, 0);
            int64_t axis = eo_onnx_int(n, "axis", 1);

            if (v && axis != 1 && axis != 1 - v->rank)
                return onnx_refuse(x, n, "axis: expected that of the classes, 1, found %lld",
                                   (long long)axis);
            x->softmax = 1;
            return v ? onnx_alias(x, n, v) : -1;
        }
    }
    return onnx_refuse(x, n, "expected it at the end of the network, where it is left out");
}
