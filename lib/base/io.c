#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define FIRST_READ 65536
#define PRIVATE 0600      /* mode of a temporary file */
#define CREATE_TRIES 1000 /* of a temporary file that others remove at once */
#define LOCK_TRIES 100    /* for a lock that may be a stranger's */
#define LOCK_PAUSE_NS 10000000
#define LINKS_MOST 16 /* that are followed to see whether a path names an open file */

static int write_all(int fd, const char *p, size_t n, struct eo_err *err)
{
    while (n > 0) {
        ssize_t k = write(fd, p, n);

        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return eo_err_errno(err, "cannot write");
        p += k;
        n -= (size_t)k;
    }
    return 0;
}

static int write_descriptor(int fd, const void *data, size_t size, struct eo_err *err)
{
    if (write_all(fd, data, size, err))
        return -1;
    /* Some file systems report a full disk only here; a terminal or a pipe cannot be closed twice, so dup it. */
    fd = dup(fd);
    if (fd < 0 || close(fd))
        return eo_err_errno(err, "cannot close");
    return 0;
}

/* A device or pipe given as the target: there is nothing to rename over. */
static int write_direct(const char *path, const void *data, size_t size, struct eo_err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return eo_err_errno(err, "cannot open for writing");
    rc = write_all(fd, data, size, err);
    if (close(fd) && !rc)
        rc = eo_err_errno(err, "cannot close");
    return rc;
}

/* Where the name begins, behind the directory and its slash. */
static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Splits `path` into its directory (with the slash, "" for none) and ".NAME.tmp" behind it. Both malloc'ed. */
static int temporary_name(const char *path, char **dir, char **tmp, struct eo_err *err)
{
    size_t dir_len = directory_length(path);
    struct eo_buf d = {0}, t = {0};

    eo_buf_append(&d, path, dir_len);
    eo_buf_append(&t, path, dir_len);
    eo_buf_printf(&t, ".%s.tmp", path + dir_len);
    if (eo_buf_check(&d, err) || eo_buf_check(&t, err)) {
        eo_buf_release(&d);
        eo_buf_release(&t);
        return -1;
    }
    *dir = d.data;
    *tmp = t.data;
    return 0;
}

/* 1 when `fd` is the file that has the name, 0 when another one has it or none, -1 when one cannot tell. */
static int has_name(int fd, const char *name)
{
    struct stat by_fd, by_name;

    if (fstat(fd, &by_fd))
        return -1;
    if (lstat(name, &by_name))
        return errno == ENOENT ? 0 : -1;
    return by_fd.st_dev == by_name.st_dev && by_fd.st_ino == by_name.st_ino;
}

/*
 * Other users cannot open a file of mode PRIVATE, and so cannot hold a lock on it: one that is locked is being written.
 * A lock on any other file may be a stranger's, or that of a writer that is about to rename it, and is waited for.
 */
static int lock_leftover(int fd, mode_t mode, struct eo_err *err)
{
    const struct timespec pause = {0, LOCK_PAUSE_NS};
    int is_private = (mode & 0777) == PRIVATE, tries = is_private ? 1 : LOCK_TRIES;

    while (flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK)
            return eo_err_errno(err, "cannot lock");
        if (--tries == 0)
            return is_private ? eo_err_set(err, "cannot write: another process is writing this file") : 0;
        nanosleep(&pause, NULL);
    }
    return 0;
}

/*
 * Removes what has the name of the temporary file: what a killed run of ours left, or anything else, unopened. Nothing
 * is written to it, as it may have other names. Fails where another process is writing it.
 */
static int remove_leftover(const char *tmp, struct eo_err *err)
{
    struct stat st;
    int fd = -1, rc = 0;

    if (lstat(tmp, &st))
        return errno == ENOENT ? 0 : eo_err_errno(err, "cannot look at the temporary file");
    if (S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1)
        fd = open(tmp, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0)
        rc = lock_leftover(fd, st.st_mode, err);
    /* Another writer may have removed it in the meantime, and have one of its own there. */
    if (!rc && (fd < 0 || has_name(fd, tmp) != 0) && unlink(tmp) && errno != ENOENT)
        rc = eo_err_errno(err, "cannot remove the temporary file that is there");
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Creates and locks the temporary file. The loop ends when the file that is locked is the one that has the name. */
static int create_locked(const char *tmp, struct eo_err *err)
{
    int tries;

    for (tries = 0; tries < CREATE_TRIES; tries++) {
        int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, PRIVATE);
        int named;

        if (fd < 0 && errno == EEXIST) {
            if (remove_leftover(tmp, err))
                return -1;
            continue;
        }
        if (fd < 0)
            return eo_err_errno(err, "cannot create");
        if (flock(fd, LOCK_EX | LOCK_NB) && errno != EWOULDBLOCK) {
            eo_err_errno(err, "cannot lock");
            unlink(tmp);
            close(fd);
            return -1;
        }
        named = has_name(fd, tmp);
        if (named > 0)
            return fd;
        if (named < 0) {
            eo_err_errno(err, "cannot look at the temporary file");
            unlink(tmp);
        }
        close(fd);
        if (named < 0)
            return -1;
    }
    return eo_err_set(err, "cannot create: another process keeps removing the temporary file");
}

