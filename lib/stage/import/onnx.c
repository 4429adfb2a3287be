#include "stage/import/onnx.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "format/onnx.h"
#include "nn/input.h"
#include "stage/import/onnx_internal.h"

int onnx_refuse(struct onnx *x, onnx_node n, const char *fmt, ...)
{
    char text[320];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return eo_err_set(x->err, "operator '%.*s', node '%.*s': %s", EO_ONNX_SHOW(n->type),
                      EO_ONNX_SHOW(n->name), text);
}

/* ---- before and behind the nodes --------------------------------------------------------------------------------- */

static int add_constants(struct onnx *x)
{
    for (int i = 0; i < x->graph.constant_count; i++) {
        struct onnx_value *v = onnx_add_value(x, x->graph.constant[i].name);

        if (!v)
            return -1;
        v->is_constant = 1;
        v->constant = x->graph.constant[i];
    }
    return 0;
}

static int add_input(struct onnx *x)
{
    const struct eo_onnx_input *in = &x->graph.input[0];
    struct onnx_value *v;
    int d[3] = {1, 1, 1};

    if (x->graph.input_count != 1 || x->graph.output_count != 1)
        return eo_err_set(x->err, "expected a graph with one input and one output, found %d and %d",
                          x->graph.input_count, x->graph.output_count);
    if (in->dims < 2 || in->dims > 4)
        return eo_err_set(
            x->err, "input '%.*s': expected N x C x H x W, N x C x length or N x features, found %d sizes",
            EO_ONNX_SHOW(in->name), in->dims);
    for (int i = 1; i < in->dims; i++) {
        if (in->shape[i] < 1 || in->shape[i] > EO_NETWORK_SIDE)
            return eo_err_set(
                x->err,
                "input '%.*s': size %d: expected a fixed number in 1..%d; export without dynamic axes",
                EO_ONNX_SHOW(in->name), i + 1, EO_NETWORK_SIDE);
        d[i - 1] = (int)in->shape[i];
    }
    /* Features as data sets have them: 1 x features x 1. */
    x->net.input = in->dims == 2 ? (struct eo_dims){1, d[0], 1} : (struct eo_dims){d[0], d[1], d[2]};
    if (eo_dims_elements(x->net.input) > EO_NETWORK_MAP)
        return eo_err_set(x->err, "input '%.*s': expected at most %zu values", EO_ONNX_SHOW(in->name),
                          EO_NETWORK_MAP);
    v = onnx_add_value(x, in->name);
    if (!v)
        return -1;
    v->source = EO_NETWORK_INPUT;
    v->rank = in->dims;
    x->input_numbers = in->type == EO_ONNX_U8; /* bytes are fed as they are, until something changes them */
    for (int i = 0; i < ONNX_CHANNELS; i++)
        x->input_scale[i] = 1;
    return 0;
}

/* The last layer of a network is linear: a convolution over the whole map is one. */
static void close_network(struct onnx *x)
{
    struct eo_network_layer *l = &x->net.layer[x->net.count - 1];

    if (l->operation != EO_CONV || l->map.h != 1 || l->map.w != 1 || l->kernel.h != l->in.h ||
        l->kernel.w != l->in.w || l->pad.top || l->pad.left || l->pad.bottom || l->pad.right)
        return;
    l->operation = EO_LINEAR;
    l->kernel = l->stride = (struct eo_hw){1, 1};
}

/* A network that is SmallCNN but for the names of its layers gets these. */
static void name_smallcnn(struct eo_network *net)
{
    struct eo_network same, named = *net;

    if (net->count != 3 || net->layer[0].map.c < 1 || net->layer[1].map.c < 1 ||
        net->layer[0].map.c > EO_MAX_C1 || net->layer[1].map.c > EO_MAX_C2)
        return;
    eo_network_smallcnn(&same, net->layer[0].map.c, net->layer[1].map.c);
    for (int i = 0; i < 3; i++)
        memcpy(named.layer[i].name, same.layer[i].name, sizeof(same.layer[i].name));
    if (eo_network_is_smallcnn(&named))
        *net = named;
}

/* Reads the network's own text, so that it is what that text says to the last byte. */
static int reread(struct onnx *x, struct eo_network *net)
{
    struct eo_buf text = {0};
    int rc;

    eo_network_print(&x->net, "; ", &text);
    rc = eo_buf_check(&text, x->err) || eo_network_parse(net, text.data, x->err) ? -1 : 0;
    eo_buf_release(&text);
    return rc;
}

static int finish_network(struct onnx *x, struct eo_network *net)
{
    const struct onnx_value *out = onnx_find(x, x->graph.output[0]);

    if (!out || out->is_constant || x->net.count == 0)
        return eo_err_set(x->err, "expected an output that a node makes from the input, found none");
    if (out->source != x->net.count - 1 || out->pad.top || out->pad.left || out->pad.bottom || out->pad.right)
        return eo_err_set(x->err, "expected the last layer to give the output, found '%.*s'",
                          EO_ONNX_SHOW(out->name));
    close_network(x);
    if (reread(x, net))
        return -1;
    name_smallcnn(net);
    return 0;
}

/* ---- the model ------------------------------------------------------------------------------------------------- */

