#include "stage/quant/quant.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "nn/half.h"
#include "nn/network_fold.h"
#include "nn/weight_quant.h"
#include "stage/quant/grid.h"

int eo_quant_check_dataset(const struct eo_model *m, const char *train_sha256, struct eo_err *err)
{
    const char *trained_on = eo_model_meta_get(m, "dataset_sha256");

    if (trained_on && strcmp(trained_on, train_sha256) != 0)
        return eo_err_set(
            err,
            "'dataset_sha256': the model was trained on data set %.16s..., the calibration images "
            "are from %.16s...",
            trained_on, train_sha256);
    return 0;
}

static int outputs_of(const struct eo_model *m, int l)
{
    return m->network.layer[l].map.c;
}

static int check_finite(const float *x, size_t n, struct eo_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return eo_err_set(err, "value %zu: expected a finite number, found %g", i, (double)x[i]);
    }
    return 0;
}

/* Checks the source and makes `out` an empty model of the same shape with the same metadata. */
static int begin(const struct eo_model *m, enum eo_precision precision, struct eo_model *out,
                 struct eo_err *err)
{
    memset(out, 0, sizeof(*out));
    if (eo_calibration_check_model(m, err))
        return -1;
    if (eo_network_is_normalised(&m->network))
        return eo_err_set(err, "expected folded batch normalisation, found it beside the weights");
    for (int l = 0; l < m->network.count; l++) {
        const char *name = m->network.layer[l].name;

        if (check_finite(m->layer[l].weight.f32, eo_network_weights(&m->network.layer[l]), err))
            return eo_err_prefix(err, "tensor '%s.weight'", name);
        if (check_finite(m->layer[l].bias.f32, (size_t)outputs_of(m, l), err))
            return eo_err_prefix(err, "tensor '%s.bias'", name);
    }
    if (eo_model_init_network(out, precision, &m->network, err))
        return -1;
    return eo_model_meta_copy(out, m, err);
}

int eo_quant_copy(const struct eo_model *m, struct eo_model *out, struct eo_err *err)
{
    if (begin(m, EO_FP32, out, err))
        return -1;
    for (int l = 0; l < m->network.count; l++) {
        memcpy(out->layer[l].weight.f32, m->layer[l].weight.f32,
               eo_network_weights(&m->network.layer[l]) * sizeof(float));
        memcpy(out->layer[l].bias.f32, m->layer[l].bias.f32, (size_t)outputs_of(m, l) * sizeof(float));
    }
    return 0;
}

static int halves(uint16_t *out, const float *in, size_t n, struct eo_err *err)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = eo_half_from_float(in[i]);
        if ((out[i] & 0x7c00) == 0x7c00)
            return eo_err_set(err, "value %zu: expected a magnitude of at most 65504 for fp16, found %g", i,
                              (double)in[i]);
    }
    return 0;
}

int eo_quant_fp16(const struct eo_model *m, struct eo_model *out, struct eo_err *err)
{
    if (begin(m, EO_FP16, out, err))
        return -1;
    for (int l = 0; l < m->network.count; l++) {
        const char *name = m->network.layer[l].name;

        if (halves(out->layer[l].weight.f16, m->layer[l].weight.f32, eo_network_weights(&m->network.layer[l]),
                   err))
            return eo_err_prefix(err, "tensor '%s.weight'", name);
        if (halves(out->layer[l].bias.f16, m->layer[l].bias.f32, (size_t)outputs_of(m, l), err))
            return eo_err_prefix(err, "tensor '%s.bias'", name);
    }
    return 0;
}

/* The smallest scale at which n biases fit, with room for the rounding of the scale itself. */
static double scale_for_biases(const float *bias, size_t n, float input_scale)
{
    return (double)eo_weight_magnitude(bias, n, 0) / (double)input_scale / (EO_QUANT_BIAS_MAX - 4096);
}

static void quantise_weights(const struct eo_model *m, int l, const struct eo_quant_options *opt,
                             struct eo_model_layer *out)
{
    size_t terms = eo_network_terms(&m->network.layer[l]), outputs = (size_t)outputs_of(m, l);
    const float *w = m->layer[l].weight.f32, *bias = m->layer[l].bias.f32;
    int whole = eo_quant_is_per_tensor(opt), bits = out->weight_bits;

