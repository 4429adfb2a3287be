#include "stage/bench/meter.h"

/* Ends the search for a number of calls when a subject takes no time. */
#define MAX_CALLS ((uint64_t)1 << 24)

static uint64_t time_calls(const struct eo_bench_meter *m)
{
    uint64_t start = eo_clock_now_ns();

    for (uint64_t i = 0; i < m->calls; i++)
        m->subject->call(m->subject->ctx, m->batch);
    return eo_clock_elapsed_ns(m->clock, start, eo_clock_now_ns());
}

/* The first call may be slow (cold) or too short for the clock, so the number grows at most tenfold. */
static uint64_t more_calls(const struct eo_bench_meter *m, uint64_t ns)
{
    uint64_t limit = m->calls * 10;
    uint64_t next = limit;

    if (ns > 0)
        next = m->calls * (m->least_ns + m->least_ns / 4) / ns + 1;
    next = next < limit ? next : limit;
    return next < MAX_CALLS ? next : MAX_CALLS;
}

double eo_bench_meter_take(struct eo_bench_meter *m)
{
    uint64_t ns;

    while ((ns = time_calls(m)) < m->least_ns && m->calls < MAX_CALLS)
        m->calls = more_calls(m, ns);
    return (double)ns / (double)m->calls / 1e9;
}
