/* lib/nn/model: round trips at all precisions, every refusal with its message, metadata, sizes. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/version.h"
#include "format/safetensors.h"
#include "nn/half.h"
#include "nn/model.h"
#include "tests/unit/check.h"

#define LISTED(value, name, text) name ", "

static void check(int ok, const char *what, const char *expected, const char *found)
{
    check_that(ok, "%s:\n  expected %s\n  found    %s", what, expected, found);
}

static void check_size(const char *what, size_t expected, size_t found)
{
    char a[32], b[32];

    snprintf(a, sizeof(a), "%zu", expected);
    snprintf(b, sizeof(b), "%zu", found);
    check(expected == found, what, a, b);
}

static void fill_layer(struct eo_model *m, enum eo_smallcnn_layer layer, struct eo_rng *rng)
{
    struct eo_model_layer *l = &m->layer[layer];
    int outputs = eo_shape_outputs(&m->shape, layer), i;
    int n = (int)eo_shape_weights(&m->shape, layer);

    for (i = 0; i < n + outputs; i++) {
        float x = eo_rng_f32(rng) - 0.5f;

        if (m->precision == EO_FP32)
            *(i < n ? &l->weight.f32[i] : &l->bias.f32[i - n]) = x;
        else if (m->precision == EO_FP16)
            *(i < n ? &l->weight.f16[i] : &l->bias.f16[i - n]) = eo_half_from_float(x);
        else if (i < n)
            l->weight.s8[i] = (int8_t)lrintf(x * (l->weight_bits == 4 ? 15 : 255));
        else
            l->bias.s32[i - n] = (int32_t)(x * 1000);
    }
    for (i = 0; eo_precision_is_integer(m->precision) && i < outputs; i++)
        l->weight_scale[i] = 0.01f + 0.01f * eo_rng_f32(rng);
    l->input_scale = eo_precision_is_integer(m->precision) ? 0.02f : 0;
    l->input_zero_point = eo_precision_is_integer(m->precision) && layer == EO_CONV1 ? 64 : 0;
}

static void make(struct eo_model *m, enum eo_precision precision, int c1, int c2)
{
    struct eo_err err = {""};
    struct eo_rng rng;

    eo_rng_init(&rng, 3, EO_RNG_INIT);
    if (eo_model_init(m, precision, (struct eo_shape){c1, c2}, &err)) {
        printf("cannot make a model: %s\n", err.msg);
        exit(1);
    }
    if (precision == EO_MIXED)
        m->layer[EO_CONV2].weight_bits = 4;
    for (int i = 0; i < EO_SMALLCNN_LAYERS; i++)
        fill_layer(m, (enum eo_smallcnn_layer)i, &rng);
}

static int same_values(const struct eo_model *a, const struct eo_model *b, enum eo_smallcnn_layer layer)
{
    const struct eo_model_layer *x = &a->layer[layer], *y = &b->layer[layer];
    size_t outputs = (size_t)eo_shape_outputs(&a->shape, layer), weights = eo_shape_weights(&a->shape, layer);
    size_t weight_bytes = a->precision == EO_FP32 ? 4 : a->precision == EO_FP16 ? 2 : 1;
    size_t bias_bytes = a->precision == EO_FP16 ? 2 : 4;

    return x->weight_bits == y->weight_bits &&
           memcmp(x->weight.f32, y->weight.f32, weights * weight_bytes) == 0 &&
           memcmp(x->bias.f32, y->bias.f32, outputs * bias_bytes) == 0 && x->input_scale == y->input_scale &&
           x->input_zero_point == y->input_zero_point &&
           (!eo_precision_is_integer(a->precision) ||
            memcmp(x->weight_scale, y->weight_scale, outputs * sizeof(float)) == 0);
}

static void check_round_trip(enum eo_precision precision, enum eo_backend backend, int c1, int c2)
{
    struct eo_buf first = {0}, second = {0};
    struct eo_model m, back;
    struct eo_err err = {""};

    make(&m, precision, c1, c2);
    m.backend = backend;
    check(eo_model_meta_set(&m, "note", "k\xc3\xb6rner \"\n", &err) == 0, "set", "success", err.msg);
    check(eo_model_serialize(&m, &first, &err) == 0, "serialise", "success", err.msg);
    check(eo_model_parse(&back, first.data, first.len, &err) == 0, "parse", "success", err.msg);
    check(back.precision == precision && back.shape.c1 == c1 && back.shape.c2 == c2 &&
              back.backend == backend,
          "round trip", "the same kind", "another");
    for (int i = 0; back.storage && i < EO_SMALLCNN_LAYERS; i++)
        check(same_values(&m, &back, (enum eo_smallcnn_layer)i), "round trip", "equal values",
              eo_smallcnn_layer_name((enum eo_smallcnn_layer)i));
    check_text("architecture", "SmallCNN", eo_model_meta_get(&back, "architecture"));
    check_text("precision", eo_precision_name(precision), eo_model_meta_get(&back, "precision"));
    check_text("version", EO_VERSION, eo_model_meta_get(&back, "eo_version"));
    check_text("backend", eo_precision_is_integer(precision) ? eo_backend_name(backend) : "(null)",
               eo_model_meta_get(&back, "quantization_backend"));
    check_text("bits", precision == EO_MIXED ? "8 4 8" : "(null)", eo_model_meta_get(&back, "weight_bits"));
    check_text("foreign key", "k\xc3\xb6rner \"\n", eo_model_meta_get(&back, "note"));
    check(eo_model_serialize(&back, &second, &err) == 0, "serialise again", "success", err.msg);
    check(first.len == second.len && memcmp(first.data, second.data, first.len) == 0, "serialise again",
          "the same bytes", "others");
    eo_model_release(&m);
    eo_model_release(&back);
    eo_buf_release(&first);
    eo_buf_release(&second);
}

static void test_round_trips(void)
{
    static const struct eo_shape shapes[] = {{1, 1}, {5, 10}, {16, 32}, {64, 128}};

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        check_round_trip(EO_FP32, EO_BACKEND_FBGEMM, shapes[i].c1, shapes[i].c2);
        check_round_trip(EO_FP16, EO_BACKEND_FBGEMM, shapes[i].c1, shapes[i].c2);
        check_round_trip(EO_INT8, EO_BACKEND_FBGEMM, shapes[i].c1, shapes[i].c2);
        check_round_trip(EO_INT8, EO_BACKEND_QNNPACK, shapes[i].c1, shapes[i].c2);
        check_round_trip(EO_INT4, EO_BACKEND_FBGEMM, shapes[i].c1, shapes[i].c2);
        check_round_trip(EO_INT4, EO_BACKEND_QNNPACK, shapes[i].c1, shapes[i].c2);
        check_round_trip(EO_MIXED, EO_BACKEND_FBGEMM, shapes[i].c1, shapes[i].c2);
    }
}

/* One change to a valid file. */
enum action { DROP, RENAME, RESHAPE, PUT_F32, PUT_F16, PUT_I32, PUT_U8, META, FLATTEN, RETYPE, WIDEN, NONE };

