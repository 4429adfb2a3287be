/* machine/pin: choosing processors, and pinning this thread or each of several. */
#include "machine/pin.h"

#include <sched.h>
#include <unistd.h>

#include "base/pool.h"
#include "tests/unit/check.h"

#define THREADS 3

/* The only processor that a thread may run on; -1 when it may on several. */
static int only_processor(int thread)
{
    cpu_set_t set;
    int cpu;

    if (sched_getaffinity(thread, sizeof(set), &set) || CPU_COUNT(&set) != 1)
        return -1;
    for (cpu = 0; !CPU_ISSET(cpu, &set); cpu++)
        ;
    return cpu;
}

static void test_choose(void)
{
    cpu_set_t allowed;
    int cpus[CPU_SETSIZE], chosen, lowest;
    struct eo_err err = {""};

    sched_getaffinity(0, sizeof(allowed), &allowed);
    if (!check_that(eo_pin_choose(-1, CPU_SETSIZE, cpus, &chosen, &err) == 0, "choose: %s", err.msg))
        return;
    check_that(chosen == CPU_COUNT(&allowed), "all: expected %d, found %d", CPU_COUNT(&allowed), chosen);
    for (int i = 0; i < chosen; i++)
        check_that(CPU_ISSET(cpus[i], &allowed) && (i == 0 || cpus[i] < cpus[i - 1]), "number %d: found %d",
                   i, cpus[i]);
    lowest = cpus[chosen - 1];
    check_that(eo_pin_choose(CPU_SETSIZE, 1, cpus, &chosen, &err) == -1, "%d: expected a failure",
               CPU_SETSIZE);
    if (check_that(eo_pin_choose(lowest, 1, cpus, &chosen, &err) == 0, "the lowest: %s", err.msg))
        check_that(chosen == 1 && cpus[0] == lowest, "the lowest: expected 1, %d, found %d, %d", lowest,
                   chosen, cpus[0]);
}

/* Each on the one processor that is sure to be there. */
static void test_each(void)
{
    int cpus[THREADS], threads[THREADS + 1], chosen, n;
    struct eo_err err = {""};
    struct eo_pool *pool = eo_pool_new(THREADS, &err);

    if (!check_that(pool && eo_pin_choose(-1, 1, cpus, &chosen, &err) == 0, "pool: %s", err.msg))
        return;
    cpus[1] = cpus[2] = cpus[0];
    n = eo_pin_threads(threads, THREADS + 1);
    check_that(n == THREADS && threads[0] == getpid(), "threads: expected %d, %d first, found %d, %d",
               THREADS, (int)getpid(), n, threads[0]);
    check_that(eo_pin_threads(threads, THREADS - 1) == -1, "room for fewer: expected -1");
    check_that(eo_pin_each(cpus, THREADS - 1) == 0, "fewer processors: expected 0");
    check_that(eo_pin_each(cpus, THREADS) == 1, "as many processors: expected 1");
    for (int i = 0; i < n; i++)
        check_that(only_processor(threads[i]) == cpus[0], "thread %d: expected processor %d, found %d", i,
                   cpus[0], only_processor(threads[i]));
    eo_pool_free(pool);
}

int main(void)
{
    test_choose();
    test_each();
    return check_report("test_pin");
}
