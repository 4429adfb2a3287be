#include "nn/input.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "nn/half.h"

static const struct eo_input standard = {1, {0.5}, {0.5}};

/* One number stands for all `count` of them. */
static void spread(double out[EO_INPUT_CHANNELS], const double *list, int n, int count)
{
    for (int c = 0; c < count; c++)
        out[c] = list[n == 1 ? 0 : c];
}

int eo_input_make(struct eo_input *in, const double *mean, int means, const double *std, int stds,
                  int channels, const char *const names[2], struct eo_err *err)
{
    const int count[2] = {means, stds};

    for (int i = 0; i < 2; i++) {
        if (count[i] != 1 && count[i] != channels)
            return eo_err_set(err, "%s: expected 1 number, or 1 for each channel of the input (%d), found %d",
                              names[i], channels, count[i]);
    }
    in->count = means > stds ? means : stds;
    spread(in->mean, mean, means, in->count);
    spread(in->std, std, stds, in->count);
    return 0;
}

/* Reads numbers with commas between them: how many, or -1. */
static int parse_list(const char *text, double min, double max, double out[EO_INPUT_CHANNELS],
                      struct eo_err *err)
{
    for (int n = 0;;) {
        size_t length = strcspn(text, ",");
        char one[64];

        if (n == EO_INPUT_CHANNELS)
            return eo_err_set(err, "expected at most %d numbers, found more", EO_INPUT_CHANNELS);
        snprintf(one, sizeof(one), "%.*s", (int)(length < sizeof(one) ? length : sizeof(one)), text);
        if (eo_num_parse_double(one, min, max, &out[n++], err))
            return -1;
        if (!text[length])
            return n;
        text += length + 1;
    }
}

int eo_input_parse(struct eo_input *in, const char *mean, const char *std, int channels,
                   const char *const names[2], struct eo_err *err)
{
    double mean_list[EO_INPUT_CHANNELS], std_list[EO_INPUT_CHANNELS];
    int means = parse_list(mean, -EO_INPUT_MEAN_MAX, EO_INPUT_MEAN_MAX, mean_list, err), stds;

    if (means < 0)
        return eo_err_prefix(err, "%s", names[0]);
    stds = parse_list(std, EO_INPUT_STD_MIN, EO_INPUT_STD_MAX, std_list, err);
    if (stds < 0)
        return eo_err_prefix(err, "%s", names[1]);
    return eo_input_make(in, mean_list, means, std_list, stds, channels, names, err);
}

/* A model that is not loaded yet has a network without an input. */
static int channels_of(const struct eo_model *m)
{
    return m->network.input.c > 0 ? m->network.input.c : 1;
}

int eo_input_read(const struct eo_model *m, struct eo_input *in, struct eo_err *err)
{
    static const char *const names[] = {"metadata 'input_mean'", "metadata 'input_std'"};
    const char *mean = eo_model_meta_get(m, "input_mean"), *std = eo_model_meta_get(m, "input_std");

    *in = standard;
    if (!mean && !std)
        return 0;
    if (!mean || !std)
        return eo_err_set(err, "metadata: expected both 'input_mean' and 'input_std', found '%s' alone",
                          mean ? "input_mean" : "input_std");
    return eo_input_parse(in, mean, std, channels_of(m), names, err) ? -1 : 1;
}

/* One number where all are equal. */
static void put_list(const double *list, int count, struct eo_buf *out)
{
    int n = 1;

    for (int c = 1; c < count; c++)
        n = list[c] != list[0] ? count : n;
    for (int c = 0; c < n; c++) {
        char number[EO_NUM_TEXT];

        eo_num_format_double(list[c], number);
        eo_buf_printf(out, "%s%s", c ? "," : "", number);
    }
    eo_buf_append(out, "", 1);
}

int eo_input_set(struct eo_model *m, const struct eo_input *in, struct eo_err *err)
{
    struct eo_buf mean = {0}, std = {0};
    int rc;

    put_list(in->mean, in->count, &mean);
    put_list(in->std, in->count, &std);
    rc = eo_buf_check(&mean, err) || eo_buf_check(&std, err) ||
         eo_model_meta_set(m, "input_mean", mean.data, err) ||
         eo_model_meta_set(m, "input_std", std.data, err);
    eo_buf_release(&mean);
    eo_buf_release(&std);
    return rc ? -1 : 0;
}

static double number_of(const double *list, int count, int channel)
{
    return list[count == 1 ? 0 : channel];
}

int eo_input_is_equal(const struct eo_input *a, const struct eo_input *b)
{
    int count = a->count > b->count ? a->count : b->count;

    for (int c = 0; c < count; c++) {
        if (number_of(a->mean, a->count, c) != number_of(b->mean, b->count, c) ||
            number_of(a->std, a->count, c) != number_of(b->std, b->count, c))
            return 0;
    }
    return 1;
}

static struct eo_input input_of(const struct eo_model *m)
{
    struct eo_input in;

    return eo_input_read(m, &in, NULL) < 0 ? standard : in;
}

int eo_input_is_standard(const struct eo_model *m)
{
    struct eo_input in = input_of(m);

    return eo_input_is_equal(&in, &standard);
}

int eo_input_tables(const struct eo_model *m)
{
    return input_of(m).count;
}

void eo_input_table(const struct eo_model *m, int table, int half, float x[256])
{
    struct eo_input in = input_of(m);
    float mean = (float)in.mean[table], std = (float)in.std[table];
    int is_standard = eo_input_is_equal(&in, &standard);

    for (int p = 0; p < 256; p++) {
        float v = (float)p / (is_standard ? 127.5f : 255.0f);

        v -= is_standard ? 1.0f : mean;
        v /= is_standard ? 1.0f : std;
        x[p] = half ? eo_half_to_float(eo_half_from_float(v)) : v;
    }
}

double eo_input_greys(const struct eo_model *m)
{
    return 255 * input_of(m).std[0];
}
