/*
 * The rules of the format, in the order in which they are checked:
 *
 *  1. the file has at least 8 bytes, and no more than EO_ST_MAX_FILE
 *  2. the header's length is within EO_ST_MAX_HEADER and within the file
 *  3. the header begins with '{' and ends with '}', after which only spaces may follow
 *  4. it is UTF-8 and one JSON object in which no key stands twice
 *  5. __metadata__ maps strings to strings
 *  6. every other entry has exactly dtype, shape and data_offsets
 *  7. the dtype is known; the shape has at most EO_ST_MAX_DIMS unsigned integers; there are two offsets
 *  8. offsets do not run backwards nor past the file
 *  9. neither the product of the shape nor its size in bytes overflows, and it equals end - begin
 * 10. in order of their offsets, the tensors begin at 0, touch one another and end with the file
 *
 * The values of tensors are not checked here. Empty tensors and tensors without dimensions are legal.
 */
#include "format/safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/foreign.h"
#include "format/json_read.h"

#define PREFIX_BYTES 8 /* the header's length */

static const struct {
    const char *name;
    size_t bytes;
} dtypes[EO_ST_DTYPE_COUNT] = {
    [EO_ST_F32] = {"F32", 4}, [EO_ST_I32] = {"I32", 4}, [EO_ST_F16] = {"F16", 2},   [EO_ST_I8] = {"I8", 1},
    [EO_ST_U8] = {"U8", 1},   [EO_ST_F64] = {"F64", 8}, [EO_ST_BF16] = {"BF16", 2}, [EO_ST_I64] = {"I64", 8},
};

