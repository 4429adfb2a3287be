/*
 * What happens to this process between two moments: time, waiting, context switches, migrations, time stolen by other
 * guests, clock frequency. Read from the kernel; what it does not tell is NAN.
 *
 * Files of /proc and /sys are those of the machine, or below $EO_HOST_ROOT where that is set (tests; containers).
 */
#ifndef EO_STAGE_BENCH_CONDITIONS_H
#define EO_STAGE_BENCH_CONDITIONS_H

#include "machine/host.h"
#include "base/pool.h"
#include "machine/waits.h"
#include "stage/bench/round.h"

struct eo_bench_watch {
    struct eo_host host;
    const int *cpus; /* where the process is pinned; [cpu_count] */
    int cpu_count;   /* 0: not pinned, then the steal time is that of all processors */
    struct eo_round_conditions start;
    struct eo_waits waits;
    uint64_t waited_ns[EO_POOL_MAX]; /* [waits.count], at the start */
};

/* `cpus` stays the caller's. Every start needs a stop; for one thread, each takes well under a millisecond. */
void eo_bench_watch_start(struct eo_bench_watch *w, const int *cpus, int cpu_count);

/* Sets all of *c but reference_ns and page_faults, which become NAN. */
void eo_bench_watch_stop(struct eo_bench_watch *w, struct eo_round_conditions *c);

#endif
