#include "tests/perf/quiet.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "machine/clock.h"
#include "base/stats.h"
#include "tests/perf/measure.h"
#include "tests/perf/peaks.h"

/* More than this is "evidently busy". A quiet machine shows well under a fifth of each. */
#define MAX_OTHERS 0.05 /* of our processors' time */
#define MAX_STEAL 0.02
#define MAX_SWITCHES 50.0  /* involuntary, per second */
#define MAX_VARIATION 0.10 /* of the reference: 90th percentile over smallest */

static double cpu_seconds(int who, long *switches)
{
    struct rusage u;

    *switches = 0;
    if (getrusage(who, &u))
        return 0;
    *switches = u.ru_nivcsw;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Seconds that our processors worked for anybody, and that the host took away. Both -1 where /proc/stat is missing. */
static void system_seconds(double *busy, double *steal)
{
    double tick = (double)sysconf(_SC_CLK_TCK);
    FILE *f = fopen("/proc/stat", "r");
    char line[512];
    int cpu, found = 0;

    *busy = *steal = 0;
    while (f && fgets(line, sizeof(line), f)) {
        double t[8]; /* user nice system idle iowait irq softirq steal */

        if (sscanf(line, "cpu%d %lf %lf %lf %lf %lf %lf %lf %lf", &cpu, &t[0], &t[1], &t[2], &t[3], &t[4],
                   &t[5], &t[6], &t[7]) != 9 ||
            line[3] == ' ' || !perf_cpu_allowed(cpu))
            continue;
        *busy += (t[0] + t[1] + t[2] + t[5] + t[6]) / tick;
        *steal += t[7] / tick;
        found++;
    }
    if (f)
        fclose(f);
    if (!found)
        *busy = *steal = -1;
}

void perf_quiet_begin(struct perf_quiet *q)
{
    long ignored;

    q->count = 0;
    q->start = eo_clock_now();
    q->cpu_start = cpu_seconds(RUSAGE_CHILDREN, &ignored);
    q->cpu_start += cpu_seconds(RUSAGE_SELF, &q->switches_start);
    system_seconds(&q->busy_start, &q->steal_start);
}

void perf_quiet_look(struct perf_quiet *q, int times)
{
    perf_pin();
    for (; times > 0 && q->count < PERF_QUIET_LOOKS; times--)
        q->looks[q->count++] = perf_reference_ns();
    perf_unpin();
}

static double variation(struct perf_quiet *q)
{
    eo_stats_sort(q->looks, q->count);
    return q->count ? eo_stats_percentile_sorted(q->looks, q->count, 90) / q->looks[0] - 1 : 0;
}

int perf_quiet_judge(struct perf_quiet *q, struct eo_buf *text)
{
    double seconds = eo_clock_now() - q->start, cpu, busy, steal, others = 0, stolen = 0, switched, varied;
    double available = seconds * eo_cpu_count();
    long ignored, switches;

    cpu = cpu_seconds(RUSAGE_CHILDREN, &ignored);
    cpu += cpu_seconds(RUSAGE_SELF, &switches) - q->cpu_start;
    system_seconds(&busy, &steal);
    if (busy >= 0 && q->busy_start >= 0) {
        others = (busy - q->busy_start - cpu) / available;
        stolen = (steal - q->steal_start) / available;
    }
    others = others > 0 ? others : 0;
    switched = (double)(switches - q->switches_start) / seconds;
    varied = variation(q);
    eo_buf_printf(
        text,
        "in %.1f s other processes took %.1f %% of our processors and the host %.1f %%, we were put off a "
        "processor %.1f times a second, and a fixed piece of arithmetic varied by %.1f %%\n",
        seconds, 100 * others, 100 * stolen, switched, 100 * varied);
    return others > MAX_OTHERS || stolen > MAX_STEAL || switched > MAX_SWITCHES || varied > MAX_VARIATION;
}