struct damage {
    enum eo_precision precision;
    enum action action;
    const char *name; /* of the tensor, or the key */
    const char *text; /* new name or value; NULL removes the key */
    size_t index;     /* of the element, or of the shape's number */
    double value;
    const char *message; /* NULL: the file stays valid */
};

#define BITS "metadata 'weight_bits': expected 4 or 8 for each of 3 layers, with a space between, found "

static const struct damage damages[] = {
    {EO_FP32, NONE, "conv1.weight", NULL, 0, 0, NULL},
    {EO_FP32, DROP, "conv1.weight", NULL, 0, 0, "tensor 'conv1.weight': missing"},
    {EO_FP32, DROP, "conv2.weight", NULL, 0, 0, "tensor 'conv2.weight': missing"},
    {EO_FP32, DROP, "classifier.bias", NULL, 0, 0, "tensor 'classifier.bias': missing"},
    {EO_INT8, DROP, "conv2.input_scale", NULL, 0, 0, "tensor 'conv2.input_scale': missing"},
    {EO_FP32, RENAME, "conv1.bias", "conv1.b", 0, 0, "tensor 'conv1.bias': missing"},
    {EO_FP32, WIDEN, "extra", NULL, 0, 0, "tensor 'extra': not part of an fp32 SmallCNN"},
    {EO_FP32, WIDEN, "conv1.weight_scale", NULL, 0, 0,
     "tensor 'conv1.weight_scale': not part of an fp32 SmallCNN"},
    {EO_FP32, WIDEN, "bn1.running_var", NULL, 0, 0,
     "tensor 'bn1.running_var': not part of an fp32 SmallCNN, which has no batch normalisation; eo-import "
     "reads it"},
    {EO_FP32, RESHAPE, "conv1.weight", NULL, 0, 0, "tensor 'conv1.weight': expected 1..64 filters, found 0"},
    {EO_FP32, RESHAPE, "conv1.weight", NULL, 0, 65,
     "tensor 'conv1.weight': expected 1..64 filters, found 65"},
    {EO_FP32, RESHAPE, "conv2.weight", NULL, 0, 129,
     "tensor 'conv2.weight': expected 1..128 filters, found 129"},
    {EO_FP32, RESHAPE, "conv1.weight", NULL, 3, 2,
     "tensor 'conv1.weight': expected shape [3, 1, 3, 3], found [3, 1, 3, 2]"},
    {EO_FP32, RESHAPE, "conv1.weight", NULL, 0, 4, "tensor 'conv1.bias': expected shape [4], found [3]"},
    {EO_FP32, FLATTEN, "conv2.weight", NULL, 0, 0, "tensor 'conv2.weight': expected 4 dimensions, found 1"},
    {EO_FP32, FLATTEN, "classifier.weight", NULL, 0, 0,
     "tensor 'classifier.weight': expected shape [10, 196], found [1960]"},
    {EO_FP32, RETYPE, "conv1.weight", NULL, EO_ST_I32, 0,
     "tensor 'conv1.weight': expected dtype F32 in an fp32 model, found I32"},
    {EO_INT8, RETYPE, "classifier.weight", NULL, EO_ST_U8, 0,
     "tensor 'classifier.weight': expected dtype I8 in an int8 model, found U8"},
    {EO_FP32, RESHAPE, "conv2.weight", NULL, 1, 2,
     "tensor 'conv2.weight': expected shape [4, 3, 3, 3], found [4, 2, 3, 3]"},
    {EO_FP32, RESHAPE, "conv1.bias", NULL, 0, 4, "tensor 'conv1.bias': expected shape [3], found [4]"},
    {EO_FP32, RESHAPE, "classifier.weight", NULL, 1, 195,
     "tensor 'classifier.weight': expected shape [10, 196], found [10, 195]"},
    {EO_FP32, RESHAPE, "classifier.weight", NULL, 0, 9,
     "tensor 'classifier.weight': expected shape [10, 196], found [9, 196]"},
    {EO_FP32, PUT_F32, "conv1.weight", NULL, 7, NAN,
     "tensor 'conv1.weight': element 7: expected a finite number, found nan"},
    {EO_FP32, PUT_F32, "conv2.bias", NULL, 3, INFINITY,
     "tensor 'conv2.bias': element 3: expected a finite number, found inf"},
    {EO_FP32, PUT_F32, "classifier.weight", NULL, 1959, -INFINITY,
     "tensor 'classifier.weight': element 1959: expected a finite number, found -inf"},
    {EO_FP16, PUT_F16, "classifier.bias", NULL, 9, 0x7c00,
     "tensor 'classifier.bias': element 9: expected a finite number, found inf"},
    {EO_FP16, PUT_F16, "conv2.weight", NULL, 0, 0xfc01,
     "tensor 'conv2.weight': element 0: expected a finite number, found nan"},
    {EO_INT8, PUT_F32, "conv2.weight_scale", NULL, 1, NAN,
     "tensor 'conv2.weight_scale': element 1: expected a finite number, found nan"},
    {EO_INT8, PUT_F32, "conv2.weight_scale", NULL, 1, 0,
     "tensor 'conv2.weight_scale': element 1: expected a number above 0, found 0"},
    {EO_INT8, PUT_F32, "classifier.input_scale", NULL, 0, -1,
     "tensor 'classifier.input_scale': expected a number above 0, found -1"},
    {EO_INT8, PUT_I32, "conv1.input_zero_point", NULL, 0, 128,
     "tensor 'conv1.input_zero_point': expected 0..127 (fbgemm), found 128"},
    {EO_INT8, PUT_I32, "conv1.input_zero_point", NULL, 0, -1,
     "tensor 'conv1.input_zero_point': expected 0..127 (fbgemm), found -1"},
    {EO_INT8, PUT_I32, "conv1.input_zero_point", NULL, 0, 127, NULL},
    {EO_INT8, PUT_F32, "conv2.input_scale", NULL, 0, 1e-5,
     "'conv1': output 0: input_scale * weight_scale / input_scale of 'conv2' is 29.515, expected a factor "
     "above 0 and "
     "below 1"},
    {EO_INT8, PUT_F32, "classifier.input_scale", NULL, 0, 1e-5,
     "'conv2': output 0: input_scale * weight_scale / input_scale of 'classifier' is 27.0828, expected a "
     "factor above 0 "
     "and below 1"},
    {EO_FP32, META, "architecture", "BigCNN", 0, 0,
     "metadata 'architecture': expected 'SmallCNN', found 'BigCNN'"},
    {EO_FP32, META, "architecture", NULL, 0, 0, NULL},
    {EO_FP32, META, "precision", "fp64", 0, 0,
     "metadata 'precision': expected one of " EO_PRECISIONS(LISTED) "found 'fp64'"},
    {EO_FP32, META, "precision", "fp16", 0, 0,
     "tensor 'conv1.weight': expected dtype F16 in an fp16 model, found F32"},
    {EO_FP32, META, "precision", NULL, 0, 0, NULL},
    {EO_FP16, META, "precision", NULL, 0, 0, NULL},
    {EO_INT8, META, "precision", NULL, 0, 0, NULL},
    {EO_INT4, DROP, "conv2.weight_scale", NULL, 0, 0, "tensor 'conv2.weight_scale': missing"},
    {EO_INT4, RETYPE, "conv2.weight", NULL, EO_ST_I8, 0,
     "tensor 'conv2.weight': expected dtype U8 in an int4 model, found I8"},
    {EO_INT4, RESHAPE, "conv2.weight", NULL, 1, 13,
     "tensor 'conv2.weight': expected shape [4, 14], found [4, 13]"},
    {EO_INT4, RESHAPE, "conv2.weight", NULL, 1, 27,
     "tensor 'conv2.weight': expected shape [4, 14], found [4, 27]"},
    {EO_INT4, FLATTEN, "conv1.weight", NULL, 0, 0, "tensor 'conv1.weight': expected 2 dimensions, found 1"},
    {EO_INT4, PUT_U8, "conv1.weight", NULL, 9, 0x17, /* nine weights are four bytes and a half */
     "tensor 'conv1.weight': row 1: expected 0 in the upper half of the last byte, found 1"},
    {EO_INT4, PUT_U8, "conv1.weight", NULL, 8, 0x88, NULL}, /* -8 is one of the weights */
    {EO_INT4, PUT_U8, "classifier.weight", NULL, 0, 0xff, NULL},
    {EO_INT4, META, "quantization_backend", NULL, 0, 0,
     "metadata 'quantization_backend': missing, and an int4 model needs it"},
    {EO_INT4, META, "precision", "int8", 0, 0, "tensor 'conv1.weight': expected 4 dimensions, found 2"},
    {EO_INT8, META, "precision", "int4", 0, 0, "tensor 'conv1.weight': expected 2 dimensions, found 4"},
    {EO_INT4, META, "precision", NULL, 0, 0,
     "tensor 'conv1.weight': expected dtype F32, F16 or I8, found U8"},
    {EO_MIXED, META, "weight_bits", NULL, 0, 0, "metadata 'weight_bits': missing, and a mixed model needs it"},
    {EO_MIXED, META, "weight_bits", "8 4", 0, 0, BITS "'8 4'"},
    {EO_MIXED, META, "weight_bits", "8 4 8 8", 0, 0, BITS "'8 4 8 8'"},
    {EO_MIXED, META, "weight_bits", "8,4,8", 0, 0, BITS "'8,4,8'"},
    {EO_MIXED, META, "weight_bits", "8 2 8", 0, 0, BITS "'8 2 8'"},
    {EO_MIXED, META, "weight_bits", "", 0, 0, BITS "''"},
    {EO_MIXED, META, "weight_bits", "8 8 8", 0, 0, "tensor 'conv2.weight': expected 4 dimensions, found 2"},
    {EO_MIXED, META, "weight_bits", "4 4 8", 0, 0, "tensor 'conv1.weight': expected 2 dimensions, found 4"},
    {EO_MIXED, META, "weight_bits", "8 4 4", 0, 0,
     "tensor 'classifier.weight': expected dtype U8 in a mixed model, found I8"},
    {EO_MIXED, META, "precision", "int8", 0, 0, "tensor 'conv2.weight': expected 4 dimensions, found 2"},
    {EO_INT8, META, "weight_bits", "4 4 4", 0, 0, NULL}, /* of mixed models alone */
    {EO_INT8, META, "quantization_backend", NULL, 0, 0,
     "metadata 'quantization_backend': missing, and an int8 model needs it"},
    {EO_INT8, META, "quantization_backend", "tpu", 0, 0,
     "metadata 'quantization_backend': expected one of " EO_BACKENDS(LISTED) "found 'tpu'"},
    {EO_FP32, META, "eo_format", "1", 0, 0, NULL},
    {EO_FP32, META, "eo_format", "0", 0, 0,
     "metadata 'eo_format': expected an integer in 1..18446744073709551615, found '0'"},
    {EO_INT8, META, "eo_format", "two", 0, 0,
     "metadata 'eo_format': expected an integer in 1..18446744073709551615, found 'two'"},
    {EO_INT8, META, "eo_format", "2", 0, 0,
     "metadata 'eo_format': expected 1, found 2: the file is of a newer edge-opt, " EO_VERSION
     ", and this is " EO_VERSION "; read it with the newer one"},
    {EO_FP32, META, "seed", "0", 0, 0, NULL},
    {EO_FP32, META, "seed", "-1", 0, 0,
     "metadata 'seed': expected an integer in 0..18446744073709551615, found '-1'"},
    {EO_FP32, META, "input_std", "0", 0, 0,
     "metadata 'input_std': expected a number in 0.001..1000, found '0'"},
    {EO_FP32, META, "pruning_level", "0.999", 0, 0, NULL},
    {EO_FP32, META, "pruning_level", "0.25x0.5", 0, 0, NULL},
    {EO_FP32, META, "pruning_criterion", "none", 0, 0, NULL},
    {EO_FP32, META, "pruning_criterion", "taylor", 0, 0, NULL},
    {EO_FP32, META, "pruning_criterion", "magic", 0, 0,
     "metadata 'pruning_criterion': expected one of " EO_CRITERIA(LISTED) "found 'magic'"},
    {EO_FP32, META, "pruning_level", "1", 0, 0,
     "metadata 'pruning_level': expected a level of at least 0 and below 1, or up to 16 with an 'x' between, "
     "found '1'"},
    {EO_FP32, META, "pruning_level", "half", 0, 0,
     "metadata 'pruning_level': expected a level of at least 0 and below 1, or up to 16 with an 'x' between, "
     "found 'half'"},
    {EO_FP32, META, "conv1_kept", "0,2,63", 0, 0, NULL},
    {EO_FP32, META, "conv1_kept", "0,2", 0, 0,
     "metadata 'conv1_kept': expected 3 channels as in the tensors, found 2"},
    {EO_FP32, META, "conv1_kept", "0,2,64", 0, 0,
     "metadata 'conv1_kept': expected an integer in 3..63, found '64'"},
    {EO_FP32, META, "conv1_kept", "0,2,2", 0, 0,
     "metadata 'conv1_kept': expected an integer in 3..63, found '2'"},
    {EO_FP32, META, "conv1_kept", "0,2,", 0, 0,
     "metadata 'conv1_kept': expected an integer in 3..63, found ''"},
    {EO_FP32, META, "conv2_kept", "0,1,2,127", 0, 0, NULL},
    {EO_FP32, META, "conv2_kept", "0,1,2,128", 0, 0,
     "metadata 'conv2_kept': expected an integer in 3..127, found '128'"},
    {EO_FP32, META, "conv2_kept", "", 0, 0, "metadata 'conv2_kept': expected an integer in 0..127, found ''"},
    {EO_FP32, META, "base_channels", "3,4", 0, 0, NULL},
    {EO_FP32, META, "base_channels", "64,128", 0, 0, NULL},
    {EO_FP32, META, "base_channels", "2,4", 0, 0,
     "metadata 'base_channels': expected an integer in 3..64, found '2'"},
    {EO_FP32, META, "base_channels", "3,129", 0, 0,
     "metadata 'base_channels': expected an integer in 4..128, found '129'"},
    {EO_FP32, META, "base_channels", "3", 0, 0,
     "metadata 'base_channels': expected two numbers with a comma between, found '3'"},
    {EO_FP32, META, "base_channels", "3,4,5", 0, 0,
     "metadata 'base_channels': expected an integer in 4..128, found '4,5'"},
};

