#include "nn/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/version.h"
#include "format/safetensors.h"
#include "nn/half.h"
#include "nn/input.h"
#include "nn/state_dict.h"

/* One tensor of a model's file and the memory it fills. All code that walks the tensors goes by this list. */
struct field {
    char name[40];
    enum eo_layer layer;
    enum eo_st_dtype dtype;
    int dims;
    size_t shape[EO_ST_MAX_DIMS];
    size_t count; /* elements */
    void *data;
};

#define FIELDS_PER_LAYER 5
#define MAX_FIELDS (FIELDS_PER_LAYER * EO_LAYERS)

static const char *const backend_names[] = {[EO_BACKEND_FBGEMM] = "fbgemm", [EO_BACKEND_QNNPACK] = "qnnpack"};

static const struct {
    enum eo_st_dtype weight, bias;
} dtypes[EO_PRECISION_COUNT] = {
    [EO_FP32] = {EO_ST_F32, EO_ST_F32},
    [EO_FP16] = {EO_ST_F16, EO_ST_F16},
    [EO_INT8] = {EO_ST_I8, EO_ST_I32},
};

int eo_backend_activation_max(enum eo_backend backend)
{
    return backend == EO_BACKEND_FBGEMM ? 127 : 255;
}

const char *eo_backend_name(enum eo_backend backend)
{
    return backend_names[backend];
}

static int parse_backend(const char *name, enum eo_backend *backend, struct eo_err *err)
{
    int i;

    for (i = EO_BACKEND_FBGEMM; i <= EO_BACKEND_QNNPACK; i++) {
        if (strcmp(name, backend_names[i]) == 0) {
            *backend = (enum eo_backend)i;
            return 0;
        }
    }
    return eo_err_set(err, "expected one of fbgemm, qnnpack, found '%.40s'", name);
}

/* ----------------------------------------------------------------------------------------------------
 * The tensors
 */

static void set_field(struct field *f, enum eo_layer layer, const char *suffix, enum eo_st_dtype dtype,
                      int dims, const size_t *shape, void *data)
{
    int i;

    memset(f, 0, sizeof(*f));
    snprintf(f->name, sizeof(f->name), "%s.%s", eo_layer_name(layer), suffix);
    f->layer = layer;
    f->dtype = dtype;
    f->dims = dims;
    f->count = 1;
    f->data = data;
    for (i = 0; i < dims; i++) {
        f->shape[i] = shape[i];
        f->count *= shape[i]; /* the shape is bounded by EO_MAX_C1 and EO_MAX_C2 */
    }
}

/* The fields of one layer; returns how many. */
static size_t list_layer(const struct eo_model *m, enum eo_layer layer, struct field *f)
{
    struct eo_model_layer *l = (struct eo_model_layer *)&m->layer[layer];
    size_t outputs = (size_t)eo_shape_outputs(&m->shape, layer), one = 1;
    size_t terms = (size_t)eo_shape_terms(&m->shape, layer);
    size_t conv[4] = {outputs, terms / 9, 3, 3}, linear[2] = {outputs, terms};
    enum eo_st_dtype weight = dtypes[m->precision].weight, bias = dtypes[m->precision].bias;

    if (layer == EO_CLASSIFIER)
        set_field(&f[0], layer, "weight", weight, 2, linear, l->weight.f32);
    else
        set_field(&f[0], layer, "weight", weight, 4, conv, l->weight.f32);
    set_field(&f[1], layer, "bias", bias, 1, &outputs, l->bias.f32);
    if (m->precision != EO_INT8)
        return 2;
    set_field(&f[2], layer, "weight_scale", EO_ST_F32, 1, &outputs, l->weight_scale);
    set_field(&f[3], layer, "input_scale", EO_ST_F32, 1, &one, &l->input_scale);
    set_field(&f[4], layer, "input_zero_point", EO_ST_I32, 1, &one, &l->input_zero_point);
    return 5;
}

static size_t list_fields(const struct eo_model *m, struct field *f)
{
    size_t n = 0;
    int l;

    for (l = 0; l < EO_LAYERS; l++)
        n += list_layer(m, (enum eo_layer)l, f + n);
    return n;
}

