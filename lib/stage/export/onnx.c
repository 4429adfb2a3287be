#include "stage/export/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/onnx.h"
#include "nn/input.h"
#include "nn/model_tensors.h"
#include "stage/candidate.h"

#define NAME_MAX_BYTES (EO_NETWORK_NAME + 24)

typedef char node_name[NAME_MAX_BYTES];

static const struct eo_onnx_attribute to_float[] = {{"to", 0, {EO_ONNX_F32}}, {0}},
                                      to_half[] = {{"to", 0, {EO_ONNX_F16}}, {0}};

struct graph {
    const struct eo_model *model;
    struct eo_onnx onnx;
    node_name input,
        output[EO_NETWORK_LAYERS]; /* of the network and of each layer: the value that layers read */
};

static const struct eo_network_layer *layer_of(const struct graph *g, int i)
{
    return &g->model->network.layer[i];
}

static void name_node(node_name name, const struct graph *g, int layer, const char *suffix)
{
    snprintf(name, NAME_MAX_BYTES, "%s%s", layer_of(g, layer)->name, suffix);
}

static void put_number(struct graph *g, const char *name, float value)
{
    eo_onnx_tensor(&g->onnx, name, EO_ONNX_F32, 0, NULL, &value);
}

/* A node with up to three inputs, and its output as a value that viewers show. A linear layer's has no height. */
static void put_node(struct graph *g, const char *type, const char *name, const char *const *inputs,
                     const struct eo_onnx_attribute *attributes, enum eo_onnx_type value, int dims,
                     struct eo_dims d)
{
    size_t shape[3] = {(size_t)d.c, (size_t)d.h, (size_t)d.w};

    eo_onnx_node(&g->onnx, type, name, inputs, attributes);
    eo_onnx_port(&g->onnx, EO_ONNX_INNER, name, value, dims, shape);
}

static int dims_of(const struct eo_network_layer *l)
{
    return l->operation == EO_LINEAR ? 1 : 3;
}

/* ---- the input ------------------------------------------------------------------------------------------------- */

/* One step of input.h: `type` of the value before and of a number, or of one for each channel. */
static void put_steps(struct graph *g, const char *type, const char *from, const char *to,
                      const char *constant, const double *list, int count)
{
    float values[EO_INPUT_CHANNELS];

    for (int c = 0; c < count; c++)
        values[c] = (float)list[c];
    eo_onnx_tensor(&g->onnx, constant, EO_ONNX_F32, count > 1 ? 3 : 0, (const size_t[]){(size_t)count, 1, 1},
                   values);
    put_node(g, type, to, (const char *[]){from, constant, NULL}, NULL, EO_ONNX_F32, 3,
             g->model->network.input);
}

static void put_step(struct graph *g, const char *type, const char *from, const char *to,
                     const char *constant, double value)
{
    put_steps(g, type, from, to, constant, &value, 1);
}

/* By the same roundings as eo_input_table(). */
static int put_input(struct graph *g, struct eo_err *err)
{
    struct eo_dims d = g->model->network.input;
    struct eo_input in;

    strcpy(g->input, "image/network");
    if (eo_input_read(g->model, &in, err) < 0)
        return -1;
    eo_onnx_port(&g->onnx, EO_ONNX_INPUT, "image", EO_ONNX_U8, 3,
                 (const size_t[]){(size_t)d.c, (size_t)d.h, (size_t)d.w});
    put_node(g, "Cast", "image/float", (const char *[]){"image", NULL}, to_float, EO_ONNX_F32, 3, d);
    if (eo_input_is_standard(g->model)) {
        put_step(g, "Div", "image/float", "image/scaled", "image/half_range", 127.5f);
        put_step(g, "Sub", "image/scaled", g->input, "image/one", 1);
        return 0;
    }
    put_step(g, "Div", "image/float", "image/scaled", "image/range", 255);
    put_steps(g, "Sub", "image/scaled", "image/centred", "image/mean", in.mean, in.count);
    put_steps(g, "Div", "image/centred", g->input, "image/std", in.std, in.count);
    return 0;
}

/* ---- constants ------------------------------------------------------------------------------------------------- */

static enum eo_onnx_type onnx_type(enum eo_st_dtype dtype)
{
    return dtype == EO_ST_I8    ? EO_ONNX_S8
           : dtype == EO_ST_I32 ? EO_ONNX_S32
           : dtype == EO_ST_F16 ? EO_ONNX_F16
                                : EO_ONNX_F32;
}

