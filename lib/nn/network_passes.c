/* A batch through a network and back. */
#include "nn/network_trainer_internal.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "nn/loss.h"
#include "nn/network_fold.h"

#define MOMENTUM 0.1 /* of the running statistics */

/* ---- forward, one group ------------------------------------------------------------------------------------------ */

static void load_group(const struct eo_network_trainer *t, struct eo_train_group g, uint8_t *viewed)
{
    size_t elements = eo_dims_elements(t->net.input), lanes = (size_t)t->ops->lanes;
    size_t plane = elements / (size_t)t->net.input.c;

    for (int lane = 0; lane < t->ops->lanes; lane++) {
        int i = g.index * t->ops->lanes + (lane < g.n ? lane : g.n - 1);
        const uint8_t *pixels = t->batch->pixels + (size_t)t->batch->index[i] * elements;

        if (t->batch->views) {
            eo_view_apply(pixels, t->seen, t->batch->views[i], viewed);
            pixels = viewed;
        }
        for (int c = 0; c < t->net.input.c; c++) {
            const float *table = t->input[t->tables > 1 ? c : 0];

            for (size_t k = (size_t)c * plane; k < (size_t)(c + 1) * plane; k++)
                g.at[k * lanes + (size_t)lane] = table[pixels[k]];
        }
    }
}

static struct eo_norm norm_of(const struct eo_network_trainer *t, int i)
{
    size_t at = t->parts[i].norm;

    return (struct eo_norm){t->mean + at, t->factor + at, t->params + t->parts[i].bias, t->mean_d + at,
                            t->slope + at};
}

static float *sums_of(const struct eo_network_trainer *t, float *sums, struct eo_train_group g)
{
    return sums + (size_t)g.index * t->outputs * (size_t)t->ops->lanes;
}

static void operate(const struct eo_network_trainer *t, struct eo_train_group g, int i)
{
    const struct eo_network_layer *l = &t->net.layer[i];
    float *z = g.at + t->places[i].z;

    t->ops->operation(l, eo_network_source(t, g, l->from), t->packed + t->parts[i].weight,
                      l->batch_norm ? t->zeros : t->params + t->parts[i].bias, z);
    if (l->batch_norm)
        t->ops->moments(l, z, sums_of(t, t->sums, g), sums_of(t, t->products, g));
}

/* A map on its grid is behind the activation already, so its average is taken without one. */
static void pool(const struct eo_network_trainer *t, struct eo_train_group g, int i)
{
    const struct eo_network_layer *l = &t->net.layer[i];
    const struct eo_layer_places *p = &t->places[i];
    struct eo_network_layer activated = *l;

    if (t->quant && eo_network_averaged(l)) {
        activated.activation = EO_NO_ACTIVATION;
        t->ops->round(&t->quant->tensor[eo_network_map_tensor(&t->net, i)].grid, l->activation, l->map,
                      g.at + p->y, g.at + p->averaged);
    }
    t->ops->pool(&activated, g.at + p->averaged, g.at + p->out);
}

static void finish_forward(const struct eo_network_trainer *t, struct eo_train_group g, int i)
{
    const struct eo_network_layer *l = &t->net.layer[i];
    const struct eo_layer_places *p = &t->places[i];
    struct eo_norm norm = norm_of(t, i);

    t->ops->tail(l, l->batch_norm ? &norm : NULL, g.at + p->z, eo_network_source(t, g, l->add), g.at + p->y);
    if (l->pooling)
        pool(t, g, i);
    if (t->quant && i + 1 < t->net.count)
        t->ops->round(&t->quant->tensor[eo_network_output_tensor(i)].grid, EO_NO_ACTIVATION, l->out,
                      g.at + p->out, g.at + p->handed_on);
}

/*
 * Runs layers begin to end - 1. First finishes layer begin - 1, which stopped before its tail until the statistics of
 * the whole batch were known. Layer end - 1 stops in the same way if it has batch normalisation.
 */