static struct eo_st_tensor *find(struct eo_st *st, const char *name)
{
    return (struct eo_st_tensor *)eo_st_find(st, name);
}

static void resize(struct eo_st_tensor *t, size_t index, size_t n)
{
    static const char zeros[200000];

    t->shape[index] = n;
    t->bytes = eo_st_dtype_bytes(t->dtype);
    for (int i = 0; i < t->dims; i++)
        t->bytes *= t->shape[i];
    t->data = zeros;
}

static void set_meta(struct eo_st *st, const char *key, const char *value)
{
    size_t i;

    for (i = 0; i < st->meta_count && strcmp(st->meta[i].key, key) != 0; i++)
        ;
    if (value) {
        st->meta[i] = (struct eo_st_pair){key, value};
        st->meta_count += i == st->meta_count;
    } else if (i < st->meta_count) {
        st->meta[i] = st->meta[--st->meta_count];
    }
}

/* Writes the low `size` bytes of `bits` as a file has them: the least significant first. */
static void put(char *data, size_t index, uint32_t bits, size_t size)
{
    for (size_t k = 0; k < size; k++)
        data[index * size + k] = (char)(bits >> 8 * k);
}

static uint32_t float_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

static void apply(const struct damage *d, struct eo_st *st, float *scratch)
{
    struct eo_st_tensor *t = find(st, d->name);
    char *data = t ? (char *)t->data : NULL;

    switch (d->action) {
    case DROP:
        *t = st->tensors[--st->tensor_count];
        break;
    case RENAME:
        t->name = d->text;
        break;
    case WIDEN:
        st->tensors[st->tensor_count++] = (struct eo_st_tensor){d->name, EO_ST_F32, 1, {1}, 4, scratch};
        break;
    case RESHAPE:
        resize(t, d->index, (size_t)d->value);
        break;
    case FLATTEN:
        t->shape[0] = t->bytes / eo_st_dtype_bytes(t->dtype);
        t->dims = 1;
        break;
    case RETYPE: /* to one of the same size */
        t->dtype = (enum eo_st_dtype)d->index;
        break;
    case PUT_F32:
        put(data, d->index, float_bits((float)d->value), 4);
        break;
    case PUT_F16:
        put(data, d->index, (uint32_t)d->value, 2);
        break;
    case PUT_I32:
        put(data, d->index, (uint32_t)(int32_t)d->value, 4);
        break;
    case PUT_U8:
        put(data, d->index, (uint32_t)d->value, 1);
        break;
    case META:
        set_meta(st, d->name, d->text);
        break;
    case NONE:
        break;
    }
}

