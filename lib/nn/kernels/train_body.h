/*
 * The kernels of train.h, written once over the vectors of simd.h. The file that includes this has chosen
 * the instruction set (EO_SIMD_<SET>, EO_SET).
 */
#include "nn/kernels/train.h"
#include "nn/kernels/simd.h"

#include <string.h>

/* Offset of sub-pixel s of a pooling window (0..3, raster order) in a map of the given row stride. */
#define SUB_Y(s) ((s) >> 1)
#define SUB_X(s) ((s) & 1)

/* The largest of four, its place, and ReLU. Stores VL channels of one pooled pixel. */
EO_INLINE void pool_store(const vf acc[4], float *out, int32_t *arg)
{
    vf best = acc[0];
    vi which = vi_set1(0);

    for (int s = 1; s < 4; s++) {
        vm larger = vf_gt(acc[s], best);

        best = vf_select(larger, acc[s], best);
        which = vi_select(larger, vi_set1(s), which);
    }
    vf_store(out, vf_max(best, vf_set1(0)));
    vi_store(arg, which);
}

/* Two neighbouring windows of conv1 for VL channels: eight chains hide the latency of fma. */
EO_INLINE void conv1_pair(const float *x, const vf w[9], vf bias, vf acc[8])
{
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        acc[i] = bias;
#pragma GCC unroll 9
    for (int t = 0; t < 9; t++) {
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            const float *p = x + (SUB_Y(i & 3) + t / 3) * EO_X_STRIDE + 2 * (i >> 2) + SUB_X(i & 3) + t % 3;

            acc[i] = vf_fma(vf_set1(*p), w[t], acc[i]);
        }
    }
}

static void conv1_forward(const struct eo_train_layout *l, const float *params, struct eo_train_scratch *s)
{
    int cp1 = l->cp1;

    for (int c = 0; c < cp1; c += EO_VL) {
        vf bias = vf_load(params + l->b1 + c);
        vf w[9];

        for (int t = 0; t < 9; t++)
            w[t] = vf_load(params + l->w1 + t * cp1 + c);
        for (int py = 0; py < 14; py++) {
            for (int px = 0; px < 14; px += 2) {
                float *out = s->a1 + ((py + 1) * EO_A1_SIDE + px + 1) * cp1 + c;
                int32_t *arg = s->arg1 + (py * 14 + px) * cp1 + c;
                vf acc[8];

                conv1_pair(s->x + 2 * py * EO_X_STRIDE + 2 * px, w, bias, acc);
                pool_store(acc, out, arg);
                pool_store(acc + 4, out + cp1, arg + cp1);
            }
        }
    }
}

/* NW neighbouring windows of conv2 for NV vectors of output channels from channel c. */
EO_INLINE void conv2_tile(const struct eo_train_layout *l, const float *params, const float *w2f,
                          struct eo_train_scratch *s, int py, int px, int c, int nw, int nv, int cp1)
{
    const float *base = s->a1 + (2 * py * EO_A1_SIDE + 2 * px) * cp1;
    int cp2 = l->cp2;
    vf acc[4][2][4]; /* window, vector, sub-pixel */

    for (int v = 0; v < nv; v++) {
        vf bias = vf_load(params + l->b2 + c + v * EO_VL);

        for (int w = 0; w < nw; w++) {
            for (int i = 0; i < 4; i++)
                acc[w][v][i] = bias;
        }
    }
    for (int ic = 0; ic < l->c1; ic++) {
        const float *weights = w2f + (size_t)ic * 9 * (size_t)cp2 + c;
        const float *x = base + ic;

#pragma GCC unroll 9
        for (int t = 0; t < 9; t++) {
            vf w0 = vf_load(weights + t * cp2);
            vf w1 = nv > 1 ? vf_load(weights + t * cp2 + EO_VL) : w0;

#pragma GCC unroll 4
            for (int w = 0; w < nw; w++) {
#pragma GCC unroll 4
                for (int i = 0; i < 4; i++) {
                    vf a = vf_set1(x[((SUB_Y(i) + t / 3) * EO_A1_SIDE + 2 * w + SUB_X(i) + t % 3) * cp1]);

                    acc[w][0][i] = vf_fma(a, w0, acc[w][0][i]);
                    if (nv > 1)
                        acc[w][1][i] = vf_fma(a, w1, acc[w][1][i]);
                }
            }
        }
    }
    for (int w = 0; w < nw; w++) {
        for (int v = 0; v < nv; v++) {
            size_t at = (size_t)((py * 7 + px + w) * cp2 + c + v * EO_VL);

            pool_store(acc[w][v], s->a2 + at, s->arg2 + at);
        }
    }
}

