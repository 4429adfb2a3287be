/*
 * How long each thread of this process was ready to run but had to wait for a processor, as the kernel counts it
 * (/proc/self/task/N/schedstat).
 *
 *     eo_waits_open(&w, most);
 *     eo_waits_read(&w, before);
 *     ...
 *     eo_waits_read(&w, after);
 *     s = eo_waits_most_s(&w, before, after);
 *     eo_waits_close(&w);
 */
#ifndef EO_MACHINE_WAITS_H
#define EO_MACHINE_WAITS_H

#include <stdint.h>

#include "base/pool.h"

/* Only `count` is for callers. */
struct eo_waits {
    int files[EO_POOL_MAX];
    int count; /* threads that are watched; 0 if the kernel does not count */
};

/*
 * Watches the present threads of this process, or none if there are more than `most`: more threads than processors wait
 * for each other, so their waiting does not show another process. Cannot fail: a thread whose count cannot be read is
 * not watched.
 */
void eo_waits_open(struct eo_waits *w, int most);
void eo_waits_close(struct eo_waits *w); /* harmless on a zeroed struct */

/* Nanoseconds since each thread began, into ns[w->count]. About a microsecond for each thread. */
void eo_waits_read(const struct eo_waits *w, uint64_t *ns);

/* The seconds of the thread that waited most, because the others wait for it, too; NAN if no thread is watched. */
double eo_waits_most_s(const struct eo_waits *w, const uint64_t *before, const uint64_t *after);

#endif
