#include "base/io.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
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
#include "base/io_internal.h"
#include "base/mem.h"

#define PIECE 65536       /* bytes that are compared at once */
#define PRIVATE 0600      /* mode of a temporary file */
#define CREATE_TRIES 1000 /* of the temporary file, while other processes keep removing it */
#define LOCK_TRIES 100    /* of a lock that another user may hold */
#define LOCK_PAUSE_NS 10000000

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
    /* Some file systems report a full disk only on close. Close a copy, because the descriptor is the caller's. */
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

/* Splits `path` into its directory (with the slash, "" for none) and ".NAME.tmp" behind it. Both malloc'ed. */
static int temporary_name(const char *path, char **dir, char **tmp, struct eo_err *err)
{
    size_t dir_len = eo_io_directory_length(path);
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

/* 1 when `fd` is the file of that name, 0 when another file or none has the name, -1 when the system does not tell. */
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
 * Other users cannot open a file of mode PRIVATE and so cannot lock it: when it is locked, another process is writing
 * it. The lock on any other file may belong to another user, or to a writer that is about to rename it, so wait for
 * it.
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
 * Removes whatever has the name of the temporary file, such as the file of a killed run. Nothing is written to it,
 * because it may have other names. Fails when another process is writing it.
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
    /* Another writer may have removed it meanwhile and created its own. */
    if (!rc && (fd < 0 || has_name(fd, tmp) != 0) && unlink(tmp) && errno != ENOENT)
        rc = eo_err_errno(err, "cannot remove the temporary file that is there");
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Creates and locks the temporary file. Ends when the locked file is the one of that name. */
static int create_locked(const char *tmp, struct eo_err *err)
{
    for (int tries = 0; tries < CREATE_TRIES; tries++) {
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

    /* A directory that may be written but not read cannot be synced. The file is in place. */
    if (fd < 0)
        return errno == EACCES ? 0 : eo_err_errno(err, "cannot open the directory");
    if (fsync(fd) && errno != EINVAL && errno != EROFS)
        rc = eo_err_errno(err, "cannot sync the directory");
    close(fd);
    return rc;
}

/* The mode of the file that is replaced; for a new file, the one that open() would give it. */
static mode_t output_mode(const char *path)
{
    struct stat st;
    mode_t mask;

    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
        return st.st_mode & 0777;
    mask = umask(0777); /* the only way to read it */
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

/* Whether the rest of an open file begins with these bytes. */
static int is_equal(int fd, const char *data, size_t size)
{
    char piece[PIECE];

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

/*
 * Whether the target is a regular file of these bytes and, with `synced`, whether they are on the disk. -1 when the
 * disk fails.
 */
static int is_there(const char *path, const void *data, size_t size, int synced, struct eo_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    int same;

    if (fd < 0)
        return 0;
    same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size &&
           is_equal(fd, data, size);
    if (same && synced && fsync(fd) && errno != EINVAL && errno != EROFS)
        same = eo_err_errno(err, "cannot sync");
    close(fd);
    return same;
}

/* When nothing has to be written, only removes what a killed run left. */
static int replace(const char *path, const char *dir, const char *tmp, const void *data, size_t size,
                   int synced, struct eo_err *err)
{
    int same = is_there(path, data, size, synced, err);

    if (same <= 0)
        return same ? -1 : write_and_rename(path, dir, tmp, data, size, err);
    (void)remove_leftover(tmp, NULL);
    return 0;
}

static int write_path(const char *path, const void *data, size_t size, int synced, struct eo_err *err)
{
    char *dir = NULL, *tmp = NULL;
    sigset_t block, old;
    int is_special, rc, fd = eo_io_find_descriptor(path);

    if (fd >= 0)
        return eo_io_check_descriptor(fd, err) ? -1 : write_descriptor(fd, data, size, err);
    if (eo_io_look_at_target(path, &is_special, err))
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
    rc = replace(path, dir, tmp, data, size, synced, err);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    free(dir);
    free(tmp);
    return rc;
}

int eo_io_write(const char *path, const void *data, size_t size, struct eo_err *err)
{
    return write_path(path, data, size, 1, err);
}

int eo_io_refresh(const char *path, const void *data, size_t size, struct eo_err *err)
{
    return write_path(path, data, size, 0, err);
}

/* Sets the bit of each file that was not there before. Returns how many are written. */
static size_t write_until_one_fails(const char *const *paths, const struct eo_buf *texts, size_t count,
                                    uint32_t *is_new, struct eo_err *err)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t new_one = !eo_io_is_stdout(paths[i]) && eo_io_exists(paths[i], NULL) == 0;

        if (eo_buf_check(&texts[i], err) || eo_io_write(paths[i], texts[i].data, texts[i].len, err))
            return i;
        *is_new |= new_one << i;
    }
    return count;
}

int eo_io_write_all(const char *const *paths, const struct eo_buf *texts, size_t count, struct eo_err *err)
{
    uint32_t is_new = 0;
    size_t written;

    assert(count <= EO_IO_TOGETHER);
    written = write_until_one_fails(paths, texts, count, &is_new, err);
    if (written == count)
        return 0;
    for (size_t i = 0; i < written; i++) {
        if (is_new >> i & 1)
            unlink(paths[i]);
    }
    return eo_err_prefix(err, "%s", eo_io_name(paths[written]));
}

const char *eo_io_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "(standard stream)" : path;
}

int eo_io_exists(const char *path, struct eo_err *err)
{
    if (access(path, F_OK) == 0)
        return 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : eo_err_errno(err, "cannot look for it");
}

int eo_io_check_regular(const char *path, struct eo_err *err)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)
               ? eo_err_set(err, "expected a regular file")
               : 0;
}

int eo_io_mkdirs(const char *path, struct eo_err *err)
{
    char *copy = eo_strdup(path, err);
    struct stat st;

    if (!copy)
        return -1;
    for (char *p = copy + 1; *p; p++) {
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
