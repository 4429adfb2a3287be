#include "stage/quant/bias_correction.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stage/quant/quant.h"

/* Sums of the inputs of each layer's terms, over images and output positions. */
struct sums {
    const struct eo_network *network;
    double *term[EO_NETWORK_LAYERS]; /* [terms]; depthwise [channels, terms] */
};

static size_t term_count(const struct eo_network_layer *l)
{
    return eo_network_terms(l) * (l->operation == EO_DEPTHWISE ? (size_t)l->in.c : 1);
}

static void sums_release(struct sums *s)
{
    for (int l = 0; l < EO_NETWORK_LAYERS; l++)
        free(s->term[l]);
}

static int sums_init(struct sums *s, const struct eo_network *net, struct eo_err *err)
{
    *s = (struct sums){.network = net};
    for (int l = 0; l < net->count; l++) {
        s->term[l] = eo_alloc(term_count(&net->layer[l]), sizeof(double), err);
        if (!s->term[l])
            return -1;
    }
    return 0;
}

/* The sum over all output positions of what tap (kh, kw) reads of one plane. */
static double tap_sum(const struct eo_network_layer *l, const float *plane, int kh, int kw)
{
    double sum = 0;

    for (int y = 0; y < l->map.h; y++) {
        int r = y * l->stride.h - l->pad.top + kh;

        for (int x = 0; r >= 0 && r < l->in.h && x < l->map.w; x++) {
            int c = x * l->stride.w - l->pad.left + kw;

            sum += c >= 0 && c < l->in.w ? (double)plane[r * l->in.w + c] : 0;
        }
    }
    return sum;
}

static void add_planes(const struct eo_network_layer *l, double *term, const float *x)
{
    size_t pixels = (size_t)l->in.h * (size_t)l->in.w;

    for (int i = 0; i < l->in.c; i++, x += pixels) {
        for (int kh = 0; kh < l->kernel.h; kh++) {
            for (int kw = 0; kw < l->kernel.w; kw++)
                *term++ += tap_sum(l, x, kh, kw);
        }
    }
}

static void add_image(const struct eo_network_layer *l, double *term, const float *x)
{
    if (l->operation != EO_LINEAR) {
        add_planes(l, term, x);
        return;
    }
    for (size_t t = 0; t < eo_network_terms(l); t++)
        term[t] += (double)x[t];
}

static int add_inputs(void *ctx, int tensor, const float *values, size_t n, struct eo_err *err)
{
    struct sums *s = ctx;
    size_t size = eo_dims_elements(eo_network_tensor_dims(s->network, tensor));

    (void)err;
    for (int l = 0; l < s->network->count; l++) {
        const struct eo_network_layer *layer = &s->network->layer[l];

        for (size_t at = 0; eo_network_output_tensor(layer->from) == tensor && at < n; at += size)
            add_image(layer, s->term[l], values + at);
    }
    return 0;
}

/* How much larger the mean of output o is with the weights of `q`, in units of its accumulator. */
static double shift_of(const struct eo_model *q, const struct eo_model *m, int layer, size_t o,
                       const double *mean)
{
    size_t terms = eo_network_terms(&m->network.layer[layer]);
    const float *w = m->layer[layer].weight.f32 + o * terms;
    const struct eo_model_layer *l = &q->layer[layer];
    double sum = 0;

    if (m->network.layer[layer].operation == EO_DEPTHWISE)
        mean += o * terms;
    for (size_t t = 0; t < terms; t++)
        sum += (l->weight.s8[o * terms + t] - (double)w[t] / (double)l->weight_scale[o]) * mean[t];
    return sum / (double)l->input_scale;
}

static void correct_layer(struct eo_model *q, const struct eo_model *m, int layer, const double *mean)
{
    struct eo_model_layer *l = &q->layer[layer];

    for (size_t o = 0; o < (size_t)m->network.layer[layer].map.c; o++) {
        double unit = (double)l->input_scale * (double)l->weight_scale[o];
        double bias = rint((double)m->layer[layer].bias.f32[o] / unit - shift_of(q, m, layer, o, mean));

        l->bias.s32[o] = (int32_t)fmax(-EO_QUANT_BIAS_MAX, fmin(EO_QUANT_BIAS_MAX, bias));
    }
}

/* From sums over images and positions to means. */
static void make_means(struct sums *s, size_t images)
{
    for (int l = 0; l < s->network->count; l++) {
        const struct eo_network_layer *layer = &s->network->layer[l];
        double count = (double)images * layer->map.h * layer->map.w;

        for (size_t t = 0; t < term_count(layer); t++)
            s->term[l][t] /= count;
    }
}

int eo_bias_correct(struct eo_model *q, const struct eo_model *m, const struct eo_images *images,
                    const struct eo_quant_options *opt, struct eo_err *err)
{
    struct sums s = {0};
    int rc = sums_init(&s, &m->network, err) || eo_calibration_walk(m, images, opt, add_inputs, &s, err);

    if (!rc) {
        make_means(&s, eo_calibration_images(images, opt));
        for (int l = 0; l < m->network.count; l++)
            correct_layer(q, m, l, s.term[l]);
    }
    sums_release(&s);
    return rc ? -1 : 0;
}
