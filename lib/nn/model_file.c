#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/version.h"
#include "format/safetensors.h"
#include "nn/input.h"
#include "nn/model_tensors.h"
#include "nn/network_fold.h"
#include "nn/nibbles.h"
#include "nn/state_dict.h"

/* ---- reading ------------------------------------------------------------------------------------------------- */

static const char *find_pair(const struct eo_st *st, const char *key)
{
    for (size_t i = 0; i < st->meta_count; i++) {
        if (strcmp(st->meta[i].key, key) == 0)
            return st->meta[i].value;
    }
    return NULL;
}

/* The format is looked at before anything else, because what a later one means is not known here. */
static int check_format(const struct eo_st *st, struct eo_err *err)
{
    const char *text = find_pair(st, "eo_format"), *writer = find_pair(st, "eo_version");
    uint64_t format;

    if (!text)
        return 0;
    if (eo_num_parse_u64(text, 1, UINT64_MAX, &format, err))
        return eo_err_prefix(err, "metadata 'eo_format'");
    if (format <= EO_MODEL_FORMAT)
        return 0;
    return eo_err_set(err,
                      "metadata 'eo_format': expected %d, found %.20s: the file is of a newer edge-opt, "
                      "%.20s, and this is " EO_VERSION "; read it with the newer one",
                      EO_MODEL_FORMAT, text, writer ? writer : "of unknown version");
}

/* Whether the file is of SmallCNN: files that do not say are. Fills *net if it is of another network. */
static int read_architecture(const struct eo_st *st, int is_any, struct eo_network *net, int *is_smallcnn,
                             struct eo_err *err)
{
    const char *architecture = find_pair(st, "architecture"), *text = find_pair(st, "network");

    *is_smallcnn = !architecture || strcmp(architecture, EO_MODEL_ARCHITECTURE) == 0;
    if (*is_smallcnn)
        return 0;
    if (!is_any || strcmp(architecture, EO_MODEL_ARCHITECTURE_ANY) != 0)
        return eo_err_set(err, "metadata 'architecture': expected '%s', found '%.40s'", EO_MODEL_ARCHITECTURE,
                          architecture);
    if (!text)
        return eo_err_set(err, "metadata 'network': missing, and architecture '%s' needs it", architecture);
    return eo_network_parse(net, text, err) ? eo_err_prefix(err, "metadata 'network'") : 0;
}

/* From the metadata, or for a file without them from what the weights of the first layer are. */
static int read_precision(const struct eo_st *st, const char *layer, enum eo_precision *precision,
                          struct eo_err *err)
{
    const struct eo_st_tensor *t;
    const char *name = find_pair(st, "precision");
    char weight[EO_NETWORK_NAME + 8];

    if (name)
        return eo_precision_parse(name, precision, err) ? eo_err_prefix(err, "metadata 'precision'") : 0;
    snprintf(weight, sizeof(weight), "%s.weight", layer);
    t = eo_st_find(st, weight);
    if (!t)
        return eo_err_set(err, "tensor '%s': missing", weight);
    for (int p = 0; p < EO_PRECISION_COUNT; p++) {
        if (t->dtype == eo_model_weight_dtype((enum eo_precision)p)) {
            *precision = (enum eo_precision)p;
            return 0;
        }
    }
    return eo_err_set(err, "tensor '%s': expected dtype F32, F16 or I8, found %s%s", weight,
                      eo_st_dtype_name(t->dtype),
                      t->dtype == EO_ST_F64 || t->dtype == EO_ST_BF16 ? "; eo-import makes it F32" : "");
}

/* "an fp32", "an int8", but */
static const char *article(enum eo_precision precision)
{
    return precision == EO_MIXED ? "a" : "an";
}

static int read_backend(const struct eo_st *st, enum eo_precision precision, enum eo_backend *backend,
                        struct eo_err *err)
{
    const char *name = find_pair(st, "quantization_backend");

