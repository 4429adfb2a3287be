/*
 * What the int8 kernels of any network share on all instruction sets: the packed model and its buffers.
 *
 * L = S8_VL inputs are a group and lie side by side, one lane each. A tensor is [G][H][W][L][4] bytes with G = ceil(C /
 * 4) groups of channels, so that a vector holds a word of four channels for each lane, and a word of four weights meets
 * it (s8.h). Channels that fill up a group have weights, biases and factors of zero. The word of a depthwise layer has
 * one weight and three zeros. A linear layer is a convolution whose kernel is as large as its input.
 *
 * Taps outside the input are left out; what the zero point takes off the bias counts the taps inside alone.
 */
#ifndef EO_NN_KERNELS_GENERAL_S8_H
#define EO_NN_KERNELS_GENERAL_S8_H

#include "nn/kernels/s8.h"

struct eo_gs8_layer {
    struct eo_network_layer shape; /* linear: as a convolution */
    int groups_in, groups_out;     /* of channels; groups_in: that an output reads, 1 where depthwise */
    void *words;                   /* [groups_out][groups_in][taps][4 outputs] */
    int32_t *bias, *whole;         /* [4 groups_out]; `whole` less the zero point with all taps inside */
    int32_t *sums;                 /* [groups_out][taps][4]: of the weights of a tap, times the zero point */
    struct eo_s8_factor *factor;   /* [4 groups_out] */
    struct eo_s8_factor added;     /* of (value - added_zero) */
    int32_t added_zero;
    size_t in, added_at, map, out; /* where in `work`, in bytes; equal where they are the same */
};

struct eo_gs8_net {
    const struct eo_gs8_kernels *kernels;
    struct eo_network network;
    struct eo_s8_network s8;
    struct eo_gs8_layer layer[EO_NETWORK_LAYERS];
    uint8_t *work;
    size_t work_bytes;
    void *memory; /* of the layers */
    struct eo_marker marker;
};

struct eo_gs8_kernels {
    int lanes; /* L */
    enum eo_s8_words words;
    /* Layer l on the group in `work`; of the last layer, scores [n, classes] instead. */
    void (*layer)(const struct eo_gs8_net *net, int l, int n, union eo_score *scores);
};

/* struct eo_engine_ops for a set of kernels. prepare needs the kernels, so each set wraps it. */
void *eo_gs8_prepare(const struct eo_model *m, const struct eo_gs8_kernels *kernels,
                     struct eo_err *err) EO_MUST_CHECK;
void eo_gs8_release(void *state);
void eo_gs8_run(void *state, const uint8_t *pixels, int n, union eo_score *scores);
size_t eo_gs8_workspace(const void *state);
void eo_gs8_set_marker(void *state, struct eo_marker marker);

/* The sets. That of AVX2 takes activations up to 127, the wide one any. */
const struct eo_gs8_kernels *eo_gs8_kernels_generic(void);
const struct eo_gs8_kernels *eo_gs8_kernels_neon(void);
const struct eo_gs8_kernels *eo_gs8_kernels_avx2(void);
const struct eo_gs8_kernels *eo_gs8_kernels_avx2_wide(void);
const struct eo_gs8_kernels *eo_gs8_kernels_avx512(void);

#endif
