/*
 * The network of training in double, written in the plainest way: an oracle for gradients.
 */
#ifndef EO_TESTS_PLAIN_NET_H
#define EO_TESTS_PLAIN_NET_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nn/model.h"

/* Weights in the layout of the model, all in one array. */
struct plain {
    int c1, c2;
    double *w; /* conv1 w, b, conv2 w, b, classifier w, b */
    double *g;
    double smoothing;
    double input[256];
    /* Simulated quantisation of the two maps; max 0: none. */
    double scale[2], dscale[2], max;
};

static inline size_t plain_size(int c1, int c2)
{
    return (size_t)(c1 * 10 + c2 * (9 * c1 + 1) + 10 * (49 * c2 + 1));
}

/* Convolution 3x3 pad 1, pool 2, ReLU, with the place of each maximum. */
static inline void plain_conv(const double *x, int ic_n, int side, const double *w, const double *b, int oc_n,
                              double *y, int *arg)
{
    int half = side / 2;

    for (int oc = 0; oc < oc_n; oc++) {
        for (int py = 0; py < half; py++) {
            for (int px = 0; px < half; px++) {
                double best = 0;
                int where = -1;

                for (int s = 0; s < 4; s++) {
                    int cy = 2 * py + s / 2, cx = 2 * px + s % 2;
                    double sum = b[oc];

                    for (int ic = 0; ic < ic_n; ic++) {
                        for (int t = 0; t < 9; t++) {
                            int yy = cy + t / 3 - 1, xx = cx + t % 3 - 1;

                            if (yy >= 0 && yy < side && xx >= 0 && xx < side)
                                sum += x[(ic * side + yy) * side + xx] * w[(oc * ic_n + ic) * 9 + t];
                        }
                    }
                    if (where < 0 || sum > best) {
                        best = sum;
                        where = cy * side + cx;
                    }
                }
                y[(oc * half + py) * half + px] = best > 0 ? best : 0;
                arg[(oc * half + py) * half + px] = best > 0 ? where : -1;
            }
        }
    }
}

static inline void plain_conv_backward(const double *x, int ic_n, int side, const double *w, int oc_n, const double *dy,
                                const int *arg, double *dw, double *db, double *dx)
{
    int pixels = side * side / 4;

    for (int oc = 0; oc < oc_n; oc++) {
        for (int p = 0; p < pixels; p++) {
            int at = arg[oc * pixels + p];
            double g = dy[oc * pixels + p];

            if (at < 0)
                continue;
            db[oc] += g;
            for (int ic = 0; ic < ic_n; ic++) {
                for (int t = 0; t < 9; t++) {
                    int yy = at / side + t / 3 - 1, xx = at % side + t % 3 - 1;

                    if (yy < 0 || yy >= side || xx < 0 || xx >= side)
                        continue;
                    dw[(oc * ic_n + ic) * 9 + t] += g * x[(ic * side + yy) * side + xx];
                    if (dx)
                        dx[(ic * side + yy) * side + xx] += g * w[(oc * ic_n + ic) * 9 + t];
                }
            }
        }
    }
}

/* Rounds a map of n values; `slope` is what dL/dscale takes of their gradients, which end where arg becomes -1. */
static inline void plain_round(double *y, int *arg, int n, double scale, double max, double *slope)
{
    for (int i = 0; i < n; i++) {
        double v = y[i] / scale, q = v > max ? max : rint(v);

        slope[i] = v > max ? max : q - v;
        y[i] = q * scale;
        arg[i] = v > max ? -1 : arg[i];
    }
}

