/*
 * Cross-layer equalisation: channels of one tensor get alike ranges, so that one scale serves them all.
 *
 * ReLU and max-pool let a positive factor through. So channel i between two layers can be divided by s_i on the one
 * side (weights and bias of its filter) and multiplied on the other (every weight that reads it) without a change
 * of what the network computes. With r1_i and r2_i the largest |weight| on the two sides, s_i = sqrt(r1_i / r2_i)
 * makes both sqrt(r1_i r2_i). The pairs are conv1 -> conv2 and conv2 -> classifier; they share conv2, so they take
 * turns until nothing changes, at most EO_EQUALIZE_ROUNDS times. A channel with weights of zero alone on either side
 * is left as it is.
 *
 * s_i is rounded to a power of two. That costs at most half a bit of evenness, and every product and sum of the
 * channel is then scaled exactly: the fp32 scores keep every bit, unless a weight is so small (below 2^-100) that
 * scaling takes it out of the normal numbers.
 *
 * Source: Nagel, van Baalen, Blankevoort, Welling (2019), Data-Free Quantization Through Weight Equalization and Bias
 * Correction, section 4.1.
 */
#ifndef EO_STAGE_EQUALIZE_H
#define EO_STAGE_EQUALIZE_H

#include "nn/model.h"

#define EO_EQUALIZE_ROUNDS 16

/* `m` is an fp32 model with finite weights, changed in place. */
void eo_equalize(struct eo_model *m);

#endif
