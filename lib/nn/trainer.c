#include "nn/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/mem.h"
#include "nn/kernels_train.h"

#define PIXELS 784
#define CHUNK 1024 /* parameters a task of the optimiser handles */

/* What one block of images adds up, apart from its gradients. */
struct block_result {
    double loss;
    uint64_t correct;
};

struct eo_trainer {
    struct eo_train_layout layout;
    const struct eo_train_ops *ops;
    struct eo_pool *pool;
    int max_batch;
    float input[256];     /* grey value to network input */
    float *params, *m, *v, *sum; /* parameter blocks */
    float *w2f;           /* conv2 weights in the layout of the forward pass */
    float *grads;         /* one parameter block per block of images */
    float *scratch;       /* one per thread */
    size_t scratch_floats;
    struct block_result *results;
    double beta1_power, beta2_power;
    void *memory;
    /* the step in progress, for the tasks */
    const uint8_t *pixels, *labels;
    const uint32_t *index;
    int n;
    struct eo_adam_step step;
};

static size_t w2_at(const struct eo_train_layout *l, int oc, int ic, int tap)
{
    return l->w2 + (size_t)((oc * 9 + tap) * l->cp1 + ic);
}

static size_t w3_at(const struct eo_train_layout *l, int k, int c, int pixel)
{
    return l->w3 + (size_t)((pixel * 10 + k) * l->cp2 + c);
}

/* Calls visit for every weight: where it is in a parameter block, and where in a model. */
static void visit_weights(const struct eo_train_layout *l, struct eo_model *m,
                          void (*visit)(float *block, float *model), float *block)
{
    int oc, ic, t, k, p;

    for (oc = 0; oc < l->c1; oc++) {
        for (t = 0; t < 9; t++)
            visit(block + l->w1 + (size_t)(t * l->cp1 + oc), m->layer[EO_CONV1].weight.f32 + oc * 9 + t);
        visit(block + l->b1 + (size_t)oc, m->layer[EO_CONV1].bias.f32 + oc);
    }
    for (oc = 0; oc < l->c2; oc++) {
        for (ic = 0; ic < l->c1; ic++) {
            for (t = 0; t < 9; t++)
                visit(block + w2_at(l, oc, ic, t), m->layer[EO_CONV2].weight.f32 + (oc * l->c1 + ic) * 9 + t);
        }
        visit(block + l->b2 + (size_t)oc, m->layer[EO_CONV2].bias.f32 + oc);
    }
    for (k = 0; k < 10; k++) {
        for (oc = 0; oc < l->c2; oc++) {
            for (p = 0; p < 49; p++)
                visit(block + w3_at(l, k, oc, p), m->layer[EO_CLASSIFIER].weight.f32 + (k * l->c2 + oc) * 49 + p);
        }
        visit(block + l->b3 + (size_t)k, m->layer[EO_CLASSIFIER].bias.f32 + k);
    }
}

static void from_model(float *block, float *model)
{
    *block = *model;
}

static void to_model(float *block, float *model)
{
    *model = *block;
}

static void refresh_w2f(struct eo_trainer *t)
{
    const struct eo_train_layout *l = &t->layout;
    int ic, tap, oc;

    for (ic = 0; ic < l->c1; ic++) {
        for (tap = 0; tap < 9; tap++) {
            for (oc = 0; oc < l->c2; oc++)
                t->w2f[(size_t)((ic * 9 + tap) * l->cp2 + oc)] = t->params[w2_at(l, oc, ic, tap)];
        }
    }
}

