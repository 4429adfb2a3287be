/*
 * lib/nn/network_trainer: gradients of every operation and tail, and what a channel does to the loss, against central
 * differences of the definition in double, running statistics, and the same bits on every instruction set and number of
 * threads.
 */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "nn/input.h"
#include "nn/network_fold.h"
#include "nn/trainer.h"
#include "nn/view.h"
#include "tests/unit/check.h"

#define IMAGES 21 /* two blocks, of which the second is not full */

static const char *const networks[] = {
    "input 2x6x5; a: conv 5 3x3 pad same relu; b: conv 3 3x2 stride 2x1 pad 1,0,0,1; classifier: linear 3",
    "input 1x9x7; a: conv 6 4x4 stride 2 pad same batch_norm relu6 average 2x2; classifier: linear 4",
    "input 3x7x8; a: conv 4 3x3 pad 1 batch_norm relu; b: conv 4 3x3 pad 1 batch_norm add a relu; c: conv 4 "
    "1x1 from a; "
    "d: conv 4 3x3 pad 1 from b add c relu mean; classifier: linear 2",
    "input 5x8x8; a: depthwise 3x3 pad same batch_norm relu; b: conv 7 1x1 batch_norm relu max 3x3/2; "
    "classifier: linear 3",
    "input 4x12x1; a: depthwise 5x1 stride 3x1 pad 2,0,1,0 relu6; b: conv 6 3x1; classifier: linear 3",
    "input 2x9x9; a: conv 2 1x1; b: conv 2 5x5 pad 2 from input batch_norm add input; "
    "c: conv 2 3x3 pad 1 from b add b; d: conv 3 5x5 stride 3 from a; e: conv 3 9x9 stride 4 pad 2 from c "
    "add d; classifier: linear 2",
    "input 1x5x5; a: linear 12 batch_norm relu; b: linear 9 relu; classifier: linear 5",
    "input 6x10x10; a: depthwise 3x3 stride 2 pad same batch_norm; b: conv 8 1x1 batch_norm relu; "
    "c: depthwise 3x3 pad same batch_norm relu; d: conv 8 1x1 batch_norm add b relu mean; classifier: linear "
    "3",
    /* maps of 1x1 kernels that are longer than the blocks they are taken in */
    "input 2x10x11; a: conv 9 3x3 pad same relu; b: depthwise 1x1 batch_norm; c: conv 45 1x1 batch_norm relu; "
    "d: conv 9 1x1 add b relu; e: conv 6 1x1 stride 2 from d mean; classifier: linear 3",
    "input 3x12x1; a: conv 4 1x1 stride 1x2 relu; b: conv 5 1x1 stride 1x2; classifier: linear 2",
};

struct problem {
    struct eo_network net;
    struct eo_model m;
    uint8_t *pixels, labels[IMAGES];
    uint32_t index[IMAGES];
    struct eo_batch batch;
};

static void fill(float *w, size_t n, struct eo_rng *rng, float from, float to)
{
    for (size_t i = 0; i < n; i++)
        w[i] = from + (to - from) * eo_rng_f32(rng);
}

/* Inputs of several channels have other numbers in each. */
static struct eo_input input_of(int channels)
{
    struct eo_input in = {.count = channels};

    for (int c = 0; c < channels; c++) {
        in.mean[c] = channels > 1 ? 0.4 + 0.03 * c : 0.5;
        in.std[c] = channels > 1 ? 0.6 - 0.02 * c : 0.5;
    }
    return in;
}