static void check_damage(const struct damage *d)
{
    struct eo_buf good = {0}, bad = {0};
    struct eo_model m = {0}, back = {0};
    struct eo_st st = {0};
    struct eo_err err = {""};
    float scratch = 0;
    int rc;

    make(&m, d->precision, 3, 4);
    rc = eo_model_serialize(&m, &good, &err) || eo_st_parse(&st, good.data, good.len, &err);
    if (!rc)
        apply(d, &st, &scratch);
    rc = rc || eo_st_serialize(&st, &bad, &err);
    check(rc == 0, "a damaged file", "to be made", err.msg);
    if (!rc) {
        rc = eo_model_parse(&back, bad.data, bad.len, &err);
        check(rc == (d->message ? -1 : 0), d->name, d->message ? d->message : "success",
              rc ? err.msg : "success");
        if (d->message)
            check_text(d->name, d->message, err.msg);
        check(rc == 0 || (!back.storage && !back.meta_count), d->name, "an empty model after failure",
              "a full one");
    }
    eo_model_release(&m);
    eo_model_release(&back);
    eo_st_release(&st);
    eo_buf_release(&good);
    eo_buf_release(&bad);
}

/* A file says which network it is of, where that is asked for. */
static void test_any(void)
{
    static const char text[] = "input 1x4x4; a: conv 2 3x3 batch_norm relu; b: linear 3";
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"seed", "3", "read"},
        {"architecture", "BigCNN", "metadata 'architecture': expected 'SmallCNN', found 'BigCNN'"},
        {"network", NULL, "metadata 'network': missing, and architecture 'network' needs it"},
        {"network", "input 1x4x4", "metadata 'network': expected at least one layer, found none"},
        {"precision", "fp16", "expected batch normalisation at fp32 alone, found a network with it at fp16"},
    };
    struct eo_network net;
    struct eo_model m;
    struct eo_buf good = {0};
    struct eo_err err = {""};

    check(eo_network_parse(&net, text, &err) == 0 && eo_model_init_network(&m, EO_FP32, &net, &err) == 0 &&
              eo_model_serialize(&m, &good, &err) == 0,
          "a network", "success", err.msg);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_buf bad = {0};
        struct eo_model back;
        struct eo_st st;
        int rc = eo_st_parse(&st, good.data, good.len, &err);

        set_meta(&st, cases[i].key, cases[i].value);
        rc = rc || eo_st_serialize(&st, &bad, &err) ||
             eo_model_parse_network(&back, bad.data, bad.len, NULL, &err);
        check_text(cases[i].key, cases[i].message, rc ? err.msg : "read");
        if (!rc)
            eo_model_release(&back);
        eo_st_release(&st);
        eo_buf_release(&bad);
    }
    eo_buf_release(&good);
    eo_model_release(&m);
}

