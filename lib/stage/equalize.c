#include "stage/equalize.h"

#include <math.h>

#include "nn/quantise.h"

#define MAX_EXPONENT 20 /* of a factor */

/* The weights of a layer that read one channel: `count` runs of `run` weights, `stride` apart. */
struct readers {
    float *first;
    size_t count, run, stride;
};

static struct readers readers_of(const struct eo_model *m, enum eo_layer layer, size_t channel)
{
    size_t terms = (size_t)eo_shape_terms(&m->shape, layer);
    size_t run = layer == EO_CONV2 ? 9 : EO_POOL2_PIXELS;

    return (struct readers){m->layer[layer].weight.f32 + channel * run, (size_t)eo_shape_outputs(&m->shape, layer), run,
                            terms};
}

static float largest_reader(const struct readers *r)
{
    float max = 0;

    for (size_t i = 0; i < r->count; i++)
        max = eo_weight_magnitude(r->first + i * r->stride, r->run, max);
    return max;
}

/* The exponent of the power of two that is nearest to sqrt(r1 / r2), on a scale of logarithms. */
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

/* Channel `c` between `layer` and the next one. Returns whether it changed. */
static int equalize_channel(struct eo_model *m, enum eo_layer layer, size_t c)
{
    size_t terms = (size_t)eo_shape_terms(&m->shape, layer);
    float *filter = m->layer[layer].weight.f32 + c * terms;
    struct readers readers = readers_of(m, layer + 1, c);
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
        for (int l = EO_CONV1; l < EO_CLASSIFIER; l++)
            for (int c = 0; c < eo_shape_outputs(&m->shape, (enum eo_layer)l); c++)
                changed |= equalize_channel(m, (enum eo_layer)l, (size_t)c);
    }
}