static void forward_task(void *ctx, int block, int worker)
{
    const struct eo_network_trainer *t = ctx;

    for (int k = 0; k < t->groups; k++) {
        struct eo_train_group g = eo_network_group(t, block, k);

        if (g.n && t->begin == 0)
            load_group(t, g, t->viewed + (size_t)worker * eo_dims_elements(t->net.input));
        if (g.n && t->begin > 0)
            finish_forward(t, g, t->begin - 1);
        for (int i = t->begin; g.n && i < t->end; i++) {
            operate(t, g, i);
            if (!t->net.layer[i].batch_norm)
                finish_forward(t, g, i);
        }
    }
}

/* ---- batch normalisation ---------------------------------------------------------------------------------------- */

/* The entry of `sums` (or products) for image i and channel c. */
static double of_image(const struct eo_network_trainer *t, const float *sums, int i, int c)
{
    int lanes = t->ops->lanes;

    return (double)sums[((size_t)(i / lanes) * t->outputs + (size_t)c) * (size_t)lanes + (size_t)(i % lanes)];
}

static double sum_images(const struct eo_network_trainer *t, const float *sums, int c)
{
    double sum = 0;

    for (int i = 0; i < t->batch->n; i++)
        sum += of_image(t, sums, i, c);
    return sum;
}

static void normalise(struct eo_network_trainer *t, int layer, int is_kept)
{
    const struct eo_network_layer *l = &t->net.layer[layer];
    double pixels = (double)l->map.h * l->map.w, count = pixels * t->batch->n;

    for (int c = 0; c < l->map.c; c++) {
        size_t at = t->parts[layer].norm + (size_t)c;
        double mean = sum_images(t, t->sums, c) / count, squares = 0;

        for (int i = 0; i < t->batch->n; i++) {
            double off = (double)((float)of_image(t, t->sums, i, c) / (float)pixels) - mean;

            squares += of_image(t, t->products, i, c) + pixels * off * off;
        }
        t->inverse[at] = 1 / sqrt(squares / count + EO_NORM_EPS);
        t->mean[at] = (float)mean;
        t->factor[at] = (float)((double)t->params[t->parts[layer].scale + (size_t)c] * t->inverse[at]);
        if (!is_kept)
            continue;
        squares /= count > 1 ? count - 1 : 1;
        t->running_mean[at] = (float)((1 - MOMENTUM) * (double)t->running_mean[at] + MOMENTUM * mean);
        t->running_variance[at] =
            (float)((1 - MOMENTUM) * (double)t->running_variance[at] + MOMENTUM * squares);
    }
}

/* From the sums over d: the gradients of scale and bias, which the first block takes, and what norm_back() needs. */
static void differentiate_norm(struct eo_network_trainer *t, int layer)
{
    const struct eo_network_layer *l = &t->net.layer[layer];
    double count = (double)l->map.h * l->map.w * t->batch->n;

    for (int c = 0; c < l->map.c; c++) {
        size_t at = t->parts[layer].norm + (size_t)c;
        double sum = sum_images(t, t->sums, c), product = sum_images(t, t->products, c),
               inverse = t->inverse[at];

        t->grads[t->parts[layer].bias + (size_t)c] = (float)sum;
        t->grads[t->parts[layer].scale + (size_t)c] = (float)(product * inverse);
        t->mean_d[at] = (float)(sum / count);
        t->slope[at] = (float)(product * inverse * inverse / count);
    }
}

/* ---- backward ------------------------------------------------------------------------------------------------ */

static int largest(const double *z, int classes)
{
    int best = 0;

    for (int k = 1; k < classes; k++)
        best = z[k] > z[best] ? k : best;
    return best;
}

/* Loss of a group, and its gradient by the logits, of which each image has its share. */
static void judge_group(const struct eo_network_trainer *t, struct eo_train_group g, struct eo_block_result *result)
{
    int classes = eo_network_classes(&t->net), last = t->net.count - 1, lanes = t->ops->lanes;
    const float *logits = g.at + t->places[last].out;
    float *d = g.at + t->places[last].g;
    double z[EO_NETWORK_CLASSES], gradient[EO_NETWORK_CLASSES];

    memset(d, 0, (size_t)classes * (size_t)lanes * sizeof(*d));
    for (int lane = 0; lane < g.n; lane++) {
        struct eo_target target = eo_batch_target(&t->options, t->batch, g.index * lanes + lane, classes);

        target.smoothing = t->taylor ? 0 : target.smoothing;
        for (int k = 0; k < classes; k++)
            z[k] = (double)logits[k * lanes + lane];
        result->loss += eo_loss(z, classes, &target, gradient);
        result->correct += largest(z, classes) == target.label;
        for (int k = 0; k < classes; k++)
            d[k * lanes + lane] = (float)(gradient[k] / t->share);
    }
}