static int make(struct problem *p, const char *text, int images)
{
    struct eo_input in;
    struct eo_rng rng;
    struct eo_err err;
    size_t n;

    memset(p, 0, sizeof(*p));
    if (!check_that(!eo_network_parse(&p->net, text, &err) &&
                        !eo_model_init_network(&p->m, EO_FP32, &p->net, &err),
                    "%s: %s", text, err.msg))
        return -1;
    in = input_of(p->net.input.c);
    check_that(eo_input_set(&p->m, &in, &err) == 0, "%s", err.msg);
    eo_rng_init(&rng, 3, EO_RNG_INIT);
    n = (size_t)images * eo_dims_elements(p->net.input);
    p->pixels = calloc(n, 1);
    for (size_t i = 0; i < n; i++)
        p->pixels[i] = (uint8_t)eo_rng_below(&rng, 256);
    for (int i = 0; i < images; i++) {
        p->labels[i] = (uint8_t)eo_rng_below(&rng, (uint32_t)eo_network_classes(&p->net));
        p->index[i] = (uint32_t)((i * 5) % images);
    }
    for (int i = 0; i < p->net.count; i++) {
        const struct eo_network_layer *l = &p->net.layer[i];
        float bound = 1.5f / sqrtf((float)eo_network_terms(l));

        fill(p->m.layer[i].weight.f32, eo_network_weights(l), &rng, -bound, bound);
        fill(p->m.layer[i].bias.f32, (size_t)l->map.c, &rng, -0.3f, 0.5f);
        if (l->batch_norm)
            fill(p->m.layer[i].norm_scale, (size_t)l->map.c, &rng, 0.5f, 3);
    }
    p->batch = (struct eo_batch){.pixels = p->pixels, .labels = p->labels, .index = p->index, .n = images};
    return 0;
}

static void release(struct problem *p)
{
    eo_model_release(&p->m);
    free(p->pixels);
}

/* ---- the definition in double ---------------------------------------------------------------------------------- */

/* The parameter that is moved for a difference. */
static const float *moved;
static double moved_by;

/* The channel whose output is multiplied by `gate` for a difference. */
static int gated_layer = -1, gated_channel;
static double gate;

static double value(const float *w)
{
    return (double)*w + (w == moved ? moved_by : 0);
}

static double at(const struct eo_network_layer *l, const double *x, int c, int h, int w)
{
    return h < 0 || w < 0 || h >= l->in.h || w >= l->in.w ? 0 : x[(c * l->in.h + h) * l->in.w + w];
}

static double operation(const struct eo_network_layer *l, const struct eo_model_layer *m, const double *x,
                        int o, int h, int w)
{
    const float *weight = m->weight.f32 + (size_t)o * eo_network_terms(l);
    double sum = l->batch_norm ? 0 : value(m->bias.f32 + o);

    if (l->operation == EO_LINEAR) {
        for (size_t t = 0; t < eo_network_terms(l); t++)
            sum += value(weight++) * x[t];
        return sum;
    }
    for (int c = 0; c < (l->operation == EO_CONV ? l->in.c : 1); c++) {
        for (int kh = 0; kh < l->kernel.h; kh++) {
            for (int kw = 0; kw < l->kernel.w; kw++)
                sum += value(weight++) * at(l, x, l->operation == EO_CONV ? c : o,
                                            h * l->stride.h - l->pad.top + kh,
                                            w * l->stride.w - l->pad.left + kw);
        }
    }
    return sum;
}

/* Of channel c over the batch; n = values of an image, p = of its channel. */
static void normalise(const struct eo_model_layer *m, double *map, int images, size_t n, size_t p, int c)
{
    double mean = 0, variance = 0, count = (double)images * (double)p;

    for (int i = 0; i < images; i++) {
        for (size_t k = 0; k < p; k++)
            mean += map[(size_t)i * n + (size_t)c * p + k] / count;
    }
    for (int i = 0; i < images; i++) {
        for (size_t k = 0; k < p; k++)
            variance += pow(map[(size_t)i * n + (size_t)c * p + k] - mean, 2) / count;
    }
    for (int i = 0; i < images; i++) {
        for (size_t k = 0; k < p; k++) {
            double *x = &map[(size_t)i * n + (size_t)c * p + k];

            *x = (*x - mean) / sqrt(variance + EO_NORM_EPS) * value(m->norm_scale + c) +
                 value(m->bias.f32 + c);
        }
    }
}

