/*
 * Event counters of the processor and the kernel, by perf_event_open(2).
 *
 *     struct eo_counters *c = eo_counters_open(err);   // never fails for want of counters: see eo_counters_note()
 *     eo_counters_start(c);
 *     work();
 *     eo_counters_stop(c, &counts);                    // counts since start, scaled where multiplexed
 *     eo_counters_close(c);
 *
 * The calling thread is counted, and threads that it starts after eo_counters_open(); so open before a pool is made.
 *
 * Hardware events count user mode alone. What the kernel or the processor does not offer is NAN in the counts, and
 * eo_counters_note() says in one line why: the paranoid level, or that there is no PMU (as in many virtual machines).
 * Cache misses are those of loads, demanded by the program: what `perf stat` calls L1-dcache-load-misses and
 * LLC-load-misses. (Its cache-misses means another thing on each make of processor.)
 *
 * Software events come from the kernel's counters of this thread, and where those are refused from getrusage(2) and
 * /proc/thread-self/sched, of the process and the thread; at worst, migrations are then
 * 1 if the processor at the end is another than at the start.
 */
#ifndef EO_MACHINE_COUNTERS_H
#define EO_MACHINE_COUNTERS_H

#include <stdint.h>

#include "base/err.h"

struct eo_counts {
    double cycles, instructions, l1d_misses, llc_misses,
        branch_misses;                                /* hardware; NAN where there are none */
    double page_faults, context_switches, migrations; /* software; always there on Linux */
};

struct eo_counters;

struct eo_counters *eo_counters_open(struct eo_err *err) EO_MUST_CHECK; /* NULL only without memory */
void eo_counters_close(struct eo_counters *c);                          /* NULL is allowed */
void eo_counters_start(struct eo_counters *c);
void eo_counters_stop(struct eo_counters *c, struct eo_counts *counts);

/*
 * "" where all hardware counters work; else why not, in one line without a full stop, at most EO_COUNTERS_NOTE bytes
 * with its end. Valid until c is closed.
 */
#define EO_COUNTERS_NOTE 160
const char *eo_counters_note(const struct eo_counters *c);

/*
 * Work that is done in pieces: the hardware events since eo_counters_start() or the lap before are added to a tally,
 * and a new lap begins. A lap costs one system call for each event (none where there are no counters), of which about
 * twenty instructions are counted: subtract a tally of empty laps.
 */
#define EO_HARDWARE_EVENTS 5

struct eo_tally { /* begin with all zeros */
    struct {
        uint64_t value, enabled_ns, running_ns;
    } event[EO_HARDWARE_EVENTS];
};

void eo_counters_lap(struct eo_counters *c, struct eo_tally *tally);

/* The hardware events of a tally, scaled where multiplexed; NAN for what never ran, and for software events. */
void eo_counters_sum(struct eo_counters *c, const struct eo_tally *tally, struct eo_counts *counts);

#endif
