#include "stage/quant/equalize.h"

#include <math.h>

#include "nn/weight_quant.h"

#define MAX_EXPONENT 20 /* of a factor */

/* The weights of a layer that read one channel: `count` runs of `run` weights, `stride` apart. */
struct readers {
    float *first;
    size_t count, run, stride;
};

static struct readers readers_of(const struct eo_model *m, int layer, size_t channel)
{
    const struct eo_network_layer *l = &m->network.layer[layer];
    size_t run = eo_network_terms(l) / (l->operation == EO_DEPTHWISE ? 1 : (size_t)l->in.c);
    size_t count = l->operation == EO_DEPTHWISE ? 1 : (size_t)l->map.c;

    return (struct readers){m->layer[layer].weight.f32 + channel * run, count, run, eo_network_terms(l)};
}

/* The one layer that reads what `layer` hands on, if scaling commutes with all between; else EO_NETWORK_NONE. */
static int only_reader(const struct eo_network *net, int layer)
{
    const struct eo_network_layer *l = &net->layer[layer];
    int reader = eo_network_first_user(net, layer);

    if (l->add != EO_NETWORK_NONE || l->activation == EO_RELU6)
        return EO_NETWORK_NONE;
    for (int i = 0; i < net->count; i++) {
        if (net->layer[i].add == layer || (net->layer[i].from == layer && i != reader))
            return EO_NETWORK_NONE;
    }
    return reader;
}

static float largest_reader(const struct readers *r)
{
    float max = 0;

    for (size_t i = 0; i < r->count; i++)
        max = eo_weight_magnitude(r->first + i * r->stride, r->run, max);
    return max;
}

/* The exponent of the power of two whose logarithm is nearest to that of sqrt(r1 / r2). */
static int factor_exponent(double r1, double r2)
{
    double mantissa, root = sqrt(r1 / r2);
    int exponent;

    mantissa = frexp(root, &exponent); /* in [0.5, 1) */
    if (mantissa * mantissa < 0.5)     /* below 2^-0.5 */
        exponent--;
    return exponent > MAX_EXPONENT ? MAX_EXPONENT : exponent < -MAX_EXPONENT ? -MAX_EXPONENT : exponent;
}

static void scale(float *x, size_t n, int exponent)
{
    for (size_t i = 0; i < n; i++)
        x[i] = ldexpf(x[i], exponent);
}

/* Channel `c` between `layer` and its reader. Returns whether it changed. */
static int equalize_channel(struct eo_model *m, int layer, int reader, size_t c)
{
    size_t terms = eo_network_terms(&m->network.layer[layer]);
    float *filter = m->layer[layer].weight.f32 + c * terms;
    struct readers readers = readers_of(m, reader, c);
    double r1 = (double)eo_weight_magnitude(filter, terms, 0), r2 = (double)largest_reader(&readers);
    int exponent = r1 > 0 && r2 > 0 ? factor_exponent(r1, r2) : 0;

    if (!exponent)
        return 0;
    scale(filter, terms, -exponent);
    scale(&m->layer[layer].bias.f32[c], 1, -exponent);
    for (size_t i = 0; i < readers.count; i++)
        scale(readers.first + i * readers.stride, readers.run, exponent);
    return 1;
}

void eo_equalize(struct eo_model *m)
{
    int changed = 1;

    for (int round = 0; changed && round < EO_EQUALIZE_ROUNDS; round++) {
        changed = 0;
        for (int l = 0; l + 1 < m->network.count; l++) {
            int reader = only_reader(&m->network, l);

            for (int c = 0; reader != EO_NETWORK_NONE && c < m->network.layer[l].map.c; c++)
                changed |= equalize_channel(m, l, reader, (size_t)c);
        }
    }
}
