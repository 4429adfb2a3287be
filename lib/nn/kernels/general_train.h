/*
 * Kernels of training any network: one layer for a group of inputs, forward and backward.
 *
 * A group is `lanes` inputs side by side, one lane each: every tensor is [C][H][W][lanes] floats. 16 is a multiple of
 * `lanes`, and a block is the 16 / lanes groups of 16 inputs. z is what the operation gives where batch normalisation
 * follows, y the map behind batch normalisation, addition and, unless there is a pooling, activation; g is the gradient
 * of the loss by the layer's output, d by its map: by y, and after norm_back() by z.
 *
 * The order of every sum (the definition; each variant must give these bits):
 *   operation  as in ref_layer.h, with a bias of 0 where batch normalisation follows
 *   tail       ((z - mean) factor + bias) + added: one rounding for each operation
 *   d          max: to the first of the largest in raster order; average and mean: g / window. Overlapping windows add
 *              in raster order. 0 where y is not > 0, for ReLU6 also where it is not < 6
 *   norm_back  factor ((d - mean_d) - (z - mean) slope)
 *   g of x     one chain of fma from what later layers gave, or 0: conv o, kh, kw; depthwise kh, kw; linear o
 *   dw         for each lane one chain of fma over the pixels of the map in raster order; a block's lanes by
 *              eo_lanes_sum(), blocks in order
 *   sums       for each lane one chain of additions over the pixels in raster order
 *
 * Simulated quantisation rounds a tensor to a grid: with v = x / scale, x behind the activation, the value is scale q,
 * q = round_half_even(v clamped to low..high), one rounding per operation. Backward
 *   gradient   0 where v is outside low..high
 *   slope      of the loss by the scale: for each channel and lane one chain of fma over the pixels in raster order,
 *              the gradient before the line above times low where v < low, high where v > high, else q - v; a lane's
 *              channels in order, in double
 * Source: Esser et al. (2020), Learned step size quantization.
 */
#ifndef EO_NN_KERNELS_GENERAL_TRAIN_H
#define EO_NN_KERNELS_GENERAL_TRAIN_H

#include "base/cpu.h"
#include "nn/network.h"

#define EO_TRAIN_LANES 16 /* of a block */

/* Batch normalisation of one layer as the kernels need it: [outputs] each. */
struct eo_norm {
    const float *mean, *factor, *bias; /* forward: factor = scale / sqrt(variance + eps) */
    const float *mean_d, *slope;       /* backward */
};

/* What batch normalisation needs of a group, for each channel and lane: the sums of d and of d (z - mean). */
struct eo_norm_sums {
    const float *z, *mean;
    float *sum, *product; /* [C][lanes] */
};

/* Whole multiples low..high of a scale; both at most 2^22 in magnitude, and low <= 0 <= high. */
struct eo_train_grid {
    float scale, low, high;
};

struct eo_general_train_ops {
    int lanes;
    /* Weights as operation() and back_x() read them; `to` has as many floats as there are weights. */
    void (*pack)(const struct eo_network_layer *l, const float *w, float *to);
    void (*pack_back)(const struct eo_network_layer *l, const float *w, float *to);

    void (*operation)(const struct eo_network_layer *l, const float *x, const float *packed, const float *bias,
                      float *map);
    /* For each channel and lane: sum [C][lanes] of the map, and squares of the differences from sum / pixels. */
    void (*moments)(const struct eo_network_layer *l, const float *z, float *sum, float *squares);
    /* y may be z. `norm` and `added` may be NULL. */
    void (*tail)(const struct eo_network_layer *l, const struct eo_norm *norm, const float *z, const float *added,
                 float *y);
    void (*pool)(const struct eo_network_layer *l, const float *y, float *out);

    /* d from g through a pooling. */
    void (*pool_back)(const struct eo_network_layer *l, const float *y, const float *g, float *d);
    /* In place through the activation. added_g, if not NULL, receives d, where `is_first` as its only value so far.
     * `sums`: of what d has become; may be NULL. */
    void (*activation_back)(const struct eo_network_layer *l, const float *y, float *d, float *added_g, int is_first,
                            const struct eo_norm_sums *sums);
    /* For each channel and lane: the sums of d. */
    void (*sums)(const struct eo_network_layer *l, const float *d, float *sum);
    /* In place; lanes from `n` on become 0. */
    void (*norm_back)(const struct eo_network_layer *l, const struct eo_norm *norm, const float *z, int n, float *d);
    /* Adds to x_g, or where `is_first` sets it. */
    void (*back_x)(const struct eo_network_layer *l, const float *d, const float *packed_back, int is_first,
                   float *x_g);
    /* dw [weights][lanes], of a convolution or a depthwise one. */
    void (*back_w)(const struct eo_network_layer *l, const float *x, const float *d, float *dw);
    /* The same of a linear layer for all groups of a block, their lanes summed: sum [weights]. x and d of a group
     * without inputs are NULL. */
    void (*linear_w)(const struct eo_network_layer *l, const float *const x[], const float *const d[], float *sum);

    /* y = x on the grid, for a tensor of these dimensions. */
    void (*round)(const struct eo_train_grid *grid, enum eo_activation activation, struct eo_dims dims, const float *x,
                  float *y);
    /* g, the gradient by y, becomes in place that by x behind the activation; slope [lanes]. */
    void (*round_back)(const struct eo_train_grid *grid, enum eo_activation activation, struct eo_dims dims,
                       const float *x, float *g, double *slope);
};

/* The table of an instruction set of this build. */
const struct eo_general_train_ops *eo_general_train_ops_get(enum eo_isa isa);

extern const struct eo_general_train_ops eo_general_train_ops_generic, eo_general_train_ops_neon,
    eo_general_train_ops_avx2, eo_general_train_ops_avx512;

/* Of 16 lanes: lane k + lane k + 8 for k < 8, of these k + (k + 4) for k < 4, and so on. */
static inline float eo_lanes_sum(float lane[EO_TRAIN_LANES])
{
    for (int half = EO_TRAIN_LANES / 2; half > 0; half /= 2) {
        for (int k = 0; k < half; k++)
            lane[k] += lane[k + half];
    }
    return lane[0];
}

#endif
