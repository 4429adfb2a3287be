/* Recognises other formats than the expected one by their first bytes, for messages. */
#ifndef EO_FORMAT_FOREIGN_H
#define EO_FORMAT_FOREIGN_H

#include <stddef.h>

/* "a zip archive; unpack it": the format that a file begins like, and what to do with it; NULL if it is unknown. */
const char *eo_foreign_name(const void *bytes, size_t size);

/* Whether a file begins like an ONNX model. */
int eo_foreign_is_onnx(const void *bytes, size_t size);

#endif
