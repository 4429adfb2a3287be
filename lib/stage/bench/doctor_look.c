#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/stats.h"
#include "machine/counters.h"
#include "machine/energy.h"
#include "machine/pin.h"
#include "machine/reference.h"
#include "stage/bench/doctor.h"

#define READINGS 1024 /* of the reference kernel, at the most */

static double share(double part, double whole)
{
    double s = part / whole;

    /* In a virtual machine counters can decrease. */
    return whole > 0 && s >= 0 ? fmin(s, 1) : NAN;
}

struct usage {
    double busy, steal, irq;
};

static struct usage usage_of(const struct eo_host_times *a, const struct eo_host_times *b)
{
    double busy = b->busy_s - a->busy_s, irq = b->irq_s - a->irq_s, steal = b->steal_s - a->steal_s;
    double whole = busy + irq + steal + (b->idle_s - a->idle_s);

    return (struct usage){share(busy, whole), share(steal, whole), share(irq, whole)};
}

/* `before` and `after` hold the times of all processors. */
static void compare_times(struct eo_doctor_look *l, const struct eo_host_times *before,
                          const struct eo_host_times *after)
{
    struct usage mine = usage_of(&before[l->cpu], &after[l->cpu]);
    double sum = 0;
    int others = 0;

    l->busy = l->idlest_busy = mine.busy;
    l->steal = mine.steal;
    l->irq = mine.irq;
    l->idlest = l->cpu;
    l->siblings_busy = NAN;
    for (int i = 0; i < EO_HOST_CPUS; i++) {
        double busy = usage_of(&before[i], &after[i]).busy;

        if (i == l->cpu || isnan(busy))
            continue;
        sum += busy;
        others++;
        if (CPU_ISSET(i, &l->facts.siblings))
            l->siblings_busy = fmax(l->siblings_busy, busy);
        else if (CPU_ISSET(i, &l->facts.allowed) && busy < l->idlest_busy) {
            l->idlest = i;
            l->idlest_busy = busy;
        }
    }
    l->neighbours_busy = others ? sum / others : NAN;
}

/* Pins this thread meanwhile, if the kernel allows it. */
static void read_reference(struct eo_doctor_look *l)
{
    struct eo_reference reference = {0};
    double readings[READINGS], start;
    cpu_set_t before;
    size_t n = 0;
    int is_pinned = sched_getaffinity(0, sizeof(before), &before) == 0 && eo_pin_set(&l->cpu, 1);

    /* The first ones warm up. */
    for (start = eo_clock_now(); n < READINGS && eo_clock_now() - start < EO_DOCTOR_WORK_S / 5; n++)
        eo_reference_time_ns(&reference, &l->clock);
    for (n = 0; n == 0 || (n < READINGS && eo_clock_now() - start < EO_DOCTOR_WORK_S);)
        readings[n++] = eo_reference_time_ns(&reference, &l->clock);
    if (is_pinned)
        sched_setaffinity(0, sizeof(before), &before);
    l->reference_ns = eo_stats_median(readings, n);
    l->reference_spread =
        (eo_stats_percentile_sorted(readings, n, 90) - eo_stats_percentile_sorted(readings, n, 10)) /
        l->reference_ns;
}

/* Makes a cell of the sentence of another module. */
static void take_note(char cell[EO_DOCTOR_CELL], const char *note)
{
    char *p;

    snprintf(cell, EO_DOCTOR_CELL, "%s", note);
    for (p = cell; (p = strchr(p, ',')); p++)
        *p = ';';
}

static int note_counters(struct eo_doctor_look *l, struct eo_err *err)
{
    struct eo_counters *c = eo_counters_open(err);

    if (!c)
        return -1;
    take_note(l->counters, eo_counters_note(c));
    eo_counters_close(c);
    return 0;
}

int eo_doctor_look(const struct eo_host *host, int cpu, struct eo_doctor_look *l, struct eo_err *err)
{
    struct timespec left = {.tv_nsec = (long)(EO_DOCTOR_LOOK_S * 1e9)};
    struct eo_host_times *times;
    struct eo_energy energy;
    cpu_set_t allowed;
    double throttled;

    eo_host_allowed(host, &allowed);
    *l = (struct eo_doctor_look){.cpu = cpu < 0 ? eo_host_highest(&allowed) : cpu};
    /* If the kernel does not say which processors are allowed, all are tried. */
    if (l->cpu >= EO_HOST_CPUS || (CPU_COUNT(&allowed) && !CPU_ISSET(l->cpu, &allowed)))
        return eo_err_set(err, "expected a processor that this process may run on, found %d", cpu);
    times = eo_alloc(2 * EO_HOST_CPUS, sizeof(*times), err);
    if (!times)
        return -1;
    throttled = eo_host_throttled(host, l->cpu);
    eo_host_all_times(host, times);
    while (nanosleep(&left, &left))
        ;
    eo_host_all_times(host, times + EO_HOST_CPUS);
    eo_clock_init(&l->clock);
    read_reference(l);
    /* Look right after the work, when the clock frequency is that of a busy processor. */
    eo_host_look(host, l->cpu, &l->facts);
    l->throttled = l->facts.throttled - throttled;
    compare_times(l, times, times + EO_HOST_CPUS);
    eo_energy_open(&energy, host);
    take_note(l->energy, eo_energy_source(&energy));
    free(times);
    return note_counters(l, err);
}
