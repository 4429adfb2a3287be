#include "base/pin.h"

#include <sched.h>

int eo_pin_choose(int first, int count, int *cpus, int *chosen, struct eo_err *err)
{
    int cpu = first >= 0 ? first : CPU_SETSIZE - 1, i;
    cpu_set_t allowed;

    *chosen = 0;
    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return 0;
    if (first >= 0 && (first >= CPU_SETSIZE || !CPU_ISSET(first, &allowed)))
        return eo_err_set(err, "expected a processor that this process may run on, found %d", first);
    for (i = 0; i < CPU_SETSIZE && *chosen < count; i++, cpu = cpu ? cpu - 1 : CPU_SETSIZE - 1) {
        if (CPU_ISSET(cpu, &allowed))
            cpus[(*chosen)++] = cpu;
    }
    return 0;
}

int eo_pin_set(const int *cpus, int count)
{
    cpu_set_t set;
    int i;

    CPU_ZERO(&set);
    for (i = 0; i < count; i++)
        CPU_SET(cpus[i], &set);
    return count > 0 && sched_setaffinity(0, sizeof(set), &set) == 0;
}
