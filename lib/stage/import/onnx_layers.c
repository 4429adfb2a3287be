#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/import/onnx_internal.h"

/* ---- layers ---------------------------------------------------------------------------------------------------- */

struct eo_dims onnx_dims(const struct onnx *x, const struct onnx_value *v)
{
    return v->source == EO_NETWORK_INPUT ? x->net.input : x->net.layer[v->source].out;
}

int64_t onnx_batch(const struct onnx *x)
{
    return x->graph.input[0].shape[0] > 0 ? x->graph.input[0].shape[0] : 1;
}

int onnx_is_flat(const struct onnx_value *v)
{
    return v->rank == 2;
}

static int is_used(const struct onnx *x, const char *name)
{
    for (int i = 0; i < x->net.count; i++) {
        if (strcmp(x->net.layer[i].name, name) == 0)
            return 1;
    }
    return strcmp(name, "input") == 0;
}

/* What stands in front of .weight in the name of the weights, if that can be a layer's name; else a number. */
static void name_layer(const struct onnx *x, struct eo_onnx_text weight, enum eo_operation operation,
                       char name[EO_NETWORK_NAME])
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    static const char *const kind[] = {"conv", "dw", "fc"};
    static const char end[] = ".weight";
    int n = weight.length - (int)strlen(end);

    snprintf(name, EO_NETWORK_NAME, "%.*s", n > 0 && n < EO_NETWORK_NAME ? n : 0, weight.at);
    if (n > 0 && memcmp(weight.at + n, end, strlen(end)) == 0 && (int)strlen(name) == n &&
        strspn(name, allowed) == (size_t)n && !is_used(x, name))
        return;
    for (int k = 1;; k++) {
        snprintf(name, EO_NETWORK_NAME, "%s%d", kind[operation], k);
        if (!is_used(x, name))
            return;
    }
}

int onnx_update(struct onnx *x, onnx_node n, int layer)
{
    int count = x->net.count, outputs = x->net.layer[layer].map.c, rc;
    struct eo_err why;

    x->net.count = layer;
    rc = eo_network_append(&x->net, outputs, 0, &why);
    x->net.count = count > layer ? count : layer + 1;
    return rc ? onnx_refuse(x, n, "%s", why.msg) : 0;
}

/* A layer that is filled in but for its name and what it reads. Takes `weight`. */
static int add_layer(struct onnx *x, onnx_node n, const struct eo_network_layer *layer, int outputs,
                     struct eo_onnx_text name, float *weight, float *bias)
{
    const struct onnx_value *from = onnx_input(x, n, 0);
    struct eo_network_layer *l = &x->net.layer[x->net.count];
    int at = x->net.count;
    struct onnx_value *v;

    if (at == EO_NETWORK_LAYERS) {
        free(weight);
        free(bias);
        return onnx_refuse(x, n, "expected at most %d layers, found more", EO_NETWORK_LAYERS);
    }
    *l = *layer;
    l->from = from->source;
    l->add = EO_NETWORK_NONE;
    l->map.c = outputs;
    name_layer(x, name, l->operation, l->name);
    x->numbers[at] = (struct onnx_numbers){.weight = weight, .bias = bias};
    if (onnx_update(x, n, at))
        return -1;
    v = onnx_add_value(x, n->outputs ? n->output[0] : (struct eo_onnx_text){"", 0});
    if (!v)
        return -1;
    v->source = at;
    v->rank = l->operation == EO_LINEAR ? 2 : from->rank;
    return 0;
}

/* Bias number `i` of the node as floats, or zeros; one number is that of all outputs. */
static float *bias_of(struct onnx *x, onnx_node n, int i, size_t outputs)
{
    const struct onnx_value *v;
    float *all, *one;

    if (!onnx_has_input(n, i))
        return eo_alloc(outputs, sizeof(float), x->err);
    v = onnx_constant(x, n, i);
    if (v && v->constant.count != outputs && v->constant.count != 1) {
        onnx_refuse(x, n, "expected a bias for each of %zu outputs, found %zu", outputs, v->constant.count);
        return NULL;
    }
    one = v ? onnx_floats(x, n, v) : NULL;
    if (!one || v->constant.count == outputs)
        return one;
    all = eo_alloc(outputs, sizeof(*all), x->err);
    for (size_t o = 0; all && o < outputs; o++)
        all[o] = one[0];
    free(one);
    return all;
}

/* ---- Conv ------------------------------------------------------------------------------------------------------ */

/* Sizes of one or two axes, which are those of height and width; `otherwise` where the attribute is missing. */
static int read_hw(struct onnx *x, onnx_node n, const char *attribute, int axes, int otherwise,
                   struct eo_hw *hw)
{
    int64_t v[2] = {otherwise, otherwise};
    int count = eo_onnx_ints(n, attribute, v, 2);

