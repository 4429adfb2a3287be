#include "stage/bench/conditions.h"

#include <math.h>
#include <sys/resource.h>
#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec t;

    return clock_gettime(clock, &t) ? NAN : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A thread that is pinned to one processor cannot move, and one with several processors may. */
static double migrations(const struct eo_bench_watch *w)
{
    return w->cpu_count > 1 ? NAN
                            : eo_host_field(&(struct eo_host){0}, "/proc/self/sched", "se.nr_migrations", 0);
}

/* Without pinning nothing is watched, because more threads than processors wait for each other. */
static void watch_threads(struct eo_bench_watch *w)
{
    eo_waits_open(&w->waits, w->cpu_count);
    eo_waits_read(&w->waits, w->waited_ns);
}

static double most_waited(struct eo_bench_watch *w)
{
    uint64_t now[EO_POOL_MAX];
    double most;

    eo_waits_read(&w->waits, now);
    most = eo_waits_most_s(&w->waits, w->waited_ns, now);
    eo_waits_close(&w->waits);
    return most;
}

static double steal(const struct eo_bench_watch *w)
{
    double sum = w->cpu_count ? 0 : eo_host_steal_s(&w->host, -1);

    for (int i = 0; i < w->cpu_count; i++)
        sum += eo_host_steal_s(&w->host, w->cpus[i]);
    return sum;
}

/* The frequency of the slowest processor. */
static double frequency(const struct eo_bench_watch *w)
{
    double slowest = NAN;

    for (int i = 0; i < w->cpu_count; i++)
        slowest = fmin(slowest, eo_host_frequency_khz(&w->host, w->cpus[i]));
    return slowest;
}

/* Figures that only rise. */
static void read_counts(struct eo_round_conditions *c)
{
    struct rusage u = {0};

    getrusage(RUSAGE_SELF, &u);
    c->involuntary_switches = (double)u.ru_nivcsw;
    c->voluntary_switches = (double)u.ru_nvcsw;
}

void eo_bench_watch_start(struct eo_bench_watch *w, const int *cpus, int cpu_count)
{
    *w = (struct eo_bench_watch){.host = eo_host_of_environment(), .cpus = cpus, .cpu_count = cpu_count};
    w->start.frequency_start_khz = frequency(w);
    w->start.steal_s = steal(w);
    w->start.migrations = migrations(w);
    watch_threads(w);
    read_counts(&w->start);
    w->start.cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID);
    w->start.wall_s = seconds(CLOCK_MONOTONIC);
}

void eo_bench_watch_stop(struct eo_bench_watch *w, struct eo_round_conditions *c)
{
    const struct eo_round_conditions *s = &w->start;

    c->wall_s = seconds(CLOCK_MONOTONIC) - s->wall_s;
    c->cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - s->cpu_s;
    read_counts(c);
    c->waited_s = most_waited(w);
    c->involuntary_switches -= s->involuntary_switches;
    c->voluntary_switches -= s->voluntary_switches;
    c->migrations = migrations(w) - s->migrations;
    c->steal_s = steal(w) - s->steal_s;
    c->frequency_start_khz = s->frequency_start_khz;
    c->frequency_end_khz = frequency(w);
    /* Not ru_maxrss: that includes what the process was before it became this program. */
    c->resident_bytes = eo_host_field(&(struct eo_host){0}, "/proc/self/status", "VmHWM", 0) * 1024;
    c->reference_ns = c->page_faults = NAN;
}
