#include "stage/bench/interruption.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void eo_bench_interruption_open(struct eo_bench_interruption *e, int threads)
{
    *e = (struct eo_bench_interruption){.threads = threads};
    if (threads > 1)
        eo_waits_open(&e->waits, (int)sysconf(_SC_NPROCESSORS_ONLN));
}

void eo_bench_interruption_close(struct eo_bench_interruption *e)
{
    eo_waits_close(&e->waits);
}

/*
 * The clock is read last: a preemption as it returns is then seen by the next reading, which rejects the cold sample.
 */
void eo_bench_interruption_read(const struct eo_bench_interruption *e, struct eo_bench_reading *r)
{
    struct rusage u = {0};
    struct timespec t = {0};

    eo_waits_read(&e->waits, r->waited_ns);
    getrusage(e->threads == 1 ? RUSAGE_THREAD : RUSAGE_SELF, &u);
    r->switches = (uint64_t)u.ru_nivcsw + (e->threads == 1 ? (uint64_t)u.ru_nvcsw : 0);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    r->cpu_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double eo_bench_interruption_cpu_s(const struct eo_bench_reading *before,
                                   const struct eo_bench_reading *after)
{
    return (double)(after->cpu_ns - before->cpu_ns) / 1e9;
}

int eo_bench_interruption_is_clean(const struct eo_bench_interruption *e,
                                   const struct eo_bench_reading *before,
                                   const struct eo_bench_reading *after, double seconds)
{
    double lost = e->threads == 1 ? seconds - eo_bench_interruption_cpu_s(before, after)
                                  : eo_waits_most_s(&e->waits, before->waited_ns, after->waited_ns);

    /* If the kernel does not count, `lost` is NAN and says nothing. */
    return after->switches == before->switches && !(lost > EO_BENCH_INTERRUPTION_LOST * seconds);
}