const char *eo_st_dtype_name(enum eo_st_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t eo_st_dtype_bytes(enum eo_st_dtype dtype)
{
    return dtypes[dtype].bytes;
}

void eo_st_shape_text(char text[EO_ST_SHAPE_TEXT], int dims, const size_t *shape)
{
    size_t used = (size_t)snprintf(text, EO_ST_SHAPE_TEXT, "[");

    for (int i = 0; i < dims; i++) /* four sizes of 20 digits fit */
        used += (size_t)snprintf(text + used, EO_ST_SHAPE_TEXT - used, "%s%zu", i ? ", " : "", shape[i]);
    snprintf(text + used, EO_ST_SHAPE_TEXT - used, "]");
}

static uint64_t read_u64(const unsigned char *p)
{
    uint64_t v = 0;

    for (int i = 7; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

/* Rules 1 to 3. */
static int check_frame(const unsigned char *bytes, size_t size, size_t *header_size, struct eo_err *err)
{
    uint64_t n;
    size_t last;

    if (size < PREFIX_BYTES)
        return eo_err_set(err, "expected a safetensors file of at least 8 bytes, found %zu", size);
    if (size > EO_ST_MAX_FILE)
        return eo_err_set(err, "expected at most %zu bytes, found %zu", EO_ST_MAX_FILE, size);
    n = read_u64(bytes);
    if (n > EO_ST_MAX_HEADER)
        return eo_err_set(err, "byte offset 0: expected a header of at most %zu bytes, found length %" PRIu64,
                          EO_ST_MAX_HEADER, n);
    if (n > size - PREFIX_BYTES)
        return eo_err_set(err, "byte offset 0: header of %" PRIu64 " bytes, but only %zu bytes follow", n,
                          size - PREFIX_BYTES);
    if (n == 0)
        return eo_err_set(err, "byte offset 0: expected a header, found length 0");
    if (bytes[PREFIX_BYTES] != '{')
        return eo_err_set(err, "byte offset 8: expected '{' at the header's begin, found 0x%02x",
                          bytes[PREFIX_BYTES]);
    for (last = PREFIX_BYTES + (size_t)n - 1; bytes[last] == ' '; last--)
        ;
    if (bytes[last] != '}')
        return eo_err_set(err, "byte offset %zu: expected '}' or spaces at the header's end, found 0x%02x",
                          last, bytes[last]);
    *header_size = (size_t)n;
    return 0;
}

int eo_st_compare_pairs(const void *a, const void *b)
{
    return strcmp(((const struct eo_st_pair *)a)->key, ((const struct eo_st_pair *)b)->key);
}

static int refuse_twice(const struct eo_json_reader *r, const char *key, struct eo_err *err)
{
    return eo_err_set(err, "byte offset %zu: header has a key twice: '%.60s'",
                      r->origin + (size_t)(key - r->text), key);
}

/* Rule 5, and rule 4 for its keys. */
static int read_metadata(struct eo_st *st, struct eo_json_reader *r, struct eo_err *err)
{
    int kind = eo_json_peek(r, err), more;

    if (kind < 0)
        return -1;
    if (kind != '{')
        return eo_err_set(err, "'" EO_ST_METADATA "': expected an object");
    if (eo_json_enter(r, '{', err))
        return -1;
    while ((more = eo_json_more(r, err)) > 0) {
        struct eo_st_pair pair;

        if (eo_json_read_key(r, &pair.key, err) || (kind = eo_json_peek(r, err)) < 0)
            return -1;
        if (kind != '"')
            return eo_err_set(err, "metadata '%.60s': expected a string", pair.key);
        if (eo_json_read_text(r, &pair.value, err))
            return -1;
        if (st->meta_count == EO_ST_MAX_META)
            return eo_err_set(err, "'" EO_ST_METADATA "': expected at most %d entries, found more",
                              EO_ST_MAX_META);
        for (size_t i = 0; i < st->meta_count; i++) {
            if (strcmp(st->meta[i].key, pair.key) == 0)
                return refuse_twice(r, pair.key, err);
        }
        st->meta[st->meta_count++] = pair;
    }
    qsort(st->meta, st->meta_count, sizeof(st->meta[0]), eo_st_compare_pairs);
    return more;
}

/* An array of at most `max` unsigned integers. `what` names it in messages. */
static int read_sizes(struct eo_json_reader *r, const char *name, const char *what, size_t max, size_t *out,
                      size_t *count, struct eo_err *err)
{
    int kind = eo_json_peek(r, err), more, fits;
    uint64_t value;

    *count = 0;
    if (kind < 0)
        return -1;
    if (kind != '[')
        return eo_err_set(err, "tensor '%.60s': %s: expected an array", name, what);
    if (eo_json_enter(r, '[', err))
        return -1;
    while ((more = eo_json_more(r, err)) > 0) {
        kind = eo_json_peek(r, err);
        if (kind < 0)
            return -1;
        fits = 0;
        if (kind == '0' && eo_json_read_number(r, &fits, &value, err))
            return -1;
        if (!fits || value > SIZE_MAX)
            return eo_err_set(err, "tensor '%.60s': %s: number %zu: expected an unsigned integer", name, what,
                              *count + 1);
        if (*count == max)
            return eo_err_set(err, "tensor '%.60s': %s: expected at most %zu numbers, found more", name, what,
                              max);
        out[(*count)++] = (size_t)value;
    }
    return more;
}

static int read_dtype(struct eo_json_reader *r, struct eo_st_tensor *t, struct eo_err *err)
{
    int kind = eo_json_peek(r, err);
    const char *text;

    if (kind < 0)
        return -1;
    if (kind != '"')
        return eo_err_set(err, "tensor '%.60s': dtype: expected a string", t->name);
    if (eo_json_read_text(r, &text, err))
        return -1;
    for (int i = 0; i < EO_ST_DTYPE_COUNT; i++) {
        if (strcmp(text, dtypes[i].name) == 0) {
            t->dtype = (enum eo_st_dtype)i;
            return 0;
        }
    }
    return eo_err_set(err,
                      "tensor '%.60s': dtype: expected one of F32, F16, I8, U8, I32, F64, BF16, I64, found "
                      "'%.20s'; in PyTorch .float() makes weights F32",
                      t->name, text);
}

/* Rule 9: the bytes that dtype and shape ask for. */
static int tensor_bytes(struct eo_st_tensor *t, struct eo_err *err)
{
    size_t n = eo_st_dtype_bytes(t->dtype);

    for (int i = 0; i < t->dims; i++) {
        if (eo_size_mul(n, t->shape[i], &n))
            return eo_err_set(err, "tensor '%.60s': shape: its size overflows", t->name);
    }
    t->bytes = n;
    return 0;
}

/* The fields of a tensor, each checked by itself: rules 6 and 7. */
static int read_fields(struct eo_json_reader *r, struct eo_st_tensor *t, size_t range[2], struct eo_err *err)
{
    static const char *const fields[] = {"dtype", "shape", "data_offsets"};
    int kind = eo_json_peek(r, err), seen = 0, more, f;
    size_t count = 0;

    if (kind < 0)
        return -1;
    if (kind != '{')
        return eo_err_set(err, "tensor '%.60s': expected an object", t->name);
    if (eo_json_enter(r, '{', err))
        return -1;
    while ((more = eo_json_more(r, err)) > 0) {
        const char *key;

        if (eo_json_read_key(r, &key, err))
            return -1;
        for (f = 0; f < 3 && strcmp(key, fields[f]) != 0; f++)
            ;
        if (f == 3)
            break;
        if (seen & 1 << f)
            return refuse_twice(r, key, err);
        seen |= 1 << f;
        if (f == 0 ? read_dtype(r, t, err)
                   : read_sizes(r, t->name, key, f == 1 ? EO_ST_MAX_DIMS : 2, f == 1 ? t->shape : range,
                                &count, err))
            return -1;
        if (f == 1)
            t->dims = (int)count;
        if (f == 2 && count != 2)
            return eo_err_set(err, "tensor '%.60s': data_offsets: expected 2 numbers, found %zu", t->name,
                              count);
    }
    if (more < 0)
        return -1;
    return seen == 7 && more == 0
               ? 0
               : eo_err_set(err, "tensor '%.60s': expected exactly dtype, shape and data_offsets", t->name);
}

/* Rules 6 to 9. `data` is where the tensors begin. */
static int read_tensor(struct eo_json_reader *r, struct eo_st_tensor *t, const char *data, size_t data_size,
                       struct eo_err *err)
{
    size_t range[2];

    if (read_fields(r, t, range, err))
        return -1;
    if (range[1] < range[0])
        return eo_err_set(err, "tensor '%.60s': data_offsets: end %zu is before begin %zu", t->name, range[1],
                          range[0]);
    if (range[1] > data_size)
        return eo_err_set(err, "tensor '%.60s': data_offsets: end %zu, but the file has %zu bytes of data",
                          t->name, range[1], data_size);
    if (tensor_bytes(t, err))
        return -1;
    if (t->bytes != range[1] - range[0])
        return eo_err_set(err, "tensor '%.60s': its shape needs %zu bytes, data_offsets span %zu", t->name,
                          t->bytes, range[1] - range[0]);
    t->data = data + range[0];
    return 0;
}

static int compare_places(const void *a, const void *b)
{
    const struct eo_st_tensor *x = a, *y = b;
    const char *p = x->data, *q = y->data;

    if (p != q)
        return p < q ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Rule 10. Sorts the tensors by their place; an empty one comes before a tensor that begins at the same place. */
static int check_layout(struct eo_st *st, const char *data, size_t data_size, struct eo_err *err)
{
    size_t end = 0;

    qsort(st->tensors, st->tensor_count, sizeof(st->tensors[0]), compare_places);
    for (size_t i = 0; i < st->tensor_count; i++) {
        const struct eo_st_tensor *t = &st->tensors[i];
        size_t begin = (size_t)((const char *)t->data - data);

        if (begin != end)
            return eo_err_set(err, "tensor '%.60s': data_offsets: begin %zu %s: expected %zu", t->name, begin,
                              begin < end ? "overlaps the tensor before it" : "leaves a gap", end);
        end += t->bytes;
    }
    if (end != data_size)
        return eo_err_set(err, "byte offset %zu: %zu bytes that belong to no tensor",
                          (size_t)(data - st->file) + end, data_size - end);
    return 0;
}

/* Rule 4 for the header's own keys: a key that stands twice is refused before its second value is read. */
static int read_entries(struct eo_st *st, struct eo_json_reader *r, const char *data, size_t data_size,
                        struct eo_err *err)
{
    int has_metadata = 0, more;
    const char *key;

    if (eo_json_enter(r, '{', err))
        return -1;
    while ((more = eo_json_more(r, err)) > 0) {
        int is_metadata;

        if (eo_json_read_key(r, &key, err))
            return -1;
        is_metadata = strcmp(key, EO_ST_METADATA) == 0;
        if ((is_metadata && has_metadata) || eo_st_find(st, key))
            return refuse_twice(r, key, err);
        if (is_metadata) {
            has_metadata = 1;
            if (read_metadata(st, r, err))
                return -1;
            continue;
        }
        if (st->tensor_count == EO_ST_MAX_TENSORS)
            return eo_err_set(err, "expected at most %d tensors, found more", EO_ST_MAX_TENSORS);
        st->tensors[st->tensor_count].name = key;
        if (read_tensor(r, &st->tensors[st->tensor_count], data, data_size, err))
            return -1;
        st->tensor_count++;
    }
    return more < 0 || eo_json_finish(r, err) || check_layout(st, data, data_size, err) ? -1 : 0;
}

int eo_st_parse(struct eo_st *st, const void *bytes, size_t size, struct eo_err *err)
{
    struct eo_json_reader r = {.origin = PREFIX_BYTES, .what = "header"};
    const char *data;

    memset(st, 0, sizeof(*st));
    if (check_frame(bytes, size, &r.size, err)) {
        const char *foreign = eo_foreign_name(bytes, size);

        return foreign ? eo_err_set(err, "expected a safetensors file, found %s", foreign) : -1;
    }
    st->file = eo_alloc(size, 1, err);
    if (!st->file)
        return -1;
    memcpy(st->file, bytes, size);
    r.text = st->file + PREFIX_BYTES;
    data = r.text + r.size;
    if (read_entries(st, &r, data, size - PREFIX_BYTES - r.size, err)) {
        eo_st_release(st);
        return -1;
    }
    return 0;
}

void eo_st_release(struct eo_st *st)
{
    free(st->file);
    memset(st, 0, sizeof(*st));
}

const struct eo_st_tensor *eo_st_find(const struct eo_st *st, const char *name)
{
    for (size_t i = 0; i < st->tensor_count; i++) {
        if (strcmp(st->tensors[i].name, name) == 0)
            return &st->tensors[i];
    }
    return NULL;
}