/* A row of seven windows, cut so that the accumulators fill the registers: 3 + 2 + 2 by two vectors, or 4 + 3. */
EO_INLINE void conv2_row(const struct eo_train_layout *l, const float *params, const float *w2f,
                         struct eo_train_scratch *s, int py, int c, int nv, int cp1)
{
#if EO_REGS == 32
    if (nv == 2) {
        conv2_tile(l, params, w2f, s, py, 0, c, 3, 2, cp1);
        conv2_tile(l, params, w2f, s, py, 3, c, 2, 2, cp1);
        conv2_tile(l, params, w2f, s, py, 5, c, 2, 2, cp1);
    } else {
        conv2_tile(l, params, w2f, s, py, 0, c, 4, 1, cp1);
        conv2_tile(l, params, w2f, s, py, 4, c, 3, 1, cp1);
    }
#else
    for (int px = 0; px < 7; px++)
        conv2_tile(l, params, w2f, s, py, px, c, 1, nv, cp1);
#endif
}

EO_INLINE void conv2_forward(const struct eo_train_layout *l, const float *params, const float *w2f,
                             struct eo_train_scratch *s, int cp1)
{
    for (int c = 0; c < l->c2;) {
        int nv = l->c2 - c > EO_VL ? 2 : 1;

        for (int py = 0; py < 7; py++) {
            if (nv == 2)
                conv2_row(l, params, w2f, s, py, c, 2, cp1);
            else
                conv2_row(l, params, w2f, s, py, c, 1, cp1);
        }
        c += nv * EO_VL;
    }
}

static void classifier_forward(const struct eo_train_layout *l, const float *params, struct eo_train_scratch *s,
                               float logits[10])
{
    const float *w3 = params + l->w3;
    int cp2 = l->cp2;

    for (int c = 0; c < cp2; c += EO_VL) {
        vf part[10];

        for (int k = 0; k < 10; k++)
            part[k] = vf_set1(0);
        for (int p = 0; p < 49; p++) {
            vf a = vf_load(s->a2 + p * cp2 + c);

#pragma GCC unroll 10
            for (int k = 0; k < 10; k++)
                part[k] = vf_fma(a, vf_load(w3 + (p * 10 + k) * cp2 + c), part[k]);
        }
        for (int k = 0; k < 10; k++)
            vf_store(s->part + k * cp2 + c, part[k]);
    }
    for (int k = 0; k < 10; k++) {
        float z = params[l->b3 + (size_t)k];

        for (int c = 0; c < l->c2; c++)
            z += s->part[k * cp2 + c];
        logits[k] = z;
    }
}

/* To the nearest whole number, half to even, of 0 <= a <= 2^22: beyond 2^23 floats have no fractions. */
EO_INLINE vf round_half_even(vf a)
{
    vf shift = vf_set1(0x1p23f);

    return vf_sub(vf_add(a, shift), shift);
}

/* Rounds n values of a map, which are not negative. */
static void round_values(float *a, float *pass, float *slope, size_t n, float scale, float max)
{
    vf by = vf_set1(scale), top = vf_set1(max);

    for (size_t i = 0; i < n; i += EO_VL) {
        vf v = vf_div(vf_load(a + i), by);
        vm over = vf_gt(v, top);
        vf q = round_half_even(vf_select(over, top, v));

        vf_store(a + i, vf_mul(q, by));
        vf_store(pass + i, vf_select(over, vf_set1(0), v));
        vf_store(slope + i, vf_select(over, top, vf_sub(q, v)));
    }
}

static void round_a1(const struct eo_train_layout *l, const struct eo_train_rounding *r, struct eo_train_scratch *s)
{
    size_t cp1 = (size_t)l->cp1;

    for (size_t y = 1; y < 15; y++) {
        size_t at = (y * EO_A1_SIDE + 1) * cp1;

        round_values(s->a1 + at, s->pass1 + at, s->slope1 + at, 14 * cp1, r->scale1, r->max);
    }
}

