#include "machine/pin.h"

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/pool.h"

int eo_pin_choose(int first, int count, int *cpus, int *chosen, struct eo_err *err)
{
    int cpu = first >= 0 ? first : CPU_SETSIZE - 1;
    cpu_set_t allowed;

    *chosen = 0;
    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return 0;
    if (first >= 0 && (first >= CPU_SETSIZE || !CPU_ISSET(first, &allowed)))
        return eo_err_set(err, "expected a processor that this process may run on, found %d", first);
    for (int i = 0; i < CPU_SETSIZE && *chosen < count; i++, cpu = cpu ? cpu - 1 : CPU_SETSIZE - 1) {
        if (CPU_ISSET(cpu, &allowed))
            cpus[(*chosen)++] = cpu;
    }
    return 0;
}

/* 0 is the calling thread. */
static int pin(int thread, const int *cpus, int count)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    for (int i = 0; i < count; i++)
        CPU_SET(cpus[i], &set);
    return count > 0 && sched_setaffinity(thread, sizeof(set), &set) == 0;
}

int eo_pin_self(int cpu, int *pinned, struct eo_err *err)
{
    int chosen;

    if (eo_pin_choose(cpu, 1, pinned, &chosen, err))
        return -1;
    if (!eo_pin_set(pinned, chosen))
        *pinned = -1;
    return 0;
}

int eo_pin_set(const int *cpus, int count)
{
    return pin(0, cpus, count);
}

/* The kernel lists them in the order in which they were started; "." and ".." are no numbers. */
int eo_pin_threads(int *threads, int most)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    int n = 0;

    if (!dir)
        return -1;
    while (n <= most && (entry = readdir(dir))) {
        int thread = atoi(entry->d_name);

        if (thread > 0 && n++ < most)
            threads[n - 1] = thread;
    }
    closedir(dir);
    return n <= most ? n : -1;
}

int eo_pin_each(const int *cpus, int count)
{
    int threads[EO_POOL_MAX], n = eo_pin_threads(threads, count < EO_POOL_MAX ? count : EO_POOL_MAX), i;

    /* In the /proc of another namespace these numbers belong to other threads. */
    if (n < 1 || threads[0] != getpid())
        return 0;
    for (i = 0; i < n && pin(threads[i], &cpus[i], 1); i++)
        ;
    return i == n;
}
