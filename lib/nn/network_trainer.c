#include "nn/network_trainer_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/input.h"

#define CHUNK 1024 /* parameters a task of the optimiser handles */

/* ---- memory -------------------------------------------------------------------------------------------------- */

static size_t take(size_t *used, size_t floats)
{
    size_t at = *used;

    *used += eo_size_round_up(floats, 16);
    return at;
}

static void lay_out_parameters(struct eo_network_trainer *t)
{
    size_t channels = 0;

    for (int i = 0; i < t->net.count; i++) {
        t->parts[i].weight = take(&t->total, eo_network_weights(&t->net.layer[i]));
        t->parts[i].channel = channels;
        channels += (size_t)t->net.layer[i].map.c;
    }
    t->decayed = t->total;
    for (int i = 0; i < t->net.count; i++) {
        const struct eo_network_layer *l = &t->net.layer[i];
        size_t outputs = (size_t)l->map.c;

        t->parts[i].bias = take(&t->total, outputs);
        t->parts[i].scale = l->batch_norm ? take(&t->total, outputs) : 0;
        t->parts[i].norm = l->batch_norm ? take(&t->norms, outputs) : 0;
        t->outputs = outputs > t->outputs ? outputs : t->outputs;
    }
}

static void lay_out_group(struct eo_network_trainer *t)
{
    size_t lanes = (size_t)t->ops->lanes, used = eo_dims_elements(t->net.input) * lanes;

    for (int i = 0; i < t->net.count; i++) {
        const struct eo_network_layer *l = &t->net.layer[i];
        struct eo_layer_places *p = &t->places[i];
        size_t map = eo_dims_elements(l->map) * lanes, out = eo_dims_elements(l->out) * lanes;

        p->y = take(&used, map);
        p->z = l->batch_norm ? take(&used, map) : p->y;
        p->averaged = t->quant && eo_network_averaged(l) ? take(&used, map) : p->y;
        p->out = l->pooling ? take(&used, out) : p->y;
        p->handed_on = t->quant ? take(&used, out) : p->out;
        p->g = take(&used, out);
        p->d = l->pooling ? take(&used, map) : p->g;
    }
    t->group_floats = eo_size_round_up(used, 16);
}

/* The floats that depend on the network alone, one part behind the other. */
static int allocate_parameters(struct eo_network_trainer *t, size_t threads, struct eo_err *err)
{
    size_t outputs = eo_size_round_up(t->outputs, 16);
    struct {
        float **part;
        size_t floats;
    } parts[] = {{&t->params, t->total},
                 {&t->m, t->total},
                 {&t->v, t->total},
                 {&t->sum, t->total},
                 {&t->packed, t->decayed},
                 {&t->packed_back, t->decayed},
                 {&t->mean, t->norms},
                 {&t->factor, t->norms},
                 {&t->mean_d, t->norms},
                 {&t->slope, t->norms},
                 {&t->running_mean, t->norms},
                 {&t->running_variance, t->norms},
                 {&t->zeros, outputs},
                 {&t->dw, threads * eo_network_gradients_floats(t)}};
    size_t used = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        used += eo_size_round_up(parts[i].floats, 16);
    t->storage[0] = eo_alloc(used, sizeof(float), err);
    t->inverse = t->storage[1] = eo_alloc(t->norms + 1, sizeof(double), err);
    if (!t->storage[0] || !t->storage[1])
        return -1;
    used = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        *parts[i].part = (float *)t->storage[0] + take(&used, parts[i].floats);
    return 0;
}

/* The floats of a batch. */
static int allocate_batch(struct eo_network_trainer *t, size_t threads, struct eo_err *err)
{
    size_t blocks = (size_t)(t->options.max_batch + EO_TRAIN_LANES - 1) / EO_TRAIN_LANES;
    size_t groups = blocks * (size_t)t->groups, sums = groups * t->outputs * (size_t)t->ops->lanes;
    size_t memory, grads, floats;

    if (eo_size_mul(groups, t->group_floats, &memory) || eo_size_mul(blocks, t->total, &grads) ||
        eo_size_add(memory, grads + 2 * sums, &floats))
        return eo_err_set(err, "out of memory: a batch of %d images is too large", t->options.max_batch);
    t->storage[2] = eo_alloc(floats, sizeof(float), err);
    t->viewed = t->storage[3] = eo_alloc(threads, eo_dims_elements(t->net.input), err);
    t->results = eo_alloc(blocks, sizeof(*t->results), err);
    if (!t->storage[2] || !t->viewed || !t->results)
        return -1;
    t->grads = t->storage[2];
    t->memory = t->grads + grads;
    t->sums = t->memory + memory;
    t->products = t->sums + sums;
    return 0;
}

