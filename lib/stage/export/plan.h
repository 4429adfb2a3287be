/*
 * Where the maps of a network lie in the memory of generated code.
 *
 * Maps are rows of pixels, all channels of a pixel together. A layer computes its output row by row, forwards or
 * backwards. So the output may lie over rows of its input that are not needed any more, and over the map that it adds,
 * because each value of it is read just before the sum takes its place. Of all free places, a layer's output gets the
 * one with which the maps so far need the least memory.
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
