/* What follows a layer's operation, in the order that a layer has: batch normalisation, add, activation, pooling. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "nn/network_fold.h"
#include "stage/import/onnx_internal.h"

enum part { OPERATION, BATCH_NORM, ADD, ACTIVATION, POOLING };

static enum part last_part(const struct eo_network_layer *l)
{
    return l->pooling                  ? POOLING
           : l->activation             ? ACTIVATION
           : l->add != EO_NETWORK_NONE ? ADD
           : l->batch_norm             ? BATCH_NORM
                                       : OPERATION;
}

/* Whether the tail of the layer that gives `v` can go on behind `part`. */
static int is_open(const struct onnx *x, const struct onnx_value *v, enum part part)
{
    return !v->is_constant && v->source >= 0 && !v->is_shared && last_part(&x->net.layer[v->source]) <= part;
}

static int refuse_closed(struct onnx *x, onnx_node n, enum part part)
{
    static const char *const parts[] = {"Conv, Gemm or MatMul", "BatchNormalization", "Add", "Relu",
                                        "a pooling"};

    return onnx_refuse(
        x, n,
        "expected it behind a layer that has gone no further than %s and whose value no other node reads",
        parts[part]);
}

/* Input 0 as the output of a layer whose tail can go on; NULL and err where it is none. */
static const struct onnx_value *open_layer(struct onnx *x, onnx_node n, enum part part)
{
    const struct onnx_value *v = onnx_input(x, n, 0);

    if (v && !is_open(x, v, part)) {
        refuse_closed(x, n, part);
        return NULL;
    }
    return v;
}

/* The node's output is that of the layer of `v`, now with one part more. */
static int finish(struct onnx *x, onnx_node n, const struct onnx_value *v)
{
    return onnx_update(x, n, v->source) || onnx_alias(x, n, v) ? -1 : 0;
}

/* ---- BatchNormalization ---------------------------------------------------------------------------------------- */

static int read_channels(struct onnx *x, onnx_node n, int input, int channels, float **out)
{
    const struct onnx_value *v = onnx_constant(x, n, input);

    if (v && v->constant.count != (size_t)channels)
        return onnx_refuse(x, n, "expected %d numbers as input %d, found %zu", channels, input + 1,
                           v->constant.count);
    *out = v ? onnx_floats(x, n, v) : NULL;
    return *out ? 0 : -1;
}

/* A bias in front of it is taken off the mean; what the layer adds is then the shift. */
int onnx_take_batch_norm(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = open_layer(x, n, OPERATION);
    double eps = (double)eo_onnx_float(n, "epsilon", 1e-5f);
    struct onnx_numbers *of;
    int channels;

    if (!v)
        return -1;
    of = &x->numbers[v->source];
    channels = x->net.layer[v->source].map.c;
    if (!(eps >= 0 && eps <= 1) || eo_onnx_int(n, "training_mode", 0))
        return onnx_refuse(x, n, "expected an epsilon in 0..1 and no training_mode");
    if (read_channels(x, n, 1, channels, &of->scale) || read_channels(x, n, 2, channels, &of->shift) ||
        read_channels(x, n, 3, channels, &of->mean) || read_channels(x, n, 4, channels, &of->variance))
        return -1;
    for (int o = 0; o < channels; o++) {
        double variance = (double)of->variance[o] + (fabs(eps - EO_NORM_EPS) < 1e-11 ? 0 : eps - EO_NORM_EPS);

        of->mean[o] = (float)((double)of->mean[o] - (double)of->bias[o]);
        of->bias[o] = of->shift[o];
        of->variance[o] = (float)variance;
        if (!(variance >= 0))
            return onnx_refuse(x, n, "expected a variance and epsilon of at least 1e-5 together, found %g",
                               variance + EO_NORM_EPS);
    }
    x->net.layer[v->source].batch_norm = 1;
    return finish(x, n, v);
}

/* ---- arithmetic of constants ------------------------------------------------------------------------------------- */

/* Whether size `i` of a constant that is broadcast to `rank` sizes lies along the channels. */
static int is_channel_axis(const struct eo_onnx_constant *c, int rank, int i)
{
    return i - c->dims == 1 - rank;
}

