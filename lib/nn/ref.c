#include "nn/ref.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/half.h"
#include "nn/input.h"

/* ---- floating point ------------------------------------------------------------------------------------------- */

/* Value i of activations that may lie at any address. */
static float get(const void *x, int half, int i)
{
    float value;
    uint16_t h;

    if (!half) {
        memcpy(&value, (const char *)x + (size_t)i * sizeof(value), sizeof(value));
        return value;
    }
    memcpy(&h, (const char *)x + (size_t)i * sizeof(h), sizeof(h));
    return eo_half_to_float(h);
}

static void put(void *y, int half, int i, float value)
{
    uint16_t h;

    if (!half) {
        memcpy((char *)y + (size_t)i * sizeof(value), &value, sizeof(value));
        return;
    }
    h = eo_half_from_float(value);
    memcpy((char *)y + (size_t)i * sizeof(h), &h, sizeof(h));
}

static float larger(float p, float q)
{
    return p > q ? p : q;
}

/* One output of the convolution before pooling. */
static float conv_at(const void *x, int half, const float *w, float bias, int ic, int s, int row, int col)
{
    float acc = bias;
    int i, kh, kw;

    for (i = 0; i < ic; i++) {
        for (kh = 0; kh < 3; kh++) {
            for (kw = 0; kw < 3; kw++) {
                int r = row + kh - 1, c = col + kw - 1;

                if (r >= 0 && r < s && c >= 0 && c < s)
                    acc = fmaf(get(x, half, (i * s + r) * s + c), w[(i * 3 + kh) * 3 + kw], acc);
            }
        }
    }
    return acc;
}

static void conv_f32(const void *x, int half, const float *w, const float *b, int ic, int oc, int s, void *y)
{
    int o, r, c, n = 0;

    for (o = 0; o < oc; o++, w += 9 * ic) {
        for (r = 0; r < s; r++) {
            for (c = 0; c < s; c++)
                put(y, half, n++, conv_at(x, half, w, b[o], ic, s, r, c));
        }
    }
}

/* The planes lie one after the other, so they are one of planes * s rows. */
static void pool_f32(const void *x, int half, int planes, int s, void *y)
{
    int r, c, n = 0;

    for (r = 0; r < planes * s; r += 2) {
        for (c = 0; c < s; c += 2) {
            int up = r * s + c, down = up + s;

            put(y, half, n++,
                larger(larger(get(x, half, up), get(x, half, up + 1)),
                       larger(get(x, half, down), get(x, half, down + 1))));
        }
    }
}

static void relu_f32(void *y, int half, int n)
{
    int i;

    for (i = 0; i < n; i++)
        put(y, half, i, larger(get(y, half, i), 0.0f));
}

static void conv_pool_relu_f32(const void *x, int half, const float *w, const float *b, int ic, int oc, int s,
                               void *y)
{
    int o, r, c, n = 0;

    for (o = 0; o < oc; o++, w += 9 * ic) {
        for (r = 0; r < s; r += 2) {
            for (c = 0; c < s; c += 2) {
                float up = larger(conv_at(x, half, w, b[o], ic, s, r, c),
                                  conv_at(x, half, w, b[o], ic, s, r, c + 1));
                float down = larger(conv_at(x, half, w, b[o], ic, s, r + 1, c),
                                    conv_at(x, half, w, b[o], ic, s, r + 1, c + 1));

                put(y, half, n++, larger(larger(up, down), 0.0f));
            }
        }
    }
}

static void linear_f32(const void *x, int half, const float *w, const float *b, int c, union eo_score *y)
{
    int k, i, p;

    for (k = 0; k < EO_CLASSES; k++) {
        float score = b[k];

        for (i = 0; i < c; i++) {
            float part = 0.0f;

            for (p = 0; p < EO_POOL2_PIXELS; p++)
                part =
                    fmaf(get(x, half, i * EO_POOL2_PIXELS + p), w[(k * c + i) * EO_POOL2_PIXELS + p], part);
            score += part;
        }
        y[k].f32 = score;
        if (score != score)
            y[k].s32 = 0x7fc00000;
    }
}

/* ---- integers ------------------------------------------------------------------------------------------------- */

static int32_t larger_s32(int32_t p, int32_t q)
{
    return p > q ? p : q;
}

static int32_t conv_at_s8(const uint8_t *x, const int8_t *w, int32_t bias, int ic, int s, int32_t zero_point,
                          int row, int col)
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

/* zero_point is the input's; next_zero_point and qmax are the output's range. */
static void conv_s8(const uint8_t *x, const int8_t *w, const int32_t *b, int ic, int oc, int s,
                    int32_t zero_point, const struct eo_requant *rq, int32_t next_zero_point, int32_t qmax,
                    uint8_t *y)
{
    int o, r, c;

    for (o = 0; o < oc; o++, w += 9 * ic) {
        for (r = 0; r < s; r++) {
            for (c = 0; c < s; c++) {
                int32_t q = eo_requant_apply(rq[o], conv_at_s8(x, w, b[o], ic, s, zero_point, r, c));

                q = larger_s32(q, -next_zero_point);
                *y++ = (uint8_t)(q < qmax - next_zero_point ? next_zero_point + q : qmax);
            }
        }
    }
}