static size_t field_bytes(const struct field *f)
{
    return f->count * eo_st_dtype_bytes(f->dtype);
}

/* Between memory and the file's little-endian order, either way. */
static void copy_little_endian(void *dst, const void *src, size_t count, size_t size)
{
    const uint16_t probe = 1;
    unsigned char *d = dst;
    const unsigned char *s = src;
    size_t i, k;

    if (*(const unsigned char *)&probe == 1) {
        memcpy(dst, src, count * size);
        return;
    }
    for (i = 0; i < count; i++) {
        for (k = 0; k < size; k++)
            d[i * size + k] = s[i * size + size - 1 - k];
    }
}

size_t eo_model_layer_tensor_bytes(const struct eo_model *m, enum eo_layer layer)
{
    struct field f[FIELDS_PER_LAYER];
    size_t n = list_layer(m, layer, f), bytes = 0, i;

    for (i = 0; i < n; i++)
        bytes += field_bytes(&f[i]);
    return bytes;
}

size_t eo_model_tensor_bytes(const struct eo_model *m)
{
    size_t bytes = 0;
    int l;

    for (l = 0; l < EO_LAYERS; l++)
        bytes += eo_model_layer_tensor_bytes(m, (enum eo_layer)l);
    return bytes;
}

/* ----------------------------------------------------------------------------------------------------
 * Storage
 */

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
    int i;

    for (i = 0; i < EO_LAYERS; i++) {
        struct eo_model_layer *l = &m->layer[i];
        size_t outputs = (size_t)eo_shape_outputs(&m->shape, (enum eo_layer)i);
        size_t weights = eo_shape_weights(&m->shape, (enum eo_layer)i);

        l->weight.f32 = take(base, &used, weights * eo_st_dtype_bytes(dtypes[m->precision].weight));
        l->bias.f32 = take(base, &used, outputs * eo_st_dtype_bytes(dtypes[m->precision].bias));
        l->weight_scale = m->precision == EO_INT8 ? take(base, &used, outputs * sizeof(float)) : NULL;
    }
    return used;
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
    m->storage = eo_alloc(place_layers(m, NULL), 1, err);
    if (!m->storage) {
        memset(m, 0, sizeof(*m));
        return -1;
    }
    place_layers(m, m->storage);
    return 0;
}

static void clear_meta(struct eo_model *m)
{
    size_t i;

    for (i = 0; i < m->meta_count; i++) {
        free(m->meta[i].key);
        free(m->meta[i].value);
    }
    m->meta_count = 0;
}

void eo_model_release(struct eo_model *m)
{
    clear_meta(m);
    free(m->storage);
    memset(m, 0, sizeof(*m));
}

/* ----------------------------------------------------------------------------------------------------
 * Metadata
 */

/* Index of the first entry whose key is not before `key`. */
static size_t find_meta(const struct eo_model *m, const char *key)
{
    size_t i;

    for (i = 0; i < m->meta_count && strcmp(m->meta[i].key, key) < 0; i++)
        ;
    return i;
}

static int has_meta(const struct eo_model *m, size_t i, const char *key)
{
    return i < m->meta_count && strcmp(m->meta[i].key, key) == 0;
}

static void remove_meta(struct eo_model *m, size_t i)
{
    free(m->meta[i].key);
    free(m->meta[i].value);
    m->meta_count--;
    memmove(&m->meta[i], &m->meta[i + 1], (m->meta_count - i) * sizeof(m->meta[0]));
}