/* All memory in one allocation, each part 64-byte aligned because each size is a multiple of 16 floats. */
static int allocate(struct eo_trainer *t, struct eo_err *err)
{
    size_t total = t->layout.total;
    size_t blocks = (size_t)(t->max_batch + EO_TRAIN_BLOCK - 1) / EO_TRAIN_BLOCK;
    size_t threads = (size_t)eo_pool_threads(t->pool);
    size_t w2f = (size_t)(t->layout.c1 * 9 * t->layout.cp2);
    size_t floats, grads;
    float *p;

    t->scratch_floats = eo_size_round_up(eo_train_scratch_floats(&t->layout), 16);
    if (eo_size_mul(blocks, total, &grads) ||
        eo_size_add(grads, 4 * total + eo_size_round_up(w2f, 16) + threads * t->scratch_floats, &floats))
        return eo_err_set(err, "out of memory: a batch of %d images is too large", t->max_batch);
    t->memory = eo_alloc(floats, sizeof(float), err);
    t->results = eo_alloc(blocks, sizeof(*t->results), err);
    if (!t->memory || !t->results)
        return -1;
    p = t->memory;
    t->params = p;
    t->m = t->params + total;
    t->v = t->m + total;
    t->sum = t->v + total;
    t->grads = t->sum + total;
    t->w2f = t->grads + grads;
    t->scratch = t->w2f + eo_size_round_up(w2f, 16);
    return 0;
}

struct eo_trainer *eo_trainer_new(const struct eo_model *m, enum eo_isa isa, struct eo_pool *pool, int max_batch,
                                  struct eo_err *err)
{
    struct eo_trainer *t;
    struct eo_model view = *m;
    int i;

    if (m->precision != EO_FP32) {
        eo_err_set(err, "training: expected an fp32 model, found %s", eo_precision_name(m->precision));
        return NULL;
    }
    t = eo_alloc(1, sizeof(*t), err);
    if (!t)
        return NULL;
    t->ops = eo_train_ops_get(isa);
    t->pool = pool;
    t->max_batch = max_batch;
    t->beta1_power = t->beta2_power = 1;
    eo_train_layout_init(&t->layout, m->shape.c1, m->shape.c2);
    if (allocate(t, err)) {
        eo_trainer_free(t);
        return NULL;
    }
    for (i = 0; i < 256; i++)
        t->input[i] = (float)i / 127.5f - 1.0f;
    visit_weights(&t->layout, &view, from_model, t->params);
    refresh_w2f(t);
    return t;
}

void eo_trainer_free(struct eo_trainer *t)
{
    if (!t)
        return;
    free(t->memory);
    free(t->results);
    free(t);
}

static void load_image(const struct eo_trainer *t, const uint8_t *pixels, float *x)
{
    int y, i;

    for (y = 0; y < 28; y++) {
        for (i = 0; i < 28; i++)
            x[(y + 1) * EO_X_STRIDE + i + 1] = t->input[pixels[y * 28 + i]];
    }
}

/* Loss of one image in double, its gradient by the logits divided by n, and whether the image was right. */
static double cross_entropy(const float z[10], int label, int n, float dz[10], int *right)
{
    double e[10], sum = 0, max = z[0];
    int k, best = 0;

    for (k = 1; k < 10; k++) {
        if (z[k] > z[best])
            best = k;
    }
    max = z[best];
    for (k = 0; k < 10; k++) {
        e[k] = eo_exp(z[k] - max);
        sum += e[k];
    }
    for (k = 0; k < 10; k++)
        dz[k] = (float)((e[k] / sum - (k == label)) / n);
    *right = best == label;
    return eo_log(sum) - (z[label] - max);
}

