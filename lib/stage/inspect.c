#include "stage/inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "format/json.h"
#include "nn/arena.h"
#include "nn/half.h"
#include "nn/input.h"
#include "nn/model_tensors.h"

int eo_inspect_load(struct eo_inspect *in, const char *path, struct eo_err *err)
{
    char *data = NULL;
    int rc;

    memset(in, 0, sizeof(*in));
    if (eo_io_read(path, EO_ST_MAX_FILE, &data, &in->file_bytes, err))
        return -1;
    rc = eo_model_parse_network(&in->model, data, in->file_bytes, NULL, err) ||
         eo_st_parse(&in->file, data, in->file_bytes, err);
    if (rc)
        eo_inspect_release(in);
    else
        eo_hash_sha256(data, in->file_bytes, in->sha256);
    free(data);
    return rc ? -1 : 0;
}

void eo_inspect_release(struct eo_inspect *in)
{
    eo_model_release(&in->model);
    eo_st_release(&in->file);
    memset(in, 0, sizeof(*in));
}

/* Element i of a tensor; every type's values are exact in double. */
static double element(const struct eo_st_tensor *t, size_t i)
{
    size_t size = eo_st_dtype_bytes(t->dtype), k;
    const unsigned char *p = (const unsigned char *)t->data + i * size;
    uint32_t bits = 0;
    int32_t s32;
    float f32;

    for (k = size; k-- > 0;)
        bits = bits << 8 | p[k];
    memcpy(&f32, &bits, sizeof(f32));
    memcpy(&s32, &bits, sizeof(s32));
    switch (t->dtype) {
    case EO_ST_F32:
        return (double)f32;
    case EO_ST_F16:
        return (double)eo_half_to_float((uint16_t)bits);
    case EO_ST_I8:
        return bits < 128 ? (double)bits : (double)bits - 256;
    case EO_ST_I32:
        return (double)s32;
    default:
        return (double)bits;
    }
}

/* The values of a tensor of the file: those of packed weights, which the model has as bytes. */
static struct eo_st_tensor values_of(const struct eo_inspect *in, const struct eo_st_tensor *t)
{
    struct eo_model_tensor f[EO_MODEL_TENSORS];
    size_t n = eo_model_tensors(&in->model, f);
    struct eo_st_tensor values = *t;

    for (size_t i = 0; i < n; i++) {
        if (!f[i].is_packed || strcmp(f[i].name, t->name) != 0)
            continue;
        values.dtype = f[i].dtype;
        values.bytes = f[i].count * eo_st_dtype_bytes(f[i].dtype);
        values.data = f[i].data;
    }
    return values;
}

static void find_range(const struct eo_st_tensor *t, double *min, double *max)
{
    size_t n = t->bytes / eo_st_dtype_bytes(t->dtype), i;

    *min = *max = element(t, 0); /* no tensor of a model is empty */
    for (i = 1; i < n; i++) {
        double x = element(t, i);

        *min = x < *min ? x : *min;
        *max = x > *max ? x : *max;
    }
}

/* One number of the report. */
struct property {
    const char *name;
    size_t value;
};

#define PROPERTIES 7

/* Returns how many. */
static int list_properties(const struct eo_inspect *in, struct property p[PROPERTIES])
{
    const struct eo_network *net = &in->model.network;
    size_t peak = eo_arena_bytes(net, in->model.precision, EO_ARENA_FUSED);
    int n = 0;

    if (eo_network_is_smallcnn(net)) {
        p[n++] = (struct property){"conv1_channels", (size_t)in->model.shape.c1};
        p[n++] = (struct property){"conv2_channels", (size_t)in->model.shape.c2};
    }
    p[n++] = (struct property){"parameters", eo_network_parameters(net)};
    p[n++] = (struct property){"macs", eo_network_macs(net)};
    p[n++] = (struct property){"tensor_bytes", eo_model_tensor_bytes(&in->model)};
    p[n++] = (struct property){"file_bytes", in->file_bytes};
    p[n++] = (struct property){"peak_activation_bytes", peak};
    return n;
}

static const char *architecture_of(const struct eo_model *m)
{
    return eo_network_is_smallcnn(&m->network) ? EO_MODEL_ARCHITECTURE : EO_MODEL_ARCHITECTURE_ANY;
}

