#include "nn/network.h"

#include <string.h>

int eo_network_classes(const struct eo_network *net)
{
    return net->layer[net->count - 1].out.c;
}

/* ---- shapes -------------------------------------------------------------------------------------------------- */

static struct eo_dims dims_of(const struct eo_network *net, int source)
{
    return source == EO_NETWORK_INPUT ? net->input : net->layer[source].out;
}

/* TensorFlow's padding of one axis; `before` is the smaller half. */
static void pad_same(int in, int kernel, int stride, int *before, int *after)
{
    int out = (in + stride - 1) / stride, total = (out - 1) * stride + kernel - in;

    total = total > 0 ? total : 0;
    *before = total / 2;
    *after = total - *before;
}

/* `what` begins the message: "expected a kernel". */
static int check_window(const struct eo_network_layer *l, const char *what, struct eo_hw window,
                        const char *where, struct eo_dims in, struct eo_err *err)
{
    if (window.h > in.h || window.w > in.w)
        return eo_err_set(err, "layer '%s': %s of at most %dx%d, the size of %s, found %dx%d", l->name, what,
                          in.h, in.w, where, window.h, window.w);
    return 0;
}

static int shape_conv(struct eo_network_layer *l, int outputs, int is_same, struct eo_err *err)
{
    struct eo_padding *p = &l->pad;
    struct eo_dims padded = l->in;

    if (is_same) {
        pad_same(l->in.h, l->kernel.h, l->stride.h, &p->top, &p->bottom);
        pad_same(l->in.w, l->kernel.w, l->stride.w, &p->left, &p->right);
    }
    padded.h += p->top + p->bottom;
    padded.w += p->left + p->right;
    if (p->top >= l->kernel.h || p->bottom >= l->kernel.h || p->left >= l->kernel.w ||
        p->right >= l->kernel.w)
        return eo_err_set(err,
                          "layer '%s': expected padding smaller than the %dx%d kernel, found %d,%d,%d,%d",
                          l->name, l->kernel.h, l->kernel.w, p->top, p->left, p->bottom, p->right);
    if (check_window(l, "expected a kernel", l->kernel, "its padded input", padded, err))
        return -1;
    l->map = (struct eo_dims){l->operation == EO_DEPTHWISE ? l->in.c : outputs,
                              (padded.h - l->kernel.h) / l->stride.h + 1,
                              (padded.w - l->kernel.w) / l->stride.w + 1};
    return 0;
}

static int shape_tail(const struct eo_network *net, struct eo_network_layer *l, struct eo_err *err)
{
    l->out = l->map;
    if (l->add != EO_NETWORK_NONE) {
        struct eo_dims d = dims_of(net, l->add);

        if (d.c != l->map.c || d.h != l->map.h || d.w != l->map.w)
            return eo_err_set(err, "layer '%s': add '%s': expected %dx%dx%d, found %dx%dx%d", l->name,
                              l->add < 0 ? "input" : net->layer[l->add].name, l->map.c, l->map.h, l->map.w,
                              d.c, d.h, d.w);
    }
    if (l->pooling == EO_MEAN)
        l->out.h = l->out.w = 1;
    if (l->pooling == EO_MAX_POOL || l->pooling == EO_AVERAGE_POOL) {
        const char *what =
            l->pooling == EO_MAX_POOL ? "max: expected a window" : "average: expected a window";

        if (check_window(l, what, l->window, "the map", l->map, err))
            return -1;
        l->out.h = (l->map.h - l->window.h) / l->step.h + 1;
        l->out.w = (l->map.w - l->window.w) / l->step.w + 1;
    }
    return 0;
}

static int check_limits(const struct eo_network *net, const struct eo_network_layer *l, struct eo_err *err)
{
    size_t parameters = eo_network_weights(l) + (size_t)l->map.c;

    for (int i = 0; i < net->count; i++)
        parameters += eo_network_weights(&net->layer[i]) + (size_t)net->layer[i].map.c;
    if (parameters > EO_NETWORK_PARAMETERS)
        return eo_err_set(err, "layer '%s': expected at most %zu parameters so far, found %zu", l->name,
                          EO_NETWORK_PARAMETERS, parameters);
    if (eo_dims_elements(l->map) > EO_NETWORK_MAP)
        return eo_err_set(err, "layer '%s': expected an output of at most %zu values, found %dx%dx%d",
                          l->name, EO_NETWORK_MAP, l->map.c, l->map.h, l->map.w);
    return 0;
}

/* Without the size of the input only channels are known; 0: those of a depthwise layer that reads the input. */
static int append_unsized(struct eo_network *net, int outputs, struct eo_err *err)
{
    struct eo_network_layer *l = &net->layer[net->count];
    int added = l->add == EO_NETWORK_NONE ? 0 : dims_of(net, l->add).c;

    l->map.c = l->out.c = l->operation == EO_DEPTHWISE ? dims_of(net, l->from).c : outputs;
    if (added && l->out.c && added != l->out.c)
        return eo_err_set(err, "layer '%s': add '%s': expected %d channels, found %d", l->name,
                          net->layer[l->add].name, l->out.c, added);
    net->count++;
    return 0;
}

