/*
 * Event counters of the processor and the kernel, by perf_event_open(2).
 *
 *     struct eo_counters *c = eo_counters_open(err);   // never fails for want of counters: see eo_counters_note()
 *     eo_counters_start(c);
 *     work();
 *     eo_counters_stop(c, &counts);                    // counts since start, scaled if multiplexed
 *     eo_counters_close(c);
 *
 * The counts include the calling thread and the threads that it starts after eo_counters_open(), so open before a pool
 * is created.
 *
 * Hardware events are counted in user mode only. Events that the kernel or the processor does not offer are NAN in the
 * counts, and eo_counters_note() gives the reason in one line: the paranoid level, or that there is no PMU (as in many
 * virtual machines). Cache misses are those of the program's own loads: what `perf stat` calls L1-dcache-load-misses
 * and LLC-load-misses. (What its event cache-misses counts differs between makes of processor.)
 *
 * Software events come from the kernel's counters of this thread. If those are refused, page faults and context
 * switches come from getrusage(2), for the whole process, and migrations from /proc/thread-self/sched, for the thread.
 * If that file has none either, migrations are 1 if the thread ends on another processor than it began on, else 0.
 */
#ifndef EO_MACHINE_COUNTERS_H
#define EO_MACHINE_COUNTERS_H

#include <stdint.h>

#include "base/err.h"

struct eo_counts {
    /* hardware; NAN where there are none */
    double cycles, instructions, l1d_misses, llc_misses, branch_misses;
    /* software; always there on Linux */
    double page_faults, context_switches, migrations;
};

struct eo_counters;

struct eo_counters *eo_counters_open(struct eo_err *err) EO_MUST_CHECK; /* NULL only if memory runs out */
void eo_counters_close(struct eo_counters *c);                          /* NULL is allowed */
void eo_counters_start(struct eo_counters *c);
void eo_counters_stop(struct eo_counters *c, struct eo_counts *counts);

/*
 * "" if all hardware counters work; else the reason, in one line without a full stop, of at most EO_COUNTERS_NOTE bytes
 * with its NUL. Valid until c is closed.
 */
#define EO_COUNTERS_NOTE 160
const char *eo_counters_note(const struct eo_counters *c);

/*
 * For work that is done in pieces: a lap adds the hardware events since eo_counters_start() or the lap before to a
 * tally. It costs one system call for each event (none without counters), of which about twenty instructions are
 * counted; subtract a tally of empty laps to correct for them.
 */
#define EO_HARDWARE_EVENTS 5

struct eo_tally { /* begin with all zeros */
    struct {
        uint64_t value, enabled_ns, running_ns;
    } event[EO_HARDWARE_EVENTS];
};

void eo_counters_lap(struct eo_counters *c, struct eo_tally *tally);

/* The hardware events of a tally, scaled if multiplexed; NAN for events that never ran, and for software events. */
void eo_counters_sum(struct eo_counters *c, const struct eo_tally *tally, struct eo_counts *counts);

#endif