static void free_batch(struct eo_network_trainer *t)
{
    free(t->storage[2]);
    free(t->storage[3]);
    free(t->results);
    t->storage[2] = t->storage[3] = NULL;
    t->results = NULL;
}

/* ---- weights ------------------------------------------------------------------------------------------------- */

/* Between a model and a block of parameters. */
static void copy_parameters(const struct eo_network_trainer *t, struct eo_model *m, float *block,
                            int is_to_model)
{
    for (int i = 0; i < t->net.count; i++) {
        const struct eo_network_layer *l = &t->net.layer[i];
        size_t outputs = (size_t)l->map.c;
        const struct {
            float *model, *block;
            size_t n;
        } parts[] = {{m->layer[i].weight.f32, block + t->parts[i].weight, eo_network_weights(l)},
                     {m->layer[i].bias.f32, block + t->parts[i].bias, outputs},
                     {m->layer[i].norm_scale, block + t->parts[i].scale, l->batch_norm ? outputs : 0}};

        for (int k = 0; k < 3; k++) {
            for (size_t j = 0; j < parts[k].n; j++)
                *(is_to_model ? parts[k].model + j : parts[k].block + j) =
                    is_to_model ? parts[k].block[j] : parts[k].model[j];
        }
    }
}

static void copy_running(const struct eo_network_trainer *t, struct eo_model *m, int is_to_model)
{
    for (int i = 0; i < t->net.count; i++) {
        size_t bytes = (size_t)t->net.layer[i].map.c * sizeof(float), at = t->parts[i].norm;

        if (!t->net.layer[i].batch_norm)
            continue;
        memcpy(is_to_model ? m->layer[i].norm_mean : t->running_mean + at,
               is_to_model ? t->running_mean + at : m->layer[i].norm_mean, bytes);
        memcpy(is_to_model ? m->layer[i].norm_variance : t->running_variance + at,
               is_to_model ? t->running_variance + at : m->layer[i].norm_variance, bytes);
    }
}

static void pack_task(void *ctx, int task, int worker)
{
    struct eo_network_trainer *t = ctx;
    size_t at = t->parts[task].weight;
    const float *w = (t->quant ? t->quant->rounded : t->params) + at;

    (void)worker;
    if (t->quant)
        eo_network_quant_weights(t, task);
    t->ops->pack(&t->net.layer[task], w, t->packed + at);
    t->ops->pack_back(&t->net.layer[task], w, t->packed_back + at);
}

struct eo_network_trainer *
eo_network_trainer_new(const struct eo_model *m, const struct eo_trainer_options *options, struct eo_err *err)
{
    struct eo_network_trainer *t = eo_alloc(1, sizeof(*t), err);
    size_t threads = (size_t)eo_pool_threads(options->pool);
    struct eo_model view = *m;

    if (!t)
        return NULL;
    t->net = m->network;
    t->seen = m->network.input;
    eo_network_turn(&t->net);
    t->ops = eo_general_train_ops_get(options->isa);
    t->flat = eo_train_ops_get(options->isa);
    t->options = *options;
    t->groups = EO_TRAIN_LANES / t->ops->lanes;
    t->beta_powers[0] = t->beta_powers[1] = 1;
    lay_out_parameters(t);
    lay_out_group(t);
    if (allocate_parameters(t, threads, err) || allocate_batch(t, threads, err)) {
        eo_network_trainer_free(t);
        return NULL;
    }
    t->tables = eo_input_tables(m);
    for (int c = 0; c < t->tables; c++)
        eo_input_table(m, c, 0, t->input[c]);
    copy_parameters(t, &view, t->params, 0);
    copy_running(t, &view, 0);
    eo_pool_run(options->pool, pack_task, t, t->net.count);
    return t;
}

