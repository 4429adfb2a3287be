#include "format/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/num.h"

size_t eo_utf8_size(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned low = 0x80, high = 0xbf;
    size_t size;

    if (n == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
           : s[0] >= 0xe0 && s[0] <= 0xef ? 3
           : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                          : 0;
    if (size > n)
        return 0;
    if (s[0] == 0xe0)
        low = 0xa0;
    if (s[0] == 0xed)
        high = 0x9f;
    if (s[0] == 0xf0)
        low = 0x90;
    if (s[0] == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < size; i++) {
        if (s[i] < low || s[i] > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return size;
}

static void put_string(struct eo_buf *out, const char *s)
{
    size_t left = strlen(s);

    eo_buf_puts(out, "\"");
    while (left > 0) {
        size_t size = eo_utf8_size(s, left);

        if (*s == '"' || *s == '\\')
            eo_buf_printf(out, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            eo_buf_printf(out, "\\u%04x", *s);
        else if (size == 0)
            eo_buf_puts(out, "\xef\xbf\xbd");
        else
            eo_buf_append(out, s, size);
        size += size == 0;
        s += size;
        left -= size;
    }
    eo_buf_puts(out, "\"");
}

static void put_line(struct eo_json *j)
{
    eo_buf_puts(j->out, "\n");
    for (int i = 0; i < j->depth; i++)
        eo_buf_puts(j->out, "  ");
}

/* Writes what comes before a value: comma, line break, key. */
static void begin(struct eo_json *j, const char *key)
{
    if (j->depth > 0) {
        if (j->filled[j->depth - 1])
            eo_buf_puts(j->out, ",");
        j->filled[j->depth - 1] = 1;
        put_line(j);
    }
    if (key) {
        put_string(j->out, key);
        eo_buf_puts(j->out, ": ");
    }
}

void eo_json_open(struct eo_json *j, const char *key, char kind)
{
    assert(j->depth < EO_JSON_DEPTH && (kind == '{' || kind == '['));
    begin(j, key);
    eo_buf_append(j->out, &kind, 1);
    j->filled[j->depth] = 0;
    j->close[j->depth++] = kind == '{' ? '}' : ']';
}

void eo_json_close(struct eo_json *j)
{
    assert(j->depth > 0);
    j->depth--;
    if (j->filled[j->depth])
        put_line(j);
    eo_buf_append(j->out, &j->close[j->depth], 1);
    if (j->depth == 0)
        eo_buf_puts(j->out, "\n");
}

void eo_json_text(struct eo_json *j, const char *key, const char *value)
{
    if (!value) {
        eo_json_null(j, key);
        return;
    }
    begin(j, key);
    put_string(j->out, value);
}

void eo_json_double(struct eo_json *j, const char *key, double value)
{
    char text[EO_NUM_TEXT];

    if (!isfinite(value)) {
        eo_json_null(j, key);
        return;
    }
    eo_num_format_double(value, text);
    begin(j, key);
    eo_buf_puts(j->out, text);
}

void eo_json_float(struct eo_json *j, const char *key, float value)
{
    if (!isfinite(value)) {
        eo_json_null(j, key);
        return;
    }
    begin(j, key);
    eo_buf_printf(j->out, "%.9g", (double)value);
}

void eo_json_int(struct eo_json *j, const char *key, long long value)
{
    begin(j, key);
    eo_buf_printf(j->out, "%lld", value);
}

void eo_json_count(struct eo_json *j, const char *key, double value)
{
    if (isfinite(value))
        eo_json_int(j, key, (long long)value);
    else
        eo_json_null(j, key);
}

void eo_json_u64(struct eo_json *j, const char *key, unsigned long long value)
{
    begin(j, key);
    eo_buf_printf(j->out, "%llu", value);
}

void eo_json_bool(struct eo_json *j, const char *key, int value)
{
    begin(j, key);
    eo_buf_puts(j->out, value ? "true" : "false");
}

void eo_json_null(struct eo_json *j, const char *key)
{
    begin(j, key);
    eo_buf_puts(j->out, "null");
}