int eo_model_meta_set(struct eo_model *m, const char *key, const char *value, struct eo_err *err)
{
    size_t i = find_meta(m, key);
    char *new_key, *new_value;

    if (!value) {
        if (has_meta(m, i, key))
            remove_meta(m, i);
        return 0;
    }
    new_value = eo_strdup(value, err);
    if (!new_value)
        return -1;
    if (has_meta(m, i, key)) {
        free(m->meta[i].value);
        m->meta[i].value = new_value;
        return 0;
    }
    new_key = m->meta_count < EO_MODEL_META_MAX ? eo_strdup(key, err) : NULL;
    if (!new_key) {
        free(new_value);
        return m->meta_count < EO_MODEL_META_MAX
                   ? -1
                   : eo_err_set(err, "metadata: expected at most %d entries, found more", EO_MODEL_META_MAX);
    }
    memmove(&m->meta[i + 1], &m->meta[i], (m->meta_count - i) * sizeof(m->meta[0]));
    m->meta[i] = (struct eo_model_meta){new_key, new_value};
    m->meta_count++;
    return 0;
}

const char *eo_model_meta_get(const struct eo_model *m, const char *key)
{
    size_t i = find_meta(m, key);

    return has_meta(m, i, key) ? m->meta[i].value : NULL;
}

int eo_model_meta_copy(struct eo_model *dst, const struct eo_model *src, struct eo_err *err)
{
    size_t i;

    clear_meta(dst);
    for (i = 0; i < src->meta_count; i++) {
        if (eo_model_meta_set(dst, src->meta[i].key, src->meta[i].value, err))
            return -1;
    }
    return 0;
}

struct eo_level eo_model_pruning_level(const struct eo_model *m)
{
    const char *text = eo_model_meta_get(m, "pruning_level");
    struct eo_level level;

    return text && eo_level_read(text, &level, NULL) == 0 ? level : eo_level_uniform(0);
}

enum eo_criterion eo_model_pruning_criterion(const struct eo_model *m)
{
    const char *text = eo_model_meta_get(m, "pruning_criterion");
    enum eo_criterion criterion;

    if (eo_level_is_zero(eo_model_pruning_level(m)))
        return EO_CRITERION_NONE;
    return text && eo_criterion_parse(text, &criterion, NULL) == 0 ? criterion : EO_CRITERION_L1;
}

uint64_t eo_model_seed(const struct eo_model *m)
{
    const char *text = eo_model_meta_get(m, "seed");
    uint64_t seed;

    return text && eo_num_parse_u64(text, 0, UINT64_MAX, &seed, NULL) == 0 ? seed : 0;
}

/* ----------------------------------------------------------------------------------------------------
 * Checks
 */

static int check_finite(const struct field *f, struct eo_err *err)
{
    const uint16_t *halves = f->data;
    const float *floats = f->data;
    size_t i;

    for (i = 0; i < f->count; i++) {
        float x = f->dtype == EO_ST_F32 ? floats[i] : f->dtype == EO_ST_F16 ? eo_half_to_float(halves[i]) : 0;

        if (!isfinite(x))
            return eo_err_set(err, "tensor '%s': element %zu: expected a finite number, found %s", f->name, i,
                              isnan(x) ? "nan"
                              : x > 0  ? "inf"
                                       : "-inf");
    }
    return 0;
}

static int check_scales(const struct eo_model *m, enum eo_layer layer, struct eo_err *err)
{
    const struct eo_model_layer *l = &m->layer[layer];
    int outputs = eo_shape_outputs(&m->shape, layer), top = eo_backend_activation_max(m->backend), i;
    const char *name = eo_layer_name(layer);

    for (i = 0; i < outputs; i++) {
        if (!(l->weight_scale[i] > 0))
            return eo_err_set(err,
                              "tensor '%s.weight_scale': element %d: expected a number above 0, found %g",
                              name, i, (double)l->weight_scale[i]);
    }
    if (!(l->input_scale > 0))
        return eo_err_set(err, "tensor '%s.input_scale': expected a number above 0, found %g", name,
                          (double)l->input_scale);
    if (l->input_zero_point < 0 || l->input_zero_point > top)
        return eo_err_set(err, "tensor '%s.input_zero_point': expected 0..%d (%s), found %" PRId32, name, top,
                          eo_backend_name(m->backend), l->input_zero_point);
    return 0;
}

