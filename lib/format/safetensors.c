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
 * Values are not looked at here. Empty tensors and tensors without dimensions are legal.
 */
#include "format/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"

#define PREFIX_BYTES 8 /* the header's length */
#define METADATA_KEY "__metadata__"

static const struct {
    const char *name;
    size_t bytes;
    int rank; /* place in the canonical order: the format's library sorts by this, then by name */
} dtypes[EO_ST_DTYPE_COUNT] = {
    [EO_ST_F32] = {"F32", 4, 0}, [EO_ST_I32] = {"I32", 4, 1}, [EO_ST_F16] = {"F16", 2, 2},
    [EO_ST_I8] = {"I8", 1, 3},   [EO_ST_U8] = {"U8", 1, 4},
};

const char *eo_st_dtype_name(enum eo_st_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t eo_st_dtype_bytes(enum eo_st_dtype dtype)
{
    return dtypes[dtype].bytes;
}

static uint64_t read_u64(const unsigned char *p)
{
    uint64_t v = 0;
    int i;

    for (i = 7; i >= 0; i--)
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

/* Rule 4. */
static json_t *parse_header(const char *text, size_t size, struct eo_err *err)
{
    json_error_t error;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    long long offset = PREFIX_BYTES + (long long)error.position;

    if (root)
        return root;
    switch (json_error_code(&error)) {
    case json_error_invalid_utf8:
        eo_err_set(err, "byte offset %lld: header is not UTF-8", offset);
        break;
    case json_error_duplicate_key:
        eo_err_set(err, "byte offset %lld: header has a key twice: %s", offset, error.text);
        break;
    default:
        eo_err_set(err, "byte offset %lld: header is not valid JSON: %s", offset, error.text);
    }
    return NULL;
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const struct eo_st_pair *)a)->key, ((const struct eo_st_pair *)b)->key);
}

/* Rule 5. */
static int read_metadata(struct eo_st *st, json_t *object, struct eo_err *err)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return eo_err_set(err, "'" METADATA_KEY "': expected an object");
    if (json_object_size(object) > EO_ST_MAX_META)
        return eo_err_set(err, "'" METADATA_KEY "': expected at most %d entries, found %zu", EO_ST_MAX_META,
                          json_object_size(object));
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return eo_err_set(err, "metadata '%.60s': expected a string", key);
        st->meta[st->meta_count++] = (struct eo_st_pair){key, json_string_value(value)};
    }
    qsort(st->meta, st->meta_count, sizeof(st->meta[0]), compare_pairs);
    return 0;
}

/* An array of unsigned integers. `what` names it in messages. */
static int read_sizes(const char *name, const char *what, const json_t *array, size_t max, size_t *out,
                      size_t *count, struct eo_err *err)
{
    size_t i;

    if (!json_is_array(array))
        return eo_err_set(err, "tensor '%.60s': %s: expected an array", name, what);
    *count = json_array_size(array);
    if (*count > max)
        return eo_err_set(err, "tensor '%.60s': %s: expected at most %zu numbers, found %zu", name, what, max,
                          *count);
    for (i = 0; i < *count; i++) {
        const json_t *item = json_array_get(array, i);

        if (!json_is_integer(item) || json_integer_value(item) < 0 ||
            (uint64_t)json_integer_value(item) > SIZE_MAX)
            return eo_err_set(err, "tensor '%.60s': %s: number %zu: expected an unsigned integer", name, what,
                              i + 1);
        out[i] = (size_t)json_integer_value(item);
    }
    return 0;
}

static int read_dtype(struct eo_st_tensor *t, const json_t *value, struct eo_err *err)
{
    const char *text = json_string_value(value);
    int i;

    if (!text)
        return eo_err_set(err, "tensor '%.60s': dtype: expected a string", t->name);
    for (i = 0; i < EO_ST_DTYPE_COUNT; i++) {
        if (strcmp(text, dtypes[i].name) == 0) {
            t->dtype = (enum eo_st_dtype)i;
            return 0;
        }
    }
    return eo_err_set(err, "tensor '%.60s': dtype: expected one of F32, F16, I8, U8, I32, found '%.20s'",
                      t->name, text);
}