/* Whether the tensors of batch normalisation of `a` would have the names of those of `b` (model.h). */
static int is_normalised_as(const struct eo_network_layer *a, const struct eo_network_layer *b)
{
    size_t n = strlen(a->name);

    return a->batch_norm && strncmp(a->name, b->name, n) == 0 && strcmp(b->name + n, ".batch_norm") == 0;
}

static int check_name(const struct eo_network *net, const struct eo_network_layer *l, struct eo_err *err)
{
    for (int i = 0; i < net->count; i++) {
        const struct eo_network_layer *other = &net->layer[i];
        int is_taken = is_normalised_as(other, l);

        if (strcmp(l->name, other->name) == 0)
            return eo_err_set(err, "layer '%s': expected a name of its own, found it twice", l->name);
        if (is_taken || is_normalised_as(l, other))
            return eo_err_set(
                err, "layer '%s': expected another name, because the tensors of layer '%s', which has batch_norm, "
                     "have it",
                is_taken ? l->name : other->name, is_taken ? other->name : l->name);
    }
    return 0;
}

int eo_network_append(struct eo_network *net, int outputs, int is_same, struct eo_err *err)
{
    struct eo_network_layer *l = &net->layer[net->count];

    if (check_name(net, l, err))
        return -1;
    if (net->input.c == 0)
        return append_unsized(net, outputs, err);
    l->in = dims_of(net, l->from);
    l->map = (struct eo_dims){outputs, 1, 1};
    if (l->operation != EO_LINEAR && shape_conv(l, outputs, is_same, err))
        return -1;
    if (check_limits(net, l, err) || shape_tail(net, l, err))
        return -1;
    net->count++;
    return 0;
}

int eo_network_last_reader(const struct eo_network *net, int source)
{
    int last = EO_NETWORK_NONE;

    for (int i = 0; i < net->count; i++)
        last = net->layer[i].from == source || net->layer[i].add == source ? i : last;
    return last;
}

int eo_network_multiplies_input(const struct eo_network *net)
{
    for (int i = 0; i < net->count; i++) {
        const struct eo_network_layer *l = &net->layer[i];

        if (l->add == EO_NETWORK_INPUT || (l->from == EO_NETWORK_INPUT && l->operation == EO_DEPTHWISE))
            return 0;
    }
    return 1;
}

int eo_network_first_user(const struct eo_network *net, int source)
{
    for (int i = 0; i < net->count; i++) {
        if (net->layer[i].from == source)
            return i;
    }
    return EO_NETWORK_NONE;
}

int eo_network_averaged(const struct eo_network_layer *l)
{
    return l->pooling == EO_MEAN           ? l->map.h * l->map.w
           : l->pooling == EO_AVERAGE_POOL ? l->window.h * l->window.w
                                           : 0;
}

int eo_network_output_tensor(int source)
{
    return source + 1; /* EO_NETWORK_INPUT is -1 */
}

int eo_network_map_tensor(const struct eo_network *net, int layer)
{
    return eo_network_averaged(&net->layer[layer]) ? 1 + EO_NETWORK_LAYERS + layer
                                                   : eo_network_output_tensor(layer);
}

int eo_network_has_tensor(const struct eo_network *net, int tensor)
{
    int layer = tensor - 1 - EO_NETWORK_LAYERS;

    return layer < 0 ? tensor < net->count : layer < net->count && eo_network_averaged(&net->layer[layer]);
}

struct eo_dims eo_network_tensor_dims(const struct eo_network *net, int tensor)
{
    int layer = tensor - 1 - EO_NETWORK_LAYERS;

    return layer < 0 ? dims_of(net, tensor - 1) : net->layer[layer].map;
}

int eo_network_finish(const struct eo_network *net, struct eo_err *err)
{
    const struct eo_network_layer *l;

    if (net->count == 0)
        return eo_err_set(err, "expected at least one layer, found none");
    l = &net->layer[net->count - 1];
    if (l->operation != EO_LINEAR)
        return eo_err_set(err, "layer '%s': expected a linear layer as the last one, found %s", l->name,
                          l->operation == EO_CONV ? "conv" : "depthwise");
    if (l->batch_norm || l->add != EO_NETWORK_NONE || l->activation)
        return eo_err_set(err, "layer '%s': expected the last layer without batch_norm, add and relu, found %s",
                          l->name,
                          l->batch_norm               ? "batch_norm"
                          : l->add != EO_NETWORK_NONE ? "add"
                          : l->activation == EO_RELU  ? "relu"
                                                      : "relu6");
    if (l->out.c < 2 || l->out.c > EO_NETWORK_CLASSES)
        return eo_err_set(err, "layer '%s': expected 2 to %d classes, found %d", l->name, EO_NETWORK_CLASSES,
                          l->out.c);
    for (int i = 0; i + 1 < net->count; i++) {
        if (eo_network_last_reader(net, i) == EO_NETWORK_NONE)
            return eo_err_set(err, "layer '%s': expected a later layer that reads its output, found none",
                              net->layer[i].name);
    }
    return 0;
}

