/*
 * Cross-layer equalisation: gives the channels of a tensor similar ranges, so that one scale fits them all.
 *
 * ReLU and max-pool commute with a positive factor. So channel i between two layers can be divided by s_i on one side
 * (weights and bias of its filter) and multiplied by it on the other (every weight that reads it), and the network
 * still computes the same. With r1_i and r2_i the largest |weight| on the two sides, s_i = sqrt(r1_i / r2_i)
 * makes both sqrt(r1_i r2_i). A pair is a layer and the only one that reads it, with no addition between them and no
 * ReLU6, which does not commute; of SmallCNN conv1 -> conv2 and conv2 -> classifier. Pairs share layers, so they are
 * equalised in turns until nothing changes, at most EO_EQUALIZE_ROUNDS times. A channel whose weights on one side are
 * all zero is left as it is.
 *
 * s_i is rounded to a power of two, so that every product and sum of the channel is scaled exactly: the fp32 scores
 * keep every bit, unless a weight is so small (below 2^-100) that scaling makes it subnormal. The rounding costs at
 * most half a bit of range.
 *
 * Source: Nagel, van Baalen, Blankevoort, Welling (2019), Data-Free Quantization Through Weight Equalization and Bias
 * Correction, section 4.1.
 */
#ifndef EO_STAGE_QUANT_EQUALIZE_H
#define EO_STAGE_QUANT_EQUALIZE_H

#include "nn/model.h"

#define EO_EQUALIZE_ROUNDS 16

/* `m` is an fp32 model with finite weights, changed in place. */
void eo_equalize(struct eo_model *m);

#endif
