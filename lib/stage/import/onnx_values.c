#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/onnx.h"
#include "nn/half.h"
#include "stage/import/onnx_internal.h"

/* A network has at most half as many; a file can name one constant in each of its nodes. */
#define DEQUANTISED_MAX (2 * EO_NETWORK_PARAMETERS)

/* ---- by name --------------------------------------------------------------------------------------------------- */

struct onnx_value *onnx_find(struct onnx *x, struct eo_onnx_text name)
{
    for (int i = 0; i < x->value_count; i++) {
        if (eo_onnx_is_same(x->value[i].name, name))
            return &x->value[i];
    }
    return NULL;
}

int onnx_has_input(onnx_node n, int i)
{
    return i < n->inputs && n->input[i].length > 0;
}

struct onnx_value *onnx_input(struct onnx *x, onnx_node n, int i)
{
    struct onnx_value *v = onnx_has_input(n, i) ? onnx_find(x, n->input[i]) : NULL;

    if (!v)
        onnx_refuse(
            x, n, "expected an input %d that is an input of the graph, a constant or made by an earlier node",
            i + 1);
    return v;
}

struct onnx_value *onnx_constant(struct onnx *x, onnx_node n, int i)
{
    struct onnx_value *v = onnx_input(x, n, i);

    if (v && !v->is_constant) {
        onnx_refuse(x, n, "expected a constant as input %d, found an activation", i + 1);
        return NULL;
    }
    return v;
}

/* How many inputs of nodes and outputs of the graph have that name. */
static int count_readers(const struct onnx *x, struct eo_onnx_text name)
{
    int n = 0;

    for (int i = 0; i < x->graph.node_count && n < 2; i++) {
        for (int k = 0; k < x->graph.node[i].inputs; k++)
            n += eo_onnx_is_same(x->graph.node[i].input[k], name);
    }
    for (int i = 0; i < x->graph.output_count; i++)
        n += eo_onnx_is_same(x->graph.output[i], name);
    return n;
}

struct onnx_value *onnx_add_value(struct onnx *x, struct eo_onnx_text name)
{
    struct onnx_value *v = &x->value[x->value_count];

    if (x->value_count == x->value_max || name.length == 0 || onnx_find(x, name)) {
        eo_err_set(x->err, "value '%.*s': expected a name of its own", EO_ONNX_SHOW(name));
        return NULL;
    }
    *v = (struct onnx_value){.name = name, .is_shared = count_readers(x, name) > 1};
    x->value_count++;
    return v;
}