/*
 * The numbers of a constant that is broadcast to `v`: one for all channels, or one for each. NULL and err for others.
 * Sizes are aligned at the last one, so numbers for each channel have 1 for every size behind theirs.
 */
static float *per_channel(struct onnx *x, onnx_node n, const struct onnx_value *v, const struct onnx_value *c,
                          int channels)
{
    static const char *const shapes[] = {"C", "C x 1", "C x 1 x 1"};
    size_t along = 1;

    for (int i = 0; i < c->constant.dims; i++)
        along *= is_channel_axis(&c->constant, v->rank, i) ? c->constant.shape[i] : 1;
    if (c->constant.dims <= v->rank && along == c->constant.count &&
        (along == 1 || along == (size_t)channels))
        return onnx_floats(x, n, c);
    onnx_refuse(x, n, "expected one number, or one for each of %d channels: expected the shape %s", channels,
                shapes[v->rank - 2]);
    return NULL;
}

/* What the network is fed: p * scale + shift. */
static int change_input(struct onnx *x, onnx_node n, const struct onnx_value *v, const struct onnx_value *c)
{
    int channels = x->net.input.c, is_one = c->constant.count == 1;
    float *by;

    if (v->is_shared)
        return onnx_refuse(x, n, "expected that no other node reads the input before it");
    if (channels > ONNX_CHANNELS)
        return onnx_refuse(x, n, "expected an input of at most %d channels", ONNX_CHANNELS);
    by = per_channel(x, n, v, c, channels);
    if (!by)
        return -1;
    for (int i = 0; i < ONNX_CHANNELS; i++) {
        double number = (double)by[is_one || i >= channels ? 0 : i];
        double *scale = &x->input_scale[i], *shift = &x->input_shift[i];

        if (!x->input_numbers)
            *scale = 1;
        if (eo_onnx_is(n->type, "Add"))
            *shift += number;
        else if (eo_onnx_is(n->type, "Sub"))
            *shift -= number;
        else if (eo_onnx_is(n->type, "Mul"))
            *scale *= number, *shift *= number;
        else
            *scale /= number, *shift /= number;
    }
    x->input_numbers = is_one && x->input_numbers <= 1 ? 1 : channels;
    free(by);
    return onnx_alias(x, n, v);
}

int onnx_take_arithmetic(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0), *c = v ? onnx_input(x, n, 1) : NULL;

    if (!c)
        return -1;
    if (!v->is_constant && v->source == EO_NETWORK_INPUT && c->is_constant && x->net.count == 0)
        return change_input(x, n, v, c);
    return onnx_refuse(
        x, n,
        "expected it in front of the first layer, with a constant; the nearest that is supported "
        "elsewhere: Add, BatchNormalization");
}

static int add_bias(struct onnx *x, onnx_node n, const struct onnx_value *v, const struct onnx_value *c)
{
    int channels;
    float *by;

    if (v->source == EO_NETWORK_INPUT && x->net.count == 0)
        return change_input(x, n, v, c);
    if (!is_open(x, v, BATCH_NORM))
        return onnx_refuse(
            x, n, "expected a constant to be added right behind Conv, Gemm, MatMul or BatchNormalization");
    channels = x->net.layer[v->source].map.c;
    by = per_channel(x, n, v, c, channels);
    for (int o = 0; by && o < channels; o++)
        x->numbers[v->source].bias[o] += by[c->constant.count == 1 ? 0 : o];
    free(by);
    return by ? finish(x, n, v) : -1;
}

/* ---- Add --------------------------------------------------------------------------------------------------------- */

int onnx_take_add(struct onnx *x, onnx_node n)
{
    const struct onnx_value *a = onnx_input(x, n, 0), *b = a ? onnx_input(x, n, 1) : NULL;
    const struct onnx_value *later;
    int other;

    if (!b)
        return -1;
    if (a->is_constant != b->is_constant)
        return a->is_constant ? add_bias(x, n, b, a) : add_bias(x, n, a, b);
    later = a->source > b->source ? a : b;
    other = a->source > b->source ? b->source : a->source;
    if (a->is_constant || a->source == b->source || !is_open(x, later, BATCH_NORM) || a->rank != b->rank)
        return onnx_refuse(
            x, n,
            "expected the sum of two layers, the later one without Relu and pooling and read by no "
            "other node");
    x->net.layer[later->source].add = other;
    return finish(x, n, later);
}

