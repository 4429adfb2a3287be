/*
 * The names of an enumeration's values in files, options and messages: a list of texts that ends with NULL. The
 * position of a name is the value. A value that is an empty field in files has the name "".
 */
#ifndef EO_BASE_NAMES_H
#define EO_BASE_NAMES_H

#include <stddef.h>

#include "base/err.h"

/* The position of a name, or -1. */
int eo_names_find(const char *const *names, const char *text);

/* The same; the message is "expected one of l1, l2, found '...'". A failure leaves *value unchanged. */
int eo_names_parse(const char *const *names, const char *text, int *value, struct eo_err *err) EO_MUST_CHECK;

/* Writes "one of l1, l2", or the only name, into the `size` bytes of text; what does not fit is cut off. */
void eo_names_join(const char *const *names, char *text, size_t size);

#endif
