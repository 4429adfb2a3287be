/*
 * Runs other programs, so that the caller can tidy up afterwards, also after Ctrl-C.
 *
 *     struct eo_proc p;
 *     if (eo_proc_begin(&p, err)) ...
 *     rc = eo_proc_run(&p, argv, -1, &status, &said, err);      // any number of times
 *     ... tidy up ...
 *     sig = eo_proc_end(&p);                                    // a signal came meanwhile: raise(sig) now
 *
 * Between begin and end, SIGINT, SIGTERM, SIGHUP and SIGQUIT do not end this process: they go to the program that runs
 * and to all that it has started, and eo_proc_run() fails once all of them have ended. A signal that was ignored before
 * is still ignored. For a process with one thread and no other children.
 */
#ifndef EO_BASE_PROC_H
#define EO_BASE_PROC_H

#include <signal.h>

#include "base/buf.h"
#include "base/err.h"

#define EO_PROC_LINE 512 /* bytes of a message that are kept, with the NUL */

struct eo_proc {
    sigset_t before;    /* the mask of signals, to be restored and for the programs */
    int fd;             /* a signalfd for the signals, SIGCHLD among them */
    int signal;         /* the last that came, or 0 */
    char **environment; /* of the programs; NULL, as after _begin(), for ours. The caller's */
};

/* Lines of standard error that were not empty, cut to fit; "" without any. */
struct eo_proc_said {
    char first[EO_PROC_LINE];
    /* without "<program>: " in front, of the program that ran or of any eo-* that a shell ran */
    char last[EO_PROC_LINE];
};

int eo_proc_begin(struct eo_proc *p, struct eo_err *err) EO_MUST_CHECK;
int eo_proc_end(struct eo_proc *p); /* the signal that came, or 0 */

/*
 * Runs argv[0], found by PATH where it has no slash, and waits for it. Its standard input and output are ours, and its
 * standard error is passed on to the descriptor `through`; for -1 it is dropped, and the standard input is empty.
 * *status is its exit status, or 128 + n when signal n killed it. Fails when it cannot be run and when a signal came.
 */
int eo_proc_run(struct eo_proc *p, char *const argv[], int through, int *status, struct eo_proc_said *said,
                struct eo_err *err) EO_MUST_CHECK;

/*
 * The folder of the running program, with a slash at the end, if it holds the program `other` too; else "", so that the
 * program is looked for along PATH.
 */
int eo_proc_siblings(struct eo_buf *folder, const char *other, struct eo_err *err) EO_MUST_CHECK;

/* A new folder below ${TMPDIR:-/tmp}, readable by the user alone, into `path`; and removing it with all it holds. */
int eo_proc_scratch(struct eo_buf *path, const char *name, struct eo_err *err) EO_MUST_CHECK;
int eo_proc_scratch_remove(const char *path, struct eo_err *err) EO_MUST_CHECK;

#endif