/* ---- Relu and Clip ------------------------------------------------------------------------------------------- */

/* Behind a maximum it is the same as in front of it. */
static int activate(struct onnx *x, onnx_node n, enum eo_activation activation)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    struct eo_network_layer *l;

    if (!v)
        return -1;
    if (v->is_constant || v->source < 0 ||
        !is_open(x, v, x->net.layer[v->source].pooling == EO_MAX_POOL ? POOLING : ACTIVATION))
        return refuse_closed(x, n, ADD);
    l = &x->net.layer[v->source];
    l->activation = l->activation == EO_RELU6 ? EO_RELU6 : activation;
    return finish(x, n, v);
}

int onnx_take_relu(struct onnx *x, onnx_node n)
{
    return activate(x, n, EO_RELU);
}

/* A limit of Clip: an attribute, or since operator set 11 an input. */
static int read_limit(struct onnx *x, onnx_node n, const char *attribute, int input, float otherwise,
                      float *limit)
{
    const struct onnx_value *v = onnx_has_input(n, input) ? onnx_constant(x, n, input) : NULL;
    float *numbers;

    *limit = eo_onnx_float(n, attribute, otherwise);
    if (!onnx_has_input(n, input))
        return 0;
    numbers = v && v->constant.count == 1 ? onnx_floats(x, n, v) : NULL;
    if (!numbers)
        return onnx_refuse(x, n, "expected one finite number as input %d", input + 1);
    *limit = numbers[0];
    free(numbers);
    return 0;
}

int onnx_take_clip(struct onnx *x, onnx_node n)
{
    float min, max;

    if (read_limit(x, n, "min", 1, -INFINITY, &min) || read_limit(x, n, "max", 2, INFINITY, &max))
        return -1;
    if (!(min >= 0 && min <= 0) || !((max >= 6 && max <= 6) || max > 1e30f))
        return onnx_refuse(x, n, "expected limits of 0 and 6, or 0 alone, found %g and %g", (double)min,
                           (double)max);
    return activate(x, n, max > 6 ? EO_RELU : EO_RELU6);
}

/* ---- poolings ---------------------------------------------------------------------------------------------------- */

static int is_whole_map(struct eo_dims d, struct eo_hw window)
{
    return window.h == d.h && window.w == d.w;
}

/* The layer of `v` gets a pooling; the step where the window is the whole map is nothing. */
static int pool(struct onnx *x, onnx_node n, enum eo_pooling pooling, struct eo_hw window, struct eo_hw step)
{
    const struct onnx_value *v = open_layer(x, n, ACTIVATION);
    struct eo_network_layer *l;

    if (!v)
        return -1;
    l = &x->net.layer[v->source];
    if (l->operation == EO_LINEAR)
        return onnx_refuse(x, n, "expected it behind a convolution");
    if (is_whole_map(l->map, window))
        step = window;
    l->pooling = pooling;
    l->window = pooling == EO_MEAN ? (struct eo_hw){0, 0} : window;
    l->step = pooling == EO_MEAN ? (struct eo_hw){0, 0} : step;
    return finish(x, n, v);
}

/* 1 or 2 numbers for the axes, all in 1..EO_NETWORK_SIDE. */
static int read_window(struct onnx *x, onnx_node n, const char *attribute, struct eo_hw *hw)
{
    int64_t v[2] = {1, 1};
    int count = eo_onnx_ints(n, attribute, v, 2);

    if (count > 2 || v[0] < 1 || v[0] > EO_NETWORK_SIDE || v[1] < 1 || v[1] > EO_NETWORK_SIDE)
        return onnx_refuse(x, n, "%s: expected 1 or 2 numbers in 1..%d", attribute, EO_NETWORK_SIDE);
    *hw = (struct eo_hw){(int)v[0], count == 2 ? (int)v[1] : 1};
    return 0;
}

