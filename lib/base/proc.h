/*
 * Running another program so that what has to be tidied up afterwards is, also on Ctrl-C.
 *
 *     struct eo_proc p;
 *     if (eo_proc_begin(&p, err)) ...
 *     rc = eo_proc_run(&p, argv, &messages, &status, err);      // any number of times
 *     ... tidy up ...
 *     sig = eo_proc_end(&p);                                    // a signal that came meanwhile: raise(sig) now
 *
 * Between begin and end, SIGINT, SIGTERM, SIGHUP and SIGQUIT do not end this process: they go to the program that runs,
 * and eo_proc_run() fails. A signal that was ignored before is still ignored.
 */
#ifndef EO_BASE_PROC_H
#define EO_BASE_PROC_H

#include <signal.h>

#include "base/buf.h"
#include "base/err.h"

#define EO_PROC_MESSAGES 65536 /* bytes of standard error that are kept */

struct eo_proc {
    sigset_t before;    /* the mask of signals, to be restored and for the programs */
    int fd;             /* what waits for the signals */
    int signal;         /* the first that came, or 0 */
    char **environment; /* of the programs; NULL, as after _begin(), for ours. The caller's */
};

int eo_proc_begin(struct eo_proc *p, struct eo_err *err) EO_MUST_CHECK;
int eo_proc_end(struct eo_proc *p); /* the signal that came, or 0 */

/*
 * Runs argv[0], found by PATH where it has no slash, and waits for it. Its standard input is empty, its standard output
 * ours; its standard error is appended to `messages`. *status is its exit status, or 128 + n when signal n killed it.
 * Fails when the program cannot be run and when a signal came.
 */
int eo_proc_run(struct eo_proc *p, char *const argv[], struct eo_buf *messages, int *status,
                struct eo_err *err) EO_MUST_CHECK;

/*
 * The folder of the running program, with a slash at the end, if it holds the program `other` too; else "", with which
 * a program is looked for along PATH.
 */
int eo_proc_siblings(struct eo_buf *folder, const char *other, struct eo_err *err) EO_MUST_CHECK;

/* A new folder below ${TMPDIR:-/tmp}, readable by the user alone, into `path`; and removing it with all it holds. */
int eo_proc_scratch(struct eo_buf *path, const char *name, struct eo_err *err) EO_MUST_CHECK;
int eo_proc_scratch_remove(const char *path, struct eo_err *err) EO_MUST_CHECK;

#endif
