/* The size of one image, map or signal: channels, height, width. 1-D signals have a width of 1. */
#ifndef EO_FORMAT_DIMS_H
#define EO_FORMAT_DIMS_H

#include <stddef.h>

struct eo_dims {
    int c, h, w;
};

static inline size_t eo_dims_elements(struct eo_dims d)
{
    return (size_t)d.c * (size_t)d.h * (size_t)d.w;
}

#endif
