/* What the driver (disturb.c) tells the library that makes calls fail (inject.c), by EO_FAULT in the environment. */
#ifndef EO_TESTS_FAULTS_H
#define EO_TESTS_FAULTS_H

enum fault_class {
    FAULT_ALLOC,  /* malloc, calloc, realloc, aligned_alloc, posix_memalign */
    FAULT_OPEN,   /* open, openat, fopen */
    FAULT_READ,   /* read */
    FAULT_WRITE,  /* write, but not to standard error */
    FAULT_SYNC,   /* fsync, fdatasync */
    FAULT_CLOSE,  /* close of a file that was written, nothing else; it closes all the same, as Linux does */
    FAULT_RENAME, /* rename */
    /* ftruncate, flock, unlink, mkdir, dup, stat, lstat, fstat, fchmod, access, pipe2, posix_spawnp, pthread_create */
    FAULT_REST
};

#define FAULT_VARIABLE "EO_FAULT"
#define FAULT_FORMAT                                                                                         \
    "%31s %d %d %d %ld %d" /* program, class, errno or FAULT_SHORT, sticky, call, descriptor */
#define FAULT_SHORT (-1)   /* no error: the call does half of what it was asked for */

/* Memory that both share, through the descriptor. */
struct fault_report {
    int fired; /* the call was reached */
};

#endif
