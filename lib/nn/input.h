/*
 * From grey values to what the network is fed.
 *
 * A grey value p of 0..255 enters as (p / 255 - mean) / std. The metadata input_mean and input_std hold the two, one
 * number for all channels of the input or one for each, as "0.485,0.456,0.406". Both are 0.5 unless the configuration
 * says otherwise, and in a file that names neither: then x = p / 127.5 - 1. Padding is 0 behind this step, as in
 * PyTorch. This table is the one definition; kernels may compute the same bits otherwise.
 */
#ifndef EO_NN_INPUT_H
#define EO_NN_INPUT_H

#include "base/err.h"
#include "nn/model.h"

/* Bounds that keep every input far inside binary16. 1 / 255 as std stands for a network that is fed p itself. */
#define EO_INPUT_MEAN_MAX EO_CONFIG_INPUT_MEAN_MAX
#define EO_INPUT_STD_MIN EO_CONFIG_INPUT_STD_MIN
#define EO_INPUT_STD_MAX EO_CONFIG_INPUT_STD_MAX
#define EO_INPUT_CHANNELS EO_CONFIG_LIST_MAX /* that can have numbers of their own */

struct eo_input {
    int count; /* 1: the first numbers are those of all channels; else the channels of the input */
    double mean[EO_INPUT_CHANNELS], std[EO_INPUT_CHANNELS];
};

/*
 * What the metadata say: 1, or 0 where they say nothing and `in` is 0.5 and 0.5. -1 where they hold no such numbers, or
 * neither one nor as many as the input of the network has channels.
 */
int eo_input_read(const struct eo_model *m, struct eo_input *in, struct eo_err *err) EO_MUST_CHECK;

/*
 * From lists of numbers for an input of `channels`: each has one number for all of them, or one for each. `names` is
 * how messages call the two.
 */
int eo_input_make(struct eo_input *in, const double *mean, int means, const double *std, int stds,
                  int channels, const char *const names[2], struct eo_err *err) EO_MUST_CHECK;

/* The same from text: numbers with commas between them. */
int eo_input_parse(struct eo_input *in, const char *mean, const char *std, int channels,
                   const char *const names[2], struct eo_err *err) EO_MUST_CHECK;

/* Sets the metadata. Numbers that are the same for all channels are written once. */
int eo_input_set(struct eo_model *m, const struct eo_input *in, struct eo_err *err) EO_MUST_CHECK;

int eo_input_is_equal(const struct eo_input *a, const struct eo_input *b);

/* Whether x = p / 127.5 - 1, which vectors can compute. Metadata that cannot be read (of no loaded model) count so. */
int eo_input_is_standard(const struct eo_model *m);

/* How many tables there are: 1 for all channels, or one for each. At most EO_INPUT_CHANNELS. */
int eo_input_tables(const struct eo_model *m);

/*
 * x for every grey value of table 0..eo_input_tables() - 1: p / 127.5 - 1 by two roundings where that is standard, else
 * (p / 255 - mean) / std by three, all in float, as torchvision's ToTensor and Normalize do. `half` rounds it to
 * binary16.
 */
void eo_input_table(const struct eo_model *m, int table, int half, float x[256]);

/* Grey values per unit of x: 255 std, 127.5 where that is standard. Of the first channel. */
double eo_input_greys(const struct eo_model *m);

#endif
