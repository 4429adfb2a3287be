#include "stage/bench_evidence.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/pin.h"

/* More threads than processors wait for each other, so their waiting does not show another process. */
void eo_bench_evidence_open(struct eo_bench_evidence *e, int threads)
{
    int numbers[EO_POOL_MAX], count, i;
    char path[64];

    *e = (struct eo_bench_evidence){.threads = threads};
    if (threads == 1 || threads > sysconf(_SC_NPROCESSORS_ONLN))
        return;
    count = eo_pin_threads(numbers, EO_POOL_MAX);
    for (i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", numbers[i]);
        e->files[e->file_count] = open(path, O_RDONLY | O_CLOEXEC);
        e->file_count += e->files[e->file_count] >= 0;
    }
}

void eo_bench_evidence_close(struct eo_bench_evidence *e)
{
    int i;

    for (i = 0; i < e->file_count; i++)
        close(e->files[i]);
    e->file_count = 0;
}

/* "1274888 0 2": ns in which it ran, ns in which it was ready and did not, and turns. */
static uint64_t read_waited(int file)
{
    char text[80], *second;
    ssize_t n = pread(file, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    strtoull(text, &second, 10);
    return strtoull(second, NULL, 10);
}

/* The clock comes last: what is preempted as it returns is found by the next reading, with the sample that is cold. */
void eo_bench_evidence_read(const struct eo_bench_evidence *e, struct eo_bench_reading *r)
{
    struct rusage u = {0};
    struct timespec t = {0};
    int i;

    for (i = 0; i < e->file_count; i++)
        r->waited_ns[i] = read_waited(e->files[i]);
    getrusage(e->threads == 1 ? RUSAGE_THREAD : RUSAGE_SELF, &u);
    r->switches = (uint64_t)u.ru_nivcsw + (e->threads == 1 ? (uint64_t)u.ru_nvcsw : 0);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    r->cpu_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double eo_bench_evidence_cpu_s(const struct eo_bench_reading *before, const struct eo_bench_reading *after)
{
    return (double)(after->cpu_ns - before->cpu_ns) / 1e9;
}

int eo_bench_evidence_is_clean(const struct eo_bench_evidence *e, const struct eo_bench_reading *before,
                               const struct eo_bench_reading *after, double seconds)
{
    double lost = e->threads == 1 ? seconds - eo_bench_evidence_cpu_s(before, after) : 0;
    int i;

    for (i = 0; i < e->file_count; i++) {
        double waited = (double)(after->waited_ns[i] - before->waited_ns[i]) / 1e9;

        lost = waited > lost ? waited : lost;
    }
    return after->switches == before->switches && lost <= EO_BENCH_EVIDENCE_LOST * seconds;
}
