/*
 * The constants of an int8 model as generated code takes them.
 *
 * Activations in maps have their zero point subtracted, so that 0 stands for the border and for all that ReLU removes.
 * The image enters with its zero point, which is subtracted in the biases of the first layer. Channels of both
 * convolutions are numbered consecutively. A channel's sum, with its bias, becomes the activation
 *
 *     0 where sum <= 0, else
 *     min(((high(sum << up, multiplier) >> shift) + 1) >> 1, limit)
 *
 * where high() is the upper half of the product of two uint32_t. With a multiplier m and a shift s of requant.h it is
 * exact: the rounding constant 2^(s - 1) is a multiple of 2^32 when s >= 33, and a shift of 31 or 32 is raised to 33 by
 * doubling the multiplier, the sum (`up`), or both.
 */
#ifndef EO_STAGE_EXPORT_NUMBERS_H
#define EO_STAGE_EXPORT_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nn/model.h"

#define EO_NUMBERS_CHANNELS (EO_MAX_C1 + EO_MAX_C2)

struct eo_numbers {
    int32_t bias[EO_NUMBERS_CHANNELS];
    uint32_t multiplier[EO_NUMBERS_CHANNELS];
    uint8_t shift[EO_NUMBERS_CHANNELS]; /* 0..30 */
    int up;                             /* 0 or 1 */
    int limit[2];   /* largest activation that leaves a convolution, less the zero point */
    int input_zero; /* what stands for 0 in the image */
    int activation_max;
    uint8_t input[256]; /* of each grey value */
    /* input[p] = (p * input_factor + input_offset) >> 16 where `input_is_linear`. */
    int32_t input_factor, input_offset;
    int input_is_linear;
    int32_t score_bias[10], score_multiplier[10];
    uint8_t score_shift[10];
    double score_scale;
};

int eo_numbers_make(struct eo_numbers *n, const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;

/*
 * Weights of 4 bits, `rows` times `length` of them, in words of eight: of a word's four bytes the lower halves are the
 * first four weights, the upper halves the others, so that one mask takes four out. Each row begins with a word; the
 * weights behind its last one are 0. Returns the number of words.
 */
size_t eo_numbers_pack(const int8_t *weight, size_t rows, size_t length, uint32_t *to);

/* The classifier's weights [10, 49 c2] in the order in which they are unpacked: [c2, 7 rows, 10, 7 columns]. */
void eo_numbers_by_row(const int8_t *weight, const struct eo_shape *shape, int8_t *to);

/* Kernels [c2, c1, 3, 3] with the channels of a pixel together: [c2, 3, 3, c1]. */
void eo_numbers_by_pixel(const int8_t *weight, const struct eo_shape *shape, int8_t *to);

/*
 * Kernels of the first layer [c1, 3, 3] as five words of two 16-bit weights each: columns 0 and 2 of the three rows,
 * then column 1 of rows 0 and 1, and of row 2. Of two weights the first one is the lower half.
 */
void eo_numbers_first_pairs(const int8_t *weight, int c1, uint32_t *to);

/*
 * Kernels [c2, c1, 3, 3] by tap and pair of channels, two pairs in the four bytes of a word, so that SXTB16 of the word
 * gives one pair and of the word rotated by 8 the other. eo_numbers_pair_words() a kernel; 0 where there is no channel.
 */
int eo_numbers_pair_words(const struct eo_shape *shape);
void eo_numbers_pairs(const int8_t *weight, const struct eo_shape *shape, uint32_t *to);

/*
 * The same kernels for Winograd's F(2x2, 3x3): (2 G) g (2 G)^T, where 2 G has the rows (2 0 0), (1 1 1), (1 -1 1),
 * (0 0 2). This is four times the usual transform and has no fractions. With `in_pairs` as [c2, 16, c1], where c1 and
 * c2 are rounded up to even, with 0 for channels that do not exist; otherwise, for plain C, as [c2, c1, 16].
 * Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016).
 */
void eo_numbers_winograd(const int8_t *weight, const struct eo_shape *shape, int in_pairs, int16_t *to);

#endif