static int check_accumulators(const struct eo_model *m, enum eo_layer layer, struct eo_err *err)
{
    const struct eo_model_layer *l = &m->layer[layer];
    int terms = eo_shape_terms(&m->shape, layer), outputs = eo_shape_outputs(&m->shape, layer), o, t;
    int64_t reach = eo_backend_activation_max(m->backend) + l->input_zero_point;

    for (o = 0; o < outputs; o++) {
        int64_t bound = llabs((long long)l->bias.s32[o]);

        for (t = 0; t < terms; t++)
            bound += reach * abs(l->weight.s8[(size_t)o * (size_t)terms + (size_t)t]);
        if (bound > INT32_MAX)
            return eo_err_set(err,
                              "tensor '%s.bias': element %d: its accumulator may reach %lld, beyond 32 bits",
                              eo_layer_name(layer), o, (long long)bound);
    }
    return 0;
}

/* The convolutions' outputs are requantised with a factor that nn/requant.h wants below 1. */
static int check_factors(const struct eo_model *m, enum eo_layer layer, struct eo_err *err)
{
    const struct eo_model_layer *l = &m->layer[layer];
    double next = (double)m->layer[layer + 1].input_scale;
    int outputs = eo_shape_outputs(&m->shape, layer), o;

    for (o = 0; o < outputs; o++) {
        double factor = (double)l->input_scale * (double)l->weight_scale[o] / next;

        if (!(factor > 0 && factor < 1))
            return eo_err_set(
                err,
                "'%s': output %d: input_scale * weight_scale / input_scale of '%s' is %g, expected a "
                "factor above 0 and below 1",
                eo_layer_name(layer), o, eo_layer_name((enum eo_layer)(layer + 1)), factor);
    }
    return 0;
}

static int check_int8(const struct eo_model *m, struct eo_err *err)
{
    int l;

    for (l = 0; l < EO_LAYERS; l++) {
        if (check_scales(m, (enum eo_layer)l, err) || check_accumulators(m, (enum eo_layer)l, err))
            return -1;
    }
    return check_factors(m, EO_CONV1, err) || check_factors(m, EO_CONV2, err) ? -1 : 0;
}

/* "0,2,5": `count` rising indices below `limit`, into `index`. */
static int parse_kept(const char *text, int count, int limit, int *index, struct eo_err *err)
{
    int64_t last = -1, next;
    int found = 0;

    for (;;) {
        size_t n = strcspn(text, ",");
        char number[16];

        snprintf(number, sizeof(number), "%.*s", (int)(n < 15 ? n : 15), text);
        if (eo_num_parse_i64(number, last + 1, limit - 1, &next, err))
            return -1;
        last = next;
        if (found < count)
            index[found] = (int)next;
        found++;
        if (text[n] == '\0')
            break;
        text += n + 1;
    }
    return found == count ? 0
                          : eo_err_set(err, "expected %d channels as in the tensors, found %d", count, found);
}

/* "16,32": at least the channels that are there. */
static int parse_base_shape(const char *text, const struct eo_shape *least, struct eo_shape *shape, struct eo_err *err)
{
    int64_t c1, c2;
    size_t n = strcspn(text, ",");
    char first[16];

    snprintf(first, sizeof(first), "%.*s", (int)(n < 15 ? n : 15), text);
    if (text[n] != ',')
        return eo_err_set(err, "expected two numbers with a comma between, found '%.40s'", text);
    if (eo_num_parse_i64(first, least->c1, EO_MAX_C1, &c1, err) ||
        eo_num_parse_i64(text + n + 1, least->c2, EO_MAX_C2, &c2, err))
        return -1;
    *shape = (struct eo_shape){(int)c1, (int)c2};
    return 0;
}

static const char *kept_key(enum eo_layer layer)
{
    return layer == EO_CONV1 ? "conv1_kept" : "conv2_kept";
}

