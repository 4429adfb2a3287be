/*
 * What is timed: a subject, usually made from a model.
 */
#ifndef EO_STAGE_BENCH_ENGINE_H
#define EO_STAGE_BENCH_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/err.h"
#include "format/dataset.h"
#include "nn/infer.h"
#include "nn/model.h"

#define EO_BENCH_MAX_BATCH 65536

/* One call handles `batch` images, or 1. It must not fail. */
struct eo_bench_subject {
    void (*call)(void *ctx, int batch);
    void *ctx;
};

/*
 * A model as a subject. A batch is cut into one piece for each thread, in whole groups of EO_BENCH_GROUP
 * images; a single image runs on the calling thread. `images` gives the first `batch` images, of the size of the
 * model's input, and begins again where it has fewer; NULL means images of random pixels. Single calls walk through the
 * same images one by one. Copies what it needs from the model and the images; labels are not looked at. NULL and err on
 * failure.
 */
#define EO_BENCH_GROUP 16
struct eo_bench_engine;
struct eo_bench_engine *eo_bench_engine_new(const struct eo_model *m, const struct eo_images *images,
                                            enum eo_isa isa, int threads, int batch,
                                            struct eo_err *err) EO_MUST_CHECK;
void eo_bench_engine_free(struct eo_bench_engine *e); /* NULL is allowed */
struct eo_bench_subject eo_bench_engine_subject(struct eo_bench_engine *e);
size_t eo_bench_engine_workspace_bytes(const struct eo_bench_engine *e); /* for batches, all threads */
uint64_t eo_bench_engine_pixel_sum(const struct eo_bench_engine *e);     /* of the grey values of a batch */
const char *eo_bench_engine_kernel(const struct eo_bench_engine *e);
int eo_bench_engine_batch(const struct eo_bench_engine *e);
int eo_bench_engine_layers(const struct eo_bench_engine *e);

/* eo_infer_set_mark() on all that the engine runs; with more than one thread, each of them marks. */
void eo_bench_engine_set_mark(struct eo_bench_engine *e, eo_infer_mark *mark, void *ctx);

#endif
