#include "stage/bias_correction.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stage/quant.h"

/* Sums of the inputs of each layer's terms, over images and output positions. */
struct sums {
    struct eo_shape shape;
    double *term[EO_LAYERS]; /* [terms] */
};

static void sums_release(struct sums *s)
{
    for (int l = 0; l < EO_LAYERS; l++)
        free(s->term[l]);
}

static int sums_init(struct sums *s, struct eo_shape shape, struct eo_err *err)
{
    *s = (struct sums){.shape = shape};
    for (int l = 0; l < EO_LAYERS; l++) {
        s->term[l] = eo_alloc((size_t)eo_shape_terms(&shape, (enum eo_layer)l), sizeof(double), err);
        if (!s->term[l])
            return -1;
    }
    return 0;
}

static int side_of(enum eo_layer layer)
{
    return layer == EO_CONV1 ? EO_IMAGE_SIDE : EO_POOL1_SIDE;
}

/* What tap (kh, kw) of a 3x3 filter with pad 1 reads of one plane, added up over all positions. */
static double tap_sum(const float *plane, int side, int kh, int kw)
{
    int first_row = kh == 2, last_row = side - (kh == 0), first = kw == 2, last = side - (kw == 0);
    double sum = 0;

    for (int r = first_row; r < last_row; r++)
        for (int c = first; c < last; c++)
            sum += (double)plane[r * side + c];
    return sum;
}

static void add_planes(double *term, const float *planes, int channels, int side)
{
    for (int i = 0; i < channels; i++)
        for (int tap = 0; tap < 9; tap++)
            term[i * 9 + tap] += tap_sum(planes + (size_t)(i * side * side), side, tap / 3, tap % 3);
}

static int add_inputs(void *ctx, enum eo_layer layer, const float *values, size_t n, struct eo_err *err)
{
    struct sums *s = ctx;
    size_t size = eo_shape_input_elements(&s->shape, layer);
    int terms = eo_shape_terms(&s->shape, layer);

    (void)err;
    for (const float *x = values; x < values + n; x += size) {
        if (layer != EO_CLASSIFIER)
            add_planes(s->term[layer], x, terms / 9, side_of(layer));
        else
            for (int t = 0; t < terms; t++)
                s->term[layer][t] += (double)x[t];
    }
    return 0;
}

/* How much larger the mean of output o is with the weights of `q`, in units of its accumulator. */
static double shift_of(const struct eo_model *q, const struct eo_model *m, enum eo_layer layer, size_t o,
                       const double *mean)
{
    size_t terms = (size_t)eo_shape_terms(&m->shape, layer);
    const float *w = m->layer[layer].weight.f32 + o * terms;
    const struct eo_model_layer *l = &q->layer[layer];
    double sum = 0;

    for (size_t t = 0; t < terms; t++)
        sum += (l->weight.s8[o * terms + t] - (double)w[t] / (double)l->weight_scale[o]) * mean[t];
    return sum / (double)l->input_scale;
}

static void correct_layer(struct eo_model *q, const struct eo_model *m, enum eo_layer layer, const double *mean)
{
    struct eo_model_layer *l = &q->layer[layer];

    for (size_t o = 0; o < (size_t)eo_shape_outputs(&m->shape, layer); o++) {
        double unit = (double)l->input_scale * (double)l->weight_scale[o];
        double bias = rint((double)m->layer[layer].bias.f32[o] / unit - shift_of(q, m, layer, o, mean));

        l->bias.s32[o] = (int32_t)fmax(-EO_QUANT_BIAS_MAX, fmin(EO_QUANT_BIAS_MAX, bias));
    }
}

/* Of sums over images and positions. */
static void make_means(struct sums *s, size_t images)
{
    for (int l = 0; l < EO_LAYERS; l++) {
        int side = l == EO_CLASSIFIER ? 1 : side_of((enum eo_layer)l);
        double count = (double)images * side * side;

        for (int t = 0; t < eo_shape_terms(&s->shape, (enum eo_layer)l); t++)
            s->term[l][t] /= count;
    }
}

int eo_bias_correct(struct eo_model *q, const struct eo_model *m, const struct eo_images *images,
                    const struct eo_quant_options *opt, struct eo_err *err)
{
    struct sums s = {0};
    int rc = sums_init(&s, m->shape, err) || eo_calibration_walk(m, images, opt, add_inputs, &s, err);

    if (!rc) {
        make_means(&s, eo_calibration_images(images, opt));
        for (int l = 0; l < EO_LAYERS; l++)
            correct_layer(q, m, (enum eo_layer)l, s.term[l]);
    }
    sums_release(&s);
    return rc ? -1 : 0;
}
