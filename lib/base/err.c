#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void eo_err_make_printable(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
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
    eo_err_make_printable(err->msg);
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
    eo_err_make_printable(err->msg);
    return -1;
}

int eo_err_errno(struct eo_err *err, const char *what)
{
    return eo_err_set(err, "%s: %s", what, strerror(errno));
}
