#include "base/io_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define LINKS_MOST 16 /* that are followed to see whether a path names an open file */

size_t eo_io_directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The directory of a path, with the slash; "." for none. A path that is too long is cut; it cannot be opened. */
static void put_directory(const char *path, char dir[PATH_MAX])
{
    size_t length = eo_io_directory_length(path);

    snprintf(dir, PATH_MAX, "%.*s", length ? (int)length : 1, length ? path : ".");
}

/* The number at the end of a path whose directory is that of this process's open files; -1 for any other path. */
static int descriptor_in(const char *path, const char *open_files)
{
    char dir[PATH_MAX], real[PATH_MAX];
    const char *name = path + eo_io_directory_length(path);
    size_t digits = strspn(name, "0123456789");

    if (digits == 0 || digits > 5 || name[digits])
        return -1;
    put_directory(path, dir);
    return realpath(dir, real) && strcmp(real, open_files) == 0 ? atoi(name) : -1;
}

/* Replaces the path of a symbolic link by that of its target; 0 when it is not a link. */
static int follow(char path[PATH_MAX])
{
    char target[PATH_MAX], joined[2 * PATH_MAX];
    ssize_t n = readlink(path, target, sizeof(target) - 1);
    size_t dir = n > 0 && target[0] != '/' ? eo_io_directory_length(path) : 0;

    if (n <= 0)
        return 0;
    target[n] = '\0';
    snprintf(joined, sizeof(joined), "%.*s%s", (int)dir, path, target);
    return (size_t)snprintf(path, PATH_MAX, "%s", joined) < PATH_MAX;
}

int eo_io_find_descriptor(const char *path)
{
    char open_files[PATH_MAX], at[PATH_MAX];
    int fd = -1;

    if (strcmp(path, "-") == 0)
        return STDOUT_FILENO;
    if (!realpath("/proc/self/fd", open_files) || (size_t)snprintf(at, sizeof(at), "%s", path) >= sizeof(at))
        return -1;
    for (int links = 0; links < LINKS_MOST && (fd = descriptor_in(at, open_files)) < 0 && follow(at); links++)
        ;
    return fd;
}

int eo_io_is_stdout(const char *path)
{
    return eo_io_find_descriptor(path) == STDOUT_FILENO;
}

int eo_io_check_descriptor(int fd, struct eo_err *err)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
        return 0;
    errno = EBADF;
    return eo_err_errno(err, "cannot write");
}

int eo_io_look_at_target(const char *path, int *is_special, struct eo_err *err)
{
    struct stat st;

    *is_special = 0;
    /* A link without a target is replaced like any other. */
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
    int is_special, fd = eo_io_find_descriptor(path);

    if (fd >= 0)
        return eo_io_check_descriptor(fd, err);
    if (eo_io_look_at_target(path, &is_special, err))
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

    if (strcmp(a + eo_io_directory_length(a), b + eo_io_directory_length(b)) != 0)
        return 0;
    put_directory(a, dir_a);
    put_directory(b, dir_b);
    if (stat(dir_a, &st_a) || stat(dir_b, &st_b))
        return strcmp(a, b) == 0;
    return st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino;
}
