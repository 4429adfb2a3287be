#include "stage/report/html.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/png.h"

/* The files as they are, with a NUL behind each. The build runs in the root of the source. */
#define EMBED(name, file)                                                                                    \
    __asm__(".section .rodata\n.global " #name "\n" #name ":\n.incbin \"lib/stage/report/" file              \
            "\"\n.byte 0\n"                                                                                  \
            ".previous\n")
EMBED(eo_html_style, "report.css");
EMBED(eo_html_script, "report.js");

#define SPEC 16 /* bytes of one conversion */
#define UNKNOWN "\xef\xbf\xbd"

void eo_html_text(struct eo_buf *out, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t n = eo_utf8_size(text, left);

        if (n == 0 || ((unsigned char)*text < ' ' && *text != '\n' && *text != '\t') || *text == 127) {
            eo_buf_puts(out, UNKNOWN);
            n = 1;
        } else if (n > 1 || !strchr("&<>\"'", *text))
            eo_buf_append(out, text, n);
        else
            eo_buf_printf(out, "&#%d;", *text);
        text += n;
        left -= n;
    }
}

/* One conversion, "%6.2f"; returns what follows it. */
static const char *put_conversion(struct eo_buf *out, const char *at, va_list *arguments)
{
    size_t n = strspn(at + 1, "0123456789.+- zl") + 2;
    char spec[SPEC], kind = at[n - 1];

    if (n >= SPEC || kind == '\0')
        return at + 1;
    memcpy(spec, at, n);
    spec[n] = '\0';
    if (kind == 's')
        eo_html_text(out, va_arg(*arguments, const char *));
    else if (kind == '%')
        eo_buf_puts(out, "%");
    else if (strchr("fge", kind))
        eo_buf_printf(out, spec,
                      va_arg(*arguments, double)); /* NOLINT: the specification was checked above */
    else if (strchr(spec, 'z'))
        eo_buf_printf(out, spec, va_arg(*arguments, size_t));
    else
        eo_buf_printf(out, spec, va_arg(*arguments, int));
    return at + n;
}

void eo_html_put(struct eo_buf *out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    while (*format) {
        size_t plain = strcspn(format, "%");

        eo_buf_append(out, format, plain);
        format += plain;
        if (*format)
            format = put_conversion(out, format, &arguments);
    }
    va_end(arguments);
}

void eo_html_path(struct eo_buf *out, const char *path)
{
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/._~-", c))
            eo_buf_append(out, path, 1);
        else
            eo_buf_printf(out, "%%%02X", c);
    }
}

static const char *missing(char text[EO_HTML_NUMBER])
{
    return strcpy(text, "-");
}

const char *eo_html_count(double value, char text[EO_HTML_NUMBER])
{
    char digits[EO_HTML_NUMBER];
    size_t n, to = 0;

    if (!isfinite(value) || fabs(value) > 1e15)
        return missing(text);
    snprintf(digits, sizeof(digits), "%.0f", fabs(value));
    if (value < 0)
        text[to++] = '-';
    n = strlen(digits);
    for (size_t i = 0; i < n; i++) {
        text[to++] = digits[i];
        if ((n - i) % 3 == 1 && i + 1 < n)
            text[to++] = ',';
    }
    text[to] = '\0';
    return text;
}

const char *eo_html_number(double value, char text[EO_HTML_NUMBER])
{
    if (!isfinite(value) || fabs(value) > 1e15)
        return missing(text);
    snprintf(text, EO_HTML_NUMBER, "%.2f", value);
    return text;
}

const char *eo_html_change(double value, char text[EO_HTML_NUMBER])
{
    if (!isfinite(value) || fabs(value) > 1e15)
        return missing(text);
    snprintf(text, EO_HTML_NUMBER, "%+.2f", value);
    return text;
}

const char *eo_html_percent(double share, char text[EO_HTML_NUMBER])
{
    return eo_html_number(100 * share, text);
}

const char *eo_html_time(double ms, char text[EO_HTML_NUMBER])
{
    if (!isfinite(ms))
        return missing(text);
    if (ms < 1)
        snprintf(text, EO_HTML_NUMBER, "%.2f us", 1000 * ms);
    else if (ms < 1000)
        snprintf(text, EO_HTML_NUMBER, "%.2f ms", ms);
    else
        snprintf(text, EO_HTML_NUMBER, "%.2f s", ms / 1000);
    return text;
}

const char *eo_html_figure(double value, char text[EO_HTML_NUMBER])
{
    if (!isfinite(value))
        return missing(text);
    snprintf(text, EO_HTML_NUMBER, "%.3g", value);
    return text;
}

static void put_base64(struct eo_buf *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char four[4];

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        unsigned value = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);

        for (int k = 0; k < 4; k++)
            four[k] = (size_t)k > left ? '=' : digits[value >> (18 - 6 * k) & 63];
        eo_buf_append(out, four, 4);
    }
}

int eo_html_image(struct eo_buf *out, const struct eo_html_picture *picture, const char *alt,
                  struct eo_err *err)
{
    void *png;
    size_t size;

    if (eo_png_encode(picture->width, picture->height, picture->channels, picture->pixels, &png, &size, err))
        return -1;
    eo_html_put(out, "<img alt=\"%s\" width=\"%u\" height=\"%u\" src=\"data:image/png;base64,", alt,
                picture->width * picture->zoom_x, picture->height * picture->zoom_y);
    put_base64(out, png, size);
    eo_buf_puts(out, "\">");
    free(png);
    return 0;
}

void eo_html_begin(struct eo_buf *out, const char *title)
{
    eo_html_put(out,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
                "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
                "<title>%s</title>\n<style>\n",
                title);
    eo_buf_puts(out, eo_html_style);
    eo_buf_puts(out, "</style>\n</head>\n<body>\n");
}

void eo_html_end(struct eo_buf *out)
{
    eo_buf_puts(out, "<script>\n");
    eo_buf_puts(out, eo_html_script);
    eo_buf_puts(out, "</script>\n</body>\n</html>\n");
}