/* One block of at most EO_TRAIN_BLOCK images. */
static void block_task(void *ctx, int task, int worker)
{
    struct eo_trainer *t = ctx;
    float *grad = t->grads + (size_t)task * t->layout.total;
    struct block_result *result = &t->results[task];
    int i = task * EO_TRAIN_BLOCK;
    int end = i + EO_TRAIN_BLOCK < t->n ? i + EO_TRAIN_BLOCK : t->n;
    struct eo_train_scratch s;

    eo_train_scratch_place(&t->layout, t->scratch + (size_t)worker * t->scratch_floats, &s);
    memset(grad, 0, t->layout.total * sizeof(float));
    *result = (struct block_result){0, 0};
    for (; i < end; i++) {
        float z[10], dz[10];
        int right;

        load_image(t, t->pixels + (size_t)t->index[i] * PIXELS, s.x);
        t->ops->forward(&t->layout, t->params, t->w2f, &s, z);
        result->loss += cross_entropy(z, t->labels[t->index[i]], t->n, dz, &right);
        result->correct += (uint64_t)right;
        t->ops->backward(&t->layout, t->params, &s, dz, grad);
    }
}

static size_t chunk_end(const struct eo_trainer *t, int task)
{
    size_t end = ((size_t)task + 1) * CHUNK;

    return end < t->layout.total ? end : t->layout.total;
}

static void reduce_task(void *ctx, int task, int worker)
{
    struct eo_trainer *t = ctx;
    int blocks = (t->n + EO_TRAIN_BLOCK - 1) / EO_TRAIN_BLOCK;

    (void)worker;
    t->ops->reduce(t->grads, t->layout.total, blocks, (size_t)task * CHUNK, chunk_end(t, task), t->sum);
}

static void update_task(void *ctx, int task, int worker)
{
    struct eo_trainer *t = ctx;

    reduce_task(ctx, task, worker);
    t->ops->adam(&t->step, (size_t)task * CHUNK, chunk_end(t, task), t->sum, t->m, t->v, t->params);
}

/* Forward and backward of all blocks; adds up losses in the order of the blocks. */
static void run_blocks(struct eo_trainer *t, const uint8_t *pixels, const uint8_t *labels, const uint32_t *index,
                       int n, double *loss_sum, uint64_t *correct)
{
    int blocks = (n + EO_TRAIN_BLOCK - 1) / EO_TRAIN_BLOCK;
    int b;

    t->pixels = pixels;
    t->labels = labels;
    t->index = index;
    t->n = n;
    eo_pool_run(t->pool, block_task, t, blocks);
    for (b = 0; b < blocks; b++) {
        *loss_sum += t->results[b].loss;
        *correct += t->results[b].correct;
    }
}

static int chunk_count(const struct eo_trainer *t)
{
    return (int)((t->layout.total + CHUNK - 1) / CHUNK);
}

void eo_trainer_step(struct eo_trainer *t, const uint8_t *pixels, const uint8_t *labels, const uint32_t *index,
                     int n, double learning_rate, double *loss_sum, uint64_t *correct)
{
    const double beta1 = 0.9, beta2 = 0.999;

    run_blocks(t, pixels, labels, index, n, loss_sum, correct);
    t->beta1_power *= beta1;
    t->beta2_power *= beta2;
    t->step = (struct eo_adam_step){
        .beta1 = (float)beta1,
        .rest1 = (float)(1 - beta1),
        .beta2 = (float)beta2,
        .rest2 = (float)(1 - beta2),
        .eps = 1e-8f,
        .step_size = (float)(learning_rate / (1 - t->beta1_power)),
        .inv_sqrt_bias2 = (float)(1 / sqrt(1 - t->beta2_power)),
    };
    eo_pool_run(t->pool, update_task, t, chunk_count(t));
    refresh_w2f(t);
}

void eo_trainer_gradients(struct eo_trainer *t, const uint8_t *pixels, const uint8_t *labels,
                          const uint32_t *index, int n, struct eo_model *grad, double *loss_sum)
{
    uint64_t correct = 0;

    run_blocks(t, pixels, labels, index, n, loss_sum, &correct);
    eo_pool_run(t->pool, reduce_task, t, chunk_count(t));
    visit_weights(&t->layout, grad, to_model, t->sum);
}

void eo_trainer_export(const struct eo_trainer *t, struct eo_model *m)
{
    visit_weights(&t->layout, m, to_model, t->params);
}