    if (count >= 0 && (count != axes || v[0] < 0 || v[0] > EO_NETWORK_SIDE ||
                       (axes == 2 && (v[1] < 0 || v[1] > EO_NETWORK_SIDE))))
        return onnx_refuse(x, n, "%s: expected %d numbers in 0..%d", attribute, axes, EO_NETWORK_SIDE);
    *hw = (struct eo_hw){(int)v[0], axes == 2 ? (int)v[1] : 1};
    return 0;
}

int onnx_check_auto_pad(struct onnx *x, onnx_node n)
{
    static const char *const known[] = {"", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    struct eo_onnx_text automatic = eo_onnx_string(n, "auto_pad");

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (eo_onnx_is(automatic, known[i]))
            return 0;
    }
    return onnx_refuse(x, n, "auto_pad: expected NOTSET, VALID, SAME_UPPER or SAME_LOWER, found '%.*s'",
                       EO_ONNX_SHOW(automatic));
}

void onnx_pad_same(int in, int kernel, int stride, int lower, int *before, int *after)
{
    int out = (in + stride - 1) / stride, total = (out - 1) * stride + kernel - in;

    total = total > 0 ? total : 0;
    *before = lower ? total - total / 2 : total / 2;
    *after = total - *before;
}

static int read_pads(struct onnx *x, onnx_node n, int axes, struct eo_dims in, struct eo_network_layer *l)
{
    struct eo_onnx_text automatic = eo_onnx_string(n, "auto_pad");
    int lower = eo_onnx_is(automatic, "SAME_LOWER"), count;
    int64_t p[4] = {0, 0, 0, 0};

    if (onnx_check_auto_pad(x, n))
        return -1;
    if (lower || eo_onnx_is(automatic, "SAME_UPPER")) {
        onnx_pad_same(in.h, l->kernel.h, l->stride.h, lower, &l->pad.top, &l->pad.bottom);
        onnx_pad_same(in.w, l->kernel.w, l->stride.w, lower, &l->pad.left, &l->pad.right);
        return 0;
    }
    count = eo_onnx_ints(n, "pads", p, 4);
    for (int i = 0; i < 4; i++) {
        if (count >= 0 && (count != 2 * axes || p[i] < 0 || p[i] > EO_NETWORK_SIDE))
            return onnx_refuse(x, n, "pads: expected %d numbers in 0..%d", 2 * axes, EO_NETWORK_SIDE);
    }
    l->pad = axes == 2 ? (struct eo_padding){(int)p[0], (int)p[1], (int)p[2], (int)p[3]}
                       : (struct eo_padding){(int)p[0], 0, (int)p[1], 0};
    return 0;
}

/* A kernel with dilations is a larger one, which has zeros between its weights. */
static int read_geometry(struct onnx *x, onnx_node n, const struct eo_onnx_constant *w, struct eo_dims in,
                         struct eo_network_layer *l, struct eo_hw *dilation)
{
    int axes = w->dims - 2;

    if (axes < 1 || axes > 2 || w->shape[0] < 1 || w->shape[0] > EO_NETWORK_CHANNELS || w->shape[2] < 1 ||
        w->shape[2] > EO_NETWORK_SIDE || (axes == 2 && (w->shape[3] < 1 || w->shape[3] > EO_NETWORK_SIDE)))
        return onnx_refuse(x, n,
                           "expected weights of 3 or 4 sizes, at most %d outputs and a kernel of at most %d",
                           EO_NETWORK_CHANNELS, EO_NETWORK_SIDE);
    if (read_hw(x, n, "strides", axes, 1, &l->stride) || read_hw(x, n, "dilations", axes, 1, dilation))
        return -1;
    if (l->stride.h < 1 || l->stride.w < 1 || dilation->h < 1 || dilation->w < 1)
        return onnx_refuse(x, n, "strides and dilations: expected numbers from 1");
    l->kernel.h = ((int)w->shape[2] - 1) * dilation->h + 1;
    l->kernel.w = axes == 2 ? ((int)w->shape[3] - 1) * dilation->w + 1 : 1;
    if (l->kernel.h > EO_NETWORK_SIDE || l->kernel.w > EO_NETWORK_SIDE)
        return onnx_refuse(x, n, "dilations: expected a kernel of at most %d with them, found %d x %d",
                           EO_NETWORK_SIDE, l->kernel.h, l->kernel.w);
    return read_pads(x, n, axes, in, l);
}

/* The weights of a kernel with dilations in their places. Takes `from`. */
static float *spread(struct onnx *x, onnx_node n, const struct eo_onnx_constant *w, struct eo_hw dilation,
                     struct eo_hw kernel, float *from)
{
    size_t filters = w->shape[0] * w->shape[1], height = w->shape[2], width = w->dims == 4 ? w->shape[3] : 1;
    size_t side = (size_t)kernel.h * (size_t)kernel.w;
    float *to;

