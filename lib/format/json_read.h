/*
 * Reads JSON (RFC 8259) value by value, in place. Nothing is allocated, so memory cannot run out, and reading stops at
 * the first mistake.
 *
 *     struct eo_json_reader r = {.text = text, .size = size, .what = "header"};
 *     if (eo_json_enter(&r, '{', err))
 *         return -1;
 *     while ((more = eo_json_more(&r, err)) > 0) {
 *         if (eo_json_read_key(&r, &key, err) || (kind = eo_json_peek(&r, err)) < 0)
 *             return -1;
 *         ...                                  // read the value: its kind says by which function
 *     }
 *     return more < 0 ? -1 : eo_json_finish(&r, err);
 *
 * Strings are decoded in place: `text` is changed, and the strings point into it. A string with a NUL (\u0000) is
 * refused, because it is not a C string, and so is text that is not UTF-8. Messages begin with "byte offset N: " and
 * name `what`.
 */
#ifndef EO_FORMAT_JSON_READ_H
#define EO_FORMAT_JSON_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/json.h"

struct eo_json_reader {
    char *text;
    size_t size, at; /* `at` bytes of `size` have been read */
    size_t origin;   /* added to offsets in messages: where in the file the text begins */
    const char *what;
    int depth;
    int filled[EO_JSON_DEPTH]; /* whether a member was read on that level */
    char close[EO_JSON_DEPTH];
};

/*
 * The kind of the value that comes next: '{', '[', '"', '0' for a number, 't', 'f' or 'n' for true, false and null. -1
 * and err if there is no value.
 */
int eo_json_peek(struct eo_json_reader *r, struct eo_err *err) EO_MUST_CHECK;

/* Enters an object ('{') or list ('['), which must come next. At most EO_JSON_DEPTH levels. */
int eo_json_enter(struct eo_json_reader *r, char kind, struct eo_err *err) EO_MUST_CHECK;

/* Inside one: 1 if another member follows, 0 if not, which leaves the object or list, or -1 and err. */
int eo_json_more(struct eo_json_reader *r, struct eo_err *err) EO_MUST_CHECK;

/* Reads a member's key and the colon after it; reads a string. */
int eo_json_read_key(struct eo_json_reader *r, const char **key, struct eo_err *err) EO_MUST_CHECK;
int eo_json_read_text(struct eo_json_reader *r, const char **text, struct eo_err *err) EO_MUST_CHECK;

/* A number. *is_u64 says whether it is written as an integer of 0..2^64 - 1; only then *value is set. */
int eo_json_read_number(struct eo_json_reader *r, int *is_u64, uint64_t *value, struct eo_err *err) EO_MUST_CHECK;

/* One of true, false and null: its first letter, or -1 and err. */
int eo_json_read_word(struct eo_json_reader *r, struct eo_err *err) EO_MUST_CHECK;

/* Fails unless only white space follows. */
int eo_json_finish(struct eo_json_reader *r, struct eo_err *err) EO_MUST_CHECK;

#endif
