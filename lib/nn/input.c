#include "nn/input.h"

#include "base/num.h"
#include "nn/half.h"

static const struct eo_input standard = {0.5, 0.5};

int eo_input_read(const struct eo_model *m, struct eo_input *in, struct eo_err *err)
{
    const char *mean = eo_model_meta_get(m, "input_mean"), *std = eo_model_meta_get(m, "input_std");

    *in = standard;
    if (!mean && !std)
        return 0;
    if (!mean || !std)
        return eo_err_set(err, "metadata: expected both 'input_mean' and 'input_std', found '%s' alone",
                          mean ? "input_mean" : "input_std");
    if (eo_num_parse_double(mean, -EO_INPUT_MEAN_MAX, EO_INPUT_MEAN_MAX, &in->mean, err))
        return eo_err_prefix(err, "metadata 'input_mean'");
    if (eo_num_parse_double(std, EO_INPUT_STD_MIN, EO_INPUT_STD_MAX, &in->std, err))
        return eo_err_prefix(err, "metadata 'input_std'");
    return 1;
}

int eo_input_set(struct eo_model *m, struct eo_input in, struct eo_err *err)
{
    char mean[EO_NUM_TEXT], std[EO_NUM_TEXT];

    eo_num_format_double(in.mean, mean);
    eo_num_format_double(in.std, std);
    return eo_model_meta_set(m, "input_mean", mean, err) || eo_model_meta_set(m, "input_std", std, err) ? -1
                                                                                                        : 0;
}

static struct eo_input input_of(const struct eo_model *m)
{
    struct eo_input in;

    return eo_input_read(m, &in, NULL) < 0 ? standard : in;
}

static int is_standard(struct eo_input in)
{
    return in.mean == standard.mean && in.std == standard.std;
}

int eo_input_is_standard(const struct eo_model *m)
{
    return is_standard(input_of(m));
}

void eo_input_table(const struct eo_model *m, int half, float table[256])
{
    struct eo_input in = input_of(m);
    float mean = (float)in.mean, std = (float)in.std;

    for (int p = 0; p < 256; p++) {
        float x = (float)p / (is_standard(in) ? 127.5f : 255.0f);

        x -= is_standard(in) ? 1.0f : mean;
        x /= is_standard(in) ? 1.0f : std;
        table[p] = half ? eo_half_to_float(eo_half_from_float(x)) : x;
    }
}

double eo_input_greys(const struct eo_model *m)
{
    return 255 * input_of(m).std;
}