    for (size_t o = 0; o < outputs; o++) {
        size_t first = whole ? 0 : o, count = whole ? outputs : 1;

        out->weight_scale[o] =
            eo_weight_scale((double)eo_weight_magnitude(w + first * terms, count * terms, 0),
                            scale_for_biases(bias + first, count, out->input_scale), bits);
        for (size_t i = o * terms; i < (o + 1) * terms; i++)
            out->weight.s8[i] = eo_weight_quantise(w[i], out->weight_scale[o], bits);
    }
}

static void quantise_biases(const float *bias, int outputs, struct eo_model_layer *out)
{
    for (int o = 0; o < outputs; o++)
        out->bias.s32[o] =
            (int32_t)rint((double)bias[o] / ((double)out->input_scale * (double)out->weight_scale[o]));
}

/* The accumulators of a layer, in real numbers per step: the coarsest of its outputs. */
static double accumulator_unit(const struct eo_model_layer *layer, int outputs)
{
    double max = 0;

    for (int o = 0; o < outputs; o++) {
        double unit = (double)layer->input_scale * (double)layer->weight_scale[o];

        max = unit > max ? unit : max;
    }
    return max;
}

/* Chooses the grid of a tensor; `least` is that of its scale. */
struct chooser {
    const struct eo_calibration *cal;
    const struct eo_network *network;
    int qmax;
    struct eo_model_grid grid[EO_NETWORK_TENSORS];
};

static int choose(struct chooser *c, int tensor, double least, struct eo_err *err)
{
    const struct eo_quant_range *r = &c->cal->tensor[tensor];
    struct eo_grid grid = eo_grid_over(r->min, r->max, c->qmax, least);
    char name[EO_CALIBRATION_NAME];

    if (!isfinite(grid.scale))
        return eo_err_set(err,
                          "calibration: '%s': range: expected a width that float can hold, found %g to %g",
                          eo_calibration_name(c->network, tensor, name), r->min, r->max);
    c->grid[tensor] = (struct eo_model_grid){(float)grid.scale, (int32_t)grid.zero_point};
    return 0;
}

/* The grids of what layer l hands on; `unit` is that of its accumulators. Twice the least keeps factors below 1. */
static int choose_outputs(struct chooser *c, int l, double unit, struct eo_err *err)
{
    const struct eo_network_layer *layer = &c->network->layer[l];
    int map = eo_network_map_tensor(c->network, l), out = eo_network_output_tensor(l);
    double least = 2 * unit;

    if (layer->add != EO_NETWORK_NONE)
        least = fmax(least, (double)c->grid[eo_network_output_tensor(layer->add)].scale / 128);
    if (choose(c, map, least, err))
        return -1;
    return map == out ? 0 : choose(c, out, 2 * (double)c->grid[map].scale / eo_network_averaged(layer), err);
}

int eo_quant_is_per_tensor(const struct eo_quant_options *opt)
{
    return opt->granularity == EO_GRANULARITY_TENSOR ||
           (opt->granularity == EO_GRANULARITY_BACKEND && opt->backend == EO_BACKEND_QNNPACK);
}

int eo_quant_integers(const struct eo_model *m, const struct eo_calibration *cal,
                      const struct eo_quant_options *opt, struct eo_model *out, struct eo_err *err)
{
    struct chooser c = {cal, &m->network, eo_backend_activation_max(opt->backend), {{0, 0}}};

    assert(eo_precision_is_integer(opt->precision));
    if (begin(m, opt->precision, out, err) || choose(&c, eo_network_output_tensor(EO_NETWORK_INPUT), 0, err))
        return -1;
    out->backend = opt->backend;
    for (int l = 0; l < m->network.count; l++) {
        struct eo_model_grid in = c.grid[eo_network_output_tensor(m->network.layer[l].from)];
        struct eo_model_layer *layer = &out->layer[l];

        if (opt->precision == EO_MIXED)
            layer->weight_bits = opt->weight_bits[l];
        assert(layer->weight_bits == 4 || layer->weight_bits == 8);
        layer->input_scale = in.scale;
        layer->input_zero_point = in.zero_point;
        quantise_weights(m, l, opt, layer);
        quantise_biases(m->layer[l].bias.f32, outputs_of(m, l), layer);
        if (l + 1 < m->network.count && choose_outputs(&c, l, accumulator_unit(layer, outputs_of(m, l)), err))
            return -1;
        if (eo_network_first_user(&m->network, l) == EO_NETWORK_NONE)
            layer->output = c.grid[eo_network_output_tensor(l)];
        if (eo_network_averaged(&m->network.layer[l]))
            layer->map = c.grid[eo_network_map_tensor(&m->network, l)];
    }
    return eo_model_meta_set(out, "quantization_backend", eo_backend_name(opt->backend), err);
}
