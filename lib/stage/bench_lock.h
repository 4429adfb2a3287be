/*
 * One benchmark at a time on the whole machine, also of other checkouts and users: an exclusive flock on
 * edge-opt-timing.lock, in the first of these folders that is there and where the file is, or can be made:
 *
 *     $EO_LOCK_DIR (alone, where that is set), /run/lock, /var/lock, $TMPDIR, /tmp
 *
 * The file is empty, all may open it, and its time is since when it has been held. Only an empty file with one name is
 * taken for the lock; links are not followed, and nothing is ever written into it.
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
 * Waits for others, `wait_s` seconds at most; `waiting` (may be NULL) is called once before, if it has to wait, and told the
 * file and who holds it, as far as the kernel tells. Fails only when the time is over. Where there is no lock to be had,
 * timing may go on without: then fd is -1, and the note is for the user and the rows.
 */
int eo_bench_lock(struct eo_bench_lock *lock, int wait_s, void (*waiting)(const char *holder),
                  struct eo_err *err) EO_MUST_CHECK;
void eo_bench_unlock(struct eo_bench_lock *lock); /* allowed when not locked, and twice */

#endif
