/*
 * Taking one sample: the time of `calls` calls in a row, less the clock's overhead, divided by their number.
 */
#ifndef EO_STAGE_BENCH_METER_H
#define EO_STAGE_BENCH_METER_H

#include <stdint.h>

#include "machine/clock.h"
#include "stage/bench/engine.h"

/* A sample lasts at least this many steps of the clock. */
#define EO_BENCH_CLOCK_STEPS 100

struct eo_bench_meter {
    const struct eo_bench_subject *subject;
    const struct eo_clock *clock;
    int batch;         /* images in a call */
    uint64_t least_ns; /* length of a sample */
    uint64_t calls;    /* in a sample; 1 at first */
};

/*
 * Seconds of one call. A sample that lasted less than least_ns is thrown away and taken again with more calls: as
 * many as should last least_ns and a quarter of it, at most ten times as many as before.
 */
double eo_bench_meter_take(struct eo_bench_meter *m);

#endif