/* At the bound an accumulator still fits; one more is refused, by the writer as by the reader. */
static void test_accumulators(void)
{
    struct eo_buf out = {0};
    struct eo_model m;
    struct eo_err err = {""};
    int64_t sum = 0;

    make(&m, EO_INT8, 3, 4);
    for (int t = 0; t < 27; t++)
        sum += abs(m.layer[EO_CONV2].weight.s8[2 * 27 + t]);
    m.layer[EO_CONV2].input_zero_point = 5;
    for (int sign = -1; sign <= 1; sign += 2) {
        m.layer[EO_CONV2].bias.s32[2] = sign * (int32_t)(INT32_MAX - sum * (127 + 5));
        check(eo_model_serialize(&m, &out, &err) == 0, "accumulator at its bound", "success", err.msg);
        m.layer[EO_CONV2].bias.s32[2] += sign;
        check(eo_model_serialize(&m, &out, &err) == -1, "accumulator beyond", "a refusal", "success");
        check_text("accumulator beyond",
                   "tensor 'conv2.bias': element 2: its accumulator may reach 2147483648, beyond 32 bits",
                   err.msg);
    }
    m.layer[EO_CONV2].bias.s32[2] = INT32_MIN;
    check(eo_model_serialize(&m, &out, &err) == -1, "most negative bias", "a refusal", "success");
    eo_buf_release(&out);
    eo_model_release(&m);
}

