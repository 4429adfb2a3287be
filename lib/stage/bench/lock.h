/*
 * Lets one benchmark run at a time on a machine, also those of other checkouts and users, by an exclusive flock on
 * edge-opt-timing.lock. The file is in the first of these folders in which it exists or can be made:
 *
 *     $EO_LOCK_DIR (alone, where that is set), /run/lock, /var/lock, $TMPDIR, /tmp
 *
 * The file is empty, all may open it, and its time says since when it has been held. Only an empty file with one name
 * is taken for the lock; links are not followed, and nothing is ever written into it.
 */
#ifndef EO_STAGE_BENCH_LOCK_H
#define EO_STAGE_BENCH_LOCK_H

#include "base/err.h"

#define EO_BENCH_WAIT_S 600

struct eo_bench_lock {
    int fd;         /* -1: not locked */
    char note[160]; /* why not, one clause without a comma; "" when locked */
};

/*
 * Waits for others, `wait_s` seconds at most; `waiting` (may be NULL) is called once before, if it has to wait, and
 * told the file and the process that holds it, as far as the kernel tells. Fails only when the time is over. If no lock
 * can be had, timing may go on without one: then fd is -1, and the note is for the user and the rows.
 */
int eo_bench_lock(struct eo_bench_lock *lock, int wait_s, void (*waiting)(const char *line),
                  struct eo_err *err) EO_MUST_CHECK;

/*
 * The same for timing `threads` threads on processor `cpu` (-1: the highest): a processor that we may not use fails
 * before the waiting. `say` is told what the user should know, a line each: that the lock is waited for, that there is
 * none, that threads share processors.
 */
int eo_bench_lock_for(struct eo_bench_lock *lock, int wait_s, int cpu, int threads,
                      void (*say)(const char *line), struct eo_err *err) EO_MUST_CHECK;
void eo_bench_unlock(struct eo_bench_lock *lock); /* allowed when not locked, and twice */

#endif
