/*
 * safetensors: https://github.com/huggingface/safetensors
 *
 *     8 bytes   length N of the header, little-endian
 *     N bytes   a JSON object: name -> {"dtype", "shape", "data_offsets": [begin, end]}, and "__metadata__", a
 *               mapping of strings; may be padded with spaces
 *     ...       the tensors, little-endian, row-major, without gaps
 *
 * Reading checks every rule of the format (shared list in safetensors.c) before anything is used. Writing is
 * canonical: tensors by alignment (largest first), then name; keys sorted; data aligned to 8 bytes. Equal contents
 * give equal bytes.
 */
#ifndef EO_FORMAT_SAFETENSORS_H
#define EO_FORMAT_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define EO_ST_MAX_DIMS 4
#define EO_ST_MAX_TENSORS 64
#define EO_ST_MAX_META 64
#define EO_ST_MAX_FILE ((size_t)64 << 20)

enum eo_st_dtype {
    EO_ST_F32,
    EO_ST_F16,
    EO_ST_I8,
    EO_ST_U8,
    EO_ST_I32,
    EO_ST_DTYPE_COUNT
};

const char *eo_st_dtype_name(enum eo_st_dtype dtype);
size_t eo_st_dtype_bytes(enum eo_st_dtype dtype);

struct eo_st_tensor {
    const char *name;
    enum eo_st_dtype dtype;
    int dims;
    size_t shape[EO_ST_MAX_DIMS];
    size_t bytes;
    const void *data; /* 8-byte aligned only if the writer did so: copy out with memcpy */
};

struct eo_st_pair {
    const char *key, *value;
};

struct eo_st {
    size_t tensor_count, meta_count;
    struct eo_st_tensor tensors[EO_ST_MAX_TENSORS];
    struct eo_st_pair meta[EO_ST_MAX_META]; /* sorted by key */
    char *file;                             /* owned when loaded; NULL when the caller filled the struct */
    void *json;                             /* owned, as file */
};

/* `bytes` is copied. Release with eo_st_release(). Messages name the tensor or the byte offset. */
int eo_st_parse(struct eo_st *st, const void *bytes, size_t size, struct eo_err *err) EO_MUST_CHECK;
void eo_st_release(struct eo_st *st);
const struct eo_st_tensor *eo_st_find(const struct eo_st *st, const char *name); /* NULL when absent */

/* Appends the canonical file. `st` may be filled by hand; order of tensors and pairs does not matter. */
int eo_st_serialize(const struct eo_st *st, struct eo_buf *out, struct eo_err *err) EO_MUST_CHECK;

#endif