int onnx_alias(struct onnx *x, onnx_node n, const struct onnx_value *v)
{
    struct onnx_value old = *v,
                      *new = onnx_add_value(x, n->outputs ? n->output[0] : (struct eo_onnx_text){"", 0});

    if (!new)
        return -1;
    old.name = new->name;
    old.is_shared |= new->is_shared;
    old.is_alias = 1;
    *new = old;
    return 0;
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

static double number(int type, const unsigned char *at)
{
    uint64_t bits = 0, size = eo_onnx_type_bytes(type);
    uint32_t word;
    double wide;
    float x;

    for (size_t i = size; i-- > 0;)
        bits = bits << 8 | at[i];
    word = (uint32_t)bits;
    memcpy(&x, &word, sizeof(x));
    memcpy(&wide, &bits, sizeof(wide));
    switch (type) {
    case EO_ONNX_F32:
        return (double)x;
    case EO_ONNX_BF16:
        return (double)eo_brain_to_float((uint16_t)bits);
    case EO_ONNX_F64:
        return wide;
    case EO_ONNX_F16:
        return (double)eo_half_to_float((uint16_t)bits);
    case EO_ONNX_S8:
        return (double)bits - (bits & 0x80 ? 256 : 0);
    case EO_ONNX_S16:
        return (double)bits - (bits & 0x8000 ? 65536 : 0);
    case EO_ONNX_S32:
        return (double)bits - (bits & 0x80000000 ? 4294967296.0 : 0);
    case EO_ONNX_S64:
        return (double)(int64_t)bits;
    default:
        return (double)bits;
    }
}

/* The numbers are as many as the shape says, in raw bytes or in a list of the type. */
static int check_count(struct onnx *x, onnx_node n, const struct eo_onnx_constant *c)
{
    size_t size = eo_onnx_type_bytes(c->type), raw = (size_t)(c->raw.end - c->raw.at),
           list = (size_t)(c->list.end - c->list.at);
    int is_packed = c->type != EO_ONNX_F32 && c->type != EO_ONNX_F64;
    size_t found = raw || !list ? raw
                   : is_packed  ? (size_t)eo_pb_varints(c->list, NULL, 0) * size
                                : list,
           wanted;

    if (!size)
        return onnx_refuse(x, n, "constant '%.*s': expected numbers of a known type, found type %d",
                           EO_ONNX_SHOW(c->name), c->type);
    if (c->count > EO_NETWORK_PARAMETERS || eo_size_mul(c->count, size, &wanted) || found != wanted)
        return onnx_refuse(
            x, n, "constant '%.*s': expected %zu numbers of %zu bytes, as its shape says, found %zu bytes",
            EO_ONNX_SHOW(c->name), c->count, size, found);
    return 0;
}

/* All of a constant, in double. */
static double *numbers(struct onnx *x, onnx_node n, const struct eo_onnx_constant *c)
{
    size_t size = eo_onnx_type_bytes(c->type);
    double *out = check_count(x, n, c) ? NULL : eo_alloc(c->count, sizeof(*out), x->err);
    const unsigned char *at = c->raw.at != c->raw.end ? c->raw.at : c->list.at;
    int64_t *list;

    if (!out)
        return NULL;
    if (c->raw.at != c->raw.end || c->type == EO_ONNX_F32 || c->type == EO_ONNX_F64) {
        for (size_t i = 0; i < c->count; i++)
            out[i] = number(c->type, at + i * size);
        return out;
    }
    list = eo_alloc(c->count, sizeof(*list), x->err);
    if (!list) {
        free(out);
        return NULL;
    }
    (void)eo_pb_varints(c->list, list, (long)c->count);
    for (size_t i = 0; i < c->count; i++) {
        unsigned char half[2] = {(unsigned char)list[i], (unsigned char)(list[i] >> 8)};

        out[i] = c->type == EO_ONNX_F16 || c->type == EO_ONNX_BF16 ? number(c->type, half) : (double)list[i];
    }
    free(list);
    return out;
}

float *onnx_floats(struct onnx *x, onnx_node n, const struct onnx_value *v)
{
    const struct eo_onnx_constant *c = &v->constant;
    int is_read = !v->real && !v->is_folded;
    double *wide = is_read ? numbers(x, n, c) : NULL;
    float *out = !is_read || wide ? eo_alloc(c->count, sizeof(*out), x->err) : NULL;

    for (size_t i = 0; out && i < c->count; i++) {
        out[i] = v->real                  ? v->real[i]
                 : v->is_folded           ? (float)v->whole[i]
                 : c->type == EO_ONNX_F64 ? eo_import_round(wide[i], &x->loss)
                                          : (float)wide[i];
        if (isfinite(out[i]))
            continue;
        onnx_refuse(x, n, "constant '%.*s': number %zu: expected a finite number of fp32",
                    EO_ONNX_SHOW(c->name), i);
        free(out);
        out = NULL;
    }
    free(wide);
    return out;
}

int onnx_integers(struct onnx *x, onnx_node n, const struct onnx_value *v, int64_t *out, int max)
{
    double *wide;

    if (v->constant.count > (size_t)max || v->real)
        return onnx_refuse(x, n, "expected at most %d integers in '%.*s'", max, EO_ONNX_SHOW(v->name));
    if (v->is_folded) {
        memcpy(out, v->whole, v->constant.count * sizeof(*out));
        return (int)v->constant.count;
    }
    wide = numbers(x, n, &v->constant);
    if (!wide)
        return -1;
    for (size_t i = 0; i < v->constant.count; i++)
        out[i] = wide[i] >= -1e9 && wide[i] <= 1e9 ? (int64_t)wide[i]
                 : wide[i] > 0                     ? 1000000000
                                                   : -1000000000;
    free(wide);
    return (int)v->constant.count;
}

int onnx_list(struct onnx *x, onnx_node n, const char *attribute, int input, int64_t *out, int max)
{
    const struct onnx_value *v;
    int count = eo_onnx_ints(n, attribute, out, max);

    if (count > max)
        return onnx_refuse(x, n, "%s: expected at most %d numbers, found more", attribute, max) - 1;
    if (count >= 0 || !onnx_has_input(n, input))
        return count;
    v = onnx_constant(x, n, input);
    count = v ? onnx_integers(x, n, v, out, max) : -1;
    return count < 0 ? -2 : count;
}

/* ---- quantised constants ----------------------------------------------------------------------------------------- */

/* Which scale and zero point number `i` has. */
static size_t scale_of(const struct eo_onnx_constant *c, size_t scales, int64_t axis, size_t i)
{
    size_t inner = 1;

    if (scales == 1) /* then the axis may be any number */
        return 0;
    for (int64_t d = axis + 1; d < c->dims; d++)
        inner *= c->shape[d];
    return i / inner % scales;
}

/* (value - zero_point) * scale of each number, all three being there. */
static float *dequantised(struct onnx *x, onnx_node n, const struct eo_onnx_constant *c, const float *value,
                          const struct onnx_value *scale, const struct onnx_value *zero)
{
    size_t scales = scale->constant.count;
    int64_t axis = eo_onnx_int(n, "axis", 1);
    float *s = onnx_floats(x, n, scale), *z = zero && s ? onnx_floats(x, n, zero) : NULL, *out = NULL;

    axis += axis < 0 ? c->dims : 0;
    if (!s || (zero && !z))
        goto out;
    if (eo_onnx_int(n, "block_size", 0) ||
        (scales != 1 && (axis < 0 || axis >= c->dims || c->shape[axis] != scales)) ||
        (zero && zero->constant.count != scales)) {
        onnx_refuse(x, n, "expected one scale and zero point, or one of each along the axis");
        goto out;
    }
    out = eo_alloc(c->count, sizeof(*out), x->err);
    for (size_t i = 0; out && i < c->count; i++) {
        size_t k = scale_of(c, scales, axis, i);

        out[i] = (value[i] - (z ? z[k] : 0)) * s[k];
    }
out:
    free(s);
    free(z);
    return out;
}

int onnx_dequantise(struct onnx *x, onnx_node n, const struct onnx_value *v)
{
    struct eo_onnx_constant c = v->constant;
    const struct onnx_value *scale = onnx_constant(x, n, 1),
                            *zero = onnx_has_input(n, 2) ? onnx_constant(x, n, 2) : NULL;
    float *value, *real;
    struct onnx_value *new;

    if (c.count > DEQUANTISED_MAX - x->real_numbers)
        return onnx_refuse(x, n, "expected at most %zu dequantised numbers in all", DEQUANTISED_MAX);
    x->real_numbers += c.count;
    value = scale && (zero || !onnx_has_input(n, 2)) ? onnx_floats(x, n, v) : NULL;
    if (!value)
        return -1;
    real = dequantised(x, n, &c, value, scale, zero);
    free(value);
    new = real ? onnx_add_value(x, n->outputs ? n->output[0] : (struct eo_onnx_text){"", 0}) : NULL;
    if (!new) {
        free(real);
        return -1;
    }
    new->is_constant = 1;
    new->constant = c;
    new->real = real;
    return 0;
}
