/*
 * Where the maps of a network lie in the memory of generated code.
 *
 * Maps are rows of pixels, all channels of a pixel together. A layer computes its output row by row, forwards or
 * backwards, so the output may lie over rows of its input that are not needed any more; and over the map that it adds,
 * whose values are read just before the sum takes their place. A layer's place is the one, of all that are free, with
 * which all maps so far need the least memory.
 */
#ifndef EO_STAGE_EXPORT_PLAN_H
#define EO_STAGE_EXPORT_PLAN_H

#include "nn/network.h"

struct eo_export_plan {
    int input;                  /* place of the network's input */
    int out[EO_NETWORK_LAYERS]; /* of each layer's output; the last layer has none */
    int is_backward[EO_NETWORK_LAYERS];
    int bytes;
};

void eo_export_plan_make(struct eo_export_plan *plan, const struct eo_network *net);

/* The place of a tensor: a layer's number or EO_NETWORK_INPUT. */
int eo_export_plan_place(const struct eo_export_plan *plan, int source);

#endif