static void judge_task(void *ctx, int block, int worker)
{
    const struct eo_network_trainer *t = ctx;

    (void)worker;
    t->results[block] = (struct eo_block_result){0, 0};
    memset(t->grads + (size_t)block * t->total, 0, t->total * sizeof(float));
    for (int k = 0; k < t->groups; k++)
        judge_group(t, eo_network_group(t, block, k), &t->results[block]);
}

/* For each channel of layer i and image of the group the sum of its output times the gradient by it. */
static void multiply_output(const struct eo_network_trainer *t, struct eo_train_group g, int i)
{
    const struct eo_dims d = t->net.layer[i].out;
    size_t pixels = (size_t)d.h * (size_t)d.w, lanes = (size_t)t->ops->lanes;
    size_t channels = t->parts[t->net.count - 1].channel;
    const float *a = g.at + t->places[i].out, *gradient = g.at + t->places[i].g;
    double *sums = t->taylor + (size_t)g.index * lanes * channels + t->parts[i].channel;

    for (int c = 0; c < d.c; c++) {
        double sum[EO_TRAIN_LANES] = {0};

        for (size_t p = 0; p < pixels; p++, a += lanes, gradient += lanes) {
            for (size_t lane = 0; lane < lanes; lane++)
                sum[lane] += (double)a[lane] * (double)gradient[lane];
        }
        for (int lane = 0; lane < g.n; lane++)
            sums[(size_t)lane * channels + (size_t)c] = sum[lane];
    }
}

/* Through the grid of a tensor; g is the gradient by it, x what was rounded. */
static void round_back(const struct eo_network_trainer *t, struct eo_train_group g, int tensor,
                       enum eo_activation activation, const float *x, float *gradient)
{
    t->ops->round_back(&t->quant->tensor[tensor].grid, activation, eo_network_tensor_dims(&t->net, tensor), x,
                       gradient, eo_network_quant_slopes(t, tensor, g.index * t->ops->lanes));
}

/* Through the tail of a layer, up to its batch normalisation. */
static void begin_backward(const struct eo_network_trainer *t, struct eo_train_group g, int i)
{
    const struct eo_network_layer *l = &t->net.layer[i];
    const struct eo_layer_places *p = &t->places[i];
    struct eo_norm_sums sums = {g.at + p->z, norm_of(t, i).mean, sums_of(t, t->sums, g), sums_of(t, t->products, g)};
    int is_first = l->add >= 0 && eo_network_last_reader(&t->net, l->add) == i;

    if (t->taylor && i + 1 < t->net.count)
        multiply_output(t, g, i);
    if (t->quant && i + 1 < t->net.count)
        round_back(t, g, eo_network_output_tensor(i), EO_NO_ACTIVATION, g.at + p->out, g.at + p->g);
    if (l->pooling)
        t->ops->pool_back(l, g.at + p->y, g.at + p->g, g.at + p->d);
    if (t->quant && eo_network_averaged(l))
        round_back(t, g, eo_network_map_tensor(&t->net, i), l->activation, g.at + p->y, g.at + p->d);
    t->ops->activation_back(l, g.at + p->y, g.at + p->d, l->add >= 0 ? g.at + t->places[l->add].g : NULL,
                            is_first, l->batch_norm ? &sums : NULL);
}