static double activated(const struct eo_network_layer *l, double x)
{
    return !l->activation ? x : x < 0 ? 0 : l->activation == EO_RELU6 && x > 6 ? 6 : x;
}

static double pooled(const struct eo_network_layer *l, const double *map, int c, int h, int w)
{
    struct eo_hw window = l->pooling == EO_MEAN ? (struct eo_hw){l->map.h, l->map.w} : l->window;
    double sum = 0, max = -1e9;

    if (!l->pooling)
        return activated(l, map[(c * l->map.h + h) * l->map.w + w]);
    for (int r = 0; r < window.h; r++) {
        for (int k = 0; k < window.w; k++) {
            double x = map[(c * l->map.h + h * l->step.h + r) * l->map.w + w * l->step.w + k];

            x = activated(l, x);
            sum += x;
            max = x > max ? x : max;
        }
    }
    return l->pooling == EO_MAX_POOL ? max : sum / (window.h * window.w);
}

static double cross_entropy(const double *z, int classes, int label)
{
    double sum = 0;

    for (int k = 0; k < classes; k++)
        sum += exp(z[k]);
    return log(sum) - z[label];
}

/* The outputs of layer i, for all images, from those before it. */
static double *run_layer(const struct problem *p, int i, double *const *outs, double *map)
{
    const struct eo_network_layer *l = &p->net.layer[i];
    size_t n = eo_dims_elements(l->map), out = eo_dims_elements(l->out), in = eo_dims_elements(l->in);
    double *y = calloc((size_t)p->batch.n * out, sizeof(*y)), *to = y;

    for (int b = 0; b < p->batch.n; b++) {
        for (size_t k = 0; k < n; k++)
            map[(size_t)b * n + k] =
                operation(l, &p->m.layer[i], outs[l->from + 1] + (size_t)b * in,
                          (int)k / (l->map.h * l->map.w), (int)k / l->map.w % l->map.h, (int)k % l->map.w);
    }
    for (int c = 0; l->batch_norm && c < l->map.c; c++)
        normalise(&p->m.layer[i], map, p->batch.n, n, n / (size_t)l->map.c, c);
    for (size_t k = 0; l->add != EO_NETWORK_NONE && k < (size_t)p->batch.n * n; k++)
        map[k] += outs[l->add + 1][k];
    for (int b = 0; b < p->batch.n; b++) {
        for (size_t k = 0; k < out; k++)
            *to++ = pooled(l, map + (size_t)b * n, (int)k / (l->out.h * l->out.w),
                           (int)k / l->out.w % l->out.h, (int)k % l->out.w) *
                    (i == gated_layer && (int)k / (l->out.h * l->out.w) == gated_channel ? gate : 1);
    }
    return y;
}

