/*
 * From grey values to what the network is fed.
 *
 * A grey value p of 0..255 enters as (p / 255 - mean) / std. The metadata input_mean and input_std hold the two;
 * both are 0.5 for the networks trained here, and in a file that names neither: then x = p / 127.5 - 1. Padding is 0
 * behind this step, as in PyTorch. This table is the one definition; kernels may compute the same bits otherwise.
 */
#ifndef EO_NN_INPUT_H
#define EO_NN_INPUT_H

#include "base/err.h"
#include "nn/model.h"

/* Bounds that keep every input far inside binary16. 1 / 255 as std stands for a network that is fed p itself. */
#define EO_INPUT_MEAN_MAX 10.0
#define EO_INPUT_STD_MIN 0.001
#define EO_INPUT_STD_MAX 1000.0

struct eo_input {
    double mean, std;
};

/* What the metadata say: 1, or 0 where they say nothing and `in` is 0.5 and 0.5. -1 where they hold no such numbers. */
int eo_input_read(const struct eo_model *m, struct eo_input *in, struct eo_err *err) EO_MUST_CHECK;

/* Sets the metadata. */
int eo_input_set(struct eo_model *m, struct eo_input in, struct eo_err *err) EO_MUST_CHECK;

/* Whether x = p / 127.5 - 1, which vectors can compute. Metadata that cannot be read (of no loaded model) count so. */
int eo_input_is_standard(const struct eo_model *m);

/*
 * x for every grey value: p / 127.5 - 1 by two roundings where that is standard, else (p / 255 - mean) / std by three,
 * all in float, as torchvision's ToTensor and Normalize do. `half` rounds it to binary16.
 */
void eo_input_table(const struct eo_model *m, int half, float table[256]);

/* Grey values per unit of x: 255 std, 127.5 where that is standard. */
double eo_input_greys(const struct eo_model *m);

#endif