/* Those of the model file, but for scales and zero points of activations, which ONNX takes in another form. */
static void put_tensors(struct graph *g)
{
    struct eo_model_tensor t[EO_MODEL_TENSORS];
    size_t n = eo_model_tensors(g->model, t);

    for (size_t i = 0; i < n; i++) {
        const char *what = strrchr(t[i].name, '.');

        if (strcmp(what, ".weight") == 0 || strcmp(what, ".bias") == 0 || strcmp(what, ".weight_scale") == 0)
            eo_onnx_tensor(&g->onnx, t[i].name, onnx_type(t[i].dtype), t[i].dims, t[i].shape, t[i].data);
    }
}

/*
 * `what`, "weight" or "bias", as floats: from int8 by a scale for each output, from fp16 as they are. `value` receives
 * their name.
 */
static void put_real(struct graph *g, int layer, const char *what, const char *scale, node_name value)
{
    static const struct eo_onnx_attribute per_output[] = {{"axis", 0, {0}}, {0}};
    node_name from;

    snprintf(from, sizeof(from), "%s.%s", layer_of(g, layer)->name, what);
    snprintf(value, sizeof(from), "%s/%s_real", layer_of(g, layer)->name, what);
    eo_onnx_node(&g->onnx, scale ? "DequantizeLinear" : "Cast", value, (const char *[]){from, scale, NULL},
                 scale ? per_output : to_float);
}

/* `weight` and `bias` receive the names of what the operator takes. */
static int put_parameters(struct graph *g, int layer, node_name weight, node_name bias, struct eo_err *err)
{
    const struct eo_model_layer *m = &g->model->layer[layer];
    size_t outputs = (size_t)layer_of(g, layer)->map.c;
    node_name scale;
    float *product;

    name_node(weight, g, layer, ".weight");
    name_node(bias, g, layer, ".bias");
    if (g->model->precision == EO_FP16) {
        put_real(g, layer, "weight", NULL, weight);
        put_real(g, layer, "bias", NULL, bias);
    }
    if (!eo_precision_is_integer(g->model->precision))
        return 0;
    product = eo_alloc(outputs, sizeof(*product), err);
    if (!product)
        return -1;
    name_node(scale, g, layer, ".weight_scale");
    put_real(g, layer, "weight", scale, weight);
    for (size_t o = 0; o < outputs; o++)
        product[o] = m->input_scale * m->weight_scale[o];
    name_node(scale, g, layer, "/bias_scale");
    eo_onnx_tensor(&g->onnx, scale, EO_ONNX_F32, 1, &outputs, product);
    put_real(g, layer, "bias", scale, bias);
    free(product);
    return 0;
}

/* ---- layers ---------------------------------------------------------------------------------------------------- */

/* What layer `i` reads of `source`, as a map or, for a linear layer, flat. `value` is its name. */
static void put_source(struct graph *g, int i, int source, const char *suffix, node_name value)
{
    const struct eo_network_layer *l = layer_of(g, i), *s = source < 0 ? NULL : layer_of(g, source);
    const struct eo_onnx_attribute whole[] = {{"axis", 0, {1}}, {0}};
    struct eo_dims d = s ? s->out : g->model->network.input;
    int is_flat = s && s->operation == EO_LINEAR;
    node_name from, axes;

    strcpy(from, s ? g->output[source] : g->input);
    strcpy(value, from);
    if (is_flat == (l->operation == EO_LINEAR))
        return;
    name_node(value, g, i, suffix);
    if (is_flat) {
        snprintf(axes, sizeof(axes), "%s_axes", value);
        eo_onnx_tensor(&g->onnx, axes, EO_ONNX_S64, 1, (const size_t[]){2}, (const int64_t[]){2, 3});
        put_node(g, "Unsqueeze", value, (const char *[]){from, axes, NULL}, NULL, EO_ONNX_F32, 3, d);
    } else {
        d = (struct eo_dims){(int)eo_dims_elements(d), 1, 1};
        put_node(g, "Flatten", value, (const char *[]){from, NULL}, whole, EO_ONNX_F32, 1, d);
    }
}

/* ---- activations as they are stored: `value`, of tensor `tensor`, becomes that behind it ------------------------- */

struct stored {
    const char *name; /* of the nodes: NAME/quantized, ... */
    int tensor, dims;
    struct eo_dims d;
};

static void put_stored(struct graph *g, const struct stored *t, const char *type, const char *suffix,
                       const char *const inputs[3], const struct eo_onnx_attribute *attributes,
                       enum eo_onnx_type to, node_name value)
{
    node_name from;

    strcpy(from, value);
    snprintf(value, NAME_MAX_BYTES, "%s%s", t->name, suffix);
    put_node(g, type, value, (const char *[]){from, inputs[0], inputs[1], NULL}, attributes, to, t->dims,
             t->d);
}