/* The mean loss of the batch. */
static double loss_of(const struct problem *p)
{
    const struct eo_input input = input_of(p->net.input.c);
    size_t in = eo_dims_elements(p->net.input), plane = in / (size_t)p->net.input.c;
    int classes = eo_network_classes(&p->net), n = p->batch.n;
    double *outs[EO_NETWORK_LAYERS + 1] = {NULL}, *map = calloc((size_t)n * 20000, sizeof(*map)), loss = 0;

    outs[0] = calloc((size_t)n * in, sizeof(double));
    for (int b = 0; b < n; b++) {
        for (size_t k = 0; k < in; k++)
            outs[0][(size_t)b * in + k] =
                (p->pixels[p->index[b] * in + k] / 255.0 - input.mean[k / plane]) / input.std[k / plane];
    }
    for (int i = 0; i < p->net.count; i++)
        outs[i + 1] = run_layer(p, i, outs, map);
    for (int b = 0; b < n; b++)
        loss += cross_entropy(outs[p->net.count] + b * classes, classes, p->labels[p->index[b]]) / n;
    for (int i = 0; i <= p->net.count; i++)
        free(outs[i]);
    free(map);
    return loss;
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static struct eo_trainer *begin(const struct problem *p, enum eo_isa isa, struct eo_pool *pool)
{
    struct eo_trainer_options options = {.isa = isa, .pool = pool, .max_batch = IMAGES};
    struct eo_err err;
    struct eo_trainer *t = eo_trainer_new(&p->m, &options, &err);

    if (!t) {
        puts(err.msg);
        exit(1);
    }
    return t;
}

/* Some parameters of each tensor: the first, the last, and steps between. */
static int compare(const struct problem *p, const float *w, const float *g, size_t n, double *largest)
{
    int wrong = 0;

    for (size_t k = 0; k < n; k += k + 1 < n && k + 1 + n / 12 > n - 1 ? n - 1 - k : 1 + n / 12) {
        const double h = 1e-7; /* small, so that few differences cross a kink of ReLU */
        double up, down, expected, off;

        moved = w + k;
        moved_by = h;
        up = loss_of(p);
        moved_by = -h;
        down = loss_of(p);
        moved = NULL;
        expected = (up - down) / (2 * h);
        off = fabs(expected - (double)g[k]) / (1e-2 + fabs(expected));
        *largest = off > *largest ? off : *largest;
        wrong += !(off < 2e-4);
    }
    return wrong;
}

static void check_gradients(const char *text)
{
    struct problem p;
    struct eo_model grad;
    struct eo_trainer *t;
    struct eo_err err;
    double loss = 0, largest = 0, expected;
    int wrong = 0;

    if (make(&p, text, IMAGES) || eo_model_init_network(&grad, EO_FP32, &p.net, &err))
        return;
    t = begin(&p, eo_isa_best(), NULL);
    eo_trainer_gradients(t, &p.batch, &grad, &loss);
    expected = loss_of(&p);
    check_that(fabs(loss / IMAGES - expected) < 1e-5 * expected, "%s: expected a loss of %.9g, found %.9g",
               text, expected, loss / IMAGES);
    for (int i = 0; i < p.net.count; i++) {
        size_t outputs = (size_t)p.net.layer[i].map.c;
        const struct eo_model_layer *m = &p.m.layer[i], *g = &grad.layer[i];

        wrong += compare(&p, m->weight.f32, g->weight.f32, eo_network_weights(&p.net.layer[i]), &largest);
        wrong += compare(&p, m->bias.f32, g->bias.f32, outputs, &largest);
        if (p.net.layer[i].batch_norm)
            wrong += compare(&p, m->norm_scale, g->norm_scale, outputs, &largest);
    }
    check_that(wrong == 0, "%s: %d gradients differ from central differences, at most by %.2g", text, wrong,
               largest);
    eo_trainer_free(t);
    eo_model_release(&grad);
    release(&p);
}

static void train(const struct problem *p, enum eo_isa isa, struct eo_pool *pool, struct eo_buf *bytes)
{
    struct eo_trainer *t = begin(p, isa, pool);
    struct eo_model out;
    struct eo_err err;
    uint64_t correct = 0;
    double loss = 0;
    int bad = eo_model_init_network(&out, EO_FP32, &p->net, &err);

    for (int s = 0; s < 3; s++)
        eo_trainer_step(t, &p->batch, 1e-2, &loss, &correct);
    eo_trainer_export(t, &out);
    if (bad || eo_model_serialize(&out, bytes, &err)) {
        puts(err.msg);
        exit(1);
    }
    eo_buf_append(bytes, &loss, sizeof(loss));
    eo_model_release(&out);
    eo_trainer_free(t);
}

static void check_same_bits(const char *text)
{
    struct problem p;
    struct eo_pool *pool;
    struct eo_buf expected = {0};
    struct eo_err err;

    if (make(&p, text, IMAGES))
        return;
    pool = eo_pool_new(3, &err);
    train(&p, EO_ISA_GENERIC, NULL, &expected);
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        struct eo_buf found = {0};

        if (!eo_isa_available((enum eo_isa)isa))
            continue;
        train(&p, (enum eo_isa)isa, pool, &found);
        check_that(found.len == expected.len && memcmp(found.data, expected.data, found.len) == 0,
                   "%s: other bits on %s with 3 threads", text, eo_isa_name((enum eo_isa)isa));
        eo_buf_release(&found);
    }
    eo_buf_release(&expected);
    eo_pool_free(pool);
    release(&p);
}

