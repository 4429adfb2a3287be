#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "nn/half.h"
#include "nn/input.h"
#include "nn/model_tensors.h"

static int check_finite(const struct eo_model_tensor *f, struct eo_err *err)
{
    const uint16_t *halves = f->data;
    const float *floats = f->data;

    for (size_t i = 0; i < f->count; i++) {
        float x = f->dtype == EO_ST_F32 ? floats[i] : f->dtype == EO_ST_F16 ? eo_half_to_float(halves[i]) : 0;

        if (!isfinite(x))
            return eo_err_set(err, "tensor '%s': element %zu: expected a finite number, found %s", f->name, i,
                              isnan(x) ? "nan"
                              : x > 0  ? "inf"
                                       : "-inf");
    }
    return 0;
}

/* Of batch normalisation. */
static int check_variances(const struct eo_model *m, int layer, struct eo_err *err)
{
    const struct eo_network_layer *n = &m->network.layer[layer];

    for (int o = 0; n->batch_norm && o < n->map.c; o++) {
        if (m->layer[layer].norm_variance[o] < 0)
            return eo_err_set(
                err, "tensor '%s.batch_norm.running_var': element %d: expected a number from 0, found %g",
                n->name, o, (double)m->layer[layer].norm_variance[o]);
    }
    return 0;
}

/* Which tensors of the file hold the scale and zero point of a tensor of the network: 'conv2.input_scale'. */
struct grid_name {
    const char *layer, *what;
};

static struct grid_name grid_name(const struct eo_model *m, int tensor)
{
    int source = tensor - 1, user;

    if (source >= EO_NETWORK_LAYERS)
        return (struct grid_name){m->network.layer[source - EO_NETWORK_LAYERS].name, "map"};
    user = eo_network_first_user(&m->network, source);
    if (user == EO_NETWORK_NONE)
        return (struct grid_name){m->network.layer[source].name, "output"};
    return (struct grid_name){m->network.layer[user].name, "input"};
}

static int check_grid(const struct eo_model *m, int tensor, struct eo_err *err)
{
    struct eo_model_grid grid = eo_model_grid(m, tensor);
    int top = eo_backend_activation_max(m->backend);
    struct grid_name name = grid_name(m, tensor);

    if (!(grid.scale > 0))
        return eo_err_set(err, "tensor '%s.%s_scale': expected a number above 0, found %g", name.layer,
                          name.what, (double)grid.scale);
    if (grid.zero_point < 0 || grid.zero_point > top)
        return eo_err_set(err, "tensor '%s.%s_zero_point': expected 0..%d (%s), found %" PRId32, name.layer,
                          name.what, top, eo_backend_name(m->backend), grid.zero_point);
    return 0;
}

static int check_scales(const struct eo_model *m, int layer, struct eo_err *err)
{
    const struct eo_model_layer *l = &m->layer[layer];
    int tensor = eo_network_output_tensor(m->network.layer[layer].from);
    struct eo_model_grid in = eo_model_grid(m, tensor);
    const char *name = m->network.layer[layer].name;

    for (int i = 0; i < m->network.layer[layer].map.c; i++) {
        if (!(l->weight_scale[i] > 0))
            return eo_err_set(err,
                              "tensor '%s.weight_scale': element %d: expected a number above 0, found %g",
                              name, i, (double)l->weight_scale[i]);
    }
    if (!(l->input_scale >= in.scale && l->input_scale <= in.scale) || l->input_zero_point != in.zero_point)
        return eo_err_set(
            err,
            "tensors '%s.input_scale' and '%s.input_zero_point': expected those of '%s', whose input "
            "is the same, %.9g and %" PRId32 ", found %.9g and %" PRId32,
            name, name, grid_name(m, tensor).layer, (double)in.scale, in.zero_point, (double)l->input_scale,
            l->input_zero_point);
    return 0;
}

/* What is added to a scaled sum: at most 255 steps of a scale that is less than 256 times as large, or a zero point. */
#define ADDED_MAX (1 << 16)

static int check_accumulators(const struct eo_model *m, int layer, struct eo_err *err)
{
    const struct eo_model_layer *l = &m->layer[layer];
    const struct eo_network_layer *n = &m->network.layer[layer];
    size_t terms = eo_network_terms(n);
    int64_t reach = eo_backend_activation_max(m->backend) + l->input_zero_point;

    for (size_t o = 0; o < (size_t)n->map.c; o++) {
        int64_t bound = llabs((long long)l->bias.s32[o]);

        for (size_t t = 0; t < terms; t++)
            bound += reach * abs(l->weight.s8[o * terms + t]);
        bound +=
            layer + 1 < m->network.count && (n->add != EO_NETWORK_NONE || !n->activation) ? ADDED_MAX : 0;
        if (bound > INT32_MAX)
            return eo_err_set(err,
                              "tensor '%s.bias': element %zu: its accumulator may reach %lld, beyond 32 bits",
                              n->name, o, (long long)bound);
    }
    return 0;
}

