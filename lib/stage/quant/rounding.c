#include "stage/quant/rounding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ROWS 64    /* of G, of a task */
#define PATCHES 64 /* inputs of that many output positions are gathered at once */

/* Terms of a layer's inputs, numbered as the weights of a convolution, that are rounded together. */
struct block {
    int layer;
    size_t first, count;
    double *gram, *sum; /* [count, count], the upper half while it is summed; [count] */
};

struct work {
    struct eo_model *q;
    const struct eo_model *m;
    const struct eo_quant_options *opt;
    struct block *block;             /* of all layers, in their order */
    size_t blocks, from, to;         /* those from..to - 1 are worked on */
    size_t widest;                   /* terms of a block */
    double *memory;                  /* of `gram` and `sum` of these */
    double *scratch;                 /* [PATCHES, widest] for each worker */
    size_t seen[EO_NETWORK_TENSORS]; /* images */
    const struct block *now;         /* for the tasks: the first block of the layer */
    const float *x;                  /* the inputs of `images` images, the first of which is number `image` */
    size_t image, images;
};

static const struct eo_network_layer *layer_of(const struct work *w, const struct block *b)
{
    return &w->m->network.layer[b->layer];
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Terms that are rounded together in a layer. */
static size_t block_terms(const struct eo_network_layer *l)
{
    size_t terms = eo_network_terms(l);

    return ceil_div(terms, ceil_div(terms, EO_ROUNDING_TERMS));
}

/* Terms of the inputs of all channels. */
static size_t input_terms(const struct eo_network_layer *l)
{
    return eo_network_terms(l) * (l->operation == EO_DEPTHWISE ? (size_t)l->in.c : 1);
}

/* The end of the block that begins at a term: where its size is reached, or the terms of the output end. */
static size_t block_end(const struct eo_network_layer *l, size_t first)
{
    size_t terms = eo_network_terms(l), end = first + block_terms(l), last = (first / terms + 1) * terms;

    return end < last ? end : last;
}

/* Counts the blocks and, where `block` is there, writes them. */
static void list_blocks(struct work *w)
{
    w->blocks = 0;
    for (int l = 0; l < w->m->network.count; l++) {
        const struct eo_network_layer *layer = &w->m->network.layer[l];

        w->widest = block_terms(layer) > w->widest ? block_terms(layer) : w->widest;
        for (size_t at = 0; at < input_terms(layer); at = block_end(layer, at), w->blocks++) {
            if (w->block)
                w->block[w->blocks] =
                    (struct block){.layer = l, .first = at, .count = block_end(layer, at) - at};
        }
    }
}

static int work_init(struct work *w, struct eo_err *err)
{
    list_blocks(w);
    w->block = eo_alloc(w->blocks, sizeof(*w->block), err);
    if (!w->block)
        return -1;
    list_blocks(w);
    w->scratch = eo_alloc((size_t)eo_pool_threads(w->opt->pool) * PATCHES * w->widest, sizeof(double), err);
    return w->scratch ? 0 : -1;
}

static void work_release(struct work *w)
{
    free(w->block);
    free(w->scratch);
    free(w->memory);
}

/* From `from` on, as many blocks as fit into the memory, all at 0. */
static int take_blocks(struct work *w, struct eo_err *err)
{
    size_t elements = 0;
    double *at;

    for (w->to = w->from; w->to < w->blocks; w->to++) {
        size_t n = w->block[w->to].count;

        if (elements && elements + n * n > EO_ROUNDING_MEMORY)
            break;
        elements += n * (n + 1);
    }
    free(w->memory);
    w->memory = at = eo_alloc(elements, sizeof(double), err);
    for (struct block *b = w->block + w->from; at && b < w->block + w->to; at += b->count, b++) {
        b->gram = at;
        b->sum = at += b->count * b->count;
    }
    memset(w->seen, 0, sizeof(w->seen));
    return w->memory ? 0 : -1;
}

/* ---- sums over the inputs ---------------------------------------------------------------------------------------- */

/* Output positions of an image that count: first, first + step, ... */
struct positions {
    size_t first, step, count;
};

static struct positions positions_of(const struct eo_network_layer *l, size_t image)
{
    size_t all = (size_t)l->map.h * (size_t)l->map.w, step = ceil_div(all, EO_ROUNDING_POSITIONS);

    return (struct positions){image % step, step, ceil_div(all - image % step, step)};
}

/* What term `t` reads of image x at output position `p`. */
static double input_at(const struct eo_network_layer *l, const float *x, size_t t, size_t p)
{
    size_t taps = (size_t)l->kernel.h * (size_t)l->kernel.w, tap = t % taps;
    int width = l->kernel.w;
    int r = (int)p / l->map.w * l->stride.h - l->pad.top + (int)tap / width;
    int c = (int)p % l->map.w * l->stride.w - l->pad.left + (int)tap % width;

    if (l->operation == EO_LINEAR)
        return (double)x[t];
    if (r < 0 || r >= l->in.h || c < 0 || c >= l->in.w)
        return 0;
    return (double)x[((t / taps) * (size_t)l->in.h + (size_t)r) * (size_t)l->in.w + (size_t)c];
}

/* Rows first..last - 1 of G, columns from the diagonal on, plus the products of n patches. */
static void add_patches(struct block *b, size_t first, size_t last, const double *patches, size_t n)
{
    size_t width = b->count - first;

    for (size_t i = first; i < last; i++) {
        double *row = b->gram + i * b->count + first;

        for (size_t p = 0; p < n; p++) {
            const double *x = patches + p * width;
            double xi = x[i - first];

            b->sum[i] += xi;
            for (size_t j = i - first; xi != 0 && j < width; j++)
                row[j] += xi * x[j];
        }
    }
}

/* Task: ROWS rows of G of a block of the layer. */
static void sum_rows(void *ctx, int task, int worker)
{
    struct work *w = ctx;
    double *patches = w->scratch + (size_t)worker * PATCHES * w->widest;
    const struct eo_network_layer *l = layer_of(w, w->now);
    size_t of_block = ceil_div(block_terms(l), ROWS), first = (size_t)task % of_block * ROWS, n = 0;
    struct block *b = w->block + (w->now - w->block) + (size_t)task / of_block;
    size_t last = first + ROWS < b->count ? first + ROWS : b->count;

    for (size_t i = 0; first < last && i < w->images; i++) {
        const float *x = w->x + i * eo_dims_elements(l->in);
        struct positions at = positions_of(l, w->image + i);

        for (size_t k = 0; k < at.count; k++) {
            for (size_t t = first; t < b->count; t++)
                patches[n * (b->count - first) + t - first] =
                    input_at(l, x, b->first + t, at.first + k * at.step);
            if (++n == PATCHES || (k + 1 == at.count && i + 1 == w->images)) {
                add_patches(b, first, last, patches, n);
                n = 0;
            }
        }
    }
}

static int add_inputs(void *ctx, int tensor, const float *values, size_t n, struct eo_err *err)
{
    struct work *w = ctx;
    size_t next;

    (void)err;
    w->x = values;
    w->images = n / eo_dims_elements(eo_network_tensor_dims(&w->m->network, tensor));
    w->image = w->seen[tensor];
    for (size_t b = w->from; b < w->to; b = next) {
        const struct eo_network_layer *l = layer_of(w, &w->block[b]);

        for (next = b; next < w->to && w->block[next].layer == w->block[b].layer;)
            next++;
        w->now = &w->block[b];
        if (eo_network_output_tensor(l->from) == tensor)
            eo_pool_run(w->opt->pool, sum_rows, w, (int)((next - b) * ceil_div(block_terms(l), ROWS)));
    }
    w->seen[tensor] += w->images;
    return 0;
}

/* From sums of the upper half to the whole of G, up to a factor. */
static void finish_gram(const struct work *w, struct block *b)
{
    double count = 0;
    size_t n = b->count, images = w->seen[eo_network_output_tensor(layer_of(w, b)->from)];

    for (size_t i = 0; i < images; i++)
        count += (double)positions_of(layer_of(w, b), i).count;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i; j < n; j++) {
            double mean = w->opt->bias_correction ? b->sum[i] * b->sum[j] / count : 0;

            b->gram[i * n + j] -= mean;
            b->gram[j * n + i] = b->gram[i * n + j];
        }
    }
}

