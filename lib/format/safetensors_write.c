#include "format/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* Place in the canonical order: the format's own library sorts by this, then by name. */
static const int rank[EO_ST_DTYPE_COUNT] = {
    [EO_ST_I64] = 0,  [EO_ST_F64] = 1, [EO_ST_F32] = 2, [EO_ST_I32] = 3,
    [EO_ST_BF16] = 4, [EO_ST_F16] = 5, [EO_ST_I8] = 6,  [EO_ST_U8] = 7};

static int compare_canonical(const void *a, const void *b)
{
    const struct eo_st_tensor *const *x = a, *const *y = b;
    int p = rank[(*x)->dtype], q = rank[(*y)->dtype];

    return p != q ? p - q : strcmp((*x)->name, (*y)->name);
}

/* Appends a JSON string, in which only what must be escaped is escaped. */
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
    put_string(out, EO_ST_METADATA);
    for (size_t i = 0; i < count; i++) {
        eo_buf_puts(out, i ? "," : ":{");
        put_string(out, pairs[i].key);
        eo_buf_puts(out, ":");
        put_string(out, pairs[i].value);
    }
    eo_buf_puts(out, "}");
}

static void put_tensor(struct eo_buf *out, const struct eo_st_tensor *t, size_t begin)
{
    put_string(out, t->name);
    eo_buf_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", eo_st_dtype_name(t->dtype));
    for (int i = 0; i < t->dims; i++)
        eo_buf_printf(out, "%s%zu", i ? "," : "", t->shape[i]);
    eo_buf_printf(out, "],\"data_offsets\":[%zu,%zu]}", begin, begin + t->bytes);
}

/* The JSON text, padded with spaces to a multiple of 8. */
static void put_header(struct eo_buf *out, const struct eo_st_pair *pairs, size_t pair_count,
                       const struct eo_st_tensor *const *order, size_t tensor_count)
{
    size_t begin = 0;

    eo_buf_puts(out, "{");
    if (pair_count)
        put_metadata(out, pairs, pair_count);
    for (size_t i = 0; i < tensor_count; i++) {
        if (i || pair_count)
            eo_buf_puts(out, ",");
        put_tensor(out, order[i], begin);
        begin += order[i]->bytes;
    }
    eo_buf_puts(out, "}");
    while (!out->missing && out->len % 8)
        eo_buf_puts(out, " ");
}

static void put_u64(struct eo_buf *out, uint64_t v)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(v >> 8 * i);
    eo_buf_append(out, bytes, sizeof(bytes));
}

/* Parses the finished file, which finds what a caller filled in wrongly. */
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
    int rc = -1;

    if (st->tensor_count > EO_ST_MAX_TENSORS || st->meta_count > EO_ST_MAX_META)
        return eo_err_set(err, "cannot write a valid safetensors file: too many tensors or metadata");
    for (size_t i = 0; i < st->tensor_count; i++)
        order[i] = &st->tensors[i];
    memcpy(pairs, st->meta, sizeof(pairs));
    qsort(order, st->tensor_count, sizeof(order[0]), compare_canonical);
    qsort(pairs, st->meta_count, sizeof(pairs[0]), eo_st_compare_pairs);
    put_header(&header, pairs, st->meta_count, order, st->tensor_count);
    if (eo_buf_check(&header, err))
        goto out;
    put_u64(&file, header.len);
    eo_buf_append(&file, header.data, header.len);
    for (size_t i = 0; i < st->tensor_count; i++)
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