int eo_network_is_smallcnn(const struct eo_network *net)
{
    struct eo_network same;

    if (net->count != 3 || net->layer[0].map.c < 1 || net->layer[1].map.c < 1)
        return 0;
    eo_network_smallcnn(&same, net->layer[0].map.c, net->layer[1].map.c);
    return memcmp(&same, net, sizeof(same)) == 0;
}

/* ---- costs --------------------------------------------------------------------------------------------------- */

size_t eo_network_terms(const struct eo_network_layer *l)
{
    size_t taps = (size_t)l->kernel.h * (size_t)l->kernel.w;

    switch (l->operation) {
    case EO_CONV:
        return taps * (size_t)l->in.c;
    case EO_DEPTHWISE:
        return taps;
    default:
        return eo_dims_elements(l->in);
    }
}

size_t eo_network_weights(const struct eo_network_layer *l)
{
    return eo_network_terms(l) * (size_t)l->map.c;
}

size_t eo_network_parameters(const struct eo_network *net)
{
    size_t n = 0;

    for (int i = 0; i < net->count; i++)
        n += eo_network_weights(&net->layer[i]) + (size_t)net->layer[i].map.c;
    return n;
}

size_t eo_network_layer_macs(const struct eo_network_layer *l)
{
    return eo_network_terms(l) * eo_dims_elements(l->map);
}

size_t eo_network_macs(const struct eo_network *net)
{
    size_t n = 0;

    for (int i = 0; i < net->count; i++)
        n += eo_network_layer_macs(&net->layer[i]);
    return n;
}

size_t eo_network_layer_bytes(const struct eo_network_layer *l, enum eo_precision precision)
{
    size_t bias = precision == EO_FP16 ? 2 : 4;

    return (size_t)l->map.c *
           (eo_precision_row_bytes(eo_precision_weight_bits(precision), eo_network_terms(l)) + bias);
}

static int is_column(const struct eo_network_layer *l)
{
    return l->in.w == 1 && l->map.w == 1 && l->out.w == 1 && l->kernel.w == 1 && l->window.w <= 1 && !l->pad.left &&
           !l->pad.right;
}

static void turn_dims(struct eo_dims *d)
{
    *d = (struct eo_dims){d->c, d->w, d->h};
}

/* The only row has no next one, so its stride is 1. */
static void turn_hw(struct eo_hw *hw)
{
    *hw = (struct eo_hw){1, hw->h};
}

void eo_network_turn(struct eo_network *net)
{
    for (int i = 0; i < net->count; i++) {
        if (!is_column(&net->layer[i]))
            return;
    }
    turn_dims(&net->input);
    for (int i = 0; i < net->count; i++) {
        struct eo_network_layer *l = &net->layer[i];

        turn_hw(&l->kernel);
        turn_hw(&l->stride);
        turn_hw(&l->window);
        turn_hw(&l->step);
        l->pad = (struct eo_padding){0, l->pad.top, 0, l->pad.bottom};
        turn_dims(&l->in);
        turn_dims(&l->map);
        turn_dims(&l->out);
    }
}

void eo_network_put_table(const struct eo_network *net, struct eo_buf *out)
{
    static const char *const operations[] = {"conv", "depthwise", "linear"};
    size_t fp32 = 0, int8 = 0;

    eo_buf_puts(out, "layer,operation,input,output,parameters,macs,fp32_bytes,int8_bytes\n");
    for (int i = 0; i < net->count; i++) {
        const struct eo_network_layer *l = &net->layer[i];
        size_t bytes32 = eo_network_layer_bytes(l, EO_FP32), bytes8 = eo_network_layer_bytes(l, EO_INT8);

        fp32 += bytes32;
        int8 += bytes8;
        eo_buf_printf(out, "%s,%s,%dx%dx%d,%dx%dx%d,%zu,%zu,%zu,%zu\n", l->name, operations[l->operation],
                      l->in.c, l->in.h, l->in.w, l->out.c, l->out.h, l->out.w,
                      eo_network_weights(l) + (size_t)l->map.c, eo_network_layer_macs(l), bytes32, bytes8);
    }
    eo_buf_printf(out, "total,,%dx%dx%d,%dx1x1,%zu,%zu,%zu,%zu\n", net->input.c, net->input.h, net->input.w,
                  eo_network_classes(net), eo_network_parameters(net), eo_network_macs(net), fp32, int8);
}
