/*
 * A clock for timing code: CLOCK_MONOTONIC in nanoseconds.
 *
 *     struct eo_clock clock;
 *     eo_clock_init(&clock);
 *     uint64_t start = eo_clock_now_ns();
 *     work();
 *     uint64_t ns = eo_clock_elapsed_ns(&clock, start, eo_clock_now_ns());
 */
#ifndef EO_MACHINE_CLOCK_H
#define EO_MACHINE_CLOCK_H

#include <stdint.h>

struct eo_clock {
    uint64_t overhead_ns;   /* least difference between two readings in a row */
    uint64_t resolution_ns; /* smallest step seen between two readings that differ, at least 1 */
};

/* Nanoseconds since an arbitrary moment; never runs backwards. */
uint64_t eo_clock_now_ns(void);

/* The same in seconds, for progress and logs. */
double eo_clock_now(void);

/* Measures both fields by a thousand pairs of readings; takes well under a millisecond. */
void eo_clock_init(struct eo_clock *clock);

/* stop - start less the overhead of reading; 0 where that would be negative. */
uint64_t eo_clock_elapsed_ns(const struct eo_clock *clock, uint64_t start, uint64_t stop);

#endif
