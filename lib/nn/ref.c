#include "nn/ref.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/half.h"

void eo_input_table_ref(float table[256], int half)
{
    int p;

    for (p = 0; p < 256; p++) {
        float x = (float)p / 127.5f;

        x -= 1.0f;
        table[p] = half ? eo_half_to_float(eo_half_from_float(x)) : x;
    }
}

static float larger(float p, float q)
{
    return p > q ? p : q;
}

/* One output of the convolution before pooling. */
static float conv_at(const float *x, const float *w, float bias, int ic, int s, int row, int col)
{
    float acc = bias;
    int i, kh, kw;

    for (i = 0; i < ic; i++) {
        for (kh = 0; kh < 3; kh++) {
            for (kw = 0; kw < 3; kw++) {
                int r = row + kh - 1, c = col + kw - 1;

                if (r >= 0 && r < s && c >= 0 && c < s)
                    acc = fmaf(x[(i * s + r) * s + c], w[(i * 3 + kh) * 3 + kw], acc);
            }
        }
    }
    return acc;
}

void eo_conv_f32_ref(const float *x, const float *w, const float *b, int ic, int oc, int s, float *y)
{
    int o, r, c;

    for (o = 0; o < oc; o++, w += 9 * ic) {
        for (r = 0; r < s; r += 2) {
            for (c = 0; c < s; c += 2) {
                float up = larger(conv_at(x, w, b[o], ic, s, r, c), conv_at(x, w, b[o], ic, s, r, c + 1));
                float down = larger(conv_at(x, w, b[o], ic, s, r + 1, c), conv_at(x, w, b[o], ic, s, r + 1, c + 1));

                *y++ = larger(larger(up, down), 0.0f);
            }
        }
    }
}

void eo_linear_f32_ref(const float *x, const float *w, const float *b, int c, float *y)
{
    int k, i, p;

    for (k = 0; k < EO_CLASSES; k++) {
        float score = b[k];

        for (i = 0; i < c; i++) {
            float part = 0.0f;

            for (p = 0; p < EO_POOL2_PIXELS; p++)
                part = fmaf(x[i * EO_POOL2_PIXELS + p], w[(k * c + i) * EO_POOL2_PIXELS + p], part);
            score += part;
        }
        y[k] = score;
    }
}

static int32_t larger_s32(int32_t p, int32_t q)
{
    return p > q ? p : q;
}

static int32_t conv_at_s8(const uint8_t *x, const int8_t *w, int32_t bias, int ic, int s, int32_t zero_point, int row,
                          int col)
{
    int32_t acc = bias;
    int i, kh, kw;

    for (i = 0; i < ic; i++) {
        for (kh = 0; kh < 3; kh++) {
            for (kw = 0; kw < 3; kw++) {
                int r = row + kh - 1, c = col + kw - 1;

                if (r >= 0 && r < s && c >= 0 && c < s)
                    acc += (x[(i * s + r) * s + c] - zero_point) * w[(i * 3 + kh) * 3 + kw];
            }
        }
    }
    return acc;
}

void eo_conv_s8_ref(const uint8_t *x, const int8_t *w, const int32_t *b, int ic, int oc, int s, int32_t zero_point,
                    const struct eo_requant *rq, int32_t next_zero_point, int32_t qmax, uint8_t *y)
{
    int o, r, c;

    for (o = 0; o < oc; o++, w += 9 * ic) {
        for (r = 0; r < s; r += 2) {
            for (c = 0; c < s; c += 2) {
                int32_t up = larger_s32(conv_at_s8(x, w, b[o], ic, s, zero_point, r, c),
                                        conv_at_s8(x, w, b[o], ic, s, zero_point, r, c + 1));
                int32_t down = larger_s32(conv_at_s8(x, w, b[o], ic, s, zero_point, r + 1, c),
                                          conv_at_s8(x, w, b[o], ic, s, zero_point, r + 1, c + 1));
                int32_t q = larger_s32(eo_requant_apply(rq[o], larger_s32(up, down)), 0);

                *y++ = (uint8_t)(q < qmax - next_zero_point ? next_zero_point + q : qmax);
            }
        }
    }
}

void eo_linear_s8_ref(const uint8_t *x, const int8_t *w, const int32_t *b, int c, int32_t zero_point,
                      const struct eo_requant *rq, int32_t *y)
{
    int k, t, terms = c * EO_POOL2_PIXELS;

    for (k = 0; k < EO_CLASSES; k++) {
        int32_t acc = b[k];

        for (t = 0; t < terms; t++)
            acc += (x[t] - zero_point) * w[k * terms + t];
        y[k] = eo_requant_apply(rq[k], acc);
    }
}

