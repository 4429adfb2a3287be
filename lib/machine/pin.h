/* Keeping threads on chosen processors. */
#ifndef EO_MACHINE_PIN_H
#define EO_MACHINE_PIN_H

#include "base/err.h"

/*
 * Chooses up to `count` of the processors that this process may run on: `first` (-1: the highest), then downwards from
 * there, and after the lowest again from the top. Puts them into cpus and their number into *chosen, which is 0 if the
 * kernel does not tell. Fails if this process may not run on `first`.
 */
int eo_pin_choose(int first, int count, int *cpus, int *chosen, struct eo_err *err) EO_MUST_CHECK;

/* From now on, this thread and those that it starts run only there. Returns 1, or 0 if the kernel refuses. */
int eo_pin_set(const int *cpus, int count);

/*
 * Chooses one processor and pins this thread to it: `cpu`, or the highest for -1. *pinned is that processor, or -1 if
 * the kernel does not tell or refuses.
 */
int eo_pin_self(int cpu, int *pinned, struct eo_err *err) EO_MUST_CHECK;

/*
 * Pins each present thread of this process to a processor of its own, the first thread to the first processor. Returns
 * 1; or 0 if there are more threads than processors or the kernel refuses, and then some threads may be pinned.
 */
int eo_pin_each(const int *cpus, int count);

/*
 * Puts the kernel's numbers (gettid()) of this process's threads into threads[most], in the order in which they were
 * started. Returns how many there are; -1 if there are more than `most` or the kernel does not tell.
 */
int eo_pin_threads(int *threads, int most);

#endif
