/*
 * One benchmark at a time on the whole machine, also of other checkouts: an exclusive flock on
 * ${TMPDIR:-/tmp}/edge-opt-timing.lock, which is created where missing.
 */
#ifndef EO_STAGE_BENCH_LOCK_H
#define EO_STAGE_BENCH_LOCK_H

/*
 * Waits for others; `waiting` (may be NULL) is called once before, if it has to. Returns the descriptor for
 * eo_bench_unlock(), or -1 where the file cannot be used; timing then goes on without.
 */
int eo_bench_lock(void (*waiting)(void));
void eo_bench_unlock(int fd); /* -1 is allowed */

#endif