/* The layers of another network than SmallCNN, or of a model whose layers differ in their bits. */
static void put_layer_lines(const struct eo_model *m, struct eo_buf *out)
{
    eo_buf_printf(out, "%-28s  %-12s  %-12s  %10s  %12s  %12s  %11s\n", "layer", "input", "output",
                  "parameters", "macs", "tensor_bytes", "weight_bits");
    for (int i = 0; i < m->network.count; i++) {
        const struct eo_network_layer *l = &m->network.layer[i];
        char in[48], to[48];

        snprintf(in, sizeof(in), "%dx%dx%d", l->in.c, l->in.h, l->in.w);
        snprintf(to, sizeof(to), "%dx%dx%d", l->out.c, l->out.h, l->out.w);
        eo_buf_printf(out, "%-28s  %-12s  %-12s  %10zu  %12zu  %12zu  %11d\n", l->name, in, to,
                      eo_network_weights(l) + (size_t)l->map.c, eo_network_layer_macs(l),
                      eo_model_layer_tensor_bytes(m, i), m->layer[i].weight_bits);
    }
    eo_buf_puts(out, "\n");
}

static void put_tensor_line(const struct eo_inspect *in, const struct eo_st_tensor *t, struct eo_buf *out)
{
    const struct eo_st_tensor values = values_of(in, t);
    char shape[100] = "";
    double min, max;

    for (int i = 0; i < t->dims; i++)
        snprintf(shape + strlen(shape), sizeof(shape) - strlen(shape), "%s%zu", i ? "x" : "", t->shape[i]);
    find_range(&values, &min, &max);
    eo_buf_printf(out, "%-28s  %-5s  %-12s  %8zu  %15.9g  %15.9g\n", t->name, eo_st_dtype_name(t->dtype),
                  shape, t->bytes, min, max);
}

/* Text from the file; what is no printable character could steer a terminal and becomes '?'. */
static void put_visible(struct eo_buf *out, const char *s)
{
    for (; *s; s++)
        eo_buf_append(out, (unsigned char)*s < 0x20 || *s == 0x7f ? "?" : s, 1);
}

void eo_inspect_text(const struct eo_inspect *in, struct eo_buf *out)
{
    struct property p[PROPERTIES];
    struct eo_input input;
    int says = eo_input_read(&in->model, &input, NULL) > 0, count = list_properties(in, p);

    eo_buf_printf(out, "%-22s  %s\n", "architecture", architecture_of(&in->model));
    eo_buf_printf(out, "%-22s  %s\n", "precision", eo_precision_name(in->model.precision));
    for (int c = 0; c < input.count; c++)
        eo_buf_printf(out, "%-22s  (p / 255 - %.9g) / %.9g of a grey value p%s\n", c ? "" : "input",
                      input.mean[c], input.std[c], says ? "" : ", as is assumed without metadata");
    for (int i = 0; i < count; i++)
        eo_buf_printf(out, "%-22s  %zu\n", p[i].name, p[i].value);
    eo_buf_printf(out, "%-22s  %s\n\n", "sha256", in->sha256);
    if (!eo_network_is_smallcnn(&in->model.network) || in->model.precision == EO_MIXED)
        put_layer_lines(&in->model, out);
    eo_buf_printf(out, "%-28s  %-5s  %-12s  %8s  %15s  %15s\n", "tensor", "dtype", "shape", "bytes", "min",
                  "max");
    for (size_t i = 0; i < in->file.tensor_count; i++)
        put_tensor_line(in, &in->file.tensors[i], out);
    if (in->model.meta_count)
        eo_buf_puts(out, "\nmetadata\n");
    for (size_t i = 0; i < in->model.meta_count; i++) {
        put_visible(out, in->model.meta[i].key);
        eo_buf_puts(out, ": ");
        put_visible(out, in->model.meta[i].value);
        eo_buf_puts(out, "\n");
    }
}

/* A value as its type has it: integers stay integers. */
static void put_value(struct eo_json *j, const char *key, const struct eo_st_tensor *t, double x)
{
    if (t->dtype == EO_ST_F32 || t->dtype == EO_ST_F16)
        eo_json_float(j, key, (float)x);
    else
        eo_json_int(j, key, (long long)x);
}

static void put_tensors(struct eo_json *j, const struct eo_inspect *in)
{
    eo_json_open(j, "tensors", '[');
    for (size_t i = 0; i < in->file.tensor_count; i++) {
        const struct eo_st_tensor *t = &in->file.tensors[i];
        const struct eo_st_tensor values = values_of(in, t);
        double min, max;

        find_range(&values, &min, &max);
        eo_json_open(j, NULL, '{');
        eo_json_text(j, "name", t->name);
        eo_json_text(j, "dtype", eo_st_dtype_name(t->dtype));
        eo_json_open(j, "shape", '[');
        for (int k = 0; k < t->dims; k++)
            eo_json_u64(j, NULL, t->shape[k]);
        eo_json_close(j);
        eo_json_u64(j, "bytes", t->bytes);
        put_value(j, "min", t, min);
        put_value(j, "max", t, max);
        eo_json_close(j);
    }
    eo_json_close(j);
}

