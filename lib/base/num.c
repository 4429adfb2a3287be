#include "base/num.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A longer text is refused without parsing it. */
#define MAX_TEXT 64

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(const char *s)
{
    size_t n = 0;

    while (is_digit(s[n]))
        n++;
    return n;
}

/* Length of the integer part at s (after any sign), or 0 when it is none or has a leading zero. */
static size_t integer_part(const char *s)
{
    size_t n = count_digits(s);

    return n > 1 && s[0] == '0' ? 0 : n;
}

static int is_integer(const char *s)
{
    size_t n;

    if (strlen(s) > MAX_TEXT)
        return 0;
    if (*s == '-' || *s == '+')
        s++;
    n = integer_part(s);
    return n > 0 && s[n] == '\0';
}

/* "5", "5.", ".5", "0.5", each with or without an exponent: what YAML 1.2 and C take. */
static int is_decimal(const char *s)
{
    size_t before, after = 0;

    if (strlen(s) > MAX_TEXT)
        return 0;
    if (*s == '-' || *s == '+')
        s++;
    before = integer_part(s);
    s += before;
    if (*s == '.') {
        after = count_digits(++s);
        s += after;
    }
    if (before + after == 0)
        return 0;
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '-' || *s == '+')
            s++;
        before = count_digits(s);
        if (before == 0)
            return 0;
        s += before;
    }
    return *s == '\0';
}

int eo_num_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out, struct eo_err *err)
{
    long long v = 0;
    int ok = is_integer(text);

    if (ok) {
        errno = 0;
        v = strtoll(text, NULL, 10);
        ok = errno == 0 && v >= min && v <= max;
    }
    if (!ok)
        return eo_err_set(err, "expected an integer in %" PRId64 "..%" PRId64 ", found '%.40s'", min, max,
                          text);
    *out = v;
    return 0;
}

int eo_num_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct eo_err *err)
{
    unsigned long long v = 0;
    int ok = is_integer(text) && text[0] != '-';

    if (ok) {
        errno = 0;
        v = strtoull(text, NULL, 10);
        ok = errno == 0 && v >= min && v <= max;
    }
    if (!ok)
        return eo_err_set(err, "expected an integer in %" PRIu64 "..%" PRIu64 ", found '%.40s'", min, max,
                          text);
    *out = v;
    return 0;
}

int eo_num_parse_double(const char *text, double min, double max, double *out, struct eo_err *err)
{
    double v = 0;
    int ok = is_decimal(text);

    if (ok) {
        errno = 0;
        v = strtod(text, NULL);
        ok = isfinite(v) && !(v == 0 && errno == ERANGE) && v >= min && v <= max;
    }
    if (!ok)
        return eo_err_set(err, "expected a number in %g..%g, found '%.40s'", min, max, text);
    *out = v;
    return 0;
}

/* The fewest digits that read back as `value`; 17 always do. */
static int shortest_digits(double value)
{
    char text[EO_NUM_TEXT];
    int digits;

    for (digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return digits;
}

void eo_num_format_double(double value, char text[EO_NUM_TEXT])
{
    int digits = shortest_digits(value);
    double size = fabs(value);

    /* %g changes to the exponent form at as many places as there are digits, Python always at 17 places. */
    if (size >= 1e16)
        snprintf(text, EO_NUM_TEXT, "%.*e", digits - 1, value);
    else if (size >= 1 && size == floor(size))
        snprintf(text, EO_NUM_TEXT, "%.1f", value);
    else
        snprintf(text, EO_NUM_TEXT, "%.*g%s", digits, value, value == 0 ? ".0" : "");
}