/* ---- the search -------------------------------------------------------------------------------------------------- */

/* 1 or -1, the way from q to the other integer beside v; 0 where there is none. */
static int other_way(double v, int q, int bits)
{
    int way = q > v ? -1 : 1, low = -(1 << (bits - 1));

    return fabs(q + way - v) < 1 && q + way >= low && q + way < -low ? way : 0;
}

static void add_column(double *g, const double *column, double d, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g[i] += d * column[i];
}

size_t eo_rounding_descend(const double *gram, size_t n, const float *w, float scale, int bits, int8_t *q,
                           double *scratch)
{
    double *v = scratch, *g = scratch + n; /* weights in steps; G d */
    size_t changes = 0, before = 1;

    memset(g, 0, n * sizeof(*g));
    for (size_t t = 0; t < n; t++) {
        v[t] = (double)w[t] / (double)scale;
        add_column(g, gram + t * n, q[t] - v[t], n);
    }
    for (int round = 0; round < EO_ROUNDING_ROUNDS && before; round++) {
        before = 0;
        for (size_t t = 0; t < n; t++) {
            int way = other_way(v[t], q[t], bits);
            double tt = gram[t * n + t];

            if (!way || !(2 * way * g[t] + tt < -1e-9 * tt))
                continue;
            q[t] = (int8_t)(q[t] + way);
            add_column(g, gram + t * n, way, n);
            before++;
        }
        changes += before;
    }
    return changes;
}

/* Task: an output of the layer whose block is worked on. */
static void round_output(void *ctx, int task, int worker)
{
    struct work *w = ctx;
    const struct block *b = w->now;
    const struct eo_network_layer *l = layer_of(w, b);
    int is_depthwise = l->operation == EO_DEPTHWISE;
    size_t terms = eo_network_terms(l), o = is_depthwise ? b->first / terms : (size_t)task;
    size_t at = is_depthwise ? b->first : o * terms + b->first;
    struct eo_model_layer *to = &w->q->layer[b->layer];

    eo_rounding_descend(b->gram, b->count, w->m->layer[b->layer].weight.f32 + at, to->weight_scale[o],
                        to->weight_bits, to->weight.s8 + at,
                        w->scratch + (size_t)worker * PATCHES * w->widest);
}

static void round_block(struct work *w, struct block *b)
{
    const struct eo_network_layer *l = layer_of(w, b);

    finish_gram(w, b);
    w->now = b;
    eo_pool_run(w->opt->pool, round_output, w, l->operation == EO_DEPTHWISE ? 1 : l->map.c);
}

int eo_rounding_adapt(struct eo_model *q, const struct eo_model *m, const struct eo_images *images,
                      const struct eo_quant_options *opt, struct eo_err *err)
{
    struct work w = {.q = q, .m = m, .opt = opt};
    int rc = work_init(&w, err);

    for (; !rc && w.from < w.blocks; w.from = w.to) {
        rc = take_blocks(&w, err) || eo_calibration_walk(m, images, opt, add_inputs, &w, err);
        for (size_t b = w.from; !rc && b < w.to; b++)
            round_block(&w, &w.block[b]);
    }
    work_release(&w);
    return rc ? -1 : 0;
}
