/*
 * Finds what looks right in an editor but is not: a wrong encoding, and characters that look like spaces.
 *
 * Messages begin with "LINE:COLUMN: ", both from 1; a column is a character.
 */
#ifndef EO_FORMAT_TEXT_H
#define EO_FORMAT_TEXT_H

#include <stddef.h>

#include "base/err.h"

/* Bytes of the byte order mark with which some editors begin a UTF-8 file: 3, or 0 if there is none. */
size_t eo_text_bom(const char *text, size_t size);

/* Fails at the first byte that is not UTF-8. The message gives its meaning in Latin-1, or says that it is UTF-16. */
int eo_text_check_utf8(const char *text, size_t size, struct eo_err *err) EO_MUST_CHECK;

/*
 * Looks for the cause of a failure in line `line` (from 1). Fails if the text up to the end of that line has, outside
 * comments, a character that only looks like a space or is invisible; the message names it. Returns 0 otherwise.
 */
int eo_text_explain_spaces(const char *text, size_t size, size_t line, struct eo_err *err) EO_MUST_CHECK;

#endif