static void pool_s8(const uint8_t *x, int planes, int s, uint8_t *y)
{
    int r, c;

    for (r = 0; r < planes * s; r += 2) {
        for (c = 0; c < s; c += 2) {
            const uint8_t *up = x + r * s + c, *down = up + s;

            *y++ = (uint8_t)larger_s32(larger_s32(up[0], up[1]), larger_s32(down[0], down[1]));
        }
    }
}

static void relu_s8(uint8_t *y, int n, int32_t zero_point)
{
    int i;

    for (i = 0; i < n; i++)
        y[i] = (uint8_t)larger_s32(y[i], zero_point);
}

static void conv_pool_relu_s8(const uint8_t *x, const int8_t *w, const int32_t *b, int ic, int oc, int s,
                              int32_t zero_point, const struct eo_requant *rq, int32_t next_zero_point,
                              int32_t qmax, uint8_t *y)
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

static void linear_s8(const uint8_t *x, const int8_t *w, const int32_t *b, int c, int32_t zero_point,
                      const struct eo_requant *rq, union eo_score *y)
{
    int k, t, terms = c * EO_POOL2_PIXELS;

    for (k = 0; k < EO_CLASSES; k++) {
        int32_t acc = b[k];

        for (t = 0; t < terms; t++)
            acc += (x[t] - zero_point) * w[k * terms + t];
        y[k].s32 = eo_requant_apply(rq[k], acc);
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
    eo_input_table(m, 0, x);
    for (i = 0; i < 256; i++) {
        float q = rintf(x[i] / m->layer[EO_CONV1].input_scale) + (float)p->zero_point[EO_CONV1];

        p->input_table[i] = q > 0 ? (uint8_t)(q < (float)p->qmax ? q : (float)p->qmax) : 0;
    }
    if (requant_layer(p->conv1, m, EO_CONV1, err) || requant_layer(p->conv2, m, EO_CONV2, err))
        return -1;
    return requant_scores(p, m, err);
}

/* ---- a model's layers ----------------------------------------------------------------------------------------- */

struct eo_ref {
    struct eo_shape shape;
    enum eo_precision precision;
    float table[256];
    struct eo_s8_params params;
    void *weight[EO_LAYERS], *bias[EO_LAYERS]; /* fp16: widened to float */
};

void eo_ref_free(struct eo_ref *r)
{
    int l;

    for (l = 0; r && l < EO_LAYERS; l++) {
        free(r->weight[l]);
        free(r->bias[l]);
    }
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

static int copy_layer(struct eo_ref *r, const struct eo_model *m, enum eo_layer l, struct eo_err *err)
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

struct eo_ref *eo_ref_new(const struct eo_model *m, struct eo_err *err)
{
    struct eo_ref *r = eo_alloc(1, sizeof(*r), err);
    int l;

    if (!r)
        return NULL;
    r->shape = m->shape;
    r->precision = m->precision;
    eo_input_table(m, m->precision == EO_FP16, r->table);
    if (m->precision == EO_INT8 && eo_s8_params_init(&r->params, m, err))
        goto fail;
    for (l = 0; l < EO_LAYERS; l++) {
        if (copy_layer(r, m, (enum eo_layer)l, err))
            goto fail;
    }
    return r;
fail:
    eo_ref_free(r);
    return NULL;
}

void eo_ref_input(const struct eo_ref *r, const uint8_t *pixels, void *x)
{
    int p;

    for (p = 0; p < EO_PIXELS; p++) {
        if (r->precision == EO_INT8)
            ((uint8_t *)x)[p] = r->params.input_table[pixels[p]];
        else
            put(x, r->precision == EO_FP16, p, r->table[pixels[p]]);
    }
}

static int input_channels(const struct eo_ref *r, enum eo_layer l)
{
    return l == EO_CONV1 ? 1 : r->shape.c1;
}

static int input_side(enum eo_layer l)
{
    return l == EO_CONV1 ? EO_SIDE : EO_POOL1_SIDE;
}

void eo_ref_conv_pool_relu(const struct eo_ref *r, enum eo_layer l, const void *x, void *y)
{
    const struct eo_s8_params *q = &r->params;
    int ic = input_channels(r, l), oc = eo_shape_outputs(&r->shape, l), s = input_side(l);

    if (r->precision == EO_INT8)
        conv_pool_relu_s8(x, r->weight[l], r->bias[l], ic, oc, s, q->zero_point[l],
                          l == EO_CONV1 ? q->conv1 : q->conv2, q->zero_point[l + 1], q->qmax, y);
    else
        conv_pool_relu_f32(x, r->precision == EO_FP16, r->weight[l], r->bias[l], ic, oc, s, y);
}

void eo_ref_conv(const struct eo_ref *r, enum eo_layer l, const void *x, void *y)
{
    const struct eo_s8_params *q = &r->params;
    int ic = input_channels(r, l), oc = eo_shape_outputs(&r->shape, l), s = input_side(l);

    if (r->precision == EO_INT8)
        conv_s8(x, r->weight[l], r->bias[l], ic, oc, s, q->zero_point[l], l == EO_CONV1 ? q->conv1 : q->conv2,
                q->zero_point[l + 1], q->qmax, y);
    else
        conv_f32(x, r->precision == EO_FP16, r->weight[l], r->bias[l], ic, oc, s, y);
}

void eo_ref_pool(const struct eo_ref *r, enum eo_layer l, const void *x, void *y)
{
    int planes = eo_shape_outputs(&r->shape, l), s = input_side(l);

    if (r->precision == EO_INT8)
        pool_s8(x, planes, s, y);
    else
        pool_f32(x, r->precision == EO_FP16, planes, s, y);
}

void eo_ref_relu(const struct eo_ref *r, enum eo_layer l, void *y)
{
    int n = (int)eo_shape_output_elements(&r->shape, l);

    if (r->precision == EO_INT8)
        relu_s8(y, n, r->params.zero_point[l + 1]);
    else
        relu_f32(y, r->precision == EO_FP16, n);
}

void eo_ref_classifier(const struct eo_ref *r, const void *x, void *scores)
{
    const struct eo_s8_params *q = &r->params;
    const void *w = r->weight[EO_CLASSIFIER], *b = r->bias[EO_CLASSIFIER];
    union eo_score y[EO_CLASSES];

    if (r->precision == EO_INT8)
        linear_s8(x, w, b, r->shape.c2, q->zero_point[EO_CLASSIFIER], q->classifier, y);
    else
        linear_f32(x, r->precision == EO_FP16, w, b, r->shape.c2, y);
    memcpy(scores, y, sizeof(y)); /* which may lie at any address */
}

/* ---- the tables ----------------------------------------------------------------------------------------------- */

struct engine {
    struct eo_ref *ref;
    size_t bytes;
    void *x, *pool1, *pool2;
    struct eo_marker marker;
};

static void engine_release(void *state)
{
    struct engine *e = state;

    eo_ref_free(e->ref);
    free(e->x);
    free(e->pool1);
    free(e->pool2);
    free(e);
}

static void *engine_prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    size_t x = eo_shape_input_bytes(&m->shape, EO_CONV1, m->precision);
    size_t pool1 = eo_shape_output_bytes(&m->shape, EO_CONV1, m->precision);
    size_t pool2 = eo_shape_output_bytes(&m->shape, EO_CONV2, m->precision);
    struct engine *e = eo_alloc(1, sizeof(*e), err);

    (void)max_batch;
    if (!e)
        return NULL;
    e->bytes = x + pool1 + pool2;
    e->ref = eo_ref_new(m, err);
    if (!e->ref || !(e->x = eo_alloc(1, x, err)) || !(e->pool1 = eo_alloc(1, pool1, err)) ||
        !(e->pool2 = eo_alloc(1, pool2, err))) {
        engine_release(e);
        return NULL;
    }
    return e;
}

static size_t engine_workspace(const void *state)
{
    return ((const struct engine *)state)->bytes;
}

static void run_one(struct engine *e, const uint8_t *pixels, void *pool1, void *pool2, union eo_score *scores)
{
    eo_mark(&e->marker, EO_CONV1);
    eo_ref_input(e->ref, pixels, e->x);
    eo_ref_conv_pool_relu(e->ref, EO_CONV1, e->x, pool1);
    eo_mark(&e->marker, EO_CONV2);
    eo_ref_conv_pool_relu(e->ref, EO_CONV2, pool1, pool2);
    eo_mark(&e->marker, EO_CLASSIFIER);
    eo_ref_classifier(e->ref, pool2, scores);
}

/* fp32 alone, whose activations are floats. */
static void engine_activations(void *state, const uint8_t *pixels, float *pool1, float *pool2,
                               union eo_score *scores)
{
    run_one(state, pixels, pool1, pool2, scores);
}

static void engine_run(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    struct engine *e = state;
    int i;

    for (i = 0; i < n; i++)
        run_one(e, pixels + (size_t)i * EO_PIXELS, e->pool1, e->pool2, scores + (size_t)i * EO_CLASSES);
}

static void engine_set_marker(void *state, struct eo_marker marker)
{
    ((struct engine *)state)->marker = marker;
}

const struct eo_engine_ops *eo_ops_ref(enum eo_precision precision)
{
    static const struct eo_engine_ops ops[EO_PRECISION_COUNT] = {
        [EO_FP32] = {"fp32-ref", engine_prepare, engine_release, engine_run, engine_activations,
                     engine_workspace, engine_set_marker},
        [EO_FP16] = {"fp16-ref", engine_prepare, engine_release, engine_run, NULL, engine_workspace, engine_set_marker},
        [EO_INT8] = {"int8-ref", engine_prepare, engine_release, engine_run, NULL, engine_workspace, engine_set_marker},
    };

    return &ops[precision];
}
