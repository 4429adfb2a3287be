#include "nn/view.h"

#include <string.h>

static void apply_row(const uint8_t *pixels, int width, struct eo_view view, uint8_t *out)
{
    for (int x = 0; x < width; x++) {
        int at = x - view.dx;

        if (at >= 0 && at < width)
            out[x] = pixels[view.mirrored ? width - 1 - at : at];
    }
}

void eo_view_apply(const uint8_t *pixels, struct eo_dims dims, struct eo_view view, uint8_t *out)
{
    view.dx = dims.w > 1 ? view.dx : 0;
    view.dy = dims.h > 1 ? view.dy : 0;
    memset(out, 0, eo_dims_elements(dims));
    for (int c = 0; c < dims.c; c++) {
        for (int y = 0; y < dims.h; y++) {
            int from = y - view.dy;

            if (from >= 0 && from < dims.h)
                apply_row(pixels + (size_t)(c * dims.h + from) * (size_t)dims.w, dims.w, view,
                          out + (size_t)(c * dims.h + y) * (size_t)dims.w);
        }
    }
}