/* From the operation's output to its weights, bias and input. */
static void finish_backward(const struct eo_network_trainer *t, int block, int i, float *dw)
{
    const struct eo_network_layer *l = &t->net.layer[i];
    int is_first = l->from >= 0 && l->add != l->from && eo_network_last_reader(&t->net, l->from) == i;
    struct eo_norm norm = norm_of(t, i);

    for (int k = 0; k < t->groups; k++) {
        struct eo_train_group g = eo_network_group(t, block, k);

        if (l->batch_norm && g.n)
            t->ops->norm_back(l, &norm, g.at + t->places[i].z, g.n, g.at + t->places[i].d);
    }
    if (!t->taylor)
        eo_network_gradients(t, block, i, dw);
    for (int k = 0; k < t->groups && l->from >= 0; k++) {
        struct eo_train_group g = eo_network_group(t, block, k);

        if (g.n)
            t->ops->back_x(l, g.at + t->places[i].d, t->packed_back + t->parts[i].weight, is_first,
                           g.at + t->places[l->from].g);
    }
}

/*
 * Runs layers begin down to end. First finishes layer begin + 1 if it has batch normalisation: it stopped until the
 * sums of the whole batch were known. Layer end stops in the same way. begin is -1 when only layer 0 is left to finish.
 */
static void backward_task(void *ctx, int block, int worker)
{
    const struct eo_network_trainer *t = ctx;
    float *dw = t->dw + (size_t)worker * eo_network_gradients_floats(t);

    if (t->begin + 1 < t->net.count && t->net.layer[t->begin + 1].batch_norm)
        finish_backward(t, block, t->begin + 1, dw);
    for (int i = t->begin; i >= t->end; i--) {
        for (int k = 0; k < t->groups; k++) {
            if (eo_network_group(t, block, k).n)
                begin_backward(t, eo_network_group(t, block, k), i);
        }
        if (!t->net.layer[i].batch_norm)
            finish_backward(t, block, i, dw);
    }
}

/* ---- a batch --------------------------------------------------------------------------------------------------- */

int eo_network_passes_blocks(const struct eo_network_trainer *t)
{
    return (t->batch->n + EO_TRAIN_LANES - 1) / EO_TRAIN_LANES;
}

/* Segments end where a layer needs the sums of the whole batch. */
static void run_forward(struct eo_network_trainer *t, int is_kept)
{
    const struct eo_network *net = &t->net;

    for (t->begin = 0; t->begin < net->count; t->begin = t->end) {
        for (t->end = t->begin + 1; t->end < net->count && !net->layer[t->end - 1].batch_norm; t->end++)
            ;
        eo_pool_run(t->options.pool, forward_task, t, eo_network_passes_blocks(t));
        if (net->layer[t->end - 1].batch_norm)
            normalise(t, t->end - 1, is_kept);
    }
}

static void run_backward(struct eo_network_trainer *t)
{
    const struct eo_network *net = &t->net;

    for (t->begin = net->count - 1; t->begin >= -1; t->begin = t->end - 1) {
        for (t->end = t->begin; t->end > 0 && !net->layer[t->end].batch_norm; t->end--)
            ;
        t->end = t->end < 0 ? 0 : t->end;
        eo_pool_run(t->options.pool, backward_task, t, eo_network_passes_blocks(t));
        if (t->begin < 0 || !net->layer[t->end].batch_norm)
            return;
        differentiate_norm(t, t->end);
    }
}

void eo_network_passes_forward(struct eo_network_trainer *t, const struct eo_batch *batch)
{
    t->batch = batch;
    run_forward(t, 0);
}

static void run_batch(struct eo_network_trainer *t, const struct eo_batch *batch, int is_kept)
{
    t->batch = batch;
    run_forward(t, is_kept);
    eo_pool_run(t->options.pool, judge_task, t, eo_network_passes_blocks(t));
    run_backward(t);
}

void eo_network_passes_run(struct eo_network_trainer *t, const struct eo_batch *batch, int is_kept,
                           double *loss_sum, uint64_t *correct)
{
    t->share = batch->n;
    run_batch(t, batch, is_kept);
    for (int b = 0; b < eo_network_passes_blocks(t); b++) {
        *loss_sum += t->results[b].loss;
        *correct += t->results[b].correct;
    }
}

void eo_network_passes_taylor(struct eo_network_trainer *t, const struct eo_batch *batch, double *sums)
{
    t->share = 1;
    t->taylor = sums;
    run_batch(t, batch, 0);
    t->taylor = NULL;
}