/* ---- what a channel does to the loss ----------------------------------------------------------------------------- */

/* How the loss of image i grows with a factor at the channel's output. */
static double slope_of(const struct problem *p, int i, int layer, int channel)
{
    const double h = 1e-7;
    struct problem alone = *p;
    double up, down;

    alone.index[0] = p->index[i];
    alone.batch.n = 1;
    gated_layer = layer;
    gated_channel = channel;
    gate = 1 + h;
    up = loss_of(&alone);
    gate = 1 - h;
    down = loss_of(&alone);
    gated_layer = -1;
    return (up - down) / (2 * h);
}

static double *taylor(const struct problem *p, enum eo_isa isa, struct eo_pool *pool, size_t n)
{
    struct eo_trainer *t = begin(p, isa, pool);
    double *sums = calloc(n, sizeof(*sums));

    eo_trainer_taylor(t, &p->batch, sums);
    eo_trainer_free(t);
    return sums;
}

static void compare_slopes(const struct problem *p, const char *text, int channels, const double *sums)
{
    double largest = 0;

    for (int i = 0; i < IMAGES; i += 5) {
        const double *found = sums + i * channels;

        for (int l = 0; l + 1 < p->net.count; l++) {
            for (int c = 0; c < p->net.layer[l].map.c; c++) {
                double expected = slope_of(p, i, l, c), off = fabs(expected - *found++);

                largest = fmax(largest, off / (1e-2 + fabs(expected)));
            }
        }
    }
    check_that(largest < 2e-4, "%s: taylor differs from central differences by %.2g", text, largest);
}

/* Of the network without batch normalisation. */
static void check_taylor(const char *with_norms)
{
    char text[600], *norm;
    struct problem p;
    struct eo_pool *pool;
    struct eo_err err;
    double *sums;
    int channels = 0;
    size_t n;

    snprintf(text, sizeof(text), "%s", with_norms);
    while ((norm = strstr(text, " batch_norm")))
        memmove(norm, norm + 11, strlen(norm + 11) + 1);
    if (make(&p, text, IMAGES))
        return;
    for (int l = 0; l + 1 < p.net.count; l++)
        channels += p.net.layer[l].map.c;
    n = (size_t)channels * IMAGES;
    sums = taylor(&p, EO_ISA_GENERIC, NULL, n);
    compare_slopes(&p, text, channels, sums);
    pool = eo_pool_new(3, &err);
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        double *found = eo_isa_available((enum eo_isa)isa) ? taylor(&p, (enum eo_isa)isa, pool, n) : NULL;

        check_that(!found || memcmp(found, sums, n * sizeof(*sums)) == 0,
                   "%s: taylor has other bits on %s with 3 threads", text, eo_isa_name((enum eo_isa)isa));
        free(found);
    }
    eo_pool_free(pool);
    free(sums);
    release(&p);
}