static int sync_directory(const char *dir, struct eo_err *err)
{
    int fd = open(*dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = 0;

    /* One that may be written but not read cannot be synced; the file is in place. */
    if (fd < 0)
        return errno == EACCES ? 0 : eo_err_errno(err, "cannot open the directory");
    if (fsync(fd) && errno != EINVAL && errno != EROFS)
        rc = eo_err_errno(err, "cannot sync the directory");
    close(fd);
    return rc;
}

/* Of the file that is replaced; of a new one as open() would give it. */
static mode_t output_mode(const char *path)
{
    struct stat st;
    mode_t mask;

    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
        return st.st_mode & 0777;
    mask = umask(0777); /* can be read in no other way */
    umask(mask);
    return 0666 & ~mask;
}

/* Renames while the lock is held: a second writer finds either our lock or the finished file. */
static int put_in_place(int fd, const char *tmp, const char *path, struct eo_err *err)
{
    int named;

    if (fsync(fd))
        return eo_err_errno(err, "cannot sync");
    if (fchmod(fd, output_mode(path)))
        return eo_err_errno(err, "cannot set the mode");
    named = has_name(fd, tmp);
    if (named < 0)
        return eo_err_errno(err, "cannot look at the temporary file");
    if (!named)
        return eo_err_set(err, "cannot write: another process has taken the temporary file away");
    return rename(tmp, path) ? eo_err_errno(err, "cannot rename") : 0;
}

static int write_and_rename(const char *path, const char *dir, const char *tmp, const void *data, size_t size,
                            struct eo_err *err)
{
    int fd = create_locked(tmp, err);
    int rc;

    if (fd < 0)
        return -1;
    rc = write_all(fd, data, size, err) || put_in_place(fd, tmp, path, err) ? -1 : 0;
    if (rc && has_name(fd, tmp) != 0)
        unlink(tmp);
    if (close(fd) && !rc)
        rc = eo_err_errno(err, "cannot close");
    return rc ? rc : sync_directory(dir, err);
}

/* Whether an open file of `size` bytes goes on with just these. */
static int is_equal(int fd, const char *data, size_t size)
{
    char piece[FIRST_READ];

    while (size > 0) {
        ssize_t n = read(fd, piece, size < sizeof(piece) ? size : sizeof(piece));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || memcmp(piece, data, (size_t)n) != 0)
            return 0;
        data += n;
        size -= (size_t)n;
    }
    return 1;
}

/* Whether the target is a file that has these bytes, and has them on the disk. -1 where the disk fails. */
static int is_there(const char *path, const void *data, size_t size, struct eo_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    int same;

    if (fd < 0)
        return 0;
    same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size &&
           is_equal(fd, data, size);
    if (same && fsync(fd) && errno != EINVAL && errno != EROFS)
        same = eo_err_errno(err, "cannot sync");
    close(fd);
    return same;
}

/* Its directory, with the slash; "." for none. Too long a path is cut: nothing of that name can be opened either. */
static void put_directory(const char *path, char dir[PATH_MAX])
{
    size_t length = directory_length(path);

    snprintf(dir, PATH_MAX, "%.*s", length ? (int)length : 1, length ? path : ".");
}

/* The number behind the directory, where that is the one of this process's open files. */
static int descriptor_in(const char *path, const char *open_files)
{
    char dir[PATH_MAX], real[PATH_MAX];
    const char *name = path + directory_length(path);
    size_t digits = strspn(name, "0123456789");

    if (digits == 0 || digits > 5 || name[digits])
        return -1;
    put_directory(path, dir);
    return realpath(dir, real) && strcmp(real, open_files) == 0 ? atoi(name) : -1;
}

/* Where a symbolic link leads to, into the same buffer; 0 where it is none. */
static int follow(char path[PATH_MAX])
{
    char target[PATH_MAX], joined[2 * PATH_MAX];
    ssize_t n = readlink(path, target, sizeof(target) - 1);
    size_t dir = n > 0 && target[0] != '/' ? directory_length(path) : 0;

    if (n <= 0)
        return 0;
    target[n] = '\0';
    snprintf(joined, sizeof(joined), "%.*s%s", (int)dir, path, target);
    return (size_t)snprintf(path, PATH_MAX, "%s", joined) < PATH_MAX;
}

