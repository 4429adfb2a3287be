#include "nn/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/model_tensors.h"
#include "nn/network_fold.h"

static const struct {
    enum eo_st_dtype weight, bias;
} dtypes[EO_PRECISION_COUNT] = {
    [EO_FP32] = {EO_ST_F32, EO_ST_F32}, [EO_FP16] = {EO_ST_F16, EO_ST_F16}, [EO_INT8] = {EO_ST_I8, EO_ST_I32},
    [EO_INT4] = {EO_ST_I8, EO_ST_I32},  [EO_MIXED] = {EO_ST_I8, EO_ST_I32},
};

int eo_backend_activation_max(enum eo_backend backend)
{
    return backend == EO_BACKEND_FBGEMM ? 127 : 255;
}

/* ---- tensors ------------------------------------------------------------------------------------------------- */

enum eo_st_dtype eo_model_weight_dtype(enum eo_precision precision)
{
    return dtypes[precision].weight;
}

static void set_tensor(struct eo_model_tensor *t, const char *layer, const char *suffix,
                       enum eo_st_dtype dtype, int dims, const size_t *shape, void *data)
{
    memset(t, 0, sizeof(*t));
    snprintf(t->name, sizeof(t->name), "%s.%s", layer, suffix);
    t->dtype = dtype;
    t->dims = dims;
    t->count = 1;
    t->data = data;
    for (int i = 0; i < dims; i++) {
        t->shape[i] = shape[i];
        t->count *= shape[i]; /* bounded by the limits of a network */
    }
}

static size_t list_grid(const char *layer, const char *what, struct eo_model_grid *grid,
                        struct eo_model_tensor *t)
{
    const size_t one = 1;
    char name[32];

    snprintf(name, sizeof(name), "%s_scale", what);
    set_tensor(&t[0], layer, name, EO_ST_F32, 1, &one, &grid->scale);
    snprintf(name, sizeof(name), "%s_zero_point", what);
    set_tensor(&t[1], layer, name, EO_ST_I32, 1, &one, &grid->zero_point);
    return 2;
}

/* What no other layer has as its input_scale and input_zero_point. */
static size_t list_grids(const struct eo_model *m, int layer, struct eo_model_tensor *t)
{
    struct eo_model_layer *l = (struct eo_model_layer *)&m->layer[layer];
    const struct eo_network_layer *n = &m->network.layer[layer];
    size_t count = 0;

    if (layer + 1 < m->network.count && eo_network_first_user(&m->network, layer) == EO_NETWORK_NONE)
        count += list_grid(n->name, "output", &l->output, t);
    if (eo_network_averaged(n))
        count += list_grid(n->name, "map", &l->map, t + count);
    return count;
}

struct eo_model_grid eo_model_grid(const struct eo_model *m, int tensor)
{
    int source = tensor - 1, user;

    if (source >= EO_NETWORK_LAYERS)
        return m->layer[source - EO_NETWORK_LAYERS].map;
    user = eo_network_first_user(&m->network, source);
    if (user == EO_NETWORK_NONE)
        return m->layer[source].output;
    return (struct eo_model_grid){m->layer[user].input_scale, m->layer[user].input_zero_point};
}

void eo_model_set_grid(struct eo_model *m, int tensor, struct eo_model_grid grid)
{
    int source = tensor - 1;

    if (source >= EO_NETWORK_LAYERS) {
        m->layer[source - EO_NETWORK_LAYERS].map = grid;
        return;
    }
    if (eo_network_first_user(&m->network, source) == EO_NETWORK_NONE)
        m->layer[source].output = grid;
    for (int l = 0; l < m->network.count; l++) {
        if (m->network.layer[l].from != source)
            continue;
        m->layer[l].input_scale = grid.scale;
        m->layer[l].input_zero_point = grid.zero_point;
    }
}

/* The tensors of one layer; returns how many. */
static size_t list_layer(const struct eo_model *m, int layer, struct eo_model_tensor *t)
{
    struct eo_model_layer *l = (struct eo_model_layer *)&m->layer[layer];
    const struct eo_network_layer *n = &m->network.layer[layer];
    size_t outputs = (size_t)n->map.c, one = 1, taps = (size_t)n->kernel.h * (size_t)n->kernel.w;
    size_t conv[4] = {outputs, eo_network_terms(n) / taps, (size_t)n->kernel.h, (size_t)n->kernel.w};
    size_t linear[2] = {outputs, eo_network_terms(n)};
    enum eo_st_dtype weight = dtypes[m->precision].weight, bias = dtypes[m->precision].bias;

    if (n->operation == EO_LINEAR)
        set_tensor(&t[0], n->name, "weight", weight, 2, linear, l->weight.f32);
    else
        set_tensor(&t[0], n->name, "weight", weight, 4, conv, l->weight.f32);
    t[0].is_packed = l->weight_bits == 4;
    set_tensor(&t[1], n->name, n->batch_norm ? "batch_norm.bias" : "bias", bias, 1, &outputs, l->bias.f32);
    if (n->batch_norm) {
        set_tensor(&t[2], n->name, "batch_norm.weight", EO_ST_F32, 1, &outputs, l->norm_scale);
        set_tensor(&t[3], n->name, "batch_norm.running_mean", EO_ST_F32, 1, &outputs, l->norm_mean);
        set_tensor(&t[4], n->name, "batch_norm.running_var", EO_ST_F32, 1, &outputs, l->norm_variance);
        return 5;
    }
    if (!eo_precision_is_integer(m->precision))
        return 2;
    set_tensor(&t[2], n->name, "weight_scale", EO_ST_F32, 1, &outputs, l->weight_scale);
    set_tensor(&t[3], n->name, "input_scale", EO_ST_F32, 1, &one, &l->input_scale);
    set_tensor(&t[4], n->name, "input_zero_point", EO_ST_I32, 1, &one, &l->input_zero_point);
    return 5 + list_grids(m, layer, t + 5);
}

