#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#define FIRST_READ 65536
#define NAME_MOST 255 /* bytes of a file's name */

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
    eo_buf_puts(buf, ""); /* an empty file gets its NUL, too */
    rc = eo_buf_check(buf, err);
out:
    free(piece);
    return rc;
}

static int read_whole(int fd, size_t limit, char **data, size_t *size, struct eo_err *err)
{
    struct eo_buf buf = {0};

    if (read_fd(fd, limit, &buf, err)) {
        eo_buf_release(&buf);
        return -1;
    }
    *data = buf.data;
    *size = buf.len;
    return 0;
}

int eo_io_read(const char *path, size_t limit, char **data, size_t *size, struct eo_err *err)
{
    int is_stdin = strcmp(path, "-") == 0;
    int fd, rc;

    fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return eo_err_errno(err, "cannot open");
    rc = read_whole(fd, limit, data, size, err);
    if (!is_stdin)
        close(fd);
    return rc;
}

/* Opens the file of that name in the folder `dir` if it is of that kind and not a link. Closes `dir`. */
static int open_in(int dir, const char *name, int is_folder, struct eo_err *err)
{
    /* Do not wait for the writer of a pipe. */
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (is_folder ? O_DIRECTORY : O_NONBLOCK));
    int why = errno;
    struct stat st;

    if (fd >= 0 && (fstat(fd, &st) || (!is_folder && !S_ISREG(st.st_mode)))) {
        close(fd);
        fd = eo_err_set(err, "expected a regular file");
    } else if (fd < 0) {
        eo_err_errno(err, "cannot open");
        if ((why == ELOOP || why == ENOTDIR) && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(st.st_mode))
            eo_err_set(err, "expected a regular file of this folder, found the link '%s'", name);
    }
    close(dir);
    return fd;
}

static int open_below(const char *folder, const char *path, struct eo_err *err)
{
    int fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char name[NAME_MOST + 1];

    if (fd < 0)
        return eo_err_errno(err, "cannot open the folder");
    while (fd >= 0 && *path) {
        size_t length = strcspn(path, "/");

        if (length == 0 || length > NAME_MOST || strncmp(path, "..", length) == 0) {
            close(fd);
            return eo_err_set(err, "expected a path inside the folder");
        }
        snprintf(name, sizeof(name), "%.*s", (int)length, path);
        path += length;
        fd = open_in(fd, name, *path == '/', err);
        path += *path == '/';
    }
    return fd;
}

int eo_io_read_below(const char *folder, const char *path, size_t limit, char **data, size_t *size,
                     struct eo_err *err)
{
    int fd = open_below(folder, path, err);
    int rc;

    if (fd < 0)
        return -1;
    rc = read_whole(fd, limit, data, size, err);
    close(fd);
    return rc;
}