/* Eight bits and back. Clips where the model's activations end below 255. */
static void put_quantization(struct graph *g, const struct stored *t, node_name value)
{
    struct eo_model_grid grid = eo_model_grid(g->model, t->tensor);
    int most = eo_backend_activation_max(g->model->backend);
    uint8_t zero = (uint8_t)grid.zero_point;
    node_name scale, zero_point, limit;
    const char *const by[3] = {scale, zero_point}, *const up_to[3] = {"", limit};

    snprintf(limit, sizeof(limit), "%s/limit", t->name);
    snprintf(scale, sizeof(scale), "%s/scale", t->name);
    snprintf(zero_point, sizeof(zero_point), "%s/zero_point", t->name);
    if (most < 255) {
        put_number(g, limit, (float)(most - grid.zero_point) * grid.scale);
        put_stored(g, t, "Clip", "/clip", up_to, NULL, EO_ONNX_F32, value);
    }
    put_number(g, scale, grid.scale);
    eo_onnx_tensor(&g->onnx, zero_point, EO_ONNX_U8, 0, NULL, &zero);
    put_stored(g, t, "QuantizeLinear", "/quantized", by, NULL, EO_ONNX_U8, value);
    put_stored(g, t, "DequantizeLinear", "/real", by, NULL, EO_ONNX_F32, value);
}

static void put_storage(struct graph *g, const struct stored *t, node_name value)
{
    static const char *const alone[3] = {NULL, NULL};

    if (eo_precision_is_integer(g->model->precision))
        put_quantization(g, t, value);
    if (g->model->precision != EO_FP16)
        return;
    put_stored(g, t, "Cast", "/half", alone, to_half, EO_ONNX_F16, value);
    put_stored(g, t, "Cast", "/real", alone, to_float, EO_ONNX_F32, value);
}

/* ---- operations ------------------------------------------------------------------------------------------------- */

static void put_operation(struct graph *g, int i, const char *input, const char *weight, const char *bias)
{
    const struct eo_network_layer *l = layer_of(g, i);
    const struct eo_onnx_attribute conv[] = {
        {"group", 0, {l->operation == EO_DEPTHWISE ? l->map.c : 1}},
        {"kernel_shape", 2, {l->kernel.h, l->kernel.w}},
        {"pads", 4, {l->pad.top, l->pad.left, l->pad.bottom, l->pad.right}},
        {"strides", 2, {l->stride.h, l->stride.w}},
        {0},
    };
    const struct eo_onnx_attribute linear[] = {{"transB", 0, {1}}, {0}};
    const char *inputs[] = {input, weight, bias, NULL};

    if (i + 1 == g->model->network.count) {
        eo_onnx_node(&g->onnx, "Gemm", "logits", inputs, linear);
        eo_onnx_port(&g->onnx, EO_ONNX_OUTPUT, "logits", EO_ONNX_F32, 1, (const size_t[]){(size_t)l->map.c});
    } else if (l->operation == EO_LINEAR) {
        name_node(g->output[i], g, i, "/gemm");
        put_node(g, "Gemm", g->output[i], inputs, linear, EO_ONNX_F32, 1, l->map);
    } else {
        name_node(g->output[i], g, i, "/conv");
        put_node(g, "Conv", g->output[i], inputs, conv, EO_ONNX_F32, 3, l->map);
    }
}

/* The next node of a layer's tail reads what the one before it gives. */
static void put_next(struct graph *g, int i, const char *type, const char *suffix, const char *second,
                     const char *third, const struct eo_onnx_attribute *attributes, struct eo_dims d)
{
    node_name from;

    strcpy(from, g->output[i]);
    name_node(g->output[i], g, i, suffix);
    put_node(g, type, g->output[i], (const char *[]){from, second, third, NULL}, attributes, EO_ONNX_F32,
             dims_of(layer_of(g, i)), d);
}

static void put_activation(struct graph *g, int i)
{
    const struct eo_network_layer *l = layer_of(g, i);
    node_name none, six;

    if (l->activation == EO_RELU)
        put_next(g, i, "Relu", "/relu", NULL, NULL, NULL, l->map);
    if (l->activation != EO_RELU6)
        return;
    name_node(none, g, i, "/none");
    name_node(six, g, i, "/six");
    put_number(g, none, 0);
    put_number(g, six, 6);
    put_next(g, i, "Clip", "/relu", none, six, NULL, l->map);
}

static void put_pooling(struct graph *g, int i)
{
    const struct eo_network_layer *l = layer_of(g, i);
    const struct eo_onnx_attribute window[] = {
        {"kernel_shape", 2, {l->window.h, l->window.w}},
        {"strides", 2, {l->step.h, l->step.w}},
        {0},
    };

    if (l->pooling == EO_NO_POOLING)
        return;
    if (l->pooling == EO_MEAN)
        put_next(g, i, "GlobalAveragePool", "/pool", NULL, NULL, NULL, l->out);
    else
        put_next(g, i, l->pooling == EO_MAX_POOL ? "MaxPool" : "AveragePool", "/pool", NULL, NULL, window,
                 l->out);
}

