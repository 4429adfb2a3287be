/*
 * Simulated quantisation: what the integer engine will do, in the floats of training.
 *
 *   input    each grey value as the engine's table holds it: (table[p] - zero_point) * input_scale. Fixed.
 *   weights  q * scale as weight_quant.h defines it, from the weights of this step; the gradient goes to the weights as
 *            if nothing had been rounded (straight-through).
 *   biases   floats: the engine's have 32 bits.
 *   layers   what they hand on, to the grid of the engine: of SmallCNN the pooled maps to whole multiples 0..max of the
 *            next layer's input scale, kernels/train.h; of any other network each tensor of the int8 model (network.h),
 *            maps that are averaged among them, kernels/general_train.h. Zero points stay those of calibration.
 *
 * The engine still differs: it rounds the rare half upwards, its sums are exact, and both terms of an
 * addition and each average are rounded once more.
 *
 * The scales of the layers are learned, as multiples of those of calibration: scale = start * exp(x), x = 0 at
 * first. dL/dx = scale * dL/dscale; x moves by Adam at EO_FAKE_QUANT_RATE times the learning rate of the weights, in
 * double, and stays within +-ln EO_FAKE_QUANT_REACH. So a step changes a scale by a share of itself, whatever the size
 * of the activations, and no scale can vanish or turn negative. The rate is not critical: Fashion-MNIST at level 0.7,
 * ten epochs, had 89.6, 89.6, 89.8 and 89.6 % of the test images right at rates 0, 0.1, 1 and 10.
 * Sources: Esser et al. (2020), Learned step size quantization (gradient); Jain et al. (2020), Trained quantization
 * thresholds (logarithm, Adam).
 */
#ifndef EO_NN_FAKE_QUANT_H
#define EO_NN_FAKE_QUANT_H

#include "base/err.h"
#include "nn/kernels/train.h"
#include "nn/model.h"

#define EO_FAKE_QUANT_RATE 1.0
#define EO_FAKE_QUANT_REACH 4.0

/* One scale: x and Adam's two moments. */
struct eo_learned_scale {
    float start;
    double x, m, v;
};

/*
 * One step of Adam; returns the next scale. `now` is the scale, dscale dL/dscale, learning_rate that of the weights;
 * rest1 and rest2 are 1 - beta1^t and 1 - beta2^t.
 */
float eo_learned_scale_update(struct eo_learned_scale *s, double dscale, double now, double learning_rate,
                              double rest1, double rest2);

/* The state for SmallCNN. */
struct eo_fake_quant {
    float input[256];
    int is_per_tensor; /* one scale for all weights of a layer, else one per output */
    int weight_bits[EO_SMALLCNN_LAYERS];
    struct eo_train_rounding rounding;
    struct eo_learned_scale scale1, scale2; /* of the inputs of conv2 and of the classifier */
};

/* Begins with the input scales and bits of `q`, an integer model with zero points of 0 behind the input. */
int eo_fake_quant_init(struct eo_fake_quant *f, const struct eo_model *q, int is_per_tensor,
                       struct eo_err *err) EO_MUST_CHECK;

/* `params` and `out` are parameter blocks of this layout; biases are copied. Weights must be finite. */
void eo_fake_quant_weights(const struct eo_fake_quant *f, const struct eo_train_layout *l,
                           const float *params, float *out);

/* dL/dscale of both maps, from a block of gradients: the channels added in order, in double. */
void eo_fake_quant_gradients(const struct eo_train_layout *l, const float *grad, double dscale[2]);

/* One step of Adam. rest1 and rest2 are 1 - beta1^t and 1 - beta2^t. */
void eo_fake_quant_update(struct eo_fake_quant *f, const double dscale[2], double learning_rate, double rest1,
                          double rest2);

#endif
