/*
 * Preloaded into the programs of a host, sets its clock wrong by EO_SKEW seconds. A file that they rename gets the time
 * of that clock, as on a file system that takes times from its clients. With EO_SKEW_NODE only on that node of Slurm.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

static time_t skew(void)
{
    const char *text = getenv("EO_SKEW"), *only = getenv("EO_SKEW_NODE"), *node = getenv("SLURMD_NODENAME");

    if (!text || (only && (!node || strcmp(only, node) != 0)))
        return 0;
    return (time_t)strtol(text, NULL, 10);
}

/* ISO C has no conversion of what dlsym returns into a function. */
#define REAL(type, name)                                                                                              \
    union {                                                                                                           \
        void *object;                                                                                                 \
        type;                                                                                                         \
    } real = {.object = dlsym(RTLD_NEXT, name)}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    REAL(int (*call)(clockid_t, struct timespec *), "clock_gettime");
    int rc = real.call(clock, at);

    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        at->tv_sec += skew();
    return rc;
}

time_t time(time_t *at)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *at = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

int rename(const char *from, const char *to)
{
    REAL(int (*call)(const char *, const char *), "rename");
    struct timespec times[2];
    int rc = real.call(from, to);

    if (rc == 0 && skew()) {
        clock_gettime(CLOCK_REALTIME, &times[0]);
        times[1] = times[0];
        utimensat(AT_FDCWD, to, times, 0);
    }
    return rc;
}