    if (!from || (dilation.h == 1 && dilation.w == 1))
        return from;
    to = filters <= EO_NETWORK_PARAMETERS / side ? eo_alloc(filters * side, sizeof(*to), x->err) : NULL;
    if (filters > EO_NETWORK_PARAMETERS / side)
        onnx_refuse(x, n, "dilations: expected at most %zu weights with them", EO_NETWORK_PARAMETERS);
    for (size_t i = 0; to && i < filters * height * width; i++) {
        size_t filter = i / (height * width), h = i / width % height, v = i % width;

        to[filter * side + h * (size_t)dilation.h * (size_t)kernel.w + v * (size_t)dilation.w] = from[i];
    }
    x->dilated += to != NULL;
    free(from);
    return to;
}

static struct eo_dims padded(struct eo_dims d, const struct eo_padding *p)
{
    d.h += p->top + p->bottom;
    d.w += p->left + p->right;
    return d;
}

int onnx_take_conv(struct onnx *x, onnx_node n)
{
    const struct onnx_value *in = onnx_input(x, n, 0), *w = in ? onnx_constant(x, n, 1) : NULL;
    int64_t group = eo_onnx_int(n, "group", 1);
    struct eo_network_layer l = {.stride = {1, 1}};
    struct eo_hw dilation = {1, 1};
    float *weight, *bias;
    struct eo_dims d;

    if (!w)
        return -1;
    if (in->is_constant || onnx_is_flat(in))
        return onnx_refuse(x, n, "expected a map of N x C x H x W or N x C x length as input");
    d = onnx_dims(x, in);
    if (read_geometry(x, n, &w->constant, padded(d, &in->pad), &l, &dilation))
        return -1;
    l.pad = (struct eo_padding){l.pad.top + in->pad.top, l.pad.left + in->pad.left,
                                l.pad.bottom + in->pad.bottom, l.pad.right + in->pad.right};
    l.operation = group > 1 ? EO_DEPTHWISE : EO_CONV;
    if (group > 1 ? group != d.c || w->constant.shape[0] != (size_t)d.c || w->constant.shape[1] != 1
                  : group != 1 || w->constant.shape[1] != (size_t)d.c)
        return onnx_refuse(
            x, n,
            "expected group 1 or, with one output for each channel, as many as the input has channels "
            "(%d), found group %lld",
            d.c, (long long)group);
    weight = spread(x, n, &w->constant, dilation, l.kernel, onnx_floats(x, n, w));
    bias = weight ? bias_of(x, n, 2, w->constant.shape[0]) : NULL;
    if (!bias) {
        free(weight);
        return -1;
    }
    return add_layer(x, n, &l, (int)w->constant.shape[0], w->name, weight, bias);
}

/* ---- Gemm and MatMul ------------------------------------------------------------------------------------------- */

/* [terms, outputs] becomes [outputs, terms]. */
static float *transposed(struct onnx *x, float *from, size_t terms, size_t outputs)
{
    float *to = eo_alloc(terms * outputs, sizeof(*to), x->err);

    for (size_t o = 0; to && o < outputs; o++) {
        for (size_t t = 0; t < terms; t++)
            to[o * terms + t] = from[t * outputs + o];
    }
    free(from);
    return to;
}

int onnx_take_linear(struct onnx *x, onnx_node n)
{
    const struct eo_network_layer l = {.operation = EO_LINEAR, .kernel = {1, 1}, .stride = {1, 1}};
    int is_gemm = eo_onnx_is(n->type, "Gemm"), by_output = is_gemm && eo_onnx_int(n, "transB", 0);
    float alpha = is_gemm ? eo_onnx_float(n, "alpha", 1) : 1,
          beta = is_gemm ? eo_onnx_float(n, "beta", 1) : 1;
    const struct onnx_value *in = onnx_input(x, n, 0), *w = in ? onnx_constant(x, n, 1) : NULL;
    float *weight, *bias;
    size_t outputs, terms;

    if (!w)
        return -1;
    if (in->is_constant ||
        (!onnx_is_flat(in) && eo_dims_elements(onnx_dims(x, in)) != (size_t)onnx_dims(x, in).c))
        return onnx_refuse(x, n, "expected a flat input, N x features: Flatten stands in front of it");
    terms = eo_dims_elements(onnx_dims(x, in));
    if (eo_onnx_int(n, "transA", 0) || w->constant.dims != 2 || w->constant.shape[by_output] != terms)
        return onnx_refuse(x, n, "expected a constant matrix of %zu x outputs as input 2", terms);
    outputs = w->constant.shape[!by_output];
    if (outputs < 1 || outputs > EO_NETWORK_CHANNELS)
        return onnx_refuse(x, n, "expected 1 to %d outputs, found %zu", EO_NETWORK_CHANNELS, outputs);
    weight = onnx_floats(x, n, w);
    bias = weight ? bias_of(x, n, is_gemm ? 2 : EO_ONNX_MAX_PORTS, outputs) : NULL;
    if (bias && !by_output)
        weight = transposed(x, weight, terms, outputs);
    if (!bias || !weight) {
        free(weight);
        free(bias);
        return -1;
    }
    for (size_t i = 0; i < outputs * terms; i++)
        weight[i] *= alpha;
    for (size_t o = 0; o < outputs; o++)
        bias[o] *= beta;
    return add_layer(x, n, &l, (int)outputs, w->name, weight, bias);
}