static void forward(const struct eo_train_layout *l, const float *params, const float *w2f,
                    const struct eo_train_rounding *rounding, struct eo_train_scratch *s, float logits[10])
{
    conv1_forward(l, params, s);
    if (rounding)
        round_a1(l, rounding, s);
    if (l->cp1 == 16) /* the constant lets the compiler fold all addresses of the usual network */
        conv2_forward(l, params, w2f, s, 16);
    else
        conv2_forward(l, params, w2f, s, l->cp1);
    if (rounding)
        round_values(s->a2, s->pass2, s->slope2, 49 * (size_t)l->cp2, rounding->scale2, rounding->max);
    classifier_forward(l, params, s, logits);
}

static void classifier_backward(const struct eo_train_layout *l, const float *params, int is_rounded,
                                struct eo_train_scratch *s, const float dz[10], float *grad)
{
    const float *w3 = params + l->w3, *pass = is_rounded ? s->pass2 : s->a2;
    float *dw3 = grad + l->w3;
    int cp2 = l->cp2;

    for (int k = 0; k < 10; k++)
        grad[l->b3 + (size_t)k] += dz[k];
    for (int c = 0; c < cp2; c += EO_VL) {
        vf db2 = vf_load(grad + l->b2 + c), dscale = vf_load(grad + l->scale2 + c);

        for (int p = 0; p < 49; p++) {
            vf a = vf_load(s->a2 + p * cp2 + c);
            vf d = vf_set1(0);

#pragma GCC unroll 10
            for (int k = 0; k < 10; k++) {
                size_t at = (size_t)((p * 10 + k) * cp2 + c);
                vf g = vf_set1(dz[k]);

                d = vf_fma(g, vf_load(w3 + at), d);
                vf_store(dw3 + at, vf_fma(g, a, vf_load(dw3 + at)));
            }
            if (is_rounded)
                dscale = vf_fma(d, vf_load(s->slope2 + p * cp2 + c), dscale);
            d = vf_select(vf_gt(vf_load(pass + p * cp2 + c), vf_set1(0)), d, vf_set1(0));
            vf_store(s->da2 + p * cp2 + c, d);
            db2 = vf_add(db2, d);
        }
        vf_store(grad + l->b2 + c, db2);
        vf_store(grad + l->scale2 + c, dscale);
    }
}

/* One output channel of conv2 and VL input channels: the gradient of the weights and the part of da1, in one pass. */
EO_INLINE void conv2_channel_backward(const float *w2, float *dw2, struct eo_train_scratch *s, int oc, int c,
                                      int cp1, int cp2)
{
    vf w[9], acc[9];

#pragma GCC unroll 9
    for (int t = 0; t < 9; t++) {
        w[t] = vf_load(w2 + t * cp1 + c);
        acc[t] = vf_load(dw2 + t * cp1 + c);
    }
    for (int py = 0; py < 7; py++) {
        for (int px = 0; px < 7; px++) {
            int at = (py * 7 + px) * cp2 + oc;
            int sub = s->arg2[at];
            vf g = vf_set1(s->da2[at]);
            size_t off = (size_t)(((2 * py + SUB_Y(sub)) * EO_A1_SIDE + 2 * px + SUB_X(sub)) * cp1 + c);
            const float *a = s->a1 + off;
            float *d = s->da1 + off;

#pragma GCC unroll 9
            for (int t = 0; t < 9; t++) {
                int tap = ((t / 3) * EO_A1_SIDE + t % 3) * cp1;

                acc[t] = vf_fma(g, vf_load(a + tap), acc[t]);
                vf_store(d + tap, vf_fma(g, w[t], vf_load(d + tap)));
            }
        }
    }
#pragma GCC unroll 9
    for (int t = 0; t < 9; t++)
        vf_store(dw2 + t * cp1 + c, acc[t]);
}

EO_INLINE void conv2_backward(const struct eo_train_layout *l, const float *params, struct eo_train_scratch *s,
                              float *grad, int cp1)
{
    memset(s->da1, 0, sizeof(float) * EO_A1_SIDE * EO_A1_SIDE * (size_t)cp1);
    for (int oc = 0; oc < l->c2; oc++) {
        size_t at = l->w2 + (size_t)oc * 9 * (size_t)cp1;

        for (int c = 0; c < l->c1; c += EO_VL)
            conv2_channel_backward(params + at, grad + at, s, oc, c, cp1, l->cp2);
    }
}

