#include "base/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECKSUM (EO_SHA256_TEXT - 1)

/* The program goes on without a file. */
static void give_up(struct eo_journal *j, const char *what)
{
    char line[sizeof(j->path) + sizeof(j->note) + 64];

    snprintf(j->note, sizeof(j->note), "%.60s: %.60s", what, strerror(errno));
    if (j->fd >= 0)
        close(j->fd);
    j->fd = -1;
    j->old_size = 0;
    snprintf(line, sizeof(line), "%s: %s; if interrupted, this run cannot go on later", j->path, j->note);
    if (j->say)
        j->say(line);
}

static int is_ours(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid();
}

/* O_NONBLOCK: a pipe of that name must not make us wait. */
static int open_file(const char *path)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(path, flags);

    if (fd >= 0 && is_ours(fd))
        return fd;
    if (fd >= 0)
        close(fd);
    if (unlink(path) && errno != ENOENT)
        return -1;
    return open(path, flags | O_CREAT | O_EXCL, 0600);
}

/* Nothing is read without memory, or if the file is too large. */
static void read_file(struct eo_journal *j)
{
    struct stat st;
    ssize_t n;

    if (fstat(j->fd, &st) || st.st_size <= 0 || (uint64_t)st.st_size > EO_JOURNAL_MAX)
        return;
    j->old = malloc((size_t)st.st_size);
    while (j->old && j->old_size < (size_t)st.st_size) {
        n = pread(j->fd, j->old + j->old_size, (size_t)st.st_size - j->old_size, (off_t)j->old_size);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return;
        j->old_size += n > 0 ? (size_t)n : 0;
    }
}

void eo_journal_open(struct eo_journal *j, const char *folder, const char *name,
                     void (*say)(const char *line))
{
    *j = (struct eo_journal){.fd = -1, .say = say};
    if ((size_t)snprintf(j->path, sizeof(j->path), "%s/%s", folder, name) >= sizeof(j->path)) {
        errno = ENAMETOOLONG;
        give_up(j, "cannot open");
        return;
    }
    j->fd = open_file(j->path);
    if (j->fd < 0)
        give_up(j, "cannot open");
    else if (flock(j->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        give_up(j, "another process uses it");
    else
        read_file(j);
}

void eo_journal_open_to_read(struct eo_journal *j, const char *folder, const char *name)
{
    *j = (struct eo_journal){.fd = -1};
    if ((size_t)snprintf(j->path, sizeof(j->path), "%s/%s", folder, name) >= sizeof(j->path))
        return;
    j->fd = open(j->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (j->fd >= 0 && is_ours(j->fd))
        read_file(j);
    if (j->fd >= 0)
        close(j->fd);
    j->fd = -1;
}

void eo_journal_bind(struct eo_journal *j, const char *binding)
{
    eo_hash_sha256(binding, strlen(binding), j->binding);
}

static void checksum(const struct eo_journal *j, const void *data, uint64_t size, char text[EO_SHA256_TEXT])
{
    const struct eo_hash_piece pieces[] = {{j->binding, sizeof(j->binding)},
                                           {&j->records, sizeof(j->records)},
                                           {&size, sizeof(size)},
                                           {data, size}};

    eo_hash_sha256_pieces(pieces, sizeof(pieces) / sizeof(*pieces), text);
}

int eo_journal_next(struct eo_journal *j, struct eo_journal_record *record)
{
    size_t left = j->end < j->old_size ? j->old_size - j->end : 0;
    char expected[EO_SHA256_TEXT];
    const char *at;
    uint64_t size;

    if (left < sizeof(size) + CHECKSUM)
        return 0;
    at = j->old + j->end;
    memcpy(&size, at, sizeof(size));
    left -= sizeof(size) + CHECKSUM;
    if (size > left)
        return 0;
    at += sizeof(size);
    checksum(j, at, size, expected);
    if (memcmp(at + size, expected, CHECKSUM) != 0)
        return 0;
    *record = (struct eo_journal_record){at, (size_t)size};
    j->end += sizeof(size) + (size_t)size + CHECKSUM;
    j->records++;
    return 1;
}

void eo_journal_reject(struct eo_journal *j, const struct eo_journal_record *record)
{
    j->end -= sizeof(uint64_t) + record->size + CHECKSUM;
    j->records--;
    j->old_size = 0;
}

static int has_room(const struct eo_journal *j, size_t size)
{
    const size_t most = EO_JOURNAL_MAX - sizeof(uint64_t) - CHECKSUM;

    errno = EFBIG;
    return size <= most && j->end <= most - size;
}

static int write_all(struct eo_journal *j, const void *data, size_t size)
{
    const char *p = data;
    ssize_t n;

    while (size > 0) {
        n = pwrite(j->fd, p, size, (off_t)j->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        p += n;
        size -= (size_t)n;
        j->end += (size_t)n;
    }
    return 0;
}

void eo_journal_append(struct eo_journal *j, const void *data, size_t size)
{
    uint64_t bytes = size;
    char sum[EO_SHA256_TEXT];

    if (j->fd < 0)
        return;
    checksum(j, data, bytes, sum);
    if (!has_room(j, size) || ftruncate(j->fd, (off_t)j->end) || write_all(j, &bytes, sizeof(bytes)) ||
        write_all(j, data, size) || write_all(j, sum, CHECKSUM)) {
        unlink(j->path);
        give_up(j, "cannot write");
        return;
    }
    j->old_size = 0;
    j->records++;
}

void eo_journal_remove(struct eo_journal *j)
{
    if (j->fd >= 0) {
        unlink(j->path);
        close(j->fd);
    }
    j->fd = -1;
    eo_journal_close(j);
}

void eo_journal_close(struct eo_journal *j)
{
    struct stat st;

    if (j->fd >= 0 && fstat(j->fd, &st) == 0 && st.st_size == 0)
        unlink(j->path);
    if (j->fd >= 0)
        close(j->fd);
    free(j->old);
    j->fd = -1;
    j->old = NULL;
    j->old_size = 0;
}