int eo_model_kept(const struct eo_model *m, enum eo_layer layer, int *index, struct eo_err *err)
{
    int outputs = eo_shape_outputs(&m->shape, layer), limit = layer == EO_CONV1 ? EO_MAX_C1 : EO_MAX_C2, i;
    const char *text = eo_model_meta_get(m, kept_key(layer));
    struct eo_shape base;

    if (eo_model_base_shape(m, &base, err))
        return -1;
    if (base.c1)
        limit = eo_shape_outputs(&base, layer);
    for (i = 0; i < outputs; i++)
        index[i] = i;
    if (text && parse_kept(text, outputs, limit, index, err))
        return eo_err_prefix(err, "metadata '%s'", kept_key(layer));
    return 0;
}

int eo_model_base_shape(const struct eo_model *m, struct eo_shape *shape, struct eo_err *err)
{
    const char *text = eo_model_meta_get(m, "base_channels");
    int pruned = eo_model_meta_get(m, "conv1_kept") || eo_model_meta_get(m, "conv2_kept") ||
                 !eo_level_is_zero(eo_model_pruning_level(m));

    *shape = pruned ? (struct eo_shape){0, 0} : m->shape;
    if (text && parse_base_shape(text, &m->shape, shape, err))
        return eo_err_prefix(err, "metadata 'base_channels'");
    return 0;
}

static int check_metadata(const struct eo_model *m, struct eo_err *err)
{
    const char *level_text = eo_model_meta_get(m, "pruning_level");
    const char *seed_text = eo_model_meta_get(m, "seed"), *criterion_text = eo_model_meta_get(m, "pruning_criterion");
    int index[EO_MAX_C1 > EO_MAX_C2 ? EO_MAX_C1 : EO_MAX_C2];
    enum eo_criterion criterion;
    struct eo_level level;
    struct eo_input input;
    uint64_t seed;

    if (eo_input_read(m, &input, err) < 0)
        return -1;
    if (seed_text && eo_num_parse_u64(seed_text, 0, UINT64_MAX, &seed, err))
        return eo_err_prefix(err, "metadata 'seed'");
    if (level_text && eo_level_read(level_text, &level, err))
        return eo_err_prefix(err, "metadata 'pruning_level'");
    if (criterion_text && strcmp(criterion_text, eo_criterion_name(EO_CRITERION_NONE)) != 0 &&
        eo_criterion_parse(criterion_text, &criterion, err))
        return eo_err_prefix(err, "metadata 'pruning_criterion'");
    return eo_model_kept(m, EO_CONV1, index, err) || eo_model_kept(m, EO_CONV2, index, err) ? -1 : 0;
}

/* Everything about a filled model that its types alone do not ensure. */
static int check_model(const struct eo_model *m, struct eo_err *err)
{
    struct field f[MAX_FIELDS];
    size_t n = list_fields(m, f), i;

    for (i = 0; i < n; i++) {
        if (check_finite(&f[i], err))
            return -1;
    }
    if (m->precision == EO_INT8 && check_int8(m, err))
        return -1;
    return check_metadata(m, err);
}

/* ----------------------------------------------------------------------------------------------------
 * Reading
 */

static const char *find_pair(const struct eo_st *st, const char *key)
{
    size_t i;

    for (i = 0; i < st->meta_count; i++) {
        if (strcmp(st->meta[i].key, key) == 0)
            return st->meta[i].value;
    }
    return NULL;
}

/* From the metadata, or for a file without them from what the first weights are. */
static int read_precision(const struct eo_st *st, enum eo_precision *precision, struct eo_err *err)
{
    const struct eo_st_tensor *t = eo_st_find(st, "conv1.weight");
    const char *architecture = find_pair(st, "architecture"), *name = find_pair(st, "precision");
    int p;

    if (architecture && strcmp(architecture, EO_MODEL_ARCHITECTURE) != 0)
        return eo_err_set(err, "metadata 'architecture': expected '%s', found '%.40s'", EO_MODEL_ARCHITECTURE,
                          architecture);
    if (name) {
        if (eo_precision_parse(name, precision, err))
            return eo_err_prefix(err, "metadata 'precision'");
        return 0;
    }
    for (p = 0; t && p < EO_PRECISION_COUNT; p++) {
        if (t->dtype == dtypes[p].weight) {
            *precision = (enum eo_precision)p;
            return 0;
        }
    }
    return t ? eo_err_set(err, "tensor 'conv1.weight': expected dtype F32, F16 or I8, found %s",
                          eo_st_dtype_name(t->dtype))
             : eo_err_set(err, "tensor 'conv1.weight': missing");
}