/*
 * Each channel's gradient belongs to one of the window's four pixels, another for each channel: four masked copies,
 * of which one is not zero, go through all taps. Adding fma(0, x, sum) changes no sum.
 */
static void conv1_backward(const struct eo_train_layout *l, int is_rounded, struct eo_train_scratch *s, float *grad)
{
    const float *pass = is_rounded ? s->pass1 : s->a1;
    int cp1 = l->cp1;

    for (int c = 0; c < l->c1; c += EO_VL) {
        vf db1 = vf_load(grad + l->b1 + c), dscale = vf_load(grad + l->scale1 + c);
        vf acc[9];

        for (int t = 0; t < 9; t++)
            acc[t] = vf_load(grad + l->w1 + t * cp1 + c);
        for (int py = 0; py < 14; py++) {
            for (int px = 0; px < 14; px++) {
                size_t at = (size_t)(((py + 1) * EO_A1_SIDE + px + 1) * cp1 + c);
                vm alive = vf_gt(vf_load(pass + at), vf_set1(0));
                vf d = vf_load(s->da1 + at), g = vf_select(alive, d, vf_set1(0));
                vi which = vi_load(s->arg1 + (py * 14 + px) * cp1 + c);
                const float *x = s->x + 2 * py * EO_X_STRIDE + 2 * px;

                if (is_rounded)
                    dscale = vf_fma(d, vf_load(s->slope1 + at), dscale);
                db1 = vf_add(db1, g);
#pragma GCC unroll 4
                for (int i = 0; i < 4; i++) {
                    vf gi = vf_select(vi_eq(which, vi_set1(i)), g, vf_set1(0));

#pragma GCC unroll 9
                    for (int t = 0; t < 9; t++) {
                        float pixel = x[(SUB_Y(i) + t / 3) * EO_X_STRIDE + SUB_X(i) + t % 3];

                        acc[t] = vf_fma(gi, vf_set1(pixel), acc[t]);
                    }
                }
            }
        }
        for (int t = 0; t < 9; t++)
            vf_store(grad + l->w1 + t * cp1 + c, acc[t]);
        vf_store(grad + l->b1 + c, db1);
        vf_store(grad + l->scale1 + c, dscale);
    }
}

static void backward(const struct eo_train_layout *l, const float *params, int is_rounded, struct eo_train_scratch *s,
                     const float dz[10], float *grad)
{
    classifier_backward(l, params, is_rounded, s, dz, grad);
    if (l->cp1 == 16)
        conv2_backward(l, params, s, grad, 16);
    else
        conv2_backward(l, params, s, grad, l->cp1);
    conv1_backward(l, is_rounded, s, grad);
}

static void reduce(const float *grads, size_t stride, int blocks, size_t begin, size_t end, float *sum)
{
    for (size_t i = begin; i < end; i += EO_VL) {
        vf total = vf_load(grads + i);

        for (int b = 1; b < blocks; b++)
            total = vf_add(total, vf_load(grads + (size_t)b * stride + i));
        vf_store(sum + i, total);
    }
}

static void adam(const struct eo_adam_step *step, size_t begin, size_t end, const float *grad, float *m, float *v,
                 float *p)
{
    vf beta1 = vf_set1(step->beta1), rest1 = vf_set1(step->rest1);
    vf beta2 = vf_set1(step->beta2), rest2 = vf_set1(step->rest2);
    vf size = vf_set1(step->step_size), scale = vf_set1(step->inv_sqrt_bias2), eps = vf_set1(step->eps);
    vf keep = vf_set1(step->keep);

    for (size_t i = begin; i < end; i += EO_VL) {
        vf g = vf_load(grad + i);
        vf mi = vf_add(vf_mul(beta1, vf_load(m + i)), vf_mul(rest1, g));
        vf vv = vf_add(vf_mul(beta2, vf_load(v + i)), vf_mul(rest2, vf_mul(g, g)));
        vf down = vf_add(vf_mul(vf_sqrt(vv), scale), eps);

        vf_store(m + i, mi);
        vf_store(v + i, vv);
        vf_store(p + i, vf_sub(vf_mul(keep, vf_load(p + i)), vf_div(vf_mul(size, mi), down)));
    }
}

const struct eo_train_ops EO_OF_SET(eo_train_ops) = {forward, backward, reduce, adam};
