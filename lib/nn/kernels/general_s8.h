/*
 * What the int8 kernels of any network share on all instruction sets: the packed model and its buffers.
 *
 * Inputs run one by one; lanes are output channels, L = S8_VL at a time. A tensor is [P][H][W][16] bytes with
 * P = ceil(C / 16) planes of channels, so that four neighbouring bytes are a word of activations that meets the words
 * of L outputs (s8.h). Channels that fill up a vector have weights, biases and factors of zero.
 *
 * An input of the network with fewer than four channels is [H][W][C] instead, and a row of a kernel, all its columns
 * and channels, is one run of bytes. A depthwise layer gathers four neighbouring columns of a channel in a word first.
 *
 * A layer with padding reads a copy of its input that has a border of zero points, so that a bias less the zero point
 * times the weights holds for every output. A linear layer is a convolution whose kernel is as large as its input.
 */
#ifndef EO_NN_KERNELS_GENERAL_S8_H
#define EO_NN_KERNELS_GENERAL_S8_H

#include "base/mem.h"
#include "nn/kernels/s8.h"

#define EO_GS8_PLANE 16 /* channels of a plane, and bytes from a pixel to the next one */
#define EO_GS8_BAND 16384 /* bytes of words that a depthwise layer holds, unless one row of its map needs more */
#define EO_GS8_SLACK 64 /* bytes that are read behind a tensor, and meet weights of zero */

struct eo_gs8_layer {
    struct eo_network_layer shape; /* linear: as a convolution */
    int pixel;                     /* bytes from a pixel of the input to the next one */
    int vectors;                   /* of L outputs */
    int planes;                    /* of the input that an output reads; depthwise: 1 */
    /*
     * Words of an output: [planes][kernel.h][taps][words], the last plane with `last_words`. A tap is a pixel; taps are
     * 1 where words run along the row: depthwise, and an input with fewer than four channels.
     */
    int taps, words, last_words, terms; /* terms: words in all */
    void *weights;                      /* [vectors][terms][L] */
    int32_t *bias;                      /* [vectors][L] */
    int64_t *factors;                   /* [vectors], see eo_s8_lane_factors() */
    struct eo_s8_factor added;          /* of (value - added_zero) */
    int32_t added_zero;
    struct eo_s8_factor average; /* of a sum over the window */
    size_t in, added_at, map, out; /* where in `work`, in bytes; equal where they are the same */
};

struct eo_gs8_net {
    const struct eo_gs8_kernels *kernels;
    struct eo_network network;
    struct eo_s8_network s8;
    struct eo_gs8_layer layer[EO_NETWORK_LAYERS];
    int input_pixel;          /* of the network's input, which lies at the beginning of `work` */
    uint8_t *work, *scratch;  /* scratch: one layer's input with its border, or rows of it and their words */
    size_t work_bytes;        /* of both */
    void *memory;             /* of the layers */
    struct eo_marker marker;
};

struct eo_gs8_kernels {
    int lanes; /* L */
    enum eo_s8_words words;
    /* Layer l on the input in `work`; of the last layer, scores [classes] instead. */
    void (*layer)(const struct eo_gs8_net *net, int l, union eo_score *scores);
};

/* Columns of the padded row that a depthwise layer makes its words from. */
static inline size_t eo_gs8_line_columns(const struct eo_gs8_layer *l)
{
    size_t read = (size_t)(l->shape.map.w - 1) * (size_t)l->shape.stride.w + 4 * (size_t)l->words;
    size_t written = (size_t)l->shape.pad.left + (size_t)l->shape.in.w;

    return read > written ? read : written;
}

/* Bytes of the words of a row of a depthwise layer. */
static inline size_t eo_gs8_words_line(const struct eo_gs8_layer *l)
{
    return (size_t)l->words * (size_t)l->shape.map.w * 4 * EO_GS8_PLANE;
}

/* Rows of the map that a depthwise layer computes at a time: those whose words stay in the first cache, at least 1. */
static inline int eo_gs8_band(const struct eo_gs8_layer *l)
{
    int held = (int)(EO_GS8_BAND / eo_gs8_words_line(l)), band = (held - l->shape.kernel.h) / l->shape.stride.h + 1;

    band = held < l->shape.kernel.h ? 1 : band;
    return band < l->shape.map.h ? band : l->shape.map.h;
}

/* Rows of the padded input that a band reads. */
static inline int eo_gs8_held_rows(const struct eo_gs8_layer *l)
{
    return (eo_gs8_band(l) - 1) * l->shape.stride.h + l->shape.kernel.h;
}

/* Bytes of these rows, which lie in `scratch` before their words: words are read as aligned vectors. */
static inline size_t eo_gs8_held_bytes(const struct eo_gs8_layer *l)
{
    return eo_size_round_up((size_t)eo_gs8_held_rows(l) * eo_gs8_line_columns(l) * EO_GS8_PLANE, EO_ALIGN);
}

static inline int eo_gs8_is_padded(const struct eo_network_layer *l)
{
    return l->pad.top || l->pad.left || l->pad.bottom || l->pad.right;
}

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
