/* Arrays of numbers as C: "static const int8_t NAME[COUNT] NET_CONST = {...};", in lines of at most 120 columns. */
#ifndef EO_STAGE_EXPORT_TABLE_H
#define EO_STAGE_EXPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Each appends a table and returns its checksum: h = h * 16777619 + number over all, from 0, modulo 2^32. Of a float
 * that is the number of its bits; it must be finite.
 */
uint32_t eo_table_s8(struct eo_buf *out, const char *name, const int8_t *v, size_t n);
uint32_t eo_table_u8(struct eo_buf *out, const char *name, const uint8_t *v, size_t n);
uint32_t eo_table_s16(struct eo_buf *out, const char *name, const int16_t *v, size_t n);
uint32_t eo_table_u16(struct eo_buf *out, const char *name, const uint16_t *v, size_t n);
uint32_t eo_table_s32(struct eo_buf *out, const char *name, const int32_t *v, size_t n);
uint32_t eo_table_u32(struct eo_buf *out, const char *name, const uint32_t *v, size_t n);
uint32_t eo_table_f32(struct eo_buf *out, const char *name, const float *v, size_t n);

#endif
