/* Keeping threads on chosen processors. */
#ifndef EO_MACHINE_PIN_H
#define EO_MACHINE_PIN_H

#include "base/err.h"

/*
 * Chooses up to `count` of the processors that this process may run on, into cpus[count]: `first` (-1: the highest),
 * those below it downwards, and then from the top. *chosen is how many there are; 0 where the kernel does not say.
 * Fails when we may not run on `first`.
 */
int eo_pin_choose(int first, int count, int *cpus, int *chosen, struct eo_err *err) EO_MUST_CHECK;

/* From now on, this thread and those that it starts run there alone. Returns 1, or 0 where the kernel refuses. */
int eo_pin_set(const int *cpus, int count);

/*
 * Both for this thread alone: `cpu`, or the highest for -1. *pinned is where, -1 where the kernel does not say or
 * refuses.
 */
int eo_pin_self(int cpu, int *pinned, struct eo_err *err) EO_MUST_CHECK;

/*
 * From now on, each thread that this process has by now runs on one of them alone, the first thread on the first.
 * Returns 1; or 0 where there are more threads than processors, or the kernel refuses, and then some may be pinned.
 */
int eo_pin_each(const int *cpus, int count);

/*
 * The kernel's numbers (gettid()) of the threads of this process, from the first on, into threads[most]. Returns how
 * many there are; -1 where there are more, or the kernel does not say.
 */
int eo_pin_threads(int *threads, int most);

#endif
