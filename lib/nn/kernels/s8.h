/*
 * What the int8 kernels of all instruction sets share: the packed model and its buffers.
 *
 * Every kernel multiplies words of four neighbouring u8 activations with words of four s8 weights. There are two
 * paths with the same results (sums of integers do not depend on their order):
 *
 *   batch   lanes are images, L = S8_VL of them side by side; a weight word is the same for all lanes.
 *           input  [30][14][L][4]       row and column block: four pixels, the columns 2 X - 1 .. 2 X + 2
 *           pool1  [G1][16][16][L][4]   G1 = ceil(c1 / 4) groups of channels, with a border
 *           pool2  [G2][49][L][4]
 *   single  lanes are output channels (or classes), L at a time; an activation word is the same for all lanes.
 *           input  [30][32]             with a border
 *           pool1  [P1][16][16][16]     P1 = ceil(c1 / 16) planes of 16 channels, with a border
 *           pool2  [P2][49][16]
 *
 * Borders hold the zero point of their layer, and its product with the weights is taken off the bias once, so that
 * padding costs nothing inside. A row of conv1's weights is a word of three and a zero, at the left for the left
 * positions of a pooling window, at the right for the others: both read the same input words. Channels and classes
 * that fill up a group or a vector have weights, biases and multipliers of zero.
 *
 * The largest of a window's four sums is found before the requantisation, which is monotone and so commutes with it.
 */
#ifndef EO_NN_KERNELS_S8_H
#define EO_NN_KERNELS_S8_H

#include <stddef.h>
#include <stdint.h>

#include "nn/engine.h"
#include "nn/quantised.h"

/* How a word of four weights lies in memory; see simd_s8.h for which set wants which. */
enum eo_s8_words {
    EO_S8_WORDS_S8,         /* s8 w0 w1 w2 w3 */
    EO_S8_WORDS_S16,        /* s16 w0 w1 w2 w3 */
    EO_S8_WORDS_S16_SPLIT,  /* s16 w0 w2 w1 w3; in a vector, all pairs w0 w2, then all pairs w1 w3 */
    EO_S8_WORDS_S16_PLANES  /* s16 w0 w1 w2 w3; in a vector, all w0, then all w1, ... */
};

/* A requantisation as its three numbers: (x * multiplier + round) >> shift. */
struct eo_s8_factor {
    int64_t multiplier, round, shift;
};

struct eo_s8_net;

struct eo_s8_kernels {
    int lanes; /* L */
    enum eo_s8_words words;
    int single_max; /* up to this many images left over run one by one */
    /* n images, 1 <= n <= L; scores [n, 10] */
    void (*batch)(const struct eo_s8_net *net, const uint8_t *pixels, int n, union eo_score *scores);
    void (*single)(const struct eo_s8_net *net, const uint8_t *pixels, union eo_score scores[EO_CLASSES]);
    /*
     * The requantisation alone, for tests: zero + clamp(scaled(acc), 0, limit) for acc [4, L]. quads [L, 4]: as the
     * batch path does it, with factor[c] for acc[c]; rows [4, L]: as the single path does it, with factor[l] for lane
     * l.
     */
    void (*requantise)(const int32_t *acc, const struct eo_s8_factor *factor, int limit, int zero, uint8_t *quads,
                       uint8_t *rows);
};

struct eo_s8_conv {
    int groups, vectors;         /* of output channels: ceil(oc / 4), ceil(oc / L) */
    void *words, *word_vectors;  /* batch: conv1 [groups][4][2][3], conv2 [groups][G1][9][4]; */
                                 /* single: conv1 [V1][2][3][L], conv2 [V2][G1][9][L] */
    int32_t *bias;               /* less zero point * sum of weights; [round_up(oc, 16)] */
    struct eo_s8_factor *factor; /* [groups * 4] */
    int64_t *lane_factors;       /* [vectors][multiplier, round, shift][even, odd lanes][L / 2] */
    int limit, next_zero_point;  /* an output is next_zero_point + clamp(scaled(acc), 0, limit) */
};

/*
 * The input table as arithmetic, which vectors can do: table[p] = clamp((p * slope + offset) >> 20, low, high) -
 * EO_S8_LINE_BASE for every grey value p; or `ok` is 0 and the table itself has to be used.
 */
struct eo_s8_line {
    int ok;
    uint32_t slope, offset, low, high;
};
#define EO_S8_LINE_BASE 512 /* keeps it all positive */

struct eo_s8_net {
    const struct eo_s8_kernels *kernels;
    struct eo_s8_params params;
    struct eo_s8_line line;
    struct eo_shape shape;
    struct eo_s8_conv conv1, conv2;
    void *linear_words;   /* batch: [G2][49][10] */
    void *linear_vectors; /* single: [G2][49][ceil(10 / L)][L] */
    int32_t linear_bias[16];
    uint8_t *grey; /* quantised pixels of L images, before they are laid out as an input */
    uint8_t *batch_input, *batch_pool1, *batch_pool2;
    uint8_t *input, *pool1, *pool2;
    size_t buffer_bytes;
    void *memory; /* all of the above */
    struct eo_marker marker;
};

/* struct eo_engine_ops for a set of kernels. prepare needs the kernels, so each set wraps it. */
void *eo_s8_prepare(const struct eo_model *m, const struct eo_s8_kernels *kernels, struct eo_err *err) EO_MUST_CHECK;
void eo_s8_release(void *state);
void eo_s8_run(void *state, const uint8_t *pixels, int n, union eo_score *scores);
size_t eo_s8_workspace(const void *state);
void eo_s8_set_marker(void *state, struct eo_marker marker);

/* Word number i of an array that is read by sw_set1(). */
void eo_s8_put_word(enum eo_s8_words kind, void *words, size_t i, const int8_t w[4]);

/* Lane `lane` of vector number i, of `lanes` words, of an array that is read by sw_load(). */
void eo_s8_put_lane(enum eo_s8_words kind, int lanes, void *vectors, size_t i, int lane, const int8_t w[4]);

/* As the numbers of eo_s8_factor, and for L lanes at once as sv_scale() wants them. */
struct eo_s8_factor eo_s8_factor_make(struct eo_requant rq);
void eo_s8_lane_factors(const struct eo_s8_factor *factor, int lanes, int64_t *out);

/* The sets. That of AVX2 takes activations up to 127, the wide one any. NULL in a build without the set. */
const struct eo_s8_kernels *eo_s8_kernels_generic(void);
const struct eo_s8_kernels *eo_s8_kernels_neon(void);
const struct eo_s8_kernels *eo_s8_kernels_avx2(void);
const struct eo_s8_kernels *eo_s8_kernels_avx2_wide(void);
const struct eo_s8_kernels *eo_s8_kernels_avx512(void);

#endif
