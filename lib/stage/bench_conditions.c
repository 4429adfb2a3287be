#include "stage/bench_conditions.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/pin.h"

static double seconds(clockid_t clock)
{
    struct timespec t;

    return clock_gettime(clock, &t) ? NAN : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One process of one thread on one processor cannot move; one that may run on several is free to. */
static double migrations(const struct eo_bench_watch *w)
{
    return w->cpu_count > 1 ? NAN
                            : eo_host_field(&(struct eo_host){0}, "/proc/self/sched", "se.nr_migrations", 0);
}

/* "1274888 0 2" of a thread: ns in which it ran, ns in which it was ready and did not, and turns; all 0 where not counted. */
static double waited_s(int thread)
{
    const struct eo_host host = {0};
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", thread);
    return eo_host_field(&host, path, "", 2) > 0 ? eo_host_field(&host, path, "", 1) / 1e9 : NAN;
}

/* More threads than processors wait for each other, so their waiting does not show another process. */
static void watch_threads(struct eo_bench_watch *w)
{
    int i;

    w->thread_count = eo_pin_threads(w->threads, w->cpu_count < EO_POOL_MAX ? w->cpu_count : EO_POOL_MAX);
    for (i = 0; i < w->thread_count; i++)
        w->waited_s[i] = waited_s(w->threads[i]);
}

/* Of the thread that waited most: the others wait for it. */
static double most_waited(const struct eo_bench_watch *w)
{
    double most = NAN;
    int i;

    for (i = 0; i < w->thread_count; i++)
        most = fmax(most, waited_s(w->threads[i]) - w->waited_s[i]);
    return most;
}

static double steal(const struct eo_bench_watch *w)
{
    double sum = w->cpu_count ? 0 : eo_host_steal_s(&w->host, -1);
    int i;

    for (i = 0; i < w->cpu_count; i++)
        sum += eo_host_steal_s(&w->host, w->cpus[i]);
    return sum;
}

/* Of the slowest. */
static double frequency(const struct eo_bench_watch *w)
{
    double slowest = NAN;
    int i;

    for (i = 0; i < w->cpu_count; i++)
        slowest = fmin(slowest, eo_host_frequency_khz(&w->host, w->cpus[i]));
    return slowest;
}

/* What counts up. */
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

void eo_bench_watch_stop(const struct eo_bench_watch *w, struct eo_round_conditions *c)
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
