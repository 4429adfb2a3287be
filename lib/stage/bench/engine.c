#include "stage/bench/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "nn/infer.h"

struct eo_bench_engine {
    int threads, batch, layers;
    int piece;       /* images that one task takes of a batch */
    int next;        /* image of the next single call */
    size_t elements; /* of an image */
    size_t classes;
    uint8_t *pixels;        /* [batch, elements] */
    union eo_score *scores; /* [batch, classes] */
    struct eo_pool *pool;
    struct eo_infer **pieces; /* [threads], for batches */
    struct eo_infer *single;
};

static void run_piece(void *ctx, int task, int worker)
{
    struct eo_bench_engine *e = ctx;
    size_t first = (size_t)task * (size_t)e->piece;
    int n = e->batch - (int)first < e->piece ? e->batch - (int)first : e->piece;

    eo_infer_run(e->pieces[worker], e->pixels + first * e->elements, n, e->scores + first * e->classes);
}

static void engine_call(void *ctx, int batch)
{
    struct eo_bench_engine *e = ctx;

    if (batch > 1) {
        eo_pool_run(e->pool, run_piece, e, (e->batch + e->piece - 1) / e->piece);
        return;
    }
    eo_infer_run(e->single, e->pixels + (size_t)e->next * e->elements, 1, e->scores);
    e->next = e->next + 1 < e->batch ? e->next + 1 : 0;
}

static void fill_pixels(struct eo_bench_engine *e, const struct eo_images *images)
{
    size_t i, count = (size_t)e->batch;
    struct eo_rng rng;

    for (i = 0; images && i < count; i++)
        memcpy(e->pixels + i * e->elements, images->pixels + i % images->count * e->elements, e->elements);
    eo_rng_init(&rng, 0, EO_RNG_BENCH);
    for (i = 0; !images && i < count * e->elements; i++)
        e->pixels[i] = (uint8_t)(eo_rng_u64(&rng) >> 56);
}

/* Memory, threads and an inference object for each thread. After a failure the caller frees what was made. */
static int set_up(struct eo_bench_engine *e, const struct eo_model *m, enum eo_isa isa, struct eo_err *err)
{
    e->pixels = eo_alloc((size_t)e->batch, e->elements, err);
    e->scores = e->pixels ? eo_alloc((size_t)e->batch, e->classes * sizeof(*e->scores), err) : NULL;
    e->pool = e->scores ? eo_pool_new(e->threads, err) : NULL;
    e->single = e->pool ? eo_infer_new(m, isa, 1, err) : NULL;
    e->pieces = e->single ? eo_infer_team_new(m, isa, e->piece, e->threads, err) : NULL;
    return e->pieces ? 0 : -1;
}

struct eo_bench_engine *eo_bench_engine_new(const struct eo_model *m, const struct eo_images *images,
                                            enum eo_isa isa, int threads, int batch, struct eo_err *err)
{
    int groups = (batch + EO_BENCH_GROUP - 1) / EO_BENCH_GROUP;
    struct eo_bench_engine *e = NULL;

    if (batch < 1 || batch > EO_BENCH_MAX_BATCH)
        eo_err_set(err, "expected a batch of 1..%d images, found %d", EO_BENCH_MAX_BATCH, batch);
    else if (images && images->count == 0)
        eo_err_set(err, "expected at least 1 image to time, found 0");
    else
        e = eo_alloc(1, sizeof(*e), err);
    if (!e)
        return NULL;
    e->threads = threads;
    e->batch = batch;
    e->layers = m->network.count;
    e->elements = eo_dims_elements(m->network.input);
    e->classes = (size_t)eo_network_classes(&m->network);
    e->piece = (groups + threads - 1) / threads * EO_BENCH_GROUP;
    e->piece = e->piece < batch ? e->piece : batch;
    if (set_up(e, m, isa, err)) {
        eo_bench_engine_free(e);
        return NULL;
    }
    fill_pixels(e, images);
    return e;
}

void eo_bench_engine_free(struct eo_bench_engine *e)
{
    if (!e)
        return;
    eo_infer_team_free(e->pieces, e->threads);
    eo_infer_free(e->single);
    eo_pool_free(e->pool);
    free(e->scores);
    free(e->pixels);
    free(e);
}

struct eo_bench_subject eo_bench_engine_subject(struct eo_bench_engine *e)
{
    return (struct eo_bench_subject){.call = engine_call, .ctx = e};
}

size_t eo_bench_engine_workspace_bytes(const struct eo_bench_engine *e)
{
    size_t bytes = 0;

    for (int i = 0; i < e->threads; i++)
        bytes += eo_infer_workspace_bytes(e->pieces[i]);
    return bytes;
}

uint64_t eo_bench_engine_pixel_sum(const struct eo_bench_engine *e)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < (size_t)e->batch * e->elements; i++)
        sum += e->pixels[i];
    return sum;
}

const char *eo_bench_engine_kernel(const struct eo_bench_engine *e)
{
    return eo_infer_kernel_name(e->pieces[0]);
}

int eo_bench_engine_batch(const struct eo_bench_engine *e)
{
    return e->batch;
}

int eo_bench_engine_layers(const struct eo_bench_engine *e)
{
    return e->layers;
}

void eo_bench_engine_set_mark(struct eo_bench_engine *e, eo_infer_mark *mark, void *ctx)
{
    for (int i = 0; i < e->threads; i++)
        eo_infer_set_mark(e->pieces[i], mark, ctx);
    eo_infer_set_mark(e->single, mark, ctx);
}
