/*
 * Event counters of the processor and the kernel, by perf_event_open(2).
 *
 *     struct eo_counters *c = eo_counters_open(err);   // never fails for want of counters: see eo_counters_note()
 *     eo_counters_start(c);
 *     work();
 *     eo_counters_stop(c, &counts);                    // counts of this thread since start, scaled where multiplexed
 *     eo_counters_close(c);
 *
 * Hardware events count user mode alone. What the kernel or the processor does not offer is NAN in the counts, and
 * eo_counters_note() says in one line why: the paranoid level, or that there is no PMU (as in many virtual machines).
 */
#ifndef EO_BASE_COUNTERS_H
#define EO_BASE_COUNTERS_H

#include "base/err.h"

struct eo_counts {
    double cycles, instructions, l1d_misses, llc_misses,
        branch_misses;                                /* hardware; NAN where there are none */
    double page_faults, context_switches, migrations; /* software; always there on Linux */
};

struct eo_counters;

struct eo_counters *eo_counters_open(struct eo_err *err) EO_MUST_CHECK; /* NULL without memory alone */
void eo_counters_close(struct eo_counters *c);                          /* NULL is allowed */
void eo_counters_start(struct eo_counters *c);
void eo_counters_stop(struct eo_counters *c, struct eo_counts *counts);

/* "" where all hardware counters work; else why not, in one line without a full stop. */
const char *eo_counters_note(const struct eo_counters *c);

#endif