    if (!name)
        return eo_err_set(err, "metadata 'quantization_backend': missing, and %s %s model needs it",
                          article(precision), eo_precision_name(precision));
    if (eo_backend_parse(name, backend, err))
        return eo_err_prefix(err, "metadata 'quantization_backend'");
    return 0;
}

/* Of each layer, as the precision says or for a mixed model the metadata. */
static int read_weight_bits(const struct eo_st *st, enum eo_precision precision, int count,
                            int bits[EO_NETWORK_LAYERS], struct eo_err *err)
{
    const char *text = find_pair(st, "weight_bits");

    for (int l = 0; l < count; l++)
        bits[l] = eo_precision_weight_bits(precision);
    if (precision != EO_MIXED)
        return 0;
    if (!text)
        return eo_err_set(err, "metadata 'weight_bits': missing, and a " EO_MIXED_NAME " model needs it");
    return eo_model_bits_parse(text, count, bits, err) ? eo_err_prefix(err, "metadata 'weight_bits'") : 0;
}

/* The number of filters of a convolution. */
static int read_channels(const struct eo_st *st, const char *name, int weight_bits, int limit, int *channels,
                         struct eo_err *err)
{
    const struct eo_st_tensor *t = eo_st_find(st, name);
    int dims = weight_bits == 4 ? 2 : 4;

    if (!t)
        return eo_err_set(err, "tensor '%s': missing", name);
    if (t->dims != dims)
        return eo_err_set(err, "tensor '%s': expected %d dimensions, found %d", name, dims, t->dims);
    if (t->shape[0] < 1 || t->shape[0] > (size_t)limit)
        return eo_err_set(err, "tensor '%s': expected 1..%d filters, found %zu", name, limit, t->shape[0]);
    *channels = (int)t->shape[0];
    return 0;
}

static int check_tensor(const struct eo_model_tensor *f, const struct eo_st_tensor *t,
                        enum eo_precision precision, struct eo_err *err)
{
    char expected[EO_ST_SHAPE_TEXT], found[EO_ST_SHAPE_TEXT];
    struct eo_st_tensor wanted;

    eo_model_tensor_stored(f, &wanted);
    if (!t)
        return eo_err_set(err, "tensor '%s': missing", f->name);
    if (t->dtype != wanted.dtype)
        return eo_err_set(err, "tensor '%s': expected dtype %s in %s %s model, found %s", f->name,
                          eo_st_dtype_name(wanted.dtype), article(precision), eo_precision_name(precision),
                          eo_st_dtype_name(t->dtype));
    if (t->dims != wanted.dims ||
        memcmp(t->shape, wanted.shape, (size_t)wanted.dims * sizeof(wanted.shape[0])) != 0) {
        eo_st_shape_text(expected, wanted.dims, wanted.shape);
        eo_st_shape_text(found, t->dims, t->shape);
        return eo_err_set(err, "tensor '%s': expected shape %s, found %s", f->name, expected, found);
    }
    return 0;
}

/* Of an odd number of weights, the last byte of an output has half of it to spare: one form for equal weights. */
static int read_packed(struct eo_model_tensor *f, const uint8_t *bytes, struct eo_err *err)
{
    size_t rows = f->shape[0], terms = f->count / rows, size = eo_precision_row_bytes(4, terms);
    int8_t *to = f->data;

    for (size_t row = 0; row < rows; row++, bytes += size, to += terms) {
        if (terms % 2 && bytes[size - 1] >> 4)
            return eo_err_set(err,
                              "tensor '%s': row %zu: expected 0 in the upper half of the last byte, found %d",
                              f->name, row, bytes[size - 1] >> 4);
        eo_nibbles_unpack(bytes, terms, to);
    }
    return 0;
}

static int read_elements(struct eo_model_tensor *f, const struct eo_st_tensor *t, struct eo_err *err)
{
    if (f->is_packed)
        return read_packed(f, t->data, err);
    eo_copy_little_endian(f->data, t->data, f->count, eo_st_dtype_bytes(f->dtype));
    return 0;
}

static const char *architecture_of(const struct eo_model *m)
{
    return eo_network_is_smallcnn(&m->network) ? EO_MODEL_ARCHITECTURE : EO_MODEL_ARCHITECTURE_ANY;
}

