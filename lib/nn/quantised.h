/*
 * The constants of an int8 model that do not depend on the instruction set: what the tensors of the file mean to a
 * kernel that computes with integers alone.
 *
 * Factors are computed in double, in the order written; requant.h says what scaled() is. S is the scale of the tensor
 * that is written (eo_model_grid()), q its value, z its zero point:
 *
 *     input        q = clamp(rint(x / S) + z, 0, qmax), in float, x by input.h: tables of 256 entries
 *     map          r = scaled(acc), factor of output o = input_scale * weight_scale[o] / S
 *       add        r += scaled(256 (a - z_a)), factor = S_a / (256 S), a the other map's value
 *                  q = z + clamp(r, low, high); low = 0 with an activation, else -z; high = qmax - z, and with ReLU6
 *                  at most rint(6 / S)
 *     max          the largest q of the window: requantisation keeps the order, so it may be taken of sums as well
 *     average      q = z + clamp(scaled(sum of (map - z_map)), -z, qmax - z), factor = S_map / (n S) for a window of n
 *     mean         the same over the whole map
 *     score        scaled(acc), factor of class k = weight_scale[k] / largest weight_scale; 1 becomes
 *                  (2^31 - 1) / 2^31, which leaves every accumulator below 2^30 in magnitude as it is. One step of
 *                  all classes is score_scale = input_scale * (largest weight_scale)
 */
#ifndef EO_NN_QUANTISED_H
#define EO_NN_QUANTISED_H

#include <stdint.h>

#include "base/err.h"
#include "nn/input.h"
#include "nn/model.h"
#include "nn/requant.h"

/* What a scaled sum becomes: zero + clamp(r, low, high), in 0..qmax. */
struct eo_s8_range {
    int32_t zero, low, high;
};

static inline uint8_t eo_s8_clamp(const struct eo_s8_range *range, int32_t r)
{
    return (uint8_t)(range->zero + (r < range->low ? range->low : r > range->high ? range->high : r));
}

struct eo_s8_layer {
    int32_t zero_point;        /* of the input */
    struct eo_requant *factor; /* [outputs] */
    struct eo_requant add;     /* of 256 (a - z_a), where a map is added */
    int32_t added[256];        /* what each value of that map counts for; 0 without one */
    struct eo_s8_range map;    /* not for the last layer */
    struct eo_requant average; /* average and mean alone */
    struct eo_s8_range out;    /* the same as `map` without them */
};

struct eo_s8_network {
    int tables; /* of the input: 1, or one for each channel */
    uint8_t input_table[EO_INPUT_CHANNELS][256];
    int32_t qmax;
    double score_scale;
    struct eo_requant *factors; /* the one allocation */
    struct eo_s8_layer layer[EO_NETWORK_LAYERS];
};

/*
 * Fails when a factor is not below 1: such a model cannot be run with integers. Large: not for the stack. Release also
 * after failure.
 */
int eo_s8_network_init(struct eo_s8_network *n, const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;
void eo_s8_network_release(struct eo_s8_network *n);

/* The score_scale alone. */
double eo_s8_score_scale(const struct eo_model *m);

/* The same constants of SmallCNN, for the kernels of that network. */
struct eo_s8_params {
    uint8_t input_table[256];
    int32_t zero_point[EO_SMALLCNN_LAYERS]; /* of each layer's input */
    int32_t qmax;
    struct eo_requant conv1[EO_MAX_C1];
    struct eo_requant conv2[EO_MAX_C2];
    struct eo_requant classifier[EO_CLASSES];
    double score_scale;
};

/* Fails as eo_s8_network_init(). */
int eo_s8_params_init(struct eo_s8_params *p, const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;

#endif
