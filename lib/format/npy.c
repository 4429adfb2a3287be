#include "format/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "format/foreign.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6
#define HEADER_MAX 65536

/* ---- the header is the text of a Python dictionary with three keys, in any order --------------------------------- */

struct scanner {
    const char *at, *end;
};

static void skip_spaces(struct scanner *s)
{
    while (s->at < s->end && strchr(" \t\n\r", *s->at) && *s->at)
        s->at++;
}

static int take(struct scanner *s, const char *text)
{
    size_t n = strlen(text);

    skip_spaces(s);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n) != 0)
        return 0;
    s->at += n;
    return 1;
}

/* A quoted text without escapes. */
static int take_text(struct scanner *s, char *text, size_t size)
{
    char quote;
    size_t n = 0;

    skip_spaces(s);
    if (s->at >= s->end || (*s->at != '\'' && *s->at != '"'))
        return 0;
    quote = *s->at++;
    while (s->at < s->end && *s->at != quote) {
        if (n + 1 >= size || *s->at == '\\')
            return 0;
        text[n++] = *s->at++;
    }
    text[n] = '\0';
    return s->at++ < s->end;
}

static int take_size(struct scanner *s, size_t *value)
{
    const char *begin;

    skip_spaces(s);
    begin = s->at;
    *value = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
        if (eo_size_mul(*value, 10, value) || eo_size_add(*value, (size_t)(*s->at - '0'), value))
            return 0;
    return s->at > begin;
}

/* Takes the comma after an entry. Before `close`, which is not taken, the comma may be missing. */
static int take_separator(struct scanner *s, char close)
{
    return take(s, ",") || (s->at < s->end && *s->at == close);
}

static int take_shape(struct scanner *s, struct eo_npy *a, struct eo_err *err)
{
    if (!take(s, "("))
        return eo_err_set(err, "damaged NumPy header: expected a shape in parentheses");
    for (a->dims = 0; !take(s, ")"); a->dims++) {
        if (a->dims == EO_NPY_MAX_DIMS)
            return eo_err_set(err, "expected an array of 1 to %d dimensions, found more", EO_NPY_MAX_DIMS);
        if (!take_size(s, &a->dim[a->dims]) || !take_separator(s, ')'))
            return eo_err_set(err, "damaged NumPy header: expected sizes in the shape");
    }
    if (a->dims == 0)
        return eo_err_set(err, "expected an array of 1 to %d dimensions, found a single number",
                          EO_NPY_MAX_DIMS);
    return 0;
}

static const struct type {
    const char *code; /* without the byte order */
    const char *name;
    enum eo_npy_kind kind;
    unsigned bytes;
} types[] = {
    {"u1", "uint8", EO_NPY_UNSIGNED, 1},  {"u2", "uint16", EO_NPY_UNSIGNED, 2},
    {"u4", "uint32", EO_NPY_UNSIGNED, 4}, {"u8", "uint64", EO_NPY_UNSIGNED, 8},
    {"i1", "int8", EO_NPY_SIGNED, 1},     {"i2", "int16", EO_NPY_SIGNED, 2},
    {"i4", "int32", EO_NPY_SIGNED, 4},    {"i8", "int64", EO_NPY_SIGNED, 8},
    {"f4", "float32", EO_NPY_FLOAT, 4},   {"f8", "float64", EO_NPY_FLOAT, 8},
    {"b1", "bool", EO_NPY_BOOL, 1},
};
#define TYPES (sizeof(types) / sizeof(types[0]))

static int take_type(struct scanner *s, struct eo_npy *a, struct eo_err *err)
{
    char code[32];

    if (!take_text(s, code, sizeof(code)))
        return eo_err_set(err, "expected an array of numbers, found records of several fields");
    for (size_t i = 0; i < TYPES; i++) {
        if (!code[0] || !strchr("|<>=", code[0]) || strcmp(code + 1, types[i].code) != 0)
            continue;
        a->kind = types[i].kind;
        a->bytes = types[i].bytes;
        a->is_big_endian = code[0] == '>';
        return 0;
    }
    if (strchr(code, 'O'))
        return eo_err_set(err,
                          "expected an array of numbers, found Python objects; save it as uint8 or float32");
    return eo_err_set(err, "expected integers, float32 or float64, found type '%s'; convert it with astype()",
                      code);
}

static int take_order(struct scanner *s, struct eo_err *err)
{
    if (take(s, "False"))
        return 0;
    if (take(s, "True"))
        return eo_err_set(
            err, "expected an array in C order, found Fortran order; save numpy.ascontiguousarray(x)");
    return eo_err_set(err, "damaged NumPy header: expected 'fortran_order' to be True or False");
}

