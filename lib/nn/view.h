/* Augmentation: an image moved and mirrored. */
#ifndef EO_NN_VIEW_H
#define EO_NN_VIEW_H

#include <stdint.h>

#include "format/dims.h"

/*
 * A view of an image: mirrored from left to right first, then moved dx to the right and dy down. Pixels from outside
 * have the grey value 0. An axis of one element, as of signals, is not moved. All zeros is the image itself.
 */
struct eo_view {
    int8_t dx, dy;
    uint8_t mirrored;
};

/* Images [C, H, W]: `pixels` as the view has them, all channels alike; the two do not overlap. */
void eo_view_apply(const uint8_t *pixels, struct eo_dims dims, struct eo_view view, uint8_t *out);

#endif
