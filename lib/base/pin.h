/* Keeping threads on chosen processors. */
#ifndef EO_BASE_PIN_H
#define EO_BASE_PIN_H

#include "base/err.h"

/*
 * Chooses up to `count` of the processors that this process may run on, into cpus[count]: `first` (-1: the highest),
 * those below it downwards, and then from the top. *chosen is how many there are; 0 where the kernel does not say. Fails
 * when we may not run on `first`.
 */
int eo_pin_choose(int first, int count, int *cpus, int *chosen, struct eo_err *err) EO_MUST_CHECK;

/* From now on, this thread and those that it starts run there alone. Returns 1, or 0 where the kernel refuses. */
int eo_pin_set(const int *cpus, int count);

#endif
