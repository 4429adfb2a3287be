/*
 * Kernels of training: one image forward and backward, and the optimiser's step.
 *
 * Layouts. Channels are innermost and padded with zeros to CP1 and CP2, multiples of 16, so that one vector holds
 * channels of one pixel:
 *
 *     w1  [9, CP1]          conv1 weights, tap kh * 3 + kw
 *     w2f [c1, 9, CP2]      conv2 weights for the forward pass, lanes = output channels
 *     w2  [c2, 9, CP1]      conv2 weights for the backward pass and the optimiser, lanes = input channels
 *     w3  [49, 10, CP2]     classifier
 *     a1  [16, 16, CP1]     pooled conv1 output with a border of zeros
 *     a2  [49, CP2]         pooled conv2 output
 *
 * The order of every sum (the definition; each variant must give these bits):
 *   forward    as in infer.h
 *   loss       eo_cross_entropy() of loss.h in double; dz = its gradient / n, rounded to float
 *   dw3, dw2, dw1  one chain of fma per weight: images of the block in order, then pooled pixels in raster order
 *   db         one chain of additions in the same order
 *   da2        for each element from 0: fma over the classes in order; 0 where a2 is not > 0
 *   da1        for each element from 0: fma over the output channels in order, then pooled pixels in raster order
 *              (an element meets a pooled pixel at most once); 0 where a1 is not > 0
 * A pooled pixel's gradient belongs to the first of the largest of its four, in raster order.
 *
 * With simulated quantisation (struct eo_train_rounding) the pooled values v of a map become scale * q,
 * q = round_half_even(min(v / scale, max)), one rounding per operation, and in the backward pass
 *   da         0 where v / scale is not in (0, max], instead of where the map is not > 0
 *   dscale     one chain of fma per channel, images of the block in order, then pooled pixels in raster order:
 *              gradient of the map's element, before the line above, times max where v / scale > max, else
 *              q - v / scale
 * Source: Esser et al. (2020), Learned step size quantization.
 */
#ifndef EO_NN_KERNELS_TRAIN_H
#define EO_NN_KERNELS_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

#define EO_A1_SIDE 16 /* 14 and a border of one on each side */
#define EO_X_ROWS 30  /* 28 and a border of one on each side */
#define EO_X_STRIDE 32

/*
 * Offsets of the parts of one parameter block, in floats. The same for weights, gradients, and both moments. Behind a
 * block of gradients lie those of the two scales, one for each channel. All sizes are multiples of 16.
 */
struct eo_train_layout {
    int c1, c2, cp1, cp2;
    size_t w1, b1, w2, b2, w3, b3, total;
    size_t scale1, scale2, total_gradients;
};

void eo_train_layout_init(struct eo_train_layout *l, int c1, int c2);

/* Working memory of one image. */
struct eo_train_scratch {
    float *x;      /* [30, 32] */
    float *a1;     /* [16, 16, CP1] */
    float *da1;    /* [16, 16, CP1] */
    int32_t *arg1; /* [196, CP1]: 0..3, which of the four was largest */
    float *a2;     /* [49, CP2] */
    float *da2;    /* [49, CP2] */
    int32_t *arg2; /* [49, CP2] */
    float *part;   /* [10, CP2] */
    /* Simulated quantisation, like a1 and a2: v / scale or, where that is too large, 0; and da's factor in dscale. */
    float *pass1, *slope1, *pass2, *slope2;
};

/* Simulated quantisation of a1 and a2: to whole multiples of a scale, at most `max` of them. */
struct eo_train_rounding {
    float scale1, scale2, max; /* max at most 2^22 */
};

size_t eo_train_scratch_floats(const struct eo_train_layout *l);
void eo_train_scratch_place(const struct eo_train_layout *l, float *memory, struct eo_train_scratch *s);

struct eo_adam_step {
    float beta1, rest1;   /* rest = 1 - beta, rounded once */
    float beta2, rest2;
    float eps;
    float step_size;      /* learning rate / (1 - beta1^t) */
    float inv_sqrt_bias2; /* 1 / sqrt(1 - beta2^t) */
    float keep;           /* 1 - learning rate * weight decay; 1 for biases */
};

/* The next step: powers[2] are beta1^t and beta2^t so far, 1 and 1 before the first; betas and eps as in trainer.h. */
struct eo_adam_step eo_adam_step_next(double powers[2], double learning_rate, double weight_decay);

struct eo_train_ops {
    /* x of `s` is filled; writes a1, arg1, a2, arg2 and the ten logits. `rounding` may be NULL. */
    void (*forward)(const struct eo_train_layout *l, const float *params, const float *w2f,
                    const struct eo_train_rounding *rounding, struct eo_train_scratch *s, float logits[10]);
    /*
     * Adds the image's gradients to `grad`, a block of gradients, from dz (gradient of the loss by the logits).
     * `is_rounded`: the forward pass had a rounding.
     */
    void (*backward)(const struct eo_train_layout *l, const float *params, int is_rounded, struct eo_train_scratch *s,
                     const float dz[10], float *grad);
    /* sum[i] = grads[0][i] + grads[1][i] + ... for i in begin..end, multiples of 16; blocks lie `stride` apart. */
    void (*reduce)(const float *grads, size_t stride, int blocks, size_t begin, size_t end, float *sum);
    /*
     * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g g;
     * p = keep p - step_size m / (sqrt(v) inv_sqrt_bias2 + eps); in begin..end, multiples of 16
     */
    void (*adam)(const struct eo_adam_step *step, size_t begin, size_t end, const float *grad, float *m, float *v,
                 float *p);
};

/* The table of an instruction set of this build. */
const struct eo_train_ops *eo_train_ops_get(enum eo_isa isa);

extern const struct eo_train_ops eo_train_ops_generic, eo_train_ops_neon, eo_train_ops_avx2, eo_train_ops_avx512;

#endif