/* nn/requant.h wants factors below 1. `what` is the product whose quotient with the scale of `to` the factor is. */
static int check_factor(const struct eo_model *m, const char *what, double product, int to,
                        struct eo_err *err)
{
    double factor = product / (double)eo_model_grid(m, to).scale;
    struct grid_name name = grid_name(m, to);

    if (factor > 0 && factor < 1)
        return 0;
    return eo_err_set(err, "%s / %s_scale of '%s' is %g, expected a factor above 0 and below 1", what,
                      name.what, name.layer, factor);
}

/* All that are written by a layer but the last one. */
static int check_factors(const struct eo_model *m, int layer, struct eo_err *err)
{
    const struct eo_model_layer *l = &m->layer[layer];
    const struct eo_network_layer *n = &m->network.layer[layer];
    int map = eo_network_map_tensor(&m->network, layer), averaged = eo_network_averaged(n);

    for (int o = 0; o < n->map.c; o++) {
        if (check_factor(m, "input_scale * weight_scale", (double)l->input_scale * (double)l->weight_scale[o],
                         map, err))
            return eo_err_prefix(err, "'%s': output %d", n->name, o);
    }
    if (n->add != EO_NETWORK_NONE &&
        check_factor(m, "scale of the added map / 256",
                     (double)eo_model_grid(m, eo_network_output_tensor(n->add)).scale / 256, map, err))
        return eo_err_prefix(err, "'%s'", n->name);
    if (averaged && check_factor(m, "map_scale / size of the window", (double)l->map.scale / averaged,
                                 eo_network_output_tensor(layer), err))
        return eo_err_prefix(err, "'%s'", n->name);
    return 0;
}

/* Which a file cannot break, but a caller that fills the model. */
static int check_range(const struct eo_model *m, int layer, struct eo_err *err)
{
    size_t n = eo_network_weights(&m->network.layer[layer]);
    int levels = 1 << m->layer[layer].weight_bits;

    for (size_t i = 0; i < n; i++) {
        int w = m->layer[layer].weight.s8[i];

        if (w < -levels / 2 || w >= levels / 2)
            return eo_err_set(err, "tensor '%s.weight': element %zu: expected %d..%d, found %d",
                              m->network.layer[layer].name, i, -levels / 2, levels / 2 - 1, w);
    }
    return 0;
}

static int check_integers(const struct eo_model *m, struct eo_err *err)
{
    for (int t = 0; t < EO_NETWORK_TENSORS; t++) {
        if (eo_network_has_tensor(&m->network, t) && check_grid(m, t, err))
            return -1;
    }
    for (int l = 0; l < m->network.count; l++) {
        if (check_range(m, l, err) || check_scales(m, l, err) || check_accumulators(m, l, err) ||
            (l + 1 < m->network.count && check_factors(m, l, err)))
            return -1;
    }
    return 0;
}

static int check_metadata(const struct eo_model *m, struct eo_err *err)
{
    const char *level_text = eo_model_meta_get(m, "pruning_level");
    const char *seed_text = eo_model_meta_get(m, "seed"),
               *criterion_text = eo_model_meta_get(m, "pruning_criterion");
    int index[EO_MAX_C1 > EO_MAX_C2 ? EO_MAX_C1 : EO_MAX_C2];
    enum eo_criterion criterion;
    struct eo_level level;
    struct eo_input input;
    uint64_t seed;

    if (eo_input_read(m, &input, err) < 0)
        return -1;
    if (seed_text && eo_num_parse_u64(seed_text, 0, UINT64_MAX, &seed, err))
        return eo_err_prefix(err, "metadata 'seed'");
    if (level_text && eo_level_read(level_text, &level, err))
        return eo_err_prefix(err, "metadata 'pruning_level'");
    if (level_text && eo_network_is_smallcnn(&m->network) && level.count >= EO_SMALLCNN_LAYERS)
        return eo_err_set(
            err, "metadata 'pruning_level': expected one share, or two with an 'x' between, found %d",
            level.count);
    if (criterion_text && strcmp(criterion_text, eo_criterion_name(EO_CRITERION_NONE)) != 0 &&
        eo_criterion_parse(criterion_text, &criterion, err))
        return eo_err_prefix(err, "metadata 'pruning_criterion'");
    if (!eo_network_is_smallcnn(&m->network))
        return 0;
    return eo_model_kept(m, EO_CONV1, index, err) || eo_model_kept(m, EO_CONV2, index, err) ? -1 : 0;
}

int eo_model_check(const struct eo_model *m, struct eo_err *err)
{
    struct eo_model_tensor f[EO_MODEL_TENSORS];
    size_t n = eo_model_tensors(m, f);

    for (size_t i = 0; i < n; i++) {
        if (check_finite(&f[i], err))
            return -1;
    }
    for (int l = 0; l < m->network.count; l++) {
        if (check_variances(m, l, err))
            return -1;
    }
    if (eo_precision_is_integer(m->precision) && check_integers(m, err))
        return -1;
    return check_metadata(m, err);
}