static int requant_layer(struct eo_requant *rq, const struct eo_model *m, enum eo_layer l, struct eo_err *err)
{
    const struct eo_model_layer *layer = &m->layer[l];
    int o;

    for (o = 0; o < eo_shape_outputs(&m->shape, l); o++) {
        double factor = (double)layer->input_scale * layer->weight_scale[o] / m->layer[l + 1].input_scale;

        if (eo_requant_make(factor, &rq[o], err))
            return eo_err_prefix(err, "layer '%s', channel %d", eo_layer_name(l), o);
    }
    return 0;
}

static int requant_scores(struct eo_s8_params *p, const struct eo_model *m, struct eo_err *err)
{
    const struct eo_model_layer *layer = &m->layer[EO_CLASSIFIER];
    double top = 0;
    int k;

    for (k = 0; k < EO_CLASSES; k++)
        top = layer->weight_scale[k] > top ? layer->weight_scale[k] : top;
    p->score_scale = (double)layer->input_scale * top;
    for (k = 0; k < EO_CLASSES; k++) {
        double factor = layer->weight_scale[k] / top;

        if (eo_requant_make(factor < 1 ? factor : nextafter(1, 0), &p->classifier[k], err))
            return eo_err_prefix(err, "layer 'classifier', class %d", k);
    }
    return 0;
}

int eo_s8_params_init(struct eo_s8_params *p, const struct eo_model *m, struct eo_err *err)
{
    float x[256];
    int i;

    memset(p, 0, sizeof(*p));
    p->qmax = eo_backend_activation_max(m->backend);
    for (i = 0; i < EO_LAYERS; i++)
        p->zero_point[i] = m->layer[i].input_zero_point;
    eo_input_table_ref(x, 0);
    for (i = 0; i < 256; i++) {
        float q = rintf(x[i] / m->layer[EO_CONV1].input_scale) + (float)p->zero_point[EO_CONV1];

        p->input_table[i] = q > 0 ? (uint8_t)(q < (float)p->qmax ? q : (float)p->qmax) : 0;
    }
    if (requant_layer(p->conv1, m, EO_CONV1, err) || requant_layer(p->conv2, m, EO_CONV2, err))
        return -1;
    return requant_scores(p, m, err);
}

/* ---- the tables ---------------------------------------------------------------------------------------------- */

struct ref {
    struct eo_shape shape;
    int half;
    float table[256];
    struct eo_s8_params params;
    void *weight[EO_LAYERS], *bias[EO_LAYERS]; /* fp16: widened to float */
    void *pool1, *pool2;
};

static void ref_release(void *state)
{
    struct ref *r = state;
    int l;

    for (l = 0; l < EO_LAYERS; l++) {
        free(r->weight[l]);
        free(r->bias[l]);
    }
    free(r->pool1);
    free(r->pool2);
    free(r);
}

static void *copy_bytes(const void *from, size_t n, size_t size, struct eo_err *err)
{
    void *to = eo_alloc(n, size, err);

    if (to)
        memcpy(to, from, n * size);
    return to;
}

static void *copy_half(const uint16_t *from, size_t n, struct eo_err *err)
{
    float *to = eo_alloc(n, sizeof(*to), err);
    size_t i;

    for (i = 0; to && i < n; i++)
        to[i] = eo_half_to_float(from[i]);
    return to;
}

static int copy_layer(struct ref *r, const struct eo_model *m, enum eo_layer l, struct eo_err *err)
{
    const struct eo_model_layer *layer = &m->layer[l];
    size_t weights = eo_shape_weights(&m->shape, l), outputs = (size_t)eo_shape_outputs(&m->shape, l);

    if (m->precision == EO_FP16) {
        r->weight[l] = copy_half(layer->weight.f16, weights, err);
        r->bias[l] = copy_half(layer->bias.f16, outputs, err);
    } else if (m->precision == EO_FP32) {
        r->weight[l] = copy_bytes(layer->weight.f32, weights, sizeof(float), err);
        r->bias[l] = copy_bytes(layer->bias.f32, outputs, sizeof(float), err);
    } else {
        r->weight[l] = copy_bytes(layer->weight.s8, weights, 1, err);
        r->bias[l] = copy_bytes(layer->bias.s32, outputs, sizeof(int32_t), err);
    }
    return r->weight[l] && r->bias[l] ? 0 : -1;
}

static size_t ref_workspace(const void *state)
{
    const struct ref *r = state;
    size_t elements = EO_PIXELS + eo_shape_output_elements(&r->shape, EO_CONV1) +
                      eo_shape_output_elements(&r->shape, EO_CONV2);

    return elements * sizeof(float);
}

