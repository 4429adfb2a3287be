#include "stage/bench/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/pool.h"
#include "machine/clock.h"
#include "machine/pin.h"

#define LOCK_NAME "edge-opt-timing.lock"
#define PATH_MOST 4096

static int fail(struct eo_bench_lock *lock, const char *path, const char *why)
{
    char *c;

    snprintf(lock->note, sizeof(lock->note), "not locked: %.90s: %.50s", path, why);
    for (c = lock->note; *c; c++)
        *c = *c == ',' || *c == '"' || (unsigned char)*c < ' ' ? ' ' : *c;
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
    return -1;
}

/* Without O_CREAT first: Linux may refuse to "create" an existing file of another user in /tmp. */
static int open_file(const char *path)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(path, flags);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = open(path, flags | O_CREAT | O_EXCL, 0666);
    if (fd >= 0)
        fchmod(fd, 0666); /* others have to open it too, whatever the umask */
    else if (errno == EEXIST)
        fd = open(path, flags);
    return fd;
}

/* The folder is missing or cannot be written to, so try the next one. */
static int is_no_place(int code)
{
    return code == ENOENT || code == ENOTDIR || code == EROFS;
}

static int open_in(struct eo_bench_lock *lock, const char *dir, char path[PATH_MOST])
{
    struct stat st;
    int code;

    if (!dir || !*dir || (size_t)snprintf(path, PATH_MOST, "%s/" LOCK_NAME, dir) >= PATH_MOST)
        return fail(lock, dir && *dir ? dir : "TMPDIR", "no usable folder");
    lock->fd = open_file(path);
    if (lock->fd < 0) {
        code = errno;
        fail(lock, path, code == ELOOP ? "it is a link" : strerror(code));
        /* If the file is there but forbidden, a lock in another place would not exclude its users. */
        return is_no_place(code) || (code == EACCES && lstat(path, &st)) ? -1 : 1;
    }
    if (fstat(lock->fd, &st) || !S_ISREG(st.st_mode) || st.st_size != 0 || st.st_nlink != 1)
        return fail(lock, path, "it is no empty file with one name"), 1;
    return 0;
}

static int open_anywhere(struct eo_bench_lock *lock, char path[PATH_MOST])
{
    const char *own = getenv("EO_LOCK_DIR");
    const char *dirs[] = {"/run/lock", "/var/lock", getenv("TMPDIR"), "/tmp"};
    int rc = -1;

    if (own && *own)
        return open_in(lock, own, path);
    for (size_t i = 0; rc < 0 && i < sizeof(dirs) / sizeof(*dirs); i++)
        rc = open_in(lock, dirs[i], path);
    return rc;
}

/* From a line of /proc/locks: "1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF". 0 if there is no such line. */
static long find_locker(const struct stat *st)
{
    FILE *f = fopen("/proc/locks", "re");
    char line[256];
    unsigned major, minor;
    unsigned long inode;
    long pid, found = 0;

    while (f && !found && fgets(line, sizeof(line), f)) {
        if (!strstr(line, "->") &&
            sscanf(line, "%*s FLOCK ADVISORY WRITE %ld %x:%x:%lu", &pid, &major, &minor, &inode) == 4 &&
            inode == st->st_ino && makedev(major, minor) == st->st_dev)
            found = pid;
    }
    if (f)
        fclose(f);
    return found;
}

/* Of an open file: a process that waits for the lock has the file open, too. */
static int is_locked(long pid, const char *fd)
{
    char path[300], line[256];
    FILE *f;
    int found = 0;

    snprintf(path, sizeof(path), "/proc/%ld/fdinfo/%s", pid, fd);
    f = fopen(path, "re");
    while (f && !found && fgets(line, sizeof(line), f))
        found = strncmp(line, "lock:", 5) == 0 && strstr(line, "FLOCK");
    if (f)
        fclose(f);
    return found;
}

/* 1: the process holds the lock; 0: it does not, or there is no such process; -1: we may not look at its files. */
static int holds(long pid, const struct stat *st)
{
    char path[64];
    struct dirent *e;
    struct stat file;
    DIR *dir;
    int found = 0;

    snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
    dir = opendir(path);
    if (!dir)
        return errno == EACCES || errno == EPERM ? -1 : 0;
    while (!found && (e = readdir(dir)))
        found = fstatat(dirfd(dir), e->d_name, &file, 0) == 0 && file.st_ino == st->st_ino &&
                file.st_dev == st->st_dev && is_locked(pid, e->d_name);
    closedir(dir);
    return found;
}

