/*
 * Whether a sample was interrupted, by what the kernel tells and never by the time that it took.
 *
 *     eo_bench_interruption_open(&e, threads);
 *     eo_bench_interruption_read(&e, &before);
 *     ... a sample of `seconds` ...
 *     eo_bench_interruption_read(&e, &after);
 *     if (eo_bench_interruption_is_clean(&e, &before, &after, seconds)) ... keep it; `after` is the next one's `before`
 *     eo_bench_interruption_close(&e);
 *
 * One thread was interrupted when it was switched out, or when more than EO_BENCH_INTERRUPTION_LOST of the sample was
 * not its own processor time. With several threads, the involuntary switches of the process count, and the time in
 * which the thread that waited most stood ready (machine/waits.h), because sleeping is part of their calls. An
 * interruption between two samples rejects the one that follows, which found cold caches. A reading takes one or two
 * microseconds and lies outside of the samples. The kernel mostly takes a processor away at the end of a system call,
 * so even beside a busy process it does that between samples.
 */
#ifndef EO_STAGE_BENCH_INTERRUPTION_H
#define EO_STAGE_BENCH_INTERRUPTION_H

#include <stdint.h>

#include "base/pool.h"
#include "machine/waits.h"

#define EO_BENCH_INTERRUPTION_LOST 0.01

/* Private, from eo_bench_interruption_open() to eo_bench_interruption_close(). */
struct eo_bench_interruption {
    int threads;
    struct eo_waits waits; /* of several threads */
};

struct eo_bench_reading {
    uint64_t switches;
    uint64_t cpu_ns;                 /* of the calling thread */
    uint64_t waited_ns[EO_POOL_MAX]; /* [waits.count] */
};

/* The `threads` of a call must have been started. Cannot fail: what cannot be read is no evidence. */
void eo_bench_interruption_open(struct eo_bench_interruption *e, int threads);
void eo_bench_interruption_close(struct eo_bench_interruption *e);

void eo_bench_interruption_read(const struct eo_bench_interruption *e, struct eo_bench_reading *r);

int eo_bench_interruption_is_clean(const struct eo_bench_interruption *e,
                                   const struct eo_bench_reading *before,
                                   const struct eo_bench_reading *after, double seconds);

/* The calling thread's own processor time between the two. */
double eo_bench_interruption_cpu_s(const struct eo_bench_reading *before,
                                   const struct eo_bench_reading *after);

#endif