static int read_tensors(struct eo_model *m, const struct eo_st *st, struct eo_err *err)
{
    struct eo_model_tensor f[EO_MODEL_TENSORS];
    size_t n = eo_model_tensors(m, f), k;

    for (size_t i = 0; i < n; i++) {
        const struct eo_st_tensor *t = eo_st_find(st, f[i].name);

        if (check_tensor(&f[i], t, m->precision, err) || read_elements(&f[i], t, err))
            return -1;
    }
    for (size_t i = 0; i < st->tensor_count; i++) {
        for (k = 0; k < n && strcmp(st->tensors[i].name, f[k].name) != 0; k++)
            ;
        if (k == n)
            return eo_err_set(err, "tensor '%.60s': not part of %s %s %s%s", st->tensors[i].name,
                              article(m->precision), eo_precision_name(m->precision), architecture_of(m),
                              eo_state_dict_is_batch_norm(st->tensors[i].name)
                                  ? ", which has no batch normalisation; eo-import reads it"
                                  : "");
    }
    return 0;
}

/* The empty model: `given`, what the file says where `is_any`, or SmallCNN with as many channels as it has filters. */
static int init_model(struct eo_model *m, struct eo_st *st, const struct eo_network *given, int is_any,
                      struct eo_err *err)
{
    enum eo_backend backend = EO_BACKEND_FBGEMM;
    enum eo_precision precision = EO_FP32;
    struct eo_network net = {0};
    struct eo_shape shape = {0, 0};
    int is_smallcnn = 0, bits[EO_NETWORK_LAYERS];

    if (given) {
        net = *given;
        eo_network_fold(&net);
    } else if (read_architecture(st, is_any, &net, &is_smallcnn, err)) {
        return -1;
    }
    if (given || is_smallcnn) { /* a file that says its network has that network's names */
        eo_state_dict_strip(st);
        eo_state_dict_rename(st);
    }
    if (read_precision(st, is_smallcnn ? "conv1" : net.layer[0].name, &precision, err) ||
        (eo_precision_is_integer(precision) && read_backend(st, precision, &backend, err)) ||
        read_weight_bits(st, precision, is_smallcnn ? EO_SMALLCNN_LAYERS : net.count, bits, err))
        return -1;
    if (is_smallcnn && (read_channels(st, "conv1.weight", bits[EO_CONV1], EO_MAX_C1, &shape.c1, err) ||
                        read_channels(st, "conv2.weight", bits[EO_CONV2], EO_MAX_C2, &shape.c2, err)))
        return -1;
    if (is_smallcnn ? eo_model_init(m, precision, shape, err)
                    : eo_model_init_network(m, precision, &net, err))
        return -1;
    m->backend = backend;
    for (int l = 0; l < m->network.count; l++)
        m->layer[l].weight_bits = bits[l];
    return 0;
}

static int read_model(struct eo_model *m, struct eo_st *st, const struct eo_network *given, int is_any,
                      struct eo_err *err)
{
    if (check_format(st, err) || init_model(m, st, given, is_any, err))
        return -1;
    for (size_t i = 0; i < st->meta_count; i++) {
        if (eo_model_meta_set(m, st->meta[i].key, st->meta[i].value, err))
            return -1;
    }
    return read_tensors(m, st, err) || eo_model_check(m, err) ? -1 : 0;
}

static int parse(struct eo_model *m, const void *bytes, size_t size, const struct eo_network *given,
                 int is_any, struct eo_err *err)
{
    struct eo_st st;
    int rc;

    memset(m, 0, sizeof(*m));
    if (eo_st_parse(&st, bytes, size, err))
        return -1;
    rc = read_model(m, &st, given, is_any, err);
    eo_st_release(&st);
    if (rc)
        eo_model_release(m);
    return rc;
}

int eo_model_parse(struct eo_model *m, const void *bytes, size_t size, struct eo_err *err)
{
    return parse(m, bytes, size, NULL, 0, err);
}

