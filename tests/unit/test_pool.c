/*
 * The pool: each task once, on one worker, all done on return, whatever the threads have just been at. Most of all
 * this is what ThreadSanitizer looks at (make check-threads): neither results nor scratch memory are locked here.
 */
#include <time.h>

#include "base/pool.h"
#include "tests/unit/check.h"

#define TASKS 64
#define THREADS 4
#define ROUNDS 300

struct round {
    int number;
    long results[TASKS];
    int done[TASKS];       /* how often a task ran */
    long scratch[THREADS]; /* of each worker */
    int strange;           /* workers outside 0..threads - 1; only ever written where the test fails */
    int threads;
};

static void task(void *ctx, int task, int worker)
{
    struct round *r = ctx;

    if (worker < 0 || worker >= r->threads) {
        r->strange = 1;
        return;
    }
    r->scratch[worker] = 1000L * r->number + task;
    r->results[task] = r->scratch[worker];
    r->done[task]++;
}

/* Longer than a waiting thread looks before it sleeps. */
static void pause_long(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int wrong_tasks(const struct round *r, int tasks)
{
    int wrong = r->strange;

    for (int i = 0; i < TASKS; i++)
        wrong += r->done[i] != (i < tasks ? r->number + 1 : 0) ||
                 (i < tasks && r->results[i] != 1000L * r->number + i);
    return wrong;
}

static void test_rounds(int threads, int tasks)
{
    struct eo_err err;
    struct eo_pool *pool = eo_pool_new(threads, &err);
    struct round r = {.threads = threads};
    int wrong = 0;

    if (!check_that(pool != NULL, "%d threads: %s", threads, pool ? "" : err.msg))
        return;
    check_that(eo_pool_threads(pool) == threads, "expected %d threads, found %d", threads,
               eo_pool_threads(pool));
    for (r.number = 0; r.number < ROUNDS; r.number++) {
        eo_pool_run(pool, task, &r, tasks);
        wrong += wrong_tasks(&r, tasks);
        if (r.number % 100 == 99)
            pause_long();
    }
    check_that(!wrong, "%d threads, %d tasks: %d results are wrong or missing", threads, tasks, wrong);
    eo_pool_free(pool);
}

static void test_edges(void)
{
    struct eo_err err;
    struct round r = {.threads = 1};
    struct eo_pool *pool;

    eo_pool_run(NULL, task, &r, TASKS);
    check_that(!wrong_tasks(&r, TASKS), "no pool: expected all tasks done here");
    check_that(eo_pool_threads(NULL) == 1, "no pool: expected 1 thread, found %d", eo_pool_threads(NULL));
    eo_pool_free(NULL);
    check_that(!eo_pool_new(0, &err), "0 threads: expected an error");
    check_that(!eo_pool_new(EO_POOL_MAX + 1, &err), "%d threads: expected an error", EO_POOL_MAX + 1);
    pool = eo_pool_new(THREADS, &err);
    check_that(pool != NULL, "a pool that has nothing to do: %s", pool ? "" : err.msg);
    eo_pool_free(pool);
}

int main(void)
{
    static const int tasks[] = {0, 1, 2, 3, TASKS};

    test_edges();
    for (int threads = 1; threads <= THREADS; threads++)
        for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
            test_rounds(threads, tasks[i]);
    return check_report("test_pool");
}
