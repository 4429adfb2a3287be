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
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define FIRST_READ 65536
#define LINKS_MOST 16 /* that are followed to see whether a path names an open file */

static int read_fd(int fd, size_t limit, struct eo_buf *buf, struct eo_err *err)
{
    size_t chunk = FIRST_READ;
    struct stat st;
    char *piece;
    int rc = -1;

    if (fstat(fd, &st))
        return eo_err_errno(err, "cannot read");
    if (S_ISDIR(st.st_mode))
        return eo_err_set(err, "expected a file, found a directory");
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit)
        return eo_err_set(err, "expected at most %zu bytes, found %lld", limit, (long long)st.st_size);
    if (S_ISREG(st.st_mode) && (size_t)st.st_size > chunk)
        chunk = (size_t)st.st_size;
    piece = malloc(chunk);
    if (!piece)
        return eo_err_set(err, "out of memory: %zu bytes", chunk);
    for (;;) {
        ssize_t n = read(fd, piece, chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            eo_err_errno(err, "cannot read");
            goto out;
        }
        if (n == 0)
            break;
        if (buf->len + (size_t)n > limit) {
            eo_err_set(err, "expected at most %zu bytes, found more", limit);
            goto out;
        }
        eo_buf_append(buf, piece, (size_t)n);
    }
    eo_buf_puts(buf, ""); /* an empty file still gets its NUL */
    rc = eo_buf_check(buf, err);
out:
    free(piece);
    return rc;
}

int eo_io_read(const char *path, size_t limit, char **data, size_t *size, struct eo_err *err)
{
    int is_stdin = strcmp(path, "-") == 0;
    struct eo_buf buf = {0};
    int fd, rc;

    fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return eo_err_errno(err, "cannot open");
    rc = read_fd(fd, limit, &buf, err);
    if (!is_stdin)
        close(fd);
    if (rc) {
        eo_buf_release(&buf);
        return -1;
    }
    *data = buf.data;
    *size = buf.len;
    return 0;
}

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

/*
 * 1 when `fd` is still the file that has the name, 0 when another one has taken it or none, -1 when one cannot tell.
 * *is_regular: it is neither a pipe nor a device; set unless -1.
 */
static int has_name(int fd, const char *name, int *is_regular)
{
    struct stat by_fd, by_name;

    if (fstat(fd, &by_fd))
        return -1;
    *is_regular = S_ISREG(by_fd.st_mode);
    if (stat(name, &by_name))
        return errno == ENOENT ? 0 : -1;
    return by_fd.st_dev == by_name.st_dev && by_fd.st_ino == by_name.st_ino;
}

/* Opens and locks the temporary file. The loop ends when the file that is locked is the one that has the name. */
static int open_locked(const char *tmp, struct eo_err *err)
{
    for (;;) {
        /* Not to wait for the reader of a pipe that somebody has put there. */
        int fd = open(tmp, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        int named, is_regular;

        if (fd < 0)
            return eo_err_errno(err, "cannot create");
        if (flock(fd, LOCK_EX | LOCK_NB)) {
            if (errno == EWOULDBLOCK) {
                eo_err_set(err, "cannot write: another process is writing this file");
            } else {
                eo_err_errno(err, "cannot lock");
                unlink(tmp);
            }
            close(fd);
            return -1;
        }
        named = has_name(fd, tmp, &is_regular);
        if (named > 0 && is_regular)
            return fd;
        if (named < 0) {
            eo_err_errno(err, "cannot look at the temporary file");
            unlink(tmp);
        }
        close(fd);
        if (named > 0)
            return eo_err_set(err, "cannot create: the temporary file beside it is a pipe or a device");
        if (named < 0)
            return -1;
    }
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

static int write_and_rename(const char *path, const char *dir, const char *tmp, const void *data, size_t size,
                            struct eo_err *err)
{
    int fd = open_locked(tmp, err);
    int rc;

    if (fd < 0)
        return -1;
    rc = ftruncate(fd, 0) ? eo_err_errno(err, "cannot truncate") : write_all(fd, data, size, err);
    if (!rc && fsync(fd))
        rc = eo_err_errno(err, "cannot sync");
    /* Renamed while the lock is held: a second writer finds either our lock or the finished file. */
    if (!rc && rename(tmp, path))
        rc = eo_err_errno(err, "cannot rename");
    if (rc)
        unlink(tmp);
    if (close(fd) && !rc)
        rc = eo_err_errno(err, "cannot close");
    return rc ? rc : sync_directory(dir, err);
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
    rc = write_and_rename(path, dir, tmp, data, size, err);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    free(dir);
    free(tmp);
    return rc;
}

/* Removes what a killed run left beside a file that it had no need to write again; not what somebody is writing. */
static int clear_temporary(const char *path, struct eo_err *err)
{
    char *dir = NULL, *tmp = NULL;
    int fd, is_regular;

    if (temporary_name(path, &dir, &tmp, err))
        return -1;
    fd = open(tmp, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && has_name(fd, tmp, &is_regular) > 0 && is_regular)
            unlink(tmp);
        close(fd);
    }
    free(dir);
    free(tmp);
    return 0;
}

int eo_io_write_if_changed(const char *path, const void *data, size_t size, struct eo_err *err)
{
    char *old = NULL;
    size_t old_size = 0;
    int same;

    if (eo_io_read(path, size, &old, &old_size, NULL) == 0) {
        same = old_size == size && memcmp(old, data, size) == 0;
        free(old);
        if (same)
            return clear_temporary(path, err);
    }
    return eo_io_write(path, data, size, err);
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
