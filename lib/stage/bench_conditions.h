/*
 * What happens to this process between two moments: time, waiting, context switches, migrations, time stolen by other guests,
 * clock frequency. Read from the kernel; what it does not tell is NAN.
 *
 * Files of /proc and /sys are those of the machine, or below $EO_HOST_ROOT where that is set (tests; containers).
 */
#ifndef EO_STAGE_BENCH_CONDITIONS_H
#define EO_STAGE_BENCH_CONDITIONS_H

#include "base/host.h"
#include "base/pool.h"
#include "stage/bench_round.h"

struct eo_bench_watch {
    struct eo_host host;
    const int *cpus; /* where the process is pinned; [cpu_count] */
    int cpu_count;   /* 0: not pinned, then the steal time is that of all processors */
    struct eo_round_conditions start;
    int threads[EO_POOL_MAX],
        thread_count;             /* those there were at the start; -1: not known, or more than cpu_count */
    double waited_s[EO_POOL_MAX]; /* since each of them began */
};

/* `cpus` stays the caller's. For one thread, each of the two takes well under a millisecond. */
void eo_bench_watch_start(struct eo_bench_watch *w, const int *cpus, int cpu_count);

/* Sets all of *c but reference_ns and page_faults, which become NAN. */
void eo_bench_watch_stop(const struct eo_bench_watch *w, struct eo_round_conditions *c);

#endif
