/*
 * A fixed piece of work, to measure how fast the machine is at the moment.
 *
 * Eight independent chains of 64-bit multiplications and additions, which keep the multiplier of a core busy and touch
 * no memory: the time depends on the clock frequency and on what else uses this core (another process, a sibling
 * thread, another virtual machine), and not on what was done before. About 20 us on a processor of 4 GHz.
 */
#ifndef EO_MACHINE_REFERENCE_H
#define EO_MACHINE_REFERENCE_H

#include <stdint.h>

#include "machine/clock.h"

#define EO_REFERENCE_CHAINS 8

/* State of the chains. Any initial values will do, and the result depends only on them. */
struct eo_reference {
    uint64_t chain[EO_REFERENCE_CHAINS];
};

void eo_reference_work(struct eo_reference *r);

/* The time of one eo_reference_work() in ns. */
double eo_reference_time_ns(struct eo_reference *r, const struct eo_clock *clock);

#endif
