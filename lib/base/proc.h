/*
 * Runs other programs and lets the caller tidy up afterwards, even after Ctrl-C.
 *
 *     struct eo_proc p;
 *     if (eo_proc_begin(&p, err)) ...
 *     rc = eo_proc_run(&p, argv, -1, &status, &said, err);      // any number of times
 *     ... tidy up ...
 *     sig = eo_proc_end(&p);                                    // a signal came meanwhile: raise(sig) now
 *
 * Between begin and end, SIGINT, SIGTERM, SIGHUP and SIGQUIT do not end this process. They are passed to the running
 * program and to everything that it has started, and eo_proc_run() fails once all of these have ended. A signal that
 * was ignored before is still ignored. The calling process must have only one thread and no other children.
 */
#ifndef EO_BASE_PROC_H
#define EO_BASE_PROC_H

#include <signal.h>

#include "base/buf.h"
#include "base/err.h"

#define EO_PROC_LINE 512 /* bytes of a message that are kept, its NUL included */

struct eo_proc {
    sigset_t before;    /* the signal mask to restore; programs start with it, too */
    int fd;             /* a signalfd for the signals, SIGCHLD among them */
    int signal;         /* the last one that came, or 0 */
    char **environment; /* of the programs; NULL (as after _begin()): ours. Owned by the caller */
};

/* The first and the last line of standard error that are not empty, cut to fit; "" if there are none. */
struct eo_proc_said {
    char first[EO_PROC_LINE];
    /* without "<program>: " in front, the name of the program or of any eo-* (which a shell may have run) */
    char last[EO_PROC_LINE];
};

int eo_proc_begin(struct eo_proc *p, struct eo_err *err) EO_MUST_CHECK;
int eo_proc_end(struct eo_proc *p); /* the signal that came, or 0 */

/*
 * Runs argv[0], looked up in PATH if it has no slash, and waits for it. It shares our standard input and output, and
 * its standard error is passed on to the descriptor `through`. With a `through` of -1 its standard error is dropped and
 * its standard input is empty. *status is its exit status, or 128 + n if signal n killed it. Fails if the program
 * cannot be run or a signal came.
 */
int eo_proc_run(struct eo_proc *p, char *const argv[], int through, int *status, struct eo_proc_said *said,
                struct eo_err *err) EO_MUST_CHECK;

/*
 * The folder of the running program, with a slash at the end, if the program `other` is there, too; else "", so that
 * `other` is looked up in PATH.
 */
int eo_proc_siblings(struct eo_buf *folder, const char *other, struct eo_err *err) EO_MUST_CHECK;

/* Creates a folder below ${TMPDIR:-/tmp} that only the user can read, and appends its path to `path`. */
int eo_proc_scratch(struct eo_buf *path, const char *name, struct eo_err *err) EO_MUST_CHECK;
/* Removes such a folder with everything in it. */
int eo_proc_scratch_remove(const char *path, struct eo_err *err) EO_MUST_CHECK;

#endif