static int load(struct eo_model *m, const char *path, const struct eo_network *given, int is_any,
                char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    char *data = NULL;
    size_t size = 0;
    int rc;

    memset(m, 0, sizeof(*m));
    if (eo_io_read(path, EO_ST_MAX_FILE, &data, &size, err))
        return -1;
    rc = parse(m, data, size, given, is_any, err);
    if (!rc && sha256)
        eo_hash_sha256(data, size, sha256);
    free(data);
    return rc;
}

int eo_model_load(struct eo_model *m, const char *path, char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    return load(m, path, NULL, 0, sha256, err);
}

int eo_model_parse_network(struct eo_model *m, const void *bytes, size_t size, const struct eo_network *net,
                           struct eo_err *err)
{
    return parse(m, bytes, size, net, 1, err);
}

int eo_model_load_network(struct eo_model *m, const char *path, const struct eo_network *net,
                          char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    return load(m, path, net, 1, sha256, err);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static int set_network_meta(struct eo_model *m, struct eo_err *err)
{
    struct eo_buf text = {0};
    int rc;

    eo_network_print(&m->network, "; ", &text);
    eo_buf_append(&text, "", 1);
    rc = eo_buf_check(&text, err) || eo_model_meta_set(m, "network", text.data, err) ? -1 : 0;
    eo_buf_release(&text);
    return rc;
}

static int set_standard_meta(struct eo_model *m, struct eo_err *err)
{
    const char *backend = eo_precision_is_integer(m->precision) ? eo_backend_name(m->backend) : NULL;
    char bits[EO_MODEL_BITS_TEXT];
    struct eo_input input;

    if (eo_input_read(m, &input, err) < 0 || eo_input_set(m, &input, err))
        return -1;
    eo_model_bits_text(m, bits);
    if (!eo_network_is_smallcnn(&m->network) && set_network_meta(m, err))
        return -1;
    return eo_model_meta_set(m, "architecture", architecture_of(m), err) ||
                   eo_model_meta_set(m, "precision", eo_precision_name(m->precision), err) ||
                   eo_model_meta_set(m, "eo_version", EO_VERSION, err) ||
                   eo_model_meta_set(m, "quantization_backend", backend, err) ||
                   eo_model_meta_set(m, "weight_bits", m->precision == EO_MIXED ? bits : NULL, err)
               ? -1
               : 0;
}

static void write_elements(const struct eo_model_tensor *f, unsigned char *bytes)
{
    size_t terms = f->count / f->shape[0];
    const int8_t *from = f->data;

    if (!f->is_packed) {
        eo_copy_little_endian(bytes, f->data, f->count, eo_st_dtype_bytes(f->dtype));
        return;
    }
    for (size_t row = 0; row < f->shape[0]; row++, from += terms) {
        eo_nibbles_pack(from, terms, bytes);
        bytes += eo_precision_row_bytes(4, terms);
    }
}

/* Describes the model in *st; the tensors' bytes are copied to `bytes`, eo_model_tensor_bytes() long. */
static void describe(const struct eo_model *m, struct eo_model_tensor *f, unsigned char *bytes,
                     struct eo_st *st)
{
    memset(st, 0, sizeof(*st));
    st->tensor_count = eo_model_tensors(m, f);
    for (size_t i = 0; i < st->tensor_count; i++) {
        struct eo_st_tensor *t = &st->tensors[i];

        eo_model_tensor_stored(&f[i], t);
        t->data = bytes;
        write_elements(&f[i], bytes);
        bytes += t->bytes;
    }
    for (size_t i = 0; i < m->meta_count; i++)
        st->meta[i] = (struct eo_st_pair){m->meta[i].key, m->meta[i].value};
    st->meta_count = m->meta_count;
}

int eo_model_serialize(struct eo_model *m, struct eo_buf *out, struct eo_err *err)
{
    struct eo_model_tensor f[EO_MODEL_TENSORS];
    unsigned char *bytes;
    struct eo_st st;
    int rc;

    if (set_standard_meta(m, err) || eo_model_check(m, err))
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