/* One step of rate 0 moves the running statistics a tenth of the way to those of the batch. */
static void check_running(void)
{
    struct problem p;
    struct eo_trainer *t;
    uint64_t correct = 0;
    double loss = 0, mean = 0, squares = 0;
    const int pixels = 20;

    if (make(&p, "input 1x5x4; a: conv 1 1x1 batch_norm; classifier: linear 2", 3))
        return;
    t = begin(&p, eo_isa_best(), NULL);
    eo_trainer_step(t, &p.batch, 0, &loss, &correct);
    eo_trainer_export(t, &p.m);
    for (int i = 0; i < 3 * pixels; i++)
        mean += (double)(p.m.layer[0].weight.f32[0] * ((float)p.pixels[i] / 127.5f - 1)) / (3 * pixels);
    for (int i = 0; i < 3 * pixels; i++)
        squares += pow((double)(p.m.layer[0].weight.f32[0] * ((float)p.pixels[i] / 127.5f - 1)) - mean, 2);
    check_that(fabs((double)p.m.layer[0].norm_mean[0] - 0.1 * mean) < 1e-6,
               "running mean: expected %g, found %g", 0.1 * mean, (double)p.m.layer[0].norm_mean[0]);
    check_that(fabs((double)p.m.layer[0].norm_variance[0] - 0.9 - 0.1 * squares / (3 * pixels - 1)) < 1e-6,
               "running variance: expected %g, found %g", 0.9 + 0.1 * squares / (3 * pixels - 1),
               (double)p.m.layer[0].norm_variance[0]);
    eo_trainer_free(t);
    release(&p);
}

/* A batch under views trains as the images moved beforehand do, whichever way the kernels run along them. */
static void check_views(const char *text)
{
    static const struct eo_view views[] = {{0, 0, 0}, {0, 2, 0}, {0, -3, 1}, {1, 0, 0}, {-1, 1, 1}, {0, 1, 0}};
    enum { N = sizeof(views) / sizeof(*views) };
    struct problem p, shifted;
    struct eo_buf expected = {0}, found = {0};
    size_t n;

    if (make(&p, text, N) || make(&shifted, text, N))
        return;
    n = eo_dims_elements(p.net.input);
    for (int i = 0; i < N; i++)
        eo_view_apply(p.pixels + p.index[i] * n, p.net.input, views[i], shifted.pixels + p.index[i] * n);
    p.batch.views = views;
    train(&p, eo_isa_best(), NULL, &found);
    train(&shifted, eo_isa_best(), NULL, &expected);
    check_that(found.len == expected.len && memcmp(found.data, expected.data, found.len) == 0,
               "%s: other bits under views", text);
    eo_buf_release(&expected);
    eo_buf_release(&found);
    release(&p);
    release(&shifted);
}

/* A column moves up and down alone, a row to the left and right. */
static void check_narrow_views(void)
{
    static const uint8_t from[] = {1, 2, 3, 4, 5, 6}, down[] = {0, 1, 2, 0, 4, 5}, mirrored[] = {3, 2, 1, 6, 5, 4};
    const struct eo_dims column = {2, 3, 1}, row = {2, 1, 3};
    uint8_t to[6];

    eo_view_apply(from, column, (struct eo_view){-2, 1, 1}, to);
    check_that(memcmp(to, down, sizeof(to)) == 0, "a column moved down");
    eo_view_apply(from, row, (struct eo_view){1, -2, 0}, to);
    check_that(memcmp(to, down, sizeof(to)) == 0, "a row moved to the right");
    eo_view_apply(from, row, (struct eo_view){0, 2, 1}, to);
    check_that(memcmp(to, mirrored, sizeof(to)) == 0, "a row mirrored");
}

int main(void)
{
    check_narrow_views();
    check_views("input 2x9x1; a: conv 4 3x1 relu; classifier: linear 3");
    check_views("input 2x1x9; a: conv 4 1x3 relu; classifier: linear 3");
    check_views("input 1x6x5; a: conv 4 3x3 batch_norm relu; classifier: linear 3");
    for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
        check_gradients(networks[i]);
        check_same_bits(networks[i]);
        check_taylor(networks[i]);
    }
    check_running();
    return check_report("test_network_trainer");
}
