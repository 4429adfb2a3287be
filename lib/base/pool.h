/*
 * A fixed set of threads that work off numbered tasks.
 *
 *     struct eo_pool *pool = eo_pool_new(threads, err);
 *     eo_pool_run(pool, sum_block, &ctx, blocks);      // sum_block(&ctx, task, worker), each task once
 *     eo_pool_free(pool);
 *
 * Tasks are handed out in rising order to whichever worker is free, so nothing that a task computes may depend on
 * the worker it ran on: `worker` (0 .. threads - 1) only picks scratch memory. Results must be combined by task
 * number. eo_pool_run() returns when all tasks are done; it must not be called from inside a task, nor by two
 * threads at once.
 */
#ifndef EO_BASE_POOL_H
#define EO_BASE_POOL_H

#include "base/err.h"

#define EO_POOL_MAX 256

struct eo_pool;
typedef void eo_pool_fn(void *ctx, int task, int worker);

/* 1..EO_POOL_MAX threads, the calling one included; with 1, no thread is started. NULL and err on failure. */
struct eo_pool *eo_pool_new(int threads, struct eo_err *err) EO_MUST_CHECK;
void eo_pool_free(struct eo_pool *pool);                                      /* NULL is allowed */
int eo_pool_threads(const struct eo_pool *pool);                              /* NULL counts as 1 */
void eo_pool_run(struct eo_pool *pool, eo_pool_fn *fn, void *ctx, int tasks); /* NULL: runs them here */

#endif
