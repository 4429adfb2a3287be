#include "nn/smallcnn_trainer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/fake_quant.h"
#include "nn/input.h"
#include "nn/kernels/train.h"
#include "nn/loss.h"
#include "nn/view.h"

#define CHUNK 1024 /* parameters a task of the optimiser handles */

/* What one block of images adds up, apart from its gradients. */
struct block_result {
    double loss;
    uint64_t correct;
};

struct eo_smallcnn_trainer {
    struct eo_train_layout layout;
    const struct eo_train_ops *ops;
    struct eo_trainer_options options;
    float input[256];            /* grey value to network input */
    float *params, *m, *v;       /* parameter blocks */
    float *sum;                  /* a block of gradients */
    const float *used;           /* params, or what simulated quantisation makes of them */
    struct eo_fake_quant *quant; /* NULL: none */
    float *rounded;              /* a parameter block; NULL without `quant` */
    float *w2f;                  /* conv2 weights in the layout of the forward pass */
    float *grads;                /* one block of gradients per block of images */
    float *scratch;              /* one per thread */
    size_t scratch_floats;
    struct block_result *results;
    double beta_powers[2];
    void *memory;
    /* the step in progress, for the tasks */
    const struct eo_batch *batch;
    struct eo_adam_step step;
    double *taylor; /* [n, c1 + c2] */
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
    for (int oc = 0; oc < l->c1; oc++) {
        for (int t = 0; t < 9; t++)
            visit(block + l->w1 + (size_t)(t * l->cp1 + oc), m->layer[EO_CONV1].weight.f32 + oc * 9 + t);
        visit(block + l->b1 + (size_t)oc, m->layer[EO_CONV1].bias.f32 + oc);
    }
    for (int oc = 0; oc < l->c2; oc++) {
        for (int ic = 0; ic < l->c1; ic++) {
            for (int t = 0; t < 9; t++)
                visit(block + w2_at(l, oc, ic, t), m->layer[EO_CONV2].weight.f32 + (oc * l->c1 + ic) * 9 + t);
        }
        visit(block + l->b2 + (size_t)oc, m->layer[EO_CONV2].bias.f32 + oc);
    }
    for (int k = 0; k < 10; k++) {
        for (int oc = 0; oc < l->c2; oc++) {
            for (int p = 0; p < 49; p++)
                visit(block + w3_at(l, k, oc, p),
                      m->layer[EO_CLASSIFIER].weight.f32 + (k * l->c2 + oc) * 49 + p);
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

/* After a change of the parameters: all that is made from them. */
static void refresh(struct eo_smallcnn_trainer *t)
{
    const struct eo_train_layout *l = &t->layout;

    if (t->quant)
        eo_fake_quant_weights(t->quant, l, t->params, t->rounded);
    for (int ic = 0; ic < l->c1; ic++) {
        for (int tap = 0; tap < 9; tap++) {
            for (int oc = 0; oc < l->c2; oc++)
                t->w2f[(size_t)((ic * 9 + tap) * l->cp2 + oc)] = t->used[w2_at(l, oc, ic, tap)];
        }
    }
}

/* All memory in one allocation, each part 64-byte aligned because each size is a multiple of 16 floats. */
static int allocate(struct eo_smallcnn_trainer *t, struct eo_err *err)
{
    size_t total = t->layout.total, gradients = t->layout.total_gradients;
    size_t blocks = (size_t)(t->options.max_batch + EO_TRAIN_BLOCK - 1) / EO_TRAIN_BLOCK;
    size_t threads = (size_t)eo_pool_threads(t->options.pool);
    size_t w2f = (size_t)(t->layout.c1 * 9 * t->layout.cp2);
    size_t floats, grads;

    t->scratch_floats = eo_size_round_up(eo_train_scratch_floats(&t->layout), 16);
    if (eo_size_mul(blocks, gradients, &grads) ||
        eo_size_add(grads, 3 * total + gradients + eo_size_round_up(w2f, 16) + threads * t->scratch_floats,
                    &floats))
        return eo_err_set(err, "out of memory: a batch of %d images is too large", t->options.max_batch);
    t->memory = eo_alloc(floats, sizeof(float), err);
    t->results = eo_alloc(blocks, sizeof(*t->results), err);
    if (!t->memory || !t->results)
        return -1;
    t->used = t->params = t->memory;
    t->m = t->params + total;
    t->v = t->m + total;
    t->sum = t->v + total;
    t->grads = t->sum + gradients;
    t->w2f = t->grads + grads;
    t->scratch = t->w2f + eo_size_round_up(w2f, 16);
    return 0;
}

struct eo_smallcnn_trainer *eo_smallcnn_trainer_new(const struct eo_model *m,
                                                    const struct eo_trainer_options *options,
                                                    struct eo_err *err)
{
    struct eo_smallcnn_trainer *t;
    struct eo_model view = *m;

    if (m->precision != EO_FP32) {
        eo_err_set(err, "training: expected an fp32 model, found %s", eo_precision_name(m->precision));
        return NULL;
    }
    t = eo_alloc(1, sizeof(*t), err);
    if (!t)
        return NULL;
    t->ops = eo_train_ops_get(options->isa);
    t->options = *options;
    t->beta_powers[0] = t->beta_powers[1] = 1;
    eo_train_layout_init(&t->layout, m->shape.c1, m->shape.c2);
    if (allocate(t, err)) {
        eo_smallcnn_trainer_free(t);
        return NULL;
    }
    eo_input_table(m, 0, 0, t->input);
    visit_weights(&t->layout, &view, from_model, t->params);
    refresh(t);
    return t;
}

void eo_smallcnn_trainer_free(struct eo_smallcnn_trainer *t)
{
    if (!t)
        return;
    free(t->memory);
    free(t->results);
    free(t->quant);
    free(t->rounded);
    free(t);
}

int eo_smallcnn_trainer_simulate_int8(struct eo_smallcnn_trainer *t, const struct eo_model *q,
                                      int is_per_tensor, struct eo_err *err)
{
    if (q->shape.c1 != t->layout.c1 || q->shape.c2 != t->layout.c2)
        return eo_err_set(err,
                          "simulated quantisation: expected a model of %d and %d channels, found %d and %d",
                          t->layout.c1, t->layout.c2, q->shape.c1, q->shape.c2);
    t->quant = eo_alloc(1, sizeof(*t->quant), err);
    t->rounded = t->quant ? eo_alloc(t->layout.total, sizeof(float), err) : NULL;
    if (!t->rounded || eo_fake_quant_init(t->quant, q, is_per_tensor, err))
        return -1;
    memcpy(t->input, t->quant->input, sizeof(t->input));
    t->used = t->rounded;
    refresh(t);
    return 0;
}

static void load_image(const struct eo_smallcnn_trainer *t, int i, float *x)
{
    const struct eo_batch *b = t->batch;
    const uint8_t *pixels = b->pixels + (size_t)b->index[i] * EO_IMAGE_PIXELS;
    uint8_t viewed[EO_IMAGE_PIXELS];

    if (b->views) {
        eo_view_apply(pixels, (struct eo_dims){1, EO_IMAGE_SIDE, EO_IMAGE_SIDE}, b->views[i], viewed);
        pixels = viewed;
    }
    for (int y = 0; y < 28; y++) {
        for (int c = 0; c < 28; c++)
            x[(y + 1) * EO_X_STRIDE + c + 1] = t->input[pixels[y * 28 + c]];
    }
}

static int largest(const double z[10])
{
    int best = 0;

    for (int k = 1; k < 10; k++)
        best = z[k] > z[best] ? k : best;
    return best;
}

/* Loss of image i, its gradient by the logits divided by the images of the batch, and whether it was right. */
static void judge(const struct eo_smallcnn_trainer *t, int i, const float logits[10], float dz[10],
                  struct block_result *result)
{
    struct eo_target target = eo_batch_target(&t->options, t->batch, i, EO_CLASSES);
    double z[10], gradient[10];
    int k;

    for (k = 0; k < 10; k++)
        z[k] = (double)logits[k];
    result->loss += eo_loss(z, EO_CLASSES, &target, gradient);
    result->correct += largest(z) == target.label;
    for (k = 0; k < 10; k++)
        dz[k] = (float)(gradient[k] / t->batch->n);
}

static void run_forward(const struct eo_smallcnn_trainer *t, int i, struct eo_train_scratch *s, float z[10])
{
    load_image(t, i, s->x);
    t->ops->forward(&t->layout, t->used, t->w2f, t->quant ? &t->quant->rounding : NULL, s, z);
}

/* One block of at most EO_TRAIN_BLOCK images. */
static void block_task(void *ctx, int task, int worker)
{
    struct eo_smallcnn_trainer *t = ctx;
    float *grad = t->grads + (size_t)task * t->layout.total_gradients;
    struct block_result *result = &t->results[task];
    int i = task * EO_TRAIN_BLOCK;
    int end = i + EO_TRAIN_BLOCK < t->batch->n ? i + EO_TRAIN_BLOCK : t->batch->n;
    struct eo_train_scratch s;

    eo_train_scratch_place(&t->layout, t->scratch + (size_t)worker * t->scratch_floats, &s);
    memset(grad, 0, t->layout.total_gradients * sizeof(float));
    *result = (struct block_result){0, 0};
    for (; i < end; i++) {
        float z[10], dz[10];

        run_forward(t, i, &s, z);
        judge(t, i, z, dz, result);
        t->ops->backward(&t->layout, t->used, t->quant != NULL, &s, dz, grad);
    }
}

static size_t chunk_end(const struct eo_smallcnn_trainer *t, int task)
{
    size_t end = ((size_t)task + 1) * CHUNK;

    return end < t->layout.total ? end : t->layout.total;
}

static void reduce(struct eo_smallcnn_trainer *t, size_t begin, size_t end)
{
    int blocks = (t->batch->n + EO_TRAIN_BLOCK - 1) / EO_TRAIN_BLOCK;

    t->ops->reduce(t->grads, t->layout.total_gradients, blocks, begin, end, t->sum);
}

static void reduce_task(void *ctx, int task, int worker)
{
    struct eo_smallcnn_trainer *t = ctx;

    (void)worker;
    reduce(t, (size_t)task * CHUNK, chunk_end(t, task));
}

/* Weights and biases take turns in a parameter block, and decay is for weights alone. */
static void update_task(void *ctx, int task, int worker)
{
    struct eo_smallcnn_trainer *t = ctx;
    const struct eo_train_layout *l = &t->layout;
    const size_t ends[] = {l->b1, l->w2, l->b2, l->w3, l->b3, l->total};
    size_t at = (size_t)task * CHUNK, end = chunk_end(t, task);
    struct eo_adam_step step = t->step;

    reduce_task(ctx, task, worker);
    for (int part = 0; at < end; part++) {
        size_t stop = ends[part] < end ? ends[part] : end;

        if (stop <= at)
            continue;
        step.keep = part % 2 == 0 ? t->step.keep : 1;
        t->ops->adam(&step, at, stop, t->sum, t->m, t->v, t->params);
        at = stop;
    }
}

/* Forward and backward of all blocks; adds up losses in the order of the blocks. */
static void run_blocks(struct eo_smallcnn_trainer *t, const struct eo_batch *batch, double *loss_sum,
                       uint64_t *correct)
{
    int blocks = (batch->n + EO_TRAIN_BLOCK - 1) / EO_TRAIN_BLOCK;

    t->batch = batch;
    eo_pool_run(t->options.pool, block_task, t, blocks);
    for (int b = 0; b < blocks; b++) {
        *loss_sum += t->results[b].loss;
        *correct += t->results[b].correct;
    }
}

static int chunk_count(const struct eo_smallcnn_trainer *t)
{
    return (int)((t->layout.total + CHUNK - 1) / CHUNK);
}

/* dL/dscale of the maps, after run_blocks(). */
static void scale_gradients(struct eo_smallcnn_trainer *t, double dscale[2])
{
    reduce(t, t->layout.scale1, t->layout.total_gradients);
    eo_fake_quant_gradients(&t->layout, t->sum, dscale);
}

static void update_scales(struct eo_smallcnn_trainer *t, double learning_rate)
{
    double dscale[2];

    scale_gradients(t, dscale);
    eo_fake_quant_update(t->quant, dscale, learning_rate, 1 - t->beta_powers[0], 1 - t->beta_powers[1]);
}

void eo_smallcnn_trainer_step(struct eo_smallcnn_trainer *t, const struct eo_batch *batch,
                              double learning_rate, double *loss_sum, uint64_t *correct)
{
    run_blocks(t, batch, loss_sum, correct);
    t->step = eo_adam_step_next(t->beta_powers, learning_rate, t->options.weight_decay);
    eo_pool_run(t->options.pool, update_task, t, chunk_count(t));
    if (t->quant)
        update_scales(t, learning_rate);
    refresh(t);
}

void eo_smallcnn_trainer_gradients(struct eo_smallcnn_trainer *t, const struct eo_batch *batch,
                                   struct eo_model *grad, double *loss_sum)
{
    uint64_t correct = 0;

    run_blocks(t, batch, loss_sum, &correct);
    eo_pool_run(t->options.pool, reduce_task, t, chunk_count(t));
    visit_weights(&t->layout, grad, to_model, t->sum);
    if (t->quant) {
        double dscale[2];

        scale_gradients(t, dscale);
        grad->layer[EO_CONV2].input_scale = (float)dscale[0];
        grad->layer[EO_CLASSIFIER].input_scale = (float)dscale[1];
    }
}

void eo_smallcnn_trainer_logits(struct eo_smallcnn_trainer *t, const uint8_t *pixels, float logits[10])
{
    const uint32_t first = 0;
    const struct eo_batch batch = {.pixels = pixels, .index = &first, .n = 1};
    struct eo_train_scratch s;

    t->batch = &batch;
    eo_train_scratch_place(&t->layout, t->scratch, &s);
    run_forward(t, 0, &s, logits);
}

/* Sum of a[i] g[i] over a square of pixels, `channels` floats apart, rows `row` floats apart. */
static double dot_pixels(const float *a, const float *g, int side, size_t channels, size_t row)
{
    double sum = 0;

    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            size_t at = (size_t)y * row + (size_t)x * channels;

            sum += (double)a[at] * (double)g[at];
        }
    }
    return sum;
}

static void taylor_image(struct eo_smallcnn_trainer *t, int i, struct eo_train_scratch *s, float *grad)
{
    const struct eo_train_layout *l = &t->layout;
    size_t row1 = EO_A1_SIDE * (size_t)l->cp1, first = row1 + (size_t)l->cp1; /* behind the border of zeros */
    double *sums = t->taylor + (size_t)i * (size_t)(l->c1 + l->c2), logits[10], gradient[10];
    float z[10], dz[10];

    run_forward(t, i, s, z);
    for (int k = 0; k < 10; k++)
        logits[k] = (double)z[k];
    eo_cross_entropy(logits, EO_CLASSES, t->batch->labels[t->batch->index[i]], 0, gradient);
    for (int k = 0; k < 10; k++)
        dz[k] = (float)gradient[k];
    t->ops->backward(l, t->used, t->quant != NULL, s, dz, grad);
    for (int c = 0; c < l->c1; c++)
        *sums++ = dot_pixels(s->a1 + first + c, s->da1 + first + c, EO_POOL1_SIDE, (size_t)l->cp1, row1);
    for (int c = 0; c < l->c2; c++)
        *sums++ =
            dot_pixels(s->a2 + c, s->da2 + c, EO_POOL2_SIDE, (size_t)l->cp2, EO_POOL2_SIDE * (size_t)l->cp2);
}

/* As block_task(); the weights' gradients, which come along, are left where they are. */
static void taylor_task(void *ctx, int task, int worker)
{
    struct eo_smallcnn_trainer *t = ctx;
    int i = task * EO_TRAIN_BLOCK;
    int end = i + EO_TRAIN_BLOCK < t->batch->n ? i + EO_TRAIN_BLOCK : t->batch->n;
    struct eo_train_scratch s;

    eo_train_scratch_place(&t->layout, t->scratch + (size_t)worker * t->scratch_floats, &s);
    for (; i < end; i++)
        taylor_image(t, i, &s, t->grads + (size_t)task * t->layout.total_gradients);
}

void eo_smallcnn_trainer_taylor(struct eo_smallcnn_trainer *t, const struct eo_batch *batch, double *sums)
{
    t->batch = batch;
    t->taylor = sums;
    eo_pool_run(t->options.pool, taylor_task, t, (batch->n + EO_TRAIN_BLOCK - 1) / EO_TRAIN_BLOCK);
}

void eo_smallcnn_trainer_export(const struct eo_smallcnn_trainer *t, struct eo_model *m)
{
    visit_weights(&t->layout, m, to_model, t->params);
    if (t->quant) {
        m->layer[EO_CONV2].input_scale = t->quant->rounding.scale1;
        m->layer[EO_CLASSIFIER].input_scale = t->quant->rounding.scale2;
    }
}