/* Without metadata the type of the first weights decides, and there are types that no model has. */
static void test_foreign_type(void)
{
    static const unsigned char bytes[9] = {0};
    struct eo_st st = {.tensor_count = 1, .tensors = {{"conv1.weight", EO_ST_U8, 4, {1, 1, 3, 3}, 9, bytes}}};
    struct eo_buf out = {0};
    struct eo_model m;
    struct eo_err err = {""};

    check(eo_st_serialize(&st, &out, &err) == 0, "serialise", "success", err.msg);
    check(eo_model_parse(&m, out.data, out.len, &err) == -1, "a U8 model", "a refusal", "success");
    check_text("a U8 model", "tensor 'conv1.weight': expected dtype F32, F16 or I8, found U8", err.msg);
    eo_buf_release(&out);
}

/* A factor of exactly 1 cannot be requantised; the largest double below can. */
static void test_factors(void)
{
    struct eo_buf out = {0};
    struct eo_model m;
    struct eo_err err = {""};

    make(&m, EO_INT8, 3, 4);
    m.layer[EO_CONV1].input_scale = 1;
    m.layer[EO_CONV1].weight_scale[1] = 0.02f;
    check(eo_model_serialize(&m, &out, &err) == -1, "factor 1", "a refusal", "success");
    check_text("factor 1",
               "'conv1': output 1: input_scale * weight_scale / input_scale of 'conv2' is 1, expected a "
               "factor above 0 "
               "and below 1",
               err.msg);
    m.layer[EO_CONV1].weight_scale[1] = nextafterf(0.02f, 0);
    check(eo_model_serialize(&m, &out, &err) == 0, "factor below 1", "success", err.msg);
    eo_buf_release(&out);
    eo_model_release(&m);
}