static int parse_header(struct eo_npy *a, const char *text, size_t size, struct eo_err *err)
{
    struct scanner s = {text, text + size};
    int has_type = 0, has_order = 0, has_shape = 0;
    char key[32];

    if (!take(&s, "{"))
        return eo_err_set(err, "damaged NumPy header: expected a dictionary");
    while (!take(&s, "}")) {
        int rc;

        if (!take_text(&s, key, sizeof(key)) || !take(&s, ":"))
            return eo_err_set(err, "damaged NumPy header: expected a key");
        if (strcmp(key, "descr") == 0)
            rc = take_type(&s, a, err), has_type = 1;
        else if (strcmp(key, "fortran_order") == 0)
            rc = take_order(&s, err), has_order = 1;
        else if (strcmp(key, "shape") == 0)
            rc = take_shape(&s, a, err), has_shape = 1;
        else
            rc = eo_err_set(err, "damaged NumPy header: unknown key '%s'", key);
        if (rc)
            return -1;
        if (!take_separator(&s, '}'))
            return eo_err_set(err, "damaged NumPy header: expected a comma");
    }
    if (!has_type || !has_order || !has_shape)
        return eo_err_set(err, "damaged NumPy header: expected 'descr', 'fortran_order' and 'shape'");
    return 0;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static int check_magic(const uint8_t *p, size_t size, struct eo_err *err)
{
    const char *foreign;

    if (size >= MAGIC_SIZE + 6 && memcmp(p, MAGIC, MAGIC_SIZE) == 0) {
        if (p[6] < 1 || p[6] > 3)
            return eo_err_set(err, "byte 6: expected NumPy's format 1 to 3, found %d", p[6]);
        return 0;
    }
    foreign = eo_foreign_name(p, size);
    return eo_err_set(err, "expected a NumPy array (.npy)%s%s", foreign ? ", found " : "",
                      foreign ? foreign : "");
}

int eo_npy_parse(struct eo_npy *a, const void *bytes, size_t size, struct eo_err *err)
{
    const uint8_t *p = bytes;
    size_t head, length, want;

    memset(a, 0, sizeof(*a));
    if (check_magic(p, size, err))
        return -1;
    head = p[6] == 1 ? 10 : 12;
    length = p[8] | (size_t)p[9] << 8;
    if (p[6] != 1)
        length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (length > HEADER_MAX || length > size - head)
        return eo_err_set(err, "byte 8: expected a header of at most %d bytes within the file, found %zu",
                          HEADER_MAX, length);
    if (parse_header(a, (const char *)p + head, length, err))
        return -1;
    a->count = 1;
    for (int i = 0; i < a->dims; i++) {
        if (a->dim[i] == 0)
            return eo_err_set(err, "expected an array with elements, found size 0 in dimension %d", i + 1);
        if (eo_size_mul(a->count, a->dim[i], &a->count))
            return eo_err_set(err, "the array is too large");
    }
    if (eo_size_mul(a->count, a->bytes, &want) || want != size - head - length)
        return eo_err_set(err, "expected %zu elements of %u bytes by the header, found %zu bytes", a->count,
                          a->bytes, size - head - length);
    a->data = p + head + length;
    return 0;
}

static double as_float(uint64_t bits, unsigned bytes)
{
    uint32_t low = (uint32_t)bits;
    double wide;
    float narrow;

    memcpy(&wide, &bits, sizeof(wide));
    memcpy(&narrow, &low, sizeof(narrow));
    return bytes == 4 ? (double)narrow : wide;
}

double eo_npy_get(const struct eo_npy *a, size_t i)
{
    const uint8_t *p = a->data + i * a->bytes;
    uint64_t bits = 0;

    for (unsigned k = 0; k < a->bytes; k++)
        bits |= (uint64_t)p[a->is_big_endian ? a->bytes - 1 - k : k] << (8 * k);
    if (a->kind == EO_NPY_FLOAT)
        return as_float(bits, a->bytes);
    if (a->kind == EO_NPY_SIGNED && bits >> (8 * a->bytes - 1)) {
        uint64_t magnitude = (~bits + 1) & (a->bytes == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * a->bytes)) - 1);

        return -(double)magnitude;
    }
    return (double)bits;
}

void eo_npy_describe(const struct eo_npy *a, char *text, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i < TYPES; i++)
        if (types[i].kind == a->kind && types[i].bytes == a->bytes)
            at = (size_t)snprintf(text, size, "%s", types[i].name);
    for (int i = 0; i < a->dims && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%zu", i ? ", " : " [", a->dim[i]);
    if (at < size)
        snprintf(text + at, size - at, "]");
}