/*
 * Rounds `value` to whole steps of the map of layer i, ties upwards, and gives it in reals again. Its nodes are called
 * after `what`. Eight bits would not do: such a value may lie outside them, and its sum with the other one inside.
 */
static void put_whole_steps(struct graph *g, int i, const char *what, node_name value)
{
    static const char *const types[] = {"Div", "Add", "Floor", "Mul"};
    static const char *const suffixes[] = {"steps", "raised", "whole", "rounded"};
    const struct eo_network_layer *l = layer_of(g, i);
    node_name step, half;
    const char *const by[] = {step, half, NULL, step};

    name_node(step, g, i, "/step");
    name_node(half, g, i, "/half");
    for (int k = 0; k < 4; k++) {
        node_name from;

        strcpy(from, value);
        snprintf(value, NAME_MAX_BYTES, "%s/%s_%s", l->name, what, suffixes[k]);
        put_node(g, types[k], value, (const char *[]){from, by[k], NULL}, NULL, EO_ONNX_F32, dims_of(l),
                 l->map);
    }
}

static void put_add(struct graph *g, int i)
{
    const struct eo_network_layer *l = layer_of(g, i);
    node_name added, name;

    put_source(g, i, l->add, "/added", added);
    if (eo_precision_is_integer(g->model->precision)) {
        name_node(name, g, i, "/step");
        put_number(g, name, eo_model_grid(g->model, eo_network_map_tensor(&g->model->network, i)).scale);
        name_node(name, g, i, "/half");
        put_number(g, name, 0.5f);
        put_whole_steps(g, i, "sum", g->output[i]);
        put_whole_steps(g, i, "other", added);
    }
    put_next(g, i, "Add", "/add", added, NULL, NULL, l->map);
}

static void put_tail(struct graph *g, int i)
{
    const struct eo_network_layer *l = layer_of(g, i);

    if (l->add != EO_NETWORK_NONE)
        put_add(g, i);
    put_activation(g, i);
    if (eo_precision_is_integer(g->model->precision) && eo_network_averaged(l)) {
        node_name map;

        name_node(map, g, i, "/map");
        put_quantization(
            g, &(struct stored){map, eo_network_map_tensor(&g->model->network, i), dims_of(l), l->map},
            g->output[i]);
    }
    put_pooling(g, i);
    if (i + 1 < g->model->network.count)
        put_storage(g, &(struct stored){l->name, eo_network_output_tensor(i), dims_of(l), l->out},
                    g->output[i]);
}

static int put_layers(struct graph *g, struct eo_err *err)
{
    int last = g->model->network.count - 1;
    node_name input, weight, bias;

    put_storage(
        g, &(struct stored){"image", eo_network_output_tensor(EO_NETWORK_INPUT), 3, g->model->network.input},
        g->input);
    for (int i = 0; i <= last; i++) {
        put_source(g, i, layer_of(g, i)->from, "/flat", input);
        if (put_parameters(g, i, weight, bias, err))
            return -1;
        put_operation(g, i, input, weight, bias);
        put_tail(g, i);
    }
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static int put_class_names(struct graph *g, const struct eo_class_names *names, struct eo_err *err)
{
    struct eo_buf text = {0};
    int rc;

    if (!names)
        return 0;
    eo_class_names_put_json(names, &text);
    rc = eo_buf_check(&text, err);
    if (rc == 0)
        eo_onnx_meta(&g->onnx, "class_names", text.data);
    eo_buf_release(&text);
    return rc;
}

static void put_meta(struct graph *g, const char *model_sha256)
{
    for (size_t i = 0; i < g->model->meta_count; i++)
        eo_onnx_meta(&g->onnx, g->model->meta[i].key, g->model->meta[i].value);
    eo_onnx_meta(&g->onnx, "model_sha256", model_sha256);
}

int eo_export_onnx(const struct eo_model *m, const char *model_sha256, const struct eo_class_names *names,
                   struct eo_buf *out, struct eo_err *err)
{
    struct graph g = {.model = m};
    struct eo_candidate_key key = eo_candidate_key_of_model(m);
    char label[EO_CANDIDATE_LABEL], name[EO_CANDIDATE_LABEL + 16];
    int rc = -1;

    eo_candidate_label(&key, label);
    snprintf(name, sizeof(name), "p%s-%s", label, eo_precision_name(m->precision));
    put_tensors(&g);
    if (put_input(&g, err) == 0 && put_layers(&g, err) == 0) {
        put_meta(&g, model_sha256);
        rc = put_class_names(&g, names, err) || eo_onnx_finish(&g.onnx, name, out, err) ? -1 : 0;
    }
    eo_onnx_release(&g.onnx);
    return rc;
}