/*
 * The process that holds the lock, 0 if none can be seen. /proc/locks names the process that took it, which may have
 * ended, and its number may be that of another process by now; in a container it may not be there at all. A lock
 * belongs to the open file: a child that inherited it holds it as well.
 */
static long find_holder(const struct stat *st)
{
    long locker = find_locker(st), pid, found = 0;
    struct dirent *e;
    DIR *dir;

    if (locker > 0 && holds(locker, st) != 0)
        return locker;
    dir = opendir("/proc");
    while (dir && !found && (e = readdir(dir))) {
        pid = strtol(e->d_name, NULL, 10);
        if (pid > 0 && holds(pid, st) > 0)
            found = pid;
    }
    if (dir)
        closedir(dir);
    return found;
}

static void name_user(long pid, char *text, size_t size)
{
    char path[64];
    struct passwd *user;
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%ld", pid);
    if (stat(path, &st)) {
        snprintf(text, size, "unknown"); /* it has just ended */
        return;
    }
    user = getpwuid(st.st_uid);
    if (user)
        snprintf(text, size, "%.60s", user->pw_name);
    else
        snprintf(text, size, "%lu", (unsigned long)st.st_uid);
}

static void name_holder(const struct eo_bench_lock *lock, const char *path, char *text, size_t size)
{
    char user[64], since[32] = "";
    struct stat st;
    struct tm tm;
    long pid;

    if (fstat(lock->fd, &st)) {
        snprintf(text, size, "%.200s is held", path);
        return;
    }
    pid = find_holder(&st);
    if (localtime_r(&st.st_mtim.tv_sec, &tm))
        strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
    if (pid <= 0)
        snprintf(text, size, "%.200s is held by a process that cannot be seen from here since %s", path,
                 since);
    else {
        name_user(pid, user, sizeof(user));
        snprintf(text, size, "%.200s is held by process %ld of user %s since %s", path, pid, user, since);
    }
}

static const char *why_not(int code)
{
    if (code == ENOLCK || code == EOPNOTSUPP || code == ENOSYS || code == EINVAL)
        return "its file system does not support flock";
    return strerror(code);
}

static int wait_for(struct eo_bench_lock *lock, const char *path, int wait_s, void (*waiting)(const char *),
                    struct eo_err *err)
{
    double end = eo_clock_now() + wait_s;
    char holder[400], line[512];
    int told = 0;

    while (flock(lock->fd, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            fail(lock, path, why_not(errno));
            return 0;
        }
        name_holder(lock, path, holder, sizeof(holder));
        if (!told && waiting && wait_s > 0) {
            snprintf(line, sizeof(line), "%s; waiting until it is done", holder);
            waiting(line);
        }
        told = 1;
        if (eo_clock_now() >= end) {
            eo_bench_unlock(lock);
            return eo_err_set(err,
                              "%s; waited %d s (benchmark_wait): end that process, or wait longer, or set "
                              "EO_LOCK_DIR to a folder of your own to time beside it",
                              holder, wait_s);
        }
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    futimens(lock->fd, NULL); /* the time since when it is held; it stays older if the file is not ours */
    return 0;
}

int eo_bench_lock(struct eo_bench_lock *lock, int wait_s, void (*waiting)(const char *), struct eo_err *err)
{
    char path[PATH_MOST];

    *lock = (struct eo_bench_lock){.fd = -1};
    if (open_anywhere(lock, path))
        return 0;
    lock->note[0] = '\0';
    return wait_for(lock, path, wait_s, waiting, err);
}

int eo_bench_lock_for(struct eo_bench_lock *lock, int wait_s, int cpu, int threads,
                      void (*say)(const char *line), struct eo_err *err)
{
    int cpus[EO_POOL_MAX], count;
    char line[512];

    if (eo_pin_choose(cpu, EO_POOL_MAX, cpus, &count, err))
        return -1;
    if (count > 0 && threads > count) {
        snprintf(line, sizeof(line),
                 "%d threads share %d processors: the times are those of waiting for each other", threads,
                 count);
        say(line);
    }
    if (eo_bench_lock(lock, wait_s, say, err))
        return -1;
    if (lock->note[0]) {
        snprintf(line, sizeof(line), "%s; another benchmark may run at the same time", lock->note);
        say(line);
    }
    return 0;
}

void eo_bench_unlock(struct eo_bench_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}
