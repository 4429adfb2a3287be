/*
 * Preloaded into a program, makes the N-th call of one class (faults.h) fail, or with `sticky` that one and all after
 * it. Counting begins with main(), when the loader has done its work, and goes over all threads. A program that is not
 * the one named in EO_FAULT, such as its child, is left alone. What stdio writes is not counted: it makes its system
 * calls without these functions.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/faults.h"

static struct fault_report *report; /* NULL: not this program, or not yet in main() */
static int class, code, sticky;
static long call;
static atomic_long calls;

static int faults(enum fault_class c)
{
    long n;

    if (!report || (int)c != class)
        return 0;
    n = atomic_fetch_add(&calls, 1) + 1;
    if (n != call && !(sticky && n > call))
        return 0;
    report->fired = 1;
    errno = code;
    return 1;
}

static void arm(void)
{
    const char *text = getenv(FAULT_VARIABLE);
    char name[32];
    void *shared;
    int fd;

    if (!text || sscanf(text, FAULT_FORMAT, name, &class, &code, &sticky, &call, &fd) != 6 ||
        strcmp(name, program_invocation_short_name) != 0)
        return;
    shared = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED)
        report = shared;
}

static int (*real_main)(int, char **, char **);

static int armed_main(int argc, char **argv, char **env)
{
    arm();
    return real_main(argc, argv, env);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    __typeof__(__libc_start_main) *next = (__typeof__(next))dlsym(RTLD_NEXT, "__libc_start_main");

    real_main = main;
    return next(armed_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* The C library's own names of the allocator: dlsym() may itself allocate. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    return faults(FAULT_ALLOC) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return faults(FAULT_ALLOC) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return faults(FAULT_ALLOC) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return faults(FAULT_ALLOC) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
    if (faults(FAULT_ALLOC))
        return ENOMEM;
    *p = __libc_memalign(alignment, size);
    return *p ? 0 : ENOMEM;
}

/* What only waits need not. */
int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    if (left)
        *left = (struct timespec){0};
    return 0;
}

/* Each of these is the next one of its name in the order of the libraries, but for the call that shall fail. */
#define WRAP(fault, failed, type, name, parameters, arguments)                                               \
    type name parameters                                                                                     \
    {                                                                                                        \
        type(*next) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);                                \
                                                                                                             \
        return faults(fault) ? failed : next arguments;                                                      \
    }

WRAP(FAULT_OPEN, NULL, FILE *, fopen, (const char *restrict path, const char *restrict mode), (path, mode))
WRAP(FAULT_SYNC, -1, int, fsync, (int fd), (fd))
WRAP(FAULT_SYNC, -1, int, fdatasync, (int fd), (fd))
WRAP(FAULT_RENAME, -1, int, rename, (const char *from, const char *to), (from, to))
WRAP(FAULT_REST, -1, int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(FAULT_REST, -1, int, flock, (int fd, int operation), (fd, operation))
WRAP(FAULT_REST, -1, int, unlink, (const char *path), (path))
WRAP(FAULT_REST, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(FAULT_REST, -1, int, dup, (int fd), (fd))
WRAP(FAULT_REST, -1, int, stat, (const char *restrict path, struct stat *restrict st), (path, st))
WRAP(FAULT_REST, -1, int, lstat, (const char *restrict path, struct stat *restrict st), (path, st))
WRAP(FAULT_REST, -1, int, fstat, (int fd, struct stat *st), (fd, st))
WRAP(FAULT_REST, -1, int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(FAULT_REST, -1, int, access, (const char *path, int mode), (path, mode))
WRAP(FAULT_REST, -1, int, pipe2, (int fd[2], int flags), (fd, flags))
WRAP(FAULT_REST, code, int, pthread_create,
     (pthread_t *restrict t, const pthread_attr_t *restrict a, void *(*start)(void *), void *restrict arg),
     (t, a, start, arg))
WRAP(FAULT_REST, code, int, posix_spawnp,
     (pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *restrict actions,
      const posix_spawnattr_t *restrict a, char *const argv[restrict], char *const envp[restrict]),
     (pid, file, actions, a, argv, envp))

int open(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    va_list ap;
    mode_t mode;

    va_start(ap, flags);
    mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return faults(FAULT_OPEN) ? -1 : next(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    int (*next)(int, const char *, int, ...) =
        (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat");
    va_list ap;
    mode_t mode;

    va_start(ap, flags);
    mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return faults(FAULT_OPEN) ? -1 : next(dir, path, flags, mode);
}

/* Half of the bytes, but at least one: none would be the end of the file. */
static size_t half(size_t n)
{
    return code == FAULT_SHORT && n > 1 ? n / 2 : n;
}

ssize_t read(int fd, void *bytes, size_t n)
{
    ssize_t (*next)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");

    if (faults(FAULT_READ))
        return code == FAULT_SHORT ? next(fd, bytes, half(n)) : -1;
    return next(fd, bytes, n);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    ssize_t (*next)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");

    if (fd != STDERR_FILENO && faults(FAULT_WRITE))
        return code == FAULT_SHORT ? next(fd, bytes, half(n)) : -1;
    return next(fd, bytes, n);
}

/* A file without a name, as that of shared memory, is nobody's output. */
static int is_written(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    struct stat st;

    return flags != -1 && (flags & O_ACCMODE) != O_RDONLY && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_nlink > 0;
}

int close(int fd)
{
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");
    int fail = class == FAULT_CLOSE && is_written(fd) && faults(FAULT_CLOSE);
    int rc = next(fd);

    if (fail)
        errno = code;
    return fail ? -1 : rc;
}