static int read_backend(const struct eo_st *st, enum eo_backend *backend, struct eo_err *err)
{
    const char *name = find_pair(st, "quantization_backend");

    if (!name)
        return eo_err_set(err, "metadata 'quantization_backend': missing, and an int8 model needs it");
    if (parse_backend(name, backend, err))
        return eo_err_prefix(err, "metadata 'quantization_backend'");
    return 0;
}

/* The number of filters of a convolution. */
static int read_channels(const struct eo_st *st, const char *name, int limit, int *channels,
                         struct eo_err *err)
{
    const struct eo_st_tensor *t = eo_st_find(st, name);

    if (!t)
        return eo_err_set(err, "tensor '%s': missing", name);
    if (t->dims != 4)
        return eo_err_set(err, "tensor '%s': expected 4 dimensions, found %d", name, t->dims);
    if (t->shape[0] < 1 || t->shape[0] > (size_t)limit)
        return eo_err_set(err, "tensor '%s': expected 1..%d filters, found %zu", name, limit, t->shape[0]);
    *channels = (int)t->shape[0];
    return 0;
}

static void shape_text(char *text, size_t size, int dims, const size_t *shape)
{
    size_t used = (size_t)snprintf(text, size, "[");
    int i;

    for (i = 0; i < dims && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%zu", i ? ", " : "", shape[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
}

static int check_field(const struct field *f, const struct eo_st_tensor *t, enum eo_precision precision,
                       struct eo_err *err)
{
    char expected[100], found[100];

    if (!t)
        return eo_err_set(err, "tensor '%s': missing", f->name);
    if (t->dtype != f->dtype)
        return eo_err_set(err, "tensor '%s': expected dtype %s in an %s model, found %s", f->name,
                          eo_st_dtype_name(f->dtype), eo_precision_name(precision),
                          eo_st_dtype_name(t->dtype));
    if (t->dims != f->dims || memcmp(t->shape, f->shape, (size_t)f->dims * sizeof(f->shape[0])) != 0) {
        shape_text(expected, sizeof(expected), f->dims, f->shape);
        shape_text(found, sizeof(found), t->dims, t->shape);
        return eo_err_set(err, "tensor '%s': expected shape %s, found %s", f->name, expected, found);
    }
    return 0;
}

static int read_fields(struct eo_model *m, const struct eo_st *st, struct eo_err *err)
{
    struct field f[MAX_FIELDS];
    size_t n = list_fields(m, f), i, k;

    for (i = 0; i < n; i++) {
        const struct eo_st_tensor *t = eo_st_find(st, f[i].name);

        if (check_field(&f[i], t, m->precision, err))
            return -1;
        copy_little_endian(f[i].data, t->data, f[i].count, eo_st_dtype_bytes(f[i].dtype));
    }
    for (i = 0; i < st->tensor_count; i++) {
        for (k = 0; k < n && strcmp(st->tensors[i].name, f[k].name) != 0; k++)
            ;
        if (k == n)
            return eo_err_set(err, "tensor '%.60s': not part of an %s %s%s", st->tensors[i].name,
                              eo_precision_name(m->precision), EO_MODEL_ARCHITECTURE,
                              eo_state_dict_is_batch_norm(st->tensors[i].name)
                                  ? ", which has no batch normalisation; fold it into the convolution before it"
                                  : "");
    }
    return 0;
}

static int read_model(struct eo_model *m, const struct eo_st *st, struct eo_err *err)
{
    enum eo_backend backend = EO_BACKEND_FBGEMM;
    enum eo_precision precision = EO_FP32;
    struct eo_shape shape = {0, 0};
    size_t i;

    if (read_precision(st, &precision, err) || (precision == EO_INT8 && read_backend(st, &backend, err)) ||
        read_channels(st, "conv1.weight", EO_MAX_C1, &shape.c1, err) ||
        read_channels(st, "conv2.weight", EO_MAX_C2, &shape.c2, err) ||
        eo_model_init(m, precision, shape, err))
        return -1;
    m->backend = backend;
    for (i = 0; i < st->meta_count; i++) {
        if (eo_model_meta_set(m, st->meta[i].key, st->meta[i].value, err))
            return -1;
    }
    return read_fields(m, st, err) || check_model(m, err) ? -1 : 0;
}

int eo_model_parse(struct eo_model *m, const void *bytes, size_t size, struct eo_err *err)
{
    struct eo_st st;
    int rc;

    memset(m, 0, sizeof(*m));
    if (eo_st_parse(&st, bytes, size, err))
        return -1;
    eo_state_dict_rename(&st);
    rc = read_model(m, &st, err);
    eo_st_release(&st);
    if (rc)
        eo_model_release(m);
    return rc;
}

int eo_model_load(struct eo_model *m, const char *path, char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    char *data = NULL;
    size_t size = 0;
    int rc;

    memset(m, 0, sizeof(*m));
    if (eo_io_read(path, EO_ST_MAX_FILE, &data, &size, err))
        return -1;
    rc = eo_model_parse(m, data, size, err);
    if (!rc && sha256)
        eo_hash_sha256(data, size, sha256);
    free(data);
    return rc;
}

/* ----------------------------------------------------------------------------------------------------
 * Writing
 */

static int set_standard_meta(struct eo_model *m, struct eo_err *err)
{
    const char *backend = m->precision == EO_INT8 ? eo_backend_name(m->backend) : NULL;
    struct eo_input input;

    if (eo_input_read(m, &input, err) < 0 || eo_input_set(m, input, err))
        return -1;
    return eo_model_meta_set(m, "architecture", EO_MODEL_ARCHITECTURE, err) ||
                   eo_model_meta_set(m, "precision", eo_precision_name(m->precision), err) ||
                   eo_model_meta_set(m, "eo_version", EO_VERSION, err) ||
                   eo_model_meta_set(m, "quantization_backend", backend, err)
               ? -1
               : 0;
}

/* Describes the model in *st; the tensors' bytes are copied to `bytes`, eo_model_tensor_bytes() long. */
static void describe(const struct eo_model *m, struct field *f, unsigned char *bytes, struct eo_st *st)
{
    size_t i;

    memset(st, 0, sizeof(*st));
    st->tensor_count = list_fields(m, f);
    for (i = 0; i < st->tensor_count; i++) {
        struct eo_st_tensor *t = &st->tensors[i];

        t->name = f[i].name;
        t->dtype = f[i].dtype;
        t->dims = f[i].dims;
        memcpy(t->shape, f[i].shape, sizeof(t->shape));
        t->bytes = field_bytes(&f[i]);
        t->data = bytes;
        copy_little_endian(bytes, f[i].data, f[i].count, eo_st_dtype_bytes(f[i].dtype));
        bytes += t->bytes;
    }
    for (i = 0; i < m->meta_count; i++)
        st->meta[i] = (struct eo_st_pair){m->meta[i].key, m->meta[i].value};
    st->meta_count = m->meta_count;
}

int eo_model_serialize(struct eo_model *m, struct eo_buf *out, struct eo_err *err)
{
    struct field f[MAX_FIELDS];
    unsigned char *bytes;
    struct eo_st st;
    int rc;

    if (set_standard_meta(m, err) || check_model(m, err))
        return -1;
    bytes = eo_alloc(eo_model_tensor_bytes(m), 1, err);
    if (!bytes)
        return -1;
    describe(m, f, bytes, &st);
    rc = eo_st_serialize(&st, out, err);
    free(bytes);
    return rc;
}

int eo_model_save(struct eo_model *m, const char *path, struct eo_err *err)
{
    struct eo_buf out = {0};
    int rc = eo_model_serialize(m, &out, err) || eo_io_write(path, out.data, out.len, err) ? -1 : 0;

    eo_buf_release(&out);
    return rc;
}
