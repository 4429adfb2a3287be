#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * A message is one line and may quote a file's contents: control characters, which could break the line or steer a
 * terminal, become '?'.
 */
static void make_printable(char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = '?';
    }
}

int eo_err_set(struct eo_err *err, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return -1;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    make_printable(err->msg);
    return -1;
}

int eo_err_prefix(struct eo_err *err, const char *fmt, ...)
{
    struct eo_err old;
    va_list ap;
    size_t n;

    if (!err)
        return -1;
    old = *err;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    n = strlen(err->msg);
    snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", old.msg);
    make_printable(err->msg);
    return -1;
}

int eo_err_errno(struct eo_err *err, const char *what)
{
    return eo_err_set(err, "%s: %s", what, strerror(errno));
}
