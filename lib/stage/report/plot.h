/*
 * Diagrams as inline SVG: a frame with axes, into which the caller draws at the places that eo_plot_x() and eo_plot_y()
 * give.
 *
 *     struct eo_plot plot = {.title = "...", .x_title = "bytes", .y_title = "accuracy (%)", .log_x = 1};
 *     eo_plot_range(&plot, x, y);                // for every point that has to be seen
 *     eo_plot_begin(&plot, out);
 *     ...
 *     eo_plot_end(&plot, out);
 *
 * Colours are classes of the stylesheet, so that they follow light and dark.
 */
#ifndef EO_STAGE_REPORT_PLOT_H
#define EO_STAGE_REPORT_PLOT_H

#include <stddef.h>

#include "base/buf.h"

#define EO_PLOT_WIDTH 720
#define EO_PLOT_HEIGHT 420
#define EO_PLOT_LABELS 64

struct eo_plot_box {
    double x0, y0, x1, y1;
};

struct eo_plot {
    const char *title, *x_title, *y_title;
    int log_x, log_y;
    int has_range;
    double x_min, x_max, y_min, y_max;
    struct eo_plot_box taken[EO_PLOT_LABELS]; /* by labels and points */
    size_t taken_count;
};

/* Widens the axes to show a point; what is not finite, or not positive on a logarithmic axis, is ignored. */
void eo_plot_range(struct eo_plot *plot, double x, double y);

/* Adds a margin, chooses the ends of the axes and draws the frame. */
void eo_plot_begin(struct eo_plot *plot, struct eo_buf *out);
void eo_plot_end(const struct eo_plot *plot, struct eo_buf *out);

double eo_plot_x(const struct eo_plot *plot, double x);
double eo_plot_y(const struct eo_plot *plot, double y);

/* Keeps labels away from a point; writes a label beside a point, at the first free place, or not at all. */
void eo_plot_keep_free(struct eo_plot *plot, double x, double y);
void eo_plot_label(struct eo_plot *plot, double x, double y, const char *text, struct eo_buf *out);

#endif
