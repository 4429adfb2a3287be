#include "stage/report/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stage/report/html.h"

#define LEFT 64
#define RIGHT 16
#define TOP 14
#define BOTTOM 48
#define TICKS 6    /* about so many on a linear axis */
#define LETTER 7.2 /* width of a letter of a label */
#define LINE 14    /* height of a label */
#define MARK 10    /* half the side of a point with its ring */

static int is_good(double value, int is_log)
{
    return isfinite(value) && (!is_log || value > 0);
}

void eo_plot_range(struct eo_plot *plot, double x, double y)
{
    if (!is_good(x, plot->log_x) || !is_good(y, plot->log_y))
        return;
    plot->x_min = plot->has_range ? fmin(plot->x_min, x) : x;
    plot->x_max = plot->has_range ? fmax(plot->x_max, x) : x;
    plot->y_min = plot->has_range ? fmin(plot->y_min, y) : y;
    plot->y_max = plot->has_range ? fmax(plot->y_max, y) : y;
    plot->has_range = 1;
}

static void widen(double *low, double *high, int is_log, double share)
{
    double room;

    if (is_log) {
        room = *high > *low ? pow(*high / *low, share) : 1.5;
        *low /= room;
        *high *= room;
    } else {
        room = *high > *low ? share * (*high - *low) : fmax(fabs(*high), 1) * 0.1;
        *low -= room;
        *high += room;
    }
}

static double place(double value, double low, double high, int is_log)
{
    return is_log ? log(value / low) / log(high / low) : (value - low) / (high - low);
}

double eo_plot_x(const struct eo_plot *plot, double x)
{
    return LEFT + (EO_PLOT_WIDTH - LEFT - RIGHT) * place(x, plot->x_min, plot->x_max, plot->log_x);
}

double eo_plot_y(const struct eo_plot *plot, double y)
{
    return EO_PLOT_HEIGHT - BOTTOM -
           (EO_PLOT_HEIGHT - TOP - BOTTOM) * place(y, plot->y_min, plot->y_max, plot->log_y);
}

static void put_tick(const struct eo_plot *plot, int is_x, double value, struct eo_buf *out)
{
    double x = is_x ? eo_plot_x(plot, value) : LEFT,
           y = is_x ? EO_PLOT_HEIGHT - BOTTOM : eo_plot_y(plot, value);

    eo_html_put(out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x, y,
                is_x ? x : EO_PLOT_WIDTH - RIGHT, is_x ? (double)TOP : y);
    eo_html_put(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%.6g</text>\n",
                is_x ? x : x - 6, is_x ? y + 17 : y + 4, is_x ? "middle" : "end",
                fabs(value) < 1e-12 ? 0 : value);
}

/* At 1, 2 and 5 times powers of ten; where that would be one or none, and on linear axes, at equal distances. */
static void put_log_ticks(const struct eo_plot *plot, int is_x, double low, double high, struct eo_buf *out)
{
    static const double steps[] = {1, 2, 5};
    int wide = high / low > 3000;

    for (int k = (int)floor(log10(low)); k <= (int)ceil(log10(high)); k++) {
        for (int i = 0; i < (wide ? 1 : 3); i++) {
            double value = steps[i] * pow(10, k);

            if (value >= low && value <= high)
                put_tick(plot, is_x, value, out);
        }
    }
}

static void put_linear_ticks(const struct eo_plot *plot, int is_x, double low, double high,
                             struct eo_buf *out)
{
    double raw = (high - low) / TICKS, unit = pow(10, floor(log10(raw)));
    double step = raw / unit > 5 ? 10 * unit : raw / unit > 2 ? 5 * unit : raw / unit > 1 ? 2 * unit : unit;

    /* Counted by an integer: beyond 2^53 a double does not change when 1 is added. */
    for (int i = 0; i <= 2 * TICKS && (ceil(low / step) + i) * step <= high; i++)
        put_tick(plot, is_x, (ceil(low / step) + i) * step, out);
}

static void put_ticks(const struct eo_plot *plot, int is_x, struct eo_buf *out)
{
    double low = is_x ? plot->x_min : plot->y_min, high = is_x ? plot->x_max : plot->y_max;

    if ((is_x ? plot->log_x : plot->log_y) && high / low > 4)
        put_log_ticks(plot, is_x, low, high, out);
    else
        put_linear_ticks(plot, is_x, low, high, out);
}

void eo_plot_begin(struct eo_plot *plot, struct eo_buf *out)
{
    if (!plot->has_range)
        eo_plot_range(plot, 1, 1);
    widen(&plot->x_min, &plot->x_max, plot->log_x, 0.08);
    widen(&plot->y_min, &plot->y_max, plot->log_y, 0.08);
    eo_html_put(out, "<svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"%s\">\n", EO_PLOT_WIDTH,
                EO_PLOT_HEIGHT, plot->title);
    put_ticks(plot, 1, out);
    put_ticks(plot, 0, out);
    eo_html_put(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, EO_PLOT_HEIGHT - BOTTOM,
                EO_PLOT_WIDTH - RIGHT);
    eo_html_put(out, "<text class=\"name\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                (LEFT + EO_PLOT_WIDTH - RIGHT) / 2, EO_PLOT_HEIGHT - 10, plot->x_title);
    eo_html_put(
        out,
        "<text class=\"name\" x=\"14\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 14 %d)\">%s"
        "</text>\n",
        (TOP + EO_PLOT_HEIGHT - BOTTOM) / 2, (TOP + EO_PLOT_HEIGHT - BOTTOM) / 2, plot->y_title);
}

void eo_plot_end(const struct eo_plot *plot, struct eo_buf *out)
{
    (void)plot;
    eo_buf_puts(out, "</svg>\n");
}

static void take(struct eo_plot *plot, struct eo_plot_box box)
{
    if (plot->taken_count < EO_PLOT_LABELS)
        plot->taken[plot->taken_count++] = box;
}

void eo_plot_keep_free(struct eo_plot *plot, double x, double y)
{
    double px = eo_plot_x(plot, x), py = eo_plot_y(plot, y);

    take(plot, (struct eo_plot_box){px - MARK, py - MARK, px + MARK, py + MARK});
}

static int is_free(const struct eo_plot *plot, struct eo_plot_box b)
{
    if (b.x0 < LEFT || b.x1 > EO_PLOT_WIDTH || b.y0 < 0 || b.y1 > EO_PLOT_HEIGHT - BOTTOM)
        return 0;
    for (size_t i = 0; i < plot->taken_count; i++) {
        const struct eo_plot_box *t = &plot->taken[i];

        if (b.x0 < t->x1 && t->x0 < b.x1 && b.y0 < t->y1 && t->y0 < b.y1)
            return 0;
    }
    return 1;
}

void eo_plot_label(struct eo_plot *plot, double x, double y, const char *text, struct eo_buf *out)
{
    /* Right, left, above, below, and the corners: the middle of the label from the point. */
    static const double places[][2] = {{1, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, -1}, {1, 1}, {-1, -1}, {-1, 1}};
    double half = LETTER * (double)strlen(text) / 2, px = eo_plot_x(plot, x), py = eo_plot_y(plot, y);

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        double mx = px + places[i][0] * (half + MARK + 2), my = py + places[i][1] * (LINE / 2 + MARK);
        struct eo_plot_box box = {mx - half, my - LINE / 2, mx + half, my + LINE / 2};

        if (!is_free(plot, box))
            continue;
        take(plot, box);
        eo_html_put(out, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", mx,
                    my + 4, text);
        return;
    }
}