size_t eo_model_tensors(const struct eo_model *m, struct eo_model_tensor *t)
{
    size_t n = 0;

    for (int l = 0; l < m->network.count; l++)
        n += list_layer(m, l, t + n);
    return n;
}

void eo_model_tensor_stored(const struct eo_model_tensor *t, struct eo_st_tensor *stored)
{
    memset(stored, 0, sizeof(*stored));
    stored->name = t->name;
    stored->dtype = t->dtype;
    stored->dims = t->dims;
    memcpy(stored->shape, t->shape, sizeof(t->shape));
    stored->bytes = t->count * eo_st_dtype_bytes(t->dtype);
    if (!t->is_packed)
        return;
    stored->dtype = EO_ST_U8;
    stored->dims = 2;
    stored->shape[1] = eo_precision_row_bytes(4, t->count / t->shape[0]);
    stored->shape[2] = stored->shape[3] = 0;
    stored->bytes = stored->shape[0] * stored->shape[1];
}

size_t eo_model_tensor_size(const struct eo_model_tensor *f)
{
    struct eo_st_tensor stored;

    eo_model_tensor_stored(f, &stored);
    return stored.bytes;
}

size_t eo_model_layer_tensor_bytes(const struct eo_model *m, int layer)
{
    struct eo_model_tensor f[EO_LAYER_TENSORS];
    size_t n = list_layer(m, layer, f), bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += eo_model_tensor_size(&f[i]);
    return bytes;
}

size_t eo_model_tensor_bytes(const struct eo_model *m)
{
    size_t bytes = 0;

    for (int l = 0; l < m->network.count; l++)
        bytes += eo_model_layer_tensor_bytes(m, l);
    return bytes;
}

/* ---- storage ------------------------------------------------------------------------------------------------- */

/* Gives `bytes` of the storage, each piece at a cache line of its own; with base NULL it only counts. */
static void *take(char *base, size_t *used, size_t bytes)
{
    void *p = base ? base + *used : NULL;

    *used += eo_size_round_up(bytes, EO_ALIGN);
    return p;
}

static size_t place_layers(struct eo_model *m, char *base)
{
    size_t used = 0;

    for (int i = 0; i < m->network.count; i++) {
        struct eo_model_layer *l = &m->layer[i];
        size_t outputs = (size_t)m->network.layer[i].map.c,
               weights = eo_network_weights(&m->network.layer[i]);

        l->weight.f32 = take(base, &used, weights * eo_st_dtype_bytes(dtypes[m->precision].weight));
        l->bias.f32 = take(base, &used, outputs * eo_st_dtype_bytes(dtypes[m->precision].bias));
        l->weight_scale =
            eo_precision_is_integer(m->precision) ? take(base, &used, outputs * sizeof(float)) : NULL;
        if (m->network.layer[i].batch_norm) {
            l->norm_scale = take(base, &used, outputs * sizeof(float));
            l->norm_mean = take(base, &used, outputs * sizeof(float));
            l->norm_variance = take(base, &used, outputs * sizeof(float));
        }
    }
    return used;
}

static int allocate(struct eo_model *m, struct eo_err *err)
{
    m->storage = eo_alloc(place_layers(m, NULL), 1, err);
    if (!m->storage) {
        memset(m, 0, sizeof(*m));
        return -1;
    }
    place_layers(m, m->storage);
    for (int l = 0; l < m->network.count; l++)
        m->layer[l].weight_bits = eo_precision_weight_bits(m->precision);
    return 0;
}

int eo_model_init(struct eo_model *m, enum eo_precision precision, struct eo_shape shape, struct eo_err *err)
{
    memset(m, 0, sizeof(*m));
    if (shape.c1 < 1 || shape.c1 > EO_MAX_C1)
        return eo_err_set(err, "conv1: expected 1..%d channels, found %d", EO_MAX_C1, shape.c1);
    if (shape.c2 < 1 || shape.c2 > EO_MAX_C2)
        return eo_err_set(err, "conv2: expected 1..%d channels, found %d", EO_MAX_C2, shape.c2);
    m->precision = precision;
    m->shape = shape;
    eo_network_smallcnn(&m->network, shape.c1, shape.c2);
    return allocate(m, err);
}

int eo_model_init_network(struct eo_model *m, enum eo_precision precision, const struct eo_network *net,
                          struct eo_err *err)
{
    if (eo_network_is_smallcnn(net))
        return eo_model_init(m, precision, (struct eo_shape){net->layer[0].map.c, net->layer[1].map.c}, err);
    memset(m, 0, sizeof(*m));
    if (precision != EO_FP32 && eo_network_is_normalised(net))
        return eo_err_set(err, "expected batch normalisation at fp32 alone, found a network with it at %s",
                          eo_precision_name(precision));
    m->precision = precision;
    m->network = *net;
    if (allocate(m, err))
        return -1;
    for (int i = 0; i < net->count; i++) {
        for (int o = 0; net->layer[i].batch_norm && o < net->layer[i].map.c; o++)
            m->layer[i].norm_scale[o] = m->layer[i].norm_variance[o] = 1;
    }
    return 0;
}

void eo_model_release(struct eo_model *m)
{
    eo_model_meta_clear(m);
    free(m->storage);
    memset(m, 0, sizeof(*m));
}
