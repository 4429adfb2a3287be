/*
 * Writes HTML. Markup stands in the format, and everything that is put into it is escaped here, in one place:
 *
 *     eo_html_put(out, "<td title=\"%s\">%.2f</td>", name, share);
 *
 * Texts may come from anywhere (names of classes, of files): they are shown as they are written, in text and in quoted
 * attributes alike. Bytes that are not UTF-8 and control characters become U+FFFD.
 */
#ifndef EO_STAGE_REPORT_HTML_H
#define EO_STAGE_REPORT_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends `format`. Its conversions are %s, which is escaped, %c of an ASCII character, %d, %u, %zu, %f, %g and %e with
 * flags, width and precision, and %%.
 */
void eo_html_put(struct eo_buf *out, const char *format, ...) EO_PRINTF(2, 3);

/* Appends a text, escaped. */
void eo_html_text(struct eo_buf *out, const char *text);

#define EO_HTML_NUMBER 48 /* bytes of a number's text, its NUL included */

/* Appends a path as part of a link: what has a meaning in addresses is written as %XX. */
void eo_html_path(struct eo_buf *out, const char *path);

/* "20,920" for whole numbers, "-" for one that is missing. */
const char *eo_html_count(double value, char text[EO_HTML_NUMBER]);

/* "96.60", of a share of 1, without the sign; "-" for one that is missing. */
const char *eo_html_percent(double share, char text[EO_HTML_NUMBER]);

/* Two decimals; "-" for one that is missing. */
const char *eo_html_number(double value, char text[EO_HTML_NUMBER]);

/* The same with its sign. */
const char *eo_html_change(double value, char text[EO_HTML_NUMBER]);

/* "7.14 us", "1.20 ms", "2.50 s"; "-" for one that is missing. */
const char *eo_html_time(double ms, char text[EO_HTML_NUMBER]);

/* Three significant digits, "0.0123", "1.2e-07"; "-" for one that is missing. */
const char *eo_html_figure(double value, char text[EO_HTML_NUMBER]);

struct eo_html_picture {
    uint32_t width, height;
    int channels;            /* 1 grey, 3 red, green, blue */
    const uint8_t *pixels;   /* [height, width, channels] */
    uint32_t zoom_x, zoom_y; /* how much larger it is shown */
};

/* Appends <img> with the picture in it as PNG. */
int eo_html_image(struct eo_buf *out, const struct eo_html_picture *picture, const char *alt,
                  struct eo_err *err) EO_MUST_CHECK;

/* Appends the page up to <main>, and from </main> on. */
void eo_html_begin(struct eo_buf *out, const char *title);
void eo_html_end(struct eo_buf *out);

/* The stylesheet and the script, which the build has put into the program. */
extern const char eo_html_style[], eo_html_script[];

#endif
