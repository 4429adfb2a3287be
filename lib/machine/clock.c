#include "machine/clock.h"

#include <time.h>

#define PAIRS 1000

uint64_t eo_clock_now_ns(void)
{
    struct timespec t;

    /* Cannot fail: the clock exists on every system this builds on and the pointer is good. */
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double eo_clock_now(void)
{
    return (double)eo_clock_now_ns() / 1e9;
}

void eo_clock_init(struct eo_clock *clock)
{
    uint64_t least = UINT64_MAX, step = UINT64_MAX;

    for (int i = 0; i < PAIRS; i++) {
        uint64_t start = eo_clock_now_ns();
        uint64_t ns = eo_clock_now_ns() - start;

        least = ns < least ? ns : least;
        step = ns > 0 && ns < step ? ns : step;
    }
    clock->overhead_ns = least;
    /* The clock did not move during all these pairs, so ask the system for its step. */
    if (step == UINT64_MAX) {
        struct timespec t = {0};

        clock_getres(CLOCK_MONOTONIC, &t);
        step = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    }
    clock->resolution_ns = step > 0 ? step : 1;
}

uint64_t eo_clock_elapsed_ns(const struct eo_clock *clock, uint64_t start, uint64_t stop)
{
    uint64_t ns = stop - start;

    return ns > clock->overhead_ns ? ns - clock->overhead_ns : 0;
}