static int set_numbers(const struct onnx *x, const struct eo_network *net, struct eo_model *m,
                       struct eo_err *err)
{
    if (eo_model_init_network(m, EO_FP32, net, err) || eo_model_meta_set(m, "pruning_level", "0.00", err))
        return -1;
    for (int i = 0; i < net->count; i++) {
        const struct onnx_numbers *of = &x->numbers[i];
        size_t outputs = (size_t)net->layer[i].map.c * sizeof(float);

        memcpy(m->layer[i].weight.f32, of->weight, eo_network_weights(&net->layer[i]) * sizeof(float));
        memcpy(m->layer[i].bias.f32, of->bias, outputs);
        if (!net->layer[i].batch_norm)
            continue;
        memcpy(m->layer[i].norm_scale, of->scale, outputs);
        memcpy(m->layer[i].norm_mean, of->mean, outputs);
        memcpy(m->layer[i].norm_variance, of->variance, outputs);
    }
    return 0;
}

/* To seven digits, which is what a float of the file knows. */
static double rounded(double x)
{
    char text[32];
    double y;

    snprintf(text, sizeof(text), "%.6e", x);
    return eo_num_parse_double(text, -1e30, 1e30, &y, NULL) ? x : y;
}

/* p scale + shift = (p / 255 - mean) / std */
static int set_input(const struct onnx *x, struct eo_model *m, struct eo_err *err)
{
    static const char *const names[] = {"mean of the input", "std of the input"};
    double mean[EO_INPUT_CHANNELS], std[EO_INPUT_CHANNELS];
    struct eo_input in;

    if (!x->input_numbers)
        return 0;
    for (int i = 0; i < x->input_numbers; i++) {
        /* A float between 0 and 1 cannot be told from a grey value but by what is done to it. */
        if (x->graph.input[0].type != EO_ONNX_U8 && x->input_scale[i] > 1)
            return eo_err_set(err,
                              "input: expected arithmetic on grey values of 0..255, found a factor of %g, as "
                              "for p / 255: export without it and give --input-mean and --input-std",
                              x->input_scale[i]);
        std[i] = rounded(1 / (255 * x->input_scale[i]));
        mean[i] = rounded((0 - x->input_shift[i]) * std[i]);
        if (!(fabs(mean[i]) <= EO_INPUT_MEAN_MAX && std[i] >= EO_INPUT_STD_MIN && std[i] <= EO_INPUT_STD_MAX))
            return eo_err_set(err,
                              "input: expected (p / 255 - mean) / std of a grey value p, with a mean in "
                              "-%g..%g and a std in %g..%g, found %g and %g: export without it and give "
                              "--input-mean and --input-std",
                              EO_INPUT_MEAN_MAX, EO_INPUT_MEAN_MAX, EO_INPUT_STD_MIN, EO_INPUT_STD_MAX,
                              mean[i], std[i]);
    }
    return eo_input_make(&in, mean, x->input_numbers, std, x->input_numbers, m->network.input.c, names,
                         err) ||
                   eo_input_set(m, &in, err)
               ? -1
               : 0;
}

static void put_notes(const struct onnx *x, struct eo_buf *notes)
{
    if (x->dequantised)
        eo_buf_printf(
            notes,
            "%d of QuantizeLinear and DequantizeLinear left out: constants became fp32, and activations "
            "are not rounded\n",
            x->dequantised);
    if (x->dilated)
        eo_buf_printf(notes, "%d of Conv with dilations became %s with zeros between the weights\n",
                      x->dilated, x->dilated == 1 ? "a larger kernel" : "larger kernels");
    if (x->softmax)
        eo_buf_puts(notes, "the softmax at the end was left out: the classes stay the same\n");
    if (x->loss.changed)
        eo_buf_printf(notes, "double became F32: %zu of %zu values changed, by at most %.2g of their size\n",
                      x->loss.changed, x->loss.values, x->loss.relative);
}

static int walk(struct onnx *x, struct eo_network *net)
{
    if (add_constants(x) || add_input(x))
        return -1;
    for (int i = 0; i < x->graph.node_count; i++) {
        if (onnx_take(x, &x->graph.node[i]))
            return -1;
    }
    return finish_network(x, net);
}

static void release(struct onnx *x)
{
    for (int i = 0; i < EO_NETWORK_LAYERS; i++) {
        struct onnx_numbers *of = &x->numbers[i];
        float *const all[] = {of->weight, of->bias, of->scale, of->shift, of->mean, of->variance};

        for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
            free(all[k]);
    }
    for (int i = 0; i < x->value_count; i++) {
        if (!x->value[i].is_alias)
            free(x->value[i].real);
    }
    free(x->value);
    eo_onnx_graph_release(&x->graph);
    free(x);
}

int eo_import_onnx(struct eo_model *m, const void *bytes, size_t size, struct eo_buf *notes,
                   struct eo_err *err)
{
    struct onnx *x = eo_alloc(1, sizeof(*x), err);
    struct eo_network net;
    int rc = -1;

    memset(m, 0, sizeof(*m));
    if (!x)
        return -1;
    x->err = err;
    if (eo_onnx_read(&x->graph, bytes, size, err) == 0) {
        x->value_max = x->graph.constant_count + x->graph.node_count + 1;
        x->value = eo_alloc((size_t)x->value_max, sizeof(*x->value), err);
        rc = x->value && walk(x, &net) == 0 && set_numbers(x, &net, m, err) == 0 ? set_input(x, m, err) : -1;
    }
    if (rc)
        eo_model_release(m);
    else
        put_notes(x, notes);
    release(x);
    return rc;
}