/* The memory of a batch grows by what is rounded. */
int eo_network_trainer_simulate_int8(struct eo_network_trainer *t, const struct eo_model *q,
                                     int is_per_tensor, struct eo_err *err)
{
    if (eo_network_quant_begin(t, q, is_per_tensor, err))
        return -1;
    free_batch(t);
    lay_out_group(t);
    if (allocate_batch(t, (size_t)eo_pool_threads(t->options.pool), err))
        return -1;
    eo_pool_run(t->options.pool, pack_task, t, t->net.count);
    return 0;
}

void eo_network_trainer_free(struct eo_network_trainer *t)
{
    if (!t)
        return;
    free_batch(t);
    free(t->storage[0]);
    free(t->storage[1]);
    eo_network_quant_free(t->quant);
    free(t);
}

/* ---- steps ---------------------------------------------------------------------------------------------------- */

static int chunk_count(const struct eo_network_trainer *t)
{
    return (int)((t->total + CHUNK - 1) / CHUNK);
}

static void reduce_task(void *ctx, int task, int worker)
{
    struct eo_network_trainer *t = ctx;
    size_t begin = (size_t)task * CHUNK, end = begin + CHUNK < t->total ? begin + CHUNK : t->total;

    (void)worker;
    t->flat->reduce(t->grads, t->total, eo_network_passes_blocks(t), begin, end, t->sum);
}

/* Decay is for weights alone. */
static void update_task(void *ctx, int task, int worker)
{
    struct eo_network_trainer *t = ctx;
    size_t begin = (size_t)task * CHUNK, end = begin + CHUNK < t->total ? begin + CHUNK : t->total;
    size_t middle = t->decayed < begin ? begin : t->decayed < end ? t->decayed : end;
    struct eo_adam_step rest = t->step;

    rest.keep = 1;
    reduce_task(ctx, task, worker);
    t->flat->adam(&t->step, begin, middle, t->sum, t->m, t->v, t->params);
    t->flat->adam(&rest, middle, end, t->sum, t->m, t->v, t->params);
}

void eo_network_trainer_step(struct eo_network_trainer *t, const struct eo_batch *batch, double learning_rate,
                             double *loss_sum, uint64_t *correct)
{
    eo_network_passes_run(t, batch, 1, loss_sum, correct);
    t->step = eo_adam_step_next(t->beta_powers, learning_rate, t->options.weight_decay);
    eo_pool_run(t->options.pool, update_task, t, chunk_count(t));
    if (t->quant)
        eo_network_quant_learn(t, learning_rate);
    eo_pool_run(t->options.pool, pack_task, t, t->net.count);
}

void eo_network_trainer_gradients(struct eo_network_trainer *t, const struct eo_batch *batch,
                                  struct eo_model *grad, double *loss_sum)
{
    uint64_t correct = 0;

    eo_network_passes_run(t, batch, 0, loss_sum, &correct);
    eo_pool_run(t->options.pool, reduce_task, t, chunk_count(t));
    copy_parameters(t, grad, t->sum, 1);
    if (t->quant)
        eo_network_quant_export(t, grad, 1);
}

void eo_network_trainer_logits(struct eo_network_trainer *t, const uint8_t *pixels, float *logits)
{
    const uint32_t first = 0;
    const struct eo_batch batch = {.pixels = pixels, .index = &first, .n = 1};
    int last = t->net.count - 1;

    eo_network_passes_forward(t, &batch);
    for (int k = 0; k < eo_network_classes(&t->net); k++)
        logits[k] = t->memory[t->places[last].out + (size_t)(k * t->ops->lanes)];
}

void eo_network_trainer_taylor(struct eo_network_trainer *t, const struct eo_batch *batch, double *sums)
{
    eo_network_passes_taylor(t, batch, sums);
}

void eo_network_trainer_export(const struct eo_network_trainer *t, struct eo_model *m)
{
    copy_parameters(t, m, t->params, 1);
    copy_running(t, m, 1);
    if (t->quant)
        eo_network_quant_export(t, m, 0);
}
