#include "stage/bench_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_NAME "edge-opt-timing.lock"

int eo_bench_lock(void (*waiting)(void))
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const char *dir = getenv("TMPDIR");
    char path[4096];
    int fd;

    if ((size_t)snprintf(path, sizeof(path), "%s/" LOCK_NAME, dir && *dir ? dir : "/tmp") >= sizeof(path))
        return -1;
    /* Without O_CREAT first: Linux may refuse to "create" an existing file of somebody else in /tmp. */
    fd = open(path, flags);
    if (fd < 0)
        fd = open(path, flags | O_CREAT, 0666);
    if (fd < 0)
        return -1;
    if (waiting && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        waiting();
    while (flock(fd, LOCK_EX)) {
        if (errno != EINTR) {
            close(fd);
            return -1;
        }
    }
    return fd;
}

void eo_bench_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}