/* Rule 9: the bytes that dtype and shape ask for. */
static int tensor_bytes(struct eo_st_tensor *t, struct eo_err *err)
{
    size_t n = eo_st_dtype_bytes(t->dtype);
    int i;

    for (i = 0; i < t->dims; i++) {
        if (eo_size_mul(n, t->shape[i], &n))
            return eo_err_set(err, "tensor '%.60s': shape: its size overflows", t->name);
    }
    t->bytes = n;
    return 0;
}

/* Rules 6 to 9. `data` is where the tensors begin. */
static int read_tensor(struct eo_st_tensor *t, const char *name, const json_t *entry, const char *data,
                       size_t data_size, struct eo_err *err)
{
    const json_t *dtype = json_object_get(entry, "dtype");
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    size_t range[2], count;

    t->name = name;
    if (!json_is_object(entry))
        return eo_err_set(err, "tensor '%.60s': expected an object", name);
    if (!dtype || !shape || !offsets || json_object_size(entry) != 3)
        return eo_err_set(err, "tensor '%.60s': expected exactly dtype, shape and data_offsets", name);
    if (read_dtype(t, dtype, err) || read_sizes(name, "shape", shape, EO_ST_MAX_DIMS, t->shape, &count, err))
        return -1;
    t->dims = (int)count;
    if (read_sizes(name, "data_offsets", offsets, 2, range, &count, err))
        return -1;
    if (count != 2)
        return eo_err_set(err, "tensor '%.60s': data_offsets: expected 2 numbers, found %zu", name, count);
    if (range[1] < range[0])
        return eo_err_set(err, "tensor '%.60s': data_offsets: end %zu is before begin %zu", name, range[1],
                          range[0]);
    if (range[1] > data_size)
        return eo_err_set(err, "tensor '%.60s': data_offsets: end %zu, but the file has %zu bytes of data",
                          name, range[1], data_size);
    if (tensor_bytes(t, err))
        return -1;
    if (t->bytes != range[1] - range[0])
        return eo_err_set(err, "tensor '%.60s': its shape needs %zu bytes, data_offsets span %zu", name,
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

/* Rule 10. Sorts the tensors by their place; an empty one comes before the one that begins where it is. */
static int check_layout(struct eo_st *st, const char *data, size_t data_size, struct eo_err *err)
{
    size_t end = 0, i;

    qsort(st->tensors, st->tensor_count, sizeof(st->tensors[0]), compare_places);
    for (i = 0; i < st->tensor_count; i++) {
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

static int read_entries(struct eo_st *st, const char *data, size_t data_size, struct eo_err *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(st->json, key, value)
    {
        if (strcmp(key, METADATA_KEY) == 0) {
            if (read_metadata(st, value, err))
                return -1;
            continue;
        }
        if (st->tensor_count == EO_ST_MAX_TENSORS)
            return eo_err_set(err, "expected at most %d tensors, found more", EO_ST_MAX_TENSORS);
        if (read_tensor(&st->tensors[st->tensor_count], key, value, data, data_size, err))
            return -1;
        st->tensor_count++;
    }
    return check_layout(st, data, data_size, err);
}

int eo_st_parse(struct eo_st *st, const void *bytes, size_t size, struct eo_err *err)
{
    size_t header = 0, begin;

    memset(st, 0, sizeof(*st));
    if (check_frame(bytes, size, &header, err))
        return -1;
    st->file = eo_alloc(size, 1, err);
    if (!st->file)
        return -1;
    memcpy(st->file, bytes, size);
    begin = PREFIX_BYTES + header;
    st->json = parse_header(st->file + PREFIX_BYTES, header, err);
    if (!st->json || read_entries(st, st->file + begin, size - begin, err)) {
        eo_st_release(st);
        return -1;
    }
    return 0;
}

void eo_st_release(struct eo_st *st)
{
    json_decref(st->json);
    free(st->file);
    memset(st, 0, sizeof(*st));
}

const struct eo_st_tensor *eo_st_find(const struct eo_st *st, const char *name)
{
    size_t i;

    for (i = 0; i < st->tensor_count; i++) {
        if (strcmp(st->tensors[i].name, name) == 0)
            return &st->tensors[i];
    }
    return NULL;
}

static int compare_canonical(const void *a, const void *b)
{
    const struct eo_st_tensor *const *x = a, *const *y = b;
    int p = dtypes[(*x)->dtype].rank, q = dtypes[(*y)->dtype].rank;

    return p != q ? p - q : strcmp((*x)->name, (*y)->name);
}

/* One JSON string. Only what must be escaped is. */
static void put_string(struct eo_buf *out, const char *s)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";

    eo_buf_puts(out, "\"");
    for (; *s; s++) {
        const char *special = strchr(plain, *s);

        if (special)
            eo_buf_printf(out, "\\%c", letter[special - plain]);
        else if ((unsigned char)*s < 0x20)
            eo_buf_printf(out, "\\u%04x", *s);
        else
            eo_buf_append(out, s, 1);
    }
    eo_buf_puts(out, "\"");
}

static void put_metadata(struct eo_buf *out, const struct eo_st_pair *pairs, size_t count)
{
    size_t i;

    put_string(out, METADATA_KEY);
    for (i = 0; i < count; i++) {
        eo_buf_puts(out, i ? "," : ":{");
        put_string(out, pairs[i].key);
        eo_buf_puts(out, ":");
        put_string(out, pairs[i].value);
    }
    eo_buf_puts(out, "}");
}

static void put_tensor(struct eo_buf *out, const struct eo_st_tensor *t, size_t begin)
{
    int i;

    put_string(out, t->name);
    eo_buf_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", eo_st_dtype_name(t->dtype));
    for (i = 0; i < t->dims; i++)
        eo_buf_printf(out, "%s%zu", i ? "," : "", t->shape[i]);
    eo_buf_printf(out, "],\"data_offsets\":[%zu,%zu]}", begin, begin + t->bytes);
}

/* The JSON text, padded with spaces to a multiple of 8. */
static void put_header(struct eo_buf *out, const struct eo_st_pair *pairs, size_t pair_count,
                       const struct eo_st_tensor *const *order, size_t tensor_count)
{
    size_t begin = 0, i;

    eo_buf_puts(out, "{");
    if (pair_count)
        put_metadata(out, pairs, pair_count);
    for (i = 0; i < tensor_count; i++) {
        if (i || pair_count)
            eo_buf_puts(out, ",");
        put_tensor(out, order[i], begin);
        begin += order[i]->bytes;
    }
    eo_buf_puts(out, "}");
    while (!out->failed && out->len % 8)
        eo_buf_puts(out, " ");
}

static void put_u64(struct eo_buf *out, uint64_t v)
{
    unsigned char bytes[8];
    int i;

    for (i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(v >> 8 * i);
    eo_buf_append(out, bytes, sizeof(bytes));
}

/* What was just built must be readable: catches what a caller may have filled in wrongly. */
static int check_output(const struct eo_buf *file, struct eo_err *err)
{
    struct eo_st st;

    if (eo_st_parse(&st, file->data, file->len, err))
        return eo_err_prefix(err, "cannot write a valid safetensors file");
    eo_st_release(&st);
    return 0;
}

int eo_st_serialize(const struct eo_st *st, struct eo_buf *out, struct eo_err *err)
{
    const struct eo_st_tensor *order[EO_ST_MAX_TENSORS];
    struct eo_st_pair pairs[EO_ST_MAX_META];
    struct eo_buf header = {0}, file = {0};
    size_t i;
    int rc = -1;

    if (st->tensor_count > EO_ST_MAX_TENSORS || st->meta_count > EO_ST_MAX_META)
        return eo_err_set(err, "cannot write a valid safetensors file: too many tensors or metadata");
    for (i = 0; i < st->tensor_count; i++)
        order[i] = &st->tensors[i];
    memcpy(pairs, st->meta, sizeof(pairs));
    qsort(order, st->tensor_count, sizeof(order[0]), compare_canonical);
    qsort(pairs, st->meta_count, sizeof(pairs[0]), compare_pairs);
    put_header(&header, pairs, st->meta_count, order, st->tensor_count);
    if (eo_buf_check(&header, err))
        goto out;
    put_u64(&file, header.len);
    eo_buf_append(&file, header.data, header.len);
    for (i = 0; i < st->tensor_count; i++)
        eo_buf_append(&file, order[i]->data, order[i]->bytes);
    if (eo_buf_check(&file, err) || check_output(&file, err))
        goto out;
    eo_buf_append(out, file.data, file.len);
    rc = eo_buf_check(out, err);
out:
    eo_buf_release(&header);
    eo_buf_release(&file);
    return rc;
}
