#include "nn/quantised.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void fill_input_table(struct eo_s8_network *n, const struct eo_model *m, int t)
{
    struct eo_model_grid grid = eo_model_grid(m, eo_network_output_tensor(EO_NETWORK_INPUT));
    float x[256];

    eo_input_table(m, t, 0, x);
    for (int i = 0; i < 256; i++) {
        float q = rintf(x[i] / grid.scale) + (float)grid.zero_point;

        n->input_table[t][i] = q > 0 ? (uint8_t)(q < (float)n->qmax ? q : (float)n->qmax) : 0;
    }
}

static struct eo_s8_range range_of(const struct eo_network_layer *l, struct eo_model_grid grid, int32_t qmax)
{
    struct eo_s8_range r = {grid.zero_point, l->activation ? 0 : -grid.zero_point, qmax - grid.zero_point};
    double six = rint(6 / (double)grid.scale);

    if (l->activation == EO_RELU6 && six < r.high)
        r.high = (int32_t)six;
    return r;
}

static int scale_sums(struct eo_s8_layer *q, const struct eo_model *m, int l, struct eo_err *err)
{
    const struct eo_model_layer *layer = &m->layer[l];
    double scale = eo_model_grid(m, eo_network_map_tensor(&m->network, l)).scale;

    for (int o = 0; o < m->network.layer[l].map.c; o++) {
        double factor = (double)layer->input_scale * layer->weight_scale[o] / scale;

        if (eo_requant_make(factor, &q->factor[o], err))
            return eo_err_prefix(err, "layer '%s', channel %d", m->network.layer[l].name, o);
    }
    return 0;
}

static int scale_added(struct eo_s8_layer *q, const struct eo_model *m, int l, struct eo_err *err)
{
    struct eo_model_grid from, to = eo_model_grid(m, eo_network_map_tensor(&m->network, l));

    if (m->network.layer[l].add == EO_NETWORK_NONE)
        return 0;
    from = eo_model_grid(m, eo_network_output_tensor(m->network.layer[l].add));
    if (eo_requant_make((double)from.scale / (256 * (double)to.scale), &q->add, err))
        return eo_err_prefix(err, "layer '%s', addition", m->network.layer[l].name);
    for (int32_t i = 0; i < 256; i++)
        q->added[i] = eo_requant_apply(q->add, 256 * (i - from.zero_point));
    return 0;
}

static int scale_average(struct eo_s8_layer *q, const struct eo_model *m, int l, int32_t qmax,
                         struct eo_err *err)
{
    const struct eo_network_layer *layer = &m->network.layer[l];
    struct eo_model_grid map = eo_model_grid(m, eo_network_map_tensor(&m->network, l)),
                         out = eo_model_grid(m, eo_network_output_tensor(l));
    int n = eo_network_averaged(layer);

    q->out = q->map;
    if (n == 0)
        return 0;
    q->out = (struct eo_s8_range){out.zero_point, -out.zero_point, qmax - out.zero_point};
    if (eo_requant_make((double)map.scale / (n * (double)out.scale), &q->average, err))
        return eo_err_prefix(err, "layer '%s', average", layer->name);
    return 0;
}

static int init_layer(struct eo_s8_network *n, const struct eo_model *m, int l, struct eo_err *err)
{
    struct eo_s8_layer *q = &n->layer[l];

    q->map = range_of(&m->network.layer[l], eo_model_grid(m, eo_network_map_tensor(&m->network, l)), n->qmax);
    return scale_sums(q, m, l, err) || scale_added(q, m, l, err) || scale_average(q, m, l, n->qmax, err) ? -1
                                                                                                         : 0;
}

static double largest_scale(const struct eo_model *m)
{
    const struct eo_model_layer *layer = &m->layer[m->network.count - 1];
    double top = 0;

    for (int k = 0; k < eo_network_classes(&m->network); k++)
        top = layer->weight_scale[k] > top ? layer->weight_scale[k] : top;
    return top;
}

double eo_s8_score_scale(const struct eo_model *m)
{
    return (double)m->layer[m->network.count - 1].input_scale * largest_scale(m);
}

static int scale_scores(struct eo_s8_network *n, const struct eo_model *m, struct eo_err *err)
{
    int last = m->network.count - 1;
    double top = largest_scale(m);

    n->score_scale = eo_s8_score_scale(m);
    for (int k = 0; k < eo_network_classes(&m->network); k++) {
        double factor = m->layer[last].weight_scale[k] / top;

        if (eo_requant_make(factor < 1 ? factor : nextafter(1, 0), &n->layer[last].factor[k], err))
            return eo_err_prefix(err, "layer '%s', class %d", m->network.layer[last].name, k);
    }
    return 0;
}

int eo_s8_network_init(struct eo_s8_network *n, const struct eo_model *m, struct eo_err *err)
{
    size_t outputs = 0;

    memset(n, 0, sizeof(*n));
    n->qmax = eo_backend_activation_max(m->backend);
    for (int l = 0; l < m->network.count; l++)
        outputs += (size_t)m->network.layer[l].map.c;
    n->factors = eo_alloc(outputs, sizeof(*n->factors), err);
    if (!n->factors)
        return -1;
    outputs = 0;
    for (int l = 0; l < m->network.count; l++) {
        n->layer[l].zero_point = m->layer[l].input_zero_point;
        n->layer[l].factor = n->factors + outputs;
        outputs += (size_t)m->network.layer[l].map.c;
    }
    n->tables = eo_input_tables(m);
    for (int t = 0; t < n->tables; t++)
        fill_input_table(n, m, t);
    for (int l = 0; l + 1 < m->network.count; l++) {
        if (init_layer(n, m, l, err))
            return -1;
    }
    return scale_scores(n, m, err);
}

void eo_s8_network_release(struct eo_s8_network *n)
{
    free(n->factors);
    n->factors = NULL;
}

static void copy_params(struct eo_s8_params *p, const struct eo_s8_network *n, const struct eo_shape *shape)
{
    memcpy(p->input_table, n->input_table[0], sizeof(p->input_table));
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        p->zero_point[l] = n->layer[l].zero_point;
    p->qmax = n->qmax;
    memcpy(p->conv1, n->layer[EO_CONV1].factor, (size_t)shape->c1 * sizeof(p->conv1[0]));
    memcpy(p->conv2, n->layer[EO_CONV2].factor, (size_t)shape->c2 * sizeof(p->conv2[0]));
    memcpy(p->classifier, n->layer[EO_CLASSIFIER].factor, sizeof(p->classifier));
    p->score_scale = n->score_scale;
}

int eo_s8_params_init(struct eo_s8_params *p, const struct eo_model *m, struct eo_err *err)
{
    struct eo_s8_network *n = eo_alloc(1, sizeof(*n), err);
    int rc;

    memset(p, 0, sizeof(*p));
    if (!n)
        return -1;
    rc = eo_s8_network_init(n, m, err);
    if (!rc)
        copy_params(p, n, &m->shape);
    eo_s8_network_release(n);
    free(n);
    return rc;
}