/*
 * The open file that a path names: 1 for "-", /dev/stdout and links to it, 3 for /dev/fd/3; -1 for none. Renaming over
 * such a name would put a file in the place of the system's link.
 */
static int find_descriptor(const char *path)
{
    char open_files[PATH_MAX], at[PATH_MAX];
    int fd = -1, links;

    if (strcmp(path, "-") == 0)
        return STDOUT_FILENO;
    if (!realpath("/proc/self/fd", open_files) || (size_t)snprintf(at, sizeof(at), "%s", path) >= sizeof(at))
        return -1;
    for (links = 0; links < LINKS_MOST && (fd = descriptor_in(at, open_files)) < 0 && follow(at); links++)
        ;
    return fd;
}

int eo_io_is_stdout(const char *path)
{
    return find_descriptor(path) == STDOUT_FILENO;
}

static int check_descriptor(int fd, struct eo_err *err)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
        return 0;
    errno = EBADF;
    return eo_err_errno(err, "cannot write");
}

/* Whether the target is a device or a pipe. -1 where nothing can be written. */
static int look_at_target(const char *path, int *is_special, struct eo_err *err)
{
    struct stat st;

    *is_special = 0;
    /* A link that leads nowhere is replaced like any other. */
    if (stat(path, &st))
        return errno == ENOENT || errno == ELOOP ? 0 : eo_err_errno(err, "cannot write");
    if (S_ISDIR(st.st_mode))
        return eo_err_set(err, "cannot write: is a directory");
    *is_special = !S_ISREG(st.st_mode);
    return 0;
}

int eo_io_check_output(const char *path, struct eo_err *err)
{
    char dir[PATH_MAX];
    int is_special, fd = find_descriptor(path);

    if (fd >= 0)
        return check_descriptor(fd, err);
    if (look_at_target(path, &is_special, err))
        return -1;
    if (is_special)
        return access(path, W_OK) ? eo_err_errno(err, "cannot open for writing") : 0;
    put_directory(path, dir);
    return access(dir, W_OK | X_OK) ? eo_err_errno(err, "cannot create") : 0;
}

int eo_io_is_same_output(const char *a, const char *b)
{
    char dir_a[PATH_MAX], dir_b[PATH_MAX];
    struct stat st_a, st_b;

    if (strcmp(a + directory_length(a), b + directory_length(b)) != 0)
        return 0;
    put_directory(a, dir_a);
    put_directory(b, dir_b);
    if (stat(dir_a, &st_a) || stat(dir_b, &st_b))
        return strcmp(a, b) == 0;
    return st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino;
}

/* Where nothing has to be written, what a killed run left beside it goes, if it can. */
static int replace(const char *path, const char *dir, const char *tmp, const void *data, size_t size,
                   struct eo_err *err)
{
    int same = is_there(path, data, size, err);

    if (same <= 0)
        return same ? -1 : write_and_rename(path, dir, tmp, data, size, err);
    (void)remove_leftover(tmp, NULL);
    return 0;
}

int eo_io_write(const char *path, const void *data, size_t size, struct eo_err *err)
{
    char *dir = NULL, *tmp = NULL;
    sigset_t block, old;
    int is_special, rc, fd = find_descriptor(path);

    if (fd >= 0)
        return check_descriptor(fd, err) ? -1 : write_descriptor(fd, data, size, err);
    if (look_at_target(path, &is_special, err))
        return -1;
    if (is_special)
        return write_direct(path, data, size, err);
    if (temporary_name(path, &dir, &tmp, err))
        return -1;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGHUP);
    sigaddset(&block, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &block, &old);
    rc = replace(path, dir, tmp, data, size, err);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    free(dir);
    free(tmp);
    return rc;
}

int eo_io_exists(const char *path, struct eo_err *err)
{
    if (access(path, F_OK) == 0)
        return 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : eo_err_errno(err, "cannot look for it");
}

int eo_io_mkdirs(const char *path, struct eo_err *err)
{
    char *copy = eo_strdup(path, err);
    struct stat st;
    char *p;

    if (!copy)
        return -1;
    for (p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        mkdir(copy, 0777);
        *p = '/';
    }
    mkdir(copy, 0777);
    free(copy);
    if (stat(path, &st))
        return eo_err_errno(err, "cannot create the directory");
    return S_ISDIR(st.st_mode) ? 0 : eo_err_set(err, "expected a directory, found a file");
}
