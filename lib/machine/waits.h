/*
 * How long each thread of this process stood ready while another thread ran, as the kernel counts it
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

/* Private but for `count`. */
struct eo_waits {
    int files[EO_POOL_MAX];
    int count; /* threads that are watched; 0 where the kernel does not count */
};

/*
 * Watches the threads that there are now, unless these are more than `most`: more threads than processors wait for each
 * other, so their waiting does not show another process. Cannot fail: what cannot be read is not watched.
 */
void eo_waits_open(struct eo_waits *w, int most);
void eo_waits_close(struct eo_waits *w); /* harmless on a zeroed struct */

/* Nanoseconds since each thread began, into ns[w->count]. About a microsecond for each thread. */
void eo_waits_read(const struct eo_waits *w, uint64_t *ns);

/* Of the thread that waited most, as the others wait for it; NAN without any. */
double eo_waits_most_s(const struct eo_waits *w, const uint64_t *before, const uint64_t *after);

#endif
