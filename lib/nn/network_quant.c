/* Simulated quantisation of any network: grids that are learned, and weights on their grid. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/network_fold.h"
#include "nn/network_trainer_internal.h"
#include "nn/quantised.h"
#include "nn/weight_quant.h"

/* ---- beginning ------------------------------------------------------------------------------------------------- */

static int is_same_network(const struct eo_network *a, const struct eo_network *b, struct eo_err *err)
{
    struct eo_buf x = {0}, y = {0};
    int same = -1;

    eo_network_print(a, "\n", &x);
    eo_network_print(b, "\n", &y);
    if (!eo_buf_check(&x, err) && !eo_buf_check(&y, err))
        same = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    eo_buf_release(&x);
    eo_buf_release(&y);
    return same;
}

static int check_model(const struct eo_network *net, const struct eo_model *q, struct eo_err *err)
{
    struct eo_network turned = q->network;
    int same;

    if (!eo_precision_is_integer(q->precision))
        return eo_err_set(err, "simulated quantisation: expected an integer model to begin with, found %s",
                          eo_precision_name(q->precision));
    if (eo_network_is_normalised(net))
        return eo_err_set(err,
                          "simulated quantisation: expected folded batch normalisation, found it beside the "
                          "weights");
    eo_network_turn(&turned);
    same = is_same_network(net, &turned, err);
    if (same < 0)
        return -1;
    return same ? 0
                : eo_err_set(
                      err, "simulated quantisation: expected a model of the same network, found another one");
}

/* Each grey value becomes what the engine's tables make of it. */
static void fill_input(struct eo_network_trainer *t, const struct eo_model *q, const struct eo_s8_network *s8)
{
    struct eo_model_grid grid = eo_model_grid(q, eo_network_output_tensor(EO_NETWORK_INPUT));

    for (int c = 0; c < t->tables; c++) {
        for (int i = 0; i < 256; i++)
            t->input[c][i] = (float)(s8->input_table[c][i] - grid.zero_point) * grid.scale;
    }
}

static void begin_grids(struct eo_network_quant *quant, const struct eo_model *q)
{
    int32_t top = eo_backend_activation_max(q->backend);

    for (int i = 1; i < EO_NETWORK_TENSORS; i++) {
        struct eo_network_quant_tensor *tensor = &quant->tensor[i];
        struct eo_model_grid grid;

        tensor->is_used = eo_network_has_tensor(&q->network, i);
        if (!tensor->is_used)
            continue;
        grid = eo_model_grid(q, i);
        tensor->zero_point = grid.zero_point;
        tensor->learned.start = grid.scale;
        tensor->grid =
            (struct eo_train_grid){grid.scale, (float)-grid.zero_point, (float)(top - grid.zero_point)};
    }
}

int eo_network_quant_begin(struct eo_network_trainer *t, const struct eo_model *q, int is_per_tensor,
                           struct eo_err *err)
{
    struct eo_network_quant *quant;
    struct eo_s8_network *s8;
    int rc;

    if (check_model(&t->net, q, err))
        return -1;
    quant = t->quant = eo_alloc(1, sizeof(*t->quant), err);
    if (!quant)
        return -1;
    quant->images = eo_size_round_up((size_t)t->options.max_batch, EO_TRAIN_LANES);
    quant->is_per_tensor = is_per_tensor;
    for (int l = 0; l < q->network.count; l++)
        quant->weight_bits[l] = q->layer[l].weight_bits;
    quant->rounded = eo_alloc(t->decayed, sizeof(float), err);
    quant->slopes = quant->rounded ? eo_alloc(EO_NETWORK_TENSORS * quant->images, sizeof(double), err) : NULL;
    s8 = quant->slopes ? eo_alloc(1, sizeof(*s8), err) : NULL;
    if (!s8)
        return -1;
    rc = eo_s8_network_init(s8, q, err);
    if (rc == 0) {
        fill_input(t, q, s8);
        begin_grids(quant, q);
    }
    eo_s8_network_release(s8);
    free(s8);
    return rc;
}

void eo_network_quant_free(struct eo_network_quant *quant)
{
    if (!quant)
        return;
    free(quant->rounded);
    free(quant->slopes);
    free(quant);
}

/* ---- steps ----------------------------------------------------------------------------------------------------- */

void eo_network_quant_weights(const struct eo_network_trainer *t, int layer)
{
    const struct eo_network_layer *l = &t->net.layer[layer];
    size_t terms = eo_network_terms(l), n = eo_network_weights(l),
           group = t->quant->is_per_tensor ? n : terms;
    const float *w = t->params + t->parts[layer].weight;
    float *rounded = t->quant->rounded + t->parts[layer].weight;
    int bits = t->quant->weight_bits[layer];

    for (size_t first = 0; first < n; first += group) {
        float scale = eo_weight_scale((double)eo_weight_magnitude(w + first, group, 0), 0, bits);

        for (size_t k = first; k < first + group; k++)
            rounded[k] = (float)eo_weight_quantise(w[k], scale, bits) * scale;
    }
}

double *eo_network_quant_slopes(const struct eo_network_trainer *t, int tensor, int image)
{
    return t->quant->slopes + (size_t)tensor * t->quant->images + (size_t)image;
}

/* dL/dscale of a tensor: the images in order. */
static double slope_of(const struct eo_network_trainer *t, int tensor)
{
    const double *slopes = eo_network_quant_slopes(t, tensor, 0);
    double sum = 0;

    for (int i = 0; i < t->batch->n; i++)
        sum += slopes[i];
    return sum;
}

void eo_network_quant_learn(struct eo_network_trainer *t, double learning_rate)
{
    for (int i = 1; i < EO_NETWORK_TENSORS; i++) {
        struct eo_network_quant_tensor *tensor = &t->quant->tensor[i];

        if (tensor->is_used)
            tensor->grid.scale =
                eo_learned_scale_update(&tensor->learned, slope_of(t, i), (double)tensor->grid.scale,
                                        learning_rate, 1 - t->beta_powers[0], 1 - t->beta_powers[1]);
    }
}

void eo_network_quant_export(const struct eo_network_trainer *t, struct eo_model *m, int is_gradient)
{
    for (int i = 1; i < EO_NETWORK_TENSORS; i++) {
        const struct eo_network_quant_tensor *tensor = &t->quant->tensor[i];
        float value = is_gradient && tensor->is_used ? (float)slope_of(t, i) : tensor->grid.scale;

        if (tensor->is_used)
            eo_model_set_grid(m, i, (struct eo_model_grid){value, tensor->zero_point});
    }
}