static inline double plain_dot(const double *a, const double *b, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Loss of one image; adds its gradients, divided by n, to p->g and p->dscale. */
static inline double plain_image(struct plain *p, const uint8_t *pixels, int label, int n)
{
    int c1 = p->c1, c2 = p->c2;
    double *w1 = p->w, *b1 = w1 + 9 * c1, *w2 = b1 + c1, *b2 = w2 + 9 * c1 * c2, *w3 = b2 + c2,
           *b3 = w3 + 490 * c2;
    double *d1 = p->g, *db1 = d1 + 9 * c1, *d2 = db1 + c1, *db2 = d2 + 9 * c1 * c2, *d3 = db2 + c2,
           *db3 = d3 + 490 * c2;
    double x[784], z[10], max = -1e300, sum = 0, loss = 0;
    double *a1 = calloc((size_t)c1 * 196, sizeof(double)), *da1 = calloc((size_t)c1 * 196, sizeof(double));
    double *a2 = calloc((size_t)c2 * 49, sizeof(double)), *da2 = calloc((size_t)c2 * 49, sizeof(double));
    double *slope1 = calloc((size_t)c1 * 196, sizeof(double)), *slope2 = calloc((size_t)c2 * 49, sizeof(double));
    int *arg1 = calloc((size_t)c1 * 196, sizeof(int)), *arg2 = calloc((size_t)c2 * 49, sizeof(int));

    for (int i = 0; i < 784; i++)
        x[i] = p->input[pixels[i]];
    plain_conv(x, 1, 28, w1, b1, c1, a1, arg1);
    if (p->max > 0)
        plain_round(a1, arg1, c1 * 196, p->scale[0], p->max, slope1);
    plain_conv(a1, c1, 14, w2, b2, c2, a2, arg2);
    if (p->max > 0)
        plain_round(a2, arg2, c2 * 49, p->scale[1], p->max, slope2);
    for (int k = 0; k < 10; k++) {
        z[k] = b3[k];
        for (int j = 0; j < 49 * c2; j++)
            z[k] += a2[j] * w3[k * 49 * c2 + j];
        max = z[k] > max ? z[k] : max;
    }
    for (int k = 0; k < 10; k++)
        sum += exp(z[k] - max);
    for (int k = 0; k < 10; k++) {
        double target = k == label ? 1 - 0.9 * p->smoothing : 0.1 * p->smoothing;
        double g = (exp(z[k] - max) / sum - target) / n;

        loss -= target * (z[k] - max - log(sum));
        db3[k] += g;
        for (int j = 0; j < 49 * c2; j++) {
            d3[k * 49 * c2 + j] += g * a2[j];
            da2[j] += g * w3[k * 49 * c2 + j];
        }
    }
    plain_conv_backward(a1, c1, 14, w2, c2, da2, arg2, d2, db2, da1);
    plain_conv_backward(x, 1, 28, w1, c1, da1, arg1, d1, db1, NULL);
    p->dscale[0] += plain_dot(da1, slope1, c1 * 196);
    p->dscale[1] += plain_dot(da2, slope2, c2 * 49);
    free(a1), free(da1), free(a2), free(da2), free(arg1), free(arg2), free(slope1), free(slope2);
    return loss;
}

static inline double plain_batch(struct plain *p, const uint8_t *pixels, const uint8_t *labels, const uint32_t *index,
                                 int n)
{
    double loss = 0;

    memset(p->g, 0, plain_size(p->c1, p->c2) * sizeof(double));
    p->dscale[0] = p->dscale[1] = 0;
    for (int i = 0; i < n; i++)
        loss += plain_image(p, pixels + index[i] * 784, labels[index[i]], n);
    return loss;
}

/* All parameters of a model, in the order of struct plain. */
static inline void flatten(const struct eo_model *m, float *out)
{
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        size_t w = eo_shape_weights(&m->shape, (enum eo_smallcnn_layer)l);
        size_t b = (size_t)eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l);

        memcpy(out, m->layer[l].weight.f32, w * sizeof(float));
        memcpy(out + w, m->layer[l].bias.f32, b * sizeof(float));
        out += w + b;
    }
}

static inline void plain_from_model(struct plain *p, const struct eo_model *m)
{
    size_t n = plain_size(m->shape.c1, m->shape.c2);
    float *flat = malloc(n * sizeof(float));

    *p = (struct plain){.c1 = m->shape.c1, .c2 = m->shape.c2};
    p->w = malloc(n * sizeof(double));
    p->g = malloc(n * sizeof(double));
    for (int i = 0; i < 256; i++)
        p->input[i] = i / 127.5 - 1;
    flatten(m, flat);
    for (size_t i = 0; i < n; i++)
        p->w[i] = flat[i];
    free(flat);
}

static inline void plain_release(struct plain *p)
{
    free(p->w);
    free(p->g);
}

#endif