/* Whether auto_pad or ceil_mode make windows of it reach beyond the map. */
static int is_padded(onnx_node n, struct eo_dims d, struct eo_hw window, struct eo_hw step)
{
    struct eo_onnx_text automatic = eo_onnx_string(n, "auto_pad");
    struct eo_padding p;

    if (eo_onnx_is(automatic, "SAME_UPPER") || eo_onnx_is(automatic, "SAME_LOWER")) {
        onnx_pad_same(d.h, window.h, step.h, 0, &p.top, &p.bottom);
        onnx_pad_same(d.w, window.w, step.w, 0, &p.left, &p.right);
        return p.bottom || p.right; /* where there is one zero it lies behind */
    }
    return eo_onnx_int(n, "ceil_mode", 0) &&
           (window.h > d.h || window.w > d.w || (d.h - window.h) % step.h || (d.w - window.w) % step.w);
}

static int check_pooling(struct onnx *x, onnx_node n, struct eo_dims d, struct eo_hw window,
                         struct eo_hw step)
{
    int64_t pads[4] = {0, 0, 0, 0}, dilations[2] = {1, 1};

    if (onnx_check_auto_pad(x, n))
        return -1;
    (void)eo_onnx_ints(n, "pads", pads, 4);
    (void)eo_onnx_ints(n, "dilations", dilations, 2);
    if (pads[0] || pads[1] || pads[2] || pads[3] || dilations[0] != 1 || dilations[1] != 1)
        return onnx_refuse(x, n,
                           "expected no pads and dilations; the nearest that is supported: Conv with pads");
    if (is_padded(n, d, window, step))
        return onnx_refuse(x, n, "expected windows that fit the map of %d x %d without padding", d.h, d.w);
    return 0;
}

int onnx_take_pool(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    struct eo_hw window, step;

    if (!v || read_window(x, n, "kernel_shape", &window) || read_window(x, n, "strides", &step))
        return -1;
    if (v->is_constant || check_pooling(x, n, onnx_dims(x, v), window, step))
        return v->is_constant ? onnx_refuse(x, n, "expected an activation as input") : -1;
    if (window.h == 1 && window.w == 1 && step.h == 1 && step.w == 1)
        return onnx_alias(x, n, v);
    return pool(x, n, eo_onnx_is(n->type, "MaxPool") ? EO_MAX_POOL : EO_AVERAGE_POOL, window, step);
}

/* Of height and width: axes 2 and 3, or of N x C x length 2. Negative ones count from behind the last. */
static int check_axes(struct onnx *x, onnx_node n, int rank)
{
    int64_t axes[4];
    int count = onnx_list(x, n, "axes", 1, axes, 4), seen = 0;

    if (count < -1)
        return -1;
    for (int i = 0; i < count; i++)
        seen |= 1 << (axes[i] < -rank || axes[i] >= rank ? 0 : axes[i] < 0 ? axes[i] + rank : axes[i]);
    if (seen == (rank == 4 ? 1 << 2 | 1 << 3 : 1 << 2))
        return 0;
    return onnx_refuse(x, n,
                       rank == 4 ? "axes: expected those of height and width, 2 and 3"
                                 : "axes: expected that of the length, 2");
}

int onnx_take_mean(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    int is_reduce = eo_onnx_is(n->type, "ReduceMean"), rc;
    struct eo_dims d;

    if (!v || v->is_constant || onnx_is_flat(v))
        return onnx_refuse(x, n, "expected a map as input");
    d = onnx_dims(x, v);
    if (is_reduce && check_axes(x, n, v->rank))
        return -1;
    if (d.h == 1 && d.w == 1)
        rc = onnx_alias(x, n, v);
    else if (eo_onnx_is(n->type, "GlobalMaxPool"))
        rc = pool(x, n, EO_MAX_POOL, (struct eo_hw){d.h, d.w}, (struct eo_hw){d.h, d.w});
    else
        rc = pool(x, n, EO_MEAN, (struct eo_hw){0, 0}, (struct eo_hw){0, 0});
    if (!rc && is_reduce && !eo_onnx_int(n, "keepdims", 1))
        x->value[x->value_count - 1].rank = 2;
    return rc;
}
