#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

/* How often a waiting thread polls before it sleeps: about 20 us, longer than the gap between two steps. */
#define SPINS 4000

struct worker {
    struct eo_pool *pool;
    pthread_t thread;
    int index;
};

struct eo_pool {
    int threads;
    int started;
    struct worker *workers; /* [threads - 1] */
    pthread_mutex_t lock;
    pthread_cond_t wake;     /* a new round, or stop */
    pthread_cond_t finished; /* the last helper left the round */
    atomic_uint round;
    atomic_int next;    /* task to hand out */
    atomic_int running; /* helpers still in the round */
    int stop;
    int tasks;
    eo_pool_fn *fn;
    void *ctx;
};

static void pause_cpu(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void work(struct eo_pool *pool, int worker)
{
    for (;;) {
        int task = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);

        if (task >= pool->tasks)
            return;
        pool->fn(pool->ctx, task, worker);
    }
}

/* Waits for a round other than `seen`; returns its number, or 0 to stop. */
static unsigned wait_round(struct eo_pool *pool, unsigned seen)
{
    unsigned round = seen;

    for (int i = 0; i < SPINS && round == seen; i++) {
        pause_cpu();
        round = atomic_load_explicit(&pool->round, memory_order_acquire);
    }
    pthread_mutex_lock(&pool->lock);
    while ((round = atomic_load(&pool->round)) == seen && !pool->stop)
        pthread_cond_wait(&pool->wake, &pool->lock);
    if (pool->stop)
        round = 0;
    pthread_mutex_unlock(&pool->lock);
    return round;
}

static void *helper(void *arg)
{
    struct worker *self = arg;
    struct eo_pool *pool = self->pool;
    unsigned round = 1;

    while ((round = wait_round(pool, round)) != 0) {
        work(pool, self->index);
        if (atomic_fetch_sub_explicit(&pool->running, 1, memory_order_acq_rel) == 1) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->finished);
            pthread_mutex_unlock(&pool->lock);
        }
    }
    return NULL;
}

struct eo_pool *eo_pool_new(int threads, struct eo_err *err)
{
    struct eo_pool *pool;
    sigset_t all, before;

    if (threads < 1 || threads > EO_POOL_MAX) {
        eo_err_set(err, "expected 1..%d threads, found %d", EO_POOL_MAX, threads);
        return NULL;
    }
    pool = eo_alloc(1, sizeof(*pool), err);
    if (!pool)
        return NULL;
    pool->threads = threads;
    atomic_store(&pool->round, 1);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->finished, NULL);
    pool->workers = eo_alloc((size_t)threads, sizeof(*pool->workers), err);
    if (!pool->workers)
        goto fail;
    /* Signals go to the calling thread, which blocks them while it writes a file (io.h). */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; i < threads - 1; i++) {
        pool->workers[i] = (struct worker){.pool = pool, .index = i + 1};
        if (pthread_create(&pool->workers[i].thread, NULL, helper, &pool->workers[i])) {
            eo_err_set(err, "cannot start thread %d of %d", i + 2, threads);
            break;
        }
        pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pool->started == threads - 1)
        return pool;
fail:
    eo_pool_free(pool);
    return NULL;
}

void eo_pool_free(struct eo_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = 1;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

int eo_pool_threads(const struct eo_pool *pool)
{
    return pool ? pool->threads : 1;
}

static void wait_finished(struct eo_pool *pool)
{
    for (int i = 0; i < SPINS && atomic_load_explicit(&pool->running, memory_order_acquire); i++)
        pause_cpu();
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->running))
        pthread_cond_wait(&pool->finished, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void eo_pool_run(struct eo_pool *pool, eo_pool_fn *fn, void *ctx, int tasks)
{
    unsigned round;

    if (!pool || pool->threads == 1 || tasks < 2) {
        for (int i = 0; i < tasks; i++)
            fn(ctx, i, 0);
        return;
    }
    pool->fn = fn;
    pool->ctx = ctx;
    pool->tasks = tasks;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->running, pool->threads - 1);
    pthread_mutex_lock(&pool->lock);
    round = atomic_load(&pool->round) + 1;
    atomic_store_explicit(&pool->round, round ? round : 1, memory_order_release);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    work(pool, 0);
    wait_finished(pool);
}