static void put_dims(struct eo_json *j, const char *key, struct eo_dims d)
{
    eo_json_open(j, key, '[');
    eo_json_int(j, NULL, d.c);
    eo_json_int(j, NULL, d.h);
    eo_json_int(j, NULL, d.w);
    eo_json_close(j);
}

static void put_layers(struct eo_json *j, const struct eo_model *m)
{
    eo_json_open(j, "layers", '[');
    for (int i = 0; i < m->network.count; i++) {
        const struct eo_network_layer *l = &m->network.layer[i];

        eo_json_open(j, NULL, '{');
        eo_json_text(j, "name", l->name);
        put_dims(j, "input", l->in);
        put_dims(j, "output", l->out);
        eo_json_u64(j, "parameters", eo_network_weights(l) + (size_t)l->map.c);
        eo_json_u64(j, "macs", eo_network_layer_macs(l));
        eo_json_u64(j, "tensor_bytes", eo_model_layer_tensor_bytes(m, i));
        eo_json_int(j, "weight_bits", m->layer[i].weight_bits);
        eo_json_close(j);
    }
    eo_json_close(j);
}

static void put_metadata(struct eo_json *j, const struct eo_model *m)
{
    eo_json_open(j, "metadata", '{');
    for (size_t i = 0; i < m->meta_count; i++)
        eo_json_text(j, m->meta[i].key, m->meta[i].value);
    eo_json_close(j);
}

/* A number, or a list with one for each channel. */
static void put_input(struct eo_json *j, const char *key, const double *list, int count)
{
    if (count == 1) {
        eo_json_float(j, key, (float)list[0]);
        return;
    }
    eo_json_open(j, key, '[');
    for (int c = 0; c < count; c++)
        eo_json_float(j, NULL, (float)list[c]);
    eo_json_close(j);
}

int eo_inspect_json(const struct eo_inspect *in, struct eo_buf *out, struct eo_err *err)
{
    struct eo_json j = {.out = out};
    struct property p[PROPERTIES];
    struct eo_input input;
    int count = list_properties(in, p);

    if (eo_input_read(&in->model, &input, err) < 0)
        return -1;
    eo_json_open(&j, NULL, '{');
    eo_json_text(&j, "architecture", architecture_of(&in->model));
    eo_json_text(&j, "precision", eo_precision_name(in->model.precision));
    put_input(&j, "input_mean", input.mean, input.count);
    put_input(&j, "input_std", input.std, input.count);
    for (int i = 0; i < count; i++)
        eo_json_u64(&j, p[i].name, p[i].value);
    eo_json_text(&j, "sha256", in->sha256);
    put_metadata(&j, &in->model);
    put_layers(&j, &in->model);
    put_tensors(&j, in);
    eo_json_close(&j);
    return eo_buf_check(out, err);
}

int eo_inspect_dump(const struct eo_inspect *in, const char *tensor, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_st_tensor *t = eo_st_find(&in->file, tensor);
    struct eo_st_tensor values;
    size_t n;

    if (!t)
        return eo_err_set(err, "no tensor '%.60s' in this model", tensor);
    values = values_of(in, t);
    n = values.bytes / eo_st_dtype_bytes(values.dtype);
    for (size_t i = 0; i < n; i++)
        eo_buf_printf(out, "%.9g\n", element(&values, i));
    return eo_buf_check(out, err);
}

int eo_inspect_arena(const struct eo_inspect *in, struct eo_buf *out, struct eo_err *err)
{
    struct eo_arena_graph g;
    struct eo_arena_plan plan;

    eo_buf_puts(out, "graph,tensor,bytes,first_op,last_op,offset\n");
    for (int form = 0; form < EO_ARENA_FORMS; form++) {
        eo_arena_graph_make(&g, &in->model.network, in->model.precision, (enum eo_arena_form)form);
        eo_arena_plan_make(&plan, &g);
        for (int i = 0; i < g.tensor_count; i++)
            eo_buf_printf(out, "%s,%s,%zu,%s,%s,%zu\n", eo_arena_form_name((enum eo_arena_form)form),
                          g.tensor[i].name, g.tensor[i].bytes, g.op[g.tensor[i].first].name,
                          g.op[g.tensor[i].last].name, plan.offset[i]);
    }
    return eo_buf_check(out, err);
}
