/*
 * Writes JSON (RFC 8259) with LF, two spaces of indentation for each level, and keys in the order of the calls.
 *
 *     struct eo_json j = {.out = &buf};
 *     eo_json_open(&j, NULL, '{');
 *     eo_json_text(&j, "name", "conv1");
 *     eo_json_open(&j, "sizes", '[');
 *     eo_json_double(&j, NULL, 0.5);               // in a list there are no keys
 *     eo_json_close(&j);
 *     eo_json_close(&j);                           // the last one ends the line
 *
 * Numbers are the shortest text that reads back the same; JSON has no NaN or infinity, so those become null.
 * Bytes that are not UTF-8 become U+FFFD. eo_buf_check() on the buffer tells whether memory ran out.
 */
#ifndef EO_FORMAT_JSON_H
#define EO_FORMAT_JSON_H

#include "base/buf.h"

#define EO_JSON_DEPTH 8

/*
 * Bytes of the UTF-8 character at the beginning of `n` bytes, 1..4, or 0 when there is none: RFC 3629, without overlong
 * forms, surrogates and values above U+10FFFF.
 */
size_t eo_utf8_size(const char *text, size_t n);

struct eo_json {
    struct eo_buf *out;
    int depth;
    int filled[EO_JSON_DEPTH]; /* whether something was written on that level */
    char close[EO_JSON_DEPTH];
};

/* `key` is NULL in a list and for the outermost value. `kind` is '{' or '['. At most EO_JSON_DEPTH levels. */
void eo_json_open(struct eo_json *j, const char *key, char kind);
void eo_json_close(struct eo_json *j);

void eo_json_text(struct eo_json *j, const char *key, const char *value); /* NULL: null */
void eo_json_double(struct eo_json *j, const char *key, double value);
void eo_json_float(struct eo_json *j, const char *key, float value); /* 9 digits: enough for any float */
void eo_json_int(struct eo_json *j, const char *key, long long value);
void eo_json_count(struct eo_json *j, const char *key, double value); /* an integer held in a double; NAN: null */
void eo_json_u64(struct eo_json *j, const char *key, unsigned long long value);
void eo_json_bool(struct eo_json *j, const char *key, int value);
void eo_json_null(struct eo_json *j, const char *key);

#endif
