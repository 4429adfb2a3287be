#include "nn/network_fold.h"

#include <math.h>
#include <string.h>

#include "nn/model_tensors.h"

int eo_network_is_normalised(const struct eo_network *net)
{
    for (int i = 0; i < net->count; i++) {
        if (net->layer[i].batch_norm)
            return 1;
    }
    return 0;
}

void eo_network_fold(struct eo_network *net)
{
    for (int i = 0; i < net->count; i++)
        net->layer[i].batch_norm = 0;
}

static void fold_layer(const struct eo_network_layer *n, struct eo_model_layer *l)
{
    size_t terms = eo_network_terms(n);

    for (int o = 0; o < n->map.c; o++) {
        double s = (double)l->norm_scale[o] / sqrt((double)l->norm_variance[o] + EO_NORM_EPS);
        float *w = l->weight.f32 + (size_t)o * terms;

        for (size_t t = 0; t < terms; t++)
            w[t] = (float)((double)w[t] * s);
        l->bias.f32[o] = (float)((double)l->bias.f32[o] - (double)l->norm_mean[o] * s);
    }
    l->norm_scale = l->norm_mean = l->norm_variance = NULL;
}

void eo_model_fold(struct eo_model *m)
{
    for (int i = 0; i < m->network.count; i++) {
        if (m->network.layer[i].batch_norm)
            fold_layer(&m->network.layer[i], &m->layer[i]);
    }
    eo_network_fold(&m->network);
}

int eo_model_folded(const struct eo_model *m, struct eo_model *out, struct eo_err *err)
{
    struct eo_model_tensor from[EO_MODEL_TENSORS], to[EO_MODEL_TENSORS];
    size_t n;

    if (eo_model_init_network(out, EO_FP32, &m->network, err) || eo_model_meta_copy(out, m, err))
        return -1;
    n = eo_model_tensors(m, from);
    (void)eo_model_tensors(out, to);
    for (size_t i = 0; i < n; i++)
        memcpy(to[i].data, from[i].data, eo_model_tensor_size(&from[i]));
    eo_model_fold(out);
    return 0;
}
