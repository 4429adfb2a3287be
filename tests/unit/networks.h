/* Small networks of every operation, tail and edge, for tests of inference. Include after nn/model.h. */
#ifndef EO_TESTS_NETWORKS_H
#define EO_TESTS_NETWORKS_H

#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "nn/half.h"
#include "nn/model.h"

/* Each edge of a kernel's map, tiles of 1, 2, 3 and 6 columns, of 1 and 4 outputs, each operation and tail. */
/* Inputs have at most 1000 values. */
static const char *const networks[] = {
    "input 1x28x28; conv1: conv 5 3x3 pad 1 relu max 2x2; conv2: conv 9 3x3 pad 1 relu max 2x2; classifier: "
    "linear 10",
    "input 3x9x13; a: conv 9 3x3 pad 1 relu; b: conv 5 3x3 stride 2 pad same relu6; z: linear 7",
    "input 2x5x3; a: conv 6 5x5 pad 4,4,4,4 relu; b: conv 4 1x1 from a mean; c: conv 4 2x3 pad 1,2,0,1 from "
    "a mean; "
    "d: linear 4 from b add c; z: linear 3",
    "input 4x6x6; a: conv 4 3x3 pad 1 add input relu; z: linear 3",
    "input 2x12x10; a: conv 8 4x3 stride 3x2 pad 3,0,2,1 relu; b: depthwise 3x3 pad 1 relu; c: conv 8 1x1 "
    "add a relu6 "
    "average 2x2/1; z: linear 5",
    "input 1x49x10; a: conv 6 10x4 stride 2 pad same relu; b: depthwise 3x3 pad same relu; c: conv 10 1x1 "
    "relu mean; "
    "z: linear 12",
    "input 4x30x1; a: depthwise 3x1; b: conv 7 1x1 relu; c: depthwise 5x1 stride 2; z: linear 3",
    "input 3x8x8; a: conv 4 3x3 pad 1 relu; b: conv 4 3x3 pad 1 relu; c: conv 4 3x3 pad 1 add a relu; d: "
    "conv 8 3x3 "
    "stride 2 pad same relu; s: conv 8 1x1 stride 2 from c; e: conv 8 3x3 pad 1 from d add s relu mean; z: "
    "linear 10",
    "input 1x4x5; a: linear 13 relu; b: linear 13 add a relu6; z: linear 6",
    "input 2x7x7; a: conv 3 3x3 max 3x3/2; b: depthwise 1x1 add a; z: linear 4",
    "input 5x7x9; a: depthwise 3x7 pad same relu; b: conv 20 3x5 stride 1x2 pad 2,1,0,3 relu6; c: depthwise "
    "2x5 stride 2x3 pad 1,3,0,1; d: conv 33 1x1 mean; z: linear 16",
    "input 2x9x11; a: conv 17 4x5 stride 2x1 pad 1,0,2,3 relu; b: conv 17 5x3 pad same add a average 3x2/2; z: "
    "linear 5",
    "input 2x6x15; a: conv 118 3x3 pad 1 relu; b: depthwise 3x3 pad same relu6; c: conv 35 1x1 max 2x2; d: "
    "linear 70 relu; z: linear 3",
    /* depthwise 3x3: maps of 1 column and of 1 tile, both edges, one, none, the right one by stride alone */
    "input 3x6x1; a: depthwise 3x3 pad 1 relu; z: linear 3",
    "input 19x7x5; a: depthwise 3x3 pad 1 relu; b: depthwise 3x3 stride 2 pad same; c: conv 9 1x1 relu6; z: linear 4",
    "input 2x5x27; a: depthwise 3x3 pad 0,1,1,0; b: depthwise 3x3 pad 1,0,0,1 relu; c: depthwise 3x3 pad 1; d: "
    "depthwise 3x3 stride 1x2 pad 1; e: depthwise 3x3 stride 2 pad same; f: depthwise 3x3 stride 3 pad 1; z: linear 5",
    "input 11x6x15; a: depthwise 3x3 stride 2 pad 1; b: conv 24 1x1; c: depthwise 3x3; d: conv 5 1x1 "
    "stride 2; z: linear 2",
    /* maps that are taken in parts: depthwise in int8, some with rows that two parts read, 1x1 kernels in floats */
    "input 1x24x21; a: depthwise 3x3 pad 1 relu; b: conv 17 1x1 relu; c: conv 20 1x1 relu; z: linear 2",
    "input 1x24x21; a: depthwise 5x5 pad 2; b: depthwise 3x3 stride 2; z: linear 2",
    "input 1x3x300; a: depthwise 1x3 stride 2x1; z: linear 2",
    "input 1x28x12; a: conv 20 1x1; b: depthwise 3x3 stride 2 pad 1; z: linear 2",
    "input 1x40x8; a: conv 17 1x1; b: depthwise 3x2 stride 5x1 pad 1; z: linear 2",
    "input 1x1x300; a: conv 40 1x3 stride 1x2; b: conv 41 1x5 stride 2x3; z: linear 2",
    /* read pixel by pixel, with a stride along the axis that has one element */
    "input 3x12x1; a: conv 4 1x1 stride 1x2; z: linear 2",
};

#define NETWORKS (sizeof(networks) / sizeof(*networks))

/* Weights and biases of a model of floats, in -0.45..0.55. */
static inline void fill(struct eo_model *m, struct eo_rng *rng)
{
    for (int i = 0; i < m->network.count; i++) {
        const struct eo_network_layer *l = &m->network.layer[i];
        size_t weights = eo_network_weights(l), outputs = (size_t)l->map.c;

        for (size_t k = 0; k < weights + outputs; k++) {
            float x = eo_rng_f32(rng) - 0.45f;
            size_t at = k < weights ? k : k - weights;

            if (m->precision == EO_FP16)
                (k < weights ? m->layer[i].weight.f16 : m->layer[i].bias.f16)[at] = eo_half_from_float(x);
            else
                (k < weights ? m->layer[i].weight.f32 : m->layer[i].bias.f32)[at] = x;
        }
    }
}

/* An fp32 model of a network, with such weights. Ends the program where the text is no network. */
static inline void make_random_network(struct eo_model *m, const char *text)
{
    static struct eo_network net;
    struct eo_rng rng;
    struct eo_err err;

    if (eo_network_parse(&net, text, &err) || eo_model_init_network(m, EO_FP32, &net, &err)) {
        printf("stopped: %s: %s\n", text, err.msg);
        exit(1);
    }
    eo_rng_init(&rng, 1, EO_RNG_INIT);
    fill(m, &rng);
}

#endif
