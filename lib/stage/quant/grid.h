/*
 * The u8 quantisation grid over a range of activations: value = (level - zero_point) * scale, level in 0..top.
 *
 * scale = (max - min) / top, rounded to float as model files hold it, at least `least` and FLT_EPSILON; zero
 * point = clamp(-round_half_even(min / scale), 0, top). min..max holds 0, so 0 is a level. Computed in double with
 * + - * / and rint() alone: the same everywhere.
 */
#ifndef EO_STAGE_QUANT_GRID_H
#define EO_STAGE_QUANT_GRID_H

#include <float.h>
#include <math.h>

struct eo_grid {
    double scale, zero_point, top; /* the last two are integers */
};

static inline double eo_grid_clamp(const struct eo_grid *g, double level)
{
    return level < 0 ? 0 : level > g->top ? g->top : level;
}

/* The scale is not finite when the range is wider than float can hold. */
static inline struct eo_grid eo_grid_over(double min, double max, int top, double least)
{
    struct eo_grid g = {.scale = (max - min) / top, .top = top};

    g.scale = fmax(g.scale, fmax(least, (double)FLT_EPSILON));
    g.scale = (double)(float)g.scale;
    g.zero_point = eo_grid_clamp(&g, 0 - rint(min / g.scale));
    return g;
}

/* The nearest level, half to even, before it is clamped to 0..top. */
static inline double eo_grid_level(const struct eo_grid *g, double x)
{
    return rint(x / g->scale) + g->zero_point;
}

static inline double eo_grid_value(const struct eo_grid *g, double level)
{
    return (level - g->zero_point) * g->scale;
}

#endif
