/*
 * safetensors: https://github.com/huggingface/safetensors
 *
 *     8 bytes   length N of the header, little-endian
 *     N bytes   a JSON object: name -> {"dtype", "shape", "data_offsets": [begin, end]}, and "__metadata__", a
 *               mapping of strings; may be padded with spaces
 *     ...       the tensors, little-endian, row-major, without gaps
 *
 * Reading checks every rule of the format (list in safetensors.c) before anything is used, and accepts any order of
 * keys and tensors, so files of other writers can be read. Writing is canonical: metadata first, sorted by key; tensors
 * by type (I64, F64, F32, I32, BF16, F16, I8, U8), then name; the header is padded so that the data begin at a multiple
 * of 8. Equal contents give equal bytes, the same as the format's own library writes when it sorts the metadata.
 */
#ifndef EO_FORMAT_SAFETENSORS_H
#define EO_FORMAT_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define EO_ST_METADATA "__metadata__" /* the key of the metadata in the header */
#define EO_ST_MAX_DIMS 4
#define EO_ST_MAX_TENSORS 512
#define EO_ST_MAX_META 64
#define EO_ST_MAX_HEADER ((size_t)1 << 20) /* the format allows 100,000,000; headers are small here */
#define EO_ST_MAX_FILE ((size_t)64 << 20)

/* Our models have only the first five types; the others come from files of PyTorch (stage/import/import.h). */
enum eo_st_dtype {
    EO_ST_F32,
    EO_ST_F16,
    EO_ST_I8,
    EO_ST_U8,
    EO_ST_I32,
    EO_ST_F64,
    EO_ST_BF16,
    EO_ST_I64,
    EO_ST_DTYPE_COUNT
};

const char *eo_st_dtype_name(enum eo_st_dtype dtype);
size_t eo_st_dtype_bytes(enum eo_st_dtype dtype);

/* A shape for messages: "[16, 1, 3, 3]". dims in 0..EO_ST_MAX_DIMS. */
#define EO_ST_SHAPE_TEXT 100
void eo_st_shape_text(char text[EO_ST_SHAPE_TEXT], int dims, const size_t *shape);

struct eo_st_tensor {
    const char *name;
    enum eo_st_dtype dtype;
    int dims;
    size_t shape[EO_ST_MAX_DIMS];
    size_t bytes;
    const void *data; /* little-endian, aligned only if the writer did so: copy out with memcpy */
};

struct eo_st_pair {
    const char *key, *value;
};

int eo_st_compare_pairs(const void *a, const void *b); /* by key, for qsort() */

struct eo_st {
    size_t tensor_count, meta_count;
    struct eo_st_tensor tensors[EO_ST_MAX_TENSORS]; /* after parsing: in the order of their data */
    struct eo_st_pair meta[EO_ST_MAX_META];         /* sorted by key */
    char *file; /* owned when loaded, with all names and values; NULL when the caller filled the struct */
};

/* `bytes` is copied. Release with eo_st_release(). Messages name the tensor or the byte offset. */
int eo_st_parse(struct eo_st *st, const void *bytes, size_t size, struct eo_err *err) EO_MUST_CHECK;
void eo_st_release(struct eo_st *st);
const struct eo_st_tensor *eo_st_find(const struct eo_st *st, const char *name); /* NULL when absent */

/*
 * Appends the canonical file. `st` may be filled by hand; the order of tensors and pairs does not matter. The result is
 * parsed before it is handed out, so what eo_st_parse() would refuse is never written.
 */
int eo_st_serialize(const struct eo_st *st, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