static void *ref_prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    struct ref *r = eo_alloc(1, sizeof(*r), err);
    int l;

    (void)max_batch;
    if (!r)
        return NULL;
    r->shape = m->shape;
    r->half = m->precision == EO_FP16;
    eo_input_table_ref(r->table, r->half);
    if (m->precision == EO_INT8 && eo_s8_params_init(&r->params, m, err))
        goto fail;
    for (l = 0; l < EO_LAYERS; l++) {
        if (copy_layer(r, m, (enum eo_layer)l, err))
            goto fail;
    }
    r->pool1 = eo_alloc(eo_shape_output_elements(&m->shape, EO_CONV1), sizeof(float), err);
    r->pool2 = eo_alloc(eo_shape_output_elements(&m->shape, EO_CONV2), sizeof(float), err);
    if (!r->pool1 || !r->pool2)
        goto fail;
    return r;
fail:
    ref_release(r);
    return NULL;
}

static void round_half(float *x, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        x[i] = eo_half_to_float(eo_half_from_float(x[i]));
}

static void run_f32_one(struct ref *r, const uint8_t *pixels, float *pool1, float *pool2, float *scores)
{
    const struct eo_shape *s = &r->shape;
    float x[EO_PIXELS];
    int p;

    for (p = 0; p < EO_PIXELS; p++)
        x[p] = r->table[pixels[p]];
    eo_conv_f32_ref(x, r->weight[EO_CONV1], r->bias[EO_CONV1], 1, s->c1, EO_SIDE, pool1);
    if (r->half)
        round_half(pool1, eo_shape_output_elements(s, EO_CONV1));
    eo_conv_f32_ref(pool1, r->weight[EO_CONV2], r->bias[EO_CONV2], s->c1, s->c2, EO_POOL1_SIDE, pool2);
    if (r->half)
        round_half(pool2, eo_shape_output_elements(s, EO_CONV2));
    eo_linear_f32_ref(pool2, r->weight[EO_CLASSIFIER], r->bias[EO_CLASSIFIER], s->c2, scores);
}

static void ref_activations(void *state, const uint8_t *pixels, float *pool1, float *pool2, union eo_score *scores)
{
    float y[EO_CLASSES];
    int k;

    run_f32_one(state, pixels, pool1, pool2, y);
    for (k = 0; k < EO_CLASSES; k++)
        scores[k].f32 = y[k];
}

static void ref_run_f32(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    struct ref *r = state;
    int i;

    for (i = 0; i < n; i++)
        ref_activations(r, pixels + (size_t)i * EO_PIXELS, r->pool1, r->pool2, scores + (size_t)i * EO_CLASSES);
}

static void run_s8_one(struct ref *r, const uint8_t *pixels, union eo_score *scores)
{
    const struct eo_s8_params *q = &r->params;
    const struct eo_shape *s = &r->shape;
    uint8_t x[EO_PIXELS];
    int32_t y[EO_CLASSES];
    int p, k;

    for (p = 0; p < EO_PIXELS; p++)
        x[p] = q->input_table[pixels[p]];
    eo_conv_s8_ref(x, r->weight[EO_CONV1], r->bias[EO_CONV1], 1, s->c1, EO_SIDE, q->zero_point[EO_CONV1], q->conv1,
                   q->zero_point[EO_CONV2], q->qmax, r->pool1);
    eo_conv_s8_ref(r->pool1, r->weight[EO_CONV2], r->bias[EO_CONV2], s->c1, s->c2, EO_POOL1_SIDE,
                   q->zero_point[EO_CONV2], q->conv2, q->zero_point[EO_CLASSIFIER], q->qmax, r->pool2);
    eo_linear_s8_ref(r->pool2, r->weight[EO_CLASSIFIER], r->bias[EO_CLASSIFIER], s->c2, q->zero_point[EO_CLASSIFIER],
                     q->classifier, y);
    for (k = 0; k < EO_CLASSES; k++)
        scores[k].s32 = y[k];
}

static void ref_run_s8(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    int i;

    for (i = 0; i < n; i++)
        run_s8_one(state, pixels + (size_t)i * EO_PIXELS, scores + (size_t)i * EO_CLASSES);
}

const struct eo_engine_ops *eo_ops_ref(enum eo_precision precision)
{
    static const struct eo_engine_ops ops[EO_PRECISION_COUNT] = {
        [EO_FP32] = {"fp32-ref", ref_prepare, ref_release, ref_run_f32, ref_activations, ref_workspace},
        [EO_FP16] = {"fp16-ref", ref_prepare, ref_release, ref_run_f32, NULL, ref_workspace},
        [EO_INT8] = {"int8-ref", ref_prepare, ref_release, ref_run_s8, NULL, ref_workspace},
    };

    return &ops[precision];
}