/* What the reader would refuse is not written either. */
static void test_unwritable(void)
{
    struct eo_buf out = {0};
    struct eo_model m;
    struct eo_err err = {""};

    make(&m, EO_FP32, 1, 1);
    m.layer[EO_CONV1].bias.f32[0] = NAN;
    check(eo_model_serialize(&m, &out, &err) == -1, "nan", "a refusal", "success");
    check_text("nan", "tensor 'conv1.bias': element 0: expected a finite number, found nan", err.msg);
    check_size("no output", 0, out.len);
    check(eo_model_save(&m, "/dev/null", &err) == -1, "save nan", "a refusal", "success");
    eo_buf_release(&out);
    eo_model_release(&m);
}

static void test_init(void)
{
    static const struct {
        int c1, c2;
        const char *message;
    } cases[] = {{0, 1, "conv1: expected 1..64 channels, found 0"},
                 {65, 1, "conv1: expected 1..64 channels, found 65"},
                 {1, 0, "conv2: expected 1..128 channels, found 0"},
                 {1, 129, "conv2: expected 1..128 channels, found 129"}};
    struct eo_model m;
    struct eo_err err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_shape shape = {cases[i].c1, cases[i].c2};

        check(eo_model_init(&m, EO_FP32, shape, &err) == -1, "init", "a refusal", "success");
        check_text("init", cases[i].message, err.msg);
        eo_model_release(&m);
    }
}

static void test_metadata(void)
{
    struct eo_model m = {0}, copy = {0};
    struct eo_err err = {""};
    char key[16];

    check(!eo_model_meta_get(&m, "a"), "absent", "NULL", "something");
    check(eo_model_meta_set(&m, "b", "2", &err) == 0 && eo_model_meta_set(&m, "a", "1", &err) == 0 &&
              eo_model_meta_set(&m, "c", "3", &err) == 0 && eo_model_meta_set(&m, "b", "two", &err) == 0,
          "set", "success", err.msg);
    check_size("count", 3, m.meta_count);
    check_text("sorted", "a", m.meta[0].key);
    check_text("replaced", "two", eo_model_meta_get(&m, "b"));
    check(eo_model_meta_set(&m, "b", eo_model_meta_get(&m, "b"), &err) == 0, "its own value", "success",
          err.msg);
    check_text("its own value", "two", eo_model_meta_get(&m, "b"));
    check(eo_model_meta_set(&copy, "x", "y", &err) == 0 && eo_model_meta_copy(&copy, &m, &err) == 0, "copy",
          "success", err.msg);
    check(copy.meta_count == 3 && !eo_model_meta_get(&copy, "x"), "copy", "the source's alone", "others");
    check(eo_model_meta_set(&m, "a", NULL, &err) == 0 && eo_model_meta_set(&m, "none", NULL, &err) == 0,
          "remove", "success", err.msg);
    check(m.meta_count == 2 && !eo_model_meta_get(&m, "a"), "remove", "gone", "still there");
    check(eo_level_is_zero(eo_model_pruning_level(&m)) && eo_model_seed(&m) == 0 &&
              eo_model_pruning_criterion(&m) == EO_CRITERION_NONE,
          "defaults", "0", "others");
    check(eo_model_meta_set(&m, "pruning_level", "0.25", &err) == 0 &&
              eo_model_meta_set(&m, "seed", "18446744073709551615", &err) == 0,
          "set", "success", err.msg);
    check(eo_model_pruning_criterion(&m) == EO_CRITERION_L1, "criterion", "l1", "another");
    check(eo_model_meta_set(&m, "pruning_criterion", "taylor", &err) == 0 &&
              eo_model_pruning_criterion(&m) == EO_CRITERION_TAYLOR,
          "criterion", "taylor", "another");
    check(eo_level_compare(eo_model_pruning_level(&m), eo_level_uniform(0.25)) == 0 &&
              eo_model_seed(&m) == UINT64_MAX,
          "numbers", "as set", "others");
    check(eo_model_meta_set(&m, "seed", "seven", &err) == 0 && eo_model_seed(&m) == 0, "no number", "0",
          "other");
    for (int i = 0; i < EO_MODEL_META_MAX - 5; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        check(eo_model_meta_set(&m, key, "", &err) == 0, "up to the limit", "success", err.msg);
    }
    check(eo_model_meta_set(&m, "one more", "", &err) == -1, "beyond the limit", "a refusal", "success");
    check_text("beyond the limit", "metadata: expected at most 32 entries, found more", err.msg);
    check(eo_model_meta_set(&m, "b", "2", &err) == 0, "replace at the limit", "success", err.msg);
    eo_model_release(&m);
    eo_model_release(&copy);
}

