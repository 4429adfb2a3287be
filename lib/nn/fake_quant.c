#include "nn/fake_quant.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "nn/quantised.h"
#include "nn/weight_quant.h"

static int check_model(const struct eo_model *q, struct eo_err *err)
{
    if (!eo_precision_is_integer(q->precision))
        return eo_err_set(err, "simulated quantisation: expected an integer model to begin with, found %s",
                          eo_precision_name(q->precision));
    for (int l = EO_CONV2; l < EO_SMALLCNN_LAYERS; l++) {
        if (q->layer[l].input_zero_point != 0)
            return eo_err_set(
                err, "simulated quantisation: expected zero point 0 of the input of '%s', found %d",
                eo_smallcnn_layer_name((enum eo_smallcnn_layer)l), (int)q->layer[l].input_zero_point);
    }
    return 0;
}

int eo_fake_quant_init(struct eo_fake_quant *f, const struct eo_model *q, int is_per_tensor,
                       struct eo_err *err)
{
    struct eo_s8_params params;

    memset(f, 0, sizeof(*f));
    if (check_model(q, err) || eo_s8_params_init(&params, q, err))
        return -1;
    for (int i = 0; i < 256; i++)
        f->input[i] =
            (float)(params.input_table[i] - params.zero_point[EO_CONV1]) * q->layer[EO_CONV1].input_scale;
    f->is_per_tensor = is_per_tensor;
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        f->weight_bits[l] = q->layer[l].weight_bits;
    f->scale1.start = q->layer[EO_CONV2].input_scale;
    f->scale2.start = q->layer[EO_CLASSIFIER].input_scale;
    f->rounding = (struct eo_train_rounding){f->scale1.start, f->scale2.start, (float)params.qmax};
    return 0;
}

/* Where the weights of a layer are: output o has `runs` runs of `length` from first + o * output on, `stride` apart. */
struct runs {
    size_t first, outputs, output, runs, stride, length;
};

static float max_magnitude(const struct runs *r, const float *params, size_t o, float max)
{
    for (size_t i = 0; i < r->runs; i++)
        max = eo_weight_magnitude(params + r->first + o * r->output + i * r->stride, r->length, max);
    return max;
}

static void round_output(const struct runs *r, const float *params, size_t o, float scale, int bits,
                         float *out)
{
    for (size_t i = 0; i < r->runs; i++) {
        size_t at = r->first + o * r->output + i * r->stride;

        for (size_t k = at; k < at + r->length; k++)
            out[k] = (float)eo_weight_quantise(params[k], scale, bits) * scale;
    }
}

static void round_layer(const struct runs *r, int is_per_tensor, int bits, const float *params, float *out)
{
    float all = 0;

    for (size_t o = 0; is_per_tensor && o < r->outputs; o++)
        all = max_magnitude(r, params, o, all);
    for (size_t o = 0; o < r->outputs; o++) {
        float max = is_per_tensor ? all : max_magnitude(r, params, o, 0);

        round_output(r, params, o, eo_weight_scale((double)max, 0, bits), bits, out);
    }
}

void eo_fake_quant_weights(const struct eo_fake_quant *f, const struct eo_train_layout *l,
                           const float *params, float *out)
{
    size_t c1 = (size_t)l->c1, c2 = (size_t)l->c2, cp1 = (size_t)l->cp1, cp2 = (size_t)l->cp2;
    const struct runs layers[EO_SMALLCNN_LAYERS] = {
        {l->w1, c1, 1, 9, cp1, 1},
        {l->w2, c2, 9 * cp1, 1, 0, 9 * cp1},
        {l->w3, 10, cp2, 49, 10 * cp2, cp2},
    };

    memcpy(out, params, l->total * sizeof(float));
    for (int i = 0; i < EO_SMALLCNN_LAYERS; i++)
        round_layer(&layers[i], f->is_per_tensor, f->weight_bits[i], params, out);
}

static double sum_of(const float *x, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += (double)x[i];
    return sum;
}

void eo_fake_quant_gradients(const struct eo_train_layout *l, const float *grad, double dscale[2])
{
    dscale[0] = sum_of(grad + l->scale1, l->c1);
    dscale[1] = sum_of(grad + l->scale2, l->c2);
}

float eo_learned_scale_update(struct eo_learned_scale *s, double dscale, double now, double learning_rate,
                              double rest1, double rest2)
{
    const double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, reach = eo_log(EO_FAKE_QUANT_REACH);
    double g = dscale * now, rate = learning_rate * EO_FAKE_QUANT_RATE;

    s->m = beta1 * s->m + (1 - beta1) * g;
    s->v = beta2 * s->v + (1 - beta2) * (g * g);
    s->x -= rate * (s->m / rest1) / (sqrt(s->v / rest2) + eps);
    s->x = s->x > reach ? reach : s->x < -reach ? -reach : s->x;
    return (float)((double)s->start * eo_exp(s->x));
}

void eo_fake_quant_update(struct eo_fake_quant *f, const double dscale[2], double learning_rate, double rest1,
                          double rest2)
{
    struct eo_train_rounding *r = &f->rounding;

    r->scale1 =
        eo_learned_scale_update(&f->scale1, dscale[0], (double)r->scale1, learning_rate, rest1, rest2);
    r->scale2 =
        eo_learned_scale_update(&f->scale2, dscale[1], (double)r->scale2, learning_rate, rest1, rest2);
}
