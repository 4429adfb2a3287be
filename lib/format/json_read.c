#include "format/json_read.h"

#include <string.h>

static int refuse(const struct eo_json_reader *r, size_t at, const char *why, struct eo_err *err)
{
    return eo_err_set(err, "byte offset %zu: %s is not valid JSON: %s", r->origin + at, r->what, why);
}

/* The next byte that is not white space, or 0 at the end; 0 for a NUL, too, which is legal nowhere. */
static char skip_space(struct eo_json_reader *r)
{
    while (r->at < r->size && r->text[r->at] && strchr(" \t\n\r", r->text[r->at]))
        r->at++;
    return r->at < r->size ? r->text[r->at] : 0;
}

static int is_word(const struct eo_json_reader *r, const char *word)
{
    return r->size - r->at >= strlen(word) && memcmp(r->text + r->at, word, strlen(word)) == 0;
}

int eo_json_peek(struct eo_json_reader *r, struct eo_err *err)
{
    char c = skip_space(r);

    if (c == '{' || c == '[' || c == '"')
        return c;
    if (c == '-' || (c >= '0' && c <= '9'))
        return '0';
    if (is_word(r, "true") || is_word(r, "false") || is_word(r, "null"))
        return c;
    return refuse(r, r->at, "expected a value", err);
}

int eo_json_enter(struct eo_json_reader *r, char kind, struct eo_err *err)
{
    if (skip_space(r) != kind)
        return refuse(r, r->at, kind == '{' ? "expected an object" : "expected a list", err);
    if (r->depth == EO_JSON_DEPTH)
        return refuse(r, r->at, "nested too deep", err);
    r->at++;
    r->filled[r->depth] = 0;
    r->close[r->depth++] = kind == '{' ? '}' : ']';
    return 0;
}

int eo_json_more(struct eo_json_reader *r, struct eo_err *err)
{
    char c = skip_space(r);

    if (c == r->close[r->depth - 1]) {
        r->at++;
        r->depth--;
        return 0;
    }
    if (r->filled[r->depth - 1] && c != ',')
        return refuse(r, r->at, r->close[r->depth - 1] == '}' ? "expected ',' or '}'" : "expected ',' or ']'",
                      err);
    r->at += r->filled[r->depth - 1] ? 1 : 0;
    r->filled[r->depth - 1] = 1;
    return 1;
}

/* Four hexadecimal digits, or -1. */
static long hex4(const struct eo_json_reader *r, size_t at)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    long value = 0;

    for (int i = 0; i < 4; i++) {
        char c = at + (size_t)i < r->size ? r->text[at + (size_t)i] : 0;
        const char *d = c ? strchr(digits, c) : NULL;

        if (!d)
            return -1;
        value = value * 16 + (d - digits) % 16;
    }
    return value;
}

static size_t put_utf8(char *out, unsigned long c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Reads "\uXXXX" at r->at, or two of them that are a surrogate pair, and moves behind it. -1 if it is no character. */
static long read_unicode(struct eo_json_reader *r)
{
    long c = hex4(r, r->at + 2), low;

    r->at += 6;
    if (c < 0xd800 || c > 0xdfff)
        return c;
    if (c > 0xdbff || !is_word(r, "\\u"))
        return -1;
    low = hex4(r, r->at + 2);
    r->at += 6;
    return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + (c - 0xd800) * 0x400 + (low - 0xdc00);
}

/* Decodes the escape at r->at to `out` and moves behind it. Returns the number of bytes, 0 if it is no escape. */
static size_t read_escape(struct eo_json_reader *r, char *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = r->at + 1 < r->size ? r->text[r->at + 1] : 0;
    const char *p;
    long u;

    if (c == 'u') {
        u = read_unicode(r);
        return u > 0 ? put_utf8(out, (unsigned long)u) : 0;
    }
    p = c ? strchr(letters, c) : NULL;
    if (!p)
        return 0;
    *out = meant[p - letters];
    r->at += 2;
    return 1;
}

int eo_json_read_text(struct eo_json_reader *r, const char **text, struct eo_err *err)
{
    char *out;

    if (skip_space(r) != '"')
        return refuse(r, r->at, "expected a string", err);
    out = r->text + ++r->at;
    *text = out;
    while (r->at < r->size && r->text[r->at] != '"') {
        unsigned char c = (unsigned char)r->text[r->at];
        size_t from = r->at, n;

        if (c < 0x20)
            return refuse(r, from, "control character in a string", err);
        if (c == '\\') {
            n = read_escape(r, out);
            if (n == 0)
                return refuse(r, from, "bad escape in a string", err);
        } else {
            n = eo_utf8_size(r->text + from, r->size - from);
            if (n == 0)
                return eo_err_set(err, "byte offset %zu: %s is not UTF-8", r->origin + from, r->what);
            memmove(out, r->text + from, n);
            r->at += n;
        }
        out += n;
    }
    if (r->at == r->size)
        return refuse(r, r->at, "a string does not end", err);
    r->at++;
    *out = '\0'; /* at the closing quote or before it */
    return 0;
}

int eo_json_read_key(struct eo_json_reader *r, const char **key, struct eo_err *err)
{
    if (eo_json_read_text(r, key, err))
        return -1;
    if (skip_space(r) != ':')
        return refuse(r, r->at, "expected ':'", err);
    r->at++;
    return 0;
}

static size_t skip_digits(struct eo_json_reader *r)
{
    size_t from = r->at;

    while (r->at < r->size && r->text[r->at] >= '0' && r->text[r->at] <= '9')
        r->at++;
    return r->at - from;
}

static int skip_one(struct eo_json_reader *r, const char *any)
{
    int is = r->at < r->size && r->text[r->at] && strchr(any, r->text[r->at]);

    r->at += is ? 1 : 0;
    return is;
}

int eo_json_read_number(struct eo_json_reader *r, int *is_u64, uint64_t *value, struct eo_err *err)
{
    size_t start, digits;
    uint64_t sum = 0;
    int negative, overflow = 0, good;

    skip_space(r);
    start = r->at;
    negative = skip_one(r, "-");
    digits = skip_digits(r);
    for (size_t i = r->at - digits; i < r->at; i++)
        overflow |= __builtin_mul_overflow(sum, 10, &sum) ||
                    __builtin_add_overflow(sum, (uint64_t)(r->text[i] - '0'), &sum);
    good = digits > 0 && (digits == 1 || r->text[r->at - digits] != '0');
    *is_u64 = !negative && !overflow;
    if (skip_one(r, ".")) {
        *is_u64 = 0;
        good = good && skip_digits(r) > 0;
    }
    if (skip_one(r, "eE")) {
        *is_u64 = 0;
        skip_one(r, "+-");
        good = good && skip_digits(r) > 0;
    }
    if (!good)
        return refuse(r, start, "expected a number", err);
    if (*is_u64)
        *value = sum;
    return 0;
}

int eo_json_read_word(struct eo_json_reader *r, struct eo_err *err)
{
    static const char *const words[] = {"true", "false", "null"};

    skip_space(r);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!is_word(r, words[i]))
            continue;
        r->at += strlen(words[i]);
        return words[i][0];
    }
    return refuse(r, r->at, "expected true, false or null", err);
}

int eo_json_finish(struct eo_json_reader *r, struct eo_err *err)
{
    return skip_space(r) || r->at < r->size ? refuse(r, r->at, "something follows its end", err) : 0;
}