/* The sizes that the shapes must have, from the published table (int8: scales, zero points and s32 biases on
 * top). */
static void test_sizes(void)
{
    static const struct {
        int c1, c2;
        size_t fp32, fp16;
    } cases[] = {{16, 32, 81960, 40980},
                 {12, 24, 58024, 29012},
                 {11, 22, 52400, 26200},
                 {8, 16, 36392, 18196},
                 {5, 10, 21680, 10840}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_model m;
        size_t outputs = (size_t)(cases[i].c1 + cases[i].c2 + 10);

        make(&m, EO_FP32, cases[i].c1, cases[i].c2);
        check_size("fp32 bytes", cases[i].fp32, eo_model_tensor_bytes(&m));
        check_size("conv1 bytes", (size_t)cases[i].c1 * 40, eo_model_layer_tensor_bytes(&m, EO_CONV1));
        eo_model_release(&m);
        make(&m, EO_FP16, cases[i].c1, cases[i].c2);
        check_size("fp16 bytes", cases[i].fp16, eo_model_tensor_bytes(&m));
        eo_model_release(&m);
        make(&m, EO_INT8, cases[i].c1, cases[i].c2);
        check_size("int8 bytes", cases[i].fp32 / 4 - outputs + 8 * outputs + 3 * 8,
                   eo_model_tensor_bytes(&m));
        eo_model_release(&m);
        make(&m, EO_INT4, cases[i].c1, cases[i].c2);
        check_size("int4 bytes",
                   (size_t)cases[i].c1 * 5 + (size_t)cases[i].c2 * (((size_t)cases[i].c1 * 9 + 1) / 2) +
                       10 * (((size_t)cases[i].c2 * 49 + 1) / 2) + 8 * outputs + 3 * 8,
                   eo_model_tensor_bytes(&m));
        eo_model_release(&m);
    }
}

static void test_load(void)
{
    char path[] = "/tmp/test_model-XXXXXX", sha256[EO_SHA256_TEXT] = "", expected[EO_SHA256_TEXT];
    int fd = mkstemp(path);
    struct eo_buf bytes = {0};
    struct eo_model m, back;
    struct eo_err err = {""};

    make(&m, EO_FP32, 2, 2);
    check(fd >= 0 && eo_model_save(&m, path, &err) == 0, "save", "success", err.msg);
    check(eo_model_serialize(&m, &bytes, &err) == 0, "serialise", "success", err.msg);
    eo_hash_sha256(bytes.data, bytes.len, expected);
    check(eo_model_load(&back, path, sha256, &err) == 0, "load", "success", err.msg);
    check_text("checksum", expected, sha256);
    eo_model_release(&back);
    check(eo_model_load(&back, path, NULL, &err) == 0, "load without checksum", "success", err.msg);
    eo_model_release(&back);
    remove(path);
    check(eo_model_load(&back, path, sha256, &err) == -1, "no file", "a refusal", "success");
    check_text("no file", "cannot open: No such file or directory", err.msg);
    check(eo_model_save(&m, "/dev/full", &err) == -1, "full disk", "a failure", "success");
    eo_model_release(&back);
    eo_model_release(&m);
    eo_buf_release(&bytes);
}

int main(void)
{
    test_round_trips();
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
        check_damage(&damages[i]);
    test_accumulators();
    test_factors();
    test_foreign_type();
    test_unwritable();
    test_init();
    test_any();
    test_metadata();
    test_sizes();
    test_load();
    return check_report("test_model");
}
